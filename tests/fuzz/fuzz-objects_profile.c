/* Profile files of AWS: any bytes are settings whose texts have no line
 * breaks and are together no longer than the bytes are, or a message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "objects/objects_profile.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look_at(void *ctx, const struct vqe_s3_setting *setting)
{
  size_t *left = ctx;
  const char *texts[] = {setting->kind, setting->section, setting->group,
                         setting->name, setting->value};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    if (strchr(texts[k], '\n') != NULL) {
      abort();
    }
  }
  size_t used = strlen(setting->name) + strlen(setting->value);
  if (used > *left) {
    abort();
  }
  *left -= used;
  return VQE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  size_t left = size;
  char *text = malloc(size + 1);
  if (text == NULL) {
    return 0;
  }
  if (size > 0) {
    memcpy(text, data, size);
  }
  text[size] = '\0';
  int status = vqe_s3_profile_read(text, size, look_at, &left);
  if (status != VQE_OK &&
      (status != VQE_ERR_INPUT || memchr(data, 0, size) == NULL)) {
    abort();
  }
  free(text);
  return 0;
}
