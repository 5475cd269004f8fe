#include "base/sha256.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/file.h"

int vqe_sha256(uint8_t out[32], const void *data, size_t size)
{
  unsigned int length = 32;
  if (EVP_Digest(data, size, out, &length, EVP_sha256(), NULL) != 1) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "libcrypto offers no SHA-256 here");
  }
  return VQE_OK;
}

int vqe_sha256_hex(char out[VQE_SHA256_HEX_SIZE], const void *data,
                   size_t size)
{
  uint8_t digest[32];
  int status = vqe_sha256(digest, data, size);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < sizeof digest; k++) {
    snprintf(out + 2 * k, 3, "%02x", digest[k]);
  }
  return VQE_OK;
}

int vqe_sha256_file(char out[VQE_SHA256_HEX_SIZE], const char *path,
                    size_t limit)
{
  char *text = NULL;
  size_t size;
  int status = vqe_file_read(&text, &size, path, limit);
  if (status == VQE_OK) {
    status = vqe_sha256_hex(out, text, size);
  }
  free(text);
  return status;
}
