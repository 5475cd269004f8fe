/* Result records: any bytes give a record that encodes back to them, those of
 * an older version to the newest, or a message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/codec.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MARK_AND_VERSION 8

static void check_encoding(const struct vqe_result *result,
                           const uint8_t *data, size_t size)
{
  uint8_t *again = NULL;
  size_t length = 0;
  struct vqe_result *newer = NULL;
  if (vqe_codec_encode_result(&again, &length, result) != 0) {
    abort();
  }
  if (memcmp(again, data, MARK_AND_VERSION) != 0) {
    if (vqe_codec_decode_result(&newer, again, length) != 0) {
      abort();
    }
    check_encoding(newer, again, length);
  } else if (length != size || memcmp(again, data, size) != 0) {
    abort();
  }
  vqe_result_free(newer);
  free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_result *result = NULL;
  int status = vqe_codec_decode_result(&result, data, size);
  if (status != 0) {
    if (result != NULL || vqe_error_message()[0] == '\0') {
      abort();
    }
    return 0;
  }
  check_encoding(result, data, size);
  vqe_result_free(result);
  return 0;
}
