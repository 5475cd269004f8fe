/* The tables at the end of a job. */
#ifndef VQE_CMD_BATCH_LAKE_H
#define VQE_CMD_BATCH_LAKE_H

#include <stdbool.h>

#include "objects/objects.h"

/* Add what the result file holds to the warehouse (NULL: beside it) and make
 * the features. Says on stdout what came of it unless `quiet`; a failure is
 * said on stderr, with how to repeat it. 0, or a negative code. */
int vqe_batch_lake(const char *result_path, const char *warehouse,
                   const struct vqe_objects_options *objects, bool quiet);

#endif
