/* kernels/products.h on NVIDIA's cuBLAS. */
#include "kernels/products.h"

#include <cublas_v2.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

/* the version whose header this is built with, as its binary interface is */
#define TEXT(x) #x
#define NAME_OF(major) "libcublas.so." TEXT(major)
#define NAME NAME_OF(CUBLAS_VER_MAJOR)

/* What is taken of it, by the header's own types, which may be macros for a
 * later version of a function. */
struct library {
  void *handle;
  __typeof__(cublasCreate_v2) *create;
  __typeof__(cublasDestroy_v2) *destroy;
  __typeof__(cublasSetStream_v2) *set_stream;
  __typeof__(cublasSetWorkspace_v2) *set_workspace;
  __typeof__(cublasDgemm_v2) *dgemm;
  __typeof__(cublasGetProperty) *property;
  __typeof__(cublasGetStatusString) *text;
};

struct vqe_products {
  const struct library *library;
  cublasHandle_t handle;
};

static struct library the_library;
static char the_text[64];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void describe(const struct library *library)
{
  int value[3] = {0};
  for (int k = 0; k < 3; k++) {
    (void)library->property((libraryPropertyType)k, &value[k]);
  }
  snprintf(the_text, sizeof the_text, "cuBLAS %d.%d.%d", value[0], value[1],
           value[2]);
}

static void load(void)
{
  struct library library = {0};
  const char *own = getenv("VQE_OWN_PRODUCTS");
  void *symbol;
  int missing = 0;
  snprintf(the_text, sizeof the_text, "own kernel (VQE_OWN_PRODUCTS=1)");
  if (own != NULL && strcmp(own, "1") == 0) {
    return;
  }
  /* never unloaded: the driver keeps its kernels up to the end */
  snprintf(the_text, sizeof the_text, "own kernel (%s cannot be loaded)",
           NAME);
  library.handle = dlopen(NAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library.handle == NULL) {
    return;
  }
#define LOAD(member, name)                                                    \
  symbol = dlsym(library.handle, name);                                       \
  memcpy(&library.member, &symbol, sizeof symbol);                            \
  missing += symbol == NULL;
  LOAD(create, "cublasCreate_v2")
  LOAD(destroy, "cublasDestroy_v2")
  LOAD(set_stream, "cublasSetStream_v2")
  LOAD(set_workspace, "cublasSetWorkspace_v2")
  LOAD(dgemm, "cublasDgemm_v2")
  LOAD(property, "cublasGetProperty")
  LOAD(text, "cublasGetStatusString")
#undef LOAD
  if (missing == 0) {
    the_library = library;
    describe(&library);
  }
}

static int check(const struct library *library, cublasStatus_t error,
                 const char *what)
{
  if (error == CUBLAS_STATUS_SUCCESS) {
    return VQE_OK;
  }
  return vqe_error_set(error == CUBLAS_STATUS_ALLOC_FAILED ? VQE_ERR_MEMORY
                                                           : VQE_ERR_IO,
                       "cuBLAS, %s: %s", what, library->text(error));
}

const char *vqe_products_text(void)
{
  pthread_once(&once, load);
  return the_text;
}

int vqe_products_open(struct vqe_products **out, void *stream, void *workspace,
                      size_t bytes)
{
  struct vqe_products *products = NULL;
  *out = NULL;
  pthread_once(&once, load);
  const struct library *library = &the_library;
  if (library->handle == NULL) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED, NAME " cannot be loaded");
  }
  int status = vqe_memory_alloc(&products, 1, sizeof *products, "a handle");
  if (status == VQE_OK) {
    products->library = library;
    status =
        check(library, library->create(&products->handle), "opening a handle");
  }
  if (status == VQE_OK) {
    status = check(library,
                   library->set_stream(products->handle, (cudaStream_t)stream),
                   "choosing a stream");
  }
  if (status == VQE_OK) {
    status = check(library,
                   library->set_workspace(products->handle, workspace, bytes),
                   "lending memory");
  }
  if (status == VQE_OK) {
    *out = products;
  } else {
    vqe_products_close(products);
  }
  return status;
}

void vqe_products_close(struct vqe_products *products)
{
  if (products == NULL) {
    return;
  }
  if (products->handle != NULL) {
    (void)products->library->destroy(products->handle);
  }
  free(products);
}

int vqe_products_gemm(struct vqe_products *products, int m, int n, int k,
                      const double *a, int lda, const double *b, int ldb,
                      double *c, int ldc)
{
  const double one = 1.0;
  const double zero = 0.0;
  return check(products->library,
               products->library->dgemm(products->handle, CUBLAS_OP_N,
                                        CUBLAS_OP_N, m, n, k, &one, a, lda, b,
                                        ldb, &zero, c, ldc),
               "a DGEMM");
}
