/* Local files: written aside and put in place whole, and the messages about
 * system calls that fail. */
#ifndef VQE_OBJECTS_OBJECTS_ASIDE_H
#define VQE_OBJECTS_OBJECTS_ASIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "objects/objects.h"

/* How the names of unfinished files begin; no listing shows them. */
#define VQE_OBJECTS_UNFINISHED ".vqe-"

/* A file being written for `path`, on the same file system. It has no name
 * until it is whole, where the file system allows that, so that a killed
 * process leaves nothing behind. */
struct vqe_objects_aside {
  int descriptor;
  int folder; /* that holds it and `path`; later changes of paths do no harm */
  bool named;
  char name[64]; /* in the folder; used while `named` */
};

#define VQE_OBJECTS_ASIDE_INIT                                                \
  {                                                                           \
    -1, -1, false, ""                                                         \
  }

/* Open it; folders that are not there are made. */
int vqe_objects_aside_open(struct vqe_objects_aside *aside, const char *path);

/* The same for `key` below the folder `root`, where no symbolic link is
 * followed. */
int vqe_objects_aside_open_below(struct vqe_objects_aside *aside,
                                 const char *root, const char *key);

/* Make what was written durable and put it in place as `path`, whose folder it
 * was opened for. */
int vqe_objects_aside_publish(struct vqe_objects_aside *aside,
                              const char *path,
                              enum vqe_objects_put_mode mode);

/* Close it, and remove what was not published. */
void vqe_objects_aside_close(struct vqe_objects_aside *aside);

/* Write all of `data`; `verb` ("writing") and `path` are for the message. */
int vqe_objects_write(int descriptor, const void *data, size_t size,
                      const char *verb, const char *path);

/* Set the message for a failure of objects/objects_beneath.h, as
 * vqe_file_errno() does. */
int vqe_objects_beneath_errno(int code, const char *verb, const char *path);

/* What an open descriptor is: VQE_ERR_NOT_FOUND for a folder, VQE_ERR_INPUT
 * for a pipe, a socket or a device. */
int vqe_objects_require_file(struct stat *info, int descriptor,
                             const char *path);

/* Open a regular file for reading; VQE_ERR_NOT_FOUND, VQE_ERR_INPUT when
 * `path` is anything else, which is not waited for. *descriptor is -1 after a
 * failure. */
int vqe_objects_open_file(int *descriptor, struct stat *info,
                          const char *path);

#endif
