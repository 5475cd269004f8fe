/* The commit loop: one put that must not replace, made again after a lost
 * race. */
#ifndef VQE_ICEBERG_ICEBERG_CHANGE_H
#define VQE_ICEBERG_ICEBERG_CHANGE_H

#include <jansson.h>
#include <stdbool.h>

#include "iceberg/iceberg_commit.h"

struct vqe_iceberg_change {
  /* Work out the next metadata from the newest table (NULL: there is none).
   * *metadata NULL: there is nothing to commit. Called again after a lost
   * race. */
  int (*apply)(void *ctx, json_t **metadata, struct vqe_iceberg_table *base);
  /* What the last apply() put is surely not referred to. */
  void (*lost)(void *ctx);
  void *ctx;
};

struct vqe_iceberg_change_options {
  bool exclusive;
  int max_retries;
  void (*on_step)(void *ctx, enum vqe_iceberg_step step);
  void *on_step_ctx;
};

/* Write the hint of a table whose last writer crashed before it did: readers
 * that trust the hint would not see the last commit. What fails is left to the
 * next writer. */
void vqe_iceberg_mend_hint(const struct vqe_iceberg_table *table);

/* The commit loop; `result` gets outcome, version, retries. On return with
 * outcome NOTHING the last attempt's lost() has been called. */
int vqe_iceberg_change_commit(
    struct vqe_iceberg_commit *result, struct vqe_objects *objects,
    const char *table, const struct vqe_iceberg_change *change,
    const struct vqe_iceberg_change_options *options);

#endif
