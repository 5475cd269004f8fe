/* What a full-space state has beyond its energy: numbers, spin, density,
 * amplitudes. */
#include <string.h>

#include "base/error_message.h"
#include "sim/statevector_tables.h"

/* Amplitudes between two looks for a stop, and exchanges of one, about. */
#define ROWS_BETWEEN ((size_t)4096)
#define EXCHANGES 64

/* <E_pq + E_qp>/2 of one spin (shift 0 alpha, norb beta). */
static double transition(const struct vqe_statevector *sv, int p, int q,
                         int shift)
{
  uint64_t bp = UINT64_C(1) << (p + shift);
  uint64_t bq = UINT64_C(1) << (q + shift);
  uint64_t between = p == q ? 0 : (bp - 1) & ~(2 * bq - 1);
  double sum = 0.0;
  for (size_t x = 0; x < sv->context.size; x++) {
    if ((x & bq) == 0 || (p != q && (x & bp) != 0)) {
      continue;
    }
    size_t y = p == q ? x : x ^ bp ^ bq;
    double value = sv->psi.re[x] * sv->psi.re[y];
    if (sv->psi.im != NULL) {
      value += sv->psi.im[x] * sv->psi.im[y];
    }
    sum += __builtin_parityll(x & between) ? -value : value;
  }
  return sum;
}

int vqe_statevector_properties(void *backend, struct vqe_properties *out,
                               double *rdm1, const double *parameters)
{
  struct vqe_statevector *sv = backend;
  int norb = sv->hamiltonian->norb;
  uint64_t alpha_mask = (UINT64_C(1) << norb) - 1;
  vqe_statevector_prepare(sv, parameters);
  out->n = 0.0;
  out->sz = 0.0;
  out->s2 = 0.0;
  uint64_t reference = ((UINT64_C(1) << sv->ansatz->nalpha) - 1) |
                       ((UINT64_C(1) << sv->ansatz->nbeta) - 1) << norb;
  for (size_t x = 0; x < sv->context.size; x++) {
    if (x % ROWS_BETWEEN == 0 &&
        vqe_stop_asked(sv->stop, ROWS_BETWEEN * EXCHANGES)) {
      return vqe_stop_status(sv->stop);
    }
    double weight = sv->psi.re[x] * sv->psi.re[x];
    double re = sv->psi.re[x];
    double im = 0.0;
    if (sv->psi.im != NULL) {
      im = sv->psi.im[x];
      weight += im * im;
    }
    if (x == reference) {
      out->reference_weight = weight;
    }
    uint64_t alpha = x & alpha_mask;
    uint64_t beta = x >> norb;
    int na = __builtin_popcountll(alpha);
    int nb = __builtin_popcountll(beta);
    double m = 0.5 * (na - nb);
    out->n += weight * (na + nb);
    out->sz += weight * m;
    /* M(M+1) + N_beta - n_alpha.n_beta, then the exchanges p != q */
    out->s2 +=
        weight * (m * (m + 1.0) + nb - __builtin_popcountll(alpha & beta));
    if (weight < 1e-28) {
      continue;
    }
    for (uint64_t ps = alpha & ~beta; ps != 0; ps &= ps - 1) {
      for (uint64_t qs = beta & ~alpha; qs != 0; qs &= qs - 1) {
        int p = __builtin_ctzll(ps);
        int q = __builtin_ctzll(qs);
        uint64_t swap = UINT64_C(1) << p | UINT64_C(1) << q;
        uint64_t between =
            p < q ? ((UINT64_C(1) << q) - 1) & ~((UINT64_C(2) << p) - 1)
                  : ((UINT64_C(1) << p) - 1) & ~((UINT64_C(2) << q) - 1);
        size_t y = (alpha ^ swap) | (beta ^ swap) << norb;
        double value = re * sv->psi.re[y];
        if (sv->psi.im != NULL) {
          value += im * sv->psi.im[y];
        }
        int odd = __builtin_parityll(alpha & between) ^
                  __builtin_parityll(beta & between);
        out->s2 -= odd ? -value : value;
      }
    }
  }
  for (int p = 0; rdm1 != NULL && p < norb; p++) {
    for (int q = 0; q <= p && !vqe_stop_asked(sv->stop, sv->context.size);
         q++) {
      double value = transition(sv, p, q, 0) + transition(sv, p, q, norb);
      rdm1[p * norb + q] = value;
      rdm1[q * norb + p] = value;
    }
  }
  return vqe_stop_status(sv->stop);
}

int vqe_statevector_state(void *backend, double *re, double *im,
                          const double *parameters)
{
  struct vqe_statevector *sv = backend;
  size_t bytes = sv->context.size * sizeof(double);
  vqe_statevector_prepare(sv, parameters);
  memcpy(re, sv->psi.re, bytes);
  if (sv->psi.im != NULL) {
    memcpy(im, sv->psi.im, bytes);
  } else {
    memset(im, 0, bytes);
  }
  return vqe_stop_status(sv->stop);
}
