/* Second-order SCF: the step is the lowest eigenvector of the augmented
 * Hessian
 *
 *   | 0  g^T | | 1 |          | 1 |
 *   | g  H   | | x |  = value | x |,
 *
 * found by Davidson's method, shortened to the trust radius, and taken only
 * when the energy falls. It follows directions of negative curvature that the
 * gradient shows, and converges quadratically at the end. */
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/fock.h"
#include "chem/scf_hessian.h"
#include "chem/scf_work.h"
#include "chem/stability.h"

#define MAX_VECTORS 16
#define START_TRUST 0.4 /* norm of the rotations, rad */
#define LEAST_TRUST 1e-4
#define RESIDUAL 0.05   /* of the step's equations, share of |g| */
#define SADDLE (-1e-5)  /* hartree */
#define SADDLE_STEP 0.3 /* rad */
#define ROUNDING 1e-13  /* relative, of an energy */

struct step {
  size_t size;
  double *g;
  double *x;
  double predicted; /* change of the energy */
  int count;
  double *vectors; /* MAX_VECTORS + 1 */
  double *images;  /* MAX_VECTORS + 1, with room for a residual */
  double projected[MAX_VECTORS + 1][MAX_VECTORS + 1];
  double value;
  double weights[MAX_VECTORS + 1]; /* of g's place and of the vectors */
};

static int step_init(struct step *step, size_t size)
{
  memset(step, 0, sizeof *step);
  step->size = size;
  struct {
    void *at;
    size_t count;
  } arrays[] = {{&step->g, size},
                {&step->x, size},
                {&step->vectors, (MAX_VECTORS + 1) * size},
                {&step->images, (MAX_VECTORS + 1) * size}};
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < 4; k++) {
    status = vqe_memory_alloc(arrays[k].at, arrays[k].count, sizeof(double),
                              "second-order SCF");
  }
  return status;
}

static void step_clear(struct step *step)
{
  free(step->g);
  free(step->x);
  free(step->vectors);
  free(step->images);
}

/* Add the vector that stands behind the others; false when it is dependent. */
static bool add_vector(struct step *step, struct vqe_scf_hessian *h)
{
  size_t size = step->size;
  double *x = step->vectors + (size_t)step->count * size;
  double *image = step->images + (size_t)step->count * size;
  double before = sqrt(vqe_fock_dot(x, x, size));
  for (int twice = 0; twice < 2; twice++) {
    for (int k = 0; k < step->count; k++) {
      const double *v = step->vectors + (size_t)k * size;
      cblas_daxpy((int)size, -vqe_fock_dot(x, v, size), v, 1, x, 1);
    }
  }
  double norm = sqrt(vqe_fock_dot(x, x, size));
  if (!(norm > 1e-8 * before) || !(norm > 0.0)) {
    return false;
  }
  cblas_dscal((int)size, 1.0 / norm, x, 1);
  vqe_scf_hessian_apply(image, h, x);
  int n = ++step->count;
  step->projected[0][n] = vqe_fock_dot(step->g, x, size);
  for (int i = 1; i <= n; i++) {
    step->projected[i][n] =
        vqe_fock_dot(step->vectors + (size_t)(i - 1) * size, image, size);
  }
  return true;
}

static bool solve_projected(struct step *step)
{
  double small[(MAX_VECTORS + 1) * (MAX_VECTORS + 1)];
  double values[MAX_VECTORS + 1];
  int n = step->count + 1;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j <= i; j++) {
      small[i * n + j] = step->projected[j][i];
      small[j * n + i] = step->projected[j][i];
    }
  }
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n, small, n, values) != 0) {
    return false;
  }
  step->value = values[0];
  memcpy(step->weights, small, (size_t)n * sizeof(double));
  return true;
}

/* Residual over the diagonal as the next vector; the residual's norm. */
static double correct(struct step *step, const double *diagonal)
{
  size_t size = step->size;
  double *next = step->vectors + (size_t)step->count * size;
  double norm = 0.0;
  for (size_t i = 0; i < size; i++) {
    double sum = step->weights[0] * step->g[i];
    for (int k = 0; k < step->count; k++) {
      size_t at = (size_t)k * size + i;
      sum += step->weights[k + 1] *
             (step->images[at] - step->value * step->vectors[at]);
    }
    norm += sum * sum;
    double gap = diagonal[i] - step->value;
    next[i] = -sum / (fabs(gap) < 0.05 ? 0.05 : gap);
  }
  return sqrt(norm);
}

/* The step into step->x, no longer than `trust`. */
static void solve_step(struct step *step, struct vqe_scf_hessian *h,
                       double trust)
{
  size_t size = step->size;
  double slope = sqrt(vqe_fock_dot(step->g, step->g, size));
  bool going = true;
  step->count = 0;
  for (size_t i = 0; i < size; i++) {
    step->vectors[i] =
        -step->g[i] / (fabs(h->diagonal[i]) < 0.2 ? 0.2 : h->diagonal[i]);
  }
  while (going && step->count < MAX_VECTORS && add_vector(step, h)) {
    going =
        solve_projected(step) &&
        correct(step, h->diagonal) > RESIDUAL * slope * fabs(step->weights[0]);
  }
  double share = step->weights[0];
  double norm = sqrt(fmax(0.0, 1.0 - share * share));
  double scale =
      norm > trust * fabs(share) ? copysign(trust / norm, share) : 1.0 / share;
  double *image = step->images + (size_t)MAX_VECTORS * size;
  memset(step->x, 0, size * sizeof(double));
  memset(image, 0, size * sizeof(double));
  for (int k = 0; k < step->count; k++) {
    double part = scale * step->weights[k + 1];
    size_t at = (size_t)k * size;
    cblas_daxpy((int)size, part, step->vectors + at, 1, step->x, 1);
    cblas_daxpy((int)size, part, step->images + at, 1, image, 1);
  }
  step->predicted = 2.0 * vqe_fock_dot(step->g, step->x, size) +
                    vqe_fock_dot(step->x, image, size);
}

/* work->mo_coeff = kept U with U = (1 - K/2)^-1 (1 + K/2), orthogonal and
 * exp(K) to second order. */
static int rotate(struct vqe_scf_work *work, const double *kept,
                  const struct vqe_scf_hessian *h, const double *x)
{
  int n = work->in->nao;
  int m = work->nmo;
  double *left = work->t1;
  double *right = work->t2;
  memset(left, 0, vqe_scf_squared(m) * sizeof(double));
  memset(right, 0, vqe_scf_squared(m) * sizeof(double));
  for (int p = 0; p < m; p++) {
    left[p * m + p] = 1.0;
    right[p * m + p] = 1.0;
  }
  for (size_t k = 0; k < h->size; k++) {
    int upper = h->upper[k] * m + h->lower[k];
    int lower = h->lower[k] * m + h->upper[k];
    left[upper] = -0.5 * x[k];
    left[lower] = 0.5 * x[k];
    right[upper] = 0.5 * x[k];
    right[lower] = -0.5 * x[k];
  }
  if (LAPACKE_dgesv(LAPACK_ROW_MAJOR, m, m, left, m, work->labels, right, m) !=
      0) {
    return vqe_error_set(VQE_ERR_NUMERIC,
                         "molecule '%.64s': orbitals could not be rotated",
                         work->in->name);
  }
  vqe_scf_multiply(work->mo_coeff, kept, false, right, false, n, m, m);
  return VQE_OK;
}

static int hessian_of(struct vqe_scf_hessian *h, struct vqe_scf_work *work,
                      const double *c)
{
  return vqe_scf_hessian_init(
      h, work->in, work->nmo, c, work->closed ? work->fock : work->fock_a,
      work->closed ? work->fock : work->fock_b, work->irrep);
}

/* One step from `kept` that lowers the energy; false in *moved when there is
 * none. Leaves Fock matrix and gradient of the new orbitals in work. */
static int take_step(bool *moved, double *trust, int *cycles,
                     struct vqe_scf_work *work, const double *kept)
{
  struct vqe_scf_hessian h;
  struct step step = {0};
  double energy = work->energy;
  *moved = false;
  int status = hessian_of(&h, work, kept);
  if (status == VQE_OK && h.size > 0) {
    status = step_init(&step, h.size);
  }
  if (status == VQE_OK && h.size > 0) {
    vqe_scf_hessian_gradient(step.g, &h);
    solve_step(&step, &h, *trust);
  }
  double length =
      status == VQE_OK ? sqrt(vqe_fock_dot(step.x, step.x, step.size)) : 0.0;
  while (status == VQE_OK && !*moved && length > 0.0 && *trust > LEAST_TRUST) {
    status = rotate(work, kept, &h, step.x);
    if (status == VQE_OK) {
      vqe_scf_build_fock(work);
      vqe_scf_build_gradient(work);
      ++*cycles;
      *moved = work->energy <= energy + ROUNDING * fabs(energy);
    }
    if (status == VQE_OK && !*moved) {
      *trust = 0.3 * fmin(length, *trust);
      cblas_dscal((int)step.size, 0.3, step.x, 1);
      length *= 0.3;
    }
  }
  if (*moved && step.predicted < 0.0 &&
      work->energy - energy < 0.75 * step.predicted) {
    *trust = fmin(1.0, 1.7 * *trust);
  }
  step_clear(&step);
  vqe_scf_hessian_clear(&h);
  return status;
}

int vqe_scf_newton(bool *converged, int *cycles, struct vqe_scf_work *work,
                   int max_cycles)
{
  double *kept = NULL;
  double trust = START_TRUST;
  double last = HUGE_VAL;
  bool moved = true;
  size_t size = (size_t)work->in->nao * (size_t)work->nmo;
  *converged = false;
  int status = vqe_memory_alloc(&kept, size, sizeof(double), "orbitals");
  if (status == VQE_OK) {
    vqe_scf_build_fock(work);
    vqe_scf_build_gradient(work);
    ++*cycles;
  }
  int limit = *cycles + max_cycles;
  while (status == VQE_OK && moved && !*converged && *cycles < limit &&
         isfinite(work->energy)) {
    /* at the end the energy says nothing any more */
    bool still =
        fabs(work->energy - last) < 10.0 * ROUNDING * fabs(work->energy);
    *converged = work->gradient < work->gradient_tol ||
                 (still && work->gradient < 100.0 * work->gradient_tol);
    if (!*converged) {
      last = work->energy;
      memcpy(kept, work->mo_coeff, size * sizeof(double));
      status = take_step(&moved, &trust, cycles, work, kept);
    }
    if (status == VQE_OK && !moved) {
      /* rounding is larger than what is left to gain */
      memcpy(work->mo_coeff, kept, size * sizeof(double));
      vqe_scf_build_fock(work);
      vqe_scf_build_gradient(work);
      *converged = work->gradient < 100.0 * work->gradient_tol;
    }
  }
  free(kept);
  return status;
}

int vqe_scf_leave_saddle(bool *stepped, int *cycles, struct vqe_scf_work *work)
{
  struct vqe_scf_hessian h;
  double *kept = NULL;
  double *x = NULL;
  double lowest = 0.0;
  size_t size = (size_t)work->in->nao * (size_t)work->nmo;
  *stepped = false;
  int status = hessian_of(&h, work, work->mo_coeff);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&kept, size, sizeof(double), "orbitals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&x, h.size, sizeof(double), "a direction");
  }
  if (status == VQE_OK) {
    status = vqe_stability_lowest(&lowest, x, &h);
  }
  if (status == VQE_OK && lowest < SADDLE) {
    memcpy(kept, work->mo_coeff, size * sizeof(double));
    cblas_dscal((int)h.size, SADDLE_STEP, x, 1);
    status = rotate(work, kept, &h, x);
    *stepped = status == VQE_OK;
    ++*cycles;
  }
  free(kept);
  free(x);
  vqe_scf_hessian_clear(&h);
  return status;
}
