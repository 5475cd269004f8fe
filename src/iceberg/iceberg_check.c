#include "iceberg/iceberg_check.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "iceberg/iceberg_bind.h"
#include "iceberg/iceberg_check_avro.h"
#include "iceberg/iceberg_check_manifest.h"
#include "iceberg/iceberg_check_metadata.h"
#include "iceberg/iceberg_check_others.h"
#include "iceberg/iceberg_check_report.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_manifest_read.h"
#include "iceberg/iceberg_named.h"
#include "iceberg/iceberg_scan.h"
#include "iceberg/iceberg_table.h"
#include "iceberg/iceberg_versions.h"

/* ---- snapshots ------------------------------------------------------- */

/* What a snapshot added and what it has, by its manifests. */
struct totals {
  int64_t files, rows;
  int64_t bytes; /* files of deletes too */
  int64_t delete_files;
  int64_t added_files, added_rows, added_bytes;
  int64_t deleted_files, deleted_rows, deleted_bytes;
};

static void check_summary(struct vqe_iceberg_checking *check,
                          const json_t *snapshot, const struct totals *found)
{
  int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
  bool ours = vqe_iceberg_check_is_ours(check, id);
  const struct {
    const char *name;
    int64_t found;
    bool required; /* of ours */
    bool other;    /* others may count it in another way */
  } totals[] = {{"total-data-files", found->files, true, false},
                {"total-records", found->rows, true, false},
                {"total-files-size", found->bytes, true, false},
                {"total-delete-files", found->delete_files, false, false},
                {"added-data-files", found->added_files, true, false},
                {"added-records", found->added_rows, true, false},
                {"added-files-size", found->added_bytes, true, true},
                {"deleted-data-files", found->deleted_files, false, true},
                {"deleted-records", found->deleted_rows, false, true},
                {"removed-files-size", found->deleted_bytes, false, true}};
  for (size_t k = 0; k < sizeof totals / sizeof totals[0]; k++) {
    int64_t listed = vqe_iceberg_summary(snapshot, totals[k].name, -1);
    bool compared = ours || !totals[k].other;
    if (listed >= 0 && compared && listed != totals[k].found) {
      PROBLEM(check,
              "snapshot %" PRId64 ": %s is %" PRId64 ", its manifests have "
              "%" PRId64,
              id, totals[k].name, listed, totals[k].found);
    } else if (listed < 0 && ours &&
               (totals[k].required || totals[k].found > 0)) {
      PROBLEM(check, "snapshot %" PRId64 ": no %s in its summary", id,
              totals[k].name);
    }
  }
}

/* The summary alone. */
static void check_summary_form(struct vqe_iceberg_checking *check,
                               const json_t *snapshot)
{
  static const char *const operations[] = {"append", "replace", "overwrite",
                                           "delete"};
  int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
  json_t *summary = json_object_get(snapshot, "summary");
  const char *operation = vqe_iceberg_string(summary, "operation");
  bool known = false;
  const char *name;
  json_t *value;
  for (size_t k = 0;
       operation != NULL && k < sizeof operations / sizeof operations[0];
       k++) {
    known = known || strcmp(operation, operations[k]) == 0;
  }
  if (!known) {
    PROBLEM(check,
            "snapshot %" PRId64 ": no operation in its summary, or one that "
            "no reader knows",
            id);
  }
  json_object_foreach(summary, name, value)
  {
    if (!json_is_string(value)) {
      PROBLEM(check, "snapshot %" PRId64 ": '%s' of its summary is no string",
              id, name);
    }
  }
  if (vqe_iceberg_check_is_ours(check, id) &&
      (vqe_iceberg_string(summary, "engine-name") == NULL ||
       vqe_iceberg_string(summary, "engine-version") == NULL)) {
    PROBLEM(check, "snapshot %" PRId64 " does not name its engine", id);
  }
}

static void check_order(struct vqe_iceberg_checking *check,
                        const json_t *snapshot)
{
  const json_t *metadata = check->table->metadata;
  int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
  int64_t sequence = vqe_iceberg_integer(snapshot, "sequence-number", -1);
  const json_t *parent = vqe_iceberg_snapshot_json(
      metadata, vqe_iceberg_integer(snapshot, "parent-snapshot-id", -1));
  if (id < 0 || vqe_iceberg_snapshot_json(metadata, id) != snapshot) {
    PROBLEM(check, "snapshot id %" PRId64 " is negative or used twice", id);
  }
  if (sequence < 1 ||
      sequence > vqe_iceberg_integer(metadata, "last-sequence-number", -1)) {
    PROBLEM(check,
            "snapshot %" PRId64 ": sequence number %" PRId64
            " is above the table's last",
            id, sequence);
  }
  if (sequence >= 1 &&
      vqe_iceberg_by_id(metadata, "snapshots", "sequence-number", sequence) !=
          snapshot) {
    PROBLEM(check, "two snapshots have the sequence number %" PRId64,
            sequence);
  }
  if (vqe_iceberg_integer(snapshot, "timestamp-ms", INT64_MAX) >
      vqe_iceberg_integer(metadata, "last-updated-ms", 0) +
          VQE_ICEBERG_CLOCKS_MS) {
    PROBLEM(check, "snapshot %" PRId64 " is later than last-updated-ms", id);
  }
  if (parent != NULL &&
      (vqe_iceberg_integer(parent, "sequence-number", 0) >= sequence ||
       vqe_iceberg_integer(parent, "timestamp-ms", 0) >
           vqe_iceberg_integer(snapshot, "timestamp-ms", 0))) {
    PROBLEM(check, "snapshot %" PRId64 " is older than its parent", id);
  }
  if (vqe_iceberg_by_id(metadata, "schemas", "schema-id",
                        vqe_iceberg_integer(snapshot, "schema-id", -1)) ==
      NULL) {
    PROBLEM(check, "snapshot %" PRId64 " names a schema that is not there",
            id);
  }
}

/* What a list says of one of its manifests against the snapshots. */
static void check_listed(struct vqe_iceberg_checking *check,
                         const struct vqe_iceberg_manifest *manifest,
                         const json_t *snapshot, const char *key)
{
  const json_t *metadata = check->table->metadata;
  int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
  int64_t sequence = vqe_iceberg_integer(snapshot, "sequence-number", -1);
  const json_t *of = vqe_iceberg_by_id(metadata, "snapshots",
                                       "sequence-number", manifest->sequence);
  const json_t *by = vqe_iceberg_snapshot_json(metadata, manifest->snapshot);
  if (manifest->sequence > sequence ||
      (manifest->snapshot == id && manifest->sequence != sequence) ||
      (by != NULL &&
       vqe_iceberg_integer(by, "sequence-number", -1) != manifest->sequence)) {
    PROBLEM(check,
            "'%s': manifest '%s' has sequence number %" PRId64
            ", its snapshot %" PRId64,
            key, manifest->uri, manifest->sequence, sequence);
  } else if (of != NULL && vqe_iceberg_integer(of, "snapshot-id", -1) !=
                               manifest->snapshot) {
    PROBLEM(check,
            "'%s': manifest '%s' was not added by the snapshot with its "
            "sequence number",
            key, manifest->uri);
  }
  if (manifest->content != 0 && manifest->content != 1) {
    PROBLEM(check, "'%s': manifest '%s' has content %" PRId64, key,
            manifest->uri, manifest->content);
  }
}

/* The manifests of a decoded list, and the totals in the summary. */
static int check_list(struct vqe_iceberg_checking *check,
                      const json_t *snapshot,
                      const struct vqe_iceberg_manifests *manifests,
                      const char *key)
{
  int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
  struct totals totals = {0};
  bool whole = true;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < manifests->count; k++) {
    const struct vqe_iceberg_manifest *manifest = &manifests->list[k];
    const struct vqe_iceberg_seen *seen = NULL;
    check_listed(check, manifest, snapshot, key);
    status = vqe_iceberg_check_manifest(&seen, check, manifest);
    if (status == VQE_OK) {
      whole = whole && seen->read;
      totals.bytes += seen->bytes;
      totals.delete_files += manifest->content == 0 ? 0 : seen->files;
    }
    if (status == VQE_OK && manifest->content == 0) {
      totals.files += seen->files;
      totals.rows += seen->rows;
      if (manifest->snapshot == id) {
        totals.added_files += seen->added_files;
        totals.added_rows += seen->added_rows;
        totals.added_bytes += seen->added_bytes;
        totals.deleted_files += seen->deleted_files;
        totals.deleted_rows += seen->deleted_rows;
        totals.deleted_bytes += seen->deleted_bytes;
      }
    }
  }
  if (status == VQE_OK && whole) {
    check_summary(check, snapshot, &totals);
  }
  return status;
}

static int check_snapshot(struct vqe_iceberg_checking *check,
                          const json_t *snapshot)
{
  struct vqe_iceberg_manifests manifests = {.list = NULL};
  const char *uri = vqe_iceberg_string(snapshot, "manifest-list");
  char *data = NULL;
  char *key = NULL;
  size_t size = 0;
  check->result->snapshots++;
  check_order(check, snapshot);
  check_summary_form(check, snapshot);
  if (uri == NULL) {
    PROBLEM(check, "snapshot %" PRId64 " has no manifest list",
            vqe_iceberg_integer(snapshot, "snapshot-id", -1));
    return VQE_OK;
  }
  int status = vqe_iceberg_check_fetch(&data, &size, &key, check, uri);
  if (status == VQE_OK && data != NULL) {
    status = vqe_iceberg_check_list_form(check, data, size, key, snapshot);
  }
  if (status == VQE_OK && data != NULL) {
    status = vqe_iceberg_manifest_list_decode(&manifests, data, size, key);
    if (status == VQE_OK) {
      status = check_list(check, snapshot, &manifests, key);
    } else if (status != VQE_ERR_MEMORY) {
      PROBLEM(check, "%s", vqe_error_message());
      status = VQE_OK;
    }
  }
  vqe_iceberg_manifests_clear(&manifests);
  free(data);
  free(key);
  return status;
}

/* ---- live files and orphans ------------------------------------------ */

struct live {
  struct vqe_iceberg_checking *check;
  json_t *seen;
};

static int check_live(void *ctx, const struct vqe_iceberg_file *file,
                      int64_t snapshot)
{
  struct live *live = ctx;
  struct vqe_iceberg_checking *check = live->check;
  check->result->files++;
  check->result->records += file->record_count;
  const json_t *seen = json_object_get(live->seen, file->key);
  if (seen != NULL) {
    /* said once, and its rows are looked at once */
    if (json_is_true(seen)) {
      PROBLEM(check, "data file '%s' is in the table twice or more often",
              file->key);
    }
    return json_object_set_new(live->seen, file->key, json_false()) == 0
               ? VQE_OK
               : vqe_error_set(VQE_ERR_MEMORY, "no memory for names of files");
  }
  if (json_object_set_new(live->seen, file->key, json_true()) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for names of files");
  }
  return check->options->visit == NULL
             ? VQE_OK
             : check->options->visit(check->options->visit_ctx, file,
                                     snapshot);
}

/* Metadata files are what leads to the rest: none is an orphan. */
static bool is_metadata_file(const char *key)
{
  int64_t version;
  return vqe_iceberg_name_of(&version, key) != VQE_ICEBERG_NAME_OTHER;
}

static int list_orphans(struct vqe_iceberg_checking *check)
{
  const struct vqe_iceberg_check_options *options = check->options;
  const char *key;
  json_t *found;
  int status = VQE_OK;
  json_object_foreach(check->there, key, found)
  {
    const char *name = strrchr(key, '/');
    if (json_object_get(check->used, key) == NULL && !is_metadata_file(key) &&
        !vqe_iceberg_is_checksum(key) &&
        (name == NULL || strcmp(name, "/version-hint.text") != 0)) {
      vqe_iceberg_check_report(
          check, VQE_ICEBERG_ORPHAN,
          "'%s' (%" JSON_INTEGER_FORMAT " bytes) belongs to no snapshot", key,
          json_integer_value(json_array_get(found, 0)));
      if (status == VQE_OK && options->orphan != NULL) {
        status = options->orphan(options->orphan_ctx, key,
                                 json_integer_value(json_array_get(found, 1)));
      }
    }
  }
  return status;
}

/* Files that only statistics or a catalog's metadata name are no orphans. */
static int check_named(struct vqe_iceberg_checking *check)
{
  int status = vqe_iceberg_named_statistics(check->used, check->objects,
                                            check->table->metadata);
  if (status == VQE_OK) {
    status = vqe_iceberg_named_by_catalogs(check->used, check->table);
  }
  if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
    PROBLEM(check, "%s", vqe_error_message());
    status = VQE_OK;
  }
  return status;
}

static int check_all(struct vqe_iceberg_checking *check)
{
  size_t k;
  json_t *snapshot;
  int status = vqe_iceberg_check_list(check);
  if (status != VQE_OK) {
    return status;
  }
  if (check->table->hint != check->table->version) {
    PROBLEM(check,
            "version-hint.text says %" PRId64 ", the newest metadata is "
            "%" PRId64 ": readers that trust it see an older table; the next "
            "commit mends it",
            check->table->hint, check->table->version);
  }
  if (vqe_iceberg_require_whole(check->table) != VQE_OK) {
    PROBLEM(check, "%s", vqe_error_message());
  }
  if (vqe_iceberg_definition_of(&check->definition, check->table) != VQE_OK) {
    PROBLEM(check, "%s", vqe_error_message());
  }
  status = vqe_iceberg_check_metadata(check);
  json_array_foreach(json_object_get(check->table->metadata, "snapshots"), k,
                     snapshot)
  {
    if (status == VQE_OK) {
      status = check_snapshot(check, snapshot);
    }
  }
  bool sound = check->result->problems == 0;
  if (status == VQE_OK) {
    struct live live = {.check = check, .seen = json_object()};
    status = vqe_iceberg_scan(check->table,
                              vqe_iceberg_current_snapshot(check->table),
                              check_live, &live);
    json_decref(live.seen);
    if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
      /* what others may write and this version does not read is theirs */
      vqe_iceberg_check_report(check,
                               status == VQE_ERR_UNSUPPORTED && sound
                                   ? VQE_ICEBERG_NOTE
                                   : VQE_ICEBERG_PROBLEM,
                               "%s", vqe_error_message());
      status = VQE_OK;
    }
  }
  vqe_iceberg_check_others(check);
  if (status == VQE_OK) {
    status = check_named(check);
  }
  if (status == VQE_OK) {
    status = list_orphans(check);
  }
  return status;
}

int vqe_iceberg_check(struct vqe_iceberg_check_result *result,
                      struct vqe_objects *objects, const char *table,
                      const struct vqe_iceberg_check_options *options)
{
  struct vqe_iceberg_checking check = {
      .options = options, .result = result, .objects = objects};
  memset(result, 0, sizeof *result);
  check.there = json_object();
  check.used = json_object();
  check.index = json_object();
  int status = vqe_iceberg_open(&check.table, objects, table);
  if (status == VQE_OK) {
    status = check_all(&check);
  } else if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
    PROBLEM(&check, "%s", vqe_error_message());
    status = VQE_OK;
  }
  vqe_iceberg_definition_free(check.definition);
  vqe_iceberg_close(check.table);
  json_decref(check.there);
  json_decref(check.used);
  json_decref(check.index);
  for (size_t k = 0; k < check.nseen; k++) {
    vqe_iceberg_manifest_clear(&check.seen[k].found);
  }
  free(check.seen);
  return status;
}
