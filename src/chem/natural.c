#include "chem/natural.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"
#include "chem/transform.h"

#define MIN_GAP 1e-8 /* hartree, of a double excitation */

/* t = (ia|jb) / (e_i + e_j - e_a - e_b) and u = 2 t - t with a and b swapped,
 * [i][j][a][b]; `eri` over the orbitals from nfrozen on. */
static int amplitudes(double *t, double *u, const double *eri,
                      const struct vqe_natural_input *in)
{
  size_t no = (size_t)(in->nocc - in->nfrozen);
  size_t nv = (size_t)(in->nmo - in->nocc);
  size_t n = no + nv;
  size_t npair = n * (n + 1) / 2;
  const double *e = in->mo_energy + in->nfrozen;
  bool split = true;
  for (size_t i = 0; i < no; i++) {
    for (size_t j = 0; j < no; j++) {
      double *block = t + (i * no + j) * nv * nv;
      double *swapped = u + (i * no + j) * nv * nv;
      for (size_t a = 0; a < nv; a++) {
        for (size_t b = 0; b < nv; b++) {
          double gap = e[i] + e[j] - e[no + a] - e[no + b];
          split = split && fabs(gap) > MIN_GAP;
          block[a * nv + b] =
              eri[vqe_pair(i, no + a) * npair + vqe_pair(j, no + b)] / gap;
        }
      }
      for (size_t a = 0; a < nv; a++) {
        for (size_t b = 0; b < nv; b++) {
          swapped[a * nv + b] = 2.0 * block[a * nv + b] - block[b * nv + a];
        }
      }
    }
  }
  return split ? VQE_OK
               : vqe_error_set(VQE_ERR_NUMERIC,
                               "molecule '%.64s': no MP2 occupations: an "
                               "occupied and an empty orbital have one "
                               "energy; choose the active space otherwise",
                               in->name);
}

/* D_ij = 2 - 2 sum_kab t_ikab u_jkab, D_ab = 2 sum_ijc t_ijac u_ijbc. */
static void sum_density(double *out, const double *t, const double *u,
                        double *scratch, const struct vqe_natural_input *in)
{
  int no = in->nocc - in->nfrozen;
  int nv = in->nmo - in->nocc;
  int n = in->nmo;
  size_t nv2 = (size_t)nv * (size_t)nv;
  int long_side = no * nv * nv;
  memset(out, 0, (size_t)n * (size_t)n * sizeof(double));
  for (int i = 0; i < in->nocc; i++) {
    out[i * n + i] = 2.0;
  }
  if (no == 0 || nv == 0) {
    return;
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, no, no, long_side, -2.0,
              t, long_side, u, long_side, 0.0, scratch, no);
  for (int i = 0; i < no; i++) {
    for (int j = 0; j < no; j++) {
      out[(in->nfrozen + i) * n + in->nfrozen + j] +=
          0.5 * (scratch[i * no + j] + scratch[j * no + i]);
    }
  }
  memset(scratch, 0, nv2 * sizeof(double));
  for (int ij = 0; ij < no * no; ij++) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, nv, nv, nv, 2.0,
                t + (size_t)ij * nv2, nv, u + (size_t)ij * nv2, nv, 1.0,
                scratch, nv);
  }
  for (int a = 0; a < nv; a++) {
    for (int b = 0; b < nv; b++) {
      out[(in->nocc + a) * n + in->nocc + b] =
          0.5 * (scratch[a * nv + b] + scratch[b * nv + a]);
    }
  }
}

int vqe_natural_density(double *out, const struct vqe_natural_input *in)
{
  size_t no = (size_t)(in->nocc - in->nfrozen);
  size_t nv = (size_t)(in->nmo - in->nocc);
  size_t n = no + nv;
  size_t npair = n * (n + 1) / 2;
  size_t count = no * no * nv * nv;
  double *eri = NULL;
  double *t = NULL;
  double *u = NULL;
  double *scratch = NULL;
  int status = vqe_memory_alloc(&eri, npair * npair, sizeof(double),
                                "two-electron integrals of MP2");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&t, count, sizeof(double), "MP2 amplitudes");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&u, count, sizeof(double), "MP2 amplitudes");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&scratch, n * n, sizeof(double), "MP2 density");
  }
  if (status == VQE_OK) {
    status = vqe_transform_functions(eri, in->eri, in->direct, in->mo_coeff,
                                     in->nao, in->nmo, in->nfrozen, (int)n,
                                     in->threads);
  }
  if (status == VQE_OK) {
    status = amplitudes(t, u, eri, in);
  }
  if (status == VQE_OK) {
    sum_density(out, t, u, scratch, in);
  }
  free(eri);
  free(t);
  free(u);
  free(scratch);
  return status;
}
