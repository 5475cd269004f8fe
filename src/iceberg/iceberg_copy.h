/* The files of a table, copied to another place: data as it is, manifests and
 * their lists value by value, under their own schema and header, so that what
 * other writers put there stays. */
#ifndef VQE_ICEBERG_ICEBERG_COPY_H
#define VQE_ICEBERG_ICEBERG_COPY_H

#include <jansson.h>
#include <stdbool.h>

#include "iceberg/iceberg_copy_target.h"
#include "iceberg/iceberg_relocate.h"

struct vqe_iceberg_copy {
  struct vqe_objects *from;
  const char *scratch;
  bool dry_run; /* count, write nothing */
  bool (*stopped)(void);
  struct vqe_iceberg_relocate_result *result;
  struct vqe_iceberg_table *table; /* the source */
  struct vqe_iceberg_target target;
  json_t *source_sizes; /* key -> size; NULL until it is asked for */
  json_t *lengths;      /* source URI of a manifest -> length of the copy */
  json_t *named;        /* keys that the copy names */
};

/* What the target lacks: data, then the manifests that name it, then the
 * lists. VQE_ERR_NOT_FOUND, VQE_ERR_INPUT for a file that is missing in the
 * source, or has another size. */
int vqe_iceberg_copy_files(struct vqe_iceberg_copy *copy);

/* The metadata of the source as the target has it, without a log of
 * versions. Free by json_decref(). */
int vqe_iceberg_copy_metadata(json_t **out,
                              const struct vqe_iceberg_copy *copy);

#endif
