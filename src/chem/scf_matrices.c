/* Matrices of an SCF run: densities, Fock matrices, gradients. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/fock.h"
#include "chem/scf_work.h"

/* Fock matrices of direct integrals are made of the whole density this often,
 * so that what screening leaves out does not add up. */
#define FULL_EVERY 12

/* Density of the first `nocc` orbitals. */
static void density(double *dm, const struct vqe_scf_work *work, int nocc)
{
  int n = work->in->nao;
  if (nocc == 0) {
    memset(dm, 0, vqe_scf_squared(n) * sizeof(double));
    return;
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, nocc, 1.0,
              work->mo_coeff, work->nmo, work->mo_coeff, work->nmo, 0.0, dm,
              n);
}

/* out += scale * l^T m r */
static void add_projected(struct vqe_scf_work *work, double scale,
                          const double *l, const double *m, const double *r)
{
  int n = work->in->nao;
  vqe_scf_multiply(work->mixed, m, false, r, false, n, n, n);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, n, n, scale, l, n,
              work->mixed, n, 1.0, work->fock, n);
}

/* Guest and Saunders' effective Fock matrix: (Fa + Fb)/2 within the closed,
 * open and virtual spaces and between closed and virtual, Fb between closed
 * and open, Fa between open and virtual (Mol. Phys. 28, 819 (1974)). */
static void effective_fock(struct vqe_scf_work *work)
{
  int n = work->in->nao;
  size_t n2 = vqe_scf_squared(n);
  const double *s = work->in->overlap;
  double *pc = work->t1;
  double *po = work->t2;
  double *pv = work->t3;
  double *mean = work->coulomb;
  for (size_t k = 0; k < n2; k++) {
    mean[k] = 0.5 * (work->fock_a[k] + work->fock_b[k]);
  }
  vqe_scf_multiply(pc, work->dm_b, false, s, false, n, n, n);
  vqe_scf_multiply(pv, work->dm_a, false, s, false, n, n, n);
  for (size_t k = 0; k < n2; k++) {
    po[k] = pv[k] - pc[k];
    pv[k] = -pv[k];
  }
  for (int p = 0; p < n; p++) {
    pv[p * n + p] += 1.0;
  }
  memset(work->fock, 0, n2 * sizeof(double));
  add_projected(work, 0.5, pc, mean, pc);
  add_projected(work, 0.5, po, mean, po);
  add_projected(work, 0.5, pv, mean, pv);
  add_projected(work, 1.0, po, work->fock_b, pc);
  add_projected(work, 1.0, po, work->fock_a, pv);
  add_projected(work, 1.0, pv, mean, pc);
  for (int p = 0; p < n; p++) {
    for (int q = 0; q <= p; q++) {
      double sum = work->fock[p * n + q] + work->fock[q * n + p];
      work->fock[p * n + q] = sum;
      work->fock[q * n + p] = sum;
    }
  }
}

/* Direct integrals: J and K of the change of the densities, added to those
 * that are kept. Screening leaves less and less of it as SCF converges. */
static int add_change(struct vqe_scf_work *work, double *const jk[3],
                      const double *const densities[3])
{
  const struct vqe_scf_input *in = work->in;
  size_t n2 = vqe_scf_squared(in->nao);
  int count = work->closed ? 2 : 3; /* of jk: J, and K of each density */
  bool whole = work->kept_calls % FULL_EVERY == 0;
  double *const *kept_d = work->kept;
  double *const *kept_jk = work->kept + 3;
  work->kept_calls++;
  for (int t = 0; t < count; t++) {
    for (size_t k = 0; k < n2; k++) {
      kept_d[t][k] = densities[t][k] - (whole ? 0.0 : kept_d[t][k]);
    }
  }
  double *const k[2] = {jk[1], count == 3 ? jk[2] : NULL};
  const double *const dk[2] = {kept_d[1], kept_d[2]};
  int status = vqe_scf_jk(jk[0], kept_d[0], k, dk, in, work->packed);
  for (int t = 0; status == VQE_OK && t < count; t++) {
    for (size_t e = 0; e < n2; e++) {
      kept_jk[t][e] = jk[t][e] + (whole ? 0.0 : kept_jk[t][e]);
    }
    memcpy(jk[t], kept_jk[t], n2 * sizeof(double));
    memcpy(kept_d[t], densities[t], n2 * sizeof(double));
  }
  return status;
}

/* J and K of the densities in work. */
static int build_jk(struct vqe_scf_work *work)
{
  double *const k[2] = {work->exchange_a,
                        work->closed ? NULL : work->exchange_b};
  const double *const dk[2] = {work->closed ? work->dm : work->dm_a,
                               work->dm_b};
  double *const jk[3] = {work->coulomb, k[0], k[1]};
  const double *const densities[3] = {work->dm, dk[0], dk[1]};
  return work->in->eri == NULL ? add_change(work, jk, densities)
                               : vqe_scf_jk(work->coulomb, work->dm, k, dk,
                                            work->in, work->packed);
}

/* Densities, Fock matrix and electronic energy of the orbitals in `c`. */
void vqe_scf_build_fock(struct vqe_scf_work *work)
{
  const struct vqe_scf_input *in = work->in;
  size_t n2 = vqe_scf_squared(in->nao);
  density(work->dm_a, work, in->nalpha);
  if (!work->closed) {
    density(work->dm_b, work, in->nbeta);
  }
  for (size_t k = 0; k < n2; k++) {
    work->dm[k] = work->dm_a[k] + (work->closed ? work->dm_a : work->dm_b)[k];
  }
  if (build_jk(work) != VQE_OK) {
    work->energy = NAN; /* which ends every search */
    return;
  }
  if (work->closed) {
    for (size_t k = 0; k < n2; k++) {
      work->fock[k] =
          in->hcore[k] + work->coulomb[k] - 0.5 * work->exchange_a[k];
    }
    work->energy = 0.5 * (vqe_fock_dot(work->dm, in->hcore, n2) +
                          vqe_fock_dot(work->dm, work->fock, n2));
    return;
  }
  for (size_t k = 0; k < n2; k++) {
    double both = in->hcore[k] + work->coulomb[k];
    work->fock_a[k] = both - work->exchange_a[k];
    work->fock_b[k] = both - work->exchange_b[k];
  }
  work->energy = 0.5 * (vqe_fock_dot(work->dm, in->hcore, n2) +
                        vqe_fock_dot(work->dm_a, work->fock_a, n2) +
                        vqe_fock_dot(work->dm_b, work->fock_b, n2));
  effective_fock(work);
}

/* FDS - SDF: its largest element, and itself over orthonormal functions. With
 * functions left out only the latter vanishes at convergence. */
void vqe_scf_build_gradient(struct vqe_scf_work *work)
{
  int n = work->in->nao;
  vqe_scf_multiply(work->t1, work->fock, false, work->dm, false, n, n, n);
  vqe_scf_multiply(work->t2, work->t1, false, work->in->overlap, false, n, n,
                   n);
  work->gradient = 0.0;
  for (int p = 0; p < n; p++) {
    for (int q = 0; q < n; q++) {
      double value = work->t2[p * n + q] - work->t2[q * n + p];
      work->t1[p * n + q] = value;
      if (!(fabs(value) <= work->gradient)) {
        work->gradient = fabs(value); /* also when it is not a number */
      }
    }
  }
  vqe_scf_multiply(work->t2, work->t1, false, work->x, false, n, work->nmo, n);
  vqe_scf_multiply(work->error, work->x, true, work->t2, false, work->nmo,
                   work->nmo, n);
  if (work->nmo < n) {
    work->gradient = 0.0;
    for (size_t k = 0; k < vqe_scf_squared(work->nmo); k++) {
      work->gradient = fmax(work->gradient, fabs(work->error[k]));
    }
  }
}

bool vqe_scf_is_converged(const struct vqe_scf_work *work, double last_energy)
{
  double tolerance = fmax(work->energy_tol, 1e-14 * fabs(work->energy));
  return fabs(work->energy - last_energy) < tolerance &&
         work->gradient < work->gradient_tol;
}
