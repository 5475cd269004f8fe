/* Lengths inside Avro binary, checked before avro-c takes memory for them: it
 * allocates what a string or an array says that it has, and only then reads.
 */
#ifndef VQE_BASE_AVRO_SIZES_H
#define VQE_BASE_AVRO_SIZES_H

#include <avro.h>
#include <stddef.h>
#include <stdint.h>

/* Walk one value of `schema` through all of `data`. VQE_ERR_INPUT, with the
 * byte, when a length goes beyond the end, when there are more items, or
 * items of more memory, than honest writers put into so many bytes, when
 * values are nested deeper than 64, or when bytes are left over. `where`
 * stands in front of the message. Cost: one pass, no memory. */
int vqe_sizes_check(avro_schema_t schema, const uint8_t *data, size_t size,
                    const char *where);
/* The same of a value that need not take all of `data`: *used is its size. */
int vqe_sizes_of(size_t *used, avro_schema_t schema, const uint8_t *data,
                 size_t size, const char *where);

#endif
