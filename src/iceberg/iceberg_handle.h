/* What is in an open table, for the units of this folder. */
#ifndef VQE_ICEBERG_ICEBERG_HANDLE_H
#define VQE_ICEBERG_ICEBERG_HANDLE_H

#include <jansson.h>
#include <stddef.h>

#include "iceberg/iceberg_table.h"

#define VQE_ICEBERG_METADATA_LIMIT ((size_t)1 << 28) /* bytes of one file */

struct vqe_iceberg_table {
  struct vqe_objects *objects;
  char *name;
  char *folder; /* "quantum_features/<name>" */
  char *key;    /* of its metadata file */
  int64_t version;
  int64_t hint; /* version in the hint file; 0 without one */
  json_t *metadata;
  char *beyond;     /* NULL, or why no commit may follow */
  json_t *catalogs; /* keys of metadata files of catalogs */
};

/* As vqe_iceberg_open(), but the metadata may point elsewhere. */
int vqe_iceberg_open_anywhere(struct vqe_iceberg_table **out,
                              struct vqe_objects *objects, const char *name);

#endif
