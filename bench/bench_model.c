#include "bench_model.h"

#include <math.h>
#include <string.h>

#include "sim/annihilation.h"

static double choose(int n, int k)
{
  return k < 0 || k > n || n < 0
             ? 0.0
             : round(exp(lgamma(n + 1.0) - lgamma(k + 1.0) -
                         lgamma(n - k + 1.0)));
}

/* ---- the CI product ----
 *
 * sigma = (H_alpha + H_beta) C + sum_PQ,RS (PQ|RS) F_PQ(alpha) F_RS(beta) C
 * over packed pairs; a pair has the symmetry of its orbitals' product.
 *
 * Mixed part: for each of the `size` results and each pair symmetry g, a
 * product of the npair_g x npair_g integrals with a column of npair_g numbers,
 * 2 npair_g^2 operations. Summed over the blocks of a vector every g meets
 * every result once: 2 size sum_g npair_g^2.
 * A string with o electrons in n orbitals has o (n - o) + o pairs F_PQ that
 * do not annihilate it ("links"). For each, a load and a store gather
 * F_RS C, and a load of the product, a load and a store of the result scatter
 * F_PQ: 16 and 24 bytes.
 * One-spin parts: a row of H_alpha has 1 + o v + C(o,2) C(v,2) elements
 * (v = n - o), 1/nirrep of them of the right symmetry, each one
 * multiplication and addition a result. Both read and write a vector. */

struct spin_counts {
  double strings, links, connected; /* links and connected: the average */
};

static struct spin_counts count_spin(int norb, int nelec)
{
  struct spin_counts out = {0};
  for (int o = 0; o <= norb; o++) {
    if (nelec >= 0 && o != nelec) {
      continue;
    }
    int v = norb - o;
    double strings = choose(norb, o);
    out.strings += strings;
    out.links += strings * (o * v + o);
    out.connected += strings * (1.0 + o * v + choose(o, 2) * choose(v, 2));
  }
  out.links /= out.strings;
  out.connected /= out.strings;
  return out;
}

static double pair_squares(const struct vqe_hamiltonian *hamiltonian)
{
  double count[VQE_MAX_IRREPS] = {0};
  double sum = 0.0;
  for (int p = 0; p < hamiltonian->norb; p++) {
    for (int q = 0; q <= p; q++) {
      count[hamiltonian->irrep[p] ^ hamiltonian->irrep[q]] += 1.0;
    }
  }
  for (int g = 0; g < hamiltonian->nirrep; g++) {
    sum += count[g] * count[g];
  }
  return sum;
}

/* Products over strings of one electron fewer, where sigma takes that form:
 * (n - na + 1) n / nirrep pairs for each two strings. */
static bool cost_annihilation(struct bench_cost *cost,
                              const struct vqe_hamiltonian *hamiltonian,
                              int nalpha, int nbeta, double connected,
                              double size)
{
  int n = hamiltonian->norb;
  double here;
  double over_pairs;
  vqe_annihilation_cost(&here, &over_pairs, n, nalpha, nbeta,
                        hamiltonian->nirrep);
  if (here >= over_pairs) {
    return false;
  }
  double open = (double)(n - nalpha + 1) * n / hamiltonian->nirrep;
  double strings = choose(n, nalpha - 1) * choose(n, nbeta - 1);
  *cost = (struct bench_cost){
      .flop = 2.0 * (strings * open * open + size * connected),
      .bytes = strings * open * (8.0 + 16.0) + size * 32.0,
      .resident = 16.0 * size,
  };
  return true;
}

static struct bench_cost cost_sigma(const struct vqe_hamiltonian *hamiltonian,
                                    struct spin_counts alpha,
                                    struct spin_counts beta, double size)
{
  double connected = (alpha.connected + beta.connected) / hamiltonian->nirrep;
  return (struct bench_cost){
      .flop = 2.0 * size * (pair_squares(hamiltonian) + connected),
      .bytes = size * (16.0 * beta.links + 24.0 * alpha.links + 32.0),
      .resident = 16.0 * size,
  };
}

/* Strings of each irrep, by adding one orbital after the other. */
static void count_classes(double out[VQE_MAX_IRREPS],
                          const struct vqe_hamiltonian *hamiltonian, int nelec)
{
  double count[VQE_MAX_ORBITALS + 1][VQE_MAX_IRREPS];
  memset(count, 0, sizeof count);
  count[0][0] = 1.0;
  for (int p = 0; p < hamiltonian->norb; p++) {
    for (int k = p; k >= 0; k--) {
      for (int g = 0; g < hamiltonian->nirrep; g++) {
        count[k + 1][g ^ hamiltonian->irrep[p]] += count[k][g];
      }
    }
  }
  memcpy(out, count[nelec], sizeof count[nelec]);
}

/* Determinants of the symmetry of the one that fills the lowest orbitals. */
static double sector_size(const struct vqe_hamiltonian *hamiltonian,
                          int nalpha, int nbeta)
{
  double alpha[VQE_MAX_IRREPS];
  double beta[VQE_MAX_IRREPS];
  double size = 0.0;
  int total = 0;
  count_classes(alpha, hamiltonian, nalpha);
  count_classes(beta, hamiltonian, nbeta);
  for (int p = 0; p < nalpha; p++) {
    total ^= hamiltonian->irrep[p];
  }
  for (int p = 0; p < nbeta; p++) {
    total ^= hamiltonian->irrep[p];
  }
  for (int g = 0; g < hamiltonian->nirrep; g++) {
    size += alpha[g] * beta[g ^ total];
  }
  return size;
}

struct bench_cost
bench_cost_sigma_sector(const struct vqe_hamiltonian *hamiltonian, int nalpha,
                        int nbeta)
{
  struct spin_counts alpha = count_spin(hamiltonian->norb, nalpha);
  struct spin_counts beta = count_spin(hamiltonian->norb, nbeta);
  double size = sector_size(hamiltonian, nalpha, nbeta);
  double connected = (alpha.connected + beta.connected) / hamiltonian->nirrep;
  struct bench_cost cost;
  if (cost_annihilation(&cost, hamiltonian, nalpha, nbeta, connected, size)) {
    return cost;
  }
  return cost_sigma(hamiltonian, alpha, beta, size);
}

struct bench_cost
bench_cost_sigma_full(const struct vqe_hamiltonian *hamiltonian)
{
  struct spin_counts all = count_spin(hamiltonian->norb, -1);
  return cost_sigma(hamiltonian, all, all, all.strings * all.strings);
}

/* ---- sweeps ----
 *
 * A rotation of one pair of real amplitudes is 4 multiplications and 2
 * additions, 2 loads and 2 stores. The backward sweep turns the pair in psi
 * and in lambda and adds lambda_y psi_x - lambda_x psi_y: 16 operations, 64
 * bytes. */
#define FORWARD_FLOP 6.0
#define BACKWARD_FLOP 16.0
#define FORWARD_BYTES 32.0

static void add_rotations(struct bench_cost *cost, double pairs, double passes,
                          bool gradient)
{
  cost->flop += pairs * (FORWARD_FLOP + (gradient ? BACKWARD_FLOP : 0.0));
  cost->bytes += passes * FORWARD_BYTES * (gradient ? 3.0 : 1.0);
}

/* An excitation turns the determinants where all it empties is occupied and
 * all it fills is empty. */
struct bench_cost bench_cost_sector(const struct vqe_hamiltonian *hamiltonian,
                                    const struct vqe_ansatz *ansatz,
                                    bool gradient)
{
  int n = ansatz->norb;
  double na = choose(n, ansatz->nalpha);
  double nb = choose(n, ansatz->nbeta);
  double size = sector_size(hamiltonian, ansatz->nalpha, ansatz->nbeta);
  double kept = size / (na * nb);
  struct bench_cost cost =
      bench_cost_sigma_sector(hamiltonian, ansatz->nalpha, ansatz->nbeta);
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    int moved[2] = {0, 0};
    if (gate->kind != VQE_GATE_SINGLE && gate->kind != VQE_GATE_DOUBLE) {
      continue;
    }
    moved[gate->q[0] / n]++;
    if (gate->kind == VQE_GATE_DOUBLE) {
      moved[gate->q[2] / n]++;
    }
    double pairs = kept * choose(n - 2 * moved[0], ansatz->nalpha - moved[0]) *
                   choose(n - 2 * moved[1], ansatz->nbeta - moved[1]);
    add_rotations(&cost, pairs, pairs, gradient);
  }
  /* clear the state; one scalar product */
  cost.flop += 2.0 * size;
  cost.bytes += (8.0 + 16.0) * size;
  return cost;
}

/* Every gate of one qubit turns 2^(n-1) pairs in each of the parts, real and
 * imaginary; gates of one kind in a row are one pass over the state, which
 * CX, a permutation, is as well. RZ multiplies by a phase: the same count
 * with real and imaginary part as the pair. */
struct bench_cost bench_cost_full(const struct vqe_hamiltonian *hamiltonian,
                                  const struct vqe_ansatz *ansatz,
                                  bool gradient)
{
  struct bench_cost sigma = bench_cost_sigma_full(hamiltonian);
  double parts = ansatz->real ? 1.0 : 2.0;
  double size = ldexp(1.0, ansatz->nqubit);
  struct bench_cost cost = {parts * sigma.flop, parts * sigma.bytes,
                            8.0 * parts * size * (gradient ? 3.0 : 2.0)};
  for (size_t k = 0; k < ansatz->ngate; k++) {
    enum vqe_gate_kind kind = ansatz->gates[k].kind;
    bool pass = k == 0 || ansatz->gates[k - 1].kind != kind;
    double pairs = 0.5 * parts * size;
    double moved = pass ? pairs : 0.0;
    add_rotations(&cost, kind == VQE_GATE_CX ? 0.0 : pairs, moved, gradient);
  }
  /* to the order of the CI product, and back for the gradient; the scalar
   * product */
  cost.flop += 2.0 * parts * size;
  cost.bytes += parts * size * (16.0 + 16.0 + (gradient ? 16.0 : 0.0));
  return cost;
}
