#include "chem/natural.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"
#include "chem/open_mp2.h"
#include "chem/transform.h"

#define MIN_GAP 1e-8 /* hartree, of a double excitation */

/* t = (ia|jb) / (e_i + e_j - e_a - e_b) and u = 2 t - t with a and b swapped,
 * [i][j][a][b]; `eri` over the orbitals from nfrozen on. False where an
 * occupied and an empty orbital have one energy. */
static bool amplitudes(double *t, double *u, const double *eri,
                       const struct vqe_natural_input *in)
{
  size_t no = (size_t)(in->nalpha - in->nfrozen);
  size_t nv = (size_t)(in->nmo - in->nalpha);
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
  return split;
}

/* D_ij = 2 - 2 sum_kab t_ikab u_jkab, D_ab = 2 sum_ijc t_ijac u_ijbc. */
static void sum_density(double *out, const double *t, const double *u,
                        double *scratch, const struct vqe_natural_input *in)
{
  int no = in->nalpha - in->nfrozen;
  int nv = in->nmo - in->nalpha;
  int n = in->nmo;
  size_t nv2 = (size_t)nv * (size_t)nv;
  int long_side = no * nv * nv;
  memset(out, 0, (size_t)n * (size_t)n * sizeof(double));
  for (int i = 0; i < in->nalpha; i++) {
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
      out[(in->nalpha + a) * n + in->nalpha + b] =
          0.5 * (scratch[a * nv + b] + scratch[b * nv + a]);
    }
  }
}

static int no_occupations(const struct vqe_natural_input *in)
{
  return vqe_error_set(VQE_ERR_NUMERIC,
                       "molecule '%.64s': no MP2 occupations: an occupied and "
                       "an empty orbital have one energy; choose the active "
                       "space otherwise",
                       in->name);
}

static int closed_density(double *out, const double *eri,
                          const struct vqe_natural_input *in)
{
  size_t no = (size_t)(in->nalpha - in->nfrozen);
  size_t nv = (size_t)(in->nmo - in->nalpha);
  size_t count = no * no * nv * nv;
  double *t = NULL;
  double *u = NULL;
  double *scratch = NULL;
  int status = vqe_memory_alloc(&t, count, sizeof(double), "MP2 amplitudes");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&u, count, sizeof(double), "MP2 amplitudes");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&scratch, (no + nv) * (no + nv), sizeof(double),
                              "MP2 density");
  }
  if (status == VQE_OK && !amplitudes(t, u, eri, in)) {
    status = no_occupations(in);
  }
  if (status == VQE_OK) {
    sum_density(out, t, u, scratch, in);
  }
  free(t);
  free(u);
  free(scratch);
  return status;
}

static int open_density(double *out, const double *eri,
                        const struct vqe_natural_input *in)
{
  const struct vqe_open_shell shell = {.norb = in->nmo - in->nfrozen,
                                       .nalpha = in->nalpha - in->nfrozen,
                                       .nbeta = in->nbeta - in->nfrozen,
                                       .eri = eri,
                                       .mo_energy =
                                           in->mo_energy + in->nfrozen};
  struct vqe_open_mp2 *mp2 = NULL;
  double *part = NULL;
  size_t n = (size_t)shell.norb;
  size_t frozen = (size_t)in->nfrozen;
  size_t nmo = (size_t)in->nmo;
  int status = vqe_memory_alloc(&part, n * n, sizeof(double), "MP2 density");
  if (status == VQE_OK) {
    status = vqe_open_mp2_new(&mp2, &shell);
  }
  if (status == VQE_OK && mp2->split) {
    status = no_occupations(in);
  }
  if (status == VQE_OK) {
    status = vqe_open_mp2_density(part, mp2);
  }
  if (status == VQE_OK) {
    memset(out, 0, nmo * nmo * sizeof *out);
    for (size_t i = 0; i < frozen; i++) {
      out[i * nmo + i] = 2.0;
    }
    for (size_t p = 0; p < n; p++) {
      memcpy(out + (frozen + p) * nmo + frozen, part + p * n, n * sizeof *out);
    }
  }
  vqe_open_mp2_free(mp2);
  free(part);
  return status;
}

int vqe_natural_density(double *out, const struct vqe_natural_input *in)
{
  size_t n = (size_t)(in->nmo - in->nfrozen);
  size_t npair = n * (n + 1) / 2;
  double *eri = NULL;
  int status = vqe_memory_alloc(&eri, npair * npair, sizeof(double),
                                "two-electron integrals of MP2");
  if (status == VQE_OK) {
    status = vqe_transform_functions(eri, in->eri, in->direct, in->mo_coeff,
                                     in->nao, in->nmo, in->nfrozen, (int)n,
                                     in->threads);
  }
  if (status == VQE_OK) {
    status = in->nalpha == in->nbeta ? closed_density(out, eri, in)
                                     : open_density(out, eri, in);
  }
  free(eri);
  return status;
}
