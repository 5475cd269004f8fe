#include "device/evaluator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_memory.h"

#include "kernels/shape.h"

/* Above this many amplitudes a kernel takes longer than its launch, and
 * nothing is gained by a graph. */
#define GRAPH_SIZE (UINT64_C(1) << 22)

int vqe_evaluator_add(struct vqe_evaluator *evaluator, int32_t *angle,
                      int param, double scale, double factor)
{
  size_t n = evaluator->nangle;
  VQE_ASSERT(param >= 0 && n <= evaluator->capacity);
  VQE_ASSERT(n < INT32_MAX);
  if (n == evaluator->capacity) {
    size_t capacity = 2 * n + 64;
    int status = vqe_memory_grow(&evaluator->param, n, capacity,
                                 sizeof *evaluator->param, "angles");
    if (status == VQE_OK) {
      status = vqe_memory_grow(&evaluator->scale, n, capacity,
                               sizeof *evaluator->scale, "angles");
    }
    if (status == VQE_OK) {
      status = vqe_memory_grow(&evaluator->factor, n, capacity,
                               sizeof *evaluator->factor, "angles");
    }
    if (status != VQE_OK) {
      return status;
    }
    evaluator->capacity = capacity;
  }
  evaluator->param[n] = param;
  evaluator->scale[n] = scale;
  evaluator->factor[n] = factor;
  *angle = (int32_t)n;
  evaluator->nangle = n + 1;
  return VQE_OK;
}

/* Angles sorted by parameter, in order within one. */
static int place_order(struct vqe_evaluator *evaluator)
{
  size_t nparam = (size_t)evaluator->nparam;
  uint32_t *start = NULL;
  uint32_t *order = NULL;
  int status =
      vqe_memory_alloc(&start, nparam + 2, sizeof *start, "order of angles");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&order, evaluator->nangle, sizeof *order,
                              "order of angles");
  }
  for (size_t k = 0; status == VQE_OK && k < evaluator->nangle; k++) {
    VQE_ASSERT(evaluator->param[k] < evaluator->nparam);
    start[evaluator->param[k] + 2]++;
  }
  for (size_t p = 2; status == VQE_OK && p < nparam + 2; p++) {
    start[p] += start[p - 1];
  }
  for (size_t k = 0; status == VQE_OK && k < evaluator->nangle; k++) {
    order[start[evaluator->param[k] + 1]++] = (uint32_t)k;
  }
  if (status == VQE_OK) {
    status = vqe_device_place(evaluator->device, &evaluator->start, start,
                              nparam + 1, sizeof *start, "angles");
  }
  if (status == VQE_OK) {
    status = vqe_device_place(evaluator->device, &evaluator->order, order,
                              evaluator->nangle, sizeof *order, "angles");
  }
  free(start);
  free(order);
  return status;
}

int vqe_evaluator_upload(struct vqe_evaluator *evaluator,
                         struct vqe_gpu *device, int nparam, uint64_t size,
                         double constant)
{
  size_t n = evaluator->nangle;
  evaluator->device = device;
  evaluator->nparam = nparam;
  evaluator->constant = constant;
  evaluator->stride = vqe_device_blocks(size);
  evaluator->graphed = size <= GRAPH_SIZE;
  const struct {
    void *out; /* the address of a pointer */
    const void *from;
    size_t count, size;
  } arrays[] = {
      {&evaluator->device_param, evaluator->param, n, sizeof(int32_t)},
      {&evaluator->device_scale, evaluator->scale, n, sizeof(double)},
      {&evaluator->device_factor, evaluator->factor, n, sizeof(double)},
      {&evaluator->parameters, NULL, (size_t)nparam, sizeof(double)},
      {&evaluator->angle, NULL, n, sizeof(double)},
      {&evaluator->turn, NULL, 2 * n, sizeof(double)},
      {&evaluator->partial, NULL, n * evaluator->stride, sizeof(double)},
      {&evaluator->energy, NULL, 2 * evaluator->stride, sizeof(double)},
      {&evaluator->out, NULL, (size_t)nparam + 1, sizeof(double)},
  };
  int status = place_order(evaluator);
  for (size_t k = 0; status == VQE_OK && k < sizeof arrays / sizeof arrays[0];
       k++) {
    status = vqe_device_place(device, arrays[k].out, arrays[k].from,
                              arrays[k].count, arrays[k].size, "angles");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&evaluator->result, (size_t)nparam + 1,
                              sizeof(double), "energy and gradient");
  }
  return status;
}

void vqe_evaluator_reset(struct vqe_evaluator *evaluator)
{
  const void *arrays[] = {
      evaluator->device_param,  evaluator->device_scale,
      evaluator->device_factor, evaluator->start,
      evaluator->order,         evaluator->parameters,
      evaluator->angle,         evaluator->turn,
      evaluator->partial,       evaluator->energy,
      evaluator->out,
  };
  for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
    vqe_gpu_release(evaluator->device, arrays[k]);
  }
  vqe_evaluator_clear(evaluator);
  memset(evaluator, 0, sizeof *evaluator);
}

void vqe_evaluator_clear(struct vqe_evaluator *evaluator)
{
  free(evaluator->param);
  free(evaluator->scale);
  free(evaluator->factor);
  free(evaluator->result);
}

int vqe_evaluator_fits(const struct vqe_gpu *device, uint64_t bytes,
                       const char *what, uint64_t amplitudes)
{
  uint64_t there = vqe_gpu_free_bytes(device);
  if (bytes <= there) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_MEMORY,
                       "a %s state of %llu amplitudes needs %.1f MB on the "
                       "device, but only %.1f MB of it are free; use --device "
                       "auto or cpu, or --precision single",
                       what, (unsigned long long)amplitudes,
                       (double)bytes / 1e6, (double)there / 1e6);
}

uint64_t vqe_evaluator_bytes(uint64_t nangle, int nparam, uint64_t size)
{
  return nangle * (8 * (uint64_t)vqe_device_blocks(size) + 64) +
         24 * (uint64_t)nparam + 16384;
}

int vqe_evaluator_turns(const struct vqe_evaluator *evaluator)
{
  struct vqe_turns_args args = {
      .count = evaluator->nangle,
      .param = evaluator->device_param,
      .scale = evaluator->device_scale,
      .parameters = evaluator->parameters,
      .angle = evaluator->angle,
      .turn = evaluator->turn,
  };
  return vqe_gpu_launch(evaluator->device, VQE_KERNEL_turns, &args,
                        vqe_device_blocks(args.count), 0);
}

int vqe_evaluator_finish(const struct vqe_evaluator *evaluator, bool gradient)
{
  struct vqe_finish_args args = {
      .energy = evaluator->energy,
      .partial = evaluator->partial,
      .stride = evaluator->stride,
      .constant = evaluator->constant,
      .out = evaluator->out,
      .start = evaluator->start,
      .angle = evaluator->order,
      .factor = evaluator->device_factor,
  };
  return vqe_gpu_launch(evaluator->device, VQE_KERNEL_finish, &args,
                        gradient ? 1 + (unsigned)evaluator->nparam : 1,
                        VQE_SUM_SHARED);
}

int vqe_evaluator_run(struct vqe_evaluator *evaluator, double *energy,
                      double *gradient, const double *parameters,
                      int (*enqueue)(void *ctx), void *ctx)
{
  size_t n = (size_t)evaluator->nparam;
  size_t results = gradient != NULL ? n + 1 : 1;
  int status = vqe_gpu_upload(evaluator->device, evaluator->parameters,
                              parameters, n * sizeof(double));
  if (status == VQE_OK && evaluator->graphed) {
    status = vqe_gpu_run(evaluator->device,
                         &evaluator->graphs[gradient != NULL], enqueue, ctx);
  } else if (status == VQE_OK) {
    status = enqueue(ctx);
  }
  if (status == VQE_OK) {
    status = vqe_gpu_download(evaluator->device, evaluator->result,
                              evaluator->out, results * sizeof(double));
  }
  if (status != VQE_OK) {
    return status;
  }
  *energy = evaluator->result[0];
  if (gradient != NULL) {
    memcpy(gradient, evaluator->result + 1, n * sizeof(double));
  }
  return VQE_OK;
}
