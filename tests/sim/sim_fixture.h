/* A Hamiltonian, an ansatz and an estimator in one call each. */
#ifndef VQE_TEST_SIM_FIXTURE_H
#define VQE_TEST_SIM_FIXTURE_H

#include "oracle.h"

#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/error.h"
#include "vqe/operators.h"
#include "vqe/sim.h"

#define assert_ok(call)                                                       \
  do {                                                                        \
    if ((call) != VQE_OK) {                                                   \
      fail_msg("%s: %s", #call, vqe_error_message());                         \
    }                                                                         \
  } while (0)

static inline struct vqe_integrals *fixture_read(const char *name)
{
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *integrals = NULL;
  char path[512];
  snprintf(path, sizeof path, VQE_TEST_DATA "/%s.fcidump", name);
  assert_ok(vqe_fcidump_read(&integrals, path, &options));
  return integrals;
}

/* The constant is the core energy of the file: energies are total. */
static inline struct vqe_hamiltonian *
fixture_total(const struct vqe_integrals *integrals, bool symmetry)
{
  struct vqe_hamiltonian *hamiltonian = NULL;
  assert_ok(vqe_hamiltonian_create(
      &hamiltonian, integrals->norb, integrals->h1e, integrals->eri,
      integrals->e_core + integrals->nuclear_repulsion, symmetry, 0.0));
  return hamiltonian;
}

static inline struct vqe_hamiltonian *
fixture_random(double **h1e, double **eri, int norb, const uint8_t *irrep,
               bool symmetry, double constant, uint64_t seed)
{
  struct vqe_hamiltonian *hamiltonian = NULL;
  oracle_integrals(h1e, eri, norb, irrep, seed);
  assert_ok(vqe_hamiltonian_create(&hamiltonian, norb, *h1e, *eri, constant,
                                   symmetry, 0.0));
  return hamiltonian;
}

/* UCCSD shares parameters when the shell is closed. */
static inline struct vqe_ansatz *
fixture_ansatz(const char *name, const char *entanglement, int reps,
               const struct vqe_hamiltonian *hamiltonian, int nalpha,
               int nbeta)
{
  struct vqe_ansatz_options options = {.size = sizeof options,
                                       .name = name,
                                       .reps = reps,
                                       .entanglement = entanglement,
                                       .norb = hamiltonian->norb,
                                       .nalpha = nalpha,
                                       .nbeta = nbeta,
                                       .restricted = nalpha == nbeta,
                                       .nirrep = hamiltonian->nirrep,
                                       .irrep = hamiltonian->irrep};
  struct vqe_ansatz *ansatz = NULL;
  assert_ok(vqe_ansatz_create(&ansatz, &options));
  return ansatz;
}

/* Where estimators are made; FIXTURE_RUN runs all tests of a file on each
 * device. */
static enum vqe_device_choice fixture_device = VQE_DEVICE_CPU;
/* Of the full space on a device; sectors have none but the own. */
static enum vqe_gates_choice fixture_gates = VQE_GATES_OWN;

static inline const char *fixture_backend(bool sector)
{
  if (fixture_device == VQE_DEVICE_CUDA) {
    return sector ? "vqe_cuda_sector" : "vqe_cuda_statevector";
  }
  return sector ? "vqe_cpu_sector" : "vqe_cpu_statevector";
}

/* Every test of the file on the CPU and, where there is one, on a device, with
 * the own kernels and with cuStateVec. */
#define FIXTURE_RUN(tests)                                                    \
  (cmocka_run_group_tests_name("CPU", tests, NULL, NULL) +                    \
   (fixture_next() ? cmocka_run_group_tests_name("CUDA", tests, NULL, NULL)   \
                   : 0) +                                                     \
   (fixture_library()                                                         \
        ? cmocka_run_group_tests_name("cuStateVec", tests, NULL, NULL)        \
        : 0))

static inline bool fixture_next(void)
{
  const char *reason = NULL;
  if (vqe_devices(&reason) == 0) {
    print_message("CUDA: all tests skipped: %s\n", reason);
    return false;
  }
  fixture_device = VQE_DEVICE_CUDA;
  return true;
}

static inline bool fixture_library(void)
{
  char version[16];
  if (fixture_device != VQE_DEVICE_CUDA) {
    return false;
  }
  if (vqe_custatevec_version(version, sizeof version) != VQE_OK) {
    print_message("cuStateVec: all tests skipped: %s\n", vqe_error_message());
    return false;
  }
  fixture_gates = VQE_GATES_CUSTATEVEC;
  return true;
}

static inline struct vqe_estimator *
fixture_estimator(const struct vqe_hamiltonian *hamiltonian,
                  const struct vqe_ansatz *ansatz,
                  enum vqe_representation representation, int threads)
{
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  struct vqe_estimator *estimator = NULL;
  bool sector =
      representation == VQE_REPRESENTATION_SECTOR ||
      (representation == VQE_REPRESENTATION_AUTO && ansatz->conserves);
  options.representation = representation;
  options.threads = threads;
  options.device = fixture_device;
  options.gates = sector ? VQE_GATES_OWN : fixture_gates;
  assert_ok(vqe_estimator_create(&estimator, hamiltonian, ansatz, &options));
  return estimator;
}

/* Angles in [-size, size). */
static inline double *fixture_parameters(int count, double size, uint64_t seed)
{
  double *out = oracle_new((size_t)count);
  for (int k = 0; k < count; k++) {
    out[k] = size * oracle_random(&seed);
  }
  return out;
}

static inline double complex *fixture_state(struct vqe_estimator *estimator,
                                            const struct vqe_ansatz *ansatz,
                                            const double *parameters)
{
  double complex *out = calloc((size_t)1 << ansatz->nqubit, sizeof *out);
  assert_non_null(out);
  /* an array of complex numbers is one of (re, im) pairs */
  assert_ok(vqe_estimator_state(estimator, (double *)out, parameters));
  return out;
}

/* Slope by parameter k: central differences of fourth order. */
static inline double fixture_difference(struct vqe_estimator *estimator,
                                        double *parameters, int k)
{
  const double step = 5e-3;
  static const double at[4] = {-2, -1, 1, 2};
  static const double weight[4] = {1, -8, 8, -1};
  double middle = parameters[k];
  double sum = 0.0;
  for (int i = 0; i < 4; i++) {
    double energy;
    parameters[k] = middle + at[i] * step;
    assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
    sum += weight[i] * energy;
  }
  parameters[k] = middle;
  return sum / (12.0 * step);
}

/* A random Hamiltonian with a core energy, an ansatz on it, its estimator on
 * one thread and parameters. */
struct fixture_case {
  double *h1e, *eri;
  struct vqe_hamiltonian *hamiltonian;
  struct vqe_ansatz *ansatz;
  struct vqe_estimator *estimator;
  double *parameters;
};

static inline struct fixture_case
fixture_case_make(const char *name, int reps, int norb, int na, int nb,
                  enum vqe_representation representation)
{
  struct fixture_case c = {0};
  c.hamiltonian =
      fixture_random(&c.h1e, &c.eri, norb, NULL, true, 0.75, (uint64_t)norb);
  c.ansatz = fixture_ansatz(name, NULL, reps, c.hamiltonian, na, nb);
  c.estimator = fixture_estimator(c.hamiltonian, c.ansatz, representation, 1);
  c.parameters = fixture_parameters(c.ansatz->nparam, 1.0, 5);
  return c;
}

static inline void fixture_case_clear(struct fixture_case *c)
{
  free(c->parameters);
  vqe_estimator_free(c->estimator);
  vqe_ansatz_free(c->ansatz);
  vqe_hamiltonian_free(c->hamiltonian);
  free(c->h1e);
  free(c->eri);
}

#endif
