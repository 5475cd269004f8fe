#include "device/device_stop.h"

#include "vqe/error.h"

int vqe_device_stop_check(const struct vqe_device_stop *stop, uint64_t work)
{
  if (stop == NULL || stop->stop == NULL || stop->stop->ask == NULL) {
    return VQE_OK;
  }
  struct vqe_stop *asked = stop->stop;
  asked->work += work;
  if (asked->work < stop->limit) {
    return VQE_OK;
  }
  asked->work = 0;
  int status = vqe_gpu_wait(stop->device);
  if (status == VQE_OK && asked->ask(asked->ctx)) {
    atomic_store_explicit(&asked->stopped, true, memory_order_relaxed);
    status = vqe_stop_status(asked);
  }
  return status;
}
