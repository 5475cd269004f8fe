/* The state split over a team against the state on one rank, whose energies
 * and gradients other tests hold against matrix exponentials and PySCF. */
#include "sim/sim_fixture.h"
#include "thread_team.h"

struct numbers {
  double energy, gradient_energy;
  double *gradient;
  struct vqe_properties properties;
  double *rdm1;
  double complex *state; /* NULL above 20 qubits */
};

static struct numbers measure(const struct vqe_hamiltonian *hamiltonian,
                              const struct vqe_ansatz *ansatz,
                              const double *parameters,
                              const struct vqe_team *team, int threads)
{
  struct vqe_estimator_options options = {.size = sizeof options,
                                          .representation =
                                              VQE_REPRESENTATION_SECTOR,
                                          .threads = threads,
                                          .team = team};
  struct vqe_estimator *estimator = NULL;
  struct numbers out = {0};
  size_t norb = (size_t)hamiltonian->norb;
  assert_ok(vqe_estimator_create(&estimator, hamiltonian, ansatz, &options));
  assert_string_equal(vqe_estimator_backend(estimator), "vqe_cpu_sector");
  out.gradient = oracle_new((size_t)ansatz->nparam + 1);
  out.rdm1 = oracle_new(norb * norb);
  assert_ok(vqe_estimator_energy(estimator, &out.energy, parameters));
  assert_ok(vqe_estimator_gradient(estimator, &out.gradient_energy,
                                   out.gradient, parameters));
  assert_ok(vqe_estimator_properties(estimator, &out.properties, out.rdm1,
                                     parameters));
  if (ansatz->nqubit <= 20) {
    out.state = fixture_state(estimator, ansatz, parameters);
  }
  vqe_estimator_free(estimator);
  return out;
}

static void numbers_clear(struct numbers *numbers)
{
  free(numbers->gradient);
  free(numbers->rdm1);
  free(numbers->state);
}

static void check_same(const struct numbers *a, const struct numbers *b,
                       const struct vqe_ansatz *ansatz)
{
  size_t norb = (size_t)ansatz->norb;
  assert_close(a->energy, b->energy, 1e-11);
  assert_close(a->gradient_energy, b->gradient_energy, 1e-11);
  for (int k = 0; k < ansatz->nparam; k++) {
    assert_close(a->gradient[k], b->gradient[k], 1e-12);
  }
  assert_close(a->properties.n, b->properties.n, 0.0);
  assert_close(a->properties.sz, b->properties.sz, 0.0);
  assert_close(a->properties.s2, b->properties.s2, 1e-12);
  assert_close(a->properties.reference_weight, b->properties.reference_weight,
               1e-12);
  for (size_t k = 0; k < norb * norb; k++) {
    assert_close(a->rdm1[k], b->rdm1[k], 1e-12);
  }
  for (size_t k = 0; a->state != NULL && k < (size_t)1 << ansatz->nqubit;
       k++) {
    assert_close(creal(a->state[k]), creal(b->state[k]), 1e-13);
    assert_close(cimag(b->state[k]), 0.0, 0.0);
  }
}

static void compare(const struct vqe_hamiltonian *hamiltonian,
                    const struct vqe_ansatz *ansatz, uint64_t seed)
{
  double *parameters = fixture_parameters(ansatz->nparam, 0.4, seed);
  struct numbers whole = measure(hamiltonian, ansatz, parameters, NULL, 1);
  assert_true(whole.properties.s2 > -1e-12);
  for (int size = 1; size <= 5; size++) {
    struct thread_team team;
    /* the smallest buffers make many messages of one */
    const struct vqe_team *view =
        thread_team_start(&team, size, size == 3 || size == 5 ? 1 : 0);
    /* twice: what a rank keeps from the first estimator must not matter */
    for (int threads = 1; threads <= 2; threads++) {
      struct numbers split =
          measure(hamiltonian, ansatz, parameters, view, threads);
      check_same(&whole, &split, ansatz);
      numbers_clear(&split);
    }
    thread_team_stop(&team);
    assert_int_equal(team.moved > 0, size > 1);
  }
  numbers_clear(&whole);
  free(parameters);
}

static void compare_random(int norb, int na, int nb, const uint8_t *irrep,
                           int reps, uint64_t seed)
{
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, irrep, irrep != NULL, 0.25, seed);
  struct vqe_ansatz *ansatz =
      fixture_ansatz("UCCSD", NULL, reps, hamiltonian, na, nb);
  compare(hamiltonian, ansatz, seed);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

/* Shares of uneven size, and more ranks than strings. */
static void split_random_problems_agree_with_one_rank(void **state)
{
  (void)state;
  static const uint8_t two[5] = {0, 1, 0, 1, 0};
  static const uint8_t four[5] = {0, 1, 2, 3, 1};
  compare_random(2, 1, 1, NULL, 1, 1);
  compare_random(4, 2, 2, NULL, 1, 2);
  compare_random(5, 3, 2, NULL, 1, 3);
  compare_random(5, 2, 2, two, 2, 4);
  compare_random(5, 3, 1, four, 1, 5);
  compare_random(5, 3, 3, four, 2, 6);
}

static void compare_molecule(const char *name, bool symmetry)
{
  struct vqe_integrals *integrals = fixture_read(name);
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, symmetry);
  struct vqe_ansatz *ansatz = fixture_ansatz(
      "UCCSD", NULL, 1, hamiltonian, integrals->nalpha, integrals->nbeta);
  compare(hamiltonian, ansatz, 7);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

static void split_molecules_agree_with_one_rank(void **state)
{
  (void)state;
  compare_molecule("H2", true);
  compare_molecule("LiH", true);
  compare_molecule("H2O", true);
  compare_molecule("H2O", false);
  compare_molecule("NH3", true);
}

/* Doubles each of the excitations, beta before alpha, as a pool may. */
static void excitations_in_any_order_agree_with_one_rank(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("LiH");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, false);
  int norb = hamiltonian->norb;
  struct vqe_gate gates[] = {
      {VQE_GATE_X, {0, 0, 0, 0}, -1, 1.0},
      {VQE_GATE_DOUBLE, {norb + 0, norb + 3, 1, 4}, 0, 1.0},
      {VQE_GATE_DOUBLE, {0, 5, norb + 1, norb + 2}, 1, -0.5},
      {VQE_GATE_SINGLE, {1, 2, 0, 0}, 0, 2.0},
      {VQE_GATE_SINGLE, {norb + 1, norb + 5, 0, 0}, 2, 1.0},
      {VQE_GATE_DOUBLE, {norb + 0, norb + 2, norb + 1, norb + 4}, 1, 1.0},
      /* between two orbitals above, and back down */
      {VQE_GATE_SINGLE, {4, 2, 0, 0}, 2, 1.0},
      {VQE_GATE_DOUBLE, {3, 1, norb + 2, norb + 0}, 2, 1.0},
  };
  struct vqe_ansatz ansatz = {.name = "excitations",
                              .reps = 1,
                              .nqubit = 2 * norb,
                              .norb = norb,
                              .nalpha = 2,
                              .nbeta = 2,
                              .conserves = true,
                              .real = true,
                              .nparam = 3,
                              .ngate = sizeof gates / sizeof gates[0],
                              .gates = gates};
  compare(hamiltonian, &ansatz, 11);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

/* An ansatz that grows from a pool, as ADAPT-VQE lets it. */
static void grow(const char *name, const char *pool_name,
                 const struct vqe_team *team, double *slopes,
                 struct numbers *out)
{
  struct vqe_integrals *integrals = fixture_read(name);
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  struct vqe_ansatz_options options;
  struct vqe_estimator_options how = {.size = sizeof how,
                                      .representation =
                                          VQE_REPRESENTATION_SECTOR,
                                      .threads = 1,
                                      .team = team};
  struct vqe_estimator *estimator = NULL;
  struct vqe_ansatz *ansatz = NULL;
  struct vqe_ansatz *pool = NULL;
  vqe_ansatz_options_init(&options);
  options.name = "ADAPT-VQE";
  options.reps = 1;
  options.norb = hamiltonian->norb;
  options.nalpha = integrals->nalpha;
  options.nbeta = integrals->nbeta;
  options.restricted = integrals->nalpha == integrals->nbeta;
  options.nirrep = hamiltonian->nirrep;
  options.irrep = hamiltonian->irrep;
  options.adapt.pool = pool_name;
  assert_ok(vqe_ansatz_create(&ansatz, &options));
  assert_ok(vqe_ansatz_pool_create(&pool, &options));
  assert_ok(vqe_estimator_create(&estimator, hamiltonian, ansatz, &how));
  double *parameters = fixture_parameters(pool->nparam, 0.2, 21);
  for (int k = 0; k < pool->nparam; k += 5) {
    assert_ok(vqe_ansatz_append(ansatz, pool, k));
    if (k % 2 == 0) {
      assert_ok(vqe_estimator_extend(estimator));
    }
  }
  assert_ok(vqe_estimator_extend(estimator));
  for (int k = 0; k < 2; k++) {
    assert_ok(
        vqe_estimator_pool_gradient(estimator, slopes, parameters, pool));
  }
  out->gradient = oracle_new((size_t)ansatz->nparam);
  assert_ok(vqe_estimator_gradient(estimator, &out->energy, out->gradient,
                                   parameters));
  vqe_estimator_free(estimator);
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_ansatz_free(pool);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

static void split_estimator_takes_in_appended_gates(void **state)
{
  (void)state;
  static const char *const pools[] = {"GSD", "QEB", "SAGSD", "OVP-CEO"};
  for (size_t p = 0; p < sizeof pools / sizeof pools[0]; p++) {
    double slopes[2][4096] = {{0.0}};
    struct numbers numbers[2] = {{0}};
    grow("H2O", pools[p], NULL, slopes[0], &numbers[0]);
    for (int size = 2; size <= 4; size++) {
      struct thread_team team;
      grow("H2O", pools[p], thread_team_start(&team, size, 0), slopes[1],
           &numbers[1]);
      thread_team_stop(&team);
      assert_close(numbers[0].energy, numbers[1].energy, 1e-11);
      double largest = 0.0;
      for (int k = 0; k < 4096; k++) {
        assert_close(slopes[0][k], slopes[1][k], 1e-12);
        largest = fmax(largest, fabs(slopes[0][k]));
      }
      assert_true(largest > 1e-2);
      numbers_clear(&numbers[1]);
    }
    numbers_clear(&numbers[0]);
  }
}

/* Rank 0 hears of a gate that the symmetry of the sector forbids, and the team
 * goes on. */
static void refused_extension_fails_on_all_ranks(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("H2O");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  struct vqe_ansatz *ansatz =
      fixture_ansatz("UCCSD", NULL, 1, hamiltonian, 5, 5);
  struct vqe_estimator_options how = {.size = sizeof how,
                                      .representation =
                                          VQE_REPRESENTATION_SECTOR,
                                      .threads = 1,
                                      .team = NULL};
  struct vqe_estimator *estimator = NULL;
  struct thread_team team;
  double before;
  double after;
  double *parameters = fixture_parameters(ansatz->nparam, 0.2, 2);
  how.team = thread_team_start(&team, 2, 0);
  assert_ok(vqe_estimator_create(&estimator, hamiltonian, ansatz, &how));
  assert_ok(vqe_estimator_energy(estimator, &before, parameters));
  int a = 5;
  while (hamiltonian->irrep[a] == hamiltonian->irrep[0]) {
    a++;
  }
  struct vqe_gate *gates = ansatz->gates;
  struct vqe_gate *more = calloc(ansatz->ngate + 1, sizeof *more);
  assert_non_null(more);
  memcpy(more, gates, ansatz->ngate * sizeof *more);
  more[ansatz->ngate] =
      (struct vqe_gate){VQE_GATE_SINGLE, {0, a, 0, 0}, 0, 1.0};
  ansatz->gates = more;
  ansatz->ngate++;
  assert_int_equal(vqe_estimator_extend(estimator), VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "symmetry"));
  assert_ok(vqe_estimator_energy(estimator, &after, parameters));
  assert_close(before, after, 0.0);
  vqe_estimator_free(estimator);
  thread_team_stop(&team);
  ansatz->gates = gates;
  ansatz->ngate--;
  free(more);
  free(parameters);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(split_random_problems_agree_with_one_rank),
      cmocka_unit_test(split_molecules_agree_with_one_rank),
      cmocka_unit_test(excitations_in_any_order_agree_with_one_rank),
      cmocka_unit_test(split_estimator_takes_in_appended_gates),
      cmocka_unit_test(refused_extension_fails_on_all_ranks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
