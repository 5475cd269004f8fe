/* Occupation strings: order, positions, excitations between them, and the
 * sets of both spins. */
#include "sim/sim_fixture.h"

#include "sim/strings.h"

static void strings_are_sorted_by_class_and_number(void **state)
{
  (void)state;
  static const uint8_t irrep[6] = {0, 1, 2, 3, 1, 0};
  for (int nelec = VQE_ALL_NUMBERS; nelec <= 6; nelec++) {
    struct vqe_strings strings;
    assert_ok(vqe_strings_init(&strings, 6, nelec, 4, irrep));
    assert_int_equal(strings.count, vqe_strings_count(6, nelec));
    uint64_t seen = 0;
    for (uint32_t s = 0; s < strings.count; s++) {
      uint64_t bits = strings.bits[s];
      int product = 0;
      for (int p = 0; p < 6; p++) {
        product ^= (bits >> p & 1) ? irrep[p] : 0;
      }
      assert_int_equal(vqe_strings_class(&strings, s), product);
      assert_int_equal(vqe_strings_position(&strings, bits), s);
      if (nelec != VQE_ALL_NUMBERS) {
        assert_int_equal(__builtin_popcountll(bits), nelec);
      }
      assert_true((seen >> bits & 1) == 0);
      seen |= UINT64_C(1) << bits;
    }
    vqe_strings_clear(&strings);
  }
  assert_true(vqe_strings_count(32, 16) == UINT64_C(601080390));
  assert_true(vqe_strings_count(10, 11) == 0);
  /* beyond 64 bits: said to be too many, never wrapped */
  assert_true(vqe_strings_count(64, 2) == 2016);
  assert_true(vqe_strings_count(64, 64) == 1);
  assert_true(vqe_strings_count(64, 32) == UINT64_MAX);
  assert_true(vqe_strings_bytes(64, 30) == UINT64_MAX);
  assert_true(vqe_strings_count(64, VQE_ALL_NUMBERS) == UINT64_MAX);
  struct vqe_strings strings;
  assert_int_equal(vqe_strings_init(&strings, 64, 32, 1, NULL),
                   VQE_ERR_UNSUPPORTED);
  assert_int_equal(vqe_strings_init(&strings, 65, 1, 1, NULL),
                   VQE_ERR_UNSUPPORTED);
  assert_int_equal(vqe_strings_init(&strings, 4, 5, 1, NULL),
                   VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "5 electrons in 4 orbitals"));
}

/* Pairs of strings of all single and double excitations. */
static void string_pairs_agree_with_ladder_operators(void **state)
{
  (void)state;
  struct vqe_strings strings;
  assert_ok(vqe_strings_init(&strings, 5, 2, 1, NULL));
  for (int i = 0; i < 5; i++) {
    for (int a = 0; a < 5; a++) {
      for (int j = -1; j < 5; j++) {
        for (int b = 0; b < (j < 0 ? 1 : 5); b++) {
          bool distinct =
              i != a && i != j && i != b && a != j && a != b && j != b;
          if (j >= 0 && !distinct) {
            continue;
          }
          struct vqe_string_pairs pairs;
          assert_ok(vqe_string_pairs_init(&pairs, &strings, i, a, j,
                                          j < 0 ? -1 : b));
          size_t count = 0;
          for (uint32_t s = 0; s < strings.count; s++) {
            uint64_t bits = strings.bits[s];
            int sign = 1;
            if (j >= 0) {
              sign = oracle_move(&bits, b, j);
            }
            sign = sign == 0 ? 0 : sign * oracle_move(&bits, a, i);
            if (sign == 0) {
              continue;
            }
            assert_true(count < pairs.count);
            assert_int_equal(pairs.items[count].from, s);
            assert_int_equal(strings.bits[pairs.items[count].to], bits);
            assert_true(pairs.items[count].sign == sign);
            count++;
          }
          assert_int_equal(count, pairs.count);
          vqe_string_pairs_clear(&pairs);
        }
      }
    }
  }
  vqe_strings_clear(&strings);
}

/* Orbitals above the 32nd, up to the last bit of a mask. */
static void strings_of_64_orbitals_are_whole(void **state)
{
  (void)state;
  uint8_t irrep[64];
  for (int p = 0; p < 64; p++) {
    irrep[p] = (uint8_t)(p % 3);
  }
  static const int numbers[] = {1, 2, 3, 62, 63, 64};
  for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
    struct vqe_strings strings;
    assert_ok(vqe_strings_init(&strings, 64, numbers[n], 4, irrep));
    for (uint32_t s = 0; s < strings.count; s++) {
      uint64_t bits = strings.bits[s];
      int product = 0;
      for (int p = 0; p < 64; p++) {
        product ^= (bits >> p & 1) ? irrep[p] : 0;
      }
      assert_int_equal(__builtin_popcountll(bits), numbers[n]);
      assert_int_equal(vqe_strings_class(&strings, s), product);
      assert_int_equal(vqe_strings_position(&strings, bits), s);
    }
    uint32_t lowest = vqe_strings_lowest(&strings);
    assert_int_equal(__builtin_clzll(strings.bits[lowest]), 64 - numbers[n]);
    struct vqe_string_pairs pairs;
    assert_ok(vqe_string_pairs_init(&pairs, &strings, 1, 63, 40, 2));
    for (size_t k = 0; k < pairs.count; k++) {
      uint64_t bits = strings.bits[pairs.items[k].from];
      int sign = oracle_move(&bits, 2, 40);
      sign *= oracle_move(&bits, 63, 1);
      assert_true(sign != 0 && pairs.items[k].sign == sign);
      assert_true(strings.bits[pairs.items[k].to] == bits);
    }
    assert_int_equal(pairs.count > 0,
                     numbers[n] == 2 || numbers[n] == 3 || numbers[n] == 62);
    vqe_string_pairs_clear(&pairs);
    vqe_strings_clear(&strings);
  }
}

static void equal_numbers_share_one_set(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 2, 3};
  for (int nbeta = 1; nbeta <= 2; nbeta++) {
    struct vqe_strings own[2] = {{0}};
    const struct vqe_strings *alpha = NULL;
    const struct vqe_strings *beta = NULL;
    assert_int_equal(
        vqe_strings_init_both(own, &alpha, &beta, 4, 2, nbeta, 4, irrep),
        VQE_OK);
    assert_int_equal(alpha == beta, nbeta == 2);
    assert_int_equal(alpha->nelec, 2);
    assert_int_equal(beta->nelec, nbeta);
    assert_int_equal(beta->count, nbeta == 1 ? 4 : 6);
    vqe_strings_clear_both(own);
    assert_null(own[0].bits);
    assert_null(own[1].bits);
  }
}

static void lowest_string_occupies_the_lowest_orbitals(void **state)
{
  (void)state;
  static const uint8_t irrep[6] = {0, 1, 1, 0, 1, 0};
  for (int nelec = 0; nelec <= 6; nelec++) {
    struct vqe_strings strings;
    int product = 0;
    assert_int_equal(vqe_strings_init(&strings, 6, nelec, 2, irrep), VQE_OK);
    uint32_t at = vqe_strings_lowest(&strings);
    assert_int_equal(strings.bits[at], (1 << nelec) - 1);
    for (int p = 0; p < nelec; p++) {
      product ^= irrep[p];
    }
    assert_int_equal(vqe_strings_class(&strings, at), product);
    vqe_strings_clear(&strings);
  }
}

static void impossible_numbers_are_refused(void **state)
{
  (void)state;
  struct vqe_strings strings;
  assert_int_equal(vqe_strings_init(&strings, 3, 4, 1, NULL),
                   VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "4 electrons in 3 orbitals"));
  assert_int_equal(vqe_strings_init(&strings, 32, VQE_ALL_NUMBERS, 1, NULL),
                   VQE_ERR_UNSUPPORTED);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strings_are_sorted_by_class_and_number),
      cmocka_unit_test(string_pairs_agree_with_ladder_operators),
      cmocka_unit_test(strings_of_64_orbitals_are_whole),
      cmocka_unit_test(equal_numbers_share_one_set),
      cmocka_unit_test(lowest_string_occupies_the_lowest_orbitals),
      cmocka_unit_test(impossible_numbers_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
