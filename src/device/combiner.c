#include "device/combiner.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"

/* A launcher with the device that it alone uses. */
struct entry {
  struct entry *next;
  struct vqe_launcher *launcher;
  struct vqe_gpu *device;
  int index;
  bool single;
  struct vqe_gpu_info info;
};

struct vqe_combiner {
  pthread_mutex_t lock;
  struct entry *entries;
};

int vqe_combiner_create(struct vqe_combiner **out)
{
  int missing = vqe_missing(__func__, "out", out);
  if (missing != VQE_OK) {
    return missing;
  }
  int status = vqe_memory_alloc(out, 1, sizeof **out, "a combiner");
  if (status == VQE_OK) {
    pthread_mutex_init(&(*out)->lock, NULL);
  }
  return status;
}

static void entry_free(struct entry *entry)
{
  if (entry == NULL) {
    return;
  }
  vqe_gpu_close(entry->device);
  vqe_launcher_free(entry->launcher);
  free(entry);
}

void vqe_combiner_free(struct vqe_combiner *combiner)
{
  if (combiner == NULL) {
    return;
  }
  while (combiner->entries != NULL) {
    struct entry *entry = combiner->entries;
    combiner->entries = entry->next;
    entry_free(entry);
  }
  pthread_mutex_destroy(&combiner->lock);
  free(combiner);
}

static int entry_create(struct entry **out, int index, bool single)
{
  struct entry *entry = NULL;
  int status = vqe_memory_alloc(&entry, 1, sizeof *entry, "a launcher");
  if (status == VQE_OK) {
    entry->index = index;
    entry->single = single;
    status = vqe_gpu_describe(&entry->info, index);
  }
  if (status == VQE_OK) {
    status = vqe_gpu_open(&entry->device, index, single);
  }
  if (status == VQE_OK) {
    status = vqe_launcher_create(&entry->launcher, entry->device);
  }
  if (status != VQE_OK) {
    entry_free(entry);
    entry = NULL;
  }
  *out = entry;
  return status;
}

int vqe_combiner_launcher(struct vqe_launcher **out, struct vqe_gpu_info *info,
                          struct vqe_combiner *combiner, int index,
                          bool single)
{
  int status = VQE_OK;
  *out = NULL;
  pthread_mutex_lock(&combiner->lock);
  struct entry *entry = combiner->entries;
  while (entry != NULL && (entry->index != index || entry->single != single)) {
    entry = entry->next;
  }
  if (entry == NULL) {
    status = entry_create(&entry, index, single);
    if (status == VQE_OK) {
      entry->next = combiner->entries;
      combiner->entries = entry;
    }
  }
  if (status == VQE_OK) {
    *out = entry->launcher;
    *info = entry->info;
  }
  pthread_mutex_unlock(&combiner->lock);
  return status;
}
