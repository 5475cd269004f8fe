/* Lanes: what runs beside what, when more may be begun, and how a failure or
 * a stop ends them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "batch/batch_fixture.h"
#include "batch/lane.h"
#include "batch/lanes.h"
#include "batch/transport.h"

/* Experiments that run until they are let go. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int running, running_serial, most, let_go;
static bool overlap; /* one that is not serial ran beside another */

static void count_run(bool serial, int by)
{
  pthread_mutex_lock(&lock);
  running += by;
  running_serial += serial ? by : 0;
  most = running > most ? running : most;
  overlap = overlap || (running > 1 && running != running_serial);
  pthread_mutex_unlock(&lock);
}

static bool is_let_go(void)
{
  pthread_mutex_lock(&lock);
  bool gone = let_go > 0;
  let_go -= gone;
  pthread_mutex_unlock(&lock);
  return gone;
}

static int run_until_let_go(struct vqe_result **out, struct vqe_lane *lane,
                            const struct vqe_experiment *experiment,
                            bool serial)
{
  int status = VQE_OK;
  count_run(serial, 1);
  while (status == VQE_OK && !is_let_go()) {
    vqe_transport_sleep();
    status = vqe_lane_should_stop(lane) ? VQE_ERR_INTERRUPTED : VQE_OK;
  }
  count_run(serial, -1);
  return status == VQE_OK ? batch_run_nothing(out, lane, experiment, serial)
                          : status;
}

static void await_running(int count)
{
  int seen = -1;
  for (int k = 0; seen != count && k < 20000; k++) {
    vqe_transport_sleep();
    pthread_mutex_lock(&lock);
    seen = running;
    pthread_mutex_unlock(&lock);
  }
  assert_int_equal(seen, count);
}

static void let(int count)
{
  pthread_mutex_lock(&lock);
  let_go += count;
  pthread_mutex_unlock(&lock);
}

/* The next result, waiting for it; NULL when no more comes. */
static struct vqe_result *await_result(struct vqe_lanes *lanes)
{
  struct vqe_result *result = NULL;
  for (int k = 0; result == NULL && k < 20000 && !vqe_lanes_done(lanes); k++) {
    result = vqe_lanes_take(lanes, VQE_SLEEP_NS);
  }
  return result;
}

struct world {
  struct vqe_batch_options options;
  struct vqe_worker worker;
  struct vqe_lanes *lanes;
  struct vqe_job *job;
};

static void start(struct world *world, const struct batch_fixture *fixture,
                  int lanes, vqe_worker_run run)
{
  int number;
  *world = (struct world){.worker = {.run = run,
                                     .ranks = 1,
                                     .threads = lanes,
                                     .lanes = lanes,
                                     .team_size = 1}};
  running = running_serial = most = let_go = 0;
  overlap = false;
  world->worker.options = &world->options;
  world->job = batch_h2(fixture, 8);
  assert_int_equal(vqe_resume_begin_run(&number, fixture->output), 0);
  assert_int_equal(vqe_worker_init(&world->worker, fixture->output, number),
                   0);
  assert_int_equal(vqe_lanes_open(&world->lanes, &world->worker), 0);
}

static void put(struct world *world, size_t index, enum vqe_task_share share)
{
  assert_int_equal(vqe_lanes_put(world->lanes, world->job->experiments[index],
                                 NULL, 0, share),
                   0);
}

static void end(struct world *world)
{
  vqe_lanes_free(world->lanes);
  vqe_worker_clear(&world->worker);
  vqe_job_free(world->job);
}

static void expect(struct world *world, int index)
{
  struct vqe_result *result = await_result(world->lanes);
  assert_non_null(result);
  if (index >= 0) {
    assert_int_equal(result->experiment->index, index);
  }
  vqe_result_free(result);
}

static void serial_ones_run_side_by_side(void **state)
{
  struct world world;
  int idle = 0;
  start(&world, *state, 3, run_until_let_go);
  for (size_t k = 0; k < 3; k++) {
    put(&world, k, VQE_TASK_SERIAL);
  }
  await_running(3);
  assert_true(vqe_lanes_have_capacity(world.lanes, &idle));
  assert_int_equal(idle, 0);
  let(3);
  for (size_t k = 0; k < 3; k++) {
    expect(&world, -1);
  }
  assert_true(vqe_lanes_done(world.lanes));
  assert_true(vqe_lanes_have_capacity(world.lanes, &idle));
  assert_int_equal(idle, 3);
  assert_int_equal(most, 3);
  assert_int_equal(world.worker.report.done, 3);
  assert_true(world.worker.report.busy > 0.0);
  end(&world);
}

static void no_capacity_while_something_waits(void **state)
{
  struct world world;
  start(&world, *state, 1, run_until_let_go);
  assert_true(vqe_lanes_have_capacity(world.lanes, NULL));
  put(&world, 0, VQE_TASK_SERIAL);
  await_running(1);
  assert_true(vqe_lanes_have_capacity(world.lanes, NULL));
  put(&world, 1, VQE_TASK_SERIAL);
  assert_false(vqe_lanes_have_capacity(world.lanes, NULL));
  let(1);
  expect(&world, 0);
  await_running(1);
  assert_true(vqe_lanes_have_capacity(world.lanes, NULL));
  let(1);
  expect(&world, 1);
  end(&world);
}

static void wide_one_runs_alone_and_is_not_overtaken(void **state)
{
  struct world world;
  start(&world, *state, 3, run_until_let_go);
  put(&world, 0, VQE_TASK_SERIAL);
  await_running(1);
  put(&world, 1, VQE_TASK_WIDE);
  put(&world, 2, VQE_TASK_SERIAL);
  put(&world, 3, VQE_TASK_SERIAL);
  /* two lanes are idle, and still nothing passes the one that waits for all */
  for (int k = 0; k < 20; k++) {
    vqe_transport_sleep();
  }
  await_running(1);
  let(1);
  expect(&world, 0);
  await_running(1);
  assert_false(vqe_lanes_have_capacity(world.lanes, NULL));
  let(1);
  expect(&world, 1);
  await_running(2);
  let(2);
  expect(&world, -1);
  expect(&world, -1);
  assert_false(overlap);
  end(&world);
}

static void suspect_runs_alone_and_is_not_overtaken(void **state)
{
  struct world world;
  start(&world, *state, 3, run_until_let_go);
  put(&world, 0, VQE_TASK_SERIAL);
  await_running(1);
  put(&world, 1, VQE_TASK_ALONE);
  put(&world, 2, VQE_TASK_SERIAL);
  put(&world, 3, VQE_TASK_SERIAL);
  /* two lanes are idle, and still nothing passes the one that waits for them
   */
  for (int k = 0; k < 20; k++) {
    vqe_transport_sleep();
  }
  await_running(1);
  let(1);
  expect(&world, 0);
  await_running(1);
  assert_false(vqe_lanes_have_capacity(world.lanes, NULL));
  for (int k = 0; k < 20; k++) {
    vqe_transport_sleep();
  }
  await_running(1); /* and nothing begins beside it */
  let(1);
  expect(&world, 1);
  await_running(2);
  let(2);
  expect(&world, -1);
  expect(&world, -1);
  assert_false(overlap);
  end(&world);
}

static void experiments_given_are_freed_with_their_results(void **state)
{
  struct world world;
  start(&world, *state, 2, batch_run_nothing);
  for (size_t k = 0; k < 8; k++) {
    struct vqe_experiment *copy = NULL;
    assert_int_equal(vqe_experiment_copy(&copy, world.job->experiments[k]), 0);
    assert_int_equal(vqe_lanes_give(world.lanes, copy, NULL, 0, true), 0);
  }
  for (size_t k = 0; k < 8; k++) {
    expect(&world, -1);
  }
  end(&world);
}

static void failure_of_a_lane_ends_all_with_its_message(void **state)
{
  struct world world;
  start(&world, *state, 2, batch_run_broken);
  for (size_t k = 0; k < 8; k++) {
    put(&world, k, VQE_TASK_SERIAL);
  }
  assert_null(await_result(world.lanes));
  assert_true(vqe_lanes_done(world.lanes));
  assert_false(vqe_lanes_have_capacity(world.lanes, NULL));
  (void)vqe_error_set(VQE_ERR_INPUT, "another message");
  assert_int_equal(vqe_lanes_status(world.lanes), VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "/no/such/place"));
  assert_true(world.worker.stopped);
  assert_int_equal(vqe_lanes_end(world.lanes), VQE_ERR_IO);
  end(&world);
}

static void stop_leaves_what_runs_and_what_waits(void **state)
{
  struct world world;
  start(&world, *state, 2, run_until_let_go);
  for (size_t k = 0; k < 4; k++) {
    put(&world, k, VQE_TASK_SERIAL);
  }
  await_running(2);
  world.worker.stopped = true;
  assert_int_equal(vqe_lanes_end(world.lanes), VQE_ERR_INTERRUPTED);
  assert_null(vqe_lanes_take(world.lanes, 0));
  assert_int_equal(world.worker.report.done, 0);
  end(&world);
}

static void results_can_be_taken_after_the_end(void **state)
{
  struct world world;
  start(&world, *state, 1, run_until_let_go);
  put(&world, 0, VQE_TASK_SERIAL);
  await_running(1);
  let(1);
  assert_int_equal(vqe_lanes_end(world.lanes), 0);
  expect(&world, 0);
  assert_null(vqe_lanes_take(world.lanes, 0));
  end(&world);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(serial_ones_run_side_by_side),
      TEST(no_capacity_while_something_waits),
      TEST(wide_one_runs_alone_and_is_not_overtaken),
      TEST(suspect_runs_alone_and_is_not_overtaken),
      TEST(experiments_given_are_freed_with_their_results),
      TEST(failure_of_a_lane_ends_all_with_its_message),
      TEST(stop_leaves_what_runs_and_what_waits),
      TEST(results_can_be_taken_after_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
