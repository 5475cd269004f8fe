/* Clocks go on, and timestamps have the one form that records store. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static void clocks_never_go_back(void **state)
{
  (void)state;
  double wall = vqe_clock_wall();
  double cpu = vqe_clock_cpu();
  double thread = vqe_clock_thread();
  volatile double work = 0.0;
  while (vqe_clock_thread() <= thread) {
    work = work + 1.0;
  }
  assert_true(vqe_clock_wall() > wall);
  assert_true(vqe_clock_cpu() > cpu);
}

static void timestamp_is_rfc3339_with_milliseconds(void **state)
{
  (void)state;
  static const char pattern[] = "dddd-dd-ddTdd:dd:dd.dddZ";
  char text[VQE_CLOCK_RFC3339_SIZE];
  vqe_clock_rfc3339(text);
  assert_int_equal(strlen(text), sizeof pattern - 1);
  for (size_t k = 0; k < sizeof pattern - 1; k++) {
    if (pattern[k] == 'd') {
      assert_true(isdigit((unsigned char)text[k]));
    } else {
      assert_int_equal(text[k], pattern[k]);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(clocks_never_go_back),
      cmocka_unit_test(timestamp_is_rfc3339_with_milliseconds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
