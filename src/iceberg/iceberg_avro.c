/* The two parts of a container file as Avro values of their own. */
#include "iceberg/iceberg_avro.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <zlib.h>

#include "base/avro_container.h"
#include "base/avro_schema.h"
#include "base/error_message.h"
#include "base/memory.h"

static char magic[4] = {'O', 'b', 'j', 1};

#define SYNC_BYTES 16
#define BLOCK_BYTES ((size_t)1 << 20) /* of values, before compression */

/* {count, data, sync}; the header is vqe_container_header. */
static const char block_schema[] =
    "{\"type\":\"record\",\"name\":\"block\",\"fields\":["
    "{\"name\":\"count\",\"type\":\"long\"},"
    "{\"name\":\"data\",\"type\":\"bytes\"},"
    "{\"name\":\"sync\",\"type\":{\"type\":\"fixed\",\"name\":\"sync\","
    "\"size\":16}}]}";

/* The schemas are ours. */
static int open_holder(struct vqe_schema_holder *holder, const char *schema)
{
  int status = vqe_schema_holder_open(holder, schema, strlen(schema));
  if (status != VQE_OK) {
    (void)vqe_error_context(status, "a manifest");
  }
  return status == VQE_OK || status == VQE_ERR_MEMORY ? status : VQE_ERR_IO;
}

/* ---- writing --------------------------------------------------------- */

struct bytes {
  char *data;
  size_t size;
  size_t capacity;
};

struct vqe_avro_writer {
  struct vqe_schema_holder row;
  struct vqe_schema_holder header;
  struct bytes block; /* encoded values */
  int64_t count;      /* of them */
  struct bytes body;  /* finished blocks */
  uint8_t sync[SYNC_BYTES];
};

static int reserve(struct bytes *bytes, size_t more)
{
  if (more > (size_t)INT_MAX || bytes->size > (size_t)INT_MAX - more) {
    return vqe_error_set(VQE_ERR_MEMORY,
                         "a manifest would pass 2 GiB; compact the table");
  }
  size_t need = bytes->size + more;
  if (need <= bytes->capacity) {
    return VQE_OK;
  }
  size_t capacity = need < 4096 ? 4096 : need + need / 2;
  int status = vqe_memory_grow(&bytes->data, bytes->capacity, capacity, 1,
                               "a manifest");
  if (status == VQE_OK) {
    bytes->capacity = capacity;
  }
  return status;
}

/* Append the encoding of a value. */
static int encode(struct bytes *bytes, avro_value_t *value)
{
  size_t size;
  int status;
  if (avro_value_sizeof(value, &size) != 0) {
    return vqe_error_set(VQE_ERR_IO, "Avro: %s", avro_strerror());
  }
  status = reserve(bytes, size);
  if (status != VQE_OK) {
    return status;
  }
  avro_writer_t to =
      avro_writer_memory(bytes->data + bytes->size, (int64_t)size);
  if (to == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for an Avro writer");
  }
  if (avro_value_write(to, value) != 0) {
    status = vqe_error_set(VQE_ERR_IO, "Avro: %s", avro_strerror());
  } else {
    bytes->size += size;
  }
  avro_writer_free(to);
  return status;
}

/* Raw deflate, as Avro's codec of that name. */
static int compress_block(struct bytes *out, const struct bytes *in)
{
  z_stream stream = {.next_in = (Bytef *)in->data, .avail_in = (uInt)in->size};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for deflate");
  }
  int status = reserve(out, (size_t)deflateBound(&stream, stream.avail_in));
  if (status == VQE_OK) {
    stream.next_out = (Bytef *)out->data;
    stream.avail_out = (uInt)out->capacity;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
      status = vqe_error_set(VQE_ERR_IO, "deflate failed");
    }
    out->size = (size_t)stream.total_out;
  }
  deflateEnd(&stream);
  return status;
}

static int flush(struct vqe_avro_writer *writer)
{
  struct vqe_schema_holder block = {.schema = NULL};
  struct bytes packed = {.data = NULL};
  int status = VQE_OK;
  if (writer->count == 0) {
    return VQE_OK;
  }
  status = compress_block(&packed, &writer->block);
  if (status == VQE_OK) {
    status = open_holder(&block, block_schema);
  }
  if (status == VQE_OK) {
    struct vqe_avro_fields fields = {.record = block.value};
    avro_value_t field;
    vqe_avro_put_long(&fields, "count", writer->count);
    if (fields.failed ||
        avro_value_get_by_name(&block.value, "data", &field, NULL) != 0 ||
        avro_value_set_bytes(&field, packed.data, packed.size) != 0 ||
        avro_value_get_by_name(&block.value, "sync", &field, NULL) != 0 ||
        avro_value_set_fixed(&field, writer->sync, SYNC_BYTES) != 0) {
      status = vqe_error_set(VQE_ERR_IO, "Avro block: %s", avro_strerror());
    }
  }
  if (status == VQE_OK) {
    status = encode(&writer->body, &block.value);
  }
  if (status == VQE_OK) {
    writer->count = 0;
    writer->block.size = 0;
  }
  vqe_schema_holder_close(&block);
  free(packed.data);
  return status;
}

int vqe_avro_writer_open(struct vqe_avro_writer **out, const char *schema)
{
  struct vqe_avro_writer *writer = NULL;
  avro_value_t field;
  *out = NULL;
  int status = vqe_memory_alloc(&writer, 1, sizeof *writer, "a manifest");
  if (status != VQE_OK) {
    return status;
  }
  status = open_holder(&writer->row, schema);
  if (status == VQE_OK) {
    status = open_holder(&writer->header, vqe_container_header);
  }
  if (status == VQE_OK &&
      getrandom(writer->sync, SYNC_BYTES, 0) != SYNC_BYTES) {
    status = vqe_error_set(VQE_ERR_IO, "no random bytes from the system");
  }
  if (status == VQE_OK &&
      (avro_value_get_by_name(&writer->header.value, "magic", &field, NULL) !=
           0 ||
       avro_value_set_fixed(&field, magic, sizeof magic) != 0 ||
       avro_value_get_by_name(&writer->header.value, "sync", &field, NULL) !=
           0 ||
       avro_value_set_fixed(&field, writer->sync, SYNC_BYTES) != 0)) {
    status = vqe_error_set(VQE_ERR_IO, "Avro header: %s", avro_strerror());
  }
  if (status == VQE_OK) {
    status =
        vqe_avro_writer_meta(writer, "avro.schema", schema, strlen(schema));
  }
  if (status == VQE_OK) {
    status = vqe_avro_writer_meta(writer, "avro.codec", "deflate", 7);
  }
  if (status != VQE_OK) {
    vqe_avro_writer_close(writer);
    return status;
  }
  *out = writer;
  return VQE_OK;
}

int vqe_avro_writer_meta(struct vqe_avro_writer *writer, const char *key,
                         const void *value, size_t size)
{
  avro_value_t map, entry;
  void *copy = (void *)(uintptr_t)value; /* avro-c copies, but is not const */
  if (avro_value_get_by_name(&writer->header.value, "meta", &map, NULL) != 0 ||
      avro_value_add(&map, key, &entry, NULL, NULL) != 0 ||
      avro_value_set_bytes(&entry, copy, size) != 0) {
    return vqe_error_set(VQE_ERR_IO, "Avro header: %s", avro_strerror());
  }
  return VQE_OK;
}

avro_value_t *vqe_avro_writer_value(struct vqe_avro_writer *writer)
{
  return &writer->row.value;
}

int vqe_avro_writer_append(struct vqe_avro_writer *writer)
{
  int status = encode(&writer->block, &writer->row.value);
  if (status != VQE_OK) {
    return status;
  }
  writer->count++;
  if (avro_value_reset(&writer->row.value) != 0) {
    return vqe_error_set(VQE_ERR_IO, "Avro: %s", avro_strerror());
  }
  return writer->block.size >= BLOCK_BYTES ? flush(writer) : VQE_OK;
}

int vqe_avro_writer_finish(char **data, size_t *size,
                           struct vqe_avro_writer *writer)
{
  struct bytes file = {.data = NULL};
  *data = NULL;
  *size = 0;
  int status = flush(writer);
  if (status == VQE_OK) {
    status = encode(&file, &writer->header.value);
  }
  if (status == VQE_OK) {
    status = reserve(&file, writer->body.size);
  }
  if (status == VQE_OK) {
    if (file.data != NULL && writer->body.size > 0) {
      memcpy(file.data + file.size, writer->body.data, writer->body.size);
    }
    *data = file.data;
    *size = file.size + writer->body.size;
    file.data = NULL;
  }
  free(file.data);
  return status;
}

void vqe_avro_writer_close(struct vqe_avro_writer *writer)
{
  if (writer == NULL) {
    return;
  }
  vqe_schema_holder_close(&writer->row);
  vqe_schema_holder_close(&writer->header);
  free(writer->block.data);
  free(writer->body.data);
  free(writer);
}

/* ---- fields ---------------------------------------------------------- */

void vqe_avro_put_branch(avro_value_t *out, struct vqe_avro_fields *to,
                         const char *name, bool set)
{
  avro_value_t field, branch;
  if (to->failed) {
    return;
  }
  if (avro_value_get_by_name(&to->record, name, &field, NULL) != 0) {
    to->failed = true;
    return;
  }
  if (avro_value_get_type(&field) == AVRO_UNION) {
    if (avro_value_set_branch(&field, set ? 1 : 0, &branch) != 0 ||
        (!set && avro_value_set_null(&branch) != 0)) {
      to->failed = true;
      return;
    }
    field = branch;
  } else if (!set) {
    to->failed = true; /* a required field */
    return;
  }
  if (set) {
    *out = field;
  }
}

void vqe_avro_put_int(struct vqe_avro_fields *to, const char *name,
                      int32_t value)
{
  avro_value_t field;
  vqe_avro_put_branch(&field, to, name, true);
  if (!to->failed && avro_value_set_int(&field, value) != 0) {
    to->failed = true;
  }
}

void vqe_avro_put_long(struct vqe_avro_fields *to, const char *name,
                       int64_t value)
{
  avro_value_t field;
  vqe_avro_put_branch(&field, to, name, true);
  if (!to->failed && avro_value_set_long(&field, value) != 0) {
    to->failed = true;
  }
}

void vqe_avro_put_string(struct vqe_avro_fields *to, const char *name,
                         const char *value)
{
  avro_value_t field;
  vqe_avro_put_branch(&field, to, name, true);
  if (!to->failed && avro_value_set_string(&field, value) != 0) {
    to->failed = true;
  }
}

bool vqe_avro_get(avro_value_t *out, const avro_value_t *record,
                  const char *name)
{
  avro_value_t field;
  if (avro_value_get_type(record) != AVRO_RECORD ||
      avro_value_get_by_name(record, name, &field, NULL) != 0) {
    return false;
  }
  if (avro_value_get_type(&field) == AVRO_UNION) {
    avro_value_t branch;
    if (avro_value_get_current_branch(&field, &branch) != 0) {
      return false;
    }
    field = branch;
  }
  if (avro_value_get_type(&field) == AVRO_NULL) {
    return false;
  }
  *out = field;
  return true;
}

bool vqe_avro_get_integer(int64_t *out, const avro_value_t *record,
                          const char *name)
{
  avro_value_t field;
  int32_t small;
  if (!vqe_avro_get(&field, record, name)) {
    return false;
  }
  if (avro_value_get_type(&field) == AVRO_INT32) {
    if (avro_value_get_int(&field, &small) != 0) {
      return false;
    }
    *out = small;
    return true;
  }
  return avro_value_get_type(&field) == AVRO_INT64 &&
         avro_value_get_long(&field, out) == 0;
}

bool vqe_avro_get_string(const char **out, const avro_value_t *record,
                         const char *name)
{
  avro_value_t field;
  size_t size;
  return vqe_avro_get(&field, record, name) &&
         avro_value_get_type(&field) == AVRO_STRING &&
         avro_value_get_string(&field, out, &size) == 0;
}
