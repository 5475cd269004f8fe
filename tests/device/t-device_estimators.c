/* Device estimators against those of the CPU: every way that they choose by
 * size, single precision, many at once, and what does not fit. */
#include "sim/sim_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "device/device_estimators.h"
#include "device/device_sigma.h"
#include "device_fixture.h"
#include "sim/sigma.h"

struct backend {
  const struct vqe_backend_ops *ops;
  void *data;
};

static struct backend backend_of(const struct problem *problem, bool sector,
                                 bool single,
                                 const struct vqe_device_tuning *tuning)
{
  struct backend out = {NULL, NULL};
  struct vqe_gpu *device = NULL;
  assert_ok(vqe_gpu_open(&device, 0, single));
  assert_ok(
      (sector ? vqe_device_sector_create : vqe_device_statevector_create)(
          &out.ops, &out.data, problem->hamiltonian, problem->ansatz, 1,
          device, single, tuning));
  return out;
}

/* Largest difference of the gradient; the energy must agree to `limit`. */
static void check(const char *name, const struct problem *problem, bool sector,
                  bool single, const struct vqe_device_tuning *tuning,
                  double limit, double gradient_limit)
{
  size_t n = (size_t)problem->ansatz->nparam;
  struct vqe_estimator *cpu = NULL;
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  struct backend backend = backend_of(problem, sector, single, tuning);
  double *expected = oracle_new(n);
  double *gradient = oracle_new(n);
  double energy;
  double plain;
  double again;
  double worst = 0.0;
  options.device = VQE_DEVICE_CPU;
  options.representation =
      sector ? VQE_REPRESENTATION_SECTOR : VQE_REPRESENTATION_FULL;
  assert_ok(vqe_estimator_create(&cpu, problem->hamiltonian, problem->ansatz,
                                 &options));
  assert_ok(
      vqe_estimator_gradient(cpu, &energy, expected, problem->parameters));
  assert_ok(backend.ops->energy(backend.data, &plain, problem->parameters));
  assert_ok(backend.ops->gradient(backend.data, &again, gradient,
                                  problem->parameters));
  assert_true(plain == again);
  for (size_t k = 0; k < n; k++) {
    worst = fmax(worst, fabs(gradient[k] - expected[k]));
  }
  print_message("%s %s%s, panels above %llu: energy differs by %.1e, gradient "
                "by %.1e\n",
                name, problem->ansatz->name, single ? ", single" : "",
                (unsigned long long)tuning->direct_size, fabs(plain - energy),
                worst);
  assert_close(plain, energy, limit);
  assert_true(worst < gradient_limit);
  free(gradient);
  free(expected);
  backend.ops->free(backend.data);
  vqe_estimator_free(cpu);
}

/* In one block; launch by launch; with panels of all and of few columns. */
static const struct vqe_device_tuning ways[] = {
    {UINT64_C(1) << 40, 1 << 20, 100000, NULL, 0, 0},
    {UINT64_C(1) << 40, 1 << 20, 0, NULL, 0, 0},
    {0, 1 << 20, 0, NULL, 0, 0},
    {0, 3000, 0, NULL, 0, 0},
};

static void sectors_agree_with_cpu_in_every_way(void **state)
{
  (void)state;
  static const char *const molecules[] = {"H2",   "HeH+", "LiH",
                                          "BeH2", "H2O",  "NH3"};
  if (no_device()) {
    skip();
  }
  for (size_t m = 0; m < sizeof molecules / sizeof molecules[0]; m++) {
    for (int symmetry = 0; symmetry < 2; symmetry++) {
      struct problem problem =
          problem_of(molecules[m], "UCCSD", 1, symmetry == 1);
      for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        check(molecules[m], &problem, true, false, &ways[w], 1e-10, 1e-9);
      }
      problem_clear(&problem);
    }
  }
}

/* Sizes at which the defaults take panels and launches of many blocks. */
static void large_sectors_agree_with_cpu(void **state)
{
  (void)state;
  const struct vqe_device_tuning tuning = VQE_DEVICE_TUNING_INIT;
  if (no_device()) {
    skip();
  }
  struct problem problem = problem_of("N2", "UCCSD", 1, true);
  check("N2", &problem, true, false, &tuning, 1e-10, 1e-9);
  problem_clear(&problem);
  problem = problem_of("CO2", "UCCSD", 1, true);
  check("CO2", &problem, true, false, &tuning, 1e-10, 1e-9);
  problem_clear(&problem);
}

static void full_space_agrees_with_cpu(void **state)
{
  (void)state;
  static const char *const names[] = {"EfficientSU2", "RealAmplitudes",
                                      "ExcitationPreserving", "UCCSD"};
  if (no_device()) {
    skip();
  }
  for (size_t k = 0; k < 4; k++) {
    struct problem problem = problem_of("LiH", names[k], 1, k % 2 == 0);
    for (size_t w = 1; w < sizeof ways / sizeof ways[0]; w++) {
      check("LiH", &problem, false, false, &ways[w], 1e-10, 1e-9);
    }
    problem_clear(&problem);
  }
}

/* Amplitudes of 24 bits, sums of 53. */
static void single_precision_agrees_within_rounding(void **state)
{
  (void)state;
  const struct vqe_device_tuning tuning = VQE_DEVICE_TUNING_INIT;
  static const char *const molecules[] = {"H2O", "N2"};
  if (no_device()) {
    skip();
  }
  for (size_t m = 0; m < 2; m++) {
    struct problem problem = problem_of(molecules[m], "UCCSD", 1, true);
    check(molecules[m], &problem, true, true, &tuning, 3e-4, 3e-4);
    problem_clear(&problem);
  }
  struct problem problem = problem_of("H2O", "EfficientSU2", 2, true);
  check("H2O", &problem, false, true, &tuning, 3e-4, 3e-4);
  problem_clear(&problem);
}

/* One launch of many blocks, as one after the other, to the bit. */
static void many_evaluations_agree_with_single_ones(void **state)
{
  (void)state;
  enum { COUNT = 37 };
  static const char *const names[] = {"UCCSD", "EfficientSU2"};
  if (no_device()) {
    skip();
  }
  for (size_t a = 0; a < 2; a++) {
    struct problem problem = problem_of("H2", names[a], 1, true);
    size_t n = (size_t)problem.ansatz->nparam;
    for (int device = VQE_DEVICE_CPU; device <= VQE_DEVICE_CUDA; device++) {
      struct vqe_estimator *estimator = NULL;
      struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
      options.device = (enum vqe_device_choice)device;
      double *sets = fixture_parameters((int)(COUNT * n), 2.0, 3);
      double *gradients = oracle_new(COUNT * n);
      double *own = oracle_new(n);
      double energies[COUNT];
      double plain[COUNT];
      assert_ok(vqe_estimator_create(&estimator, problem.hamiltonian,
                                     problem.ansatz, &options));
      assert_ok(
          vqe_estimator_many(estimator, energies, gradients, sets, COUNT));
      assert_ok(vqe_estimator_many(estimator, plain, NULL, sets, COUNT));
      for (size_t k = 0; k < COUNT; k++) {
        double energy;
        assert_ok(
            vqe_estimator_gradient(estimator, &energy, own, sets + k * n));
        assert_true(energy == energies[k]);
        assert_true(energy == plain[k]);
        assert_memory_equal(own, gradients + k * n, n * sizeof *own);
      }
      free(own);
      free(gradients);
      free(sets);
      vqe_estimator_free(estimator);
    }
    problem_clear(&problem);
  }
}

/* What a section reads is not what it writes: threads and blocks in falling
 * order give the same bits. */
static void order_of_threads_does_not_change_bits(void **state)
{
  (void)state;
  static const char *const names[] = {"UCCSD", "EfficientSU2",
                                      "ExcitationPreserving"};
  if (not_emulated()) {
    skip();
  }
  for (size_t a = 0; a < 3; a++) {
    struct problem problem = problem_of("LiH", names[a], 1, true);
    size_t n = (size_t)problem.ansatz->nparam;
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
      double *gradients = oracle_new(2 * n);
      double energies[2];
      for (int order = 0; order < 2; order++) {
        vqe_emulated_backwards = order == 1;
        struct backend backend = backend_of(&problem, a == 0, false, &ways[w]);
        assert_ok(backend.ops->gradient(backend.data, &energies[order],
                                        gradients + (size_t)order * n,
                                        problem.parameters));
        backend.ops->free(backend.data);
      }
      vqe_emulated_backwards = false;
      assert_true(energies[0] == energies[1]);
      assert_memory_equal(gradients, gradients + n, n * sizeof *gradients);
      free(gradients);
    }
    problem_clear(&problem);
  }
}

static int try_create(const struct problem *problem,
                      enum vqe_device_choice device,
                      struct vqe_estimator_usage *usage)
{
  struct vqe_estimator *estimator = NULL;
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  options.device = device;
  int status = vqe_estimator_create(&estimator, problem->hamiltonian,
                                    problem->ansatz, &options);
  if (status == VQE_OK) {
    vqe_estimator_describe(usage, estimator);
  }
  vqe_estimator_free(estimator);
  return status;
}

/* Too little memory, known beforehand or met in the middle: an error where
 * the device is demanded, the CPU and a note where it is not. */
static void too_little_memory_is_an_error_or_leads_to_cpu(void **state)
{
  (void)state;
  struct vqe_estimator_usage usage;
  if (not_emulated()) {
    skip();
  }
  struct problem problem = problem_of("NH3", "EfficientSU2", 1, true);
  const uint64_t all = vqe_emulated_bytes;
  assert_int_equal(try_create(&problem, VQE_DEVICE_AUTO, &usage), VQE_OK);
  assert_true(usage.on_device);
  assert_string_equal(usage.note, "");
  uint64_t needed = usage.bytes_held;
  for (int promised = 0; promised < 2; promised++) {
    /* every allocation is once the one that fails */
    for (uint64_t bytes = needed - 1; bytes > 1000; bytes -= needed / 9) {
      vqe_emulated_bytes = bytes;
      vqe_emulated_promise = promised == 1 ? all : 0;
      assert_int_equal(try_create(&problem, VQE_DEVICE_CUDA, &usage),
                       VQE_ERR_MEMORY);
      assert_int_equal(try_create(&problem, VQE_DEVICE_AUTO, &usage), VQE_OK);
      assert_false(usage.on_device);
      assert_non_null(strstr(usage.note, "on the CPU"));
      if (bytes < needed / 8) {
        break;
      }
    }
  }
  vqe_emulated_bytes = all;
  vqe_emulated_promise = 0;
  problem_clear(&problem);
}

/* What is allocated is never more than what was checked beforehand. */
static void memory_taken_stays_below_estimate(void **state)
{
  (void)state;
  static const char *const molecules[] = {"H2", "LiH", "H2O", "N2"};
  struct vqe_estimator_usage usage;
  if (not_emulated()) {
    skip();
  }
  const uint64_t all = vqe_emulated_bytes;
  for (size_t m = 0; m < 4; m++) {
    struct problem problem = problem_of(molecules[m], "UCCSD", 1, m % 2 == 0);
    assert_ok(try_create(&problem, VQE_DEVICE_CUDA, &usage));
    /* with that much free the check refuses or the allocations succeed */
    vqe_emulated_bytes = usage.bytes_held;
    vqe_emulated_promise = usage.bytes_held - 1;
    assert_int_equal(try_create(&problem, VQE_DEVICE_CUDA, &usage),
                     VQE_ERR_MEMORY);
    assert_non_null(strstr(vqe_error_message(), "are free"));
    vqe_emulated_bytes = all;
    vqe_emulated_promise = 0;
    problem_clear(&problem);
  }
}

/* ---- pools ---- */

/* Every third element of a pool as the ansatz, and the pool. */
static struct problem growing_of(struct vqe_ansatz **pool,
                                 const char *molecule, bool symmetry)
{
  struct problem out;
  struct vqe_ansatz_options options;
  out.integrals = fixture_read(molecule);
  out.hamiltonian = fixture_total(out.integrals, symmetry);
  vqe_ansatz_options_init(&options);
  options.name = "ADAPT-VQE";
  options.reps = 1;
  options.norb = out.hamiltonian->norb;
  options.nalpha = out.integrals->nalpha;
  options.nbeta = out.integrals->nbeta;
  options.restricted = options.nalpha == options.nbeta;
  options.nirrep = out.hamiltonian->nirrep;
  options.irrep = out.hamiltonian->irrep;
  options.adapt.pool = "UCCSD";
  assert_ok(vqe_ansatz_create(&out.ansatz, &options));
  assert_ok(vqe_ansatz_pool_create(pool, &options));
  for (int k = 0; k < (*pool)->nparam; k += 3) {
    assert_ok(vqe_ansatz_append(out.ansatz, *pool, k));
  }
  out.parameters = fixture_parameters((*pool)->nparam, 0.4, 11);
  return out;
}

static struct vqe_estimator *estimator_on(const struct problem *problem,
                                          enum vqe_device_choice device)
{
  struct vqe_estimator *estimator = NULL;
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  options.device = device;
  assert_ok(vqe_estimator_create(&estimator, problem->hamiltonian,
                                 problem->ansatz, &options));
  return estimator;
}

/* Slopes of a pool, before and after the ansatz grows, as the CPU's; also
 * where the device has no memory for them. */
static void pool_slopes_agree_with_cpu(void **state)
{
  (void)state;
  static const struct {
    const char *molecule;
    bool symmetry;
  } cases[] = {{"LiH", true}, {"H2O", false}, {"NH3", true}, {"N2", false}};
  if (no_device()) {
    skip();
  }
  for (size_t m = 0; m < 2 * sizeof cases / sizeof cases[0]; m++) {
    struct vqe_ansatz *pool = NULL;
    bool poor = m % 2 == 1;
    struct problem problem =
        growing_of(&pool, cases[m / 2].molecule, cases[m / 2].symmetry);
    struct vqe_estimator *cpu = estimator_on(&problem, VQE_DEVICE_CPU);
    struct vqe_estimator *device = estimator_on(&problem, VQE_DEVICE_CUDA);
    double *expected = oracle_new((size_t)pool->nparam);
    double *slopes = oracle_new((size_t)pool->nparam);
    struct vqe_estimator_usage usage;
    double worst = 0.0;
    const uint64_t all = &vqe_emulated_bytes != NULL ? vqe_emulated_bytes : 0;
    for (int grown = 0; grown < 2; grown++) {
      double energy[2];
      vqe_estimator_describe(&usage, device);
      if (poor && all > 0) {
        vqe_emulated_bytes = usage.bytes_held + 1000;
      }
      assert_ok(vqe_estimator_pool_gradient(cpu, expected, problem.parameters,
                                            pool));
      assert_ok(vqe_estimator_pool_gradient(device, slopes, problem.parameters,
                                            pool));
      if (all > 0) {
        vqe_emulated_bytes = all;
      }
      for (int k = 0; k < pool->nparam; k++) {
        worst = fmax(worst, fabs(slopes[k] - expected[k]));
      }
      assert_ok(vqe_ansatz_append(problem.ansatz, pool, 1));
      assert_ok(vqe_estimator_extend(cpu));
      assert_ok(vqe_estimator_extend(device));
      assert_ok(vqe_estimator_gradient(cpu, &energy[0], expected,
                                       problem.parameters));
      assert_ok(vqe_estimator_gradient(device, &energy[1], slopes,
                                       problem.parameters));
      assert_close(energy[0], energy[1], 1e-10);
      for (int k = 0; k < problem.ansatz->nparam; k++) {
        assert_close(slopes[k], expected[k], 1e-9);
      }
    }
    print_message("%s, %d elements%s: slopes differ by %.1e\n",
                  cases[m / 2].molecule, pool->nparam,
                  poor ? ", little memory" : "", worst);
    assert_true(worst < 1e-10);
    free(slopes);
    free(expected);
    vqe_estimator_free(device);
    vqe_estimator_free(cpu);
    vqe_ansatz_free(pool);
    problem_clear(&problem);
  }
}

/* ---- many threads ---- */

enum { POINTS = 6, TOGETHER = 8 };

/* A thread's estimator, and what it finds. */
struct evaluator {
  struct problem problem;
  struct vqe_estimator *estimator;
  double *points;    /* POINTS x nparam */
  double *gradients; /* POINTS x nparam, evaluated one by one */
  double energies[POINTS];
  double many[POINTS]; /* evaluated at once */
  int status;
  char message[256];
};

static void *evaluate(void *ctx)
{
  struct evaluator *me = ctx;
  size_t n = (size_t)me->problem.ansatz->nparam;
  me->status = VQE_OK;
  for (size_t k = 0; me->status == VQE_OK && k < POINTS; k++) {
    me->status =
        vqe_estimator_gradient(me->estimator, &me->energies[k],
                               me->gradients + k * n, me->points + k * n);
  }
  if (me->status == VQE_OK) {
    me->status =
        vqe_estimator_many(me->estimator, me->many, NULL, me->points, POINTS);
  }
  if (me->status != VQE_OK) {
    snprintf(me->message, sizeof me->message, "%s", vqe_error_message());
  }
  return NULL;
}

static void evaluator_init(struct evaluator *out, size_t k,
                           struct vqe_combiner *combiner)
{
  static const char *const molecules[] = {"H2", "LiH", "H2O", "BeH2"};
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  options.device = VQE_DEVICE_CUDA;
  options.single = k == TOGETHER - 1; /* alone on a launcher */
  options.combiner = combiner;
  out->problem = problem_of(molecules[k % 4], "UCCSD", 1, k < 4);
  int n = out->problem.ansatz->nparam;
  out->points = fixture_parameters(POINTS * n, 0.5, (unsigned)k);
  out->gradients = oracle_new((size_t)(POINTS * n));
  assert_ok(vqe_estimator_create(&out->estimator, out->problem.hamiltonian,
                                 out->problem.ansatz, &options));
}

static void evaluator_clear(struct evaluator *evaluator)
{
  vqe_estimator_free(evaluator->estimator);
  free(evaluator->gradients);
  free(evaluator->points);
  problem_clear(&evaluator->problem);
}

static void evaluate_together(struct evaluator *evaluators, size_t count)
{
  pthread_t threads[TOGETHER];
  for (size_t k = 0; k < count; k++) {
    assert_int_equal(
        pthread_create(&threads[k], NULL, evaluate, &evaluators[k]), 0);
  }
  for (size_t k = 0; k < count; k++) {
    pthread_join(threads[k], NULL);
  }
}

static _Atomic unsigned most_blocks;
static _Atomic int launches;

/* So slow that others come meanwhile. */
static int launch_slowly(unsigned blocks)
{
  const struct timespec pause = {0, 300000};
  most_blocks = blocks > most_blocks ? blocks : most_blocks;
  launches++;
  nanosleep(&pause, NULL);
  return VQE_OK;
}

static int launch_in_vain(unsigned blocks)
{
  (void)launch_slowly(blocks);
  return VQE_ERR_IO;
}

/* Different molecules of several threads share launches, and get the bits
 * that they get alone. */
static void shared_launches_give_bits_of_own_launches(void **state)
{
  (void)state;
  struct evaluator alone[TOGETHER];
  struct evaluator together[TOGETHER];
  struct vqe_combiner *combiner = NULL;
  struct vqe_estimator_usage usage;
  if (no_device()) {
    skip();
  }
  assert_ok(vqe_combiner_create(&combiner));
  for (size_t k = 0; k < TOGETHER; k++) {
    evaluator_init(&alone[k], k, NULL);
    evaluator_init(&together[k], k, combiner);
    (void)evaluate(&alone[k]);
  }
  if (&vqe_emulated_launch != NULL) {
    vqe_emulated_launch = launch_slowly;
  }
  most_blocks = 0;
  launches = 0;
  evaluate_together(together, TOGETHER);
  if (&vqe_emulated_launch != NULL) {
    vqe_emulated_launch = NULL;
    print_message("%d launches of up to %u blocks\n", launches, most_blocks);
    assert_true(most_blocks > POINTS); /* more than one thread's */
  }
  for (size_t k = 0; k < TOGETHER; k++) {
    size_t n = (size_t)alone[k].problem.ansatz->nparam;
    assert_int_equal(alone[k].status, VQE_OK);
    assert_int_equal(together[k].status, VQE_OK);
    assert_memory_equal(alone[k].energies, together[k].energies,
                        sizeof alone[k].energies);
    assert_memory_equal(alone[k].many, together[k].many, sizeof alone[k].many);
    assert_memory_equal(alone[k].gradients, together[k].gradients,
                        POINTS * n * sizeof(double));
    vqe_estimator_describe(&usage, together[k].estimator);
    assert_true(usage.launches > 0 && usage.bytes_down > 0);
    evaluator_clear(&alone[k]);
    evaluator_clear(&together[k]);
  }
  vqe_combiner_free(combiner);
}

/* A launch that fails fails all that is in it, with its message, and nothing
 * after it. What is too much at once is done one after the other. */
static void failing_launch_fails_its_requests_alone(void **state)
{
  (void)state;
  struct evaluator evaluators[4];
  struct vqe_combiner *combiner = NULL;
  double energies[4][POINTS];
  if (not_emulated()) {
    skip();
  }
  const uint64_t all = vqe_emulated_bytes;
  assert_ok(vqe_combiner_create(&combiner));
  for (size_t k = 0; k < 4; k++) {
    evaluator_init(&evaluators[k], k, combiner);
  }
  vqe_emulated_launch = launch_in_vain;
  evaluate_together(evaluators, 4);
  for (size_t k = 0; k < 4; k++) {
    assert_int_equal(evaluators[k].status, VQE_ERR_IO);
    assert_non_null(strstr(evaluators[k].message, "made to fail"));
  }
  for (int small = 1; small >= 0; small--) {
    size_t n = (size_t)evaluators[2].problem.ansatz->nparam;
    vqe_emulated_launch = launch_slowly;
    /* what the largest request takes */
    vqe_emulated_bytes =
        small ? POINTS * (sizeof(struct vqe_small_task) + 8 * (2 * n + 1))
              : all;
    evaluate_together(evaluators, 3);
    for (size_t k = 0; k < 3; k++) {
      assert_int_equal(evaluators[k].status, VQE_OK);
      if (small) {
        memcpy(energies[k], evaluators[k].energies, sizeof energies[k]);
      }
      assert_memory_equal(energies[k], evaluators[k].energies,
                          sizeof energies[k]);
    }
  }
  vqe_emulated_launch = NULL;
  for (size_t k = 0; k < 4; k++) {
    evaluator_clear(&evaluators[k]);
  }
  vqe_combiner_free(combiner);
}

static void unusable_choices_are_refused(void **state)
{
  (void)state;
  struct problem problem = problem_of("H2", "UCCSD", 1, true);
  struct vqe_estimator *estimator = NULL;
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  options.single = true;
  options.device = VQE_DEVICE_CPU;
  assert_int_equal(vqe_estimator_create(&estimator, problem.hamiltonian,
                                        problem.ansatz, &options),
                   VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "precision 'single'"));
  if (vqe_devices(NULL) == 0) {
    options.single = false;
    options.device = VQE_DEVICE_CUDA;
    assert_int_equal(vqe_estimator_create(&estimator, problem.hamiltonian,
                                          problem.ansatz, &options),
                     VQE_ERR_UNSUPPORTED);
    assert_non_null(strstr(vqe_error_message(), "no CUDA device"));
  }
  assert_null(estimator);
  problem_clear(&problem);
}

/* Says yes from its `last`-th question on; 0: never. */
struct questions {
  int asked, last;
};

static bool ask(void *ctx)
{
  struct questions *questions = ctx;
  questions->asked++;
  return questions->last > 0 && questions->asked >= questions->last;
}

static void check_stops(const char *molecule, const char *ansatz, bool sector)
{
  struct vqe_device_tuning tuning = VQE_DEVICE_TUNING_INIT;
  struct problem problem = problem_of(molecule, ansatz, 1, true);
  size_t n = (size_t)problem.ansatz->nparam;
  double *gradient = oracle_new(n);
  double *again = oracle_new(n);
  double energy;
  double same;
  struct questions questions = {0, 0};
  struct vqe_stop stop = {.ask = ask, .ctx = &questions};
  tuning.direct_size = 0; /* panels are asked, too */
  tuning.panel_bytes = 1 << 12;
  tuning.small_size = 0;
  tuning.watch_size = 0;
  tuning.watch_work = 1;
  struct backend backend = backend_of(&problem, sector, false, &tuning);
  /* nobody asks: launches may be recorded */
  assert_ok(backend.ops->gradient(backend.data, &energy, gradient,
                                  problem.parameters));
  backend.ops->watch(backend.data, &stop);
  assert_ok(
      backend.ops->gradient(backend.data, &same, again, problem.parameters));
  assert_true(same == energy);
  int all = questions.asked;
  print_message("%s %s: %d questions\n", molecule, ansatz, all);
  assert_true(all > 10);
  const int lasts[] = {1, all / 2, all};
  for (int k = 0; k < 3; k++) {
    questions = (struct questions){0, lasts[k]};
    assert_int_equal(
        backend.ops->gradient(backend.data, &same, again, problem.parameters),
        VQE_ERR_INTERRUPTED);
    /* nobody is asked twice */
    assert_int_equal(questions.asked, lasts[k]);
  }
  questions = (struct questions){0, 0};
  assert_ok(
      backend.ops->gradient(backend.data, &same, again, problem.parameters));
  assert_true(same == energy);
  assert_memory_equal(again, gradient, n * sizeof *gradient);
  backend.ops->free(backend.data);
  free(again);
  free(gradient);
  problem_clear(&problem);
}

static void long_evaluations_end_when_asked(void **state)
{
  (void)state;
  if (no_device()) {
    skip();
  }
  check_stops("LiH", "UCCSD", true);
  check_stops("LiH", "EfficientSU2", false);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sectors_agree_with_cpu_in_every_way),
      cmocka_unit_test(large_sectors_agree_with_cpu),
      cmocka_unit_test(full_space_agrees_with_cpu),
      cmocka_unit_test(single_precision_agrees_within_rounding),
      cmocka_unit_test(many_evaluations_agree_with_single_ones),
      cmocka_unit_test(order_of_threads_does_not_change_bits),
      cmocka_unit_test(too_little_memory_is_an_error_or_leads_to_cpu),
      cmocka_unit_test(memory_taken_stays_below_estimate),
      cmocka_unit_test(shared_launches_give_bits_of_own_launches),
      cmocka_unit_test(failing_launch_fails_its_requests_alone),
      cmocka_unit_test(pool_slopes_agree_with_cpu),
      cmocka_unit_test(unusable_choices_are_refused),
      cmocka_unit_test(long_evaluations_end_when_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
