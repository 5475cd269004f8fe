/* The fields of any partition spec of a table, ours or that of another
 * engine. */
#ifndef VQE_ICEBERG_ICEBERG_SPEC_H
#define VQE_ICEBERG_ICEBERG_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_table.h"
#include "iceberg/iceberg_type.h"
#include "iceberg/iceberg_value.h"

enum vqe_iceberg_transform {
  VQE_ICEBERG_IDENTITY,
  VQE_ICEBERG_BUCKET,
  VQE_ICEBERG_TRUNCATE,
  VQE_ICEBERG_YEAR,
  VQE_ICEBERG_MONTH,
  VQE_ICEBERG_DAY,
  VQE_ICEBERG_HOUR,
  VQE_ICEBERG_VOID, /* always null: a field that was taken away */
  VQE_ICEBERG_OTHER_TRANSFORM
};

struct vqe_iceberg_partition_field {
  char name[128];
  int source; /* field id of its column */
  enum vqe_iceberg_transform transform;
  int width;                  /* of bucket and truncate */
  enum vqe_iceberg_type from; /* of the column; OTHER: none of ours */
  enum vqe_iceberg_type type; /* of the values; OTHER: not known */
};

/* The fields of a spec in order; VQE_ERR_NOT_FOUND when the table has none of
 * that id. Free *out by free(). */
int vqe_iceberg_spec_fields(struct vqe_iceberg_partition_field **out,
                            size_t *count,
                            const struct vqe_iceberg_table *table,
                            int64_t spec_id);

/* One of them, out of its JSON. */
void vqe_iceberg_spec_field(struct vqe_iceberg_partition_field *out,
                            const struct vqe_iceberg_table *table,
                            const json_t *field);

/* May rows be in a file of that partition value? `found` has the null count
 * and the exact extremes of the column in the file's `rows` rows. Where that
 * does not show it (types that are not known) they may. */
bool vqe_iceberg_partition_holds(
    const struct vqe_iceberg_partition_field *field,
    const struct vqe_iceberg_bytes *value,
    const struct vqe_iceberg_stats *found, int64_t rows);

#endif
