/* Table metadata: finding the newest, reading it, making the next. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_internal.h"

#define METADATA_LOG_DEFAULT 100

/* ---- small things ---------------------------------------------------- */

int vqe_iceberg_key(char **out, const struct vqe_iceberg_table *table,
                    const char *folder, const char *format, ...)
{
  char *name = NULL;
  va_list args;
  va_start(args, format);
  int length = vasprintf(&name, format, args);
  va_end(args);
  *out = NULL;
  if (length < 0) {
    return vqe_iceberg_no_json_memory();
  }
  if (asprintf(out, "%s/%s/%s", table->folder, folder, name) < 0) {
    *out = NULL;
  }
  free(name);
  return *out == NULL ? vqe_iceberg_no_json_memory() : VQE_OK;
}

int vqe_iceberg_uuid(char out[VQE_ICEBERG_UUID_SIZE])
{
  uint8_t raw[16];
  if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw) {
    return vqe_error_set(VQE_ERR_IO, "no random bytes from the system");
  }
  raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
  raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
  char *at = out;
  for (size_t k = 0; k < sizeof raw; k++) {
    if (k == 4 || k == 6 || k == 8 || k == 10) {
      *at++ = '-';
    }
    snprintf(at, 3, "%02x", raw[k]);
    at += 2;
  }
  return VQE_OK;
}

int vqe_iceberg_new_id(int64_t *out)
{
  uint64_t bits = 0;
  while (bits == 0) {
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) {
      return vqe_error_set(VQE_ERR_IO, "no random bytes from the system");
    }
    bits &= INT64_MAX;
  }
  *out = (int64_t)bits;
  return VQE_OK;
}

int64_t vqe_iceberg_now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool vqe_iceberg_is_checksum(const char *key)
{
  const char *name = strrchr(key, '/');
  size_t length = strlen(key);
  name = name == NULL ? key : name + 1;
  return name[0] == '.' && length > 4 && strcmp(key + length - 4, ".crc") == 0;
}

int vqe_iceberg_drop_checksum(struct vqe_objects *objects, const char *key)
{
  const char *name = strrchr(key, '/');
  char *checksum = NULL;
  if (!vqe_objects_is_local(objects) || name == NULL) {
    return VQE_OK;
  }
  if (asprintf(&checksum, "%.*s/.%s.crc", (int)(name - key), key, name + 1) <
      0) {
    return vqe_iceberg_no_json_memory();
  }
  int status = vqe_objects_delete(objects, checksum);
  free(checksum);
  return status;
}

/* ---- reading --------------------------------------------------------- */

static int metadata_key(char **out, const struct vqe_iceberg_table *table,
                        int64_t version)
{
  return vqe_iceberg_key(out, table, "metadata", "v%" PRId64 ".metadata.json",
                         version);
}

/* 0 when there is no hint, or none that makes sense. */
static int read_hint(int64_t *version, const struct vqe_iceberg_table *table)
{
  char *key = NULL;
  char *text = NULL;
  size_t size;
  *version = 0;
  int status = vqe_iceberg_key(&key, table, "metadata", "version-hint.text");
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
  if (asprintf(&folder, "%s/metadata", table->folder) < 0) {
    return vqe_iceberg_no_json_memory();
  }
  int status =
      vqe_objects_list(table->objects, folder, false, note_version, version);
  free(folder);
  return status;
}

static int exists(bool *out, const struct vqe_iceberg_table *table,
                  int64_t version)
{
  char *key = NULL;
  uint64_t size;
  *out = false;
  int status = metadata_key(&key, table, version);
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
  int status = metadata_key(&key, table, version);
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
  if (status == VQE_OK &&
      asprintf(&table->folder, "%s/%s", VQE_ICEBERG_NAMESPACE, name) < 0) {
    table->folder = NULL;
    status = vqe_iceberg_no_json_memory();
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

/* ---- making ---------------------------------------------------------- */

int vqe_iceberg_metadata_new(json_t **out, struct vqe_objects *objects,
                             const struct vqe_iceberg_definition *definition)
{
  char uuid[VQE_ICEBERG_UUID_SIZE];
  char folder[512];
  char *location = NULL;
  json_t *schema = NULL;
  json_t *spec = NULL;
  json_t *properties = NULL;
  *out = NULL;
  int last_partition =
      VQE_ICEBERG_FIRST_PARTITION_ID - 1 +
      (int)definition->npartition; /* 999 when there is none */
  snprintf(folder, sizeof folder, "%s/%s", VQE_ICEBERG_NAMESPACE,
           definition->name);
  int status = vqe_iceberg_uuid(uuid);
  if (status == VQE_OK) {
    status = vqe_objects_uri(&location, objects, folder);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_schema_json(&schema, definition, 0);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_spec_json(&spec, definition);
  }
  if (status == VQE_OK) {
    properties = json_pack("{s:s*, s:s}", "comment", definition->comment,
                           "write.parquet.compression-codec", "zstd");
    *out = json_pack(
        "{s:i, s:s, s:s, s:i, s:I, s:i, s:i, s:[O], s:i, s:[{s:i, s:O}], s:i,"
        " s:i, s:[{s:i, s:[]}], s:O, s:i, s:{}, s:[], s:[], s:[], s:[], s:[]}",
        "format-version", 2, "table-uuid", uuid, "location", location,
        "last-sequence-number", 0, "last-updated-ms",
        (json_int_t)vqe_iceberg_now_ms(), "last-column-id",
        vqe_iceberg_definition_last_id(definition), "current-schema-id", 0,
        "schemas", schema, "default-spec-id", 0, "partition-specs", "spec-id",
        0, "fields", spec, "last-partition-id", last_partition,
        "default-sort-order-id", 0, "sort-orders", "order-id", 0, "fields",
        "properties", properties, "current-snapshot-id", -1, "refs",
        "snapshots", "statistics", "partition-statistics", "snapshot-log",
        "metadata-log");
    status = *out == NULL ? vqe_iceberg_no_json_memory() : VQE_OK;
  }
  json_decref(properties);
  json_decref(spec);
  json_decref(schema);
  free(location);
  return status;
}

/* The member as an array, made when it is missing. */
static json_t *array_of(json_t *metadata, const char *key)
{
  json_t *array = json_object_get(metadata, key);
  if (!json_is_array(array)) {
    if (json_object_set_new(metadata, key, json_array()) != 0) {
      return NULL;
    }
    array = json_object_get(metadata, key);
  }
  return array;
}

static int log_metadata(json_t *metadata,
                        const struct vqe_iceberg_table *table, int64_t last_ms)
{
  char *key = NULL;
  char *uri = NULL;
  int status = metadata_key(&key, table, table->version);
  if (status == VQE_OK) {
    status = vqe_objects_uri(&uri, table->objects, key);
  }
  if (status == VQE_OK) {
    json_t *log = array_of(metadata, "metadata-log");
    json_t *entry = json_pack("{s:I, s:s}", "timestamp-ms",
                              (json_int_t)last_ms, "metadata-file", uri);
    const char *keep =
        vqe_iceberg_string(json_object_get(metadata, "properties"),
                           "write.metadata.previous-versions-max");
    long limit = keep == NULL ? METADATA_LOG_DEFAULT : strtol(keep, NULL, 10);
    if (json_array_append_new(log, entry) != 0) {
      status = vqe_iceberg_no_json_memory();
    }
    while (status == VQE_OK && limit > 0 &&
           json_array_size(log) > (size_t)limit) {
      json_array_remove(log, 0);
    }
  }
  free(uri);
  free(key);
  return status;
}

int vqe_iceberg_metadata_next(json_t **out, int64_t *timestamp_ms,
                              const struct vqe_iceberg_table *table)
{
  int64_t last = vqe_iceberg_integer(table->metadata, "last-updated-ms", 0);
  size_t k;
  json_t *snapshot;
  *out = NULL;
  json_t *metadata = json_deep_copy(table->metadata);
  if (metadata == NULL) {
    return vqe_iceberg_no_json_memory();
  }
  int status = log_metadata(metadata, table, last);
  /* clocks differ between machines, snapshots must not go back */
  json_array_foreach(json_object_get(metadata, "snapshots"), k, snapshot)
  {
    int64_t when = vqe_iceberg_integer(snapshot, "timestamp-ms", 0);
    last = when > last ? when : last;
  }
  *timestamp_ms = *timestamp_ms > last ? *timestamp_ms : last + 1;
  if (status == VQE_OK &&
      json_object_set_new(metadata, "last-updated-ms",
                          json_integer(*timestamp_ms)) != 0) {
    status = vqe_iceberg_no_json_memory();
  }
  if (status != VQE_OK) {
    json_decref(metadata);
    return status;
  }
  *out = metadata;
  return VQE_OK;
}

int vqe_iceberg_metadata_evolve(
    json_t *metadata, const struct vqe_iceberg_definition *definition)
{
  json_t *full = NULL;
  json_t *schemas = json_object_get(metadata, "schemas");
  json_t *schema = json_deep_copy(vqe_iceberg_current_schema(metadata));
  json_t *fields = json_object_get(schema, "fields");
  int64_t last = vqe_iceberg_integer(metadata, "last-column-id", 0);
  int64_t newest = -1;
  size_t k;
  json_t *item;
  int status = schema == NULL ? vqe_iceberg_no_json_memory() : VQE_OK;
  if (status == VQE_OK) {
    status = vqe_iceberg_schema_json(&full, definition, 0);
  }
  if (status != VQE_OK) {
    goto out;
  }
  json_array_foreach(schemas, k, item)
  {
    int64_t id = vqe_iceberg_integer(item, "schema-id", 0);
    newest = id > newest ? id : newest;
  }
  json_array_foreach(json_object_get(full, "fields"), k, item)
  {
    if (vqe_iceberg_integer(item, "id", 0) > last &&
        json_array_append(fields, item) != 0) {
      status = vqe_iceberg_no_json_memory();
      goto out;
    }
  }
  int64_t top = vqe_iceberg_definition_last_id(definition);
  if (json_object_set_new(schema, "schema-id", json_integer(newest + 1)) !=
          0 ||
      json_array_append(schemas, schema) != 0 ||
      json_object_set_new(metadata, "current-schema-id",
                          json_integer(newest + 1)) != 0 ||
      json_object_set_new(metadata, "last-column-id",
                          json_integer(top > last ? top : last)) != 0) {
    status = vqe_iceberg_no_json_memory();
  }

out:
  json_decref(full);
  json_decref(schema);
  return status;
}

int vqe_iceberg_metadata_snapshot(
    json_t *metadata, const struct vqe_iceberg_new_snapshot *snapshot)
{
  int64_t parent = vqe_iceberg_integer(metadata, "current-snapshot-id", -1);
  int64_t schema = vqe_iceberg_integer(metadata, "current-schema-id", 0);
  json_t *item = json_pack(
      "{s:I, s:I, s:I, s:O, s:s, s:I}", "sequence-number",
      (json_int_t)snapshot->sequence, "snapshot-id", (json_int_t)snapshot->id,
      "timestamp-ms", (json_int_t)snapshot->timestamp_ms, "summary",
      snapshot->summary, "manifest-list", snapshot->manifest_list, "schema-id",
      (json_int_t)schema);
  if (parent >= 0 && json_object_set_new(item, "parent-snapshot-id",
                                         json_integer(parent)) != 0) {
    json_decref(item);
    return vqe_iceberg_no_json_memory();
  }
  json_t *refs = json_object_get(metadata, "refs");
  if (!json_is_object(refs)) {
    json_object_set_new(metadata, "refs", json_object());
    refs = json_object_get(metadata, "refs");
  }
  /* a branch may carry retention settings of others: keep them */
  json_t *branch = json_object_get(refs, "main");
  if (branch == NULL) {
    json_object_set_new(refs, "main", json_pack("{s:s}", "type", "branch"));
    branch = json_object_get(refs, "main");
  }
  json_t *log = json_pack("{s:I, s:I}", "timestamp-ms",
                          (json_int_t)snapshot->timestamp_ms, "snapshot-id",
                          (json_int_t)snapshot->id);
  int failed =
      json_array_append_new(array_of(metadata, "snapshots"), item) != 0;
  failed |=
      json_array_append_new(array_of(metadata, "snapshot-log"), log) != 0;
  failed |= json_object_set_new(branch, "snapshot-id",
                                json_integer(snapshot->id)) != 0;
  failed |= json_object_set_new(metadata, "current-snapshot-id",
                                json_integer(snapshot->id)) != 0;
  failed |= json_object_set_new(metadata, "last-sequence-number",
                                json_integer(snapshot->sequence)) != 0;
  if (snapshot->tag != NULL && snapshot->tag[0] != '\0') {
    failed |= json_object_set_new(refs, snapshot->tag,
                                  json_pack("{s:I, s:s}", "snapshot-id",
                                            (json_int_t)snapshot->id, "type",
                                            "tag")) != 0;
  }
  return failed ? vqe_iceberg_no_json_memory() : VQE_OK;
}
