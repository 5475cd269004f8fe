/* The writer lock: one holder at a time, whoever crashes or is refused. */
#include "objects/lock_race.h"
#include "objects/objects_fixture.h"
#include "objects/s3_server.h"

#include <signal.h>
#include <time.h>

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

struct listing {
  int count;
  char id[64];
  char holder[64];
  int64_t pid;
};

static int note(void *ctx, const struct vqe_lock_info *info)
{
  struct listing *listing = ctx;
  listing->count++;
  snprintf(listing->id, sizeof listing->id, "%s", info->id);
  snprintf(listing->holder, sizeof listing->holder, "%s", info->holder);
  listing->pid = info->pid;
  return 0;
}

static void assert_locks(struct vqe_objects *objects, int expected)
{
  struct listing listing = {0};
  assert_int_equal(vqe_lock_list(objects, note, &listing), 0);
  assert_int_equal(listing.count, expected);
}

static void held_lock_keeps_others_out(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_lock *lock = NULL;
  struct vqe_lock *other = NULL;
  struct listing listing = {0};
  assert_int_equal(
      vqe_lock_acquire(&lock, fixture->objects, "first \"holder\"", 0.0), 0);
  assert_int_equal(vqe_lock_check(lock), 0);
  assert_int_equal(vqe_lock_list(fixture->objects, note, &listing), 0);
  assert_int_equal(listing.count, 1);
  assert_string_equal(listing.id, vqe_lock_id(lock));
  assert_string_equal(listing.holder, "first \"holder\"");
  assert_int_equal(listing.pid, getpid());
  double start = now();
  assert_int_equal(vqe_lock_acquire(&other, fixture->objects, "second", 0.0),
                   VQE_ERR_EXISTS);
  assert_null(other);
  assert_true(now() - start < 1.0);
  assert_says("first \"holder\"");
  assert_says("vqe_lake unlock");
  assert_says(vqe_lock_id(lock));
  start = now();
  assert_int_equal(vqe_lock_acquire(&other, fixture->objects, "second", 0.5),
                   VQE_ERR_EXISTS);
  assert_true(now() - start >= 0.5 && now() - start < 2.0);
  assert_locks(fixture->objects, 1);
  assert_int_equal(vqe_lock_release(lock), 0);
  assert_locks(fixture->objects, 0);
  assert_int_equal(vqe_lock_acquire(&lock, fixture->objects, "", 0.0), 0);
  assert_int_equal(vqe_lock_release(lock), 0);
  assert_int_equal(vqe_lock_release(NULL), 0);
}

static void lock_of_a_crashed_holder_is_removed_by_hand(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_lock *lock = NULL;
  struct listing listing = {0};
  int ready[2];
  char go;
  assert_int_equal(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    if (vqe_lock_acquire(&lock, fixture->objects, "crashed", 0.0) == 0) {
      (void)!write(ready[1], "x", 1);
    }
    pause();
  }
  assert_int_equal(read(ready[0], &go, 1), 1);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  assert_int_equal(vqe_lock_acquire(&lock, fixture->objects, "next", 0.2),
                   VQE_ERR_EXISTS);
  assert_says("'crashed'");
  assert_int_equal(vqe_lock_list(fixture->objects, note, &listing), 0);
  assert_int_equal(listing.pid, child);
  assert_int_equal(vqe_lock_remove(fixture->objects, listing.id), 0);
  assert_int_equal(vqe_lock_remove(fixture->objects, listing.id),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_lock_remove(fixture->objects, "../t/metadata/v1"),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_lock_acquire(&lock, fixture->objects, "next", 0.0), 0);
  /* who holds it learns that it was taken away */
  assert_int_equal(vqe_lock_remove(fixture->objects, vqe_lock_id(lock)), 0);
  assert_int_equal(vqe_lock_check(lock), VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_lock_release(lock), 0);
}

/* A process that takes the lock and holds it; its id. */
static pid_t start_holder(struct objects_fixture *fixture, const char *name)
{
  struct vqe_lock *lock = NULL;
  int ready[2];
  char go;
  assert_int_equal(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    if (vqe_lock_acquire(&lock, fixture->objects, name, 0.0) == 0) {
      (void)!write(ready[1], "x", 1);
    }
    pause();
  }
  assert_int_equal(read(ready[0], &go, 1), 1);
  close(ready[0]);
  close(ready[1]);
  return child;
}

static void holder_that_crashes_meanwhile_is_noticed(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_lock *lock = NULL;
  size_t ended = 0;
  int code = 0;
  pid_t holder = start_holder(fixture, "copier");
  /* alive, it is waited for */
  assert_int_equal(vqe_lock_acquire_over_ended(&lock, &ended, fixture->objects,
                                               "copier", 0.2),
                   VQE_ERR_EXISTS);
  assert_int_equal(ended, 0);
  pid_t waiter = fork();
  if (waiter == 0) {
    int status = vqe_lock_acquire_over_ended(&lock, &ended, fixture->objects,
                                             "copier", 30.0);
    _exit(status == 0 && ended == 1 && vqe_lock_release(lock) == 0 ? 0 : 1);
  }
  usleep(300000); /* it has found the lock held by now */
  kill(holder, SIGKILL);
  waitpid(holder, NULL, 0);
  assert_int_equal(waitpid(waiter, &code, 0), waiter);
  assert_true(WIFEXITED(code));
  assert_int_equal(WEXITSTATUS(code), 0);
  assert_locks(fixture->objects, 0);

  /* a lock of others stays, whoever crashed */
  holder = start_holder(fixture, "writer");
  kill(holder, SIGKILL);
  waitpid(holder, NULL, 0);
  assert_int_equal(vqe_lock_acquire_over_ended(&lock, &ended, fixture->objects,
                                               "copier", 0.1),
                   VQE_ERR_EXISTS);
  assert_int_equal(ended, 0);
  assert_says("has ended, remove its lock: vqe_lake unlock");
  assert_locks(fixture->objects, 1);
}

static void refusal_names_what_the_crashed_holder_ran(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_lock *lock = NULL;
  pid_t holder =
      start_holder(fixture, VQE_LOCK_WITH_LOCK "/opt/bin/spark-submit");
  assert_int_equal(vqe_lock_acquire(&lock, fixture->objects, "next", 0.0),
                   VQE_ERR_EXISTS);
  assert_null(strstr(vqe_error_message(), "may still write"));
  kill(holder, SIGKILL);
  waitpid(holder, NULL, 0);
  assert_int_equal(vqe_lock_acquire(&lock, fixture->objects, "next", 0.0),
                   VQE_ERR_EXISTS);
  assert_says("that process has ended, but '/opt/bin/spark-submit', which it "
              "ran, may still write: see ps -ef | grep spark-submit");
  assert_says("remove its lock: vqe_lake unlock file:///");
  assert_locks(fixture->objects, 1);
}

static void lock_that_cannot_be_read_still_locks(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_objects *objects = fixture->objects;
  struct vqe_lock *lock = NULL;
  struct listing listing = {0};
  const char *key = "_locks/00000000-0000-4000-8000-000000000000";
  /* not a lock's name: no lock */
  assert_int_equal(
      vqe_objects_put(objects, "_locks/README", "x", 1, VQE_OBJECTS_REPLACE),
      0);
  assert_int_equal(vqe_lock_acquire(&lock, objects, "a", 0.0), 0);
  assert_int_equal(vqe_lock_release(lock), 0);
  /* a lock that cannot be read still locks */
  assert_int_equal(vqe_objects_put(objects, key, "{", 1, VQE_OBJECTS_REPLACE),
                   0);
  assert_int_equal(vqe_lock_acquire(&lock, objects, "a", 0.0), VQE_ERR_EXISTS);
  assert_int_equal(vqe_lock_list(objects, note, &listing), 0);
  assert_int_equal(listing.count, 1);
  assert_string_equal(listing.holder, "");
}

static void of_racing_writers_one_holds_the_lock(void **state)
{
  struct objects_fixture *fixture = *state;
  struct vqe_objects *objects[2] = {fixture->objects, fixture->objects};
  lock_race(objects);
  assert_locks(fixture->objects, 0);
}

static struct vqe_objects *connect_to(const struct s3_server *server)
{
  struct vqe_objects_options options = VQE_OBJECTS_OPTIONS_INIT;
  struct vqe_objects *objects = NULL;
  options.endpoint = server->endpoint;
  options.region = "test-region";
  options.timeout_s = 1.5;
  options.attempts = 3;
  assert_int_equal(vqe_objects_open(&objects, "s3://bucket/w", &options), 0);
  return objects;
}

static void of_racing_writers_one_holds_the_lock_on_s3(void **state)
{
  (void)state;
  struct s3_server server;
  struct vqe_objects *objects[2];
  s3_server_start(&server, 0);
  objects[0] = connect_to(&server);
  objects[1] = connect_to(&server);
  lock_race(objects);
  assert_locks(objects[0], 0);
  vqe_objects_close(objects[0]);
  vqe_objects_close(objects[1]);
  s3_server_stop(&server);
}

static void lock_lost_in_faults_is_taken_back_or_named(void **state)
{
  (void)state;
  struct s3_server server;
  struct vqe_lock *lock = NULL;
  s3_server_start(&server, 0);
  struct vqe_objects *objects = connect_to(&server);
  /* the lock is stored, but neither its response nor a listing comes */
  s3_server_fault(&server, "\"none\"", "GET", 1);
  s3_server_fault(&server, "\"cut_after\"", "PUT", 1);
  s3_server_fault(&server, "500", "GET", 3);
  assert_int_equal(vqe_lock_acquire(&lock, objects, "a", 0.0), VQE_ERR_IO);
  assert_says("500");
  assert_locks(objects, 0);
  /* nor can it be taken back */
  s3_server_fault(&server, "\"none\"", "GET", 1);
  s3_server_fault(&server, "500", "GET", 3);
  s3_server_fault(&server, "500", "DELETE", 3);
  assert_int_equal(vqe_lock_acquire(&lock, objects, "a", 0.0), VQE_ERR_IO);
  assert_says("vqe_lake unlock");
  assert_locks(objects, 1);
  vqe_objects_close(objects);
  s3_server_stop(&server);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(held_lock_keeps_others_out,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(
          lock_of_a_crashed_holder_is_removed_by_hand, objects_setup,
          objects_teardown),
      cmocka_unit_test_setup_teardown(holder_that_crashes_meanwhile_is_noticed,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(
          refusal_names_what_the_crashed_holder_ran, objects_setup,
          objects_teardown),
      cmocka_unit_test_setup_teardown(lock_that_cannot_be_read_still_locks,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(of_racing_writers_one_holds_the_lock,
                                      objects_setup, objects_teardown),
      cmocka_unit_test(of_racing_writers_one_holds_the_lock_on_s3),
      cmocka_unit_test(lock_lost_in_faults_is_taken_back_or_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
