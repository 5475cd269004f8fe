/* kernels/gates.h in a build without cuStateVec's header. */
#include "base/error_message.h"
#include "kernels/gates.h"

static int refuse(void)
{
  return vqe_error_set(
      VQE_ERR_UNSUPPORTED,
      "this build has no cuStateVec; install NVIDIA cuQuantum (or run "
      "jobs/setup/cuda.sh), set CUQUANTUM_ROOT to where it is, and configure "
      "with a CUDA toolkit");
}

int vqe_gates_version(char *out, size_t size)
{
  (void)out;
  (void)size;
  return refuse();
}

int vqe_gates_open(struct vqe_gates **out, struct vqe_gpu *device, int nqubit,
                   bool single)
{
  (void)device;
  (void)nqubit;
  (void)single;
  *out = NULL;
  return refuse();
}

void vqe_gates_close(struct vqe_gates *gates)
{
  (void)gates;
}

uint64_t vqe_gates_workspace(const struct vqe_gates *gates)
{
  (void)gates;
  return 0;
}

int vqe_gates_lend(struct vqe_gates *gates, void *workspace)
{
  (void)gates;
  (void)workspace;
  return refuse();
}

int vqe_gates_rotate(struct vqe_gates *gates, void *state, uint64_t x,
                     uint64_t z, double angle)
{
  (void)gates;
  (void)state;
  (void)x;
  (void)z;
  (void)angle;
  return refuse();
}

int vqe_gates_matrix(struct vqe_gates *gates, void *state,
                     const double matrix[8], int target, int control)
{
  (void)gates;
  (void)state;
  (void)matrix;
  (void)target;
  (void)control;
  return refuse();
}

int vqe_gates_observe(struct vqe_gates *gates, const uint64_t *x,
                      const uint64_t *z, size_t count)
{
  (void)gates;
  (void)x;
  (void)z;
  (void)count;
  return refuse();
}

int vqe_gates_expect(struct vqe_gates *gates, double *out, const void *state)
{
  (void)gates;
  (void)out;
  (void)state;
  return refuse();
}
