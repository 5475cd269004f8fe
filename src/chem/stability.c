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
  const double *c;
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
  vqe_scf_multiply(h->work, h->c, false, h->change, false, n, h->m, h->m);
  vqe_scf_multiply(h->density[spin], h->work, false, h->c, true, n, n, h->m);
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
  vqe_scf_multiply(h->work, h->exchange, false, h->c, false, n, m, n);
  vqe_scf_multiply(h->change, h->c, true, h->work, false, m, m, n);
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

static int davidson(double *lowest, struct hessian *h)
{
  double *vectors = NULL;
  double *images = NULL;
  size_t size = h->size;
  double projected[MAX_VECTORS][MAX_VECTORS];
  double small[MAX_VECTORS * MAX_VECTORS];
  double values[MAX_VECTORS];
  int status = vqe_memory_alloc(&vectors, (MAX_VECTORS + 1) * size,
                                sizeof(double), "stability check");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&images, MAX_VECTORS * size, sizeof(double),
                              "stability check");
  }
  if (status != VQE_OK) {
    goto out;
  }
  *lowest = 0.0;
  start_vector(vectors, h);
  for (int n = 0; n < MAX_VECTORS; n++) {
    double *next = vectors + (size_t)n * size;
    if (!orthonormalise(next, vectors, n, size)) {
      break;
    }
    apply(images + (size_t)n * size, h, next);
    for (int i = 0; i <= n; i++) {
      projected[i][n] = vqe_fock_dot(vectors + (size_t)i * size,
                                     images + (size_t)n * size, size);
    }
    for (int i = 0; i <= n; i++) {
      for (int j = 0; j <= i; j++) {
        small[i * (n + 1) + j] = projected[j][i];
        small[j * (n + 1) + i] = projected[j][i];
      }
    }
    if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n + 1, small, n + 1,
                       values) != 0) {
      break;
    }
    *lowest = values[0];
    if (*lowest < CLEARLY_NEGATIVE) {
      break;
    }
    double *residual = next + size;
    double norm = 0.0;
    for (size_t i = 0; i < size; i++) {
      double sum = 0.0;
      for (int k = 0; k <= n; k++) {
        sum += small[k] * (images[(size_t)k * size + i] -
                           values[0] * vectors[(size_t)k * size + i]);
      }
      norm += sum * sum;
      double gap = h->diagonal[i] - values[0];
      residual[i] = sum / (fabs(gap) < 0.05 ? 0.05 : gap);
    }
    if (sqrt(norm) < RESIDUAL) {
      break;
    }
  }
out:
  free(vectors);
  free(images);
  return status;
}

int vqe_stability_lowest(double *lowest, const struct vqe_scf_input *input,
                         int nmo, const double *c, const double *fock_a,
                         const double *fock_b)
{
  struct hessian h = {
      .in = input, .m = nmo, .c = c, .closed = input->nalpha == input->nbeta};
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
  for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
    status = vqe_memory_alloc(arrays[k].at, arrays[k].count, sizeof(double),
                              "stability check");
    if (status != VQE_OK) {
      goto out;
    }
  }
  for (int spin = 0; spin < 2; spin++) {
    vqe_scf_multiply(h.work, fock[spin], false, c, false, input->nao, nmo,
                     input->nao);
    vqe_scf_multiply(h.fock[spin], c, true, h.work, false, nmo, nmo,
                     input->nao);
  }
  fill_diagonal(&h);
  status = davidson(lowest, &h);
out:
  for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
    free(*arrays[k].at);
  }
  return status;
}
