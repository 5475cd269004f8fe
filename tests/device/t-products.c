/* Products of matrices on the device, by the kernel that stands in for cuBLAS
 * and by what vqe_gpu_gemm takes, against sums in a loop: shapes on and off
 * the edges of tiles, longer columns, any number of blocks. */
#include "device_fixture.h"
#include "kernels/args.h"
#include "kernels/gpu.h"
#include "kernels/shape.h"

struct shape {
  int m, n, k, more; /* `more` rows beyond each matrix */
};

static const struct shape shapes[] = {
    {1, 1, 1, 0},    {64, 64, 16, 0}, {65, 63, 17, 3},
    {200, 7, 28, 1}, {3, 130, 40, 0}, {640, 55, 55, 0},
};

struct product {
  struct shape shape;
  double *a, *b, *c; /* the host's */
  void *there[3];    /* the device's */
  size_t bytes[3];
};

static void product_init(struct product *out, struct vqe_gpu *device,
                         struct shape shape)
{
  uint64_t seed = 3;
  size_t count[3] = {(size_t)(shape.m + shape.more) * (size_t)shape.k,
                     (size_t)(shape.k + shape.more) * (size_t)shape.n,
                     (size_t)(shape.m + shape.more) * (size_t)shape.n};
  double **host[3] = {&out->a, &out->b, &out->c};
  out->shape = shape;
  for (int i = 0; i < 3; i++) {
    out->bytes[i] = count[i] * sizeof(double);
    *host[i] = malloc(out->bytes[i]);
    assert_non_null(*host[i]);
    for (size_t k = 0; k < count[i]; k++) {
      (*host[i])[k] = oracle_random(&seed) - 0.5;
    }
    assert_ok(vqe_gpu_alloc(device, &out->there[i], count[i], sizeof(double),
                            "a matrix"));
    assert_ok(vqe_gpu_upload(device, out->there[i], *host[i], out->bytes[i]));
  }
}

static void product_clear(struct product *product)
{
  free(product->a);
  free(product->b);
  free(product->c);
}

/* What lies beyond the rows of c is left as it was. */
static void product_check(const struct product *product,
                          struct vqe_gpu *device, double *found)
{
  const struct shape *shape = &product->shape;
  int lda = shape->m + shape->more;
  int ldb = shape->k + shape->more;
  assert_ok(
      vqe_gpu_download(device, found, product->there[2], product->bytes[2]));
  for (int j = 0; j < shape->n; j++) {
    for (int i = 0; i < lda; i++) {
      double wanted = 0.0;
      for (int k = 0; k < shape->k; k++) {
        wanted += i < shape->m
                      ? product->a[i + k * lda] * product->b[k + j * ldb]
                      : 0.0;
      }
      if (i >= shape->m) {
        wanted = product->c[i + j * lda];
      }
      assert_close(found[i + j * lda], wanted, 1e-14 * shape->k);
    }
  }
}

static void kernel_agrees_with_sums(void **state)
{
  (void)state;
  if (no_device()) {
    skip();
  }
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    struct vqe_gpu *device = NULL;
    struct product product;
    assert_ok(vqe_gpu_open(&device, 0, s % 2 == 1));
    product_init(&product, device, shapes[s]);
    struct vqe_product_args args = {
        .a = product.there[0],
        .b = product.there[1],
        .c = product.there[2],
        .m = (uint32_t)shapes[s].m,
        .n = (uint32_t)shapes[s].n,
        .k = (uint32_t)shapes[s].k,
        .lda = (uint32_t)(shapes[s].m + shapes[s].more),
        .ldb = (uint32_t)(shapes[s].k + shapes[s].more),
        .ldc = (uint32_t)(shapes[s].m + shapes[s].more),
    };
    double *found[2] = {malloc(product.bytes[2]), malloc(product.bytes[2])};
    for (unsigned blocks = 1; blocks < 40; blocks += 13) {
      assert_non_null(found[blocks > 1]);
      /* from c as it was, threads in either order: the same bits */
      assert_ok(vqe_gpu_upload(device, product.there[2], product.c,
                               product.bytes[2]));
      if (&vqe_emulated_backwards != NULL) {
        vqe_emulated_backwards = blocks > 1;
      }
      assert_ok(vqe_gpu_launch(device, VQE_KERNEL_product, &args, blocks,
                               VQE_GEMM_SHARED));
      product_check(&product, device, found[blocks > 1]);
      assert_memory_equal(found[0], found[blocks > 1], product.bytes[2]);
    }
    if (&vqe_emulated_backwards != NULL) {
      vqe_emulated_backwards = false;
    }
    free(found[0]);
    free(found[1]);
    product_clear(&product);
    vqe_gpu_close(device);
  }
}

static void library_agrees_with_sums(void **state)
{
  (void)state;
  if (no_device()) {
    skip();
  }
  print_message("products: %s\n", vqe_device_products());
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    struct vqe_gpu *device = NULL;
    struct product product;
    const struct shape *shape = &shapes[s];
    assert_ok(vqe_gpu_open(&device, 0, 0));
    product_init(&product, device, *shape);
    double *found = malloc(product.bytes[2]);
    assert_non_null(found);
    assert_ok(vqe_gpu_gemm(device, shape->m, shape->n, shape->k,
                           product.there[0], shape->m + shape->more,
                           product.there[1], shape->k + shape->more,
                           product.there[2], shape->m + shape->more));
    product_check(&product, device, found);
    free(found);
    product_clear(&product);
    vqe_gpu_close(device);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kernel_agrees_with_sums),
      cmocka_unit_test(library_agrees_with_sums),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
