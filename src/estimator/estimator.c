/* The estimator's interface: each call goes to the backend that was chosen
 * (estimator_choose.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/struct_size.h"
#include "estimator/estimator_choose.h"
#include "estimator/shift.h"
#include "estimator/shots.h"
#include "sim/occupancy.h"
#include "vqe/sim.h"

/* A state of all amplitudes is for fewer qubits than this, whatever memory
 * there is. */
#define MOST_STATE_QUBITS 60

/* The state at shifted angles, made at the first sampled gradient: the same
 * circuit with a parameter for each gate. */
struct shifted {
  struct vqe_ansatz *ansatz;
  struct vqe_estimator_choice chosen;
  double *angles; /* ansatz->nparam */
};

struct vqe_estimator {
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_ansatz *ansatz;
  struct vqe_estimator_options options;
  struct vqe_estimator_choice chosen;
  struct vqe_stop stop;
  unsigned measurement;    /* bits of enum vqe_measurement */
  struct vqe_shots *shots; /* made at the first sample of `paulis` */
  const struct vqe_pauli_sum *paulis;
  struct shifted shifted;
};

void vqe_estimator_describe(struct vqe_estimator_usage *out,
                            const struct vqe_estimator *estimator)
{
  struct vqe_gpu_use use = {0};
  if (out == NULL || estimator == NULL) {
    return;
  }
  const struct vqe_estimator_choice *chosen = &estimator->chosen;
  *out = (struct vqe_estimator_usage){0};
  memcpy(out->note, chosen->note, sizeof out->note);
  if (chosen->device == NULL) {
    return;
  }
  vqe_gpu_usage(&use, chosen->device);
  out->on_device = true;
  out->device = chosen->summary;
  memcpy(out->gates, chosen->gates, sizeof out->gates);
  out->seconds = use.seconds;
  out->launches = use.launches + use.graphs;
  out->bytes_up = use.bytes_up;
  out->bytes_down = use.bytes_down;
  out->bytes_held = use.bytes_held;
}

/* Energies of the smallest states take less than a microsecond: the words for
 * what is missing come after one comparison. `out` stands for all results. */
static int check(const char *function, const struct vqe_estimator *estimator,
                 const void *out, const double *parameters)
{
  if (estimator != NULL && out != NULL &&
      (parameters != NULL || estimator->ansatz->nparam == 0)) {
    return VQE_OK;
  }
  return vqe_missing(function, "estimator out parameters", estimator, out,
                     parameters);
}

/* ---- life ---- */

void vqe_estimator_options_init(struct vqe_estimator_options *options)
{
  if (options == NULL) {
    return;
  }
  *options = (struct vqe_estimator_options)VQE_ESTIMATOR_OPTIONS_INIT;
}

int vqe_estimator_create(struct vqe_estimator **out,
                         const struct vqe_hamiltonian *hamiltonian,
                         const struct vqe_ansatz *ansatz,
                         const struct vqe_estimator_options *options)
{
  int missing = vqe_missing(__func__, "out hamiltonian ansatz options", out,
                            hamiltonian, ansatz, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_estimator *estimator = NULL;
  *out = NULL;
  int status = vqe_struct_size_check("vqe_estimator_options", options->size,
                                     sizeof *options);
  if (status == VQE_OK) {
    status = vqe_missing(
        __func__,
        "hamiltonian->f hamiltonian->w hamiltonian->h1e ansatz->gates",
        hamiltonian->f, hamiltonian->w, hamiltonian->h1e,
        ansatz->ngate > 0 ? (const void *)ansatz->gates : ansatz);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (ansatz->norb != hamiltonian->norb || options->threads < 1) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the ansatz is for %d orbitals, the Hamiltonian "
                         "has %d; threads %d",
                         ansatz->norb, hamiltonian->norb, options->threads);
  }
  if (options->team != NULL &&
      (options->team->broadcast == NULL || options->team->sum == NULL ||
       options->team->exchange == NULL)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the team lacks broadcast, sum or exchange");
  }
  status = vqe_memory_alloc(&estimator, 1, sizeof *estimator, "estimator");
  if (status != VQE_OK) {
    return status;
  }
  estimator->hamiltonian = hamiltonian;
  estimator->ansatz = ansatz;
  estimator->options = *options;
  status =
      vqe_estimator_choose(&estimator->chosen, hamiltonian, ansatz, options);
  if (status != VQE_OK) {
    free(estimator);
    return status;
  }
  estimator->stop.ask = options->should_stop;
  estimator->stop.ctx = options->ctx;
  if (options->should_stop != NULL && estimator->chosen.ops->watch != NULL) {
    estimator->chosen.ops->watch(estimator->chosen.backend, &estimator->stop);
  }
  *out = estimator;
  return VQE_OK;
}

void vqe_estimator_free(struct vqe_estimator *estimator)
{
  if (estimator == NULL) {
    return;
  }
  vqe_shots_free(estimator->shots);
  if (estimator->shifted.chosen.ops != NULL) {
    estimator->shifted.chosen.ops->free(estimator->shifted.chosen.backend);
  }
  vqe_ansatz_free(estimator->shifted.ansatz);
  free(estimator->shifted.angles);
  estimator->chosen.ops->free(estimator->chosen.backend);
  free(estimator);
}

const char *vqe_estimator_backend(const struct vqe_estimator *estimator)
{
  return estimator != NULL ? estimator->chosen.ops->name : "";
}

int vqe_estimator_energy(struct vqe_estimator *estimator, double *energy,
                         const double *parameters)
{
  int missing = check(__func__, estimator, energy, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  return estimator->chosen.ops->energy(estimator->chosen.backend, energy,
                                       parameters);
}

int vqe_estimator_gradient(struct vqe_estimator *estimator, double *energy,
                           double *gradient, const double *parameters)
{
  int missing = check(__func__, estimator, energy, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  if (gradient == NULL && estimator->ansatz->nparam > 0) {
    return vqe_missing(__func__, "gradient", gradient);
  }
  return estimator->chosen.ops->gradient(estimator->chosen.backend, energy,
                                         gradient, parameters);
}

int vqe_estimator_penalised(struct vqe_estimator *estimator, double *energy,
                            double *penalty, double *gradient,
                            const double *parameters,
                            const struct vqe_penalty *what)
{
  int missing =
      check(__func__, estimator,
            energy != NULL && penalty != NULL ? what : NULL, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  const struct vqe_estimator_choice *chosen = &estimator->chosen;
  if (chosen->ops->penalised == NULL) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s has no penalties for electron number and spin; "
                         "use the full space on the CPU",
                         chosen->ops->name);
  }
  return chosen->ops->penalised(chosen->backend, energy, penalty, gradient,
                                parameters, what);
}

int vqe_estimator_extend(struct vqe_estimator *estimator)
{
  int missing = vqe_missing(__func__, "estimator", estimator);
  if (missing != VQE_OK) {
    return missing;
  }
  return estimator->chosen.ops->extend(estimator->chosen.backend);
}

int vqe_estimator_pool_gradient(struct vqe_estimator *estimator, double *out,
                                const double *parameters,
                                const struct vqe_ansatz *pool)
{
  int missing =
      check(__func__, estimator, pool != NULL ? out : NULL, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  VQE_ASSERT(pool != NULL);
  if (pool->norb != estimator->ansatz->norb || !pool->conserves) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a pool over %d orbitals does not fit an ansatz over "
                         "%d",
                         pool->norb, estimator->ansatz->norb);
  }
  return estimator->chosen.ops->pool_gradient(estimator->chosen.backend, out,
                                              parameters, pool);
}

int vqe_estimator_many(struct vqe_estimator *estimator, double *energies,
                       double *gradients, const double *parameters,
                       size_t count)
{
  int missing = check(__func__, estimator, energies, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  const struct vqe_backend_ops *ops = estimator->chosen.ops;
  size_t nparam = (size_t)estimator->ansatz->nparam;
  int status = VQE_OK;
  if (ops->many != NULL && count > 1) {
    return ops->many(estimator->chosen.backend, energies, gradients,
                     parameters, count);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const double *at = parameters + k * nparam;
    status = gradients == NULL
                 ? ops->energy(estimator->chosen.backend, &energies[k], at)
                 : ops->gradient(estimator->chosen.backend, &energies[k],
                                 gradients + k * nparam, at);
  }
  return status;
}

int vqe_estimator_properties(struct vqe_estimator *estimator,
                             struct vqe_properties *out, double *rdm1,
                             const double *parameters)
{
  int missing = check(__func__, estimator, out, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  return estimator->chosen.ops->properties(estimator->chosen.backend, out,
                                           rdm1, parameters);
}

/* The state at `parameters` for what is computed from its determinants. */
static int find_blocks(struct vqe_backend_blocks *out,
                       struct vqe_estimator *estimator,
                       const double *parameters)
{
  const struct vqe_estimator_choice *chosen = &estimator->chosen;
  if (chosen->ops->blocks == NULL) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s does not give its determinants; use one rank and "
                         "the CPU",
                         chosen->ops->name);
  }
  vqe_stop_reset(&estimator->stop);
  return chosen->ops->blocks(chosen->backend, out, parameters);
}

int vqe_estimator_orbitals(struct vqe_estimator *estimator, double *rdm1,
                           double *entropies, double *information,
                           const double *parameters)
{
  int missing = check(__func__, estimator,
                      rdm1 != NULL && entropies != NULL ? information : NULL,
                      parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_backend_blocks blocks = {0};
  struct vqe_occupancy rdm = {0};
  size_t norb = (size_t)estimator->hamiltonian->norb;
  int status = find_blocks(&blocks, estimator, parameters);
  if (status == VQE_OK) {
    status = vqe_occupancy_init(&rdm, (int)norb);
  }
  if (status == VQE_OK) {
    status = vqe_occupancy_compute(&rdm, blocks.layout, blocks.re, blocks.im,
                                   blocks.threads, blocks.stop);
  }
  if (status == VQE_OK) {
    double *second = rdm1 + norb * norb;
    vqe_occupancy_spins(blocks.beta_rows ? second : rdm1,
                        blocks.beta_rows ? rdm1 : second, &rdm);
    status = vqe_occupancy_entropies(entropies, information, &rdm);
  }
  vqe_occupancy_clear(&rdm);
  return status;
}

int vqe_estimator_variance(struct vqe_estimator *estimator, double *variance,
                           const double *parameters)
{
  int missing = check(__func__, estimator, variance, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_backend_blocks blocks = {0};
  double *products = NULL;
  double energy = 0.0;
  int status = find_blocks(&blocks, estimator, parameters);
  size_t size =
      status == VQE_OK && blocks.layout != NULL ? blocks.layout->size : 0;
  const double *planes[2] = {blocks.re, blocks.im};
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&products, 2 * size, sizeof *products,
                              "product of Hamiltonian and state");
  }
  for (int k = 0; k < 2 && status == VQE_OK && planes[k] != NULL; k++) {
    double *product = products + (size_t)k * size;
    vqe_sigma_apply(blocks.sigma, blocks.layout, product, planes[k]);
    status = vqe_stop_status(blocks.stop);
    for (size_t x = 0; x < size; x++) {
      energy += planes[k][x] * product[x];
    }
  }
  *variance = 0.0;
  for (int k = 0; k < 2 && status == VQE_OK && planes[k] != NULL; k++) {
    const double *product = products + (size_t)k * size;
    for (size_t x = 0; x < size; x++) {
      double rest = product[x] - energy * planes[k][x];
      *variance += rest * rest;
    }
  }
  free(products);
  return status;
}

static int unsupported(const struct vqe_estimator *estimator)
{
  return vqe_error_set(VQE_ERR_UNSUPPORTED,
                       "orbitals cannot be optimised with %s; use an ansatz "
                       "that runs in a sector, on the CPU",
                       estimator->chosen.ops->name);
}

int vqe_estimator_densities(struct vqe_estimator *estimator, double *pairs1,
                            double *pairs2, const double *parameters)
{
  int missing =
      check(__func__, estimator, pairs1 != NULL ? pairs2 : NULL, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  return estimator->chosen.ops->densities == NULL
             ? unsupported(estimator)
             : estimator->chosen.ops->densities(estimator->chosen.backend,
                                                pairs1, pairs2, parameters);
}

int vqe_estimator_refresh(struct vqe_estimator *estimator)
{
  int missing = vqe_missing(__func__, "estimator", estimator);
  if (missing != VQE_OK) {
    return missing;
  }
  return estimator->chosen.ops->refresh == NULL
             ? unsupported(estimator)
             : estimator->chosen.ops->refresh(estimator->chosen.backend);
}

int vqe_estimator_state(struct vqe_estimator *estimator, double *out,
                        const double *parameters)
{
  int missing = check(__func__, estimator, out, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  int nqubit = estimator->ansatz->nqubit;
  double *split = NULL;
  if (nqubit >= MOST_STATE_QUBITS) {
    return vqe_error_set(VQE_ERR_MEMORY,
                         "a state of all 2^%d amplitudes fits no memory; "
                         "choose an active space",
                         nqubit);
  }
  size_t size = (size_t)1 << nqubit;
  int status =
      vqe_memory_alloc(&split, 2 * size, sizeof *split, "full-space state");
  if (status != VQE_OK) {
    return status;
  }
  status = estimator->chosen.ops->state(estimator->chosen.backend, split,
                                        split + size, parameters);
  for (size_t k = 0; status == VQE_OK && k < size; k++) {
    out[2 * k] = split[k];
    out[2 * k + 1] = split[size + k];
  }
  free(split);
  return status;
}

/* ---- samples ---- */

/* What measures `paulis`. */
static int find_shots(struct vqe_estimator *estimator,
                      const struct vqe_pauli_sum *paulis)
{
  if (paulis->nqubit != estimator->ansatz->nqubit) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a Pauli sum over %d qubits cannot be measured on "
                         "%d qubits",
                         paulis->nqubit, estimator->ansatz->nqubit);
  }
  if (estimator->shots != NULL && estimator->paulis == paulis) {
    return VQE_OK;
  }
  vqe_shots_free(estimator->shots);
  estimator->paulis = paulis;
  return vqe_shots_create(&estimator->shots, paulis, estimator->measurement);
}

int vqe_estimator_measure(struct vqe_estimator *estimator,
                          unsigned measurement)
{
  int missing = vqe_missing(__func__, "estimator", estimator);
  if (missing != VQE_OK) {
    return missing;
  }
  if ((measurement & ~(unsigned)(VQE_MEASUREMENT_COMMUTING |
                                 VQE_MEASUREMENT_VARIANCE)) != 0) {
    return vqe_error_set(
        VQE_ERR_INPUT, "measurement %u: bits 1 and 2 are known", measurement);
  }
  if (measurement != estimator->measurement) {
    vqe_shots_free(estimator->shots);
    estimator->shots = NULL;
    estimator->measurement = measurement;
  }
  return VQE_OK;
}

int vqe_estimator_groups(struct vqe_estimator *estimator, int *groups,
                         const struct vqe_pauli_sum *paulis)
{
  int missing = vqe_missing(__func__, "estimator groups paulis", estimator,
                            groups, paulis);
  if (missing != VQE_OK) {
    return missing;
  }
  int status = find_shots(estimator, paulis);
  *groups = status == VQE_OK ? vqe_shots_groups(estimator->shots) : 0;
  return status;
}

/* One sample of the state that `chosen` has at `parameters`. */
static int sample_at(struct vqe_estimator *estimator,
                     const struct vqe_estimator_choice *chosen, double *energy,
                     double *std, const double *parameters, int shots,
                     const char *experiment_id, const char *stream)
{
  vqe_stop_reset(&estimator->stop);
  if (vqe_stop_asked(&estimator->stop, VQE_STOP_WORK)) {
    return vqe_stop_status(&estimator->stop);
  }
  int status =
      chosen->ops->state(chosen->backend, vqe_shots_re(estimator->shots),
                         vqe_shots_im(estimator->shots), parameters);
  return status == VQE_OK ? vqe_shots_sample(estimator->shots, energy, std,
                                             shots, experiment_id, stream)
                          : status;
}

int vqe_estimator_sample(struct vqe_estimator *estimator, double *energy,
                         double *std, const double *parameters,
                         const struct vqe_pauli_sum *paulis, int shots,
                         const char *experiment_id, int evaluation)
{
  int missing = check(
      __func__, estimator,
      energy != NULL && std != NULL && experiment_id != NULL ? paulis : NULL,
      parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  char stream[32];
  snprintf(stream, sizeof stream, "shots/%d", evaluation);
  int status = find_shots(estimator, paulis);
  return status == VQE_OK
             ? sample_at(estimator, &estimator->chosen, energy, std,
                         parameters, shots, experiment_id, stream)
             : status;
}

/* The circuit with an angle for each gate, of the ansatz as it is now. */
static int find_shifted(struct vqe_estimator *estimator)
{
  struct shifted *shifted = &estimator->shifted;
  struct vqe_estimator_options options = estimator->options;
  if (shifted->chosen.ops != NULL &&
      shifted->ansatz->ngate == estimator->ansatz->ngate) {
    return VQE_OK;
  }
  if (shifted->chosen.ops != NULL) {
    shifted->chosen.ops->free(shifted->chosen.backend);
  }
  memset(&shifted->chosen, 0, sizeof shifted->chosen);
  vqe_ansatz_free(shifted->ansatz);
  free(shifted->angles);
  shifted->angles = NULL;
  /* a state that can be sampled is small: it needs no team */
  options.team = NULL;
  int status = vqe_shift_unshare(&shifted->ansatz, estimator->ansatz);
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&shifted->angles, (size_t)shifted->ansatz->nparam,
                         sizeof *shifted->angles, "shifted angles");
  }
  if (status == VQE_OK) {
    status = vqe_estimator_choose(&shifted->chosen, estimator->hamiltonian,
                                  shifted->ansatz, &options);
  }
  if (status != VQE_OK) {
    memset(&shifted->chosen, 0, sizeof shifted->chosen);
  } else if (options.should_stop != NULL &&
             shifted->chosen.ops->watch != NULL) {
    shifted->chosen.ops->watch(shifted->chosen.backend, &estimator->stop);
  }
  return status;
}

/* Slope along the angle of gate `k`, the one with parameter `at` of the
 * shifted circuit, and the square of its standard error. */
static int sample_slope(struct vqe_estimator *estimator, double *slope,
                        double *variance, size_t k, size_t at, int shots,
                        const char *experiment_id, int evaluation)
{
  struct shifted *shifted = &estimator->shifted;
  const struct vqe_shift_rule *rule =
      vqe_shift_rule_of(estimator->ansatz->gates[k].kind);
  double angle = shifted->angles[at];
  int status = VQE_OK;
  *slope = 0.0;
  *variance = 0.0;
  for (int j = 0; status == VQE_OK && j < 2 * rule->count; j++) {
    double sign = j % 2 == 0 ? 1.0 : -1.0;
    double energy = 0.0;
    double std = 0.0;
    char stream[64];
    snprintf(stream, sizeof stream, "shots/%d/%zu/%d", evaluation, at, j);
    shifted->angles[at] = angle + sign * rule->angle[j / 2];
    status = sample_at(estimator, &shifted->chosen, &energy, &std,
                       shifted->angles, shots, experiment_id, stream);
    if (status == VQE_OK) {
      double factor = rule->factor[j / 2];
      *slope += sign * factor * energy;
      *variance += factor * factor * std * std;
    }
  }
  shifted->angles[at] = angle;
  return status;
}

int vqe_estimator_sample_gradient(struct vqe_estimator *estimator,
                                  double *energy, double *std,
                                  double *gradient, double *gradient_std,
                                  const double *parameters,
                                  const struct vqe_pauli_sum *paulis,
                                  int shots, const char *experiment_id,
                                  int evaluation)
{
  int missing = check(__func__, estimator, gradient, parameters);
  if (missing != VQE_OK) {
    return missing;
  }
  const struct vqe_ansatz *ansatz = estimator->ansatz;
  size_t bytes = (size_t)ansatz->nparam * sizeof *gradient;
  size_t at = 0;
  int status = vqe_estimator_sample(estimator, energy, std, parameters, paulis,
                                    shots, experiment_id, evaluation);
  if (status == VQE_OK) {
    status = find_shifted(estimator);
  }
  if (status == VQE_OK) {
    vqe_shift_angles(estimator->shifted.angles, ansatz, parameters);
  }
  memset(gradient, 0, bytes);
  if (gradient_std != NULL) {
    memset(gradient_std, 0, bytes);
  }
  for (size_t k = 0; status == VQE_OK && k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    double slope;
    double variance;
    if (gate->param < 0) {
      continue;
    }
    status = sample_slope(estimator, &slope, &variance, k, at++, shots,
                          experiment_id, evaluation);
    if (status == VQE_OK) {
      gradient[gate->param] += gate->scale * slope;
    }
    if (status == VQE_OK && gradient_std != NULL) {
      gradient_std[gate->param] += gate->scale * gate->scale * variance;
    }
  }
  for (int k = 0; gradient_std != NULL && k < ansatz->nparam; k++) {
    gradient_std[k] = sqrt(gradient_std[k]);
  }
  return status;
}
