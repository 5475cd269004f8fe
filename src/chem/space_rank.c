#include "chem/space_rank.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

#define SAME 1e-4 /* relative difference of equal weights */

/* Rotate the orbitals [first, first + size) to eigenvectors of that block of
 * `matrix`, the eigenvalues rising or falling, into `values`. */
static int rotate(double *values, double *mo_coeff, const double *matrix,
                  int nao, int nmo, int first, int size, bool rising)
{
  double *work = NULL;
  if (size == 0) {
    return VQE_OK;
  }
  size_t columns = (size_t)nao * (size_t)size;
  size_t square = (size_t)size * (size_t)size;
  int status = vqe_memory_alloc(&work, square + 2 * columns, sizeof(double),
                                "active orbitals");
  if (status != VQE_OK) {
    return status;
  }
  double *u = work;
  double *before = u + square;
  double *after = before + columns;
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) {
      /* the sign makes the wanted order the rising one */
      u[i * size + j] = (rising ? 1.0 : -1.0) *
                        matrix[(size_t)(first + i) * nmo + first + j];
    }
  }
  if (LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'L', size, u, size, values) != 0) {
    status = vqe_error_set(VQE_ERR_NUMERIC,
                           "the active orbitals could not be found; give "
                           "them by numbers");
  }
  for (int i = 0; !rising && i < size; i++) {
    values[i] = -values[i];
  }
  for (int p = 0; p < nao; p++) {
    memcpy(before + (size_t)p * size, mo_coeff + (size_t)p * nmo + first,
           (size_t)size * sizeof(double));
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nao, size, size, 1.0,
              before, size, u, size, 0.0, after, size);
  for (int p = 0; p < nao; p++) {
    memcpy(mo_coeff + (size_t)p * nmo + first, after + (size_t)p * size,
           (size_t)size * sizeof(double));
  }
  free(work);
  return status;
}

static bool same(double a, double b)
{
  return fabs(a - b) <= SAME * fmax(fabs(a), fabs(b));
}

/* The nearest whole size below (step -1) or above of `count` values. */
static int whole(const double *values, int length, int count, int step)
{
  while (count > 0 && count < length &&
         same(values[count - 1], values[count])) {
    count += step;
  }
  return count;
}

int vqe_space_check_whole(const struct vqe_space_taken *taken,
                          const struct vqe_space_ranking *ranking,
                          const struct vqe_space_scene *scene)
{
  int open = scene->nalpha - scene->nbeta;
  char smaller[80] = "";
  struct vqe_space_taken low = {
      whole(ranking->occ, ranking->nocc, taken->occ, -1),
      whole(ranking->vir, ranking->nvir, taken->vir, -1)};
  struct vqe_space_taken high = {
      whole(ranking->occ, ranking->nocc, taken->occ, 1),
      whole(ranking->vir, ranking->nvir, taken->vir, 1)};
  bool occ = low.occ != high.occ;
  bool vir = low.vir != high.vir;
  if (!occ && !vir) {
    return VQE_OK;
  }
  if (low.occ + low.vir + open > 0) {
    snprintf(smaller, sizeof smaller, "%d electrons in %d orbitals and ",
             2 * low.occ + open, low.occ + low.vir + open);
  }
  return vqe_error_set(
      VQE_ERR_INPUT,
      "%s: active_space: %d electrons in %d orbitals split degenerate %s%s%s "
      "orbitals; whole %s %s%d electrons in %d orbitals",
      scene->where, 2 * taken->occ + open, taken->occ + taken->vir + open,
      occ ? "occupied" : "", occ && vir ? " and " : "", vir ? "empty" : "",
      smaller[0] != '\0' ? "are" : "is", smaller, 2 * high.occ + open,
      high.occ + high.vir + open);
}

int vqe_space_rank(struct vqe_space_ranking *out, struct vqe_scf *scf,
                   const double *matrix, bool occupations,
                   const struct vqe_space_scene *scene, int nfrozen)
{
  int nao = scene->env->nao;
  out->nocc = scene->nbeta - nfrozen;
  out->nvir = scf->nmo - scene->nalpha;
  int status = vqe_memory_alloc(&out->occ, (size_t)out->nocc, sizeof(double),
                                "weights of orbitals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->vir, (size_t)out->nvir, sizeof(double),
                              "weights of orbitals");
  }
  if (status == VQE_OK) {
    status = rotate(out->occ, scf->mo_coeff, matrix, nao, scf->nmo, nfrozen,
                    out->nocc, !occupations);
  }
  if (status == VQE_OK) {
    status = rotate(out->vir, scf->mo_coeff, matrix, nao, scf->nmo,
                    scene->nalpha, out->nvir, false);
  }
  /* the last occupied one is next to the border: from there outwards */
  for (int i = 0; status == VQE_OK && i < out->nocc / 2; i++) {
    double kept = out->occ[i];
    out->occ[i] = out->occ[out->nocc - 1 - i];
    out->occ[out->nocc - 1 - i] = kept;
  }
  for (int i = 0; status == VQE_OK && occupations && i < out->nocc; i++) {
    out->occ[i] = 2.0 - out->occ[i];
  }
  return status;
}

int vqe_space_count_above(const double *values, int length, double low)
{
  int count = 0;
  while (count < length && values[count] > low) {
    count++;
  }
  return count;
}

void vqe_space_ranking_clear(struct vqe_space_ranking *ranking)
{
  free(ranking->occ);
  free(ranking->vir);
}
