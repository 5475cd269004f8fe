#include "iceberg/iceberg_gzip.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/error_message.h"
#include "base/memory.h"

#define FIRST_CAPACITY ((size_t)1 << 16)
/* Metadata shrinks to a twentieth or so; gzip makes up to 1032 of one. */
#define FREE_BYTES ((size_t)16 << 20)
#define MOST_TIMES 100
#define GZIP_WINDOW (MAX_WBITS + 16) /* with gzip's header and trailer */

bool vqe_iceberg_is_gzip(const char *data, size_t size)
{
  return size >= 2 && (unsigned char)data[0] == 0x1f &&
         (unsigned char)data[1] == 0x8b;
}

/* Inflate into a buffer that grows up to `limit`. */
static int inflate_all(char **out, size_t *out_size, z_stream *stream,
                       size_t limit)
{
  size_t packed = stream->avail_in;
  char *text = NULL;
  size_t capacity = 0, used = 0;
  int status = VQE_OK;
  int rc = Z_OK;
  while (status == VQE_OK && rc == Z_OK) {
    if (capacity == used) {
      size_t next = capacity == 0 ? FIRST_CAPACITY : 2 * capacity;
      next = next > limit ? limit : next;
      status = next == capacity
                   ? vqe_error_set(VQE_ERR_INPUT,
                                   "%zu bytes unpack to more than the limit "
                                   "of %zu MB",
                                   packed, limit / 1000000)
                   : vqe_memory_grow(&text, capacity, next + 1, 1,
                                     "table metadata");
      capacity = status == VQE_OK ? next : capacity;
    }
    if (status == VQE_OK) {
      size_t room = capacity - used;
      stream->next_out = (Bytef *)text + used;
      stream->avail_out = room > UINT_MAX ? UINT_MAX : (uInt)room;
      room = stream->avail_out;
      rc = inflate(stream, Z_NO_FLUSH);
      used += room - stream->avail_out;
    }
  }
  if (status == VQE_OK && rc != Z_STREAM_END) {
    status = vqe_error_set(VQE_ERR_INPUT, "is damaged gzip data");
  }
  if (status != VQE_OK || text == NULL) {
    free(text);
    return status;
  }
  text[used] = '\0';
  *out = text;
  *out_size = used;
  return VQE_OK;
}

int vqe_iceberg_unpack(char **data, size_t *size, size_t limit)
{
  z_stream stream;
  char *text = NULL;
  size_t length = 0;
  memset(&stream, 0, sizeof stream);
  if (*size > UINT_MAX) {
    return vqe_error_set(VQE_ERR_INPUT, "is too large");
  }
  if (*size < (limit - 1) / MOST_TIMES) {
    size_t times = FREE_BYTES + MOST_TIMES * *size;
    limit = times < limit ? times : limit;
  }
  if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for table metadata");
  }
  stream.next_in = (Bytef *)*data;
  stream.avail_in = (uInt)*size;
  int status = inflate_all(&text, &length, &stream, limit);
  inflateEnd(&stream);
  if (status == VQE_OK) {
    free(*data);
    *data = text;
    *size = length;
  }
  return status;
}

int vqe_iceberg_pack(char **data, size_t *size)
{
  z_stream stream;
  char *packed = NULL;
  memset(&stream, 0, sizeof stream);
  if (*size > UINT_MAX / 2) {
    return vqe_error_set(VQE_ERR_INPUT, "table metadata is too large");
  }
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for table metadata");
  }
  uLong bound = deflateBound(&stream, (uLong)*size);
  int status = vqe_memory_alloc(&packed, bound + 1, 1, "table metadata");
  if (status == VQE_OK) {
    stream.next_in = (Bytef *)*data;
    stream.avail_in = (uInt)*size;
    stream.next_out = (Bytef *)packed;
    stream.avail_out = (uInt)bound;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for table metadata");
    }
  }
  if (status == VQE_OK) {
    free(*data);
    *data = packed;
    *size = stream.total_out;
    packed = NULL;
  }
  free(packed);
  deflateEnd(&stream);
  return status;
}
