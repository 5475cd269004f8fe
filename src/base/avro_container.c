#include "base/avro_container.h"

#include <stdlib.h>
#include <string.h>

#include "base/avro_schema.h"
#include "base/avro_sizes.h"
#include "base/avro_unpack.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/text.h"

#define MAGIC_BYTES 4
#define SYNC_BYTES VQE_UNPACK_SYNC_BYTES
#define USUAL_HEADER ((size_t)64 << 10) /* read first; most are smaller */
#define LARGEST_HEADER ((size_t)16 << 20)
#define LARGEST_BLOCK ((int64_t)1 << 28) /* as it lies in the file */

const char vqe_container_header[] =
    "{\"type\":\"record\",\"name\":\"header\",\"fields\":["
    "{\"name\":\"magic\",\"type\":{\"type\":\"fixed\",\"name\":\"magic\","
    "\"size\":4}},"
    "{\"name\":\"meta\",\"type\":{\"type\":\"map\",\"values\":\"bytes\"}},"
    "{\"name\":\"sync\",\"type\":{\"type\":\"fixed\",\"name\":\"sync\","
    "\"size\":16}}]}";

struct vqe_container {
  FILE *file;
  uint64_t size;   /* of the file */
  uint64_t start;  /* of the block that is open, or that is next */
  uint64_t next;   /* block, where this one ends in a marker; else 0 */
  int64_t left;    /* values of the open block that are still to come */
  uint8_t *packed; /* the block as it lies in the file */
  char *data;      /* its values */
  size_t length, used;
  enum vqe_unpack_codec codec;
  struct vqe_schema_holder header, row;
  avro_value_t meta;
  uint8_t sync[SYNC_BYTES];
  const char *what;
};

static int damaged(const struct vqe_container *container, const char *how)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "%s: damaged in the block at byte %llu: "
                       "%s",
                       container->what, (unsigned long long)container->start,
                       how);
}

/* ---- values ----------------------------------------------------------- */

/* The next value in `data`; *used is its size. */
static int read_value(size_t *used, struct vqe_schema_holder *holder,
                      const void *data, size_t size, const char *what)
{
  int status = vqe_sizes_of(used, holder->schema, data, size, what);
  if (status != VQE_OK) {
    return status;
  }
  if (avro_value_reset(&holder->value) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "%s: %s", what, avro_strerror());
  }
  avro_reader_t from = avro_reader_memory(data, (int64_t)*used);
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

/* ---- the header ------------------------------------------------------- */

static int find_size(struct vqe_container *container)
{
  off_t size = fseeko(container->file, 0, SEEK_END) == 0
                   ? ftello(container->file)
                   : (off_t)-1;
  if (size < 0 || fseeko(container->file, 0, SEEK_SET) != 0) {
    return vqe_error_set(VQE_ERR_IO, "%s: cannot be sought in",
                         container->what);
  }
  container->size = (uint64_t)size;
  return VQE_OK;
}

/* Read the header from the first `want` bytes of the file. */
static int read_front(struct vqe_container *container, size_t want)
{
  char *front = NULL;
  size_t used = 0;
  int status =
      vqe_memory_alloc(&front, want + 1, 1, "the header of an Avro file");
  if (status != VQE_OK) {
    return status;
  }
  rewind(container->file);
  size_t size = fread(front, 1, want, container->file);
  status = read_value(&used, &container->header, front, size, container->what);
  container->start = used;
  free(front);
  return status;
}

static int read_header(struct vqe_container *container)
{
  char magic[MAGIC_BYTES];
  if (fread(magic, 1, sizeof magic, container->file) != sizeof magic ||
      memcmp(magic, "Obj\1", sizeof magic) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: not an Avro container file",
                         container->what);
  }
  size_t most = container->size < LARGEST_HEADER ? (size_t)container->size
                                                 : LARGEST_HEADER;
  size_t usual = most < USUAL_HEADER ? most : USUAL_HEADER;
  int status = read_front(container, usual);
  if (status == VQE_ERR_INPUT && usual < most) {
    status = read_front(container, most); /* it goes on */
  }
  return status;
}

static int take_codec(struct vqe_container *container)
{
  char shown[41];
  size_t size = 0;
  const char *codec = vqe_container_meta(container, "avro.codec", &size);
  if (vqe_unpack_codec_of(&container->codec, codec)) {
    return VQE_OK;
  }
  snprintf(shown, sizeof shown, "%s", codec);
  vqe_text_blank_controls(shown);
  return vqe_error_set(VQE_ERR_UNSUPPORTED,
                       "%s: compressed by '%s', this version reads deflate "
                       "and snappy; let its writer use one of them",
                       container->what, shown);
}

static int take_header(struct vqe_container *container)
{
  avro_value_t sync;
  const void *bytes;
  size_t size = 0;
  if (avro_value_get_by_name(&container->header.value, "meta",
                             &container->meta, NULL) != 0 ||
      avro_value_get_by_name(&container->header.value, "sync", &sync, NULL) !=
          0 ||
      avro_value_get_fixed(&sync, &bytes, &size) != 0 || size != SYNC_BYTES) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: damaged header", container->what);
  }
  memcpy(container->sync, bytes, SYNC_BYTES);
  int status = take_codec(container);
  if (status != VQE_OK) {
    return status;
  }
  const char *schema = vqe_container_meta(container, "avro.schema", &size);
  if (schema == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: no Avro schema in its header",
                         container->what);
  }
  status = vqe_schema_holder_open(&container->row, schema, size);
  if (status != VQE_OK) {
    (void)vqe_error_context(status, "%s", container->what);
  }
  /* to a file, all of that is damage */
  return status == VQE_ERR_UNSUPPORTED ? VQE_ERR_INPUT : status;
}

int vqe_container_open(struct vqe_container **out, FILE *file,
                       const char *what)
{
  struct vqe_container *container = NULL;
  *out = NULL;
  int status =
      vqe_memory_alloc(&container, 1, sizeof *container, "an Avro reader");
  if (status != VQE_OK) {
    return status;
  }
  container->what = what;
  container->file = file;
  status = find_size(container);
  if (status == VQE_OK) {
    status = vqe_schema_holder_open(&container->header, vqe_container_header,
                                    strlen(vqe_container_header));
  }
  if (status == VQE_OK) {
    status = read_header(container);
  }
  if (status == VQE_OK) {
    status = take_header(container);
  }
  if (status != VQE_OK) {
    vqe_container_close(container);
    return status;
  }
  *out = container;
  return VQE_OK;
}

void vqe_container_close(struct vqe_container *container)
{
  if (container == NULL) {
    return;
  }
  vqe_schema_holder_close(&container->row);
  vqe_schema_holder_close(&container->header);
  free(container->packed);
  free(container->data);
  free(container);
}

const char *vqe_container_meta(struct vqe_container *container,
                               const char *key, size_t *size)
{
  avro_value_t value;
  const void *data;
  size_t length;
  if (avro_value_get_by_name(&container->meta, key, &value, NULL) != 0 ||
      avro_value_get_bytes(&value, &data, &length) != 0) {
    return NULL;
  }
  if (size != NULL) {
    *size = length;
  }
  return data; /* avro-c's decoder puts a NUL after the bytes */
}

size_t vqe_container_meta_count(struct vqe_container *container)
{
  size_t count = 0;
  return avro_value_get_size(&container->meta, &count) == 0 ? count : 0;
}

const char *vqe_container_meta_at(struct vqe_container *container,
                                  size_t index, const char **key, size_t *size)
{
  avro_value_t value;
  const void *data;
  if (avro_value_get_by_index(&container->meta, index, &value, key) != 0 ||
      avro_value_get_bytes(&value, &data, size) != 0) {
    return NULL;
  }
  return data;
}

/* ---- blocks ----------------------------------------------------------- */

/* A variable-length zig-zag integer. */
static bool read_number(int64_t *out, FILE *file)
{
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    int byte = getc(file);
    if (byte == EOF) {
      return false;
    }
    value |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
      return true;
    }
  }
  return false;
}

/* The head of the block at `start`; *at and *size: its bytes. They are not
 * read before the marker behind them is there, or many false heads would each
 * read the rest of a file. */
static int read_frame(uint64_t *at, size_t *size,
                      struct vqe_container *container)
{
  uint8_t mark[SYNC_BYTES];
  int64_t length = 0;
  FILE *file = container->file;
  container->next = 0;
  container->left = 0;
  if (fseeko(file, (off_t)container->start, SEEK_SET) != 0 ||
      !read_number(&container->left, file) || !read_number(&length, file)) {
    return damaged(container, "it is cut short");
  }
  off_t begin = ftello(file);
  if (begin < 0 || container->left < 0 || length < 0) {
    return damaged(container, "its head has a negative number");
  }
  if (length > LARGEST_BLOCK) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: a block of %.1f GB is larger than the limit of "
                         "%.1f GB",
                         container->what, (double)length / 1e9,
                         (double)LARGEST_BLOCK / 1e9);
  }
  if (fseeko(file, begin + (off_t)length, SEEK_SET) != 0 ||
      fread(mark, 1, SYNC_BYTES, file) != SYNC_BYTES) {
    return damaged(container, "it goes beyond the end of the file");
  }
  if (memcmp(mark, container->sync, SYNC_BYTES) != 0) {
    return damaged(container, "no sync marker follows it");
  }
  *at = (uint64_t)begin;
  *size = (size_t)length;
  container->next = *at + *size + SYNC_BYTES;
  return VQE_OK;
}

static int open_block(struct vqe_container *container)
{
  uint64_t at = 0;
  size_t size = 0;
  free(container->packed);
  free(container->data);
  container->packed = NULL;
  container->data = NULL;
  container->length = container->used = 0;
  int status = read_frame(&at, &size, container);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&container->packed, size + 1, 1, "a block");
  }
  if (status == VQE_OK &&
      (fseeko(container->file, (off_t)at, SEEK_SET) != 0 ||
       fread(container->packed, 1, size, container->file) != size)) {
    status = damaged(container, "it cannot be read");
  }
  if (status == VQE_OK) {
    status = vqe_unpack_block(&container->data, &container->length,
                              container->codec, container->packed, size);
    if (status == VQE_ERR_INPUT) {
      status = damaged(container, vqe_error_message());
    }
  }
  free(container->packed);
  container->packed = NULL;
  return status;
}

int vqe_container_next(avro_value_t **out, struct vqe_container *container)
{
  size_t used = 0;
  int status = VQE_OK;
  *out = NULL;
  while (status == VQE_OK && container->left == 0) {
    if (container->used != container->length) {
      return damaged(container, "bytes are left over");
    }
    if (container->next > 0) {
      container->start = container->next;
    }
    if (container->start >= container->size) {
      return VQE_OK;
    }
    status = open_block(container);
  }
  if (status == VQE_OK) {
    status =
        read_value(&used, &container->row, container->data + container->used,
                   container->length - container->used, container->what);
  }
  if (status == VQE_OK && used == 0) {
    /* nothing ends a count of values without bytes */
    status = damaged(container, "values without bytes");
  }
  if (status == VQE_OK) {
    container->used += used;
    container->left--;
    *out = &container->row.value;
  }
  return status;
}

/* ---- damage ----------------------------------------------------------- */

/* Where the first marker at `from` or behind it ends; the end of the file
 * where there is none. */
static uint64_t find_marker(struct vqe_container *container, uint64_t from)
{
  uint8_t bytes[1 << 16];
  size_t have = 0; /* of an earlier reading, too short for a marker */
  if (fseeko(container->file, (off_t)from, SEEK_SET) != 0) {
    return container->size;
  }
  for (;;) {
    size_t got = fread(bytes + have, 1, sizeof bytes - have, container->file);
    have += got;
    const uint8_t *found =
        have < SYNC_BYTES ? NULL
                          : memmem(bytes, have, container->sync, SYNC_BYTES);
    if (found != NULL) {
      return from + (uint64_t)(found - bytes) + SYNC_BYTES;
    }
    if (got == 0) {
      return container->size;
    }
    size_t kept = have < SYNC_BYTES ? have : SYNC_BYTES - 1;
    memmove(bytes, bytes + have - kept, kept);
    from += have - kept;
    have = kept;
  }
}

int vqe_container_recover(uint64_t *bytes, uint64_t *values,
                          struct vqe_container *container)
{
  bool is_framed = container->next > 0;
  uint64_t end = is_framed ? container->next
                           : find_marker(container, container->start + 1);
  *values = is_framed ? (uint64_t)container->left : 0;
  *bytes = end - container->start;
  container->start = end;
  container->next = 0;
  container->left = 0;
  container->length = container->used = 0;
  return VQE_OK;
}
