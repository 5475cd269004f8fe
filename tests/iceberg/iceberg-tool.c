/* The Iceberg part driven from a script: commands on standard input as JSON,
 * one a line, responses as JSON, one a line. Parquet files are there already.
 *
 *   {"do": "append", "run": id, "definition": {...}, "files": [...],
 *    "timestamp_ms": t, "base": snapshot, "die_after": step}
 *   {"do": "files"|"log"|"check"|"expire"|"relocate", "table": name, ...}
 *   {"do": "compact", "run": id, "definition": {...}}
 *
 * iceberg-tool WAREHOUSE */
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iceberg/iceberg.h"
#include "objects/objects.h"
#include "vqe/error.h"

static int64_t integer(const json_t *object, const char *key,
                       int64_t otherwise)
{
  const json_t *value = json_object_get(object, key);
  return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static const char *string(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

static void respond(json_t *response)
{
  char *text = json_dumps(response, JSON_COMPACT);
  puts(text);
  fflush(stdout);
  free(text);
  json_decref(response);
}

static void respond_status(int status)
{
  respond(json_pack("{s:s, s:s}", "status", vqe_error_name(status), "message",
                    vqe_error_message()));
}

static struct vqe_iceberg_definition *load_definition(const json_t *command)
{
  struct vqe_iceberg_definition *definition = NULL;
  char *text = json_dumps(json_object_get(command, "definition"), 0);
  if (text != NULL &&
      vqe_iceberg_definition_parse(&definition, text, strlen(text), "stdin") !=
          VQE_OK) {
    respond_status(VQE_ERR_INPUT);
  }
  free(text);
  return definition;
}

/* A JSON value as the bytes of a column's type. */
static int bytes_of(struct vqe_iceberg_bytes *out, const json_t *value,
                    enum vqe_iceberg_type type)
{
  memset(out, 0, sizeof *out);
  if (value == NULL || json_is_null(value)) {
    return VQE_OK;
  }
  switch (type) {
  case VQE_ICEBERG_INT:
  case VQE_ICEBERG_DATE:
    return vqe_iceberg_bytes_int(out, (int32_t)json_integer_value(value));
  case VQE_ICEBERG_LONG:
  case VQE_ICEBERG_TIMESTAMPTZ:
    return vqe_iceberg_bytes_long(out, json_integer_value(value));
  case VQE_ICEBERG_DOUBLE:
    return vqe_iceberg_bytes_double(out, json_number_value(value));
  case VQE_ICEBERG_BOOLEAN:
    return vqe_iceberg_bytes_boolean(out, json_is_true(value));
  default:
    return vqe_iceberg_bytes_string(out, json_string_value(value),
                                    json_string_length(value));
  }
}

/* {"key", "records", "size", "partition": [...], "stats": [{"column",
 * "size", "values", "nulls", "nans", "min", "max"}]} */
static void load_file(struct vqe_iceberg_file *file, const json_t *json,
                      const struct vqe_iceberg_definition *definition)
{
  const json_t *stats = json_object_get(json, "stats");
  const json_t *offsets = json_object_get(json, "offsets");
  file->key = strdup(string(json, "key"));
  file->record_count = integer(json, "records", 0);
  file->size = integer(json, "size", 0);
  file->npartition = definition->npartition;
  file->partition =
      calloc(definition->npartition + 1, sizeof *file->partition);
  for (size_t k = 0; k < definition->npartition; k++) {
    bytes_of(&file->partition[k],
             json_array_get(json_object_get(json, "partition"), k),
             definition->columns[definition->partition[k]].type);
  }
  file->nsplit_offsets = json_array_size(offsets);
  file->split_offsets = calloc(file->nsplit_offsets + 1, sizeof(int64_t));
  for (size_t k = 0; k < file->nsplit_offsets; k++) {
    file->split_offsets[k] = json_integer_value(json_array_get(offsets, k));
  }
  file->nstats = json_array_size(stats);
  file->stats = calloc(file->nstats + 1, sizeof *file->stats);
  for (size_t k = 0; k < file->nstats; k++) {
    const json_t *item = json_array_get(stats, k);
    struct vqe_iceberg_stats *to = &file->stats[k];
    const struct vqe_iceberg_column *column =
        vqe_iceberg_definition_column(definition, string(item, "column"));
    to->field_id = column->inner_id > 0     ? column->inner_id
                   : column->element_id > 0 ? column->element_id
                                            : column->id;
    to->column_size = integer(item, "size", -1);
    to->value_count = integer(item, "values", -1);
    to->null_count = integer(item, "nulls", -1);
    to->nan_count = integer(item, "nans", -1);
    bytes_of(&to->lower, json_object_get(item, "min"), column->type);
    bytes_of(&to->upper, json_object_get(item, "max"), column->type);
  }
}

static void die_after(void *ctx, enum vqe_iceberg_step step)
{
  if (*(int64_t *)ctx == (int64_t)step) {
    raise(SIGKILL);
  }
}

static const char *outcome_name(enum vqe_iceberg_outcome outcome)
{
  static const char *const names[] = {"nothing", "committed", "already",
                                      "unknown"};
  return names[outcome];
}

static void respond_commit(int status, const struct vqe_iceberg_commit *commit)
{
  respond(json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:i, s:s}", "status",
                    vqe_error_name(status), "message",
                    status == VQE_OK ? "" : vqe_error_message(), "outcome",
                    outcome_name(commit->outcome), "created", commit->created,
                    "snapshot", (json_int_t)commit->snapshot, "version",
                    (json_int_t)commit->version, "retries", commit->retries,
                    "tag", commit->tag));
}

static void do_append(struct vqe_objects *objects, const json_t *command)
{
  struct vqe_iceberg_definition *definition = load_definition(command);
  const json_t *list = json_object_get(command, "files");
  struct vqe_iceberg_table *table = NULL;
  size_t nfiles = json_array_size(list);
  int64_t last_step = integer(command, "die_after", -1);
  if (definition == NULL) {
    return;
  }
  int status = vqe_iceberg_open(&table, objects, definition->name);
  if (status == VQE_OK) {
    status = vqe_iceberg_definition_bind(definition, table);
  }
  vqe_iceberg_close(table);
  if (status != VQE_OK && status != VQE_ERR_NOT_FOUND) {
    respond_status(status);
    vqe_iceberg_definition_free(definition);
    return;
  }
  struct vqe_iceberg_file *files = calloc(nfiles + 1, sizeof *files);
  for (size_t k = 0; k < nfiles; k++) {
    load_file(&files[k], json_array_get(list, k), definition);
  }
  struct vqe_iceberg_commit_options options = {
      .run_id = string(command, "run"),
      .timestamp_ms = integer(command, "timestamp_ms", 0),
      .base_snapshot = integer(command, "base", VQE_ICEBERG_ANY_SNAPSHOT),
      .exclusive = json_is_true(json_object_get(command, "exclusive")),
      .on_step = die_after,
      .on_step_ctx = &last_step};
  struct vqe_iceberg_commit commit;
  status = vqe_iceberg_append(&commit, objects, definition, files, nfiles,
                              &options);
  respond_commit(status, &commit);
  for (size_t k = 0; k < nfiles; k++) {
    vqe_iceberg_file_clear(&files[k]);
  }
  free(files);
  vqe_iceberg_definition_free(definition);
}

static int list_file(void *ctx, const struct vqe_iceberg_file *file,
                     int64_t snapshot)
{
  return json_array_append_new(
      ctx,
      json_pack("{s:s, s:I, s:I, s:I}", "key", file->key, "records",
                (json_int_t)file->record_count, "size", (json_int_t)file->size,
                "snapshot", (json_int_t)snapshot));
}

static void do_files(struct vqe_objects *objects, const json_t *command)
{
  struct vqe_iceberg_table *table = NULL;
  json_t *list = json_array();
  const char *ref = string(command, "ref");
  int64_t snapshot = VQE_ICEBERG_NO_SNAPSHOT;
  int status = vqe_iceberg_open(&table, objects, string(command, "table"));
  if (status == VQE_OK && ref != NULL) {
    status = vqe_iceberg_find_ref(&snapshot, table, ref);
  } else if (status == VQE_OK) {
    snapshot = vqe_iceberg_current_snapshot(table);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_scan(table, snapshot, list_file, list);
  }
  if (status == VQE_OK) {
    respond(json_pack("{s:s, s:I, s:O}", "status", "ok", "snapshot",
                      (json_int_t)snapshot, "files", list));
  } else {
    respond_status(status);
  }
  json_decref(list);
  vqe_iceberg_close(table);
}

static void do_log(struct vqe_objects *objects, const json_t *command)
{
  struct vqe_iceberg_table *table = NULL;
  struct vqe_iceberg_snapshot *snapshots = NULL;
  size_t count = 0;
  json_t *list = json_array();
  int status = vqe_iceberg_open(&table, objects, string(command, "table"));
  if (status == VQE_OK) {
    status = vqe_iceberg_snapshots(&snapshots, &count, table);
  }
  for (size_t k = 0; k < count; k++) {
    const struct vqe_iceberg_snapshot *s = &snapshots[k];
    json_t *refs = json_array();
    for (size_t r = 0; r < s->nrefs; r++) {
      json_array_append_new(refs, json_string(s->refs[r]));
    }
    json_array_append_new(
        list,
        json_pack("{s:I, s:I, s:I, s:s, s:s?, s:o, s:I, s:b}", "id",
                  (json_int_t)s->id, "parent", (json_int_t)s->parent,
                  "sequence", (json_int_t)s->sequence, "operation",
                  s->operation, "run", s->run_id, "refs", refs, "records",
                  (json_int_t)s->total_records, "current", s->current));
  }
  if (status == VQE_OK) {
    respond(json_pack("{s:s, s:O}", "status", "ok", "snapshots", list));
  } else {
    respond_status(status);
  }
  json_decref(list);
  vqe_iceberg_snapshots_free(snapshots, count);
  vqe_iceberg_close(table);
}

static void collect_finding(void *ctx, enum vqe_iceberg_finding finding,
                            const char *text)
{
  json_t *lists = ctx;
  const char *list = finding == VQE_ICEBERG_PROBLEM  ? "problems"
                     : finding == VQE_ICEBERG_ORPHAN ? "orphans"
                                                     : "notes";
  json_array_append_new(json_object_get(lists, list), json_string(text));
}

static void do_check(struct vqe_objects *objects, const json_t *command)
{
  json_t *response =
      json_pack("{s:[], s:[], s:[]}", "problems", "orphans", "notes");
  struct vqe_iceberg_check_options options = {.report = collect_finding,
                                              .report_ctx = response};
  struct vqe_iceberg_check_result result;
  int status =
      vqe_iceberg_check(&result, objects, string(command, "table"), &options);
  if (status == VQE_OK) {
    json_object_set_new(response, "status", json_string("ok"));
    json_object_set_new(response, "files", json_integer(result.files));
    json_object_set_new(response, "records", json_integer(result.records));
    json_object_set_new(response, "snapshots", json_integer(result.snapshots));
    json_object_set_new(response, "manifests", json_integer(result.manifests));
    respond(response);
  } else {
    json_decref(response);
    respond_status(status);
  }
}

static void do_expire(struct vqe_objects *objects, const json_t *command)
{
  int64_t last_step = integer(command, "die_after", -1);
  struct vqe_iceberg_expire_options options = {
      .older_than_ms = integer(command, "older_than_ms", 0),
      .on_step = die_after,
      .on_step_ctx = &last_step};
  struct vqe_iceberg_expire_result result;
  int status =
      vqe_iceberg_expire(&result, objects, string(command, "table"), &options);
  if (status == VQE_OK) {
    respond(json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "status", "ok",
                      "tags", (json_int_t)result.tags, "snapshots",
                      (json_int_t)result.snapshots, "data_files",
                      (json_int_t)result.data_files, "manifests",
                      (json_int_t)result.manifests, "manifest_lists",
                      (json_int_t)result.manifest_lists, "metadata_files",
                      (json_int_t)result.metadata_files));
  } else {
    respond_status(status);
  }
}

/* Merging is the script's work: the files go out on one line, the merged one
 * comes back on the next. */
static int ask_merge(void *ctx, struct vqe_iceberg_file *out,
                     const struct vqe_iceberg_definition *definition,
                     const struct vqe_iceberg_file *files, size_t nfiles)
{
  (void)ctx;
  json_t *keys = json_array();
  char *line = NULL;
  size_t capacity = 0;
  for (size_t k = 0; k < nfiles; k++) {
    json_array_append_new(keys, json_string(files[k].key));
  }
  respond(json_pack("{s:o}", "merge", keys));
  if (getline(&line, &capacity, stdin) <= 0) {
    free(line);
    return VQE_ERR_INTERRUPTED;
  }
  json_t *response = json_loads(line, 0, NULL);
  load_file(out, response, definition);
  json_decref(response);
  free(line);
  return VQE_OK;
}

static void do_compact(struct vqe_objects *objects, const json_t *command)
{
  struct vqe_iceberg_definition *definition = load_definition(command);
  struct vqe_iceberg_table *table = NULL;
  int64_t last_step = integer(command, "die_after", -1);
  if (definition == NULL) {
    return;
  }
  int status = vqe_iceberg_open(&table, objects, definition->name);
  if (status == VQE_OK) {
    status = vqe_iceberg_definition_bind(definition, table);
  }
  vqe_iceberg_close(table);
  struct vqe_iceberg_compact_options limits = {
      .target_bytes = integer(command, "target_bytes", 0)};
  struct vqe_iceberg_commit_options options = {
      .run_id = string(command, "run"),
      .base_snapshot = VQE_ICEBERG_ANY_SNAPSHOT,
      .on_step = die_after,
      .on_step_ctx = &last_step};
  struct vqe_iceberg_compact_result result;
  memset(&result, 0, sizeof result);
  if (status == VQE_OK) {
    status = vqe_iceberg_compact(&result, objects, definition, ask_merge, NULL,
                                 &limits, &options);
  }
  respond(json_pack(
      "{s:s, s:s, s:s, s:I, s:I, s:I}", "status", vqe_error_name(status),
      "message", status == VQE_OK ? "" : vqe_error_message(), "outcome",
      outcome_name(result.commit.outcome), "before",
      (json_int_t)result.files_before, "after", (json_int_t)result.files_after,
      "merged", (json_int_t)result.merged));
  vqe_iceberg_definition_free(definition);
}

static void do_relocate(struct vqe_objects *objects, const json_t *command)
{
  struct vqe_objects *to = NULL;
  struct vqe_iceberg_relocate_result result = {0};
  int status = vqe_objects_open(&to, string(command, "to"), NULL);
  if (status == VQE_OK) {
    const struct vqe_iceberg_relocate_options options = {
        .scratch = string(command, "scratch")};
    status = vqe_iceberg_relocate(&result, to, objects,
                                  string(command, "table"), &options);
  }
  respond(json_pack("{s:s, s:s, s:I}", "status", vqe_error_name(status),
                    "message", status == VQE_OK ? "" : vqe_error_message(),
                    "files", (json_int_t)result.files));
  vqe_objects_close(to);
}

int main(int argc, char **argv)
{
  struct vqe_objects *objects = NULL;
  char *line = NULL;
  size_t capacity = 0;
  if (argc != 2) {
    fprintf(stderr, "usage: iceberg-tool WAREHOUSE <commands\n");
    return 2;
  }
  if (vqe_objects_open(&objects, argv[1], NULL) != VQE_OK) {
    fprintf(stderr, "%s\n", vqe_error_message());
    return 1;
  }
  while (getline(&line, &capacity, stdin) > 0) {
    json_t *command = json_loads(line, 0, NULL);
    const char *what = string(command, "do");
    if (what == NULL) {
      fprintf(stderr, "no command: %s", line);
    } else if (strcmp(what, "append") == 0) {
      do_append(objects, command);
    } else if (strcmp(what, "files") == 0) {
      do_files(objects, command);
    } else if (strcmp(what, "log") == 0) {
      do_log(objects, command);
    } else if (strcmp(what, "check") == 0) {
      do_check(objects, command);
    } else if (strcmp(what, "expire") == 0) {
      do_expire(objects, command);
    } else if (strcmp(what, "compact") == 0) {
      do_compact(objects, command);
    } else if (strcmp(what, "relocate") == 0) {
      do_relocate(objects, command);
    } else {
      fprintf(stderr, "unknown command '%s'\n", what);
    }
    json_decref(command);
  }
  free(line);
  vqe_objects_close(objects);
  return 0;
}
