#include "chem/follow.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

#define LEAST_OVERLAP 1e-8 /* eigenvalue of the overlap */
#define LEAST_LEFT 0.1     /* of an orbital, once it has one irrep alone */

void vqe_orbitals_free(struct vqe_orbitals *orbitals)
{
  if (orbitals != NULL) {
    free(orbitals->orthonormal);
    free(orbitals);
  }
}

/* root = S^power, for 1/2 and -1/2. */
static int power_of(double *root, const double *overlap, int n, double power)
{
  size_t size = (size_t)n;
  double *work = NULL;
  int status = vqe_memory_alloc(&work, 2 * size * size + size, sizeof(double),
                                "roots of the overlap");
  if (status != VQE_OK) {
    return status;
  }
  double *vectors = work;
  double *scaled = vectors + size * size;
  double *values = scaled + size * size;
  memcpy(vectors, overlap, size * size * sizeof(double));
  /* column major: rows of `vectors` are the eigenvectors */
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n, vectors, n, values) != 0 ||
      (power < 0.0 && values[0] < LEAST_OVERLAP)) {
    status = vqe_error_set(VQE_ERR_NUMERIC, "the overlap is nearly singular");
  }
  for (size_t k = 0; status == VQE_OK && k < size; k++) {
    double factor = pow(fmax(values[k], 0.0), power);
    for (size_t p = 0; p < size; p++) {
      scaled[k * size + p] = factor * vectors[k * size + p];
    }
  }
  if (status == VQE_OK) {
    vqe_scf_multiply(root, scaled, true, vectors, false, n, n, n);
  }
  free(work);
  return status;
}

/* out (nao x nmo) = S^power orbitals */
static int apply_power(double *out, const double *orbitals,
                       const double *overlap, int nao, int nmo, double power)
{
  double *root = NULL;
  int status = vqe_memory_alloc(&root, (size_t)nao * (size_t)nao,
                                sizeof(double), "roots of the overlap");
  if (status == VQE_OK) {
    status = power_of(root, overlap, nao, power);
  }
  if (status == VQE_OK) {
    vqe_scf_multiply(out, root, false, orbitals, false, nao, nmo, nao);
  }
  free(root);
  return status;
}

int vqe_follow_keep(struct vqe_orbitals **out, const struct vqe_scf *scf,
                    const double *overlap, int nao, int number,
                    const struct vqe_frame *frame)
{
  struct vqe_orbitals *orbitals = NULL;
  int status =
      vqe_memory_alloc(&orbitals, 1, sizeof *orbitals, "orbitals to follow");
  if (status != VQE_OK) {
    return status;
  }
  orbitals->nao = nao;
  orbitals->nmo = scf->nmo;
  orbitals->frame = number;
  memcpy(orbitals->axes, frame->axes, sizeof orbitals->axes);
  status =
      vqe_memory_alloc(&orbitals->orthonormal, (size_t)nao * (size_t)scf->nmo,
                       sizeof(double), "orbitals to follow");
  if (status == VQE_OK) {
    status = apply_power(orbitals->orthonormal, scf->mo_coeff, overlap, nao,
                         scf->nmo, 0.5);
  }
  if (status != VQE_OK) {
    vqe_orbitals_free(orbitals);
    return status;
  }
  *out = orbitals;
  return VQE_OK;
}

int vqe_follow_begin(double **out, const struct vqe_orbitals *orbitals,
                     const double *overlap)
{
  double *start = NULL;
  int nao = orbitals->nao;
  int nmo = orbitals->nmo;
  int status = vqe_memory_alloc(&start, (size_t)nao * (size_t)nmo,
                                sizeof(double), "orbitals to start from");
  if (status == VQE_OK) {
    status =
        apply_power(start, orbitals->orthonormal, overlap, nao, nmo, -0.5);
  }
  if (status != VQE_OK) {
    free(start);
    return status;
  }
  *out = start;
  return VQE_OK;
}

/* place[i]: the orbital of [first, last) that goes to place i, by the largest
 * overlaps left; taken[j], false before: it has a place. */
static void pair_up(int *place, bool *taken, double *least,
                    const double *overlaps, int m, int first, int last)
{
  for (int i = first; i < last; i++) {
    place[i] = -1;
  }
  for (int step = first; step < last; step++) {
    int row = -1;
    int column = -1;
    for (int i = first; i < last; i++) {
      for (int j = first; place[i] < 0 && j < last; j++) {
        if (!taken[j] && (row < 0 || fabs(overlaps[i * m + j]) >
                                         fabs(overlaps[row * m + column]))) {
          row = i;
          column = j;
        }
      }
    }
    place[row] = column;
    taken[column] = true;
    *least = fmin(*least, fabs(overlaps[row * m + column]));
  }
}

int vqe_follow_match(double *least, struct vqe_scf *scf,
                     const struct vqe_orbitals *orbitals,
                     const double *overlap, int nalpha, int nbeta)
{
  int n = orbitals->nao;
  int m = orbitals->nmo;
  size_t size = (size_t)n * (size_t)m;
  double *work = NULL;
  int *place = NULL;
  bool *taken = NULL;
  const int ends[4] = {0, nbeta, nalpha, m};
  int status =
      vqe_memory_alloc(&work, 2 * size + (size_t)m * (size_t)m + (size_t)m,
                       sizeof(double), "overlaps of orbitals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&place, (size_t)m, sizeof *place,
                              "overlaps of orbitals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&taken, (size_t)m, sizeof *taken,
                              "overlaps of orbitals");
  }
  double *here = work;
  double *moved = status == VQE_OK ? here + size : NULL;
  double *overlaps = status == VQE_OK ? moved + size : NULL;
  double *energies =
      status == VQE_OK ? overlaps + (size_t)m * (size_t)m : NULL;
  if (status == VQE_OK) {
    status = apply_power(here, scf->mo_coeff, overlap, n, m, 0.5);
  }
  if (status == VQE_OK) {
    *least = 1.0;
    vqe_scf_multiply(overlaps, orbitals->orthonormal, true, here, false, m, m,
                     n);
    for (int b = 0; b < 3; b++) {
      pair_up(place, taken, least, overlaps, m, ends[b], ends[b + 1]);
    }
    for (int i = 0; i < m; i++) {
      double sign = overlaps[i * m + place[i]] < 0.0 ? -1.0 : 1.0;
      energies[i] = scf->mo_energy[place[i]];
      for (int p = 0; p < n; p++) {
        moved[p * m + i] = sign * scf->mo_coeff[p * m + place[i]];
      }
    }
    memcpy(scf->mo_coeff, moved, size * sizeof(double));
    memcpy(scf->mo_energy, energies, (size_t)m * sizeof(double));
  }
  free(work);
  free(place);
  free(taken);
  return status;
}

/* ---- as a start of SCF ---- */

/* Remove from column i of y what it has of the columns before of its irrep,
 * and normalise it; false where nothing is left. */
static bool orthonormalise(double *y, const int *irrep, int m, int i)
{
  for (int round = 0; round < 2; round++) {
    for (int j = 0; j < i; j++) {
      double share =
          irrep[j] == irrep[i] ? cblas_ddot(m, y + j, m, y + i, m) : 0.0;
      cblas_daxpy(m, -share, y + j, m, y + i, m);
    }
    double norm = cblas_dnrm2(m, y + i, m);
    if (!(norm > LEAST_LEFT)) {
      return false;
    }
    cblas_dscal(m, 1.0 / norm, y + i, m);
  }
  return true;
}

/* The irrep that column i of y has most of among those with room, whose
 * functions alone it keeps; -1 where it is no number. */
static int choose_irrep(double *y, int *room, const struct vqe_scf_work *work,
                        int i)
{
  int m = work->nmo;
  int best = -1;
  double most = -1.0;
  for (int k = 0; k < VQE_SCF_IRREPS; k++) {
    int first = work->block_first[k];
    int count = work->block_first[k + 1] - first;
    double norm =
        count > 0 ? cblas_dnrm2(count, y + (size_t)first * (size_t)m + i, m)
                  : 0.0;
    if (room[k] > 0 && norm > most) {
      most = norm;
      best = k;
    }
  }
  if (best < 0) {
    return -1;
  }
  room[best]--;
  for (int row = 0; row < m; row++) {
    if (row < work->block_first[best] || row >= work->block_first[best + 1]) {
      y[row * m + i] = 0.0;
    }
  }
  return best;
}

int vqe_follow_orbitals(bool *found, struct vqe_scf_work *work)
{
  const struct vqe_scf_input *in = work->in;
  int n = in->nao;
  int m = work->nmo;
  int room[VQE_SCF_IRREPS];
  double *y = work->small;
  *found = in->nstart == m;
  if (!*found) {
    return VQE_OK;
  }
  vqe_scf_multiply(work->t1, in->overlap, false, in->start, false, n, m, n);
  vqe_scf_multiply(y, work->x, true, work->t1, false, m, m, n);
  for (int k = 0; k < VQE_SCF_IRREPS; k++) {
    room[k] = work->block_first[k + 1] - work->block_first[k];
  }
  for (int i = 0; *found && i < m; i++) {
    work->irrep[i] = choose_irrep(y, room, work, i);
    *found = work->irrep[i] >= 0 && orthonormalise(y, work->irrep, m, i);
  }
  if (*found) {
    vqe_scf_multiply(work->mo_coeff, work->x, false, y, false, n, m, m);
  }
  return VQE_OK;
}
