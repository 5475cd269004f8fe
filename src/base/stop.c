#include "base/stop.h"

#include "base/error_message.h"

int vqe_stop_status(const struct vqe_stop *stop)
{
  return stop != NULL &&
                 atomic_load_explicit(&stop->stopped, memory_order_relaxed)
             ? vqe_error_set(VQE_ERR_INTERRUPTED,
                             "the evaluation was interrupted")
             : VQE_OK;
}
