/** @file
 * Minimisers under SciPy's names, over NLopt and GSL, with SPSA and Adam. */
#ifndef VQE_OPTIMIZE_H
#define VQE_OPTIMIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Evaluate f (and, when `gradient` is not NULL, its gradient) at the n values
 * of x. A negative return ends the run: VQE_ERR_INTERRUPTED as a stop asked
 * for from outside, others as a failure whose message is kept. */
typedef int (*vqe_objective)(void *ctx, int n, const double *x, double *f,
                             double *gradient);

/** A method and what it wants. */
struct vqe_optimizer_info {
  const char *name;    /**< "L-BFGS-B" */
  const char *native;  /**< "NLopt LD_LBFGS" */
  bool needs_gradient; /**< asks the objective for gradients */
  bool exact_only;     /**< refused with finite shots; none is */
  int warn_parameters; /**< warn above this many parameters; 0 never */
};

/** What a run names in place of an optimizer that takes energies and gradients
 * at random points alone. */
#define VQE_LANDSCAPE "Landscape"

/** Name as users write it, case-insensitive; VQE_ERR_INPUT lists the known
 * ones. The result is static. VQE_LANDSCAPE is known, but is none of
 * vqe_optimizer_list, and vqe_optimize refuses it. */
VQE_API int vqe_optimizer_find(const struct vqe_optimizer_info **out,
                               const char *name);
/** What does the work: `native`, but where values are samples the methods of
 * libraries that ask for gradients walk by "vqe L-BFGS (noise)". "" for NULL.
 */
VQE_API const char *vqe_optimizer_native(const struct vqe_optimizer_info *info,
                                         bool noisy);
/** All of them, ended by name NULL. */
VQE_API const struct vqe_optimizer_info *vqe_optimizer_list(void);

/** How long and how exactly to minimise. */
struct vqe_optimizer_options {
  size_t size; /**< of this struct, set by vqe_optimizer_options_init */
  int max_evaluations;       /**< calls of the objective, at least 1 */
  double gtol;               /**< hartree: max |gradient component| */
  double ftol;               /**< hartree */
  double max_seconds;        /**< <= 0: none */
  bool has_threshold;        /**< is there a threshold? */
  double threshold;          /**< stop once f <= threshold */
  const char *experiment_id; /**< keys the draws of SPSA; may be NULL */
  /** Called by a method that knows several points before it has the value of
   * the first (SPSA), with the context of the objective: `count` rows of n
   * values, which will be asked for next, in this order, and stay where they
   * are until then. A run that ends earlier asks for fewer. May be NULL. */
  void (*announce)(void *ctx, int n, const double *points, int count);
  /** Lower triangle L (n x n, row major) of an inverse Hessian L L^T that is
   * known about, or NULL: L-BFGS-B and TNC then walk in z, x = start + L z.
   * The caller's. */
  const double *metric;
  const double *scale; /**< the same with a diagonal L, n values, or NULL */
  /* Further options; NaN means the default. */
  double learning_rate; /**< Adam, 0.01 */
  double beta1;         /**< Adam, 0.9 */
  double beta2;         /**< Adam, 0.99 */
  double epsilon;       /**< Adam, 1e-8 */
  double spsa_a;        /**< SPSA, calibrated */
  double spsa_c;        /**< SPSA, 0.2 */
  double spsa_alpha;    /**< SPSA, 0.602 */
  double spsa_gamma;    /**< SPSA, 0.101 */
  /** COBYLA (1.0, SciPy's rhobeg), Powell (1.0), BOBYQA and Nelder-Mead
   * (0.1). */
  double initial_step;
  /** Standard error of the value last given by the objective, which draws
   * samples; NULL where values are exact. What methods make of it:
   * src/optimize/README.md. Called with the context of the objective. */
  double (*noise)(void *ctx);
  /** With `noise`: about the standard errors of the n components of a
   * gradient; NULL: that of the value. The caller's. */
  const double *gradient_noise;
  /** Evaluations that one call with a gradient counts as, in nfev and against
   * max_evaluations; below 1: one. */
  int gradient_cost;
  /** With `noise`: a change of a parameter that is large for this objective,
   * radian; NaN where the method's own default will do. */
  double typical_step;
  /** What earlier minimisations of the same run took of its limits: reasons
   * name the limit of all, max_evaluations + spent_evaluations. */
  int spent_evaluations;
  double spent_seconds; /**< the same of max_seconds */
};
/** gtol 1e-4, ftol 1e-8, 10000 evaluations, everything else default. */
VQE_API void vqe_optimizer_options_init(struct vqe_optimizer_options *options);

/** Set a further option of a job file by its name: "threshold" for all,
 * "learning_rate", "beta1", "beta2", "epsilon" (Adam), "a", "c", "alpha",
 * "gamma" (SPSA), "initial_step" (COBYLA, BOBYQA, Nelder-Mead, Powell).
 * VQE_ERR_INPUT when this optimizer has no such option, naming those it has,
 * or when the value is out of range. */
VQE_API int vqe_optimizer_option_set(struct vqe_optimizer_options *options,
                                     const char *optimizer, const char *key,
                                     double value);

/** How a minimisation ended. */
struct vqe_optimize_result {
  /** Lowest recorded value, at x. With noise it is a lucky sample and no
   * estimate of the value at x, which is the method's own iterate. */
  double f;
  int nfev;         /**< evaluations, as gradient_cost counts them */
  int nit;          /**< accepted steps, -1 where the library hides them */
  bool converged;   /**< by the criteria of vqe_optimize */
  char reason[160]; /**< why it ended, for people */
};

/** Minimise from x (n values, replaced by the best recorded point, with noise
 * by the method's own iterate). For gradient methods: converged when the
 * current evaluation has |g|max <= gtol and lies within ftol of the lowest
 * earlier one or below; with noise, when the gradient vanishes within its
 * standard error. Derivative-free: by ftol; with noise, SPSA by its slopes and
 * the others by the size of their steps. A limit, NaN or failed line search is
 * a result with converged false and a reason, not an error; a negative return
 * means the objective failed, bad arguments or no memory. VQE_ERR_INTERRUPTED
 * from the objective is returned as such, with `out` filled. n = 0 evaluates
 * once. */
VQE_API int vqe_optimize(struct vqe_optimize_result *out,
                         const char *optimizer, int n, double *x,
                         vqe_objective objective, void *ctx,
                         const struct vqe_optimizer_options *options);

#ifdef __cplusplus
}
#endif
#endif
