/* The symmetry found in the integrals, and refusal of bad ones. */
#include "oracle.h"

#include "vqe/chem.h"
#include "vqe/error.h"
#include "vqe/operators.h"

/* Rank over GF(2) of the parities of the four orbitals of every non-zero
 * integral: 2^(norb - rank) labelings satisfy them all, of which the total
 * parity makes no difference. */
static int count_irreps(int norb, const double *h1e, const double *eri)
{
  uint32_t rows[512];
  int rank = 0;
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q < norb; q++) {
      for (int r = 0; r < norb; r++) {
        for (int s = 0; s < norb; s++) {
          bool one = r == 0 && s == 0 && fabs(h1e[p * norb + q]) > 1e-10;
          bool two = fabs(oracle_eri(eri, norb, p, q, r, s)) > 1e-10;
          for (int kind = 0; kind < 2; kind++) {
            uint32_t row = 1u << p ^ 1u << q;
            if (kind == 1) {
              row ^= 1u << r ^ 1u << s;
            }
            if (!(kind == 0 ? one : two)) {
              continue;
            }
            for (int k = 0; k < rank; k++) {
              uint32_t reduced = row ^ rows[k];
              row = reduced < row ? reduced : row;
            }
            if (row != 0) {
              rows[rank++] = row;
            }
          }
        }
      }
    }
  }
  int free_bits = norb - rank - 1;
  return 1 << (free_bits > 3 ? 3 : free_bits);
}

static void check_labels(const struct vqe_hamiltonian *hamiltonian,
                         const double *h1e, const double *eri)
{
  int norb = hamiltonian->norb;
  const uint8_t *irrep = hamiltonian->irrep;
  for (int p = 0; p < norb; p++) {
    assert_true(irrep[p] < hamiltonian->nirrep);
    for (int q = 0; q < norb; q++) {
      if (fabs(h1e[p * norb + q]) > 1e-10) {
        assert_int_equal(irrep[p], irrep[q]);
      }
      for (int r = 0; r < norb; r++) {
        for (int s = 0; s < norb; s++) {
          int product = irrep[p] ^ irrep[q] ^ irrep[r] ^ irrep[s];
          double value = oracle_eri(eri, norb, p, q, r, s);
          if (product != 0) {
            assert_true(fabs(value) <= 1e-10);
            assert_true(oracle_eri(hamiltonian->w, norb, p, q, r, s) == 0.0);
          } else {
            assert_true(oracle_eri(hamiltonian->w, norb, p, q, r, s) == value);
          }
        }
      }
    }
  }
}

static void molecules_have_the_irreps_of_their_groups(void **state)
{
  (void)state;
  /* Irreps that products of orbitals reach, in D2h and its subgroups. The pi
   * orbitals of N2.fcidump are mixed within each pair, so x and y count as
   * one. */
  static const struct {
    const char *name;
    int nirrep;
  } cases[] = {{"H2", 2},  {"HeH+", 1}, {"LiH", 4}, {"BeH2", 8},
               {"H2O", 4}, {"NH3", 2},  {"N2", 4}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *integrals = NULL;
    struct vqe_hamiltonian *hamiltonian = NULL;
    char path[512];
    snprintf(path, sizeof path, VQE_TEST_DATA "/%s.fcidump", cases[k].name);
    assert_int_equal(vqe_fcidump_read(&integrals, path, &options), VQE_OK);
    assert_int_equal(vqe_hamiltonian_create(&hamiltonian, integrals->norb,
                                            integrals->h1e, integrals->eri,
                                            0.0, true, 0.0),
                     VQE_OK);
    assert_int_equal(
        hamiltonian->nirrep,
        count_irreps(integrals->norb, integrals->h1e, integrals->eri));
    assert_int_equal(hamiltonian->nirrep, cases[k].nirrep);
    check_labels(hamiltonian, integrals->h1e, integrals->eri);
    vqe_hamiltonian_free(hamiltonian);
    assert_int_equal(vqe_hamiltonian_create(&hamiltonian, integrals->norb,
                                            integrals->h1e, integrals->eri,
                                            0.0, false, 0.0),
                     VQE_OK);
    assert_int_equal(hamiltonian->nirrep, 1);
    for (int p = 0; p < integrals->norb; p++) {
      assert_int_equal(hamiltonian->irrep[p], 0);
    }
    vqe_hamiltonian_free(hamiltonian);
    vqe_integrals_free(integrals);
  }
}

static void random_labels_are_found_again(void **state)
{
  (void)state;
  uint64_t seed = 11;
  for (int round = 0; round < 40; round++) {
    int norb = 2 + round % 6;
    uint8_t irrep[8];
    int most = round % 3 == 0 ? 2 : round % 3 == 1 ? 4 : 8;
    for (int p = 0; p < norb; p++) {
      irrep[p] = (uint8_t)((oracle_random(&seed) + 1.0) / 2.0 * most);
    }
    double *h1e;
    double *eri;
    struct vqe_hamiltonian *hamiltonian = NULL;
    oracle_integrals(&h1e, &eri, norb, irrep, (uint64_t)round);
    assert_int_equal(
        vqe_hamiltonian_create(&hamiltonian, norb, h1e, eri, 0.0, true, 0.0),
        VQE_OK);
    /* the same partition of the pairs as the labels that were put in */
    for (int p = 0; p < norb; p++) {
      for (int q = 0; q < norb; q++) {
        assert_true((irrep[p] == irrep[q]) ==
                    (hamiltonian->irrep[p] == hamiltonian->irrep[q]));
      }
    }
    assert_int_equal(hamiltonian->nirrep, count_irreps(norb, h1e, eri));
    check_labels(hamiltonian, h1e, eri);
    vqe_hamiltonian_free(hamiltonian);
    free(h1e);
    free(eri);
  }
}

static void threshold_parts_noise_from_broken_symmetry(void **state)
{
  (void)state;
  static const uint8_t irrep[3] = {0, 1, 0};
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian = NULL;
  oracle_integrals(&h1e, &eri, 3, irrep, 5);
  h1e[1] = h1e[3] = 1e-12; /* rounding noise: forbidden, cleared */
  assert_int_equal(
      vqe_hamiltonian_create(&hamiltonian, 3, h1e, eri, 0.0, true, 0.0),
      VQE_OK);
  assert_int_equal(hamiltonian->nirrep, 2);
  assert_true(hamiltonian->h1e[1] == 0.0 && hamiltonian->h1e[3] == 0.0);
  vqe_hamiltonian_free(hamiltonian);
  assert_int_equal(
      vqe_hamiltonian_create(&hamiltonian, 3, h1e, eri, 0.0, true, 1e-13),
      VQE_OK);
  assert_int_equal(hamiltonian->nirrep, 1);
  assert_true(hamiltonian->h1e[1] == 1e-12);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void bad_sizes_and_numbers_are_refused(void **state)
{
  (void)state;
  double h1e[4] = {-1.0, 0.0, 0.0, -0.5};
  double eri[9] = {0.6, 0, 0.5, 0, 0.1, 0, 0.5, 0, 0.7};
  struct vqe_hamiltonian *hamiltonian = NULL;
  assert_int_equal(
      vqe_hamiltonian_create(&hamiltonian, 65, h1e, eri, 0.0, true, 0.0),
      VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "65 orbitals"));
  assert_non_null(strstr(vqe_error_message(), "active space"));
  assert_null(hamiltonian);
  assert_int_equal(
      vqe_hamiltonian_create(&hamiltonian, 0, h1e, eri, 0.0, true, 0.0),
      VQE_ERR_UNSUPPORTED);
  eri[4] = (double)NAN;
  assert_int_equal(
      vqe_hamiltonian_create(&hamiltonian, 2, h1e, eri, 0.0, true, 0.0),
      VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "two-electron"));
  eri[4] = 0.1;
  h1e[3] = (double)INFINITY;
  assert_int_equal(
      vqe_hamiltonian_create(&hamiltonian, 2, h1e, eri, 0.0, true, 0.0),
      VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "one-electron"));
  assert_null(hamiltonian);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(molecules_have_the_irreps_of_their_groups),
      cmocka_unit_test(random_labels_are_found_again),
      cmocka_unit_test(threshold_parts_noise_from_broken_symmetry),
      cmocka_unit_test(bad_sizes_and_numbers_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
