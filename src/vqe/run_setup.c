/* From the input to an estimator: integrals, Hamiltonian, ansatz, parameters,
 * estimator. */
#include <stdio.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "operators/pauli_size.h"
#include "vqe/initial.h"
#include "vqe/neighbour.h"
#include "vqe/orbital.h"
#include "vqe/orbital_list.h"
#include "vqe/run.h"
#include "vqe/run_penalty.h"

int vqe_run_integrals(struct vqe_run *run)
{
  const struct vqe_experiment *experiment = run->experiment;
  struct vqe_result *result = run->result;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  options.basis = experiment->basis_set;
  options.frozen_core = experiment->frozen_core;
  options.active_electrons = experiment->active_electrons;
  options.active_orbitals = experiment->active_orbitals;
  options.active_space = experiment->active_space;
  options.label_orbitals = run->label_orbitals ||
                           experiment->active_space != NULL ||
                           experiment->active_orbitals >= 0;
  options.threads = run->options->threads;
  options.keep_all = vqe_orbital_asked(experiment);
  options.follow = vqe_neighbour_orbitals(run);
  options.keep_orbitals = run->options->left != NULL;
  options.keep_functions = experiment->properties != 0;
  options.should_stop = vqe_run_stop_asked;
  options.ctx = run;
  double cpu = vqe_run_cpu_seconds(run);
  int status =
      experiment->fcidump != NULL
          ? vqe_fcidump_read(&run->integrals, experiment->fcidump, &options)
          : vqe_chem_run(&run->integrals, experiment->molecule, &options);
  if (status != VQE_OK) {
    return status;
  }
  const struct vqe_integrals *integrals = run->integrals;
  result->cpu_seconds_hamiltonian = vqe_run_cpu_seconds(run) - cpu;
  result->seconds_integrals = integrals->seconds_integrals;
  result->seconds_scf = integrals->seconds_scf;
  result->seconds_transform = integrals->seconds_transform;
  result->norb = integrals->norb;
  result->nalpha = integrals->nalpha;
  result->nbeta = integrals->nbeta;
  result->nfrozen = integrals->nfrozen;
  result->num_qubits = 2 * integrals->norb;
  result->nuclear_repulsion_energy = integrals->nuclear_repulsion;
  result->hf_energy = integrals->hf_energy;
  if (integrals->has_mp2 && (experiment->references & VQE_REFERENCE_MP2)) {
    result->mp2_energy = integrals->mp2_energy;
  }
  snprintf(result->reference_method, sizeof result->reference_method, "%s",
           integrals->method);
  return vqe_orbital_list(&result->orbitals, integrals);
}

/* Pauli terms that a result holds: bytes of them in its record, a label and
 * TERM_BYTES each. */
#define MOST_TERM_BYTES 268435456.0
#define TERM_BYTES 16.0

bool vqe_run_terms_too_many(double nterm, int norb)
{
  return nterm * (2.0 * norb + TERM_BYTES) > MOST_TERM_BYTES;
}

int vqe_run_note_terms(struct vqe_run *run, double nterm)
{
  return vqe_notes_add(&run->result->notes, VQE_NOTE_TERMS_LEFT_OUT,
                       "%.0f Pauli terms would take %.0f MB of the result, "
                       "which holds up to %.0f MB of them; --hamiltonian "
                       "writes them to a file of their own",
                       nterm,
                       nterm * (run->result->num_qubits + TERM_BYTES) / 1e6,
                       MOST_TERM_BYTES / 1e6);
}

/* The Pauli terms. Energies from a state need none: where they do not fit
 * memory, or are more than a result holds, the run goes on without. */
static int map_hamiltonian(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  bool needed = run->needs_paulis || run->experiment->shots > 0 ||
                run->experiment->noise != NULL;
  double nterm = vqe_pauli_size_terms(run->hamiltonian);
  if (!needed && vqe_run_terms_too_many(nterm, result->norb)) {
    return vqe_run_note_terms(run, nterm);
  }
  int status =
      vqe_pauli_sum_jordan_wigner(&run->paulis, run->hamiltonian, 0.0);
  if (status == VQE_OK) {
    result->pauli_one_norm = vqe_pauli_sum_one_norm(run->paulis);
  } else if (status == VQE_ERR_MEMORY && !needed) {
    status = vqe_notes_add(&result->notes, VQE_NOTE_TERMS_LEFT_OUT, "%s",
                           vqe_error_message());
  }
  return status;
}

int vqe_run_hamiltonian(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  const struct vqe_integrals *integrals = run->integrals;
  double wall = vqe_clock_wall();
  double cpu = vqe_run_cpu_seconds(run);
  bool sector = vqe_ansatz_conserves(run->experiment->ansatz_name);
  int status = vqe_hamiltonian_create(
      &run->hamiltonian, integrals->norb, integrals->h1e, integrals->eri,
      integrals->e_core, run->experiment->symmetry,
      sector ? VQE_RUN_SECTOR_ZERO : 0.0);
  if (status == VQE_OK && run->experiment->symmetry &&
      integrals->irreps != NULL) {
    vqe_hamiltonian_label(run->hamiltonian, integrals->nirrep,
                          integrals->irreps);
  }
  if (status == VQE_OK && vqe_orbital_asked(run->experiment)) {
    status = vqe_orbital_begin(run);
  }
  if (status == VQE_OK) {
    status = map_hamiltonian(run);
  }
  if (status != VQE_OK) {
    return status;
  }
  result->seconds_mapping = vqe_clock_wall() - wall;
  result->cpu_seconds_mapping = vqe_run_cpu_seconds(run) - cpu;
  /* the result takes the arrays over when the run ends */
  return vqe_notes_join(&result->notes, integrals->notes);
}

int vqe_run_ansatz(struct vqe_run *run)
{
  struct vqe_ansatz_options *options = &run->ansatz_options;
  int status = vqe_run_ansatz_options(options, run->experiment);
  if (status != VQE_OK) {
    return status;
  }
  options->norb = run->integrals->norb;
  options->nalpha = run->integrals->nalpha;
  options->nbeta = run->integrals->nbeta;
  options->restricted = options->nalpha == options->nbeta;
  options->nirrep = run->hamiltonian->nirrep;
  options->irrep = run->hamiltonian->irrep;
  status = vqe_ansatz_create(&run->ansatz, options);
  if (status == VQE_OK && vqe_ansatz_grows(run->experiment->ansatz_name)) {
    status = vqe_ansatz_pool_create(&run->pool, options);
  }
  return status;
}

int vqe_run_parameters(struct vqe_run *run)
{
  const struct vqe_experiment *experiment = run->experiment;
  struct vqe_result *result = run->result;
  int status;
  int angles = run->rotation != NULL ? run->rotation->nangle : 0;
  size_t nparam = (size_t)run->ansatz->nparam + (size_t)angles;
  result->nparam = run->ansatz->nparam + angles;
  status = vqe_memory_alloc(&result->initial_parameters, nparam,
                            sizeof(double), "initial parameters");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&result->optimal_parameters, nparam,
                              sizeof(double), "optimal parameters");
  }
  if (status == VQE_OK && run->pool == NULL && vqe_neighbour_serves(run)) {
    memcpy(result->initial_parameters, run->options->neighbour->parameters,
           nparam * sizeof(double));
  } else if (status == VQE_OK) {
    status = vqe_initial_parameters(result->initial_parameters, &result->notes,
                                    experiment, run->ansatz, angles,
                                    run->integrals, 0);
  }
  return status;
}

void vqe_run_estimator_options(struct vqe_estimator_options *out,
                               struct vqe_run *run)
{
  bool penalised = vqe_run_penalty_asked(run->experiment);
  *out = (struct vqe_estimator_options)VQE_ESTIMATOR_OPTIONS_INIT;
  out->threads = run->options->threads;
  /* a split state has no densities for the orbitals' slopes */
  out->team = run->rotation == NULL && !penalised ? run->options->team : NULL;
  /* in a sector all states have the electron numbers, but not the spin */
  out->representation =
      penalised ? VQE_REPRESENTATION_FULL : VQE_REPRESENTATION_AUTO;
  out->device = vqe_run_wants_cuda(run->experiment) ? VQE_DEVICE_CUDA
                : strcmp(run->experiment->device, "cpu") == 0 ||
                        run->rotation != NULL || penalised
                    ? VQE_DEVICE_CPU
                    : VQE_DEVICE_AUTO;
  out->device_index = run->options->device_index;
  out->single = vqe_run_is_single(run->experiment);
  out->gates = run->options->gates;
  out->combiner = run->options->combiner;
  out->should_stop = vqe_run_must_end;
  out->ctx = run;
}

int vqe_run_estimator(struct vqe_run *run)
{
  struct vqe_estimator_options options;
  uint64_t amplitudes;
  uint64_t bytes;
  vqe_run_estimator_options(&options, run);
  int status = vqe_estimator_size(&amplitudes, &bytes, run->hamiltonian,
                                  run->ansatz, &options);
  if (status == VQE_OK) {
    status = vqe_estimator_create(&run->estimator, run->hamiltonian,
                                  run->ansatz, &options);
  }
  if (status == VQE_OK) {
    run->result->determinants = amplitudes;
    snprintf(run->result->backend, sizeof run->result->backend, "%s",
             vqe_estimator_backend(run->estimator));
    vqe_estimator_describe(&run->usage, run->estimator);
    if (run->usage.on_device) {
      snprintf(run->result->device, sizeof run->result->device, "%s",
               run->usage.device.name);
    }
    if (run->usage.note[0] != '\0') {
      status = vqe_notes_add(&run->result->notes, VQE_NOTE_DEVICE, "%s",
                             run->usage.note);
    }
  }
  return status;
}
