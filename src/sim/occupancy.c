#include "sim/occupancy.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lapacke.h>
#include <omp.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Most of the states of two orbitals that share their electron numbers: one
 * alpha and one beta electron. */
#define MOST_STATES 4

/* Planes of a thread over the beta strings: weights by the occupation of the
 * alpha string, then real and imaginary part of the alpha hop. */
#define PLANES 6
#define HOP_RE 4
#define HOP_IM 5

/* What all pairs share. */
struct state {
  const struct vqe_layout *layout;
  const double *re, *im;
};

int vqe_occupancy_init(struct vqe_occupancy *rdm, int norb)
{
  size_t n = (size_t)norb;
  memset(rdm, 0, sizeof *rdm);
  rdm->norb = norb;
  int status = vqe_memory_alloc(&rdm->one, 4 * n, sizeof *rdm->one,
                                "densities of orbitals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&rdm->pairs, n * (n + 1) / 2, sizeof *rdm->pairs,
                              "densities of orbitals");
  }
  return status;
}

void vqe_occupancy_clear(struct vqe_occupancy *rdm)
{
  free(rdm->one);
  free(rdm->pairs);
  memset(rdm, 0, sizeof *rdm);
}

static size_t pair_at(int i, int j)
{
  return (size_t)j * (size_t)(j - 1) / 2 + (size_t)i;
}

/* n_i + 2 n_j */
static int code_of(uint64_t bits, int i, int j)
{
  return (int)(bits >> i & 1) + 2 * (int)(bits >> j & 1);
}

/* Add conj(a) b times `sign`; imaginary planes may be NULL. */
static void add_product(double out[2], double sign, const struct state *state,
                        size_t a, size_t b)
{
  const double *re = state->re;
  const double *im = state->im;
  double real = re[a] * re[b];
  if (im != NULL) {
    real += im[a] * im[b];
    out[1] += sign * (re[a] * im[b] - im[a] * re[b]);
  }
  out[0] += sign * real;
}

/* Of one alpha string, at `row` of block (ca, cb): the weights of its
 * determinants to `planes`, and what beta electrons do beside it. */
static void add_row(struct vqe_occupancy_pair *out, double *planes,
                    const struct state *state,
                    const struct vqe_string_pairs *beta_hops, int code, int ca,
                    int cb, int g, uint32_t s)
{
  const struct vqe_layout *layout = state->layout;
  const struct vqe_strings *beta = layout->beta;
  size_t row = vqe_layout_row(layout, ca, cb, s);
  size_t cols = vqe_layout_cols(layout, cb);
  double *weights =
      planes + (size_t)code * beta->count + beta->class_start[cb];
  const double *re = state->re + row;
  for (size_t u = 0; u < cols; u++) {
    weights[u] += re[u] * re[u];
  }
  if (state->im != NULL) {
    const double *im = state->im + row;
    for (size_t u = 0; u < cols; u++) {
      weights[u] += im[u] * im[u];
    }
  }
  if (!vqe_layout_has(layout, ca, cb ^ g)) {
    return;
  }
  /* from has j, to has i */
  size_t to_row = vqe_layout_row(layout, ca, cb ^ g, s);
  for (uint32_t k = beta_hops->start[cb]; k < beta_hops->start[cb + 1]; k++) {
    const struct vqe_string_pair *pair = &beta_hops->items[k];
    add_product(out->hop[VQE_OCCUPANCY_BETA + code], pair->sign, state,
                to_row + pair->to - beta->class_start[cb ^ g],
                row + pair->from - beta->class_start[cb]);
  }
}

/* The alpha electron of string `s`, which is in i, and of `t`, the same with
 * it in j. */
static void add_hop(struct vqe_occupancy_pair *out, double *planes,
                    const struct state *state,
                    const struct vqe_string_pairs *beta_hops, int ca, int cb,
                    int g, uint32_t s, uint32_t t, double sign)
{
  const struct vqe_layout *layout = state->layout;
  const struct vqe_strings *beta = layout->beta;
  size_t row = vqe_layout_row(layout, ca, cb, s);
  if (vqe_layout_has(layout, ca ^ g, cb)) {
    size_t cols = vqe_layout_cols(layout, cb);
    size_t from = vqe_layout_row(layout, ca ^ g, cb, t);
    double *real = planes + HOP_RE * beta->count + beta->class_start[cb];
    double *imaginary = planes + HOP_IM * beta->count + beta->class_start[cb];
    const double *re = state->re;
    const double *im = state->im;
    for (size_t u = 0; u < cols; u++) {
      real[u] += sign * re[row + u] * re[from + u];
    }
    for (size_t u = 0; im != NULL && u < cols; u++) {
      real[u] += sign * im[row + u] * im[from + u];
      imaginary[u] +=
          sign * (re[row + u] * im[from + u] - im[row + u] * re[from + u]);
    }
  }
  if (!vqe_layout_has(layout, ca ^ g, cb ^ g)) {
    return;
  }
  size_t other = vqe_layout_row(layout, ca ^ g, cb ^ g, t);
  uint32_t base = beta->class_start[cb];
  uint32_t base_other = beta->class_start[cb ^ g];
  /* the beta electron of `s` in i, that of `t` in j */
  for (uint32_t k = beta_hops->start[cb ^ g];
       k < beta_hops->start[(cb ^ g) + 1]; k++) {
    const struct vqe_string_pair *pair = &beta_hops->items[k];
    add_product(out->hop[VQE_OCCUPANCY_TOGETHER], sign * pair->sign, state,
                row + pair->to - base, other + pair->from - base_other);
  }
  /* the other way round */
  for (uint32_t k = beta_hops->start[cb]; k < beta_hops->start[cb + 1]; k++) {
    const struct vqe_string_pair *pair = &beta_hops->items[k];
    add_product(out->hop[VQE_OCCUPANCY_ACROSS], sign * pair->sign, state,
                row + pair->from - base, other + pair->to - base_other);
  }
}

static void sum_planes(struct vqe_occupancy_pair *out, const double *planes,
                       const struct vqe_strings *beta, int i, int j)
{
  for (size_t u = 0; u < beta->count; u++) {
    int code = code_of(beta->bits[u], i, j);
    for (int a = 0; a < 4; a++) {
      out->weight[a][code] += planes[(size_t)a * beta->count + u];
    }
    out->hop[VQE_OCCUPANCY_ALPHA + code][0] +=
        planes[HOP_RE * beta->count + u];
    out->hop[VQE_OCCUPANCY_ALPHA + code][1] +=
        planes[HOP_IM * beta->count + u];
  }
}

/* `g`: the product of the irreps of i and j. */
static int compute_pair(struct vqe_occupancy_pair *out, double *planes,
                        const struct state *state, int i, int j, int g)
{
  const struct vqe_layout *layout = state->layout;
  const struct vqe_strings *alpha = layout->alpha;
  const uint64_t both = UINT64_C(1) << i | UINT64_C(1) << j;
  struct vqe_string_pairs beta_hops;
  int status = vqe_string_pairs_init(&beta_hops, layout->beta, j, i, -1, -1);
  if (status != VQE_OK) {
    return status;
  }
  memset(planes, 0, PLANES * layout->beta->count * sizeof *planes);
  for (int ca = 0; ca < alpha->nclass; ca++) {
    for (uint32_t s = alpha->class_start[ca]; s < alpha->class_start[ca + 1];
         s++) {
      int code = code_of(alpha->bits[s], i, j);
      bool hops = code == 1;
      uint32_t t =
          hops ? vqe_strings_position(alpha, alpha->bits[s] ^ both) : 0;
      double sign = hops ? vqe_strings_sign(alpha->bits[s], i, j) : 0.0;
      for (int cb = 0; cb < layout->beta->nclass; cb++) {
        if (vqe_layout_has(layout, ca, cb)) {
          add_row(out, planes, state, &beta_hops, code, ca, cb, g, s);
        }
        if (hops && vqe_layout_has(layout, ca, cb)) {
          add_hop(out, planes, state, &beta_hops, ca, cb, g, s, t, sign);
        }
      }
    }
  }
  sum_planes(out, planes, layout->beta, i, j);
  vqe_string_pairs_clear(&beta_hops);
  return VQE_OK;
}

/* Irrep of an orbital from the strings: that of a string with it over that of
 * the same string with orbital 0 instead; 0 where there is none. */
static int irrep_of(const struct vqe_strings *strings, int p)
{
  uint64_t both = UINT64_C(1) << p | UINT64_C(1);
  for (int c = 0; p > 0 && c < strings->nclass; c++) {
    for (uint32_t s = strings->class_start[c]; s < strings->class_start[c + 1];
         s++) {
      uint64_t bits = strings->bits[s];
      if ((bits & both) == 1) {
        return c ^ vqe_strings_class(
                       strings, vqe_strings_position(strings, bits ^ both));
      }
    }
  }
  return 0;
}

/* Occupations of each orbital alone. */
static void compute_one(struct vqe_occupancy *rdm, const struct state *state)
{
  const struct vqe_layout *layout = state->layout;
  const struct vqe_strings *alpha = layout->alpha;
  const struct vqe_strings *beta = layout->beta;
  int norb = rdm->norb;
  if (norb > 1) {
    /* orbital j = 0 is the i of the pair with 1 */
    for (int p = 0; p < norb; p++) {
      int shift = p == 0 ? 0 : 1;
      const struct vqe_occupancy_pair *pair =
          &rdm->pairs[p == 0 ? pair_at(0, 1) : pair_at(0, p)];
      for (int a = 0; a < 4; a++) {
        for (int b = 0; b < 4; b++) {
          rdm->one[4 * p + (a >> shift & 1) + 2 * (b >> shift & 1)] +=
              pair->weight[a][b];
        }
      }
    }
    return;
  }
  for (uint32_t s = 0; s < alpha->count; s++) {
    for (uint32_t u = 0; u < beta->count; u++) {
      size_t at = vqe_layout_address(layout, s, u);
      if (at != SIZE_MAX) {
        double im = state->im != NULL ? state->im[at] : 0.0;
        rdm->one[alpha->bits[s] + 2 * beta->bits[u]] +=
            state->re[at] * state->re[at] + im * im;
      }
    }
  }
}

int vqe_occupancy_compute(struct vqe_occupancy *rdm,
                          const struct vqe_layout *layout, const double *re,
                          const double *im, int threads, struct vqe_stop *stop)
{
  const struct state state = {layout, re, im};
  const struct vqe_strings *larger =
      layout->alpha->count >= layout->beta->count ? layout->alpha
                                                  : layout->beta;
  double *planes = NULL;
  size_t each = PLANES * layout->beta->count;
  int irreps[VQE_MAX_ORBITALS] = {0};
  int status = vqe_memory_alloc(&planes, (size_t)threads * each,
                                sizeof *planes, "densities of orbitals");
  VQE_ASSERT(rdm->norb <= VQE_MAX_ORBITALS);
  for (int p = 0; p < rdm->norb; p++) {
    irreps[p] = irrep_of(larger, p);
  }
  for (int j = 1; status == VQE_OK && j < rdm->norb; j++) {
#pragma omp parallel for schedule(dynamic, 1)                                 \
    num_threads(threads) if (threads > 1)
    for (int i = 0; i < j; i++) {
      int failed = compute_pair(&rdm->pairs[pair_at(i, j)],
                                planes + (size_t)omp_get_thread_num() * each,
                                &state, i, j, irreps[i] ^ irreps[j]);
      if (failed != VQE_OK) {
#pragma omp atomic write
        status = failed;
      }
    }
    if (status == VQE_OK && vqe_stop_asked(stop, layout->size * (size_t)j)) {
      status = vqe_stop_status(stop);
    }
  }
  if (status == VQE_OK) {
    compute_one(rdm, &state);
  } else if (status == VQE_ERR_MEMORY) {
    /* the words for it may be another thread's */
    status =
        vqe_error_set(VQE_ERR_MEMORY,
                      "no memory for the densities of %d orbitals", rdm->norb);
  }
  free(planes);
  return status;
}

void vqe_occupancy_spins(double *alpha, double *beta,
                         const struct vqe_occupancy *rdm)
{
  int norb = rdm->norb;
  for (int j = 0; j < norb; j++) {
    const double *one = rdm->one + (size_t)4 * (size_t)j;
    alpha[j * norb + j] = one[1] + one[3];
    beta[j * norb + j] = one[2] + one[3];
    for (int i = 0; i < j; i++) {
      const struct vqe_occupancy_pair *pair = &rdm->pairs[pair_at(i, j)];
      double a = 0.0;
      double b = 0.0;
      for (int k = 0; k < 4; k++) {
        a += pair->hop[VQE_OCCUPANCY_ALPHA + k][0];
        b += pair->hop[VQE_OCCUPANCY_BETA + k][0];
      }
      alpha[i * norb + j] = a;
      alpha[j * norb + i] = a;
      beta[i * norb + j] = b;
      beta[j * norb + i] = b;
    }
  }
}

/* ---- entropies ---- */

static double entropy_of(double weight)
{
  return weight > 0.0 ? -weight * log(weight) : 0.0;
}

static double complex hop_of(const struct vqe_occupancy_pair *pair, int k)
{
  /* clang has no CMPLX */
  return pair->hop[k][0] + pair->hop[k][1] * I;
}

/* Add the entropy of a Hermitian block, n x n row major, whose upper triangle
 * is given. */
static int add_block(double *entropy, int n, double complex *block)
{
  double weights[MOST_STATES];
  if (LAPACKE_zheev(LAPACK_ROW_MAJOR, 'N', 'U', n, block, n, weights) != 0) {
    return vqe_error_set(VQE_ERR_NUMERIC, "the density matrix of two orbitals "
                                          "could not be diagonalised");
  }
  for (int k = 0; k < n; k++) {
    *entropy += entropy_of(weights[k]);
  }
  return VQE_OK;
}

/* Two states that one hop joins: the electron in i, in j. The element between
 * them, <j|rho|i>, is the expectation of a+_i a_j. */
static int add_two(double *entropy, double in_i, double in_j,
                   double complex hop)
{
  double complex block[4] = {in_i, conj(hop), 0.0, in_j};
  return add_block(entropy, 2, block);
}

/* One alpha and one beta electron: both in i; alpha in i; beta in i; none. */
static int add_four(double *entropy, const struct vqe_occupancy_pair *pair)
{
  double complex block[16] = {0.0};
  block[0] = pair->weight[1][1];
  block[5] = pair->weight[1][2];
  block[10] = pair->weight[2][1];
  block[15] = pair->weight[2][2];
  block[1] = conj(hop_of(pair, VQE_OCCUPANCY_BETA + 1));
  block[2] = conj(hop_of(pair, VQE_OCCUPANCY_ALPHA + 1));
  block[3] = conj(hop_of(pair, VQE_OCCUPANCY_TOGETHER));
  block[6] = conj(hop_of(pair, VQE_OCCUPANCY_ACROSS));
  block[7] = conj(hop_of(pair, VQE_OCCUPANCY_ALPHA + 2));
  block[11] = conj(hop_of(pair, VQE_OCCUPANCY_BETA + 2));
  return add_block(entropy, 4, block);
}

static int pair_entropy(double *entropy, const struct vqe_occupancy_pair *pair)
{
  *entropy = entropy_of(pair->weight[0][0]) + entropy_of(pair->weight[3][3]) +
             entropy_of(pair->weight[3][0]) + entropy_of(pair->weight[0][3]);
  int status = add_four(entropy, pair);
  /* beside no electron of the other spin, and beside two */
  for (int k = 0; status == VQE_OK && k < 4; k += 3) {
    status = add_two(entropy, pair->weight[1][k], pair->weight[2][k],
                     hop_of(pair, VQE_OCCUPANCY_ALPHA + k));
    if (status == VQE_OK) {
      status = add_two(entropy, pair->weight[k][1], pair->weight[k][2],
                       hop_of(pair, VQE_OCCUPANCY_BETA + k));
    }
  }
  return status;
}

int vqe_occupancy_entropies(double *entropies, double *information,
                            const struct vqe_occupancy *rdm)
{
  int norb = rdm->norb;
  int status = VQE_OK;
  for (int p = 0; p < norb; p++) {
    entropies[p] = 0.0;
    information[p * norb + p] = 0.0;
    for (int k = 0; k < 4; k++) {
      entropies[p] += entropy_of(rdm->one[4 * p + k]);
    }
  }
  for (int j = 0; status == VQE_OK && j < norb; j++) {
    for (int i = 0; status == VQE_OK && i < j; i++) {
      double both = 0.0;
      status = pair_entropy(&both, &rdm->pairs[pair_at(i, j)]);
      information[i * norb + j] = 0.5 * (entropies[i] + entropies[j] - both);
      information[j * norb + i] = information[i * norb + j];
    }
  }
  return status;
}
