#include "device/device_memory.h"

#include <string.h>

#include "base/assert.h"
#include "kernels/shape.h"
#include "vqe/error.h"

#define MAX_BLOCKS 1024u

int vqe_device_place(struct vqe_gpu *device, void *out, const void *from,
                     size_t count, size_t size, const char *what)
{
  void *to = NULL;
  int status = vqe_gpu_alloc(device, &to, count, size, what);
  if (status == VQE_OK && from != NULL) {
    status = vqe_gpu_upload(device, to, from, count * size);
  }
  memcpy(out, &to, sizeof to);
  return status;
}

int vqe_device_planes_alloc(struct vqe_gpu *device, struct vqe_planes *planes,
                            int count, uint64_t size, size_t real_bytes,
                            const char *what)
{
  int status = VQE_OK;
  VQE_ASSERT(count == 1 || count == 2);
  planes->count = count;
  for (int k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_gpu_alloc(device, &planes->part[k], size, real_bytes, what);
  }
  return status;
}

unsigned vqe_device_blocks(uint64_t count)
{
  uint64_t blocks = (count + VQE_BLOCK - 1) / VQE_BLOCK;
  return blocks < 1 ? 1 : blocks < MAX_BLOCKS ? (unsigned)blocks : MAX_BLOCKS;
}
