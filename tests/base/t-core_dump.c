/* What a process that holds secrets leaves when it crashes. */
#include "base/core_dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static rlim_t now(void)
{
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
  return limit.rlim_cur;
}

static void allow(void)
{
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
  if (limit.rlim_max < 4096) {
    skip();
  }
  limit.rlim_cur = limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_CORE, &limit), 0);
}

static void no_dump_is_left_with_secrets(void **state)
{
  (void)state;
  allow();
  unsetenv("VQE_CORE_DUMPS");
  vqe_core_dump_forbid();
  assert_int_equal(now(), 1);
  /* debuggers still come in */
  assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
}

static void whoever_asks_has_dumps(void **state)
{
  (void)state;
  allow();
  rlim_t before = now();
  setenv("VQE_CORE_DUMPS", "1", 1);
  vqe_core_dump_forbid();
  assert_int_equal(now(), before);
  setenv("VQE_CORE_DUMPS", "0", 1);
  vqe_core_dump_forbid();
  assert_int_equal(now(), 1);
}

static void a_limit_of_none_stays(void **state)
{
  (void)state;
  struct rlimit limit;
  unsetenv("VQE_CORE_DUMPS");
  assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
  limit.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_CORE, &limit), 0);
  vqe_core_dump_forbid();
  assert_int_equal(now(), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_dump_is_left_with_secrets),
      cmocka_unit_test(whoever_asks_has_dumps),
      cmocka_unit_test(a_limit_of_none_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
