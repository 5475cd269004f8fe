#include "iceberg/iceberg_compact.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_bind.h"
#include "iceberg/iceberg_change.h"
#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_draft.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_metadata.h"
#include "iceberg/iceberg_read.h"
#include "iceberg/iceberg_scan.h"
#include "iceberg/iceberg_snapshot.h"
#include "iceberg/iceberg_table.h"
#include "iceberg/iceberg_value.h"
#include "objects/objects.h"

#define TARGET_DEFAULT ((int64_t)128 << 20)

/* Files of one partition that become one. */
struct group {
  struct vqe_iceberg_file *files;
  size_t nfiles;
  int64_t bytes;
};

struct compact {
  struct vqe_iceberg_draft draft; /* of the merged files */
  struct vqe_iceberg_compact_result *result;
  int64_t target;
  size_t min_files;
  struct group *groups;
  size_t ngroups;
  json_t *open;     /* partition path -> group that has room */
  json_t *replaced; /* keys */
  int64_t removed_rows, removed_bytes;
  char **rewritten; /* manifests of this attempt */
  size_t nrewritten;
};

/* ---- planning -------------------------------------------------------- */

/* Key, partition and sizes, which is what merging needs. */
static int copy_file(struct vqe_iceberg_file *to,
                     const struct vqe_iceberg_file *from)
{
  memset(to, 0, sizeof *to);
  to->record_count = from->record_count;
  to->size = from->size;
  int status = vqe_memory_strdup(&to->key, from->key);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&to->partition, from->npartition,
                              sizeof *to->partition, "partition values");
  }
  for (size_t k = 0; status == VQE_OK && k < from->npartition; k++) {
    status = vqe_iceberg_bytes_copy(&to->partition[k], &from->partition[k]);
    to->npartition = k + 1;
  }
  return status;
}

static int group_of(struct group **out, struct compact *compact,
                    const struct vqe_iceberg_file *file)
{
  char *path = NULL;
  int status = vqe_iceberg_partition_path(&path, compact->draft.definition,
                                          file->partition);
  *out = NULL;
  if (status != VQE_OK) {
    return status;
  }
  const json_t *index = json_object_get(compact->open, path);
  if (index != NULL) {
    struct group *group = &compact->groups[json_integer_value(index)];
    if (group->bytes + file->size <= compact->target) {
      *out = group;
    }
  }
  if (*out == NULL) {
    status = vqe_memory_grow(&compact->groups, compact->ngroups,
                             compact->ngroups + 1, sizeof *compact->groups,
                             "a plan of compaction");
    if (status == VQE_OK) {
      json_object_set_new(compact->open, path,
                          json_integer((json_int_t)compact->ngroups));
      *out = &compact->groups[compact->ngroups++];
    }
  }
  free(path);
  return status;
}

static int plan_file(void *ctx, const struct vqe_iceberg_file *file,
                     int64_t snapshot)
{
  struct compact *compact = ctx;
  struct group *group;
  (void)snapshot;
  compact->result->files_before++;
  if (file->size >= compact->target / 2) {
    return VQE_OK;
  }
  if (file->npartition != compact->draft.definition->npartition) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "'%s' has another partition spec", file->key);
  }
  int status = group_of(&group, compact, file);
  if (status == VQE_OK) {
    status = vqe_memory_grow(&group->files, group->nfiles, group->nfiles + 1,
                             sizeof *group->files, "a plan of compaction");
  }
  if (status == VQE_OK) {
    group->bytes += file->size;
    status = copy_file(&group->files[group->nfiles++], file);
  }
  return status;
}

/* ---- merging --------------------------------------------------------- */

/* Does the merged file hold what it is to replace? */
static int check_merged(const struct vqe_iceberg_file *merged,
                        const struct group *group)
{
  int64_t rows = 0;
  for (size_t k = 0; k < group->nfiles; k++) {
    rows += group->files[k].record_count;
  }
  if (merged->record_count != rows) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' has %" PRId64 " row%s, the %zu files that it "
                         "replaces have %" PRId64,
                         merged->key, merged->record_count,
                         merged->record_count == 1 ? "" : "s", group->nfiles,
                         rows);
  }
  for (size_t k = 0; k < merged->npartition && k < group->files[0].npartition;
       k++) {
    if (!vqe_iceberg_bytes_equal(&merged->partition[k],
                                 &group->files[0].partition[k])) {
      return vqe_error_set(VQE_ERR_INPUT, "'%s' is of another partition",
                           merged->key);
    }
  }
  return VQE_OK;
}

static int merge_group(struct compact *compact, const struct group *group,
                       vqe_iceberg_merge merge, void *merge_ctx)
{
  struct vqe_iceberg_draft *draft = &compact->draft;
  struct vqe_iceberg_file merged = {.key = NULL};
  size_t before = draft->added.count;
  int status = merge(merge_ctx, &merged, draft->definition, group->files,
                     group->nfiles);
  if (status == VQE_OK) {
    status = check_merged(&merged, group);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_draft_file(draft, &merged);
  }
  if (draft->added.count == before && merged.key != NULL) {
    (void)vqe_objects_delete(draft->objects, merged.key);
  }
  for (size_t k = 0; status == VQE_OK && k < group->nfiles; k++) {
    json_object_set_new(compact->replaced, group->files[k].key, json_true());
    compact->removed_rows += group->files[k].record_count;
    compact->removed_bytes += group->files[k].size;
  }
  vqe_iceberg_file_clear(&merged);
  return status;
}

/* ---- the commit ------------------------------------------------------ */

/* The manifest as the new snapshot has it: unchanged, or with its replaced
 * files as deleted and the others as existing entries. */
static int carry_manifest(struct vqe_iceberg_manifests *out, size_t *found,
                          struct compact *compact,
                          struct vqe_iceberg_table *base,
                          const struct vqe_iceberg_manifest *manifest,
                          const json_t *metadata, int64_t sequence)
{
  struct vqe_iceberg_entries entries = {.list = NULL};
  struct vqe_iceberg_entries next = {.list = NULL};
  struct vqe_iceberg_manifest *slot;
  size_t hits = 0;
  char name[128];
  int status = vqe_iceberg_read_entries(&entries, base, manifest);
  for (size_t k = 0; status == VQE_OK && k < entries.count; k++) {
    struct vqe_iceberg_entry *entry = &entries.list[k];
    if (entry->status == VQE_ICEBERG_DELETED) {
      continue; /* by an earlier snapshot */
    }
    entry->status = VQE_ICEBERG_EXISTING;
    if (json_object_get(compact->replaced, entry->file.key) != NULL) {
      entry->status = VQE_ICEBERG_DELETED;
      entry->snapshot = compact->draft.snapshot;
      hits++;
    }
    status = vqe_iceberg_entries_add(&next, entry);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_manifests_add(&slot, out);
  }
  if (status == VQE_OK && hits == 0) {
    status = vqe_iceberg_manifest_copy(slot, manifest);
  } else if (status == VQE_OK) {
    *found += hits;
    status = vqe_memory_grow(&compact->rewritten, compact->nrewritten,
                             compact->nrewritten + 1,
                             sizeof *compact->rewritten, "keys");
    if (status == VQE_OK) {
      snprintf(name, sizeof name, "%s-%d-m%zu.avro", compact->draft.uuid,
               compact->draft.attempts, compact->nrewritten + 1);
      status = vqe_iceberg_draft_put_manifest(
          slot, &compact->rewritten[compact->nrewritten], &compact->draft,
          metadata, &next, sequence, name);
    }
    compact->nrewritten += status == VQE_OK ? 1 : 0;
  }
  vqe_iceberg_entries_clear(&next);
  vqe_iceberg_entries_clear(&entries);
  return status;
}

static int carry_all(struct vqe_iceberg_manifests *out,
                     struct compact *compact, struct vqe_iceberg_table *base,
                     const json_t *metadata, int64_t sequence)
{
  struct vqe_iceberg_manifests old;
  int64_t spec_id = vqe_iceberg_integer(metadata, "default-spec-id", 0);
  size_t found = 0;
  int status = vqe_iceberg_read_manifests(&old, base,
                                          vqe_iceberg_current_snapshot(base));
  for (size_t k = 0; status == VQE_OK && k < old.count; k++) {
    const struct vqe_iceberg_manifest *manifest = &old.list[k];
    if (manifest->content != 0 || manifest->spec_id != spec_id) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "table '%s' has delete files or files of another "
                             "partition spec",
                             compact->draft.definition->name);
    } else if (manifest->added_files > 0 || manifest->existing_files > 0) {
      status = carry_manifest(out, &found, compact, base, manifest, metadata,
                              sequence);
    }
  }
  if (status == VQE_OK && found != json_object_size(compact->replaced)) {
    status = vqe_error_set(VQE_ERR_EXISTS,
                           "table '%s': files to merge were replaced "
                           "meanwhile; compact it again",
                           compact->draft.definition->name);
  }
  vqe_iceberg_manifests_clear(&old);
  return status;
}

static void add_counts(json_t *summary, const struct compact *compact,
                       const struct vqe_iceberg_table *base)
{
  const struct vqe_iceberg_draft *draft = &compact->draft;
  const char *experiments =
      vqe_iceberg_current_summary(base, VQE_ICEBERG_EXPERIMENTS_KEY);
  if (experiments[0] != '\0') {
    json_object_set_new(summary, VQE_ICEBERG_EXPERIMENTS_KEY,
                        json_string(experiments));
  }
  vqe_iceberg_set_number(summary, "added-data-files",
                         (int64_t)draft->added.count);
  vqe_iceberg_set_number(summary, "deleted-data-files",
                         (int64_t)json_object_size(compact->replaced));
  vqe_iceberg_set_number(summary, "added-records", compact->removed_rows);
  vqe_iceberg_set_number(summary, "deleted-records", compact->removed_rows);
  vqe_iceberg_set_number(summary, "added-files-size", draft->added_bytes);
  vqe_iceberg_set_number(summary, "removed-files-size",
                         compact->removed_bytes);
}

static int add_snapshot(struct compact *compact, json_t *metadata,
                        struct vqe_iceberg_table *base, int64_t timestamp_ms)
{
  struct vqe_iceberg_draft *draft = &compact->draft;
  struct vqe_iceberg_manifests manifests = {.list = NULL};
  json_t *summary = NULL;
  char *uri = NULL;
  int64_t sequence =
      vqe_iceberg_integer(metadata, "last-sequence-number", 0) + 1;
  int64_t parent = vqe_iceberg_current_snapshot(base);
  int status = vqe_iceberg_draft_put_added(draft, metadata, sequence);
  if (status == VQE_OK) {
    status = vqe_iceberg_draft_list_added(&manifests, draft, sequence);
  }
  if (status == VQE_OK) {
    status = carry_all(&manifests, compact, base, metadata, sequence);
  }
  if (status == VQE_OK) {
    status =
        vqe_iceberg_draft_put_list(&uri, draft, &manifests, parent, sequence);
  }
  if (status == VQE_OK) {
    status =
        vqe_iceberg_draft_summary(&summary, "replace", draft, &manifests,
                                  vqe_iceberg_snapshot_json(metadata, parent),
                                  draft->added_bytes - compact->removed_bytes);
  }
  if (status == VQE_OK) {
    add_counts(summary, compact, base);
    struct vqe_iceberg_new_snapshot snapshot = {.id = draft->snapshot,
                                                .sequence = sequence,
                                                .timestamp_ms = timestamp_ms,
                                                .manifest_list = uri,
                                                .summary = summary};
    status = vqe_iceberg_metadata_snapshot(metadata, &snapshot);
  }
  vqe_iceberg_manifests_clear(&manifests);
  json_decref(summary);
  free(uri);
  return status;
}

static int apply(void *ctx, json_t **metadata, struct vqe_iceberg_table *base)
{
  struct compact *compact = ctx;
  struct vqe_iceberg_draft *draft = &compact->draft;
  struct vqe_iceberg_commit *result = &compact->result->commit;
  int64_t timestamp_ms = draft->options->timestamp_ms;
  size_t adds;
  draft->attempts++;
  if (base == NULL) {
    return vqe_error_set(VQE_ERR_NOT_FOUND, "table '%s' is gone",
                         draft->definition->name);
  }
  if (vqe_iceberg_draft_is_done(result, draft, base)) {
    return VQE_OK;
  }
  int status = vqe_iceberg_definition_check(&adds, draft->definition, base);
  if (status == VQE_OK && adds > 0) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "table '%s' lacks columns of the definition",
                           draft->definition->name);
  }
  if (status == VQE_OK &&
      !vqe_iceberg_definition_is_whole(draft->definition, base)) {
    status = vqe_error_set(VQE_ERR_EXISTS,
                           "table '%s': another engine has added a column, "
                           "which the merged files lack; compact it again",
                           draft->definition->name);
  }
  if (status == VQE_OK) {
    timestamp_ms = timestamp_ms > 0 ? timestamp_ms : vqe_iceberg_now_ms();
    status = vqe_iceberg_metadata_next(metadata, &timestamp_ms, base);
  }
  if (status == VQE_OK) {
    status = add_snapshot(compact, *metadata, base, timestamp_ms);
    result->snapshot = draft->snapshot;
  }
  return status;
}

static void lost(void *ctx)
{
  struct compact *compact = ctx;
  vqe_iceberg_remove(compact->draft.objects, &compact->draft.list_key);
  for (size_t k = 0; k < compact->nrewritten; k++) {
    vqe_iceberg_remove(compact->draft.objects, &compact->rewritten[k]);
  }
  free(compact->rewritten);
  compact->rewritten = NULL;
  compact->nrewritten = 0;
}

/* ---- all of it -------------------------------------------------------- */

static int commit(struct compact *compact)
{
  struct vqe_iceberg_commit *result = &compact->result->commit;
  struct vqe_iceberg_change change = {
      .apply = apply, .lost = lost, .ctx = compact};
  int status = vqe_iceberg_draft_commit(result, &compact->draft, &change);
  if (result->outcome == VQE_ICEBERG_COMMITTED) {
    compact->result->merged = (int64_t)json_object_size(compact->replaced);
    compact->result->files_after +=
        (int64_t)compact->draft.added.count - compact->result->merged;
  }
  return status;
}

static void clear(struct compact *compact)
{
  for (size_t g = 0; g < compact->ngroups; g++) {
    for (size_t k = 0; k < compact->groups[g].nfiles; k++) {
      vqe_iceberg_file_clear(&compact->groups[g].files[k]);
    }
    free(compact->groups[g].files);
  }
  free(compact->groups);
  json_decref(compact->open);
  json_decref(compact->replaced);
  for (size_t k = 0; k < compact->nrewritten; k++) {
    free(compact->rewritten[k]);
  }
  free(compact->rewritten);
  vqe_iceberg_draft_close(&compact->draft);
}

int vqe_iceberg_compact(struct vqe_iceberg_compact_result *result,
                        struct vqe_objects *objects,
                        const struct vqe_iceberg_definition *definition,
                        vqe_iceberg_merge merge, void *merge_ctx,
                        const struct vqe_iceberg_compact_options *limits,
                        const struct vqe_iceberg_commit_options *options)
{
  struct compact compact = {
      .result = result,
      .target =
          limits->target_bytes > 0 ? limits->target_bytes : TARGET_DEFAULT,
      .min_files = limits->min_files > 2 ? (size_t)limits->min_files : 2};
  struct vqe_iceberg_draft *draft = &compact.draft;
  struct vqe_iceberg_table *table = NULL;
  memset(result, 0, sizeof *result);
  result->commit.snapshot = VQE_ICEBERG_NO_SNAPSHOT;
  if (options->run_id == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "a commit needs a run id");
  }
  compact.open = json_object();
  compact.replaced = json_object();
  int status = vqe_iceberg_draft_open(draft, objects, definition, options);
  if (status == VQE_OK) {
    status = vqe_iceberg_open(&table, objects, definition->name);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_scan(table, vqe_iceberg_current_snapshot(table),
                              plan_file, &compact);
  }
  result->files_after = result->files_before;
  for (size_t g = 0; status == VQE_OK && g < compact.ngroups; g++) {
    if (compact.groups[g].nfiles >= compact.min_files) {
      status = merge_group(&compact, &compact.groups[g], merge, merge_ctx);
    }
  }
  if (status == VQE_OK && draft->added.count > 0) {
    status = commit(&compact);
  }
  if (!vqe_iceberg_draft_is_kept(&result->commit, draft)) {
    /* not committed: nothing refers to the merged files */
    vqe_iceberg_remove(objects, &draft->manifest_key);
    for (size_t k = 0; k < draft->added.count; k++) {
      (void)vqe_objects_delete(objects, draft->added.list[k].file.key);
    }
  }
  vqe_iceberg_close(table);
  clear(&compact);
  return status;
}
