#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "sim/backend.h"
#include "sim/shots.h"
#include "sim/split.h"
#include "vqe/sim.h"

struct vqe_estimator {
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_ansatz *ansatz;
  const struct vqe_backend_ops *ops;
  void *backend;
  struct vqe_shots *shots; /* made at the first sample of `paulis` */
  const struct vqe_pauli_sum *paulis;
};

static bool wants_sector(const struct vqe_ansatz *ansatz,
                         const struct vqe_estimator_options *options)
{
  return options->representation == VQE_REPRESENTATION_SECTOR ||
         (options->representation == VQE_REPRESENTATION_AUTO &&
          ansatz->conserves);
}

static bool is_split(const struct vqe_ansatz *ansatz,
                     const struct vqe_estimator_options *options)
{
  return options->team != NULL && options->team->size > 1 &&
         wants_sector(ansatz, options) && vqe_split_supports(ansatz);
}

int vqe_estimator_size(uint64_t *amplitudes, uint64_t *bytes,
                       const struct vqe_hamiltonian *hamiltonian,
                       const struct vqe_ansatz *ansatz,
                       const struct vqe_estimator_options *options)
{
  if (is_split(ansatz, options)) {
    vqe_split_size(amplitudes, bytes, hamiltonian, ansatz, options->threads,
                   options->team->size);
  } else if (wants_sector(ansatz, options)) {
    vqe_sector_size(amplitudes, bytes, hamiltonian, ansatz, options->threads);
  } else {
    vqe_statevector_size(amplitudes, bytes, hamiltonian, ansatz,
                         options->threads);
  }
  return VQE_OK;
}

int vqe_estimator_create(struct vqe_estimator **out,
                         const struct vqe_hamiltonian *hamiltonian,
                         const struct vqe_ansatz *ansatz,
                         const struct vqe_estimator_options *options)
{
  struct vqe_estimator *estimator = NULL;
  uint64_t amplitudes;
  uint64_t bytes;
  *out = NULL;
  if (ansatz->norb != hamiltonian->norb || options->threads < 1) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the ansatz is for %d orbitals, the Hamiltonian "
                         "has %d; threads %d",
                         ansatz->norb, hamiltonian->norb, options->threads);
  }
  bool sector = wants_sector(ansatz, options);
  if (sector && !ansatz->conserves) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s leaves the sector of fixed electron numbers; "
                         "use the full space",
                         ansatz->name);
  }
  int status =
      vqe_estimator_size(&amplitudes, &bytes, hamiltonian, ansatz, options);
  if (status == VQE_OK && bytes > vqe_memory_available()) {
    status = vqe_error_set(
        VQE_ERR_MEMORY,
        "a %s state of %d qubits (%.3g amplitudes) needs %.1f MB, but only "
        "%.1f MB are available; choose an active space%s",
        sector ? "sector" : "full-space", ansatz->nqubit, (double)amplitudes,
        (double)bytes / 1e6, (double)vqe_memory_available() / 1e6,
        sector ? "" : " or UCCSD, which runs in a sector");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&estimator, 1, sizeof *estimator, "estimator");
  }
  if (status != VQE_OK) {
    return status;
  }
  estimator->hamiltonian = hamiltonian;
  estimator->ansatz = ansatz;
  status =
      is_split(ansatz, options)
          ? vqe_split_create(&estimator->ops, &estimator->backend, hamiltonian,
                             ansatz, options->team, options->threads)
          : (sector ? vqe_sector_create : vqe_statevector_create)(
                &estimator->ops, &estimator->backend, hamiltonian, ansatz,
                options->threads);
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
  estimator->ops->free(estimator->backend);
  free(estimator);
}

const char *vqe_estimator_backend(const struct vqe_estimator *estimator)
{
  return estimator->ops->name;
}

int vqe_estimator_energy(struct vqe_estimator *estimator, double *energy,
                         const double *parameters)
{
  return estimator->ops->energy(estimator->backend, energy, parameters);
}

int vqe_estimator_gradient(struct vqe_estimator *estimator, double *energy,
                           double *gradient, const double *parameters)
{
  return estimator->ops->gradient(estimator->backend, energy, gradient,
                                  parameters);
}

int vqe_estimator_extend(struct vqe_estimator *estimator)
{
  return estimator->ops->extend(estimator->backend);
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
  return estimator->ops->pool_gradient(estimator->backend, out, parameters,
                                       pool);
}

int vqe_estimator_properties(struct vqe_estimator *estimator,
                             struct vqe_properties *out, double *rdm1,
                             const double *parameters)
{
  return estimator->ops->properties(estimator->backend, out, rdm1, parameters);
}

static int unsupported(const struct vqe_estimator *estimator)
{
  return vqe_error_set(VQE_ERR_UNSUPPORTED,
                       "orbitals cannot be optimised with %s; use an ansatz "
                       "that runs in a sector, on the CPU",
                       estimator->ops->name);
}

int vqe_estimator_densities(struct vqe_estimator *estimator, double *pairs1,
                            double *pairs2, const double *parameters)
{
  return estimator->ops->densities == NULL
             ? unsupported(estimator)
             : estimator->ops->densities(estimator->backend, pairs1, pairs2,
                                         parameters);
}

int vqe_estimator_refresh(struct vqe_estimator *estimator)
{
  return estimator->ops->refresh == NULL
             ? unsupported(estimator)
             : estimator->ops->refresh(estimator->backend);
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
  status = estimator->ops->state(estimator->backend, split, split + size,
                                 parameters);
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
    status = estimator->ops->state(estimator->backend,
                                   vqe_shots_re(estimator->shots),
                                   vqe_shots_im(estimator->shots), parameters);
  }
  if (status == VQE_OK) {
    status = vqe_shots_sample(estimator->shots, energy, std, shots,
                              experiment_id, evaluation);
  }
  return status;
}
