/* Rank 0, with the test or real workers as the other ranks: who gets what,
 * and how a job ends. */
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
#include "batch/lead.h"
#include "batch/request.h"
#include "batch/serve.h"
#include "store/codec.h"

/* While it is set, experiments of rank 0 wait. */
static _Atomic bool holding;
static _Atomic int begun; /* experiments of rank 0 */

static int run_when_let(struct vqe_result **out, struct vqe_lane *lane,
                        const struct vqe_experiment *experiment, bool serial)
{
  begun++;
  while (holding) {
    if (vqe_lane_should_stop(lane)) {
      return VQE_ERR_INTERRUPTED;
    }
    vqe_transport_sleep();
  }
  return batch_run_nothing(out, lane, experiment, serial);
}

struct world {
  struct fake_net net;
  struct vqe_transport transport;
  struct vqe_batch_options options;
  struct vqe_worker worker; /* of rank 0 */
  struct vqe_job *job;
  struct vqe_batch_outcome outcome;
  pthread_t thread;
  int run;
  int status;
  char message[256];
  size_t announced;
};

static void announce(void *ctx, const struct vqe_result *result)
{
  struct world *world = ctx;
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  world->announced++;
}

static void *lead(void *ctx)
{
  struct world *world = ctx;
  world->status =
      vqe_lead_run(&world->outcome, world->job, &world->worker, world->run);
  snprintf(world->message, sizeof world->message, "%s", vqe_error_message());
  return NULL;
}

/* Takes over the job. Send what the lead is to find at once between this and
 * start(). */
static void prepare(struct world *world, struct vqe_job *job, int ranks,
                    int team_size)
{
  memset(world, 0, sizeof *world);
  fake_init(&world->net);
  holding = true;
  begun = 0;
  world->job = job;
  world->options.quiet = true;
  world->options.finished = announce;
  world->options.finished_ctx = world;
  world->transport = fake_transport(&world->net, 0);
  world->worker = (struct vqe_worker){.options = &world->options,
                                      .transport = &world->transport,
                                      .run = run_when_let,
                                      .ranks = ranks,
                                      .threads = 1,
                                      .lanes = 1,
                                      .team_size = team_size};
}

static void start(struct world *world)
{
  assert_int_equal(vqe_resume_begin_run(&world->run, world->job->output), 0);
  assert_int_equal(pthread_create(&world->thread, NULL, lead, world), 0);
}

static void ask(struct world *world, int rank, int idle, int lanes)
{
  struct vqe_transport_ask message = {.idle = idle, .lanes = lanes};
  fake_put(&world->net, rank, 0, VQE_TAG_ASK, &message, sizeof message);
}

/* Take a work message; `indices` of its experiments. Returns how many. */
static size_t take_work(struct world *world, int rank, int *indices)
{
  struct fake_message *message =
      fake_await(&world->net, rank, 0, VQE_TAG_WORK);
  struct vqe_request_message work = {message->data, message->head.size};
  size_t count = 0;
  size_t at = 0;
  struct vqe_experiment *experiment = NULL;
  enum vqe_task_share share;
  bool more;
  do {
    assert_int_equal(vqe_request_next(&experiment, &share, &more, &at, &work),
                     0);
    if (experiment != NULL) {
      indices[count++] = experiment->index;
    }
    vqe_experiment_free(experiment);
  } while (experiment != NULL);
  fake_free(message);
  return count;
}

static void send_result(struct world *world, int rank, int index)
{
  struct vqe_result *result = NULL;
  uint8_t *data = NULL;
  size_t size;
  assert_int_equal(vqe_result_create(&result, world->job->experiments[index],
                                     VQE_EXPERIMENT_OK, "sent"),
                   0);
  assert_int_equal(vqe_codec_encode_result(&data, &size, result), 0);
  fake_put(&world->net, rank, 0, VQE_TAG_RESULT, data, size);
  free(data);
  vqe_result_free(result);
}

static void say_stopped(struct world *world, int rank, int status)
{
  struct vqe_worker_report report = {.status = status};
  fake_put(&world->net, rank, 0, VQE_TAG_STOPPED, &report, sizeof report);
}

/* Ask for work and send results until the stop message. */
static void work_to_the_end(struct world *world, int rank, int lanes)
{
  int indices[64];
  ask(world, rank, lanes, lanes);
  while (!fake_has(&world->net, rank, VQE_TAG_STOP)) {
    if (fake_has(&world->net, rank, VQE_TAG_WORK)) {
      size_t count = take_work(world, rank, indices);
      for (size_t k = 0; k < count; k++) {
        send_result(world, rank, indices[k]);
      }
      ask(world, rank, lanes, lanes);
    }
    vqe_transport_sleep();
  }
  fake_expect(&world->net, rank, 0, VQE_TAG_STOP);
  say_stopped(world, rank, VQE_OK);
}

static void join(struct world *world)
{
  pthread_join(world->thread, NULL);
  assert_null(world->net.first); /* no message is left */
}

static void end(struct world *world)
{
  vqe_batch_outcome_clear(&world->outcome);
  vqe_job_free(world->job);
  fake_clear(&world->net);
}

static size_t count_results(const struct world *world)
{
  size_t count = 0;
  for (size_t k = 0; k < world->outcome.count; k++) {
    count += world->outcome.results[k] != NULL;
  }
  return count;
}

/* Wide ones of different cost. */
static const char three_sizes[] =
    "{\"seed\": 1, \"molecules\": ["
    "{\"symbols\": [\"H\",\"H\"], \"coords\": [[0,0,0],[0,0,0.7]]},"
    "{\"symbols\": [\"N\",\"N\"], \"coords\": [[0,0,0],[0,0,1.1]]},"
    "{\"symbols\": [\"Li\",\"H\"], \"coords\": [[0,0,0],[0,0,1.6]]}]}";

static void largest_experiment_goes_to_who_asks_first(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_job(*state, three_sizes), 2, 1);
  ask(&world, 1, 1, 1);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  assert_int_equal(indices[0], 1); /* N2 */
  send_result(&world, 1, 1);
  while (begun == 0) {
    vqe_transport_sleep(); /* the second largest, on rank 0 */
  }
  holding = false;
  work_to_the_end(&world, 1, 1);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(count_results(&world), 3);
  assert_string_equal(world.outcome.results[1]->reason, "sent");
  assert_string_equal(world.outcome.results[2]->reason, "not run");
  assert_int_equal(world.announced, 3);
  assert_false(world.outcome.interrupted);
  end(&world);
}

struct seen {
  size_t looks, ended, done;
  bool last, rank_known;
  double busy;
};

static void on_look(void *ctx, const struct vqe_batch_view *view)
{
  struct seen *seen = ctx;
  seen->looks++;
  assert_int_equal(view->total, 3);
  assert_int_equal(view->nrank, 2);
  seen->rank_known |= !view->ended && view->ranks[1].known;
  seen->busy = view->ranks[1].busy;
  seen->done = view->done;
  assert_int_equal(view->failed, 0);
  assert_false(seen->last);
  seen->last = view->ended;
}

static void on_ended(void *ctx, const struct vqe_result *result, int rank,
                     bool restored)
{
  struct seen *seen = ctx;
  assert_int_equal(result->status, VQE_EXPERIMENT_OK);
  assert_int_equal(rank, strcmp(result->reason, "sent") == 0);
  assert_false(restored);
  seen->ended++;
}

static void who_watches_sees_ranks_and_results(void **state)
{
  struct world world;
  struct seen seen = {.looks = 0};
  const struct vqe_batch_watch watch = {
      .ctx = &seen, .look = on_look, .ended = on_ended};
  const struct vqe_pulse pulse = {.known = true, .rank = 1, .busy = 0.25};
  int indices[8];
  prepare(&world, batch_job(*state, three_sizes), 2, 1);
  world.options.watch = &watch;
  fake_put(&world.net, 1, 0, VQE_TAG_PULSE, &pulse, sizeof pulse);
  ask(&world, 1, 1, 1);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  send_result(&world, 1, indices[0]);
  while (begun == 0) {
    vqe_transport_sleep();
  }
  holding = false;
  work_to_the_end(&world, 1, 1);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(seen.ended, 3);
  assert_int_equal(seen.done, 3);
  assert_true(seen.last);
  assert_true(seen.rank_known);
  assert_true(seen.busy < 0.25); /* at the end its report counts */
  end(&world);
}

static void small_experiments_travel_several_a_message(void **state)
{
  struct world world;
  int indices[64];
  prepare(&world, batch_h2(*state, 64), 2, 1);
  ask(&world, 1, 4, 4);
  start(&world);
  size_t count = take_work(&world, 1, indices);
  assert_int_equal(count, 8); /* an eighth: a quarter of its half */
  for (size_t k = 0; k < count; k++) {
    assert_int_equal(indices[k], k);
    send_result(&world, 1, indices[k]);
  }
  holding = false;
  work_to_the_end(&world, 1, 4);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(count_results(&world), 64);
  assert_int_equal(world.announced, 64);
  end(&world);
}

static void job_waits_for_results_that_were_handed_out(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_h2(*state, 2), 2, 1);
  ask(&world, 1, 1, 1);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  while (begun == 0) {
    vqe_transport_sleep();
  }
  holding = false;
  ask(&world, 1, 1, 1); /* asks for more while its lanes are at work */
  for (int k = 0; k < 30; k++) {
    vqe_transport_sleep();
  }
  assert_false(fake_has(&world.net, 1, VQE_TAG_STOP));
  send_result(&world, 1, indices[0]);
  fake_expect(&world.net, 1, 0, VQE_TAG_STOP);
  say_stopped(&world, 1, VQE_OK);
  join(&world);
  assert_int_equal(count_results(&world), 2);
  end(&world);
}

/* Three results have come, and ranks 1 and 2 have asked for more. */
static void end_both(struct world *world)
{
  for (int rank = 1; rank <= 2; rank++) {
    fake_expect(&world->net, rank, 0, VQE_TAG_STOP);
    say_stopped(world, rank, VQE_OK);
  }
  join(world);
  assert_int_equal(count_results(world), 3);
  end(world);
}

static void busy_rank_does_not_fetch_what_others_lack(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_h2(*state, 3), 3, 1);
  ask(&world, 1, 1, 1);
  ask(&world, 1, 0, 1); /* at work, and rank 2 has not asked yet */
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  while (begun == 0) {
    vqe_transport_sleep(); /* rank 0 has its own */
  }
  for (int k = 0; k < 30; k++) {
    vqe_transport_sleep();
  }
  assert_false(fake_has(&world.net, 1, VQE_TAG_WORK));
  ask(&world, 2, 1, 1);
  assert_int_equal(take_work(&world, 2, indices + 1), 1);
  assert_int_not_equal(indices[0], indices[1]);
  holding = false;
  for (int rank = 1; rank <= 2; rank++) {
    send_result(&world, rank, indices[rank - 1]);
    ask(&world, rank, 1, 1);
  }
  end_both(&world);
}

static void waiting_rank_gets_what_is_left_once_it_is_idle(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_h2(*state, 3), 3, 1);
  ask(&world, 1, 1, 1);
  ask(&world, 1, 0, 1);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  while (begun == 0) {
    vqe_transport_sleep();
  }
  send_result(&world, 1, indices[0]);
  assert_int_equal(take_work(&world, 1, indices), 1); /* it asked once */
  send_result(&world, 1, indices[0]);
  holding = false;
  for (int rank = 1; rank <= 2; rank++) {
    ask(&world, rank, 1, 1);
  }
  end_both(&world);
}

static void result_that_comes_twice_counts_once(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_h2(*state, 2), 2, 1);
  ask(&world, 1, 1, 1);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  send_result(&world, 1, indices[0]);
  send_result(&world, 1, indices[0]);
  say_stopped(&world, 1, VQE_ERR_INTERRUPTED);
  fake_expect(&world.net, 1, 0, VQE_TAG_STOP);
  holding = false;
  join(&world);
  assert_int_equal(world.announced, count_results(&world));
  assert_non_null(world.outcome.results[indices[0]]);
  end(&world);
}

static void worker_that_stops_by_itself_stops_the_job(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_h2(*state, 6), 3, 1);
  ask(&world, 1, 1, 1);
  ask(&world, 2, 1, 1);
  start(&world);
  (void)take_work(&world, 1, indices);
  (void)take_work(&world, 2, indices);
  send_result(&world, 2, indices[0]);
  say_stopped(&world, 1, VQE_ERR_IO);
  /* all others too, and no more work for them */
  fake_expect(&world.net, 1, 0, VQE_TAG_STOP);
  fake_expect(&world.net, 2, 0, VQE_TAG_STOP);
  ask(&world, 2, 1, 1);
  say_stopped(&world, 2, VQE_ERR_INTERRUPTED);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_true(world.outcome.interrupted);
  assert_int_equal(count_results(&world), 1);
  end(&world);
}

static void signal_stops_all_and_the_job_counts_as_interrupted(void **state)
{
  static volatile atomic_int stop;
  struct world world;
  int indices[8];
  prepare(&world, batch_h2(*state, 6), 2, 1);
  stop = 0;
  world.options.stop = &stop;
  ask(&world, 1, 1, 1);
  start(&world);
  (void)take_work(&world, 1, indices);
  stop = SIGINT;
  fake_expect(&world.net, 1, 0, VQE_TAG_STOP);
  send_result(&world, 1, indices[0]); /* was on its way */
  say_stopped(&world, 1, VQE_ERR_INTERRUPTED);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_true(world.outcome.interrupted);
  assert_int_equal(count_results(&world), 1);
  end(&world);
}

static void failure_on_rank_0_ends_the_job_with_its_message(void **state)
{
  struct world world;
  prepare(&world, batch_h2(*state, 3), 2, 1);
  world.worker.run = batch_run_broken;
  start(&world);
  fake_expect(&world.net, 1, 0, VQE_TAG_STOP);
  say_stopped(&world, 1, VQE_OK);
  join(&world);
  assert_int_equal(world.status, VQE_ERR_IO);
  assert_non_null(strstr(world.message, "/no/such/place"));
  end(&world);
}

static void damaged_result_ends_the_job(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_h2(*state, 3), 2, 1);
  ask(&world, 1, 1, 1);
  start(&world);
  (void)take_work(&world, 1, indices);
  fake_put(&world.net, 1, 0, VQE_TAG_RESULT, "no result", 9);
  fake_expect(&world.net, 1, 0, VQE_TAG_STOP);
  say_stopped(&world, 1, VQE_ERR_INTERRUPTED);
  join(&world);
  assert_int_equal(world.status, VQE_ERR_INPUT);
  assert_non_null(strstr(world.message, "damaged"));
  end(&world);
}

static void job_that_cannot_begin_lets_the_workers_go(void **state)
{
  struct world world;
  prepare(&world, batch_h2(*state, 3), 3, 1);
  assert_int_equal(vqe_resume_begin_run(&world.run, world.job->output), 0);
  FILE *file = fopen(world.job->output, "w");
  fputs("no HDF5", file);
  fclose(file);
  const struct vqe_pulse pulse = {.known = true, .rank = 1};
  ask(&world, 1, 1, 1);
  /* of who watches; one that is never taken would keep the rank waiting */
  fake_put(&world.net, 1, 0, VQE_TAG_PULSE, &pulse, sizeof pulse);
  say_stopped(&world, 1, VQE_OK);
  ask(&world, 2, 1, 1);
  say_stopped(&world, 2, VQE_OK);
  assert_int_equal(pthread_create(&world.thread, NULL, lead, &world), 0);
  fake_expect(&world.net, 1, 0, VQE_TAG_STOP);
  fake_expect(&world.net, 2, 0, VQE_TAG_STOP);
  join(&world);
  assert_int_equal(world.status, VQE_ERR_INPUT);
  assert_non_null(strstr(world.message, "no HDF5 file"));
  assert_int_equal(world.outcome.count, 0); /* or it would be stored */
  end(&world);
}

/* Nothing of the outcome is there yet when a journal cannot be opened. */
static void journal_that_cannot_be_opened_ends_the_job(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_journal *held = NULL;
  struct world world;
  char *path = NULL;
  prepare(&world, batch_h2(fixture, 3), 2, 1);
  assert_int_equal(vqe_resume_begin_run(&world.run, world.job->output), 0);
  assert_int_equal(
      vqe_resume_journal_path(&path, fixture->output, world.run, 0), 0);
  assert_int_equal(vqe_journal_open(&held, path), 0);
  ask(&world, 1, 1, 1);
  say_stopped(&world, 1, VQE_OK);
  assert_int_equal(pthread_create(&world.thread, NULL, lead, &world), 0);
  fake_expect(&world.net, 1, 0, VQE_TAG_STOP);
  join(&world);
  assert_int_equal(world.status, VQE_ERR_IO);
  assert_non_null(strstr(world.message, "in use by another run"));
  assert_int_equal(world.outcome.count, 0);
  assert_int_equal(vqe_journal_close(held), 0);
  free(path);
  end(&world);
}

static void only_first_ranks_of_teams_are_spoken_to(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_job(*state, three_sizes), 4, 2);
  ask(&world, 2, 1, 1);
  start(&world);
  assert_int_equal(take_work(&world, 2, indices), 1);
  send_result(&world, 2, indices[0]);
  holding = false;
  work_to_the_end(&world, 2, 1);
  join(&world);
  assert_int_equal(count_results(&world), 3);
  end(&world);
}

static void what_is_stored_is_not_run_again(void **state)
{
  struct world world;
  prepare(&world, batch_h2(*state, 3), 1, 1);
  holding = false;
  start(&world);
  join(&world);
  assert_int_equal(world.announced, 3);
  assert_int_equal(vqe_batch_store(&world.outcome, world.job), 0);
  end(&world);
  /* one more than before, and nothing but that is run */
  prepare(&world, batch_h2(*state, 4), 1, 1);
  holding = false;
  start(&world);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(world.announced, 1);
  assert_int_equal(count_results(&world), 4);
  for (size_t k = 0; k < 4; k++) {
    assert_int_equal(world.outcome.skipped[k], k < 3);
  }
  end(&world);
}

/* The journal of a run that died with these experiments in hand. */
static void leave_journal(const struct world *world, int run,
                          const size_t *open, size_t count)
{
  struct vqe_journal *journal = NULL;
  char *path = NULL;
  int number;
  assert_int_equal(vqe_resume_begin_run(&number, world->job->output), 0);
  assert_int_equal(number, run);
  assert_int_equal(vqe_resume_journal_path(&path, world->job->output, run, 0),
                   0);
  assert_int_equal(vqe_journal_open(&journal, path), 0);
  for (size_t k = 0; k < count; k++) {
    assert_int_equal(vqe_journal_mark(journal,
                                      world->job->experiments[open[k]]->id,
                                      VQE_JOURNAL_BEGUN),
                     0);
  }
  assert_int_equal(vqe_journal_close(journal), 0);
  free(path);
}

static void what_killed_two_ranks_is_set_aside_and_stays_there(void **state)
{
  const size_t both[2] = {1, 2};
  struct world world;
  prepare(&world, batch_h2(*state, 4), 1, 1);
  leave_journal(&world, 0, both, 2);
  leave_journal(&world, 1, both + 1, 1);
  holding = false;
  start(&world);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(count_results(&world), 4);
  assert_int_equal(begun, 3);
  assert_int_equal(world.outcome.results[1]->status, VQE_EXPERIMENT_OK);
  assert_int_equal(world.outcome.results[2]->status, VQE_EXPERIMENT_FAILED);
  assert_non_null(
      strstr(world.outcome.results[2]->reason, "its rank died twice"));
  assert_int_equal(vqe_batch_store(&world.outcome, world.job), 0);
  end(&world);
  /* the journals are gone, and it is not run again */
  prepare(&world, batch_h2(*state, 4), 1, 1);
  holding = false;
  start(&world);
  join(&world);
  assert_int_equal(begun, 0);
  assert_int_equal(world.outcome.results[2]->status, VQE_EXPERIMENT_FAILED);
  assert_true(world.outcome.skipped[2]);
  assert_int_equal(vqe_batch_store(&world.outcome, world.job), 0);
  end(&world);
  /* but when that is asked for */
  prepare(&world, batch_h2(*state, 4), 1, 1);
  world.options.retry_set_aside = true;
  holding = false;
  start(&world);
  join(&world);
  assert_int_equal(begun, 1);
  assert_int_equal(world.outcome.results[2]->status, VQE_EXPERIMENT_OK);
  end(&world);
}

/* ---- ranks that die while the others go on ---- */

static void what_a_dead_rank_held_goes_to_another(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_job(*state, three_sizes), 3, 1);
  ask(&world, 1, 1, 1);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  ask(&world, 2, 1, 1); /* the others are at work, or wait */
  while (begun == 0) {
    vqe_transport_sleep();
  }
  world.net.dead[1] = true;
  holding = false;
  work_to_the_end(&world, 2, 1);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(count_results(&world), 3);
  assert_false(world.outcome.interrupted);
  assert_int_equal(world.outcome.died, 1);
  for (size_t k = 0; k < 3; k++) {
    assert_int_equal(world.outcome.results[k]->status, VQE_EXPERIMENT_OK);
  }
  end(&world);
}

/* The dead rank's own journal has its results, and says what was in hand. */
static void results_that_only_the_dead_rank_has_are_taken(void **state)
{
  struct world world;
  struct vqe_journal *journal = NULL;
  struct vqe_result *result = NULL;
  char *path = NULL;
  int indices[64];
  prepare(&world, batch_h2(*state, 64), 2, 1);
  ask(&world, 1, 4, 4);
  start(&world);
  size_t count = take_work(&world, 1, indices);
  assert_true(count >= 3);
  assert_int_equal(
      vqe_resume_journal_path(&path, world.job->file, world.run, 1), 0);
  assert_int_equal(vqe_journal_open(&journal, path), 0);
  for (int k = 0; k < 2; k++) {
    const char *id = world.job->experiments[indices[k]]->id;
    assert_int_equal(vqe_journal_mark(journal, id, VQE_JOURNAL_BEGUN), 0);
  }
  assert_int_equal(vqe_result_create(&result,
                                     world.job->experiments[indices[0]],
                                     VQE_EXPERIMENT_OK, "in the journal"),
                   0);
  assert_int_equal(vqe_journal_result(journal, result), 0);
  vqe_result_free(result);
  assert_int_equal(vqe_journal_close(journal), 0);
  free(path);
  world.net.dead[1] = true;
  holding = false;
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(count_results(&world), 64);
  assert_int_equal(world.announced, 64);
  assert_string_equal(world.outcome.results[indices[0]]->reason,
                      "in the journal");
  assert_string_equal(world.outcome.results[indices[1]]->reason, "not run");
  end(&world);
}

static void kill_rank(struct world *world, int rank, int deaths)
{
  volatile const int *died = &world->outcome.died;
  world->net.dead[rank] = true;
  while (*died < deaths) {
    vqe_transport_sleep();
  }
}

/* Without journals all that they held counts. */
static void second_death_in_a_run_sets_aside(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_job(*state, three_sizes), 3, 1);
  ask(&world, 1, 1, 1);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  assert_int_equal(indices[0], 1); /* N2 */
  while (begun == 0) {
    vqe_transport_sleep(); /* rank 0 has the next one */
  }
  kill_rank(&world, 1, 1);
  ask(&world, 2, 1, 1);
  assert_int_equal(take_work(&world, 2, indices), 1);
  assert_int_equal(indices[0], 1); /* again, before the smallest */
  kill_rank(&world, 2, 2);
  holding = false;
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(count_results(&world), 3);
  assert_int_equal(world.outcome.results[1]->status, VQE_EXPERIMENT_FAILED);
  assert_non_null(strstr(world.outcome.results[1]->reason, "twice"));
  assert_int_equal(world.outcome.results[0]->status, VQE_EXPERIMENT_OK);
  assert_int_equal(world.outcome.results[2]->status, VQE_EXPERIMENT_OK);
  end(&world);
}

/* All that it has sent stays where it is found, as with MPI. */
static void what_a_dead_rank_sent_stops_nobody(void **state)
{
  struct world world;
  struct fake_message *left = NULL;
  int indices[8];
  prepare(&world, batch_job(*state, three_sizes), 3, 1);
  ask(&world, 1, 1, 1);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  world.net.cut[1] = true;
  send_result(&world, 1, indices[0]);
  kill_rank(&world, 1, 1);
  holding = false;
  ask(&world, 2, 1, 1);
  pthread_mutex_lock(&world.net.lock);
  left = *fake_find(&world.net, 0, 1, VQE_TAG_RESULT);
  pthread_mutex_unlock(&world.net.lock);
  assert_non_null(left);
  /* it is found before what the others send, until MPI takes it away */
  fake_expect(&world.net, 0, 1, VQE_TAG_RESULT);
  work_to_the_end(&world, 2, 1);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(count_results(&world), 3);
  assert_int_equal(world.outcome.results[indices[0]]->status,
                   VQE_EXPERIMENT_OK);
  end(&world);
}

/* The last word of a rank that died while it was on its way. */
static void rank_whose_last_word_is_cut_has_died(void **state)
{
  struct world world;
  int indices[8];
  prepare(&world, batch_job(*state, three_sizes), 2, 1);
  ask(&world, 1, 1, 1);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  world.net.cut[1] = true;
  say_stopped(&world, 1, VQE_OK);
  kill_rank(&world, 1, 1);
  fake_expect(&world.net, 0, 1, VQE_TAG_STOPPED);
  holding = false;
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(count_results(&world), 3);
  end(&world);
}

/* Its result counts, all else comes too late. */
static void late_words_of_a_dead_rank_change_nothing(void **state)
{
  const struct vqe_news news = {.index = 0, .running = 1, .seconds = 1e6};
  const struct vqe_worker_report report = {.status = VQE_ERR_IO};
  const struct vqe_transport_ask asks = {.idle = 1, .lanes = 1};
  const struct {
    enum vqe_transport_tag tag;
    const void *data;
    size_t size;
  } late[] = {{VQE_TAG_ASK, &asks, sizeof asks},
              {VQE_TAG_NEWS, &news, sizeof news},
              {VQE_TAG_STOPPED, &report, sizeof report}};
  for (size_t k = 0; k < sizeof late / sizeof late[0]; k++) {
    struct world world;
    int indices[8];
    prepare(&world, batch_job(*state, three_sizes), 2, 1);
    ask(&world, 1, 1, 1);
    start(&world);
    assert_int_equal(take_work(&world, 1, indices), 1);
    while (begun == 0) {
      vqe_transport_sleep(); /* one is left, and waits */
    }
    kill_rank(&world, 1, 1);
    fake_put(&world.net, 1, 0, late[k].tag, late[k].data, late[k].size);
    send_result(&world, 1, indices[0]);
    while (fake_has(&world.net, 0, VQE_TAG_ANY)) {
      vqe_transport_sleep();
    }
    holding = false;
    join(&world);
    assert_int_equal(world.status, VQE_OK);
    assert_false(world.outcome.interrupted);
    assert_int_equal(count_results(&world), 3);
    assert_string_equal(world.outcome.results[indices[0]]->reason, "sent");
    end(&world);
  }
}

/* Rank 0 has none, and can have what needs one only when nobody else can. */
static void last_rank_with_a_gpu_leaves_its_work_to_the_others(void **state)
{
  struct world world;
  const char *job = "{\"seed\": [1, 2, 3], \"device\": \"cuda\", "
                    "\"molecules\": [{\"symbols\": [\"H\",\"H\"], "
                    "\"coords\": [[0,0,0],[0,0,0.7]]}]}";
  const struct vqe_transport_ask asks = {.idle = 1, .lanes = 1, .device = 1};
  int indices[8];
  prepare(&world, batch_job(*state, job), 2, 1);
  world.worker.devices = 1;
  holding = false;
  fake_put(&world.net, 1, 0, VQE_TAG_ASK, &asks, sizeof asks);
  start(&world);
  assert_int_equal(take_work(&world, 1, indices), 1);
  assert_int_equal(begun, 0);
  kill_rank(&world, 1, 1);
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(begun, 3);
  assert_int_equal(count_results(&world), 3);
  end(&world);
}

static void death_while_nothing_can_begin_is_not_waited_for(void **state)
{
  struct world world;
  prepare(&world, batch_h2(*state, 3), 3, 1);
  assert_int_equal(vqe_resume_begin_run(&world.run, world.job->output), 0);
  FILE *file = fopen(world.job->output, "w");
  fputs("no HDF5", file);
  fclose(file);
  world.net.dead[1] = true;
  say_stopped(&world, 2, VQE_OK);
  assert_int_equal(pthread_create(&world.thread, NULL, lead, &world), 0);
  fake_expect(&world.net, 2, 0, VQE_TAG_STOP);
  join(&world);
  assert_int_equal(world.status, VQE_ERR_INPUT);
  end(&world);
}

/* ---- with real workers ---- */

struct rank {
  struct vqe_transport transport;
  struct vqe_worker worker;
  pthread_t thread;
  int status;
};

static void *serve(void *ctx)
{
  struct rank *rank = ctx;
  rank->status = vqe_serve(&rank->worker);
  return NULL;
}

static void four_ranks_over_memory_run_every_experiment_once(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct world world;
  struct rank ranks[4];
  int done = 0;
  prepare(&world, batch_h2(fixture, 200), 4, 1);
  holding = false;
  world.worker.lanes = 2;
  assert_int_equal(vqe_resume_begin_run(&world.run, world.job->output), 0);
  for (int k = 1; k < 4; k++) {
    struct rank *rank = &ranks[k];
    *rank = (struct rank){.transport = fake_transport(&world.net, k),
                          .worker = world.worker};
    rank->worker.transport = &rank->transport;
    rank->worker.rank = k;
    assert_int_equal(
        vqe_worker_init(&rank->worker, fixture->output, world.run), 0);
    assert_int_equal(pthread_create(&rank->thread, NULL, serve, rank), 0);
  }
  assert_int_equal(pthread_create(&world.thread, NULL, lead, &world), 0);
  for (int k = 1; k < 4; k++) {
    pthread_join(ranks[k].thread, NULL);
    assert_int_equal(ranks[k].status, VQE_OK);
    done += ranks[k].worker.report.done;
    vqe_worker_clear(&ranks[k].worker);
  }
  join(&world);
  assert_int_equal(world.status, VQE_OK);
  assert_int_equal(count_results(&world), 200);
  assert_int_equal(world.announced, 200);
  assert_true(done > 0);
  end(&world);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(largest_experiment_goes_to_who_asks_first),
      TEST(who_watches_sees_ranks_and_results),
      TEST(small_experiments_travel_several_a_message),
      TEST(job_waits_for_results_that_were_handed_out),
      TEST(busy_rank_does_not_fetch_what_others_lack),
      TEST(waiting_rank_gets_what_is_left_once_it_is_idle),
      TEST(result_that_comes_twice_counts_once),
      TEST(worker_that_stops_by_itself_stops_the_job),
      TEST(signal_stops_all_and_the_job_counts_as_interrupted),
      TEST(failure_on_rank_0_ends_the_job_with_its_message),
      TEST(damaged_result_ends_the_job),
      TEST(job_that_cannot_begin_lets_the_workers_go),
      TEST(journal_that_cannot_be_opened_ends_the_job),
      TEST(only_first_ranks_of_teams_are_spoken_to),
      TEST(what_is_stored_is_not_run_again),
      TEST(what_killed_two_ranks_is_set_aside_and_stays_there),
      TEST(what_a_dead_rank_held_goes_to_another),
      TEST(results_that_only_the_dead_rank_has_are_taken),
      TEST(second_death_in_a_run_sets_aside),
      TEST(what_a_dead_rank_sent_stops_nobody),
      TEST(rank_whose_last_word_is_cut_has_died),
      TEST(late_words_of_a_dead_rank_change_nothing),
      TEST(last_rank_with_a_gpu_leaves_its_work_to_the_others),
      TEST(death_while_nothing_can_begin_is_not_waited_for),
      TEST(four_ranks_over_memory_run_every_experiment_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
