/* What other engines did to a table: no problem, but worth knowing. */
#ifndef VQE_ICEBERG_ICEBERG_CHECK_OTHERS_H
#define VQE_ICEBERG_ICEBERG_CHECK_OTHERS_H

#include "iceberg/iceberg_check_report.h"

/* Notes on snapshots, tags and branches of others, and on catalogs. */
void vqe_iceberg_check_others(struct vqe_iceberg_checking *check);

#endif
