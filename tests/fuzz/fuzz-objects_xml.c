/* Answers of an S3 store: any bytes give elements that lie in them, one after
 * another, and texts that are no longer than what they stand for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "objects/objects_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_text(struct vqe_xml_span within, const char *name)
{
  char *text = NULL;
  if (vqe_xml_text(&text, within, name) != 0) {
    abort(); /* there is memory */
  }
  if (text != NULL && strlen(text) > within.size) {
    abort();
  }
  free(text);
}

static void read_elements(struct vqe_xml_span all, const char *name)
{
  static const char *const inner[] = {"Key",    "Size", "LastModified",
                                      "Prefix", "Code", "UploadId"};
  struct vqe_xml_span rest = all;
  struct vqe_xml_span element;
  const char *end = all.start + all.size;
  while (vqe_xml_next(&element, &rest, name)) {
    if (element.start < all.start || element.start + element.size > end ||
        rest.start < element.start + element.size ||
        rest.start + rest.size != end) {
      abort();
    }
    for (size_t k = 0; k < sizeof inner / sizeof inner[0]; k++) {
      read_text(element, inner[k]);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_xml_span all = {(const char *)data, size};
  read_elements(all, "ListBucketResult");
  read_elements(all, "Contents");
  read_elements(all, "CommonPrefixes");
  read_text(all, "IsTruncated");
  read_text(all, "Message");
  return 0;
}
