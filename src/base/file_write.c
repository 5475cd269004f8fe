/* The writing of whole files, by what stands aside meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/error_message.h"
#include "base/file.h"

/* Pipes and devices take bytes, but no file in their place. */
static int write_into(const char *path, const void *data, size_t size)
{
  int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) {
    (void)vqe_file_errno(errno, "cannot write", path);
    return VQE_ERR_IO;
  }
  int status = vqe_file_write_all(descriptor, path, data, size);
  if (close(descriptor) != 0 && status == VQE_OK) {
    (void)vqe_file_errno(errno, "writing", path);
    status = VQE_ERR_IO;
  }
  return status;
}

int vqe_file_write(const char *path, const void *data, size_t size)
{
  struct stat info;
  char *file = NULL;
  int status = vqe_file_follow(&file, path);
  if (status == VQE_OK && stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
    status = write_into(path, data, size);
  } else if (status == VQE_OK) {
    vqe_aside_sweep(file);
    status = vqe_aside_write(file, data, size);
  }
  free(file);
  return status;
}
