#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* As many as Linux follows. */
#define MAX_LINKS 40

int vqe_file_errno(int code, const char *verb, const char *path)
{
  const char *remedy = "";
  int status = VQE_ERR_IO;
  switch (code) {
  case ENOENT:
    status = VQE_ERR_NOT_FOUND;
    break;
  case EACCES:
  case EPERM:
  case EROFS:
    status = VQE_ERR_INPUT;
    remedy = "; change its permissions or choose another place";
    break;
  case EISDIR:
    status = VQE_ERR_INPUT;
    remedy = "; it is a folder: remove it or choose another place";
    break;
  case ENAMETOOLONG:
    status = VQE_ERR_INPUT;
    remedy = "; choose a shorter one";
    break;
  case ENOTDIR:
  case ELOOP:
    status = VQE_ERR_INPUT;
    remedy = "; choose another place";
    break;
  case ENOSPC:
  case EDQUOT:
    remedy = "; free some space or choose another place, what was there is "
             "unchanged";
    break;
  case EFBIG:
    remedy = "; raise the limit of file sizes (ulimit -f), what was there is "
             "unchanged";
    break;
  default:
    break;
  }
  return vqe_error_set(status, "%s '%s': %s%s", verb, path, strerror(code),
                       remedy);
}

static int too_large(const char *path, size_t limit)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "'%s' is larger than the limit of %zu bytes", path,
                       limit);
}

/* VQE_ERR_IO for the system call that has just failed. */
static int fail(const char *verb, const char *path)
{
  (void)vqe_file_errno(errno, verb, path);
  return VQE_ERR_IO;
}

/* Neither a folder nor a file that is known to be too large. */
static int check_kind(int descriptor, const char *path, size_t limit)
{
  struct stat info = {0};
  if (fstat(descriptor, &info) != 0) {
    return VQE_OK; /* reading says what is wrong */
  }
  if (S_ISDIR(info.st_mode)) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "'%s' is a directory, not a file; move it away or name "
        "another",
        path);
  }
  if (S_ISREG(info.st_mode) && (uint64_t)info.st_size > limit) {
    return too_large(path, limit);
  }
  return VQE_OK;
}

/* Everything up to the end into *data, which grows; *used of `capacity` bytes
 * are filled, the last one never. */
static int read_all(char **data, size_t *used, size_t capacity, int descriptor,
                    const char *path, size_t limit)
{
  int status = VQE_OK;
  ssize_t got = 1;
  while (status == VQE_OK && got != 0) {
    if (*used + 1 == capacity) {
      status = vqe_memory_grow(data, *used, 2 * capacity, 1, path);
      if (status != VQE_OK) {
        return status;
      }
      capacity *= 2;
    }
    VQE_ASSERT(*used + 1 < capacity);
    got = read(descriptor, *data + *used, capacity - *used - 1);
    if (got > 0) {
      *used += (size_t)got;
      status = *used > limit ? too_large(path, limit) : VQE_OK;
    } else if (got < 0 && errno != EINTR) {
      status =
          vqe_error_set(VQE_ERR_IO, "reading '%s': %s", path, strerror(errno));
    }
  }
  return status;
}

int vqe_file_read_open(char **out, size_t *size, int descriptor,
                       const char *path, size_t limit)
{
  char *data = NULL;
  size_t used = 0;
  const size_t capacity = 65536;
  int status = check_kind(descriptor, path, limit);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&data, capacity, 1, path);
  }
  if (status == VQE_OK) {
    status = read_all(&data, &used, capacity, descriptor, path, limit);
  }
  if (status != VQE_OK) {
    free(data);
    return status;
  }
  data[used] = '\0';
  *out = data;
  *size = used;
  return VQE_OK;
}

static void sync_folder(const char *folder)
{
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    /* some file systems refuse this; the rename itself has happened */
    (void)fsync(descriptor);
    close(descriptor);
  }
}

void vqe_file_sync_parent(const char *path)
{
  char *folder = NULL;
  if (vqe_file_resolve(&folder, path, ".") == VQE_OK) {
    VQE_ASSERT(folder != NULL);
    sync_folder(folder);
    free(folder);
  }
}

int vqe_file_write_all(int descriptor, const char *path, const void *data,
                       size_t size)
{
  const char *bytes = data;
  while (size > 0) {
    ssize_t put = write(descriptor, bytes, size);
    if (put < 0 && errno != EINTR) {
      return fail("writing", path);
    }
    if (put > 0) {
      VQE_ASSERT((size_t)put <= size);
      bytes += put;
      size -= (size_t)put;
    }
  }
  return VQE_OK;
}

int vqe_file_lstat(struct stat *info, const char *path)
{
  char name[4096];
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') {
    length--;
  }
  if (length >= sizeof name) {
    errno = ENAMETOOLONG;
    return -1;
  }
  snprintf(name, sizeof name, "%.*s", (int)length, path);
  return lstat(name, info);
}

bool vqe_file_is_link_of_others(const char *path)
{
  struct stat info;
  return vqe_file_lstat(&info, path) == 0 && S_ISLNK(info.st_mode) &&
         info.st_uid != geteuid() && info.st_uid != 0;
}

/* What the link `path` names, seen from where `path` is; *out is NULL where it
 * is no link. One that another user has made could lead anywhere. */
static int read_link(char **out, const char *path)
{
  char name[4096];
  *out = NULL;
  if (vqe_file_is_link_of_others(path)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' is a symbolic link of another user, through "
                         "which nothing is written; name the file that it "
                         "leads to, or move it away",
                         path);
  }
  ssize_t size = readlink(path, name, sizeof name - 1);
  if (size < 0) {
    return VQE_OK;
  }
  name[size] = '\0';
  return vqe_file_resolve(out, path, name);
}

int vqe_file_follow(char **out, const char *path)
{
  char *at = NULL;
  char *next = NULL;
  int links = 0;
  *out = NULL;
  int status = vqe_memory_strdup(&at, path);
  if (status == VQE_OK) {
    status = read_link(&next, at);
  }
  while (status == VQE_OK && next != NULL && ++links <= MAX_LINKS) {
    free(at);
    at = next;
    status = read_link(&next, at);
  }
  if (links > MAX_LINKS) {
    free(next);
    status = vqe_error_set(
        VQE_ERR_INPUT, "'%s' is a symbolic link that leads to itself", path);
  }
  if (status == VQE_OK) {
    *out = at;
  } else {
    free(at);
  }
  return status;
}

int vqe_file_resolve(char **out, const char *base_file, const char *name)
{
  const char *slash = base_file == NULL ? NULL : strrchr(base_file, '/');
  if (name[0] == '/' || slash == NULL) {
    return vqe_memory_strdup(out, name);
  }
  if (asprintf(out, "%.*s/%s", (int)(slash - base_file), base_file, name) <
      0) {
    *out = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
  }
  return VQE_OK;
}

struct vqe_file_mark vqe_file_mark(const char *path)
{
  struct stat info;
  if (stat(path, &info) != 0) {
    return (struct vqe_file_mark){.size = 0};
  }
  return (struct vqe_file_mark){.device = (uint64_t)info.st_dev,
                                .inode = (uint64_t)info.st_ino,
                                .size = (uint64_t)info.st_size,
                                .seconds = info.st_mtim.tv_sec,
                                .nanoseconds = info.st_mtim.tv_nsec};
}

bool vqe_file_same(const struct vqe_file_mark *a,
                   const struct vqe_file_mark *b)
{
  return a->device == b->device && a->inode == b->inode &&
         a->size == b->size && a->seconds == b->seconds &&
         a->nanoseconds == b->nanoseconds;
}

const char *vqe_file_remedy(int error)
{
  switch (error) {
  case ENAMETOOLONG:
    return "use a shorter name";
  case ENOENT:
    return "make its folder";
  case ENOTDIR:
    return "a file stands where its folder should be: name another";
  case EISDIR:
    return "move the folder of that name away";
  case EACCES:
  case EPERM:
    return "make its folder writable";
  case EROFS:
    return "name another place, as this file system is read-only";
  case ENOSPC:
  case EDQUOT:
    return "make room there";
  default:
    return "name another place";
  }
}
