/* Checking the metadata file alone: schemas, specs, orders, refs, logs. */
#ifndef VQE_ICEBERG_ICEBERG_CHECK_METADATA_H
#define VQE_ICEBERG_ICEBERG_CHECK_METADATA_H

#include "iceberg/iceberg_check_report.h"

/* Also notes the files that the metadata log refers to. */
int vqe_iceberg_check_metadata(struct vqe_iceberg_checking *check);

#endif
