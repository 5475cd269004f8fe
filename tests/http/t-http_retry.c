/* The pauses between attempts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http.h"

static const struct vqe_http_policy plain = {.first_s = 0.2,
                                             .longest_s = 10.0};

static void assert_seconds(double found, double expected)
{
  assert_true(found > expected - 1e-12 && found < expected + 1e-12);
}

static void pause_doubles_up_to_the_longest(void **state)
{
  (void)state;
  assert_seconds(vqe_http_pause(&plain, 1, 0.5, 0.0), 0.2);
  assert_seconds(vqe_http_pause(&plain, 2, 0.5, 0.0), 0.4);
  assert_seconds(vqe_http_pause(&plain, 6, 0.5, 0.0), 6.4);
  assert_seconds(vqe_http_pause(&plain, 7, 0.5, 0.0), 10.0);
  assert_seconds(vqe_http_pause(&plain, 2000000000, 0.5, 0.0), 10.0);
}

static void jitter_takes_up_to_its_part_away(void **state)
{
  struct vqe_http_policy policy = plain;
  (void)state;
  policy.jitter = 0.5;
  assert_seconds(vqe_http_pause(&policy, 1, 0.0, 0.0), 0.1);
  assert_seconds(vqe_http_pause(&policy, 1, 0.5, 0.0), 0.15);
  assert_seconds(vqe_http_pause(&policy, 7, 0.0, 0.0), 5.0);
}

static void retry_after_is_followed_up_to_its_bound(void **state)
{
  struct vqe_http_policy policy = plain;
  (void)state;
  assert_seconds(vqe_http_pause(&policy, 1, 0.5, 60.0), 0.2);
  policy.longest_asked_s = 30.0;
  assert_seconds(vqe_http_pause(&policy, 1, 0.5, 5.0), 5.0);
  assert_seconds(vqe_http_pause(&policy, 1, 0.5, 60.0), 30.0);
  assert_seconds(vqe_http_pause(&policy, 5, 0.5, 1.0), 3.2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pause_doubles_up_to_the_longest),
      cmocka_unit_test(jitter_takes_up_to_its_part_away),
      cmocka_unit_test(retry_after_is_followed_up_to_its_bound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
