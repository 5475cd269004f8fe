#include "batch/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/own_file.h"
#include "base/thread.h"
#include "batch/owner_record.h"

/* Attributes of files are kept up to a minute by NFS clients. */
static const struct vqe_owner_times usual = {
    .beat = 5.0, .stale = 75.0, .settle = 1.0};

/* Lock files that end while this process looks at them. */
#define MAX_ROUNDS 200

struct vqe_owner {
  char *output, *path;
  const struct vqe_log *log;
  int descriptor;
  struct vqe_owner_times times;
  struct vqe_owner_record self;
  pthread_t thread;
  bool beats; /* the thread runs */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  bool ending;
};

int vqe_owner_path(char **out, const char *output)
{
  return vqe_memory_print(out, "%s.lock", output);
}

static void sleep_seconds(double seconds)
{
  struct timespec left = {
      .tv_sec = (time_t)seconds,
      .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/* ---- what stands in the file ---- */

enum seen { SEEN_RECORD, SEEN_EMPTY, SEEN_FOREIGN, SEEN_HIDDEN, SEEN_NOTHING };

/* By its name, afresh: NFS shows what others wrote to who opens a file. Of a
 * file that may not be read, user and time alone are known. */
static enum seen look(struct vqe_owner_record *record,
                      struct timespec *touched, const char *path)
{
  char text[VQE_OWNER_RECORD_SIZE];
  struct stat info = {0};
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  memset(record, 0, sizeof *record);
  if (descriptor < 0) {
    enum seen seen = errno == ENOENT ? SEEN_NOTHING : SEEN_FOREIGN;
    if (errno == EACCES && lstat(path, &info) == 0 && S_ISREG(info.st_mode)) {
      seen = SEEN_HIDDEN;
      *touched = info.st_mtim;
      vqe_own_file_user(record->user, &info);
    }
    return seen;
  }
  ssize_t size = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode)
                     ? pread(descriptor, text, sizeof text, 0)
                     : -1;
  close(descriptor);
  *touched = info.st_mtim;
  if (size == 0) {
    return SEEN_EMPTY;
  }
  return size > 0 && vqe_owner_record_read(record, text, (size_t)size)
             ? SEEN_RECORD
             : SEEN_FOREIGN;
}

static int write_record(const struct vqe_owner *owner)
{
  char text[VQE_OWNER_RECORD_SIZE];
  size_t size = vqe_owner_record_print(text, sizeof text, &owner->self);
  ssize_t put = -1;
  if (ftruncate(owner->descriptor, 0) == 0) {
    put = pwrite(owner->descriptor, text, size, 0);
  }
  if (put != (ssize_t)size || fsync(owner->descriptor) != 0) {
    return vqe_error_set(VQE_ERR_IO, "writing the lock '%s': %s", owner->path,
                         put >= 0 && put != (ssize_t)size ? "no room"
                                                          : strerror(errno));
  }
  return VQE_OK;
}

static int refuse(const struct vqe_owner *owner,
                  const struct vqe_owner_record *other)
{
  if (other->token[0] == '\0') {
    return vqe_error_set(VQE_ERR_EXISTS,
                         "output '%s' is in use by another run; wait for it "
                         "or name another output (its lock: '%s')",
                         owner->output, owner->path);
  }
  return vqe_error_set(
      VQE_ERR_EXISTS,
      "output '%s' is in use by a run of %s on host %s, process %lld%s%s, "
      "since %s; wait for it or name another output (its lock: '%s')",
      owner->output, other->user, other->host, (long long)other->process,
      other->job[0] != '\0' ? ", job " : "", other->job, other->since,
      owner->path);
}

static int foreign(const struct vqe_owner *owner)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "'%s' would be the lock of output '%s', but is no file "
                       "of vqe_batch or cannot be read; move it away or name "
                       "another output",
                       owner->path, owner->output);
}

/* ---- is the other one alive? ---- */

/* Beside the statuses: the file went meanwhile. */
#define AGAIN 1

static bool same_time(struct timespec a, struct timespec b)
{
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Look whether the run of `other` touches its file. Comparing the file with
 * itself needs no clocks that agree. */
static int watch(const struct vqe_owner *owner,
                 const struct vqe_owner_record *other, struct timespec touched)
{
  double started = vqe_clock_wall();
  vqe_log(owner->log, VQE_LOG_INFO,
          "note: output '%s' was in use on host %s, process %lld; "
          "looking up to %.0f s for a sign of life",
          owner->output, other->host, (long long)other->process,
          owner->times.stale);
  while (vqe_clock_wall() - started < owner->times.stale) {
    struct vqe_owner_record now;
    struct timespec then;
    sleep_seconds(owner->times.beat / 10.0);
    enum seen seen = look(&now, &then, owner->path);
    if (seen == SEEN_NOTHING) {
      return AGAIN;
    }
    if (seen == SEEN_RECORD &&
        (strcmp(now.token, other->token) != 0 || !same_time(then, touched))) {
      return refuse(owner, &now);
    }
  }
  return VQE_OK;
}

/* A file that was there: may it be taken over? `locked`: the system's lock is
 * ours, so that no process of this machine has it. */
static int judge(const struct vqe_owner *owner, bool locked)
{
  struct vqe_owner_record other;
  struct timespec touched;
  enum seen seen = look(&other, &touched, owner->path);
  if (seen == SEEN_EMPTY) {
    /* just made, or its maker died before it wrote a word */
    sleep_seconds(owner->times.settle);
    seen = look(&other, &touched, owner->path);
  }
  if (seen == SEEN_NOTHING) {
    return AGAIN;
  }
  if (seen == SEEN_EMPTY) {
    return VQE_OK;
  }
  if (seen == SEEN_FOREIGN) {
    return foreign(owner);
  }
  bool here = vqe_owner_record_same_machine(&other, &owner->self);
  if (here && locked) {
    return VQE_OK;
  }
  if (here && vqe_owner_record_same_processes(&other, &owner->self)) {
    if (vqe_owner_record_lives(&other)) {
      return refuse(owner, &other);
    }
    return VQE_OK;
  }
  return watch(owner, &other, touched);
}

/* ---- claiming ---- */

/* A lock of another user's run is not taken over, though it may be opened (by
 * root, or where all may write). */
static int check_user(const struct vqe_owner *owner)
{
  char user[VQE_OWN_FILE_USER_SIZE];
  struct stat info;
  if (fstat(owner->descriptor, &info) != 0 ||
      vqe_own_file_is_ours(&info, owner->path)) {
    return VQE_OK;
  }
  vqe_own_file_user(user, &info);
  return vqe_error_set(
      VQE_ERR_EXISTS,
      "output '%s' belongs to a run of %s, whose lock '%s' is not taken over; "
      "run this as %s, name another output, or remove the lock when that run "
      "is gone",
      owner->output, user, owner->path, user);
}

/* Open the lock file; *made when it was not there. */
static int open_file(struct vqe_owner *owner, bool *made)
{
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  /* whoever can read it can lock it, and keep the next run out */
  owner->descriptor = open(owner->path, flags | O_CREAT | O_EXCL, 0600);
  *made = owner->descriptor >= 0;
  if (owner->descriptor < 0 && errno == EEXIST) {
    owner->descriptor = open(owner->path, flags);
    if (owner->descriptor < 0 && errno == ENOENT) {
      return AGAIN;
    }
  }
  if (owner->descriptor >= 0) {
    return *made ? VQE_OK : check_user(owner);
  }
  int reason = errno;
  struct vqe_owner_record other;
  struct timespec touched;
  enum seen seen =
      reason == EACCES ? look(&other, &touched, owner->path) : SEEN_NOTHING;
  if (seen == SEEN_RECORD || seen == SEEN_HIDDEN) {
    char where[400] = "";
    if (seen == SEEN_RECORD) {
      snprintf(where, sizeof where, " on host %s, process %lld", other.host,
               (long long)other.process);
    }
    return vqe_error_set(
        VQE_ERR_IO,
        "output '%s' belongs to a run of %s%s, whose lock '%s' is not yours "
        "to take; name another output, or remove the lock when that run is "
        "gone",
        owner->output, other.user, where, owner->path);
  }
  if (reason == EISDIR || reason == ELOOP || reason == ENXIO) {
    return foreign(owner);
  }
  return vqe_error_set(VQE_ERR_IO,
                       "cannot make the lock '%s' of the output: %s; %s, or "
                       "name another output",
                       owner->path, strerror(reason), vqe_file_remedy(reason));
}

/* The name still leads to the file that is open? */
static bool still_there(const struct vqe_owner *owner)
{
  struct stat held;
  struct stat named;
  return fstat(owner->descriptor, &held) == 0 &&
         lstat(owner->path, &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

/* Does the file name a run that has ended? The one that took its lock over is
 * about to write its own name. */
static bool names_the_last(const struct vqe_owner *owner,
                           const struct vqe_owner_record *other)
{
  return vqe_owner_record_same_processes(other, &owner->self) &&
         !vqe_owner_record_lives(other);
}

/* Another process has the system's lock. */
static int meet(const struct vqe_owner *owner)
{
  struct vqe_owner_record other;
  struct timespec touched;
  enum seen seen = look(&other, &touched, owner->path);
  for (int k = 0;
       k < 40 && (seen == SEEN_EMPTY ||
                  (seen == SEEN_RECORD && names_the_last(owner, &other)));
       k++) {
    sleep_seconds(0.05);
    seen = look(&other, &touched, owner->path);
  }
  if (seen == SEEN_RECORD && names_the_last(owner, &other)) {
    other.token[0] = '\0'; /* nobody knows who has it */
  }
  if (seen == SEEN_NOTHING || !still_there(owner)) {
    return AGAIN;
  }
  return seen == SEEN_FOREIGN ? foreign(owner) : refuse(owner, &other);
}

/* Where nothing locks, two that take over one file at the same time see each
 * other's names when both have written. */
static int settle(const struct vqe_owner *owner)
{
  struct vqe_owner_record now;
  struct timespec touched;
  sleep_seconds(owner->times.settle);
  enum seen seen = look(&now, &touched, owner->path);
  if (seen == SEEN_RECORD && strcmp(now.token, owner->self.token) == 0) {
    return VQE_OK;
  }
  if (seen == SEEN_NOTHING) {
    return AGAIN;
  }
  return refuse(owner, &now);
}

static int claim_once(struct vqe_owner *owner)
{
  bool made;
  int status = open_file(owner, &made);
  if (status != VQE_OK) {
    return status;
  }
  bool locked = flock(owner->descriptor, LOCK_EX | LOCK_NB) == 0;
  if (!locked && errno == EWOULDBLOCK) {
    return meet(owner);
  }
  if (!still_there(owner)) {
    return AGAIN; /* its owner ended between opening and locking */
  }
  if (!made) {
    status = judge(owner, locked);
  }
  if (status == VQE_OK && !still_there(owner)) {
    status = AGAIN;
  }
  if (status == VQE_OK) {
    status = write_record(owner);
    if (status != VQE_OK && made) {
      (void)unlink(owner->path);
    }
  }
  if (status == VQE_OK && !made && !locked) {
    status = settle(owner);
  }
  return status;
}

static int claim(struct vqe_owner *owner)
{
  int status = AGAIN;
  for (int k = 0; k < MAX_ROUNDS && status == AGAIN; k++) {
    if (owner->descriptor >= 0) {
      close(owner->descriptor);
      owner->descriptor = -1;
    }
    status = claim_once(owner);
    if (status == AGAIN) {
      sleep_seconds(0.01);
    }
  }
  return status != AGAIN ? status
                         : vqe_error_set(VQE_ERR_EXISTS,
                                         "the lock '%s' of the output comes "
                                         "and goes; run this again",
                                         owner->path);
}

/* ---- signs of life ---- */

static void *beat(void *ctx)
{
  struct vqe_owner *owner = ctx;
  pthread_mutex_lock(&owner->lock);
  while (!owner->ending) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)owner->times.beat;
    until.tv_nsec +=
        (long)((owner->times.beat - (double)(time_t)owner->times.beat) * 1e9);
    if (until.tv_nsec >= 1000000000L) {
      until.tv_nsec -= 1000000000L;
      until.tv_sec++;
    }
    int woken = pthread_cond_timedwait(&owner->wake, &owner->lock, &until);
    if (woken == ETIMEDOUT && !owner->ending) {
      pthread_mutex_unlock(&owner->lock);
      (void)futimens(owner->descriptor, NULL);
      pthread_mutex_lock(&owner->lock);
    }
  }
  pthread_mutex_unlock(&owner->lock);
  return NULL;
}

static int start_beating(struct vqe_owner *owner)
{
  int status = vqe_thread_start(&owner->thread, beat, owner);
  owner->beats = status == VQE_OK;
  return status;
}

/* ---- */

static void owner_free(struct vqe_owner *owner)
{
  if (owner->descriptor >= 0) {
    close(owner->descriptor);
  }
  pthread_mutex_destroy(&owner->lock);
  pthread_cond_destroy(&owner->wake);
  free(owner->output);
  free(owner->path);
  free(owner);
}

static void init_sync(struct vqe_owner *owner)
{
  pthread_mutex_init(&owner->lock, NULL);
  vqe_thread_cond_init(&owner->wake);
}

int vqe_owner_claim(struct vqe_owner **out, const char *output,
                    const struct vqe_owner_times *times,
                    const struct vqe_log *log)
{
  struct vqe_owner *owner = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&owner, 1, sizeof *owner, "an output's lock");
  if (status != VQE_OK) {
    return status;
  }
  owner->descriptor = -1;
  owner->log = log;
  owner->times = times != NULL ? *times : usual;
  init_sync(owner);
  status = vqe_owner_record_self(&owner->self);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&owner->output, output);
  }
  if (status == VQE_OK) {
    status = vqe_owner_path(&owner->path, output);
  }
  if (status == VQE_OK) {
    status = claim(owner);
  }
  if (status == VQE_OK) {
    status = start_beating(owner);
    if (status != VQE_OK) {
      (void)unlink(owner->path);
    }
  }
  if (status != VQE_OK) {
    owner_free(owner);
    return status;
  }
  *out = owner;
  return VQE_OK;
}

int vqe_owner_check(struct vqe_owner *owner)
{
  struct vqe_owner_record now;
  struct timespec touched;
  if (owner == NULL) {
    return VQE_OK;
  }
  enum seen seen = look(&now, &touched, owner->path);
  if (seen == SEEN_RECORD && strcmp(now.token, owner->self.token) != 0) {
    return vqe_error_set(
        VQE_ERR_EXISTS,
        "output '%s' was taken over by a run of %s on host %s, process %lld, "
        "as this one gave no sign of life for %.0f s",
        owner->output, now.user, now.host, (long long)now.process,
        owner->times.stale);
  }
  return VQE_OK;
}

void vqe_owner_release(struct vqe_owner *owner)
{
  if (owner == NULL) {
    return;
  }
  pthread_mutex_lock(&owner->lock);
  owner->ending = true;
  pthread_cond_signal(&owner->wake);
  pthread_mutex_unlock(&owner->lock);
  if (owner->beats) {
    pthread_join(owner->thread, NULL);
  }
  if (still_there(owner) && vqe_owner_check(owner) == VQE_OK) {
    (void)unlink(owner->path);
  }
  owner_free(owner);
}

bool vqe_owner_lives(struct vqe_owner_record *out, const char *output)
{
  struct vqe_owner_record self;
  struct timespec touched = {0};
  char *path = NULL;
  bool lives = false;
  enum seen seen = vqe_owner_path(&path, output) == VQE_OK
                       ? look(out, &touched, path)
                       : SEEN_NOTHING;
  if (seen == SEEN_RECORD || seen == SEEN_HIDDEN) {
    bool here = seen == SEEN_RECORD &&
                vqe_owner_record_self(&self) == VQE_OK &&
                vqe_owner_record_same_machine(out, &self) &&
                vqe_owner_record_same_processes(out, &self);
    lives = here ? vqe_owner_record_lives(out)
                 : (double)(time(NULL) - touched.tv_sec) < usual.stale;
  }
  free(path);
  return lives;
}
