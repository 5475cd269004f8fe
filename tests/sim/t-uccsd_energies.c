/* UCCSD states against products of matrix exponentials of dense ladder
 * operators, and the two representations against each other. */
#include "sim/sim_fixture.h"

struct factors {
  int norb;
  size_t n;
  double *state;
  int nparam;
  const double *parameters;
};

static void apply(struct factors *f, int param, int i, int a, int j, int b)
{
  double *generator = oracle_excitation(2 * f->norb, i, a, j, b);
  oracle_exp_apply(f->state, generator, f->parameters[param], f->n);
  free(generator);
}

/* Product in the prescribed order on the Hartree-Fock determinant: shared
 * parameters for closed shells, else all factors independent. */
static double *reference(int norb, int na, int nb, int reps, bool shared,
                         const double *parameters, int nparam)
{
  size_t n = (size_t)1 << (2 * norb);
  struct factors f = {norb, n, oracle_new(n), 0, parameters};
  f.state[((size_t)1 << na) - 1 + ((((size_t)1 << nb) - 1) << norb)] = 1.0;
  for (int r = 0; r < reps; r++) {
    for (int spin = 0; spin < (shared ? 1 : 2); spin++) {
      int no = spin == 0 ? na : nb;
      int at = spin * norb;
      for (int i = 0; i < no; i++) {
        for (int a = no; a < norb; a++) {
          apply(&f, f.nparam, at + i, at + a, -1, -1);
          if (shared) {
            apply(&f, f.nparam, norb + i, norb + a, -1, -1);
          }
          f.nparam++;
        }
      }
    }
    for (int spin = 0; spin < (shared ? 1 : 2); spin++) {
      int no = spin == 0 ? na : nb;
      int at = spin * norb;
      for (int i = 0; i < no; i++) {
        for (int j = i + 1; j < no; j++) {
          for (int a = no; a < norb; a++) {
            for (int b = a + 1; b < norb; b++) {
              apply(&f, f.nparam, at + i, at + a, at + j, at + b);
              if (shared) {
                apply(&f, f.nparam, norb + i, norb + a, norb + j, norb + b);
              }
              f.nparam++;
            }
          }
        }
      }
    }
    for (int i = 0; i < na; i++) {
      for (int a = na; a < norb; a++) {
        for (int j = 0; j < nb; j++) {
          for (int b = nb; b < norb; b++) {
            int ia = i * (norb - na) + a - na;
            int jb = j * (norb - nb) + b - nb;
            if (shared && ia < jb) {
              continue;
            }
            apply(&f, f.nparam, i, a, norb + j, norb + b);
            if (shared && ia != jb) {
              apply(&f, f.nparam, j, b, norb + i, norb + a);
            }
            f.nparam++;
          }
        }
      }
    }
  }
  assert_int_equal(f.nparam, nparam);
  return f.state;
}

static void check(int norb, int na, int nb, int reps, double size,
                  uint64_t seed)
{
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, NULL, true, 0.5, seed);
  struct vqe_ansatz *ansatz =
      fixture_ansatz("UCCSD", NULL, reps, hamiltonian, na, nb);
  double *parameters = fixture_parameters(ansatz->nparam, size, seed + 1);
  double *expected =
      reference(norb, na, nb, reps, na == nb, parameters, ansatz->nparam);
  double *dense = oracle_hamiltonian(norb, h1e, eri, 0.5);
  size_t n = (size_t)1 << (2 * norb);
  double energy = 0.0;
  for (size_t x = 0; x < n; x++) {
    for (size_t y = 0; y < n; y++) {
      energy += expected[x] * dense[x * n + y] * expected[y];
    }
  }
  for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR; r++) {
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, (enum vqe_representation)r, 1);
    assert_string_equal(vqe_estimator_backend(estimator),
                        fixture_backend(r == VQE_REPRESENTATION_SECTOR));
    double complex *psi = fixture_state(estimator, ansatz, parameters);
    double got;
    for (size_t x = 0; x < n; x++) {
      assert_close(creal(psi[x]), expected[x], 1e-12);
      assert_close(cimag(psi[x]), 0.0, 0.0);
    }
    assert_ok(vqe_estimator_energy(estimator, &got, parameters));
    assert_close(got, energy, 1e-12);
    free(psi);
    vqe_estimator_free(estimator);
  }
  free(dense);
  free(expected);
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void states_agree_with_matrix_exponentials(void **state)
{
  (void)state;
  for (int na = 0; na <= 3; na++) {
    for (int nb = 0; nb <= na; nb++) {
      check(3, na, nb, 1, 1.5, (uint64_t)(10 * na + nb));
    }
  }
  check(1, 1, 0, 1, 1.0, 1);
  check(2, 1, 1, 3, 1.0, 2);
  check(3, 1, 1, 2, 1.0, 3);
  check(3, 2, 1, 2, 1.0, 4);
}

/* Doubles of both spins need four orbitals. */
static void four_orbital_states_agree_with_matrix_exponentials(void **state)
{
  (void)state;
  check(4, 2, 2, 1, 0.7, 77);
  check(4, 3, 2, 1, 0.7, 78);
}

static void same_in_both(const char *name, bool symmetry, int reps)
{
  struct vqe_integrals *integrals = fixture_read(name);
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, symmetry);
  struct vqe_ansatz *ansatz = fixture_ansatz(
      "UCCSD", NULL, reps, hamiltonian, integrals->nalpha, integrals->nbeta);
  double *parameters = fixture_parameters(ansatz->nparam, 0.3, 4);
  double *gradient[2];
  double energy[2];
  double exact[2];
  for (int r = 0; r < 2; r++) {
    struct vqe_estimator *estimator = fixture_estimator(
        hamiltonian, ansatz,
        r == 0 ? VQE_REPRESENTATION_FULL : VQE_REPRESENTATION_SECTOR, 1);
    gradient[r] = oracle_new((size_t)ansatz->nparam);
    assert_ok(vqe_estimator_energy(estimator, &exact[r], parameters));
    assert_ok(vqe_estimator_gradient(estimator, &energy[r], gradient[r],
                                     parameters));
    vqe_estimator_free(estimator);
  }
  assert_close(energy[0], energy[1], 1e-10);
  assert_close(exact[0], exact[1], 1e-10);
  assert_close(exact[0], energy[0], 1e-10);
  assert_true(energy[1] > integrals->hf_energy); /* far from the minimum */
  for (int k = 0; k < ansatz->nparam; k++) {
    assert_close(gradient[0][k], gradient[1][k], 1e-9);
  }
  free(gradient[0]);
  free(gradient[1]);
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

static void sector_agrees_with_full_space(void **state)
{
  (void)state;
  same_in_both("H2O", true, 1);
  same_in_both("H2O", false, 1);
  same_in_both("LiH", true, 2);
}

static void sector_of_ammonia_agrees_with_full_space(void **state)
{
  (void)state;
  same_in_both("NH3", true, 1);
}

/* A Hamiltonian with symmetry and an ansatz that was not screened by it. */
static void unscreened_excitations_run_without_symmetry(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, 4, irrep, true, 0.0, 9);
  assert_int_equal(hamiltonian->nirrep, 2);
  struct vqe_ansatz_options options = {.size = sizeof options,
                                       .name = "UCCSD",
                                       .reps = 1,
                                       .norb = 4,
                                       .nalpha = 2,
                                       .nbeta = 2,
                                       .restricted = true,
                                       .nirrep = 1};
  struct vqe_ansatz *ansatz = NULL;
  assert_ok(vqe_ansatz_create(&ansatz, &options));
  assert_int_equal(ansatz->nparam, 15);
  double *parameters = fixture_parameters(ansatz->nparam, 0.8, 5);
  double *expected = reference(4, 2, 2, 1, true, parameters, 15);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_SECTOR, 1);
  double complex *psi = fixture_state(estimator, ansatz, parameters);
  for (size_t x = 0; x < 256; x++) {
    assert_close(creal(psi[x]), expected[x], 1e-12);
  }
  free(psi);
  free(expected);
  free(parameters);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

/* Screened excitations: the product without the factors left out. */
static void screened_excitations_give_the_known_state(void **state)
{
  (void)state;
  static const uint8_t irrep[3] = {0, 1, 0};
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, 3, irrep, true, 0.0, 8);
  struct vqe_ansatz *ansatz =
      fixture_ansatz("UCCSD", NULL, 1, hamiltonian, 2, 2);
  /* 0->2 alone among the singles; doubles 00->22, 01->22 not, 11->22 */
  assert_int_equal(ansatz->nparam, 3);
  const double parameters[3] = {0.4, -0.9, 1.3};
  struct factors f = {3, 64, oracle_new(64), 0, parameters};
  f.state[3 + (3 << 3)] = 1.0;
  apply(&f, 0, 0, 2, -1, -1);
  apply(&f, 0, 3, 5, -1, -1);
  apply(&f, 1, 0, 2, 3, 5);
  apply(&f, 2, 1, 2, 4, 5);
  for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR; r++) {
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, (enum vqe_representation)r, 1);
    double complex *psi = fixture_state(estimator, ansatz, parameters);
    for (size_t x = 0; x < 64; x++) {
      assert_close(creal(psi[x]), f.state[x], 1e-12);
    }
    free(psi);
    vqe_estimator_free(estimator);
  }
  free(f.state);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(states_agree_with_matrix_exponentials),
      cmocka_unit_test(four_orbital_states_agree_with_matrix_exponentials),
      cmocka_unit_test(sector_agrees_with_full_space),
      cmocka_unit_test(sector_of_ammonia_agrees_with_full_space),
      cmocka_unit_test(unscreened_excitations_run_without_symmetry),
      cmocka_unit_test(screened_excitations_give_the_known_state),
  };
  return FIXTURE_RUN(tests);
}
