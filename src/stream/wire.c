#include "stream/wire.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

#define MAGIC 0

int vqe_wire_encode(uint8_t **out, size_t *size, uint32_t schema_id,
                    const uint8_t *payload, size_t payload_size)
{
  uint8_t *data = NULL;
  *out = NULL;
  if (payload_size > SIZE_MAX - VQE_WIRE_HEAD_SIZE) {
    return vqe_error_set(VQE_ERR_MEMORY, "a message of %zu bytes",
                         payload_size);
  }
  int status = vqe_memory_alloc(&data, payload_size + VQE_WIRE_HEAD_SIZE, 1,
                                "a message");
  if (status != VQE_OK) {
    return status;
  }
  vqe_wire_start(data);
  vqe_wire_set_schema(data, schema_id);
  if (payload_size > 0) {
    memcpy(data + VQE_WIRE_HEAD_SIZE, payload, payload_size);
  }
  *out = data;
  *size = payload_size + VQE_WIRE_HEAD_SIZE;
  return VQE_OK;
}

void vqe_wire_start(uint8_t *data)
{
  data[0] = MAGIC;
  vqe_wire_set_schema(data, 0);
}

void vqe_wire_set_schema(uint8_t *data, uint32_t schema_id)
{
  uint32_t id = htobe32(schema_id);
  memcpy(data + 1, &id, sizeof id);
}

int vqe_wire_decode(uint32_t *schema_id, const uint8_t **payload,
                    size_t *payload_size, const uint8_t *data, size_t size)
{
  uint32_t id;
  if (size < VQE_WIRE_HEAD_SIZE) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a message of %zu bytes has no schema id", size);
  }
  if (data[0] != MAGIC) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the first byte of the message is 0x%02x, not 0x00: "
                         "it was not written through a schema registry",
                         data[0]);
  }
  memcpy(&id, data + 1, sizeof id);
  *schema_id = be32toh(id);
  *payload = data + VQE_WIRE_HEAD_SIZE;
  *payload_size = size - VQE_WIRE_HEAD_SIZE;
  return VQE_OK;
}
