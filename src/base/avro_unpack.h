/* Blocks of Avro container files, unpacked into bounded memory. */
#ifndef VQE_BASE_AVRO_UNPACK_H
#define VQE_BASE_AVRO_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VQE_UNPACK_SYNC_BYTES 16

enum vqe_unpack_codec {
  VQE_UNPACK_NULL,
  VQE_UNPACK_DEFLATE,
  VQE_UNPACK_SNAPPY
};

/* The codec that a header calls `name`, NULL for none; false for others. */
bool vqe_unpack_codec_of(enum vqe_unpack_codec *out, const char *name);

/* Free *out by free(). VQE_ERR_INPUT for bytes that the codec does not know,
 * and when they unpack to more than 64 MiB and a hundred times their number,
 * or to more than 2 GiB. */
int vqe_unpack_block(char **out, size_t *length, enum vqe_unpack_codec codec,
                     const uint8_t *data, size_t size);

#endif
