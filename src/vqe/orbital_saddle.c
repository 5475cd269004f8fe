#include "vqe/orbital_saddle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/rotation.h"
#include "vqe/evaluations.h"
#include "vqe/orbital.h"
#include "vqe/saddle_step.h"

/* The run without symmetry; what it shares with the run stays the run's. */
struct wide {
  struct vqe_run run;
  const struct vqe_optimizer_options *options;
  bool late; /* the limit of seconds or evaluations */
};

static int objective(void *ctx, int n, const double *x, double *f,
                     double *gradient)
{
  struct wide *wide = ctx;
  struct vqe_optimizer_options left;
  (void)n;
  wide->late = !vqe_run_within_limits(&left, &wide->run, wide->options);
  if (wide->late || vqe_run_stop_asked(&wide->run)) {
    return vqe_error_set(VQE_ERR_INTERRUPTED, "the run was interrupted");
  }
  return vqe_orbital_evaluate(&wide->run, f, gradient, x);
}

/* What a run has of its own on either side. */
static void clear(struct vqe_run *run)
{
  vqe_estimator_free(run->estimator);
  vqe_orbital_clear(run);
  vqe_ansatz_free(run->ansatz);
  vqe_hamiltonian_free(run->hamiltonian);
}

static int create(struct wide *wide)
{
  struct vqe_run *run = &wide->run;
  const struct vqe_integrals *integrals = run->integrals;
  struct vqe_estimator_options options;
  run->estimator = NULL;
  run->rotation = NULL;
  run->pairs1 = NULL;
  run->pairs2 = NULL;
  run->ansatz = NULL;
  run->hamiltonian = NULL;
  int status = vqe_hamiltonian_create(
      &run->hamiltonian, integrals->norb, integrals->h1e, integrals->eri,
      integrals->e_core, false, VQE_RUN_SECTOR_ZERO);
  if (status == VQE_OK) {
    status = vqe_orbital_begin_without(run);
  }
  if (status == VQE_OK) {
    run->ansatz_options.nirrep = 1;
    run->ansatz_options.irrep = NULL;
    status = vqe_ansatz_create(&run->ansatz, &run->ansatz_options);
  }
  if (status == VQE_OK) {
    vqe_run_estimator_options(&options, run);
    status = vqe_estimator_create(&run->estimator, run->hamiltonian,
                                  run->ansatz, &options);
  }
  return status;
}

static bool same_gate(const struct vqe_gate *a, const struct vqe_gate *b)
{
  return a->kind == b->kind && memcmp(a->q, b->q, sizeof a->q) == 0;
}

/* Where every parameter of `run` stands in the wide one: screening leaves
 * gates and pairs out and keeps their order. */
static void make_map(int *map, const struct vqe_run *run,
                     const struct vqe_run *wide)
{
  const struct vqe_ansatz *ansatz = run->ansatz;
  size_t at = 0;
  for (size_t k = 0; k < ansatz->ngate; k++, at++) {
    while (!same_gate(&ansatz->gates[k], &wide->ansatz->gates[at])) {
      at++;
      VQE_ASSERT(at < wide->ansatz->ngate);
    }
    if (ansatz->gates[k].param >= 0) {
      map[ansatz->gates[k].param] = wide->ansatz->gates[at].param;
    }
  }
  int pair = 0;
  for (int k = 0; k < run->rotation->nangle; k++, pair++) {
    const int *wanted = run->rotation->pairs[k];
    while (wide->rotation->pairs[pair][0] != wanted[0] ||
           wide->rotation->pairs[pair][1] != wanted[1]) {
      pair++;
      VQE_ASSERT(pair < wide->rotation->nangle);
    }
    map[ansatz->nparam + k] = wide->ansatz->nparam + pair;
  }
}

/* The step along the lowest curvature, from x. */
static int find(struct vqe_orbital_escape *out, struct wide *wide, double *x,
                int n)
{
  struct vqe_curvature_options options;
  struct vqe_curvature lowest;
  double *direction = NULL;
  vqe_saddle_options(&options, &wide->run, wide->options);
  int status = vqe_memory_alloc(&direction, (size_t)n, sizeof *direction,
                                "directions of curvature");
  if (status == VQE_OK) {
    status = vqe_curvature_lowest(&lowest, direction, n, x, objective, wide,
                                  &options);
  }
  if (status == VQE_OK) {
    out->curvature = lowest.value;
  }
  if (status == VQE_OK &&
      lowest.value < -vqe_saddle_threshold(wide->options)) {
    double f = lowest.f;
    status = vqe_saddle_step(x, &f, n, direction, objective, wide);
    if (status == VQE_OK && f < lowest.f - VQE_SADDLE_GAIN) {
      out->gain = lowest.f - f;
    }
  }
  free(direction);
  return status;
}

/* The run takes over what the wide one has, which is left with the old. */
static int adopt(struct vqe_run *run, struct vqe_run *wide, const int *map,
                 int n)
{
  struct vqe_result *result = run->result;
  int before = result->nparam;
  int status = vqe_evaluations_spread_row(&run->best_initial, before, n, map);
  if (status == VQE_OK) {
    status = vqe_evaluations_spread_row(&run->best_optimal, before, n, map);
  }
  if (status == VQE_OK) {
    status = vqe_evaluations_spread(result, run->capacity, n, map);
  }
  if (status == VQE_OK) {
    struct vqe_run old = *run;
    uint64_t bytes;
    struct vqe_estimator_options options;
    vqe_run_estimator_options(&options, wide);
    status = vqe_estimator_size(&result->determinants, &bytes,
                                wide->hamiltonian, wide->ansatz, &options);
    run->hamiltonian = wide->hamiltonian;
    run->rotation = wide->rotation;
    run->pairs1 = wide->pairs1;
    run->pairs2 = wide->pairs2;
    run->ansatz = wide->ansatz;
    run->ansatz_options = wide->ansatz_options;
    run->estimator = wide->estimator;
    *wide = old;
  }
  return status;
}

int vqe_orbital_leave_symmetry(struct vqe_orbital_escape *out,
                               struct vqe_run *run, bool leaves,
                               const struct vqe_optimizer_options *options)
{
  struct wide wide = {.run = *run, .options = options};
  int *map = NULL;
  double *x = NULL;
  int n = 0;
  *out = (struct vqe_orbital_escape){.curvature = NAN};
  if (run->rotation == NULL || run->hamiltonian->nirrep == 1) {
    return VQE_OK;
  }
  int before = run->result->nparam;
  int status = create(&wide);
  if (status == VQE_OK) {
    n = wide.run.ansatz->nparam + wide.run.rotation->nangle;
    status = vqe_memory_alloc(&map, (size_t)before, sizeof *map,
                              "places of parameters");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&x, (size_t)n, sizeof *x, "parameters");
  }
  if (status == VQE_OK) {
    make_map(map, run, &wide.run);
    for (int k = 0; k < before; k++) {
      x[map[k]] = run->result->optimal_parameters[k];
    }
    status = find(out, &wide, x, n);
  }
  if (status == VQE_ERR_MEMORY || wide.late) {
    status = VQE_OK; /* what cannot be tested stays */
    *out = (struct vqe_orbital_escape){.curvature = NAN};
  }
  leaves = leaves && out->gain > 0.0;
  if (status == VQE_OK && leaves) {
    status = adopt(run, &wide.run, map, n);
  }
  clear(&wide.run);
  free(map);
  if (status == VQE_OK && leaves) {
    out->point = x;
  } else {
    free(x);
  }
  return status;
}
