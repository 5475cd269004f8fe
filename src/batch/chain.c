#include "batch/chain.h"

#include <math.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"

/* What differs by less is one solution. */
#define LOWER_BY 1e-6 /* hartree */
/* <N> and <S^2> that are further off are of another state; an ansatz that
 * mixes in a little of one is still about the molecule's. */
#define OTHER_STATE 0.1

/* What a point left, and whether that is of the way back. */
struct left {
  struct vqe_neighbour *neighbour;
  bool changed;
};

static double energy_of(const struct vqe_result *result)
{
  return result->minimum + result->nuclear_repulsion_energy;
}

static bool is_lower(const struct vqe_result *a, const struct vqe_result *b)
{
  return energy_of(a) < energy_of(b) - LOWER_BY;
}

static bool is_other_spin(const struct vqe_result *result)
{
  double spin = 0.5 * (result->nalpha - result->nbeta);
  int electrons = result->nalpha + result->nbeta;
  return fabs(result->s2_expectation - spin * (spin + 1.0)) > OTHER_STATE ||
         fabs(result->n_expectation - electrons) > OTHER_STATE;
}

/* Does a note say of `a` alone that it is of another irrep than the exact
 * state? (Where the exact state has another spin, notes of both say so.) */
static bool is_other_irrep(const struct vqe_result *a,
                           const struct vqe_result *b)
{
  return vqe_notes_has(a->notes, VQE_NOTE_OTHER_STATE) &&
         !vqe_notes_has(b->notes, VQE_NOTE_OTHER_STATE);
}

/* Is `a` to be kept in the place of `b`? A state of the molecule before one of
 * another spin or irrep, then the lower one. */
static bool is_better(const struct vqe_result *a, const struct vqe_result *b)
{
  bool ok_a = a->status == VQE_EXPERIMENT_OK;
  bool ok_b = b->status == VQE_EXPERIMENT_OK;
  if (!ok_a || !ok_b) {
    return ok_a;
  }
  bool other_a = is_other_spin(a) || is_other_irrep(a, b);
  bool other_b = is_other_spin(b) || is_other_irrep(b, a);
  return other_a == other_b ? is_lower(a, b) : other_b;
}

static int run_point(struct vqe_result **out, struct left *left,
                     const struct vqe_chain *curve,
                     const struct vqe_experiment *point,
                     const struct vqe_neighbour *from, bool again)
{
  struct vqe_lane *lane = curve->lane;
  if (vqe_lane_should_stop(lane)) {
    return vqe_error_set(VQE_ERR_INTERRUPTED, "the run was interrupted");
  }
  lane->curve =
      (struct vqe_lane_curve){.held = true, .again = again, .from = from};
  if (left != NULL) {
    lane->curve.left = &left->neighbour;
  }
  int status = lane->worker->run(out, lane, point, curve->serial);
  lane->curve = (struct vqe_lane_curve){.held = false};
  return status;
}

/* Each point from the last one that left something. */
static int run_forward(struct left *left, const struct vqe_chain *curve)
{
  const struct vqe_neighbour *from = NULL;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < curve->count; k++) {
    if (curve->begin != NULL) {
      curve->begin(curve->ctx, curve->points[k]);
    }
    status = run_point(&curve->results[k], &left[k], curve, curve->points[k],
                       from, false);
    from = left[k].neighbour != NULL ? left[k].neighbour : from;
  }
  return status;
}

/* Point k once more, from the neighbour or from nothing, kept when it is
 * better. */
static int run_again(struct left *left, const struct vqe_chain *curve,
                     size_t k, const struct vqe_neighbour *from)
{
  struct vqe_result *result = NULL;
  struct left found = {.changed = true};
  if (curve->begin != NULL) {
    curve->begin(curve->ctx, curve->points[k]);
  }
  int status = run_point(&result, &found, curve, curve->points[k], from, true);
  if (status == VQE_OK && result != NULL &&
      is_better(result, curve->results[k])) {
    vqe_result_free(curve->results[k]);
    curve->results[k] = result;
    result = NULL;
    vqe_neighbour_free(left[k].neighbour);
    left[k] = found;
    found.neighbour = NULL;
  }
  vqe_result_free(result);
  vqe_neighbour_free(found.neighbour);
  return status;
}

/* Does the neighbour's circuit lie below point k as it is? One evaluation. */
static int probe(bool *lower, const struct vqe_chain *curve, size_t k,
                 const struct vqe_neighbour *from)
{
  struct vqe_experiment *once = NULL;
  struct vqe_result *result = NULL;
  *lower = false;
  int status = vqe_experiment_copy(&once, curve->points[k]);
  if (status == VQE_OK) {
    once->max_evaluations = 1;
    once->references = 0;
    once->references_given = false;
    once->properties = 0;
    status = run_point(&result, NULL, curve, once, from, true);
  }
  if (status == VQE_OK && result != NULL &&
      result->status == VQE_EXPERIMENT_OK) {
    *lower = is_lower(result, curve->results[k]);
  }
  vqe_result_free(result);
  vqe_experiment_free(once);
  return status;
}

static int run_backward(struct left *left, const struct vqe_chain *curve)
{
  size_t last = curve->count - 1;
  int status = run_again(left, curve, last, NULL);
  for (size_t k = last; status == VQE_OK && k-- > 0;) {
    const struct left *from = &left[k + 1];
    /* what failed is tried from the other side, too */
    bool lower =
        from->changed || curve->results[k]->status != VQE_EXPERIMENT_OK;
    if (from->neighbour == NULL) {
      continue;
    }
    if (!lower) {
      status = probe(&lower, curve, k, from->neighbour);
    }
    if (status == VQE_OK && lower) {
      status = run_again(left, curve, k, from->neighbour);
    }
  }
  return status;
}

int vqe_chain_run(const struct vqe_chain *curve)
{
  struct left *left = NULL;
  int status = vqe_memory_alloc(&left, curve->count, sizeof *left, "a curve");
  if (status != VQE_OK) {
    return status;
  }
  status = run_forward(left, curve);
  if (status == VQE_OK) {
    status = run_backward(left, curve);
  }
  for (size_t k = 0; status == VQE_OK && k < curve->count; k++) {
    status = vqe_lane_journal_result(curve->lane->worker, curve->results[k]);
  }
  for (size_t k = 0; k < curve->count; k++) {
    vqe_neighbour_free(left[k].neighbour);
    if (status != VQE_OK) {
      vqe_result_free(curve->results[k]);
      curve->results[k] = NULL;
    }
  }
  free(left);
  return status;
}
