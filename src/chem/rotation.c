#include "chem/rotation.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"
#include "chem/transform.h"

/* Taylor terms after scaling to a norm below 1/2: 0.5^16/16! < 1e-18 */
#define TERMS 16

int vqe_rotation_count(int nmo, int nfrozen, int norb)
{
  int nvirtual = nmo - nfrozen - norb;
  return nfrozen * norb + nfrozen * nvirtual + norb * nvirtual +
         norb * (norb - 1) / 2;
}

/* 0 core, 1 active, 2 virtual */
static int class_of(const struct vqe_rotation *rotation, int p)
{
  return (p >= rotation->nfrozen) + (p >= rotation->nfrozen + rotation->norb);
}

static void list_pairs(struct vqe_rotation *rotation, const uint8_t *irrep)
{
  for (int p = 0; p < rotation->nmo; p++) {
    for (int q = 0; q < p; q++) {
      bool idle = class_of(rotation, p) != 1 &&
                  class_of(rotation, p) == class_of(rotation, q);
      if (!idle && (irrep == NULL || irrep[p] == irrep[q])) {
        rotation->pairs[rotation->nangle][0] = p;
        rotation->pairs[rotation->nangle][1] = q;
        rotation->nangle++;
      }
    }
  }
}

int vqe_rotation_create(struct vqe_rotation **out,
                        const struct vqe_integrals *integrals,
                        const uint8_t *irrep)
{
  struct vqe_rotation *rotation = NULL;
  *out = NULL;
  if (integrals->whole == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "there are no integrals over all "
                                        "orbitals to rotate");
  }
  int status =
      vqe_memory_alloc(&rotation, 1, sizeof *rotation, "orbital rotation");
  if (status != VQE_OK) {
    return status;
  }
  rotation->integrals = integrals;
  rotation->nmo = integrals->whole->norb;
  rotation->nfrozen = integrals->nfrozen;
  rotation->norb = integrals->norb;
  size_t n = (size_t)rotation->nmo;
  size_t m = (size_t)rotation->norb;
  size_t all = n * (n + 1) / 2;
  size_t active = m * (m + 1) / 2;
  size_t most = (size_t)vqe_rotation_count(rotation->nmo, rotation->nfrozen,
                                           rotation->norb);
  struct {
    double **array;
    size_t count;
  } arrays[] = {{&rotation->h1e, m * m},     {&rotation->eri, active * active},
                {&rotation->kappa, n * n},   {&rotation->u, n * n},
                {&rotation->h_all, n * n},   {&rotation->eri_all, all * all},
                {&rotation->work, 8 * n * n}};
  status = vqe_memory_alloc(&rotation->pairs, most, sizeof *rotation->pairs,
                            "orbital pairs");
  for (size_t k = 0; status == VQE_OK && k < sizeof arrays / sizeof arrays[0];
       k++) {
    status = vqe_memory_alloc(arrays[k].array, arrays[k].count, sizeof(double),
                              "rotated integrals");
  }
  if (status != VQE_OK) {
    vqe_rotation_free(rotation);
    return status;
  }
  list_pairs(rotation, irrep);
  *out = rotation;
  return VQE_OK;
}

void vqe_rotation_free(struct vqe_rotation *rotation)
{
  if (rotation == NULL) {
    return;
  }
  free(rotation->pairs);
  free(rotation->h1e);
  free(rotation->eri);
  free(rotation->kappa);
  free(rotation->u);
  free(rotation->h_all);
  free(rotation->eri_all);
  free(rotation->work);
  free(rotation);
}

/* out = out * beta + alpha a b, all n x n */
static void multiply(double *out, double beta, double alpha, const double *a,
                     const double *b, int n)
{
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, alpha, a, n,
              b, n, beta, out, n);
}

/* exp(a) and, unless `slope` is NULL, its derivative at a along b (scaling
 * and squaring of the Taylor series, both at once: Al-Mohy and Higham, SIAM
 * J. Matrix Anal. Appl. 30, 1639 (2009)); `work` 4 n^2. `b` is scaled. */
static void exponential(double *out, double *slope, const double *a, double *b,
                        double *work, int n)
{
  size_t n2 = (size_t)n * (size_t)n;
  double *x = work;
  double *term = work + n2;
  double *term_slope = work + 2 * n2;
  double *next = work + 3 * n2;
  double norm = 0.0;
  int squarings = 0;
  for (size_t k = 0; k < n2; k++) {
    norm += a[k] * a[k];
  }
  norm = sqrt(norm);
  while (norm > 0.5) {
    norm *= 0.5;
    squarings++;
  }
  double scale = ldexp(1.0, -squarings);
  memset(out, 0, n2 * sizeof *out);
  memset(term, 0, n2 * sizeof *term);
  for (int p = 0; p < n; p++) {
    out[p * n + p] = 1.0;
    term[p * n + p] = 1.0;
  }
  for (size_t k = 0; k < n2; k++) {
    x[k] = scale * a[k];
  }
  if (slope != NULL) {
    memset(slope, 0, n2 * sizeof *slope);
    memset(term_slope, 0, n2 * sizeof *term_slope);
    cblas_dscal((int)n2, scale, b, 1);
  }
  for (int k = 1; k <= TERMS; k++) {
    if (slope != NULL) {
      multiply(next, 0.0, 1.0 / k, term_slope, x, n);
      multiply(next, 1.0, 1.0 / k, term, b, n);
      memcpy(term_slope, next, n2 * sizeof *next);
      cblas_daxpy((int)n2, 1.0, term_slope, 1, slope, 1);
    }
    multiply(next, 0.0, 1.0 / k, term, x, n);
    memcpy(term, next, n2 * sizeof *next);
    cblas_daxpy((int)n2, 1.0, term, 1, out, 1);
  }
  for (int k = 0; k < squarings; k++) {
    if (slope != NULL) {
      multiply(next, 0.0, 1.0, out, slope, n);
      multiply(next, 1.0, 1.0, slope, out, n);
      memcpy(slope, next, n2 * sizeof *next);
    }
    multiply(next, 0.0, 1.0, out, out, n);
    memcpy(out, next, n2 * sizeof *next);
  }
}

/* (pq|rs) over all rotated orbitals */
static double eri_at(const struct vqe_rotation *rotation, int p, int q, int r,
                     int s)
{
  size_t n = (size_t)rotation->nmo;
  size_t npair = n * (n + 1) / 2;
  return rotation->eri_all[vqe_pair((size_t)p, (size_t)q) * npair +
                           vqe_pair((size_t)r, (size_t)s)];
}

/* Field of the core in the rotated orbitals. */
static double core_field(const struct vqe_rotation *rotation, int p, int q)
{
  double value = rotation->h_all[p * rotation->nmo + q];
  for (int i = 0; i < rotation->nfrozen; i++) {
    value += 2.0 * eri_at(rotation, p, q, i, i) - eri_at(rotation, p, i, i, q);
  }
  return value;
}

int vqe_rotation_apply(struct vqe_rotation *rotation, const double *angles)
{
  const struct vqe_integrals *whole = rotation->integrals->whole;
  int n = rotation->nmo;
  int first = rotation->nfrozen;
  int norb = rotation->norb;
  memset(rotation->kappa, 0, (size_t)n * (size_t)n * sizeof(double));
  for (int k = 0; k < rotation->nangle; k++) {
    int p = rotation->pairs[k][0];
    int q = rotation->pairs[k][1];
    rotation->kappa[p * n + q] = angles[k];
    rotation->kappa[q * n + p] = -angles[k];
  }
  exponential(rotation->u, NULL, rotation->kappa, NULL, rotation->work, n);
  int status = vqe_transform_matrix(rotation->h_all, whole->h1e, rotation->u,
                                    n, n, 0, n);
  if (status == VQE_OK) {
    status = vqe_transform_eri(rotation->eri_all, whole->eri, rotation->u, n,
                               n, 0, n, 1);
  }
  if (status != VQE_OK) {
    return status;
  }
  rotation->e_core = 0.0;
  for (int i = 0; i < first; i++) {
    rotation->e_core +=
        rotation->h_all[i * n + i] + core_field(rotation, i, i);
  }
  double *eri = rotation->eri;
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q < norb; q++) {
      rotation->h1e[p * norb + q] = core_field(rotation, first + p, first + q);
    }
    for (int q = 0; q <= p; q++) {
      for (int r = 0; r < norb; r++) {
        for (int s = 0; s <= r; s++) {
          *eri++ =
              eri_at(rotation, first + p, first + q, first + r, first + s);
        }
      }
    }
  }
  return VQE_OK;
}

/* Two-body density d of E = sum D_pq h_pq + 1/2 sum d_pqrs (pq|rs), with the
 * symmetry of (pq|rs). */
static double density2(const double *d1, const double *pairs2, int norb, int p,
                       int q, int r, int s)
{
  size_t npair = (size_t)norb * (size_t)(norb + 1) / 2;
  double value = pairs2[vqe_pair((size_t)p, (size_t)q) * npair +
                        vqe_pair((size_t)r, (size_t)s)] /
                 ((p == q ? 1.0 : 2.0) * (r == s ? 1.0 : 2.0));
  double contracted =
      (q == r ? d1[p * norb + s] : 0.0) + (p == r ? d1[q * norb + s] : 0.0) +
      (q == s ? d1[p * norb + r] : 0.0) + (p == s ? d1[q * norb + r] : 0.0);
  return value - 0.25 * contracted;
}

/* Generalised Fock matrix F_mn = sum_q D_mq h_nq + sum_qrs d_mqrs (nq|rs) of
 * core and active m, all n (Helgaker, Jorgensen, Olsen, eq. 10.8.27, with
 * its core closed-form). */
static void fock(double *out, const struct vqe_rotation *rotation,
                 const double *d1, const double *pairs2)
{
  int n = rotation->nmo;
  int first = rotation->nfrozen;
  int norb = rotation->norb;
  memset(out, 0, (size_t)n * (size_t)n * sizeof *out);
  for (int k = 0; k < n; k++) {
    for (int i = 0; i < first; i++) {
      double value = core_field(rotation, i, k);
      for (int t = 0; t < norb; t++) {
        for (int u = 0; u < norb; u++) {
          value += d1[t * norb + u] *
                   (eri_at(rotation, i, k, first + t, first + u) -
                    0.5 * eri_at(rotation, i, first + u, first + t, k));
        }
      }
      out[i * n + k] = 2.0 * value;
    }
    for (int u = 0; u < norb; u++) {
      double field = core_field(rotation, k, first + u);
      for (int t = 0; t < norb; t++) {
        out[(first + t) * n + k] += d1[t * norb + u] * field;
      }
    }
  }
  for (int t = 0; t < norb; t++) {
    for (int u = 0; u < norb; u++) {
      for (int v = 0; v < norb; v++) {
        for (int w = 0; w < norb; w++) {
          double value = density2(d1, pairs2, norb, t, u, v, w);
          for (int k = 0; value != 0.0 && k < n; k++) {
            out[(first + t) * n + k] +=
                value * eri_at(rotation, k, first + u, first + v, first + w);
          }
        }
      }
    }
  }
}

/* dE = <G, X> for orbitals turned further by exp(X), G = 2 F^T; X = U^+
 * dexp(kappa), so that the derivative by kappa is the adjoint of dexp: dexp
 * at kappa^T, along U G. */
int vqe_rotation_gradient(double *out, struct vqe_rotation *rotation,
                          const double *pairs1, const double *pairs2)
{
  int n = rotation->nmo;
  int norb = rotation->norb;
  size_t n2 = (size_t)n * (size_t)n;
  double *along = rotation->work + 4 * n2;
  double *value = along + n2;
  double *slope = value + n2;
  double *back = slope + n2;
  double *d1 = value; /* norb^2, until `value` is needed */
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q < norb; q++) {
      d1[p * norb + q] =
          pairs1[vqe_pair((size_t)p, (size_t)q)] * (p == q ? 1.0 : 0.5);
    }
  }
  fock(slope, rotation, d1, pairs2);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 2.0,
              rotation->u, n, slope, n, 0.0, along, n);
  for (size_t k = 0; k < n2; k++) {
    back[k] = -rotation->kappa[k];
  }
  exponential(value, slope, back, along, rotation->work, n);
  for (int k = 0; k < rotation->nangle; k++) {
    int p = rotation->pairs[k][0];
    int q = rotation->pairs[k][1];
    out[k] = slope[p * n + q] - slope[q * n + p];
  }
  return VQE_OK;
}

void vqe_rotation_dipole(double out[3], const struct vqe_rotation *rotation,
                         const double *rdm1)
{
  const struct vqe_integrals *integrals = rotation->integrals;
  const double *u = rotation->u;
  int n = rotation->nmo;
  int first = rotation->nfrozen;
  int norb = rotation->norb;
  for (int k = 0; k < 3; k++) {
    const double *d =
        integrals->whole->dipole_ints + (size_t)k * (size_t)(n * n);
    double *half = rotation->work;
    double sum = integrals->dipole_core[k];
    for (int i = 0; i < first; i++) { /* nuclei alone */
      sum += 2.0 * d[i * n + i];
    }
    multiply(half, 0.0, 1.0, d, u, n);
    for (int p = 0; p < first + norb; p++) {
      for (int q = 0; q < first + norb; q++) {
        double weight = p == q ? 2.0 : 0.0;
        if (p >= first && q >= first) {
          weight = rdm1[(p - first) * norb + q - first];
        } else if (p >= first || q >= first) {
          weight = 0.0;
        }
        for (int r = 0; weight != 0.0 && r < n; r++) {
          sum -= weight * u[r * n + p] * half[r * n + q];
        }
      }
    }
    out[k] = sum;
  }
}
