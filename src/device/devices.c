/* The devices of a machine and the library of gates, to be chosen from or
 * printed. */
#include "device/devices.h"

#include <stdio.h>

#include "base/missing.h"
#include "kernels/gates.h"
#include "vqe/error.h"

int vqe_devices(const char **reason)
{
  return vqe_gpu_count(reason);
}

void vqe_device_summary_fill(struct vqe_device_summary *out, int index,
                             const struct vqe_gpu_info *info)
{
  out->index = index;
  snprintf(out->name, sizeof out->name, "%s", info->name);
  snprintf(out->driver, sizeof out->driver, "%s", info->driver);
  out->compute_major = info->compute_major;
  out->compute_minor = info->compute_minor;
  out->multiprocessors = info->multiprocessors;
  out->bytes = info->bytes;
  out->free_bytes = info->free_bytes;
}

int vqe_device_summarize(struct vqe_device_summary *out, int index)
{
  int missing = vqe_missing(__func__, "out", out);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_gpu_info info;
  int status = vqe_gpu_describe(&info, index);
  if (status == VQE_OK) {
    vqe_device_summary_fill(out, index, &info);
  }
  return status;
}

int vqe_custatevec_version(char *out, size_t size)
{
  int missing = vqe_missing(__func__, "out", out);
  if (missing != VQE_OK) {
    return missing;
  }
  return vqe_gates_version(out, size);
}

const char *vqe_device_products(void)
{
  return vqe_gpu_products();
}
