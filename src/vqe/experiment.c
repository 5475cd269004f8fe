/* Life of the two structs that travel: request and result. */
#include "vqe/experiment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/notes.h"

const char *vqe_version(void)
{
  return VQE_VERSION;
}

static void options_clear(struct vqe_option_list *options)
{
  for (size_t k = 0; options->items != NULL && k < options->count; k++) {
    free(options->items[k].key);
    free(options->items[k].json);
  }
  free(options->items);
  options->items = NULL;
  options->count = 0;
}

static int options_copy(struct vqe_option_list *out,
                        const struct vqe_option_list *options)
{
  memset(out, 0, sizeof *out);
  if (options->count == 0 || options->items == NULL) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&out->items, options->count,
                                sizeof *out->items, "options");
  if (status != VQE_OK) {
    return status;
  }
  out->count = options->count;
  for (size_t k = 0; k < options->count && status == VQE_OK; k++) {
    status = vqe_memory_strdup(&out->items[k].key, options->items[k].key);
    if (status == VQE_OK) {
      status = vqe_memory_strdup(&out->items[k].json, options->items[k].json);
    }
  }
  return status;
}

/* Every string of an experiment, so that copy and free cannot miss one. */
#define STRINGS(each)                                                         \
  each(source);                                                               \
  each(input_error);                                                          \
  each(name);                                                                 \
  each(fcidump);                                                              \
  each(fcidump_sha256);                                                       \
  each(basis_set);                                                            \
  each(basis_sha256);                                                         \
  each(active_space);                                                         \
  each(scan);                                                                 \
  each(curve);                                                                \
  each(noise);                                                                \
  each(noise_backend);                                                        \
  each(ansatz_name);                                                          \
  each(entanglement);                                                         \
  each(optimizer);                                                            \
  each(init_strategy);                                                        \
  each(init_file);                                                            \
  each(init_file_sha256);                                                     \
  each(device);                                                               \
  each(precision);                                                            \
  each(notes)

void vqe_experiment_init(struct vqe_experiment *experiment)
{
  if (experiment == NULL) {
    return;
  }
  *experiment = (struct vqe_experiment){
      .active_electrons = -1,
      .active_orbitals = -1,
      .symmetry = true,
      .ansatz_reps = 1,
      .max_evaluations = 10000,
      .gtol = 1e-4,
      .ftol = 1e-8,
      .references = VQE_REFERENCE_ALL,
      .restarts = 1,
      .escape_saddles = VQE_ESCAPE_AUTO,
      .fci_max_seconds = 600.0,
  };
}

/* NOLINTNEXTLINE(readability-function-size): the list of strings, twice */
int vqe_experiment_copy(struct vqe_experiment **out,
                        const struct vqe_experiment *experiment)
{
  int missing = vqe_missing(__func__, "out experiment", out, experiment);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_experiment *copy = NULL;
  int status = vqe_memory_alloc(&copy, 1, sizeof *copy, "an experiment");
  if (status != VQE_OK) {
    return status;
  }
  *copy = *experiment;
  /* nothing may be owned twice, whichever copy fails first */
  copy->molecule = NULL;
  memset(&copy->ansatz_options, 0, sizeof copy->ansatz_options);
  memset(&copy->optimizer_options, 0, sizeof copy->optimizer_options);
#define FORGET(member) copy->member = NULL
  STRINGS(FORGET);
#define COPY(member)                                                          \
  if (status == VQE_OK) {                                                     \
    status = vqe_memory_strdup(&copy->member, experiment->member);            \
  }
  STRINGS(COPY);
  if (status == VQE_OK && experiment->molecule != NULL) {
    status = vqe_molecule_copy(&copy->molecule, experiment->molecule);
  }
  if (status == VQE_OK) {
    status = options_copy(&copy->ansatz_options, &experiment->ansatz_options);
  }
  if (status == VQE_OK) {
    status =
        options_copy(&copy->optimizer_options, &experiment->optimizer_options);
  }
  if (status != VQE_OK) {
    vqe_experiment_free(copy);
    copy = NULL;
  }
  *out = copy;
  return status;
}

void vqe_experiment_free(struct vqe_experiment *experiment)
{
  if (experiment == NULL) {
    return;
  }
#define FREE(member) free(experiment->member)
  STRINGS(FREE);
  vqe_molecule_free(experiment->molecule);
  options_clear(&experiment->ansatz_options);
  options_clear(&experiment->optimizer_options);
  free(experiment);
}

int vqe_result_create(struct vqe_result **out,
                      const struct vqe_experiment *experiment,
                      enum vqe_experiment_status status, const char *reason)
{
  int missing = vqe_missing(__func__, "out experiment", out, experiment);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_result *result = NULL;
  *out = NULL;
  int error = vqe_memory_alloc(&result, 1, sizeof *result, "a result");
  if (error != VQE_OK) {
    return error;
  }
  result->status = status;
  result->minimum = NAN;
  result->nuclear_repulsion_energy = NAN;
  result->maxcv = NAN;
  result->nit = -1;
  result->hf_energy = NAN;
  result->mp2_energy = NAN;
  result->fci_energy = NAN;
  result->fci_s2 = NAN;
  result->n_expectation = NAN;
  result->sz_expectation = NAN;
  result->s2_expectation = NAN;
  result->pauli_one_norm = NAN;
  result->peak_memory_mb = NAN;
  result->energy_std = NAN;
  result->energy_exact = NAN;
  result->reference_weight = NAN;
  vqe_circuit_cost_init(&result->circuit);
  result->landscape = (struct vqe_landscape){NAN, NAN, NAN, NAN};
  for (int k = 0; k < 3; k++) {
    result->dipole[k] = NAN;
  }
  snprintf(result->code_version, sizeof result->code_version, "%s",
           vqe_version());
  error = vqe_memory_strdup(&result->reason, reason);
  if (error == VQE_OK) {
    error = vqe_experiment_copy(&result->experiment, experiment);
  }
  if (error == VQE_OK) {
    error = vqe_notes_join(&result->notes, experiment->notes);
  }
  if (error != VQE_OK) {
    vqe_result_free(result);
    return error;
  }
  *out = result;
  return VQE_OK;
}

void vqe_result_free(struct vqe_result *result)
{
  if (result == NULL) {
    return;
  }
  vqe_experiment_free(result->experiment);
  free(result->reason);
  free(result->term_x);
  free(result->term_z);
  free(result->term_coeff);
  free(result->initial_parameters);
  free(result->optimal_parameters);
  free(result->ansatz_qasm);
  free(result->eval_parameters);
  free(result->eval_energy);
  free(result->eval_std);
  free(result->eval_energy_delta);
  free(result->eval_parameter_delta_norm);
  free(result->eval_cumulative_min_energy);
  free(result->eval_gradient_norm);
  free(result->eval_seconds);
  free(result->notes);
  free(result->performance_start);
  free(result->performance_end);
  free(result->natural_occupations);
  free(result->starts);
  free(result->orbitals);
  free(result->neighbour);
  for (size_t k = 0; result->properties != NULL && k < result->nproperty;
       k++) {
    free(result->properties[k].values);
  }
  free(result->properties);
  free(result);
}
