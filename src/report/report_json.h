/* What summary and QCSchema hold of one result, as values of JSON. */
#ifndef VQE_REPORT_REPORT_JSON_H
#define VQE_REPORT_REPORT_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "vqe/experiment.h"

/* Numbers of texts of JSON have all their digits. */
#define VQE_REPORT_JSON_FLAGS (JSON_INDENT(2) | JSON_REAL_PRECISION(17))

/* An object of the array of vqe_report_summary(). NULL: no memory. */
json_t *vqe_report_summary_of(const struct vqe_result *result, bool restored);

/* An array, null for what is not finite. NULL: no memory. */
json_t *vqe_report_numbers(const double *values, size_t count);

/* AtomicResult or FailedOperation of vqe_report_qcschema(), of a result with a
 * molecule. NULL: no memory. */
json_t *vqe_report_qcschema_of(const struct vqe_result *result, int version);

#endif
