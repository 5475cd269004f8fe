/* The sector estimator on a device: twin of src/sim/sector.c. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_memory.h"
#include "device/device_sector.h"
#include "kernels/shape.h"

static void sector_free(void *backend)
{
  struct vqe_device_sector *sector = backend;
  if (sector == NULL) {
    return;
  }
  vqe_launcher_free(sector->own);
  vqe_device_frame_clear(&sector->frame);
  free(sector->pairs);
  free(sector->moves);
  free(sector->pool_sums);
  free(sector);
}

/* Everything that will be allocated, from the host's tables. */
static uint64_t sector_bytes(const struct vqe_device_sector *sector)
{
  const struct vqe_sector *host = vqe_device_sector_host(sector);
  const struct vqe_ansatz *ansatz = host->ansatz;
  uint64_t size = host->layout.size;
  uint64_t planes = ansatz->real ? 1 : 2;
  uint64_t bytes = 2 * planes * size * sector->frame.real_bytes;
  for (size_t k = 0; k < host->lists.count; k++) {
    bytes += host->lists.pairs[k].count * sizeof(struct vqe_gpu_pair);
  }
  bytes += ansatz->real ? 0 : size * sizeof(double);
  bytes += (host->alpha->count + host->beta->count) * 16;
  bytes += host->nrotation * sizeof(struct vqe_rotate_plan);
  bytes += sizeof(struct vqe_small_problem);
  bytes += vqe_evaluator_bytes(ansatz->ngate, ansatz->nparam, size);
  return bytes + vqe_device_product_bytes(ansatz->norb, ansatz->nalpha,
                                          ansatz->nbeta, host->alpha->nclass,
                                          size, sector->tuning.panel_bytes);
}

/* What evaluations in one block need, once all else is there. The launcher's
 * stream does not wait for ours: we do. */
static int upload_problem(struct vqe_device_sector *sector)
{
  const struct vqe_sector *host = vqe_device_sector_host(sector);
  const struct vqe_evaluator *evaluator = &sector->frame.evaluator;
  struct vqe_small_problem problem = {
      .plans = sector->plans,
      .nplan = sector->nmove,
      .row_at = sector->row_at,
      .column_at = sector->column_at,
      .param = evaluator->device_param,
      .scale = evaluator->device_scale,
      .factor = evaluator->device_factor,
      .sigma = sector->product.tables,
      .size = host->layout.size,
      .reference = host->reference,
      .nparam = evaluator->nparam,
      .planes = sector->psi.count,
      .constant = evaluator->constant,
  };
  if (!sector->small) {
    return VQE_OK;
  }
  vqe_gpu_release(sector->frame.device, sector->problem);
  int status = vqe_device_sector_place(sector, &sector->problem, &problem, 1,
                                       sizeof problem);
  return status == VQE_OK ? vqe_gpu_wait(sector->frame.device) : status;
}

/* Twin of vqe_sector_extend: the vectors and sigma stay, the lists of
 * rotations are made anew. */
static int sector_extend(void *backend)
{
  struct vqe_device_sector *sector = backend;
  int status = sector->frame.host_ops->extend(sector->frame.host);
  if (status == VQE_OK) {
    vqe_device_sector_forget_moves(sector);
    status = vqe_device_sector_compile(sector);
  }
  return status == VQE_OK ? upload_problem(sector) : status;
}

/* Whether whole evaluations go into one block, and whose launches do them. */
static int choose_small(struct vqe_device_sector *sector)
{
  struct vqe_gpu *device = sector->frame.device;
  int status = VQE_OK;
  sector->small =
      vqe_device_sector_host(sector)->nphases == 0 &&
      sector->product.panel_size == 0 &&
      8 * vqe_device_sector_shared(sector) <= vqe_gpu_shared_bytes(device);
  if (sector->small && sector->launcher == NULL) {
    status = vqe_launcher_create(&sector->own, device);
    sector->launcher = sector->own;
  }
  return status == VQE_OK ? upload_problem(sector) : status;
}

/* Strings, sigma and rotations of the host. */
static int upload_tables(struct vqe_device_sector *sector)
{
  const struct vqe_sector *host = vqe_device_sector_host(sector);
  int status = vqe_device_sector_addresses(sector);
  if (status == VQE_OK) {
    status =
        vqe_device_sector_place(sector, &sector->row_bits, host->alpha->bits,
                                host->alpha->count, sizeof(uint64_t));
  }
  if (status == VQE_OK) {
    status =
        vqe_device_sector_place(sector, &sector->column_bits, host->beta->bits,
                                host->beta->count, sizeof(uint64_t));
  }
  if (status == VQE_OK) {
    status = vqe_device_product_init(
        &sector->product, sector->frame.device, host->sigma, &host->layout,
        sector->tuning.direct_size, sector->tuning.panel_bytes);
  }
  sector->product.stop = &sector->frame.stop;
  return status == VQE_OK ? vqe_device_sector_compile(sector) : status;
}

static int sector_init(void *backend, const struct vqe_device_tuning *tuning)
{
  struct vqe_device_sector *sector = backend;
  struct vqe_device_frame *frame = &sector->frame;
  const struct vqe_sector *host = vqe_device_sector_host(sector);
  uint64_t size = host->layout.size;
  int planes = frame->ansatz->real ? 1 : 2;
  sector->tuning = *tuning;
  sector->launcher = tuning->launcher;
  int status =
      vqe_evaluator_fits(frame->device, sector_bytes(sector), "sector", size);
  if (status == VQE_OK) {
    status = upload_tables(sector);
  }
  if (status == VQE_OK) {
    status = vqe_device_planes_alloc(frame->device, &sector->psi, planes, size,
                                     frame->real_bytes, "state");
  }
  if (status == VQE_OK) {
    status = vqe_device_planes_alloc(frame->device, &sector->lambda, planes,
                                     size, frame->real_bytes, "state");
  }
  if (status == VQE_OK && host->nphases > 0) {
    status = vqe_gpu_alloc(frame->device, &sector->weight, size,
                           sizeof(double), "weights of phases");
  }
  return status == VQE_OK ? choose_small(sector) : status;
}

/* Place every determinant at its bits: alpha low, beta high. */
static void place_plane(const struct vqe_device_sector *sector, double *out,
                        const double *amplitudes)
{
  const struct vqe_sector *host = vqe_device_sector_host(sector);
  const struct vqe_layout *layout = &host->layout;
  int norb = host->hamiltonian->norb;
  memset(out, 0, ((size_t)1 << (2 * norb)) * sizeof *out);
  for (int k = 0; k < sector->product.list.count; k++) {
    int ca = sector->product.list.row[k];
    int cb = sector->product.list.column[k];
    for (uint32_t s = host->alpha->class_start[ca];
         s < host->alpha->class_start[ca + 1]; s++) {
      size_t row = vqe_layout_row(layout, ca, cb, s);
      uint32_t base = host->beta->class_start[cb];
      for (uint32_t u = base; u < host->beta->class_start[cb + 1]; u++) {
        size_t to = (size_t)host->beta->bits[u] << norb | host->alpha->bits[s];
        size_t from = row + (u - base);
        out[to] = amplitudes[from];
      }
    }
  }
}

static int sector_state(void *backend, double *re, double *im,
                        const double *parameters)
{
  struct vqe_device_sector *sector = backend;
  size_t size = vqe_device_sector_host(sector)->layout.size;
  double *planes[2] = {re, im};
  double *amplitudes = NULL;
  int status = vqe_memory_alloc(&amplitudes, size, sizeof *amplitudes,
                                "copy of the state");
  memset(im, 0, ((size_t)1 << sector->frame.ansatz->nqubit) * sizeof *im);
  if (status == VQE_OK) {
    status = vqe_device_frame_parameters(&sector->frame, parameters);
  }
  if (status == VQE_OK) {
    status = vqe_device_sector_prepare(sector);
  }
  VQE_ASSERT(sector->psi.count <= 2);
  for (int k = 0; status == VQE_OK && k < sector->psi.count; k++) {
    status = vqe_device_frame_download(&sector->frame, amplitudes,
                                       sector->psi.part[k], size);
    if (status == VQE_OK) {
      place_plane(sector, planes[k], amplitudes);
    }
  }
  free(amplitudes);
  return status;
}

static const struct vqe_backend_ops sector_ops = {
    .name = "vqe_cuda_sector",
    .free = sector_free,
    .energy = vqe_device_sector_energy,
    .gradient = vqe_device_sector_gradient,
    .many = vqe_device_sector_many,
    .extend = sector_extend,
    .pool_gradient = vqe_device_sector_pool,
    .properties = vqe_device_frame_properties,
    .state = sector_state,
    .watch = vqe_device_frame_watch,
};

int vqe_device_sector_create(const struct vqe_backend_ops **ops, void **out,
                             const struct vqe_hamiltonian *hamiltonian,
                             const struct vqe_ansatz *ansatz, int threads,
                             struct vqe_gpu *device, bool single,
                             const struct vqe_device_tuning *tuning)
{
  static const struct vqe_device_kind kind = {
      .ops = &sector_ops,
      .bytes = sizeof(struct vqe_device_sector),
      .create_host = vqe_sector_create,
      .init = sector_init,
  };
  return vqe_device_frame_create(ops, out, &kind, hamiltonian, ansatz, threads,
                                 device, single, tuning);
}
