/* What the files of a machine say, and what a machine without them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/machine_look.h"

static char folder[64];

static void put(const char *name, const char *text)
{
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static int begin(void **state)
{
  char command[256];
  (void)state;
  unsetenv("KUBERNETES_SERVICE_HOST");
  unsetenv("APPTAINER_CONTAINER");
  unsetenv("SINGULARITY_CONTAINER");
  snprintf(folder, sizeof folder, "/tmp/vqe-look-XXXXXX");
  if (mkdtemp(folder) == NULL) {
    return -1;
  }
  snprintf(command, sizeof command, "mkdir -p %s/proc/net %s/run/systemd",
           folder, folder);
  return system(command);
}

static int end(void **state)
{
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

static void files_are_read(void **state)
{
  struct vqe_machine_look look;
  (void)state;
  put("proc/loadavg", "0.25 1.50 12.00 3/456 789\n");
  put("proc/meminfo", "MemTotal:       2000 kB\nMemFree:  1 kB\n"
                      "SwapTotal:      1000 kB\nSwapFree:        400 kB\n");
  put("proc/net/dev",
      "Inter-|   Receive          |  Transmit\n"
      " face |bytes packets errs drop fifo frame compressed multicast|bytes\n"
      "    lo: 9999 1 0 0 0 0 0 0 9999 1 0 0 0 0 0 0\n"
      "  eth0: 1000 7 0 0 0 0 0 0 500 3 0 0 0 0 0 0\n"
      "eth1:24 7 0 0 0 0 0 0 8 3 0 0 0 0 0 0\n");
  vqe_machine_look(&look, folder, folder);
  assert_true(fabs(look.load[0] - 0.25) < 1e-12);
  assert_true(fabs(look.load[2] - 12.0) < 1e-12);
  assert_int_equal(look.memory, 2048000);
  assert_int_equal(look.swap, 1024000);
  assert_int_equal(look.swap_free, 409600);
  assert_int_equal(look.received, 1024);
  assert_int_equal(look.sent, 508);
  assert_true(look.disk_free > 0 && look.disk_free < UINT64_MAX);
  assert_string_equal(look.container, "");
}

static void what_is_not_said_is_not_known(void **state)
{
  struct vqe_machine_look look;
  (void)state;
  vqe_machine_look(&look, folder, "/no/such/folder");
  assert_true(isnan(look.load[0]) && isnan(look.load[2]));
  assert_true(look.memory == UINT64_MAX && look.swap_free == UINT64_MAX);
  assert_true(look.received == UINT64_MAX && look.sent == UINT64_MAX);
  assert_true(look.disk_free == UINT64_MAX);
  put("proc/loadavg", "nonsense\n");
  put("proc/meminfo", "MemTotal: 99999999999999999999999999 kB\n");
  put("proc/net/dev", "eth0: few\n");
  vqe_machine_look(&look, folder, folder);
  assert_true(isnan(look.load[0]));
  assert_true(look.received == UINT64_MAX);
}

static void containers_are_known_by_what_they_leave(void **state)
{
  struct vqe_machine_look look;
  (void)state;
  put("run/systemd/container", "lxc\n");
  vqe_machine_look(&look, folder, folder);
  assert_string_equal(look.container, "container");
  put(".dockerenv", "");
  vqe_machine_look(&look, folder, folder);
  assert_string_equal(look.container, "docker");
  put("run/.containerenv", "");
  vqe_machine_look(&look, folder, folder);
  assert_string_equal(look.container, "podman");
  setenv("APPTAINER_CONTAINER", "/image.sif", 1);
  vqe_machine_look(&look, folder, folder);
  assert_string_equal(look.container, "apptainer");
  unsetenv("APPTAINER_CONTAINER");
}

/* Against another reader of the same machine. */
static void this_machine_has_memory(void **state)
{
  struct vqe_machine_look look;
  char line[64] = "";
  (void)state;
  vqe_machine_look(&look, NULL, ".");
  FILE *other = popen("free -b 2>/dev/null | awk '/^Mem/ {print $2}'", "r");
  assert_non_null(other);
  bool found = fgets(line, sizeof line, other) != NULL;
  pclose(other);
  if (found) {
    assert_int_equal(look.memory, strtoull(line, NULL, 10));
  }
  assert_true(look.load[0] >= 0.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(files_are_read, begin, end),
      cmocka_unit_test_setup_teardown(what_is_not_said_is_not_known, begin,
                                      end),
      cmocka_unit_test_setup_teardown(containers_are_known_by_what_they_leave,
                                      begin, end),
      cmocka_unit_test(this_machine_has_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
