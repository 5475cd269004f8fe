/* Responses of an S3 store: any bytes give elements with names, whose texts
 * are together no longer than the bytes are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "objects/objects_xml.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *ctx, const struct vqe_s3_xml_element *element)
{
  size_t *total = ctx;
  if (element->name[0] == '\0' || element->parent == NULL) {
    abort();
  }
  *total += strlen(element->text);
  return VQE_OK;
}

static void read_text(const char *document, size_t size, const char *name)
{
  char *text = NULL;
  if (vqe_s3_xml_text(&text, document, size, name) != VQE_OK) {
    abort(); /* there is memory */
  }
  if (text != NULL && strlen(text) > size) {
    abort();
  }
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const names[] = {"Key",  "Size",     "IsTruncated",
                                      "Code", "UploadId", "Message"};
  const char *document = (const char *)data;
  size_t total = 0;
  int status = vqe_s3_xml_read(document, size, count, &total);
  if ((status != VQE_OK && status != VQE_ERR_INPUT) || total > size) {
    abort();
  }
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    read_text(document, size, names[k]);
  }
  return 0;
}
