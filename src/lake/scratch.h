/* The folder for temporary files of a warehouse. */
#ifndef VQE_LAKE_SCRATCH_H
#define VQE_LAKE_SCRATCH_H

#include "base/temporary.h"

/* Make a folder of its own in `folder`, or where that is NULL beside the local
 * warehouse `place` (NULL: there is none to write to), so that there is as
 * much room as for the tables, else where the system keeps temporary files.
 * A `folder` that is a link of another user is VQE_ERR_INPUT. What crashed
 * runs left in the same place goes. Give it back by
 * vqe_temporary_remove(). */
int vqe_scratch_make(struct vqe_temporary *out, const char *folder,
                     const char *place);
/* Remove this user's other folders beside the warehouse `place`, also those of
 * other hosts: for whoever is alone with it. */
void vqe_scratch_remove_stale(const char *place, const char *ours);

#endif
