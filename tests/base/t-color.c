/* Colours: on a terminal that wants them, nowhere else. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/color.h"
#include "base/machine_launcher.h"

/* The other end of a new terminal as a stream. */
static FILE *terminal(int *master)
{
  *master = posix_openpt(O_RDWR | O_NOCTTY);
  assert_true(*master >= 0);
  assert_int_equal(grantpt(*master), 0);
  assert_int_equal(unlockpt(*master), 0);
  FILE *stream = fopen(ptsname(*master), "w");
  assert_non_null(stream);
  return stream;
}

/* As outside of a job, where the test runs in one. */
static int leave_launcher(void **state)
{
  (void)state;
  return unsetenv("PMIX_RANK") != 0 || unsetenv("OMPI_COMM_WORLD_RANK") != 0 ||
         unsetenv("PMI_RANK") != 0 || unsetenv("SLURM_PROCID") != 0 ||
         vqe_machine_launcher_rank() != NULL;
}

static void terminals_have_colors_unless_told_not_to(void **state)
{
  (void)state;
  int master;
  FILE *stream = terminal(&master);
  assert_int_equal(setenv("TERM", "xterm", 1), 0);
  assert_int_equal(unsetenv("NO_COLOR"), 0);
  assert_true(vqe_color_shown(stream));
  assert_int_equal(setenv("NO_COLOR", "", 1), 0);
  assert_true(vqe_color_shown(stream));
  assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
  assert_false(vqe_color_shown(stream));
  assert_int_equal(unsetenv("NO_COLOR"), 0);
  assert_int_equal(setenv("TERM", "dumb", 1), 0);
  assert_false(vqe_color_shown(stream));
  assert_int_equal(unsetenv("TERM"), 0);
  assert_false(vqe_color_shown(stream));
  /* ranks have terminals whatever mpirun writes to */
  assert_int_equal(setenv("TERM", "xterm", 1), 0);
  assert_int_equal(setenv("PMIX_RANK", "0", 1), 0);
  assert_false(vqe_color_shown(stream));
  assert_int_equal(unsetenv("PMIX_RANK"), 0);
  assert_true(vqe_color_shown(stream));
  fclose(stream);
  close(master);
}

static void files_and_memory_have_none(void **state)
{
  (void)state;
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(setenv("TERM", "xterm", 1), 0);
  FILE *stream = open_memstream(&text, &size);
  assert_false(vqe_color_shown(stream));
  vqe_color_print(stream, VQE_COLOR_BAD, "failed");
  fclose(stream);
  assert_string_equal(text, "failed");
  free(text);
  stream = tmpfile();
  assert_false(vqe_color_shown(stream));
  fclose(stream);
}

static void what_begins_ends(void **state)
{
  (void)state;
  char seen[64] = "";
  int master;
  FILE *stream = terminal(&master);
  assert_int_equal(setenv("TERM", "xterm", 1), 0);
  assert_int_equal(unsetenv("NO_COLOR"), 0);
  vqe_color_print(stream, VQE_COLOR_GOOD, "ok");
  vqe_color_print(stream, VQE_COLOR_PLAIN, ".");
  fflush(stream);
  assert_true(read(master, seen, sizeof seen - 1) > 0);
  assert_string_equal(seen, "\033[32mok\033[0m.");
  for (int k = VQE_COLOR_PLAIN; k <= VQE_COLOR_LESS; k++) {
    assert_string_equal(vqe_color_begin((enum vqe_color)k, false), "");
    assert_int_equal(vqe_color_begin((enum vqe_color)k, true)[0] == '\0',
                     vqe_color_end((enum vqe_color)k, true)[0] == '\0');
  }
  fclose(stream);
  close(master);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(terminals_have_colors_unless_told_not_to),
      cmocka_unit_test(files_and_memory_have_none),
      cmocka_unit_test(what_begins_ends),
  };
  return cmocka_run_group_tests(tests, leave_launcher, NULL);
}
