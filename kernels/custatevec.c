/* kernels/gates.h on NVIDIA's cuStateVec. The library is loaded when it is
 * asked for: a program without it starts and has its own kernels, and one that
 * does not want it does not carry its 70 MB. */
#include <custatevec.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "kernels/gates.h"

#define NAME "libcustatevec.so.1"

/* What is taken of it, by the header's own types. */
/* clang-format off */
#define CALLS(call)                                                           \
  call(Create)                                                                \
  call(Destroy)                                                               \
  call(SetStream)                                                             \
  call(GetDefaultWorkspaceSize)                                               \
  call(SetWorkspace)                                                          \
  call(GetErrorString)                                                        \
  call(GetProperty)                                                           \
  call(ApplyPauliRotation)                                                    \
  call(ApplyMatrix)                                                           \
  call(ApplyMatrixGetWorkspaceSize)                                           \
  call(ComputeExpectationsOnPauliBasis)
/* clang-format on */

struct library {
  void *handle;
#define MEMBER(name) __typeof__(custatevec##name) *(name);
  CALLS(MEMBER)
#undef MEMBER
};

/* A Pauli string as the library takes it. */
struct word {
  uint32_t count;
  custatevecPauli_t pauli[64];
  int32_t qubit[64];
};

struct vqe_gates {
  struct library library;
  struct vqe_gpu *device;
  custatevecHandle_t handle;
  cudaDataType_t type;
  uint32_t nqubit;
  /* lent for every call, and beside it for matrices; bytes */
  size_t common, extra;
  void *workspace;
  /* the strings to take expectations of */
  size_t count;
  custatevecPauli_t *paulis;
  int32_t *qubits;
  const custatevecPauli_t **pauli_of;
  const int32_t **qubit_of;
  uint32_t *length;
};

/* Bytes that cudaMalloc aligns to, and the library needs. */
#define ALIGN 256

/* ---- the library ---- */

static void library_close(struct library *library)
{
  if (library->handle != NULL) {
    (void)dlclose(library->handle);
  }
  library->handle = NULL;
}

static int library_open(struct library *library)
{
  const char *missing = NULL;
  void *symbol;
  /* never unloaded: the driver keeps its kernels up to the end */
  library->handle = dlopen(NAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library->handle == NULL) {
    return vqe_error_set(
        VQE_ERR_UNSUPPORTED,
        "cuStateVec cannot be loaded (%s); install NVIDIA cuQuantum, or put "
        "the folder of " NAME " into LD_LIBRARY_PATH",
        dlerror());
  }
#define LOAD(name)                                                            \
  symbol = dlsym(library->handle, "custatevec" #name);                        \
  memcpy(&library->name, &symbol, sizeof symbol);                             \
  missing = symbol == NULL ? "custatevec" #name : missing;
  CALLS(LOAD)
#undef LOAD
  if (missing != NULL) {
    library_close(library);
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         NAME " has no %s; version %d.%d or later is needed",
                         missing, CUSTATEVEC_VER_MAJOR, CUSTATEVEC_VER_MINOR);
  }
  return VQE_OK;
}

int vqe_gates_version(char *out, size_t size)
{
  static const libraryPropertyType properties[3] = {
      MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL};
  struct library library;
  int32_t value[3] = {0};
  int status = library_open(&library);
  if (status != VQE_OK) {
    return status;
  }
  for (int k = 0; k < 3; k++) {
    (void)library.GetProperty(properties[k], &value[k]);
  }
  snprintf(out, size, "%d.%d.%d", value[0], value[1], value[2]);
  library_close(&library);
  return VQE_OK;
}

static int check(const struct vqe_gates *gates, custatevecStatus_t error,
                 const char *what)
{
  if (error == CUSTATEVEC_STATUS_SUCCESS) {
    return VQE_OK;
  }
  return vqe_error_set(
      error == CUSTATEVEC_STATUS_ALLOC_FAILED ||
              error == CUSTATEVEC_STATUS_INSUFFICIENT_WORKSPACE
          ? VQE_ERR_MEMORY
          : VQE_ERR_IO,
      "cuStateVec, %s: %s", what, gates->library.GetErrorString(error));
}

/* ---- life ---- */

static int open_handle(struct vqe_gates *gates)
{
  void *stream = NULL;
  int status = library_open(&gates->library);
  if (status == VQE_OK) {
    status = vqe_gpu_stream(gates->device, &stream);
  }
  if (status == VQE_OK) {
    status = check(gates, gates->library.Create(&gates->handle), "opening");
  }
  if (status == VQE_OK) {
    status = check(
        gates, gates->library.SetStream(gates->handle, (cudaStream_t)stream),
        "choosing a stream");
  }
  if (status == VQE_OK) {
    status = check(
        gates,
        gates->library.GetDefaultWorkspaceSize(gates->handle, &gates->common),
        "asking for the size of its workspace");
  }
  return status;
}

/* A matrix on one qubit, controlled by at most one, is all there will be. */
static int query_extra(struct vqe_gates *gates)
{
  static const double matrix[8] = {1, 0, 0, 0, 0, 0, 1, 0};
  return check(gates,
               gates->library.ApplyMatrixGetWorkspaceSize(
                   gates->handle, gates->type, gates->nqubit, matrix,
                   CUDA_C_64F, CUSTATEVEC_MATRIX_LAYOUT_ROW, 0, 1,
                   gates->nqubit > 1, CUSTATEVEC_COMPUTE_DEFAULT,
                   &gates->extra),
               "asking for the workspace of a matrix");
}

int vqe_gates_open(struct vqe_gates **out, struct vqe_gpu *device, int nqubit,
                   bool single)
{
  struct vqe_gates *gates = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&gates, 1, sizeof *gates, "gates");
  if (status != VQE_OK) {
    return status;
  }
  gates->device = device;
  gates->nqubit = (uint32_t)nqubit;
  gates->type = single ? CUDA_C_32F : CUDA_C_64F;
  status = open_handle(gates);
  if (status == VQE_OK) {
    status = query_extra(gates);
  }
  if (status != VQE_OK) {
    vqe_gates_close(gates);
    return status;
  }
  gates->common = (gates->common + ALIGN - 1) / ALIGN * ALIGN;
  *out = gates;
  return VQE_OK;
}

static void forget_strings(struct vqe_gates *gates)
{
  free(gates->paulis);
  free(gates->qubits);
  free(gates->pauli_of);
  free(gates->qubit_of);
  free(gates->length);
  gates->paulis = NULL;
  gates->qubits = NULL;
  gates->pauli_of = NULL;
  gates->qubit_of = NULL;
  gates->length = NULL;
  gates->count = 0;
}

void vqe_gates_close(struct vqe_gates *gates)
{
  void *stream;
  if (gates == NULL) {
    return;
  }
  if (gates->handle != NULL &&
      vqe_gpu_stream(gates->device, &stream) == VQE_OK) {
    (void)gates->library.Destroy(gates->handle);
  }
  library_close(&gates->library);
  forget_strings(gates);
  free(gates);
}

uint64_t vqe_gates_workspace(const struct vqe_gates *gates)
{
  return gates->common + gates->extra;
}

int vqe_gates_lend(struct vqe_gates *gates, void *workspace)
{
  gates->workspace = workspace;
  return check(
      gates,
      gates->library.SetWorkspace(gates->handle, workspace, gates->common),
      "setting its workspace");
}

/* ---- gates ---- */

static void spell(struct word *word, uint64_t x, uint64_t z)
{
  word->count = 0;
  for (uint64_t left = x | z; left != 0; left &= left - 1) {
    int q = __builtin_ctzll(left);
    word->qubit[word->count] = q;
    word->pauli[word->count++] = (x >> q & 1) == 0   ? CUSTATEVEC_PAULI_Z
                                 : (z >> q & 1) == 0 ? CUSTATEVEC_PAULI_X
                                                     : CUSTATEVEC_PAULI_Y;
  }
}

/* The library's theta stands in exp(i theta P). */
int vqe_gates_rotate(struct vqe_gates *gates, void *state, uint64_t x,
                     uint64_t z, double angle)
{
  struct word word;
  void *stream;
  int status = vqe_gpu_stream(gates->device, &stream);
  if (status != VQE_OK) {
    return status;
  }
  spell(&word, x, z);
  return check(gates,
               gates->library.ApplyPauliRotation(
                   gates->handle, state, gates->type, gates->nqubit,
                   -0.5 * angle, word.pauli, word.qubit, word.count, NULL,
                   NULL, 0),
               "a Pauli rotation");
}

int vqe_gates_matrix(struct vqe_gates *gates, void *state,
                     const double matrix[8], int target, int control)
{
  int32_t targets[1] = {target};
  int32_t controls[1] = {control};
  void *stream;
  int status = vqe_gpu_stream(gates->device, &stream);
  if (status != VQE_OK) {
    return status;
  }
  return check(
      gates,
      gates->library.ApplyMatrix(
          gates->handle, state, gates->type, gates->nqubit, matrix, CUDA_C_64F,
          CUSTATEVEC_MATRIX_LAYOUT_ROW, 0, targets, 1, controls, NULL,
          control >= 0, CUSTATEVEC_COMPUTE_DEFAULT,
          gates->extra > 0 ? (char *)gates->workspace + gates->common : NULL,
          gates->extra),
      "a matrix");
}

/* ---- expectations ---- */

static int alloc_strings(struct vqe_gates *gates, size_t count, size_t letters)
{
  static const char *const what = "Pauli strings of cuStateVec";
  int status =
      vqe_memory_alloc(&gates->paulis, letters, sizeof *gates->paulis, what);
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&gates->qubits, letters, sizeof *gates->qubits, what);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&gates->pauli_of, count, sizeof *gates->pauli_of,
                              what);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&gates->qubit_of, count, sizeof *gates->qubit_of,
                              what);
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&gates->length, count, sizeof *gates->length, what);
  }
  return status;
}

int vqe_gates_observe(struct vqe_gates *gates, const uint64_t *x,
                      const uint64_t *z, size_t count)
{
  size_t letters = 0;
  forget_strings(gates);
  if (count > UINT32_MAX) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%zu Pauli strings are more than cuStateVec takes",
                         count);
  }
  for (size_t k = 0; k < count; k++) {
    letters += (size_t)__builtin_popcountll(x[k] | z[k]);
  }
  int status = alloc_strings(gates, count, letters);
  if (status != VQE_OK) {
    forget_strings(gates);
    return status;
  }
  letters = 0;
  for (size_t k = 0; k < count; k++) {
    struct word word;
    spell(&word, x[k], z[k]);
    gates->pauli_of[k] = gates->paulis + letters;
    gates->qubit_of[k] = gates->qubits + letters;
    gates->length[k] = word.count;
    for (uint32_t j = 0; j < word.count; j++) {
      gates->paulis[letters] = word.pauli[j];
      gates->qubits[letters++] = word.qubit[j];
    }
  }
  gates->count = count;
  return VQE_OK;
}

int vqe_gates_expect(struct vqe_gates *gates, double *out, const void *state)
{
  void *stream;
  int status = vqe_gpu_stream(gates->device, &stream);
  if (status != VQE_OK || gates->count == 0) {
    return status;
  }
  return check(gates,
               gates->library.ComputeExpectationsOnPauliBasis(
                   gates->handle, state, gates->type, gates->nqubit, out,
                   gates->pauli_of, (uint32_t)gates->count, gates->qubit_of,
                   gates->length),
               "expectations");
}
