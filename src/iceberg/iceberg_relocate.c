#include "iceberg/iceberg_relocate.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "iceberg/iceberg_copy.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_named.h"
#include "iceberg/iceberg_old_metadata.h"
#include "iceberg/iceberg_versions.h"
#include "objects/objects.h"

/* A source that changes while it is read is read again. */
#define SOURCE_ATTEMPTS 3

/* ---- files that nothing refers to ------------------------------------ */

/* Metadata files are removed by their number. */
static bool may_go(const struct vqe_iceberg_copy *copy, const char *key)
{
  const char *name = strrchr(key, '/');
  int64_t version;
  return json_object_get(copy->named, key) == NULL &&
         vqe_iceberg_name_of(&version, key) == VQE_ICEBERG_NAME_OTHER &&
         !vqe_iceberg_is_checksum(key) &&
         (name == NULL || strcmp(name, "/version-hint.text") != 0);
}

/* What the version before names may be open in readers that began before this
 * run: it goes with a later one. */
static int name_earlier(json_t *earlier, const struct vqe_iceberg_copy *copy)
{
  const struct vqe_iceberg_target *target = &copy->target;
  int status = VQE_OK;
  if (target->table == NULL) {
    return VQE_OK;
  }
  if (copy->result->is_committed) {
    status = vqe_iceberg_named_snapshots(earlier, target->objects,
                                         target->table->metadata);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_named_by_catalogs(earlier, target->table);
  }
  return status;
}

static int remove_file(const struct vqe_iceberg_copy *copy, const char *key,
                       int64_t size)
{
  int status = VQE_OK;
  if (!copy->dry_run) {
    status = vqe_objects_delete(copy->target.objects, key);
    if (status == VQE_OK) {
      status = vqe_iceberg_drop_checksum(copy->target.objects, key);
    }
  }
  if (status == VQE_OK) {
    copy->result->removed++;
    copy->result->removed_bytes += size;
  }
  return status;
}

/* The bytes of the versions that are not there any more. */
static int add_removed_versions(const struct vqe_iceberg_copy *copy)
{
  json_t *left = json_object();
  const char *key;
  json_t *size;
  int64_t version;
  int status =
      vqe_iceberg_target_list(left, copy->target.objects, copy->table->folder);
  json_object_foreach(copy->target.there, key, size)
  {
    if (status == VQE_OK &&
        vqe_iceberg_name_of(&version, key) != VQE_ICEBERG_NAME_OTHER &&
        json_object_get(left, key) == NULL) {
      copy->result->removed_bytes += json_integer_value(size);
    }
  }
  json_decref(left);
  return status;
}

static int remove_versions(const struct vqe_iceberg_copy *copy)
{
  struct vqe_iceberg_table *table = NULL;
  int64_t count = 0;
  if (copy->dry_run) {
    return VQE_OK;
  }
  int status =
      vqe_iceberg_open(&table, copy->target.objects, copy->table->name);
  if (status == VQE_OK) {
    status = vqe_iceberg_remove_old_metadata(&count, table, INT64_MAX);
  }
  vqe_iceberg_close(table);
  copy->result->removed += count;
  return status == VQE_OK && count > 0 ? add_removed_versions(copy) : status;
}

static int remove_unnamed(const struct vqe_iceberg_copy *copy)
{
  json_t *earlier = json_object();
  const char *key;
  json_t *size;
  int status = name_earlier(earlier, copy);
  if (status == VQE_OK) {
    status = remove_versions(copy);
  }
  json_object_foreach(copy->target.there, key, size)
  {
    if (status != VQE_OK || !may_go(copy, key)) {
      continue;
    }
    if (json_object_get(earlier, key) != NULL) {
      copy->result->kept++;
    } else {
      status = remove_file(copy, key, json_integer_value(size));
    }
  }
  json_decref(earlier);
  return status;
}

/* ---- the copy -------------------------------------------------------- */

static int commit(struct vqe_iceberg_copy *copy)
{
  struct vqe_iceberg_relocate_result *result = copy->result;
  const struct vqe_iceberg_target *target = &copy->target;
  json_t *metadata = NULL;
  int64_t size = 0;
  int status = vqe_iceberg_copy_metadata(&metadata, copy);
  if (status != VQE_OK) {
    return status;
  }
  result->is_committed = !vqe_iceberg_target_has(target, metadata);
  result->version = target->table == NULL ? 0 : target->table->version;
  if (!copy->dry_run) {
    status = vqe_iceberg_target_commit(&result->version, &size, target,
                                       copy->table->name,
                                       result->is_committed ? metadata : NULL);
  } else if (result->is_committed) {
    result->version++;
  }
  if (status == VQE_OK && result->is_committed) {
    result->metadata_files++;
    result->metadata_bytes += size;
  }
  json_decref(metadata);
  return status;
}

static void ignore(void *ctx, enum vqe_iceberg_finding finding,
                   const char *text)
{
  (void)ctx;
  (void)finding;
  (void)text;
}

static int check(struct vqe_iceberg_copy *copy,
                 const struct vqe_iceberg_relocate_options *options)
{
  struct vqe_iceberg_check_options check = {
      .report = options->report != NULL ? options->report : ignore,
      .report_ctx = options->report_ctx};
  struct vqe_iceberg_check_result found;
  int status = vqe_iceberg_check(&found, copy->target.objects,
                                 copy->table->name, &check);
  copy->result->problems = found.problems;
  return status;
}

/* One attempt; *version of the source that it read. */
static int relocate(int64_t *version, struct vqe_iceberg_copy *copy,
                    struct vqe_objects *to, const char *table,
                    const struct vqe_iceberg_relocate_options *options)
{
  *copy->result = (struct vqe_iceberg_relocate_result){0};
  int status = vqe_iceberg_open_anywhere(&copy->table, copy->from, table);
  if (status == VQE_OK) {
    *version = copy->table->version;
    status = vqe_iceberg_require_whole(copy->table);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_target_open(&copy->target, to, copy->table);
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_copy_files(copy);
  }
  if (status == VQE_OK) {
    status = commit(copy);
  }
  if (status == VQE_OK && !options->dry_run) {
    status = check(copy, options);
  }
  if (status == VQE_OK && options->remove && copy->result->problems == 0) {
    status = remove_unnamed(copy);
  }
  return status;
}

/* Has the source another version by now? */
static bool has_moved(struct vqe_objects *from, const char *name,
                      int64_t version)
{
  struct vqe_iceberg_table *table = NULL;
  int status = vqe_iceberg_open_anywhere(&table, from, name);
  bool moved = status == VQE_OK && table->version != version;
  vqe_iceberg_close(table);
  return moved;
}

static int attempt(bool *again, struct vqe_iceberg_relocate_result *result,
                   struct vqe_objects *to, struct vqe_objects *from,
                   const char *table,
                   const struct vqe_iceberg_relocate_options *options)
{
  struct vqe_iceberg_copy copy = {.from = from,
                                  .scratch = options->scratch,
                                  .dry_run = options->dry_run,
                                  .stopped = options->stopped,
                                  .result = result,
                                  .lengths = json_object(),
                                  .named = json_object()};
  int64_t version = 0;
  int status = relocate(&version, &copy, to, table, options);
  bool found = copy.table != NULL;
  *again = false;
  if (found && status == VQE_ERR_NOT_FOUND) {
    char message[1024];
    snprintf(message, sizeof message, "%s", vqe_error_message());
    *again = has_moved(from, table, version);
    status = vqe_error_set(VQE_ERR_INPUT, "%s", message);
  }
  vqe_iceberg_target_clear(&copy.target);
  vqe_iceberg_close(copy.table);
  json_decref(copy.source_sizes);
  json_decref(copy.lengths);
  json_decref(copy.named);
  return status;
}

int vqe_iceberg_relocate(struct vqe_iceberg_relocate_result *result,
                         struct vqe_objects *to, struct vqe_objects *from,
                         const char *table,
                         const struct vqe_iceberg_relocate_options *options)
{
  bool again = true;
  int status = VQE_OK;
  for (int k = 0; again && k < SOURCE_ATTEMPTS; k++) {
    status = attempt(&again, result, to, from, table, options);
  }
  return status;
}
