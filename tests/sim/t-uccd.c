/* States of UCCD, pUCCD, UCCD0 and k-UpCCGD against products of matrix
 * exponentials of dense ladder operators, in both representations; what their
 * MP2 amplitudes are. */
#include <string.h>

#include "sim/sim_fixture.h"

/* exp(angle (excitation of alpha i to a and beta j to b - h.c.)) onto psi. */
static void excite(double *psi, int norb, int i, int a, int j, int b,
                   double angle)
{
  double *pair = oracle_excitation(2 * norb, i, a, j + norb, b + norb);
  oracle_exp_apply(psi, pair, angle, (size_t)1 << (2 * norb));
  free(pair);
}

/* Same-spin double, of both spins. */
static void excite_alike(double *psi, int norb, int i, int a, int j, int b,
                         double angle)
{
  for (int spin = 0; spin < 2; spin++) {
    int at = spin * norb;
    double *pair = oracle_excitation(2 * norb, i + at, a + at, j + at, b + at);
    oracle_exp_apply(psi, pair, angle, (size_t)1 << (2 * norb));
    free(pair);
  }
}

/* `n` electrons of each spin. */
static int apply_uccd(double *psi, int norb, int n, const double *angles)
{
  int used = 0;
  for (int i = 0; i < n; i++) {
    for (int j = i + 1; j < n; j++) {
      for (int a = n; a < norb; a++) {
        for (int b = a + 1; b < norb; b++) {
          excite_alike(psi, norb, i, a, j, b, angles[used++]);
        }
      }
    }
  }
  for (int ia = 0; ia < n * (norb - n); ia++) {
    for (int jb = 0; jb <= ia; jb++) {
      int i = ia / (norb - n);
      int a = n + ia % (norb - n);
      int j = jb / (norb - n);
      int b = n + jb % (norb - n);
      excite(psi, norb, i, a, j, b, angles[used]);
      if (ia != jb) {
        excite(psi, norb, j, b, i, a, angles[used]);
      }
      used++;
    }
  }
  return used;
}

static int apply_puccd(double *psi, int norb, int na, int nb,
                       const double *angles)
{
  int used = 0;
  for (int i = 0; i < nb; i++) {
    for (int a = na; a < norb; a++) {
      excite(psi, norb, i, a, i, a, angles[used++]);
    }
  }
  return used;
}

static int apply_uccd0(double *psi, int norb, int na, int nb,
                       const double *angles)
{
  int used = 0;
  for (int i = 0; i < nb; i++) {
    for (int j = i; j < nb; j++) {
      for (int a = na; a < norb; a++) {
        for (int b = a; b < norb; b++) {
          double angle = angles[used++];
          excite(psi, norb, i, a, j, b, angle);
          if (a != b) {
            excite(psi, norb, i, b, j, a, angle);
          }
          if (i != j) {
            excite(psi, norb, j, a, i, b, angle);
          }
          if (i != j && a != b) {
            excite(psi, norb, j, b, i, a, angle);
          }
        }
      }
    }
  }
  return used;
}

static int apply_kupccgd(double *psi, int norb, const double *angles)
{
  int used = 0;
  for (int p = 0; p < norb; p++) {
    for (int q = p + 1; q < norb; q++) {
      excite(psi, norb, p, q, p, q, angles[used++]);
    }
  }
  return used;
}

static void check(const char *name, int norb, int na, int nb, int reps,
                  uint64_t seed)
{
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, NULL, true, 0.5, seed);
  struct vqe_ansatz *ansatz =
      fixture_ansatz(name, NULL, reps, hamiltonian, na, nb);
  double *angles = fixture_parameters(ansatz->nparam, 1.0, seed + 1);
  size_t n = (size_t)1 << (2 * norb);
  double *expected = oracle_new(n);
  int used = 0;
  expected[((size_t)1 << na) - 1 + ((((size_t)1 << nb) - 1) << norb)] = 1.0;
  for (int r = 0; r < reps; r++) {
    const double *at = angles + used;
    used +=
        strcmp(name, "UCCD") == 0    ? apply_uccd(expected, norb, na, at)
        : strcmp(name, "pUCCD") == 0 ? apply_puccd(expected, norb, na, nb, at)
        : strcmp(name, "UCCD0") == 0 ? apply_uccd0(expected, norb, na, nb, at)
                                     : apply_kupccgd(expected, norb, at);
  }
  assert_int_equal(used, ansatz->nparam);
  assert_true(ansatz->conserves && ansatz->real);
  for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR; r++) {
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, (enum vqe_representation)r, 1);
    double complex *psi = fixture_state(estimator, ansatz, angles);
    for (size_t x = 0; x < n; x++) {
      assert_close(creal(psi[x]), expected[x], 1e-12);
      assert_close(cimag(psi[x]), 0.0, 0.0);
    }
    free(psi);
    vqe_estimator_free(estimator);
  }
  free(expected);
  free(angles);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void states_agree_with_matrix_exponentials(void **state)
{
  (void)state;
  static const char *const names[] = {"UCCD", "pUCCD", "UCCD0", "k-UpCCGD"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    check(names[k], 2, 1, 1, 1, 10 + k);
    check(names[k], 4, 2, 2, 2, 20 + k);
    check(names[k], 3, 2, 2, 1, 30 + k);
    if (k > 0) {
      check(names[k], 4, 2, 1, 1, 40 + k);
    }
  }
}

/* Of a singlet pair ((ia|jb) + (ib|ja)) / 2 over the gap: what MP2 gives the
 * part of the amplitudes that is symmetric in the orbitals. */
static void mp2_start_of_singlet_pairs_is_the_symmetric_part(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("LiH");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, false);
  size_t norb = (size_t)integrals->norb;
  size_t npair = norb * (norb + 1) / 2;
  struct vqe_ansatz *ansatz =
      fixture_ansatz("UCCD0", NULL, 1, hamiltonian, 2, 2);
  double *start = oracle_new((size_t)ansatz->nparam);
  const double *energy = integrals->orbital_energies;
  int at = 0;
  assert_ok(vqe_ansatz_mp2_parameters(start, ansatz, integrals->eri, energy));
  for (size_t i = 0; i < 2; i++) {
    for (size_t j = i; j < 2; j++) {
      for (size_t a = 2; a < norb; a++) {
        for (size_t b = a; b < norb; b++) {
          size_t ia = a * (a + 1) / 2 + i;
          size_t jb = b * (b + 1) / 2 + j;
          size_t ib = b * (b + 1) / 2 + i;
          size_t ja = a * (a + 1) / 2 + j;
          double whole = integrals->eri[ia * npair + jb] +
                         integrals->eri[ib * npair + ja];
          double gap = energy[i] + energy[j] - energy[a] - energy[b];
          assert_close(start[at++], whole / 2.0 / gap, 1e-14);
        }
      }
    }
  }
  assert_int_equal(at, ansatz->nparam);
  free(start);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(states_agree_with_matrix_exponentials),
      cmocka_unit_test(mp2_start_of_singlet_pairs_is_the_symmetric_part),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
