/* The geometries of a scan as molecules of the job. */
#ifndef VQE_JOB_JOB_SCAN_POINTS_H
#define VQE_JOB_JOB_SCAN_POINTS_H

#include "job/job_molecules.h"
#include "job/job_scan.h"

/* Put every molecule's points in its place: all combinations of the values of
 * its coordinates, the last one innermost, named "N2 0.9". Points that no
 * molecule could have become entries with a reason. VQE_ERR_INPUT where an
 * axis fits no molecule. */
int vqe_job_scan_apply(struct vqe_job_molecules *molecules,
                       const struct vqe_job_scan *scan);

#endif
