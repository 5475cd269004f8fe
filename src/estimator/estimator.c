#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_estimators.h"
#include "kernels/gates.h"
#include "sim/backend.h"
#include "estimator/shots.h"
#include "sim/split.h"
#include "vqe/sim.h"

/* Fewer amplitudes than this are done on the CPU before a device has been
 * given its launches. */
#define DEVICE_SIZE 8192

struct vqe_estimator {
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_ansatz *ansatz;
  const struct vqe_backend_ops *ops;
  void *backend;
  struct vqe_gpu *device; /* the backend's own, NULL on the CPU */
  struct vqe_device_summary summary;
  char gates[32]; /* on a device: whose */
  char note[256];
  struct vqe_shots *shots; /* made at the first sample of `paulis` */
  const struct vqe_pauli_sum *paulis;
};

static bool wants_sector(const struct vqe_ansatz *ansatz,
                         const struct vqe_estimator_options *options)
{
  return options->representation == VQE_REPRESENTATION_SECTOR ||
         (options->representation == VQE_REPRESENTATION_AUTO &&
          ansatz->conserves && options->gates != VQE_GATES_CUSTATEVEC);
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

/* ---- devices ---- */

int vqe_devices(const char **reason)
{
  return vqe_gpu_count(reason);
}

static void summarize(struct vqe_device_summary *out, int index,
                      const struct vqe_gpu_info *info)
{
  out->index = index;
  snprintf(out->name, sizeof out->name, "%s", info->name);
  snprintf(out->driver, sizeof out->driver, "%s", info->driver);
  out->compute_major = info->compute_major;
  out->compute_minor = info->compute_minor;
  out->multiprocessors = info->multiprocessors;
  out->bytes = info->bytes;
  out->free_bytes = info->free_bytes;
}

int vqe_device_summarize(struct vqe_device_summary *out, int index)
{
  struct vqe_gpu_info info;
  int status = vqe_gpu_describe(&info, index);
  if (status == VQE_OK) {
    summarize(out, index, &info);
  }
  return status;
}

/* What a combiner knows need not be asked for again. */
static int choose_device(struct vqe_device_summary *out,
                         struct vqe_launcher **launcher, int index,
                         bool sector,
                         const struct vqe_estimator_options *options)
{
  if (!sector || options->combiner == NULL) {
    return vqe_device_summarize(out, index);
  }
  int status = vqe_combiner_launcher(launcher, options->combiner, index,
                                     options->single);
  if (status == VQE_OK) {
    summarize(out, index, vqe_launcher_info(*launcher));
  }
  return status;
}

int vqe_custatevec_version(char *out, size_t size)
{
  return vqe_gates_version(out, size);
}

/* The backend on estimator->device, which is the backend's from here on. */
static int create_device_backend(struct vqe_estimator *estimator, bool sector,
                                 const struct vqe_estimator_options *options,
                                 const struct vqe_device_tuning *tuning)
{
  if (options->gates != VQE_GATES_CUSTATEVEC) {
    snprintf(estimator->gates, sizeof estimator->gates, "own");
    return (sector ? vqe_device_sector_create : vqe_device_statevector_create)(
        &estimator->ops, &estimator->backend, estimator->hamiltonian,
        estimator->ansatz, options->threads, estimator->device,
        options->single, tuning);
  }
  char version[16] = "";
  int status = vqe_gates_version(version, sizeof version);
  if (status != VQE_OK) {
    vqe_gpu_close(estimator->device);
    return status;
  }
  snprintf(estimator->gates, sizeof estimator->gates, "cuStateVec %s",
           version);
  return vqe_device_custatevec_create(
      &estimator->ops, &estimator->backend, estimator->hamiltonian,
      estimator->ansatz, options->threads, estimator->device, options->single);
}

/* VQE_ERR_UNSUPPORTED where there is no device. */
static int create_on_device(struct vqe_estimator *estimator, bool sector,
                            const struct vqe_estimator_options *options)
{
  struct vqe_device_tuning tuning = VQE_DEVICE_TUNING_INIT;
  const char *reason = NULL;
  int count = vqe_gpu_count(&reason);
  if (count == 0) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED, "%sno CUDA device: %s",
                         options->single ? "precision 'single': "
                         : options->gates == VQE_GATES_CUSTATEVEC
                             ? "gates 'custatevec': "
                             : "",
                         reason);
  }
  int status = choose_device(&estimator->summary, &tuning.launcher,
                             options->device_index % count, sector, options);
  if (status == VQE_OK) {
    status = vqe_gpu_open(&estimator->device, estimator->summary.index,
                             options->single);
  }
  if (status == VQE_OK) {
    status = create_device_backend(estimator, sector, options, &tuning);
  }
  if (status != VQE_OK) {
    estimator->device = NULL;
  }
  return status;
}

static int create_backend(struct vqe_estimator *estimator, bool sector,
                          uint64_t amplitudes,
                          const struct vqe_estimator_options *options)
{
  bool library = options->gates == VQE_GATES_CUSTATEVEC;
  bool only = options->device == VQE_DEVICE_CUDA || options->single || library;
  int status = VQE_ERR_UNSUPPORTED;
  if (library && (sector || options->device == VQE_DEVICE_CPU)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED, "gates 'custatevec': %s",
                         sector ? "cuStateVec has no particle-number sectors"
                                : "the CPU estimators have gates of their "
                                  "own; use --device cuda");
  }
  if (options->single && options->device == VQE_DEVICE_CPU) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "precision 'single': the CPU estimators use "
                         "'double'");
  }
  if (is_split(estimator->ansatz, options)) {
    if (only) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "a state that is split over ranks has no device "
                           "estimator; use --device cpu, or give each rank "
                           "states of its own");
    }
    return vqe_split_create(&estimator->ops, &estimator->backend,
                            estimator->hamiltonian, estimator->ansatz,
                            options->team, options->threads);
  }
  if (only || (options->device == VQE_DEVICE_AUTO &&
               amplitudes >= DEVICE_SIZE && vqe_gpu_count(NULL) > 0)) {
    status = create_on_device(estimator, sector, options);
    if (status == VQE_OK || only) {
      return status;
    }
    snprintf(estimator->note, sizeof estimator->note, "on the CPU: %s",
             vqe_error_message());
  }
  return (sector ? vqe_sector_create : vqe_statevector_create)(
      &estimator->ops, &estimator->backend, estimator->hamiltonian,
      estimator->ansatz, options->threads);
}

void vqe_estimator_describe(struct vqe_estimator_usage *out,
                            const struct vqe_estimator *estimator)
{
  struct vqe_gpu_use use = {0};
  *out = (struct vqe_estimator_usage){0};
  snprintf(out->note, sizeof out->note, "%s", estimator->note);
  if (estimator->device == NULL) {
    return;
  }
  vqe_gpu_usage(&use, estimator->device);
  out->on_device = true;
  out->device = estimator->summary;
  memcpy(out->gates, estimator->gates, sizeof out->gates);
  out->seconds = use.seconds;
  out->launches = use.launches + use.graphs;
  out->bytes_up = use.bytes_up;
  out->bytes_down = use.bytes_down;
  out->bytes_held = use.bytes_held;
}

/* ---- life ---- */

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
  if (status == VQE_OK && !vqe_memory_fits(bytes)) {
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
  status = create_backend(estimator, sector, amplitudes, options);
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

int vqe_estimator_many(struct vqe_estimator *estimator, double *energies,
                       double *gradients, const double *parameters,
                       size_t count)
{
  const struct vqe_backend_ops *ops = estimator->ops;
  size_t nparam = (size_t)estimator->ansatz->nparam;
  int status = VQE_OK;
  if (ops->many != NULL && count > 1) {
    return ops->many(estimator->backend, energies, gradients, parameters,
                     count);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const double *at = parameters + k * nparam;
    status = gradients == NULL
                 ? ops->energy(estimator->backend, &energies[k], at)
                 : ops->gradient(estimator->backend, &energies[k],
                                 gradients + k * nparam, at);
  }
  return status;
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
