/* Whole files: read with a size limit, write aside and rename, sync. */
#ifndef VQE_BASE_FILE_H
#define VQE_BASE_FILE_H

#include <stddef.h>

/* Read all of `path` into a new buffer with a NUL after the last byte.
 * VQE_ERR_NOT_FOUND when it does not exist, VQE_ERR_INPUT above `limit`
 * bytes, VQE_ERR_IO otherwise. Free *out by free(). */
int vqe_file_read(char **out, size_t *size, const char *path, size_t limit);

/* Write `path` atomically: a temporary file beside it, fsync, rename, fsync
 * of the directory. */
int vqe_file_write(const char *path, const void *data, size_t size);

/* Sync the content of `path`; VQE_ERR_IO when that fails. */
int vqe_file_sync(const char *path);

/* Sync the folder that holds `path`: a name made or renamed in it is durable
 * only then. File systems that refuse this do not need it, so it cannot fail.
 */
void vqe_file_sync_parent(const char *path);

/* Path of `name` seen from the folder of `base_file`: absolute names are
 * copied, base_file NULL means the current directory. Free by free(). */
int vqe_file_resolve(char **out, const char *base_file, const char *name);

#endif
