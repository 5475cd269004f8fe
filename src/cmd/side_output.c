#include "side_output.h"

#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "vqe/error.h"

/* The folder of a path without links, and the name in it; the caller's. */
static char *plain_path(const char *path)
{
  char *folder_copy = strdup(path);
  char *name_copy = strdup(path);
  char *folder =
      folder_copy != NULL ? realpath(dirname(folder_copy), NULL) : NULL;
  char *out = NULL;
  if (folder != NULL && name_copy != NULL &&
      asprintf(&out, "%s/%s", folder, basename(name_copy)) < 0) {
    out = NULL;
  }
  free(folder);
  free(folder_copy);
  free(name_copy);
  return out;
}

/* Are these two names of one file, by links too? It need not exist. */
static bool is_same(const char *path, const char *other)
{
  struct stat a;
  struct stat b;
  if (stat(path, &a) == 0 && stat(other, &b) == 0) {
    return S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  }
  char *plain = plain_path(path);
  char *plain_other = plain_path(other);
  bool same =
      plain != NULL && plain_other != NULL && strcmp(plain, plain_other) == 0;
  free(plain);
  free(plain_other);
  return same;
}

static bool is_hdf5(const char *path)
{
  static const char signature[] = "\x89HDF\r\n\x1a\n";
  char start[sizeof signature - 1];
  int descriptor;
  /* a pipe must not be read */
  if (vqe_file_open_regular(&descriptor, path) != VQE_OK) {
    return false;
  }
  bool found = read(descriptor, start, sizeof start) == sizeof start &&
               memcmp(start, signature, sizeof start) == 0;
  close(descriptor);
  return found;
}

/* Can a file of that name be there? Said before the work, not after it. */
static int check_folder(const char *option, const char *path)
{
  struct stat info;
  char *copy = strdup(path);
  int code = lstat(path, &info) == 0 ? 0 : errno;
  if (code == 0 && S_ISDIR(info.st_mode)) {
    code = EISDIR;
  } else if (code == ENOENT && copy != NULL &&
             access(dirname(copy), W_OK) == 0) {
    code = 0; /* it will be made */
  } else if (code == ENOENT && copy != NULL) {
    code = errno;
  }
  free(copy);
  if (code == ENOENT) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option %s: there is no folder for '%s'; make it "
                         "first, or name another file",
                         option, path);
  }
  if (code != 0) {
    (void)vqe_file_errno(code, "cannot write", path);
    return vqe_error_context(VQE_ERR_INPUT, "option %s", option);
  }
  return VQE_OK;
}

/* Is it none of the links that nothing is written through, and no pipe of
 * another user? */
static int check_links(const char *option, const char *path)
{
  char *file = NULL;
  int status = vqe_file_follow(&file, path);
  free(file);
  if (status == VQE_OK) {
    status = vqe_file_check_pipe(path);
  }
  return status == VQE_OK ? VQE_OK
                          : vqe_error_context(status, "option %s", option);
}

int vqe_cmd_side_output_check(const char *option, const char *path,
                              const char *const *others, size_t count)
{
  if (path == NULL) {
    return VQE_OK;
  }
  int status = check_links(option, path);
  if (status == VQE_OK) {
    status = check_folder(option, path);
  }
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < count; k++) {
    if (others[k] != NULL && is_same(path, others[k])) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option %s: '%s' is also read or written as '%s'; "
                           "name another file",
                           option, path, others[k]);
    }
  }
  if (is_hdf5(path)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option %s: '%s' is an HDF5 file, which would be "
                         "lost; name another file",
                         option, path);
  }
  return VQE_OK;
}
