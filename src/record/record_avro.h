/* The result record as Avro: schemas/avro/experiment.vqe.avsc. */
#ifndef VQE_RECORD_RECORD_AVRO_H
#define VQE_RECORD_RECORD_AVRO_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

/* The schema's text as it is registered. */
extern const char vqe_record_avro_schema_text[];
extern const size_t vqe_record_avro_schema_text_size;

/* Decoder for one writer's schema. */
struct vqe_record_avro;

/* `schema` NULL takes ours; a writer's schema may lack our additions. Errors:
 * those of vqe_schema_parse(). */
int vqe_record_avro_create(struct vqe_record_avro **out, const char *schema,
                           size_t size);
void vqe_record_avro_free(struct vqe_record_avro *avro);

/* Avro binary of one record with our schema, behind `head` bytes left for the
 * caller, which *size counts; free *out by free(). From any thread. Cost: one
 * pass over the record. */
int vqe_record_avro_encode(uint8_t **out, size_t *size, size_t head,
                           const struct vqe_record *record);

/* Read one record, the whole of `data`, written with the handle's schema. */
int vqe_record_avro_decode(struct vqe_record **out,
                           struct vqe_record_avro *avro, const uint8_t *data,
                           size_t size, const char *where);

/* Called for each record of a container file; the callee owns it. */
typedef int (*vqe_avro_visit)(void *ctx, struct vqe_record *record,
                              size_t index);

/* Called for each record that is none of ours, with the reason. */
typedef void (*vqe_avro_skip)(void *ctx, const char *reason);

/* Read all records of an Avro container file (local, regular). One that is
 * none of ours is passed to `skip` and the others are read on. A damaged block
 * is passed over, to the next sync marker, up to a thousand of a file: the
 * status is VQE_ERR_INPUT then, at the end, and the message counts what is
 * lost. Where `skip` is NULL either ends the reading. Errors besides: those of
 * vqe_container_open(); records before the fault have been visited. */
int vqe_record_avro_read_file(const char *path, const char *where,
                              vqe_avro_visit visit, vqe_avro_skip skip,
                              void *ctx);

/* Write a container file (deflate) with `count` records. */
int vqe_record_avro_write_file(const char *path,
                               struct vqe_record *const *records,
                               size_t count);

#endif
