#include "store/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

void vqe_sync_folder(const char *path)
{
  char *folder = NULL;
  if (vqe_file_resolve(&folder, path, ".") != VQE_OK) {
    return;
  }
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    (void)fsync(descriptor);
    close(descriptor);
  }
  free(folder);
}

int vqe_sync_file(const char *path)
{
  int status = VQE_OK;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 || fsync(descriptor) != 0) {
    status =
        vqe_error_set(VQE_ERR_IO, "syncing '%s': %s", path, strerror(errno));
  }
  if (descriptor >= 0) {
    close(descriptor);
  }
  return status;
}
