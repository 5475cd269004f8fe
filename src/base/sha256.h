/* SHA-256 (FIPS 180-4) through OpenSSL's libcrypto. */
#ifndef VQE_BASE_SHA256_H
#define VQE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define VQE_SHA256_HEX_SIZE 65 /* 64 digits and the terminating NUL */

int vqe_sha256(uint8_t out[32], const void *data, size_t size);
int vqe_sha256_hex(char out[VQE_SHA256_HEX_SIZE], const void *data,
                   size_t size);
/* The same of a file of at most `limit` bytes. */
int vqe_sha256_file(char out[VQE_SHA256_HEX_SIZE], const char *path,
                    size_t limit);

#endif
