/* The result record in Avro's binary encoding
 * (https://avro.apache.org/docs/1.12.0/specification/#binary-encoding),
 * written by the table of fields. In one pass: arrays of doubles, nearly all
 * of a record, are copied as they lie in memory. avro-c, which asks for each
 * number by a chain of calls and needs the size before it writes, takes four
 * times as long. */
#ifndef VQE_RECORD_RECORD_BINARY_H
#define VQE_RECORD_RECORD_BINARY_H

#include <stddef.h>
#include <stdint.h>

#include "record/fields.h"

/* Bytes that grow as they are written; start with what `used` leaves for the
 * caller, end with free(data). */
struct vqe_binary {
  uint8_t *data;
  size_t used, room;
  const char *fault; /* what is wrong with a value; NULL: nothing */
  int status;        /* of the first fault; later writes do nothing */
};

/* Append `self` as a record of `fields`, fields in their order. On failure the
 * status is set: VQE_ERR_MEMORY, with its message, or VQE_ERR_INPUT, with
 * `fault`, for a required text that is missing. Cost: one pass. */
void vqe_record_binary(struct vqe_binary *out, const struct vqe_fields *fields,
                       const void *self);

#endif
