#include "iceberg/iceberg_foreign.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "iceberg/iceberg_gzip.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_table.h"
#include "objects/objects.h"

/* Files that much older than the log were looked at by the commits in it. */
#define MARGIN_MS INT64_C(86400000)

/* Values of JSON take up to a hundred times their text in memory. Beyond a
 * million columns or snapshots no engine works with a table. */
#define MOST_VALUES ((size_t)10000000)
#define MOST_CONTAINERS ((size_t)2000000)

static int check_values(const char *text, size_t size)
{
  size_t containers = 0;
  size_t commas = 0;
  for (size_t k = 0; k < size; k++) {
    containers += text[k] == '{' || text[k] == '[';
    commas += text[k] == ',';
  }
  return containers <= MOST_CONTAINERS && containers + commas <= MOST_VALUES
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "%zu values, %zu of them lists or objects, are "
                             "more than the %zu, or %zu, of the largest "
                             "tables",
                             containers + commas, containers, MOST_VALUES,
                             MOST_CONTAINERS);
}

int vqe_iceberg_fetch_metadata(json_t **out, struct vqe_objects *objects,
                               const char *key)
{
  char *text = NULL;
  size_t size = 0;
  *out = NULL;
  int status =
      vqe_objects_get(&text, &size, objects, key, VQE_ICEBERG_METADATA_LIMIT);
  if (status == VQE_OK && vqe_iceberg_is_gzip(text, size)) {
    status = vqe_iceberg_unpack(&text, &size, VQE_ICEBERG_METADATA_LIMIT);
  }
  if (status == VQE_OK) {
    status = check_values(text, size);
  }
  if (status == VQE_OK) {
    status = vqe_json_parse_object(out, text, size, "metadata");
  }
  free(text);
  if (status == VQE_ERR_MEMORY) {
    char why[256];
    snprintf(why, sizeof why, "%s", vqe_error_message());
    vqe_error_set(VQE_ERR_MEMORY,
                  "'%s' in %s: %s; run this where there is more memory, or "
                  "set the file aside",
                  key, vqe_objects_describe(objects), why);
  }
  return status;
}

static const char *name_of(const char *key)
{
  const char *slash = strrchr(key, '/');
  return slash == NULL ? key : slash + 1;
}

/* ---- what the other one has ------------------------------------------ */

struct lack {
  char text[256]; /* "" for nothing */
};

static void lacks(struct lack *lack, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void lacks(struct lack *lack, const char *format, ...)
{
  va_list args;
  if (lack->text[0] == '\0') {
    va_start(args, format);
    vsnprintf(lack->text, sizeof lack->text, format, args);
    va_end(args);
  }
}

static void compare_snapshots(struct lack *lack, const json_t *ours,
                              const json_t *theirs)
{
  int64_t id = vqe_iceberg_integer(theirs, "current-snapshot-id", -1);
  if (id >= 0 && vqe_iceberg_snapshot_json(ours, id) == NULL) {
    const json_t *snapshot = vqe_iceberg_snapshot_json(theirs, id);
    const char *operation =
        vqe_iceberg_string(json_object_get(snapshot, "summary"), "operation");
    lacks(lack, "snapshot %" PRId64 " (%s)", id,
          operation == NULL ? "unknown operation" : operation);
  }
}

static void compare_refs(struct lack *lack, const json_t *ours,
                         const json_t *theirs)
{
  const json_t *known = json_object_get(ours, "refs");
  const char *name;
  json_t *ref;
  json_object_foreach(json_object_get(theirs, "refs"), name, ref)
  {
    /* tags of our own commits are dropped by expiry */
    if (json_object_get(known, name) == NULL && strncmp(name, "v_", 2) != 0) {
      const char *type = vqe_iceberg_string(ref, "type");
      lacks(lack, "%s '%s'", type == NULL ? "ref" : type, name);
    }
  }
}

static void compare_schemas(struct lack *lack, const json_t *ours,
                            const json_t *theirs)
{
  int64_t id = vqe_iceberg_integer(theirs, "current-schema-id", -1);
  const json_t *here = vqe_iceberg_by_id(ours, "schemas", "schema-id", id);
  const json_t *there = vqe_iceberg_current_schema(theirs);
  if (here == NULL || !json_equal(json_object_get(here, "fields"),
                                  json_object_get(there, "fields"))) {
    lacks(lack, "a change of columns (schema %" PRId64 ")", id);
  }
}

/* What `theirs` has and `ours` lacks. */
static void compare(struct lack *lack, const json_t *ours,
                    const json_t *theirs)
{
  lack->text[0] = '\0';
  compare_snapshots(lack, ours, theirs);
  compare_schemas(lack, ours, theirs);
  compare_refs(lack, ours, theirs);
  if (vqe_iceberg_integer(theirs, "last-updated-ms", 0) >
      vqe_iceberg_integer(ours, "last-updated-ms", 0)) {
    lacks(lack, "a later change");
  }
}

/* Does `theirs` go on from `ours`, so that it can take its place? */
static bool follows(const json_t *theirs, const json_t *ours)
{
  struct lack lack;
  lack.text[0] = '\0';
  compare_snapshots(&lack, theirs, ours);
  compare_refs(&lack, theirs, ours);
  return lack.text[0] == '\0' &&
         vqe_iceberg_integer(theirs, "last-sequence-number", -1) >=
             vqe_iceberg_integer(ours, "last-sequence-number", 0) &&
         vqe_iceberg_integer(theirs, "last-updated-ms", -1) >=
             vqe_iceberg_integer(ours, "last-updated-ms", 0) &&
         vqe_iceberg_integer(theirs, "last-column-id", -1) >=
             vqe_iceberg_integer(ours, "last-column-id", 0);
}

/* ---- one file -------------------------------------------------------- */

static int say_beyond(struct vqe_iceberg_table *table, const char *key,
                      const json_t *theirs, const char *what)
{
  const char *name = name_of(key);
  free(table->beyond);
  table->beyond = NULL;
  if (follows(theirs, table->metadata)) {
    return vqe_memory_print(
        &table->beyond,
        "table '%s': '%s' of another engine has %s, which '%s' lacks. To go "
        "on from it, copy it to v%" PRId64 ".metadata.json%s in the same "
        "folder; to do without, move it elsewhere",
        table->name, name, what, name_of(table->key), table->version + 1,
        strstr(name, ".gz") != NULL ? ".gz" : "");
  }
  return vqe_memory_print(
      &table->beyond,
      "table '%s': '%s' of another engine has %s, which '%s' lacks, and the "
      "other way round. Let that engine make its change again on '%s', then "
      "move '%s' elsewhere",
      table->name, name, what, name_of(table->key), name_of(table->key), name);
}

/* A file that cannot be read may hold a commit. */
static int say_unread(struct vqe_iceberg_table *table,
                      const struct vqe_iceberg_version *file)
{
  const char *name = name_of(file->key);
  if (table->beyond != NULL) {
    return VQE_OK;
  }
  if (file->kind == VQE_ICEBERG_NAME_STRAY && strstr(name, ".zst") == NULL) {
    return VQE_OK; /* the copy of an editor, or half of one */
  }
  return vqe_memory_print(
      &table->beyond,
      "table '%s': '%s' cannot be read (%s), and may hold a commit of another "
      "engine. Let that engine write its metadata plain or by gzip "
      "(write.metadata.compression-codec), or move the file elsewhere",
      table->name, name, vqe_error_message());
}

/* Of several that go beyond the table, the latest is named: *latest_ms. */
static int look_at(struct vqe_iceberg_table *table, int64_t *latest_ms,
                   const struct vqe_iceberg_version *file)
{
  json_t *theirs = NULL;
  struct lack lack;
  int status = vqe_iceberg_fetch_metadata(&theirs, table->objects, file->key);
  if (status == VQE_ERR_NOT_FOUND) {
    return VQE_OK; /* removed meanwhile */
  }
  if (status == VQE_ERR_INPUT) {
    return say_unread(table, file);
  }
  const char *uuid = vqe_iceberg_string(theirs, "table-uuid");
  const char *own = vqe_iceberg_string(table->metadata, "table-uuid");
  if (status == VQE_OK && uuid != NULL && strcasecmp(uuid, own) == 0) {
    int64_t when = vqe_iceberg_integer(theirs, "last-updated-ms", 0);
    compare(&lack, table->metadata, theirs);
    if (lack.text[0] != '\0' && when >= *latest_ms) {
      *latest_ms = when;
      status = say_beyond(table, file->key, theirs, lack.text);
    }
  }
  json_decref(theirs);
  return status;
}

/* ---- all of them ----------------------------------------------------- */

/* Keys in the metadata log, and when it begins. */
static int read_log(json_t *logged, int64_t *from_ms,
                    const struct vqe_iceberg_table *table)
{
  size_t k;
  json_t *entry;
  *from_ms = INT64_MIN;
  json_array_foreach(json_object_get(table->metadata, "metadata-log"), k,
                     entry)
  {
    const char *uri = vqe_iceberg_string(entry, "metadata-file");
    char *key = NULL;
    if (k == 0) {
      *from_ms = vqe_iceberg_integer(entry, "timestamp-ms", INT64_MIN);
    }
    int status = uri != NULL
                     ? vqe_objects_key_of_uri(&key, table->objects, uri)
                     : VQE_ERR_NOT_FOUND;
    if (status == VQE_OK) {
      status = vqe_iceberg_note(logged, key);
    }
    free(key);
    if (status == VQE_ERR_MEMORY) {
      return status;
    }
  }
  return VQE_OK;
}

int vqe_iceberg_look_around(struct vqe_iceberg_table *table,
                            const struct vqe_iceberg_versions *versions)
{
  json_t *logged = json_object();
  int64_t from_ms;
  int64_t latest_ms = INT64_MIN;
  table->catalogs = json_object();
  int status = read_log(logged, &from_ms, table);
  for (size_t k = 0; status == VQE_OK && k < versions->count; k++) {
    const struct vqe_iceberg_version *file = &versions->list[k];
    bool catalog = file->kind == VQE_ICEBERG_NAME_CATALOG;
    if (catalog) {
      status = vqe_iceberg_note(table->catalogs, file->key);
    }
    bool old = catalog && from_ms > INT64_MIN + MARGIN_MS &&
               file->modified_ms > 0 &&
               file->modified_ms < from_ms - MARGIN_MS;
    if (status == VQE_OK && !old &&
        (catalog || file->version > table->version) &&
        json_object_get(logged, file->key) == NULL) {
      status = look_at(table, &latest_ms, file);
    }
  }
  json_decref(logged);
  return status;
}
