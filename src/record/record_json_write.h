/* The result record as JSON text: bare unions, nulls written out, numbers
 * that are not finite as null. */
#ifndef VQE_RECORD_RECORD_JSON_WRITE_H
#define VQE_RECORD_RECORD_JSON_WRITE_H

#include <stddef.h>

#include "record/record.h"

/* One object, keys in the schema's order, doubles to the last bit. Free *out
 * by free(). */
int vqe_record_json_write(char **out, size_t *size,
                          const struct vqe_record *record);

#endif
