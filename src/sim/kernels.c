#include "sim/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "sim/rotate.h"

/* Qubits below this are rotated inside blocks of 2^BLOCK amplitudes, which
 * stay in the first-level cache while all of them are done. */
#define BLOCK 11
/* Higher qubits go three at a time: eight rows far apart by a power of two
 * are what an eight-way cache set holds. */
#define GROUP 3
#define WIDTH 64
/* States smaller than this are swept by one thread. */
#define PARALLEL_SIZE ((size_t)1 << 15)

typedef double v8 __attribute__((vector_size(64), aligned(8)));

static inline bool parallel(const struct vqe_kernel_context *context)
{
  return context->threads > 1 && context->size >= PARALLEL_SIZE;
}

/* ---- RY ---- */

struct ry {
  uint64_t mask;
  double c[VQE_MAX_QUBITS], s[VQE_MAX_QUBITS];
  v8 column[8]; /* the 8 x 8 product of qubits 0, 1, 2 by columns */
};

/* Product of the rotations of qubits 0 to 2; `back` transposes it. */
static void low_matrix(struct ry *ry, bool back)
{
  for (int column = 0; column < 8; column++) {
    for (int row = 0; row < 8; row++) {
      double value = 1.0;
      for (int q = 0; q < 3; q++) {
        int from = column >> q & 1;
        int to = row >> q & 1;
        double s = back ? -ry->s[q] : ry->s[q];
        if ((ry->mask >> q & 1) == 0) {
          value *= from == to ? 1.0 : 0.0;
        } else {
          value *= from == to ? ry->c[q] : (to == 1 ? s : -s);
        }
      }
      ry->column[column][row] = value;
    }
  }
}

/* Through a pointer: how a vector this wide is returned depends on the
 * processor. */
static inline void low_product(v8 *out, const struct ry *ry, const double *x)
{
  v8 sum = ry->column[0] * x[0];
  for (int k = 1; k < 8; k++) {
    sum += ry->column[k] * x[k];
  }
  *out = sum;
}

/* Rotate qubits 0 to 2 of n amplitudes, n a multiple of 8. */
static void low_rotate(const struct ry *ry, double *x, size_t n)
{
  for (size_t k = 0; k < n; k += 8) {
    v8 out;
    low_product(&out, ry, x + k);
    memcpy(x + k, &out, sizeof out);
  }
}

static void low_rotate_back(const struct ry *ry, double *x, double *l,
                            size_t n, double sums[3])
{
  v8 total[3] = {{0}};
  /* lambda_1 psi_0 - lambda_0 psi_1 = sum lambda_i sign_i psi_{i ^ bit} */
  const v8 sign[3] = {{-1, 1, -1, 1, -1, 1, -1, 1},
                      {-1, -1, 1, 1, -1, -1, 1, 1},
                      {-1, -1, -1, -1, 1, 1, 1, 1}};
  for (size_t k = 0; k < n; k += 8) {
    v8 psi;
    v8 lambda;
    memcpy(&psi, x + k, sizeof psi);
    memcpy(&lambda, l + k, sizeof lambda);
    total[0] +=
        lambda * __builtin_shufflevector(psi, psi, 1, 0, 3, 2, 5, 4, 7, 6);
    total[1] +=
        lambda * __builtin_shufflevector(psi, psi, 2, 3, 0, 1, 6, 7, 4, 5);
    total[2] +=
        lambda * __builtin_shufflevector(psi, psi, 4, 5, 6, 7, 0, 1, 2, 3);
    low_product(&psi, ry, x + k);
    low_product(&lambda, ry, l + k);
    memcpy(x + k, &psi, sizeof psi);
    memcpy(l + k, &lambda, sizeof lambda);
  }
  for (int q = 0; q < 3; q++) {
    v8 signed_total = total[q] * sign[q];
    for (int k = 0; k < 8; k++) {
      sums[q] += signed_total[k];
    }
  }
}

/* Qubits below BLOCK on `n` amplitudes in cache. */
static void ry_block(const struct ry *ry, double *x, double *l, size_t n,
                     int nqubit, double *sums)
{
  int first = 0;
  int last = nqubit < BLOCK ? nqubit : BLOCK;
  if (nqubit >= 3 && (ry->mask & 7) != 0) {
    if (l == NULL) {
      low_rotate(ry, x, n);
    } else {
      low_rotate_back(ry, x, l, n, sums);
    }
    first = 3;
  }
  for (int q = first; q < last; q++) {
    size_t step = (size_t)1 << q;
    if ((ry->mask >> q & 1) == 0) {
      continue;
    }
    for (size_t base = 0; base < n; base += 2 * step) {
      if (l == NULL) {
        vqe_rotate(x + base, x + base + step, step, ry->c[q], ry->s[q]);
      } else {
        sums[q] += vqe_rotate_back(x + base, x + base + step, l + base,
                                   l + base + step, step, ry->c[q], ry->s[q]);
      }
    }
  }
}

/* Qubits q0 .. q0 + count - 1 (all >= BLOCK) over one strip of WIDTH
 * amplitudes in each of 2^count rows. */
static void ry_strip(const struct ry *ry, double *x, double *l, int q0,
                     int count, double *sums)
{
  size_t step = (size_t)1 << q0;
  for (int j = 0; j < count; j++) {
    int q = q0 + j;
    if ((ry->mask >> q & 1) == 0) {
      continue;
    }
    for (size_t row = 0; row < (size_t)1 << count; row++) {
      if (row >> j & 1) {
        continue;
      }
      size_t a = row * step;
      size_t b = (row | (size_t)1 << j) * step;
      if (l == NULL) {
        vqe_rotate(x + a, x + b, WIDTH, ry->c[q], ry->s[q]);
      } else {
        sums[q] += vqe_rotate_back(x + a, x + b, l + a, l + b, WIDTH, ry->c[q],
                                   ry->s[q]);
      }
    }
  }
}

static void ry_plane(const struct vqe_kernel_context *context,
                     const struct ry *ry, double *x, double *l, double *sums)
{
  int n = context->nqubit;
  size_t size = context->size;
  size_t block = n < BLOCK ? size : (size_t)1 << BLOCK;
  long blocks = (long)(size / block);
  long chunks = blocks < VQE_KERNEL_CHUNKS ? blocks : VQE_KERNEL_CHUNKS;
  memset(context->partial, 0,
         VQE_KERNEL_CHUNKS * VQE_MAX_QUBITS * sizeof(double));
#pragma omp parallel for schedule(static)                                     \
    num_threads(context->threads) if (parallel(context))
  for (long chunk = 0; chunk < chunks; chunk++) {
    double *own = context->partial + chunk * VQE_MAX_QUBITS;
    for (long k = blocks * chunk / chunks; k < blocks * (chunk + 1) / chunks;
         k++) {
      size_t at = (size_t)k * block;
      ry_block(ry, x + at, l == NULL ? NULL : l + at, block, n, own);
    }
  }
  for (int q0 = BLOCK; q0 < n; q0 += GROUP) {
    int count = n - q0 < GROUP ? n - q0 : GROUP;
    long strips = (long)(size >> count) / WIDTH;
    long in_step = (long)(((size_t)1 << q0) / WIDTH);
    chunks = strips < VQE_KERNEL_CHUNKS ? strips : VQE_KERNEL_CHUNKS;
    if ((ry->mask >> q0 & ((UINT64_C(1) << count) - 1)) == 0) {
      continue;
    }
#pragma omp parallel for schedule(static)                                     \
    num_threads(context->threads) if (parallel(context))
    for (long chunk = 0; chunk < chunks; chunk++) {
      double *own = context->partial + chunk * VQE_MAX_QUBITS;
      for (long k = strips * chunk / chunks; k < strips * (chunk + 1) / chunks;
           k++) {
        size_t at = ((size_t)(k / in_step) << (q0 + count)) +
                    (size_t)(k % in_step) * WIDTH;
        ry_strip(ry, x + at, l == NULL ? NULL : l + at, q0, count, own);
      }
    }
  }
  for (long chunk = 0; l != NULL && chunk < VQE_KERNEL_CHUNKS; chunk++) {
    for (int q = 0; q < n; q++) {
      sums[q] += context->partial[chunk * VQE_MAX_QUBITS + q];
    }
  }
}

void vqe_kernel_ry(const struct vqe_kernel_context *context,
                   struct vqe_vector psi, const struct vqe_vector *lambda,
                   uint64_t mask, const double *angle, double *sums)
{
  struct ry ry = {.mask = mask};
  for (int q = 0; q < context->nqubit; q++) {
    double half = (mask >> q & 1) ? 0.5 * angle[q] : 0.0;
    ry.c[q] = cos(half);
    ry.s[q] = sin(half);
    if (lambda != NULL) {
      sums[q] = 0.0;
    }
  }
  low_matrix(&ry, lambda != NULL);
  ry_plane(context, &ry, psi.re, lambda == NULL ? NULL : lambda->re, sums);
  if (psi.im != NULL) {
    ry_plane(context, &ry, psi.im, lambda == NULL ? NULL : lambda->im, sums);
  }
}

/* ---- RZ ---- */

/* phase[i] = exp(-i/2 sum_q (+-) angle[first + q]) for i < 2^count */
static void phase_table(double *re, double *im, int first, int count,
                        uint64_t mask, const double *angle, double direction)
{
  for (size_t i = 0; i < (size_t)1 << count; i++) {
    double sum = 0.0;
    for (int q = 0; q < count; q++) {
      if (mask >> (first + q) & 1) {
        sum += (i >> q & 1) ? -angle[first + q] : angle[first + q];
      }
    }
    re[i] = cos(-0.5 * direction * sum);
    im[i] = sin(-0.5 * direction * sum);
  }
}

static inline void times_phase(double *restrict re, double *restrict im,
                               const double *restrict pr,
                               const double *restrict pi, size_t n, double hr,
                               double hi)
{
  for (size_t k = 0; k < n; k++) {
    double cr = hr * pr[k] - hi * pi[k];
    double ci = hr * pi[k] + hi * pr[k];
    double old = re[k];
    re[k] = cr * old - ci * im[k];
    im[k] = cr * im[k] + ci * old;
  }
}

#define LOW_QUBITS 9
#define LOW_SIZE ((size_t)1 << LOW_QUBITS)

void vqe_kernel_rz(const struct vqe_kernel_context *context,
                   struct vqe_vector psi, const struct vqe_vector *lambda,
                   uint64_t mask, const double *angle, double *sums)
{
  int n = context->nqubit;
  int low = n < LOW_QUBITS ? n : LOW_QUBITS;
  size_t width = (size_t)1 << low;
  long rows = (long)(context->size >> low);
  double pr[LOW_SIZE];
  double pi[LOW_SIZE];
  double direction = lambda == NULL ? 1.0 : -1.0;
  long chunks = rows < VQE_KERNEL_CHUNKS ? rows : VQE_KERNEL_CHUNKS;
  phase_table(pr, pi, 0, low, mask, angle, direction);
  memset(context->partial, 0,
         VQE_KERNEL_CHUNKS * VQE_MAX_QUBITS * sizeof(double));
#pragma omp parallel for schedule(static)                                     \
    num_threads(context->threads) if (parallel(context))
  for (long chunk = 0; chunk < chunks; chunk++) {
    double *own = context->partial + chunk * VQE_MAX_QUBITS;
    double folded[LOW_SIZE] = {0};
    for (long row = rows * chunk / chunks; row < rows * (chunk + 1) / chunks;
         row++) {
      double sum = 0.0;
      for (int q = low; q < n; q++) {
        if (mask >> q & 1) {
          sum += (row >> (q - low) & 1) ? -angle[q] : angle[q];
        }
      }
      double hr = cos(-0.5 * direction * sum);
      double hi = sin(-0.5 * direction * sum);
      double *re = psi.re + (size_t)row * width;
      double *im = psi.im + (size_t)row * width;
      if (lambda != NULL) {
        double *lr = lambda->re + (size_t)row * width;
        double *li = lambda->im + (size_t)row * width;
        double total = 0.0;
        for (size_t k = 0; k < width; k++) {
          double w = lr[k] * im[k] - li[k] * re[k];
          folded[k] += w;
          total += w;
        }
        for (int q = low; q < n; q++) {
          own[q] += (row >> (q - low) & 1) ? -total : total;
        }
        times_phase(lr, li, pr, pi, width, hr, hi);
      }
      times_phase(re, im, pr, pi, width, hr, hi);
    }
    /* Walsh sums of the low qubits: fold the top bit away each time */
    for (int q = low - 1; lambda != NULL && q >= 0; q--) {
      size_t half = (size_t)1 << q;
      for (size_t k = 0; k < half; k++) {
        own[q] += folded[k] - folded[k + half];
        folded[k] += folded[k + half];
      }
    }
  }
  for (int q = 0; lambda != NULL && q < n; q++) {
    sums[q] = 0.0;
    for (long chunk = 0; chunk < VQE_KERNEL_CHUNKS; chunk++) {
      sums[q] += context->partial[chunk * VQE_MAX_QUBITS + q];
    }
  }
}

/* ---- two-qubit and four-qubit gates ---- */

static double add_partials(const struct vqe_kernel_context *context)
{
  double sum = 0.0;
  for (long chunk = 0; chunk < VQE_KERNEL_CHUNKS; chunk++) {
    sum += context->partial[chunk * VQE_MAX_QUBITS];
  }
  return sum;
}

/* On the pair x = |01>, y = |10> the gate mixes Re y with Im x and Re x with
 * Im y: two plane rotations, each over runs of 2^low amplitudes. */
double vqe_kernel_xxyy(const struct vqe_kernel_context *context,
                       struct vqe_vector psi, const struct vqe_vector *lambda,
                       int a, int b, double angle)
{
  int low = a < b ? a : b;
  int high = a < b ? b : a;
  size_t run = (size_t)1 << low;
  size_t far = (size_t)1 << high;
  double c = cos(angle);
  double s = sin(angle);
  int middle = high - low - 1; /* qubits between the two */
  long runs = (long)(context->size >> (low + 2));
  long chunks = runs < VQE_KERNEL_CHUNKS ? runs : VQE_KERNEL_CHUNKS;
  memset(context->partial, 0,
         VQE_KERNEL_CHUNKS * VQE_MAX_QUBITS * sizeof(double));
#pragma omp parallel for schedule(static)                                     \
    num_threads(context->threads) if (parallel(context))
  for (long chunk = 0; chunk < chunks; chunk++) {
    double sum = 0.0;
    for (long k = runs * chunk / chunks; k < runs * (chunk + 1) / chunks;
         k++) {
      size_t above = (size_t)k >> middle;
      size_t between = (size_t)k & (((size_t)1 << middle) - 1);
      size_t base = above << (high + 1) | between << (low + 1);
      size_t x = base | run;
      size_t y = base | far;
      if (lambda == NULL) {
        vqe_rotate(psi.im + y, psi.re + x, run, c, s);
        vqe_rotate(psi.im + x, psi.re + y, run, c, s);
      } else {
        sum += vqe_rotate_back(psi.im + y, psi.re + x, lambda->im + y,
                               lambda->re + x, run, c, s);
        sum += vqe_rotate_back(psi.im + x, psi.re + y, lambda->im + x,
                               lambda->re + y, run, c, s);
      }
    }
    context->partial[chunk * VQE_MAX_QUBITS] = sum;
  }
  return add_partials(context);
}

double vqe_kernel_excitation(const struct vqe_kernel_context *context,
                             struct vqe_vector psi,
                             const struct vqe_vector *lambda, uint64_t from,
                             uint64_t to, uint64_t parity, int flip,
                             double angle)
{
  double c = cos(angle);
  double s = lambda == NULL ? sin(angle) : -sin(angle);
  size_t move = from | to;
  long size = (long)context->size;
  long chunks = size < VQE_KERNEL_CHUNKS ? size : VQE_KERNEL_CHUNKS;
  memset(context->partial, 0,
         VQE_KERNEL_CHUNKS * VQE_MAX_QUBITS * sizeof(double));
#pragma omp parallel for schedule(static)                                     \
    num_threads(context->threads) if (parallel(context))
  for (long chunk = 0; chunk < chunks; chunk++) {
    double sum = 0.0;
    for (long k = size * chunk / chunks; k < size * (chunk + 1) / chunks;
         k++) {
      size_t x = (size_t)k;
      if ((x & move) != from) {
        continue;
      }
      size_t y = x ^ move;
      double sign =
          ((__builtin_popcountll(x & parity) + flip) & 1) ? -1.0 : 1.0;
      for (int part = 0; part < 2; part++) {
        double *v = part == 0 ? psi.re : psi.im;
        if (v == NULL) {
          continue;
        }
        double px = v[x];
        double py = v[y];
        if (lambda != NULL) {
          double *l = part == 0 ? lambda->re : lambda->im;
          double qx = l[x];
          double qy = l[y];
          sum += sign * (qy * px - qx * py);
          l[x] = c * qx - sign * s * qy;
          l[y] = c * qy + sign * s * qx;
        }
        v[x] = c * px - sign * s * py;
        v[y] = c * py + sign * s * px;
      }
    }
    context->partial[chunk * VQE_MAX_QUBITS] = sum;
  }
  return add_partials(context);
}

/* ---- permutations ---- */

void vqe_kernel_permute(const struct vqe_kernel_context *context,
                        struct vqe_vector out, struct vqe_vector in,
                        const uint64_t *columns, uint64_t offset)
{
  int n = context->nqubit;
  int low = n < LOW_QUBITS ? n : LOW_QUBITS;
  size_t width = (size_t)1 << low;
  long rows = (long)(context->size >> low);
  size_t table[LOW_SIZE];
  for (size_t k = 0; k < width; k++) {
    table[k] = offset;
    for (int q = 0; q < low; q++) {
      if (k >> q & 1) {
        table[k] ^= columns[q];
      }
    }
  }
#pragma omp parallel for schedule(static)                                     \
    num_threads(context->threads) if (parallel(context))
  for (long row = 0; row < rows; row++) {
    size_t high = 0;
    for (int q = low; q < n; q++) {
      if (row >> (q - low) & 1) {
        high ^= columns[q];
      }
    }
    for (int part = 0; part < 2; part++) {
      double *to = part == 0 ? out.re : out.im;
      const double *source = part == 0 ? in.re : in.im;
      if (source == NULL) {
        continue;
      }
      to += (size_t)row * width;
      for (size_t k = 0; k < width; k++) {
        to[k] = source[table[k] ^ high];
      }
    }
  }
}
