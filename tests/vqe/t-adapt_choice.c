/* What one growth of ADAPT-VQE appends, on pools of a few elements. */
#include "vqe/adapt_choice.h"

#include "oracle.h"

#include "vqe/error.h"

static struct vqe_ansatz *make_pool(const char *name, int norb)
{
  struct vqe_ansatz_options options;
  struct vqe_ansatz *pool = NULL;
  vqe_ansatz_options_init(&options);
  options.name = "ADAPT-VQE";
  options.norb = norb;
  options.nalpha = 1;
  options.nbeta = 1;
  options.nirrep = 1;
  options.adapt.pool = name;
  assert_int_equal(vqe_ansatz_pool_create(&pool, &options), VQE_OK);
  return pool;
}

static uint64_t support_of(const struct vqe_ansatz *pool, int element)
{
  uint64_t out = 0;
  for (size_t k = 0; k < pool->ngate; k++) {
    const struct vqe_gate *gate = &pool->gates[k];
    for (int j = 0;
         gate->param == element && j < 2 * vqe_gate_order(gate->kind); j++) {
      out |= UINT64_C(1) << gate->q[j];
    }
  }
  return out;
}

static int gates_of(const struct vqe_ansatz *pool, int element)
{
  int count = 0;
  for (size_t k = 0; k < pool->ngate; k++) {
    count += pool->gates[k].param == element;
  }
  return count;
}

static void steepest_are_taken_down_to_a_tenth(void **state)
{
  (void)state;
  struct vqe_ansatz *pool = make_pool("GSD", 2);
  struct vqe_adapt_options options = {.pool = "GSD", .operators_at_a_time = 4};
  double slope[16] = {0.3, -1.0, 0.09, 1.0 + 1e-9};
  int *elements;
  int count;
  assert_int_equal(
      vqe_adapt_choose(&elements, &count, pool, slope, &options, 9, 1e-5),
      VQE_OK);
  assert_int_equal(count, 3);
  assert_int_equal(elements[0], 1); /* equal but for rounding: the first */
  assert_int_equal(elements[1], 3);
  assert_int_equal(elements[2], 0);
  free(elements);
  assert_int_equal(
      vqe_adapt_choose(&elements, &count, pool, slope, &options, 2, 1e-5),
      VQE_OK);
  assert_int_equal(count, 2);
  free(elements);
  vqe_ansatz_free(pool);
}

/* Random slopes: no two share a qubit, each is the steepest of those left, and
 * what is left over is below gradient_norm or shares a qubit. */
static void tetris_takes_disjoint_elements_until_none_is_left(void **state)
{
  (void)state;
  static const char *const names[] = {"GSD", "QEB", "SAGSD", "OVP-CEO"};
  for (size_t p = 0; p < sizeof names / sizeof names[0]; p++) {
    struct vqe_ansatz *pool = make_pool(names[p], 6);
    struct vqe_adapt_options options = {.pool = names[p],
                                        .operators_at_a_time = 1,
                                        .gradient_norm = 0.3,
                                        .tetris = true};
    double *slope = oracle_new((size_t)pool->nparam);
    uint64_t seed = 5;
    for (int k = 0; k < pool->nparam; k++) {
      slope[k] = oracle_random(&seed);
    }
    int *elements;
    int count;
    assert_int_equal(
        vqe_adapt_choose(&elements, &count, pool, slope, &options, 1000, 1e-5),
        VQE_OK);
    assert_true(count > 1 || strcmp(names[p], "SAGSD") == 0);
    uint64_t used = 0;
    for (int c = 0; c <= count; c++) {
      double steepest = 0.0;
      for (int k = 0; k < pool->nparam; k++) {
        if ((support_of(pool, k) & used) == 0) {
          steepest = fmax(steepest, fabs(slope[k]));
        }
      }
      if (c == count) {
        assert_true(steepest <= 0.3);
        break;
      }
      assert_true((support_of(pool, elements[c]) & used) == 0);
      assert_true(fabs(slope[elements[c]]) >= steepest * (1.0 - 2e-6));
      used |= support_of(pool, elements[c]);
    }
    free(elements);
    free(slope);
    vqe_ansatz_free(pool);
  }
}

/* Excitations on the four qubits of the steepest one that have a slope. */
static void mvp_takes_all_excitations_with_a_slope(void **state)
{
  (void)state;
  struct vqe_ansatz *pool = make_pool("MVP-CEO", 4);
  struct vqe_adapt_options options = {.pool = "MVP-CEO",
                                      .operators_at_a_time = 1};
  double *slope = oracle_new((size_t)pool->nparam);
  int first = 0;
  while (gates_of(pool, first) != 1 ||
         __builtin_popcountll(support_of(pool, first)) != 4) {
    first++;
  }
  /* three of one spin stand in a row */
  assert_true(support_of(pool, first) == support_of(pool, first + 2));
  slope[first] = 0.1;
  slope[first + 1] = 1e-7;
  slope[first + 2] = -0.5;
  slope[first + 5] = 0.4;
  int *elements;
  int count;
  assert_int_equal(
      vqe_adapt_choose(&elements, &count, pool, slope, &options, 9, 1e-5),
      VQE_OK);
  assert_int_equal(count, 2);
  assert_int_equal(elements[0], first);
  assert_int_equal(elements[1], first + 2);
  free(elements);
  /* no room for both: the steepest alone */
  assert_int_equal(
      vqe_adapt_choose(&elements, &count, pool, slope, &options, 1, 1e-5),
      VQE_OK);
  assert_int_equal(count, 1);
  assert_int_equal(elements[0], first + 2);
  free(elements);
  slope[first] = 0.0;
  assert_int_equal(
      vqe_adapt_choose(&elements, &count, pool, slope, &options, 9, 1e-5),
      VQE_OK);
  assert_int_equal(count, 1);
  assert_int_equal(elements[0], first + 2);
  free(elements);
  free(slope);
  vqe_ansatz_free(pool);
}

/* One excitation with a slope: a sum, which takes fewer gates; two: each with
 * its parameter. Its slopes are those of the sums. */
static void dvg_takes_sums_where_one_excitation_has_a_slope(void **state)
{
  (void)state;
  struct vqe_ansatz *pool = make_pool("DVG-CEO", 3);
  struct vqe_adapt_options options = {.pool = "DVG-CEO",
                                      .operators_at_a_time = 1};
  double *slope = oracle_new((size_t)pool->nparam);
  int first = 0;
  while (__builtin_popcountll(support_of(pool, first)) != 4) {
    first++;
  }
  assert_int_equal(gates_of(pool, first), 1);
  assert_int_equal(gates_of(pool, first + 1), 1);
  assert_int_equal(gates_of(pool, first + 2), 2);
  for (int both = 0; both < 2; both++) {
    slope[first] = 0.2;
    slope[first + 1] = both ? -0.1 : 0.0;
    slope[first + 2] = slope[first] + slope[first + 1];
    slope[first + 3] = slope[first] - slope[first + 1];
    int *elements;
    int count;
    assert_int_equal(
        vqe_adapt_choose(&elements, &count, pool, slope, &options, 9, 1e-5),
        VQE_OK);
    assert_int_equal(count, both ? 2 : 1);
    assert_int_equal(elements[0], both ? first : first + 2);
    if (both) {
      assert_int_equal(elements[1], first + 1);
    }
    free(elements);
  }
  free(slope);
  vqe_ansatz_free(pool);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steepest_are_taken_down_to_a_tenth),
      cmocka_unit_test(tetris_takes_disjoint_elements_until_none_is_left),
      cmocka_unit_test(mvp_takes_all_excitations_with_a_slope),
      cmocka_unit_test(dvg_takes_sums_where_one_excitation_has_a_slope),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
