/* The estimator's interface: each call goes to the backend that was chosen
 * (estimator_choose.h). */
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/struct_size.h"
#include "estimator/estimator_choose.h"
#include "estimator/shots.h"
#include "vqe/sim.h"

struct vqe_estimator {
  const struct vqe_ansatz *ansatz;
  struct vqe_estimator_choice chosen;
  struct vqe_shots *shots; /* made at the first sample of `paulis` */
  const struct vqe_pauli_sum *paulis;
};

void vqe_estimator_describe(struct vqe_estimator_usage *out,
                            const struct vqe_estimator *estimator)
{
  const struct vqe_estimator_choice *chosen = &estimator->chosen;
  struct vqe_gpu_use use = {0};
  *out = (struct vqe_estimator_usage){0};
  memcpy(out->note, chosen->note, sizeof out->note);
  if (chosen->device == NULL) {
    return;
  }
  vqe_gpu_usage(&use, chosen->device);
  out->on_device = true;
  out->device = chosen->summary;
  memcpy(out->gates, chosen->gates, sizeof out->gates);
  out->seconds = use.seconds;
  out->launches = use.launches + use.graphs;
  out->bytes_up = use.bytes_up;
  out->bytes_down = use.bytes_down;
  out->bytes_held = use.bytes_held;
}

/* ---- life ---- */

void vqe_estimator_options_init(struct vqe_estimator_options *options)
{
  *options = (struct vqe_estimator_options)VQE_ESTIMATOR_OPTIONS_INIT;
}

int vqe_estimator_create(struct vqe_estimator **out,
                         const struct vqe_hamiltonian *hamiltonian,
                         const struct vqe_ansatz *ansatz,
                         const struct vqe_estimator_options *options)
{
  struct vqe_estimator *estimator = NULL;
  *out = NULL;
  int status = vqe_struct_size_check("vqe_estimator_options", options->size,
                                     sizeof *options);
  if (status != VQE_OK) {
    return status;
  }
  if (ansatz->norb != hamiltonian->norb || options->threads < 1) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the ansatz is for %d orbitals, the Hamiltonian "
                         "has %d; threads %d",
                         ansatz->norb, hamiltonian->norb, options->threads);
  }
  status = vqe_memory_alloc(&estimator, 1, sizeof *estimator, "estimator");
  if (status != VQE_OK) {
    return status;
  }
  estimator->ansatz = ansatz;
  status =
      vqe_estimator_choose(&estimator->chosen, hamiltonian, ansatz, options);
  if (status != VQE_OK) {
    free(estimator);
    return status;
  }
  *out = estimator;
  return VQE_OK;
}

void vqe_estimator_free(struct vqe_estimator *estimator)
{
  if (estimator == NULL) {
    return;
  }
  vqe_shots_free(estimator->shots);
  estimator->chosen.ops->free(estimator->chosen.backend);
  free(estimator);
}

const char *vqe_estimator_backend(const struct vqe_estimator *estimator)
{
  return estimator->chosen.ops->name;
}

int vqe_estimator_energy(struct vqe_estimator *estimator, double *energy,
                         const double *parameters)
{
  return estimator->chosen.ops->energy(estimator->chosen.backend, energy,
                                       parameters);
}

int vqe_estimator_gradient(struct vqe_estimator *estimator, double *energy,
                           double *gradient, const double *parameters)
{
  return estimator->chosen.ops->gradient(estimator->chosen.backend, energy,
                                         gradient, parameters);
}

int vqe_estimator_extend(struct vqe_estimator *estimator)
{
  return estimator->chosen.ops->extend(estimator->chosen.backend);
}

int vqe_estimator_pool_gradient(struct vqe_estimator *estimator, double *out,
                                const double *parameters,
                                const struct vqe_ansatz *pool)
{
  if (pool->norb != estimator->ansatz->norb || !pool->conserves) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a pool over %d orbitals does not fit an ansatz over "
                         "%d",
                         pool->norb, estimator->ansatz->norb);
  }
  return estimator->chosen.ops->pool_gradient(estimator->chosen.backend, out,
                                              parameters, pool);
}

int vqe_estimator_many(struct vqe_estimator *estimator, double *energies,
                       double *gradients, const double *parameters,
                       size_t count)
{
  const struct vqe_backend_ops *ops = estimator->chosen.ops;
  size_t nparam = (size_t)estimator->ansatz->nparam;
  int status = VQE_OK;
  if (ops->many != NULL && count > 1) {
    return ops->many(estimator->chosen.backend, energies, gradients,
                     parameters, count);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const double *at = parameters + k * nparam;
    status = gradients == NULL
                 ? ops->energy(estimator->chosen.backend, &energies[k], at)
                 : ops->gradient(estimator->chosen.backend, &energies[k],
                                 gradients + k * nparam, at);
  }
  return status;
}

int vqe_estimator_properties(struct vqe_estimator *estimator,
                             struct vqe_properties *out, double *rdm1,
                             const double *parameters)
{
  return estimator->chosen.ops->properties(estimator->chosen.backend, out,
                                           rdm1, parameters);
}

static int unsupported(const struct vqe_estimator *estimator)
{
  return vqe_error_set(VQE_ERR_UNSUPPORTED,
                       "orbitals cannot be optimised with %s; use an ansatz "
                       "that runs in a sector, on the CPU",
                       estimator->chosen.ops->name);
}

int vqe_estimator_densities(struct vqe_estimator *estimator, double *pairs1,
                            double *pairs2, const double *parameters)
{
  return estimator->chosen.ops->densities == NULL
             ? unsupported(estimator)
             : estimator->chosen.ops->densities(estimator->chosen.backend,
                                                pairs1, pairs2, parameters);
}

int vqe_estimator_refresh(struct vqe_estimator *estimator)
{
  return estimator->chosen.ops->refresh == NULL
             ? unsupported(estimator)
             : estimator->chosen.ops->refresh(estimator->chosen.backend);
}

int vqe_estimator_state(struct vqe_estimator *estimator, double *out,
                        const double *parameters)
{
  size_t size = (size_t)1 << estimator->ansatz->nqubit;
  double *split = NULL;
  int status =
      vqe_memory_alloc(&split, 2 * size, sizeof *split, "full-space state");
  if (status != VQE_OK) {
    return status;
  }
  status = estimator->chosen.ops->state(estimator->chosen.backend, split,
                                        split + size, parameters);
  for (size_t k = 0; status == VQE_OK && k < size; k++) {
    out[2 * k] = split[k];
    out[2 * k + 1] = split[size + k];
  }
  free(split);
  return status;
}

int vqe_estimator_sample(struct vqe_estimator *estimator, double *energy,
                         double *std, const double *parameters,
                         const struct vqe_pauli_sum *paulis, int shots,
                         const char *experiment_id, int evaluation)
{
  int status = VQE_OK;
  if (paulis->nqubit != estimator->ansatz->nqubit) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a Pauli sum over %d qubits cannot be measured on "
                         "%d qubits",
                         paulis->nqubit, estimator->ansatz->nqubit);
  }
  if (estimator->shots == NULL || estimator->paulis != paulis) {
    vqe_shots_free(estimator->shots);
    status = vqe_shots_create(&estimator->shots, paulis);
    estimator->paulis = paulis;
  }
  if (status == VQE_OK) {
    status = estimator->chosen.ops->state(
        estimator->chosen.backend, vqe_shots_re(estimator->shots),
        vqe_shots_im(estimator->shots), parameters);
  }
  if (status == VQE_OK) {
    status = vqe_shots_sample(estimator->shots, energy, std, shots,
                              experiment_id, evaluation);
  }
  return status;
}
