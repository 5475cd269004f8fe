/* The Hessian acts on a rotation k of the orbitals as
 *
 *   H k = sum over spins [d F, n],   d F = [F, k] + G(d D),   d D = [k, n]
 *
 * with the Fock matrix F and the occupations n over molecular orbitals: the
 * change of the orbital gradient, which vanishes at the solution. Its lowest
 * eigenvalue is found by Davidson's method. */
#include "chem/stability.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/fock.h"
#include "chem/scf_work.h"

#define MAX_VECTORS 20
#define RESIDUAL 1e-3
#define CLEARLY_NEGATIVE (-1e-2)

struct hessian {
  const struct vqe_scf_input *in;
  int m; /* orbitals */
  const double *mo_coeff;
  bool closed;
  size_t size;      /* rotations between spaces */
  double *fock[2];  /* m x m, alpha and beta */
  double *diagonal; /* size */
  double *kappa;    /* m x m */
  double *change;   /* m x m */
  double *density[2];
  double *coulomb;
  double *exchange;
  double *work;
  double *packed;
};

static double occupation(const struct hessian *h, int p, int spin)
{
  return p < (spin == 0 ? h->in->nalpha : h->in->nbeta) ? 1.0 : 0.0;
}

/* 0 closed, 1 open, 2 virtual */
static int space_of(const struct hessian *h, int p)
{
  return (p >= h->in->nbeta) + (p >= h->in->nalpha);
}

static void fill_diagonal(struct hessian *h)
{
  size_t at = 0;
  for (int p = 0; p < h->m; p++) {
    for (int q = 0; q < p; q++) {
      if (space_of(h, p) == space_of(h, q)) {
        continue;
      }
      double sum = 0.0;
      for (int spin = 0; spin < 2; spin++) {
        const double *f = h->fock[spin];
        sum += (f[p * h->m + p] - f[q * h->m + q]) *
               (occupation(h, q, spin) - occupation(h, p, spin));
      }
      h->diagonal[at++] = sum;
    }
  }
}

/* Densities over functions of the change [kappa, n]. */
static void change_density(struct hessian *h, int spin)
{
  int n = h->in->nao;
  for (int p = 0; p < h->m; p++) {
    for (int q = 0; q < h->m; q++) {
      h->change[p * h->m + q] =
          h->kappa[p * h->m + q] *
          (occupation(h, q, spin) - occupation(h, p, spin));
    }
  }
  vqe_scf_multiply(h->work, h->mo_coeff, false, h->change, false, n, h->m,
                   h->m);
  vqe_scf_multiply(h->density[spin], h->work, false, h->mo_coeff, true, n, n,
                   h->m);
}

/* y += [dF, n] of one spin, where `coulomb` holds J of both spins. */
static void add_spin(double *y, struct hessian *h, int spin, double weight)
{
  int n = h->in->nao;
  int m = h->m;
  const double *f = h->fock[spin];
  vqe_fock_jk(NULL, h->exchange, h->in->eri, h->density[spin], n, h->packed,
              h->in->threads);
  for (int k = 0; k < n * n; k++) {
    h->exchange[k] = h->coulomb[k] - h->exchange[k];
  }
  vqe_scf_multiply(h->work, h->exchange, false, h->mo_coeff, false, n, m, n);
  vqe_scf_multiply(h->change, h->mo_coeff, true, h->work, false, m, m, n);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, m, m, 1.0, f, m,
              h->kappa, m, 1.0, h->change, m);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, m, m, -1.0,
              h->kappa, m, f, m, 1.0, h->change, m);
  size_t at = 0;
  for (int p = 0; p < m; p++) {
    for (int q = 0; q < p; q++) {
      if (space_of(h, p) != space_of(h, q)) {
        y[at++] += weight * h->change[p * m + q] *
                   (occupation(h, q, spin) - occupation(h, p, spin));
      }
    }
  }
}

static void apply(double *y, struct hessian *h, const double *x)
{
  int n = h->in->nao;
  size_t at = 0;
  memset(y, 0, h->size * sizeof(double));
  memset(h->kappa, 0, (size_t)(h->m * h->m) * sizeof(double));
  for (int p = 0; p < h->m; p++) {
    for (int q = 0; q < p; q++) {
      if (space_of(h, p) != space_of(h, q)) {
        h->kappa[p * h->m + q] = x[at];
        h->kappa[q * h->m + p] = -x[at++];
      }
    }
  }
  change_density(h, 0);
  change_density(h, 1);
  for (int k = 0; k < n * n; k++) {
    h->exchange[k] = h->density[0][k] + h->density[1][k];
  }
  vqe_fock_jk(h->coulomb, NULL, h->in->eri, h->exchange, n, h->packed,
              h->in->threads);
  add_spin(y, h, 0, h->closed ? 2.0 : 1.0);
  if (!h->closed) {
    add_spin(y, h, 1, 1.0);
  }
}

/* Make `x` orthogonal to `count` vectors and of norm one; false when nothing
 * is left of it. */
static bool orthonormalise(double *x, const double *vectors, int count,
                           size_t size)
{
  double before = sqrt(vqe_fock_dot(x, x, size));
  for (int twice = 0; twice < 2; twice++) {
    for (int k = 0; k < count; k++) {
      const double *v = vectors + (size_t)k * size;
      double overlap = vqe_fock_dot(x, v, size);
      for (size_t i = 0; i < size; i++) {
        x[i] -= overlap * v[i];
      }
    }
  }
  double norm = sqrt(vqe_fock_dot(x, x, size));
  if (!(norm > 1e-8 * before) || !(norm > 0.0)) {
    return false;
  }
  for (size_t i = 0; i < size; i++) {
    x[i] /= norm;
  }
  return true;
}

/* A start with a part in every irrep, more of it where the diagonal is low;
 * a linear congruence serves for the irregular part. */
static void start_vector(double *x, const struct hessian *h)
{
  uint32_t random = 12345;
  for (size_t i = 0; i < h->size; i++) {
    random = random * 1664525u + 1013904223u;
    double part = (double)(random >> 8) / (1u << 24) - 0.5;
    x[i] =
        (part < 0.0 ? part - 0.5 : part + 0.5) / (fabs(h->diagonal[i]) + 0.2);
  }
}

/* The subspace: vectors, their images under the Hessian, and the Hessian
 * between them. */
struct subspace {
  double *vectors; /* MAX_VECTORS + 1 of the problem's size */
  double *images;  /* MAX_VECTORS */
  double projected[MAX_VECTORS][MAX_VECTORS];
};

/* The lowest eigenvalue within the first n + 1 vectors, and the eigenvector;
 * false when it is not found. */
static bool solve_subspace(double *value, double *vector,
                           struct subspace *space, int n, size_t size)
{
  double small[MAX_VECTORS * MAX_VECTORS];
  double values[MAX_VECTORS];
  VQE_ASSERT(n >= 0 && n < MAX_VECTORS);
  for (int i = 0; i <= n; i++) {
    space->projected[i][n] =
        vqe_fock_dot(space->vectors + (size_t)i * size,
                     space->images + (size_t)n * size, size);
  }
  for (int i = 0; i <= n; i++) {
    for (int j = 0; j <= i; j++) {
      small[i * (n + 1) + j] = space->projected[j][i];
      small[j * (n + 1) + i] = space->projected[j][i];
    }
  }
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n + 1, small, n + 1,
                     values) != 0) {
    return false;
  }
  *value = values[0];
  memcpy(vector, small, (size_t)(n + 1) * sizeof *vector);
  return true;
}

/* The preconditioned residual of the eigenvector, the next direction; returns
 * the norm of the residual itself. */
static double fill_residual(double *residual, const struct subspace *space,
                            const double *vector, int n, double value,
                            const struct hessian *h)
{
  size_t size = h->size;
  double norm = 0.0;
  for (size_t i = 0; i < size; i++) {
    double sum = 0.0;
    for (int k = 0; k <= n; k++) {
      sum += vector[k] * (space->images[(size_t)k * size + i] -
                          value * space->vectors[(size_t)k * size + i]);
    }
    norm += sum * sum;
    double gap = h->diagonal[i] - value;
    residual[i] = sum / (fabs(gap) < 0.05 ? 0.05 : gap);
  }
  return sqrt(norm);
}

static int davidson(double *lowest, struct hessian *h)
{
  struct subspace space = {.vectors = NULL};
  double vector[MAX_VECTORS];
  size_t size = h->size;
  int status = vqe_memory_alloc(&space.vectors, (MAX_VECTORS + 1) * size,
                                sizeof(double), "stability check");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&space.images, MAX_VECTORS * size,
                              sizeof(double), "stability check");
  }
  if (status == VQE_OK) {
    *lowest = 0.0;
    start_vector(space.vectors, h);
  }
  for (int n = 0; status == VQE_OK && n < MAX_VECTORS; n++) {
    double *next = space.vectors + (size_t)n * size;
    if (!orthonormalise(next, space.vectors, n, size)) {
      break;
    }
    apply(space.images + (size_t)n * size, h, next);
    if (!solve_subspace(lowest, vector, &space, n, size) ||
        *lowest < CLEARLY_NEGATIVE ||
        fill_residual(next + size, &space, vector, n, *lowest, h) < RESIDUAL) {
      break;
    }
  }
  free(space.vectors);
  free(space.images);
  return status;
}

int vqe_stability_lowest(double *lowest, const struct vqe_scf_input *input,
                         int nmo, const double *mo_coeff, const double *fock_a,
                         const double *fock_b)
{
  struct hessian h = {.in = input,
                      .m = nmo,
                      .mo_coeff = mo_coeff,
                      .closed = input->nalpha == input->nbeta};
  size_t n = (size_t)input->nao;
  size_t closed = (size_t)input->nbeta;
  size_t open = (size_t)(input->nalpha - input->nbeta);
  size_t empty = (size_t)(nmo - input->nalpha);
  const double *fock[2] = {fock_a, fock_b};
  *lowest = 0.0;
  h.size = closed * open + closed * empty + open * empty;
  if (h.size == 0) {
    return VQE_OK;
  }
  struct {
    double **at;
    size_t count;
  } arrays[] = {
      {&h.fock[0], n * n},          {&h.fock[1], n * n},
      {&h.diagonal, h.size},        {&h.kappa, n * n},
      {&h.change, n * n},           {&h.density[0], n * n},
      {&h.density[1], n * n},       {&h.coulomb, n * n},
      {&h.exchange, n * n},         {&h.work, n * n},
      {&h.packed, n * (n + 1) / 2},
  };
  int status = VQE_OK;
  const size_t count = sizeof arrays / sizeof arrays[0];
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_memory_alloc(arrays[k].at, arrays[k].count, sizeof(double),
                              "stability check");
  }
  for (int spin = 0; status == VQE_OK && spin < 2; spin++) {
    vqe_scf_multiply(h.work, fock[spin], false, mo_coeff, false, input->nao,
                     nmo, input->nao);
    vqe_scf_multiply(h.fock[spin], mo_coeff, true, h.work, false, nmo, nmo,
                     input->nao);
  }
  if (status == VQE_OK) {
    fill_diagonal(&h);
    status = davidson(lowest, &h);
  }
  for (size_t k = 0; k < count; k++) {
    free(*arrays[k].at);
  }
  return status;
}
