#include "vqe/optimize.h"

#include <math.h>
#include <nlopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/missing.h"
#include "base/struct_size.h"
#include "base/suggest.h"
#include "optimize/methods.h"

/* Public face and implementation of each method, in the same order. */
/* clang-format off */
static const struct vqe_optimizer_info infos[] = {
    {"L-BFGS-B", "NLopt LD_LBFGS", true, false, 0},
    {"SLSQP", "NLopt LD_SLSQP", true, false, 200},
    {"COBYLA", "NLopt LN_COBYLA", false, false, 0},
    {"BOBYQA", "NLopt LN_BOBYQA", false, false, 200},
    {"Nelder-Mead", "NLopt LN_NELDERMEAD", false, false, 0},
    {"TNC", "NLopt LD_TNEWTON_PRECOND_RESTART", true, false, 0},
    {"Powell", "NLopt LN_PRAXIS", false, false, 0},
    {"BFGS", "GSL vector_bfgs2", true, false, 0},
    {"CG", "GSL conjugate_pr", true, false, 0},
    {"SPSA", "vqe SPSA", false, false, 0},
    {"Adam", "vqe Adam", true, false, 0},
    {NULL, NULL, false, false, 0},
};

static const struct vqe_method_spec methods[] = {
    {"L-BFGS-B", vqe_method_nlopt, NLOPT_LD_LBFGS, NAN},
    {"SLSQP", vqe_method_nlopt, NLOPT_LD_SLSQP, NAN},
    {"COBYLA", vqe_method_nlopt, NLOPT_LN_COBYLA, 1.0},
    {"BOBYQA", vqe_method_nlopt, NLOPT_LN_BOBYQA, 0.1},
    {"Nelder-Mead", vqe_method_nlopt, NLOPT_LN_NELDERMEAD, 0.1},
    {"TNC", vqe_method_nlopt, NLOPT_LD_TNEWTON_PRECOND_RESTART, NAN},
    {"Powell", vqe_method_nlopt, NLOPT_LN_PRAXIS, 1.0},
    {"BFGS", vqe_method_gsl_bfgs2, 0, NAN},
    {"CG", vqe_method_gsl_pr, 0, NAN},
    {"SPSA", vqe_method_spsa, 0, NAN},
    {"Adam", vqe_method_adam, 0, NAN},
};
/* clang-format on */

/* No method: the caller takes the points. */
static const struct vqe_optimizer_info landscape = {
    VQE_LANDSCAPE, "random points", true, true, 0};

#define METHODS (sizeof methods / sizeof methods[0])

_Static_assert(sizeof infos / sizeof infos[0] == METHODS + 1,
               "each method has its public face");

/* Line searches of libraries take noise for curvature. */
static bool walks_by_noise(const struct vqe_optimizer_info *info, bool noisy)
{
  return noisy && info->needs_gradient && strcmp(info->name, "Adam") != 0;
}

const char *vqe_optimizer_native(const struct vqe_optimizer_info *info,
                                 bool noisy)
{
  if (info == NULL) {
    return "";
  }
  return walks_by_noise(info, noisy) ? "vqe L-BFGS (noise)" : info->native;
}

const struct vqe_optimizer_info *vqe_optimizer_list(void)
{
  return infos;
}

int vqe_optimizer_find(const struct vqe_optimizer_info **out, const char *name)
{
  int missing = vqe_missing(__func__, "out name", out, name);
  if (missing != VQE_OK) {
    return missing;
  }
  const char *names[METHODS];
  char known[256] = "";
  if (strcasecmp(name, landscape.name) == 0) {
    *out = &landscape;
    return VQE_OK;
  }
  for (size_t k = 0; k < METHODS; k++) {
    if (strcasecmp(name, infos[k].name) == 0) {
      *out = &infos[k];
      return VQE_OK;
    }
    names[k] = infos[k].name;
    size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s", k > 0 ? ", " : "",
             infos[k].name);
  }
  size_t used = strlen(known);
  snprintf(known + used, sizeof known - used, ", %s", landscape.name);
  const char *nearest = vqe_suggest(name, names, METHODS);
  return vqe_error_set(VQE_ERR_INPUT,
                       "unknown optimizer '%s'%s%s%s: use one "
                       "of %s",
                       name, nearest != NULL ? " (did you mean '" : "",
                       nearest != NULL ? nearest : "",
                       nearest != NULL ? "'?)" : "", known);
}

void vqe_optimizer_options_init(struct vqe_optimizer_options *options)
{
  if (options == NULL) {
    return;
  }
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
  options->max_evaluations = 10000;
  options->gtol = 1e-4;
  options->ftol = 1e-8;
  options->threshold = NAN;
  options->learning_rate = NAN;
  options->beta1 = NAN;
  options->beta2 = NAN;
  options->epsilon = NAN;
  options->spsa_a = NAN;
  options->spsa_c = NAN;
  options->spsa_alpha = NAN;
  options->spsa_gamma = NAN;
  options->initial_step = NAN;
  options->typical_step = NAN;
}

/* Further options: which optimizers know them (names between commas), where
 * they are stored, what they may be. */
struct further_option {
  const char *key;
  const char *optimizers; /* "" for all */
  size_t offset;
  double low, high; /* low < value <= high */
};

#define OFFSET(member) offsetof(struct vqe_optimizer_options, member)

/* clang-format off */
static const struct further_option further_options[] = {
    {"threshold", "", OFFSET(threshold), -INFINITY, HUGE_VAL},
    {"learning_rate", ",Adam,", OFFSET(learning_rate), 0.0, HUGE_VAL},
    {"beta1", ",Adam,", OFFSET(beta1), -1e-300, 1.0 - 1e-15},
    {"beta2", ",Adam,", OFFSET(beta2), -1e-300, 1.0 - 1e-15},
    {"epsilon", ",Adam,", OFFSET(epsilon), 0.0, HUGE_VAL},
    {"a", ",SPSA,", OFFSET(spsa_a), 0.0, HUGE_VAL},
    {"c", ",SPSA,", OFFSET(spsa_c), 0.0, HUGE_VAL},
    {"alpha", ",SPSA,", OFFSET(spsa_alpha), 0.0, HUGE_VAL},
    {"gamma", ",SPSA,", OFFSET(spsa_gamma), 0.0, HUGE_VAL},
    {"initial_step", ",COBYLA,BOBYQA,Nelder-Mead,Powell,",
     OFFSET(initial_step), 0.0, HUGE_VAL},
};
/* clang-format on */

#define FURTHER (sizeof further_options / sizeof further_options[0])

static bool option_applies(const struct further_option *option,
                           const char *optimizer)
{
  char word[40];
  snprintf(word, sizeof word, ",%s,", optimizer);
  return option->optimizers[0] == '\0' ||
         strstr(option->optimizers, word) != NULL;
}

int vqe_optimizer_option_set(struct vqe_optimizer_options *options,
                             const char *optimizer, const char *key,
                             double value)
{
  int missing =
      vqe_missing(__func__, "options optimizer key", options, optimizer, key);
  if (missing != VQE_OK) {
    return missing;
  }
  const struct vqe_optimizer_info *info;
  char known[160] = "";
  int status = vqe_struct_size_check("vqe_optimizer_options", options->size,
                                     sizeof *options);
  if (status == VQE_OK) {
    status = vqe_optimizer_find(&info, optimizer);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (info == &landscape) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s has no option '%s': besides name it knows "
                         "max_evaluations and max_seconds",
                         info->name, key);
  }
  for (size_t k = 0; k < FURTHER; k++) {
    const struct further_option *option = &further_options[k];
    if (!option_applies(option, info->name)) {
      continue;
    }
    if (strcmp(option->key, key) != 0) {
      size_t used = strlen(known);
      snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "",
               option->key);
      continue;
    }
    if (!isfinite(value) || value <= option->low || value > option->high) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option '%s' of %s: %g is out of "
                           "range",
                           key, info->name, value);
    }
    memcpy((char *)options + option->offset, &value, sizeof value);
    options->has_threshold = options->has_threshold || k == 0;
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "%s has no option '%s': besides name, "
                       "max_evaluations, gtol, ftol and max_seconds it knows "
                       "%s",
                       info->name, key, known);
}

static double or_default(double value, double otherwise)
{
  return isnan(value) ? otherwise : value;
}

static int check(int n, const double *x,
                 const struct vqe_optimizer_options *options)
{
  if (n < 0 || options->max_evaluations < 1 || !(options->gtol >= 0.0) ||
      !(options->ftol >= 0.0)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "optimizer: %d parameters, %d "
                         "evaluations, gtol %g, ftol %g: at least 0, 1, 0, 0 "
                         "are needed",
                         n, options->max_evaluations, options->gtol,
                         options->ftol);
  }
  for (int i = 0; i < n; i++) {
    if (!isfinite(x[i])) {
      return vqe_error_set(VQE_ERR_INPUT, "initial parameter %d is not finite",
                           i);
    }
  }
  return VQE_OK;
}

/* Defaults of the options that a method has no other for. */
static void fill_defaults(struct vqe_optimizer_options *filled)
{
  filled->learning_rate = or_default(filled->learning_rate, 0.01);
  filled->beta1 = or_default(filled->beta1, 0.9);
  filled->beta2 = or_default(filled->beta2, 0.99);
  filled->epsilon = or_default(filled->epsilon, 1e-8);
  filled->spsa_alpha = or_default(filled->spsa_alpha, 0.602);
  filled->spsa_gamma = or_default(filled->spsa_gamma, 0.101);
}

/* The only value of a function of nothing. */
static void evaluate_once(struct vqe_recorder *recorder, const double *x)
{
  double f;
  (void)vqe_recorder_evaluate(recorder, x, &f, NULL);
  vqe_recorder_stop(recorder, true, "converged: nothing to vary");
  if (!isfinite(recorder->lowest)) {
    recorder->converged = false;
  }
}

/* The point of the result: the best recorded one, with noise the iterate. */
static void take_point(double *x, const struct vqe_recorder *recorder)
{
  size_t bytes = (size_t)recorder->n * sizeof *x;
  if (recorder->has_final && vqe_recorder_noisy(recorder)) {
    memcpy(x, recorder->x_final, bytes);
  } else if (!isnan(recorder->lowest)) {
    memcpy(x, recorder->x_lowest, bytes);
  }
}

int vqe_optimize(struct vqe_optimize_result *out, const char *optimizer, int n,
                 double *x, vqe_objective objective, void *ctx,
                 const struct vqe_optimizer_options *options)
{
  int missing =
      vqe_missing(__func__, "out optimizer objective options", out, optimizer,
                  objective != NULL ? out : NULL, options);
  if (missing == VQE_OK) {
    missing = vqe_missing(__func__, "x", n > 0 ? (const void *)x : options);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  const struct vqe_optimizer_info *info;
  struct vqe_optimizer_options filled;
  struct vqe_recorder recorder = {.memory = NULL};
  struct vqe_method_end ended = {.nit = 0};
  memset(out, 0, sizeof *out);
  out->f = NAN;
  int status = vqe_struct_size_check("vqe_optimizer_options", options->size,
                                     sizeof *options);
  if (status == VQE_OK) {
    status = vqe_optimizer_find(&info, optimizer);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (info == &landscape) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s is no optimizer: an experiment takes it",
                         info->name);
  }
  filled = *options;
  size_t index = (size_t)(info - infos);
  VQE_ASSERT(index < METHODS && strcmp(methods[index].name, info->name) == 0);
  const struct vqe_method_spec *spec = &methods[index];
  bool by_noise = walks_by_noise(info, options->noise != NULL);
  fill_defaults(&filled);
  status = check(n, x, &filled);
  if (status == VQE_OK) {
    status = vqe_recorder_init(&recorder, n, objective, ctx,
                               info->needs_gradient, &filled);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (n == 0) {
    evaluate_once(&recorder, x);
  } else if (by_noise) {
    status = vqe_method_noisy(&ended, &recorder, spec, x);
  } else {
    status = spec->run(&ended, &recorder, spec, x);
  }
  if (status == VQE_OK && !recorder.stopped) {
    vqe_recorder_stop(&recorder, ended.success, "%s", ended.reason);
  }
  out->f = recorder.lowest;
  out->nfev = recorder.nfev;
  out->nit = spec->run == vqe_method_nlopt && !by_noise ? -1 : ended.nit;
  out->converged = recorder.converged;
  memcpy(out->reason, recorder.reason, sizeof out->reason);
  take_point(x, &recorder);
  if (recorder.status < 0) {
    status = recorder.status;
  }
  vqe_recorder_clear(&recorder);
  return status;
}
