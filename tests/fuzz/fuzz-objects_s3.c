/* Responses of an S3 store, whole with their heads: reading, listing, writing
 * and the ends of uploads give something sound, or a message. The first byte
 * chooses the request. */
#include <stdint.h>
#include <string.h>

#include "fuzz_server.h"
#include "objects/objects.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT ((size_t)1 << 20)

static struct fuzz_server server;
static struct vqe_objects *objects;

static void open_store(void)
{
  struct vqe_objects_options options = VQE_OBJECTS_OPTIONS_INIT;
  fuzz_start(&server);
  setenv("AWS_ACCESS_KEY_ID", "key", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "hidden-secret", 1);
  setenv("AWS_CONFIG_FILE", "/dev/null", 1);
  setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
  options.endpoint = server.url;
  options.attempts = 1;
  options.timeout_s = 1.0;
  if (vqe_objects_open(&objects, "s3://bucket/prefix", &options) != VQE_OK) {
    abort();
  }
}

static int visit(void *ctx, const struct vqe_object *object)
{
  size_t *count = ctx;
  if (object->key == NULL || object->key[0] == '\0') {
    abort();
  }
  return ++*count > 10000 ? VQE_ERR_INPUT : VQE_OK;
}

static int read_object(void)
{
  char *text = NULL;
  size_t length = 0;
  int status = vqe_objects_get(&text, &length, objects, "a/b", LIMIT);
  if ((status == VQE_OK) != (text != NULL) || length > LIMIT ||
      (text != NULL && text[length] != '\0')) {
    abort();
  }
  free(text);
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  size_t count = 0;
  uint64_t length = 0;
  int status;
  if (objects == NULL) {
    open_store();
  }
  if (size == 0) {
    return 0;
  }
  fuzz_set(&server, data + 1, size - 1);
  switch (data[0] % 6) {
  case 0:
    status = vqe_objects_list(objects, "a", true, visit, &count);
    break;
  case 1:
    status = read_object();
    break;
  case 2:
    status = vqe_objects_head(&length, objects, "a/b");
    break;
  case 3:
    status = vqe_objects_put(objects, "a/b", "text", 4, VQE_OBJECTS_ONLY_NEW);
    break;
  case 4:
    status = vqe_objects_end_uploads(&count, objects, INT64_MAX);
    break;
  default:
    status = vqe_objects_list(objects, "", false, visit, &count);
  }
  if (status != VQE_OK && count <= 10000 &&
      (vqe_error_message()[0] == '\0' ||
       strstr(vqe_error_message(), "hidden-secret") != NULL)) {
    abort();
  }
  return 0;
}
