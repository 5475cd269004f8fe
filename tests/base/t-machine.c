/* Limits of control groups, along the path of the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/memory.h"

static char folder[64];

static char *path_of(const char *name)
{
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void put(const char *name, const char *text)
{
  char *path = path_of(name);
  for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash != NULL;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    (void)mkdir(path, 0777);
    *slash = '/';
  }
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static int make_folder(void **state)
{
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/vqe-machine-XXXXXX");
  return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

static struct vqe_machine_places places(char *groups)
{
  snprintf(groups, 256, "%s/groups", folder);
  return (struct vqe_machine_places){.groups = groups, .root = folder};
}

static uint64_t memory_left(void)
{
  char groups[256];
  struct vqe_machine_places here = places(groups);
  return vqe_machine_memory_left(&here);
}

static uint64_t memory_limit(void)
{
  char groups[256];
  struct vqe_machine_places here = places(groups);
  return vqe_machine_memory_limit(&here);
}

static int quota(void)
{
  char groups[256];
  struct vqe_machine_places here = places(groups);
  return vqe_machine_quota(&here);
}

static void lowest_limit_on_the_path_counts(void **state)
{
  (void)state;
  uint64_t machine = memory_limit(); /* no file of a group */
  assert_in_range(machine, (uint64_t)1 << 27, UINT64_MAX - 1);
  assert_true(memory_left() == UINT64_MAX); /* no such file */
  put("groups", "0::/slurm/job_7/step_0\n");
  assert_true(memory_left() == UINT64_MAX);
  assert_int_equal(quota(), 0);
  put("slurm/job_7/step_0/memory.max", "max\n");
  put("slurm/job_7/step_0/memory.high", "max\n");
  put("slurm/job_7/step_0/memory.current", "100\n");
  put("slurm/job_7/step_0/cpu.max", "max 100000\n");
  assert_true(memory_left() == UINT64_MAX);
  assert_int_equal(quota(), 0);
  put("slurm/job_7/memory.max", "1000000\n");
  put("slurm/job_7/memory.current", "300000\n");
  put("slurm/job_7/cpu.max", "250000 100000\n");
  assert_int_equal(memory_left(), 700000);
  assert_true(memory_limit() < machine);
  assert_true(memory_limit() > memory_left());
  assert_int_equal(quota(), 3);
  /* a soft limit slows a process down until nothing moves any more */
  put("slurm/memory.high", "900000\n");
  put("slurm/memory.current", "500000\n");
  put("slurm/cpu.max", "800000 100000\n");
  assert_int_equal(memory_left(), 400000);
  assert_int_equal(quota(), 3);
  /* of the root of a container's name space */
  put("memory.max", "600000\n");
  put("memory.current", "550000\n");
  assert_int_equal(memory_left(), 50000);
  put("groups", "0::/\n");
  assert_int_equal(memory_left(), 50000);
  put("groups", "0::/../elsewhere\n");
  assert_int_equal(memory_left(), 50000);
  put("memory.current", "650000\n");
  assert_int_equal(memory_left(), 0);
}

static void cached_files_count_as_free(void **state)
{
  (void)state;
  put("groups", "0::/job\n");
  put("job/memory.max", "1000\n");
  put("job/memory.current", "900\n");
  put("job/memory.stat", "anon 200\nfile 700\ninactive_file 600\n");
  assert_int_equal(memory_left(), 700);
}

static void groups_of_version_1_count(void **state)
{
  (void)state;
  put("groups", "5:cpuset:/\n4:cpu,memory:/job\n0::/job\n");
  put("memory/job/memory.limit_in_bytes", "1000\n");
  put("memory/job/memory.usage_in_bytes", "400\n");
  assert_int_equal(memory_left(), 600);
  put("memory/memory.limit_in_bytes", "500\n");
  put("memory/memory.usage_in_bytes", "400\n");
  assert_int_equal(memory_left(), 100);
  put("unified/job/cpu.max", "50000 100000\n");
  assert_int_equal(quota(), 1);
}

static void processors_follow_affinity(void **state)
{
  cpu_set_t before;
  cpu_set_t one;
  (void)state;
  assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
  int all = vqe_machine_processors();
  assert_true(all >= 1 && all <= CPU_COUNT(&before));
  CPU_ZERO(&one);
  for (int k = 0; k < CPU_SETSIZE && CPU_COUNT(&one) == 0; k++) {
    if (CPU_ISSET(k, &before)) {
      CPU_SET(k, &one);
    }
  }
  assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
  assert_int_equal(vqe_machine_processors(), 1);
  assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
  assert_true(vqe_memory_available() <= vqe_machine_memory_left(NULL) ||
              vqe_machine_memory_left(NULL) == UINT64_MAX);
}

static void job_is_that_of_the_scheduler(void **state)
{
  static const char *const names[] = {"SLURM_JOB_ID", "SLURM_JOBID",
                                      "PBS_JOBID",    "LSB_JOBID",
                                      "FLUX_JOB_ID",  "JOB_ID"};
  (void)state;
  for (size_t k = 0; k < 6; k++) {
    (void)unsetenv(names[k]);
  }
  (void)unsetenv("SGE_O_HOST");
  assert_null(vqe_machine_job());
  for (size_t k = 0; k < 5; k++) {
    (void)setenv(names[k], "", 1);
    assert_null(vqe_machine_job());
    (void)setenv(names[k], "4711", 1);
    assert_string_equal(vqe_machine_job(), "4711");
    (void)unsetenv(names[k]);
  }
  (void)setenv("JOB_ID", "12", 1);
  assert_null(vqe_machine_job());
  (void)setenv("SGE_O_HOST", "submit", 1);
  assert_string_equal(vqe_machine_job(), "12");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(lowest_limit_on_the_path_counts,
                                      make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(cached_files_count_as_free, make_folder,
                                      remove_folder),
      cmocka_unit_test_setup_teardown(groups_of_version_1_count, make_folder,
                                      remove_folder),
      cmocka_unit_test(processors_follow_affinity),
      cmocka_unit_test(job_is_that_of_the_scheduler),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
