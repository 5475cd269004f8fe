#include "iceberg/iceberg_draft.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_manifest_write.h"
#include "iceberg/iceberg_prepare.h"
#include "iceberg/iceberg_snapshot.h"
#include "objects/objects.h"

int vqe_iceberg_draft_open(struct vqe_iceberg_draft *draft,
                           struct vqe_objects *objects,
                           const struct vqe_iceberg_definition *definition,
                           const struct vqe_iceberg_commit_options *options)
{
  *draft = (struct vqe_iceberg_draft){
      .objects = objects, .definition = definition, .options = options};
  int status = vqe_iceberg_new_id(&draft->snapshot);
  return status == VQE_OK ? vqe_iceberg_uuid(draft->uuid) : status;
}

void vqe_iceberg_draft_close(struct vqe_iceberg_draft *draft)
{
  free(draft->manifest_key);
  free(draft->list_key);
  vqe_iceberg_manifest_clear(&draft->manifest);
  vqe_iceberg_entries_clear(&draft->added);
}

int vqe_iceberg_draft_file(struct vqe_iceberg_draft *draft,
                           const struct vqe_iceberg_file *file)
{
  struct vqe_iceberg_entry entry;
  int status = vqe_iceberg_entry_prepare(
      &entry, draft->objects, draft->definition, file, draft->snapshot);
  if (status == VQE_OK) {
    draft->added_bytes += file->size;
    draft->added_rows += file->record_count;
    status = vqe_iceberg_entries_add(&draft->added, &entry);
  }
  return status;
}

/* ---- the commit ------------------------------------------------------ */

int vqe_iceberg_draft_commit(struct vqe_iceberg_commit *result,
                             const struct vqe_iceberg_draft *draft,
                             const struct vqe_iceberg_change *change)
{
  const struct vqe_iceberg_commit_options *options = draft->options;
  struct vqe_iceberg_change_options how = {.exclusive = options->exclusive,
                                           .max_retries = options->max_retries,
                                           .on_step = options->on_step,
                                           .on_step_ctx =
                                               options->on_step_ctx};
  return vqe_iceberg_change_commit(result, draft->objects,
                                   draft->definition->name, change, &how);
}

bool vqe_iceberg_draft_is_done(struct vqe_iceberg_commit *result,
                               const struct vqe_iceberg_draft *draft,
                               const struct vqe_iceberg_table *base)
{
  int64_t done = vqe_iceberg_find_run(base, draft->options->run_id);
  if (done == VQE_ICEBERG_NO_SNAPSHOT) {
    return false;
  }
  /* an attempt of ours whose response was lost, or a run that is repeated */
  result->outcome =
      done == draft->snapshot ? VQE_ICEBERG_COMMITTED : VQE_ICEBERG_ALREADY;
  result->snapshot = done;
  return true;
}

bool vqe_iceberg_draft_is_kept(const struct vqe_iceberg_commit *result,
                               const struct vqe_iceberg_draft *draft)
{
  return result->outcome == VQE_ICEBERG_UNKNOWN ||
         (result->outcome == VQE_ICEBERG_COMMITTED &&
          result->snapshot == draft->snapshot);
}

/* Call on_step() of the options, where there is one. */
static void report_step(const struct vqe_iceberg_draft *draft,
                        enum vqe_iceberg_step step)
{
  if (draft->options->on_step != NULL) {
    draft->options->on_step(draft->options->on_step_ctx, step);
  }
}

/* ---- files ----------------------------------------------------------- */

int vqe_iceberg_draft_put_manifest(struct vqe_iceberg_manifest *out,
                                   char **out_key,
                                   const struct vqe_iceberg_draft *draft,
                                   const json_t *metadata,
                                   const struct vqe_iceberg_entries *entries,
                                   int64_t sequence, const char *name)
{
  char *data = NULL;
  size_t size = 0;
  char *key = NULL;
  memset(out, 0, sizeof *out);
  *out_key = NULL;
  int status = vqe_iceberg_manifest_encode(
      &data, &size, out, draft->definition,
      vqe_iceberg_current_schema(metadata), vqe_iceberg_default_spec(metadata),
      entries, sequence);
  if (status == VQE_OK) {
    status = vqe_memory_print(&key, VQE_ICEBERG_NAMESPACE "/%s/metadata/%s",
                              draft->definition->name, name);
  }
  if (status == VQE_OK) {
    status = vqe_objects_uri(&out->uri, draft->objects, key);
  }
  if (status == VQE_OK) {
    out->length = (int64_t)size;
    out->snapshot = draft->snapshot;
    out->sequence = sequence;
    status =
        vqe_objects_put(draft->objects, key, data, size, VQE_OBJECTS_ONLY_NEW);
  }
  if (status == VQE_OK) {
    *out_key = key;
    key = NULL;
  } else {
    vqe_iceberg_manifest_clear(out);
  }
  free(key);
  free(data);
  return status;
}

int vqe_iceberg_draft_put_added(struct vqe_iceberg_draft *draft,
                                const json_t *metadata, int64_t sequence)
{
  char name[128];
  if (draft->manifest.uri != NULL) {
    return VQE_OK;
  }
  snprintf(name, sizeof name, "%s-m0.avro", draft->uuid);
  int status = vqe_iceberg_draft_put_manifest(
      &draft->manifest, &draft->manifest_key, draft, metadata, &draft->added,
      sequence, name);
  if (status == VQE_OK) {
    report_step(draft, VQE_ICEBERG_STEP_MANIFEST);
  }
  return status;
}

int vqe_iceberg_draft_list_added(struct vqe_iceberg_manifests *manifests,
                                 const struct vqe_iceberg_draft *draft,
                                 int64_t sequence)
{
  struct vqe_iceberg_manifest *slot;
  VQE_ASSERT(draft->manifest.uri != NULL);
  int status = vqe_iceberg_manifests_add(&slot, manifests);
  if (status == VQE_OK) {
    status = vqe_iceberg_manifest_copy(slot, &draft->manifest);
    /* what a rebase changes: added entries inherit it */
    slot->sequence = slot->min_sequence = sequence;
  }
  return status;
}

int vqe_iceberg_draft_put_list(char **uri, struct vqe_iceberg_draft *draft,
                               const struct vqe_iceberg_manifests *manifests,
                               int64_t parent, int64_t sequence)
{
  char *data = NULL;
  size_t size = 0;
  char *key = NULL;
  *uri = NULL;
  int status = vqe_iceberg_manifest_list_encode(
      &data, &size, manifests, draft->snapshot, parent, sequence);
  if (status == VQE_OK) {
    status = vqe_memory_print(
        &key, VQE_ICEBERG_NAMESPACE "/%s/metadata/snap-%" PRId64 "-%d-%s.avro",
        draft->definition->name, draft->snapshot, draft->attempts,
        draft->uuid);
  }
  if (status == VQE_OK) {
    status = vqe_objects_uri(uri, draft->objects, key);
  }
  if (status == VQE_OK) {
    status =
        vqe_objects_put(draft->objects, key, data, size, VQE_OBJECTS_ONLY_NEW);
  }
  free(draft->list_key);
  draft->list_key = NULL;
  if (status == VQE_OK) {
    draft->list_key = key;
    key = NULL;
    report_step(draft, VQE_ICEBERG_STEP_MANIFEST_LIST);
  }
  free(key);
  free(data);
  return status;
}

void vqe_iceberg_remove(struct vqe_objects *objects, char **key)
{
  if (*key != NULL) {
    /* what cannot be deleted now is an orphan that `check` lists */
    (void)vqe_objects_delete(objects, *key);
    free(*key);
    *key = NULL;
  }
}

/* ---- the summary ----------------------------------------------------- */

static int64_t total(const struct vqe_iceberg_manifests *manifests, bool rows)
{
  int64_t sum = 0;
  for (size_t k = 0; k < manifests->count; k++) {
    const struct vqe_iceberg_manifest *m = &manifests->list[k];
    if (m->content == 0) {
      sum += rows ? m->added_rows + m->existing_rows
                  : m->added_files + m->existing_files;
    }
  }
  return sum;
}

int vqe_iceberg_draft_summary(json_t **out, const char *operation,
                              const struct vqe_iceberg_draft *draft,
                              const struct vqe_iceberg_manifests *manifests,
                              const json_t *parent, int64_t more_bytes)
{
  const char *const *more = draft->options->summary;
  json_t *summary = json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "operation", operation,
      "engine-name", "vqe_batch", "engine-version", VQE_VERSION,
      VQE_ICEBERG_RUN_KEY, draft->options->run_id, "total-delete-files", "0",
      "total-position-deletes", "0", "total-equality-deletes", "0");
  int failed = summary == NULL;
  int64_t bytes =
      parent == NULL ? 0 : vqe_iceberg_summary(parent, "total-files-size", -1);
  failed |= vqe_iceberg_set_number(summary, "total-data-files",
                                   total(manifests, false)) != 0;
  failed |= vqe_iceberg_set_number(summary, "total-records",
                                   total(manifests, true)) != 0;
  if (bytes >= 0) { /* others may have left it out */
    failed |= vqe_iceberg_set_number(summary, "total-files-size",
                                     bytes + more_bytes) != 0;
  }
  for (size_t k = 0; more != NULL && more[k] != NULL && more[k + 1] != NULL;
       k += 2) {
    if (json_object_get(summary, more[k]) == NULL) {
      failed |=
          json_object_set_new(summary, more[k], json_string(more[k + 1])) != 0;
    }
  }
  *out = summary;
  return failed ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a summary")
                : VQE_OK;
}
