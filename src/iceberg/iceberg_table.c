#include "iceberg/iceberg_table.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_foreign.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_versions.h"
#include "objects/objects.h"

/* A commit may remove the file that was listed before it. */
#define LIST_ATTEMPTS 3

/* 0 when there is no hint, or none that makes sense. */
static int read_hint(int64_t *version, const struct vqe_iceberg_table *table)
{
  char *key = NULL;
  char *text = NULL;
  size_t size;
  *version = 0;
  int status = vqe_iceberg_hint_key(&key, table->name);
  if (status == VQE_OK) {
    status = vqe_objects_get(&text, &size, table->objects, key, 1024);
    if (status == VQE_ERR_NOT_FOUND || status == VQE_ERR_INPUT) {
      status = VQE_OK; /* the folder is looked through instead */
    } else if (status == VQE_OK) {
      long long value = strtoll(text, NULL, 10);
      *version = value > 0 ? value : 0;
    }
  }
  free(text);
  free(key);
  return status;
}

static int bad(const struct vqe_iceberg_table *table, const char *what)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "table '%s' in %s, %s: %s; restore "
                       "it, or set the file aside to go back one version",
                       table->name, vqe_objects_describe(table->objects),
                       strrchr(table->key, '/') + 1, what);
}

/* Two writers that spell a version in two ways have each made a commit,
 * unless one file is a copy of the other. */
static int refuse_twin(const struct vqe_iceberg_table *table,
                       const struct vqe_iceberg_version *twin)
{
  json_t *other = NULL;
  int status = vqe_iceberg_fetch_metadata(&other, table->objects, twin->key);
  if (status == VQE_ERR_NOT_FOUND ||
      (status == VQE_OK && json_equal(other, table->metadata))) {
    status = VQE_OK;
  } else if (status == VQE_OK || status == VQE_ERR_INPUT) {
    status = vqe_error_set(
        VQE_ERR_INPUT,
        "table '%s' in %s has two newest versions, '%s' and '%s': let the "
        "engine that wrote one of them make its commit again after the other, "
        "and move it elsewhere",
        table->name, vqe_objects_describe(table->objects),
        strrchr(table->key, '/') + 1, strrchr(twin->key, '/') + 1);
  }
  json_decref(other);
  return status;
}

static int no_version(const struct vqe_iceberg_table *table,
                      const struct vqe_iceberg_versions *versions)
{
  if (versions->count == 0 && table->hint > 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "table '%s' in %s: version-hint.text says %lld, and "
                         "no metadata of any version is there; restore it, or "
                         "remove the folder of the table",
                         table->name, vqe_objects_describe(table->objects),
                         (long long)table->hint);
  }
  if (versions->count == 0) {
    return vqe_error_set(VQE_ERR_NOT_FOUND, "no table '%s' in %s", table->name,
                         vqe_objects_describe(table->objects));
  }
  return vqe_error_set(
      VQE_ERR_INPUT,
      "table '%s' in %s was made by another engine ('%s', and no "
      "v1.metadata.json): write to another warehouse, or copy the file that "
      "its catalog names to v1.metadata.json in the same folder",
      table->name, vqe_objects_describe(table->objects),
      strrchr(versions->list[0].key, '/') + 1);
}

/* The newest metadata. The hint may be old, wrong or missing: it only says
 * where to begin. *gone: the file was removed between listing and reading. */
static int fetch_newest(bool *gone, struct vqe_iceberg_table *table,
                        struct vqe_iceberg_versions *versions)
{
  const struct vqe_iceberg_version *twin = NULL;
  int status = read_hint(&table->hint, table);
  *gone = false;
  if (status == VQE_OK) {
    status = vqe_iceberg_versions_list(versions, table->objects, table->name);
  }
  if (status != VQE_OK) {
    return status;
  }
  table->version = vqe_iceberg_versions_newest(versions, table->hint);
  const struct vqe_iceberg_version *newest =
      vqe_iceberg_versions_find(&twin, versions, table->version);
  if (newest == NULL) {
    return no_version(table, versions);
  }
  free(table->key);
  table->key = NULL;
  status = vqe_memory_strdup(&table->key, newest->key);
  if (status == VQE_OK) {
    status = vqe_iceberg_fetch_metadata(&table->metadata, table->objects,
                                        table->key);
    *gone = status == VQE_ERR_NOT_FOUND;
  }
  if (status == VQE_ERR_INPUT) {
    char why[256];
    snprintf(why, sizeof why, "%s", vqe_error_message());
    status = bad(table, why);
  }
  if (status == VQE_OK && twin != NULL) {
    status = refuse_twin(table, twin);
  }
  return status;
}

/* Every reader compares columns with each other, SQL's too. */
#define MOST_COLUMNS 1000

/* Is the schema the current one, or that of a snapshot? */
static bool is_read(const json_t *metadata, int64_t id)
{
  size_t k;
  const json_t *snapshot;
  bool found = id == vqe_iceberg_integer(metadata, "current-schema-id", 0);
  json_array_foreach(json_object_get(metadata, "snapshots"), k, snapshot)
  {
    found = found || id == vqe_iceberg_integer(snapshot, "schema-id", -1);
  }
  return found;
}

static int check_columns(const struct vqe_iceberg_table *table)
{
  size_t k;
  const json_t *schema;
  json_array_foreach(json_object_get(table->metadata, "schemas"), k, schema)
  {
    size_t count = json_array_size(json_object_get(schema, "fields"));
    int64_t id = vqe_iceberg_integer(schema, "schema-id", 0);
    if (count > MOST_COLUMNS && is_read(table->metadata, id)) {
      char what[96];
      snprintf(what, sizeof what, "%zu columns, more than the %d of a table",
               count, MOST_COLUMNS);
      return bad(table, what);
    }
  }
  return VQE_OK;
}

/* What the rest of the code takes for granted. */
static int validate(const struct vqe_iceberg_table *table)
{
  const json_t *metadata = table->metadata;
  int64_t format = vqe_iceberg_integer(metadata, "format-version", -1);
  if (format != 2) {
    return format == 1 || format > 2
               ? vqe_error_set(VQE_ERR_UNSUPPORTED,
                               "table '%s' has Iceberg format version %lld; "
                               "this version knows 2",
                               table->name, (long long)format)
               : bad(table, "no format-version");
  }
  if (vqe_iceberg_string(metadata, "location") == NULL) {
    return bad(table, "no location");
  }
  if (vqe_iceberg_string(metadata, "table-uuid") == NULL) {
    return bad(table, "no table-uuid");
  }
  if (vqe_iceberg_integer(metadata, "last-sequence-number", -1) < 0) {
    return bad(table, "no last-sequence-number");
  }
  if (vqe_iceberg_integer(metadata, "last-column-id", -1) < 0) {
    return bad(table, "no last-column-id");
  }
  if (!json_is_array(
          json_object_get(vqe_iceberg_current_schema(metadata), "fields"))) {
    return bad(table, "no current schema");
  }
  if (!json_is_array(
          json_object_get(vqe_iceberg_default_spec(metadata), "fields"))) {
    return bad(table, "no default partition spec");
  }
  int status = check_columns(table);
  if (status != VQE_OK) {
    return status;
  }
  int64_t current = vqe_iceberg_current_snapshot(table);
  if (current != VQE_ICEBERG_NO_SNAPSHOT &&
      vqe_iceberg_snapshot_json(metadata, current) == NULL) {
    return bad(table, "the current snapshot is not among the snapshots");
  }
  return VQE_OK;
}

static int load(struct vqe_iceberg_table *table)
{
  struct vqe_iceberg_versions versions = {.list = NULL};
  bool gone = true;
  int status = VQE_OK;
  for (int attempt = 0; gone && attempt < LIST_ATTEMPTS; attempt++) {
    vqe_iceberg_versions_clear(&versions);
    status = fetch_newest(&gone, table, &versions);
  }
  if (gone) {
    status = vqe_error_set(VQE_ERR_IO,
                           "table '%s' in %s: '%s' is listed and cannot be "
                           "found; run this again",
                           table->name, vqe_objects_describe(table->objects),
                           table->key);
  }
  if (status == VQE_OK) {
    status = validate(table);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_look_around(table, &versions);
  }
  vqe_iceberg_versions_clear(&versions);
  return status;
}

int vqe_iceberg_open_anywhere(struct vqe_iceberg_table **out,
                              struct vqe_objects *objects, const char *name)
{
  struct vqe_iceberg_table *table = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&table, 1, sizeof *table, "a table");
  if (status != VQE_OK) {
    return status;
  }
  table->objects = objects;
  status = vqe_memory_strdup(&table->name, name);
  if (status == VQE_OK) {
    status =
        vqe_memory_print(&table->folder, VQE_ICEBERG_NAMESPACE "/%s", name);
  }
  if (status == VQE_OK) {
    status = load(table);
  }
  if (status != VQE_OK) {
    vqe_iceberg_close(table);
    return status;
  }
  *out = table;
  return VQE_OK;
}

int vqe_iceberg_open(struct vqe_iceberg_table **out,
                     struct vqe_objects *objects, const char *name)
{
  char *key = NULL;
  int status = vqe_iceberg_open_anywhere(out, objects, name);
  if (status != VQE_OK) {
    return status;
  }
  const char *location = vqe_iceberg_string((*out)->metadata, "location");
  if (vqe_objects_key_of_uri(&key, objects, location) != VQE_OK ||
      strcmp(key, (*out)->folder) != 0) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "table '%s' was copied to %s, but its metadata "
                           "points at '%s'; copy it by 'vqe_lake relocate'",
                           name, vqe_objects_describe(objects), location);
    vqe_iceberg_close(*out);
    *out = NULL;
  }
  free(key);
  return status;
}

void vqe_iceberg_close(struct vqe_iceberg_table *table)
{
  if (table != NULL) {
    json_decref(table->metadata);
    json_decref(table->catalogs);
    free(table->beyond);
    free(table->key);
    free(table->folder);
    free(table->name);
    free(table);
  }
}

int64_t vqe_iceberg_version(const struct vqe_iceberg_table *table)
{
  return table->version;
}

int vqe_iceberg_is_newest(bool *out, const struct vqe_iceberg_table *table)
{
  struct vqe_iceberg_versions versions;
  size_t catalogs = 0;
  *out = false;
  int status =
      vqe_iceberg_versions_list(&versions, table->objects, table->name);
  for (size_t k = 0; status == VQE_OK && k < versions.count; k++) {
    catalogs += versions.list[k].kind == VQE_ICEBERG_NAME_CATALOG;
    *out = *out || strcmp(versions.list[k].key, table->key) == 0;
  }
  for (size_t k = 0; status == VQE_OK && k < versions.count; k++) {
    *out = *out && versions.list[k].version <= table->version;
  }
  *out = *out && catalogs == json_object_size(table->catalogs);
  vqe_iceberg_versions_clear(&versions);
  return status;
}

int vqe_iceberg_require_whole(const struct vqe_iceberg_table *table)
{
  return table->beyond == NULL
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT, "%s", table->beyond);
}

int vqe_iceberg_require_collection(const struct vqe_iceberg_table *table)
{
  const char *enabled = vqe_iceberg_string(
      json_object_get(table->metadata, "properties"), "gc.enabled");
  return enabled != NULL && strcasecmp(enabled, "false") == 0
             ? vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "table '%s' has the property gc.enabled false: "
                             "its files may belong to other tables too",
                             table->name)
             : VQE_OK;
}

int64_t vqe_iceberg_current_snapshot(const struct vqe_iceberg_table *table)
{
  int64_t id = vqe_iceberg_integer(table->metadata, "current-snapshot-id", -1);
  return id < 0 ? VQE_ICEBERG_NO_SNAPSHOT : id;
}

const char *vqe_iceberg_current_summary(const struct vqe_iceberg_table *table,
                                        const char *key)
{
  const json_t *snapshot = vqe_iceberg_snapshot_json(
      table->metadata, vqe_iceberg_current_snapshot(table));
  const char *text =
      vqe_iceberg_string(json_object_get(snapshot, "summary"), key);
  return text != NULL ? text : "";
}
