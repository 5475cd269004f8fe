/* The metadata files in a table's folder: those of the layout of Hadoop
 * catalogs, which follow one another by number, and those of catalogs that
 * have registered the table. */
#ifndef VQE_ICEBERG_ICEBERG_VERSIONS_H
#define VQE_ICEBERG_ICEBERG_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vqe_objects;

enum vqe_iceberg_name {
  VQE_ICEBERG_NAME_VERSION, /* vN.metadata.json, vN.gz.metadata.json,
                               vN.metadata.json.gz */
  VQE_ICEBERG_NAME_STRAY,   /* other names that begin like a version's */
  VQE_ICEBERG_NAME_CATALOG, /* NNNNN-<uuid>.metadata.json, ... */
  VQE_ICEBERG_NAME_OTHER    /* no metadata */
};

/* What the last part of a key says; *version only of the first two. */
enum vqe_iceberg_name vqe_iceberg_name_of(int64_t *version, const char *key);

struct vqe_iceberg_version {
  char *key;
  enum vqe_iceberg_name kind;
  int64_t version;
  int64_t modified_ms;
};

struct vqe_iceberg_versions {
  struct vqe_iceberg_version *list;
  size_t count;
};

/* One listing of the metadata folder. */
int vqe_iceberg_versions_list(struct vqe_iceberg_versions *out,
                              struct vqe_objects *objects, const char *table);
void vqe_iceberg_versions_clear(struct vqe_iceberg_versions *versions);

/* The file of that version, NULL when there is none; *twin (may be NULL) is
 * another of the same number. */
const struct vqe_iceberg_version *
vqe_iceberg_versions_find(const struct vqe_iceberg_version **twin,
                          const struct vqe_iceberg_versions *versions,
                          int64_t version);
/* The newest version: from `hint` upward without a gap, or where that is not
 * there the highest; 0 for none. */
int64_t
vqe_iceberg_versions_newest(const struct vqe_iceberg_versions *versions,
                            int64_t hint);

#endif
