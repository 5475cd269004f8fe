#include "base/avro_unpack.h"

#include <avro.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/error_message.h"
#include "base/memory.h"

#define FREE_BYTES ((size_t)64 << 20)
#define MOST_TIMES 100 /* deflate makes up to 1032 of one */
#define LARGEST ((size_t)1 << 31)
#define CHECKSUM_BYTES 4 /* behind the bytes of snappy */

bool vqe_unpack_codec_of(enum vqe_unpack_codec *out, const char *name)
{
  if (name == NULL || strcmp(name, "null") == 0) {
    *out = VQE_UNPACK_NULL;
  } else if (strcmp(name, "deflate") == 0) {
    *out = VQE_UNPACK_DEFLATE;
  } else if (strcmp(name, "snappy") == 0) {
    *out = VQE_UNPACK_SNAPPY;
  } else {
    return false;
  }
  return true;
}

static size_t limit_of(size_t size)
{
  size_t limit =
      size > LARGEST / MOST_TIMES ? LARGEST : FREE_BYTES + MOST_TIMES * size;
  return limit > LARGEST ? LARGEST : limit;
}

static int too_much(size_t size)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "%zu bytes unpack to more than the limit of %zu MB",
                       size, limit_of(size) / 1000000);
}

/* ---- deflate ---------------------------------------------------------- */

/* Room for more, up to the limit. */
static int grow(char **out, size_t *capacity, size_t size)
{
  size_t limit = limit_of(size);
  size_t next = *capacity == 0 ? 4 * size + 4096 : 2 * *capacity;
  if (*capacity == limit) {
    return too_much(size);
  }
  next = next > limit ? limit : next;
  int status = vqe_memory_grow(out, *capacity, next, 1, "a block");
  if (status == VQE_OK) {
    *capacity = next;
  }
  return status;
}

static int inflate_block(char **out, size_t *length, const uint8_t *data,
                         size_t size)
{
  z_stream stream;
  size_t capacity = 0;
  int rc = Z_OK;
  int status = VQE_OK;
  memset(&stream, 0, sizeof stream);
  if (size > UINT_MAX || inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory to unpack a block");
  }
  stream.next_in = (Bytef *)(uintptr_t)data;
  stream.avail_in = (uInt)size;
  while (status == VQE_OK && rc == Z_OK) {
    status = grow(out, &capacity, size);
    if (status == VQE_OK) {
      stream.next_out = (Bytef *)*out + *length;
      stream.avail_out = (uInt)(capacity - *length);
      rc = inflate(&stream, Z_NO_FLUSH);
      *length = capacity - stream.avail_out;
    }
  }
  inflateEnd(&stream);
  if (status == VQE_OK && rc != Z_STREAM_END) {
    status = vqe_error_set(VQE_ERR_INPUT, "its bytes are no whole deflate");
  }
  return status;
}

/* ---- snappy ----------------------------------------------------------- */

static void put_number(FILE *file, uint64_t value)
{
  value <<= 1; /* zig-zag */
  for (; value > 127; value >>= 7) {
    putc((int)(value & 127) | 128, file);
  }
  putc((int)value, file);
}

static void put_text(FILE *file, const char *text)
{
  put_number(file, strlen(text));
  fputs(text, file);
}

/* The block as a container file of one `fixed` of `length` bytes, which avro-c
 * unpacks, and by its checksum checks. */
static int make_file(char **out, size_t *out_size, size_t length,
                     const uint8_t *data, size_t size)
{
  static const char mark[VQE_UNPACK_SYNC_BYTES] = "one fixed block";
  char schema[96];
  FILE *file = open_memstream(out, out_size);
  if (file == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory to unpack a block");
  }
  snprintf(schema, sizeof schema,
           "{\"type\": \"fixed\", \"name\": \"block\", \"size\": %zu}",
           length);
  fputs("Obj\1", file);
  put_number(file, 2);
  put_text(file, "avro.schema");
  put_text(file, schema);
  put_text(file, "avro.codec");
  put_text(file, "snappy");
  put_number(file, 0);
  fwrite(mark, 1, sizeof mark, file);
  put_number(file, 1);
  put_number(file, size);
  fwrite(data, 1, size, file);
  fwrite(mark, 1, sizeof mark, file);
  bool failed = ferror(file) != 0;
  failed = fclose(file) != 0 || failed;
  return failed ? vqe_error_set(VQE_ERR_MEMORY, "no memory to unpack a block")
                : VQE_OK;
}

/* The one value of such a file. */
static int read_fixed(char *out, size_t length, avro_file_reader_t reader)
{
  avro_schema_t schema = avro_file_reader_get_writer_schema(reader);
  avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
  avro_value_t value = {NULL, NULL};
  const void *bytes = NULL;
  size_t size = 0;
  int status = VQE_OK;
  if (iface == NULL || avro_generic_value_new(iface, &value) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
  } else if (avro_file_reader_read_value(reader, &value) != 0 ||
             avro_value_get_fixed(&value, &bytes, &size) != 0 ||
             size != length) {
    status = vqe_error_set(VQE_ERR_INPUT, "its bytes are no whole snappy");
  } else {
    memcpy(out, bytes, length);
  }
  if (value.self != NULL) {
    avro_value_decref(&value);
  }
  if (iface != NULL) {
    avro_value_iface_decref(iface);
  }
  avro_schema_decref(schema);
  return status;
}

/* What the block says that it unpacks to: the number in front. */
static bool snappy_length(size_t *out, const uint8_t *data, size_t size)
{
  uint64_t value = 0;
  for (size_t k = 0; k < size && k < 5; k++) {
    value |= (uint64_t)(data[k] & 0x7f) << 7 * k;
    if ((data[k] & 0x80) == 0) {
      *out = (size_t)value;
      return value <= UINT32_MAX;
    }
  }
  return false;
}

static int unsnap_block(char **out, size_t *length, const uint8_t *data,
                        size_t size)
{
  avro_file_reader_t reader = NULL;
  char *bytes = NULL;
  size_t file_size = 0;
  FILE *file = NULL;
  if (size <= CHECKSUM_BYTES ||
      !snappy_length(length, data, size - CHECKSUM_BYTES)) {
    return vqe_error_set(VQE_ERR_INPUT, "its bytes are no whole snappy");
  }
  if (*length > limit_of(size)) {
    return too_much(size);
  }
  int status = vqe_memory_alloc(out, *length + 1, 1, "a block");
  if (status != VQE_OK || *length == 0) {
    return status;
  }
  status = make_file(&bytes, &file_size, *length, data, size);
  if (status == VQE_OK) {
    file = fmemopen(bytes, file_size, "rb");
    if (file == NULL) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory to unpack a block");
    }
  }
  if (status == VQE_OK) {
    /* which unpacks the first block */
    if (avro_file_reader_fp(file, "block", 0, &reader) != 0) {
      status = vqe_error_set(VQE_ERR_INPUT, "its bytes are no whole snappy");
    } else {
      status = read_fixed(*out, *length, reader);
      avro_file_reader_close(reader);
    }
  }
  if (file != NULL) {
    fclose(file);
  }
  free(bytes);
  return status;
}

/* ---- any -------------------------------------------------------------- */

static int copy_block(char **out, size_t *length, const uint8_t *data,
                      size_t size)
{
  int status = vqe_memory_alloc(out, size + 1, 1, "a block");
  if (status == VQE_OK) {
    memcpy(*out, data, size);
    *length = size;
  }
  return status;
}

int vqe_unpack_block(char **out, size_t *length, enum vqe_unpack_codec codec,
                     const uint8_t *data, size_t size)
{
  int status;
  *out = NULL;
  *length = 0;
  if (codec == VQE_UNPACK_DEFLATE) {
    status = inflate_block(out, length, data, size);
  } else if (codec == VQE_UNPACK_SNAPPY) {
    status = unsnap_block(out, length, data, size);
  } else {
    status = copy_block(out, length, data, size);
  }
  if (status != VQE_OK) {
    free(*out);
    *out = NULL;
    *length = 0;
  }
  return status;
}
