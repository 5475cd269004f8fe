/* The state of a job as people and as scripts read it. */
#ifndef VQE_CAMPAIGN_STATE_PRINT_H
#define VQE_CAMPAIGN_STATE_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "campaign/state.h"

/* A screen of 80 columns. `all`: a line for each experiment; else for up to 20
 * of them, or for those that run. */
void vqe_state_print(FILE *stream, const struct vqe_state *state, bool all);
/* New reference; NULL without memory. */
json_t *vqe_state_json(const struct vqe_state *state);

#endif
