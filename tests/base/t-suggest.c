/* Edit distances worked out by hand, and what counts as near enough. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/suggest.h"

static void distance_counts_edits_without_case(void **state)
{
  (void)state;
  static const struct {
    const char *a, *b;
    int distance;
  } cases[] = {
      {"", "", 0},
      {"", "abc", 3},
      {"abc", "", 3},
      {"abc", "ABC", 0},
      {"kitten", "sitting", 3},
      {"basis", "bassi", 1},
      {"moleculs", "molecules", 1},
      {"ca", "abc", 3},
      {"seed", "shots", 4},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    assert_int_equal(vqe_suggest_distance(cases[k].a, cases[k].b),
                     cases[k].distance);
    assert_int_equal(vqe_suggest_distance(cases[k].b, cases[k].a),
                     cases[k].distance);
  }
  char text[64 + 1];
  memset(text, 'a', sizeof text - 1);
  text[64] = '\0';
  assert_int_equal(vqe_suggest_distance(text, "a"), INT_MAX);
  text[63] = '\0';
  assert_int_equal(vqe_suggest_distance(text, "a"), 62);
}

static void nearest_word_is_suggested_or_none(void **state)
{
  (void)state;
  static const char *const known[] = {"molecules", "basis", "ansatz"};
  assert_ptr_equal(vqe_suggest("molecule", known, 3), known[0]);
  assert_ptr_equal(vqe_suggest("Bases", known, 3), known[1]);
  assert_ptr_equal(vqe_suggest("anzats", known, 3), known[2]);
  assert_null(vqe_suggest("temperature", known, 3));
  assert_null(vqe_suggest("basis", known, 0));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(distance_counts_edits_without_case),
      cmocka_unit_test(nearest_word_is_suggested_or_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
