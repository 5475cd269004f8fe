/* Files while they are written, beside the ones they will become.
 *
 * Their names cannot be guessed: PATH.<16 hex digits>.tmp, made new (O_EXCL)
 * and never through a link, so that nobody who may write in the same folder
 * leads a program to a file of its user. The writer holds a lock on its file
 * (flock, where the file system has it): one without is what a crashed writer
 * left, which the next writer of PATH removes. */
#ifndef VQE_BASE_ASIDE_H
#define VQE_BASE_ASIDE_H

#include <stdbool.h>
#include <stddef.h>

struct vqe_aside {
  int descriptor;
  char *name;
};
#define VQE_ASIDE_INIT                                                        \
  {                                                                           \
    -1, NULL                                                                  \
  }

/* Make a new file beside `path`, of the mode that the umask leaves of 0666.
 * After an error, which errno names too, there is nothing to close, but
 * closing is fine. */
int vqe_aside_open(struct vqe_aside *aside, const char *path);

/* The same under a name that the caller gives; what has this name is removed
 * first, be it a link. Only for folders of the caller's own. */
int vqe_aside_open_as(struct vqe_aside *aside, const char *name);

/* Sync the file and put it at `path`, in the place of what is there. The
 * aside is closed, also after an error. */
int vqe_aside_publish(struct vqe_aside *aside, const char *path);

/* Remove the file and close; nothing happens when it is closed already. */
void vqe_aside_close(struct vqe_aside *aside);

/* Write `path` whole: aside, then in its place. A link there is replaced. */
int vqe_aside_write(const char *path, const void *data, size_t size);

/* Remove what crashed writers of `path` left, as far as it is ours; of all
 * files of a folder when `path` ends in a slash. */
void vqe_aside_sweep(const char *path);

#endif
