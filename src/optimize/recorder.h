/* The one wrapper around the caller's objective: counts, keeps the best
 * point, and decides when a run is over, whatever the library. */
#ifndef VQE_OPTIMIZE_RECORDER_H
#define VQE_OPTIMIZE_RECORDER_H

#include <stdbool.h>

#include "vqe/optimize.h"

/* Points whose value and gradient are remembered, so that a library asking
 * for f and for the gradient apart, or restarting, costs one evaluation. */
#define VQE_RECORDER_CACHE 4

struct vqe_recorder_point {
  bool used;
  double f;
  double *x;        /* n */
  double *gradient; /* n */
};

struct vqe_recorder {
  vqe_objective objective;
  void *ctx;
  int n;
  const struct vqe_optimizer_options *options;
  bool gradient_method;
  double start;       /* vqe_clock_wall */
  double lowest;      /* of the recorded values; NaN before the first */
  double lowest_gmax; /* |g|max there; NaN for derivative-free methods */
  double last_f;
  double *x_lowest; /* n */
  double *x_final;  /* n: the method's own iterate, where there is noise */
  bool has_final;
  double last_noise; /* standard error of last_f; 0 where values are exact */
  struct vqe_recorder_point cache[VQE_RECORDER_CACHE];
  struct vqe_recorder_point best; /* gradient methods: the lowest point */
  int next_cache;
  int known_points; /* in a row: calls that the cache served */
  double *memory;   /* holds every array above */
  int nfev;
  int status;   /* what the objective returned when it failed */
  bool stopped; /* no further calls reach the objective */
  bool converged;
  char reason[160];
};

int vqe_recorder_init(struct vqe_recorder *recorder, int n,
                      vqe_objective objective, void *ctx, bool gradient_method,
                      const struct vqe_optimizer_options *options);
void vqe_recorder_clear(struct vqe_recorder *recorder);

/* Evaluate at x; `gradient` may be NULL. True while the run goes on. Once
 * stopped, f is the last value, the gradient zero, and nothing is called. */
bool vqe_recorder_evaluate(struct vqe_recorder *recorder, const double *x,
                           double *f, double *gradient);

/* Say that these points are the next to be evaluated. */
void vqe_recorder_announce(const struct vqe_recorder *recorder,
                           const double *points, int count);

/* End the run for a reason; the first reason is kept. */
void vqe_recorder_stop(struct vqe_recorder *recorder, bool converged,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, as max_evaluations leaves no room. */
void vqe_recorder_stop_at_limit(struct vqe_recorder *recorder);

/* Why a gradient method that finds no lower point ended, for people; the same
 * text for equal causes, as the table counts texts. */
void vqe_recorder_describe_stuck(char *out, size_t size,
                                 const struct vqe_recorder *recorder);

/* The objective draws samples. */
bool vqe_recorder_noisy(const struct vqe_recorder *recorder);

/* What the method would hand over if the run ended now; used with noise. */
void vqe_recorder_final(struct vqe_recorder *recorder, const double *x);

/* One evaluation is left within the limit. */
bool vqe_recorder_last_call(const struct vqe_recorder *recorder);

#endif
