/* Addresses of determinants in blocks of symmetry. */
#include "oracle.h"

#include "sim/layout.h"
#include "vqe/error.h"

static const uint8_t irrep[5] = {0, 1, 2, 3, 1};

/* Every determinant of the blocks stored has one address, all below the size;
 * the others have none. */
static void check_addresses(int na, int nb, int total)
{
  struct vqe_strings own[2] = {{0}};
  const struct vqe_strings *alpha = NULL;
  const struct vqe_strings *beta = NULL;
  struct vqe_layout layout;
  size_t found = 0;
  assert_int_equal(
      vqe_strings_init_both(own, &alpha, &beta, 5, na, nb, 4, irrep), VQE_OK);
  vqe_layout_init(&layout, alpha, beta, total);
  bool *taken = calloc(layout.size, sizeof *taken);
  assert_non_null(taken);
  for (uint32_t s = 0; s < alpha->count; s++) {
    for (uint32_t u = 0; u < beta->count; u++) {
      size_t at = vqe_layout_address(&layout, s, u);
      int product = vqe_strings_class(alpha, s) ^ vqe_strings_class(beta, u);
      if (total >= 0 && product != total) {
        assert_true(at == SIZE_MAX);
        continue;
      }
      assert_true(at < layout.size);
      assert_false(taken[at]);
      taken[at] = true;
      found++;
    }
  }
  assert_int_equal(found, layout.size);
  free(taken);
  vqe_strings_clear_both(own);
}

static void addresses_of_a_sector_are_a_numbering(void **state)
{
  (void)state;
  for (int total = 0; total < 4; total++) {
    check_addresses(2, 2, total);
    check_addresses(3, 1, total);
  }
}

static void addresses_of_all_blocks_are_a_numbering(void **state)
{
  (void)state;
  check_addresses(2, 2, -1);
  check_addresses(3, 2, -1);
}

/* The sizes of classes are counted, not made. */
static void size_is_known_before_the_strings(void **state)
{
  (void)state;
  for (int na = 0; na <= 5; na++) {
    for (int nb = 0; nb <= na; nb++) {
      struct vqe_strings own[2] = {{0}};
      const struct vqe_strings *alpha = NULL;
      const struct vqe_strings *beta = NULL;
      assert_int_equal(
          vqe_strings_init_both(own, &alpha, &beta, 5, na, nb, 4, irrep),
          VQE_OK);
      for (int total = -1; total < 4; total++) {
        struct vqe_layout layout;
        vqe_layout_init(&layout, alpha, beta, total);
        assert_int_equal(vqe_layout_size(5, na, nb, 4, irrep, total),
                         layout.size);
      }
      int lowest = vqe_strings_class(alpha, vqe_strings_lowest(alpha)) ^
                   vqe_strings_class(beta, vqe_strings_lowest(beta));
      assert_int_equal(
          vqe_layout_size(5, na, nb, 4, irrep, VQE_LAYOUT_REFERENCE),
          vqe_layout_size(5, na, nb, 4, irrep, lowest));
      vqe_strings_clear_both(own);
    }
  }
  assert_true(vqe_layout_size(64, 32, 32, 4, (const uint8_t[64]){0}, 0) ==
              UINT64_MAX);
}

static void rows_of_a_block_are_its_width_apart(void **state)
{
  (void)state;
  struct vqe_strings strings;
  struct vqe_layout layout;
  assert_int_equal(vqe_strings_init(&strings, 5, 2, 4, irrep), VQE_OK);
  vqe_layout_init(&layout, &strings, &strings, 2);
  for (int ca = 0; ca < 4; ca++) {
    int cb = ca ^ 2;
    assert_true(vqe_layout_has(&layout, ca, cb));
    assert_false(vqe_layout_has(&layout, ca, ca));
    for (uint32_t s = strings.class_start[ca]; s < strings.class_start[ca + 1];
         s++) {
      assert_int_equal(vqe_layout_row(&layout, ca, cb, s),
                       layout.offset[ca][cb] +
                           (s - strings.class_start[ca]) *
                               vqe_layout_cols(&layout, cb));
    }
  }
  vqe_strings_clear(&strings);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(addresses_of_a_sector_are_a_numbering),
      cmocka_unit_test(addresses_of_all_blocks_are_a_numbering),
      cmocka_unit_test(size_is_known_before_the_strings),
      cmocka_unit_test(rows_of_a_block_are_its_width_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
