/* Which results have a line: all of them, or of many seeds three. */
#ifndef VQE_REPORT_TABLE_GROUPS_H
#define VQE_REPORT_TABLE_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/experiment.h"

enum vqe_report_place {
  VQE_REPORT_ALONE, /* speaks for itself */
  VQE_REPORT_BEST,
  VQE_REPORT_MEDIAN,
  VQE_REPORT_WORST
};

struct vqe_report_line {
  size_t result; /* index */
  enum vqe_report_place place;
  size_t seeds; /* of its group that have an energy; 1 alone */
};

/* The lines in the order of the results; a group stands where its first member
 * does. Three lines or fewer of a group are shown as they are; failed ones
 * always are. `all`: no groups. *out is freed by free(). */
int vqe_report_lines(struct vqe_report_line **out, size_t *nline,
                     struct vqe_result *const *results, size_t count,
                     bool all);

#endif
