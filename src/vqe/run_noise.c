/* The energy of the final state once more, on a machine with noise. */
#include <math.h>
#include <stdlib.h>

#include "ansatz/program.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "noise/noisy_energy.h"
#include "operators/qubits.h"
#include "vqe/property.h"
#include "vqe/run.h"

/* Gates that are simulated: as many as are counted. */
#define MOST_GATES ((size_t)1 << 23)

/* Not for what is not known. */
static int add_number(struct vqe_result *result, const char *name,
                      double value)
{
  const uint64_t shape[VQE_PROPERTY_DIMS] = {1, 1};
  double *to = NULL;
  if (isnan(value)) {
    return VQE_OK;
  }
  int status = vqe_property_add(&to, result, name, shape);
  if (status == VQE_OK) {
    to[0] = value;
  }
  return status;
}

static int add_numbers(struct vqe_result *result,
                       const struct vqe_noisy_outcome *outcome,
                       const struct vqe_noisy_model *model)
{
  double nuclei = result->nuclear_repulsion_energy;
  const struct {
    const char *name;
    double value;
  } numbers[] = {
      {"noise_energy", outcome->energy + nuclei},
      {"noise_error", outcome->error},
      {"noise_strength", model->strength},
      {"noise_fidelity", outcome->fidelity},
      {"noise_purity", outcome->purity},
      {"noise_zne_energy", outcome->extrapolated + nuclei},
      {"noise_zne_error", outcome->extrapolated_error},
      {"noise_kept", outcome->kept},
      {"noise_kept_energy", outcome->selected + nuclei},
      {"noise_kept_error", outcome->selected_error},
  };
  int status = VQE_OK;
  for (size_t k = 0;
       status == VQE_OK && k < sizeof numbers / sizeof numbers[0]; k++) {
    status = add_number(result, numbers[k].name, numbers[k].value);
  }
  return status;
}

static int add_lists(struct vqe_result *result,
                     const struct vqe_noisy_outcome *outcome,
                     const struct vqe_noisy_model *model)
{
  const uint64_t points[VQE_PROPERTY_DIMS] = {(uint64_t)model->nscale, 3};
  const uint64_t counts[VQE_PROPERTY_DIMS] = {(uint64_t)outcome->ncount, 2};
  double *to = NULL;
  int status = VQE_OK;
  if (model->nscale > 0) {
    status = vqe_property_add(&to, result, "noise_zne_points", points);
  }
  for (size_t k = 0; status == VQE_OK && k < (size_t)model->nscale; k++) {
    to[3 * k] = model->scales[k];
    to[3 * k + 1] = outcome->scaled[k] + result->nuclear_repulsion_energy;
    to[3 * k + 2] = outcome->scaled_error[k];
  }
  if (status == VQE_OK && outcome->ncount > 0) {
    status = vqe_property_add(&to, result, "noise_counts", counts);
  }
  for (size_t k = 0; status == VQE_OK && k < (size_t)outcome->ncount; k++) {
    to[2 * k] = (double)outcome->outcome[k];
    to[2 * k + 1] = outcome->count[k];
  }
  return status;
}

/* Of the run's Hamiltonian, which optimised orbitals have changed. */
static int evaluate(struct vqe_noisy_outcome *out, struct vqe_run *run,
                    const struct vqe_noisy_model *model)
{
  const struct vqe_ansatz *ansatz = run->ansatz;
  struct vqe_program *program = NULL;
  struct vqe_pauli_sum *paulis = NULL;
  int status = vqe_pauli_sum_jordan_wigner(&paulis, run->hamiltonian, 0.0);
  if (status == VQE_OK) {
    status = vqe_program_create(&program, ansatz, MOST_GATES);
  }
  if (status == VQE_OK && program == NULL) {
    status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "the circuit has more than %zu gates", MOST_GATES);
  }
  if (status == VQE_OK) {
    struct vqe_noisy_request request = {
        .program = program,
        .parameters = run->result->optimal_parameters,
        .paulis = paulis,
        .model = model,
        .alpha =
            vqe_qubits_low(vqe_qubits_filled(ansatz->norb, ansatz->norb, 0)),
        .beta =
            vqe_qubits_low(vqe_qubits_filled(ansatz->norb, 0, ansatz->norb)),
        .nalpha = ansatz->nalpha,
        .nbeta = ansatz->nbeta,
        .shots = run->experiment->shots,
        .id = run->experiment->id,
        .threads = run->options->threads,
        .stop = vqe_run_must_end,
        .ctx = run};
    status = vqe_noisy_energy(out, &request);
  }
  vqe_program_free(program);
  vqe_pauli_sum_free(paulis);
  return status;
}

int vqe_run_noise(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  struct vqe_noisy_model *model = NULL;
  struct vqe_noisy_outcome outcome;
  if (run->experiment->noise == NULL || run->late) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&model, 1, sizeof *model, "a noise model");
  if (status == VQE_OK) {
    status = vqe_noisy_model_parse(model, run->experiment->noise);
  }
  if (status == VQE_OK) {
    status = evaluate(&outcome, run, model);
  }
  if (status == VQE_OK) {
    status = add_numbers(result, &outcome, model);
  }
  if (status == VQE_OK) {
    status = add_lists(result, &outcome, model);
  }
  free(model);
  /* the energy is there, and is worth more than what is missing */
  bool missing = status == VQE_ERR_MEMORY || status == VQE_ERR_UNSUPPORTED ||
                 (status == VQE_ERR_INTERRUPTED && run->late);
  return missing ? vqe_notes_add(&result->notes, VQE_NOTE_PROPERTIES_LEFT_OUT,
                                 "noise: %s",
                                 status == VQE_ERR_INTERRUPTED
                                     ? "the limit of time left none for it"
                                     : vqe_error_message())
                 : status;
}
