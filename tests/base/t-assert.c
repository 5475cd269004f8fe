/* What VQE_ASSERT does where it is active, whatever the build type. */
#undef NDEBUG
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/assert.h"

/* What a child process that asserts `value` < 3 prints on stderr, and how it
 * ends. */
static int child_asserts(int value, char *text, size_t size)
{
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);
    dup2(ends[1], STDERR_FILENO);
    VQE_ASSERT(value < 3);
    _exit(0);
  }
  close(ends[1]);
  size_t length = 0;
  ssize_t got = 0;
  while ((got = read(ends[0], text + length, size - 1 - length)) > 0) {
    length += (size_t)got;
  }
  text[length] = '\0';
  close(ends[0]);
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static void false_condition_prints_place_and_aborts(void **state)
{
  (void)state;
  char text[512];
  int status = child_asserts(3, text, sizeof text);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGABRT);
  assert_non_null(strstr(text, "t-assert.c:"));
  assert_non_null(strstr(text, "value < 3"));
}

static void true_condition_is_silent(void **state)
{
  (void)state;
  char text[512];
  int status = child_asserts(2, text, sizeof text);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_string_equal(text, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(false_condition_prints_place_and_aborts),
      cmocka_unit_test(true_condition_is_silent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
