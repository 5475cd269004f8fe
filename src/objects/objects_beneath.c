#include "objects/objects_beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __has_include
#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif
#endif

#define FOLDER (O_PATH | O_DIRECTORY | O_CLOEXEC)

int vqe_objects_beneath_root(int *descriptor, const char *root)
{
  *descriptor = open(root[0] == '\0' ? "/" : root, FOLDER);
  return *descriptor >= 0 ? 0 : errno;
}

/* Open one name of a folder. With O_PATH the system opens links themselves,
 * and with O_DIRECTORY it calls them no folder. */
static int open_part(int *descriptor, int folder, const char *part, int flags)
{
  struct stat info;
  *descriptor = openat(folder, part, flags | O_NOFOLLOW | O_CLOEXEC);
  if (*descriptor < 0) {
    int code = errno;
    bool is_link = code == ENOTDIR &&
                   fstatat(folder, part, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                   S_ISLNK(info.st_mode);
    return is_link ? ELOOP : code;
  }
  if ((flags & O_PATH) != 0 && fstat(*descriptor, &info) == 0 &&
      S_ISLNK(info.st_mode)) {
    close(*descriptor);
    *descriptor = -1;
    return ELOOP;
  }
  return 0;
}

int vqe_objects_beneath_walk(int *descriptor, int root, const char *key,
                             int flags)
{
  char *copy = strdup(key[0] == '\0' ? "." : key);
  char *state = NULL;
  int folder = root;
  int code = copy == NULL ? ENOMEM : 0;
  *descriptor = -1;
  char *part = code == 0 ? strtok_r(copy, "/", &state) : NULL;
  if (code == 0 && part == NULL) {
    code = ENOENT;
  }
  while (code == 0 && part != NULL) {
    char *next = strtok_r(NULL, "/", &state);
    int opened = -1;
    code = strcmp(part, "..") == 0 ? EXDEV
                                   : open_part(&opened, folder, part,
                                               next == NULL ? flags : FOLDER);
    if (folder != root) {
      close(folder);
    }
    folder = code == 0 ? opened : root;
    part = next;
  }
  if (code == 0) {
    *descriptor = folder;
  }
  free(copy);
  return code;
}

int vqe_objects_beneath_open(int *descriptor, int root, const char *key,
                             int flags)
{
#if defined SYS_openat2 && defined RESOLVE_BENEATH
  struct open_how how = {.flags =
                             (unsigned long long)(unsigned)(flags | O_CLOEXEC),
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                    RESOLVE_NO_MAGICLINKS};
  *descriptor = (int)syscall(SYS_openat2, root, key[0] == '\0' ? "." : key,
                             &how, sizeof how);
  if (*descriptor >= 0) {
    return 0;
  }
  /* the filter of a container may forbid what it does not know */
  if (errno != ENOSYS && errno != EPERM && errno != EAGAIN) {
    return errno;
  }
#endif
  return vqe_objects_beneath_walk(descriptor, root, key, flags);
}

/* Open the folder `path` below `root`; the last part is made first. */
static int make_folder(int *descriptor, int root, const char *path)
{
  int folder = -1;
  const char *slash = strrchr(path, '/');
  int code = vqe_objects_beneath_folder(&folder, root, path, true);
  if (code == 0) {
    const char *name = slash == NULL ? path : slash + 1;
    if (mkdirat(folder, name, 0777) == 0) {
      /* what O_PATH has opened cannot be synced */
      int open_folder = openat(folder, ".", O_RDONLY | O_CLOEXEC);
      if (open_folder >= 0) {
        (void)fsync(open_folder);
        close(open_folder);
      }
    } else if (errno != EEXIST) {
      code = errno;
    }
    if (code == 0) {
      code = open_part(descriptor, folder, name, FOLDER);
    }
    close(folder);
  }
  return code;
}

int vqe_objects_beneath_folder(int *descriptor, int root, const char *key,
                               bool make)
{
  const char *slash = strrchr(key, '/');
  *descriptor = -1;
  char *path = strndup(key, slash == NULL ? 0 : (size_t)(slash - key));
  if (path == NULL) {
    return ENOMEM;
  }
  int code = vqe_objects_beneath_open(descriptor, root, path, FOLDER);
  if (code == ENOENT && make && path[0] != '\0') {
    code = make_folder(descriptor, root, path);
  }
  free(path);
  return code;
}
