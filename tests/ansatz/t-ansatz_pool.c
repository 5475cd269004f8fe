/* Operator pools: every excitation once, screening, appending, options. */
#include "oracle.h"

#include "vqe/ansatz.h"
#include "vqe/error.h"

static struct vqe_ansatz *make_pool(int norb, int na, int nb, const char *name,
                                    const uint8_t *irrep, bool restricted)
{
  struct vqe_ansatz_options options;
  struct vqe_ansatz *pool = NULL;
  vqe_ansatz_options_init(&options);
  options.name = "ADAPT-VQE";
  options.norb = norb;
  options.nalpha = na;
  options.nbeta = nb;
  options.restricted = restricted;
  options.nirrep = irrep == NULL ? 1 : 4;
  options.irrep = irrep;
  options.adapt.pool = name;
  assert_int_equal(vqe_ansatz_pool_create(&pool, &options), VQE_OK);
  for (size_t k = 1; k < pool->ngate; k++) {
    int step = pool->gates[k].param - pool->gates[k - 1].param;
    assert_true(step == 0 || step == 1);
  }
  return pool;
}

/* Where an excitation takes electrons from and to, as masks; tau and tau^+
 * are the same. */
struct masks {
  uint64_t low, high;
};

static struct masks masks_of(const struct vqe_gate *gate)
{
  struct masks m = {0, 0};
  for (int k = 0; k < vqe_gate_order(gate->kind); k++) {
    m.low |= UINT64_C(1) << gate->q[2 * k];
    m.high |= UINT64_C(1) << gate->q[2 * k + 1];
  }
  if (m.low > m.high) {
    m = (struct masks){m.high, m.low};
  }
  return m;
}

static int spin_of(uint64_t mask, int norb)
{
  return __builtin_popcountll(mask >> norb);
}

static int irrep_of(uint64_t mask, int norb, const uint8_t *irrep)
{
  int product = 0;
  for (; mask != 0; mask &= mask - 1) {
    product ^= irrep == NULL ? 0 : irrep[__builtin_ctzll(mask) % norb];
  }
  return product;
}

static uint64_t mirror(uint64_t mask, int norb)
{
  uint64_t alpha = (UINT64_C(1) << norb) - 1;
  return mask >> norb | (mask & alpha) << norb;
}

/* All pairs of disjoint sets of one or two spin orbitals with the same S_z and
 * symmetry stand in the pool once; closed shells leave out those that the
 * mirror turns into their own reverse. */
static void check_complete(int norb, const uint8_t *irrep, bool restricted,
                           const char *name)
{
  struct vqe_ansatz *pool = make_pool(norb, 1, 1, name, irrep, restricted);
  uint64_t end = UINT64_C(1) << (2 * norb);
  size_t wanted = 0;
  for (uint64_t low = 1; low < end; low++) {
    for (uint64_t high = low + 1; high < end; high++) {
      int order = __builtin_popcountll(low);
      bool reversed = mirror(low, norb) == high;
      if ((low & high) != 0 || order > 2 ||
          order != __builtin_popcountll(high) ||
          spin_of(low, norb) != spin_of(high, norb) ||
          irrep_of(low | high, norb, irrep) != 0 || (restricted && reversed)) {
        continue;
      }
      size_t found = 0;
      int param = -1;
      int mirrored = -2;
      for (size_t k = 0; k < pool->ngate; k++) {
        struct masks m = masks_of(&pool->gates[k]);
        uint64_t a = mirror(low, norb);
        uint64_t b = mirror(high, norb);
        assert_true(vqe_gate_signless(pool->gates[k].kind) ==
                    (strcmp(name, "GSD") != 0));
        if (m.low == low && m.high == high) {
          found++;
          param = pool->gates[k].param;
        }
        if (m.low == (a < b ? a : b) && m.high == (a < b ? b : a)) {
          mirrored = pool->gates[k].param;
        }
      }
      assert_int_equal(found, 1);
      if (restricted) {
        assert_int_equal(param, mirrored);
      }
      wanted++;
    }
  }
  assert_int_equal(pool->ngate, wanted);
  if (!restricted) {
    assert_int_equal(pool->nparam, (int)wanted);
  }
  vqe_ansatz_free(pool);
}

static void pool_holds_every_excitation_once(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 3, 1};
  for (int restricted = 0; restricted < 2; restricted++) {
    for (int norb = 1; norb <= 4; norb++) {
      check_complete(norb, NULL, restricted, "GSD");
      check_complete(norb, irrep, restricted, "QEB");
    }
  }
  for (int norb = 1; norb <= 4; norb++) {
    check_complete(norb, NULL, false, "MVP-CEO");
    check_complete(norb, irrep, false, "MVP-CEO");
  }
}

/* ---- coupled exchanges ---- */

static uint64_t support_of(const struct vqe_gate *gate)
{
  struct masks m = masks_of(gate);
  return m.low | m.high;
}

/* Every two excitations of MVP-CEO on the same four qubits stand in OVP-CEO as
 * their sum and as their difference, and nothing else but singles. */
static void coupled_exchanges_are_sums_and_differences(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 3, 1};
  for (int k = 0; k < 4; k++) {
    const uint8_t *screen = k % 2 == 0 ? NULL : irrep;
    /* a closed shell has the same */
    struct vqe_ansatz *one = make_pool(4, 2, 2, "MVP-CEO", screen, k > 1);
    struct vqe_ansatz *two = make_pool(4, 2, 2, "OVP-CEO", screen, k > 1);
    struct vqe_ansatz *both = make_pool(4, 2, 2, "DVG-CEO", screen, k > 1);
    int singles = 0;
    int sums = 0;
    for (size_t i = 0; i < one->ngate; i++) {
      singles += vqe_gate_order(one->gates[i].kind) == 1;
      for (size_t j = i + 1; j < one->ngate; j++) {
        bool same = support_of(&one->gates[i]) == support_of(&one->gates[j]);
        sums += same;
        int found[2] = {0, 0};
        for (size_t g = 0; same && g + 1 < two->ngate; g++) {
          const struct vqe_gate *at = &two->gates[g];
          struct masks m[2] = {masks_of(&at[0]), masks_of(&at[1])};
          struct masks w[2] = {masks_of(&one->gates[i]),
                               masks_of(&one->gates[j])};
          if (at[0].param == at[1].param && at[0].scale == 1.0 &&
              memcmp(m, w, sizeof m) == 0) {
            found[at[1].scale > 0.0]++;
            assert_true(fabs(at[1].scale) == 1.0);
          }
        }
        assert_int_equal(found[0], same);
        assert_int_equal(found[1], same);
      }
    }
    assert_true(sums > 0);
    assert_int_equal(two->nparam, singles + 2 * sums);
    assert_int_equal(two->ngate, (size_t)(singles + 4 * sums));
    assert_int_equal(both->nparam, two->nparam + one->nparam - singles);
    vqe_ansatz_free(one);
    vqe_ansatz_free(two);
    vqe_ansatz_free(both);
  }
}

/* ---- elements that keep the spin ---- */

/* Sum of the generators of an element, dense. */
static double *generator_of(const struct vqe_ansatz *pool, int element)
{
  size_t n = (size_t)1 << pool->nqubit;
  double *sum = oracle_new(n * n);
  for (size_t k = 0; k < pool->ngate; k++) {
    const struct vqe_gate *gate = &pool->gates[k];
    bool two = vqe_gate_order(gate->kind) == 2;
    if (gate->param != element) {
      continue;
    }
    double *part =
        oracle_excitation(pool->nqubit, gate->q[0], gate->q[1],
                          two ? gate->q[2] : -1, two ? gate->q[3] : -1);
    for (size_t x = 0; x < n * n; x++) {
      sum[x] += gate->scale * part[x];
    }
    free(part);
  }
  return sum;
}

/* y += factor * a x */
static void add_product(double *y, const double *a, const double *x,
                        double factor, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      y[i] += a[i * n + j] == 0.0 ? 0.0 : factor * a[i * n + j] * x[j];
    }
  }
}

/* Each gate of an element one after the other is the exponential of their sum,
 * and that commutes with S^2: both on a state without any symmetry. */
static void spin_adapted_elements_keep_the_spin(void **state)
{
  (void)state;
  size_t n = 256;
  double *s2 = oracle_spin(4);
  struct vqe_ansatz *pool = make_pool(4, 2, 2, "SAGSD", NULL, true);
  struct vqe_ansatz *open = make_pool(4, 3, 1, "SAGSD", NULL, false);
  /* K, pairs, K M: 4 choose 2 each, and 6 of them for the last */
  assert_int_equal(pool->nparam, 6 + 6 + 6);
  assert_int_equal(open->ngate, pool->ngate);
  assert_memory_equal(open->gates, pool->gates,
                      pool->ngate * sizeof *pool->gates);
  size_t first = 0;
  for (int element = 0; element < pool->nparam; element++) {
    double *sum = generator_of(pool, element);
    double *psi = oracle_new(5 * n);
    double *whole = psi + n;
    double *parts = whole + n;
    double *commutator = parts + n;
    double *between = commutator + n;
    uint64_t seed = 17;
    for (size_t x = 0; x < n; x++) {
      psi[x] = oracle_random(&seed);
    }
    add_product(between, s2, psi, 1.0, n);
    add_product(commutator, sum, between, 1.0, n);
    memset(between, 0, n * sizeof *between);
    add_product(between, sum, psi, 1.0, n);
    add_product(commutator, s2, between, -1.0, n);
    memcpy(whole, psi, n * sizeof *psi);
    memcpy(parts, psi, n * sizeof *psi);
    oracle_exp_apply(whole, sum, 0.7, n);
    for (; first < pool->ngate && pool->gates[first].param == element;
         first++) {
      struct vqe_gate gate = pool->gates[first];
      struct vqe_ansatz one = {
          .nqubit = 8, .ngate = 1, .gates = &gate, .nparam = pool->nparam};
      double *part = generator_of(&one, element);
      oracle_exp_apply(parts, part, 0.7, n);
      free(part);
    }
    for (size_t x = 0; x < n; x++) {
      assert_close(commutator[x], 0.0, 1e-12);
      assert_close(whole[x], parts[x], 1e-12);
    }
    free(psi);
    free(sum);
  }
  assert_int_equal(first, pool->ngate);
  vqe_ansatz_free(open);
  vqe_ansatz_free(pool);
  free(s2);
}

/* E_rp E_sq - E_pr E_qs of any four orbitals is half the sum of two elements:
 * no slope of a double between four orbitals is missing. */
static void spin_adapted_products_hold_every_double(void **state)
{
  (void)state;
  size_t n = 256;
  struct vqe_ansatz *pool = make_pool(4, 2, 2, "SAGSD", NULL, true);
  static const int orders[6][4] = {{0, 1, 2, 3}, {0, 1, 3, 2}, {0, 2, 1, 3},
                                   {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1}};
  double *generators[18];
  assert_int_equal(pool->nparam, 18);
  for (int k = 0; k < 18; k++) {
    generators[k] = generator_of(pool, k);
  }
  for (int k = 0; k < 6; k++) {
    const int *o = orders[k]; /* p -> r, q -> s */
    double *wanted = oracle_new(n * n);
    for (int spins = 0; spins < 4; spins++) {
      int a = 4 * (spins / 2);
      int b = 4 * (spins % 2);
      double *part =
          oracle_excitation(8, o[0] + a, o[1] + a, o[2] + b, o[3] + b);
      for (size_t x = 0; x < n * n; x++) {
        wanted[x] += part[x];
      }
      free(part);
    }
    int combined = 0;
    for (int i = 0; i < pool->nparam; i++) {
      const double *left = generators[i];
      for (int j = 0; j < i && combined == 0; j++) {
        const double *right = generators[j];
        for (int sign = -1; sign <= 1; sign += 2) {
          double apart = 0.0;
          double opposed = 0.0;
          for (size_t x = 0; x < n * n; x++) {
            double sum = 0.5 * (left[x] + sign * right[x]);
            apart = fmax(apart, fabs(sum - wanted[x]));
            opposed = fmax(opposed, fabs(sum + wanted[x]));
          }
          combined += fmin(apart, opposed) < 1e-12;
        }
      }
    }
    assert_int_equal(combined, 1);
    free(wanted);
  }
  for (int k = 0; k < 18; k++) {
    free(generators[k]);
  }
  vqe_ansatz_free(pool);
}

/* The factors of UCCSD, one element a parameter. */
static void uccsd_pool_holds_the_factors_of_uccsd(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  for (int k = 0; k < 4; k++) {
    bool restricted = k % 2 == 0;
    const uint8_t *screen = k < 2 ? NULL : irrep;
    struct vqe_ansatz *pool =
        make_pool(4, 2, restricted ? 2 : 1, "UCCSD", screen, restricted);
    struct vqe_ansatz_options options = {.size = sizeof options,
                                         .name = "UCCSD",
                                         .reps = 1,
                                         .norb = 4,
                                         .nalpha = 2,
                                         .nbeta = restricted ? 2 : 1,
                                         .restricted = restricted,
                                         .nirrep = screen == NULL ? 1 : 4,
                                         .irrep = screen};
    struct vqe_ansatz *ansatz = NULL;
    assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
    size_t electrons = (size_t)(ansatz->nalpha + ansatz->nbeta);
    assert_int_equal(pool->nparam, ansatz->nparam);
    assert_int_equal(pool->ngate, ansatz->ngate - electrons);
    assert_memory_equal(pool->gates, ansatz->gates + electrons,
                        pool->ngate * sizeof *pool->gates);
    vqe_ansatz_free(ansatz);
    vqe_ansatz_free(pool);
  }
}

static void appended_element_gets_the_last_parameter(void **state)
{
  (void)state;
  struct vqe_ansatz *pool = make_pool(3, 1, 1, "GSD", NULL, true);
  struct vqe_ansatz_options options;
  struct vqe_ansatz *ansatz = NULL;
  vqe_ansatz_options_init(&options);
  options.name = "ADAPT-VQE";
  options.reps = 1;
  options.norb = 3;
  options.nalpha = 1;
  options.nbeta = 1;
  options.nirrep = 1;
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  assert_int_equal(ansatz->nparam, 0);
  assert_int_equal(ansatz->ngate, 2); /* the Hartree-Fock state */
  assert_int_equal(pool->nparam, 12);
  for (int step = 0; step < 2; step++) {
    assert_int_equal(vqe_ansatz_append(ansatz, pool, 1), VQE_OK);
  }
  assert_int_equal(ansatz->nparam, 2);
  assert_int_equal(ansatz->ngate, 6);
  for (size_t k = 2; k < 6; k++) {
    assert_int_equal(ansatz->gates[k].kind, VQE_GATE_SINGLE);
    assert_int_equal(ansatz->gates[k].q[0], k % 2 == 0 ? 0 : 3);
    assert_int_equal(ansatz->gates[k].q[1], k % 2 == 0 ? 2 : 5);
    assert_int_equal(ansatz->gates[k].param, k < 4 ? 0 : 1);
  }
  assert_int_equal(vqe_ansatz_append(ansatz, pool, 12), VQE_ERR_INPUT);
  assert_int_equal(vqe_ansatz_append(ansatz, pool, -1), VQE_ERR_INPUT);
  assert_int_equal(ansatz->nparam, 2);
  vqe_ansatz_free(ansatz);
  vqe_ansatz_free(pool);
}

static void options_are_read_and_checked(void **state)
{
  (void)state;
  struct vqe_ansatz_options o;
  vqe_ansatz_options_init(&o);
  assert_string_equal(o.adapt.pool, "GSD");
  assert_true(o.adapt.gradient_norm == 1e-3);
  assert_true(o.adapt.energy_change == 0.0);
  assert_int_equal(o.adapt.max_operators, 500);
  assert_int_equal(o.adapt.operators_at_a_time, 1);
  o.name = "ADAPT-VQE";
  assert_int_equal(vqe_ansatz_option_set(&o, "pool", "\"qeb\""), VQE_OK);
  assert_string_equal(o.adapt.pool, "QEB");
  assert_int_equal(vqe_ansatz_option_set(&o, "pool", "\"dvg-ceo\""), VQE_OK);
  assert_string_equal(o.adapt.pool, "DVG-CEO");
  assert_false(o.adapt.tetris);
  assert_int_equal(vqe_ansatz_option_set(&o, "tetris", "true"), VQE_OK);
  assert_true(o.adapt.tetris);
  assert_int_equal(vqe_ansatz_option_set(&o, "gradient_norm", "0.5"), VQE_OK);
  assert_true(o.adapt.gradient_norm == 0.5);
  assert_int_equal(vqe_ansatz_option_set(&o, "max_operators", "7"), VQE_OK);
  assert_int_equal(o.adapt.max_operators, 7);
  static const struct {
    const char *key, *json;
  } bad[] = {
      {"pool", "\"GSDD\""},
      {"pool", "GSD"},
      {"pool", "3"},
      {"gradient_norm", "-1"},
      {"gradient_norm", "\"x\""},
      {"max_operators", "0"},
      {"max_operators", "1.5"},
      {"operators_at_a_time", "0"},
      {"tetris", "1"},
      {"energy_change", "null"},
      {"operators", "1"},
  };
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(vqe_ansatz_option_set(&o, bad[k].key, bad[k].json),
                     VQE_ERR_INPUT);
    assert_non_null(strstr(vqe_error_message(), bad[k].key));
  }
  o.name = "UCCSD";
  assert_int_equal(vqe_ansatz_option_set(&o, "pool", "\"GSD\""),
                   VQE_ERR_INPUT);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pool_holds_every_excitation_once),
      cmocka_unit_test(coupled_exchanges_are_sums_and_differences),
      cmocka_unit_test(spin_adapted_elements_keep_the_spin),
      cmocka_unit_test(spin_adapted_products_hold_every_double),
      cmocka_unit_test(uccsd_pool_holds_the_factors_of_uccsd),
      cmocka_unit_test(appended_element_gets_the_last_parameter),
      cmocka_unit_test(options_are_read_and_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
