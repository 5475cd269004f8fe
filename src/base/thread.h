/* Threads that work beside the program's own. */
#ifndef VQE_BASE_THREAD_H
#define VQE_BASE_THREAD_H

#include <pthread.h>
#include <signal.h>

/* Start a thread that gets no signals: they are for the program's own threads.
 * VQE_ERR_MEMORY, with the system's reason, when there is none to be had; then
 * there is nothing to join. */
int vqe_thread_start(pthread_t *out, void *(*work)(void *ctx), void *ctx);

/* Between the two, threads that others start get no signals either, such as a
 * library's; signals of this one wait. */
void vqe_thread_hold_signals(sigset_t *before);
void vqe_thread_release_signals(const sigset_t *before);

/* A condition whose timed waits go by CLOCK_MONOTONIC, which nobody sets. */
void vqe_thread_cond_init(pthread_cond_t *out);

#endif
