/* Result records: any bytes give a record that encodes back to them, or a
 * message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/codec.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_result *result = NULL;
  uint8_t *again = NULL;
  size_t length = 0;
  int status = vqe_codec_decode_result(&result, data, size);
  if (status != 0) {
    if (result != NULL || vqe_error_message()[0] == '\0') {
      abort();
    }
    return 0;
  }
  if (vqe_codec_encode_result(&again, &length, result) != 0 ||
      length != size || memcmp(again, data, size) != 0) {
    abort();
  }
  free(again);
  vqe_result_free(result);
  return 0;
}
