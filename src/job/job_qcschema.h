/* What a QCSchema calculation asks for besides its molecule. */
#ifndef VQE_JOB_JOB_QCSCHEMA_H
#define VQE_JOB_JOB_QCSCHEMA_H

#include <jansson.h>

#include "job/job_molecules.h"

/* Take basis, frozen core and active space of an AtomicInput or AtomicResult
 * into `entry`, where neither job nor options give them, and note what is left
 * out. Other objects leave the entry as it is. VQE_ERR_INPUT: it cannot be
 * computed. */
int vqe_job_qcschema_read(struct vqe_job_molecule *entry, const json_t *object,
                          const struct vqe_job_settings *settings);

#endif
