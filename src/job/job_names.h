/* Names of a job's molecules. */
#ifndef VQE_JOB_JOB_NAMES_H
#define VQE_JOB_JOB_NAMES_H

#include "job/job_molecules.h"

/* Give every molecule its name, in the entry and in the molecule. A name of
 * the user stays; other names are made distinct: a title that several XYZ
 * frames share gives way to the file's name, and what is then still the same
 * gets its place in the job. */
int vqe_job_names_settle(struct vqe_job_molecules *molecules);

#endif
