/* What the two kinds of place provide to objects.c, which has checked keys
 * and arguments before. Errors and meaning: objects/objects.h. */
#ifndef VQE_OBJECTS_OBJECTS_PLACE_H
#define VQE_OBJECTS_OBJECTS_PLACE_H

#include "objects/objects.h"

struct vqe_objects_kind {
  int (*put)(void *place, const char *key, const void *data, size_t size,
             enum vqe_objects_put_mode mode);
  int (*put_file)(void *place, const char *key, const char *path);
  int (*get)(char **out, size_t *size, void *place, const char *key,
             size_t limit);
  int (*get_file)(void *place, const char *key, const char *path);
  int (*head)(uint64_t *size, void *place, const char *key);
  /* `folder` is "" or ends with '/' */
  int (*list)(void *place, const char *folder, bool recursive,
              vqe_objects_visit visit, void *ctx);
  int (*remove)(void *place, const char *key);
  int (*supports_conditional_put)(bool *out, void *place);
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

/* A file being written for `path`, on the same file system. It has no name
 * until it is whole, where the file system allows that, so that a killed
 * process leaves nothing behind. */
struct vqe_objects_aside {
  int descriptor;
  bool named;
  char *name; /* beside `path`; used while `named` */
};

/* Open it; folders that are not there are made. */
int vqe_objects_aside_open(struct vqe_objects_aside *aside, const char *path);

/* Make what was written durable and put it in place as `path`. */
int vqe_objects_aside_publish(struct vqe_objects_aside *aside,
                              const char *path,
                              enum vqe_objects_put_mode mode);

/* Close it, and remove what was not published. */
void vqe_objects_aside_close(struct vqe_objects_aside *aside);

/* Write all of `bytes`; `path` is for the message. */
int vqe_objects_write(int descriptor, const char *bytes, size_t size,
                      const char *path);

/* Set the message for a failed system call on `path`, with the remedy, and
 * return the status that suits `code` (an errno). */
int vqe_objects_errno(int code, const char *verb, const char *path);

#endif
