/* Lists of whole numbers as people write them: "0-12,14,20-31". */
#ifndef VQE_JOB_JOB_RANGES_H
#define VQE_JOB_JOB_RANGES_H

#include <stdbool.h>
#include <stddef.h>

struct vqe_job_range {
  long long first, last; /* both belong to it */
};

struct vqe_job_ranges {
  size_t count;
  struct vqe_job_range *list; /* in the order of the text */
};

/* VQE_ERR_INPUT, with a message that begins with `where`, when the text is no
 * list of numbers >= 0 and ranges between commas. Clear it afterwards, also on
 * failure. */
int vqe_job_ranges_read(struct vqe_job_ranges *out, const char *text,
                        const char *where);
bool vqe_job_ranges_hold(const struct vqe_job_ranges *ranges,
                         long long number);
void vqe_job_ranges_clear(struct vqe_job_ranges *ranges);

#endif
