/* Circuits that measure commuting terms: <P> of a state by its label is the
 * mean of what is read of the turned state, and the readings of one outcome
 * are eigenvalues of all terms at once. */
#include "estimator/diagonal.h"
#include "operators/qubits.h"
#include "sim/sim_fixture.h"

#define MOST 6

/* <psi|P|psi>, P applied letter by letter. */
static double expectation(const double complex *psi, int nqubit, uint64_t x,
                          uint64_t z)
{
  char label[MOST + 1];
  size_t size = (size_t)1 << nqubit;
  double complex total = 0.0;
  vqe_pauli_label(label, nqubit, x, z);
  for (size_t k = 0; k < size; k++) {
    double complex value = psi[k];
    size_t to = k;
    for (int q = 0; q < nqubit; q++) {
      char letter = label[nqubit - 1 - q];
      bool one = k >> q & 1;
      if (letter == 'X' || letter == 'Y') {
        to ^= (size_t)1 << q;
      }
      if (letter == 'Y') {
        value *= one ? -I : I;
      } else if (letter == 'Z' && one) {
        value = -value;
      }
    }
    total += conj(psi[to]) * value;
  }
  return creal(total);
}

static void check(const struct vqe_pauli_sum *sum, const size_t *terms,
                  size_t nterm, const double complex *psi)
{
  struct vqe_diagonal diagonal;
  size_t size = (size_t)1 << sum->nqubit;
  uint64_t *mask = calloc(nterm, sizeof *mask);
  bool *negative = calloc(nterm, sizeof *negative);
  double *re = oracle_new(size);
  double *im = oracle_new(size);
  assert_true(mask != NULL && negative != NULL);
  assert_ok(vqe_diagonal_create(&diagonal, mask, negative, sum, terms, nterm));
  for (size_t k = 0; k < size; k++) {
    re[k] = creal(psi[k]);
    im[k] = cimag(psi[k]);
  }
  vqe_diagonal_apply(re, im, size, &diagonal);
  for (size_t t = 0; t < nterm; t++) {
    double mean = 0.0;
    for (size_t k = 0; k < size; k++) {
      double p = re[k] * re[k] + im[k] * im[k];
      mean += (__builtin_parityll(k & mask[t]) != 0) != negative[t] ? -p : p;
    }
    assert_close(mean,
                 expectation(psi, sum->nqubit,
                             vqe_qubits_word(sum->x[terms[t]]),
                             vqe_qubits_word(sum->z[terms[t]])),
                 1e-12);
  }
  vqe_diagonal_clear(&diagonal);
  free(mask);
  free(negative);
  free(re);
  free(im);
}

static double complex *random_state(int nqubit, uint64_t seed)
{
  size_t size = (size_t)1 << nqubit;
  uint64_t word = seed + 1;
  double complex *psi = calloc(size, sizeof *psi);
  double norm = 0.0;
  assert_non_null(psi);
  for (size_t k = 0; k < size; k++) {
    double real = oracle_random(&word) - 0.5;
    psi[k] = CMPLX(real, oracle_random(&word) - 0.5);
    norm += creal(conj(psi[k]) * psi[k]);
  }
  for (size_t k = 0; k < size; k++) {
    psi[k] /= sqrt(norm);
  }
  return psi;
}

static void groups_of_molecules_are_read_together(void **state)
{
  (void)state;
  for (int norb = 1; norb <= 3; norb++) {
    double *h1e;
    double *eri;
    struct vqe_pauli_sum *sum = NULL;
    struct vqe_hamiltonian *hamiltonian =
        fixture_random(&h1e, &eri, norb, NULL, true, 0.75, (uint64_t)norb);
    assert_ok(vqe_pauli_sum_jordan_wigner(&sum, hamiltonian, 0.0));
    double complex *psi = random_state(sum->nqubit, 3);
    int *group = calloc(sum->nterm, sizeof *group);
    size_t *terms = calloc(sum->nterm, sizeof *terms);
    int ngroup;
    assert_true(group != NULL && terms != NULL);
    assert_ok(vqe_pauli_group_commuting(sum, group, &ngroup));
    for (int g = 0; g < ngroup; g++) {
      size_t nterm = 0;
      for (size_t k = 0; k < sum->nterm; k++) {
        if (group[k] == g) {
          terms[nterm++] = k;
        }
      }
      assert_true(nterm > 0);
      check(sum, terms, nterm, psi);
    }
    free(terms);
    free(group);
    free(psi);
    vqe_pauli_sum_free(sum);
    vqe_hamiltonian_free(hamiltonian);
    free(h1e);
    free(eri);
  }
}

/* Strings of any kind, also with an odd number of Y, dependent ones among
 * them: each that commutes with those before it. */
static void random_strings_are_read_together(void **state)
{
  (void)state;
  uint64_t word = 12345;
  for (int round = 0; round < 60; round++) {
    vqe_qubits x[40];
    vqe_qubits z[40];
    double coeff[40];
    size_t terms[40];
    int nqubit = 2 + round % (MOST - 1);
    size_t count = 0;
    for (int attempt = 0; attempt < 4000 && count < 40; attempt++) {
      word = word * 6364136223846793005U + 1442695040888963407U;
      uint64_t all = ((uint64_t)1 << nqubit) - 1;
      uint64_t px = word >> 20 & all;
      uint64_t pz = word >> 40 & all;
      bool fits = (px | pz) != 0;
      for (size_t k = 0; k < count && fits; k++) {
        fits = !vqe_qubits_odd((px & z[k]) ^ (pz & x[k]));
      }
      if (fits) {
        x[count] = px;
        z[count] = pz;
        coeff[count] = 1.0;
        terms[count] = count;
        count++;
      }
    }
    assert_true(count > (size_t)nqubit);
    const struct vqe_pauli_sum sum = {nqubit, count, x, z, coeff};
    double complex *psi = random_state(nqubit, (uint64_t)round);
    check(&sum, terms, count, psi);
    free(psi);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(groups_of_molecules_are_read_together),
      cmocka_unit_test(random_strings_are_read_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
