/* The minimisers behind vqe_optimize. Each starts from x (n >= 1 values) and
 * works through the recorder alone; a negative return is lack of memory or a
 * refused argument. When the recorder is not stopped on return, `ended` says
 * how the method itself ended. */
#ifndef VQE_OPTIMIZE_METHODS_H
#define VQE_OPTIMIZE_METHODS_H

#include "optimize/recorder.h"

struct vqe_method_end {
  bool success;     /* by its own test */
  int nit;          /* -1 when hidden */
  char reason[120]; /* in the method's words */
};

struct vqe_method_spec {
  const char *name;
  int (*run)(struct vqe_method_end *ended, struct vqe_recorder *recorder,
             const struct vqe_method_spec *spec, const double *x);
  int algorithm;       /* enum nlopt_algorithm, for NLopt */
  double initial_step; /* rad; NaN where it does not apply */
};

int vqe_method_nlopt(struct vqe_method_end *ended,
                     struct vqe_recorder *recorder,
                     const struct vqe_method_spec *spec, const double *x);
int vqe_method_gsl_bfgs2(struct vqe_method_end *ended,
                         struct vqe_recorder *recorder,
                         const struct vqe_method_spec *spec, const double *x);
int vqe_method_gsl_pr(struct vqe_method_end *ended,
                      struct vqe_recorder *recorder,
                      const struct vqe_method_spec *spec, const double *x);
int vqe_method_adam(struct vqe_method_end *ended,
                    struct vqe_recorder *recorder,
                    const struct vqe_method_spec *spec, const double *x);
/* With noise, for all methods of libraries that ask for gradients. */
int vqe_method_noisy(struct vqe_method_end *ended,
                     struct vqe_recorder *recorder,
                     const struct vqe_method_spec *spec, const double *x);
int vqe_method_spsa(struct vqe_method_end *ended,
                    struct vqe_recorder *recorder,
                    const struct vqe_method_spec *spec, const double *x);

#endif
