/* Commands of vqe_lake that keep a warehouse. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/text.h"
#include "cmd_log.h"
#include "lake/warehouse_check.h"
#include "lake/warehouse_maintain.h"
#include "lake_commands.h"
#include "objects/objects_lock.h"

#define LOCK_WAIT_SECONDS 60.0
#define UPLOAD_AGE_SECONDS 86400

static const char *argument_of(const struct vqe_cmd_lake_options *options,
                               int index)
{
  return index < options->narguments ? options->arguments[index] : NULL;
}

static void print_count(FILE *stream, const char *before, int64_t count,
                        const char *what)
{
  fprintf(stream, "%s%" PRId64 " %s%s", before, count, what,
          count == 1 ? "" : "s");
}

/* ---- check ---- */

struct findings {
  FILE *stream;
  bool quiet;
};

static void print_finding(void *ctx, const char *table,
                          enum vqe_iceberg_finding finding, const char *text)
{
  static const char *const kinds[] = {[VQE_ICEBERG_PROBLEM] = "problem",
                                      [VQE_ICEBERG_ORPHAN] = "orphan",
                                      [VQE_ICEBERG_NOTE] = "note"};
  const struct findings *findings = ctx;
  char named[128];
  int length = snprintf(named, sizeof named, "table '%s': ", table);
  if (strncmp(text, named, (size_t)length) == 0) {
    text += length; /* it stands in front already */
  }
  if (finding != VQE_ICEBERG_NOTE || !findings->quiet) {
    vqe_text_line(findings->stream, "%s %s: %s", kinds[finding], table, text);
  }
}

int vqe_cmd_lake_run_check(struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  struct vqe_warehouse_check_result result = {0};
  FILE *stream = NULL;
  int status = vqe_cmd_lake_open(
      &warehouse, vqe_cmd_lake_place(options, argument_of(options, 0)),
      options, VQE_CMD_LAKE_READ);
  if (status == VQE_OK) {
    status = vqe_cmd_lake_open_output(&stream, options);
  }
  if (status == VQE_OK) {
    struct findings findings = {stream, options->quiet};
    status = vqe_warehouse_check(&result, warehouse, print_finding, &findings);
  }
  if (status == VQE_OK && !options->quiet) {
    print_count(stream, "", result.tables, "table");
    print_count(stream, ", ", result.files, "file");
    print_count(stream, ", ", result.rows, "row");
    print_count(stream, ": ", result.problems, "problem");
    print_count(stream, ", ", result.orphans, "orphan");
    fputc('\n', stream);
  }
  status = vqe_cmd_lake_close_output(stream, status);
  status = vqe_cmd_lake_close(warehouse, status);
  if (status != VQE_OK) {
    return vqe_cmd_lake_complain(status);
  }
  return result.problems > 0 ? EXIT_SOME_FAILED : EXIT_GOOD;
}

/* ---- compact, expire ---- */

int vqe_cmd_lake_run_compact(struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  struct vqe_warehouse_compact_result result = {0};
  int status = vqe_cmd_lake_open(
      &warehouse, vqe_cmd_lake_place(options, argument_of(options, 0)),
      options, VQE_CMD_LAKE_CHANGE);
  if (status == VQE_OK) {
    status = vqe_warehouse_compact(&result, warehouse);
  }
  status = vqe_cmd_lake_close(warehouse, status);
  if (status != VQE_OK) {
    return vqe_cmd_lake_complain(status);
  }
  if (!options->quiet) {
    print_count(stdout, "", result.merged, "file");
    printf(" merged: %lld before, %lld now\n", (long long)result.files_before,
           (long long)result.files_after);
  }
  return EXIT_GOOD;
}

/* An age, or a date in UTC. */
static int read_age(int64_t *out, const char *text)
{
  if (text == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "expire needs --older-than: 30d, 12h, or a date");
  }
  bool age = false;
  int status = vqe_cmd_lake_time(out, &age, "--older-than", text);
  if (status == VQE_OK && age) {
    /* what was made just now is older than 0 s: a commit may be ahead of the
     * clock by as many milliseconds as there were commits in one */
    *out += 1000;
  }
  return status;
}

/* Uploads of crashed writers; those of the last day may be under way, of
 * writers that know no lock. */
static int end_uploads(size_t *ended, struct vqe_warehouse *warehouse,
                       int64_t older_than_ms)
{
  int64_t latest = ((int64_t)time(NULL) - UPLOAD_AGE_SECONDS) * 1000;
  return vqe_objects_end_uploads(ended, vqe_warehouse_objects(warehouse),
                                 older_than_ms < latest ? older_than_ms
                                                        : latest);
}

int vqe_cmd_lake_run_expire(struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  struct vqe_iceberg_expire_result result = {0};
  int64_t older_than_ms = 0;
  int64_t orphans = 0;
  size_t uploads = 0;
  int status = read_age(&older_than_ms, options->older_than);
  if (status == VQE_OK) {
    status = vqe_cmd_lake_open(
        &warehouse, vqe_cmd_lake_place(options, argument_of(options, 0)),
        options, VQE_CMD_LAKE_CHANGE);
  }
  if (status == VQE_OK) {
    status = vqe_warehouse_expire(&result, warehouse, older_than_ms);
  }
  if (status == VQE_OK && options->orphans) {
    status = vqe_warehouse_remove_orphans(&orphans, warehouse, older_than_ms);
  }
  if (status == VQE_OK && options->orphans) {
    status = end_uploads(&uploads, warehouse, older_than_ms);
  }
  status = vqe_cmd_lake_close(warehouse, status);
  if (status != VQE_OK) {
    return vqe_cmd_lake_complain(status);
  }
  if (!options->quiet) {
    print_count(stdout, "dropped ", result.snapshots, "snapshot");
    print_count(stdout, ", ", result.tags, "tag");
    print_count(stdout, "; deleted ", result.data_files, "data file");
    printf(" and %lld of metadata", (long long)result.manifests +
                                        (long long)result.manifest_lists +
                                        (long long)result.metadata_files);
    if (options->orphans) {
      print_count(stdout, "; ", orphans, "orphan");
      if (uploads > 0) {
        print_count(stdout, ", ", (int64_t)uploads, "unfinished upload");
      }
    }
    printf("\n");
  }
  return EXIT_GOOD;
}

/* ---- locks ---- */

static int open_objects(struct vqe_objects **out, const char *place,
                        const struct vqe_cmd_lake_options *options)
{
  struct vqe_objects_options objects = vqe_cmd_lake_objects(options);
  if (place == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no warehouse given: --warehouse PLACE, or set "
                         "VQE_WAREHOUSE");
  }
  return vqe_objects_open(out, place, &objects);
}

static int print_lock(void *ctx, const struct vqe_lock_info *info)
{
  int *count = ctx;
  (*count)++;
  vqe_text_line(stdout, "%s %s, process %lld on %s, since %s", info->id,
                info->holder, (long long)info->pid, info->host,
                info->acquired_at);
  return VQE_OK;
}

/* Arguments: [WAREHOUSE [ID]], or [ID] with --warehouse. */
int vqe_cmd_lake_run_unlock(struct vqe_cmd_lake_options *options)
{
  struct vqe_objects *objects = NULL;
  int count = 0;
  bool named = options->warehouse != NULL;
  const char *id = argument_of(options, named ? 0 : 1);
  int status = open_objects(
      &objects, vqe_cmd_lake_place(options, argument_of(options, 0)), options);
  if (status == VQE_OK && id != NULL) {
    status = vqe_lock_remove(objects, id);
  } else if (status == VQE_OK) {
    status = vqe_lock_list(objects, print_lock, &count);
    if (status == VQE_OK && count == 0 && !options->quiet) {
      printf("no locks\n");
    }
  }
  vqe_objects_close(objects);
  return status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
}

/* Run `words` and wait; its exit status, 128 + signal as shells say it. Its
 * core dumps are its own affair: `core` is what we began with. */
static int run_child(int *code, char **words, const struct rlimit *core)
{
  int state = 0;
  pid_t child = fork();
  if (child < 0) {
    return vqe_error_set(VQE_ERR_IO, "cannot start '%s': %s", words[0],
                         strerror(errno));
  }
  if (child == 0) {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    (void)setrlimit(RLIMIT_CORE, core);
    execvp(words[0], words);
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "cannot run '%s': %s", words[0],
            strerror(errno));
    _exit(127);
  }
  while (waitpid(child, &state, 0) < 0) {
    if (errno != EINTR) {
      return vqe_error_set(VQE_ERR_IO, "waiting for '%s': %s", words[0],
                           strerror(errno));
    }
  }
  *code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return VQE_OK;
}

int vqe_cmd_lake_run_with_lock(struct vqe_cmd_lake_options *options)
{
  struct vqe_objects *objects = NULL;
  struct vqe_lock *lock = NULL;
  char holder[256];
  double wait = LOCK_WAIT_SECONDS;
  int code = EXIT_GOOD;
  char *end = NULL;
  struct rlimit core;
  (void)getrlimit(RLIMIT_CORE, &core);
  if (options->lock_wait != NULL) {
    wait = strtod(options->lock_wait, &end);
    if (*end != '\0' || !(wait >= 0.0)) {
      return vqe_cmd_lake_complain(vqe_error_set(
          VQE_ERR_INPUT, "option --lock-wait: '%s' is no number of seconds",
          options->lock_wait));
    }
  }
  snprintf(holder, sizeof holder, VQE_LOCK_WITH_LOCK "%s",
           options->arguments[1]);
  int status = open_objects(&objects, options->arguments[0], options);
  if (status == VQE_OK) {
    status = vqe_lock_acquire(&lock, objects, holder, wait);
  }
  if (status == VQE_OK && vqe_objects_is_local(objects)) {
    vqe_log(&vqe_cmd_log, VQE_LOG_INFO,
            "note: in a folder, whose commits do not need it, the "
            "lock keeps out other with-lock commands only");
  }
  if (status != VQE_OK) {
    vqe_objects_close(objects);
    return vqe_cmd_lake_complain(status);
  }
  /* they are for the child; the lock is given back after it */
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  status = run_child(&code, options->arguments + 1, &core);
  if (status == VQE_OK) {
    status = vqe_lock_check(lock);
    if (status == VQE_ERR_NOT_FOUND) {
      vqe_error_set(VQE_ERR_EXISTS,
                    "someone removed the lock while '%s' ran: see vqe_lake "
                    "check",
                    options->arguments[1]);
    }
  }
  if (status != VQE_OK) {
    (void)vqe_cmd_lake_complain(status);
    code = code != EXIT_GOOD ? code : EXIT_SOME_FAILED;
  }
  status = vqe_lock_release(lock);
  vqe_objects_close(objects);
  if (status != VQE_OK) {
    (void)vqe_cmd_lake_complain(status);
    code = code != EXIT_GOOD ? code : EXIT_SOME_FAILED;
  }
  return code;
}
