/* The tables at the end of a job. */
#ifndef VQE_CMD_BATCH_LAKE_H
#define VQE_CMD_BATCH_LAKE_H

#include <jansson.h>
#include <stdbool.h>

#include "objects/objects.h"
#include "vqe/experiment.h"

/* Add the results, which are in the result file too, to the warehouse (NULL:
 * beside that file) and make the features. Takes over the list and the
 * results. Prints on stdout what came of it unless `quiet`; a failure on
 * stderr, with how to repeat it. 0, or a negative code. */
int vqe_batch_lake(struct vqe_result **results, size_t count,
                   const char *result_path, const char *warehouse,
                   const struct vqe_objects_options *objects, bool quiet);

/* Ids of the experiments that the tables of a warehouse hold, as keys of an
 * object: a new reference, also after an error. */
int vqe_batch_lake_done(json_t **ids, const char *warehouse);

#endif
