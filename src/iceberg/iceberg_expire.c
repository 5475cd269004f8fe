#include "iceberg/iceberg_expire.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_change.h"
#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_foreign.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_metadata.h"
#include "iceberg/iceberg_named.h"
#include "iceberg/iceberg_old_metadata.h"
#include "iceberg/iceberg_read.h"
#include "iceberg/iceberg_snapshot.h"
#include "iceberg/iceberg_table.h"
#include "objects/objects.h"

struct expire {
  struct vqe_objects *objects;
  const struct vqe_iceberg_expire_options *options;
  struct vqe_iceberg_expire_result *result;
  struct vqe_iceberg_table *base; /* the table before, kept for its files */
  json_t *removed;                /* snapshots */
  json_t *named;                  /* keys that metadata of catalogs names */
  int64_t tags;
};

/* Is it a tag that our own commit of that snapshot was given? */
static bool is_ours(const char *tag, const json_t *snapshot)
{
  const char *run = vqe_iceberg_string(json_object_get(snapshot, "summary"),
                                       VQE_ICEBERG_RUN_KEY);
  if (run == NULL || strncmp(tag, "v_", 2) != 0) {
    return false;
  }
  tag += strncmp(tag, "v_incr_", 7) == 0 ? 7 : 2;
  for (; *run != '\0'; run++) {
    if (*run == '-') {
      continue;
    }
    if (*run != *tag) {
      return false;
    }
    tag++;
  }
  return *tag == '\0';
}

/* A property of the table as a number, `otherwise` where it has none. */
static int64_t property(const json_t *metadata, const char *name,
                        int64_t otherwise)
{
  const char *text =
      vqe_iceberg_string(json_object_get(metadata, "properties"), name);
  char *end = NULL;
  long long value = text == NULL ? 0 : strtoll(text, &end, 10);
  return text != NULL && end > text && *end == '\0' ? value : otherwise;
}

/* The time before which things may go: what the caller says, or earlier where
 * the table keeps them longer. */
static int64_t limit_of(const json_t *metadata, const char *name,
                        int64_t older_than_ms)
{
  int64_t age = property(metadata, name, -1);
  int64_t now = vqe_iceberg_now_ms();
  int64_t limit = age >= 0 && age <= now ? now - age : INT64_MAX;
  limit = age > now ? 0 : limit;
  return limit < older_than_ms ? limit : older_than_ms;
}

static void drop_tags(struct expire *expire, json_t *metadata)
{
  json_t *refs = json_object_get(metadata, "refs");
  int64_t current = vqe_iceberg_integer(metadata, "current-snapshot-id", -1);
  int64_t before = limit_of(metadata, "history.expire.max-ref-age-ms",
                            expire->options->older_than_ms);
  const char *name;
  json_t *ref;
  void *next;
  expire->tags = 0;
  json_object_foreach_safe(refs, next, name, ref)
  {
    int64_t id = vqe_iceberg_integer(ref, "snapshot-id", -1);
    const json_t *snapshot = vqe_iceberg_snapshot_json(metadata, id);
    const char *type = vqe_iceberg_string(ref, "type");
    if (id != current && type != NULL && strcmp(type, "tag") == 0 &&
        is_ours(name, snapshot) &&
        vqe_iceberg_integer(snapshot, "timestamp-ms", INT64_MAX) < before) {
      json_object_del(refs, name);
      expire->tags++;
    }
  }
}

static int keep_id(json_t *keep, int64_t id)
{
  char key[32];
  snprintf(key, sizeof key, "%" PRId64, id);
  return vqe_iceberg_note(keep, key);
}

static bool is_kept(const json_t *keep, int64_t id)
{
  char key[32];
  snprintf(key, sizeof key, "%" PRId64, id);
  return json_object_get(keep, key) != NULL;
}

/* `count` snapshots from that one back. */
static int keep_ancestors(json_t *keep, const json_t *metadata, int64_t id,
                          int64_t count)
{
  size_t left = json_array_size(json_object_get(metadata, "snapshots"));
  int status = VQE_OK;
  while (status == VQE_OK && id >= 0 && left-- > 0 && count-- > 0) {
    status = keep_id(keep, id);
    id = vqe_iceberg_integer(vqe_iceberg_snapshot_json(metadata, id),
                             "parent-snapshot-id", -1);
  }
  return status;
}

/* What is young by the caller, the table's properties and those of main. */
static int keep_young(json_t *keep, const json_t *metadata,
                      int64_t older_than_ms)
{
  int status = VQE_OK;
  int64_t before =
      limit_of(metadata, "history.expire.max-snapshot-age-ms", older_than_ms);
  const json_t *branch =
      json_object_get(json_object_get(metadata, "refs"), "main");
  int64_t age = vqe_iceberg_integer(branch, "max-snapshot-age-ms", -1);
  size_t k;
  json_t *snapshot;
  if (age >= 0 && vqe_iceberg_now_ms() - age < before) {
    before = vqe_iceberg_now_ms() - age;
  }
  json_array_foreach(json_object_get(metadata, "snapshots"), k, snapshot)
  {
    if (status == VQE_OK &&
        vqe_iceberg_integer(snapshot, "timestamp-ms", INT64_MAX) >= before) {
      status = keep_id(keep, vqe_iceberg_integer(snapshot, "snapshot-id", -1));
    }
  }
  int64_t least =
      property(metadata, "history.expire.min-snapshots-to-keep", 1);
  return status == VQE_OK
             ? keep_ancestors(
                   keep, metadata,
                   vqe_iceberg_integer(metadata, "current-snapshot-id", -1),
                   vqe_iceberg_integer(branch, "min-snapshots-to-keep", least))
             : status;
}

/* What refs name, what is young, and all that branches of others are made
 * of, to `keep`. */
static int kept_snapshots(json_t *keep, const json_t *metadata,
                          int64_t older_than_ms)
{
  json_t *refs = json_object_get(metadata, "refs");
  const char *name;
  json_t *ref;
  int status =
      keep_id(keep, vqe_iceberg_integer(metadata, "current-snapshot-id", -1));
  if (status == VQE_OK) {
    status = keep_young(keep, metadata, older_than_ms);
  }
  json_object_foreach(refs, name, ref)
  {
    const char *type = vqe_iceberg_string(ref, "type");
    int64_t id = vqe_iceberg_integer(ref, "snapshot-id", -1);
    bool branch = type != NULL && strcmp(type, "branch") == 0 &&
                  strcmp(name, "main") != 0;
    if (status == VQE_OK) {
      status = keep_id(keep, id);
    }
    if (status == VQE_OK && branch) {
      status = keep_ancestors(keep, metadata, id, INT64_MAX);
    }
  }
  return status;
}

/* The snapshots at which catalogs that have registered the table see it. */
static int keep_of_catalogs(json_t *keep, const struct vqe_iceberg_table *base)
{
  const char *own = vqe_iceberg_string(base->metadata, "table-uuid");
  const char *file;
  json_t *unused;
  json_object_foreach(base->catalogs, file, unused)
  {
    json_t *theirs = NULL;
    int status = vqe_iceberg_fetch_metadata(&theirs, base->objects, file);
    const char *uuid = vqe_iceberg_string(theirs, "table-uuid");
    if (uuid != NULL && strcasecmp(uuid, own) == 0) {
      status = keep_id(keep,
                       vqe_iceberg_integer(theirs, "current-snapshot-id", -1));
    }
    json_decref(theirs);
    if (status != VQE_OK && status != VQE_ERR_NOT_FOUND) {
      return vqe_error_context(status, "'%s'", file);
    }
  }
  return VQE_OK;
}

/* Readers look up in the log what was current at a time. With a gap they would
 * find a wrong snapshot, so it begins after the last one that is dropped. */
static void cut_snapshot_log(json_t *metadata, const json_t *keep)
{
  json_t *log = json_object_get(metadata, "snapshot-log");
  size_t from = 0;
  size_t k;
  json_t *entry;
  json_array_foreach(log, k, entry)
  {
    if (!is_kept(keep, vqe_iceberg_integer(entry, "snapshot-id", -1))) {
      from = k + 1;
    }
  }
  while (from-- > 0) {
    json_array_remove(log, 0);
  }
}

static void cut_metadata_log(json_t *metadata, int64_t older_than_ms)
{
  json_t *log = json_object_get(metadata, "metadata-log");
  while (json_array_size(log) > 1 &&
         vqe_iceberg_integer(json_array_get(log, 0), "timestamp-ms",
                             INT64_MAX) < older_than_ms) {
    json_array_remove(log, 0);
  }
}

/* Statistics files of snapshots that are dropped; the files become orphans. */
static void cut_statistics(json_t *metadata, const char *name,
                           const json_t *keep)
{
  json_t *list = json_object_get(metadata, name);
  for (size_t k = json_array_size(list); k-- > 0;) {
    if (!is_kept(keep, vqe_iceberg_integer(json_array_get(list, k),
                                           "snapshot-id", -1))) {
      json_array_remove(list, k);
    }
  }
}

static int apply(void *ctx, json_t **out, struct vqe_iceberg_table *base)
{
  struct expire *expire = ctx;
  int64_t older = expire->options->older_than_ms;
  int64_t now = vqe_iceberg_now_ms();
  json_t *metadata = NULL;
  json_decref(expire->removed);
  expire->removed = json_array();
  vqe_iceberg_close(expire->base);
  expire->base = NULL;
  if (base == NULL) {
    return vqe_error_set(VQE_ERR_NOT_FOUND, "the table is gone");
  }
  int status = vqe_iceberg_require_collection(base);
  if (status == VQE_OK) {
    status = vqe_iceberg_metadata_next(&metadata, &now, base);
  }
  if (status != VQE_OK) {
    return status;
  }
  drop_tags(expire, metadata);
  json_t *keep = json_object();
  status = kept_snapshots(keep, metadata, older);
  if (status == VQE_OK) {
    status = keep_of_catalogs(keep, base);
  }
  json_t *snapshots = json_object_get(metadata, "snapshots");
  for (size_t k = json_array_size(snapshots); k-- > 0;) {
    json_t *snapshot = json_array_get(snapshots, k);
    if (status == VQE_OK &&
        !is_kept(keep, vqe_iceberg_integer(snapshot, "snapshot-id", -1))) {
      status = json_array_append(expire->removed, snapshot) == 0
                   ? VQE_OK
                   : vqe_iceberg_no_json_memory();
      json_array_remove(snapshots, k);
    }
  }
  if (status == VQE_OK &&
      (json_array_size(expire->removed) > 0 || expire->tags > 0)) {
    cut_snapshot_log(metadata, keep);
    cut_metadata_log(metadata, older);
    cut_statistics(metadata, "statistics", keep);
    cut_statistics(metadata, "partition-statistics", keep);
    /* the files are found by the old metadata, after the commit */
    status =
        vqe_memory_alloc(&expire->base, 1, sizeof *expire->base, "a table");
    if (status == VQE_OK) {
      expire->base->objects = base->objects;
      expire->base->metadata = json_deep_copy(base->metadata);
      expire->base->catalogs = json_incref(base->catalogs);
      status = expire->base->metadata != NULL
                   ? vqe_memory_strdup(&expire->base->name, base->name)
                   : vqe_iceberg_no_json_memory();
    }
    if (status == VQE_OK) {
      *out = metadata;
      metadata = NULL;
    }
  }
  json_decref(keep);
  json_decref(metadata);
  return status;
}

static void lost(void *ctx)
{
  (void)ctx; /* nothing was put */
}

/* ---- files ----------------------------------------------------------- */

/* Manifests of the snapshots that go, or stay, by URI. */
static int gather(json_t *manifests, json_t *lists, struct expire *expire,
                  bool removed)
{
  const json_t *all = json_object_get(expire->base->metadata, "snapshots");
  size_t k, r;
  json_t *snapshot, *other;
  int status = VQE_OK;
  json_array_foreach(all, k, snapshot)
  {
    int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
    struct vqe_iceberg_manifests list;
    bool gone = false;
    json_array_foreach(expire->removed, r, other)
    {
      gone = gone || vqe_iceberg_integer(other, "snapshot-id", -2) == id;
    }
    if (gone != removed) {
      continue;
    }
    status = vqe_iceberg_read_manifests(&list, expire->base, id);
    for (size_t m = 0; status == VQE_OK && m < list.count; m++) {
      status =
          json_object_set_new_nocheck(manifests, list.list[m].uri,
                                      json_integer(list.list[m].content)) == 0
              ? VQE_OK
              : vqe_iceberg_no_json_memory();
    }
    const char *uri = vqe_iceberg_string(snapshot, "manifest-list");
    if (status == VQE_OK && lists != NULL && uri != NULL) {
      status = vqe_iceberg_note(lists, uri);
    }
    vqe_iceberg_manifests_clear(&list);
    if (status != VQE_OK) {
      break;
    }
  }
  return status;
}

/* Data files in manifests: those that live there, or all. */
static int gather_files(json_t *files, struct expire *expire,
                        const json_t *manifests, bool live_only)
{
  const char *uri;
  json_t *content;
  int status = VQE_OK;
  json_object_foreach((json_t *)(uintptr_t)manifests, uri, content)
  {
    struct vqe_iceberg_manifest manifest = {
        .uri = (char *)(uintptr_t)uri, .content = json_integer_value(content)};
    struct vqe_iceberg_entries entries;
    if (manifest.content != 0) {
      continue; /* delete files are their writers' */
    }
    status = vqe_iceberg_read_entries(&entries, expire->base, &manifest);
    for (size_t k = 0; status == VQE_OK && k < entries.count; k++) {
      if (!live_only || entries.list[k].status != VQE_ICEBERG_DELETED) {
        status = vqe_iceberg_note(files, entries.list[k].file.key);
      }
    }
    vqe_iceberg_entries_clear(&entries);
    if (status != VQE_OK) {
      break;
    }
  }
  return status;
}

/* What lies with another table is that one's, whoever names it. */
static bool is_of_table(const char *key, const char *name)
{
  size_t start = strlen(VQE_ICEBERG_NAMESPACE "/");
  size_t length = strlen(name);
  return strncmp(key, VQE_ICEBERG_NAMESPACE "/", start) == 0 &&
         strncmp(key + start, name, length) == 0 && key[start + length] == '/';
}

static int remove_keys(int64_t *count, struct expire *expire,
                       const json_t *keys, const json_t *except, bool uris)
{
  const char *name;
  json_t *value;
  int status = VQE_OK;
  json_object_foreach((json_t *)(uintptr_t)keys, name, value)
  {
    char *key = NULL;
    if (json_object_get(except, name) != NULL) {
      continue;
    }
    status = uris ? vqe_objects_key_of_uri(&key, expire->objects, name)
                  : vqe_memory_strdup(&key, name);
    if (status == VQE_OK && (json_object_get(expire->named, key) != NULL ||
                             !is_of_table(key, expire->base->name))) {
      free(key);
      continue;
    }
    if (status == VQE_OK) {
      status = vqe_objects_delete(expire->objects, key);
    }
    if (status == VQE_OK) {
      status = vqe_iceberg_drop_checksum(expire->objects, key);
    }
    free(key);
    if (status != VQE_OK) {
      break;
    }
    (*count)++;
  }
  return status;
}

static int remove_files(struct expire *expire)
{
  struct vqe_iceberg_expire_result *result = expire->result;
  json_t *old = json_object();
  json_t *kept = json_object();
  json_t *lists = json_object();
  json_t *files = json_object();
  json_t *live = json_object();
  const char *uri;
  json_t *value;
  void *next;
  expire->named = json_object();
  int status = vqe_iceberg_named_by_catalogs(expire->named, expire->base);
  if (status == VQE_OK) {
    status = gather(old, lists, expire, true);
  }
  if (status == VQE_OK) {
    status = gather(kept, NULL, expire, false);
  }
  json_object_foreach(kept, uri, value)
  {
    json_object_del(old, uri);
  }
  if (status == VQE_OK) {
    status = gather_files(files, expire, old, false);
  }
  if (status == VQE_OK && json_object_size(files) > 0) {
    status = gather_files(live, expire, kept, true);
  }
  /* what is referred to goes after what refers to it */
  if (status == VQE_OK) {
    status = remove_keys(&result->manifest_lists, expire, lists, NULL, true);
  }
  if (status == VQE_OK) {
    json_object_foreach_safe(files, next, uri, value)
    {
      if (json_object_get(live, uri) != NULL) {
        json_object_del(files, uri);
      }
    }
    status = remove_keys(&result->data_files, expire, files, live, false);
  }
  if (status == VQE_OK) {
    status = remove_keys(&result->manifests, expire, old, kept, true);
  }
  json_decref(live);
  json_decref(files);
  json_decref(lists);
  json_decref(kept);
  json_decref(old);
  return status;
}

/* Metadata files that are neither the newest nor in its log. */
static int remove_metadata(struct expire *expire, const char *name)
{
  struct vqe_iceberg_table *table = NULL;
  int64_t grace = vqe_iceberg_now_ms() -
                  (expire->options->alone ? 0 : VQE_ICEBERG_METADATA_GRACE_MS);
  int64_t older = expire->options->older_than_ms;
  int status = vqe_iceberg_open(&table, expire->objects, name);
  if (status == VQE_OK) {
    status = vqe_iceberg_remove_old_metadata(
        &expire->result->metadata_files, table, older < grace ? older : grace);
  }
  vqe_iceberg_close(table);
  return status;
}

int vqe_iceberg_expire(struct vqe_iceberg_expire_result *result,
                       struct vqe_objects *objects, const char *table,
                       const struct vqe_iceberg_expire_options *options)
{
  struct expire expire = {
      .objects = objects, .options = options, .result = result};
  struct vqe_iceberg_change change = {
      .apply = apply, .lost = lost, .ctx = &expire};
  struct vqe_iceberg_change_options how = {.exclusive = options->exclusive,
                                           .max_retries = options->max_retries,
                                           .on_step = options->on_step,
                                           .on_step_ctx =
                                               options->on_step_ctx};
  struct vqe_iceberg_commit commit;
  memset(result, 0, sizeof *result);
  memset(&commit, 0, sizeof commit);
  int status =
      vqe_iceberg_change_commit(&commit, objects, table, &change, &how);
  if (status == VQE_OK && commit.outcome == VQE_ICEBERG_COMMITTED) {
    result->tags = expire.tags;
    result->snapshots = (int64_t)json_array_size(expire.removed);
    status = remove_files(&expire);
  }
  if (status == VQE_OK) {
    status = remove_metadata(&expire, table);
  }
  json_decref(expire.named);
  json_decref(expire.removed);
  vqe_iceberg_close(expire.base);
  return status;
}
