/* The key "select": which experiments of the product a job runs, and which of
 * them first. */
#ifndef VQE_JOB_JOB_SELECT_H
#define VQE_JOB_JOB_SELECT_H

#include "job/job_ranges.h"
#include "job/job_value.h"

/* Groups of positions in the product; none: all positions, in one group. */
struct vqe_job_select {
  size_t count;
  struct vqe_job_ranges *groups; /* what runs first stands first */
  char where[320];               /* for messages */
};

int vqe_job_select_read(struct vqe_job_select *out,
                        const struct vqe_job_reader *reader);
/* Group of each of `total` positions into *groups, -1: not selected; free by
 * free(). VQE_ERR_INPUT names a position that is none, or stands twice. */
int vqe_job_select_groups(int **groups, const struct vqe_job_select *select,
                          size_t total);
void vqe_job_select_clear(struct vqe_job_select *select);

#endif
