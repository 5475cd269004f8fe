/* Results as QCSchema, for programs that read it. */
#ifndef VQE_REPORT_QCSCHEMA_H
#define VQE_REPORT_QCSCHEMA_H

#include <stddef.h>

#include "vqe/experiment.h"

/* `--qcschema`: AtomicResult for each experiment, FailedOperation for a failed
 * one, of version 2 where versions[k] is 2, else of version 1 (`versions` may
 * be NULL); one object for one experiment, else an array. Energies are total
 * ones, in hartree, coordinates in bohr. Written atomically. *left_out counts
 * experiments without atoms (FCIDUMP), which the schema cannot hold. */
int vqe_report_qcschema(const char *path, size_t *left_out,
                        struct vqe_result *const *results, const int *versions,
                        size_t count);

#endif
