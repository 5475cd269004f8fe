#include "iceberg/iceberg_append.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "iceberg/iceberg_bind.h"
#include "iceberg/iceberg_change.h"
#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_metadata.h"
#include "iceberg/iceberg_prepare.h"
#include "iceberg/iceberg_put.h"
#include "iceberg/iceberg_read.h"
#include "iceberg/iceberg_snapshot.h"
#include "iceberg/iceberg_table.h"
#include "iceberg/iceberg_value.h"

/* From this many manifests on, the small ones are merged into one. */
#define MERGE_COUNT 64
#define MERGE_BYTES ((int64_t)8 << 20)

struct append {
  struct vqe_objects *objects;
  const struct vqe_iceberg_definition *definition;
  const struct vqe_iceberg_commit_options *options;
  struct vqe_iceberg_commit *result;
  struct vqe_iceberg_entries entries; /* the new files, in final form */
  int64_t bytes;                      /* of them */
  int64_t records;
  int64_t snapshot;
  char uuid[VQE_ICEBERG_UUID_SIZE];
  int64_t agreed; /* snapshot that the caller agreed to append after */
  struct vqe_iceberg_manifest manifest; /* uri NULL until written */
  char *manifest_key;
  char *list_key;   /* of this attempt */
  char *merged_key; /* of this attempt */
  int attempts;
};

/* ---- manifests ------------------------------------------------------- */

/* Collect the live entries of a manifest as existing ones. */
static int collect(struct vqe_iceberg_entries *into,
                   struct vqe_iceberg_table *table,
                   const struct vqe_iceberg_manifest *manifest)
{
  struct vqe_iceberg_entries entries;
  int status = vqe_iceberg_read_entries(&entries, table, manifest);
  for (size_t k = 0; status == VQE_OK && k < entries.count; k++) {
    struct vqe_iceberg_entry *entry = &entries.list[k];
    if (entry->status != VQE_ICEBERG_DELETED) {
      entry->status = VQE_ICEBERG_EXISTING;
      status = vqe_iceberg_entries_add(into, entry);
    }
  }
  vqe_iceberg_entries_clear(&entries);
  return status;
}

static bool mergeable(const struct vqe_iceberg_manifest *manifest,
                      int64_t spec_id)
{
  return manifest->content == 0 && manifest->spec_id == spec_id &&
         manifest->length < MERGE_BYTES;
}

/* Put the small manifests of `old` into one; the others are kept as they
 * are. *out has what the new snapshot carries forward. */
static int merge_manifests(struct vqe_iceberg_manifests *out,
                           struct append *append,
                           struct vqe_iceberg_table *table,
                           const struct vqe_iceberg_manifests *old,
                           const json_t *metadata, int64_t sequence)
{
  struct vqe_iceberg_entries entries = {.list = NULL};
  struct vqe_iceberg_manifest merged = {.uri = NULL};
  struct vqe_iceberg_manifest *slot;
  char name[128];
  int64_t spec_id = vqe_iceberg_integer(metadata, "default-spec-id", 0);
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < old->count; k++) {
    if (mergeable(&old->list[k], spec_id)) {
      status = collect(&entries, table, &old->list[k]);
    } else {
      status = vqe_iceberg_manifests_add(&slot, out);
      if (status == VQE_OK) {
        status = vqe_iceberg_manifest_copy(slot, &old->list[k]);
      }
    }
  }
  if (status == VQE_OK && entries.count > 0) {
    snprintf(name, sizeof name, "%s-%d-m1.avro", append->uuid,
             append->attempts);
    status = vqe_iceberg_put_manifest(
        &merged, &append->merged_key, append->objects, append->definition,
        metadata, &entries, append->snapshot, sequence, name);
  }
  if (status == VQE_OK && merged.uri != NULL) {
    status = vqe_iceberg_manifests_add(&slot, out);
    if (status == VQE_OK) {
      *slot = merged;
      memset(&merged, 0, sizeof merged);
    }
  }
  vqe_iceberg_manifest_clear(&merged);
  vqe_iceberg_entries_clear(&entries);
  return status;
}

/* ---- one attempt ----------------------------------------------------- */

static size_t count_partitions(const struct vqe_iceberg_entries *entries)
{
  size_t count = 0;
  for (size_t k = 0; k < entries->count; k++) {
    const struct vqe_iceberg_file *file = &entries->list[k].file;
    bool seen = false;
    for (size_t i = 0; i < k && !seen; i++) {
      const struct vqe_iceberg_file *other = &entries->list[i].file;
      seen = true;
      for (size_t p = 0; p < file->npartition && seen; p++) {
        seen =
            vqe_iceberg_bytes_equal(&file->partition[p], &other->partition[p]);
      }
    }
    count += seen ? 0 : 1;
  }
  return count;
}

static void make_tag(struct append *append, bool created)
{
  char *to = append->result->tag;
  char *end = to + sizeof append->result->tag - 1;
  append->result->tag[0] = '\0';
  if (append->definition->tagged) {
    to += snprintf(to, sizeof append->result->tag, "%s",
                   created ? "v_" : "v_incr_");
    for (const char *c = append->options->run_id; *c != '\0' && to < end;
         c++) {
      if (*c != '-') {
        *to++ = *c;
      }
    }
    *to = '\0';
  }
}

static void step(const struct append *append, enum vqe_iceberg_step which)
{
  if (append->options->on_step != NULL) {
    append->options->on_step(append->options->on_step_ctx, which);
  }
}

/* Manifests that the new snapshot carries forward. */
static int carry_forward(struct vqe_iceberg_manifests *out,
                         struct append *append, struct vqe_iceberg_table *base,
                         const json_t *metadata, int64_t sequence)
{
  struct vqe_iceberg_manifests old = {.list = NULL};
  int64_t spec_id = vqe_iceberg_integer(metadata, "default-spec-id", 0);
  size_t small = 0;
  int status = VQE_OK;
  if (base != NULL) {
    status = vqe_iceberg_read_manifests(&old, base,
                                        vqe_iceberg_current_snapshot(base));
  }
  for (size_t k = 0; status == VQE_OK && k < old.count; k++) {
    small += mergeable(&old.list[k], spec_id) ? 1 : 0;
    if (old.list[k].content != 0) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "table '%s' has delete files; let their writer "
                             "compact it first",
                             append->definition->name);
    }
  }
  for (size_t k = old.count; status == VQE_OK && k-- > 0;) {
    /* deleted entries are news of the snapshot that deleted them */
    if (old.list[k].added_files == 0 && old.list[k].existing_files == 0) {
      vqe_iceberg_manifest_clear(&old.list[k]);
      old.count--;
      memmove(&old.list[k], &old.list[k + 1],
              (old.count - k) * sizeof *old.list);
    }
  }
  if (status == VQE_OK && small >= MERGE_COUNT) {
    status = merge_manifests(out, append, base, &old, metadata, sequence);
  } else if (status == VQE_OK) {
    *out = old;
    memset(&old, 0, sizeof old);
  }
  vqe_iceberg_manifests_clear(&old);
  return status;
}

/* Manifest list, snapshot and tag on top of `metadata`. */
static int add_snapshot(struct append *append, json_t *metadata,
                        struct vqe_iceberg_table *base, int64_t timestamp_ms)
{
  struct vqe_iceberg_manifests manifests = {.list = NULL};
  struct vqe_iceberg_manifest *slot;
  json_t *summary = NULL;
  char *uri = NULL;
  int64_t sequence =
      vqe_iceberg_integer(metadata, "last-sequence-number", 0) + 1;
  int64_t parent = base == NULL ? VQE_ICEBERG_NO_SNAPSHOT
                                : vqe_iceberg_current_snapshot(base);
  int status = VQE_OK;
  if (append->manifest.uri == NULL) {
    char name[128];
    snprintf(name, sizeof name, "%s-m0.avro", append->uuid);
    status = vqe_iceberg_put_manifest(&append->manifest, &append->manifest_key,
                                      append->objects, append->definition,
                                      metadata, &append->entries,
                                      append->snapshot, sequence, name);
    if (status == VQE_OK) {
      step(append, VQE_ICEBERG_STEP_MANIFEST);
    }
  }
  if (status == VQE_OK) {
    status = carry_forward(&manifests, append, base, metadata, sequence);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_manifests_add(&slot, &manifests);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_copy(slot, &append->manifest);
    /* what a rebase changes: added entries inherit it */
    slot->sequence = slot->min_sequence = sequence;
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_put_list(&uri, &append->list_key, append->objects,
                                  append->definition->name, &manifests,
                                  append->snapshot, parent, sequence,
                                  append->attempts, append->uuid);
  }
  if (status == VQE_OK) {
    step(append, VQE_ICEBERG_STEP_MANIFEST_LIST);
    status = vqe_iceberg_new_summary(
        &summary, "append", append->options, &manifests,
        vqe_iceberg_snapshot_json(metadata, parent), append->bytes);
  }
  if (status == VQE_OK) {
    const struct vqe_iceberg_entries *entries = &append->entries;
    vqe_iceberg_set_number(summary, "added-data-files",
                           (int64_t)entries->count);
    vqe_iceberg_set_number(summary, "added-records", append->records);
    vqe_iceberg_set_number(summary, "added-files-size", append->bytes);
    vqe_iceberg_set_number(summary, "changed-partition-count",
                           (int64_t)count_partitions(entries));
    struct vqe_iceberg_new_snapshot snapshot = {.id = append->snapshot,
                                                .sequence = sequence,
                                                .timestamp_ms = timestamp_ms,
                                                .manifest_list = uri,
                                                .summary = summary,
                                                .tag = append->result->tag};
    status = vqe_iceberg_metadata_snapshot(metadata, &snapshot);
  }
  vqe_iceberg_manifests_clear(&manifests);
  json_decref(summary);
  free(uri);
  return status;
}

/* Has the table moved on since the caller looked? Then ask whether the files
 * still fit. */
static int agree(struct append *append, struct vqe_iceberg_table *base)
{
  const struct vqe_iceberg_commit_options *options = append->options;
  int64_t current = base == NULL ? VQE_ICEBERG_NO_SNAPSHOT
                                 : vqe_iceberg_current_snapshot(base);
  if (append->agreed == VQE_ICEBERG_ANY_SNAPSHOT ||
      append->agreed == current) {
    return VQE_OK;
  }
  if (options->validate == NULL || base == NULL) {
    return vqe_error_set(VQE_ERR_EXISTS,
                         "table '%s' has changed meanwhile; work out again "
                         "what is new",
                         append->definition->name);
  }
  int status = options->validate(options->validate_ctx, base);
  if (status == VQE_OK) {
    append->agreed = current;
  }
  return status;
}

static int apply(void *ctx, json_t **metadata, struct vqe_iceberg_table *base)
{
  struct append *append = ctx;
  struct vqe_iceberg_commit *result = append->result;
  int64_t timestamp_ms = append->options->timestamp_ms;
  size_t adds = 0;
  int status = VQE_OK;
  append->attempts++;
  result->created = false;
  result->tag[0] = '\0';
  if (base != NULL) {
    int64_t done = vqe_iceberg_find_run(base, append->options->run_id);
    if (done != VQE_ICEBERG_NO_SNAPSHOT) {
      /* our own attempt, whose answer was lost, or a run that was repeated */
      result->outcome = done == append->snapshot ? VQE_ICEBERG_COMMITTED
                                                 : VQE_ICEBERG_ALREADY;
      result->snapshot = done;
      return VQE_OK;
    }
    status = vqe_iceberg_definition_check(&adds, append->definition, base);
  }
  if (status == VQE_OK && append->entries.count > 0) {
    status = agree(append, base);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (base == NULL) {
    status = vqe_iceberg_metadata_new(metadata, append->objects,
                                      append->definition);
    if (status == VQE_OK) {
      timestamp_ms =
          timestamp_ms > 0
              ? timestamp_ms
              : vqe_iceberg_integer(*metadata, "last-updated-ms", 0);
      json_object_set_new(*metadata, "last-updated-ms",
                          json_integer(timestamp_ms));
    }
  } else if (append->entries.count > 0 || adds > 0) {
    timestamp_ms = timestamp_ms > 0 ? timestamp_ms : vqe_iceberg_now_ms();
    status = vqe_iceberg_metadata_next(metadata, &timestamp_ms, base);
    if (status == VQE_OK && adds > 0) {
      status = vqe_iceberg_metadata_evolve(*metadata, append->definition);
    }
  }
  result->created = base == NULL;
  if (status == VQE_OK && append->entries.count > 0) {
    make_tag(append, base == NULL);
    status = add_snapshot(append, *metadata, base, timestamp_ms);
    result->snapshot = append->snapshot;
  } else if (base != NULL) {
    result->snapshot = vqe_iceberg_current_snapshot(base);
  }
  return status;
}

static void lost(void *ctx)
{
  struct append *append = ctx;
  vqe_iceberg_remove(append->objects, &append->list_key);
  vqe_iceberg_remove(append->objects, &append->merged_key);
}

/* The tag that an earlier commit of this run got. */
static void find_tag(struct vqe_iceberg_commit *result,
                     struct vqe_objects *objects, const char *name)
{
  struct vqe_iceberg_table *table = NULL;
  const char *tag;
  json_t *ref;
  if (vqe_iceberg_open(&table, objects, name) != VQE_OK) {
    return;
  }
  json_object_foreach(json_object_get(table->metadata, "refs"), tag, ref)
  {
    const char *type = vqe_iceberg_string(ref, "type");
    if (vqe_iceberg_integer(ref, "snapshot-id", -1) == result->snapshot &&
        type != NULL && strcmp(type, "tag") == 0 &&
        strncmp(tag, "v_", 2) == 0) {
      snprintf(result->tag, sizeof result->tag, "%s", tag);
    }
  }
  vqe_iceberg_close(table);
}

int vqe_iceberg_append(struct vqe_iceberg_commit *result,
                       struct vqe_objects *objects,
                       const struct vqe_iceberg_definition *definition,
                       const struct vqe_iceberg_file *files, size_t nfiles,
                       const struct vqe_iceberg_commit_options *options)
{
  struct append append = {.objects = objects,
                          .definition = definition,
                          .options = options,
                          .result = result,
                          .agreed = options->base_snapshot};
  struct vqe_iceberg_change change = {
      .apply = apply, .lost = lost, .ctx = &append};
  struct vqe_iceberg_change_options how = {.exclusive = options->exclusive,
                                           .max_retries = options->max_retries,
                                           .on_step = options->on_step,
                                           .on_step_ctx =
                                               options->on_step_ctx};
  memset(result, 0, sizeof *result);
  result->snapshot = VQE_ICEBERG_NO_SNAPSHOT;
  if (options->run_id == NULL || options->run_id[0] == '\0' ||
      strlen(options->run_id) > 48) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a commit needs a run id of 1 to 48 bytes");
  }
  int status = vqe_iceberg_new_id(&append.snapshot);
  if (status == VQE_OK) {
    status = vqe_iceberg_uuid(append.uuid);
  }
  for (size_t k = 0; status == VQE_OK && k < nfiles; k++) {
    struct vqe_iceberg_entry entry;
    status = vqe_iceberg_entry_prepare(&entry, objects, definition, &files[k],
                                       append.snapshot);
    if (status == VQE_OK) {
      append.bytes += files[k].size;
      append.records += files[k].record_count;
      status = vqe_iceberg_entries_add(&append.entries, &entry);
    }
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_change_commit(result, objects, definition->name,
                                       &change, &how);
  }
  bool referred = result->outcome == VQE_ICEBERG_UNKNOWN ||
                  (result->outcome == VQE_ICEBERG_COMMITTED &&
                   append.snapshot == result->snapshot);
  if (!referred) {
    vqe_iceberg_remove(objects, &append.manifest_key);
  }
  if (result->outcome == VQE_ICEBERG_ALREADY && definition->tagged) {
    find_tag(result, objects, definition->name);
  }
  if (status != VQE_OK && result->outcome == VQE_ICEBERG_NOTHING) {
    result->snapshot = VQE_ICEBERG_NO_SNAPSHOT;
    result->created = false;
    result->tag[0] = '\0';
  }
  free(append.manifest_key);
  free(append.list_key);
  free(append.merged_key);
  vqe_iceberg_manifest_clear(&append.manifest);
  vqe_iceberg_entries_clear(&append.entries);
  return status;
}
