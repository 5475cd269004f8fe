#include "vqe/problem.h"

#include <stdlib.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/struct_size.h"
#include "vqe/experiment_check.h"
#include "vqe/orbital.h"
#include "vqe/run.h"
#include "vqe/run_penalty.h"

/* What the phases of a run left, and what its estimator still asks. */
struct kept {
  struct vqe_problem problem; /* first: the caller's pointer is ours */
  struct vqe_run run;
  struct vqe_run_options options;
  struct vqe_callbacks callbacks;
};

/* What there is no estimator of a fixed circuit for. */
static int check_request(const struct vqe_experiment *experiment)
{
  const char *what = vqe_ansatz_grows(experiment->ansatz_name) ? "ADAPT-VQE"
                     : vqe_orbital_asked(experiment) ? "orbital_optimization"
                     : vqe_run_penalty_asked(experiment) ? "a penalty"
                                                         : NULL;
  return what == NULL ? VQE_OK
                      : vqe_error_set(VQE_ERR_UNSUPPORTED,
                                      "%s: %s belongs to a whole run; use "
                                      "vqe_experiment_run, or leave it out",
                                      vqe_experiment_source(experiment), what);
}

static int check_arguments(const struct vqe_experiment *experiment,
                           const struct vqe_run_options *options,
                           const struct vqe_callbacks *callbacks)
{
  int status =
      vqe_struct_size_check("vqe_run_options", options->size, sizeof *options);
  if (status == VQE_OK && callbacks != NULL) {
    status = vqe_struct_size_check("vqe_callbacks", callbacks->size,
                                   sizeof *callbacks);
  }
  if (status == VQE_OK && options->threads < 1) {
    status = vqe_error_set(VQE_ERR_INPUT, "%d threads: at least 1 is needed",
                           options->threads);
  }
  if (status == VQE_OK) {
    status = vqe_experiment_check(experiment);
  }
  return status == VQE_OK ? check_request(experiment) : status;
}

static int set_up(struct vqe_run *run)
{
  int status = vqe_run_check(run->experiment, run->options);
  if (status == VQE_OK) {
    status = vqe_run_integrals(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_hamiltonian(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_ansatz(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_parameters(run);
  }
  return status == VQE_OK ? vqe_run_estimator(run) : status;
}

int vqe_problem_create(struct vqe_problem **out,
                       const struct vqe_experiment *experiment,
                       const struct vqe_run_options *options,
                       const struct vqe_callbacks *callbacks)
{
  struct kept *kept = NULL;
  int status = vqe_missing(__func__, "out experiment options", out, experiment,
                           options);
  if (status != VQE_OK) {
    return status;
  }
  *out = NULL;
  status = check_arguments(experiment, options, callbacks);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&kept, 1, sizeof *kept, "a problem");
  }
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_run *run = &kept->run;
  kept->options = *options;
  run->needs_paulis = true;
  run->options = &kept->options;
  if (callbacks != NULL) {
    kept->callbacks = *callbacks;
    run->callbacks = &kept->callbacks;
  }
  status = vqe_result_create(&run->result, experiment, VQE_EXPERIMENT_SKIPPED,
                             NULL);
  if (status == VQE_OK) {
    /* a copy of the request, as estimators ask the run whether to stop */
    run->experiment = run->result->experiment;
    status = set_up(run);
  }
  if (status != VQE_OK) {
    vqe_problem_free(&kept->problem);
    return status;
  }
  kept->problem = (struct vqe_problem){.integrals = run->integrals,
                                       .hamiltonian = run->hamiltonian,
                                       .paulis = run->paulis,
                                       .ansatz = run->ansatz,
                                       .estimator = run->estimator,
                                       .initial_parameters =
                                           run->result->initial_parameters,
                                       .notes = run->result->notes};
  *out = &kept->problem;
  return VQE_OK;
}

void vqe_problem_free(struct vqe_problem *problem)
{
  struct kept *kept = (struct kept *)problem;
  if (kept != NULL) {
    vqe_run_clear(&kept->run);
    vqe_result_free(kept->run.result);
    free(kept);
  }
}
