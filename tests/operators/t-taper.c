/* Tapered sums against the block of Jordan-Wigner's dense matrix that the
 * symmetries of the integrals and the electron numbers single out. */
#include "oracle.h"

#include "operators/pauli_matrix.h"
#include "operators/qubits.h"
#include "vqe/error.h"
#include "vqe/operators.h"

#define NORB 3

/* A sector by occupations: parities of electrons, alpha, beta, and in orbitals
 * whose irrep has the bit. */
struct sector {
  const uint8_t *irrep;
  int bits; /* of irreps; 0: numbers alone */
  uint64_t reference;
};

static bool in_sector(uint64_t state, const void *ctx)
{
  const struct sector *sector = ctx;
  uint64_t different = state ^ sector->reference;
  uint64_t alpha = (UINT64_C(1) << NORB) - 1;
  bool inside = !__builtin_parityll(different & alpha) &&
                !__builtin_parityll(different & alpha << NORB);
  for (int bit = 0; bit < sector->bits; bit++) {
    uint64_t mask = 0;
    for (int p = 0; p < NORB; p++) {
      if (sector->irrep[p] >> bit & 1) {
        mask |= UINT64_C(1) << p | UINT64_C(1) << (p + NORB);
      }
    }
    inside = inside && !__builtin_parityll(different & mask);
  }
  return inside;
}

static void check_sector(enum vqe_mapping_kind kind, enum vqe_taper_kind what,
                         const struct vqe_pauli_sum *sum,
                         const struct sector *sector)
{
  struct vqe_mapping mapping;
  struct vqe_taper taper;
  struct vqe_pauli_sum *mapped = NULL;
  struct vqe_pauli_sum *tapered = NULL;
  size_t wanted;
  size_t count;
  assert_int_equal(vqe_mapping_init(&mapping, kind, sum->nqubit), VQE_OK);
  assert_int_equal(vqe_pauli_sum_map(&mapped, sum, &mapping), VQE_OK);
  assert_int_equal(
      vqe_taper_init(&taper, what, mapped, &mapping, sector->reference),
      VQE_OK);
  assert_int_equal(taper.count, 2 + sector->bits);
  assert_int_equal(vqe_pauli_sum_taper(&tapered, mapped, &taper, 0.0), VQE_OK);
  assert_int_equal(tapered->nqubit, sum->nqubit - taper.count);
  double *expected = pauli_spectrum(sum, &wanted, in_sector, sector);
  double *values = pauli_spectrum(tapered, &count, NULL, NULL);
  assert_int_equal(count, wanted);
  for (size_t k = 0; k < count; k++) {
    assert_close(values[k], expected[k], 1e-10);
  }
  /* the reference determinant keeps its energy */
  double *full = pauli_matrix(sum);
  double *left = pauli_matrix(tapered);
  uint64_t state = vqe_qubits_word(vqe_taper_mask(
      &taper, vqe_mapping_determinant(&mapping, sector->reference)));
  size_t from = (size_t)sector->reference;
  assert_close(left[state * count + state],
               full[from * ((size_t)1 << sum->nqubit) + from], 1e-10);
  free(full);
  free(left);
  free(values);
  free(expected);
  vqe_pauli_sum_free(tapered);
  vqe_pauli_sum_free(mapped);
}

static void sector_of_each_mapping_has_its_spectrum(void **state)
{
  (void)state;
  static const uint8_t irrep[NORB] = {0, 1, 0};
  static const uint64_t references[] = {011, 013, 031, 001, 033};
  struct vqe_pauli_sum *sum = pauli_random(NORB, irrep, 17);
  for (int kind = 0; kind < VQE_MAPPINGS; kind++) {
    for (size_t k = 0; k < sizeof references / sizeof references[0]; k++) {
      struct sector sector = {irrep, 0, references[k]};
      check_sector((enum vqe_mapping_kind)kind, VQE_TAPER_NUMBER, sum,
                   &sector);
      sector.bits = 1;
      check_sector((enum vqe_mapping_kind)kind, VQE_TAPER_ALL, sum, &sector);
    }
  }
  vqe_pauli_sum_free(sum);
}

static void generators_have_a_qubit_each(void **state)
{
  (void)state;
  static const uint8_t irrep[8] = {0, 1, 2, 3, 0, 1, 2, 3};
  struct vqe_pauli_sum *sum = pauli_random(8, irrep, 3);
  for (int kind = 0; kind < VQE_MAPPINGS; kind++) {
    struct vqe_mapping mapping;
    struct vqe_taper taper;
    struct vqe_pauli_sum *mapped = NULL;
    assert_int_equal(
        vqe_mapping_init(&mapping, (enum vqe_mapping_kind)kind, 16), VQE_OK);
    assert_int_equal(vqe_pauli_sum_map(&mapped, sum, &mapping), VQE_OK);
    assert_int_equal(
        vqe_taper_init(&taper, VQE_TAPER_ALL, mapped, &mapping, 0x303),
        VQE_OK);
    assert_int_equal(taper.count, 4);
    for (int k = 0; k < taper.count; k++) {
      assert_int_equal(vqe_qubits_highest(taper.generator[k]), taper.qubit[k]);
      for (int j = 0; j < taper.count; j++) {
        assert_int_equal(vqe_qubits_has(taper.generator[k], taper.qubit[j]),
                         k == j);
      }
      for (size_t t = 0; t < mapped->nterm; t++) {
        assert_false(vqe_qubits_odd(taper.generator[k] & mapped->x[t]));
      }
    }
    vqe_pauli_sum_free(mapped);
  }
  vqe_pauli_sum_free(sum);
}

static void parity_has_its_two_qubits(void **state)
{
  (void)state;
  struct vqe_mapping mapping;
  struct vqe_taper taper;
  struct vqe_pauli_sum *sum = pauli_random(NORB, NULL, 5);
  struct vqe_pauli_sum *mapped = NULL;
  assert_int_equal(vqe_mapping_init(&mapping, VQE_MAPPING_PARITY, sum->nqubit),
                   VQE_OK);
  assert_int_equal(vqe_pauli_sum_map(&mapped, sum, &mapping), VQE_OK);
  assert_int_equal(
      vqe_taper_init(&taper, VQE_TAPER_NUMBER, mapped, &mapping, 013), VQE_OK);
  assert_int_equal(taper.count, 2);
  assert_true(taper.generator[0] == 04 && taper.generator[1] == 040);
  assert_int_equal(taper.qubit[0], 2);
  assert_int_equal(taper.qubit[1], 5);
  assert_false(taper.odd[0]); /* two alpha */
  assert_true(taper.odd[1]);  /* three in all */
  assert_int_equal(vqe_taper_mask(&taper, 073), 017);
  vqe_pauli_sum_free(mapped);
  vqe_pauli_sum_free(sum);
}

static void one_qubit_is_left_and_errors_are_said(void **state)
{
  (void)state;
  struct vqe_mapping mapping;
  struct vqe_taper taper;
  enum vqe_taper_kind kind;
  struct vqe_pauli_sum *out = NULL;
  struct vqe_pauli_sum *sum = pauli_random(1, NULL, 5);
  assert_int_equal(
      vqe_mapping_init(&mapping, VQE_MAPPING_JORDAN_WIGNER, sum->nqubit),
      VQE_OK);
  assert_int_equal(vqe_taper_init(&taper, VQE_TAPER_ALL, sum, &mapping, 1),
                   VQE_OK);
  assert_int_equal(taper.count, 1);
  assert_int_equal(vqe_taper_init(&taper, VQE_TAPER_NONE, sum, &mapping, 1),
                   VQE_OK);
  assert_int_equal(taper.count, 0);
  assert_int_equal(vqe_taper_init(&taper, VQE_TAPERS, sum, &mapping, 1),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_mapping_init(&mapping, VQE_MAPPING_PARITY, 4), VQE_OK);
  assert_int_equal(vqe_taper_init(&taper, VQE_TAPER_ALL, sum, &mapping, 1),
                   VQE_ERR_INPUT);
  vqe_pauli_sum_free(sum);
  /* Z_0 alone is no symmetry of electrons that hop */
  sum = pauli_random(2, NULL, 5);
  taper = (struct vqe_taper){.count = 1, .generator = {1}, .qubit = {0}};
  assert_int_equal(vqe_pauli_sum_taper(&out, sum, &taper, 0.0), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "does not commute"));
  assert_null(out);
  vqe_pauli_sum_free(sum);
  for (int k = 0; k < VQE_TAPERS; k++) {
    assert_int_equal(
        vqe_taper_find(&kind, vqe_taper_name((enum vqe_taper_kind)k)), VQE_OK);
    assert_int_equal(kind, k);
  }
  assert_null(vqe_taper_name(VQE_TAPERS));
  assert_int_equal(vqe_taper_find(&kind, "some"), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "none, number or all"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sector_of_each_mapping_has_its_spectrum),
      cmocka_unit_test(generators_have_a_qubit_each),
      cmocka_unit_test(parity_has_its_two_qubits),
      cmocka_unit_test(one_qubit_is_left_and_errors_are_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
