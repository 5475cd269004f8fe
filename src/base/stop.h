/* A stop that is asked for during an evaluation.
 *
 * Loops over a long vector ask now and then whether to go on, and leave what
 * they write unfinished when not; whoever called them looks at `stopped` and
 * returns VQE_ERR_INTERRUPTED. Asking costs an addition; the caller's function
 * is called once in VQE_STOP_WORK multiplications, a few milliseconds. */
#ifndef VQE_BASE_STOP_H
#define VQE_BASE_STOP_H

#include <omp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define VQE_STOP_WORK ((size_t)1 << 22)
/* States shorter than this are done before anyone asks. */
#define VQE_STOP_SIZE 16384

struct vqe_stop {
  bool (*ask)(void *ctx); /* NULL: never */
  void *ctx;
  size_t work; /* since `ask` was called */
  _Atomic bool stopped;
};

/* Whether to stop, after `work` more multiplications. NULL: no. Within a
 * parallel region only its first thread asks, as `ask` may call what one
 * thread alone may call; the others see what it has heard. */
static inline bool vqe_stop_asked(struct vqe_stop *stop, size_t work)
{
  if (stop == NULL) {
    return false;
  }
  if (atomic_load_explicit(&stop->stopped, memory_order_relaxed)) {
    return true;
  }
  if (omp_get_thread_num() != 0) {
    return false;
  }
  stop->work += work;
  if (stop->work < VQE_STOP_WORK || stop->ask == NULL) {
    return false;
  }
  stop->work = 0;
  if (stop->ask(stop->ctx)) {
    atomic_store_explicit(&stop->stopped, true, memory_order_relaxed);
    return true;
  }
  return false;
}

/* Forget an earlier stop, before a new evaluation. NULL is fine. */
static inline void vqe_stop_reset(struct vqe_stop *stop)
{
  if (stop != NULL) {
    atomic_store_explicit(&stop->stopped, false, memory_order_relaxed);
    stop->work = 0;
  }
}

/* VQE_ERR_INTERRUPTED, with a message, after a stop. */
int vqe_stop_status(const struct vqe_stop *stop);

#endif
