/* From a converged density to the orbitals that later steps use. */
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "base/error_message.h"
#include "base/notes.h"
#include "chem/frame.h"
#include "chem/scf_work.h"

/* A generator whose square is further from one belongs to no symmetry of the
 * solution. */
#define MAX_BROKEN 1e-6
#define SAME_LEVEL                                                            \
  1e-5 /* hartree: a rounded geometry splits degenerate ones */

/* Representation of an operation over the orbitals of a space, and how far
 * it is from closed there: |G^2 - 1|. A solution that breaks the symmetry
 * mixes the spaces. */
static double represent(double *g, struct vqe_scf_work *work,
                        const double *operation, struct vqe_scf_block block)
{
  int n = work->in->nao;
  int m = work->nmo;
  int size = block.size;
  double worst = 0.0;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, size, n, 1.0,
              operation, n, work->mo_coeff + block.first, m, 0.0, work->t1,
              size);
  vqe_scf_multiply(work->t2, work->in->overlap, false, work->t1, false, n,
                   size, n);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, size, size, n, 1.0,
              work->mo_coeff + block.first, m, work->t2, size, 0.0, g, size);
  for (int i = 0; i < size; i++) {
    double sum = -1.0;
    for (int j = 0; j < size; j++) {
      sum += g[i * size + j] * g[j * size + i];
    }
    worst = fmax(worst, fabs(sum));
  }
  return worst;
}

/* Which generators every space is closed under. */
static unsigned find_generators(struct vqe_scf_work *work,
                                const struct vqe_scf_block *blocks, int nblock)
{
  const struct vqe_symmetry *symmetry = work->in->symmetry;
  unsigned kept = 0;
  for (int k = 0; k < symmetry->ngenerator; k++) {
    const double *operation =
        symmetry->matrices + (size_t)k * vqe_scf_squared(work->in->nao);
    double worst = 0.0;
    for (int b = 0; b < nblock; b++) {
      if (blocks[b].size > 0) {
        worst =
            fmax(worst, represent(work->small, work, operation, blocks[b]));
      }
    }
    if (worst < MAX_BROKEN) {
      kept |= 1u << k;
    }
  }
  return kept;
}

/* Rotate a space to orbitals of one irrep each: eigenvectors of a sum of the
 * generators with weights 1, 2, 4, whose eigenvalues lie two apart, so that
 * rounding stays rounding however near the orbital energies are. Puts the
 * orbitals into scf->mo_coeff and the eigenvalues into work->order. */
static int adapt(struct vqe_scf *scf, struct vqe_scf_work *work,
                 unsigned generators, struct vqe_scf_block block)
{
  int n = work->in->nao;
  int m = work->nmo;
  int size = block.size;
  double *sum = work->t3;
  memset(sum, 0, vqe_scf_squared(size) * sizeof(double));
  for (int k = 0; k < work->in->symmetry->ngenerator; k++) {
    if (!(generators >> k & 1)) {
      continue;
    }
    (void)represent(
        work->small, work,
        work->in->symmetry->matrices + (size_t)k * vqe_scf_squared(n), block);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        sum[i * size + j] +=
            (1 << k) * 0.5 *
            (work->small[i * size + j] + work->small[j * size + i]);
      }
    }
  }
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', size, sum, size,
                     work->order) != 0) {
    return VQE_ERR_NUMERIC;
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, size, size, 1.0,
              work->mo_coeff + block.first, m, sum, size, 0.0,
              scf->mo_coeff + block.first, m);
  return VQE_OK;
}

/* Eigenvectors of the Fock matrix within one irrep of a space. */
static int diagonalise_irrep(struct vqe_scf *scf, struct vqe_scf_work *work,
                             struct vqe_scf_block block)
{
  int n = work->in->nao;
  int m = work->nmo;
  int size = block.size;
  double *block_coeff = scf->mo_coeff + block.first;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, size, n, 1.0,
              work->fock, n, block_coeff, m, 0.0, work->t1, size);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, size, size, n, 1.0,
              block_coeff, m, work->t1, size, 0.0, work->small, size);
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', size, work->small, size,
                     scf->mo_energy + block.first) != 0) {
    return VQE_ERR_NUMERIC;
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, size, size, 1.0,
              block_coeff, m, work->small, size, 0.0, work->t1, size);
  for (int p = 0; p < n; p++) {
    memcpy(block_coeff + (size_t)p * (size_t)m,
           work->t1 + (size_t)p * (size_t)size, (size_t)size * sizeof(double));
  }
  return vqe_frame_align(scf->mo_coeff, scf->mo_energy, n, m, block.first,
                         block.first + size, work->in->splitter);
}

/* Sort the orbitals of a space by energy, stably: degenerate ones stay in
 * the order of their irreps. */
static void sort_space(struct vqe_scf *scf, struct vqe_scf_work *work,
                       struct vqe_scf_block block)
{
  int n = work->in->nao;
  int m = work->nmo;
  double *energies = scf->mo_energy + block.first;
  for (int i = 0; i < block.size; i++) {
    int at = i;
    while (at > 0 && energies[work->rank[at - 1]] > energies[i] + SAME_LEVEL) {
      work->rank[at] = work->rank[at - 1];
      at--;
    }
    work->rank[at] = i;
  }
  for (int p = -1; p < n; p++) {
    double *row =
        p < 0 ? energies : scf->mo_coeff + (size_t)p * m + block.first;
    for (int i = 0; i < block.size; i++) {
      work->order[i] = row[work->rank[i]];
    }
    memcpy(row, work->order, (size_t)block.size * sizeof(double));
  }
}

int vqe_scf_canonicalise_blocks(struct vqe_scf *scf, struct vqe_scf_work *work,
                                const struct vqe_scf_block *blocks, int nblock)
{
  unsigned generators = find_generators(work, blocks, nblock);
  for (int b = 0; b < nblock; b++) {
    struct vqe_scf_block block = blocks[b];
    if (block.size == 0) {
      continue;
    }
    int status = adapt(scf, work, generators, block);
    int start = 0;
    while (status == VQE_OK && start < block.size) {
      int end = start + 1;
      while (end < block.size && work->order[end] - work->order[start] < 1.0) {
        end++;
      }
      struct vqe_scf_block irrep = {block.first + start, end - start};
      status = diagonalise_irrep(scf, work, irrep);
      start = end;
    }
    if (status != VQE_OK) {
      return vqe_error_set(VQE_ERR_NUMERIC,
                           "molecule '%.64s': canonical orbitals could not "
                           "be found; check the geometry",
                           work->in->name);
    }
    sort_space(scf, work, block);
  }
  vqe_frame_fix_signs(scf->mo_coeff, work->in->nao, work->nmo);
  return VQE_OK;
}

int vqe_scf_canonicalise(struct vqe_scf *scf, struct vqe_scf_work *work)
{
  int m = work->nmo;
  int nalpha = work->in->nalpha;
  int nbeta = work->in->nbeta;
  const struct vqe_scf_block blocks[3] = {
      {0, nbeta}, {nbeta, nalpha - nbeta}, {nalpha, m - nalpha}};
  int status = vqe_scf_canonicalise_blocks(scf, work, blocks, 3);
  if (status == VQE_OK && work->closed && nalpha > 0 && nalpha < m &&
      scf->mo_energy[nalpha - 1] > scf->mo_energy[nalpha]) {
    return vqe_notes_add(&scf->notes, VQE_NOTE_REFERENCE,
                         "an occupied orbital lies above a virtual one");
  }
  return status;
}
