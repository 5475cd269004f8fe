/* Loops over threads, for sweeps that are called thousands of times.
 *
 * With one thread no parallel region is entered: GCC's runtime takes memory
 * for a team of one at every region, which is most of the time of a small
 * state. Iterations are shared out in equal runs, in order, so that a thread
 * works on the same part of a vector in every sweep, first of all in the one
 * that clears it: pages are then near the processor that works on them. */
#ifndef VQE_SIM_PARALLEL_H
#define VQE_SIM_PARALLEL_H

#include <stddef.h>
#include <string.h>

typedef void (*vqe_parallel_body)(const void *ctx, long k);

/* body(ctx, k) for 0 <= k < count. */
static inline void vqe_parallel_for(long count, int threads,
                                    vqe_parallel_body body, const void *ctx)
{
  if (threads <= 1) {
    for (long k = 0; k < count; k++) {
      body(ctx, k);
    }
    return;
  }
#pragma omp parallel for schedule(static) num_threads(threads)
  for (long k = 0; k < count; k++) {
    body(ctx, k);
  }
}

#define VQE_CLEAR_CHUNKS 64

struct vqe_clear_loop {
  double *data;
  size_t size;
};

static inline void vqe_clear_chunk(const void *ctx, long k)
{
  const struct vqe_clear_loop *loop = ctx;
  size_t first = loop->size * (size_t)k / VQE_CLEAR_CHUNKS;
  size_t last = loop->size * (size_t)(k + 1) / VQE_CLEAR_CHUNKS;
  memset(loop->data + first, 0, (last - first) * sizeof *loop->data);
}

/* Zero a vector, each part by the thread that will work on it. */
static inline void vqe_parallel_clear(double *data, size_t size, int threads)
{
  const struct vqe_clear_loop loop = {data, size};
  vqe_parallel_for(VQE_CLEAR_CHUNKS, threads, vqe_clear_chunk, &loop);
}

#endif
