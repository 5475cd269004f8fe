/* The seam to a library of matrix products on the device, which is loaded when
 * there is one: cuBLAS has 600 MB, and a machine that only runs the program
 * may lack it. Without it vqe_gpu_gemm takes a kernel of ours
 * (product_body.h). */
#ifndef VQE_KERNELS_PRODUCTS_H
#define VQE_KERNELS_PRODUCTS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vqe_products;

/* What computes products, for people: the library's name and version, or why
 * it is the kernel. */
const char *vqe_products_text(void);

/* A handle that works on `stream` (a cudaStream_t) of the current device, in
 * `workspace` and nowhere else. VQE_ERR_UNSUPPORTED where the library is not
 * there, or VQE_OWN_PRODUCTS=1 asks for the kernel. */
int vqe_products_open(struct vqe_products **out, void *stream, void *workspace,
                      size_t bytes);
void vqe_products_close(struct vqe_products *products);

/* As vqe_gpu_gemm. */
int vqe_products_gemm(struct vqe_products *products, int m, int n, int k,
                      const double *a, int lda, const double *b, int ldb,
                      double *c, int ldc);

#ifdef __cplusplus
}
#endif
#endif
