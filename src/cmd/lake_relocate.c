/* Commands of vqe_lake that bring tables elsewhere: relocate, and files, which
 * lists what other programs are to copy. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/suggest.h"
#include "cmd_log.h"
#include "lake/warehouse_relocate.h"
#include "lake_commands.h"

/* Fills `chosen` by --table. */
static int choose_tables(bool chosen[VQE_LAKE_TABLES],
                         const struct vqe_cmd_lake_options *options)
{
  const char *names[VQE_LAKE_TABLES];
  for (int t = 0; t < VQE_LAKE_TABLES; t++) {
    names[t] = vqe_lake_definitions[t].name;
  }
  for (int k = 0; k < options->tables.count; k++) {
    const char *given = options->tables.list[k];
    bool found = false;
    for (int t = 0; t < VQE_LAKE_TABLES; t++) {
      bool same = strcmp(given, names[t]) == 0;
      chosen[t] = chosen[t] || same;
      found = found || same;
    }
    if (!found) {
      const char *nearest = vqe_suggest(given, names, VQE_LAKE_TABLES);
      return vqe_error_set(
          VQE_ERR_INPUT, "option --table: there is no table '%s'%s%s%s", given,
          nearest != NULL ? ": did you mean '" : "",
          nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
    }
  }
  return VQE_OK;
}

/* ---- files ---- */

struct files {
  FILE *stream;
  struct vqe_objects *objects;
};

/* Who copies by the list may pass over what is missing. */
static int print_file(void *ctx, const struct vqe_iceberg_file *file,
                      int64_t snapshot)
{
  const struct files *files = ctx;
  uint64_t size = 0;
  (void)snapshot;
  int status = vqe_objects_head(&size, files->objects, file->key);
  if (status == VQE_OK) {
    status = vqe_objects_require_size(file->key, size, (uint64_t)file->size);
  }
  if (status == VQE_OK) {
    fprintf(files->stream, "%" PRId64 " %s\n", file->size, file->key);
  }
  return status;
}

static int print_files(FILE *stream, struct vqe_objects *objects,
                       const char *name)
{
  struct vqe_iceberg_table *table = NULL;
  struct files files = {stream, objects};
  int status = vqe_iceberg_open(&table, objects, name);
  if (status == VQE_OK) {
    status = vqe_iceberg_scan(table, vqe_iceberg_current_snapshot(table),
                              print_file, &files);
    if (status == VQE_ERR_NOT_FOUND || status == VQE_ERR_INPUT) {
      /* only a table can be missing: this one is damaged */
      status = vqe_error_context(VQE_ERR_INPUT, "table '%s'", name);
    }
  }
  vqe_iceberg_close(table);
  return status;
}

int vqe_cmd_lake_run_files(struct vqe_cmd_lake_options *options)
{
  const char *place = vqe_cmd_lake_place(
      options, options->narguments > 0 ? options->arguments[0] : NULL);
  struct vqe_objects_options settings = vqe_cmd_lake_source(options);
  struct vqe_objects *objects = NULL;
  bool chosen[VQE_LAKE_TABLES] = {false};
  FILE *stream = NULL;
  int status = choose_tables(chosen, options);
  if (status == VQE_OK && place == NULL) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "no warehouse given: --warehouse PLACE, or set "
                           "VQE_WAREHOUSE");
  }
  if (status == VQE_OK) {
    status = vqe_objects_open(&objects, place, &settings);
  }
  if (status == VQE_OK) {
    status = vqe_warehouse_relocate_source(objects);
  }
  if (status == VQE_OK) {
    status = vqe_cmd_lake_open_output(&stream, options);
  }
  for (int t = 0; status == VQE_OK && t < VQE_LAKE_TABLES; t++) {
    if (options->tables.count == 0 || chosen[t]) {
      status = print_files(stream, objects, vqe_lake_definitions[t].name);
    }
    if (status == VQE_ERR_NOT_FOUND && !chosen[t]) {
      status = VQE_OK;
    }
  }
  status = vqe_cmd_lake_close_output(stream, status);
  vqe_objects_close(objects);
  return status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
}

/* ---- relocate ---- */

static void print_bytes(char out[32], int64_t bytes)
{
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
  double value = (double)bytes;
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
    value /= 1000.0;
    unit++;
  }
  snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

static void print_problem(void *ctx, enum vqe_iceberg_finding finding,
                          const char *text)
{
  (void)ctx;
  if (finding == VQE_ICEBERG_PROBLEM) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "problem: %s", text);
  }
}

static void print_table(void *ctx, const char *table, int status,
                        const struct vqe_iceberg_relocate_result *done)
{
  const struct vqe_cmd_lake_options *options = ctx;
  char bytes[32];
  if (status == VQE_ERR_INTERRUPTED) {
    return; /* the program ends with it */
  }
  if (status != VQE_OK) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "%s: %s", table, vqe_error_message());
    return;
  }
  if (done->problems > 0) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR,
            "%s: the copy has %" PRId64 " problem%s, as above", table,
            done->problems, vqe_cmd_plural((size_t)done->problems));
  }
  if (options->quiet ||
      (done->files + done->metadata_files == 0 && done->removed == 0)) {
    return;
  }
  print_bytes(bytes, done->bytes);
  printf("  %-22s %" PRId64 " file%s, %s", table, done->files,
         vqe_cmd_plural((size_t)done->files), bytes);
  print_bytes(bytes, done->metadata_bytes);
  printf("; metadata %s", bytes);
  if (done->removed > 0) {
    printf("; %" PRId64 " deleted", done->removed);
  }
  if (done->is_committed) {
    printf("; version %" PRId64, done->version);
  }
  printf("\n");
}

static void print_count(const char *before, int64_t count, const char *what)
{
  printf("%s%" PRId64 " %s%s", before, count, what,
         vqe_cmd_plural((size_t)count));
}

static void print_sum(const struct vqe_warehouse_relocate_result *result,
                      const struct vqe_cmd_lake_options *options)
{
  const struct vqe_iceberg_relocate_result *sum = &result->sum;
  const char *would = options->dry_run ? "to be " : "";
  char bytes[32];
  print_count("", result->tables, "table");
  fputs(options->dry_run ? ": " : " checked: ", stdout);
  if (sum->files + sum->metadata_files == 0) {
    print_count("nothing new, ", sum->files_there, "data file");
    fputs(" there\n", stdout);
  } else {
    print_bytes(bytes, sum->bytes + sum->metadata_bytes);
    print_count("", sum->files, "data file");
    printf(" and %" PRId64 " of metadata %scopied, %s; %" PRId64
           " there before\n",
           sum->metadata_files, would, bytes, sum->files_there);
  }
  if (sum->removed + sum->kept > 0) {
    print_bytes(bytes, sum->removed_bytes);
    print_count("", sum->removed, "file");
    printf(" %sdeleted, %s", would, bytes);
    if (sum->kept > 0) {
      printf("; %" PRId64 " more by the next run with --delete", sum->kept);
    }
    printf("\n");
  }
}

static volatile sig_atomic_t stop;

static void note_stop(int signal)
{
  (void)signal;
  stop = 1;
}

static bool stopped(void)
{
  return stop != 0;
}

/* The first signal ends the copy between two files, so that the lock is given
 * back; a second one ends it at once. */
static void catch_signals(void)
{
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction action = {.sa_handler = note_stop,
                             .sa_flags = SA_RESTART | (int)SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  for (size_t k = 0; k < sizeof signals / sizeof signals[0]; k++) {
    struct sigaction before;
    if (sigaction(signals[k], NULL, &before) == 0 &&
        before.sa_handler != SIG_IGN) {
      sigaction(signals[k], &action, NULL);
    }
  }
}

/* The target is locked, where its store needs that, but for a dry run. */
static int relocate(struct vqe_warehouse_relocate_result *result,
                    struct vqe_objects *from,
                    struct vqe_warehouse_relocate_options *relocate,
                    struct vqe_cmd_lake_options *options)
{
  struct vqe_objects_options settings = vqe_cmd_lake_target(options);
  struct vqe_warehouse *warehouse = NULL;
  struct vqe_objects *to = NULL;
  int status = VQE_OK;
  status = vqe_objects_open(&to, options->arguments[1], &settings);
  if (status == VQE_OK) {
    status = vqe_warehouse_relocate_apart(to, options->arguments[1], from,
                                          options->arguments[0]);
  }
  if (status == VQE_OK && options->dry_run) {
    status = vqe_warehouse_relocate(result, to, from, relocate);
  }
  vqe_objects_close(to);
  if (status != VQE_OK || options->dry_run) {
    return status;
  }
  status = vqe_cmd_lake_open_at(&warehouse, options->arguments[1], &settings,
                                options, VQE_CMD_LAKE_COPY);
  if (status == VQE_OK) {
    relocate->scratch = vqe_warehouse_scratch(warehouse);
    status = vqe_warehouse_relocate(result, vqe_warehouse_objects(warehouse),
                                    from, relocate);
  }
  return vqe_cmd_lake_close(warehouse, status);
}

int vqe_cmd_lake_run_relocate(struct vqe_cmd_lake_options *options)
{
  struct vqe_objects_options settings = vqe_cmd_lake_source(options);
  struct vqe_warehouse_relocate_options chosen = {.dry_run = options->dry_run,
                                                  .remove = options->remove,
                                                  .stopped = stopped,
                                                  .done = print_table,
                                                  .report = print_problem,
                                                  .ctx = options};
  struct vqe_warehouse_relocate_result result = {0};
  struct vqe_objects *from = NULL;
  int status = choose_tables(chosen.tables, options);
  catch_signals();
  if (status == VQE_OK) {
    status = vqe_objects_open(&from, options->arguments[0], &settings);
  }
  if (status == VQE_OK) {
    status = vqe_warehouse_relocate_source(from);
  }
  if (status == VQE_OK) {
    status = relocate(&result, from, &chosen, options);
  }
  vqe_objects_close(from);
  if (status != VQE_OK) {
    return vqe_cmd_lake_complain(status);
  }
  if (!options->quiet && result.tables > 0) {
    print_sum(&result, options);
  }
  if (result.failed > 0) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "%d table%s not copied, or not whole",
            result.failed, vqe_cmd_plural((size_t)result.failed));
  }
  return result.failed > 0 ? EXIT_SOME_FAILED : EXIT_GOOD;
}
