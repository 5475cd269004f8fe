/* Long calls end soon after they are asked to, and leave the estimator as
 * good as new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vqe/ansatz.h"
#include "vqe/error.h"
#include "vqe/operators.h"
#include "vqe/sim.h"

#define NORB 10
#define NPAIR (NORB * (NORB + 1) / 2)

/* Says yes from its `last`-th question on; 0: never. */
struct patience {
  int asked, last;
};

static bool ask(void *ctx)
{
  struct patience *patience = ctx;
  patience->asked++;
  return patience->last > 0 && patience->asked >= patience->last;
}

/* Of no molecule: levels, and couplings that fall with their distance. */
static struct vqe_hamiltonian *hamiltonian(void)
{
  static double h1e[NORB * NORB];
  static double eri[NPAIR * NPAIR];
  struct vqe_hamiltonian *out = NULL;
  for (int p = 0; p < NORB; p++) {
    for (int q = 0; q < NORB; q++) {
      h1e[p * NORB + q] = p == q ? -2.0 + 0.3 * p : 0.05 / (1 + abs(p - q));
    }
  }
  for (int k = 0; k < NPAIR; k++) {
    for (int l = 0; l < NPAIR; l++) {
      eri[k * NPAIR + l] = 0.2 / (1 + abs(k - l) + (k + l) % 3);
    }
  }
  assert_int_equal(
      vqe_hamiltonian_create(&out, NORB, h1e, eri, 0.0, false, 0.0), VQE_OK);
  return out;
}

static void describe(struct vqe_ansatz_options *options, const char *name,
                     int electrons)
{
  vqe_ansatz_options_init(options);
  options->name = name;
  options->reps = 1;
  options->norb = NORB;
  options->nalpha = electrons / 2;
  options->nbeta = electrons / 2;
  options->restricted = true;
  options->nirrep = 1;
}

static struct vqe_ansatz *ansatz(const char *name, int electrons)
{
  struct vqe_ansatz_options options;
  struct vqe_ansatz *out = NULL;
  describe(&options, name, electrons);
  assert_int_equal(vqe_ansatz_create(&out, &options), VQE_OK);
  return out;
}

static struct vqe_ansatz *uccsd_pool(int electrons)
{
  struct vqe_ansatz_options options;
  struct vqe_ansatz *out = NULL;
  describe(&options, "ADAPT-VQE", electrons);
  options.adapt.pool = "UCCSD";
  assert_int_equal(vqe_ansatz_pool_create(&out, &options), VQE_OK);
  return out;
}

struct calls {
  struct vqe_estimator *estimator;
  const struct vqe_ansatz *pool;
  double *x, *out;
  double energy;
};

static int call_energy(struct calls *c)
{
  return vqe_estimator_energy(c->estimator, &c->energy, c->x);
}

static int call_gradient(struct calls *c)
{
  return vqe_estimator_gradient(c->estimator, &c->energy, c->out, c->x);
}

static int call_pool(struct calls *c)
{
  return vqe_estimator_pool_gradient(c->estimator, c->out, c->x, c->pool);
}

static int call_properties(struct calls *c)
{
  struct vqe_properties properties;
  int status =
      vqe_estimator_properties(c->estimator, &properties, c->out, c->x);
  c->energy = properties.s2;
  return status;
}

/* Interrupt at the first, at a middle and at the last question of each call;
 * afterwards the same call gives the same bits as before. */
static void interrupt(const char *name, int threads,
                      int (*const *list)(struct calls *), int count)
{
  struct vqe_hamiltonian *h = hamiltonian();
  struct vqe_ansatz *a = ansatz(name, 10);
  struct vqe_ansatz *pool = uccsd_pool(10);
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  struct patience patience = {0, 0};
  size_t most = (size_t)(a->nparam > pool->nparam ? a->nparam : pool->nparam);
  struct calls calls = {.pool = pool};
  most = most < NORB * NORB ? NORB * NORB : most;
  calls.x = calloc(most, sizeof(double));
  calls.out = calloc(most, sizeof(double));
  for (int k = 0; k < a->nparam; k++) {
    calls.x[k] = 0.01 * (k % 7);
  }
  options.threads = threads;
  options.device = VQE_DEVICE_CPU;
  options.should_stop = ask;
  options.ctx = &patience;
  assert_int_equal(vqe_estimator_create(&calls.estimator, h, a, &options),
                   VQE_OK);
  for (int k = 0; k < count; k++) {
    patience = (struct patience){0, 0};
    assert_int_equal(list[k](&calls), VQE_OK);
    double energy = calls.energy;
    double first = calls.out[0];
    int questions = patience.asked;
    assert_true(questions > 2);
    const int lasts[] = {1, (questions + 1) / 2, questions};
    for (int l = 0; l < 3; l++) {
      patience = (struct patience){0, lasts[l]};
      assert_int_equal(list[k](&calls), VQE_ERR_INTERRUPTED);
      /* nobody is asked twice, and nothing goes on for long */
      assert_int_equal(patience.asked, lasts[l]);
    }
    patience = (struct patience){0, 0};
    assert_int_equal(list[k](&calls), VQE_OK);
    assert_true(calls.energy == energy);
    assert_true(calls.out[0] == first);
  }
  vqe_estimator_free(calls.estimator);
  vqe_ansatz_free(pool);
  vqe_ansatz_free(a);
  vqe_hamiltonian_free(h);
  free(calls.x);
  free(calls.out);
}

static void calls_on_a_sector_end_when_asked(void **state)
{
  (void)state;
  int (*const list[])(struct calls *) = {call_energy, call_gradient, call_pool,
                                         call_properties};
  interrupt("UCCSD", 1, list, 4);
}

/* Only the first thread asks: how often depends on its share. */
static void threads_hear_of_a_stop(void **state)
{
  (void)state;
  struct vqe_hamiltonian *h = hamiltonian();
  struct vqe_ansatz *a = ansatz("UCCSD", 10);
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  struct patience patience = {0, 2};
  struct vqe_estimator *estimator = NULL;
  double *x = calloc((size_t)a->nparam, sizeof *x);
  double energy;
  options.threads = 2;
  options.device = VQE_DEVICE_CPU;
  options.should_stop = ask;
  options.ctx = &patience;
  assert_int_equal(vqe_estimator_create(&estimator, h, a, &options), VQE_OK);
  assert_int_equal(vqe_estimator_energy(estimator, &energy, x),
                   VQE_ERR_INTERRUPTED);
  assert_int_equal(patience.asked, 2);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(a);
  vqe_hamiltonian_free(h);
  free(x);
}

static void calls_on_lucj_end_when_asked(void **state)
{
  (void)state;
  int (*const list[])(struct calls *) = {call_energy, call_gradient};
  interrupt("LUCJ", 1, list, 2);
}

static void calls_on_the_full_space_end_when_asked(void **state)
{
  (void)state;
  int (*const list[])(struct calls *) = {call_energy, call_gradient};
  interrupt("EfficientSU2", 1, list, 2);
}

static void fci_ends_within_a_product(void **state)
{
  (void)state;
  struct vqe_hamiltonian *h = hamiltonian();
  struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
  struct vqe_fci_result plain;
  struct vqe_fci_result found;
  struct patience patience = {0, 0};
  assert_int_equal(vqe_fci_solve(&plain, h, 5, 5, &options), VQE_OK);
  options.should_stop = ask;
  options.ctx = &patience;
  assert_int_equal(vqe_fci_solve(&found, h, 5, 5, &options), VQE_OK);
  assert_true(found.energy == plain.energy);
  int questions = patience.asked;
  /* more often than once a cycle */
  assert_true(questions > 2 * plain.cycles);
  for (int last = 1; last < questions; last += questions / 7 + 1) {
    patience = (struct patience){0, last};
    assert_int_equal(vqe_fci_solve(&found, h, 5, 5, &options),
                     VQE_ERR_INTERRUPTED);
    assert_int_equal(patience.asked, last);
  }
  vqe_hamiltonian_free(h);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_on_a_sector_end_when_asked),
      cmocka_unit_test(threads_hear_of_a_stop),
      cmocka_unit_test(calls_on_lucj_end_when_asked),
      cmocka_unit_test(calls_on_the_full_space_end_when_asked),
      cmocka_unit_test(fci_ends_within_a_product),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
