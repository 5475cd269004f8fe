/* Confluent's wire format of a message: one byte 0, the schema's id as four
 * bytes big-endian, then Avro binary. */
#ifndef VQE_STREAM_WIRE_H
#define VQE_STREAM_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define VQE_WIRE_HEAD_SIZE 5

/* New buffer in *out (free by free()): head and `payload`. */
int vqe_wire_encode(uint8_t **out, size_t *size, uint32_t schema_id,
                    const uint8_t *payload, size_t payload_size);

/* The head of a message that is encoded in place, with schema id 0. */
void vqe_wire_start(uint8_t *data);

/* Another schema id for a message of vqe_wire_encode. */
void vqe_wire_set_schema(uint8_t *data, uint32_t schema_id);

/* Parts of a message; *payload points into `data`. VQE_ERR_INPUT for what is
 * not of this format. */
int vqe_wire_decode(uint32_t *schema_id, const uint8_t **payload,
                    size_t *payload_size, const uint8_t *data, size_t size);

#endif
