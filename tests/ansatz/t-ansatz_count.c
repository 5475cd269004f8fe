/* The number of parameters that a dry run shows is that of the circuit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ansatz/ansatz_count.h"
#include "vqe/ansatz.h"
#include "vqe/error.h"

static void compare(const char *name, const char *entanglement, int norb,
                    int nalpha, int nbeta, int reps)
{
  struct vqe_ansatz_options options;
  struct vqe_ansatz *ansatz = NULL;
  const struct vqe_ansatz_shape shape = {.norb = norb,
                                         .nalpha = nalpha,
                                         .nbeta = nbeta,
                                         .reps = reps,
                                         .entanglement = entanglement};
  vqe_ansatz_options_init(&options);
  options.name = name;
  options.entanglement = entanglement;
  options.reps = reps;
  options.norb = norb;
  options.nalpha = nalpha;
  options.nbeta = nbeta;
  options.restricted = nalpha == nbeta;
  options.nirrep = 1;
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  assert_int_equal((int)vqe_ansatz_kind(name)->parameters(&shape),
                   ansatz->nparam);
  vqe_ansatz_free(ansatz);
}

static void count_is_that_of_the_circuit_without_symmetry(void **state)
{
  (void)state;
  static const int sizes[][3] = {{1, 1, 1}, {2, 1, 1}, {4, 2, 2},
                                 {5, 2, 2}, {5, 3, 2}, {6, 5, 1}};
  for (size_t k = 0; vqe_ansatz_name(k) != NULL; k++) {
    const struct vqe_ansatz_kind *kind = vqe_ansatz_kind(vqe_ansatz_name(k));
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
      for (int reps = 1; !kind->grows && reps <= 3; reps++) {
        compare(kind->name, NULL, sizes[s][0], sizes[s][1], sizes[s][2], reps);
        for (const char *const *map = kind->entanglements; *map != NULL;
             map++) {
          compare(kind->name, *map, sizes[s][0], sizes[s][1], sizes[s][2],
                  reps);
        }
      }
    }
  }
}

static void adapt_counts_its_limit(void **state)
{
  (void)state;
  const struct vqe_ansatz_shape shape = {.norb = 4, .max_operators = 17};
  assert_int_equal((int)vqe_ansatz_kind("ADAPT-VQE")->parameters(&shape), 17);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(count_is_that_of_the_circuit_without_symmetry),
      cmocka_unit_test(adapt_counts_its_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
