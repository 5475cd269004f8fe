#include "iceberg/iceberg_table.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "objects/objects.h"

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

static int note_version(void *ctx, const struct vqe_object *object)
{
  int64_t *newest = ctx;
  const char *name = strrchr(object->key, '/');
  char *end;
  name = name == NULL ? object->key : name + 1;
  if (!object->is_folder && name[0] == 'v') {
    long long value = strtoll(name + 1, &end, 10);
    if (end > name + 1 && strcmp(end, ".metadata.json") == 0 &&
        value > *newest) {
      *newest = value;
    }
  }
  return 0;
}

static int list_newest(int64_t *version, const struct vqe_iceberg_table *table)
{
  char *folder = NULL;
  *version = 0;
  int status = vqe_memory_print(&folder, "%s/metadata", table->folder);
  if (status == VQE_OK) {
    status =
        vqe_objects_list(table->objects, folder, false, note_version, version);
  }
  free(folder);
  return status;
}

static int exists(bool *out, const struct vqe_iceberg_table *table,
                  int64_t version)
{
  char *key = NULL;
  uint64_t size;
  *out = false;
  int status = vqe_iceberg_metadata_key(&key, table->name, version);
  if (status == VQE_OK) {
    status = vqe_objects_head(&size, table->objects, key);
    *out = status == VQE_OK;
    status = status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
  }
  free(key);
  return status;
}

static int fetch(char **text, size_t *size,
                 const struct vqe_iceberg_table *table, int64_t version)
{
  char *key = NULL;
  int status = vqe_iceberg_metadata_key(&key, table->name, version);
  free(*text);
  *text = NULL;
  if (status == VQE_OK) {
    status = vqe_objects_get(text, size, table->objects, key,
                             VQE_ICEBERG_METADATA_LIMIT);
  }
  free(key);
  return status;
}

/* Text of the newest metadata. The hint may be old, wrong or missing: it only
 * says where to begin. */
static int fetch_newest(char **text, size_t *size,
                        struct vqe_iceberg_table *table)
{
  int64_t version;
  bool there = false;
  int status = read_hint(&version, table);
  table->hint = version;
  if (status == VQE_OK) {
    status =
        version > 0 ? fetch(text, size, table, version) : VQE_ERR_NOT_FOUND;
  }
  if (status == VQE_ERR_NOT_FOUND) {
    status = list_newest(&version, table);
    if (status == VQE_OK && version == 0) {
      status =
          vqe_error_set(VQE_ERR_NOT_FOUND, "no table '%s' in %s", table->name,
                        vqe_objects_describe(table->objects));
    }
    if (status == VQE_OK) {
      status = fetch(text, size, table, version);
    }
  }
  table->version = version;
  while (status == VQE_OK) {
    status = exists(&there, table, version + 1);
    if (!there) {
      break;
    }
    version++;
  }
  if (status == VQE_OK && version != table->version) {
    table->version = version;
    status = fetch(text, size, table, version);
  }
  return status;
}

static int bad(const struct vqe_iceberg_table *table, const char *what)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "table '%s' in %s, v%lld.metadata.json: %s; restore "
                       "it, or set the file aside to go back one version",
                       table->name, vqe_objects_describe(table->objects),
                       (long long)table->version, what);
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
  int64_t current = vqe_iceberg_current_snapshot(table);
  if (current != VQE_ICEBERG_NO_SNAPSHOT &&
      vqe_iceberg_snapshot_json(metadata, current) == NULL) {
    return bad(table, "the current snapshot is not among the snapshots");
  }
  return VQE_OK;
}

static int load(struct vqe_iceberg_table *table)
{
  char *text = NULL;
  size_t size = 0;
  json_error_t error;
  int status = fetch_newest(&text, &size, table);
  if (status == VQE_OK) {
    table->metadata = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(table->metadata)) {
      char where[JSON_ERROR_TEXT_LENGTH + 64];
      snprintf(where, sizeof where, "line %d: %s", error.line,
               table->metadata == NULL ? error.text : "not an object");
      status = bad(table, where);
    }
  }
  if (status == VQE_OK) {
    status = validate(table);
  }
  free(text);
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
  bool later = false;
  int status = exists(&later, table, table->version + 1);
  *out = !later;
  return status;
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
