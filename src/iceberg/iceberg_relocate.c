/* Copying a table to another place, with all that points at it. Manifests
 * and their lists are copied value by value under their own schema and
 * header, so that what other writers put there stays. */
#include "iceberg/iceberg_relocate.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_read.h"
#include "iceberg/iceberg_read.h"
#include "iceberg/iceberg_table.h"
#include "objects/objects.h"

struct relocate {
  struct vqe_objects *to;
  struct vqe_objects *from;
  const char *scratch;
  struct vqe_iceberg_table *table; /* the source */
  json_t *lengths;                 /* old manifest URI -> new length */
  json_t *copied;                  /* keys of data files */
};

/* Without the scheme: "s3a://b/k" and "s3://b/k", "file:///k" and "/k" are
 * the same place. */
static const char *bare(const char *uri)
{
  static const char *const schemes[] = {"s3a://", "s3n://", "s3://", "file://",
                                        "file:"};
  for (size_t k = 0; k < sizeof schemes / sizeof schemes[0]; k++) {
    if (strncmp(uri, schemes[k], strlen(schemes[k])) == 0) {
      return uri + strlen(schemes[k]);
    }
  }
  return uri;
}

/* Key of a URI by the location in the metadata, which need not be where the
 * table is. */
static int key_of(char **out, const struct relocate *relocate, const char *uri)
{
  const char *location =
      bare(vqe_iceberg_string(relocate->table->metadata, "location"));
  size_t length = strlen(location);
  *out = NULL;
  while (length > 0 && location[length - 1] == '/') {
    length--;
  }
  const char *path = bare(uri);
  if (strncmp(path, location, length) != 0 || path[length] != '/') {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "table '%s': '%s' lies outside its location '%s'",
                         relocate->table->name, uri, location);
  }
  return vqe_memory_print(out, "%s%s", relocate->table->folder, path + length);
}

static int new_uri(char **uri, char **key, const struct relocate *relocate,
                   const char *old)
{
  *uri = NULL;
  int status = key_of(key, relocate, old);
  if (status == VQE_OK) {
    status = vqe_objects_uri(uri, relocate->to, *key);
  }
  return status;
}

/* ---- data ------------------------------------------------------------ */

static int copy_through_scratch(const struct relocate *relocate,
                                const char *key)
{
  char uuid[VQE_ICEBERG_UUID_SIZE];
  char *path = NULL;
  int status = vqe_iceberg_uuid(uuid);
  if (status == VQE_OK) {
    status =
        vqe_memory_print(&path, "%s/relocate-%s", relocate->scratch, uuid);
  }
  if (status == VQE_OK) {
    status = vqe_objects_get_file(relocate->from, key, path);
  }
  if (status == VQE_OK) {
    status = vqe_objects_put_file(relocate->to, key, path);
  }
  if (path != NULL) {
    unlink(path);
  }
  free(path);
  return status;
}

static int copy_key(const struct relocate *relocate, const char *key)
{
  char *path = NULL;
  if (!vqe_objects_is_local(relocate->from)) {
    return copy_through_scratch(relocate, key);
  }
  int status = vqe_objects_path(&path, relocate->from, key);
  if (status == VQE_OK) {
    status = vqe_objects_put_file(relocate->to, key, path);
  }
  free(path);
  return status;
}

/* Once for each data file; one of that size that is there was put by an
 * earlier attempt, since names of data files are unique. */
static int copy_data(struct relocate *relocate, const char *uri, int64_t size)
{
  char *key = NULL;
  uint64_t there = 0;
  int status = key_of(&key, relocate, uri);
  bool done =
      status != VQE_OK || json_object_get(relocate->copied, key) != NULL;
  if (!done) {
    status = vqe_objects_head(&there, relocate->to, key);
    if (status == VQE_ERR_NOT_FOUND ||
        (status == VQE_OK && (int64_t)there != size)) {
      status = copy_key(relocate, key);
    }
  }
  if (!done && status == VQE_OK &&
      json_object_set_new(relocate->copied, key, json_true()) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of files");
  }
  free(key);
  return status;
}

/* ---- Avro files ------------------------------------------------------ */

typedef int (*edit_fn)(struct relocate *relocate, avro_value_t *value);

static int set_string(avro_value_t *record, const char *name, const char *text)
{
  struct vqe_avro_fields fields = {.record = *record};
  vqe_avro_put_string(&fields, name, text);
  return fields.failed ? vqe_error_set(VQE_ERR_IO, "Avro: %s", avro_strerror())
                       : VQE_OK;
}

static int edit_entry(struct relocate *relocate, avro_value_t *value)
{
  avro_value_t record;
  const char *old;
  char *uri = NULL;
  char *key = NULL;
  int64_t size = -1;
  int64_t entry = VQE_ICEBERG_ADDED;
  if (!vqe_avro_get(&record, value, "data_file") ||
      !vqe_avro_get_string(&old, &record, "file_path")) {
    return vqe_error_set(VQE_ERR_INPUT, "an entry without a file path");
  }
  vqe_avro_get_integer(&entry, value, "status");
  vqe_avro_get_integer(&size, &record, "file_size_in_bytes");
  int status = new_uri(&uri, &key, relocate, old);
  if (status == VQE_OK && entry != VQE_ICEBERG_DELETED) {
    status = copy_data(relocate, old, size);
  }
  if (status == VQE_OK) {
    status = set_string(&record, "file_path", uri);
  }
  free(uri);
  free(key);
  return status;
}

static int edit_manifest(struct relocate *relocate, avro_value_t *value)
{
  const char *old;
  char *uri = NULL;
  char *key = NULL;
  if (!vqe_avro_get_string(&old, value, "manifest_path")) {
    return vqe_error_set(VQE_ERR_INPUT, "a manifest without a path");
  }
  int64_t length = vqe_iceberg_integer(relocate->lengths, old, -1);
  int status = new_uri(&uri, &key, relocate, old);
  if (status == VQE_OK) {
    struct vqe_avro_fields fields = {.record = *value};
    vqe_avro_put_long(&fields, "manifest_length", length);
    status = fields.failed
                 ? vqe_error_set(VQE_ERR_IO, "Avro: %s", avro_strerror())
                 : set_string(value, "manifest_path", uri);
  }
  free(uri);
  free(key);
  return status;
}

static int copy_header(struct vqe_avro_writer **out,
                       struct vqe_avro_reader *reader, const char *what)
{
  size_t size;
  const char *schema = vqe_avro_reader_meta(reader, "avro.schema", &size);
  if (schema == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "'%s' has no schema", what);
  }
  int status = vqe_avro_writer_open(out, schema);
  for (size_t k = 0;
       status == VQE_OK && k < vqe_avro_reader_meta_count(reader); k++) {
    const char *key;
    const char *value = vqe_avro_reader_meta_at(reader, k, &key, &size);
    if (value != NULL && strncmp(key, "avro.", 5) != 0) {
      status = vqe_avro_writer_meta(*out, key, value, size);
    }
  }
  return status;
}

static int fetch(char **data, size_t *size, char **key,
                 const struct relocate *relocate, const char *uri)
{
  int status = key_of(key, relocate, uri);
  if (status == VQE_OK) {
    status = vqe_objects_get(data, size, relocate->from, *key,
                             VQE_ICEBERG_MANIFEST_LIMIT);
  }
  return status;
}

/* Copy an Avro file, each value edited; *length of the copy. */
static int copy_avro(int64_t *length, struct relocate *relocate,
                     const char *uri, edit_fn edit)
{
  struct vqe_avro_reader *reader = NULL;
  struct vqe_avro_writer *writer = NULL;
  char *key = NULL;
  char *data = NULL;
  char *copy = NULL;
  size_t size = 0;
  int status = fetch(&data, &size, &key, relocate, uri);
  if (status == VQE_OK) {
    status = vqe_avro_reader_open(&reader, data, size, key);
  }
  if (status == VQE_OK) {
    status = copy_header(&writer, reader, key);
  }
  while (status == VQE_OK) {
    avro_value_t *from;
    avro_value_t *to = vqe_avro_writer_value(writer);
    status = vqe_avro_reader_next(&from, reader);
    if (status != VQE_OK || from == NULL) {
      break;
    }
    if (avro_value_copy_fast(to, from) != 0) {
      status = vqe_error_set(VQE_ERR_IO, "%s: %s", key, avro_strerror());
      break;
    }
    status = edit(relocate, to);
    if (status == VQE_OK) {
      status = vqe_avro_writer_append(writer);
    }
  }
  if (status == VQE_OK) {
    status = vqe_avro_writer_finish(&copy, &size, writer);
  }
  if (status == VQE_OK) {
    *length = (int64_t)size;
    status =
        vqe_objects_put(relocate->to, key, copy, size, VQE_OBJECTS_REPLACE);
  }
  vqe_avro_writer_close(writer);
  vqe_avro_reader_close(reader);
  free(copy);
  free(data);
  free(key);
  return status;
}

/* The manifests of a list, each copied once. */
static int copy_manifests(struct relocate *relocate, const char *list_uri)
{
  struct vqe_iceberg_manifests list = {.list = NULL};
  char *key = NULL;
  char *data = NULL;
  size_t size = 0;
  int status = fetch(&data, &size, &key, relocate, list_uri);
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_list_decode(&list, data, size, key);
  }
  for (size_t k = 0; status == VQE_OK && k < list.count; k++) {
    const char *uri = list.list[k].uri;
    int64_t length = 0;
    if (json_object_get(relocate->lengths, uri) != NULL) {
      continue;
    }
    if (list.list[k].content != 0) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "table '%s' has delete files; let their writer "
                             "compact it first",
                             relocate->table->name);
      break;
    }
    status = copy_avro(&length, relocate, uri, edit_entry);
    json_object_set_new(relocate->lengths, uri, json_integer(length));
  }
  vqe_iceberg_manifests_clear(&list);
  free(data);
  free(key);
  return status;
}

/* All manifests with their data, then the lists that name them. */
static int copy_snapshots(struct relocate *relocate)
{
  const json_t *snapshots =
      json_object_get(relocate->table->metadata, "snapshots");
  size_t count = json_array_size(snapshots);
  int64_t length;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const char *uri =
        vqe_iceberg_string(json_array_get(snapshots, k), "manifest-list");
    status = uri == NULL ? vqe_error_set(VQE_ERR_UNSUPPORTED,
                                         "table '%s' has a snapshot without a "
                                         "manifest list",
                                         relocate->table->name)
                         : copy_manifests(relocate, uri);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = copy_avro(
        &length, relocate,
        vqe_iceberg_string(json_array_get(snapshots, k), "manifest-list"),
        edit_manifest);
  }
  return status;
}

/* ---- metadata -------------------------------------------------------- */

/* Point the metadata at the new place; what is not copied leaves it. */
static int edit_metadata(json_t *metadata, const struct relocate *relocate)
{
  static const char *const dropped[] = {
      "write.data.path", "write.metadata.path", "write.object-storage.enabled",
      "write.object-storage.path", "write.folder-storage.path"};
  json_t *properties = json_object_get(metadata, "properties");
  char *uri = NULL;
  size_t k;
  json_t *snapshot;
  int status = vqe_objects_uri(&uri, relocate->to, relocate->table->folder);
  if (status == VQE_OK) {
    json_object_set_new(metadata, "location", json_string(uri));
    json_object_set_new(metadata, "metadata-log", json_array());
    json_object_set_new(metadata, "statistics", json_array());
    json_object_set_new(metadata, "partition-statistics", json_array());
    for (k = 0; k < sizeof dropped / sizeof dropped[0]; k++) {
      json_object_del(properties, dropped[k]);
    }
  }
  json_array_foreach(json_object_get(metadata, "snapshots"), k, snapshot)
  {
    char *list = NULL;
    char *list_key = NULL;
    if (status == VQE_OK) {
      status = new_uri(&list, &list_key, relocate,
                       vqe_iceberg_string(snapshot, "manifest-list"));
    }
    if (status == VQE_OK) {
      json_object_set_new(snapshot, "manifest-list", json_string(list));
    }
    free(list);
    free(list_key);
  }
  free(uri);
  return status;
}

static int copy_metadata(struct relocate *relocate)
{
  json_t *metadata = json_deep_copy(relocate->table->metadata);
  const char *name = relocate->table->name;
  char *text = NULL;
  char *key = NULL;
  char *hint = NULL;
  size_t size = 0;
  int status = edit_metadata(metadata, relocate);
  if (status == VQE_OK) {
    text = vqe_json_dumps(metadata, JSON_COMPACT);
    size = text == NULL ? 0 : strlen(text);
    status = text == NULL ? vqe_iceberg_no_json_memory()
                          : vqe_iceberg_metadata_key(&key, name, 1, false);
  }
  if (status == VQE_OK) {
    status =
        vqe_objects_put(relocate->to, key, text, size, VQE_OBJECTS_ONLY_NEW);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_hint_key(&hint, name);
  }
  if (status == VQE_OK) {
    status = vqe_objects_put(relocate->to, hint, "1", 1, VQE_OBJECTS_REPLACE);
  }
  free(hint);
  free(key);
  free(text);
  json_decref(metadata);
  return status;
}

static int refuse_existing(struct vqe_objects *to, const char *table)
{
  struct vqe_iceberg_table *there = NULL;
  int status = vqe_iceberg_open_anywhere(&there, to, table);
  vqe_iceberg_close(there);
  if (status == VQE_ERR_NOT_FOUND) {
    return VQE_OK;
  }
  if (status == VQE_ERR_IO || status == VQE_ERR_MEMORY) {
    return status;
  }
  return vqe_error_set(VQE_ERR_EXISTS,
                       "table '%s' is already in %s; relocate to an empty "
                       "place",
                       table, vqe_objects_describe(to));
}

int vqe_iceberg_relocate(struct vqe_objects *to, struct vqe_objects *from,
                         const char *table, const char *scratch)
{
  struct relocate relocate = {.to = to, .from = from, .scratch = scratch};
  relocate.lengths = json_object();
  relocate.copied = json_object();
  int status = vqe_iceberg_open_anywhere(&relocate.table, from, table);
  if (status == VQE_OK) {
    status = vqe_iceberg_require_whole(relocate.table);
  }
  if (status == VQE_OK) {
    status = refuse_existing(to, table);
  }
  if (status == VQE_OK) {
    status = copy_snapshots(&relocate);
  }
  if (status == VQE_OK) {
    status = copy_metadata(&relocate);
  }
  json_decref(relocate.copied);
  json_decref(relocate.lengths);
  vqe_iceberg_close(relocate.table);
  return status;
}
