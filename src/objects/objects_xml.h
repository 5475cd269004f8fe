/* The few elements of S3's XML answers. They are flat and machine-made: no
 * comments, CDATA or namespace prefixes, so looking for tags is enough. */
#ifndef VQE_OBJECTS_OBJECTS_XML_H
#define VQE_OBJECTS_OBJECTS_XML_H

#include <stdbool.h>
#include <stddef.h>

/* A stretch of text, not terminated. */
struct vqe_xml_span {
  const char *start;
  size_t size;
};

/* Content of the first element `name` in `*rest`, which is moved behind it;
 * false when there is none. */
bool vqe_xml_next(struct vqe_xml_span *out, struct vqe_xml_span *rest,
                  const char *name);

/* Content of the first element `name` as a new string, entities resolved;
 * *out is NULL when there is none. Free by free(). */
int vqe_xml_text(char **out, struct vqe_xml_span within, const char *name);

#endif
