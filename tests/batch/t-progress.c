/* Progress: what a log and a JSON stream say, and what quiet leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"
#include "batch/batch_fixture.h"
#include "batch/print_fixture.h"
#include "batch/progress.h"

/* Everything once: an experiment that ended well and one that failed. */
static char *print_all(const struct batch_fixture *fixture,
                       struct vqe_progress *progress, int ranks)
{
  struct vqe_job *job = batch_h2(fixture, 2);
  struct vqe_worker worker = {
      .ranks = ranks, .threads = 2, .lanes = 3, .team_size = 1};
  struct vqe_worker_report report = {.done = 2, .busy = 1.5, .seconds = 2.0};
  begin_print();
  bool show = progress->last_draw < 0.0;
  vqe_progress_start(progress, 2, 5, &worker);
  progress->last_draw = show ? -1.0 : progress->last_draw;
  for (size_t k = 0; k < 2; k++) {
    struct vqe_result *result = NULL;
    assert_int_equal(
        vqe_result_create(&result, job->experiments[k],
                          k == 0 ? VQE_EXPERIMENT_OK : VQE_EXPERIMENT_FAILED,
                          k == 0 ? "converged" : "no way"),
        0);
    vqe_progress_result(progress, result, 1, 0.5);
    vqe_result_free(result);
  }
  if (progress->last_draw < 0.0) {
    struct vqe_news news = {.index = 1,
                            .phase = VQE_PHASE_VQE,
                            .iteration = 57,
                            .energy = -185.25,
                            .error = 21.2,
                            .running = 3,
                            .name = "CO2"};
    vqe_progress_show(progress, &news);
    progress->news = news;
  }
  vqe_progress_rank(progress, 0, 1, &report);
  vqe_progress_end(progress, true);
  vqe_job_free(job);
  return end_print();
}

static void log_has_a_line_for_each_experiment_and_rank(void **state)
{
  struct vqe_progress progress = {.quiet = false};
  char *text = print_all(*state, &progress, 2);
  assert_non_null(strstr(text, "2 experiments to run, 5 found finished, 2 "
                               "ranks x 2 threads, 3 lanes\n"));
  assert_non_null(strstr(text, "[1/2] H2 0 sto3g UCCSD "));
  assert_non_null(strstr(text, "[2/2] H2 1 sto3g UCCSD FAILED: no way\n"));
  assert_non_null(strstr(text, "rank 0: 2 experiments, 1.50 s busy, 0.50 s "
                               "idle (0.00 at the start, 0.00 at the end)\n"));
  /* what failed is run again and no work done */
  assert_non_null(strstr(text, " s: 1 of 2 experiments done, 1 failed\n"));
  assert_non_null(strstr(text, "the same command resumes"));
  assert_null(strchr(text, '\r')); /* no live line in a file */
  free(text);
}

static void ranks_are_not_compared_where_there_is_one(void **state)
{
  struct vqe_progress progress = {.quiet = false};
  char *text = print_all(*state, &progress, 1);
  assert_null(strstr(text, "busy"));
  free(text);
}

/* What it did is not known, and zeros would be wrong. */
static void a_dead_rank_is_said_to_have_died(void **state)
{
  (void)state;
  const struct vqe_log lines = {
      .program = "test", .level = VQE_LOG_INFO, .json = true};
  struct vqe_progress progress = {.ranks = 3};
  const struct vqe_worker_report report = {.died = true};
  begin_print();
  vqe_progress_rank(&progress, 1, 1, &report);
  char *text = end_print();
  assert_non_null(strstr(text, "rank 1: died\n"));
  assert_null(strstr(text, "busy"));
  free(text);
  progress.log = &lines;
  progress.json = true;
  begin_print();
  vqe_progress_rank(&progress, 1, 1, &report);
  text = end_print();
  json_t *event = json_loads(text, 0, NULL);
  assert_non_null(event);
  assert_int_equal(json_integer_value(json_object_get(event, "rank")), 1);
  assert_true(json_is_true(json_object_get(event, "died")));
  assert_null(json_object_get(event, "busy_seconds"));
  json_decref(event);
  free(text);
}

/* Failures are in the table, with their reasons. */
static void quiet_prints_the_interruption_alone(void **state)
{
  struct vqe_progress progress = {.quiet = true};
  char *text = print_all(*state, &progress, 2);
  assert_null(strstr(text, "FAILED"));
  assert_non_null(strstr(text, "interrupted after"));
  assert_null(strstr(text, "[1/2]"));
  assert_null(strstr(text, "to run"));
  assert_null(strstr(text, "busy"));
  free(text);
}

static void json_is_one_object_a_line_with_a_time(void **state)
{
  struct vqe_log log = VQE_LOG_INIT("vqe_batch");
  log.json = true;
  struct vqe_progress progress = {.log = &log};
  const char *const events[] = {"start", "finished", "failed", "rank",
                                "interrupted"};
  size_t count = 0;
  char *text = print_all(*state, &progress, 2);
  for (char *line = strtok(text, "\n"); line != NULL;
       line = strtok(NULL, "\n")) {
    json_t *event = json_loads(line, 0, NULL);
    assert_non_null(event);
    assert_true(count < sizeof events / sizeof events[0]);
    assert_string_equal(json_string_value(json_object_get(event, "event")),
                        events[count]);
    assert_true(json_is_string(json_object_get(event, "time")));
    if (count == 2) {
      assert_string_equal(json_string_value(json_object_get(event, "reason")),
                          "no way");
      /* what it has no number for is null */
      assert_true(json_is_null(json_object_get(event, "energy")));
    }
    json_decref(event);
    count++;
  }
  assert_int_equal(count, sizeof events / sizeof events[0]);
  free(text);
}

/* Where there is no terminal the line comes now and then. */
static void a_log_says_where_the_longest_experiment_stands(void **state)
{
  struct vqe_progress progress = {.last_draw = -1.0, .cost_total = 2.0};
  char *text = print_all(*state, &progress, 2);
  assert_non_null(strstr(text,
                         "vqe_batch: 2 of 2 experiments, 1 failed, 0 s; CO2: "
                         "iteration 57, -185.250000 hartree, error 21.20 mHa; "
                         "2 more run\n"));
  assert_non_null(strstr(text, "; under way: CO2: iteration 57, "));
  assert_null(strchr(text, '\r'));
  free(text);
}

static void lines_are_due_every_30_seconds_in_a_log(void **state)
{
  (void)state;
  struct vqe_progress progress = {.quiet = false};
  progress.last_draw = vqe_clock_wall() - 31.0;
  assert_true(vqe_progress_due(&progress));
  progress.last_draw += 5.0;
  assert_false(vqe_progress_due(&progress));
  progress.terminal = true;
  assert_true(vqe_progress_due(&progress));
  progress.last_draw = vqe_clock_wall();
  assert_false(vqe_progress_due(&progress));
  progress.last_draw = 0.0;
  progress.quiet = true;
  assert_false(vqe_progress_due(&progress));
}

static void one_experiment_is_not_many(void **state)
{
  (void)state;
  struct vqe_worker worker = {
      .ranks = 1, .threads = 1, .lanes = 1, .team_size = 1};
  struct vqe_progress progress = {.quiet = false};
  struct vqe_news news = {.index = -1};
  begin_print();
  vqe_progress_start(&progress, 1, 0, &worker);
  vqe_progress_show(&progress, &news);
  vqe_progress_end(&progress, true);
  char *text = end_print();
  assert_non_null(strstr(text, "1 experiment to run, 0 found finished, 1 rank "
                               "x 1 thread\n"));
  assert_non_null(strstr(text, "vqe_batch: 0 of 1 experiment, 0 s\n"));
  assert_non_null(strstr(text, "0 of 1 experiment done"));
  free(text);
}

/* What a lane writes is what the line shows. */
static void news_follow_an_experiment(void **state)
{
  struct vqe_job *job = batch_h2(*state, 1);
  struct vqe_newsboard board;
  struct vqe_news news;
  struct vqe_result known = {.nuclear_repulsion_energy = 0.7,
                             .fci_energy = -1.137};
  char text[160];
  vqe_news_init(&board);
  assert_false(vqe_news_read(&news, &board));
  vqe_news_begin(&board, job->experiments[0]);
  assert_true(vqe_news_read(&news, &board));
  vqe_news_text(text, sizeof text, &news);
  assert_string_equal(text, "H2 0: SCF");
  vqe_news_phase(&board, VQE_PHASE_FCI, &known);
  assert_true(vqe_news_read(&news, &board));
  vqe_news_text(text, sizeof text, &news);
  assert_string_equal(text, "H2 0: FCI");
  vqe_news_phase(&board, VQE_PHASE_VQE, &known);
  vqe_news_evaluation(&board, 1, -1.83);
  vqe_news_evaluation(&board, 2, -1.80); /* higher: the lowest counts */
  assert_true(vqe_news_read(&news, &board));
  vqe_news_text(text, sizeof text, &news);
  assert_string_equal(text,
                      "H2 0: iteration 2, -1.130000 hartree, error 7.00 mHa");
  vqe_news_end(&board);
  assert_false(vqe_news_read(&news, &board));
  vqe_news_clear(&board);
  vqe_job_free(job);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(log_has_a_line_for_each_experiment_and_rank),
      TEST(ranks_are_not_compared_where_there_is_one),
      TEST(a_dead_rank_is_said_to_have_died),
      TEST(quiet_prints_the_interruption_alone),
      TEST(json_is_one_object_a_line_with_a_time),
      TEST(a_log_says_where_the_longest_experiment_stands),
      TEST(lines_are_due_every_30_seconds_in_a_log),
      TEST(one_experiment_is_not_many),
      TEST(news_follow_an_experiment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
