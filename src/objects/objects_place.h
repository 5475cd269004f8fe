/* What the two kinds of place provide to objects.c, which has checked keys
 * and arguments before. Errors and meaning: objects/objects.h. */
#ifndef VQE_OBJECTS_OBJECTS_PLACE_H
#define VQE_OBJECTS_OBJECTS_PLACE_H

#include "objects/objects.h"

struct vqe_objects_kind {
  int (*put)(void *place, const char *key, const void *data, size_t size,
             enum vqe_objects_put_mode mode);
  /* all of an open file of `size` bytes; `path` is for messages */
  int (*put_file)(void *place, const char *key, int descriptor, uint64_t size,
                  const char *path);
  int (*get)(char **out, size_t *size, void *place, const char *key,
             size_t limit);
  int (*get_file)(void *place, const char *key, const char *path,
                  uint64_t expected);
  /* NULL: it has no files to open */
  int (*open_key)(int *descriptor, uint64_t *size, void *place,
                  const char *key);
  int (*head)(uint64_t *size, void *place, const char *key);
  /* `folder` is "" or ends with '/' */
  int (*list)(void *place, const char *folder, bool recursive,
              vqe_objects_visit visit, void *ctx);
  int (*remove)(void *place, const char *key);
  int (*supports_conditional_put)(bool *out, void *place);
  /* NULL: it has no uploads in parts */
  int (*end_uploads)(size_t *ended, void *place, int64_t older_than_ms);
  uint64_t (*requests)(const void *place); /* NULL: calls are counted */
  void (*close)(void *place);
};

extern const struct vqe_objects_kind vqe_objects_local;
extern const struct vqe_objects_kind vqe_objects_s3;

/* `root` is an absolute path without a '/' at the end ("" for "/"). */
int vqe_objects_local_open(void **place, const char *root);

/* `prefix` is "" or ends with '/'. *describe is what
 * vqe_objects_describe() returns, free by free(). */
int vqe_objects_s3_open(void **place, char **describe, const char *bucket,
                        const char *prefix,
                        const struct vqe_objects_options *options);

#endif
