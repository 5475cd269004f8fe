/* Whole files: read with a size limit, write aside and rename, sync. */
#ifndef VQE_BASE_FILE_H
#define VQE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Set the message for a failed system call on `path` ("VERB 'PATH': ..."),
 * with the remedy, and return the status that suits `code` (an errno). */
int vqe_file_errno(int code, const char *verb, const char *path);

/* Open for reading what is found: a file alone. Nothing is waited for. */
int vqe_file_open_regular(int *descriptor, const char *path);

/* Open for writing the pipe or device at `path`, in whose place no file can
 * be put; -1 where there is none. VQE_ERR_INPUT for a pipe of another user,
 * who could read it or let us wait. */
int vqe_file_open_stream(int *descriptor, const char *path);

/* Is it no such pipe? Waits for nothing. */
int vqe_file_check_pipe(const char *path);

/* Read all of `path` into a new buffer with a NUL after the last byte.
 * VQE_ERR_NOT_FOUND when it does not exist, VQE_ERR_INPUT above `limit`
 * bytes, VQE_ERR_IO otherwise. A pipe is waited for, unless it belongs to
 * neither this user nor root: VQE_ERR_INPUT. Free *out by free(). */
int vqe_file_read(char **out, size_t *size, const char *path, size_t limit);

/* The same of what is found, not named by the user: VQE_ERR_INPUT for what is
 * no file, without waiting for it. */
int vqe_file_read_regular(char **out, size_t *size, const char *path,
                          size_t limit);

/* The same of an open file, from where it stands; `path` is for messages. */
int vqe_file_read_open(char **out, size_t *size, int descriptor,
                       const char *path, size_t limit);

/* Write `path` atomically: a temporary file beside it, fsync, rename, fsync
 * of the directory. A symbolic link is written through; a pipe or a device
 * gets the bytes. */
int vqe_file_write(const char *path, const void *data, size_t size);

/* All of `data` into an open file; messages say `path`. */
int vqe_file_write_all(int descriptor, const char *path, const void *data,
                       size_t size);

/* Sync the folder that holds `path`: a name made or renamed in it is durable
 * only then. File systems that refuse this do not need it, so it cannot fail.
 */
void vqe_file_sync_parent(const char *path);

/* Path of `name` seen from the folder of `base_file`: absolute names are
 * copied, base_file NULL means the current directory. Free by free(). */
int vqe_file_resolve(char **out, const char *base_file, const char *name);

/* lstat() of the last name of `path`, also where slashes follow it, by which
 * lstat() itself would look at what a link leads to. */
int vqe_file_lstat(struct stat *info, const char *path);

/* Is it a symbolic link that belongs to neither this user nor root? */
bool vqe_file_is_link_of_others(const char *path);

/* The file that `path` leads to over symbolic links, there or not; `path`
 * itself when it is no link. VQE_ERR_INPUT when links lead in a circle, or
 * belong to neither this user nor root. Free by free(). */
int vqe_file_follow(char **out, const char *path);

/* Which file a path leads to, and which of its states; zero: none. */
struct vqe_file_mark {
  uint64_t device, inode, size;
  int64_t seconds, nanoseconds; /* last changed */
};

struct vqe_file_mark vqe_file_mark(const char *path);
bool vqe_file_same(const struct vqe_file_mark *a,
                   const struct vqe_file_mark *b);

/* What helps where a file cannot be made for the reason `error`, a value of
 * errno: "make its folder". */
const char *vqe_file_remedy(int error);

#endif
