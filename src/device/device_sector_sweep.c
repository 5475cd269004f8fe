/* What an evaluation of a sector on a device launches: twin of
 * src/sim/sector_sweep.c. */
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_sector.h"
#include "kernels/shape.h"

/* Twin of rotate_all; without lambda.count forwards. */
static int rotate_all(const struct vqe_device_sector *sector,
                      const struct vqe_device_move *move,
                      struct vqe_planes lambda)
{
  const struct vqe_evaluator *evaluator = &sector->frame.evaluator;
  struct vqe_rotate_args args = {
      .sweep = {sector->psi, lambda, evaluator->turn, evaluator->partial,
                evaluator->stride},
      .plan = move->plan,
      .row_at = sector->row_at,
      .column_at = sector->column_at,
  };
  return vqe_device_frame_launch(&sector->frame, VQE_KERNEL_rotate, &args,
                                 VQE_SUM_SHARED);
}

/* Twin of apply_phases. */
static int apply_phases(const struct vqe_device_sector *sector,
                        const struct vqe_device_move *move,
                        struct vqe_planes lambda)
{
  const struct vqe_phases_args on = {
      .psi = sector->psi,
      .lambda = lambda,
      .weight = sector->weight,
      .size = sector->product.size,
      .list = sector->product.tables.list,
      .row_bits = sector->row_bits,
      .column_bits = sector->column_bits,
  };
  return vqe_device_frame_phases(&sector->frame, &move->phases, &on);
}

static int apply_move(const struct vqe_device_sector *sector,
                      const struct vqe_device_move *move,
                      struct vqe_planes lambda)
{
  return (move->phases.count > 0 ? apply_phases : rotate_all)(sector, move,
                                                              lambda);
}

int vqe_device_sector_prepare(const struct vqe_device_sector *sector)
{
  const struct vqe_planes none = {{NULL, NULL}, 0};
  struct vqe_basis_args args = {
      .psi = sector->psi,
      .size = sector->product.size,
      .at = vqe_device_sector_host(sector)->reference,
  };
  int status = vqe_evaluator_turns(&sector->frame.evaluator);
  if (status == VQE_OK) {
    status =
        vqe_device_frame_launch(&sector->frame, VQE_KERNEL_basis, &args, 0);
  }
  for (size_t k = 0; status == VQE_OK && k < sector->nmove; k++) {
    status = apply_move(sector, &sector->moves[k], none);
  }
  return status;
}

/* lambda = H psi and the partial sums of the energy. */
static int enqueue_product(const struct vqe_device_sector *sector)
{
  const struct vqe_device_frame *frame = &sector->frame;
  struct vqe_dot_args dot = {
      .a = sector->psi,
      .b = sector->lambda,
      .size = sector->product.size,
      .partial = frame->evaluator.energy,
  };
  int status = vqe_device_sector_prepare(sector);
  for (int k = 0; status == VQE_OK && k < sector->psi.count; k++) {
    status = vqe_device_product_apply(&sector->product, sector->lambda.part[k],
                                      sector->psi.part[k], frame->real_bytes);
  }
  if (status == VQE_OK) {
    status =
        vqe_device_frame_launch(frame, VQE_KERNEL_dot, &dot, VQE_SUM_SHARED);
  }
  return status;
}

int vqe_device_sector_enqueue_energy(void *ctx)
{
  const struct vqe_device_sector *sector = ctx;
  int status = enqueue_product(sector);
  if (status == VQE_OK) {
    status = vqe_evaluator_finish(&sector->frame.evaluator, false);
  }
  return status;
}

static int enqueue_gradient(void *ctx)
{
  const struct vqe_device_sector *sector = ctx;
  int status = enqueue_product(sector);
  for (size_t k = sector->nmove; status == VQE_OK && k-- > 0;) {
    status = apply_move(sector, &sector->moves[k], sector->lambda);
  }
  if (status == VQE_OK) {
    status = vqe_evaluator_finish(&sector->frame.evaluator, true);
  }
  return status;
}

/* ---- evaluations of a small sector, one a block ---- */

uint64_t vqe_device_sector_shared(const struct vqe_device_sector *sector)
{
  uint64_t planes = sector->frame.ansatz->real ? 1 : 2;
  return VQE_SUM_SHARED +
         (2 * planes * vqe_device_sector_host(sector)->layout.size *
              sector->frame.real_bytes +
          7) /
             8;
}

/* `count` evaluations, one a block; results as energy, then gradient. */
static int evaluate_small(struct vqe_device_sector *sector, double *results,
                          const double *parameters, size_t count,
                          bool gradient)
{
  struct vqe_launch_request request = {
      .problem = sector->problem,
      .nparam = sector->frame.evaluator.nparam,
      .gradient = gradient,
      .shared = vqe_device_sector_shared(sector),
      .count = count,
      .parameters = parameters,
      .results = results,
  };
  return vqe_launcher_run(sector->launcher, sector->frame.device, &request);
}

static int sector_evaluate(struct vqe_device_sector *sector, double *energy,
                           double *gradient, const double *parameters)
{
  struct vqe_evaluator *evaluator = &sector->frame.evaluator;
  if (!sector->small || vqe_device_sector_host(sector)->layout.size >
                            sector->tuning.small_size) {
    return vqe_device_frame_run(
        &sector->frame, energy, gradient, parameters,
        gradient != NULL ? enqueue_gradient : vqe_device_sector_enqueue_energy,
        sector);
  }
  int status = evaluate_small(sector, evaluator->result, parameters, 1,
                              gradient != NULL);
  *energy = evaluator->result[0];
  if (status == VQE_OK && gradient != NULL) {
    memcpy(gradient, evaluator->result + 1,
           (size_t)evaluator->nparam * sizeof(double));
  }
  return status;
}

int vqe_device_sector_energy(void *backend, double *energy,
                             const double *parameters)
{
  return sector_evaluate(backend, energy, NULL, parameters);
}

int vqe_device_sector_gradient(void *backend, double *energy, double *gradient,
                               const double *parameters)
{
  return sector_evaluate(backend, energy, gradient, parameters);
}

int vqe_device_sector_many(void *backend, double *energies, double *gradients,
                           const double *parameters, size_t count)
{
  struct vqe_device_sector *sector = backend;
  size_t nparam = (size_t)sector->frame.evaluator.nparam;
  double *results = NULL;
  int status = VQE_OK;
  if (!sector->small) {
    for (size_t k = 0; status == VQE_OK && k < count; k++) {
      status =
          sector_evaluate(sector, &energies[k],
                          gradients == NULL ? NULL : gradients + k * nparam,
                          parameters + k * nparam);
    }
    return status;
  }
  status = vqe_memory_alloc(&results, count * (nparam + 1), sizeof *results,
                            "energies and gradients");
  if (status == VQE_OK) {
    status =
        evaluate_small(sector, results, parameters, count, gradients != NULL);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const double *result = results + k * (nparam + 1);
    energies[k] = result[0];
    if (gradients != NULL) {
      memcpy(gradients + k * nparam, result + 1, nparam * sizeof(double));
    }
  }
  free(results);
  return status;
}
