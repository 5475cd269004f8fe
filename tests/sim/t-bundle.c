/* Stretches of excitations, a set of rows at a time, against excitations that
 * act on determinants one by one. */
#include "sim/sim_fixture.h"

#include "sim/bundle.h"

#define NORB 9
#define GATES 150

static const uint8_t irrep[NORB] = {0, 1, 2, 3, 0, 1, 2, 3, 0};

struct problem {
  struct vqe_strings strings[2];
  struct vqe_layout layout;
  struct vqe_givens_lists lists;
  struct vqe_bundle *bundle;
  size_t count;
  struct vqe_gate gates[GATES];
  struct vqe_givens rotations[GATES];
  double angles[GATES];
};

static int pick(uint64_t *seed, int n)
{
  int value = (int)((oracle_random(seed) + 1.0) / 2.0 * n);
  return value < n ? value : n - 1;
}

/* Random excitations of either spin and of both that keep the symmetry. */
static void add_gates(struct problem *p)
{
  uint64_t seed = 11;
  while (p->count < GATES) {
    int first = pick(&seed, 2) * NORB;
    int second = pick(&seed, 2) * NORB;
    bool twice = pick(&seed, 3) > 0;
    struct vqe_gate gate = {
        twice ? VQE_GATE_DOUBLE : VQE_GATE_SINGLE,
        {first + pick(&seed, NORB), first + pick(&seed, NORB),
         second + pick(&seed, NORB), second + pick(&seed, NORB)},
        0,
        1.0};
    struct vqe_givens_key keys[2];
    bool distinct = gate.q[0] != gate.q[1];
    for (int k = 0; twice && k < 4; k++) {
      for (int l = 0; l < k; l++) {
        distinct = distinct && gate.q[k] != gate.q[l];
      }
    }
    if (!distinct || vqe_givens_irrep(&gate, irrep, NORB) != 0) {
      continue;
    }
    struct vqe_givens *rotation = &p->rotations[p->count];
    memset(rotation, 0, sizeof *rotation);
    assert_ok(
        vqe_givens_read(rotation, &keys[0], &keys[1], &gate, irrep, NORB));
    keys[1].set = 1;
    if (rotation->kind != VQE_GIVENS_BETA) {
      assert_ok(vqe_givens_lists_find(&rotation->on_alpha, &p->lists,
                                      &p->strings[0], &keys[0]));
    }
    if (rotation->kind != VQE_GIVENS_ALPHA) {
      assert_ok(vqe_givens_lists_find(&rotation->on_beta, &p->lists,
                                      &p->strings[1], &keys[1]));
    }
    p->gates[p->count] = gate;
    p->angles[p->count++] = oracle_random(&seed);
  }
}

static struct problem *new_problem(int planes, int threads)
{
  struct problem *p = calloc(1, sizeof *p);
  assert_non_null(p);
  assert_ok(vqe_strings_init(&p->strings[0], NORB, 4, 4, irrep));
  assert_ok(vqe_strings_init(&p->strings[1], NORB, 3, 4, irrep));
  vqe_layout_init(&p->layout, &p->strings[0], &p->strings[1], 2);
  add_gates(p);
  assert_false(vqe_bundle_pays(&p->layout, planes));
  assert_ok(
      vqe_bundle_create(&p->bundle, &p->layout, &p->lists, planes, threads));
  return p;
}

static void free_problem(struct problem *p)
{
  vqe_bundle_free(p->bundle);
  vqe_givens_lists_clear(&p->lists);
  vqe_strings_clear(&p->strings[0]);
  vqe_strings_clear(&p->strings[1]);
  free(p);
}

/* Where a gate leads a determinant, and with what sign; 0: nowhere. */
static int excite(uint64_t *bits, const struct vqe_gate *gate)
{
  int sign = 1;
  if (gate->kind == VQE_GATE_DOUBLE) {
    sign = oracle_move(bits, gate->q[3], gate->q[2]);
  }
  return sign == 0 ? 0 : sign * oracle_move(bits, gate->q[1], gate->q[0]);
}

/* exp(angle (tau - tau^+)) on determinants; with `lambda` undone on both and
 * sum sign (lambda_y psi_x - lambda_x psi_y) returned. */
static double turn(const struct problem *p, size_t gate, double *psi,
                   double *lambda)
{
  const struct vqe_strings *alpha = &p->strings[0];
  const struct vqe_strings *beta = &p->strings[1];
  uint64_t low = (UINT64_C(1) << NORB) - 1;
  double c = cos(p->angles[gate]);
  double s = sin(p->angles[gate]);
  double sum = 0.0;
  for (uint32_t i = 0; i < alpha->count; i++) {
    for (uint32_t j = 0; j < beta->count; j++) {
      size_t x = vqe_layout_address(&p->layout, i, j);
      uint64_t bits = beta->bits[j] << NORB | alpha->bits[i];
      int sign = x == SIZE_MAX ? 0 : excite(&bits, &p->gates[gate]);
      if (sign == 0) {
        continue;
      }
      size_t y = vqe_layout_address(&p->layout,
                                    vqe_strings_position(alpha, bits & low),
                                    vqe_strings_position(beta, bits >> NORB));
      double t = lambda == NULL ? s * sign : -s * sign;
      double a = psi[x];
      double b = psi[y];
      psi[x] = c * a - t * b;
      psi[y] = c * b + t * a;
      if (lambda != NULL) {
        double u = lambda[x];
        double v = lambda[y];
        sum += sign * (v * a - u * b);
        lambda[x] = c * u - t * v;
        lambda[y] = c * v + t * u;
      }
    }
  }
  return sum;
}

static double *random_vector(size_t size, uint64_t seed)
{
  double *out = oracle_new(size);
  for (size_t k = 0; k < size; k++) {
    out[k] = oracle_random(&seed);
  }
  return out;
}

static void assert_same(const double *a, const double *b, size_t size)
{
  for (size_t k = 0; k < size; k++) {
    assert_close(a[k], b[k], 1e-12);
  }
}

/* All gates forwards in stretches, then back with derivatives. */
static void sweep(struct problem *p, struct vqe_vector psi,
                  struct vqe_vector lambda, double *sums)
{
  size_t stretches = 0;
  for (size_t k = 0; k < GATES;) {
    size_t n =
        vqe_bundle_length(p->bundle, p->rotations + k, GATES - k, false);
    n = n == 0 ? 1 : n;
    stretches++;
    vqe_bundle_sweep(p->bundle, p->rotations + k, n, p->angles + k, psi, NULL,
                     NULL, NULL);
    k += n;
  }
  assert_true(stretches > 1 && stretches < GATES / 2);
  for (size_t left = GATES; left > 0;) {
    size_t n = vqe_bundle_length(p->bundle, p->rotations, left, true);
    n = n == 0 ? 1 : n;
    left -= n;
    vqe_bundle_sweep(p->bundle, p->rotations + left, n, p->angles + left, psi,
                     &lambda, sums + left, NULL);
  }
}

static void stretches_are_what_gates_are_one_by_one(void **state)
{
  (void)state;
  for (int planes = 1; planes <= 2; planes++) {
    struct problem *p = new_problem(planes, 2);
    size_t size = p->layout.size;
    double *vectors[4] = {NULL};
    double *expected[4] = {NULL};
    double sums[GATES];
    for (size_t k = 0; k < 4; k++) {
      vectors[k] = random_vector(size, 20 + k);
      expected[k] = random_vector(size, 20 + k);
    }
    bool both = planes == 2;
    struct vqe_vector psi = {vectors[0], both ? vectors[1] : NULL};
    struct vqe_vector lambda = {vectors[2], both ? vectors[3] : NULL};
    sweep(p, psi, lambda, sums);
    for (size_t k = 0; k < GATES; k++) {
      (void)turn(p, k, expected[0], NULL);
      (void)turn(p, k, expected[1], NULL);
    }
    for (size_t k = GATES; k-- > 0;) {
      double sum = turn(p, k, expected[0], expected[2]);
      double other = turn(p, k, expected[1], expected[3]);
      assert_close(sums[k], sum + (both ? other : 0.0), 1e-10);
    }
    for (size_t k = 0; k < 4; k++) {
      if (both || k % 2 == 0) {
        assert_same(vectors[k], expected[k], size);
      }
      free(vectors[k]);
      free(expected[k]);
    }
    free_problem(p);
  }
}

static void threads_change_no_bit(void **state)
{
  (void)state;
  double *psi[2];
  double *lambda[2];
  double sums[2][GATES];
  size_t bytes = 0;
  for (int n = 0; n < 2; n++) {
    struct problem *p = new_problem(1, n == 0 ? 1 : 3);
    bytes = p->layout.size * sizeof(double);
    psi[n] = random_vector(p->layout.size, 1);
    lambda[n] = random_vector(p->layout.size, 2);
    sweep(p, (struct vqe_vector){psi[n], NULL},
          (struct vqe_vector){lambda[n], NULL}, sums[n]);
    free_problem(p);
  }
  assert_memory_equal(psi[0], psi[1], bytes);
  assert_memory_equal(lambda[0], lambda[1], bytes);
  assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
  for (int n = 0; n < 2; n++) {
    free(psi[n]);
    free(lambda[n]);
  }
}

static void phases_end_a_stretch(void **state)
{
  (void)state;
  struct problem *p = new_problem(1, 1);
  assert_int_equal(vqe_bundle_length(NULL, p->rotations, GATES, false), 0);
  size_t n = vqe_bundle_length(p->bundle, p->rotations, GATES, false);
  assert_true(n > 2 && n <= VQE_BUNDLE_GATES);
  p->rotations[n - 1].kind = VQE_GIVENS_PHASES;
  assert_int_equal(vqe_bundle_length(p->bundle, p->rotations, GATES, false),
                   n - 1 < 2 ? 0 : n - 1);
  assert_int_equal(vqe_bundle_length(p->bundle, p->rotations, n, true), 0);
  assert_int_equal(vqe_bundle_length(p->bundle, p->rotations, 1, false), 0);
  free_problem(p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stretches_are_what_gates_are_one_by_one),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(phases_end_a_stretch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
