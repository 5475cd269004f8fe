#include "iceberg/iceberg_avro_value.h"

#include <string.h>

#include "base/avro_schema.h"
#include "base/error_message.h"

const char vqe_avro_block_schema[] =
    "{\"type\":\"record\",\"name\":\"block\",\"fields\":["
    "{\"name\":\"count\",\"type\":\"long\"},"
    "{\"name\":\"data\",\"type\":\"bytes\"},"
    "{\"name\":\"sync\",\"type\":{\"type\":\"fixed\",\"name\":\"sync\","
    "\"size\":16}}]}";

int vqe_avro_holder_open(struct vqe_avro_holder *holder, const char *schema,
                         size_t size, const char *what, int status)
{
  memset(holder, 0, sizeof *holder);
  int parsed = vqe_schema_parse(&holder->schema, schema, size);
  if (parsed != VQE_OK) {
    (void)vqe_error_context(parsed, "%s", what);
    return parsed == VQE_ERR_MEMORY ? parsed : status;
  }
  holder->iface = avro_generic_class_from_schema(holder->schema);
  holder->has_value =
      holder->iface != NULL &&
      avro_generic_value_new(holder->iface, &holder->value) == 0;
  return holder->has_value ? VQE_OK
                           : vqe_error_set(status, "%s: its Avro schema: %s",
                                           what, avro_strerror());
}

void vqe_avro_holder_close(struct vqe_avro_holder *holder)
{
  if (holder->has_value) {
    avro_value_decref(&holder->value);
  }
  if (holder->iface != NULL) {
    avro_value_iface_decref(holder->iface);
  }
  if (holder->schema != NULL) {
    avro_schema_decref(holder->schema);
  }
  memset(holder, 0, sizeof *holder);
}
