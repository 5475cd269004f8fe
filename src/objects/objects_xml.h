/* The XML of S3's responses, read by expat. A document type declaration ends
 * the reading, so no entity is ever expanded; depth and the size of one text
 * are limited. */
#ifndef VQE_OBJECTS_OBJECTS_XML_H
#define VQE_OBJECTS_OBJECTS_XML_H

#include <stddef.h>

/* An element that ends. */
struct vqe_s3_xml_element {
  const char *parent; /* name of the element around it; "" for the root */
  const char *name;
  const char *text; /* what stands between its tags; of one that holds other
                       elements, what stands behind the last of them */
};

/* Called for each element, inner ones first; anything but VQE_OK ends the
 * reading and is returned. */
typedef int (*vqe_s3_xml_visit)(void *ctx,
                                const struct vqe_s3_xml_element *element);

/* Visit the elements of a document. VQE_ERR_INPUT for what is not well formed,
 * declares a document type, or passes a limit; what stands before it has been
 * visited then. */
int vqe_s3_xml_read(const char *document, size_t size, vqe_s3_xml_visit visit,
                    void *ctx);

/* Text of the first element `name` that stands before any fault of the
 * document; *out is NULL when there is none. Free by free(). */
int vqe_s3_xml_text(char **out, const char *document, size_t size,
                    const char *name);

#endif
