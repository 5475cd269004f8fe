/* Mappings against Jordan-Wigner's dense matrices and the algebra of Majorana
 * operators; encodings against their matrices in the papers; Qiskit Nature's
 * operators term by term. */
#include "oracle.h"

#include <jansson.h>

#include "operators/pauli_matrix.h"
#include "operators/qubits.h"
#include "vqe/chem.h"
#include "vqe/error.h"
#include "vqe/operators.h"

static struct vqe_mapping mapping_of(enum vqe_mapping_kind kind, int nqubit)
{
  struct vqe_mapping mapping;
  assert_int_equal(vqe_mapping_init(&mapping, kind, nqubit), VQE_OK);
  return mapping;
}

/* Majorana operators 2j and 2j + 1 of Jordan-Wigner: Z_0 ... Z_j-1 X_j and
 * Y_j. */
static void majorana(vqe_qubits *x, vqe_qubits *z, int number)
{
  vqe_qubits bit = vqe_qubits_bit(number / 2);
  *x = bit;
  *z = (bit - 1) | (number % 2 != 0 ? bit : 0);
}

static bool anticommute(vqe_qubits x1, vqe_qubits z1, vqe_qubits x2,
                        vqe_qubits z2)
{
  return vqe_qubits_odd((x1 & z2) ^ (z1 & x2));
}

static void images_of_majoranas_anticommute(void **state)
{
  (void)state;
  for (int kind = 0; kind < VQE_MAPPINGS; kind++) {
    for (int n = 1; n <= 2 * VQE_MAX_ORBITALS; n++) {
      struct vqe_mapping mapping = mapping_of((enum vqe_mapping_kind)kind, n);
      vqe_qubits x[4 * VQE_MAX_ORBITALS];
      vqe_qubits z[4 * VQE_MAX_ORBITALS];
      for (int k = 0; k < 2 * n; k++) {
        vqe_qubits from_x;
        vqe_qubits from_z;
        majorana(&from_x, &from_z, k);
        int sign = vqe_mapping_string(&x[k], &z[k], &mapping, from_x, from_z);
        assert_int_equal(abs(sign), 1);
        assert_true((x[k] | z[k]) != 0);
        assert_true(((x[k] | z[k]) & ~vqe_qubits_below(n)) == 0);
        for (int j = 0; j < k; j++) {
          assert_true(anticommute(x[k], z[k], x[j], z[j]));
        }
      }
    }
  }
}

/* The ternary tree's point: 2n strings of at most ceil(log3(2n + 1)) letters.
 */
static void strings_of_the_ternary_tree_are_short(void **state)
{
  (void)state;
  for (int n = 1; n <= 2 * VQE_MAX_ORBITALS; n++) {
    struct vqe_mapping mapping = mapping_of(VQE_MAPPING_TERNARY_TREE, n);
    int depth = 0;
    for (int leaves = 1; leaves < 2 * n + 1; leaves *= 3) {
      depth++;
    }
    for (int k = 0; k < 2 * n; k++) {
      vqe_qubits from_x;
      vqe_qubits from_z;
      vqe_qubits x;
      vqe_qubits z;
      majorana(&from_x, &from_z, k);
      (void)vqe_mapping_string(&x, &z, &mapping, from_x, from_z);
      assert_true(vqe_qubits_count(x | z) <= depth);
    }
  }
}

/* Rows of the encoding, bit k of row j: qubit j counts orbital k. */
static bool counts(enum vqe_mapping_kind kind, int j, int k)
{
  if (kind == VQE_MAPPING_JORDAN_WIGNER) {
    return j == k;
  }
  if (kind == VQE_MAPPING_PARITY) {
    return k <= j;
  }
  /* Seeley, Richard, Love, eq. 30, from the outside in */
  for (int size = VQE_MAX_ORBITALS; size >= 1; size /= 2) {
    if (j < size && k < size) {
      continue;
    }
    if (j < size) {
      return false;
    }
    if (k < size) {
      return j == 2 * size - 1;
    }
    j -= size;
    k -= size;
  }
  return true;
}

static void determinants_are_encoded_as_in_the_papers(void **state)
{
  (void)state;
  uint64_t seed = 5;
  for (int kind = 0; kind < VQE_MAPPING_TERNARY_TREE; kind++) {
    for (int n = 1; n <= 2 * VQE_MAX_ORBITALS; n++) {
      struct vqe_mapping mapping = mapping_of((enum vqe_mapping_kind)kind, n);
      vqe_qubits occupied = 0;
      vqe_qubits expected = 0;
      for (int k = 0; k < n; k++) {
        occupied |= (vqe_qubits)(oracle_random(&seed) > 0) << k;
      }
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < n; k++) {
          if (counts((enum vqe_mapping_kind)kind, j, k)) {
            expected ^= (occupied >> k & 1) << j;
          }
        }
      }
      assert_true(vqe_mapping_determinant(&mapping, occupied) == expected);
    }
  }
}

/* Z_j of the determinant and of its image have the same value. */
static void occupations_are_those_of_the_image(void **state)
{
  (void)state;
  uint64_t seed = 11;
  for (int kind = 0; kind < VQE_MAPPINGS; kind++) {
    for (int n = 1; n <= 2 * VQE_MAX_ORBITALS; n++) {
      struct vqe_mapping mapping = mapping_of((enum vqe_mapping_kind)kind, n);
      vqe_qubits occupied = 0;
      for (int k = 0; k < n; k++) {
        occupied |= (vqe_qubits)(oracle_random(&seed) > 0) << k;
      }
      vqe_qubits image = vqe_mapping_determinant(&mapping, occupied);
      for (int j = 0; j < n; j++) {
        vqe_qubits x;
        vqe_qubits z;
        int sign = vqe_mapping_string(&x, &z, &mapping, 0, vqe_qubits_bit(j));
        assert_true(x == 0);
        assert_int_equal(sign * (vqe_qubits_odd(z & image) ? -1 : 1),
                         occupied >> j & 1 ? -1 : 1);
      }
    }
  }
}

static void every_mapping_has_jordan_wigners_spectrum(void **state)
{
  (void)state;
  for (int norb = 1; norb <= 3; norb++) {
    struct vqe_pauli_sum *sum =
        pauli_random(norb, NULL, (vqe_qubits)(31 * norb));
    double *expected = pauli_spectrum(sum, NULL, NULL, NULL);
    for (int kind = 0; kind < VQE_MAPPINGS; kind++) {
      struct vqe_mapping mapping =
          mapping_of((enum vqe_mapping_kind)kind, 2 * norb);
      struct vqe_pauli_sum *mapped = NULL;
      assert_int_equal(vqe_pauli_sum_map(&mapped, sum, &mapping), VQE_OK);
      assert_int_equal(mapped->nterm, sum->nterm);
      assert_close(vqe_pauli_sum_one_norm(mapped), vqe_pauli_sum_one_norm(sum),
                   1e-12);
      double *values = pauli_spectrum(mapped, NULL, NULL, NULL);
      for (size_t k = 0; k < (size_t)1 << (2 * norb); k++) {
        assert_close(values[k], expected[k], 1e-10);
      }
      free(values);
      vqe_pauli_sum_free(mapped);
    }
    free(expected);
    vqe_pauli_sum_free(sum);
  }
}

/* ---- Qiskit Nature ---- */

static struct vqe_pauli_sum *file_sum(const char *name)
{
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *integrals = NULL;
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_pauli_sum *sum = NULL;
  char path[512];
  snprintf(path, sizeof path, VQE_TEST_DATA "/%s", name);
  if (vqe_fcidump_read(&integrals, path, &options) != VQE_OK ||
      vqe_hamiltonian_create(&hamiltonian, integrals->norb, integrals->h1e,
                             integrals->eri, 0.0, true, 0.0) != VQE_OK ||
      vqe_pauli_sum_jordan_wigner(&sum, hamiltonian, 1e-10) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
  return sum;
}

static double coefficient_of(const struct vqe_pauli_sum *sum,
                             const char *wanted)
{
  char label[65];
  for (size_t k = 0; k < sum->nterm; k++) {
    vqe_pauli_label(label, sum->nqubit, sum->x[k], sum->z[k]);
    if (strcmp(label, wanted) == 0) {
      return sum->coeff[k];
    }
  }
  fail_msg("no term %s", wanted);
  return 0.0;
}

static void compare_with_list(const struct vqe_pauli_sum *sum,
                              const json_t *list)
{
  size_t at;
  json_t *term;
  assert_int_equal(json_array_size(list), sum->nterm);
  json_array_foreach(list, at, term)
  {
    const char *label = json_string_value(json_array_get(term, 0));
    assert_close(coefficient_of(sum, label),
                 json_number_value(json_array_get(term, 1)), 1e-9);
  }
}

static void operators_are_qiskit_natures(void **state)
{
  (void)state;
  static const char *const names[] = {"H2.fcidump", "HeH+.fcidump"};
  json_error_t error;
  json_t *root =
      json_load_file(VQE_TEST_DATA "/qiskit_mappings.json", 0, &error);
  assert_non_null(root);
  for (size_t k = 0; k < 2; k++) {
    json_t *system =
        json_object_get(json_object_get(root, "systems"), names[k]);
    struct vqe_pauli_sum *sum = file_sum(names[k]);
    for (int kind = 0; kind < VQE_MAPPING_TERNARY_TREE; kind++) {
      enum vqe_mapping_kind mapping_kind = (enum vqe_mapping_kind)kind;
      json_t *reference =
          json_object_get(system, vqe_mapping_name(mapping_kind));
      struct vqe_mapping mapping = mapping_of(mapping_kind, sum->nqubit);
      struct vqe_pauli_sum *mapped = NULL;
      assert_int_equal(vqe_pauli_sum_map(&mapped, sum, &mapping), VQE_OK);
      compare_with_list(mapped, json_object_get(reference, "operator"));
      if (mapping_kind == VQE_MAPPING_PARITY) {
        struct vqe_taper taper;
        struct vqe_pauli_sum *reduced = NULL;
        assert_int_equal(vqe_taper_init(&taper, VQE_TAPER_NUMBER, mapped,
                                        &mapping,
                                        1 | vqe_qubits_bit(sum->nqubit / 2)),
                         VQE_OK);
        assert_int_equal(vqe_pauli_sum_taper(&reduced, mapped, &taper, 1e-10),
                         VQE_OK);
        compare_with_list(reduced, json_object_get(reference, "reduced"));
        vqe_pauli_sum_free(reduced);
      }
      vqe_pauli_sum_free(mapped);
    }
    vqe_pauli_sum_free(sum);
  }
  json_decref(root);
}

static void names_are_found_and_others_refused(void **state)
{
  (void)state;
  enum vqe_mapping_kind kind;
  struct vqe_mapping mapping;
  struct vqe_pauli_sum *sum = pauli_random(1, NULL, 1);
  struct vqe_pauli_sum *mapped = NULL;
  for (int k = 0; k < VQE_MAPPINGS; k++) {
    assert_int_equal(
        vqe_mapping_find(&kind, vqe_mapping_name((enum vqe_mapping_kind)k)),
        VQE_OK);
    assert_int_equal(kind, k);
  }
  assert_null(vqe_mapping_name(VQE_MAPPINGS));
  assert_int_equal(vqe_mapping_find(&kind, "bravyi"), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "bravyi_kitaev"));
  assert_int_equal(vqe_mapping_find(&kind, NULL), VQE_ERR_INPUT);
  assert_int_equal(vqe_mapping_init(&mapping, VQE_MAPPING_PARITY, 129),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_mapping_init(&mapping, VQE_MAPPING_PARITY, 0),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_mapping_init(&mapping, VQE_MAPPINGS, 4), VQE_ERR_INPUT);
  mapping = mapping_of(VQE_MAPPING_PARITY, 4);
  assert_int_equal(vqe_pauli_sum_map(&mapped, sum, &mapping), VQE_ERR_INPUT);
  assert_null(mapped);
  vqe_pauli_sum_free(sum);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(images_of_majoranas_anticommute),
      cmocka_unit_test(strings_of_the_ternary_tree_are_short),
      cmocka_unit_test(determinants_are_encoded_as_in_the_papers),
      cmocka_unit_test(occupations_are_those_of_the_image),
      cmocka_unit_test(every_mapping_has_jordan_wigners_spectrum),
      cmocka_unit_test(operators_are_qiskit_natures),
      cmocka_unit_test(names_are_found_and_others_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
