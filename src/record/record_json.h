/* The result record as JSON, as connectors write it: bare or wrapped unions,
 * whole doubles without a point, NaN as null, infinities as 1e999. */
#ifndef VQE_RECORD_RECORD_JSON_H
#define VQE_RECORD_RECORD_JSON_H

#include <stddef.h>

#include "record/record.h"

/* Read one JSON object. `text` is changed in place: numbers that no double
 * can hold become null (JSON readers refuse them). VQE_ERR_INPUT names the
 * place. */
int vqe_record_json_parse(struct vqe_record **out, char *text, size_t size,
                          const char *where);

#endif
