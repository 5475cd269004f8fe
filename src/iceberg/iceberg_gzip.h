/* Metadata files that other engines compress. */
#ifndef VQE_ICEBERG_ICEBERG_GZIP_H
#define VQE_ICEBERG_ICEBERG_GZIP_H

#include <stdbool.h>
#include <stddef.h>

bool vqe_iceberg_is_gzip(const char *data, size_t size);
/* Replace *data by what it unpacks to, with a NUL after the last byte.
 * VQE_ERR_INPUT above `limit` bytes or a hundred times its size, beyond some
 * megabytes that are free, or when it is damaged. */
int vqe_iceberg_unpack(char **data, size_t *size, size_t limit);
/* Replace *data by its gzip form; the same bytes for the same text. */
int vqe_iceberg_pack(char **data, size_t *size);

#endif
