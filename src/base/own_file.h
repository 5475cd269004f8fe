/* Files that decide what a program does (journals, spooled records, locks)
 * must be the user's own: one of another owner may be planted. */
#ifndef VQE_BASE_OWN_FILE_H
#define VQE_BASE_OWN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Open a regular file, with O_NOFOLLOW and O_CLOEXEC beside `flags`, made with
 * mode 0666 where `flags` ask for that; `what` names its kind in messages
 * ("journal"). VQE_ERR_NOT_FOUND where there is none, VQE_ERR_INPUT for a
 * link, for what is no file, and for one of another owner. Nothing is written
 * to or read from those, and none is waited for. */
int vqe_own_file_open(int *descriptor, const char *path, int flags,
                      const char *what);

/* The same for the folder `path` that exists, which may be a link of ours. */
int vqe_own_file_folder(const char *path, const char *what);

/* Is the file at `path` such a one, or none at all? Links are followed. */
int vqe_own_file_check(const char *path, const char *what);

/* Read such a file whole, as vqe_file_read(). */
int vqe_own_file_read(char **out, size_t *size, const char *path, size_t limit,
                      const char *what);

/* Is the owner of `info`, which is of a file in the folder of `path`, the one
 * that new files of this process have there? Some network file systems give
 * all files of root to nobody. */
bool vqe_own_file_is_ours(const struct stat *info, const char *path);

/* Name of a user, or the number; valid until the next call. */
#define VQE_OWN_FILE_USER_SIZE 64
void vqe_own_file_user(char out[VQE_OWN_FILE_USER_SIZE],
                       const struct stat *info);

#endif
