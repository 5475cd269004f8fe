/* Slopes of operator pools against commutators of dense operators and against
 * differences of energies with the operator appended; qubit excitations
 * against matrix exponentials; extension in place. */
#include "sim/sim_fixture.h"

static const char *const pools[] = {"GSD",     "UCCSD",   "QEB",    "SAGSD",
                                    "OVP-CEO", "MVP-CEO", "DVG-CEO"};
#define POOLS (sizeof pools / sizeof pools[0])

/* tau - tau^+ of qubits: |..0_i 1_a..><..1_i 0_a..| and so on, no signs. */
static double *qubit_excitation(int nqubit, int i, int a, int j, int b)
{
  size_t n = (size_t)1 << nqubit;
  size_t from = (size_t)1 << i;
  size_t to = (size_t)1 << a;
  double *matrix = oracle_new(n * n);
  if (j >= 0) {
    from |= (size_t)1 << j;
    to |= (size_t)1 << b;
  }
  for (size_t x = 0; x < n; x++) {
    if ((x & (from | to)) == from) {
      matrix[(x ^ from ^ to) * n + x] = 1.0;
      matrix[x * n + (x ^ from ^ to)] = -1.0;
    }
  }
  return matrix;
}

static double *generator(int nqubit, const struct vqe_gate *gate)
{
  bool two = vqe_gate_order(gate->kind) == 2;
  return (vqe_gate_signless(gate->kind) ? qubit_excitation
                                        : oracle_excitation)(
      nqubit, gate->q[0], gate->q[1], two ? gate->q[2] : -1,
      two ? gate->q[3] : -1);
}

struct system {
  int norb;
  size_t n;
  double *dense;
  struct vqe_hamiltonian *hamiltonian;
  struct vqe_ansatz *ansatz; /* some elements of `pool` */
  struct vqe_ansatz *pool;
  double *parameters;
  double *psi;
};

static struct system make(int norb, int na, int nb, const uint8_t *irrep,
                          const char *name, uint64_t seed)
{
  struct system s = {.norb = norb, .n = (size_t)1 << (2 * norb)};
  double *h1e;
  double *eri;
  s.hamiltonian = fixture_random(&h1e, &eri, norb, irrep, true, 0.5, seed);
  s.dense = oracle_hamiltonian(norb, h1e, eri, 0.5);
  struct vqe_ansatz_options options;
  vqe_ansatz_options_init(&options);
  options.name = "ADAPT-VQE";
  options.reps = 1;
  options.norb = norb;
  options.nalpha = na;
  options.nbeta = nb;
  options.restricted = na == nb;
  options.nirrep = s.hamiltonian->nirrep;
  options.irrep = s.hamiltonian->irrep;
  options.adapt.pool = name;
  assert_ok(vqe_ansatz_create(&s.ansatz, &options));
  assert_ok(vqe_ansatz_pool_create(&s.pool, &options));
  /* every third element, and the first once more */
  for (int k = 0; k < s.pool->nparam; k += 3) {
    assert_ok(vqe_ansatz_append(s.ansatz, s.pool, k));
  }
  if (s.pool->nparam > 0) {
    assert_ok(vqe_ansatz_append(s.ansatz, s.pool, 0));
  }
  s.parameters = fixture_parameters(s.ansatz->nparam, 1.2, seed + 1);
  s.psi = oracle_new(s.n);
  s.psi[((size_t)1 << na) - 1 + ((((size_t)1 << nb) - 1) << norb)] = 1.0;
  for (size_t k = 0; k < s.ansatz->ngate; k++) {
    const struct vqe_gate *gate = &s.ansatz->gates[k];
    if (vqe_gate_order(gate->kind) > 0) {
      double *matrix = generator(2 * norb, gate);
      oracle_exp_apply(s.psi, matrix, gate->scale * s.parameters[gate->param],
                       s.n);
      free(matrix);
    }
  }
  free(h1e);
  free(eri);
  return s;
}

static void clear(struct system *s)
{
  vqe_ansatz_free(s->pool);
  vqe_ansatz_free(s->ansatz);
  vqe_hamiltonian_free(s->hamiltonian);
  free(s->parameters);
  free(s->psi);
  free(s->dense);
}

/* <psi| [H, A_k] |psi> for the whole pool. */
static double *commutators(const struct system *s)
{
  double *out = oracle_new((size_t)s->pool->nparam);
  double *h = oracle_new(s->n);
  for (size_t x = 0; x < s->n; x++) {
    for (size_t y = 0; y < s->n; y++) {
      h[x] += s->dense[x * s->n + y] * s->psi[y];
    }
  }
  for (size_t k = 0; k < s->pool->ngate; k++) {
    const struct vqe_gate *gate = &s->pool->gates[k];
    double *a = generator(2 * s->norb, gate);
    for (size_t x = 0; x < s->n; x++) {
      for (size_t y = 0; y < s->n; y++) {
        /* H A - A H with A antisymmetric */
        double element = gate->scale * a[x * s->n + y];
        out[gate->param] +=
            h[x] * element * s->psi[y] - s->psi[x] * element * h[y];
      }
    }
    free(a);
  }
  free(h);
  return out;
}

static void check(int norb, int na, int nb, const uint8_t *irrep,
                  const char *name, uint64_t seed)
{
  struct system s = make(norb, na, nb, irrep, name, seed);
  double *expected = commutators(&s);
  double *got = oracle_new((size_t)s.pool->nparam);
  double largest = 0.0;
  for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR; r++) {
    struct vqe_estimator *estimator = fixture_estimator(
        s.hamiltonian, s.ansatz, (enum vqe_representation)r, 1);
    double complex *psi = fixture_state(estimator, s.ansatz, s.parameters);
    for (size_t x = 0; x < s.n; x++) {
      assert_close(creal(psi[x]), s.psi[x], 1e-12);
      assert_close(cimag(psi[x]), 0.0, 0.0);
    }
    for (int again = 0; again < 2; again++) {
      assert_ok(
          vqe_estimator_pool_gradient(estimator, got, s.parameters, s.pool));
      for (int k = 0; k < s.pool->nparam; k++) {
        assert_close(got[k], expected[k], 1e-11);
        largest = fmax(largest, fabs(got[k]));
      }
    }
    free(psi);
    vqe_estimator_free(estimator);
  }
  assert_true(s.pool->nparam == 0 || largest > 1e-3);
  free(got);
  free(expected);
  clear(&s);
}

static void slopes_agree_with_commutators(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  static const uint8_t four[4] = {0, 1, 2, 3};
  for (size_t k = 0; k < POOLS; k++) {
    check(2, 1, 1, NULL, pools[k], 3);
    check(3, 2, 2, NULL, pools[k], 4);
    check(3, 2, 1, NULL, pools[k], 5);
    check(3, 1, 1, irrep, pools[k], 6);
  }
  check(4, 2, 2, NULL, "GSD", 7);
  check(4, 2, 2, NULL, "QEB", 8);
  check(4, 2, 2, irrep, "GSD", 9);
  check(4, 2, 2, four, "QEB", 10);
  check(4, 3, 2, irrep, "QEB", 11);
  check(4, 2, 2, NULL, "SAGSD", 13);
  check(4, 3, 2, four, "OVP-CEO", 14);
}

/* The derivative by the angle of the appended operator, at zero. */
static void slopes_agree_with_differences(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("LiH");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  for (size_t p = 0; p < POOLS; p++) {
    struct vqe_ansatz_options options;
    vqe_ansatz_options_init(&options);
    options.name = "ADAPT-VQE";
    options.reps = 1;
    options.norb = integrals->norb;
    options.nalpha = integrals->nalpha;
    options.nbeta = integrals->nbeta;
    options.restricted = true;
    options.nirrep = hamiltonian->nirrep;
    options.irrep = hamiltonian->irrep;
    options.adapt.pool = pools[p];
    struct vqe_ansatz *pool = NULL;
    struct vqe_ansatz *ansatz = NULL;
    assert_ok(vqe_ansatz_pool_create(&pool, &options));
    assert_ok(vqe_ansatz_create(&ansatz, &options));
    for (int k = 0; k < pool->nparam; k += 4) {
      assert_ok(vqe_ansatz_append(ansatz, pool, k));
    }
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_SECTOR, 1);
    int n = ansatz->nparam;
    double *parameters = fixture_parameters(n + 1, 0.4, 12);
    double *slope = oracle_new((size_t)pool->nparam);
    size_t ngate = ansatz->ngate;
    assert_ok(vqe_estimator_pool_gradient(estimator, slope, parameters, pool));
    for (int k = 0; k < pool->nparam; k += 5) {
      static const double at[4] = {-2, -1, 1, 2};
      static const double weight[4] = {1, -8, 8, -1};
      double sum = 0.0;
      ansatz->ngate = ngate;
      ansatz->nparam = n;
      assert_ok(vqe_ansatz_append(ansatz, pool, k));
      struct vqe_estimator *longer =
          fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_SECTOR, 1);
      for (int i = 0; i < 4; i++) {
        double energy;
        parameters[n] = 2e-3 * at[i];
        assert_ok(vqe_estimator_energy(longer, &energy, parameters));
        sum += weight[i] * energy / (12.0 * 2e-3);
      }
      assert_close(slope[k], sum, 1e-8);
      vqe_estimator_free(longer);
    }
    free(slope);
    free(parameters);
    vqe_estimator_free(estimator);
    vqe_ansatz_free(ansatz);
    vqe_ansatz_free(pool);
  }
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

/* An estimator that grew is the one that was made at the end, bit for bit. */
static void extended_estimator_agrees_with_new_one(void **state)
{
  (void)state;
  struct system s = make(4, 2, 2, NULL, "GSD", 21);
  size_t ngate = s.ansatz->ngate;
  int nparam = s.ansatz->nparam;
  double *gradient[2];
  double energy[2];
  for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR; r++) {
    struct vqe_estimator *whole = fixture_estimator(
        s.hamiltonian, s.ansatz, (enum vqe_representation)r, 1);
    gradient[0] = oracle_new((size_t)nparam);
    assert_ok(
        vqe_estimator_gradient(whole, &energy[0], gradient[0], s.parameters));
    /* begin with the state alone, then two elements a step */
    s.ansatz->ngate = 4;
    s.ansatz->nparam = 0;
    struct vqe_estimator *grown = fixture_estimator(
        s.hamiltonian, s.ansatz, (enum vqe_representation)r, 1);
    while (s.ansatz->nparam < nparam) {
      s.ansatz->nparam += 2;
      s.ansatz->nparam = s.ansatz->nparam > nparam ? nparam : s.ansatz->nparam;
      while (s.ansatz->ngate < ngate &&
             s.ansatz->gates[s.ansatz->ngate].param < s.ansatz->nparam) {
        s.ansatz->ngate++;
      }
      assert_ok(vqe_estimator_extend(grown));
    }
    assert_int_equal(s.ansatz->ngate, ngate);
    gradient[1] = oracle_new((size_t)nparam);
    assert_ok(
        vqe_estimator_gradient(grown, &energy[1], gradient[1], s.parameters));
    assert_true(energy[0] == energy[1]);
    assert_memory_equal(gradient[0], gradient[1],
                        (size_t)nparam * sizeof(double));
    free(gradient[0]);
    free(gradient[1]);
    vqe_estimator_free(whole);
    vqe_estimator_free(grown);
  }
  clear(&s);
}

/* A gate that breaks the symmetry in use is refused, and the estimator goes
 * on without it. */
static void refused_extension_leaves_estimator_unchanged(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  struct system s = make(4, 2, 2, irrep, "GSD", 23);
  struct system other = make(4, 2, 2, NULL, "GSD", 23);
  struct vqe_estimator *estimator =
      fixture_estimator(s.hamiltonian, s.ansatz, VQE_REPRESENTATION_SECTOR, 1);
  double before;
  double after;
  double *slope = oracle_new((size_t)other.pool->nparam);
  assert_ok(vqe_estimator_energy(estimator, &before, s.parameters));
  assert_int_equal(
      vqe_estimator_pool_gradient(estimator, slope, s.parameters, other.pool),
      VQE_ERR_UNSUPPORTED);
  /* the first of its singles joins irreps 0 and 1 */
  assert_ok(vqe_ansatz_append(s.ansatz, other.pool, 0));
  assert_int_equal(vqe_estimator_extend(estimator), VQE_ERR_UNSUPPORTED);
  assert_ok(vqe_estimator_energy(estimator, &after, s.parameters));
  assert_true(before == after);
  free(slope);
  vqe_estimator_free(estimator);
  clear(&s);
  clear(&other);
}

static void threads_do_not_change_bits_of_slopes(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("N2");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, false);
  struct vqe_ansatz_options options;
  vqe_ansatz_options_init(&options);
  options.name = "ADAPT-VQE";
  options.reps = 1;
  options.norb = integrals->norb;
  options.nalpha = integrals->nalpha;
  options.nbeta = integrals->nbeta;
  options.restricted = true;
  options.nirrep = 1;
  struct vqe_ansatz *pool = NULL;
  struct vqe_ansatz *ansatz = NULL;
  assert_ok(vqe_ansatz_pool_create(&pool, &options));
  assert_ok(vqe_ansatz_create(&ansatz, &options));
  for (int k = 0; k < pool->nparam; k += 101) {
    assert_ok(vqe_ansatz_append(ansatz, pool, k));
  }
  double *parameters = fixture_parameters(ansatz->nparam, 0.4, 5);
  double *slope[3];
  for (int t = 0; t < 3; t++) {
    struct vqe_estimator *estimator = fixture_estimator(
        hamiltonian, ansatz, VQE_REPRESENTATION_SECTOR, t + 1);
    slope[t] = oracle_new((size_t)pool->nparam);
    assert_ok(
        vqe_estimator_pool_gradient(estimator, slope[t], parameters, pool));
    assert_memory_equal(slope[t], slope[0],
                        (size_t)pool->nparam * sizeof(double));
    vqe_estimator_free(estimator);
  }
  for (int t = 0; t < 3; t++) {
    free(slope[t]);
  }
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_ansatz_free(pool);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slopes_agree_with_commutators),
      cmocka_unit_test(slopes_agree_with_differences),
      cmocka_unit_test(extended_estimator_agrees_with_new_one),
      cmocka_unit_test(refused_extension_leaves_estimator_unchanged),
      cmocka_unit_test(threads_do_not_change_bits_of_slopes),
  };
  return FIXTURE_RUN(tests);
}
