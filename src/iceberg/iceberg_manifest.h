/* Manifests and their entries in memory. */
#ifndef VQE_ICEBERG_ICEBERG_MANIFEST_H
#define VQE_ICEBERG_ICEBERG_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg_file.h"

enum vqe_iceberg_entry_status {
  VQE_ICEBERG_EXISTING = 0,
  VQE_ICEBERG_ADDED = 1,
  VQE_ICEBERG_DELETED = 2
};

#define VQE_ICEBERG_INHERITED (-1) /* null in the file */

struct vqe_iceberg_entry {
  int status;
  int64_t snapshot;
  int64_t sequence;      /* VQE_ICEBERG_INHERITED or the number */
  int64_t file_sequence; /* likewise */
  int content;           /* 0 data; others are refused */
  bool of_deletes;       /* has what only delete files may have */
  char *uri;
  char *format;
  int64_t sort_order;           /* -1 for null */
  struct vqe_iceberg_file file; /* key NULL: only its path is known */
};

struct vqe_iceberg_entries {
  struct vqe_iceberg_entry *list;
  size_t count;
  size_t capacity;
};

void vqe_iceberg_entry_clear(struct vqe_iceberg_entry *entry);
/* Moves *entry into the list, also when that fails. */
int vqe_iceberg_entries_add(struct vqe_iceberg_entries *entries,
                            struct vqe_iceberg_entry *entry);
void vqe_iceberg_entries_clear(struct vqe_iceberg_entries *entries);

struct vqe_iceberg_field_summary {
  bool contains_null;
  int contains_nan; /* -1 for null */
  struct vqe_iceberg_bytes lower;
  struct vqe_iceberg_bytes upper;
};

struct vqe_iceberg_manifest {
  char *uri;
  int64_t length;
  int64_t spec_id;
  int64_t content;
  int64_t sequence;
  int64_t min_sequence;
  int64_t snapshot; /* that added it */
  int64_t added_files, existing_files, deleted_files;
  int64_t added_rows, existing_rows, deleted_rows;
  struct vqe_iceberg_field_summary *partitions;
  size_t npartitions;
  bool unsummarised; /* other writers may leave the summaries out */
};

struct vqe_iceberg_manifests {
  struct vqe_iceberg_manifest *list;
  size_t count;
};

void vqe_iceberg_manifest_clear(struct vqe_iceberg_manifest *manifest);
void vqe_iceberg_manifest_clear_summaries(
    struct vqe_iceberg_manifest *manifest);
void vqe_iceberg_manifests_clear(struct vqe_iceberg_manifests *manifests);
/* Append an empty one. */
int vqe_iceberg_manifests_add(struct vqe_iceberg_manifest **out,
                              struct vqe_iceberg_manifests *manifests);
int vqe_iceberg_manifest_copy(struct vqe_iceberg_manifest *out,
                              const struct vqe_iceberg_manifest *manifest);

#endif
