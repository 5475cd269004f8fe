/* Copying the tables of a warehouse to another place, and keeping the copy up
 * to date. */
#ifndef VQE_LAKE_WAREHOUSE_RELOCATE_H
#define VQE_LAKE_WAREHOUSE_RELOCATE_H

#include <stdbool.h>
#include <stdint.h>

#include "iceberg/iceberg.h"
#include "lake/tables.h"
#include "objects/objects.h"

/* One table is done; its result, and the status of its failure, whose message
 * is vqe_error_message(). */
typedef void (*vqe_warehouse_relocated)(
    void *ctx, const char *table, int status,
    const struct vqe_iceberg_relocate_result *result);

struct vqe_warehouse_relocate_options {
  bool tables[VQE_LAKE_TABLES]; /* to copy; none: all that are there */
  const char *scratch;          /* local directory; not used by dry_run */
  bool dry_run;
  bool remove;
  bool (*stopped)(void); /* asked before each file; may be NULL */
  vqe_warehouse_relocated done;
  void (*report)(void *ctx, enum vqe_iceberg_finding finding,
                 const char *text);
  void *ctx; /* of both */
};

struct vqe_warehouse_relocate_result {
  int tables; /* copied, or found as they should be */
  int failed; /* with problems, or not copied */
  struct vqe_iceberg_relocate_result sum;
};

/* Is a table of ours in `from`? VQE_ERR_NOT_FOUND when none is. One request:
 * keys and place are right before anything is written elsewhere. */
int vqe_warehouse_relocate_source(struct vqe_objects *from);

/* VQE_ERR_INPUT unless the places, named so in messages, lie apart: the one is
 * not the other, nor in it, links aside. Whatever removes what nothing refers
 * to in the outer one would remove the inner one. */
int vqe_warehouse_relocate_apart(const struct vqe_objects *to,
                                 const char *to_name,
                                 const struct vqe_objects *from,
                                 const char *from_name);

/* Copy tables by vqe_iceberg_relocate(), in the order in which they are
 * committed. One that fails is left as it was, and the others go on; VQE_OK
 * all the same. An error when no further one would do better: out of memory,
 * a store that does not respond, stopped. */
int vqe_warehouse_relocate(
    struct vqe_warehouse_relocate_result *result, struct vqe_objects *to,
    struct vqe_objects *from,
    const struct vqe_warehouse_relocate_options *options);

#endif
