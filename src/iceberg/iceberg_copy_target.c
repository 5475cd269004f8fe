#include "iceberg/iceberg_copy_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_read.h"
#include "iceberg/iceberg_read.h"
#include "objects/objects.h"

static int note_size(void *ctx, const struct vqe_object *object)
{
  return json_object_set_new_nocheck(
             ctx, object->key, json_integer((json_int_t)object->size)) == 0
             ? VQE_OK
             : vqe_iceberg_no_json_memory();
}

int vqe_iceberg_target_list(json_t *sizes, struct vqe_objects *objects,
                            const char *folder)
{
  return vqe_objects_list(objects, folder, true, note_size, sizes);
}

int64_t vqe_iceberg_target_size(const struct vqe_iceberg_target *target,
                                const char *key)
{
  return vqe_iceberg_integer(target->there, key, -1);
}

/* ---- may it follow? -------------------------------------------------- */

static int64_t copied_snapshot(const json_t *metadata)
{
  const char *text = vqe_iceberg_string(
      json_object_get(metadata, "properties"), VQE_ICEBERG_COPIED_PROPERTY);
  return text == NULL ? INT64_MIN : strtoll(text, NULL, 10);
}

/* What relocate has never written may be the only one of its kind: that it be
 * removed is advised of copies alone. */
static int refuse(const struct vqe_iceberg_target *target, const char *why,
                  const char *what)
{
  bool is_copy = copied_snapshot(target->table->metadata) != INT64_MIN;
  return vqe_error_set(
      VQE_ERR_EXISTS, "table '%s' in %s %s '%s': relocate to another place%s",
      target->table->name, vqe_objects_describe(target->objects), why, what,
      is_copy ? ", or remove the table there" : "");
}

static int require_copy(const struct vqe_iceberg_target *target,
                        const struct vqe_iceberg_table *source)
{
  const json_t *metadata = target->table->metadata;
  const char *own = vqe_iceberg_string(metadata, "table-uuid");
  const char *location = vqe_iceberg_string(metadata, "location");
  int64_t current = vqe_iceberg_current_snapshot(target->table);
  char id[32];
  if (strcasecmp(own, vqe_iceberg_string(source->metadata, "table-uuid")) !=
      0) {
    return refuse(target, "is another table than the source's, with the id",
                  own);
  }
  if (strcmp(location, target->location) != 0) {
    return refuse(target, "was not relocated to there: its metadata points at",
                  location);
  }
  if (current != VQE_ICEBERG_NO_SNAPSHOT &&
      copied_snapshot(metadata) == INT64_MIN) {
    return vqe_error_set(VQE_ERR_EXISTS,
                         "table '%s' in %s is an original, no copy by "
                         "relocate: are source and target swapped? Relocate "
                         "to another place",
                         target->table->name,
                         vqe_objects_describe(target->objects));
  }
  if (current != VQE_ICEBERG_NO_SNAPSHOT &&
      copied_snapshot(metadata) != current &&
      vqe_iceberg_snapshot_json(source->metadata, current) == NULL) {
    snprintf(id, sizeof id, "%" PRId64, current);
    return refuse(target, "holds what others have written into it, snapshot",
                  id);
  }
  return vqe_iceberg_require_whole(target->table);
}

/* Source and target may have the same URI only in different stores. */
static int require_elsewhere(const struct vqe_iceberg_target *target,
                             const struct vqe_iceberg_table *source)
{
  char *from = NULL;
  int status = vqe_objects_uri(&from, source->objects, source->folder);
  if (status == VQE_OK && strcmp(from, target->location) == 0 &&
      strcmp(vqe_objects_describe(source->objects),
             vqe_objects_describe(target->objects)) == 0) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "source and target of relocate are the same: '%s'",
                           from);
  }
  free(from);
  return status;
}

/* ---- what needs no copy ---------------------------------------------- */

/* A list that the copy names, with its manifests. One that cannot be read, or
 * whose manifests are not there, is left to be written again. */
static int settle_list(struct vqe_iceberg_target *target, const char *key)
{
  struct vqe_iceberg_manifests list = {.list = NULL};
  char *data = NULL;
  size_t size = 0;
  int64_t length = vqe_iceberg_target_size(target, key);
  bool whole = length >= 0;
  int status = whole ? vqe_objects_get(&data, &size, target->objects, key,
                                       VQE_ICEBERG_MANIFEST_LIMIT)
                     : VQE_OK;
  if (status == VQE_OK && whole) {
    status = vqe_iceberg_manifest_list_decode(&list, data, size, key);
  }
  whole = whole && status == VQE_OK;
  for (size_t k = 0; k < list.count; k++) {
    char *manifest = NULL;
    bool right =
        vqe_objects_key_of_uri(&manifest, target->objects, list.list[k].uri) ==
            VQE_OK &&
        vqe_iceberg_target_size(target, manifest) == list.list[k].length;
    if (right) {
      json_object_set_new(target->settled, manifest,
                          json_integer(list.list[k].length));
    }
    whole = whole && right;
    free(manifest);
  }
  if (whole) {
    json_object_set_new(target->settled, key, json_integer(length));
  }
  vqe_iceberg_manifests_clear(&list);
  free(data);
  return status == VQE_ERR_INPUT || status == VQE_ERR_NOT_FOUND ? VQE_OK
                                                                : status;
}

static int settle(struct vqe_iceberg_target *target)
{
  size_t k;
  json_t *snapshot;
  int status = VQE_OK;
  json_array_foreach(json_object_get(target->table->metadata, "snapshots"), k,
                     snapshot)
  {
    const char *uri = vqe_iceberg_string(snapshot, "manifest-list");
    char *key = NULL;
    if (status == VQE_OK && uri != NULL &&
        vqe_objects_key_of_uri(&key, target->objects, uri) == VQE_OK) {
      status = settle_list(target, key);
    }
    free(key);
  }
  return status;
}

/* ---- opening --------------------------------------------------------- */

int vqe_iceberg_target_open(struct vqe_iceberg_target *out,
                            struct vqe_objects *objects,
                            const struct vqe_iceberg_table *source)
{
  *out = (struct vqe_iceberg_target){
      .objects = objects, .there = json_object(), .settled = json_object()};
  int status = vqe_objects_uri(&out->location, objects, source->folder);
  if (status == VQE_OK) {
    status = require_elsewhere(out, source);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_target_list(out->there, objects, source->folder);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_open_anywhere(&out->table, objects, source->name);
    status = status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
  }
  if (status == VQE_OK && out->table != NULL) {
    status = require_copy(out, source);
  }
  if (status == VQE_OK && out->table != NULL) {
    status = settle(out);
  }
  return status;
}

void vqe_iceberg_target_clear(struct vqe_iceberg_target *target)
{
  vqe_iceberg_close(target->table);
  json_decref(target->there);
  json_decref(target->settled);
  free(target->location);
  *target = (struct vqe_iceberg_target){.objects = NULL};
}

/* ---- the next version ------------------------------------------------ */

bool vqe_iceberg_target_has(const struct vqe_iceberg_target *target,
                            const json_t *metadata)
{
  if (target->table == NULL) {
    return false;
  }
  json_t *mine = json_copy(target->table->metadata);
  json_t *theirs = json_copy((json_t *)(uintptr_t)metadata);
  json_object_del(mine, "metadata-log");
  json_object_del(theirs, "metadata-log");
  bool equal = mine != NULL && theirs != NULL && json_equal(mine, theirs);
  json_decref(mine);
  json_decref(theirs);
  return equal;
}

/* The version before stays for readers that have just read the hint; older
 * ones may go, so the log names no other. */
static int log_version(json_t *metadata,
                       const struct vqe_iceberg_target *target)
{
  json_t *log = json_array();
  char *uri = NULL;
  int status = VQE_OK;
  if (target->table != NULL) {
    status = vqe_objects_uri(&uri, target->objects, target->table->key);
  }
  if (status == VQE_OK && uri != NULL &&
      json_array_append_new(
          log, json_pack("{s:I, s:s}", "timestamp-ms",
                         (json_int_t)vqe_iceberg_integer(
                             target->table->metadata, "last-updated-ms", 0),
                         "metadata-file", uri)) != 0) {
    status = vqe_iceberg_no_json_memory();
  }
  if (json_object_set_new(metadata, "metadata-log", log) != 0 &&
      status == VQE_OK) {
    status = vqe_iceberg_no_json_memory();
  }
  free(uri);
  return status;
}

static int put_version(int64_t *size, const struct vqe_iceberg_target *target,
                       const char *table, int64_t version, json_t *metadata)
{
  char *text = NULL;
  char *key = NULL;
  int status = log_version(metadata, target);
  if (status == VQE_OK) {
    text = vqe_json_dumps(metadata, JSON_COMPACT);
    status = text == NULL
                 ? vqe_iceberg_no_json_memory()
                 : vqe_iceberg_metadata_key(&key, table, version, false);
  }
  if (status == VQE_OK && text != NULL) {
    *size = (int64_t)strlen(text);
    status = vqe_objects_put(target->objects, key, text, strlen(text),
                             VQE_OBJECTS_ONLY_NEW);
  }
  if (status == VQE_ERR_EXISTS) {
    status =
        vqe_error_set(VQE_ERR_EXISTS,
                      "table '%s' in %s: another writer has made version "
                      "%" PRId64 " meanwhile; run this again",
                      table, vqe_objects_describe(target->objects), version);
  }
  free(key);
  free(text);
  return status;
}

static int put_hint(const struct vqe_iceberg_target *target, const char *table,
                    int64_t version)
{
  char *key = NULL;
  char text[32];
  int length = snprintf(text, sizeof text, "%" PRId64, version);
  int status = vqe_iceberg_hint_key(&key, table);
  if (status == VQE_OK) {
    (void)vqe_iceberg_drop_checksum(target->objects, key);
    status = vqe_objects_put(target->objects, key, text, (size_t)length,
                             VQE_OBJECTS_REPLACE);
  }
  free(key);
  return status;
}

int vqe_iceberg_target_commit(int64_t *version, int64_t *size,
                              const struct vqe_iceberg_target *target,
                              const char *table, json_t *metadata)
{
  int64_t hint = target->table == NULL ? 0 : target->table->hint;
  int status = VQE_OK;
  *version = target->table == NULL ? 0 : target->table->version;
  *size = 0;
  if (metadata != NULL) {
    *version += 1;
    status = put_version(size, target, table, *version, metadata);
  }
  if (status == VQE_OK && hint != *version) {
    status = put_hint(target, table, *version);
  }
  return status;
}
