#include "base/blas_room.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "base/machine.h"
#include "base/memory.h"
#include "vqe/error.h"

/* What OpenBLAS maps for a thread, on x86 and ARM, and a page of it. */
#define BUFFER_BYTES (((size_t)128 << 20) + 65536)

/* OpenBLAS keeps at least 50 buffers, whatever it was built for, and ends the
 * program when it has no more. */
#define MAX_BUFFERS 48

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int reserved;

/* OpenBLAS keeps a buffer that it once had. Other BLAS have no such function,
 * nor has OpenBLAS promised it. */
static void take_buffers(int count)
{
  void *(*take)(int) = NULL;
  void (*give_back)(void *) = NULL;
  void *buffers[MAX_BUFFERS];
  *(void **)&take = dlsym(RTLD_DEFAULT, "blas_memory_alloc");
  *(void **)&give_back = dlsym(RTLD_DEFAULT, "blas_memory_free");
  if (take == NULL || give_back == NULL) {
    return;
  }
  for (int k = 0; k < count; k++) {
    buffers[k] = take(0);
  }
  for (int k = count; k-- > 0;) {
    give_back(buffers[k]);
  }
}

int vqe_blas_room_reserve(int callers)
{
  int status = VQE_OK;
  char what[64];
  struct vqe_machine_limit limit;
  callers = callers < MAX_BUFFERS ? callers : MAX_BUFFERS;
  pthread_mutex_lock(&lock);
  int more = callers - reserved;
  if (more > 0) {
    snprintf(what, sizeof what, "matrix products on %d thread%s need", more,
             more > 1 ? "s" : "");
    status = vqe_memory_room(
        (size_t)more, BUFFER_BYTES, what,
        more > 1 ? ", or use fewer threads (--threads 1 --lanes 1)" : "");
  }
  if (status == VQE_OK && more > 0) {
    vqe_machine_limit(&limit);
    if (limit.bytes != UINT64_MAX) {
      take_buffers(callers);
    }
    reserved = callers;
  }
  pthread_mutex_unlock(&lock);
  return status;
}
