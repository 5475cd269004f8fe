/* The CI product on strings: sigma, its diagonal and S^2 against ladder
 * operators, dense and sparse one-spin matrices, blocks of symmetry. */
#include "sim/sim_fixture.h"

#include "sim/layout.h"
#include "sim/sigma.h"
#include "sim/spin.h"
#include "sim/strings.h"

struct row {
  const struct vqe_layout *layout;
  const double *vector;
  int norb;
  double sum;
  double diagonal;
  uint64_t bits;
};

static size_t address(const struct vqe_layout *layout, uint64_t bits, int norb)
{
  uint32_t alpha = (uint32_t)(bits & ((UINT64_C(1) << norb) - 1));
  uint32_t beta = (uint32_t)(bits >> norb);
  return vqe_layout_address(layout, vqe_strings_position(layout->alpha, alpha),
                            vqe_strings_position(layout->beta, beta));
}

/* H is symmetric: row `bits` is H |bits> */
static void add_product(void *ctx, uint64_t bits, double value)
{
  struct row *row = ctx;
  size_t at = address(row->layout, bits, row->norb);
  if (at == SIZE_MAX) {
    assert_close(value, 0.0, 1e-12);
    return;
  }
  row->sum += value * row->vector[at];
  if (bits == row->bits) {
    row->diagonal += value;
  }
}

/* One vector of a layout: H, diagonal and S^2 on every `stride`-th
 * determinant. */
static void check_layout(const struct vqe_sigma *sigma,
                         const struct vqe_spin_tables *spin,
                         const struct vqe_layout *layout, const double *h1e,
                         const double *eri, size_t stride)
{
  int norb = layout->alpha->norb;
  size_t n = layout->size;
  double *in = oracle_new(n);
  double *out = oracle_new(n);
  double *diagonal = oracle_new(n);
  double *s2 = oracle_new(n);
  uint64_t seed = 99;
  double norm = 0.0;
  for (size_t k = 0; k < n; k++) {
    in[k] = oracle_random(&seed);
    out[k] = (double)NAN; /* what was there must not matter */
    norm += in[k] * in[k];
  }
  for (size_t k = 0; k < n; k++) {
    in[k] /= sqrt(norm);
  }
  vqe_sigma_apply(sigma, layout, out, in);
  assert_ok(vqe_sigma_diagonal(sigma, layout, diagonal));
  if (spin != NULL) {
    vqe_spin_apply(spin, layout, s2, in, 2.0, 0.25);
  }
  size_t seen = 0;
  double square = 0.0;
  for (uint32_t s = 0; s < layout->alpha->count; s++) {
    for (uint32_t u = 0; u < layout->beta->count; u++) {
      size_t at = vqe_layout_address(layout, s, u);
      if (at == SIZE_MAX) {
        continue;
      }
      if (seen++ % stride != 0) {
        continue;
      }
      uint64_t bits =
          (uint64_t)layout->beta->bits[u] << norb | layout->alpha->bits[s];
      struct row row = {layout, in, norb, 0.0, 0.0, bits};
      oracle_apply_h(norb, h1e, eri, bits, add_product, &row);
      assert_close(out[at], row.sum, 1e-11);
      assert_close(diagonal[at], row.diagonal, 1e-11);
      if (spin != NULL) {
        struct row spins = {layout, in, norb, 0.0, 0.0, bits};
        oracle_apply_spin(norb, bits, add_product, &spins);
        assert_close(s2[at], 2.0 * (spins.sum - 0.25 * in[at]), 1e-12);
        square += in[at] * spins.sum;
      }
    }
  }
  assert_int_equal(seen, n);
  if (spin != NULL && stride == 1) {
    assert_close(vqe_spin_expectation(spin, layout, in), square, 1e-12);
  }
  free(in);
  free(out);
  free(diagonal);
  free(s2);
}

static void check(int norb, int na, int nb, const uint8_t *irrep, int threads,
                  size_t stride)
{
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, irrep, irrep != NULL, 0.0,
                     (uint64_t)(norb * 100 + na * 10 + nb));
  struct vqe_strings alpha;
  struct vqe_strings beta;
  struct vqe_sigma *sigma = NULL;
  struct vqe_spin_tables *spin = NULL;
  bool one_set = na == nb;
  assert_ok(vqe_strings_init(&alpha, norb, na, hamiltonian->nirrep,
                             hamiltonian->irrep));
  assert_ok(vqe_strings_init(&beta, norb, nb, hamiltonian->nirrep,
                             hamiltonian->irrep));
  const struct vqe_strings *second = one_set ? &alpha : &beta;
  assert_ok(vqe_sigma_create(&sigma, hamiltonian, &alpha, second, threads));
  if (na != VQE_ALL_NUMBERS) {
    assert_ok(vqe_spin_tables_create(&spin, &alpha, second, hamiltonian->irrep,
                                     threads));
  }
  size_t total = 0;
  for (int t = 0; t < hamiltonian->nirrep; t++) {
    struct vqe_layout layout;
    vqe_layout_init(&layout, &alpha, second, t);
    total += layout.size;
    if (layout.size > 0) {
      check_layout(sigma, spin, &layout, h1e, eri, stride);
    }
  }
  assert_int_equal(total, alpha.count * second->count);
  if (hamiltonian->nirrep > 1) { /* all blocks at once */
    struct vqe_layout layout;
    vqe_layout_init(&layout, &alpha, second, -1);
    assert_int_equal(layout.size, total);
    check_layout(sigma, spin, &layout, h1e, eri, stride);
  }
  vqe_spin_tables_free(spin);
  vqe_sigma_free(sigma);
  vqe_strings_clear(&alpha);
  vqe_strings_clear(&beta);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void test_sectors(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 2, 1};
  for (int na = 0; na <= 4; na++) {
    for (int nb = 0; nb <= 4; nb++) {
      check(4, na, nb, NULL, 1, 1);
      check(4, na, nb, irrep, 1, 1);
    }
  }
  check(1, 1, 1, NULL, 1, 1);
  check(5, 3, 2, NULL, 2, 1);
}

/* Every electron number at once: the full space. */
static void test_all_numbers(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 2, 3};
  check(4, VQE_ALL_NUMBERS, VQE_ALL_NUMBERS, NULL, 1, 1);
  check(4, VQE_ALL_NUMBERS, VQE_ALL_NUMBERS, irrep, 1, 1);
  check(3, VQE_ALL_NUMBERS, VQE_ALL_NUMBERS, NULL, 3, 1);
}

/* More columns than one work item takes, and threads. */
static void test_many_columns(void **state)
{
  (void)state;
  static const uint8_t irrep[8] = {0, 1, 0, 1, 0, 1, 0, 0};
  check(8, 4, 4, irrep, 2, 97);
  check(8, 3, 4, NULL, 3, 97);
}

/* C(13, 6) = 1716 strings: above the limit of dense one-spin matrices, for
 * either spin and for both. */
static void test_sparse(void **state)
{
  (void)state;
  check(13, 6, 0, NULL, 1, 41);
  check(13, 6, 1, NULL, 2, 1009);
  check(13, 1, 6, NULL, 1, 1009);
}

static void test_strings(void **state)
{
  (void)state;
  static const uint8_t irrep[6] = {0, 1, 2, 3, 1, 0};
  for (int nelec = VQE_ALL_NUMBERS; nelec <= 6; nelec++) {
    struct vqe_strings strings;
    assert_ok(vqe_strings_init(&strings, 6, nelec, 4, irrep));
    assert_int_equal(strings.count, vqe_strings_count(6, nelec));
    uint64_t seen = 0;
    for (uint32_t s = 0; s < strings.count; s++) {
      uint32_t bits = strings.bits[s];
      int product = 0;
      for (int p = 0; p < 6; p++) {
        product ^= (bits >> p & 1) ? irrep[p] : 0;
      }
      assert_int_equal(vqe_strings_class(&strings, s), product);
      assert_int_equal(vqe_strings_position(&strings, bits), s);
      if (nelec != VQE_ALL_NUMBERS) {
        assert_int_equal(__builtin_popcount(bits), nelec);
      }
      assert_true((seen >> bits & 1) == 0);
      seen |= UINT64_C(1) << bits;
    }
    vqe_strings_clear(&strings);
  }
  assert_true(vqe_strings_count(32, 16) == UINT64_C(601080390));
  assert_true(vqe_strings_count(10, 11) == 0);
  struct vqe_strings strings;
  assert_int_equal(vqe_strings_init(&strings, 4, 5, 1, NULL),
                   VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "5 electrons in 4 orbitals"));
}

/* Pairs of strings of all single and double excitations. */
static void test_string_pairs(void **state)
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

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_strings),      cmocka_unit_test(test_string_pairs),
      cmocka_unit_test(test_sectors),      cmocka_unit_test(test_all_numbers),
      cmocka_unit_test(test_many_columns), cmocka_unit_test(test_sparse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
