#include "sim/penalty.h"

#include "sim/parallel.h"

/* Vectors shorter than this are not shared between threads. */
#define SERIAL_SIZE 32768
/* Pieces of a sum, added in order whatever the number of threads. */
#define CHUNKS 64

struct spin_loop {
  double *out;
  const double *in;
  size_t size;
  int norb;
  double shift;
};

/* Sign of moving an electron between orbitals p and q of one spin. */
static int hops_odd(uint64_t string, int p, int q)
{
  uint64_t between =
      p < q ? ((UINT64_C(1) << q) - 1) & ~((UINT64_C(2) << p) - 1)
            : ((UINT64_C(1) << p) - 1) & ~((UINT64_C(2) << q) - 1);
  return __builtin_parityll(string & between);
}

/* (S^2 - shift) in at determinant x: M(M+1) + N_beta - n_alpha.n_beta, then
 * the exchanges of one alpha and one beta electron. */
static double spin_at(const struct spin_loop *loop, size_t x)
{
  int norb = loop->norb;
  uint64_t alpha = x & ((UINT64_C(1) << norb) - 1);
  uint64_t beta = x >> norb;
  int nbeta = __builtin_popcountll(beta);
  double m = 0.5 * (__builtin_popcountll(alpha) - nbeta);
  double sum = (m * (m + 1.0) + nbeta - __builtin_popcountll(alpha & beta) -
                loop->shift) *
               loop->in[x];
  for (uint64_t ps = alpha & ~beta; ps != 0; ps &= ps - 1) {
    for (uint64_t qs = beta & ~alpha; qs != 0; qs &= qs - 1) {
      int p = __builtin_ctzll(ps);
      int q = __builtin_ctzll(qs);
      uint64_t swap = UINT64_C(1) << p | UINT64_C(1) << q;
      size_t y = (alpha ^ swap) | (beta ^ swap) << norb;
      int odd = hops_odd(alpha, p, q) ^ hops_odd(beta, p, q);
      sum -= odd ? -loop->in[y] : loop->in[y];
    }
  }
  return sum;
}

static void spin_chunk(const void *ctx, long k)
{
  const struct spin_loop *loop = ctx;
  size_t first = loop->size * (size_t)k / CHUNKS;
  size_t last = loop->size * (size_t)(k + 1) / CHUNKS;
  for (size_t x = first; x < last; x++) {
    loop->out[x] = spin_at(loop, x);
  }
}

static void spin_add_chunk(const void *ctx, long k)
{
  const struct spin_loop *loop = ctx;
  size_t first = loop->size * (size_t)k / CHUNKS;
  size_t last = loop->size * (size_t)(k + 1) / CHUNKS;
  for (size_t x = first; x < last; x++) {
    loop->out[x] += spin_at(loop, x);
  }
}

/* w_N (N - n)^2, which is diagonal. */
static double number_apply(double *lambda, const double *psi,
                           const struct vqe_penalty *penalty, size_t size)
{
  double sum = 0.0;
  for (size_t x = 0; x < size; x++) {
    double off = __builtin_popcountll(x) - penalty->electrons;
    double weighted = penalty->number * off * off * psi[x];
    sum += weighted * psi[x];
    lambda[x] += weighted;
  }
  return sum;
}

/* w_S (S^2 - s)^2 by two products: its expectation is the square of one. */
static double spin_apply(double *lambda, double *work, const double *psi,
                         const struct vqe_penalty *penalty, size_t size,
                         int norb, int threads)
{
  struct spin_loop loop = {.out = work,
                           .in = psi,
                           .size = size,
                           .norb = norb,
                           .shift = penalty->s2};
  double sum = 0.0;
  vqe_parallel_for(CHUNKS, threads, spin_chunk, &loop);
  for (size_t x = 0; x < size; x++) {
    sum += work[x] * work[x];
    work[x] *= penalty->spin;
  }
  loop.out = lambda;
  loop.in = work;
  vqe_parallel_for(CHUNKS, threads, spin_add_chunk, &loop);
  return penalty->spin * sum;
}

double vqe_penalty_apply(double *lambda, double *work, const double *psi,
                         const struct vqe_penalty *penalty, int norb,
                         int threads)
{
  size_t size = (size_t)1 << (2 * norb);
  double sum = 0.0;
  if (size < SERIAL_SIZE) {
    threads = 1;
  }
  if (penalty->number != 0.0) {
    sum += number_apply(lambda, psi, penalty, size);
  }
  if (penalty->spin != 0.0) {
    sum += spin_apply(lambda, work, psi, penalty, size, norb, threads);
  }
  return sum;
}
