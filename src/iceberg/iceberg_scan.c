#include "iceberg/iceberg_scan.h"

#include <strings.h>

#include "base/error_message.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_read.h"

int vqe_iceberg_scan(struct vqe_iceberg_table *table, int64_t snapshot,
                     vqe_iceberg_visit visit, void *ctx)
{
  struct vqe_iceberg_manifests manifests;
  int status = vqe_iceberg_read_manifests(&manifests, table, snapshot);
  for (size_t k = 0; status == VQE_OK && k < manifests.count; k++) {
    const struct vqe_iceberg_manifest *manifest = &manifests.list[k];
    struct vqe_iceberg_entries entries;
    if (manifest->added_files == 0 && manifest->existing_files == 0) {
      continue; /* deleted entries only */
    }
    status = vqe_iceberg_read_entries(&entries, table, manifest);
    for (size_t e = 0; status == VQE_OK && e < entries.count; e++) {
      const struct vqe_iceberg_entry *entry = &entries.list[e];
      if (entry->status == VQE_ICEBERG_DELETED) {
        continue;
      }
      if (strcasecmp(entry->format, "PARQUET") != 0) {
        status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                               "'%s' is a file of format %s; this version "
                               "reads Parquet",
                               entry->file.key, entry->format);
      }
      if (status == VQE_OK) {
        status = visit(ctx, &entry->file, entry->snapshot);
      }
    }
    vqe_iceberg_entries_clear(&entries);
  }
  vqe_iceberg_manifests_clear(&manifests);
  return status;
}
