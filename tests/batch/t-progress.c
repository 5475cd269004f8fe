/* Progress: what a log and a JSON stream say, and what quiet leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "batch/batch_fixture.h"
#include "batch/progress.h"

/* What is printed to stderr between the two calls; free it. */
static int saved = -1;
static FILE *printed;

static void begin_print(void)
{
  fflush(stderr);
  printed = tmpfile();
  saved = dup(STDERR_FILENO);
  assert_non_null(printed);
  dup2(fileno(printed), STDERR_FILENO);
}

static char *end_print(void)
{
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  long size = ftell(printed);
  fseek(printed, 0, SEEK_END);
  size = ftell(printed);
  rewind(printed);
  char *text = calloc((size_t)size + 1, 1);
  assert_int_equal(fread(text, 1, (size_t)size, printed), size);
  fclose(printed);
  return text;
}

/* Everything once: an experiment that ended well and one that failed. */
static char *print_all(const struct batch_fixture *fixture,
                       struct vqe_progress *progress, int ranks)
{
  struct vqe_job *job = batch_h2(fixture, 2);
  struct vqe_worker worker = {
      .ranks = ranks, .threads = 2, .lanes = 3, .team_size = 1};
  struct vqe_worker_report report = {.done = 2, .busy = 1.5, .seconds = 2.0};
  begin_print();
  vqe_progress_start(progress, 2, 5, &worker);
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
  vqe_progress_tick(progress);
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
  assert_non_null(strstr(text, "with 2 of 2 done; run the same command"));
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

static void quiet_prints_failures_and_the_interruption_alone(void **state)
{
  struct vqe_progress progress = {.quiet = true};
  char *text = print_all(*state, &progress, 2);
  assert_non_null(strstr(text, "FAILED: no way"));
  assert_null(strstr(text, "[1/2]"));
  assert_null(strstr(text, "to run"));
  assert_null(strstr(text, "busy"));
  free(text);
}

static void json_is_one_object_a_line_with_a_time(void **state)
{
  struct vqe_progress progress = {.json = true};
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

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(log_has_a_line_for_each_experiment_and_rank),
      TEST(ranks_are_not_compared_where_there_is_one),
      TEST(quiet_prints_failures_and_the_interruption_alone),
      TEST(json_is_one_object_a_line_with_a_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
