#include "vqe/saddle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "base/rng.h"
#include "vqe/orbital_saddle.h"
#include "vqe/run_penalty.h"
#include "vqe/saddle_step.h"

/* Saddle points left in one run. */
#define MOST_SADDLES 20
/* A circuit that is a determinant: further starts, and the width of their
 * noise in a circuit without RY, radian. */
#define MOST_STARTS 10
/* They end when they have brought nothing for this many times the evaluations
 * of the run itself; where an evaluation takes microseconds, not before this
 * many. */
#define START_SHARE 3
#define CHEAP_EVALUATIONS 300
#define CHEAP_AMPLITUDES 1024
#define START_NOISE 1.0
/* Radian. N2 with (6,6) and L = 2: half of it often leads back. */
#define HOP_NOISE 0.7
/* Occupations this near to whole numbers are those of a determinant. */
#define WHOLE 1e-3
/* So far from the molecule's S^2 is not what a limited circuit mixes in. */
#define OTHER_SPIN 0.1

struct escape {
  struct vqe_run *run;
  vqe_objective objective;
  const struct vqe_optimizer_options *options;
  struct vqe_optimize_result *found;
  size_t first;              /* evaluations of the run before any escape */
  double *direction, *point; /* of the run's parameters */
};

/* Whether curvatures mean anything here, and may be tested. */
static bool is_possible(const struct vqe_run *run,
                        const struct vqe_optimize_result *found)
{
  const struct vqe_experiment *experiment = run->experiment;
  const struct vqe_optimizer_info *info;
  return experiment->shots == 0 && found->converged &&
         run->result->nparam > 0 &&
         experiment->escape_saddles != VQE_ESCAPE_NEVER &&
         vqe_optimizer_find(&info, experiment->optimizer) == VQE_OK &&
         info->needs_gradient;
}

static bool is_wanted(const struct vqe_run *run,
                      const struct vqe_optimize_result *found)
{
  const struct vqe_experiment *experiment = run->experiment;
  return experiment->escape_saddles == VQE_ESCAPE_ALWAYS ||
         vqe_ansatz_kind(experiment->ansatz_name)->saddles || found->nfev == 1;
}

/* Optimise again from e->point; the result counts when it is lower. */
static int optimise_again(struct escape *e, bool *lower)
{
  struct vqe_run *run = e->run;
  struct vqe_optimizer_options left;
  struct vqe_optimize_result next;
  double *best = run->result->optimal_parameters;
  int n = run->result->nparam;
  *lower = false;
  if (!vqe_run_within_limits(&left, run, e->options)) {
    return VQE_OK;
  }
  int status = vqe_optimize(&next, run->experiment->optimizer, n, e->point,
                            e->objective, run, &left);
  if (status != VQE_OK) {
    return status;
  }
  if (e->found->nit >= 0) {
    e->found->nit += next.nit;
  }
  *lower = next.f < e->found->f - VQE_SADDLE_GAIN;
  if (next.f < e->found->f) {
    next.nit = e->found->nit;
    *e->found = next;
    memcpy(best, e->point, (size_t)n * sizeof *best);
  }
  return status;
}

/* Whether limits leave room for a test; the options of one. */
static bool has_room(struct vqe_curvature_options *curvature,
                     const struct escape *e)
{
  struct vqe_optimizer_options left;
  if (!vqe_run_within_limits(&left, e->run, e->options)) {
    return false;
  }
  vqe_saddle_options(curvature, e->run, &left);
  return curvature->max_steps >= 1;
}

/* The lowest curvature here, and the step along it; *moved when it led to a
 * lower energy after another optimisation. */
static int leave_one(struct escape *e, bool *moved)
{
  struct vqe_run *run = e->run;
  const struct vqe_result *result = run->result;
  struct vqe_curvature_options curvature;
  struct vqe_curvature lowest;
  int n = result->nparam;
  *moved = false;
  if (!has_room(&curvature, e)) {
    return VQE_OK;
  }
  int status = vqe_curvature_lowest(&lowest, e->direction, n,
                                    result->optimal_parameters, e->objective,
                                    run, &curvature);
  if (status != VQE_OK ||
      !(lowest.value < -vqe_saddle_threshold(e->options))) {
    return status;
  }
  double f = lowest.f;
  memcpy(e->point, result->optimal_parameters, (size_t)n * sizeof(double));
  status = vqe_saddle_step(e->point, &f, n, e->direction, e->objective, run);
  if (status == VQE_OK && f < lowest.f) {
    status = optimise_again(e, moved);
  }
  if (status == VQE_OK && !*moved && f < lowest.f - VQE_SADDLE_GAIN) {
    /* a limit: the point is known to be no minimum */
    char limit[VQE_RUN_LIMIT_TEXT];
    vqe_run_limit_text(limit, run, e->options);
    e->found->converged = false;
    snprintf(e->found->reason, sizeof e->found->reason,
             "%s at a saddle point (curvature %.2e hartree/rad^2)", limit,
             lowest.value);
    status =
        vqe_notes_add(&run->result->notes, VQE_NOTE_SADDLE_POINT,
                      "lowest curvature %.2e hartree/rad^2", lowest.value);
  }
  return status;
}

static int leave_all(struct escape *e)
{
  bool moved = true;
  int status = VQE_OK;
  for (int k = 0;
       status == VQE_OK && moved && e->found->converged && k < MOST_SADDLES;
       k++) {
    status = leave_one(e, &moved);
  }
  return status;
}

/* ---- orbitals that end in a symmetry ---- */

/* Room for a direction and a point of the run's parameters. */
static int make_room(struct escape *e)
{
  size_t n = (size_t)e->run->result->nparam;
  free(e->direction);
  int status = vqe_memory_alloc(&e->direction, n, 2 * sizeof *e->direction,
                                "directions from a saddle point");
  e->point = status == VQE_OK ? e->direction + n : NULL;
  return status;
}

static int leave_symmetry(struct escape *e)
{
  struct vqe_orbital_escape out;
  bool lower = false;
  int status = vqe_orbital_leave_symmetry(&out, e->run, true, e->options);
  if (status != VQE_OK || out.point == NULL) {
    return status;
  }
  status = make_room(e);
  if (status == VQE_OK) {
    memcpy(e->point, out.point,
           (size_t)e->run->result->nparam * sizeof *out.point);
    status = optimise_again(e, &lower);
  }
  free(out.point);
  return status == VQE_OK ? leave_all(e) : status;
}

/* A run that stays says so. */
static int note_symmetry(struct vqe_run *run,
                         const struct vqe_optimizer_options *options)
{
  struct vqe_orbital_escape out;
  int status = vqe_orbital_leave_symmetry(&out, run, false, options);
  return status == VQE_OK && out.gain > 0.0
             ? vqe_notes_add(&run->result->notes, VQE_NOTE_SADDLE_POINT,
                             "orbitals that leave the symmetry lower the "
                             "energy by more than %.2f mHa (curvature %.2e "
                             "hartree/rad^2)",
                             1e3 * out.gain, out.curvature)
             : status;
}

/* ---- circuits that end as a determinant ---- */

/* Random numbers of an attempt of the start in hand. */
static int init_stream(struct vqe_philox *rng, const struct vqe_run *run,
                       const char *what, int attempt)
{
  char purpose[48];
  snprintf(purpose, sizeof purpose, "%s %d of start %d", what, attempt,
           run->start);
  return vqe_philox_init(rng, run->stream, purpose);
}

/* Around a determinant the energy of a circuit with layers of RY can be flat
 * to second order, as no single rotation excites a pair: seen from there it
 * is a minimum. Other rotations RY, and none by RZ (orbitals are real), lead
 * elsewhere. */
static int other_start(double *point, const struct vqe_run *run, int attempt)
{
  const struct vqe_ansatz *ansatz = run->ansatz;
  bool has_ry = vqe_ansatz_kind(ansatz->name)->ry;
  struct vqe_philox rng;
  int status = init_stream(&rng, run, "determinant", attempt);
  for (int k = 0; status == VQE_OK && !has_ry && k < ansatz->nparam; k++) {
    point[k] += START_NOISE * vqe_philox_normal(&rng);
  }
  for (size_t k = 0; status == VQE_OK && has_ry && k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    if (gate->kind == VQE_GATE_RY) {
      point[gate->param] = 2.0 * M_PI * (vqe_philox_uniform(&rng) - 0.5);
    } else if (gate->kind == VQE_GATE_RZ) {
      point[gate->param] = 0.0;
    }
  }
  return status;
}

/* Whether every orbital holds 0, 1 or 2 electrons, as in a determinant, or
 * the molecule's electrons have another spin than it, as in a determinant of
 * other orbitals for each spin. */
static int is_determinant(bool *out, const struct escape *e)
{
  const struct vqe_run *run = e->run;
  const struct vqe_result *result = run->result;
  struct vqe_properties properties;
  size_t norb = (size_t)run->ansatz->norb;
  double *rdm1 = NULL;
  int status =
      vqe_memory_alloc(&rdm1, norb * norb, sizeof *rdm1, "density matrix");
  if (status == VQE_OK) {
    status = vqe_estimator_properties(run->estimator, &properties, rdm1,
                                      result->optimal_parameters);
  }
  *out = status == VQE_OK;
  for (size_t p = 0; *out && p < norb; p++) {
    double occupation = rdm1[p * norb + p];
    *out = fabs(occupation - round(occupation)) < WHOLE;
  }
  if (status == VQE_OK) {
    double spin = 0.5 * (result->nalpha - result->nbeta);
    *out =
        *out || (fabs(properties.n - result->nalpha - result->nbeta) < WHOLE &&
                 fabs(properties.s2 - spin * (spin + 1.0)) > OTHER_SPIN);
  }
  free(rdm1);
  return status;
}

/* Whether what was spent since `from` without gain leaves room for more. */
static bool is_worth_it(const struct escape *e, size_t from)
{
  const struct vqe_result *result = e->run->result;
  size_t limit = START_SHARE * e->first;
  if (result->determinants <= CHEAP_AMPLITUDES && limit < CHEAP_EVALUATIONS) {
    limit = CHEAP_EVALUATIONS;
  }
  return result->neval - from < limit;
}

static int leave_determinant(struct escape *e)
{
  const struct vqe_run *run = e->run;
  size_t bytes = (size_t)run->result->nparam * sizeof(double);
  size_t from = run->result->neval;
  bool lower = false;
  bool stays;
  int status = is_determinant(&stays, e);
  for (int k = 0;
       status == VQE_OK && stays && k < MOST_STARTS && is_worth_it(e, from);
       k++) {
    memcpy(e->point, run->result->optimal_parameters, bytes);
    status = other_start(e->point, run, k);
    if (status == VQE_OK) {
      status = optimise_again(e, &lower);
    }
    if (status == VQE_OK && lower) {
      status = is_determinant(&stays, e);
    }
  }
  if (status == VQE_OK && lower) {
    status = leave_all(e);
  }
  return status;
}

/* A difference of gradients may have seen an energy that is lower by less
 * than the optimizer looks at; the result is the lowest recorded one. */
static void take_lowest(struct escape *e)
{
  struct vqe_result *result = e->run->result;
  size_t n = (size_t)result->nparam;
  double limit = e->found->f - VQE_SADDLE_GAIN;
  if (vqe_run_penalty_asked(e->run->experiment)) {
    return; /* what is recorded lacks the penalty */
  }
  for (size_t k = e->run->start_neval; k < result->neval; k++) {
    if (result->eval_energy[k] < e->found->f &&
        result->eval_energy[k] > limit) {
      e->found->f = result->eval_energy[k];
      memcpy(result->optimal_parameters, result->eval_parameters + k * n,
             n * sizeof(double));
    }
  }
}

/* ---- ansätze with many minima ---- */

/* Whether another optimisation as long as the longest so far fits the limits:
 * most others are shorter, and a lower point that did not converge would hide
 * the minimum. Twice the length left out half the hops of N2 with L = 3. */
static bool has_time(const struct escape *e, size_t longest)
{
  struct vqe_optimizer_options left;
  return vqe_run_within_limits(&left, e->run, e->options) &&
         (size_t)left.max_evaluations > longest;
}

/* Optimise again from noise around the lowest minimum so far (basin hopping:
 * Wales and Doye, J. Phys. Chem. A 101, 5111 (1997), at no temperature). */
static int hop(struct escape *e)
{
  const struct vqe_run *run = e->run;
  const struct vqe_result *result = run->result;
  int hops = vqe_ansatz_kind(run->ansatz->name)->hops;
  size_t longest = result->neval - run->start_neval;
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < hops && has_time(e, longest); k++) {
    struct vqe_philox rng;
    bool lower = false;
    size_t before = result->neval;
    status = init_stream(&rng, run, "hop", k);
    for (int i = 0; status == VQE_OK && i < result->nparam; i++) {
      e->point[i] =
          result->optimal_parameters[i] + HOP_NOISE * vqe_philox_normal(&rng);
    }
    if (status == VQE_OK) {
      status = optimise_again(e, &lower);
    }
    if (status == VQE_OK && lower) {
      status = leave_all(e);
    }
    longest =
        result->neval - before > longest ? result->neval - before : longest;
  }
  return status;
}

int vqe_saddle_leave(struct vqe_optimize_result *found, struct vqe_run *run,
                     vqe_objective objective,
                     const struct vqe_optimizer_options *options)
{
  struct escape e = {.run = run,
                     .objective = objective,
                     .options = options,
                     .found = found,
                     .first = run->result->neval - run->start_neval};
  if (!is_possible(run, found)) {
    return VQE_OK;
  }
  if (!is_wanted(run, found)) {
    return note_symmetry(run, options);
  }
  int status = make_room(&e);
  if (status == VQE_OK) {
    status = leave_all(&e);
  }
  if (status == VQE_OK && found->converged) {
    status = leave_symmetry(&e);
  }
  if (status == VQE_OK && vqe_ansatz_kind(run->ansatz->name)->saddles) {
    status = leave_determinant(&e);
  }
  if (status == VQE_OK && found->converged) {
    status = hop(&e);
  }
  if (status == VQE_OK) {
    take_lowest(&e);
  }
  free(e.direction);
  return status;
}
