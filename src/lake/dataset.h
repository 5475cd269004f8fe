/* A data set for machine learning out of the tables: Parquet files with splits
 * by molecule and by bond stretch, a data card, Croissant metadata, licence
 * and citation, as `datasets.load_dataset` and other readers take them. */
#ifndef VQE_LAKE_DATASET_H
#define VQE_LAKE_DATASET_H

#include <stdint.h>

#include "lake/warehouse.h"

struct vqe_dataset_result {
  int64_t runs, steps; /* rows */
  uint64_t bytes;      /* of Parquet files */
  int files;           /* of Parquet */
};

/* Write the data set of all experiments with features into the folder
 * `folder`, which must be missing or empty; whole, or not at all. `license`:
 * its SPDX identifier ("CC-BY-4.0"). VQE_ERR_NOT_FOUND where no features are,
 * VQE_ERR_INPUT where `folder` holds something. Cost: the tables are read
 * once, runs and steps are kept in the scratch folder beyond the memory of the
 * SQL engine. */
int vqe_dataset_write(struct vqe_dataset_result *out,
                      struct vqe_warehouse *warehouse, const char *folder,
                      const char *license);

#endif
