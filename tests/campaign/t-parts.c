/* Parts of equal cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "campaign/parts.h"

#define MOST 500

static void spread(double *loads, double *largest, int parts, size_t count,
                   unsigned seed, struct vqe_parts_item *items)
{
  *largest = 0.0;
  srand(seed);
  for (size_t k = 0; k < count; k++) {
    double cost = 1e-3 * (1 + rand() % 1000000);
    *largest = cost > *largest ? cost : *largest;
    items[k] = (struct vqe_parts_item){
        .cost = cost, .priority = rand() % 3, .pinned = -1};
  }
  assert_int_equal(vqe_parts_divide(items, count, parts, loads), 0);
}

static void parts_differ_by_one_item_at_most(void **state)
{
  (void)state;
  static struct vqe_parts_item items[MOST];
  for (unsigned seed = 1; seed <= 50; seed++) {
    double loads[40];
    double sums[40] = {0};
    double largest;
    int parts = 1 + (int)(seed % 40);
    size_t count = 1 + 9 * seed;
    spread(loads, &largest, parts, count, seed, items);
    for (size_t k = 0; k < count; k++) {
      assert_in_range(items[k].part, 0, parts - 1);
      sums[items[k].part] += items[k].cost;
    }
    double least = sums[0];
    double greatest = sums[0];
    for (int k = 0; k < parts; k++) {
      assert_true(loads[k] > sums[k] - 1e-6 && loads[k] < sums[k] + 1e-6);
      least = sums[k] < least ? sums[k] : least;
      greatest = sums[k] > greatest ? sums[k] : greatest;
    }
    assert_true(greatest - least <= largest + 1e-6);
  }
}

/* Every part begins with its share of what is urgent. */
static void each_priority_is_spread_over_all_parts(void **state)
{
  (void)state;
  struct vqe_parts_item items[40];
  double loads[4];
  int urgent[4] = {0};
  for (size_t k = 0; k < 40; k++) {
    items[k] = (struct vqe_parts_item){
        .cost = k < 8 ? 1.0 : 10.0, .priority = k < 8 ? 0 : 1, .pinned = -1};
  }
  assert_int_equal(vqe_parts_divide(items, 40, 4, loads), 0);
  for (size_t k = 0; k < 8; k++) {
    urgent[items[k].part]++;
  }
  for (int k = 0; k < 4; k++) {
    assert_int_equal(urgent[k], 2);
    assert_true(loads[k] == 82.0);
  }
}

static void what_is_pinned_stays_and_the_rest_evens_out(void **state)
{
  (void)state;
  struct vqe_parts_item items[10];
  double loads[2];
  for (size_t k = 0; k < 10; k++) {
    items[k] = (struct vqe_parts_item){.cost = 1.0, .pinned = k < 4 ? 1 : -1};
  }
  assert_int_equal(vqe_parts_divide(items, 10, 2, loads), 0);
  for (size_t k = 0; k < 4; k++) {
    assert_int_equal(items[k].part, 1);
  }
  assert_true(loads[0] == 5.0 && loads[1] == 5.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_differ_by_one_item_at_most),
      cmocka_unit_test(each_priority_is_spread_over_all_parts),
      cmocka_unit_test(what_is_pinned_stays_and_the_rest_evens_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
