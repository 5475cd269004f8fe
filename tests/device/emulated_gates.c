/* kernels/gates.h in loops on the host, from what NVIDIA documents of
 * cuStateVec. */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulated_device.h"
#include "kernels/gates.h"

#include "base/error_message.h"

bool vqe_emulated_library = true;

/* What gates work in here: nothing, but to be asked for and lent. */
#define WORKSPACE 4096

struct vqe_gates {
  struct vqe_gpu *device;
  uint64_t size;
  bool single;
  void *workspace;
  size_t count;
  uint64_t *x, *z;
};

int vqe_gates_version(char *out, size_t size)
{
  if (!vqe_emulated_library) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED, "no cuStateVec is emulated");
  }
  snprintf(out, size, "0.0.0");
  return VQE_OK;
}

int vqe_gates_open(struct vqe_gates **out, struct vqe_gpu *device, int nqubit,
                   bool single)
{
  *out = calloc(1, sizeof **out);
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for gates");
  }
  (*out)->device = device;
  (*out)->size = UINT64_C(1) << nqubit;
  (*out)->single = single;
  return VQE_OK;
}

static void forget_strings(struct vqe_gates *gates)
{
  free(gates->x);
  free(gates->z);
  gates->x = NULL;
  gates->z = NULL;
  gates->count = 0;
}

void vqe_gates_close(struct vqe_gates *gates)
{
  if (gates != NULL) {
    forget_strings(gates);
    free(gates);
  }
}

uint64_t vqe_gates_workspace(const struct vqe_gates *gates)
{
  (void)gates;
  return WORKSPACE;
}

int vqe_gates_lend(struct vqe_gates *gates, void *workspace)
{
  gates->workspace = workspace;
  memset(workspace, 0xff, WORKSPACE);
  return VQE_OK;
}

static double complex get(const struct vqe_gates *gates, const void *state,
                          uint64_t i)
{
  return gates->single ? (double complex)((const float complex *)state)[i]
                       : ((const double complex *)state)[i];
}

static void put(const struct vqe_gates *gates, void *state, uint64_t i,
                double complex value)
{
  if (gates->single) {
    ((float complex *)state)[i] = (float complex)value;
  } else {
    ((double complex *)state)[i] = value;
  }
}

/* Counts as a launch, needs its workspace. */
static int begin(struct vqe_gates *gates)
{
  void *stream;
  if (gates->workspace == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "no workspace was lent");
  }
  return vqe_gpu_stream(gates->device, &stream);
}

/* <i ^ x|P|i>: letter by letter, X|0> = |1>, Y|0> = i|1>, Z|1> = -|1>. */
static double complex element(uint64_t x, uint64_t z, uint64_t i)
{
  double complex value = 1.0;
  for (uint64_t left = x | z; left != 0; left &= left - 1) {
    uint64_t bit = left & (~left + 1);
    bool one = (i & bit) != 0;
    if ((x & bit) == 0) {
      value *= one ? -1.0 : 1.0;
    } else if ((z & bit) != 0) {
      value *= one ? -I : I;
    }
  }
  return value;
}

/* exp(-i angle/2 P) = cos - i sin P */
int vqe_gates_rotate(struct vqe_gates *gates, void *state, uint64_t x,
                     uint64_t z, double angle)
{
  double c = cos(0.5 * angle);
  double s = sin(0.5 * angle);
  int status = begin(gates);
  if (status != VQE_OK || (x | z) == 0) {
    return status != VQE_OK
               ? status
               : vqe_error_set(VQE_ERR_INPUT, "a rotation about nothing");
  }
  for (uint64_t i = 0; i < gates->size; i++) {
    uint64_t j = i ^ x;
    double complex a = get(gates, state, i);
    double complex b = get(gates, state, j);
    if (i <= j) {
      put(gates, state, i, c * a - I * s * element(x, z, j) * b);
    }
    if (i < j) {
      put(gates, state, j, c * b - I * s * element(x, z, i) * a);
    }
  }
  return VQE_OK;
}

int vqe_gates_matrix(struct vqe_gates *gates, void *state,
                     const double matrix[8], int target, int control)
{
  uint64_t bit = UINT64_C(1) << target;
  int status = begin(gates);
  if (status == VQE_OK && bit >= gates->size) {
    status = vqe_error_set(VQE_ERR_IO, "cuStateVec, a matrix: no such qubit");
  }
  if (status != VQE_OK) {
    return status;
  }
  for (uint64_t i = 0; i < gates->size; i++) {
    if ((i & bit) != 0 || (control >= 0 && (i >> control & 1) == 0)) {
      continue;
    }
    double complex a = get(gates, state, i);
    double complex b = get(gates, state, i | bit);
    put(gates, state, i,
        (matrix[0] + I * matrix[1]) * a + (matrix[2] + I * matrix[3]) * b);
    put(gates, state, i | bit,
        (matrix[4] + I * matrix[5]) * a + (matrix[6] + I * matrix[7]) * b);
  }
  return VQE_OK;
}

int vqe_gates_observe(struct vqe_gates *gates, const uint64_t *x,
                      const uint64_t *z, size_t count)
{
  forget_strings(gates);
  gates->x = malloc((count + 1) * sizeof *x);
  gates->z = malloc((count + 1) * sizeof *z);
  if (gates->x == NULL || gates->z == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for strings");
  }
  memcpy(gates->x, x, count * sizeof *x);
  memcpy(gates->z, z, count * sizeof *z);
  gates->count = count;
  return VQE_OK;
}

int vqe_gates_expect(struct vqe_gates *gates, double *out, const void *state)
{
  int status = begin(gates);
  for (size_t k = 0; status == VQE_OK && k < gates->count; k++) {
    /* element(0) times the sign of i, taken out of the sum: there are many */
    double complex first = element(gates->x[k], gates->z[k], 0);
    double re = 0.0;
    double im = 0.0;
    for (uint64_t i = 0; i < gates->size; i++) {
      double complex a = get(gates, state, i);
      double complex b = get(gates, state, i ^ gates->x[k]);
      double sign = __builtin_parityll(i & gates->z[k]) ? -1.0 : 1.0;
      re += sign * (creal(b) * creal(a) + cimag(b) * cimag(a));
      im += sign * (creal(b) * cimag(a) - cimag(b) * creal(a));
    }
    out[k] = creal(first) * re - cimag(first) * im;
  }
  return status;
}
