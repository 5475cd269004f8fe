/* The calls of libcustatevec that kernels/custatevec.c makes, in loops on the
 * host, as NVIDIA documents them: with it the tests run that file itself, for
 * which a GPU is needed otherwise. Strict about what it is given. */
#include <custatevec.h>

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Bytes that the library asks for: odd ones, and more for a matrix. */
#define COMMON 1000
#define EXTRA 512

struct custatevecContext {
  void *workspace;
  bool stream;
};

custatevecStatus_t custatevecCreate(custatevecHandle_t *handle)
{
  *handle = calloc(1, sizeof **handle);
  return *handle != NULL ? CUSTATEVEC_STATUS_SUCCESS
                         : CUSTATEVEC_STATUS_ALLOC_FAILED;
}

custatevecStatus_t custatevecDestroy(custatevecHandle_t handle)
{
  free(handle);
  return CUSTATEVEC_STATUS_SUCCESS;
}

custatevecStatus_t custatevecSetStream(custatevecHandle_t handle,
                                       cudaStream_t streamId)
{
  (void)streamId;
  handle->stream = true;
  return CUSTATEVEC_STATUS_SUCCESS;
}

custatevecStatus_t
custatevecGetDefaultWorkspaceSize(custatevecHandle_t handle,
                                  size_t *workspaceSizeInBytes)
{
  (void)handle;
  *workspaceSizeInBytes = COMMON;
  return CUSTATEVEC_STATUS_SUCCESS;
}

custatevecStatus_t custatevecSetWorkspace(custatevecHandle_t handle,
                                          void *workspace,
                                          size_t workspaceSizeInBytes)
{
  handle->workspace = workspace;
  return workspaceSizeInBytes >= COMMON
             ? CUSTATEVEC_STATUS_SUCCESS
             : CUSTATEVEC_STATUS_INSUFFICIENT_WORKSPACE;
}

const char *custatevecGetErrorString(custatevecStatus_t status)
{
  return status == CUSTATEVEC_STATUS_INVALID_VALUE ? "invalid value"
                                                   : "something else";
}

custatevecStatus_t custatevecGetProperty(libraryPropertyType type,
                                         int32_t *value)
{
  (void)type;
  *value = 0;
  return CUSTATEVEC_STATUS_SUCCESS;
}

/* ---- amplitudes ---- */

static double complex get(const void *sv, cudaDataType_t type, int64_t i)
{
  return type == CUDA_C_32F ? (double complex)((const float complex *)sv)[i]
                            : ((const double complex *)sv)[i];
}

static void put(void *sv, cudaDataType_t type, int64_t i, double complex value)
{
  if (type == CUDA_C_32F) {
    ((float complex *)sv)[i] = (float complex)value;
  } else {
    ((double complex *)sv)[i] = value;
  }
}

/* Bits in range, none twice. */
static bool good_bits(const int32_t *bits, uint32_t count, uint32_t n,
                      int64_t *seen)
{
  for (uint32_t k = 0; k < count; k++) {
    if (bits[k] < 0 || (uint32_t)bits[k] >= n || (*seen >> bits[k] & 1)) {
      return false;
    }
    *seen |= INT64_C(1) << bits[k];
  }
  return true;
}

static bool ready(custatevecHandle_t handle, const void *sv,
                  cudaDataType_t type)
{
  return handle != NULL && handle->stream && handle->workspace != NULL &&
         sv != NULL && (type == CUDA_C_32F || type == CUDA_C_64F);
}

/* Row of P that holds column i, and its element. */
static double complex column(int64_t *row, int64_t i,
                             const custatevecPauli_t *paulis,
                             const int32_t *bits, uint32_t count)
{
  double complex value = 1.0;
  *row = i;
  for (uint32_t k = 0; k < count; k++) {
    bool one = i >> bits[k] & 1;
    switch (paulis[k]) {
    case CUSTATEVEC_PAULI_I:
      break;
    case CUSTATEVEC_PAULI_X:
      *row ^= INT64_C(1) << bits[k];
      break;
    case CUSTATEVEC_PAULI_Y:
      *row ^= INT64_C(1) << bits[k];
      value *= one ? -I : I;
      break;
    case CUSTATEVEC_PAULI_Z:
      value *= one ? -1.0 : 1.0;
      break;
    }
  }
  return value;
}

/* exp(i theta P) */
custatevecStatus_t custatevecApplyPauliRotation(
    custatevecHandle_t handle, void *sv, cudaDataType_t svDataType,
    const uint32_t nIndexBits, double theta, const custatevecPauli_t *paulis,
    const int32_t *targets, const uint32_t nTargets, const int32_t *controls,
    const int32_t *controlBitValues, const uint32_t nControls)
{
  int64_t seen = 0;
  (void)controls;
  (void)controlBitValues;
  if (!ready(handle, sv, svDataType) || nTargets == 0 || nControls > 0 ||
      !good_bits(targets, nTargets, nIndexBits, &seen)) {
    return CUSTATEVEC_STATUS_INVALID_VALUE;
  }
  double complex is = I * sin(theta);
  for (int64_t i = 0; i < INT64_C(1) << nIndexBits; i++) {
    int64_t j;
    int64_t back;
    double complex down = column(&j, i, paulis, targets, nTargets);
    double complex up = column(&back, j, paulis, targets, nTargets);
    double complex a = get(sv, svDataType, i);
    double complex b = get(sv, svDataType, j);
    if (i <= j) {
      put(sv, svDataType, i, cos(theta) * a + is * up * b);
    }
    if (i < j) {
      put(sv, svDataType, j, cos(theta) * b + is * down * a);
    }
  }
  return CUSTATEVEC_STATUS_SUCCESS;
}

custatevecStatus_t custatevecApplyMatrixGetWorkspaceSize(
    custatevecHandle_t handle, cudaDataType_t svDataType,
    const uint32_t nIndexBits, const void *matrix,
    cudaDataType_t matrixDataType, custatevecMatrixLayout_t layout,
    const int32_t adjoint, const uint32_t nTargets, const uint32_t nControls,
    custatevecComputeType_t computeType, size_t *extraWorkspaceSizeInBytes)
{
  (void)handle;
  (void)svDataType;
  (void)nIndexBits;
  (void)matrix;
  (void)matrixDataType;
  (void)layout;
  (void)adjoint;
  (void)nTargets;
  (void)nControls;
  (void)computeType;
  *extraWorkspaceSizeInBytes = EXTRA;
  return CUSTATEVEC_STATUS_SUCCESS;
}

/* One target and at most one control, on 1. */
custatevecStatus_t custatevecApplyMatrix(
    custatevecHandle_t handle, void *sv, cudaDataType_t svDataType,
    const uint32_t nIndexBits, const void *matrix,
    cudaDataType_t matrixDataType, custatevecMatrixLayout_t layout,
    const int32_t adjoint, const int32_t *targets, const uint32_t nTargets,
    const int32_t *controls, const int32_t *controlBitValues,
    const uint32_t nControls, custatevecComputeType_t computeType,
    void *extraWorkspace, size_t extraWorkspaceSizeInBytes)
{
  const double complex *m = matrix;
  int64_t seen = 0;
  (void)computeType;
  if (!ready(handle, sv, svDataType) || matrixDataType != CUDA_C_64F ||
      layout != CUSTATEVEC_MATRIX_LAYOUT_ROW || adjoint || nTargets != 1 ||
      nControls > 1 || controlBitValues != NULL ||
      !good_bits(targets, 1, nIndexBits, &seen) ||
      !good_bits(controls, nControls, nIndexBits, &seen)) {
    return CUSTATEVEC_STATUS_INVALID_VALUE;
  }
  if (extraWorkspace == NULL || extraWorkspaceSizeInBytes < EXTRA ||
      (char *)extraWorkspace < (char *)handle->workspace + COMMON) {
    return CUSTATEVEC_STATUS_INSUFFICIENT_WORKSPACE;
  }
  int64_t bit = INT64_C(1) << targets[0];
  for (int64_t i = 0; i < INT64_C(1) << nIndexBits; i++) {
    if ((i & bit) != 0 || (nControls == 1 && (i >> controls[0] & 1) == 0)) {
      continue;
    }
    double complex a = get(sv, svDataType, i);
    double complex b = get(sv, svDataType, i | bit);
    put(sv, svDataType, i, m[0] * a + m[1] * b);
    put(sv, svDataType, i | bit, m[2] * a + m[3] * b);
  }
  return CUSTATEVEC_STATUS_SUCCESS;
}

custatevecStatus_t custatevecComputeExpectationsOnPauliBasis(
    custatevecHandle_t handle, const void *sv, cudaDataType_t svDataType,
    const uint32_t nIndexBits, double *expectationValues,
    const custatevecPauli_t **pauliOperatorsArray,
    const uint32_t nPauliOperatorArrays, const int32_t **basisBitsArray,
    const uint32_t *nBasisBitsArray)
{
  if (!ready(handle, sv, svDataType)) {
    return CUSTATEVEC_STATUS_INVALID_VALUE;
  }
  for (uint32_t k = 0; k < nPauliOperatorArrays; k++) {
    double complex sum = 0.0;
    int64_t seen = 0;
    if (!good_bits(basisBitsArray[k], nBasisBitsArray[k], nIndexBits, &seen)) {
      return CUSTATEVEC_STATUS_INVALID_VALUE;
    }
    for (int64_t i = 0; i < INT64_C(1) << nIndexBits; i++) {
      int64_t row;
      double complex value = column(&row, i, pauliOperatorsArray[k],
                                    basisBitsArray[k], nBasisBitsArray[k]);
      sum += conj(get(sv, svDataType, row)) * value * get(sv, svDataType, i);
    }
    expectationValues[k] = creal(sum);
  }
  return CUSTATEVEC_STATUS_SUCCESS;
}
