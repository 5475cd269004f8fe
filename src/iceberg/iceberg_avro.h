/* Avro container files in memory, with header keys and schema text of our
 * own: avro-c drops the attributes that Iceberg needs (field-id, element-id,
 * logicalType "map") when it writes a header, and has no way to add keys. */
#ifndef VQE_ICEBERG_ICEBERG_AVRO_H
#define VQE_ICEBERG_ICEBERG_AVRO_H

#include <avro.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- writing --------------------------------------------------------- */

struct vqe_avro_writer;

/* Values follow `schema` (JSON text, written verbatim). Free by
 * vqe_avro_writer_close(). */
int vqe_avro_writer_open(struct vqe_avro_writer **out, const char *schema);
/* Another header key beside avro.schema and avro.codec. */
int vqe_avro_writer_meta(struct vqe_avro_writer *writer, const char *key,
                         const void *value, size_t size);
/* The value to fill for the next append; reset by it. */
avro_value_t *vqe_avro_writer_value(struct vqe_avro_writer *writer);
int vqe_avro_writer_append(struct vqe_avro_writer *writer);
/* The whole file, codec deflate. Free *data by free(). */
int vqe_avro_writer_finish(char **data, size_t *size,
                           struct vqe_avro_writer *writer);
void vqe_avro_writer_close(struct vqe_avro_writer *writer);

/* ---- reading --------------------------------------------------------- */

struct vqe_avro_reader;

/* `data` must outlive the reader; `what` names the file in messages. */
int vqe_avro_reader_open(struct vqe_avro_reader **out, const char *data,
                         size_t size, const char *what);
/* Header key, NUL after the last byte, valid as long as the reader; NULL
 * when it has none. `size` may be NULL. */
const char *vqe_avro_reader_meta(struct vqe_avro_reader *reader,
                                 const char *key, size_t *size);
size_t vqe_avro_reader_meta_count(struct vqe_avro_reader *reader);
const char *vqe_avro_reader_meta_at(struct vqe_avro_reader *reader,
                                    size_t index, const char **key,
                                    size_t *size);
/* The next value, owned by the reader, or NULL at the end. */
int vqe_avro_reader_next(avro_value_t **out, struct vqe_avro_reader *reader);
void vqe_avro_reader_close(struct vqe_avro_reader *reader);

/* ---- fields ---------------------------------------------------------- */

/* Setting fields of a record one after the other: the first failure sticks
 * in `failed` and the rest do nothing. */
struct vqe_avro_fields {
  avro_value_t record;
  bool failed;
};

void vqe_avro_put_int(struct vqe_avro_fields *to, const char *name,
                      int32_t value);
void vqe_avro_put_long(struct vqe_avro_fields *to, const char *name,
                       int64_t value);
void vqe_avro_put_string(struct vqe_avro_fields *to, const char *name,
                         const char *value);
/* The field itself, or its branch that is not null; null when `set` is
 * false, then `out` is left alone. */
void vqe_avro_put_branch(avro_value_t *out, struct vqe_avro_fields *to,
                         const char *name, bool set);

/* Reading: the field, seen through a union; false when the record has no
 * such field or it is null. */
bool vqe_avro_get(avro_value_t *out, const avro_value_t *record,
                  const char *name);
/* int or long; false when it is neither or null. */
bool vqe_avro_get_integer(int64_t *out, const avro_value_t *record,
                          const char *name);
bool vqe_avro_get_string(const char **out, const avro_value_t *record,
                         const char *name);

#endif
