/* Random streams against NumPy's own values and the Philox authors'. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"

/* numpy.random.default_rng(seed).random(3), NumPy 2.x */
static void pcg64_draws_are_numpys(void **state)
{
  (void)state;
  struct {
    uint32_t seed;
    double values[3];
  } cases[] = {
      {0, {0.6369616873214543, 0.2697867137638703, 0.04097352393619469}},
      {42, {0.7739560485559633, 0.4388784397520523, 0.8585979199113825}},
      {2147483647,
       {0.27085409914511427, 0.9338994503936809, 0.4394176650121123}},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_pcg64 rng;
    vqe_pcg64_seed(&rng, cases[k].seed);
    for (int i = 0; i < 3; i++) {
      double value = vqe_pcg64_random(&rng);
      assert_memory_equal(&value, &cases[k].values[i], sizeof value);
    }
  }
}

static void philox_streams_of_other_names_differ(void **state)
{
  (void)state;
  struct vqe_philox a, b, c;
  assert_int_equal(vqe_philox_init(&a, "id", "noise"), 0);
  assert_int_equal(vqe_philox_init(&b, "id", "noise"), 0);
  assert_int_equal(vqe_philox_init(&c, "id", "shots"), 0);
  int same = 0;
  double sum = 0.0;
  for (int i = 0; i < 20000; i++) {
    double u = vqe_philox_uniform(&a);
    assert_true(u >= 0.0 && u < 1.0);
    assert_true(u == vqe_philox_uniform(&b));
    same += u == vqe_philox_uniform(&c);
    sum += u;
  }
  assert_int_equal(same, 0);
  assert_true(sum / 20000 > 0.49 && sum / 20000 < 0.51);
}

/* Known values of Random123 1.14, kat_vectors: philox4x32 10, zero counter
 * and key. */
static void philox_block_is_that_of_random123(void **state)
{
  (void)state;
  struct vqe_philox rng = {.used = 4};
  assert_int_equal(vqe_philox_next(&rng), 0x6627e8d5u);
  assert_int_equal(vqe_philox_next(&rng), 0xe169c58du);
  assert_int_equal(vqe_philox_next(&rng), 0xbc57ac4cu);
  assert_int_equal(vqe_philox_next(&rng), 0x9b00dbd8u);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pcg64_draws_are_numpys),
      cmocka_unit_test(philox_streams_of_other_names_differ),
      cmocka_unit_test(philox_block_is_that_of_random123),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
