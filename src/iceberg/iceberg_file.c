#include "iceberg/iceberg_file.h"

#include <stdlib.h>
#include <string.h>

#include "iceberg/iceberg_value.h"

void vqe_iceberg_file_clear(struct vqe_iceberg_file *file)
{
  for (size_t k = 0; k < file->npartition; k++) {
    vqe_iceberg_bytes_clear(&file->partition[k]);
  }
  for (size_t k = 0; k < file->nstats; k++) {
    vqe_iceberg_bytes_clear(&file->stats[k].lower);
    vqe_iceberg_bytes_clear(&file->stats[k].upper);
  }
  free(file->partition);
  free(file->stats);
  free(file->split_offsets);
  free(file->key);
  memset(file, 0, sizeof *file);
}

void vqe_iceberg_stats_unknown(struct vqe_iceberg_stats *stats, int field_id)
{
  *stats = (struct vqe_iceberg_stats){.field_id = field_id,
                                      .column_size = -1,
                                      .value_count = -1,
                                      .null_count = -1,
                                      .nan_count = -1};
}
