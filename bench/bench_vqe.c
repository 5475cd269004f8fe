/* Whole minimisations, and what optimizers cost beside the evaluations. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "bench.h"
#include "bench_problem.h"
#include "vqe/optimize.h"

struct search {
  struct bench_problem problem;
  const char *optimizer;
  struct vqe_optimizer_options options;
  const double *start;
  double *x;
  int evaluations;
  bool converged;
  double energy;
  double evaluating, all; /* seconds, of all repeats */
};

static int objective(void *ctx, int n, const double *x, double *f,
                     double *gradient)
{
  struct search *search = ctx;
  double before = vqe_clock_wall();
  (void)n;
  int status =
      gradient == NULL
          ? vqe_estimator_energy(search->problem.estimator, f, x)
          : vqe_estimator_gradient(search->problem.estimator, f, gradient, x);
  search->evaluating += vqe_clock_wall() - before;
  search->evaluations++;
  return status;
}

static int minimise(void *ctx)
{
  struct search *search = ctx;
  int n = search->problem.ansatz->nparam;
  struct vqe_optimize_result found;
  memcpy(search->x, search->start, (size_t)n * sizeof(double));
  search->evaluations = 0;
  double before = vqe_clock_wall();
  int status = vqe_optimize(&found, search->optimizer, n, search->x, objective,
                            search, &search->options);
  search->all += vqe_clock_wall() - before;
  if (status == VQE_OK) {
    search->energy = found.f;
    search->converged = found.converged;
  }
  return status;
}

static int run_search(struct bench_run *run, struct search *search)
{
  int status =
      vqe_memory_alloc(&search->x, (size_t)search->problem.ansatz->nparam,
                       sizeof(double), "parameters");
  if (status == VQE_OK) {
    status = bench_repeat(run, minimise, search);
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "energy", json_real(search->energy));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "evaluations", json_integer(search->evaluations));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "converged", json_boolean(search->converged));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "optimizer_share",
                        json_real(1.0 - search->evaluating / search->all));
  }
  free(search->x);
  return status;
}

/* From MP2 amplitudes to convergence, with the defaults of a job. */
static int run_vqe(struct bench_run *run)
{
  struct search search = {.optimizer = "L-BFGS-B"};
  struct bench_problem *problem = &search.problem;
  double *start = NULL;
  vqe_optimizer_options_init(&search.options);
  int status = bench_problem_init(problem, run->settings,
                                  run->workload->molecule, "UCCSD");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&start, (size_t)problem->ansatz->nparam,
                              sizeof(double), "parameters");
  }
  if (status == VQE_OK) {
    status = vqe_ansatz_mp2_parameters(start, problem->ansatz,
                                       problem->integrals->eri,
                                       problem->integrals->orbital_energies);
  }
  search.start = start;
  if (status == VQE_OK) {
    status = run_search(run, &search);
  }
  free(start);
  bench_problem_clear(problem);
  return status;
}

/* Sixty evaluations of an optimizer on 14 qubits. */
static int run_optimizer(struct bench_run *run)
{
  struct search search = {.optimizer = run->workload->variant};
  vqe_optimizer_options_init(&search.options);
  search.options.max_evaluations = 60;
  search.options.gtol = 1e-12;
  search.options.ftol = 1e-14;
  search.options.experiment_id = "bench";
  int status = bench_problem_init(
      &search.problem, run->settings, run->workload->molecule,
      run->workload->number == 0 ? "UCCSD" : "EfficientSU2");
  search.start = search.problem.parameters;
  if (status == VQE_OK) {
    status = run_search(run, &search);
  }
  bench_problem_clear(&search.problem);
  return status;
}

#define VQE(molecule)                                                         \
  {                                                                           \
    "vqe/" molecule, "UCCSD from MP2 amplitudes to convergence, L-BFGS-B",    \
        run_vqe, molecule, NULL, 0                                            \
  }
#define OPTIMIZER(name)                                                       \
  {"optimizer/sector/" name,                                                  \
   "60 evaluations of UCCSD, H2O",                                            \
   run_optimizer,                                                             \
   "H2O",                                                                     \
   name,                                                                      \
   0},                                                                        \
  {                                                                           \
    "optimizer/full/" name, "60 evaluations of EfficientSU2, H2O",            \
        run_optimizer, "H2O", name, 1                                         \
  }

/* clang-format off */
static const struct bench_workload workloads[] = {
    VQE("H2"),
    VQE("H2O"),
    VQE("NH3"),
    VQE("N2"),
    VQE("CO2"),
    OPTIMIZER("L-BFGS-B"),
    OPTIMIZER("Adam"),
    OPTIMIZER("BFGS"),
    OPTIMIZER("CG"),
    OPTIMIZER("SLSQP"),
    OPTIMIZER("SPSA"),
    OPTIMIZER("COBYLA"),
    OPTIMIZER("BOBYQA"),
    OPTIMIZER("Nelder-Mead"),
    OPTIMIZER("Powell"),
};
/* clang-format on */

const struct bench_group bench_vqe_group = {
    workloads, sizeof workloads / sizeof workloads[0]};
