/* Records of the writer lock: any bytes that another left there are a lock
 * that is held, described as far as they go, and can be removed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects/objects_lock.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "0c9e2a4e-94d3-4b57-8f0c-0123456789ab"

static char folder[64];
static char locks[80];
static char path[160];
static struct vqe_objects *objects;

static void remove_folder(void)
{
  vqe_objects_close(objects);
  (void)unlink(path);
  (void)rmdir(locks);
  (void)rmdir(folder);
}

static void make_place(void)
{
  snprintf(folder, sizeof folder, "/tmp/vqe-fuzz-lock-XXXXXX");
  if (mkdtemp(folder) == NULL ||
      vqe_objects_open(&objects, folder, NULL) != VQE_OK) {
    abort();
  }
  snprintf(locks, sizeof locks, "%s/_locks", folder);
  snprintf(path, sizeof path, "%s/%s", locks, ID);
  mkdir(locks, 0700);
  atexit(remove_folder);
}

static int visit(void *ctx, const struct vqe_lock_info *info)
{
  int *count = ctx;
  if (strcmp(info->id, ID) != 0 || info->holder == NULL ||
      info->host == NULL || info->acquired_at == NULL ||
      info->process == NULL) {
    abort();
  }
  ++*count;
  return VQE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_lock *lock = NULL;
  size_t ended = 0;
  int count = 0;
  if (objects == NULL) {
    make_place();
  }
  FILE *file = fopen(path, "wb");
  if (file == NULL || (size > 0 && fwrite(data, 1, size, file) != size)) {
    abort();
  }
  fclose(file);
  if (vqe_lock_list(objects, visit, &count) != VQE_OK || count != 1 ||
      vqe_lock_acquire(&lock, objects, "fuzz", 0.0) != VQE_ERR_EXISTS ||
      vqe_error_message()[0] == '\0') {
    abort();
  }
  int status =
      vqe_lock_acquire_over_ended(&lock, &ended, objects, "fuzz", 0.0);
  if (status == VQE_OK ? ended != 1 || vqe_lock_release(lock) != VQE_OK
                       : status != VQE_ERR_EXISTS) {
    abort();
  }
  (void)vqe_lock_remove(objects, ID);
  return 0;
}
