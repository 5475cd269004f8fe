/* A worker, with the test as rank 0: what it asks, when, and what it says at
 * the end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "batch/batch_fixture.h"
#include "batch/fake_transport.h"
#include "batch/lane.h"
#include "batch/print_fixture.h"
#include "batch/pulse.h"
#include "batch/request.h"
#include "batch/serve.h"
#include "store/codec.h"

/* Waits for the stop. */
static int run_for_ever(struct vqe_result **out, struct vqe_lane *lane,
                        const struct vqe_experiment *experiment, bool serial)
{
  (void)out;
  (void)experiment;
  (void)serial;
  while (!vqe_lane_should_stop(lane)) {
    vqe_transport_sleep();
  }
  return VQE_ERR_INTERRUPTED;
}

struct world {
  struct fake_net net;
  struct vqe_transport transport;
  struct vqe_batch_options options;
  struct vqe_worker worker;
  struct vqe_job *job;
  pthread_t thread;
  int status;
};

static void *serve(void *ctx)
{
  struct world *world = ctx;
  world->status = vqe_serve(&world->worker);
  return NULL;
}

/* Rank `rank`, the first one of its team. */
static void start_rank(struct world *world,
                       const struct batch_fixture *fixture, vqe_worker_run run,
                       bool watched, int rank)
{
  int number;
  memset(world, 0, sizeof *world);
  fake_init(&world->net);
  world->transport = fake_transport(&world->net, rank);
  world->worker = (struct vqe_worker){.options = &world->options,
                                      .transport = &world->transport,
                                      .run = run,
                                      .rank = rank,
                                      .ranks = 2 * rank,
                                      .threads = 2,
                                      .lanes = 2,
                                      .team_size = rank,
                                      .watched = watched};
  world->job = batch_h2(fixture, 4);
  assert_int_equal(vqe_resume_begin_run(&number, fixture->output), 0);
  assert_int_equal(vqe_worker_init(&world->worker, fixture->output, number),
                   0);
  assert_int_equal(pthread_create(&world->thread, NULL, serve, world), 0);
}

static void start(struct world *world, const struct batch_fixture *fixture,
                  vqe_worker_run run)
{
  start_rank(world, fixture, run, false, 1);
}

static struct vqe_transport_ask take_ask(struct world *world)
{
  struct vqe_transport_ask ask;
  struct fake_message *message = fake_await(&world->net, 0, 1, VQE_TAG_ASK);
  assert_int_equal(message->head.size, sizeof ask);
  memcpy(&ask, message->data, sizeof ask);
  fake_free(message);
  return ask;
}

static void give(struct world *world, size_t first, size_t count)
{
  struct vqe_request_message message = {0};
  for (size_t k = first; k < first + count; k++) {
    assert_int_equal(
        vqe_request_add(&message, world->job->experiments[k], true, false), 0);
  }
  fake_put(&world->net, 0, 1, VQE_TAG_WORK, message.data, message.size);
  vqe_request_clear(&message);
}

static int take_result(struct world *world)
{
  struct vqe_result *result = NULL;
  struct fake_message *message = fake_await(&world->net, 0, 1, VQE_TAG_RESULT);
  assert_int_equal(
      vqe_codec_decode_result(&result, message->data, message->head.size), 0);
  int index = result->experiment->index;
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  assert_string_equal(result->experiment->id,
                      world->job->experiments[index]->id);
  vqe_result_free(result);
  fake_free(message);
  return index;
}

/* Its last message, and the stop message that it waits for then. */
static struct vqe_worker_report end(struct world *world, bool stopped)
{
  struct vqe_worker_report report;
  struct fake_message *message =
      fake_await(&world->net, 0, 1, VQE_TAG_STOPPED);
  assert_int_equal(message->head.size, sizeof report);
  memcpy(&report, message->data, sizeof report);
  fake_free(message);
  if (!stopped) {
    fake_put(&world->net, 0, 1, VQE_TAG_STOP, NULL, 0);
  }
  pthread_join(world->thread, NULL);
  assert_false(fake_has(&world->net, 0, VQE_TAG_RESULT));
  vqe_worker_clear(&world->worker);
  vqe_job_free(world->job);
  fake_clear(&world->net);
  return report;
}

static void worker_asks_for_work_until_it_is_stopped(void **state)
{
  struct world world;
  bool seen[4] = {false};
  start(&world, *state, batch_run_nothing);
  struct vqe_transport_ask ask = take_ask(&world);
  assert_int_equal(ask.idle, 2);
  assert_int_equal(ask.lanes, 2);
  /* several in one message, then one */
  give(&world, 0, 3);
  for (int k = 0; k < 3; k++) {
    seen[take_result(&world)] = true;
  }
  (void)take_ask(&world);
  give(&world, 3, 1);
  seen[take_result(&world)] = true;
  for (int k = 0; k < 4; k++) {
    assert_true(seen[k]);
  }
  (void)take_ask(&world);
  fake_put(&world.net, 0, 1, VQE_TAG_STOP, NULL, 0);
  struct vqe_worker_report report = end(&world, true);
  assert_int_equal(report.status, VQE_OK);
  assert_int_equal(report.done, 4);
  assert_int_equal(world.status, VQE_OK);
}

static void worker_asks_for_more_while_its_lanes_are_at_work(void **state)
{
  struct world world;
  start(&world, *state, run_for_ever);
  (void)take_ask(&world);
  give(&world, 0, 2);
  /* both lanes are taken, and nothing waits for them */
  assert_int_equal(take_ask(&world).idle, 0);
  give(&world, 2, 1);
  for (int k = 0; k < 20; k++) {
    vqe_transport_sleep();
  }
  assert_false(fake_has(&world.net, 0, VQE_TAG_ASK));
  assert_false(fake_has(&world.net, 0, VQE_TAG_PULSE)); /* nobody watches */
  fake_put(&world.net, 0, 1, VQE_TAG_STOP, NULL, 0);
  /* what it had in hand is interrupted, which is no failure of the rank */
  struct vqe_worker_report report = end(&world, true);
  assert_int_equal(report.status, VQE_ERR_INTERRUPTED);
  assert_int_equal(report.done, 0);
  assert_int_equal(world.status, VQE_OK);
}

static void watched_worker_says_what_it_does(void **state)
{
  struct world world;
  struct vqe_pulse pulse;
  start_rank(&world, *state, run_for_ever, true, 1);
  fake_free(fake_await(&world.net, 0, 1, VQE_TAG_PULSE)); /* at once */
  (void)take_ask(&world);
  give(&world, 0, 2);
  assert_int_equal(take_ask(&world).idle, 0);
  struct fake_message *message = fake_await(&world.net, 0, 1, VQE_TAG_PULSE);
  assert_int_equal(message->head.size, sizeof pulse);
  memcpy(&pulse, message->data, sizeof pulse);
  fake_free(message);
  assert_true(pulse.known);
  assert_int_equal(pulse.rank, 1);
  assert_int_equal(pulse.lanes, 2);
  assert_int_equal(pulse.running, 2);
  assert_int_equal(pulse.done, 0);
  assert_true(pulse.busy > 0.0 && pulse.busy <= pulse.seconds);
  assert_true(pulse.resident > 1e6 && pulse.available > pulse.resident);
  assert_false(pulse.on_device);
  fake_put(&world.net, 0, 1, VQE_TAG_STOP, NULL, 0);
  (void)end(&world, true);
}

static void lane_that_fails_is_reported_and_the_stop_awaited(void **state)
{
  struct world world;
  start(&world, *state, batch_run_broken);
  (void)take_ask(&world);
  give(&world, 0, 1);
  struct vqe_worker_report report = end(&world, false);
  assert_int_equal(report.status, VQE_ERR_IO);
  assert_int_equal(world.status, VQE_ERR_IO);
}

static void damaged_work_message_is_reported(void **state)
{
  struct world world;
  start(&world, *state, batch_run_nothing);
  (void)take_ask(&world);
  fake_put(&world.net, 0, 1, VQE_TAG_WORK, "short", 5);
  struct vqe_worker_report report = end(&world, false);
  assert_int_equal(report.status, VQE_ERR_IO);
  assert_int_equal(report.done, 0);
}

static void signal_ends_the_worker_by_itself(void **state)
{
  static volatile atomic_int stop;
  struct world world;
  stop = 0;
  start(&world, *state, run_for_ever);
  world.options.stop = &stop;
  (void)take_ask(&world);
  give(&world, 0, 1);
  (void)take_ask(&world); /* it runs */
  stop = SIGTERM;
  struct vqe_worker_report report = end(&world, false);
  assert_int_equal(report.status, VQE_ERR_INTERRUPTED);
  assert_int_equal(world.status, VQE_OK);
}

static void *decline(void *ctx)
{
  struct world *world = ctx;
  vqe_serve_decline(&world->worker, VQE_ERR_MEMORY);
  return NULL;
}

static void rank_that_cannot_start_says_so_and_awaits_the_stop(void **state)
{
  struct world world;
  (void)state;
  memset(&world, 0, sizeof world);
  fake_init(&world.net);
  world.transport = fake_transport(&world.net, 1);
  world.worker.transport = &world.transport;
  assert_int_equal(pthread_create(&world.thread, NULL, decline, &world), 0);
  struct fake_message *message = fake_await(&world.net, 0, 1, VQE_TAG_STOPPED);
  struct vqe_worker_report report;
  memcpy(&report, message->data, sizeof report);
  assert_int_equal(report.status, VQE_ERR_MEMORY);
  assert_int_equal(report.done, 0);
  fake_free(message);
  fake_put(&world.net, 0, 1, VQE_TAG_STOP, NULL, 0);
  pthread_join(world.thread, NULL);
  assert_false(fake_has(&world.net, 1, VQE_TAG_ANY));
  fake_clear(&world.net);
}

/* Nobody takes its last message, and no stop message comes. */
static void worker_ends_when_rank_0_dies(void **state)
{
  struct world world;
  start(&world, *state, batch_run_nothing);
  (void)take_ask(&world);
  world.net.dead[0] = true;
  pthread_join(world.thread, NULL);
  assert_int_equal(world.status, VQE_OK); /* as when it is interrupted */
  assert_int_equal(world.worker.report.status, VQE_ERR_INTERRUPTED);
  vqe_worker_clear(&world.worker);
  vqe_job_free(world.job);
  fake_clear(&world.net);
}

/* The first that lives of those that are spoken to, of each team one. */
static void death_of_rank_0_is_said_by_the_next_worker(void **state)
{
  for (int team_size = 1; team_size <= 2; team_size++) {
    struct world world;
    begin_print();
    start_rank(&world, *state, batch_run_nothing, false, team_size);
    fake_expect(&world.net, 0, team_size, VQE_TAG_ASK);
    world.net.dead[0] = true;
    pthread_join(world.thread, NULL);
    char *text = end_print();
    assert_non_null(strstr(text, "rank 0, which leads, died"));
    free(text);
    vqe_worker_clear(&world.worker);
    vqe_job_free(world.job);
    fake_clear(&world.net);
  }
}

static int count_stops(void *ctx, struct vqe_result *result,
                       const struct vqe_journal_evaluation *evaluation,
                       const struct vqe_journal_phase *phase)
{
  int *count = ctx;
  (void)result;
  (void)evaluation;
  *count += phase != NULL && phase->mark == VQE_JOURNAL_STOPS;
  return 0;
}

/* A lane may wait for the disk longer than the rank has to live. */
static void stop_is_journaled_while_a_lane_has_the_journal(void **state)
{
  const struct batch_fixture *fixture = *state;
  static volatile atomic_int stop;
  const struct vqe_batch_options options = {.stop = &stop};
  struct vqe_worker worker = {.options = &options, .rank = 1, .team_size = 1};
  char *path = NULL;
  int run;
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  assert_int_equal(vqe_worker_init(&worker, fixture->output, run), 0);
  assert_int_equal(vqe_resume_journal_path(&path, fixture->output, run, 1), 0);
  pthread_mutex_lock(&worker.journal_lock);
  for (stop = 0; stop <= SIGTERM; stop += SIGTERM) {
    int count = 0;
    vqe_worker_note_stop(&worker);
    vqe_worker_note_stop(&worker); /* once is enough */
    assert_int_equal(vqe_journal_read(path, count_stops, &count, NULL), 0);
    assert_int_equal(count, stop != 0);
  }
  pthread_mutex_unlock(&worker.journal_lock);
  free(path);
  vqe_worker_clear(&worker);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(worker_ends_when_rank_0_dies),
      TEST(death_of_rank_0_is_said_by_the_next_worker),
      TEST(stop_is_journaled_while_a_lane_has_the_journal),
      TEST(worker_asks_for_work_until_it_is_stopped),
      TEST(worker_asks_for_more_while_its_lanes_are_at_work),
      TEST(watched_worker_says_what_it_does),
      TEST(lane_that_fails_is_reported_and_the_stop_awaited),
      TEST(damaged_work_message_is_reported),
      TEST(signal_ends_the_worker_by_itself),
      TEST(rank_that_cannot_start_says_so_and_awaits_the_stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
