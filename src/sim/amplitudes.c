#include "sim/amplitudes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/assert.h"
#include "sim/parallel.h"
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

static inline int threads_of(const struct vqe_amplitudes_context *context)
{
  return context->size >= PARALLEL_SIZE ? context->threads : 1;
}

static void clear_partials(const struct vqe_amplitudes_context *context)
{
  memset(context->partial, 0,
         (size_t)VQE_AMPLITUDES_CHUNKS * VQE_MAX_QUBITS *
             sizeof *context->partial);
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

struct ry_loop {
  const struct vqe_amplitudes_context *context;
  const struct ry *ry;
  double *x, *l; /* l NULL: forwards */
  long chunks, items;
  size_t block;  /* amplitudes of an item of the low qubits */
  int q0, count; /* high qubits */
};

static void ry_low_chunk(const void *ctx, long chunk)
{
  const struct ry_loop *loop = ctx;
  double *own = loop->context->partial + chunk * VQE_MAX_QUBITS;
  for (long k = loop->items * chunk / loop->chunks;
       k < loop->items * (chunk + 1) / loop->chunks; k++) {
    size_t at = (size_t)k * loop->block;
    ry_block(loop->ry, loop->x + at, loop->l == NULL ? NULL : loop->l + at,
             loop->block, loop->context->nqubit, own);
  }
}

static void ry_high_chunk(const void *ctx, long chunk)
{
  const struct ry_loop *loop = ctx;
  double *own = loop->context->partial + chunk * VQE_MAX_QUBITS;
  long in_step = (long)(((size_t)1 << loop->q0) / WIDTH);
  for (long k = loop->items * chunk / loop->chunks;
       k < loop->items * (chunk + 1) / loop->chunks; k++) {
    size_t at = ((size_t)(k / in_step) << (loop->q0 + loop->count)) +
                (size_t)(k % in_step) * WIDTH;
    ry_strip(loop->ry, loop->x + at, loop->l == NULL ? NULL : loop->l + at,
             loop->q0, loop->count, own);
  }
}

static void ry_plane(const struct vqe_amplitudes_context *context,
                     const struct ry *ry, double *x, double *l, double *sums)
{
  int n = context->nqubit;
  size_t size = context->size;
  struct ry_loop loop = {.context = context, .ry = ry, .x = x, .l = l};
  loop.block = n < BLOCK ? size : (size_t)1 << BLOCK;
  loop.items = (long)(size / loop.block);
  loop.chunks =
      loop.items < VQE_AMPLITUDES_CHUNKS ? loop.items : VQE_AMPLITUDES_CHUNKS;
  clear_partials(context);
  vqe_parallel_for(loop.chunks, threads_of(context), ry_low_chunk, &loop);
  for (int q0 = BLOCK; q0 < n; q0 += GROUP) {
    loop.q0 = q0;
    loop.count = n - q0 < GROUP ? n - q0 : GROUP;
    loop.items = (long)(size >> loop.count) / WIDTH;
    loop.chunks = loop.items < VQE_AMPLITUDES_CHUNKS ? loop.items
                                                     : VQE_AMPLITUDES_CHUNKS;
    if ((ry->mask >> q0 & ((UINT64_C(1) << loop.count) - 1)) == 0) {
      continue;
    }
    vqe_parallel_for(loop.chunks, threads_of(context), ry_high_chunk, &loop);
  }
  for (long chunk = 0; l != NULL && chunk < VQE_AMPLITUDES_CHUNKS; chunk++) {
    for (int q = 0; q < n; q++) {
      sums[q] += context->partial[chunk * VQE_MAX_QUBITS + q];
    }
  }
}

void vqe_amplitudes_ry(const struct vqe_amplitudes_context *context,
                       struct vqe_vector psi, const struct vqe_vector *lambda,
                       uint64_t mask, const double *angle, double *sums)
{
  struct ry ry = {.mask = mask};
  VQE_ASSERT(context->nqubit <= VQE_MAX_QUBITS);
  VQE_ASSERT(mask >> (context->nqubit - 1) <= 1);
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

struct rz_loop {
  const struct vqe_amplitudes_context *context;
  struct vqe_vector psi;
  const struct vqe_vector *lambda; /* NULL: forwards */
  uint64_t mask;
  const double *angle;
  double direction;
  int low;
  long rows, chunks;
  const double *pr, *pi; /* phases of the low qubits */
};

static void rz_chunk(const void *ctx, long chunk)
{
  const struct rz_loop *loop = ctx;
  const struct vqe_vector *lambda = loop->lambda;
  int n = loop->context->nqubit;
  int low = loop->low;
  size_t width = (size_t)1 << low;
  double *own = loop->context->partial + chunk * VQE_MAX_QUBITS;
  double folded[LOW_SIZE] = {0};
  for (long row = loop->rows * chunk / loop->chunks;
       row < loop->rows * (chunk + 1) / loop->chunks; row++) {
    double sum = 0.0;
    for (int q = low; q < n; q++) {
      if (loop->mask >> q & 1) {
        sum += (row >> (q - low) & 1) ? -loop->angle[q] : loop->angle[q];
      }
    }
    double hr = cos(-0.5 * loop->direction * sum);
    double hi = sin(-0.5 * loop->direction * sum);
    double *re = loop->psi.re + (size_t)row * width;
    double *im = loop->psi.im + (size_t)row * width;
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
      times_phase(lr, li, loop->pr, loop->pi, width, hr, hi);
    }
    times_phase(re, im, loop->pr, loop->pi, width, hr, hi);
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

void vqe_amplitudes_rz(const struct vqe_amplitudes_context *context,
                       struct vqe_vector psi, const struct vqe_vector *lambda,
                       uint64_t mask, const double *angle, double *sums)
{
  int n = context->nqubit;
  double pr[LOW_SIZE];
  double pi[LOW_SIZE];
  struct rz_loop loop = {.context = context,
                         .psi = psi,
                         .lambda = lambda,
                         .mask = mask,
                         .angle = angle,
                         .direction = lambda == NULL ? 1.0 : -1.0,
                         .low = n < LOW_QUBITS ? n : LOW_QUBITS,
                         .pr = pr,
                         .pi = pi};
  loop.rows = (long)(context->size >> loop.low);
  loop.chunks =
      loop.rows < VQE_AMPLITUDES_CHUNKS ? loop.rows : VQE_AMPLITUDES_CHUNKS;
  phase_table(pr, pi, 0, loop.low, mask, angle, loop.direction);
  clear_partials(context);
  vqe_parallel_for(loop.chunks, threads_of(context), rz_chunk, &loop);
  for (int q = 0; lambda != NULL && q < n; q++) {
    sums[q] = 0.0;
    for (long chunk = 0; chunk < VQE_AMPLITUDES_CHUNKS; chunk++) {
      sums[q] += context->partial[chunk * VQE_MAX_QUBITS + q];
    }
  }
}

/* ---- two-qubit and four-qubit gates ---- */

static double add_partials(const struct vqe_amplitudes_context *context)
{
  double sum = 0.0;
  for (long chunk = 0; chunk < VQE_AMPLITUDES_CHUNKS; chunk++) {
    sum += context->partial[chunk * VQE_MAX_QUBITS];
  }
  return sum;
}

/* A gate on pairs of amplitudes. */
struct pair_loop {
  const struct vqe_amplitudes_context *context;
  struct vqe_vector psi;
  const struct vqe_vector *lambda; /* NULL: forwards */
  double c, s;
  int low, high;               /* qubits of XXYY */
  uint64_t from, move, parity; /* of an excitation */
  int flip;
  long items, chunks;
};

static double run_pairs(struct pair_loop *loop, long items,
                        vqe_parallel_body body)
{
  const struct vqe_amplitudes_context *context = loop->context;
  loop->items = items;
  loop->chunks = items < VQE_AMPLITUDES_CHUNKS ? items : VQE_AMPLITUDES_CHUNKS;
  clear_partials(context);
  vqe_parallel_for(loop->chunks, threads_of(context), body, loop);
  return add_partials(context);
}

/* On the pair x = |01>, y = |10> the gate mixes Re y with Im x and Re x with
 * Im y: two plane rotations, each over runs of 2^low amplitudes. */
static void xxyy_chunk(const void *ctx, long chunk)
{
  const struct pair_loop *loop = ctx;
  struct vqe_vector psi = loop->psi;
  const struct vqe_vector *lambda = loop->lambda;
  int low = loop->low;
  int high = loop->high;
  size_t run = (size_t)1 << low;
  size_t far = (size_t)1 << high;
  int middle = high - low - 1; /* qubits between the two */
  double sum = 0.0;
  for (long k = loop->items * chunk / loop->chunks;
       k < loop->items * (chunk + 1) / loop->chunks; k++) {
    size_t above = (size_t)k >> middle;
    size_t between = (size_t)k & (((size_t)1 << middle) - 1);
    size_t base = above << (high + 1) | between << (low + 1);
    size_t x = base | run;
    size_t y = base | far;
    if (lambda == NULL) {
      vqe_rotate(psi.im + y, psi.re + x, run, loop->c, loop->s);
      vqe_rotate(psi.im + x, psi.re + y, run, loop->c, loop->s);
    } else {
      sum += vqe_rotate_back(psi.im + y, psi.re + x, lambda->im + y,
                             lambda->re + x, run, loop->c, loop->s);
      sum += vqe_rotate_back(psi.im + x, psi.re + y, lambda->im + x,
                             lambda->re + y, run, loop->c, loop->s);
    }
  }
  loop->context->partial[chunk * VQE_MAX_QUBITS] = sum;
}

double vqe_amplitudes_xxyy(const struct vqe_amplitudes_context *context,
                           struct vqe_vector psi,
                           const struct vqe_vector *lambda, int a, int b,
                           double angle)
{
  VQE_ASSERT(a != b && a >= 0 && b >= 0);
  VQE_ASSERT(a < context->nqubit && b < context->nqubit);
  VQE_ASSERT(psi.im != NULL);
  struct pair_loop loop = {.context = context,
                           .psi = psi,
                           .lambda = lambda,
                           .c = cos(angle),
                           .s = sin(angle),
                           .low = a < b ? a : b,
                           .high = a < b ? b : a};
  return run_pairs(&loop, (long)(context->size >> (loop.low + 2)), xxyy_chunk);
}

static void excitation_chunk(const void *ctx, long chunk)
{
  const struct pair_loop *loop = ctx;
  double c = loop->c;
  double s = loop->s;
  double sum = 0.0;
  for (long k = loop->items * chunk / loop->chunks;
       k < loop->items * (chunk + 1) / loop->chunks; k++) {
    size_t x = (size_t)k;
    if ((x & loop->move) != loop->from) {
      continue;
    }
    size_t y = x ^ loop->move;
    double sign = ((__builtin_popcountll(x & loop->parity) + loop->flip) & 1)
                      ? -1.0
                      : 1.0;
    for (int part = 0; part < 2; part++) {
      double *v = part == 0 ? loop->psi.re : loop->psi.im;
      if (v == NULL) {
        continue;
      }
      double px = v[x];
      double py = v[y];
      if (loop->lambda != NULL) {
        double *l = part == 0 ? loop->lambda->re : loop->lambda->im;
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
  loop->context->partial[chunk * VQE_MAX_QUBITS] = sum;
}

double vqe_amplitudes_excitation(const struct vqe_amplitudes_context *context,
                                 struct vqe_vector psi,
                                 const struct vqe_vector *lambda,
                                 uint64_t from, uint64_t to, uint64_t parity,
                                 int flip, double angle)
{
  VQE_ASSERT((from & to) == 0 && (from | to) < context->size);
  struct pair_loop loop = {.context = context,
                           .psi = psi,
                           .lambda = lambda,
                           .c = cos(angle),
                           .s = lambda == NULL ? sin(angle) : -sin(angle),
                           .from = from,
                           .move = from | to,
                           .parity = parity,
                           .flip = flip};
  return run_pairs(&loop, (long)context->size, excitation_chunk);
}

/* ---- permutations ---- */

struct permute_loop {
  const struct vqe_amplitudes_context *context;
  struct vqe_vector out, in;
  const uint64_t *columns;
  int low;
  const size_t *table; /* images of the low bits */
};

static void permute_row(const void *ctx, long row)
{
  const struct permute_loop *loop = ctx;
  size_t width = (size_t)1 << loop->low;
  size_t high = 0;
  for (int q = loop->low; q < loop->context->nqubit; q++) {
    if (row >> (q - loop->low) & 1) {
      high ^= loop->columns[q];
    }
  }
  for (int part = 0; part < 2; part++) {
    double *to = part == 0 ? loop->out.re : loop->out.im;
    const double *source = part == 0 ? loop->in.re : loop->in.im;
    if (source == NULL) {
      continue;
    }
    to += (size_t)row * width;
    for (size_t k = 0; k < width; k++) {
      to[k] = source[loop->table[k] ^ high];
    }
  }
}

void vqe_amplitudes_permute(const struct vqe_amplitudes_context *context,
                            struct vqe_vector out, struct vqe_vector in,
                            const uint64_t *columns, uint64_t offset)
{
  size_t table[LOW_SIZE];
  struct permute_loop loop = {
      .context = context,
      .out = out,
      .in = in,
      .columns = columns,
      .low = context->nqubit < LOW_QUBITS ? context->nqubit : LOW_QUBITS,
      .table = table};
  for (size_t k = 0; k < (size_t)1 << loop.low; k++) {
    table[k] = offset;
    for (int q = 0; q < loop.low; q++) {
      if (k >> q & 1) {
        table[k] ^= columns[q];
      }
    }
  }
  vqe_parallel_for((long)(context->size >> loop.low), threads_of(context),
                   permute_row, &loop);
}

void vqe_amplitudes_basis(const struct vqe_amplitudes_context *context,
                          struct vqe_vector psi, size_t at)
{
  VQE_ASSERT(at < context->size);
  vqe_parallel_clear(psi.re, context->size, threads_of(context));
  if (psi.im != NULL) {
    vqe_parallel_clear(psi.im, context->size, threads_of(context));
  }
  psi.re[at] = 1.0;
}
