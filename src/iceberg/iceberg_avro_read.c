/* Reading container files that are in memory. */
#include <stdlib.h>
#include <string.h>

#include "base/avro_container.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_avro.h"

#define MAGIC_BYTES 4

struct vqe_avro_reader {
  FILE *file; /* over the bytes */
  struct vqe_container *container;
};

static int open_container(struct vqe_avro_reader *reader, const char *data,
                          size_t size, const char *what)
{
  /* opened to read, so that the bytes stay as they are */
  reader->file = fmemopen((void *)(uintptr_t)data, size, "rb");
  if (reader->file == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for an Avro reader");
  }
  return vqe_container_open(&reader->container, reader->file, what);
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
  if (status == VQE_OK) {
    status = open_container(reader, data, size, what);
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
  return vqe_container_meta(reader->container, key, size);
}

size_t vqe_avro_reader_meta_count(struct vqe_avro_reader *reader)
{
  return vqe_container_meta_count(reader->container);
}

const char *vqe_avro_reader_meta_at(struct vqe_avro_reader *reader,
                                    size_t index, const char **key,
                                    size_t *size)
{
  return vqe_container_meta_at(reader->container, index, key, size);
}

int vqe_avro_reader_next(avro_value_t **out, struct vqe_avro_reader *reader)
{
  return vqe_container_next(out, reader->container);
}

void vqe_avro_reader_close(struct vqe_avro_reader *reader)
{
  if (reader == NULL) {
    return;
  }
  vqe_container_close(reader->container);
  if (reader->file != NULL) {
    fclose(reader->file);
  }
  free(reader);
}
