#include "chem/scf_hessian.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/fock.h"
#include "chem/scf_work.h"

static double occupation(const struct vqe_scf_hessian *h, int p, int spin)
{
  return p < (spin == 0 ? h->in->nalpha : h->in->nbeta) ? 1.0 : 0.0;
}

/* 0 closed, 1 open, 2 virtual */
static int space_of(const struct vqe_scf_input *in, int p)
{
  return (p >= in->nbeta) + (p >= in->nalpha);
}

/* A closed shell's alpha part counts for both spins. */
static double weight(const struct vqe_scf_hessian *h)
{
  return h->closed ? 2.0 : 1.0;
}

static size_t list_rotations(struct vqe_scf_hessian *h, const int *irrep)
{
  size_t count = 0;
  for (int p = 0; p < h->m; p++) {
    for (int q = 0; q < p; q++) {
      if (space_of(h->in, p) != space_of(h->in, q) &&
          (irrep == NULL || irrep[p] == irrep[q])) {
        if (h->upper != NULL) {
          h->upper[count] = p;
          h->lower[count] = q;
        }
        count++;
      }
    }
  }
  return count;
}

static void fill_diagonal(struct vqe_scf_hessian *h)
{
  for (size_t k = 0; k < h->size; k++) {
    int p = h->upper[k];
    int q = h->lower[k];
    h->diagonal[k] = 0.0;
    for (int spin = 0; spin < 2; spin++) {
      const double *f = h->fock[spin];
      h->diagonal[k] += (f[p * h->m + p] - f[q * h->m + q]) *
                        (occupation(h, q, spin) - occupation(h, p, spin));
    }
  }
}

int vqe_scf_hessian_init(struct vqe_scf_hessian *h,
                         const struct vqe_scf_input *input, int nmo,
                         const double *c, const double *fock_a,
                         const double *fock_b, const int *irrep)
{
  size_t n = (size_t)input->nao;
  const double *fock[2] = {fock_a, fock_b};
  memset(h, 0, sizeof *h);
  h->in = input;
  h->m = nmo;
  h->c = c;
  h->closed = input->nalpha == input->nbeta;
  h->size = list_rotations(h, irrep);
  struct {
    void *at;
    size_t count;
    size_t size;
  } arrays[] = {
      {&h->upper, h->size, sizeof(int)},
      {&h->lower, h->size, sizeof(int)},
      {&h->fock[0], n * n, sizeof(double)},
      {&h->fock[1], n * n, sizeof(double)},
      {&h->diagonal, h->size, sizeof(double)},
      {&h->kappa, n * n, sizeof(double)},
      {&h->change, n * n, sizeof(double)},
      {&h->density[0], n * n, sizeof(double)},
      {&h->density[1], n * n, sizeof(double)},
      {&h->coulomb, n * n, sizeof(double)},
      {&h->exchange, n * n, sizeof(double)},
      {&h->work, n * n, sizeof(double)},
      {&h->packed, vqe_fock_scratch(input->nao), sizeof(double)},
  };
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < sizeof arrays / sizeof arrays[0];
       k++) {
    status = vqe_memory_alloc(arrays[k].at, arrays[k].count, arrays[k].size,
                              "the orbital Hessian");
  }
  if (status != VQE_OK) {
    return status;
  }
  list_rotations(h, irrep);
  for (int spin = 0; spin < 2; spin++) {
    vqe_scf_multiply(h->work, fock[spin], false, c, false, input->nao, nmo,
                     input->nao);
    vqe_scf_multiply(h->fock[spin], c, true, h->work, false, nmo, nmo,
                     input->nao);
  }
  fill_diagonal(h);
  return VQE_OK;
}

void vqe_scf_hessian_clear(struct vqe_scf_hessian *h)
{
  void *arrays[] = {h->upper,      h->lower,   h->fock[0],  h->fock[1],
                    h->diagonal,   h->kappa,   h->change,   h->density[0],
                    h->density[1], h->coulomb, h->exchange, h->work,
                    h->packed};
  for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
    free(arrays[k]);
  }
}

void vqe_scf_hessian_gradient(double *g, const struct vqe_scf_hessian *h)
{
  for (size_t k = 0; k < h->size; k++) {
    int p = h->upper[k];
    int q = h->lower[k];
    g[k] = 0.0;
    for (int spin = 0; spin < (h->closed ? 1 : 2); spin++) {
      g[k] += weight(h) * h->fock[spin][p * h->m + q] *
              (occupation(h, q, spin) - occupation(h, p, spin));
    }
  }
}

/* Density over functions of the change [K, n]. */
static void change_density(struct vqe_scf_hessian *h, int spin)
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
static void add_spin(double *y, struct vqe_scf_hessian *h, int spin)
{
  int n = h->in->nao;
  int m = h->m;
  const double *f = h->fock[spin];
  double *const exchange[2] = {h->exchange, NULL};
  const double *const density[2] = {h->density[spin], NULL};
  (void)vqe_scf_jk(NULL, NULL, exchange, density, h->in, h->packed);
  for (int k = 0; k < n * n; k++) {
    h->exchange[k] = h->coulomb[k] - h->exchange[k];
  }
  vqe_scf_multiply(h->work, h->exchange, false, h->c, false, n, m, n);
  vqe_scf_multiply(h->change, h->c, true, h->work, false, m, m, n);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, m, m, 1.0, f, m,
              h->kappa, m, 1.0, h->change, m);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, m, m, -1.0,
              h->kappa, m, f, m, 1.0, h->change, m);
  for (size_t k = 0; k < h->size; k++) {
    int p = h->upper[k];
    int q = h->lower[k];
    y[k] += weight(h) * h->change[p * m + q] *
            (occupation(h, q, spin) - occupation(h, p, spin));
  }
}

void vqe_scf_hessian_apply(double *y, struct vqe_scf_hessian *h,
                           const double *x)
{
  int n = h->in->nao;
  int m = h->m;
  memset(y, 0, h->size * sizeof(double));
  memset(h->kappa, 0, vqe_scf_squared(m) * sizeof(double));
  for (size_t k = 0; k < h->size; k++) {
    h->kappa[h->upper[k] * m + h->lower[k]] = x[k];
    h->kappa[h->lower[k] * m + h->upper[k]] = -x[k];
  }
  change_density(h, 0);
  change_density(h, 1);
  for (int k = 0; k < n * n; k++) {
    h->exchange[k] = h->density[0][k] + h->density[1][k];
  }
  double *const none[2] = {NULL, NULL};
  const double *const no_density[2] = {NULL, NULL};
  (void)vqe_scf_jk(h->coulomb, h->exchange, none, no_density, h->in,
                   h->packed);
  add_spin(y, h, 0);
  if (!h->closed) {
    add_spin(y, h, 1);
  }
}
