/* Messages of a topic: any bytes have a head that is taken apart and put
 * together again as it was, or are refused with a reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stream/wire.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  uint32_t id = 0;
  const uint8_t *payload = NULL;
  size_t payload_size = 0;
  uint8_t *message = NULL;
  size_t message_size = 0;
  if (vqe_wire_decode(&id, &payload, &payload_size, data, size) != VQE_OK) {
    if (vqe_error_message()[0] == '\0') {
      abort();
    }
    return 0;
  }
  if (payload < data || payload_size > size ||
      vqe_wire_encode(&message, &message_size, id, payload, payload_size) !=
          VQE_OK ||
      message_size != size || memcmp(message, data, size) != 0) {
    abort();
  }
  free(message);
  return 0;
}
