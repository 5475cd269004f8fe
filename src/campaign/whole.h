/* All experiments of the tier of a folder, whatever job files it has now. */
#ifndef VQE_CAMPAIGN_WHOLE_H
#define VQE_CAMPAIGN_WHOLE_H

#include "job/job_types.h"

struct vqe_whole;

/* By tier.json of the folder. VQE_ERR_NOT_FOUND when there is none. */
int vqe_whole_open(struct vqe_whole **out, const char *folder);
void vqe_whole_free(struct vqe_whole *whole);

/* The experiment, and *cost its core seconds by the model, 0 where they are
 * not known; NULL: it is none of the tier. `whole` may be NULL. */
const struct vqe_experiment *
vqe_whole_get(double *cost, const struct vqe_whole *whole, const char *id);

#endif
