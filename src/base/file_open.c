/* The opening of files by names that others may have given to something else:
 * a pipe waits for its other end, and hands over what is written to it. What a
 * name leads to is looked at by a descriptor that neither waits nor reads, and
 * that same thing is opened then. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"

/* One with a name: those without come from whoever started the program. */
static bool is_pipe_of_others(int descriptor, const struct stat *info)
{
  struct statfs system;
  return S_ISFIFO(info->st_mode) && info->st_uid != geteuid() &&
         info->st_uid != 0 &&
         (fstatfs(descriptor, &system) != 0 || system.f_type != PIPEFS_MAGIC);
}

/* A descriptor that only stands for what `path` leads to; -1 and errno where
 * there is nothing. */
static int look(int *place, struct stat *info, const char *path)
{
  *place = open(path, O_PATH | O_CLOEXEC);
  if (*place < 0 || fstat(*place, info) != 0) {
    return VQE_OK;
  }
  if (is_pipe_of_others(*place, info)) {
    close(*place);
    *place = -1;
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' is a pipe of another user, which is neither "
                         "read nor written; move it away or name another file",
                         path);
  }
  return VQE_OK;
}

/* Open what `place` stands for, and close that; -1 and errno on failure. */
static int reopen(int place, const char *path, int flags)
{
  char name[40];
  snprintf(name, sizeof name, "/proc/self/fd/%d", place);
  int descriptor = open(name, flags | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0 && errno == ENOENT) {
    descriptor = open(path, flags | O_CLOEXEC | O_NOCTTY); /* without /proc */
  }
  int code = errno;
  close(place);
  errno = code;
  return descriptor;
}

/* What the user names: a file, a device, or a pipe, which is waited for. */
static int open_read(int *descriptor, const char *path)
{
  struct stat info;
  int place;
  *descriptor = -1;
  int status = look(&place, &info, path);
  if (status == VQE_OK && place >= 0) {
    *descriptor = reopen(place, path, O_RDONLY);
  }
  if (status == VQE_OK && *descriptor < 0) {
    status = errno == ENOENT ? VQE_ERR_NOT_FOUND : VQE_ERR_IO;
    (void)vqe_file_errno(errno, "cannot read", path);
  }
  return status;
}

int vqe_file_open_regular(int *descriptor, const char *path)
{
  struct stat info = {0};
  int status = VQE_OK;
  *descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (*descriptor < 0) {
    status = errno == ENOENT ? VQE_ERR_NOT_FOUND : VQE_ERR_IO;
    (void)vqe_file_errno(errno, "cannot read", path);
  } else if (fstat(*descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = vqe_error_set(
        VQE_ERR_INPUT, "'%s' is a %s, not a file; move it away", path,
        S_ISDIR(info.st_mode) ? "directory" : "pipe, a socket or a device");
    close(*descriptor);
    *descriptor = -1;
  }
  return status;
}

int vqe_file_check_pipe(const char *path)
{
  struct stat info;
  int place;
  int status = look(&place, &info, path);
  if (place >= 0) {
    close(place);
  }
  return status;
}

int vqe_file_open_stream(int *descriptor, const char *path)
{
  struct stat info;
  int place;
  *descriptor = -1;
  int status = look(&place, &info, path);
  if (status != VQE_OK || place < 0) {
    return status;
  }
  if (S_ISREG(info.st_mode)) {
    close(place);
    return VQE_OK;
  }
  *descriptor = reopen(place, path, O_WRONLY);
  if (*descriptor < 0) {
    (void)vqe_file_errno(errno, "cannot write", path);
    return VQE_ERR_IO;
  }
  return VQE_OK;
}

int vqe_file_read(char **out, size_t *size, const char *path, size_t limit)
{
  int descriptor;
  int status = open_read(&descriptor, path);
  if (status == VQE_OK) {
    status = vqe_file_read_open(out, size, descriptor, path, limit);
    close(descriptor);
  }
  return status;
}

int vqe_file_read_regular(char **out, size_t *size, const char *path,
                          size_t limit)
{
  int descriptor;
  int status = vqe_file_open_regular(&descriptor, path);
  if (status == VQE_OK) {
    status = vqe_file_read_open(out, size, descriptor, path, limit);
    close(descriptor);
  }
  return status;
}
