/* Files that appear under their name only when they are whole. What is new
 * appears by link(), which refuses to replace; what replaces, by rename().
 * Both are atomic, on NFS too. */
#include "objects/objects_aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "objects/objects_beneath.h"

/* Folder of a path; free by free(). */
static int folder_of(char **out, const char *path)
{
  const char *slash = strrchr(path, '/');
  if (slash == NULL) {
    return vqe_memory_strdup(out, ".");
  }
  int length = slash == path ? 1 : (int)(slash - path);
  return vqe_memory_print(out, "%.*s", length, path);
}

static bool is_folder(const char *path)
{
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Make one folder, whose own folder is there. */
static int make_one(const char *path)
{
  if (mkdir(path, 0777) == 0) {
    vqe_file_sync_parent(path);
    return VQE_OK;
  }
  int code = errno;
  return is_folder(path) ? VQE_OK
                         : vqe_file_errno(code == EEXIST ? ENOTDIR : code,
                                          "cannot make the directory", path);
}

static int make_folders(const char *folder)
{
  char *path = NULL;
  if (is_folder(folder)) {
    return VQE_OK;
  }
  int status = vqe_memory_strdup(&path, folder);
  bool is_last = false;
  for (size_t end = 1; status == VQE_OK && !is_last; end++) {
    end += strcspn(path + end, "/");
    is_last = path[end] == '\0';
    path[end] = '\0';
    status = make_one(path);
    path[end] = is_last ? '\0' : '/';
  }
  free(path);
  return status;
}

/* Without a name where the file system can, else as aside->name. */
static int open_aside(struct vqe_objects_aside *aside, const char *place)
{
  uint64_t draw = 0;
  if (getrandom(&draw, sizeof draw, 0) != (ssize_t)sizeof draw) {
    draw = (uint64_t)getpid();
  }
  snprintf(aside->name, sizeof aside->name,
           VQE_OBJECTS_UNFINISHED "%016llx.tmp", (unsigned long long)draw);
  if (access("/proc/self/fd", X_OK) == 0) {
    aside->descriptor =
        openat(aside->folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
  }
  if (aside->descriptor < 0) {
    aside->descriptor = openat(aside->folder, aside->name,
                               O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    aside->named = aside->descriptor >= 0;
  }
  return aside->descriptor >= 0
             ? VQE_OK
             : vqe_file_errno(errno, "cannot write in", place);
}

int vqe_objects_aside_open(struct vqe_objects_aside *aside, const char *path)
{
  char *folder = NULL;
  *aside = (struct vqe_objects_aside)VQE_OBJECTS_ASIDE_INIT;
  int status = folder_of(&folder, path);
  if (status == VQE_OK) {
    status = make_folders(folder);
  }
  if (status == VQE_OK) {
    aside->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    status = aside->folder >= 0
                 ? open_aside(aside, folder)
                 : vqe_file_errno(errno, "cannot write in", folder);
  }
  if (status != VQE_OK) {
    vqe_objects_aside_close(aside);
  }
  free(folder);
  return status;
}

int vqe_objects_aside_open_below(struct vqe_objects_aside *aside,
                                 const char *root, const char *key)
{
  char *path = NULL;
  char *folder = NULL;
  int top = -1;
  *aside = (struct vqe_objects_aside)VQE_OBJECTS_ASIDE_INIT;
  int status = vqe_memory_print(&path, "%s/%s", root, key);
  if (status == VQE_OK) {
    status = folder_of(&folder, path);
  }
  if (status == VQE_OK && root[0] != '\0') {
    status = make_folders(root);
  }
  if (status == VQE_OK) {
    int code = vqe_objects_beneath_root(&top, root);
    if (code == 0) {
      code = vqe_objects_beneath_folder(&aside->folder, top, key, true);
    }
    status = code == 0
                 ? open_aside(aside, folder)
                 : vqe_objects_beneath_errno(code, "cannot write in", folder);
  }
  if (top >= 0) {
    close(top);
  }
  if (status != VQE_OK) {
    vqe_objects_aside_close(aside);
  }
  free(folder);
  free(path);
  return status;
}

void vqe_objects_aside_close(struct vqe_objects_aside *aside)
{
  if (aside->descriptor >= 0) {
    close(aside->descriptor);
    aside->descriptor = -1;
  }
  if (aside->named) {
    unlinkat(aside->folder, aside->name, 0);
    aside->named = false;
  }
  if (aside->folder >= 0) {
    close(aside->folder);
    aside->folder = -1;
  }
}

int vqe_objects_write(int descriptor, const void *data, size_t size,
                      const char *verb, const char *path)
{
  const char *bytes = data;
  while (size > 0) {
    ssize_t put = write(descriptor, bytes, size);
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return vqe_file_errno(errno, verb, path);
    }
    bytes += put;
    size -= (size_t)put;
  }
  return VQE_OK;
}

/* The last name of a path. */
static const char *base_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* Rename without replacing, for file systems without hard links. */
static int rename_new(struct vqe_objects_aside *aside, const char *path)
{
  if (renameat2(aside->folder, aside->name, aside->folder, base_of(path),
                RENAME_NOREPLACE) == 0) {
    aside->named = false;
    return VQE_OK;
  }
  if (errno == EEXIST) {
    return VQE_ERR_EXISTS;
  }
  if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "the file system of '%s' can neither link nor rename "
                         "without replacing, so two writers could lose data; "
                         "choose another one",
                         path);
  }
  return vqe_file_errno(errno, "cannot put in place", path);
}

/* Give the file also the name `name` in its folder, unless that is there;
 * `path` is for messages. */
static int link_new(struct vqe_objects_aside *aside, const char *name,
                    const char *path)
{
  struct stat info;
  char unnamed[64];
  int code = 0;
  if (aside->named) {
    code = linkat(aside->folder, aside->name, aside->folder, name, 0) == 0
               ? 0
               : errno;
  } else {
    snprintf(unnamed, sizeof unnamed, "/proc/self/fd/%d", aside->descriptor);
    code =
        linkat(AT_FDCWD, unnamed, aside->folder, name, AT_SYMLINK_FOLLOW) == 0
            ? 0
            : errno;
  }
  if (code == 0) {
    return VQE_OK;
  }
  /* On NFS the response to a link that was made can be lost and the repeated
   * request finds it there: two names say that it is ours. */
  if (aside->named && fstat(aside->descriptor, &info) == 0 &&
      info.st_nlink == 2) {
    return VQE_OK;
  }
  if (code == EEXIST) {
    return VQE_ERR_EXISTS;
  }
  if (aside->named && (code == EPERM || code == EOPNOTSUPP || code == ENOSYS ||
                       code == EMLINK)) {
    return rename_new(aside, path);
  }
  return vqe_file_errno(code, "cannot put in place", path);
}

/* Rename over what may be there; what has no name gets one first. */
static int rename_over(struct vqe_objects_aside *aside, const char *path)
{
  int status = VQE_OK;
  if (!aside->named) {
    status = link_new(aside, aside->name, path);
    if (status != VQE_OK) {
      return status;
    }
    aside->named = true;
  }
  if (renameat(aside->folder, aside->name, aside->folder, base_of(path)) !=
      0) {
    return vqe_file_errno(errno, "cannot put in place", path);
  }
  aside->named = false;
  return VQE_OK;
}

int vqe_objects_aside_publish(struct vqe_objects_aside *aside,
                              const char *path, enum vqe_objects_put_mode mode)
{
  if (fsync(aside->descriptor) != 0) {
    return vqe_file_errno(errno, "writing", path);
  }
  int status = mode == VQE_OBJECTS_ONLY_NEW
                   ? link_new(aside, base_of(path), path)
                   : rename_over(aside, path);
  if (status == VQE_ERR_EXISTS) {
    return vqe_error_set(VQE_ERR_EXISTS, "'%s' is already there", path);
  }
  if (status == VQE_OK) {
    vqe_file_sync_parent(path);
  }
  return status;
}

int vqe_objects_beneath_errno(int code, const char *verb, const char *path)
{
  if (code == ELOOP || code == EXDEV) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s '%s': it is a symbolic link or lies behind one, "
                         "and none is followed below a warehouse or a folder "
                         "of raw files; put there what it leads to",
                         verb, path);
  }
  return vqe_file_errno(code, verb, path);
}

int vqe_objects_require_file(struct stat *info, int descriptor,
                             const char *path)
{
  if (fstat(descriptor, info) != 0) {
    return vqe_file_errno(errno, "cannot read", path);
  }
  if (S_ISDIR(info->st_mode)) {
    return vqe_error_set(VQE_ERR_NOT_FOUND,
                         "cannot read '%s': it is not a file", path);
  }
  return S_ISREG(info->st_mode)
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "cannot read '%s': it is a pipe, a socket or a "
                             "device, not a file; remove it",
                             path);
}

int vqe_objects_open_file(int *descriptor, struct stat *info, const char *path)
{
  *descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  int status = *descriptor < 0
                   ? vqe_file_errno(errno, "cannot read", path)
                   : vqe_objects_require_file(info, *descriptor, path);
  if (status != VQE_OK && *descriptor >= 0) {
    close(*descriptor);
    *descriptor = -1;
  }
  return status;
}
