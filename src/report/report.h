/* What people and scripts read at the end: the table and the summary. */
#ifndef VQE_REPORT_H
#define VQE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vqe/experiment.h"

/* How the table is shown. */
struct vqe_report_options {
  int width; /* columns that it may take; 0: 80 */
  bool all;  /* a line for each seed, also where there are many */
};

/* The final table in input order. Settings that differ have columns, those
 * that all share stand above. Of more than three experiments that differ in
 * the seed alone there are three lines: lowest, median and highest energy.
 *
 * Numbers: qubits, parameters, evaluations, energy (total; with shots plus or
 * minus its standard error), the energy at the same parameters without
 * sampling, HF, the exact energy (FCI, or CASCI in an active space), error to
 * it in millihartree, <N>, <S^2>, seconds. What does not fit into the width is
 * left out, the least needed first, and named below.
 *
 * Below it what curves of a scan say (report/curves.h).
 *
 * Remarks say what a reader must know; each is explained once below, failures
 * one by one. An energy of another electron number or spin than the
 * molecule's has a "!" behind it.
 * `restored` (may be NULL) names what an earlier run had computed. */
int vqe_report_table(FILE *stream, struct vqe_result *const *results,
                     const bool *restored, size_t count,
                     const struct vqe_report_options *options);

/* `--summary`: a JSON array (jobs/README.md), written atomically. NaN is null.
 */
int vqe_report_summary(const char *path, struct vqe_result *const *results,
                       const bool *restored, size_t count);

#endif
