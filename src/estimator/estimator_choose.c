#include "estimator/estimator_choose.h"

#include <math.h>
#include <stdio.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/struct_size.h"
#include "device/combiner.h"
#include "device/device_estimators.h"
#include "device/devices.h"
#include "kernels/gates.h"
#include "sim/split.h"

/* States of fewer amplitudes than this are done on the CPU before a device
 * has been given its launches. */
#define DEVICE_SIZE 8192

bool vqe_estimator_wants_sector(const struct vqe_ansatz *ansatz,
                                const struct vqe_estimator_options *options)
{
  return options->representation == VQE_REPRESENTATION_SECTOR ||
         (options->representation == VQE_REPRESENTATION_AUTO &&
          ansatz->conserves && options->gates != VQE_GATES_CUSTATEVEC);
}

bool vqe_estimator_is_split(const struct vqe_ansatz *ansatz,
                            const struct vqe_estimator_options *options)
{
  return options->team != NULL && options->team->size > 1 &&
         vqe_estimator_wants_sector(ansatz, options) &&
         vqe_split_supports(ansatz);
}

int vqe_estimator_size(uint64_t *amplitudes, uint64_t *bytes,
                       const struct vqe_hamiltonian *hamiltonian,
                       const struct vqe_ansatz *ansatz,
                       const struct vqe_estimator_options *options)
{
  int missing =
      vqe_missing(__func__, "amplitudes bytes hamiltonian ansatz options",
                  amplitudes, bytes, hamiltonian, ansatz, options);
  if (missing != VQE_OK) {
    return missing;
  }
  int status = vqe_struct_size_check("vqe_estimator_options", options->size,
                                     sizeof *options);
  if (status != VQE_OK) {
    return status;
  }
  if (vqe_estimator_is_split(ansatz, options)) {
    vqe_split_size(amplitudes, bytes, hamiltonian, ansatz, options->threads,
                   options->team->size);
  } else if (vqe_estimator_wants_sector(ansatz, options)) {
    vqe_sector_size(amplitudes, bytes, hamiltonian, ansatz, options->threads);
  } else {
    vqe_statevector_size(amplitudes, bytes, hamiltonian, ansatz,
                         options->threads);
  }
  return VQE_OK;
}

/* ---- devices ---- */

/* A combiner already has the properties of its device. */
static int choose_device(struct vqe_device_summary *out,
                         struct vqe_launcher **launcher, int index,
                         bool sector,
                         const struct vqe_estimator_options *options)
{
  if (!sector || options->combiner == NULL) {
    return vqe_device_summarize(out, index);
  }
  struct vqe_gpu_info info;
  int status = vqe_combiner_launcher(launcher, &info, options->combiner, index,
                                     options->single);
  if (status == VQE_OK) {
    vqe_device_summary_fill(out, index, &info);
  }
  return status;
}

/* The backend on out->device, which is the backend's from here on. */
static int create_device_backend(struct vqe_estimator_choice *out, bool sector,
                                 const struct vqe_hamiltonian *hamiltonian,
                                 const struct vqe_ansatz *ansatz,
                                 const struct vqe_estimator_options *options,
                                 const struct vqe_device_tuning *tuning)
{
  if (options->gates != VQE_GATES_CUSTATEVEC) {
    snprintf(out->gates, sizeof out->gates, "own");
    return (sector ? vqe_device_sector_create : vqe_device_statevector_create)(
        &out->ops, &out->backend, hamiltonian, ansatz, options->threads,
        out->device, options->single, tuning);
  }
  char version[16] = "";
  int status = vqe_gates_version(version, sizeof version);
  if (status != VQE_OK) {
    vqe_gpu_close(out->device);
    return status;
  }
  snprintf(out->gates, sizeof out->gates, "cuStateVec %s", version);
  return vqe_device_custatevec_create(&out->ops, &out->backend, hamiltonian,
                                      ansatz, options->threads, out->device,
                                      options->single);
}

/* VQE_ERR_UNSUPPORTED where there is no device. */
static int create_on_device(struct vqe_estimator_choice *out, bool sector,
                            const struct vqe_hamiltonian *hamiltonian,
                            const struct vqe_ansatz *ansatz,
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
  int status = choose_device(&out->summary, &tuning.launcher,
                             options->device_index % count, sector, options);
  if (status == VQE_OK) {
    status = vqe_gpu_open(&out->device, out->summary.index, options->single);
  }
  if (status == VQE_OK) {
    status = create_device_backend(out, sector, hamiltonian, ansatz, options,
                                   &tuning);
  }
  if (status != VQE_OK) {
    out->device = NULL;
  }
  return status;
}

/* ---- the choice ---- */

/* Needs a device, whatever `device` says. */
static bool is_device_only(const struct vqe_estimator_options *options)
{
  return options->device == VQE_DEVICE_CUDA || options->single ||
         options->gates == VQE_GATES_CUSTATEVEC;
}

/* Combinations that nothing serves. */
static int check_options(const struct vqe_ansatz *ansatz,
                         const struct vqe_estimator_options *options)
{
  bool sector = vqe_estimator_wants_sector(ansatz, options);
  bool cpu = options->device == VQE_DEVICE_CPU;
  if (options->gates == VQE_GATES_CUSTATEVEC && (sector || cpu)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED, "gates 'custatevec': %s",
                         sector ? "cuStateVec has no particle-number sectors"
                                : "the CPU estimators have gates of their "
                                  "own; use --device cuda");
  }
  if (options->single && cpu) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "precision 'single': the CPU estimators use "
                         "'double'");
  }
  if (vqe_estimator_is_split(ansatz, options) && is_device_only(options)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a state that is split over ranks has no device "
                         "estimator; use --device cpu, or give each rank "
                         "states of its own");
  }
  return VQE_OK;
}

static int check_memory(uint64_t *amplitudes,
                        const struct vqe_hamiltonian *hamiltonian,
                        const struct vqe_ansatz *ansatz,
                        const struct vqe_estimator_options *options)
{
  bool sector = vqe_estimator_wants_sector(ansatz, options);
  uint64_t bytes;
  int status =
      vqe_estimator_size(amplitudes, &bytes, hamiltonian, ansatz, options);
  if (status != VQE_OK || vqe_memory_fits(bytes)) {
    return status;
  }
  /* integers of 64 bits end before the full space does */
  double count = sector ? (double)*amplitudes : ldexp(1.0, ansatz->nqubit);
  double needed =
      bytes != UINT64_MAX ? (double)bytes : (sector ? 16.0 : 48.0) * count;
  return vqe_error_set(
      VQE_ERR_MEMORY,
      "a %s state of %d qubits (%.3g amplitudes) needs %.4g MB, but only "
      "%.1f MB are available; choose an active space%s",
      sector ? "sector" : "full-space", ansatz->nqubit, count, needed / 1e6,
      (double)vqe_memory_available() / 1e6,
      sector              ? ""
      : ansatz->conserves ? ", or leave the penalty out: without it the "
                            "state is one of a sector"
                          : " or UCCSD, which runs in a sector");
}

bool vqe_estimator_gains_by_device(uint64_t amplitudes)
{
  return amplitudes >= DEVICE_SIZE;
}

static int create_backend(struct vqe_estimator_choice *out,
                          uint64_t amplitudes,
                          const struct vqe_hamiltonian *hamiltonian,
                          const struct vqe_ansatz *ansatz,
                          const struct vqe_estimator_options *options)
{
  bool sector = vqe_estimator_wants_sector(ansatz, options);
  bool only = is_device_only(options);
  if (vqe_estimator_is_split(ansatz, options)) {
    return vqe_split_create(&out->ops, &out->backend, hamiltonian, ansatz,
                            options->team, options->threads);
  }
  if (only ||
      (options->device == VQE_DEVICE_AUTO &&
       vqe_estimator_gains_by_device(amplitudes) && vqe_gpu_count(NULL) > 0)) {
    int status = create_on_device(out, sector, hamiltonian, ansatz, options);
    if (status == VQE_OK || only) {
      return status;
    }
    snprintf(out->note, sizeof out->note, "on the CPU: %s",
             vqe_error_message());
  }
  return (sector ? vqe_sector_create : vqe_statevector_create)(
      &out->ops, &out->backend, hamiltonian, ansatz, options->threads);
}

int vqe_estimator_choose(struct vqe_estimator_choice *out,
                         const struct vqe_hamiltonian *hamiltonian,
                         const struct vqe_ansatz *ansatz,
                         const struct vqe_estimator_options *options)
{
  uint64_t amplitudes;
  if (vqe_estimator_wants_sector(ansatz, options) && !ansatz->conserves) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s leaves the sector of fixed electron numbers; "
                         "use the full space",
                         ansatz->name);
  }
  int status = check_memory(&amplitudes, hamiltonian, ansatz, options);
  if (status == VQE_OK) {
    status = check_options(ansatz, options);
  }
  if (status == VQE_OK) {
    status = create_backend(out, amplitudes, hamiltonian, ansatz, options);
  }
  return status;
}
