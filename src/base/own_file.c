#include "base/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/error_message.h"
#include "base/file.h"

void vqe_own_file_user(char out[VQE_OWN_FILE_USER_SIZE],
                       const struct stat *info)
{
  struct passwd entry;
  struct passwd *found = NULL;
  char text[1024];
  if (getpwuid_r(info->st_uid, &entry, text, sizeof text, &found) == 0 &&
      found != NULL) {
    snprintf(out, VQE_OWN_FILE_USER_SIZE, "%s", found->pw_name);
  } else {
    snprintf(out, VQE_OWN_FILE_USER_SIZE, "user %lu",
             (unsigned long)info->st_uid);
  }
}

bool vqe_own_file_is_ours(const struct stat *info, const char *path)
{
  struct vqe_aside probe;
  struct stat ours;
  if (info->st_uid == geteuid()) {
    return true;
  }
  bool same = vqe_aside_open(&probe, path) == VQE_OK &&
              fstat(probe.descriptor, &ours) == 0 &&
              ours.st_uid == info->st_uid;
  vqe_aside_close(&probe);
  return same;
}

static int refuse(const struct stat *info, const char *path, const char *what)
{
  char user[VQE_OWN_FILE_USER_SIZE];
  vqe_own_file_user(user, info);
  return vqe_error_set(
      VQE_ERR_INPUT,
      "%s '%s' belongs to %s, and what others wrote is not taken over; run "
      "this as its owner, have it handed over (chown), or move it away",
      what, path, user);
}

static int check(int descriptor, const char *path, const char *what)
{
  struct stat info;
  if (fstat(descriptor, &info) != 0) {
    return vqe_file_errno(errno, "cannot read", path);
  }
  if (S_ISDIR(info.st_mode)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s '%s' is a directory, not a file; move it away or "
                         "name another",
                         what, path);
  }
  if (!S_ISREG(info.st_mode)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s '%s' is not a regular file; move it away", what,
                         path);
  }
  return vqe_own_file_is_ours(&info, path) ? VQE_OK
                                           : refuse(&info, path, what);
}

int vqe_own_file_open(int *descriptor, const char *path, int flags,
                      const char *what)
{
  *descriptor =
      open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0666);
  if (*descriptor < 0 && errno == ELOOP) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s '%s' is a symbolic link, which is not followed "
                         "there; move it away",
                         what, path);
  }
  if (*descriptor < 0) {
    int code = errno;
    return vqe_error_set(code == ENOENT ? VQE_ERR_NOT_FOUND : VQE_ERR_IO,
                         "%s '%s': %s; %s", what, path, strerror(code),
                         vqe_file_remedy(code));
  }
  int status = check(*descriptor, path, what);
  if (status != VQE_OK) {
    close(*descriptor);
    *descriptor = -1;
  }
  return status;
}

int vqe_own_file_folder(const char *path, const char *what)
{
  struct stat link;
  struct stat info;
  char *inside = NULL;
  int status = VQE_OK;
  if (vqe_file_lstat(&link, path) != 0 || stat(path, &info) != 0) {
    return vqe_file_errno(errno, "cannot read", path);
  }
  if (link.st_uid != geteuid() && !vqe_own_file_is_ours(&link, path)) {
    return refuse(&link, path, what);
  }
  if (info.st_uid != geteuid()) {
    if (asprintf(&inside, "%s/owner", path) < 0) {
      return vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
    }
    status = vqe_own_file_is_ours(&info, inside) ? VQE_OK
                                                 : refuse(&info, path, what);
    free(inside);
  }
  return status;
}

int vqe_own_file_check(const char *path, const char *what)
{
  struct stat info;
  return stat(path, &info) != 0 || vqe_own_file_is_ours(&info, path)
             ? VQE_OK
             : refuse(&info, path, what);
}

int vqe_own_file_read(char **out, size_t *size, const char *path, size_t limit,
                      const char *what)
{
  int descriptor;
  int status = vqe_own_file_open(&descriptor, path, O_RDONLY, what);
  if (status == VQE_OK) {
    status = vqe_file_read_open(out, size, descriptor, path, limit);
    close(descriptor);
  }
  return status;
}
