/* What needs an experiment's integrals but no VQE: the circuit, what it costs,
 * an FCIDUMP, the Hamiltonian on qubits. */
#include <stdlib.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/notes.h"
#include "base/struct_size.h"
#include "operators/qubits.h"
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

/* Is there a circuit before the run? */
static int check_circuit(const struct vqe_run *run)
{
  int status = vqe_struct_size_check("vqe_run_options", run->options->size,
                                     sizeof *run->options);
  if (status == VQE_OK) {
    status = vqe_experiment_check(run->experiment);
  }
  return status == VQE_OK ? refuse_growing(run->experiment) : status;
}

/* `version` 0: with inputs. */
static int print_circuit(char **out, const struct vqe_experiment *experiment,
                         const struct vqe_run_options *options, int version)
{
  struct vqe_run run = {.experiment = experiment, .options = options};
  int status = check_circuit(&run);
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

static vqe_qubits determinant_of(const struct vqe_integrals *integrals)
{
  return vqe_qubits_filled(integrals->norb, integrals->nalpha,
                           integrals->nbeta);
}

/* The run's Jordan-Wigner sum in a mapping, and what is tapered of it. */
static int map_run(struct vqe_pauli_sum **mapped, struct vqe_mapping *mapping,
                   struct vqe_taper *taper, const struct vqe_run *run,
                   enum vqe_mapping_kind kind, enum vqe_taper_kind what)
{
  const struct vqe_integrals *integrals = run->integrals;
  int status = vqe_mapping_init(mapping, kind, 2 * integrals->norb);
  if (status == VQE_OK) {
    status = vqe_pauli_sum_map(mapped, run->paulis, mapping);
  }
  return status == VQE_OK ? vqe_taper_init(taper, what, *mapped, mapping,
                                           determinant_of(integrals))
                          : status;
}

/* The circuit is there: print it. */
static int print_mapped(char **out, struct vqe_run *run,
                        enum vqe_mapping_kind kind, enum vqe_taper_kind what,
                        int version, bool bound)
{
  struct vqe_mapping mapping;
  struct vqe_taper taper;
  struct vqe_pauli_sum *mapped = NULL;
  int status = map_run(&mapped, &mapping, &taper, run, kind, what);
  vqe_pauli_sum_free(mapped);
  if (status == VQE_OK && bound) {
    status = vqe_run_parameters(run);
  }
  return status == VQE_OK ? vqe_ansatz_qasm_mapped(
                                out, run->ansatz, &mapping, &taper, version,
                                bound ? run->result->initial_parameters : NULL)
                          : status;
}

int vqe_experiment_qasm_mapped(char **out,
                               const struct vqe_experiment *experiment,
                               const struct vqe_run_options *options,
                               enum vqe_mapping_kind mapping,
                               enum vqe_taper_kind taper, int version,
                               bool bound)
{
  int missing = vqe_missing(__func__, "out experiment options", out,
                            experiment, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_run run = {
      .experiment = experiment, .options = options, .needs_paulis = true};
  *out = NULL;
  int status = check_circuit(&run);
  if (status == VQE_OK) {
    status = start_circuit(&run);
  }
  if (status == VQE_OK) {
    status = print_mapped(out, &run, mapping, taper, version, bound);
  }
  finish(&run);
  return status;
}

/* The Hamiltonian with the nuclei, mapped and tapered. */
static int fill_hamiltonian(struct vqe_qubit_hamiltonian *out,
                            const struct vqe_run *run)
{
  const struct vqe_integrals *integrals = run->integrals;
  struct vqe_mapping mapping;
  struct vqe_pauli_sum *mapped = NULL;
  out->norb = integrals->norb;
  out->nalpha = integrals->nalpha;
  out->nbeta = integrals->nbeta;
  out->nuclear_repulsion = integrals->nuclear_repulsion;
  out->hf_energy = integrals->hf_energy;
  int status =
      map_run(&mapped, &mapping, &out->taper, run, out->mapping, out->kind);
  if (status == VQE_OK) {
    status = vqe_pauli_sum_taper(&out->sum, mapped, &out->taper, 0.0);
  }
  if (status == VQE_OK) {
    out->reference = vqe_taper_mask(
        &out->taper,
        vqe_mapping_determinant(&mapping, determinant_of(integrals)));
  }
  vqe_pauli_sum_free(mapped);
  return status;
}

int vqe_experiment_hamiltonian(struct vqe_qubit_hamiltonian **out,
                               const struct vqe_experiment *experiment,
                               const struct vqe_run_options *options,
                               enum vqe_mapping_kind mapping,
                               enum vqe_taper_kind taper)
{
  int missing = vqe_missing(__func__, "out experiment options", out,
                            experiment, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_run run = {
      .experiment = experiment, .options = options, .needs_paulis = true};
  struct vqe_qubit_hamiltonian *hamiltonian = NULL;
  *out = NULL;
  int status = start(&run);
  if (status == VQE_OK) {
    run.integrals->e_core += run.integrals->nuclear_repulsion;
    status = vqe_run_hamiltonian(&run);
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&hamiltonian, 1, sizeof *hamiltonian, "Hamiltonian");
  }
  if (status == VQE_OK) {
    hamiltonian->mapping = mapping;
    hamiltonian->kind = taper;
    status = fill_hamiltonian(hamiltonian, &run);
  }
  finish(&run);
  if (status != VQE_OK) {
    vqe_qubit_hamiltonian_free(hamiltonian);
    return status;
  }
  *out = hamiltonian;
  return VQE_OK;
}

void vqe_qubit_hamiltonian_free(struct vqe_qubit_hamiltonian *hamiltonian)
{
  if (hamiltonian == NULL) {
    return;
  }
  vqe_pauli_sum_free(hamiltonian->sum);
  free(hamiltonian);
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
