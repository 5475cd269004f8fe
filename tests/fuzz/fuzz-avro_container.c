/* Avro container files: any bytes are read to their end, over every damage, in
 * bounded memory; what is passed over lies inside of the file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/avro_container.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct vqe_container *container, size_t size)
{
  uint64_t lost = 0;
  for (bool more = true; more;) {
    avro_value_t *value = NULL;
    uint64_t bytes = 0;
    uint64_t values = 0;
    int status = vqe_container_next(&value, container);
    if (status == VQE_OK) {
      more = value != NULL;
    } else if (status != VQE_ERR_INPUT || vqe_error_message()[0] == '\0' ||
               vqe_container_recover(&bytes, &values, container) != VQE_OK) {
      abort();
    }
    lost += bytes;
    if (lost > size || (status != VQE_OK && bytes == 0)) {
      abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_container *container = NULL;
  FILE *file =
      size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "rb");
  if (file == NULL) {
    return 0;
  }
  int status = vqe_container_open(&container, file, "fuzz");
  if ((status == VQE_OK) != (container != NULL)) {
    abort();
  }
  if (container != NULL) {
    read_all(container, size);
  }
  vqe_container_close(container);
  fclose(file);
  return 0;
}
