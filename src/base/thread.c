#include "base/thread.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/error_message.h"

int vqe_thread_start(pthread_t *out, void *(*work)(void *ctx), void *ctx)
{
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* a thread inherits it */
  int code = pthread_create(out, NULL, work, ctx);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return code == 0 ? VQE_OK
                   : vqe_error_set(VQE_ERR_MEMORY, "cannot start a thread: %s",
                                   strerror(code));
}

void vqe_thread_cond_init(pthread_cond_t *out)
{
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(out, &attributes);
  pthread_condattr_destroy(&attributes);
}
