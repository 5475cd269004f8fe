/* Keys of a table's files, and the checksum files that Hadoop keeps beside
 * them. */
#ifndef VQE_ICEBERG_ICEBERG_KEY_H
#define VQE_ICEBERG_ICEBERG_KEY_H

#include <stdbool.h>
#include <stdint.h>

struct vqe_objects;

#define VQE_ICEBERG_NAMESPACE "quantum_features"

/* "quantum_features/<table>/metadata/v<version>.metadata.json", with ".gz"
 * after the version for one that is packed, and the file that names the
 * newest. Free by free(). */
int vqe_iceberg_metadata_key(char **out, const char *table, int64_t version,
                             bool packed);
int vqe_iceberg_hint_key(char **out, const char *table);

/* Hadoop keeps the checksum of a local file in ".<name>.crc" beside it and
 * refuses the file when they do not agree: what is replaced or deleted loses
 * it. Nothing happens on S3, or without one. */
int vqe_iceberg_drop_checksum(struct vqe_objects *objects, const char *key);
bool vqe_iceberg_is_checksum(const char *key);

#endif
