#include "iceberg/iceberg_check_others.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "iceberg/iceberg_check.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_snapshot.h"

/* Snapshots that are named one by one; of more only the number. */
#define NAMED 5

#define NOTE(check, ...)                                                      \
  vqe_iceberg_check_report(check, VQE_ICEBERG_NOTE, __VA_ARGS__)

static const char *or_unknown(const char *text)
{
  return text == NULL ? "unknown" : text;
}

static void note_snapshots(struct vqe_iceberg_checking *check)
{
  size_t k;
  json_t *snapshot;
  int64_t count = 0;
  json_array_foreach(json_object_get(check->table->metadata, "snapshots"), k,
                     snapshot)
  {
    const json_t *summary = json_object_get(snapshot, "summary");
    const char *engine = vqe_iceberg_string(summary, "engine-name");
    if (vqe_iceberg_string(summary, VQE_ICEBERG_RUN_KEY) != NULL) {
      continue;
    }
    int64_t added = vqe_iceberg_summary(snapshot, "added-records", 0);
    count++;
    if (count <= NAMED) {
      NOTE(check,
           "snapshot %" PRId64 " is of another engine%s%s: %s, %" PRId64
           " row%s added, %" PRId64 " removed",
           vqe_iceberg_integer(snapshot, "snapshot-id", -1),
           engine == NULL ? "" : ", ", engine == NULL ? "" : engine,
           or_unknown(vqe_iceberg_string(summary, "operation")), added,
           added == 1 ? "" : "s",
           vqe_iceberg_summary(snapshot, "deleted-records", 0));
    }
  }
  if (count > NAMED) {
    NOTE(check, "%" PRId64 " more snapshot%s of other engines", count - NAMED,
         count == NAMED + 1 ? " is" : "s are");
  }
}

static void note_refs(struct vqe_iceberg_checking *check)
{
  const char *name;
  json_t *ref;
  json_object_foreach(json_object_get(check->table->metadata, "refs"), name,
                      ref)
  {
    if (strcmp(name, "main") != 0 && strncmp(name, "v_", 2) != 0) {
      NOTE(check, "%s '%s' of another engine names snapshot %" PRId64,
           or_unknown(vqe_iceberg_string(ref, "type")), name,
           vqe_iceberg_integer(ref, "snapshot-id", -1));
    }
  }
}

static void note_catalogs(struct vqe_iceberg_checking *check)
{
  const char *key;
  json_t *unused;
  json_object_foreach(check->table->catalogs, key, unused)
  {
    NOTE(check, "'%s' is of a catalog that has registered the table", key);
  }
}

void vqe_iceberg_check_others(struct vqe_iceberg_checking *check)
{
  note_snapshots(check);
  note_refs(check);
  note_catalogs(check);
}
