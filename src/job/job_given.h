/* Charge, multiplicity and units by options: those of every molecule. */
#ifndef VQE_JOB_JOB_GIVEN_H
#define VQE_JOB_JOB_GIVEN_H

#include "job/job_types.h"
#include "molecule/molecule_build.h"

int vqe_job_given_read(struct vqe_molecule_given *out,
                       const struct vqe_job_overrides *overrides);

#endif
