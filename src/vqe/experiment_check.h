/* Is an experiment whole? */
#ifndef VQE_VQE_EXPERIMENT_CHECK_H
#define VQE_VQE_EXPERIMENT_CHECK_H

#include "vqe/experiment.h"

/* VQE_ERR_INPUT, naming the field, where one is missing that a run needs, or
 * where `input_error` is set. What can be known of the values by themselves
 * is checked where they are used. */
int vqe_experiment_check(const struct vqe_experiment *experiment);

/* For messages; "experiment" where none is given. */
const char *vqe_experiment_source(const struct vqe_experiment *experiment);

#endif
