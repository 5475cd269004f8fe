#include "device/device_frame.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_memory.h"
#include "kernels/shape.h"
#include "sim/phases.h"

int vqe_device_frame_create(const struct vqe_backend_ops **ops, void **out,
                            const struct vqe_device_kind *kind,
                            const struct vqe_hamiltonian *hamiltonian,
                            const struct vqe_ansatz *ansatz, int threads,
                            struct vqe_gpu *device, bool single,
                            const struct vqe_device_tuning *tuning)
{
  static const struct vqe_device_tuning defaults = VQE_DEVICE_TUNING_INIT;
  const struct vqe_device_tuning *how = tuning != NULL ? tuning : &defaults;
  struct vqe_device_frame *frame = NULL;
  int status = vqe_memory_alloc(&frame, 1, kind->bytes, "estimator");
  if (status != VQE_OK) {
    vqe_gpu_close(device);
    return status;
  }
  frame->hamiltonian = hamiltonian;
  frame->ansatz = ansatz;
  frame->device = device;
  frame->single = single;
  frame->real_bytes = single ? sizeof(float) : sizeof(double);
  frame->stop.device = device;
  frame->stop.limit = how->watch_work;
  frame->watch_size = how->watch_size;
  status = kind->create_host(&frame->host_ops, &frame->host, hamiltonian,
                             ansatz, threads);
  if (status == VQE_OK) {
    status = kind->init(frame, tuning);
  }
  if (status != VQE_OK) {
    kind->ops->free(frame);
    return status;
  }
  *ops = kind->ops;
  *out = frame;
  return VQE_OK;
}

void vqe_device_frame_clear(struct vqe_device_frame *frame)
{
  if (frame->host != NULL) {
    frame->host_ops->free(frame->host);
  }
  vqe_evaluator_clear(&frame->evaluator);
  vqe_gpu_close(frame->device);
}

int vqe_device_frame_upload(struct vqe_device_frame *frame, uint64_t size,
                            double constant)
{
  frame->stop.size = size;
  return vqe_evaluator_upload(&frame->evaluator, frame->device,
                              frame->ansatz->nparam, size, constant);
}

int vqe_device_frame_launch(const struct vqe_device_frame *frame,
                            enum vqe_kernel_name kernel, const void *args,
                            size_t shared)
{
  int status = vqe_gpu_launch(frame->device, kernel, args,
                              (unsigned)frame->evaluator.stride, shared);
  return status == VQE_OK
             ? vqe_device_stop_check(&frame->stop, frame->stop.size)
             : status;
}

int vqe_device_frame_run(struct vqe_device_frame *frame, double *energy,
                         double *gradient, const double *parameters,
                         int (*enqueue)(void *ctx), void *ctx)
{
  vqe_stop_reset(frame->stop.stop);
  if (frame->stop.stop != NULL) {
    frame->evaluator.graphed = false; /* a recorded queue cannot be left */
  }
  return vqe_evaluator_run(&frame->evaluator, energy, gradient, parameters,
                           enqueue, ctx);
}

void vqe_device_frame_watch(void *backend, struct vqe_stop *stop)
{
  struct vqe_device_frame *frame = backend;
  frame->stop.stop = frame->stop.size > frame->watch_size ? stop : NULL;
  if (frame->host_ops->watch != NULL) {
    frame->host_ops->watch(frame->host, stop);
  }
}

int vqe_device_frame_parameters(const struct vqe_device_frame *frame,
                                const double *parameters)
{
  const struct vqe_evaluator *evaluator = &frame->evaluator;
  return vqe_gpu_upload(frame->device, evaluator->parameters, parameters,
                        (size_t)evaluator->nparam * sizeof *parameters);
}

int vqe_device_frame_download(const struct vqe_device_frame *frame,
                              double *out, const void *from, size_t count)
{
  float *narrow = NULL;
  if (!frame->single) {
    return vqe_gpu_download(frame->device, out, from, count * sizeof *out);
  }
  int status =
      vqe_memory_alloc(&narrow, count, sizeof *narrow, "copy of the state");
  if (status == VQE_OK) {
    status =
        vqe_gpu_download(frame->device, narrow, from, count * sizeof *narrow);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    out[k] = (double)narrow[k];
  }
  free(narrow);
  return status;
}

int vqe_device_frame_pool_gradient(void *backend, double *out,
                                   const double *parameters,
                                   const struct vqe_ansatz *pool)
{
  struct vqe_device_frame *frame = backend;
  return frame->host_ops->pool_gradient(frame->host, out, parameters, pool);
}

int vqe_device_frame_properties(void *backend, struct vqe_properties *out,
                                double *rdm1, const double *parameters)
{
  struct vqe_device_frame *frame = backend;
  return frame->host_ops->properties(frame->host, out, rdm1, parameters);
}

/* ---- runs of phases ---- */

int vqe_device_frame_add_phases(struct vqe_device_frame *frame,
                                struct vqe_device_phases *out, size_t *gate,
                                bool alpha_rows)
{
  struct vqe_phase_term *terms = NULL;
  struct vqe_mask_pair *masks = NULL;
  size_t n = vqe_phases_read(NULL, frame->ansatz, *gate, alpha_rows);
  while (n == 0 && *gate < frame->ansatz->ngate) {
    ++*gate;
    n = vqe_phases_read(NULL, frame->ansatz, *gate, alpha_rows);
  }
  VQE_ASSERT(n > 0); /* the caller has counted the runs */
  int status = vqe_memory_alloc(&terms, n, sizeof *terms, "phase gates");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&masks, n, sizeof *masks, "phase gates");
  }
  if (status == VQE_OK) {
    (void)vqe_phases_read(terms, frame->ansatz, *gate, alpha_rows);
  }
  for (size_t k = 0; status == VQE_OK && k < n; k++) {
    int32_t angle;
    masks[k] = (struct vqe_mask_pair){terms[k].rows, terms[k].columns};
    status = vqe_evaluator_add(&frame->evaluator, &angle, terms[k].param,
                               terms[k].scale, 2.0 * terms[k].scale);
    out->angle = k == 0 ? angle : out->angle;
  }
  if (status == VQE_OK) {
    status = vqe_device_place(frame->device, &out->masks, masks, n,
                              sizeof *masks, "phase gates");
  }
  out->count = n;
  *gate += n;
  free(terms);
  free(masks);
  return status;
}

int vqe_device_frame_phases(const struct vqe_device_frame *frame,
                            const struct vqe_device_phases *phases,
                            const struct vqe_phases_args *on)
{
  const struct vqe_evaluator *evaluator = &frame->evaluator;
  struct vqe_phases_args args = *on;
  struct vqe_phase_sums_args sums = {
      .masks = phases->masks,
      .weight = on->weight,
      .partial =
          evaluator->partial + (uint64_t)phases->angle * evaluator->stride,
      .stride = evaluator->stride,
      .size = on->size,
      .list = on->list,
      .row_bits = on->row_bits,
      .column_bits = on->column_bits,
      .norb = on->norb,
  };
  VQE_ASSERT(phases->count > 0);
  args.masks = phases->masks;
  args.angle = evaluator->angle + phases->angle;
  args.count = phases->count;
  int status = vqe_device_frame_launch(frame, VQE_KERNEL_phases, &args, 0);
  if (status == VQE_OK && args.lambda.count > 0) {
    status = vqe_gpu_launch(frame->device, VQE_KERNEL_phase_sums, &sums,
                            (unsigned)phases->count, VQE_SUM_SHARED);
  }
  return status;
}
