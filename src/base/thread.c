#include "base/thread.h"

#include <string.h>
#include <time.h>

#include "base/error_message.h"

void vqe_thread_hold_signals(sigset_t *before)
{
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, before); /* a thread inherits it */
}

void vqe_thread_release_signals(const sigset_t *before)
{
  pthread_sigmask(SIG_SETMASK, before, NULL);
}

int vqe_thread_start(pthread_t *out, void *(*work)(void *ctx), void *ctx)
{
  sigset_t before;
  vqe_thread_hold_signals(&before);
  int code = pthread_create(out, NULL, work, ctx);
  vqe_thread_release_signals(&before);
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
