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
#include "iceberg/iceberg_draft.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_metadata.h"
#include "iceberg/iceberg_read.h"
#include "iceberg/iceberg_snapshot.h"
#include "iceberg/iceberg_table.h"
#include "iceberg/iceberg_value.h"

/* From this many manifests on, the small ones are merged into one. */
#define MERGE_COUNT 64
#define MERGE_BYTES ((int64_t)8 << 20)

struct append {
  struct vqe_iceberg_draft draft;
  struct vqe_iceberg_commit *result;
  int64_t agreed;   /* snapshot that the caller agreed to append after */
  char *merged_key; /* of this attempt */
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
    snprintf(name, sizeof name, "%s-%d-m1.avro", append->draft.uuid,
             append->draft.attempts);
    status = vqe_iceberg_draft_put_manifest(&merged, &append->merged_key,
                                            &append->draft, metadata, &entries,
                                            sequence, name);
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
  if (append->draft.definition->tagged) {
    to += snprintf(to, sizeof append->result->tag, "%s",
                   created ? "v_" : "v_incr_");
    for (const char *c = append->draft.options->run_id; *c != '\0' && to < end;
         c++) {
      if (*c != '-') {
        *to++ = *c;
      }
    }
    *to = '\0';
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
                             append->draft.definition->name);
    }
  }
  for (size_t k = old.count; status == VQE_OK && k-- > 0;) {
    /* entries of deleted files belong to the snapshot that deleted them */
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

static void add_counts(json_t *summary, const struct vqe_iceberg_draft *draft)
{
  vqe_iceberg_set_number(summary, "added-data-files",
                         (int64_t)draft->added.count);
  vqe_iceberg_set_number(summary, "added-records", draft->added_rows);
  vqe_iceberg_set_number(summary, "added-files-size", draft->added_bytes);
  vqe_iceberg_set_number(summary, "changed-partition-count",
                         (int64_t)count_partitions(&draft->added));
}

/* Manifest list, snapshot and tag on top of `metadata`. */
static int add_snapshot(struct append *append, json_t *metadata,
                        struct vqe_iceberg_table *base, int64_t timestamp_ms)
{
  struct vqe_iceberg_draft *draft = &append->draft;
  struct vqe_iceberg_manifests manifests = {.list = NULL};
  json_t *summary = NULL;
  char *uri = NULL;
  int64_t sequence =
      vqe_iceberg_integer(metadata, "last-sequence-number", 0) + 1;
  int64_t parent = base == NULL ? VQE_ICEBERG_NO_SNAPSHOT
                                : vqe_iceberg_current_snapshot(base);
  int status = vqe_iceberg_draft_put_added(draft, metadata, sequence);
  if (status == VQE_OK) {
    status = carry_forward(&manifests, append, base, metadata, sequence);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_draft_list_added(&manifests, draft, sequence);
  }
  if (status == VQE_OK) {
    status =
        vqe_iceberg_draft_put_list(&uri, draft, &manifests, parent, sequence);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_draft_summary(
        &summary, "append", draft, &manifests,
        vqe_iceberg_snapshot_json(metadata, parent), draft->added_bytes);
  }
  if (status == VQE_OK) {
    add_counts(summary, draft);
    struct vqe_iceberg_new_snapshot snapshot = {.id = draft->snapshot,
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

/* When the table has changed since the caller read it, the caller checks again
 * whether the files fit. */
static int agree(struct append *append, struct vqe_iceberg_table *base)
{
  const struct vqe_iceberg_commit_options *options = append->draft.options;
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
                         append->draft.definition->name);
  }
  int status = options->validate(options->validate_ctx, base);
  if (status == VQE_OK) {
    append->agreed = current;
  }
  return status;
}

/* The next metadata without the new snapshot; *metadata NULL when the table
 * has all columns and nothing is appended. */
static int next_metadata(json_t **metadata, int64_t *timestamp_ms,
                         const struct vqe_iceberg_draft *draft,
                         const struct vqe_iceberg_table *base, size_t adds)
{
  int status = VQE_OK;
  if (base == NULL) {
    status =
        vqe_iceberg_metadata_new(metadata, draft->objects, draft->definition);
    if (status == VQE_OK) {
      if (*timestamp_ms <= 0) {
        *timestamp_ms = vqe_iceberg_integer(*metadata, "last-updated-ms", 0);
      }
      json_object_set_new(*metadata, "last-updated-ms",
                          json_integer(*timestamp_ms));
    }
  } else if (draft->added.count > 0 || adds > 0) {
    if (*timestamp_ms <= 0) {
      *timestamp_ms = vqe_iceberg_now_ms();
    }
    status = vqe_iceberg_metadata_next(metadata, timestamp_ms, base);
    if (status == VQE_OK && adds > 0) {
      status = vqe_iceberg_metadata_evolve(*metadata, draft->definition);
    }
  }
  return status;
}

static int apply(void *ctx, json_t **metadata, struct vqe_iceberg_table *base)
{
  struct append *append = ctx;
  struct vqe_iceberg_draft *draft = &append->draft;
  struct vqe_iceberg_commit *result = append->result;
  int64_t timestamp_ms = draft->options->timestamp_ms;
  size_t adds = 0;
  int status = VQE_OK;
  draft->attempts++;
  result->created = false;
  result->tag[0] = '\0';
  if (base != NULL) {
    if (vqe_iceberg_draft_is_done(result, draft, base)) {
      return VQE_OK;
    }
    status = vqe_iceberg_definition_check(&adds, draft->definition, base);
  }
  if (status == VQE_OK && draft->added.count > 0) {
    status = agree(append, base);
  }
  if (status != VQE_OK) {
    return status;
  }
  status = next_metadata(metadata, &timestamp_ms, draft, base, adds);
  result->created = base == NULL;
  if (status == VQE_OK && draft->added.count > 0) {
    make_tag(append, base == NULL);
    status = add_snapshot(append, *metadata, base, timestamp_ms);
    result->snapshot = draft->snapshot;
  } else if (base != NULL) {
    result->snapshot = vqe_iceberg_current_snapshot(base);
  }
  return status;
}

static void lost(void *ctx)
{
  struct append *append = ctx;
  vqe_iceberg_remove(append->draft.objects, &append->draft.list_key);
  vqe_iceberg_remove(append->draft.objects, &append->merged_key);
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
  struct append append = {.result = result, .agreed = options->base_snapshot};
  struct vqe_iceberg_change change = {
      .apply = apply, .lost = lost, .ctx = &append};
  memset(result, 0, sizeof *result);
  result->snapshot = VQE_ICEBERG_NO_SNAPSHOT;
  if (options->run_id == NULL || options->run_id[0] == '\0' ||
      strlen(options->run_id) > 48) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a commit needs a run id of 1 to 48 bytes");
  }
  int status =
      vqe_iceberg_draft_open(&append.draft, objects, definition, options);
  for (size_t k = 0; status == VQE_OK && k < nfiles; k++) {
    status = vqe_iceberg_draft_file(&append.draft, &files[k]);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_draft_commit(result, &append.draft, &change);
  }
  if (!vqe_iceberg_draft_is_kept(result, &append.draft)) {
    vqe_iceberg_remove(objects, &append.draft.manifest_key);
  }
  if (result->outcome == VQE_ICEBERG_ALREADY && definition->tagged) {
    find_tag(result, objects, definition->name);
  }
  if (status != VQE_OK && result->outcome == VQE_ICEBERG_NOTHING) {
    result->snapshot = VQE_ICEBERG_NO_SNAPSHOT;
    result->created = false;
    result->tag[0] = '\0';
  }
  free(append.merged_key);
  vqe_iceberg_draft_close(&append.draft);
  return status;
}
