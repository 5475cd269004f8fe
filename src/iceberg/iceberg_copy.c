/* Copying a table to another place, with all that points at it. Manifests
 * and their lists are copied value by value under their own schema and
 * header, so that what other writers put there stays. */
#include "iceberg/iceberg_copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_read.h"
#include "iceberg/iceberg_read.h"
#include "objects/objects.h"

/* Without the scheme: "s3a://b/k" and "s3://b/k", "file:///k" and "/k" are
 * the same place. *kind: '3' for a bucket, '/' for a folder, else ' '. */
static const char *bare(char *kind, const char *uri)
{
  static const char *const schemes[] = {"s3a://", "s3n://", "s3://", "file://",
                                        "file:"};
  for (size_t k = 0; k < sizeof schemes / sizeof schemes[0]; k++) {
    if (strncmp(uri, schemes[k], strlen(schemes[k])) == 0) {
      *kind = schemes[k][0] == 's' ? '3' : '/';
      return uri + strlen(schemes[k]);
    }
  }
  *kind = uri[0] == '/' ? '/' : ' ';
  return uri;
}

/* Key of a URI by the location in the metadata, which need not be where the
 * table is. */
static int key_of(char **out, const struct vqe_iceberg_copy *copy,
                  const char *uri)
{
  char kind = ' ';
  char other = ' ';
  const char *location =
      bare(&kind, vqe_iceberg_string(copy->table->metadata, "location"));
  size_t length = strlen(location);
  *out = NULL;
  while (length > 0 && location[length - 1] == '/') {
    length--;
  }
  const char *path = bare(&other, uri);
  if (kind != other || strncmp(path, location, length) != 0 ||
      path[length] != '/') {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "table '%s': '%s' lies outside its location '%s'",
                         copy->table->name, uri, location);
  }
  return vqe_objects_plain_key(out, copy->table->folder, path + length);
}

static int new_uri(char **uri, char **key, const struct vqe_iceberg_copy *copy,
                   const char *old)
{
  *uri = NULL;
  int status = key_of(key, copy, old);
  if (status == VQE_OK) {
    status = vqe_objects_uri(uri, copy->target.objects, *key);
  }
  return status;
}

/* ---- data ------------------------------------------------------------ */

static int copy_through_scratch(const struct vqe_iceberg_copy *copy,
                                const char *key, uint64_t size)
{
  char uuid[VQE_ICEBERG_UUID_SIZE];
  char *path = NULL;
  int status = vqe_iceberg_uuid(uuid);
  if (status == VQE_OK) {
    status = vqe_memory_print(&path, "%s/relocate-%s", copy->scratch, uuid);
  }
  if (status == VQE_OK) {
    status = vqe_objects_get_file(copy->from, key, path, size);
  }
  if (status == VQE_OK) {
    status = vqe_objects_put_file(copy->target.objects, key, path);
  }
  if (path != NULL) {
    unlink(path);
  }
  free(path);
  return status;
}

/* The bytes that were checked are those that are copied: of a local file
 * those that are open. */
static int copy_key(const struct vqe_iceberg_copy *copy, const char *key,
                    uint64_t size)
{
  uint64_t there = 0;
  int descriptor = -1;
  if (!vqe_objects_is_local(copy->from)) {
    return copy_through_scratch(copy, key, size);
  }
  int status = vqe_objects_open_key(&descriptor, &there, copy->from, key);
  if (status == VQE_OK) {
    status = vqe_objects_require_size(key, there, size);
  }
  if (status == VQE_OK) {
    status =
        vqe_objects_put_open(copy->target.objects, key, descriptor, size, key);
  }
  if (descriptor >= 0) {
    close(descriptor);
  }
  return status;
}

/* A file that is to be copied has to be there and whole: one listing of the
 * source, at the first such file. What is listed with another size may be no
 * file. */
static int require_source(struct vqe_iceberg_copy *copy, const char *key,
                          int64_t size)
{
  int status = VQE_OK;
  if (copy->source_sizes == NULL) {
    copy->source_sizes = json_object();
    status = vqe_iceberg_target_list(copy->source_sizes, copy->from,
                                     copy->table->folder);
  }
  int64_t there = vqe_iceberg_integer(copy->source_sizes, key, -1);
  if (status == VQE_OK && there < 0) {
    status = vqe_error_set(
        VQE_ERR_NOT_FOUND, "table '%s': its data file '%s' is missing in %s",
        copy->table->name, key, vqe_objects_describe(copy->from));
  } else if (status == VQE_OK && there != size) {
    uint64_t now;
    status = vqe_objects_head(&now, copy->from, key);
  }
  if (status == VQE_OK && there != size) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "table '%s': its data file '%s' in %s has %" PRId64
                           " bytes, its manifest says %" PRId64,
                           copy->table->name, key,
                           vqe_objects_describe(copy->from), there, size);
  }
  return status;
}

static int require_running(const struct vqe_iceberg_copy *copy)
{
  return copy->stopped == NULL || !copy->stopped()
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INTERRUPTED,
                             "stopped; the copy of table '%s' is as it was, "
                             "run this again",
                             copy->table->name);
}

/* Note that the copy names the key; *fresh for the first time. */
static int note(bool *fresh, struct vqe_iceberg_copy *copy, const char *key)
{
  *fresh = json_object_get(copy->named, key) == NULL;
  return *fresh ? vqe_iceberg_note(copy->named, key) : VQE_OK;
}

/* Once for each data file; one of that size that is there was put by an
 * earlier run, since names of data files are unique. */
static int copy_data(struct vqe_iceberg_copy *copy, const char *uri,
                     int64_t size)
{
  char *key = NULL;
  bool fresh = false;
  int status = key_of(&key, copy, uri);
  if (status == VQE_OK && size < 0) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "table '%s': no size of its data file '%s'",
                           copy->table->name, key);
  }
  if (status == VQE_OK) {
    status = note(&fresh, copy, key);
  }
  if (status == VQE_OK && fresh &&
      vqe_iceberg_target_size(&copy->target, key) == size) {
    copy->result->files_there++;
  } else if (status == VQE_OK && fresh) {
    status = require_running(copy);
    if (status == VQE_OK) {
      status = require_source(copy, key, size);
    }
    if (status == VQE_OK && !copy->dry_run) {
      status = copy_key(copy, key, (uint64_t)size);
    }
    if (status == VQE_OK) {
      copy->result->files++;
      copy->result->bytes += size;
    }
  }
  free(key);
  return status;
}

/* ---- Avro files ------------------------------------------------------ */

typedef int (*edit_fn)(struct vqe_iceberg_copy *copy, avro_value_t *value);

static int set_string(avro_value_t *record, const char *name, const char *text)
{
  struct vqe_avro_fields fields = {.record = *record};
  vqe_avro_put_string(&fields, name, text);
  return fields.failed ? vqe_error_set(VQE_ERR_IO, "Avro: %s", avro_strerror())
                       : VQE_OK;
}

static int edit_entry(struct vqe_iceberg_copy *copy, avro_value_t *value)
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
  int status = new_uri(&uri, &key, copy, old);
  if (status == VQE_OK && entry != VQE_ICEBERG_DELETED) {
    status = copy_data(copy, old, size);
  }
  if (status == VQE_OK) {
    status = set_string(&record, "file_path", uri);
  }
  free(uri);
  free(key);
  return status;
}

static int edit_manifest(struct vqe_iceberg_copy *copy, avro_value_t *value)
{
  const char *old;
  char *uri = NULL;
  char *key = NULL;
  if (!vqe_avro_get_string(&old, value, "manifest_path")) {
    return vqe_error_set(VQE_ERR_INPUT, "a manifest without a path");
  }
  int64_t length = vqe_iceberg_integer(copy->lengths, old, -1);
  int status = new_uri(&uri, &key, copy, old);
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
                 const struct vqe_iceberg_copy *copy, const char *uri)
{
  int status = key_of(key, copy, uri);
  if (status == VQE_OK) {
    status = vqe_objects_get(data, size, copy->from, *key,
                             VQE_ICEBERG_MANIFEST_LIMIT);
  }
  return status;
}

/* Each value of the reader, edited, through the writer. */
static int edit_values(struct vqe_iceberg_copy *copy,
                       struct vqe_avro_writer *writer,
                       struct vqe_avro_reader *reader, edit_fn edit)
{
  int status = VQE_OK;
  while (status == VQE_OK) {
    avro_value_t *from;
    avro_value_t *to = vqe_avro_writer_value(writer);
    status = vqe_avro_reader_next(&from, reader);
    if (status != VQE_OK || from == NULL) {
      break;
    }
    if (avro_value_copy_fast(to, from) != 0) {
      status = vqe_error_set(VQE_ERR_IO, "Avro: %s", avro_strerror());
      break;
    }
    status = edit(copy, to);
    if (status == VQE_OK) {
      status = vqe_avro_writer_append(writer);
    }
  }
  return status;
}

/* Write an edited file, unless the copy names what is there already, which
 * readers may have open. */
static int put_avro(int64_t *length, struct vqe_iceberg_copy *copy,
                    const char *key, const char *text, size_t size)
{
  bool fresh = false;
  int status = note(&fresh, copy, key);
  *length = vqe_iceberg_integer(copy->target.settled, key, -1);
  if (status == VQE_OK && *length < 0) {
    *length = (int64_t)size;
    copy->result->metadata_files++;
    copy->result->metadata_bytes += *length;
    if (!copy->dry_run) {
      status = vqe_objects_put(copy->target.objects, key, text, size,
                               VQE_OBJECTS_REPLACE);
    }
  }
  return status;
}

/* Copy an Avro file, each value edited; *length of the copy. */
static int copy_avro(int64_t *length, struct vqe_iceberg_copy *copy,
                     const char *uri, edit_fn edit)
{
  struct vqe_avro_reader *reader = NULL;
  struct vqe_avro_writer *writer = NULL;
  char *key = NULL;
  char *data = NULL;
  char *text = NULL;
  size_t size = 0;
  int status = require_running(copy);
  if (status == VQE_OK) {
    status = fetch(&data, &size, &key, copy, uri);
  }
  if (status == VQE_OK) {
    status = vqe_avro_reader_open(&reader, data, size, key);
  }
  if (status == VQE_OK) {
    status = copy_header(&writer, reader, key);
  }
  if (status == VQE_OK) {
    status = edit_values(copy, writer, reader, edit);
  }
  if (status == VQE_OK) {
    status = vqe_avro_writer_finish(&text, &size, writer);
  }
  if (status == VQE_OK) {
    status = put_avro(length, copy, key, text, size);
  }
  vqe_avro_writer_close(writer);
  vqe_avro_reader_close(reader);
  free(text);
  free(data);
  free(key);
  return status;
}

/* The manifests of a list, each copied once. */
static int copy_manifests(struct vqe_iceberg_copy *copy, const char *list_uri)
{
  struct vqe_iceberg_manifests list = {.list = NULL};
  char *key = NULL;
  char *data = NULL;
  size_t size = 0;
  int status = fetch(&data, &size, &key, copy, list_uri);
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_list_decode(&list, data, size, key);
  }
  for (size_t k = 0; status == VQE_OK && k < list.count; k++) {
    const char *uri = list.list[k].uri;
    int64_t length = 0;
    if (json_object_get(copy->lengths, uri) != NULL) {
      continue;
    }
    if (list.list[k].content != 0) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "table '%s' has delete files; let their writer "
                             "compact it first",
                             copy->table->name);
      break;
    }
    status = copy_avro(&length, copy, uri, edit_entry);
    json_object_set_new(copy->lengths, uri, json_integer(length));
  }
  vqe_iceberg_manifests_clear(&list);
  free(data);
  free(key);
  return status;
}

int vqe_iceberg_copy_files(struct vqe_iceberg_copy *copy)
{
  const json_t *snapshots =
      json_object_get(copy->table->metadata, "snapshots");
  size_t count = json_array_size(snapshots);
  int64_t length;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const char *uri =
        vqe_iceberg_string(json_array_get(snapshots, k), "manifest-list");
    status = uri == NULL ? vqe_error_set(VQE_ERR_UNSUPPORTED,
                                         "table '%s' has a snapshot without a "
                                         "manifest list",
                                         copy->table->name)
                         : copy_manifests(copy, uri);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = copy_avro(
        &length, copy,
        vqe_iceberg_string(json_array_get(snapshots, k), "manifest-list"),
        edit_manifest);
  }
  return status;
}

/* ---- metadata -------------------------------------------------------- */

/* Properties that would lead writers elsewhere go; the snapshot that both
 * sides have now comes. */
static int edit_properties(json_t *metadata,
                           const struct vqe_iceberg_copy *copy)
{
  static const char *const dropped[] = {
      "write.data.path", "write.metadata.path", "write.object-storage.enabled",
      "write.object-storage.path", "write.folder-storage.path"};
  json_t *properties = json_object_get(metadata, "properties");
  char id[32];
  if (!json_is_object(properties)) {
    json_object_set_new(metadata, "properties", json_object());
    properties = json_object_get(metadata, "properties");
  }
  for (size_t k = 0; k < sizeof dropped / sizeof dropped[0]; k++) {
    json_object_del(properties, dropped[k]);
  }
  snprintf(id, sizeof id, "%" PRId64,
           vqe_iceberg_current_snapshot(copy->table));
  return json_object_set_new(properties, VQE_ICEBERG_COPIED_PROPERTY,
                             json_string(id)) == 0
             ? VQE_OK
             : vqe_iceberg_no_json_memory();
}

static int edit_snapshot(json_t *snapshot, const struct vqe_iceberg_copy *copy)
{
  char *uri = NULL;
  char *key = NULL;
  int status =
      new_uri(&uri, &key, copy, vqe_iceberg_string(snapshot, "manifest-list"));
  if (status == VQE_OK &&
      json_object_set_new(snapshot, "manifest-list", json_string(uri)) != 0) {
    status = vqe_iceberg_no_json_memory();
  }
  free(uri);
  free(key);
  return status;
}

int vqe_iceberg_copy_metadata(json_t **out,
                              const struct vqe_iceberg_copy *copy)
{
  json_t *metadata = json_deep_copy(copy->table->metadata);
  size_t k;
  json_t *snapshot;
  *out = NULL;
  if (metadata == NULL) {
    return vqe_iceberg_no_json_memory();
  }
  json_object_set_new(metadata, "location",
                      json_string(copy->target.location));
  json_object_set_new(metadata, "metadata-log", json_array());
  json_object_set_new(metadata, "statistics", json_array());
  json_object_set_new(metadata, "partition-statistics", json_array());
  int status = edit_properties(metadata, copy);
  json_array_foreach(json_object_get(metadata, "snapshots"), k, snapshot)
  {
    if (status == VQE_OK) {
      status = edit_snapshot(snapshot, copy);
    }
  }
  if (status != VQE_OK) {
    json_decref(metadata);
    return status;
  }
  *out = metadata;
  return VQE_OK;
}
