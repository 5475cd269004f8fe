/* Slopes of a pool of operators (ADAPT-VQE) on a device, all in one launch:
 * twin of the pool gradient of src/sim/sector.c. */
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "device/device_sector.h"
#include "kernels/shape.h"
#include "vqe/error.h"

/* Amplitudes for each block of a slope, and blocks at most. */
#define SLOPE_SIZE 4096
#define SLOPE_PARTS 64

/* Blocks for each element: several for a long state, as the elements are many
 * themselves. */
static uint32_t parts_of_slope(const struct vqe_device_sector *sector)
{
  uint64_t parts = sector->product.size / SLOPE_SIZE + 1;
  return parts < SLOPE_PARTS ? (uint32_t)parts : SLOPE_PARTS;
}

static void forget_pool(struct vqe_device_sector *sector)
{
  vqe_gpu_release(sector->frame.device, sector->pool_plans);
  vqe_gpu_release(sector->frame.device, sector->pool_partial);
  free(sector->pool_sums);
  sector->pool_plans = NULL;
  sector->pool_partial = NULL;
  sector->pool_sums = NULL;
  sector->pool = NULL;
}

static int upload_pool(struct vqe_device_sector *sector,
                       const struct vqe_ansatz *pool)
{
  struct vqe_rotate_plan *plans = NULL;
  size_t sums = pool->ngate * parts_of_slope(sector);
  if (sector->pool == pool) {
    return VQE_OK;
  }
  forget_pool(sector);
  int status = vqe_sector_compile_pool(vqe_device_sector_host(sector), pool);
  if (status == VQE_OK) {
    status = vqe_device_sector_pairs(sector);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&plans, pool->ngate, sizeof *plans,
                              "rotations of the pool");
  }
  for (size_t k = 0; status == VQE_OK && k < pool->ngate; k++) {
    vqe_device_sector_plan(&plans[k], sector,
                           &vqe_device_sector_host(sector)->pool_rotations[k]);
  }
  if (status == VQE_OK) {
    status = vqe_device_sector_place(sector, &sector->pool_plans, plans,
                                     pool->ngate, sizeof *plans);
  }
  if (status == VQE_OK) {
    status = vqe_gpu_alloc(sector->frame.device, &sector->pool_partial, sums,
                           sizeof(double), "slopes of the pool");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&sector->pool_sums, sums, sizeof(double),
                              "slopes of the pool");
  }
  if (status == VQE_OK) {
    sector->pool = pool;
  }
  free(plans);
  return status;
}

/* psi and H psi are left by an energy; all slopes are one launch. A pool
 * whose lists do not fit the device is left to the CPU's twin. */
int vqe_device_sector_pool(void *backend, double *out,
                           const double *parameters,
                           const struct vqe_ansatz *pool)
{
  struct vqe_device_sector *sector = backend;
  const struct vqe_givens *rotations;
  double energy;
  uint32_t parts = parts_of_slope(sector);
  int status = upload_pool(sector, pool);
  if (status == VQE_ERR_MEMORY) {
    forget_pool(sector);
    return vqe_device_frame_pool_gradient(sector, out, parameters, pool);
  }
  for (int k = 0; k < pool->nparam; k++) {
    out[k] = 0.0;
  }
  if (status != VQE_OK || pool->ngate == 0) {
    return status;
  }
  status = vqe_device_frame_run(&sector->frame, &energy, NULL, parameters,
                                vqe_device_sector_enqueue_energy, sector);
  struct vqe_pool_args args = {
      .psi = sector->psi,
      .lambda = sector->lambda,
      .plans = sector->pool_plans,
      .row_at = sector->row_at,
      .column_at = sector->column_at,
      .partial = sector->pool_partial,
      .parts = parts,
  };
  if (status == VQE_OK) {
    status = vqe_gpu_launch(sector->frame.device, VQE_KERNEL_pool, &args,
                            (unsigned)pool->ngate * parts, VQE_SUM_SHARED);
  }
  if (status == VQE_OK) {
    status = vqe_gpu_download(sector->frame.device, sector->pool_sums,
                              sector->pool_partial,
                              pool->ngate * parts * sizeof(double));
  }
  rotations = vqe_device_sector_host(sector)->pool_rotations;
  for (size_t k = 0; status == VQE_OK && k < pool->ngate; k++) {
    double sum = 0.0;
    VQE_ASSERT(rotations[k].param >= 0 && rotations[k].param < pool->nparam);
    for (uint32_t part = 0; part < parts; part++) {
      sum += sector->pool_sums[k * parts + part];
    }
    out[rotations[k].param] += 2.0 * rotations[k].scale * sum;
  }
  return status;
}
