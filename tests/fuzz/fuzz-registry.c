/* Responses of a schema registry: whatever it says, fetching and registering
 * end with a schema, an id, or a message, and what is fetched is a schema that
 * can be used or is refused. */
#include <stdint.h>
#include <string.h>

#include "fuzz_server.h"
#include "record/record_avro.h"
#include "stream/registry.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fuzz_server server;

static void require_message(int status)
{
  if (status != VQE_OK && vqe_error_message()[0] == '\0') {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_registry_options options = {.timeout_s = 1.0, .attempts = 1};
  struct vqe_registry *registry = NULL;
  struct vqe_record_avro *avro = NULL;
  const char *schema = NULL;
  uint32_t id = 0;
  if (server.url[0] == '\0') {
    fuzz_start(&server);
  }
  options.urls = server.url;
  fuzz_set(&server, data, size);
  if (vqe_registry_open(&registry, &options) != VQE_OK) {
    abort();
  }
  int status = vqe_registry_fetch(&schema, registry, 7);
  require_message(status);
  if ((status == VQE_OK) != (schema != NULL)) {
    abort();
  }
  if (schema != NULL) {
    require_message(vqe_record_avro_create(&avro, schema, strlen(schema)));
    vqe_record_avro_free(avro);
  }
  require_message(vqe_registry_register(&id, registry, "s", "\"int\"", 5));
  vqe_registry_close(registry);
  return 0;
}
