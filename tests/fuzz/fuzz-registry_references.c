/* Schemas of a registry: any texts, parted by a byte 1, the first of which
 * refers to the others, are one schema, or a message; what stands alone has
 * no reference left that Avro's reader could not resolve. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/record_avro.h"
#include "stream/registry_references.h"
#include "vqe/error.h"

#define MOST 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *texts[MOST];
  size_t count = 0;
  struct vqe_record_avro *avro = NULL;
  char *joined = NULL;
  char *state = NULL;
  char *text = malloc(size + 1);
  if (text == NULL) {
    return 0;
  }
  if (size > 0) {
    memcpy(text, data, size);
  }
  text[size] = '\0';
  for (char *part = strtok_r(text, "\1", &state); part != NULL && count < MOST;
       part = strtok_r(NULL, "\1", &state)) {
    texts[count++] = part;
  }
  if (count > 0) {
    int status = vqe_registry_join(&joined, texts[0], texts + 1, count - 1);
    if ((status == VQE_OK) != (joined != NULL)) {
      abort();
    }
    if (status == VQE_OK && strlen(joined) < (size_t)1 << 20) {
      (void)vqe_record_avro_create(&avro, joined, strlen(joined));
    }
  }
  vqe_record_avro_free(avro);
  free(joined);
  free(text);
  return 0;
}
