/* One run has an output: with locks of the system and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "batch/batch_fixture.h"
#include "batch/owner.h"
#include "batch/owner_record.h"

/* In front of the C library's: a file system without locks. */
static bool no_locks;

int flock(int descriptor, int operation)
{
  static const short types[] = {F_RDLCK, F_WRLCK};
  if (no_locks) {
    errno = ENOLCK;
    return -1;
  }
  /* of open files, as flock's are */
  struct flock range = {.l_type = types[(operation & LOCK_EX) != 0],
                        .l_whence = SEEK_SET};
  if (fcntl(descriptor, F_OFD_SETLK, &range) != 0) {
    errno = EWOULDBLOCK;
    return -1;
  }
  return 0;
}

static const struct vqe_owner_times quick = {
    .beat = 0.05, .stale = 0.6, .settle = 0.1};

/* For what must not take as long, and for a machine that is busy. */
static const struct vqe_owner_times patient = {
    .beat = 0.05, .stale = 60.0, .settle = 0.5};

static int with_locks(void **state)
{
  no_locks = false;
  return batch_setup(state);
}

static int without_locks(void **state)
{
  no_locks = true;
  return batch_setup(state);
}

static char *lock_of(const struct batch_fixture *fixture)
{
  char *path = NULL;
  assert_int_equal(vqe_owner_path(&path, fixture->output), 0);
  return path;
}

static void write_text(const struct batch_fixture *fixture, const char *text)
{
  char *path = lock_of(fixture);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  free(path);
}

/* The record of a run that is not there: `other` changes it. */
static void write_other(const struct batch_fixture *fixture,
                        struct vqe_owner_record other)
{
  char text[VQE_OWNER_RECORD_SIZE];
  vqe_owner_record_print(text, sizeof text, &other);
  write_text(fixture, text);
}

static struct vqe_owner_record somebody(void)
{
  struct vqe_owner_record other;
  assert_int_equal(vqe_owner_record_self(&other), 0);
  snprintf(other.user, sizeof other.user, "ada");
  snprintf(other.job, sizeof other.job, "4711");
  return other;
}

static void refused(const struct batch_fixture *fixture, const char *word)
{
  struct vqe_owner *owner = NULL;
  assert_int_equal(vqe_owner_claim(&owner, fixture->output, &quick, NULL),
                   VQE_ERR_EXISTS);
  assert_null(owner);
  assert_non_null(strstr(vqe_error_message(), word));
  assert_non_null(strstr(vqe_error_message(), fixture->output));
}

static void granted_in(const struct batch_fixture *fixture,
                       const struct vqe_owner_times *times)
{
  struct vqe_owner *owner = NULL;
  char *path = lock_of(fixture);
  if (vqe_owner_claim(&owner, fixture->output, times, NULL) != 0) {
    fail_msg("%s", vqe_error_message());
  }
  assert_int_equal(access(path, F_OK), 0);
  assert_int_equal(vqe_owner_check(owner), 0);
  vqe_owner_release(owner);
  assert_int_equal(access(path, F_OK), -1);
  free(path);
}

static void granted(const struct batch_fixture *fixture)
{
  granted_in(fixture, &quick);
}

static void second_run_is_refused_and_the_first_named(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_owner *owner = NULL;
  char word[64];
  snprintf(word, sizeof word, "process %ld", (long)getpid());
  assert_int_equal(vqe_owner_claim(&owner, fixture->output, &quick, NULL), 0);
  refused(fixture, word);
  refused(fixture, "on host ");
  assert_int_equal(vqe_owner_check(owner), 0);
  vqe_owner_release(owner);
  granted(fixture);
}

static void lock_of_a_killed_run_is_taken_over_at_once(void **state)
{
  const struct batch_fixture *fixture = *state;
  int ready[2];
  char byte;
  assert_int_equal(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    struct vqe_owner *owner = NULL;
    bool got = vqe_owner_claim(&owner, fixture->output, &quick, NULL) == 0;
    (void)!write(ready[1], got ? "y" : "n", 1);
    pause();
    _exit(0);
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  assert_int_equal(byte, 'y');
  refused(fixture, "process");
  kill(child, SIGKILL);
  /* dead already where nobody has waited for it */
  siginfo_t info;
  assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
  double started = vqe_clock_wall();
  granted_in(fixture, &patient);
  assert_true(vqe_clock_wall() - started < patient.stale);
  assert_int_equal(waitpid(child, NULL, 0), child);
  close(ready[0]);
  close(ready[1]);
}

static void process_number_given_again_is_not_the_owner(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_owner_record other = somebody();
  other.started--;
  write_other(fixture, other);
  granted(fixture);
}

static void silent_run_of_another_host_is_taken_over_in_time(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_owner_record other = somebody();
  snprintf(other.boot, sizeof other.boot, "another kernel");
  write_other(fixture, other);
  double started = vqe_clock_wall();
  granted(fixture);
  assert_true(vqe_clock_wall() - started >= quick.stale);
}

/* Touches the lock as the other run would. */
static pid_t start_touching(const struct batch_fixture *fixture)
{
  pid_t child = fork();
  if (child == 0) {
    char *path = lock_of(fixture);
    for (int k = 0; k < 200; k++) {
      (void)utimensat(AT_FDCWD, path, NULL, 0);
      usleep(20000);
    }
    _exit(0);
  }
  return child;
}

static void living_run_of_another_host_is_left_alone(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_owner_record other = somebody();
  snprintf(other.boot, sizeof other.boot, "another kernel");
  snprintf(other.host, sizeof other.host, "node17");
  write_other(fixture, other);
  pid_t child = start_touching(fixture);
  refused(fixture, "run of ada on host node17");
  refused(fixture, "job 4711");
  kill(child, SIGKILL);
  assert_int_equal(waitpid(child, NULL, 0), child);
}

static void owner_gives_signs_of_life(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_owner *owner = NULL;
  struct stat before;
  struct stat after;
  char *path = lock_of(fixture);
  assert_int_equal(vqe_owner_claim(&owner, fixture->output, &quick, NULL), 0);
  assert_int_equal(stat(path, &before), 0);
  usleep(300000);
  assert_int_equal(stat(path, &after), 0);
  assert_true(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
              after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
  vqe_owner_release(owner);
  free(path);
}

static void lost_output_is_noticed_and_the_other_lock_stays(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_owner *owner = NULL;
  char *path = lock_of(fixture);
  assert_int_equal(vqe_owner_claim(&owner, fixture->output, &quick, NULL), 0);
  write_other(fixture, somebody());
  assert_int_equal(vqe_owner_check(owner), VQE_ERR_EXISTS);
  assert_non_null(strstr(vqe_error_message(), "taken over by a run of ada"));
  vqe_owner_release(owner);
  assert_int_equal(access(path, F_OK), 0);
  free(path);
}

static void lock_removed_by_hand_is_no_failure(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_owner *owner = NULL;
  char *path = lock_of(fixture);
  assert_int_equal(vqe_owner_claim(&owner, fixture->output, &quick, NULL), 0);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(vqe_owner_check(owner), 0);
  vqe_owner_release(owner);
  free(path);
}

/* Who is late where a run took over from a crashed one. */
static void *write_self(void *ctx)
{
  const struct batch_fixture *fixture = ctx;
  struct vqe_owner_record self;
  struct timespec soon = {.tv_nsec = 300000000};
  nanosleep(&soon, NULL);
  if (vqe_owner_record_self(&self) == 0) {
    write_other(fixture, self);
  }
  return NULL;
}

static void who_took_over_is_named_and_not_who_crashed(void **state)
{
  struct batch_fixture *fixture = *state;
  struct vqe_owner *owner = NULL;
  struct vqe_owner_record crashed = somebody();
  char *path = lock_of(fixture);
  char word[64];
  pthread_t writer;
  crashed.started--; /* another process of that number */
  write_other(fixture, crashed);
  int descriptor = open(path, O_RDWR);
  assert_true(descriptor >= 0);
  assert_int_equal(flock(descriptor, LOCK_EX), 0);
  /* it never writes its name */
  assert_int_equal(vqe_owner_claim(&owner, fixture->output, &quick, NULL),
                   VQE_ERR_EXISTS);
  assert_null(strstr(vqe_error_message(), "ada"));
  assert_non_null(strstr(vqe_error_message(), "in use by another run"));
  assert_int_equal(pthread_create(&writer, NULL, write_self, fixture), 0);
  snprintf(word, sizeof word, "process %ld", (long)getpid());
  refused(fixture, word);
  assert_null(strstr(vqe_error_message(), "ada"));
  pthread_join(writer, NULL);
  close(descriptor);
  assert_int_equal(unlink(path), 0);
  free(path);
}

static void foreign_file_in_its_place_is_kept(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_owner *owner = NULL;
  char *path = lock_of(fixture);
  static const char *const texts[] = {"my notes\n", "{}", "{\"format\": 3}"};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    write_text(fixture, texts[k]);
    assert_int_equal(vqe_owner_claim(&owner, fixture->output, &quick, NULL),
                     VQE_ERR_INPUT);
    assert_non_null(strstr(vqe_error_message(), "move it away"));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, strlen(texts[k]));
  }
  assert_int_equal(unlink(path), 0);
  assert_int_equal(symlink("elsewhere", path), 0);
  assert_int_equal(vqe_owner_claim(&owner, fixture->output, &quick, NULL),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "move it away"));
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkdir(path, 0777), 0);
  assert_int_equal(vqe_owner_claim(&owner, fixture->output, &quick, NULL),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "move it away"));
  assert_int_equal(rmdir(path), 0);
  free(path);
}

static void empty_lock_of_a_crash_is_taken_over(void **state)
{
  const struct batch_fixture *fixture = *state;
  write_text(fixture, "");
  granted(fixture);
}

static void folder_that_cannot_be_written_is_named(void **state)
{
  struct vqe_owner *owner = NULL;
  (void)state;
  assert_int_equal(
      vqe_owner_claim(&owner, "/no/such/place/x.h5", &quick, NULL),
      VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "/no/such/place/x.h5.lock"));
}

/* Of many that begin together one gets it, again and again. */
static void one_of_many_at_once_gets_it(void **state)
{
  const struct batch_fixture *fixture = *state;
  enum { MANY = 6 };
  const int rounds = no_locks ? 4 : 8;
  for (int round = 0; round < rounds; round++) {
    pid_t children[MANY];
    int owners = 0;
    if (round % 2 == 1) {
      /* left by a process that is gone */
      struct vqe_owner_record other = somebody();
      other.started--;
      write_other(fixture, other);
    }
    for (int k = 0; k < MANY; k++) {
      children[k] = fork();
      if (children[k] == 0) {
        struct vqe_owner *owner = NULL;
        int status = vqe_owner_claim(&owner, fixture->output, &patient, NULL);
        if (status == 0) {
          /* longer than all others take to be refused */
          usleep(no_locks ? 1500000 : 600000);
          status = vqe_owner_check(owner);
          vqe_owner_release(owner);
        }
        _exit(status == 0 ? 0 : status == VQE_ERR_EXISTS ? 1 : 2);
      }
    }
    for (int k = 0; k < MANY; k++) {
      int code;
      assert_int_equal(waitpid(children[k], &code, 0), children[k]);
      assert_true(WIFEXITED(code) && WEXITSTATUS(code) < 2);
      owners += WEXITSTATUS(code) == 0;
    }
    assert_int_equal(owners, 1);
  }
}

#define BOTH(name)                                                            \
  {#name, name, with_locks, batch_teardown, NULL},                            \
  {                                                                           \
#name "_without_locks", name, without_locks, batch_teardown, NULL         \
  }

/* A look changes nothing: the owner keeps its output, and a rival can have it
 * afterwards as before. */
static void a_look_says_who_lives_and_leaves_no_trace(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_owner_record record;
  struct vqe_owner *owner = NULL;
  char *path = lock_of(fixture);
  assert_false(vqe_owner_lives(&record, fixture->output));
  assert_int_equal(access(path, F_OK), -1);
  assert_int_equal(vqe_owner_claim(&owner, fixture->output, &patient, NULL),
                   0);
  assert_true(vqe_owner_lives(&record, fixture->output));
  assert_int_equal(record.process, getpid());
  assert_int_equal(vqe_owner_check(owner), 0);
  vqe_owner_release(owner);
  assert_false(vqe_owner_lives(&record, fixture->output));
  struct vqe_owner_record other = somebody();
  other.process = 1 << 30; /* beyond what the system gives */
  write_other(fixture, other);
  assert_false(vqe_owner_lives(&record, fixture->output));
  other = somebody();
  snprintf(other.host, sizeof other.host, "elsewhere");
  snprintf(other.boot, sizeof other.boot, "another");
  write_other(fixture, other);
  assert_true(vqe_owner_lives(&record, fixture->output));
  struct timespec old[2] = {{.tv_sec = time(NULL) - 100},
                            {.tv_sec = time(NULL) - 100}};
  assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
  assert_false(vqe_owner_lives(&record, fixture->output));
  write_text(fixture, "something else");
  assert_false(vqe_owner_lives(&record, fixture->output));
  unlink(path);
  free(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      BOTH(second_run_is_refused_and_the_first_named),
      BOTH(lock_of_a_killed_run_is_taken_over_at_once),
      BOTH(process_number_given_again_is_not_the_owner),
      BOTH(silent_run_of_another_host_is_taken_over_in_time),
      BOTH(living_run_of_another_host_is_left_alone),
      BOTH(owner_gives_signs_of_life),
      BOTH(lost_output_is_noticed_and_the_other_lock_stays),
      BOTH(lock_removed_by_hand_is_no_failure),
      cmocka_unit_test_setup_teardown(
          who_took_over_is_named_and_not_who_crashed, with_locks,
          batch_teardown),
      BOTH(foreign_file_in_its_place_is_kept),
      BOTH(empty_lock_of_a_crash_is_taken_over),
      BOTH(a_look_says_who_lives_and_leaves_no_trace),
      BOTH(folder_that_cannot_be_written_is_named),
      BOTH(one_of_many_at_once_gets_it)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
