/* The parts of an Avro container file as values, for its writer. */
#ifndef VQE_ICEBERG_ICEBERG_AVRO_VALUE_H
#define VQE_ICEBERG_ICEBERG_AVRO_VALUE_H

#include <avro.h>
#include <stdbool.h>
#include <stddef.h>

#define VQE_AVRO_SYNC_BYTES 16

/* {count, data, sync}; the header is vqe_container_header. */
extern const char vqe_avro_block_schema[];

/* A schema and one value of it. */
struct vqe_avro_holder {
  avro_schema_t schema;
  avro_value_iface_t *iface;
  avro_value_t value;
  bool has_value;
};

/* `size` bytes of schema; `what` names the file. On failure `status` with a
 * message: the schema may be the file's own, or ours. */
int vqe_avro_holder_open(struct vqe_avro_holder *holder, const char *schema,
                         size_t size, const char *what, int status);
/* Frees what it holds; a zeroed one is fine. */
void vqe_avro_holder_close(struct vqe_avro_holder *holder);

#endif
