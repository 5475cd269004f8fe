/* Orthonormal functions of one irrep each, and orbitals made of them. */
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/scf_work.h"

/* Eigenvalues of the overlap below this are linear dependences. */
#define MIN_OVERLAP 1e-6
/* Below this rounding shows, and convergence is asked for less strictly. */
#define ILL_OVERLAP 1e-5
/* An operation whose square is further from one is none of these functions. */
#define MAX_BROKEN 1e-6
/* Orbitals nearer than this are filled in the order of their irreps, so that
 * rounding does not decide. */
#define SAME_LEVEL 1e-7 /* hartree */

static int overlap_failed(const struct vqe_scf_work *work)
{
  return vqe_error_set(VQE_ERR_NUMERIC,
                       "molecule '%.64s': the overlap matrix could not be "
                       "diagonalised; check the geometry",
                       work->in->name);
}

static int make_orthonormal(struct vqe_scf_work *work)
{
  int n = work->in->nao;
  double *vectors = work->t1;
  double *eigenvalues = work->order;
  memcpy(vectors, work->in->overlap, vqe_scf_squared(n) * sizeof(double));
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n, vectors, n, eigenvalues) !=
      0) {
    return overlap_failed(work);
  }
  int dropped = 0;
  while (dropped < n && eigenvalues[dropped] < MIN_OVERLAP) {
    dropped++;
  }
  work->nmo = n - dropped;
  work->energy_tol = work->in->energy_tol;
  work->gradient_tol = work->in->gradient_tol;
  if (dropped < n && eigenvalues[dropped] < ILL_OVERLAP) {
    /* what rounding leaves of a gradient over these functions */
    double least = 1e-12 / eigenvalues[dropped];
    work->gradient_tol = fmax(work->gradient_tol, least);
    work->energy_tol = fmax(work->energy_tol, 1e-9);
  }
  for (int i = dropped; i < n; i++) {
    double scale = 1.0 / sqrt(eigenvalues[i]);
    for (int p = 0; p < n; p++) {
      work->x[p * work->nmo + i - dropped] = vectors[i * n + p] * scale;
    }
  }
  return VQE_OK;
}

/* small += 2^k x^T S R_k x. Adds how far the operation is from closed over
 * the orthonormal functions to *broken. */
static void add_operation(double *sum, double *broken,
                          struct vqe_scf_work *work, int k)
{
  int n = work->in->nao;
  int m = work->nmo;
  const double *operation =
      work->in->symmetry->matrices + (size_t)k * vqe_scf_squared(n);
  vqe_scf_multiply(work->t1, operation, false, work->x, false, n, m, n);
  vqe_scf_multiply(work->t2, work->in->overlap, false, work->t1, false, n, m,
                   n);
  vqe_scf_multiply(work->small, work->x, true, work->t2, false, m, m, n);
  for (int i = 0; i < m; i++) {
    double square = -1.0;
    for (int j = 0; j < m; j++) {
      double g = 0.5 * (work->small[i * m + j] + work->small[j * m + i]);
      square += work->small[i * m + j] * work->small[j * m + i];
      sum[i * m + j] += (1 << k) * g;
    }
    *broken = fmax(*broken, fabs(square));
  }
}

/* Rotate the orthonormal functions to eigenvectors of a sum of the operations
 * with weights 1, 2, 4, whose eigenvalues lie two apart, so that rounding
 * stays rounding. */
static int adapt(struct vqe_scf_work *work)
{
  int n = work->in->nao;
  int m = work->nmo;
  int count = work->in->symmetry->ngenerator;
  double *sum = work->t3;
  double broken = 0.0;
  memset(sum, 0, vqe_scf_squared(m) * sizeof(double));
  for (int k = 0; k < count; k++) {
    add_operation(sum, &broken, work, k);
  }
  for (int b = 0; b <= VQE_SCF_IRREPS; b++) {
    work->block_first[b] = b == 0 ? 0 : m;
  }
  if (count == 0 || broken > MAX_BROKEN) {
    return VQE_OK;
  }
  /* negative, so that the totally symmetric functions come first */
  cblas_dscal(m * m, -1.0, sum, 1);
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', m, sum, m, work->order) !=
      0) {
    return overlap_failed(work);
  }
  vqe_scf_multiply(work->t1, work->x, false, sum, true, n, m, m);
  memcpy(work->x, work->t1, (size_t)n * (size_t)m * sizeof(double));
  double lowest = 1.0 - (1 << count);
  for (int b = 1; b < VQE_SCF_IRREPS; b++) {
    int first = work->block_first[b - 1];
    while (first < m && work->order[first] < lowest + 2.0 * b - 1.0) {
      first++;
    }
    work->block_first[b] = first;
  }
  return VQE_OK;
}

int vqe_scf_orthogonalise(struct vqe_scf_work *work)
{
  int status = make_orthonormal(work);
  if (status == VQE_OK && work->nmo > 0) {
    status = adapt(work);
  }
  return status;
}

/* Sort columns of c with their values and irreps by work->rank. */
static void permute(struct vqe_scf_work *work)
{
  int n = work->in->nao;
  int m = work->nmo;
  for (int i = 0; i < m; i++) {
    work->labels[i] = work->irrep[work->rank[i]];
  }
  memcpy(work->irrep, work->labels, (size_t)m * sizeof(int));
  for (int p = -1; p < n; p++) {
    double *row =
        p < 0 ? work->values : work->mo_coeff + (size_t)p * (size_t)m;
    for (int i = 0; i < m; i++) {
      work->order[i] = row[work->rank[i]];
    }
    memcpy(row, work->order, (size_t)m * sizeof(double));
  }
}

/* Stable: ranks of [first, m) by rising `key`. */
static void sort_ranks(int *rank, const double *key, int first, int m)
{
  for (int i = first; i < m; i++) {
    int moving = rank[i];
    int at = i;
    while (at > first && key[rank[at - 1]] > key[moving] + SAME_LEVEL) {
      rank[at] = rank[at - 1];
      at--;
    }
    rank[at] = moving;
  }
}

int vqe_scf_diagonalise(struct vqe_scf_work *work, const double *matrix)
{
  int n = work->in->nao;
  int m = work->nmo;
  vqe_scf_multiply(work->t1, matrix, false, work->x, false, n, m, n);
  for (int b = 0; b < VQE_SCF_IRREPS; b++) {
    int first = work->block_first[b];
    int size = work->block_first[b + 1] - first;
    if (size == 0) {
      continue;
    }
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, size, size, n, 1.0,
                work->x + first, m, work->t1 + first, m, 0.0, work->small,
                size);
    if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', size, work->small, size,
                       work->values + first) != 0) {
      return vqe_error_set(VQE_ERR_NUMERIC,
                           "molecule '%.64s': the Fock matrix could not be "
                           "diagonalised; check the geometry",
                           work->in->name);
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, size, size, 1.0,
                work->x + first, m, work->small, size, 0.0,
                work->mo_coeff + first, m);
    for (int i = 0; i < size; i++) {
      work->irrep[first + i] = b;
    }
  }
  for (int i = 0; i < m; i++) {
    work->rank[i] = i;
  }
  sort_ranks(work->rank, work->values, 0, m);
  permute(work);
  return VQE_OK;
}

void vqe_scf_orbital_energies(double *out, const struct vqe_scf_work *work,
                              const double *fock)
{
  int n = work->in->nao;
  int m = work->nmo;
  vqe_scf_multiply(work->t1, fock, false, work->mo_coeff, false, n, m, n);
  for (int i = 0; i < m; i++) {
    out[i] = 0.0;
    for (int p = 0; p < n; p++) {
      out[i] += work->mo_coeff[p * m + i] * work->t1[p * m + i];
    }
  }
}

/* Take the first of each irrep in the order of work->rank, from `taken` on,
 * as many as wanted, to the front. */
static int take(struct vqe_scf_work *work, const int wanted[VQE_SCF_IRREPS],
                int taken)
{
  int left[VQE_SCF_IRREPS];
  memcpy(left, wanted, sizeof left);
  for (int i = taken; i < work->nmo; i++) {
    int moving = work->rank[i];
    if (left[work->irrep[moving]] > 0) {
      left[work->irrep[moving]]--;
      memmove(work->rank + taken + 1, work->rank + taken,
              (size_t)(i - taken) * sizeof(int));
      work->rank[taken++] = moving;
    }
  }
  return taken;
}

void vqe_scf_occupy(struct vqe_scf_work *work,
                    const struct vqe_scf_occupation *occupation,
                    bool fock_known)
{
  int nopen = work->in->nalpha - work->in->nbeta;
  int taken = work->in->nbeta;
  for (int i = 0; i < work->nmo; i++) {
    work->rank[i] = i;
  }
  if (occupation != NULL) {
    taken = take(work, occupation->closed, 0);
  }
  if (nopen > 0 && fock_known) {
    /* the effective energies of open orbitals say little */
    vqe_scf_orbital_energies(work->t2, work, work->fock_a);
    sort_ranks(work->rank, work->t2, taken, work->nmo);
  }
  if (occupation != NULL) {
    taken = take(work, occupation->open, taken);
  } else {
    taken += nopen;
  }
  if (taken < work->nmo) {
    sort_ranks(work->rank, work->values, taken, work->nmo);
  }
  permute(work);
}

void vqe_scf_count(struct vqe_scf_occupation *out,
                   const struct vqe_scf_work *work)
{
  memset(out, 0, sizeof *out);
  for (int i = 0; i < work->in->nalpha; i++) {
    (i < work->in->nbeta ? out->closed : out->open)[work->irrep[i]]++;
  }
}
