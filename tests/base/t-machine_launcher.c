/* The rank that launchers leave in the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/machine_launcher.h"

/* As outside of a job, where the test runs in one. */
static int leave(void **state)
{
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK",
                                      "PMIX_RANK",
                                      "PMI_RANK",
                                      "MV2_COMM_WORLD_RANK",
                                      "PALS_RANKID",
                                      "JSM_NAMESPACE_RANK",
                                      "PMI_ID",
                                      "FLUX_TASK_RANK",
                                      "SLURM_PROCID",
                                      "SLURM_STEP_NUM_TASKS"};
  (void)state;
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    assert_int_equal(unsetenv(names[k]), 0);
  }
  return 0;
}

static void rank_is_that_of_the_launcher(void **state)
{
  (void)state;
  assert_null(vqe_machine_launcher_rank());
  assert_int_equal(setenv("PMIX_RANK", "3", 1), 0);
  assert_string_equal(vqe_machine_launcher_rank(), "3");
  assert_int_equal(unsetenv("PMIX_RANK"), 0);
  assert_int_equal(setenv("FLUX_TASK_RANK", "0", 1), 0);
  assert_string_equal(vqe_machine_launcher_rank(), "0");
}

static void batch_script_of_slurm_is_no_launcher(void **state)
{
  (void)state;
  assert_int_equal(setenv("SLURM_PROCID", "0", 1), 0);
  assert_null(vqe_machine_launcher_rank());
  assert_int_equal(setenv("SLURM_STEP_NUM_TASKS", "1", 1), 0);
  assert_null(vqe_machine_launcher_rank());
  assert_int_equal(setenv("SLURM_STEP_NUM_TASKS", "2", 1), 0);
  assert_string_equal(vqe_machine_launcher_rank(), "0");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(rank_is_that_of_the_launcher, leave),
      cmocka_unit_test_setup(batch_script_of_slurm_is_no_launcher, leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
