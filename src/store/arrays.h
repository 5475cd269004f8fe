/* The arrays of one experiment: a group with a data set each. */
#ifndef VQE_STORE_ARRAYS_H
#define VQE_STORE_ARRAYS_H

#include <hdf5.h>

#include "store/result_rows.h"
#include "vqe/experiment.h"

/* Make the group `name` in `place`; arrays that are NULL or empty have no
 * data set. */
int vqe_arrays_write(hid_t place, const char *path, const char *name,
                     const struct vqe_result *result);

/* Fill the arrays of a result whose scalars are known. `molecule` gives the
 * scalars of its molecule; its name is taken over. */
int vqe_arrays_read(struct vqe_result *result,
                    struct vqe_h5table_molecule *molecule, hid_t place,
                    const char *path, const char *name);

#endif
