/* Avro schemas of others, and values of them: text up to a NUL that passes as
 * a schema makes a class and a value, and bytes behind it that pass as one
 * value are read in bounded time and memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/avro_schema.h"
#include "base/avro_sizes.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_value(avro_value_t *value, avro_schema_t schema,
                       const uint8_t *data, size_t size)
{
  size_t used = 0;
  int status = vqe_sizes_of(&used, schema, data, size, "fuzz");
  if (status != VQE_OK || used > size) {
    if (status != VQE_ERR_INPUT) {
      abort();
    }
    return;
  }
  avro_reader_t reader = avro_reader_memory((const char *)data, (int64_t)used);
  if (reader != NULL) {
    (void)avro_value_read(reader, value);
    avro_reader_free(reader);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  avro_schema_t schema = NULL;
  const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
  size_t length = end == NULL ? size : (size_t)(end - data);
  int status = vqe_schema_parse(&schema, (const char *)data, length);
  if ((status == VQE_OK) != (schema != NULL) ||
      (status != VQE_OK && vqe_error_message()[0] == '\0')) {
    abort();
  }
  if (schema == NULL) {
    return 0;
  }
  avro_value_t value;
  avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
  if (iface != NULL) {
    if (avro_generic_value_new(iface, &value) == 0) {
      if (end != NULL) {
        read_value(&value, schema, end + 1, size - length - 1);
      }
      avro_value_decref(&value);
    }
    avro_value_iface_decref(iface);
  }
  avro_schema_decref(schema);
  return 0;
}
