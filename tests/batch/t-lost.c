/* What ranks hold, and what becomes of experiments whose ranks died. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/notes.h"
#include "batch/batch_fixture.h"
#include "batch/lost.h"
#include "batch/print_fixture.h"

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

/* ---- what is said ---- */

static void contains(char *text, const char *wanted)
{
  if (strstr(text, wanted) == NULL) {
    fail_msg("no '%s' in: %s", wanted, text);
  }
  free(text);
}

static void drop(void *ctx, struct vqe_result *result)
{
  (void)ctx;
  vqe_result_free(result);
}

/* Rank 2 leads a team of two; what it holds is named whoever of the two dies,
 * and nobody goes on. */
static void death_in_a_team_is_said_of_its_member(void **state)
{
  const struct {
    int rank, team_size;
    const char *text;
  } cases[] = {
      {3, 2,
       "rank 3 on node1 died, a member of the team of rank 2; in flight there: "
       "H2 1 sto3g UCCSD seed 1\n"},
      {2, 2,
       "rank 2 on node1 died, the first of its team; in flight there: H2 1"},
      {2, 1,
       "rank 2 on node1 died, and the others go on; in flight there: H2 1"},
      {1, 1,
       "rank 1 on node1 died, and the others go on; in flight there: "
       "nothing\n"}};
  struct vqe_job *job = batch_h2(*state, 3);
  const struct vqe_suspects suspects = {.nopen = 0};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_lost lost;
    assert_int_equal(vqe_lost_init(&lost, job, &suspects, 4, false, NULL), 0);
    assert_int_equal(vqe_lost_give(&lost, 2, 1), 0);
    begin_print();
    vqe_lost_died(&lost, cases[k].rank, cases[k].team_size, "node1",
                  "/no/such/journal", drop, NULL);
    contains(end_print(), cases[k].text);
    assert_int_equal(lost.deaths[1], cases[k].rank != 1);
    vqe_lost_clear(&lost);
  }
  vqe_job_free(job);
}

/* One message, whatever there is; none where nothing is lost. */
static void ranks_that_do_not_stop_are_said_at_once(void **state)
{
  struct vqe_job *job = batch_h2(*state, 40);
  const struct vqe_suspects suspects = {.nopen = 0};
  struct vqe_lost lost;
  bool ended[4] = {false, false, false, true};
  char *text = NULL;
  assert_int_equal(vqe_lost_init(&lost, job, &suspects, 4, false, NULL), 0);
  assert_int_equal(vqe_lost_give(&lost, 3, 39), 0); /* which has stopped */
  begin_print();
  vqe_lost_say_waiting(&lost, ended);
  text = end_print();
  assert_string_equal(text, "");
  free(text);
  assert_int_equal(vqe_lost_give(&lost, 1, 0), 0);
  begin_print();
  vqe_lost_say_waiting(&lost, ended);
  contains(end_print(), "warning: rank 1 has not stopped yet; in flight "
                        "there: H2 0 sto3g UCCSD seed 1\n");
  for (int k = 1; k < 20; k++) {
    assert_int_equal(vqe_lost_give(&lost, 1 + k % 2, k), 0);
  }
  begin_print();
  vqe_lost_say_waiting(&lost, ended);
  text = end_print();
  assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
  assert_non_null(strstr(text, "warning: 2 ranks have not stopped yet; in "
                               "flight there: H2 0 sto3g UCCSD seed 1 (rank "
                               "1), H2 2"));
  assert_non_null(
      strstr(text, "H2 3 sto3g UCCSD seed 1 (rank 2), and 8 more\n"));
  free(text);
  vqe_lost_clear(&lost);
  vqe_job_free(job);
}

/* What has ended since, in another rank or run, is not lost. */
static void only_what_has_not_ended_was_in_flight(void **state)
{
  struct vqe_job *job = batch_h2(*state, 3);
  struct vqe_suspects suspects = {.nopen = 0};
  struct vqe_result *results[3] = {NULL};
  struct vqe_lost lost;
  char *text = NULL;
  begin(&suspects, 0, 0, job->experiments[1]->id);
  begin(&suspects, 0, 0, job->experiments[2]->id);
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_lost_init(&lost, job, &suspects, 1, false, NULL), 0);
  for (size_t k = 1; k < 3; k++) {
    assert_int_equal(vqe_result_create(&results[k], job->experiments[k],
                                       VQE_EXPERIMENT_OK, "ended"),
                     0);
    begin_print();
    vqe_lost_say_earlier(&lost, &suspects, 1, results, 1);
    text = end_print();
    if (k == 1) {
      assert_non_null(strstr(text,
                             "warning: the last run died; 1 experiment was in "
                             "flight: H2 2 sto3g UCCSD seed 1 (rank 0, which "
                             "died)\n"));
      assert_null(strstr(text, "H2 1"));
      assert_non_null(strstr(text, "runs alone"));
    } else {
      assert_string_equal(text, "");
    }
    free(text);
  }
  vqe_result_free(results[1]);
  vqe_result_free(results[2]);
  vqe_lost_clear(&lost);
  vqe_suspects_clear(&suspects);
  vqe_job_free(job);
}

static void run_that_was_asked_to_stop_did_not_die(void **state)
{
  struct vqe_job *job = batch_h2(*state, 1);
  struct vqe_suspects suspects = {.nopen = 0};
  struct vqe_result *results[1] = {NULL};
  const struct vqe_journal_phase stops = {.mark = VQE_JOURNAL_STOPS};
  struct vqe_lost lost;
  begin(&suspects, 0, 0, job->experiments[0]->id);
  assert_int_equal(vqe_suspects_mark(&suspects, 0, 0, &stops), 0);
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_lost_init(&lost, job, &suspects, 1, false, NULL), 0);
  begin_print();
  vqe_lost_say_earlier(&lost, &suspects, 1, results, 0);
  contains(end_print(), "warning: the last run was killed while it stopped; 1 "
                        "experiment was in flight: H2 0 sto3g UCCSD seed 1 "
                        "(rank 0, which was stopped)\n");
  vqe_lost_clear(&lost);
  vqe_suspects_clear(&suspects);
  vqe_job_free(job);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(first_death_makes_suspect_and_second_sets_aside),
      TEST(result_of_what_is_set_aside_says_why_and_what_to_do),
      TEST(rank_holds_what_has_not_come),
      TEST(death_in_a_team_is_said_of_its_member),
      TEST(ranks_that_do_not_stop_are_said_at_once),
      TEST(only_what_has_not_ended_was_in_flight),
      TEST(run_that_was_asked_to_stop_did_not_die)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
