/* One experiment from input to record. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/notes.h"
#include "base/struct_size.h"
#include "vqe/checks.h"
#include "vqe/experiment_check.h"
#include "vqe/host.h"
#include "vqe/neighbour.h"
#include "vqe/run.h"

/* Too many qubits for shots are refused before SCF. */
static int check_shots(const struct vqe_experiment *experiment)
{
  struct vqe_experiment_estimate estimate;
  return experiment->shots > 0 && experiment->molecule != NULL
             ? vqe_experiment_estimate(&estimate, experiment)
             : VQE_OK;
}

static int run_phases(struct vqe_run *run)
{
  int status = vqe_run_check(run->experiment, run->options);
  if (status == VQE_OK) {
    status = check_shots(run->experiment);
  }
  if (status == VQE_OK) {
    vqe_run_enter(run, VQE_PHASE_SCF);
    status = vqe_run_integrals(run);
  }
  if (status == VQE_OK) {
    vqe_run_enter(run, VQE_PHASE_SETUP);
    status = vqe_run_hamiltonian(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_ansatz(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_parameters(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_estimator(run);
  }
  if (status == VQE_OK) {
    vqe_run_enter(run, VQE_PHASE_FCI);
    status = vqe_run_fci(run);
  }
  if (status == VQE_OK && vqe_neighbour_serves(run)) {
    status = vqe_memory_strdup(&run->result->neighbour,
                               run->options->neighbour->id);
  }
  if (status == VQE_OK) {
    vqe_run_enter(run, VQE_PHASE_VQE);
    status = vqe_run_minimise(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_circuit(run); /* only now, as an ansatz may grow */
  }
  if (status == VQE_OK) {
    vqe_run_enter(run, VQE_PHASE_PROPERTIES);
    status = vqe_run_properties(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_molecular(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_noise(run);
  }
  if (status == VQE_OK) {
    status = vqe_run_note_irrep(run);
  }
  if (status == VQE_OK) {
    status = vqe_result_note_checks(run->result);
  }
  return status;
}

void vqe_run_options_init(struct vqe_run_options *options)
{
  if (options == NULL) {
    return;
  }
  *options = (struct vqe_run_options)VQE_RUN_OPTIONS_INIT;
}

void vqe_callbacks_init(struct vqe_callbacks *callbacks)
{
  if (callbacks == NULL) {
    return;
  }
  *callbacks = (struct vqe_callbacks)VQE_CALLBACKS_INIT;
}

/* The result takes the Pauli terms over, unless its record would be larger
 * than databases and message brokers take. */
static int keep_terms(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  struct vqe_pauli_sum *paulis = run->paulis;
  if (paulis == NULL) {
    return VQE_OK;
  }
  if (vqe_run_terms_too_many((double)paulis->nterm, result->norb)) {
    return vqe_run_note_terms(run, (double)paulis->nterm);
  }
  result->nterm = paulis->nterm;
  result->term_x = paulis->x;
  result->term_z = paulis->z;
  result->term_coeff = paulis->coeff;
  paulis->x = NULL;
  paulis->z = NULL;
  paulis->coeff = NULL;
  return VQE_OK;
}

/* *refused: what an earlier run left was found to be false, and is to be left
 * out (`afresh`). */
static int run_once(struct vqe_result **out, bool *refused,
                    const struct vqe_experiment *experiment,
                    const struct vqe_run_options *options,
                    const struct vqe_callbacks *callbacks, bool afresh)
{
  struct vqe_run run = {.experiment = experiment,
                        .options = options,
                        .callbacks = callbacks,
                        .replay = {.afresh = afresh}};
  struct vqe_host own;
  double wall = vqe_clock_wall();
  *out = NULL;
  int status =
      vqe_struct_size_check("vqe_run_options", options->size, sizeof *options);
  if (status == VQE_OK && callbacks != NULL) {
    status = vqe_struct_size_check("vqe_callbacks", callbacks->size,
                                   sizeof *callbacks);
  }
  /* a bad molecule is a result that failed, a field left out is no request */
  if (status == VQE_OK && experiment->input_error == NULL) {
    status = vqe_experiment_check(experiment);
  }
  if (status == VQE_OK && options->threads < 1) {
    status = vqe_error_set(VQE_ERR_INPUT, "%d threads: at least 1 is needed",
                           options->threads);
  }
  if (status == VQE_OK) {
    status =
        vqe_result_create(&run.result, experiment, VQE_EXPERIMENT_OK, NULL);
  }
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_host *host = options->host;
  struct vqe_result *result = run.result;
  result->mpi_rank = options->mpi_rank;
  result->mpi_ranks = options->mpi_ranks;
  result->threads = options->threads;
  vqe_clock_rfc3339(result->started_at);
  if (host == NULL) {
    vqe_host_init(&own);
    host = &own;
  }
  vqe_host_describe(result, host);
  status =
      vqe_host_snapshot(&result->performance_start, result, host, &run.usage);
  if (status == VQE_OK) {
    status = run_phases(&run);
  }
  int kept = keep_terms(&run);
  if (status == VQE_OK) {
    status = kept;
  }
  if (status != VQE_OK && status != VQE_ERR_INTERRUPTED) {
    /* a failed experiment is a result: its reason, and what there is */
    result->status = VQE_EXPERIMENT_FAILED;
    free(result->reason);
    status = vqe_memory_strdup(&result->reason, vqe_error_message());
  }
  if (run.estimator != NULL) {
    vqe_estimator_describe(&run.usage, run.estimator);
  }
  if (status == VQE_OK && options->left != NULL &&
      result->status == VQE_EXPERIMENT_OK) {
    vqe_neighbour_free(*options->left);
    *options->left = NULL;
    status = vqe_neighbour_leave(options->left, &run);
  }
  *refused = run.replay.refused;
  vqe_run_clear(&run);
  if (status == VQE_OK) {
    result->peak_memory_mb = (double)vqe_memory_peak() / 1e6;
    vqe_clock_rfc3339(result->finished_at);
    result->seconds_total = vqe_clock_wall() - wall;
    status =
        vqe_host_snapshot(&result->performance_end, result, host, &run.usage);
  }
  if (status != VQE_OK) {
    vqe_result_free(result);
    return status;
  }
  *out = result;
  return VQE_OK;
}

int vqe_experiment_run(struct vqe_result **out,
                       const struct vqe_experiment *experiment,
                       const struct vqe_run_options *options,
                       const struct vqe_callbacks *callbacks)
{
  bool refused = false;
  int missing = vqe_missing(__func__, "out experiment options", out,
                            experiment, options);
  if (missing != VQE_OK) {
    return missing;
  }
  if (options->left != NULL) {
    *options->left = NULL;
  }
  int status = run_once(out, &refused, experiment, options, callbacks, false);
  if (status == VQE_OK && refused) {
    vqe_result_free(*out);
    status = run_once(out, &refused, experiment, options, callbacks, true);
  }
  return status;
}
