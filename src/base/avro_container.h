/* Avro container files of any writer, read block by block: every length,
 * count and schema is checked before avro-c, which takes them on trust, sees
 * the bytes. */
#ifndef VQE_BASE_AVRO_CONTAINER_H
#define VQE_BASE_AVRO_CONTAINER_H

#include <avro.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Avro schema of a file's header: {magic, meta, sync}. */
extern const char vqe_container_header[];

struct vqe_container;

/* `file` can be sought in and stays the caller's; it and `what`, which stands
 * in front of messages, must outlive the container. VQE_ERR_INPUT for what is
 * no such file, and for schemas that vqe_schema_parse() does not take;
 * VQE_ERR_UNSUPPORTED for a codec beyond null, deflate and snappy. Memory: the
 * header (16 MiB at most) and one block: 256 MiB at most, and unpacked 64 MiB
 * more than a hundred times that, at most 2 GiB. */
int vqe_container_open(struct vqe_container **out, FILE *file,
                       const char *what);
void vqe_container_close(struct vqe_container *container); /* NULL is fine */

/* Header key, NUL after the last byte, valid as long as the container; NULL
 * when it has none. `size` may be NULL. */
const char *vqe_container_meta(struct vqe_container *container,
                               const char *key, size_t *size);
size_t vqe_container_meta_count(struct vqe_container *container);
const char *vqe_container_meta_at(struct vqe_container *container,
                                  size_t index, const char **key,
                                  size_t *size);

/* The next value, valid until the next call, or NULL at the end. VQE_ERR_INPUT
 * for a damaged block: the values before have been given. */
int vqe_container_next(avro_value_t **out, struct vqe_container *container);

/* After such a failure: go on behind the damage, at the next sync marker, or
 * at the end of the file where there is none. *bytes of the file are passed
 * over, and *values by what the block says, 0 where that cannot be known. Each
 * call goes on by a byte at least. */
int vqe_container_recover(uint64_t *bytes, uint64_t *values,
                          struct vqe_container *container);

#endif
