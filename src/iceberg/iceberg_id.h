/* Identifiers drawn at random, and the time. */
#ifndef VQE_ICEBERG_ICEBERG_ID_H
#define VQE_ICEBERG_ICEBERG_ID_H

#include <stdint.h>

#define VQE_ICEBERG_UUID_SIZE 37

/* A random UUID in lower case. */
int vqe_iceberg_uuid(char out[VQE_ICEBERG_UUID_SIZE]);
/* Random, positive. */
int vqe_iceberg_new_id(int64_t *out);
/* Milliseconds since 1970, UTC. */
int64_t vqe_iceberg_now_ms(void);

#endif
