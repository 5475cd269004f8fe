/* Reading container files: every length is checked before avro-c, which takes
 * them on trust, sees the bytes. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/avro_sizes.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_avro_value.h"

#define MAGIC_BYTES 4
#define BLOCK_LIMIT ((size_t)1 << 30) /* bytes of one, unpacked */

struct vqe_avro_reader {
  const uint8_t *data; /* of the file */
  size_t size, at;     /* at: the next block */
  struct vqe_avro_holder header, block, row;
  avro_value_t meta;
  bool deflated;
  int64_t left;  /* values in the block that is open */
  char *open;    /* its bytes */
  size_t length; /* of them */
  size_t used;
  const char *what;
};

/* ---- values ---------------------------------------------------------- */

/* The next value in `data`; *used is its size. */
static int read_value(size_t *used, struct vqe_avro_holder *holder,
                      const uint8_t *data, size_t size, const char *what)
{
  int status = vqe_sizes_of(used, holder->schema, data, size, what);
  if (status != VQE_OK) {
    return status;
  }
  if (avro_value_reset(&holder->value) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "%s: %s", what, avro_strerror());
  }
  avro_reader_t from = avro_reader_memory((const char *)data, (int64_t)*used);
  if (from == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for an Avro reader");
  }
  if (avro_value_read(from, &holder->value) != 0) {
    status =
        vqe_error_set(VQE_ERR_INPUT, "%s: damaged: %s", what, avro_strerror());
  }
  avro_reader_free(from);
  return status;
}

/* ---- the file -------------------------------------------------------- */

static int read_header(struct vqe_avro_reader *reader)
{
  size_t size = 0;
  int status = vqe_avro_holder_open(&reader->header, vqe_avro_header_schema,
                                    strlen(vqe_avro_header_schema),
                                    reader->what, VQE_ERR_INPUT);
  if (status == VQE_OK) {
    status = read_value(&reader->at, &reader->header, reader->data,
                        reader->size, reader->what);
  }
  if (status == VQE_OK && avro_value_get_by_name(&reader->header.value, "meta",
                                                 &reader->meta, NULL) != 0) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s: damaged header", reader->what);
  }
  if (status != VQE_OK) {
    return status;
  }
  const char *schema = vqe_avro_reader_meta(reader, "avro.schema", &size);
  const char *codec = vqe_avro_reader_meta(reader, "avro.codec", NULL);
  reader->deflated = codec != NULL && strcmp(codec, "deflate") == 0;
  if (schema == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: no Avro schema in its header",
                         reader->what);
  }
  if (codec != NULL && !reader->deflated && strcmp(codec, "null") != 0) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s: compressed by '%.40s', this version reads "
                         "deflate; let its writer use that",
                         reader->what, codec);
  }
  return vqe_avro_holder_open(&reader->row, schema, size, reader->what,
                              VQE_ERR_INPUT);
}

int vqe_avro_reader_open(struct vqe_avro_reader **out, const char *data,
                         size_t size, const char *what)
{
  struct vqe_avro_reader *reader = NULL;
  *out = NULL;
  if (size < MAGIC_BYTES || memcmp(data, "Obj\1", MAGIC_BYTES) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: not an Avro file", what);
  }
  int status = vqe_memory_alloc(&reader, 1, sizeof *reader, "an Avro reader");
  if (status != VQE_OK) {
    return status;
  }
  reader->what = what;
  reader->data = (const uint8_t *)data;
  reader->size = size;
  status = read_header(reader);
  if (status == VQE_OK) {
    status = vqe_avro_holder_open(&reader->block, vqe_avro_block_schema,
                                  strlen(vqe_avro_block_schema), what,
                                  VQE_ERR_INPUT);
  }
  if (status != VQE_OK) {
    vqe_avro_reader_close(reader);
    return status;
  }
  *out = reader;
  return VQE_OK;
}

const char *vqe_avro_reader_meta(struct vqe_avro_reader *reader,
                                 const char *key, size_t *size)
{
  avro_value_t value;
  const void *data;
  size_t length;
  if (avro_value_get_by_name(&reader->meta, key, &value, NULL) != 0 ||
      avro_value_get_bytes(&value, &data, &length) != 0) {
    return NULL;
  }
  if (size != NULL) {
    *size = length;
  }
  return data; /* avro-c's decoder puts a NUL after the bytes */
}

size_t vqe_avro_reader_meta_count(struct vqe_avro_reader *reader)
{
  size_t count = 0;
  return avro_value_get_size(&reader->meta, &count) == 0 ? count : 0;
}

const char *vqe_avro_reader_meta_at(struct vqe_avro_reader *reader,
                                    size_t index, const char **key,
                                    size_t *size)
{
  avro_value_t value;
  const void *data;
  if (avro_value_get_by_index(&reader->meta, index, &value, key) != 0 ||
      avro_value_get_bytes(&value, &data, size) != 0) {
    return NULL;
  }
  return data;
}

/* ---- blocks ---------------------------------------------------------- */

/* Raw deflate, into a buffer that grows. */
static int inflate_block(struct vqe_avro_reader *reader, const void *data,
                         size_t size)
{
  z_stream stream;
  size_t capacity = 0;
  int rc = Z_OK;
  int status = VQE_OK;
  memset(&stream, 0, sizeof stream);
  if (size > UINT_MAX || inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return vqe_error_set(VQE_ERR_MEMORY, "%s: no memory to unpack it",
                         reader->what);
  }
  stream.next_in = (Bytef *)(uintptr_t)data;
  stream.avail_in = (uInt)size;
  reader->length = 0;
  while (status == VQE_OK && rc == Z_OK) {
    size_t next = capacity == 0 ? 4 * size + 4096 : 2 * capacity;
    status = next > BLOCK_LIMIT ? vqe_error_set(VQE_ERR_INPUT,
                                                "%s: a block unpacks to too "
                                                "much",
                                                reader->what)
                                : vqe_memory_grow(&reader->open, capacity,
                                                  next, 1, "a manifest");
    if (status == VQE_OK) {
      capacity = next;
      stream.next_out = (Bytef *)reader->open + reader->length;
      stream.avail_out = (uInt)(capacity - reader->length);
      rc = inflate(&stream, Z_NO_FLUSH);
      reader->length = capacity - stream.avail_out;
    }
  }
  inflateEnd(&stream);
  if (status == VQE_OK && rc != Z_STREAM_END) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s: damaged or truncated block",
                           reader->what);
  }
  return status;
}

static int open_block(struct vqe_avro_reader *reader)
{
  avro_value_t count, data, sync, own;
  const void *bytes, *mark, *expected;
  size_t size = 0, used = 0, length = 0;
  avro_value_t *block = &reader->block.value;
  free(reader->open);
  reader->open = NULL;
  reader->length = reader->used = 0;
  int status = read_value(&used, &reader->block, reader->data + reader->at,
                          reader->size - reader->at, reader->what);
  if (status != VQE_OK) {
    return status;
  }
  reader->at += used;
  if (avro_value_get_by_index(block, 0, &count, NULL) != 0 ||
      avro_value_get_long(&count, &reader->left) != 0 ||
      avro_value_get_by_index(block, 1, &data, NULL) != 0 ||
      avro_value_get_bytes(&data, &bytes, &size) != 0 ||
      avro_value_get_by_index(block, 2, &sync, NULL) != 0 ||
      avro_value_get_fixed(&sync, &mark, &length) != 0 ||
      avro_value_get_by_index(&reader->header.value, 2, &own, NULL) != 0 ||
      avro_value_get_fixed(&own, &expected, &length) != 0 ||
      memcmp(mark, expected, VQE_AVRO_SYNC_BYTES) != 0 || reader->left < 0) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: damaged block", reader->what);
  }
  if (reader->deflated) {
    return inflate_block(reader, bytes, size);
  }
  status = vqe_memory_alloc(&reader->open, size + 1, 1, "a manifest");
  if (status == VQE_OK) {
    memcpy(reader->open, bytes, size);
    reader->length = size;
  }
  return status;
}

int vqe_avro_reader_next(avro_value_t **out, struct vqe_avro_reader *reader)
{
  size_t used = 0;
  int status = VQE_OK;
  *out = NULL;
  while (status == VQE_OK && reader->left == 0) {
    if (reader->used != reader->length) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: a block has bytes left over",
                           reader->what);
    }
    if (reader->at == reader->size) {
      return VQE_OK;
    }
    status = open_block(reader);
  }
  if (status == VQE_OK) {
    status = read_value(&used, &reader->row,
                        (const uint8_t *)reader->open + reader->used,
                        reader->length - reader->used, reader->what);
  }
  if (status == VQE_OK && used == 0) {
    /* nothing ends a count of values without bytes */
    status =
        vqe_error_set(VQE_ERR_INPUT, "%s: values without bytes", reader->what);
  }
  if (status == VQE_OK) {
    reader->used += used;
    reader->left--;
    *out = &reader->row.value;
  }
  return status;
}

void vqe_avro_reader_close(struct vqe_avro_reader *reader)
{
  if (reader == NULL) {
    return;
  }
  vqe_avro_holder_close(&reader->row);
  vqe_avro_holder_close(&reader->block);
  vqe_avro_holder_close(&reader->header);
  free(reader->open);
  free(reader);
}
