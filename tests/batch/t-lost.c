/* What ranks hold, and what becomes of experiments whose ranks died. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/notes.h"
#include "batch/batch_fixture.h"
#include "batch/lost.h"

static void begin(struct vqe_suspects *suspects, int run, int rank,
                  const char *id)
{
  struct vqe_journal_phase phase = {.mark = VQE_JOURNAL_BEGUN};
  snprintf(phase.experiment_id, sizeof phase.experiment_id, "%s", id);
  assert_int_equal(vqe_suspects_mark(suspects, run, rank, &phase), 0);
}

static void first_death_makes_suspect_and_second_sets_aside(void **state)
{
  struct vqe_job *job = batch_h2(*state, 3);
  struct vqe_suspects suspects = {.nopen = 0};
  struct vqe_lost lost;
  begin(&suspects, 0, 0, job->experiments[1]->id);
  begin(&suspects, 0, 0, job->experiments[2]->id);
  begin(&suspects, 1, 0, job->experiments[2]->id);
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_lost_init(&lost, job, &suspects, 1, false, NULL), 0);
  for (size_t k = 0; k < 3; k++) {
    assert_int_equal(vqe_lost_is_suspect(&lost, k), k > 0);
    assert_int_equal(vqe_lost_is_aside(&lost, k), k > 1);
  }
  vqe_lost_clear(&lost);
  /* asked for, all have their chances anew */
  assert_int_equal(vqe_lost_init(&lost, job, &suspects, 1, true, NULL), 0);
  for (size_t k = 0; k < 3; k++) {
    assert_false(vqe_lost_is_suspect(&lost, k));
  }
  vqe_lost_clear(&lost);
  vqe_suspects_clear(&suspects);
  vqe_job_free(job);
}

static void result_of_what_is_set_aside_says_why_and_what_to_do(void **state)
{
  struct vqe_job *job = batch_h2(*state, 1);
  struct vqe_result *result = NULL;
  assert_int_equal(vqe_lost_result(&result, job->experiments[0], 2), 0);
  assert_int_equal(result->status, VQE_EXPERIMENT_FAILED);
  assert_non_null(strstr(result->reason, "its rank died twice"));
  assert_non_null(strstr(result->reason, "memory"));
  assert_non_null(strstr(result->reason, "--retry-set-aside"));
  assert_true(vqe_lost_was_aside(result));
  vqe_result_free(result);
  /* what failed otherwise was not */
  assert_int_equal(vqe_result_create(&result, job->experiments[0],
                                     VQE_EXPERIMENT_FAILED, "its rank died"),
                   0);
  assert_false(vqe_lost_was_aside(result));
  vqe_result_free(result);
  vqe_job_free(job);
}

static void rank_holds_what_has_not_come(void **state)
{
  struct vqe_job *job = batch_h2(*state, 40);
  struct vqe_suspects suspects = {.nopen = 0};
  struct vqe_lost lost;
  assert_int_equal(vqe_lost_init(&lost, job, &suspects, 3, false, NULL), 0);
  for (int k = 0; k < 40; k++) {
    assert_int_equal(vqe_lost_give(&lost, 1 + k % 2, k), 0);
  }
  assert_int_equal(vqe_lost_held(&lost, 0), 0);
  assert_int_equal(vqe_lost_held(&lost, 1), 20);
  vqe_lost_came(&lost, 1, 4);
  vqe_lost_came(&lost, 1, 4); /* twice counts once */
  vqe_lost_came(&lost, 1, 5); /* of the other rank */
  assert_int_equal(vqe_lost_held(&lost, 1), 19);
  assert_int_equal(vqe_lost_held(&lost, 2), 20);
  assert_int_equal(lost.ranks[1].held[2], 6);
  vqe_lost_clear(&lost);
  vqe_job_free(job);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(first_death_makes_suspect_and_second_sets_aside),
      TEST(result_of_what_is_set_aside_says_why_and_what_to_do),
      TEST(rank_holds_what_has_not_come)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
