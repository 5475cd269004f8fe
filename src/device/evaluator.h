/* What every device estimator does alike: parameters in, angles, sums for
 * the gradient by angle, energy and gradient out. */
#ifndef VQE_DEVICE_EVALUATOR_H
#define VQE_DEVICE_EVALUATOR_H

#include <stdbool.h>

#include "kernels/args.h"
#include "kernels/gpu.h"

struct vqe_evaluator {
  struct vqe_gpu *device;
  int nparam;
  double constant;
  uint64_t nangle, capacity;
  int32_t *param;         /* of each angle; the host's */
  double *scale, *factor; /* angle = scale * parameter; d/d parameter =
                             factor * sum of the partial sums */
  const int32_t *device_param;
  const double *device_scale, *device_factor;
  const uint32_t *start, *order; /* angles by parameter; the device's */
  double *parameters, *angle, *turn, *partial, *energy, *out;
  uint64_t stride;             /* partial sums of an angle */
  double *result;              /* 1 + nparam; the host's */
  struct vqe_graph *graphs[2]; /* energy, gradient */
  bool graphed;
};

/* A further angle, its index to *angle. */
int vqe_evaluator_add(struct vqe_evaluator *evaluator, int32_t *angle,
                      int param, double scale, double factor);

/* After the last angle: upload. `size`: amplitudes. */
int vqe_evaluator_upload(struct vqe_evaluator *evaluator,
                         struct vqe_gpu *device, int nparam, uint64_t size,
                         double constant);
/* Forget all angles and give their arrays back, to start anew. */
void vqe_evaluator_reset(struct vqe_evaluator *evaluator);
void vqe_evaluator_clear(struct vqe_evaluator *evaluator);

/* VQE_ERR_MEMORY, with the numbers, when `bytes` more do not fit. */
int vqe_evaluator_fits(const struct vqe_gpu *device, uint64_t bytes,
                       const char *what, uint64_t amplitudes);

/* Bytes on the device. */
uint64_t vqe_evaluator_bytes(uint64_t nangle, int nparam, uint64_t size);

/* Enqueue the angles, and at the end the sums; partial sums of the energy go
 * to `energy`. */
int vqe_evaluator_turns(const struct vqe_evaluator *evaluator);
int vqe_evaluator_finish(const struct vqe_evaluator *evaluator, bool gradient);

/* Evaluate what `enqueue` launches; gradient NULL: the energy alone, and
 * another `enqueue`. */
int vqe_evaluator_run(struct vqe_evaluator *evaluator, double *energy,
                      double *gradient, const double *parameters,
                      int (*enqueue)(void *ctx), void *ctx);

#endif
