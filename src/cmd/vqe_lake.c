/* vqe_lake: results to tables, and what is done with tables. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_memory.h"
#include "base/text.h"
#include "blas_start.h"
#include "cmd_log.h"
#include "lake/featurize.h"
#include "lake/normalize.h"
#include "lake/query.h"
#include "lake/warehouse.h"
#include "lake_commands.h"
#include "option_table.h"
#include "screen.h"
#include "side_output.h"
#include "version_print.h"
#include "vqe/experiment.h"
#include "warn_exposed.h"

/* ---- commands ---- */

static int open_source(struct vqe_source *out, char **beside, const char *name,
                       const struct vqe_cmd_lake_options *options)
{
  struct vqe_objects_options objects = vqe_cmd_lake_objects(options);
  struct stat info;
  *beside = NULL;
  if (vqe_cmd_lake_is_remote(name)) {
    return vqe_source_raw(out, name, &objects);
  }
  if (stat(name, &info) != 0) {
    int status = vqe_file_errno(errno, "cannot read the source", name);
    return status == VQE_ERR_NOT_FOUND
               ? vqe_error_set(status,
                               "there is no source '%s': name an HDF5 result, "
                               "a spool or a folder of raw files",
                               name)
               : status;
  }
  if (S_ISDIR(info.st_mode)) {
    return vqe_source_folder(out, name, &objects);
  }
  int status = vqe_source_hdf5(out, name);
  if (status == VQE_OK) {
    status = vqe_warehouse_beside(beside, name);
    if (status != VQE_OK) {
      vqe_source_close(out);
    }
  }
  return status;
}

/* What --summary names is written when the work is done. */
static int check_summary(const struct vqe_cmd_lake_options *options)
{
  return vqe_cmd_side_output_check("--summary", options->summary, NULL, 0);
}

static int run_normalize(struct vqe_cmd_lake_options *options)
{
  struct vqe_source source = {0};
  struct vqe_warehouse *warehouse = NULL;
  struct vqe_normalize_result result = {0};
  char *beside = NULL;
  int status = check_summary(options);
  if (status == VQE_OK) {
    status = open_source(&source, &beside, options->arguments[0], options);
  }
  if (status != VQE_OK) {
    return vqe_cmd_lake_complain(status);
  }
  source.warn = vqe_cmd_lake_warn;
  source.warn_ctx = options;
  status = vqe_cmd_lake_open(&warehouse, vqe_cmd_lake_place(options, beside),
                             options, VQE_CMD_LAKE_MAKE);
  if (status == VQE_OK) {
    status = vqe_normalize(&result, warehouse, &source);
  }
  if (status == VQE_OK) {
    status = vqe_cmd_lake_print_normalized(&result, warehouse, options);
  }
  status = vqe_cmd_lake_close(warehouse, status);
  vqe_source_close(&source);
  free(beside);
  if (status != VQE_OK) {
    return vqe_cmd_lake_complain(status);
  }
  return result.skipped + result.staged.invalid +
                     result.staged.nonfinite_minimum >
                 0
             ? EXIT_SOME_FAILED
             : EXIT_GOOD;
}

static int run_featurize(struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  struct vqe_featurize_result result = {0};
  const char *argument =
      options->narguments > 0 ? options->arguments[0] : NULL;
  int status = check_summary(options);
  if (status == VQE_OK) {
    status =
        vqe_cmd_lake_open(&warehouse, vqe_cmd_lake_place(options, argument),
                          options, VQE_CMD_LAKE_CHANGE);
  }
  if (status == VQE_OK) {
    status = vqe_featurize(&result, warehouse);
  }
  if (status == VQE_OK) {
    status = vqe_cmd_lake_print_featurized(&result, warehouse, options);
  }
  status = vqe_cmd_lake_close(warehouse, status);
  return status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
}

static int read_format(enum vqe_query_format *out, const char *name)
{
  static const char *const names[] = {"text", "csv", "json"};
  *out = VQE_QUERY_TEXT;
  for (int k = 0; name != NULL && k < 3; k++) {
    if (strcmp(name, names[k]) == 0) {
      *out = (enum vqe_query_format)k;
      return VQE_OK;
    }
  }
  return name == NULL ? VQE_OK
                      : vqe_error_set(VQE_ERR_INPUT,
                                      "option --format: '%s' is none of text, "
                                      "csv, json",
                                      name);
}

static int run_query(struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  enum vqe_query_format format;
  FILE *stream = NULL;
  int status = read_format(&format, options->format);
  if (status == VQE_OK) {
    status = vqe_cmd_lake_open(&warehouse, vqe_cmd_lake_place(options, NULL),
                               options, VQE_CMD_LAKE_READ);
  }
  if (status == VQE_OK) {
    status = vqe_cmd_lake_open_output(&stream, options);
  }
  if (status == VQE_OK) {
    status = vqe_query(warehouse, options->arguments[0], format,
                       !options->unlocked, stream);
  }
  status = vqe_cmd_lake_close_output(stream, status);
  status = vqe_cmd_lake_close(warehouse, status);
  return status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
}

/* Names of tags and branches come from whoever wrote the table. */
static void print_snapshot(FILE *stream,
                           const struct vqe_iceberg_snapshot *snapshot)
{
  char date[32];
  struct tm utc;
  time_t seconds = (time_t)(snapshot->timestamp_ms / 1000);
  gmtime_r(&seconds, &utc);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
  char operation[32];
  snprintf(operation, sizeof operation, "%s",
           snapshot->operation != NULL ? snapshot->operation : "");
  vqe_text_blank_controls(operation);
  fprintf(stream, "  %s %20lld %-8s +%lld rows, %lld in all%s", date,
          (long long)snapshot->id, operation,
          (long long)snapshot->added_records,
          (long long)snapshot->total_records,
          snapshot->current ? ", current" : "");
  for (size_t k = 0; k < snapshot->nrefs; k++) {
    char *name = strdup(snapshot->refs[k]);
    if (name != NULL) {
      vqe_text_blank_controls(name);
    }
    fprintf(stream, " %s", name != NULL ? name : "?");
    free(name);
  }
  fputc('\n', stream);
}

static int run_log(struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  FILE *stream = NULL;
  const char *argument =
      options->narguments > 0 ? options->arguments[0] : NULL;
  int status =
      vqe_cmd_lake_open(&warehouse, vqe_cmd_lake_place(options, argument),
                        options, VQE_CMD_LAKE_READ);
  if (status == VQE_OK) {
    status = vqe_cmd_lake_open_output(&stream, options);
  }
  for (int t = 0; status == VQE_OK && t < VQE_LAKE_TABLES; t++) {
    struct vqe_iceberg_table *table = NULL;
    struct vqe_iceberg_snapshot *snapshots = NULL;
    size_t count = 0;
    status = vqe_iceberg_open(&table, vqe_warehouse_objects(warehouse),
                              vqe_lake_definitions[t].name);
    if (status == VQE_ERR_NOT_FOUND) {
      status = VQE_OK;
      continue;
    }
    if (status == VQE_OK) {
      status = vqe_iceberg_snapshots(&snapshots, &count, table);
    }
    if (status == VQE_OK) {
      fprintf(stream, "%s: version %lld, %zu snapshot%s\n",
              vqe_lake_definitions[t].name,
              (long long)vqe_iceberg_version(table), count,
              vqe_cmd_plural(count));
    }
    for (size_t k = 0; status == VQE_OK && k < count; k++) {
      print_snapshot(stream, &snapshots[k]);
    }
    vqe_iceberg_snapshots_free(snapshots, count);
    vqe_iceberg_close(table);
  }
  status = vqe_cmd_lake_close_output(stream, status);
  status = vqe_cmd_lake_close(warehouse, status);
  return status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
}

static int run_command(struct vqe_cmd_lake_options *options)
{
  static const struct {
    const char *name;
    int (*run)(struct vqe_cmd_lake_options *options);
  } programs[] = {
      {"normalize", run_normalize},
      {"featurize", run_featurize},
      {"query", run_query},
      {"log", run_log},
      {"check", vqe_cmd_lake_run_check},
      {"files", vqe_cmd_lake_run_files},
      {"relocate", vqe_cmd_lake_run_relocate},
      {"compact", vqe_cmd_lake_run_compact},
      {"expire", vqe_cmd_lake_run_expire},
      {"unlock", vqe_cmd_lake_run_unlock},
      {"with-lock", vqe_cmd_lake_run_with_lock},
      {"qasm", vqe_cmd_lake_run_qasm},
      {"molden", vqe_cmd_lake_run_molden},
      {"cube", vqe_cmd_lake_run_cube},
      {"report", vqe_cmd_lake_run_report},
      {"export", vqe_cmd_lake_run_export},
      {"publish", vqe_cmd_lake_run_publish},
      {"ingest", vqe_cmd_lake_run_ingest},
  };
  for (size_t k = 0; k < sizeof programs / sizeof programs[0]; k++) {
    if (strcmp(options->command, programs[k].name) == 0) {
      return programs[k].run(options);
    }
  }
  return EXIT_BAD_INPUT;
}

int main(int argc, char **argv)
{
  struct vqe_cmd_lake_options options;
  int code = EXIT_GOOD;
  vqe_cmd_log.program = "vqe_lake";
  vqe_cmd_blas_start(argv);
  vqe_cmd_begin_screen();
  vqe_json_watch();
  signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit fails with a message */
  int status = vqe_cmd_lake_options_parse(&options, argc, argv);
  if (status == VQE_OK) {
    status = vqe_cmd_log_begin(options.log_level, options.log_json,
                               options.log_prefix);
  }
  if (status != VQE_OK) {
    return vqe_cmd_lake_complain(status);
  }
  if (options.help) {
    status = vqe_cmd_lake_options_help(options.command, stdout);
    code = status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
  } else if (options.version) {
    vqe_cmd_version_print("vqe_lake");
  } else if (options.man) {
    vqe_cmd_lake_options_man(stdout);
  } else if (options.completion != NULL) {
    (void)vqe_cmd_lake_options_completion(options.completion, stdout);
  } else {
    vqe_cmd_warn_exposed(options.insecure_http);
    code = run_command(&options);
  }
  return vqe_cmd_end_screen(code);
}
