/* The CI product on strings: sigma, its diagonal and S^2 against ladder
 * operators, dense and sparse one-spin matrices, blocks of symmetry. */
#include "sim/sim_fixture.h"

#include "sim/layout.h"
#include "sim/sigma_tables.h"
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

/* Half of the product of a vector that exchanging the spins leaves as it is,
 * and the image of that half, are the whole one's. */
static void check_mirror(const struct vqe_sigma *sigma,
                         const struct vqe_layout *layout, const double *in)
{
  size_t n = layout->size;
  double *even = oracle_new(n);
  double *whole = oracle_new(n);
  double *half = oracle_new(n);
  memcpy(even, in, n * sizeof *even);
  vqe_layout_mirror(layout, even, true);
  for (uint32_t s = 0; s < layout->alpha->count; s++) {
    for (uint32_t u = 0; u < s; u++) {
      size_t at = vqe_layout_address(layout, s, u);
      if (at != SIZE_MAX) {
        size_t image = vqe_layout_address(layout, u, s);
        assert_true(even[at] == even[image]);
        assert_close(even[at], 0.5 * (in[at] + in[image]), 1e-15);
      }
    }
  }
  for (size_t k = 0; k < n; k++) {
    half[k] = (double)NAN;
  }
  vqe_sigma_apply(sigma, layout, whole, even);
  vqe_sigma_apply_mirror(sigma, layout, half, even);
  for (size_t k = 0; k < n; k++) {
    assert_close(half[k], whole[k], 1e-11);
  }
  free(even);
  free(whole);
  free(half);
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
  if (layout->alpha == layout->beta) {
    check_mirror(sigma, layout, in);
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

/* Every symmetry by itself, and all of them in one vector. */
static void check_layouts(const struct vqe_sigma *sigma,
                          const struct vqe_spin_tables *spin,
                          const double *h1e, const double *eri, size_t stride)
{
  const struct vqe_strings *alpha = sigma->alpha;
  const struct vqe_strings *beta = sigma->beta;
  size_t total = 0;
  for (int t = 0; t < sigma->nirrep; t++) {
    struct vqe_layout layout;
    vqe_layout_init(&layout, alpha, beta, t);
    total += layout.size;
    if (layout.size > 0) {
      check_layout(sigma, spin, &layout, h1e, eri, stride);
    }
  }
  assert_int_equal(total, alpha->count * beta->count);
  if (sigma->nirrep > 1) { /* all blocks at once */
    struct vqe_layout layout;
    vqe_layout_init(&layout, alpha, beta, -1);
    assert_int_equal(layout.size, total);
    check_layout(sigma, spin, &layout, h1e, eri, stride);
  }
}

/* Both forms of the alpha-beta part, whichever is the cheaper one. */
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
  assert_ok(vqe_sigma_over_pairs(sigma));
  struct vqe_annihilation *annihilation = sigma->annihilation;
  if (annihilation == NULL && na >= 1 && nb >= 1) {
    assert_ok(vqe_annihilation_create(&annihilation, hamiltonian, &alpha,
                                      second, threads));
  }
  sigma->annihilation = NULL;
  check_layouts(sigma, spin, h1e, eri, stride);
  sigma->annihilation = annihilation;
  if (annihilation != NULL) {
    check_layouts(sigma, NULL, h1e, eri, stride);
  }
  vqe_spin_tables_free(spin);
  vqe_sigma_free(sigma);
  vqe_strings_clear(&alpha);
  vqe_strings_clear(&beta);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void sector_products_agree_with_ladder_operators(void **state)
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
  static const uint8_t only_some[5] = {0, 3, 0, 3, 3}; /* empty classes */
  check(5, 2, 1, only_some, 2, 1);
}

/* Every electron number at once: the full space. */
static void full_space_products_agree_with_ladder_operators(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 2, 3};
  check(4, VQE_ALL_NUMBERS, VQE_ALL_NUMBERS, NULL, 1, 1);
  check(4, VQE_ALL_NUMBERS, VQE_ALL_NUMBERS, irrep, 1, 1);
  check(3, VQE_ALL_NUMBERS, VQE_ALL_NUMBERS, NULL, 3, 1);
}

/* More columns than one work item takes, and threads. */
static void products_of_many_columns_agree_with_ladder_operators(void **state)
{
  (void)state;
  static const uint8_t irrep[8] = {0, 1, 0, 1, 0, 1, 0, 0};
  check(8, 4, 4, irrep, 2, 97);
  check(8, 3, 4, NULL, 3, 97);
}

/* C(13, 6) = 1716 strings: above the limit of dense one-spin matrices, for
 * either spin and for both. */
static void sparse_one_spin_matrices_agree_with_ladder_operators(void **state)
{
  (void)state;
  check(13, 6, 0, NULL, 1, 41);
  check(13, 6, 1, NULL, 2, 1009);
  check(13, 1, 6, NULL, 1, 1009);
}

/* Few electrons in many orbitals, on either side of 32: which form is taken,
 * and that threads change no bit. */
static void low_filling_agrees_with_ladder_operators(void **state)
{
  (void)state;
  static const uint8_t irrep[18] = {0, 1, 2, 3, 4, 5, 6, 7, 0,
                                    1, 2, 3, 4, 5, 6, 7, 0, 1};
  double here;
  double over_pairs;
  check(18, 2, 2, irrep, 2, 53);
  check(18, 3, 1, irrep, 3, 53);
  vqe_annihilation_cost(&here, &over_pairs, 23, 4, 4, 4);
  assert_true(here < over_pairs);
  vqe_annihilation_cost(&here, &over_pairs, 10, 7, 7, 8);
  assert_true(here > over_pairs);
  vqe_annihilation_cost(&here, &over_pairs, 10, 0, 3, 1);
  assert_true(isinf(here));
  vqe_annihilation_cost(&here, &over_pairs, 10, VQE_ALL_NUMBERS,
                        VQE_ALL_NUMBERS, 1);
  assert_true(isinf(here));
}

static void threads_change_no_bit(void **state)
{
  (void)state;
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, 13, NULL, false, 0.0, 7);
  struct vqe_strings strings;
  struct vqe_layout layout;
  double *out[2];
  assert_ok(vqe_strings_init(&strings, 13, 3, hamiltonian->nirrep,
                             hamiltonian->irrep));
  vqe_layout_init(&layout, &strings, &strings, 0);
  double *in = oracle_new(layout.size);
  uint64_t seed = 3;
  for (size_t k = 0; k < layout.size; k++) {
    in[k] = oracle_random(&seed);
  }
  for (int n = 0; n < 2; n++) {
    struct vqe_sigma *sigma = NULL;
    assert_ok(vqe_sigma_create(&sigma, hamiltonian, &strings, &strings,
                               n == 0 ? 1 : 3));
    assert_non_null(sigma->annihilation);
    out[n] = oracle_new(layout.size);
    vqe_sigma_apply(sigma, &layout, out[n], in);
    vqe_sigma_free(sigma);
  }
  assert_memory_equal(out[0], out[1], layout.size * sizeof *in);
  free(out[0]);
  free(out[1]);
  free(in);
  vqe_strings_clear(&strings);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sector_products_agree_with_ladder_operators),
      cmocka_unit_test(full_space_products_agree_with_ladder_operators),
      cmocka_unit_test(products_of_many_columns_agree_with_ladder_operators),
      cmocka_unit_test(sparse_one_spin_matrices_agree_with_ladder_operators),
      cmocka_unit_test(low_filling_agrees_with_ladder_operators),
      cmocka_unit_test(threads_change_no_bit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
