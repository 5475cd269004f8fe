/* Energies, gradients and CI products of the estimators. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "bench.h"
#include "bench_model.h"
#include "bench_problem.h"
#include "sim/layout.h"
#include "sim/sigma.h"
#include "sim/strings.h"

static bool in_sector(const struct bench_run *run)
{
  return strcmp(run->workload->variant, "UCCSD") == 0;
}

struct evaluation {
  struct bench_problem problem;
  bool with_gradient;
  double energy;
};

static int evaluate(void *ctx)
{
  struct evaluation *evaluation = ctx;
  struct bench_problem *problem = &evaluation->problem;
  return evaluation->with_gradient
             ? vqe_estimator_gradient(problem->estimator, &evaluation->energy,
                                      problem->gradient, problem->parameters)
             : vqe_estimator_energy(problem->estimator, &evaluation->energy,
                                    problem->parameters);
}

static int add_sizes(struct bench_run *run,
                     const struct bench_problem *problem)
{
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  uint64_t amplitudes;
  uint64_t bytes;
  options.threads = run->settings->threads;
  int status = vqe_estimator_size(&amplitudes, &bytes, problem->hamiltonian,
                                  problem->ansatz, &options);
  if (status == VQE_OK) {
    status = bench_fact(run, "qubits", json_integer(problem->ansatz->nqubit));
  }
  if (status == VQE_OK) {
    status =
        bench_fact(run, "parameters", json_integer(problem->ansatz->nparam));
  }
  if (status == VQE_OK) {
    status =
        bench_fact(run, "amplitudes", json_integer((json_int_t)amplitudes));
  }
  return status;
}

static int run_evaluation(struct bench_run *run, bool with_gradient)
{
  struct evaluation evaluation = {.with_gradient = with_gradient};
  struct bench_problem *problem = &evaluation.problem;
  const struct bench_workload *workload = run->workload;
  int status = bench_problem_init(problem, run->settings, workload->molecule,
                                  workload->variant);
  if (status == VQE_OK) {
    run->cost = (in_sector(run) ? bench_cost_sector : bench_cost_full)(
        problem->hamiltonian, problem->ansatz, with_gradient);
    status = bench_repeat(run, evaluate, &evaluation);
  }
  if (status == VQE_OK) {
    status =
        bench_fact(run, "backend",
                   json_string(vqe_estimator_backend(problem->estimator)));
  }
  if (status == VQE_OK) {
    struct vqe_estimator_usage usage;
    vqe_estimator_describe(&usage, problem->estimator);
    status = usage.on_device
                 ? bench_fact(run, "gates", json_string(usage.gates))
                 : VQE_OK;
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "energy", json_real(evaluation.energy));
  }
  if (status == VQE_OK && with_gradient) {
    double norm = 0.0;
    for (int k = 0; k < problem->ansatz->nparam; k++) {
      norm += problem->gradient[k] * problem->gradient[k];
    }
    status = bench_fact(run, "gradient_norm", json_real(sqrt(norm)));
  }
  if (status == VQE_OK) {
    status = add_sizes(run, problem);
  }
  bench_problem_clear(problem);
  return status;
}

static int run_energy(struct bench_run *run)
{
  return run_evaluation(run, false);
}

static int run_gradient(struct bench_run *run)
{
  return run_evaluation(run, true);
}

/* ---- the CI product alone ---- */

struct product {
  struct vqe_strings strings;
  struct vqe_layout layout;
  struct vqe_sigma *sigma;
  double *in, *out;
};

static int multiply(void *ctx)
{
  struct product *product = ctx;
  vqe_sigma_apply(product->sigma, &product->layout, product->out, product->in);
  return VQE_OK;
}

/* A vector that other programs can make too, whatever their order of
 * determinants: sin(1 + 0.37 a + 0.11 b) of the strings' bit masks. */
static void fill(struct product *product)
{
  const struct vqe_strings *strings = &product->strings;
  for (uint32_t s = 0; s < strings->count; s++) {
    for (uint32_t u = 0; u < strings->count; u++) {
      size_t at = vqe_layout_address(&product->layout, s, u);
      if (at != SIZE_MAX) {
        product->in[at] = sin(1.0 + 0.37 * (double)strings->bits[s] +
                              0.11 * (double)strings->bits[u]);
      }
    }
  }
}

/* <C|H|C> / <C|C> */
static double quotient(const struct product *product, double constant)
{
  double above = 0.0;
  double below = 0.0;
  for (size_t k = 0; k < product->layout.size; k++) {
    above += product->in[k] * product->out[k];
    below += product->in[k] * product->in[k];
  }
  return constant + above / below;
}

static int run_sigma(struct bench_run *run)
{
  struct bench_problem problem;
  struct product product = {0};
  const struct bench_workload *workload = run->workload;
  bool sector = in_sector(run);
  int status = bench_problem_read(&problem, run->settings, workload->molecule,
                                  workload->variant);
  const struct vqe_hamiltonian *hamiltonian = problem.hamiltonian;
  if (status == VQE_OK && sector &&
      problem.integrals->nalpha != problem.integrals->nbeta) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s has an open shell",
                           workload->molecule);
  }
  if (status == VQE_OK) {
    /* a closed shell is totally symmetric */
    status =
        vqe_strings_init(&product.strings, hamiltonian->norb,
                         sector ? problem.integrals->nalpha : VQE_ALL_NUMBERS,
                         hamiltonian->nirrep, hamiltonian->irrep);
  }
  if (status == VQE_OK) {
    vqe_layout_init(&product.layout, &product.strings, &product.strings,
                    sector ? 0 : -1);
    status = vqe_sigma_create(&product.sigma, hamiltonian, &product.strings,
                              &product.strings, run->settings->threads);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&product.in, product.layout.size, sizeof(double),
                              "vector");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&product.out, product.layout.size,
                              sizeof(double), "vector");
  }
  if (status == VQE_OK) {
    fill(&product);
    run->cost = sector ? bench_cost_sigma_sector(hamiltonian,
                                                 problem.integrals->nalpha,
                                                 problem.integrals->nbeta)
                       : bench_cost_sigma_full(hamiltonian);
    status = bench_repeat(run, multiply, &product);
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "energy",
                        json_real(quotient(&product, hamiltonian->constant)));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "amplitudes",
                        json_integer((json_int_t)product.layout.size));
  }
  vqe_sigma_free(product.sigma);
  vqe_strings_clear(&product.strings);
  free(product.in);
  free(product.out);
  bench_problem_clear(&problem);
  return status;
}

/* ---- the exact ground state ---- */

struct ground {
  struct bench_problem problem;
  struct vqe_fci_options options;
  struct vqe_fci_result result;
};

static int solve(void *ctx)
{
  struct ground *ground = ctx;
  const struct vqe_integrals *integrals = ground->problem.integrals;
  return vqe_fci_solve(&ground->result, ground->problem.hamiltonian,
                       integrals->nalpha, integrals->nbeta, &ground->options);
}

static int run_fci(struct bench_run *run)
{
  struct ground ground = {.options = VQE_FCI_OPTIONS_INIT};
  int status =
      bench_problem_read(&ground.problem, run->settings,
                         run->workload->molecule, run->workload->variant);
  ground.options.threads = run->settings->threads;
  if (status == VQE_OK) {
    status = bench_repeat(run, solve, &ground);
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "energy", json_real(ground.result.energy));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "products", json_integer(ground.result.cycles));
  }
  bench_problem_clear(&ground.problem);
  return status;
}

#define FCI(molecule)                                                         \
  {                                                                           \
    "fci/" molecule, "ground state by Davidson, every symmetry", run_fci,     \
        molecule, "UCCSD", 0                                                  \
  }
#define UCCSD(molecule)                                                       \
  {"energy/sector/" molecule,                                                 \
   "UCCSD, one product",                                                      \
   run_energy,                                                                \
   molecule,                                                                  \
   "UCCSD",                                                                   \
   0},                                                                        \
      {"gradient/sector/" molecule,                                           \
       "UCCSD, energy and gradient",                                          \
       run_gradient,                                                          \
       molecule,                                                              \
       "UCCSD",                                                               \
       0},                                                                    \
  {                                                                           \
    "sigma/sector/" molecule, "H C of the totally symmetric sector",          \
        run_sigma, molecule, "UCCSD", 0                                       \
  }
#define CIRCUIT(molecule)                                                     \
  {"energy/full/" molecule,                                                   \
   "EfficientSU2, reps 2",                                                    \
   run_energy,                                                                \
   molecule,                                                                  \
   "EfficientSU2",                                                            \
   0},                                                                        \
      {"gradient/full/" molecule,                                             \
       "EfficientSU2, energy and gradient",                                   \
       run_gradient,                                                          \
       molecule,                                                              \
       "EfficientSU2",                                                        \
       0},                                                                    \
  {                                                                           \
    "sigma/full/" molecule, "H C of the full space, one real vector",         \
        run_sigma, molecule, "EfficientSU2", 0                                \
  }

/* clang-format off */
static const struct bench_workload workloads[] = {
    UCCSD("H2"),
    UCCSD("H2O"),
    UCCSD("NH3"),
    UCCSD("N2"),
    UCCSD("CO2"),
    UCCSD("H2O/6-31g"),
    UCCSD("H2O/cc-pvdz"),
    CIRCUIT("H2"),
    CIRCUIT("H2O"),
    CIRCUIT("NH3"),
    CIRCUIT("N2"),
    FCI("H2O"),
    FCI("NH3"),
    FCI("N2"),
    FCI("H2O/6-31g"),
};
/* clang-format on */

const struct bench_group bench_sim_group = {
    workloads, sizeof workloads / sizeof workloads[0]};
