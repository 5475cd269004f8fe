/* What needs an experiment's integrals but no VQE: the circuit, what it costs,
 * an FCIDUMP. */
#include <stdlib.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/missing.h"
#include "base/notes.h"
#include "base/struct_size.h"
#include "vqe/experiment_check.h"
#include "vqe/run.h"

/* Start a run that ends before the VQE: integrals only. */
static int start(struct vqe_run *run)
{
  int status = vqe_struct_size_check("vqe_run_options", run->options->size,
                                     sizeof *run->options);
  if (status == VQE_OK) {
    status = vqe_experiment_check(run->experiment);
  }
  if (status == VQE_OK) {
    status = vqe_result_create(&run->result, run->experiment,
                               VQE_EXPERIMENT_SKIPPED, NULL);
  }
  if (status == VQE_OK) {
    status = vqe_run_check(run->experiment, run->options);
  }
  return status == VQE_OK ? vqe_run_integrals(run) : status;
}

/* Go on as far as the circuit. */
static int start_circuit(struct vqe_run *run)
{
  int status = start(run);
  if (status == VQE_OK) {
    status = vqe_run_hamiltonian(run);
  }
  return status == VQE_OK ? vqe_run_ansatz(run) : status;
}

static void finish(struct vqe_run *run)
{
  vqe_run_clear(run);
  vqe_result_free(run->result);
}

static int refuse_growing(const struct vqe_experiment *experiment)
{
  return !vqe_ansatz_grows(experiment->ansatz_name)
             ? VQE_OK
             : vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "%s: ADAPT-VQE chooses its circuit while it "
                             "runs; the result of the run holds it",
                             vqe_experiment_source(experiment));
}

/* `version` 0: with inputs. */
static int print_circuit(char **out, const struct vqe_experiment *experiment,
                         const struct vqe_run_options *options, int version)
{
  struct vqe_run run = {.experiment = experiment, .options = options};
  int status =
      vqe_struct_size_check("vqe_run_options", options->size, sizeof *options);
  if (status == VQE_OK) {
    status = vqe_experiment_check(experiment);
  }
  if (status == VQE_OK) {
    status = refuse_growing(experiment);
  }
  if (status == VQE_OK) {
    status = start_circuit(&run);
  }
  if (status == VQE_OK && version == 0) {
    status = vqe_ansatz_qasm(out, run.ansatz, 0);
  } else if (status == VQE_OK) {
    status = vqe_run_parameters(&run);
    if (status == VQE_OK) {
      status = vqe_ansatz_qasm_bound(out, run.ansatz, version,
                                     run.result->initial_parameters);
    }
  }
  finish(&run);
  return status;
}

int vqe_experiment_qasm(char **out, const struct vqe_experiment *experiment,
                        const struct vqe_run_options *options)
{
  int missing = vqe_missing(__func__, "out experiment options", out,
                            experiment, options);
  if (missing != VQE_OK) {
    return missing;
  }
  *out = NULL;
  return print_circuit(out, experiment, options, 0);
}

int vqe_experiment_qasm_bound(char **out,
                              const struct vqe_experiment *experiment,
                              const struct vqe_run_options *options,
                              int version)
{
  int missing = vqe_missing(__func__, "out experiment options", out,
                            experiment, options);
  if (missing != VQE_OK) {
    return missing;
  }
  *out = NULL;
  if (version != 2 && version != 3) {
    return vqe_error_set(VQE_ERR_INPUT, "OpenQASM %d: 2 or 3", version);
  }
  return print_circuit(out, experiment, options, version);
}

int vqe_experiment_circuit(struct vqe_circuit_cost *out,
                           const struct vqe_experiment *experiment,
                           const struct vqe_run_options *options)
{
  int missing = vqe_missing(__func__, "out experiment options", out,
                            experiment, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_run run = {.experiment = experiment, .options = options};
  vqe_circuit_cost_init(out);
  int status = start_circuit(&run);
  if (status == VQE_OK) {
    status = vqe_run_circuit(&run);
  }
  if (status == VQE_OK) {
    *out = run.result->circuit;
    if (vqe_ansatz_grows(experiment->ansatz_name)) {
      struct vqe_circuit_cost measured = *out;
      vqe_circuit_cost_init(out);
      out->measurement_groups = measured.measurement_groups;
      out->shots = measured.shots;
    }
  }
  finish(&run);
  return status;
}

int vqe_experiment_fcidump(const char *path,
                           const struct vqe_experiment *experiment,
                           const struct vqe_run_options *options)
{
  int missing = vqe_missing(__func__, "path experiment options", path,
                            experiment, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_run run = {.experiment = experiment, .options = options};
  int status = start(&run);
  if (status == VQE_OK) {
    status = vqe_fcidump_write(run.integrals, path);
  }
  finish(&run);
  return status;
}

int vqe_experiment_space(struct vqe_result **out,
                         const struct vqe_experiment *experiment,
                         const struct vqe_run_options *options)
{
  int missing = vqe_missing(__func__, "out experiment options", out,
                            experiment, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_run run = {
      .experiment = experiment, .options = options, .label_orbitals = true};
  *out = NULL;
  int status = start(&run);
  if (status == VQE_OK) {
    status = vqe_notes_join(&run.result->notes, run.integrals->notes);
  }
  if (status == VQE_OK) {
    *out = run.result;
    run.result = NULL;
  }
  vqe_run_clear(&run);
  vqe_result_free(run.result);
  return status;
}
