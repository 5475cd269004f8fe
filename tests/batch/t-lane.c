/* One experiment in a lane: what goes to the journal, and when
 * it stops. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "batch/batch_fixture.h"
#include "batch/lane.h"
#include "batch/transport.h"
#include "store/journal.h"

struct world {
  struct vqe_batch_options options;
  struct vqe_worker worker;
  struct vqe_lane lane;
  int run;
};

static void start(struct world *world, const struct batch_fixture *fixture)
{
  *world = (struct world){
      .worker = {.ranks = 1, .threads = 1, .lanes = 1, .team_size = 1}};
  world->worker.options = &world->options;
  assert_int_equal(vqe_resume_begin_run(&world->run, fixture->output), 0);
  assert_int_equal(
      vqe_worker_init(&world->worker, fixture->output, world->run), 0);
  vqe_lane_init(&world->lane, &world->worker);
}

static void end(struct world *world)
{
  vqe_lane_clear(&world->lane);
  vqe_worker_clear(&world->worker);
}

struct counts {
  int results, failed, evaluations;
  int begun, left, stops, seeds;
};

static int count(void *ctx, struct vqe_result *result,
                 const struct vqe_journal_evaluation *evaluation,
                 const struct vqe_journal_phase *phase)
{
  struct counts *counts = ctx;
  if (phase != NULL) {
    counts->begun += phase->mark == VQE_JOURNAL_BEGUN;
    counts->seeds += phase->mark == VQE_JOURNAL_NO_MARK && phase->seed_drawn;
    counts->left += phase->mark == VQE_JOURNAL_LEFT;
    counts->stops += phase->mark == VQE_JOURNAL_STOPS;
  }
  counts->evaluations += evaluation != NULL;
  if (result != NULL) {
    counts->results++;
    counts->failed += result->status == VQE_EXPERIMENT_FAILED;
    vqe_result_free(result);
  }
  return 0;
}

static struct counts read_journal(const struct batch_fixture *fixture, int run)
{
  struct counts counts = {.results = 0};
  char *path = NULL;
  assert_int_equal(vqe_resume_journal_path(&path, fixture->output, run, 0), 0);
  assert_int_equal(vqe_journal_read(path, count, &counts, NULL), 0);
  free(path);
  return counts;
}

static void
finished_experiment_is_journaled_without_its_evaluations(void **state)
{
  struct world world;
  struct vqe_job *job = batch_h2(*state, 1);
  struct vqe_result *result = NULL;
  start(&world, *state);
  assert_int_equal(
      vqe_lane_run(&result, &world.lane, job->experiments[0], true), 0);
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  assert_true(result->neval > 1);
  end(&world);
  struct counts counts = read_journal(*state, world.run);
  assert_int_equal(counts.results, 1);
  assert_int_equal(counts.failed, 0);
  assert_int_equal(counts.evaluations, 0); /* it was too short for them */
  assert_int_equal(counts.begun, 1);
  assert_int_equal(counts.left, 0);
  assert_int_equal(counts.stops, 0);
  vqe_result_free(result);
  vqe_job_free(job);
}

/* The next run would draw another, and the experiment be a new one. */
static void drawn_seed_is_journaled_before_anything_can_go_wrong(void **state)
{
  struct world world;
  struct vqe_job *job = batch_job(
      *state, "{\"molecules\": [{\"symbols\": [\"H\", \"H\"], \"coords\": "
              "[[0,0,0],[0,0,0.7]]}]}");
  struct vqe_result *result = NULL;
  assert_true(job->experiments[0]->seed_drawn);
  start(&world, *state);
  assert_int_equal(
      vqe_lane_run(&result, &world.lane, job->experiments[0], true), 0);
  end(&world);
  struct counts counts = read_journal(*state, world.run);
  assert_int_equal(counts.seeds, 1);
  assert_int_equal(counts.begun, 1);
  vqe_result_free(result);
  vqe_job_free(job);
}

static void experiment_that_cannot_run_is_a_failed_result(void **state)
{
  struct world world;
  struct vqe_job *job = batch_job(
      *state, "{\"seed\": 1, \"molecules\": [{\"name\": \"bad\", \"symbols\": "
              "[\"Xx\"], \"coords\": [[0,0,0]]}]}");
  struct vqe_result *result = NULL;
  start(&world, *state);
  assert_int_equal(
      vqe_lane_run(&result, &world.lane, job->experiments[0], true), 0);
  assert_int_equal(result->status, VQE_EXPERIMENT_FAILED);
  assert_non_null(strstr(result->reason, "Xx"));
  end(&world);
  assert_int_equal(read_journal(*state, world.run).failed, 1);
  vqe_result_free(result);
  vqe_job_free(job);
}

static volatile atomic_int stop;

/* As a signal would in the middle of a run: after some evaluations. */
static void *stop_soon(void *ctx)
{
  (void)ctx;
  for (int k = 0; k < 50; k++) {
    vqe_transport_sleep();
  }
  stop = SIGTERM;
  return NULL;
}

static void interrupted_experiment_leaves_its_evaluations(void **state)
{
  struct world world;
  pthread_t thread;
  struct vqe_result *result = NULL;
  /* more evaluations than 50 ms hold */
  struct vqe_job *job = batch_job(
      *state, "{\"seed\": 1, \"molecules\": [{\"symbols\": [\"Li\", \"H\"], "
              "\"coords\": [[0,0,0],[0,0,1.6]]}], \"optimizer\": {\"name\": "
              "\"SPSA\", \"max_evaluations\": 1000000, \"ftol\": 0}}");
  stop = 0;
  start(&world, *state);
  world.options.stop = &stop;
  assert_int_equal(pthread_create(&thread, NULL, stop_soon, NULL), 0);
  assert_int_equal(
      vqe_lane_run(&result, &world.lane, job->experiments[0], true),
      VQE_ERR_INTERRUPTED);
  assert_null(result);
  pthread_join(thread, NULL);
  end(&world);
  struct counts counts = read_journal(*state, world.run);
  assert_int_equal(counts.results, 0);
  assert_true(counts.evaluations > 0);
  assert_int_equal(counts.begun, 1);
  assert_int_equal(counts.left, 1);
  vqe_job_free(job);
}

/* It went on for ever, without an evaluation that could have been stopped. */
static void search_without_ftol_ends(void **state)
{
  struct world world;
  struct vqe_result *result = NULL;
  struct vqe_job *job = batch_job(
      *state, "{\"seed\": 1, \"molecules\": [{\"symbols\": [\"Li\", \"H\"], "
              "\"coords\": [[0,0,0],[0,0,1.6]]}], \"optimizer\": {\"name\": "
              "\"COBYLA\", \"max_evaluations\": 1000000, \"ftol\": 0}}");
  start(&world, *state);
  alarm(120);
  assert_int_equal(
      vqe_lane_run(&result, &world.lane, job->experiments[0], true), 0);
  alarm(0);
  assert_non_null(result);
  assert_true(result->nfev < 100000);
  vqe_result_free(result);
  end(&world);
  vqe_job_free(job);
}

/* Before the lanes have noticed: what comes may be a kill. */
static void stop_is_journaled_once_as_soon_as_it_is_asked_for(void **state)
{
  struct world world;
  start(&world, *state);
  stop = 0;
  world.options.stop = &stop;
  vqe_worker_note_stop(&world.worker);
  assert_int_equal(read_journal(*state, world.run).stops, 0);
  stop = SIGTERM;
  vqe_worker_note_stop(&world.worker);
  vqe_worker_note_stop(&world.worker);
  assert_int_equal(read_journal(*state, world.run).stops, 1);
  vqe_worker_end(&world.worker, VQE_OK, 0.0);
  assert_int_equal(read_journal(*state, world.run).stops, 1);
  stop = 0;
  end(&world);
}

static void lane_stops_for_a_signal_and_for_its_rank(void **state)
{
  struct world world;
  start(&world, *state);
  assert_false(vqe_lane_should_stop(&world.lane));
  stop = SIGTERM;
  world.options.stop = &stop;
  assert_true(vqe_lane_should_stop(&world.lane));
  stop = 0;
  assert_false(vqe_lane_should_stop(&world.lane));
  world.worker.stopped = true;
  assert_true(vqe_lane_should_stop(&world.lane));
  end(&world);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(finished_experiment_is_journaled_without_its_evaluations),
      TEST(drawn_seed_is_journaled_before_anything_can_go_wrong),
      TEST(experiment_that_cannot_run_is_a_failed_result),
      TEST(interrupted_experiment_leaves_its_evaluations),
      TEST(search_without_ftol_ends),
      TEST(stop_is_journaled_once_as_soon_as_it_is_asked_for),
      TEST(lane_stops_for_a_signal_and_for_its_rank),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
