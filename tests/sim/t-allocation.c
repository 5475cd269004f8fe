/* Evaluations allocate nothing once the first one has run: many short ones
 * would spend their time in the allocator, and threads would wait for one
 * another there. */
#include "sim/sim_fixture.h"

#include <malloc.h>
#include <stdatomic.h>

#include "sim/product.h"

#if !defined(__SANITIZE_ADDRESS__)
static atomic_size_t allocations;

/* These take the place of the C library's for every library of the process,
 * OpenMP's runtime included. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
  atomic_fetch_add(&allocations, 1);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
  atomic_fetch_add(&allocations, 1);
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
  atomic_fetch_add(&allocations, 1);
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
  atomic_fetch_add(&allocations, 1);
  return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
  atomic_fetch_add(&allocations, 1);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
  atomic_fetch_add(&allocations, 1);
  *out = __libc_memalign(alignment, size);
  return *out == NULL;
}

static void check(const char *molecule, const char *name, const char *map,
                  int reps, enum vqe_representation representation,
                  int threads)
{
  struct vqe_integrals *integrals = fixture_read(molecule);
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  struct vqe_ansatz *ansatz = fixture_ansatz(
      name, map, reps, hamiltonian, integrals->nalpha, integrals->nbeta);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, representation, threads);
  double *parameters = fixture_parameters(ansatz->nparam, 0.3, 7);
  double *gradient = oracle_new((size_t)ansatz->nparam);
  double energy;
  /* the counter counts */
  size_t before = atomic_load(&allocations);
  free(oracle_new(1));
  assert_true(atomic_load(&allocations) > before);
  /* work space and threads are made by the first evaluations */
  assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
  assert_ok(vqe_estimator_gradient(estimator, &energy, gradient, parameters));
  before = atomic_load(&allocations);
  for (int k = 0; k < 3; k++) {
    assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
    assert_ok(
        vqe_estimator_gradient(estimator, &energy, gradient, parameters));
  }
  size_t made = atomic_load(&allocations) - before;
  if (made != 0) {
    fail_msg("%s of %s on %d threads: %zu allocations", name, molecule,
             threads, made);
  }
  free(gradient);
  free(parameters);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

static void test_sector(void **state)
{
  (void)state;
  for (int threads = 1; threads <= 2; threads++) {
    check("H2O", "UCCSD", NULL, 1, VQE_REPRESENTATION_SECTOR, threads);
    check("NH3", "UCCSD", NULL, 2, VQE_REPRESENTATION_SECTOR, threads);
    check("N2", "UCCSD", NULL, 1, VQE_REPRESENTATION_SECTOR, threads);
    check("BeH2", "k-UpCCGSD", NULL, 1, VQE_REPRESENTATION_SECTOR, threads);
    check("H2O", "LUCJ", NULL, 1, VQE_REPRESENTATION_SECTOR, threads);
  }
}

/* Which products of a BLAS allocate depends on their sizes, so all of them. */
static void test_products(void **state)
{
  enum { MOST = 40 };
  double *matrix = oracle_new(MOST * MOST);
  double *in = oracle_new(MOST * MOST);
  double *out = oracle_new(MOST * MOST);
  (void)state;
  vqe_product_left(MOST, MOST, matrix, MOST, out, in);
  for (size_t n = 1; n <= MOST; n++) {
    for (size_t width = 1; width <= MOST; width++) {
      size_t before = atomic_load(&allocations);
      vqe_product_left(n, width, matrix, MOST, out, in);
      for (size_t rows = 1; rows <= MOST && width <= n; rows++) {
        vqe_product_add_right(rows, n, n - width, width, matrix, MOST, out,
                              in);
      }
      size_t made = atomic_load(&allocations) - before;
      if (made != 0) {
        fail_msg("%zu x %zu, %zu columns: %zu allocations", n, n, width, made);
      }
    }
  }
  free(matrix);
  free(in);
  free(out);
}

static void test_full(void **state)
{
  (void)state;
  for (int threads = 1; threads <= 2; threads++) {
    check("LiH", "EfficientSU2", "reverse_linear", 2, VQE_REPRESENTATION_FULL,
          threads);
    check("LiH", "RealAmplitudes", "full", 1, VQE_REPRESENTATION_FULL,
          threads);
    check("LiH", "ExcitationPreserving", "linear", 1, VQE_REPRESENTATION_FULL,
          threads);
    check("H2O", "UCCSD", NULL, 1, VQE_REPRESENTATION_FULL, threads);
  }
}
#endif

int main(void)
{
#if defined(__SANITIZE_ADDRESS__)
  print_message("AddressSanitizer has an allocator of its own\n");
  return 0;
#else
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sector),
      cmocka_unit_test(test_full),
      cmocka_unit_test(test_products),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
#endif
}
