/* What people and scripts read at the end: the table and the summary. */
#ifndef VQE_REPORT_H
#define VQE_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "vqe/experiment.h"

/* The final table, one line an experiment in input order: molecule, basis,
 * qubits, ansatz, parameters, evaluations, energy (total), HF, FCI, error in
 * millihartree (to FCI), <N>, <S^2>, seconds; a remark where the state ended
 * in another sector than asked for (|<N> - N| or |<S^2> - S(S+1)| > 0.01),
 * did not converge, or failed (reason below the table). */
int vqe_report_table(FILE *stream, struct vqe_result *const *results,
                     size_t count);

/* `--summary`: a JSON array (jobs/README.md), written atomically. NaN is null.
 */
int vqe_report_summary(const char *path, struct vqe_result *const *results,
                       size_t count);

#endif
