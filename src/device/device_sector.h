/* What a sector estimator on a device is made of, for its parts. */
#ifndef VQE_DEVICE_DEVICE_SECTOR_H
#define VQE_DEVICE_DEVICE_SECTOR_H

#include "device/device_frame.h"
#include "device/device_sigma.h"
#include "sim/sector_tables.h"

/* A rotation of the list: an excitation, or a run of phases. */
struct vqe_device_move {
  struct vqe_rotate_plan plan;
  struct vqe_device_phases phases; /* count 0: an excitation */
};

struct vqe_device_sector {
  struct vqe_device_frame frame;
  struct vqe_device_tuning tuning;
  struct vqe_device_product product;
  size_t npairs;
  const struct vqe_gpu_pair **pairs; /* the host's lists, uploaded */
  const uint64_t *row_at;
  const uint32_t *column_at;
  const uint64_t *row_bits, *column_bits;
  size_t nmove;
  struct vqe_device_move *moves;
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

static inline struct vqe_sector *
vqe_device_sector_host(const struct vqe_device_sector *sector)
{
  return sector->frame.host;
}

/* ---- device_sector_tables.c ---- */

/* Memory of the device with a copy of an array; *out is the address of a
 * pointer. */
int vqe_device_sector_place(struct vqe_device_sector *sector, void *out,
                            const void *from, size_t count, size_t size);

/* Where strings lie. */
int vqe_device_sector_addresses(struct vqe_device_sector *sector);

/* The lists of pairs that are not there yet. */
int vqe_device_sector_pairs(struct vqe_device_sector *sector);

/* Work of one excitation by alpha class: pairs or strings of either side. */
void vqe_device_sector_plan(struct vqe_rotate_plan *plan,
                            const struct vqe_device_sector *sector,
                            const struct vqe_givens *rotation);

/* The host's rotations as moves, with their angles; and what undoes it. */
int vqe_device_sector_compile(struct vqe_device_sector *sector);
void vqe_device_sector_forget_moves(struct vqe_device_sector *sector);

/* ---- device_sector_sweep.c ---- */

/* Launches that leave the state in psi. */
int vqe_device_sector_prepare(const struct vqe_device_sector *sector);

/* Launches of an energy, which leave psi and H psi; ctx: the estimator. */
int vqe_device_sector_enqueue_energy(void *ctx);

/* Doubles of shared memory that an evaluation in one block takes. */
uint64_t vqe_device_sector_shared(const struct vqe_device_sector *sector);

/* For struct vqe_backend_ops. */
int vqe_device_sector_energy(void *backend, double *energy,
                             const double *parameters);
int vqe_device_sector_gradient(void *backend, double *energy, double *gradient,
                               const double *parameters);
int vqe_device_sector_many(void *backend, double *energies, double *gradients,
                           const double *parameters, size_t count);

/* ---- device_pool.c ---- */

/* Slopes of a pool, for struct vqe_backend_ops. */
int vqe_device_sector_pool(void *backend, double *out,
                           const double *parameters,
                           const struct vqe_ansatz *pool);

#endif
