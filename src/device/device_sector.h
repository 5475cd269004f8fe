/* What a sector estimator on a device is made of, for its parts: sector.c and
 * sector_pool.c. */
#ifndef VQE_DEVICE_DEVICE_SECTOR_H
#define VQE_DEVICE_DEVICE_SECTOR_H

#include "device/device_estimators.h"
#include "device/device_sigma.h"
#include "device/evaluator.h"
#include "sim/sector_tables.h"

/* A rotation of the list: an excitation, or a run of phases. */
struct move {
  bool phases;
  struct vqe_rotate_plan plan;
  const struct vqe_phase_mask *masks; /* the device's */
  uint64_t count;                     /* phases of the run */
  int32_t angle;                      /* the first of them */
};

struct device_sector {
  const struct vqe_backend_ops *host_ops;
  struct vqe_sector *host;
  struct vqe_device_tuning tuning;
  struct vqe_gpu *device;
  size_t real_bytes;
  struct vqe_evaluator evaluator;
  struct vqe_device_product product;
  size_t npairs;
  const struct vqe_device_pair **pairs; /* the host's lists, uploaded */
  const uint64_t *row_at;
  const uint32_t *column_at;
  const uint32_t *row_bits, *column_bits;
  size_t nmove;
  struct move *moves;
  const struct vqe_rotate_plan *plans; /* the device's, of a small sector */
  struct vqe_planes psi, lambda;
  double *weight; /* of phases */
  bool small;
  const struct vqe_small_problem *problem;  /* the device's, when small */
  const struct vqe_ansatz *pool;            /* what the following is of */
  const struct vqe_rotate_plan *pool_plans; /* the device's */
  double *pool_partial;                     /* there, and here */
  double *pool_sums;
  struct vqe_launcher *launcher, *own;
};

/* ---- sector.c ---- */

/* Memory of the device with a copy of an array; *out is the address of a
 * pointer. */
int vqe_device_sector_place(struct device_sector *sector, void *out,
                            const void *from, size_t count, size_t size);

/* The lists of pairs that are not there yet. */
int vqe_device_sector_pairs(struct device_sector *sector);

/* Work of one excitation by alpha class: pairs or strings of either side. */
void vqe_device_sector_plan(struct vqe_rotate_plan *plan,
                            const struct device_sector *sector,
                            const struct vqe_givens *rotation);

/* Launches of an energy, which leave psi and H psi; ctx: the estimator. */
int vqe_device_sector_energy(void *ctx);

/* ---- sector_pool.c ---- */

/* Slopes of a pool, for struct vqe_backend_ops. */
int vqe_device_sector_pool(void *backend, double *out,
                           const double *parameters,
                           const struct vqe_ansatz *pool);
void vqe_device_sector_forget_pool(struct device_sector *sector);

#endif
