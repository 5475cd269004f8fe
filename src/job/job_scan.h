/* The key `scan`: many geometries out of one molecule. */
#ifndef VQE_JOB_JOB_SCAN_H
#define VQE_JOB_JOB_SCAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "molecule/molecule_move.h"

struct vqe_job_reader;

/* One coordinate and its values, or displacements by random numbers. */
struct vqe_job_scan_axis {
  char *where;    /* "file 'a.json', key 'scan', item 1" */
  char *molecule; /* its name; NULL: every molecule */
  bool displaces;
  struct vqe_coordinate coordinate;
  size_t nmove;
  size_t *move; /* atoms that move; none: by the bonds */
  size_t count;
  double *values; /* in the molecule's units, or degrees; of displacements the
                     numbers 0 to count - 1 */
  double width;   /* of displacements: standard deviation, in the same units */
  int64_t seed;
};

/* All zero: no scan. */
struct vqe_job_scan {
  size_t count;
  struct vqe_job_scan_axis *axes;
};

/* Read the key. Clear it afterwards, also on failure. */
int vqe_job_scan_read(struct vqe_job_scan *out,
                      const struct vqe_job_reader *reader);
void vqe_job_scan_clear(struct vqe_job_scan *scan);

#endif
