/* Jordan-Wigner sums against OpenFermion's counts and norms and against
 * dense ladder operators; labels; qubit-wise commuting groups. */
#include "oracle.h"

#include <jansson.h>

#include "operators/pauli_size.h"
#include "operators/qubits.h"
#include "vqe/chem.h"
#include "vqe/error.h"
#include "vqe/operators.h"

static struct vqe_hamiltonian *make(int norb, const double *h1e,
                                    const double *eri, double constant,
                                    bool symmetry)
{
  struct vqe_hamiltonian *hamiltonian = NULL;
  if (vqe_hamiltonian_create(&hamiltonian, norb, h1e, eri, constant, symmetry,
                             0.0) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return hamiltonian;
}

static struct vqe_pauli_sum *
jordan_wigner(const struct vqe_hamiltonian *hamiltonian, double threshold)
{
  struct vqe_pauli_sum *sum = NULL;
  if (vqe_pauli_sum_jordan_wigner(&sum, hamiltonian, threshold) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return sum;
}

static struct vqe_pauli_sum *read_sum(const char *name, bool symmetry,
                                      double threshold, double *constant)
{
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *integrals = NULL;
  char path[512];
  snprintf(path, sizeof path, VQE_TEST_DATA "/%s.fcidump", name);
  if (vqe_fcidump_read(&integrals, path, &options) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  struct vqe_hamiltonian *hamiltonian =
      make(integrals->norb, integrals->h1e, integrals->eri, 0.0, symmetry);
  struct vqe_pauli_sum *sum = jordan_wigner(hamiltonian, threshold);
  *constant = integrals->nuclear_repulsion;
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
  return sum;
}

static double identity_of(const struct vqe_pauli_sum *sum)
{
  for (size_t k = 0; k < sum->nterm; k++) {
    if (sum->x[k] == 0 && sum->z[k] == 0) {
      return sum->coeff[k];
    }
  }
  fail_msg("no identity");
  return 0.0;
}

/* Terms and norms of the files. Those of N2 and NH3 belong to the orbitals
 * of the file, which energies.json rotates differently; they come from an
 * independent expansion of the file. Its integrals carry rounding noise of
 * about 1e-12, which the search for symmetry clears. */
static void terms_are_those_of_the_reference(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    size_t with_noise, cleared; /* terms of at least 1e-12 */
    double norm;                /* 0: from energies.json */
  } cases[] = {{"H2", 15, 15, 0},
               {"HeH+", 27, 27, 0},
               {"LiH", 631, 631, 0},
               {"BeH2", 666, 666, 0},
               {"H2O", 1086, 1086, 0},
               {"NH3", 3089, 3057, 66.0716166541},
               {"N2", 2963, 2951, 118.0005061}};
  json_error_t error;
  json_t *root = json_load_file(VQE_TEST_DATA "/energies.json", 0, &error);
  assert_non_null(root);
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    double constant;
    struct vqe_pauli_sum *sum =
        read_sum(cases[k].name, false, 1e-12, &constant);
    assert_int_equal(sum->nterm, cases[k].with_noise);
    double norm = cases[k].norm;
    size_t at;
    json_t *system;
    json_array_foreach(json_object_get(root, "systems"), at, system)
    {
      if (strcmp(json_string_value(json_object_get(system, "name")),
                 cases[k].name) != 0) {
        continue;
      }
      if (norm == 0.0) { /* of symmetry-adapted orbitals, as in the file */
        norm =
            json_number_value(json_object_get(system, "pauli_one_norm_sym"));
      }
      /* the trace does not depend on the rotation of the orbitals */
      assert_close(identity_of(sum) + constant,
                   json_number_value(json_object_get(
                       system, "identity_coeff_incl_enuc_ecore")),
                   1e-7);
    }
    assert_close(vqe_pauli_sum_one_norm(sum), norm, 1e-7);
    vqe_pauli_sum_free(sum);
    sum = read_sum(cases[k].name, true, 1e-12, &constant);
    assert_close(vqe_pauli_sum_one_norm(sum), norm, 1e-7);
    assert_int_equal(sum->nterm, cases[k].cleared);
    vqe_pauli_sum_free(sum);
  }
  json_decref(root);
  double constant;
  struct vqe_pauli_sum *sum = read_sum("NH3", false, 1e-10, &constant);
  assert_int_equal(sum->nterm, 3057);
  vqe_pauli_sum_free(sum);
  sum = read_sum("N2", false, 1e-10, &constant);
  assert_int_equal(sum->nterm, 2951);
  vqe_pauli_sum_free(sum);
}

/* Element of a Pauli word from its letters, not from the library's phase
 * convention. */
static double complex letter_element(char letter, int to, int from)
{
  switch (letter) {
  case 'I':
    return to == from;
  case 'X':
    return to != from;
  case 'Y':
    return to == from ? 0 : (from == 0 ? I : -I);
  case 'Z':
    return to != from ? 0 : (from == 0 ? 1 : -1);
  }
  fail_msg("letter '%c'", letter);
  return 0;
}

static void sum_of_terms_is_the_dense_matrix(void **state)
{
  (void)state;
  for (int norb = 1; norb <= 3; norb++) {
    double *h1e;
    double *eri;
    oracle_integrals(&h1e, &eri, norb, NULL, (uint64_t)(7 * norb));
    double *expected = oracle_hamiltonian(norb, h1e, eri, 0.625);
    struct vqe_hamiltonian *hamiltonian = make(norb, h1e, eri, 0.625, true);
    struct vqe_pauli_sum *sum = jordan_wigner(hamiltonian, 0.0);
    assert_int_equal(sum->nqubit, 2 * norb);
    size_t n = (size_t)1 << (2 * norb);
    double complex *matrix = calloc(n * n, sizeof *matrix);
    assert_non_null(matrix);
    for (size_t k = 0; k < sum->nterm; k++) {
      char label[65];
      vqe_pauli_label(label, sum->nqubit, sum->x[k], sum->z[k]);
      assert_int_equal(strlen(label), 2 * norb);
      for (size_t from = 0; from < n; from++) {
        for (size_t to = 0; to < n; to++) {
          double complex element = sum->coeff[k];
          for (int q = 0; q < 2 * norb && element != 0.0; q++) {
            element *=
                letter_element(label[2 * norb - 1 - q], (int)(to >> q & 1),
                               (int)(from >> q & 1));
          }
          matrix[to * n + from] += element;
        }
      }
      if (k > 0) {
        bool rising =
            sum->x[k - 1] < sum->x[k] ||
            (sum->x[k - 1] == sum->x[k] && sum->z[k - 1] < sum->z[k]);
        assert_true(rising);
      }
    }
    for (size_t k = 0; k < n * n; k++) {
      assert_close(creal(matrix[k]), expected[k], 1e-12);
      assert_close(cimag(matrix[k]), 0.0, 1e-12);
    }
    free(matrix);
    free(expected);
    free(h1e);
    free(eri);
    vqe_pauli_sum_free(sum);
    vqe_hamiltonian_free(hamiltonian);
  }
}

static void threshold_drops_small_terms(void **state)
{
  (void)state;
  double constant;
  struct vqe_pauli_sum *all = read_sum("LiH", false, 1e-12, &constant);
  struct vqe_pauli_sum *some = read_sum("LiH", false, 1e-2, &constant);
  size_t large = 0;
  for (size_t k = 0; k < all->nterm; k++) {
    large += fabs(all->coeff[k]) >= 1e-2;
  }
  assert_true(large > 10 && large < all->nterm);
  assert_int_equal(some->nterm, large);
  vqe_pauli_sum_free(all);
  vqe_pauli_sum_free(some);
}

static void labels_start_with_the_highest_qubit(void **state)
{
  (void)state;
  char label[65];
  vqe_pauli_label(label, 4, 0x1, 0x0);
  assert_string_equal(label, "IIIX");
  vqe_pauli_label(label, 4, 0x6, 0xa);
  assert_string_equal(label, "ZXYI");
  vqe_pauli_label(label, 1, 1, 1);
  assert_string_equal(label, "Y");
  vqe_pauli_label(label, 64, UINT64_C(1) << 63, 0);
  assert_int_equal(strlen(label), 64);
  assert_int_equal(label[0], 'X');
  assert_int_equal(label[63], 'I');
}

static bool qubit_wise(const char *a, const char *b)
{
  for (size_t k = 0; a[k] != '\0'; k++) {
    if (a[k] != b[k] && a[k] != 'I' && b[k] != 'I') {
      return false;
    }
  }
  return true;
}

/* Two strings commute when they differ, neither being I, at an even number of
 * places. */
static bool as_a_whole(const char *a, const char *b)
{
  int clashes = 0;
  for (size_t k = 0; a[k] != '\0'; k++) {
    clashes += a[k] != b[k] && a[k] != 'I' && b[k] != 'I';
  }
  return clashes % 2 == 0;
}

/* The greedy rule done again on labels: by falling |c|, ties by label; the
 * first group that takes the term. */
static void check_groups(const struct vqe_pauli_sum *sum, const int *group,
                         int ngroup, bool (*fit)(const char *, const char *))
{
  size_t n = sum->nterm;
  char(*label)[65] = calloc(n, sizeof *label);
  size_t *order = calloc(n, sizeof *order);
  int *expected = calloc(n, sizeof *expected);
  assert_true(label != NULL && order != NULL && expected != NULL);
  for (size_t k = 0; k < n; k++) {
    vqe_pauli_label(label[k], sum->nqubit, sum->x[k], sum->z[k]);
    size_t at = k;
    while (at > 0) {
      size_t other = order[at - 1];
      double gap = fabs(sum->coeff[k]) - fabs(sum->coeff[other]);
      bool before =
          fabs(gap) < 1e-9 ? strcmp(label[k], label[other]) < 0 : gap > 0.0;
      if (!before) {
        break;
      }
      order[at] = other;
      at--;
    }
    order[at] = k;
  }
  int groups = 0;
  for (size_t k = 0; k < n; k++) {
    size_t term = order[k];
    if (strspn(label[term], "I") == strlen(label[term])) {
      expected[term] = -1;
      continue;
    }
    int g = 0;
    for (; g < groups; g++) {
      bool fits = true;
      for (size_t l = 0; l < k && fits; l++) {
        fits = expected[order[l]] != g || fit(label[term], label[order[l]]);
      }
      if (fits) {
        break;
      }
    }
    expected[term] = g;
    groups += g == groups;
  }
  assert_int_equal(ngroup, groups);
  for (size_t k = 0; k < n; k++) {
    assert_int_equal(group[k], expected[k]);
    assert_true(group[k] >= -1 && group[k] < ngroup);
    for (size_t l = 0; l < k; l++) {
      if (group[k] >= 0 && group[k] == group[l]) {
        assert_true(fit(label[k], label[l]));
      }
    }
  }
  free(label);
  free(order);
  free(expected);
}

static void groups_commute_qubit_by_qubit(void **state)
{
  (void)state;
  static const char *const names[] = {"H2", "HeH+", "LiH"};
  for (size_t k = 0; k < 3; k++) {
    double constant;
    int ngroup = -1;
    struct vqe_pauli_sum *sum = read_sum(names[k], true, 0.0, &constant);
    int *group = calloc(sum->nterm, sizeof *group);
    assert_non_null(group);
    assert_int_equal(vqe_pauli_group_qwc(sum, group, &ngroup), VQE_OK);
    check_groups(sum, group, ngroup, qubit_wise);
    if (k == 0) {
      assert_int_equal(ngroup, 5); /* Z words, and XXYY in four ways */
    }
    assert_int_equal(vqe_pauli_group_commuting(sum, group, &ngroup), VQE_OK);
    check_groups(sum, group, ngroup, as_a_whole);
    if (k == 0) {
      assert_int_equal(ngroup, 2); /* Z words; the others commute */
    }
    free(group);
    vqe_pauli_sum_free(sum);
  }
}

/* Ties by label: of equal coefficients I < X < Y < Z, first letter first. */
static void ties_are_ordered_by_label(void **state)
{
  (void)state;
  vqe_qubits x[] = {1, 1, 0};
  vqe_qubits z[] = {0, 1, 1};
  double coeff[] = {-0.5, 0.5, 0.5};
  const struct vqe_pauli_sum sum = {1, 3, x, z, coeff};
  int group[3];
  int ngroup;
  assert_int_equal(vqe_pauli_group_qwc(&sum, group, &ngroup), VQE_OK);
  assert_int_equal(ngroup, 3);
  assert_int_equal(group[0], 0); /* X */
  assert_int_equal(group[1], 1); /* Y */
  assert_int_equal(group[2], 2); /* Z */
}

/* |O D|^2 - <D|O D>^2 of the sum O of a group, term by term on the
 * determinant; `image` has room for 2 * 2^nqubit. */
static double variance_by_terms(double *image, const struct vqe_pauli_sum *sum,
                                const int *group, int g, uint64_t occupied)
{
  size_t size = (size_t)1 << sum->nqubit;
  double total = 0.0;
  memset(image, 0, 2 * size * sizeof *image);
  for (size_t t = 0; t < sum->nterm; t++) {
    if (group[t] != g) {
      continue;
    }
    /* i^|x&z| X^x Z^z: Z first */
    int power = vqe_qubits_count(sum->x[t] & sum->z[t]) +
                2 * vqe_qubits_count(sum->z[t] & occupied);
    double sign = (power & 2) != 0 ? -1.0 : 1.0;
    image[2 * (occupied ^ sum->x[t]) + (size_t)(power & 1)] +=
        sign * sum->coeff[t];
  }
  double mean = image[2 * occupied];
  for (size_t j = 0; j < 2 * size; j++) {
    total += image[j] * image[j];
  }
  return total - mean * mean;
}

static void variance_is_that_of_the_sums_of_the_groups(void **state)
{
  (void)state;
  static const char *const names[] = {"H2", "HeH+", "LiH"};
  /* two alpha electrons of HeH+ have no variance but qubit by qubit */
  static const uint64_t occupied[] = {0x5, 0x3, 0xc3, 0x5, 0x9, 0xc3};
  for (size_t k = 0; k < 6; k++) {
    double constant;
    double total = 0.0;
    int ngroup;
    bool whole = k >= 3;
    struct vqe_pauli_sum *sum = read_sum(names[k % 3], true, 0.0, &constant);
    int *group = calloc(sum->nterm, sizeof *group);
    double *variance = calloc(sum->nterm, sizeof *variance);
    double *image = calloc((size_t)2 << sum->nqubit, sizeof *image);
    assert_true(group != NULL && image != NULL && variance != NULL);
    assert_int_equal(whole ? vqe_pauli_group_commuting(sum, group, &ngroup)
                           : vqe_pauli_group_qwc(sum, group, &ngroup),
                     VQE_OK);
    assert_int_equal(
        vqe_pauli_group_variance(variance, sum, group, ngroup, occupied[k]),
        VQE_OK);
    for (int g = 0; g < ngroup; g++) {
      double expected = variance_by_terms(image, sum, group, g, occupied[k]);
      assert_true(fabs(variance[g] - expected) < 1e-12);
      total += expected;
    }
    assert_true(total > 1e-4);
    free(image);
    free(variance);
    free(group);
    vqe_pauli_sum_free(sum);
  }
}

/* By the integrals, and by the irreps alone: exact in Abelian groups, not less
 * where degenerate orbitals make terms cancel. */
static void terms_are_counted_before_they_are_made(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    bool exact;
  } cases[] = {{"H2", true},   {"LiH", true},  {"H2O", true},
               {"BeH2", true}, {"NH3", false}, {"N2", false}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *integrals = NULL;
    char path[512];
    snprintf(path, sizeof path, VQE_TEST_DATA "/%s.fcidump", cases[k].name);
    assert_int_equal(vqe_fcidump_read(&integrals, path, &options), VQE_OK);
    struct vqe_hamiltonian *hamiltonian =
        make(integrals->norb, integrals->h1e, integrals->eri, 0.0, true);
    struct vqe_hamiltonian sizes = {.norb = hamiltonian->norb,
                                    .nirrep = hamiltonian->nirrep};
    memcpy(sizes.irrep, hamiltonian->irrep, sizeof sizes.irrep);
    struct vqe_pauli_sum *sum = jordan_wigner(hamiltonian, 1e-12);
    double made = (double)sum->nterm;
    double counted = vqe_pauli_size_terms(hamiltonian);
    double by_irreps = vqe_pauli_size_terms(&sizes);
    if (cases[k].exact ? counted != made || by_irreps != made
                       : counted < made || by_irreps < counted ||
                             by_irreps > 2.0 * made) {
      fail_msg("%s: %g terms, counted %g, by irreps %g", cases[k].name, made,
               counted, by_irreps);
    }
    vqe_pauli_sum_free(sum);
    vqe_hamiltonian_free(hamiltonian);
    vqe_integrals_free(integrals);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(terms_are_those_of_the_reference),
      cmocka_unit_test(sum_of_terms_is_the_dense_matrix),
      cmocka_unit_test(terms_are_counted_before_they_are_made),
      cmocka_unit_test(threshold_drops_small_terms),
      cmocka_unit_test(labels_start_with_the_highest_qubit),
      cmocka_unit_test(groups_commute_qubit_by_qubit),
      cmocka_unit_test(ties_are_ordered_by_label),
      cmocka_unit_test(variance_is_that_of_the_sums_of_the_groups),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
