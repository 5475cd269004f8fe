#include "record/record_avro.h"

#include <avro.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/avro_container.h"
#include "base/avro_schema.h"
#include "base/avro_sizes.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "record/record_binary.h"
#include "record/record_read.h"

#define MAX_RECORD ((size_t)1 << 31)
#define LIKELY_SIZE ((size_t)4096) /* of a small record */
/* Damaged blocks that are passed over in one file. */
#define MOST_FAULTS 1000

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
  status = vqe_schema_parse(&avro->schema, schema, size);
  if (status != VQE_OK) {
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

int vqe_record_avro_encode(uint8_t **out, size_t *size, size_t head,
                           const struct vqe_record *record)
{
  struct vqe_binary binary = {.used = 0};
  *out = NULL;
  int status =
      vqe_memory_alloc(&binary.data, head + LIKELY_SIZE, 1, "an Avro record");
  if (status != VQE_OK) {
    return status;
  }
  binary.used = head;
  binary.room = head + LIKELY_SIZE;
  vqe_record_binary(&binary, &vqe_fields_record, record);
  status = binary.status;
  if (status == VQE_ERR_INPUT) {
    status = vqe_error_set(
        VQE_ERR_INPUT, "record of experiment %s does not fit the schema: %s",
        record->experiment_id == NULL ? "(no id)" : record->experiment_id,
        binary.fault);
  } else if (status == VQE_OK && binary.used - head > MAX_RECORD) {
    status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "a record of %.1f GB is larger than any reader "
                           "takes",
                           (double)(binary.used - head) / 1e9);
  }
  if (status != VQE_OK) {
    free(binary.data);
    return status;
  }
  *out = binary.data;
  *size = binary.used;
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

/* ---- container files ---- */

/* One reading: what was lost so far, and why it first was. */
struct reading {
  struct vqe_container *file;
  const char *where;
  vqe_avro_visit visit;
  vqe_avro_skip skip;
  void *ctx;
  size_t index; /* of the next record */
  size_t faults;
  uint64_t bytes, records;
  char reason[300];
};

/* A file that anyone may have put there: not a pipe, which would wait. */
static int open_file(FILE **out, const char *path, const char *where)
{
  struct stat info;
  int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  *out = NULL;
  if (descriptor < 0) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: cannot be read: %s", where,
                         strerror(errno));
  }
  if (fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode)) {
    *out = fdopen(descriptor, "rb");
  }
  if (*out == NULL) {
    close(descriptor);
    return vqe_error_set(VQE_ERR_INPUT, "%s: not a regular file", where);
  }
  return VQE_OK;
}

/* Hand over one value of the file. */
static int take_value(struct reading *reading, const avro_value_t *value)
{
  struct vqe_record *record = NULL;
  char place[512];
  snprintf(place, sizeof place, "%.440s, record %zu", reading->where,
           reading->index);
  int status = from_value(&record, value, place);
  if (status == VQE_OK) {
    status = reading->visit(reading->ctx, record, reading->index);
  } else if (reading->skip != NULL &&
             (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED)) {
    reading->skip(reading->ctx, vqe_error_message());
    status = VQE_OK;
  }
  reading->index++;
  return status;
}

/* Go on behind a damaged block, and count it. */
static int pass_over(struct reading *reading, int status)
{
  uint64_t bytes = 0;
  uint64_t records = 0;
  if (status != VQE_ERR_INPUT || reading->skip == NULL ||
      reading->faults == MOST_FAULTS) {
    return status;
  }
  if (reading->faults++ == 0) {
    snprintf(reading->reason, sizeof reading->reason, "%s",
             vqe_error_message());
  }
  status = vqe_container_recover(&bytes, &records, reading->file);
  reading->bytes += bytes;
  reading->records += records;
  reading->index += records;
  return status;
}

/* After damage that was passed over: what is lost. */
static int sum_up(const struct reading *reading)
{
  if (reading->faults == 0) {
    return VQE_OK;
  }
  return vqe_error_set(
      VQE_ERR_INPUT,
      "%s; %zu block%s of %llu bytes and %s%llu record%s cannot be read, the "
      "others are",
      reading->reason, reading->faults, reading->faults == 1 ? "" : "s",
      (unsigned long long)reading->bytes,
      reading->records > 0 ? "at least " : "",
      (unsigned long long)reading->records, reading->records == 1 ? "" : "s");
}

static int read_all(struct reading *reading)
{
  bool end = false;
  int status = VQE_OK;
  while (status == VQE_OK && !end) {
    avro_value_t *value = NULL;
    status = vqe_container_next(&value, reading->file);
    end = status == VQE_OK && value == NULL;
    if (status != VQE_OK) {
      status = pass_over(reading, status);
    } else if (!end) {
      status = take_value(reading, value);
    }
  }
  return status == VQE_OK ? sum_up(reading) : status;
}

int vqe_record_avro_read_file(const char *path, const char *where,
                              vqe_avro_visit visit, vqe_avro_skip skip,
                              void *ctx)
{
  struct reading reading = {
      .where = where, .visit = visit, .skip = skip, .ctx = ctx};
  FILE *file = NULL;
  int status = open_file(&file, path, where);
  if (status == VQE_OK) {
    status = vqe_container_open(&reading.file, file, where);
  }
  if (status == VQE_OK) {
    status = read_all(&reading);
  }
  vqe_container_close(reading.file);
  if (file != NULL) {
    fclose(file);
  }
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
    uint8_t *data = NULL;
    size_t size = 0;
    status = vqe_record_avro_encode(&data, &size, 0, records[k]);
    if (status == VQE_OK &&
        avro_file_writer_append_encoded(file, data, (int64_t)size) != 0) {
      status =
          vqe_error_set(VQE_ERR_IO, "writing '%s': %s", path, avro_strerror());
    }
    free(data);
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
