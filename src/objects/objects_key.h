/* Which keys, and which paths of metadata, name something of a place. */
#ifndef VQE_OBJECTS_OBJECTS_KEY_H
#define VQE_OBJECTS_OBJECTS_KEY_H

#include <stdbool.h>

#include "objects/objects.h"

/* No control character in `text`; `what` names it in the message. */
int vqe_objects_check_text(const char *text, const char *what);

/* Segments of a key or prefix: none is empty, "." or "..", but the last of a
 * folder may be empty. */
int vqe_objects_check_segments(const char *key, const char *what,
                               bool is_folder);

/* A key that metadata names has no percent-encoded "." or ".." either. */
int vqe_objects_check_named(const char *key);

#endif
