/* Names below a folder, looked up so that no symbolic link is followed there:
 * whoever may write into a warehouse leads nobody out of it. The folder itself
 * may be reached over links. All functions give 0 or an errno; ELOOP stands
 * for a link, EXDEV for a name that leads out. */
#ifndef VQE_OBJECTS_OBJECTS_BENEATH_H
#define VQE_OBJECTS_OBJECTS_BENEATH_H

#include <stdbool.h>

/* The folder `root` ("" for "/"), for the functions below. */
int vqe_objects_beneath_root(int *descriptor, const char *root);

/* Open `key` below the folder of `root` by `flags` (no O_CREAT): "" and a '/'
 * at the end stand for a folder. */
int vqe_objects_beneath_open(int *descriptor, int root, const char *key,
                             int flags);

/* The same part by part, for systems without openat2(). */
int vqe_objects_beneath_walk(int *descriptor, int root, const char *key,
                             int flags);

/* The folder that holds `key`, for the *at() calls; `make`: made, with those
 * above it, where it is not there. */
int vqe_objects_beneath_folder(int *descriptor, int root, const char *key,
                               bool make);

#endif
