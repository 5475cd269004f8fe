#include "objects/objects_lock.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "objects/objects_process.h"
#include "objects/objects_uuid.h"

#define FOLDER "_locks/"
#define RECORD_LIMIT 65536
#define FIRST_PAUSE_S 0.05
#define LONGEST_PAUSE_S 2.0

struct vqe_lock {
  struct vqe_objects *objects;
  char id[VQE_OBJECTS_UUID_SIZE];
  char key[sizeof FOLDER + VQE_OBJECTS_UUID_SIZE];
};

/* What the object of a lock says about its holder; free by free(). */
static int make_record(char **out, const char *holder)
{
  char host[256] = "";
  char process[VQE_OBJECTS_PROCESS_SIZE];
  char now[VQE_CLOCK_RFC3339_SIZE];
  vqe_objects_process(process);
  gethostname(host, sizeof host - 1);
  vqe_clock_rfc3339(now);
  json_t *record = json_pack("{s:s, s:s, s:I, s:s, s:s}", "holder", holder,
                             "host", host, "pid", (json_int_t)getpid(),
                             "acquired_at", now, "process", process);
  *out = record == NULL ? NULL : vqe_json_dumps(record, JSON_COMPACT);
  json_decref(record);
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the lock's holder must be described in UTF-8");
  }
  return VQE_OK;
}

static const char *text_of(const json_t *record, const char *name)
{
  const char *text = json_string_value(json_object_get(record, name));
  return text == NULL ? "" : text;
}

struct lister {
  struct vqe_objects *objects;
  int (*visit)(void *ctx, const struct vqe_lock_info *info);
  void *ctx;
};

static int visit_lock(void *ctx, const struct vqe_object *object)
{
  const struct lister *lister = ctx;
  const char *id = object->key + strlen(FOLDER);
  char *text = NULL;
  size_t size = 0;
  json_t *record = NULL;
  if (object->is_folder || !vqe_objects_is_uuid(id)) {
    return VQE_OK;
  }
  int status = vqe_objects_get(&text, &size, lister->objects, object->key,
                               RECORD_LIMIT);
  if (status == VQE_ERR_NOT_FOUND) {
    return VQE_OK; /* released meanwhile */
  }
  if (status != VQE_OK && status != VQE_ERR_INPUT) {
    return status;
  }
  if (status == VQE_OK) {
    record = vqe_json_parse_any(text, size);
  }
  const struct vqe_lock_info info = {
      .id = id,
      .holder = text_of(record, "holder"),
      .host = text_of(record, "host"),
      .pid = json_integer_value(json_object_get(record, "pid")),
      .acquired_at = text_of(record, "acquired_at"),
      .process = text_of(record, "process")};
  status = lister->visit(lister->ctx, &info);
  json_decref(record);
  free(text);
  return status;
}

int vqe_lock_list(struct vqe_objects *objects,
                  int (*visit)(void *ctx, const struct vqe_lock_info *info),
                  void *ctx)
{
  struct lister lister = {.objects = objects, .visit = visit, .ctx = ctx};
  return vqe_objects_list(objects, FOLDER, false, visit_lock, &lister);
}

/* Another's lock among those listed. */
struct rival {
  const char *own_id;
  bool own_seen;
  char id[VQE_OBJECTS_UUID_SIZE]; /* "" when there is none */
};

static int visit_rival(void *ctx, const struct vqe_object *object)
{
  struct rival *rival = ctx;
  const char *id = object->key + strlen(FOLDER);
  if (object->is_folder || !vqe_objects_is_uuid(id)) {
    return VQE_OK;
  }
  if (strcmp(id, rival->own_id) == 0) {
    rival->own_seen = true;
  } else if (rival->id[0] == '\0') {
    snprintf(rival->id, sizeof rival->id, "%s", id);
  }
  return VQE_OK;
}

/* Remove the own key after an attempt that failed by `status`, whose message
 * stays. */
static int take_back(struct vqe_lock *lock, int status)
{
  char *kept = NULL;
  (void)vqe_memory_strdup(&kept, vqe_error_message());
  if (vqe_objects_delete(lock->objects, lock->key) != VQE_OK) {
    status = vqe_error_context(
        VQE_ERR_IO,
        "the lock '%s' of this process may remain in %s (remove "
        "it by: vqe_lake unlock)",
        lock->id, vqe_objects_describe(lock->objects));
  } else if (kept != NULL && status != VQE_ERR_EXISTS) {
    vqe_error_set(status, "%s", kept);
  }
  free(kept);
  return status;
}

/* Is the lock held, by what was listed after its key was written? */
static int judge(const struct vqe_lock *lock, const struct rival *rival)
{
  if (rival->id[0] != '\0') {
    return VQE_ERR_EXISTS;
  }
  if (rival->own_seen) {
    return VQE_OK;
  }
  return vqe_error_set(
      VQE_ERR_IO,
      "%s does not list a lock just written: it has no read-after-write "
      "consistency (Garage: consistency_mode = \"consistent\"), so several "
      "writers are not safe",
      vqe_objects_describe(lock->objects));
}

/* One attempt: VQE_ERR_EXISTS and rival->id when another was seen. The own
 * key is taken back unless the lock is held. */
static int attempt_once(struct vqe_lock *lock, struct rival *rival,
                        const char *record)
{
  lock->id[0] = '\0';
  *rival = (struct rival){.own_id = lock->id};
  /* to look first saves two writes while the lock is held for long */
  int status =
      vqe_objects_list(lock->objects, FOLDER, false, visit_rival, rival);
  if (status == VQE_OK && rival->id[0] != '\0') {
    return VQE_ERR_EXISTS;
  }
  if (status == VQE_OK) {
    status = vqe_objects_uuid(lock->id);
  }
  if (status != VQE_OK) {
    return status;
  }
  snprintf(lock->key, sizeof lock->key, FOLDER "%s", lock->id);
  status = vqe_objects_put(lock->objects, lock->key, record, strlen(record),
                           VQE_OBJECTS_REPLACE);
  if (status == VQE_OK) {
    status =
        vqe_objects_list(lock->objects, FOLDER, false, visit_rival, rival);
  }
  if (status == VQE_OK) {
    status = judge(lock, rival);
  }
  return status == VQE_OK ? VQE_OK : take_back(lock, status);
}

/* Wait for a fifth of `longest_s` to all of it; without the randomness
 * two who collide would collide for ever. */
static void jittered_pause(double longest_s)
{
  uint32_t draw = 0;
  if (getrandom(&draw, sizeof draw, 0) != (ssize_t)sizeof draw) {
    draw = (uint32_t)getpid();
  }
  double seconds = longest_s * (0.2 + 0.8 * (double)draw / 4294967296.0);
  struct timespec left = {
      .tv_sec = (time_t)seconds,
      .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

int vqe_lock_remove(struct vqe_objects *objects, const char *id)
{
  char key[sizeof FOLDER + VQE_OBJECTS_UUID_SIZE];
  uint64_t size = 0;
  if (!vqe_objects_is_uuid(id)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%.100s' is no lock's name; vqe_lake unlock lists "
                         "those there are",
                         id);
  }
  snprintf(key, sizeof key, FOLDER "%s", id);
  int status = vqe_objects_head(&size, objects, key);
  if (status == VQE_ERR_NOT_FOUND) {
    return vqe_error_set(VQE_ERR_NOT_FOUND, "there is no lock '%s' in %s", id,
                         vqe_objects_describe(objects));
  }
  if (status != VQE_OK) {
    return status;
  }
  return vqe_objects_delete(objects, key);
}

struct ended {
  struct vqe_objects *objects;
  const char *holder;
  size_t count;
};

static int remove_ended(void *ctx, const struct vqe_lock_info *info)
{
  struct ended *ended = ctx;
  if (strcmp(info->holder, ended->holder) != 0 ||
      !vqe_objects_process_ended(info->process, info->pid)) {
    return VQE_OK;
  }
  int status = vqe_lock_remove(ended->objects, info->id);
  ended->count += status == VQE_OK;
  return status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
}

/* The locks of a holder that has certainly ended; *count of them. */
static int remove_all_ended(size_t *count, struct vqe_objects *objects,
                            const char *holder)
{
  struct ended ended = {objects, holder, 0};
  int status = vqe_lock_list(objects, remove_ended, &ended);
  *count = ended.count;
  return status;
}

/* The refusal, with what is known about the holder. */
struct refusal {
  const struct vqe_objects *objects;
  const char *place;
  const char *id;
  double waited_s;
  bool is_set;
};

/* What may still write when the holder has ended: the command that it ran
 * does not end with it. "" for other holders. */
static void describe_child(char *out, size_t size,
                           const struct vqe_lock_info *info)
{
  const char *command = info->holder + strlen(VQE_LOCK_WITH_LOCK);
  out[0] = '\0';
  if (strncmp(info->holder, VQE_LOCK_WITH_LOCK, strlen(VQE_LOCK_WITH_LOCK)) ==
      0) {
    const char *name = strrchr(command, '/');
    snprintf(out, size,
             " but '%.100s', which it ran, may still write: see ps -ef | grep "
             "%.100s, and wait until it has ended or end it; then",
             command, name != NULL ? name + 1 : command);
  }
}

static int visit_refusal(void *ctx, const struct vqe_lock_info *info)
{
  struct refusal *refusal = ctx;
  char child[320];
  if (refusal->is_set || strcmp(info->id, refusal->id) != 0) {
    return VQE_OK;
  }
  refusal->is_set = true;
  if (!vqe_objects_process_ended(info->process, info->pid)) {
    vqe_error_set(
        VQE_ERR_EXISTS,
        "%s is locked by '%.200s' (host %.100s, process %lld, since %.40s), "
        "waited %.0f s; try again when it has ended, or, when it is dead, "
        "remove its lock: vqe_lake unlock %s %s",
        vqe_objects_describe(refusal->objects), info->holder, info->host,
        (long long)info->pid, info->acquired_at, refusal->waited_s,
        refusal->place, info->id);
    return VQE_OK;
  }
  describe_child(child, sizeof child, info);
  vqe_error_set(
      VQE_ERR_EXISTS,
      "%s is locked by '%.200s' (process %lld of this machine, since "
      "%.40s), waited %.0f s; that process has ended,%s remove its "
      "lock: vqe_lake unlock %s %s",
      vqe_objects_describe(refusal->objects), info->holder,
      (long long)info->pid, info->acquired_at, refusal->waited_s, child,
      refusal->place, info->id);
  return VQE_OK;
}

static int refuse(struct vqe_objects *objects, const char *id, double waited_s)
{
  char *place = NULL;
  int status = vqe_objects_uri(&place, objects, "");
  struct refusal refusal = {
      .objects = objects, .place = place, .id = id, .waited_s = waited_s};
  if (status == VQE_OK) {
    status = vqe_lock_list(objects, visit_refusal, &refusal);
  }
  free(place);
  if (status != VQE_OK || !refusal.is_set) {
    return vqe_error_set(VQE_ERR_EXISTS,
                         "%s is locked by others (last seen: lock %s), waited "
                         "%.0f s; try again",
                         vqe_objects_describe(objects), id, waited_s);
  }
  return VQE_ERR_EXISTS;
}

/* How to wait for a lock. */
struct waiting {
  const char *record;
  double max_wait_s;
  const char *over; /* holder whose locks go when it has ended; or NULL */
  size_t ended;     /* locks that went so */
};

/* One attempt, and another one at once where locks in the way have gone. */
static int attempt(struct vqe_lock *lock, struct rival *rival,
                   struct waiting *waiting)
{
  size_t count = 0;
  int status = attempt_once(lock, rival, waiting->record);
  if (status == VQE_ERR_EXISTS && waiting->over != NULL) {
    /* what fails here is looked at again after the next pause */
    (void)remove_all_ended(&count, lock->objects, waiting->over);
    waiting->ended += count;
  }
  return count > 0 ? attempt_once(lock, rival, waiting->record) : status;
}

/* Attempt after attempt, until the lock is held or the time is over. */
static int wait_for_lock(struct vqe_lock *lock, struct waiting *waiting)
{
  struct rival rival;
  double start = vqe_clock_wall();
  double pause_s = FIRST_PAUSE_S;
  int status = attempt(lock, &rival, waiting);
  double waited_s = vqe_clock_wall() - start;
  while (status == VQE_ERR_EXISTS && waited_s < waiting->max_wait_s) {
    double left_s = waiting->max_wait_s - waited_s;
    jittered_pause(pause_s < left_s ? pause_s : left_s);
    pause_s =
        1.5 * pause_s < LONGEST_PAUSE_S ? 1.5 * pause_s : LONGEST_PAUSE_S;
    status = attempt(lock, &rival, waiting);
    waited_s = vqe_clock_wall() - start;
  }
  return status == VQE_ERR_EXISTS ? refuse(lock->objects, rival.id, waited_s)
                                  : status;
}

static int acquire(struct vqe_lock **out, struct vqe_objects *objects,
                   const char *holder, struct waiting *waiting)
{
  struct vqe_lock *lock = NULL;
  char *record = NULL;
  *out = NULL;
  int status = make_record(&record, holder);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lock, 1, sizeof *lock, "a lock");
  }
  if (status == VQE_OK) {
    lock->objects = objects;
    waiting->record = record;
    status = wait_for_lock(lock, waiting);
  }
  free(record);
  if (status != VQE_OK) {
    free(lock);
    return status;
  }
  *out = lock;
  return VQE_OK;
}

int vqe_lock_acquire(struct vqe_lock **out, struct vqe_objects *objects,
                     const char *holder, double max_wait_s)
{
  struct waiting waiting = {.max_wait_s = max_wait_s};
  return acquire(out, objects, holder, &waiting);
}

int vqe_lock_acquire_over_ended(struct vqe_lock **out, size_t *ended,
                                struct vqe_objects *objects,
                                const char *holder, double max_wait_s)
{
  struct waiting waiting = {.max_wait_s = max_wait_s, .over = holder};
  int status = acquire(out, objects, holder, &waiting);
  *ended = waiting.ended;
  return status;
}

int vqe_lock_release(struct vqe_lock *lock)
{
  if (lock == NULL) {
    return VQE_OK;
  }
  int status = vqe_objects_delete(lock->objects, lock->key);
  if (status != VQE_OK) {
    status = vqe_error_context(status,
                               "the lock '%s' remains in %s (remove it by: "
                               "vqe_lake unlock)",
                               lock->id, vqe_objects_describe(lock->objects));
  }
  free(lock);
  return status;
}

int vqe_lock_check(struct vqe_lock *lock)
{
  uint64_t size = 0;
  int status = vqe_objects_head(&size, lock->objects, lock->key);
  if (status == VQE_ERR_NOT_FOUND) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "the lock '%s' of %s was removed while it was "
                           "held; stop here and run this again",
                           lock->id, vqe_objects_describe(lock->objects));
  }
  return status;
}

const char *vqe_lock_id(const struct vqe_lock *lock)
{
  return lock->id;
}
