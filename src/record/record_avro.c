#include "record/record_avro.h"

#include <avro.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/avro_sizes.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "record/record_read.h"
#include "record/record_view.h"

#define MAX_RECORD ((size_t)1 << 31)
/* Of a file that others wrote. */
#define LARGEST_BLOCK ((int64_t)1 << 28)
#define SYNC_BYTES 16

struct vqe_record_avro {
  avro_schema_t schema;
  avro_value_iface_t *iface;
};

int vqe_record_avro_create(struct vqe_record_avro **out, const char *schema,
                           size_t size)
{
  struct vqe_record_avro *avro = NULL;
  *out = NULL;
  if (schema == NULL) {
    schema = vqe_record_avro_schema_text;
    size = vqe_record_avro_schema_text_size;
  }
  int status = vqe_memory_alloc(&avro, 1, sizeof *avro, "an Avro codec");
  if (status != VQE_OK) {
    return status;
  }
  if (avro_schema_from_json_length(schema, size, &avro->schema) != 0) {
    status = vqe_error_set(VQE_ERR_INPUT, "not an Avro schema: %s",
                           avro_strerror());
    free(avro);
    return status;
  }
  avro->iface = avro_generic_class_from_schema(avro->schema);
  if (avro->iface == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
    vqe_record_avro_free(avro);
    return status;
  }
  *out = avro;
  return VQE_OK;
}

void vqe_record_avro_free(struct vqe_record_avro *avro)
{
  if (avro == NULL) {
    return;
  }
  if (avro->iface != NULL) {
    avro_value_iface_decref(avro->iface);
  }
  avro_schema_decref(avro->schema);
  free(avro);
}

/* ---- writing ---- */

static int does_not_fit(const struct vqe_record *record)
{
  return vqe_error_set(
      VQE_ERR_INPUT, "record of experiment %s does not fit the schema: %s",
      record->experiment_id == NULL ? "(no id)" : record->experiment_id,
      avro_strerror());
}

int vqe_record_avro_encode(uint8_t **out, size_t *size, size_t head,
                           const struct vqe_record *record)
{
  struct vqe_record_view view = {.rows = NULL};
  uint8_t *data = NULL;
  size_t length = 0;
  *out = NULL;
  int status = vqe_record_view_init(&view, record);
  avro_value_t value = vqe_record_view_value(&view);
  if (status == VQE_OK && avro_value_sizeof(&value, &length) != 0) {
    status = does_not_fit(record);
  }
  if (status == VQE_OK && length > MAX_RECORD) {
    status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "a record of %.1f GB is larger than any reader "
                           "takes",
                           (double)length / 1e9);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&data, head + length, 1, "an Avro record");
  }
  if (status == VQE_OK) {
    avro_writer_t writer =
        avro_writer_memory((const char *)data + head, (int64_t)length);
    if (avro_value_write(writer, &value) != 0) {
      status = does_not_fit(record);
    }
    avro_writer_free(writer);
  }
  vqe_record_view_clear(&view);
  if (status != VQE_OK) {
    free(data);
    return status;
  }
  *out = data;
  *size = head + length;
  return VQE_OK;
}

/* ---- reading ---- */

static int from_value(struct vqe_record **out, const avro_value_t *value,
                      const char *where)
{
  struct vqe_node root = {.is_json = false, .avro = *value};
  return vqe_record_from_node(out, &root, where);
}

int vqe_record_avro_decode(struct vqe_record **out,
                           struct vqe_record_avro *avro, const uint8_t *data,
                           size_t size, const char *where)
{
  avro_value_t value;
  *out = NULL;
  if (size > MAX_RECORD) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: %zu bytes are too many", where,
                         size);
  }
  int status = vqe_sizes_check(avro->schema, data, size, where);
  if (status == VQE_OK && avro_generic_value_new(avro->iface, &value) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
  }
  if (status != VQE_OK) {
    return status;
  }
  avro_reader_t reader = avro_reader_memory((const char *)data, (int64_t)size);
  if (avro_value_read(reader, &value) != 0) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s: not a record of its schema: %s",
                           where, avro_strerror());
  } else {
    status = from_value(out, &value, where);
  }
  avro_reader_free(reader);
  avro_value_decref(&value);
  return status;
}

/* Readers of a container file's head and of the numbers between its blocks. */
struct block_reader {
  avro_schema_t schema;
  avro_value_iface_t *iface;
  avro_value_t header, number;
  avro_reader_t file;
};

static int open_blocks(struct block_reader *reader, FILE *file)
{
  static const char header_text[] =
      "{\"type\": \"record\", \"name\": \"header\", \"fields\": ["
      "{\"name\": \"magic\", \"type\": "
      "{\"type\": \"fixed\", \"name\": \"magic\", \"size\": 4}}, "
      "{\"name\": \"meta\", \"type\": "
      "{\"type\": \"map\", \"values\": \"bytes\"}}, "
      "{\"name\": \"sync\", \"type\": "
      "{\"type\": \"fixed\", \"name\": \"sync\", \"size\": 16}}]}";
  memset(reader, 0, sizeof *reader);
  reader->file = avro_reader_file_fp(file, 0);
  bool good = reader->file != NULL &&
              avro_schema_from_json_length(header_text, sizeof header_text - 1,
                                           &reader->schema) == 0;
  if (good) {
    reader->iface = avro_generic_class_from_schema(reader->schema);
  }
  good = reader->iface != NULL &&
         avro_generic_value_new(reader->iface, &reader->header) == 0 &&
         avro_generic_long_new(&reader->number, 0) == 0;
  return good ? VQE_OK
              : vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
}

static void close_blocks(struct block_reader *reader)
{
  if (reader->number.self != NULL) {
    avro_value_decref(&reader->number);
  }
  if (reader->header.self != NULL) {
    avro_value_decref(&reader->header);
  }
  if (reader->iface != NULL) {
    avro_value_iface_decref(reader->iface);
  }
  if (reader->schema != NULL) {
    avro_schema_decref(reader->schema);
  }
  if (reader->file != NULL) {
    avro_reader_free(reader->file);
  }
}

static bool read_head(struct block_reader *reader)
{
  avro_value_t magic;
  const void *bytes;
  size_t length;
  return avro_value_read(reader->file, &reader->header) == 0 &&
         avro_value_get_by_name(&reader->header, "magic", &magic, NULL) == 0 &&
         avro_value_get_fixed(&magic, &bytes, &length) == 0 && length == 4 &&
         memcmp(bytes, "Obj\1", 4) == 0;
}

static bool read_number(int64_t *out, struct block_reader *reader)
{
  return avro_value_read(reader->file, &reader->number) == 0 &&
         avro_value_get_long(&reader->number, out) == 0;
}

/* Sizes of the blocks of a container file, which avro-c would read whole. What
 * is no container file is left to its reader to say. */
static int check_blocks(FILE *file, const char *where)
{
  struct block_reader reader;
  int64_t count = 0;
  int64_t size = 0;
  int status = open_blocks(&reader, file);
  bool more = status == VQE_OK && read_head(&reader);
  /* the number of its records, its size, itself, the marker */
  while (status == VQE_OK && more && read_number(&count, &reader) &&
         read_number(&size, &reader) && size >= 0) {
    if (size > LARGEST_BLOCK) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s: a block of %.1f GB is larger than the limit "
                             "of %.1f GB",
                             where, (double)size / 1e9,
                             (double)LARGEST_BLOCK / 1e9);
    } else {
      more = avro_skip(reader.file, size + SYNC_BYTES) == 0;
    }
  }
  close_blocks(&reader);
  return status;
}

/* Only a large file can hold a large block. */
static int check_file(const char *path, const char *where)
{
  struct stat info;
  FILE *file = NULL;
  int status = VQE_OK;
  if (stat(path, &info) != 0 || info.st_size <= LARGEST_BLOCK) {
    return VQE_OK;
  }
  file = fopen(path, "rb");
  if (file != NULL) {
    status = check_blocks(file, where);
    fclose(file);
  }
  return status;
}

/* The next record of the file; *end at its end, *whole where its bytes are
 * read, whatever they hold. */
static int read_next(struct vqe_record **record, bool *end, bool *whole,
                     avro_file_reader_t file, avro_value_t *value,
                     const char *where, size_t index)
{
  char place[512];
  avro_value_reset(value);
  int code = avro_file_reader_read_value(file, value);
  *end = code == EOF;
  *whole = code == 0;
  if (*end) {
    return VQE_OK;
  }
  snprintf(place, sizeof place, "%.440s, record %zu", where, index);
  return code != 0 ? vqe_error_set(VQE_ERR_INPUT, "%s cannot be read: %s",
                                   place, avro_strerror())
                   : from_value(record, value, place);
}

int vqe_record_avro_read_file(const char *path, const char *where,
                              vqe_avro_visit visit, vqe_avro_skip skip,
                              void *ctx)
{
  avro_file_reader_t file;
  avro_value_t value = {NULL, NULL};
  int status = check_file(path, where);
  if (status != VQE_OK) {
    return status;
  }
  if (avro_file_reader(path, &file) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: not an Avro container file: %s",
                         where, avro_strerror());
  }
  avro_schema_t schema = avro_file_reader_get_writer_schema(file);
  avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
  if (iface == NULL || avro_generic_value_new(iface, &value) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
  }
  bool end = value.iface == NULL;
  for (size_t index = 0; status == VQE_OK && !end; index++) {
    struct vqe_record *record = NULL;
    bool whole = false;
    status = read_next(&record, &end, &whole, file, &value, where, index);
    if (status == VQE_OK && !end) {
      status = visit(ctx, record, index);
    } else if (whole && skip != NULL &&
               (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED)) {
      skip(ctx, vqe_error_message());
      status = VQE_OK;
    }
  }
  if (value.self != NULL) {
    avro_value_decref(&value);
  }
  if (iface != NULL) {
    avro_value_iface_decref(iface);
  }
  avro_schema_decref(schema);
  avro_file_reader_close(file);
  return status;
}

/* A block has to hold the largest record. */
static int largest_record(size_t *out, struct vqe_record *const *records,
                          size_t count)
{
  int status = VQE_OK;
  for (size_t k = 0; k < count && status == VQE_OK; k++) {
    uint8_t *data = NULL;
    size_t size = 0;
    status = vqe_record_avro_encode(&data, &size, 0, records[k]);
    free(data);
    *out = size > *out ? size : *out;
  }
  return status;
}

static int append_records(avro_file_writer_t file, const char *path,
                          struct vqe_record *const *records, size_t count)
{
  int status = VQE_OK;
  for (size_t k = 0; k < count && status == VQE_OK; k++) {
    struct vqe_record_view view;
    status = vqe_record_view_init(&view, records[k]);
    avro_value_t value = vqe_record_view_value(&view);
    if (status == VQE_OK && avro_file_writer_append_value(file, &value) != 0) {
      status =
          vqe_error_set(VQE_ERR_IO, "writing '%s': %s", path, avro_strerror());
    }
    vqe_record_view_clear(&view);
  }
  return status;
}

int vqe_record_avro_write_file(const char *path,
                               struct vqe_record *const *records, size_t count)
{
  struct vqe_record_avro *avro = NULL;
  avro_file_writer_t file = NULL;
  size_t block = 65536;
  int status = vqe_record_avro_create(&avro, NULL, 0);
  if (avro == NULL) {
    return status;
  }
  status = largest_record(&block, records, count);
  if (status == VQE_OK) {
    (void)remove(path);
    if (avro_file_writer_create_with_codec(path, avro->schema, &file,
                                           "deflate", block + 1024) != 0) {
      file = NULL;
      status = vqe_error_set(VQE_ERR_IO, "cannot write '%s': %s", path,
                             avro_strerror());
    }
  }
  if (status == VQE_OK) {
    status = append_records(file, path, records, count);
  }
  if (file != NULL && avro_file_writer_close(file) != 0 && status == VQE_OK) {
    status =
        vqe_error_set(VQE_ERR_IO, "writing '%s': %s", path, avro_strerror());
  }
  vqe_record_avro_free(avro);
  return status;
}
