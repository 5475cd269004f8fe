/* Davidson against dense diagonalisation in the sector of the electron
 * numbers and the wanted spin, and against PySCF's energies. */
#include "sim/sim_fixture.h"

#include <jansson.h>

/* Determinants of one sector (and symmetry), and dense matrices over them. */
struct sector {
  int norb;
  size_t n;
  uint64_t *bits;
  size_t *at; /* of every basis state, SIZE_MAX outside */
  double *target;
  size_t column;
};

static void add_element(void *ctx, uint64_t bits, double value)
{
  struct sector *sector = ctx;
  size_t row = sector->at[bits];
  if (row == SIZE_MAX) { /* another symmetry: forbidden integrals are zero */
    assert_close(value, 0.0, 1e-12);
    return;
  }
  sector->target[row * sector->n + sector->column] += value;
}

/* irrep NULL: all symmetries. */
static void sector_init(struct sector *sector, int norb, int na, int nb,
                        const uint8_t *irrep, int total)
{
  size_t full = (size_t)1 << (2 * norb);
  sector->norb = norb;
  sector->n = 0;
  sector->bits = calloc(full, sizeof *sector->bits);
  sector->at = calloc(full, sizeof *sector->at);
  assert_true(sector->bits != NULL && sector->at != NULL);
  for (uint64_t x = 0; x < full; x++) {
    int product = 0;
    for (int p = 0; irrep != NULL && p < 2 * norb; p++) {
      product ^= (x >> p & 1) ? irrep[p % norb] : 0;
    }
    uint64_t alpha = x & ((UINT64_C(1) << norb) - 1);
    sector->at[x] = SIZE_MAX;
    if (__builtin_popcountll(alpha) == na &&
        __builtin_popcountll(x >> norb) == nb &&
        (irrep == NULL || product == total)) {
      sector->at[x] = sector->n;
      sector->bits[sector->n++] = x;
    }
  }
}

/* Lowest eigenvalue of H + 100 (S^2 - S(S+1))^2, exact because both commute:
 * a wrong spin costs at least 400. `any` gets the lowest of all spins. */
static double lowest(const struct sector *sector, const double *h1e,
                     const double *eri, int multiplicity, double *any)
{
  size_t n = sector->n;
  struct sector work = *sector;
  double *h = oracle_new(n * n);
  double *s2 = oracle_new(n * n);
  double *square = oracle_new(n * n);
  double *values = oracle_new(n);
  double spin = 0.5 * (multiplicity - 1);
  for (size_t k = 0; k < n; k++) {
    work.column = k;
    work.target = h;
    oracle_apply_h(sector->norb, h1e, eri, sector->bits[k], add_element,
                   &work);
    work.target = s2;
    oracle_apply_spin(sector->norb, sector->bits[k], add_element, &work);
    s2[k * n + k] -= spin * (spin + 1.0);
  }
  oracle_multiply(square, s2, s2, n);
  for (size_t k = 0; k < n * n; k++) {
    square[k] = h[k] + 100.0 * square[k];
  }
  oracle_eigenvalues(values, square, n);
  double wanted = values[0];
  oracle_eigenvalues(values, h, n);
  *any = values[0];
  free(h);
  free(s2);
  free(square);
  free(values);
  return wanted;
}

static void sector_clear(struct sector *sector)
{
  free(sector->bits);
  free(sector->at);
}

/* Close orbitals and strong exchange make high spin often lower. Returns
 * whether another spin lies lower. */
static bool check_exchange(int norb, int na, int nb, const uint8_t *irrep,
                           bool symmetry, uint64_t seed, double exchange)
{
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian = NULL;
  oracle_integrals(&h1e, &eri, norb, irrep, seed);
  size_t npair = (size_t)(norb * (norb + 1) / 2);
  for (int p = 0; p < norb; p++) {
    h1e[p * norb + p] -= 0.6 * p;
    for (int q = 0; q < p; q++) {
      eri[oracle_pair(p, q) * (npair + 1)] += exchange;
    }
  }
  assert_ok(vqe_hamiltonian_create(&hamiltonian, norb, h1e, eri, 0.25,
                                   symmetry, 0.0));
  struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
  struct vqe_fci_result result;
  struct sector sector;
  double any;
  double spin = 0.5 * (na - nb);
  options.multiplicity = na - nb + 1;
  sector_init(&sector, norb, na, nb, NULL, 0);
  double expected = lowest(&sector, h1e, eri, options.multiplicity, &any);
  if (vqe_fci_solve(&result, hamiltonian, na, nb, &options) != VQE_OK) {
    fail_msg("norb %d, %d + %d electrons, seed %d: %s (%.6f, %.6f of any "
             "spin)",
             norb, na, nb, (int)seed, vqe_error_message(), expected, any);
  }
  if (!(fabs(result.energy - 0.25 - expected) < 1e-9)) {
    fail_msg("norb %d, %d + %d electrons, symmetry %d, seed %d: %.12f, "
             "expected %.12f",
             norb, na, nb, symmetry, (int)seed, result.energy - 0.25,
             expected);
  }
  assert_close(result.s2, spin * (spin + 1.0), 1e-5);
  assert_int_equal(result.determinants, sector.n);
  assert_true(result.cycles > 0);
  sector_clear(&sector);
  /* the state is of the symmetry that is reported */
  sector_init(&sector, norb, na, nb, hamiltonian->irrep, result.irrep);
  double again;
  assert_close(lowest(&sector, h1e, eri, options.multiplicity, &again) + 0.25,
               result.energy, 1e-9);
  sector_clear(&sector);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
  return any < expected - 1e-6;
}

static bool check(int norb, int na, int nb, const uint8_t *irrep,
                  bool symmetry, uint64_t seed)
{
  return check_exchange(norb, na, nb, irrep, symmetry, seed, 0.2);
}

/* High spin several hartree below the spin that is asked for. */
static void wanted_spin_is_found_below_strong_exchange(void **state)
{
  (void)state;
  int others = 0;
  for (uint64_t seed = 60; seed < 64; seed++) {
    others += check_exchange(3, 1, 1, NULL, true, seed, 3.0);
    others += check_exchange(4, 2, 2, NULL, true, seed, 3.0);
    others += check_exchange(4, 2, 1, NULL, true, seed, 3.0);
  }
  assert_true(others >= 10);
}

static void random_hamiltonians_agree_with_dense_diagonalisation(void **state)
{
  (void)state;
  int others = 0;
  for (int norb = 1; norb <= 4; norb++) {
    for (int na = 0; na <= norb; na++) {
      for (int nb = 0; nb <= na; nb++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
          others += check(norb, na, nb, NULL, true, seed);
        }
      }
    }
  }
  assert_true(others > 0);
}

static void symmetry_blocks_give_the_same_ground_state(void **state)
{
  (void)state;
  static const uint8_t irreps[][5] = {
      {0, 1, 0, 1, 0}, {0, 1, 2, 3, 0}, {0, 1, 2, 4, 7}, {0, 0, 0, 0, 1}};
  int others = 0;
  for (size_t k = 0; k < 4; k++) {
    for (uint64_t seed = 20; seed < 24; seed++) {
      /* with the symmetry, and with the same integrals without */
      for (int use = 0; use < 2; use++) {
        others += check(4, 2, 2, irreps[k], use == 1, seed);
        others += check(4, 2, 1, irreps[k], use == 1, seed);
        others += check(4, 1, 1, irreps[k], use == 1, seed);
        others += check(4, 3, 1, irreps[k], use == 1, seed);
      }
    }
    others += check(5, 2, 2, irreps[k], true, 40 + k);
    others += check(5, 2, 1, irreps[k], false, 50 + k);
  }
  assert_true(others >= 10);
}

/* Two electrons in two orbitals with a strong exchange: the singlet asked
 * for lies above the triplet of the same orbitals. */
static void singlet_above_triplet_is_found(void **state)
{
  (void)state;
  for (int symmetry = 0; symmetry < 2; symmetry++) {
    double h1e[4] = {-1.0, 0.0, 0.0, -0.9};
    double eri[9] = {0};
    eri[0] = 0.7;          /* (00|00) */
    eri[8] = 0.65;         /* (11|11) */
    eri[2] = eri[6] = 0.5; /* (00|11) */
    eri[4] = 0.2;          /* (01|01) */
    struct vqe_hamiltonian *hamiltonian = NULL;
    struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
    struct vqe_fci_result result;
    assert_ok(vqe_hamiltonian_create(&hamiltonian, 2, h1e, eri, 0.0,
                                     symmetry == 1, 0.0));
    assert_ok(vqe_fci_solve(&result, hamiltonian, 1, 1, &options));
    /* closed shells: [[-2 + .7, .2], [.2, -1.8 + .65]]; open: -1.9 + .5 + .2
     * for the singlet, -1.9 + .5 - .2 for the triplet */
    double middle = 0.5 * (-1.3 - 1.15);
    double half = 0.5 * (-1.3 + 1.15);
    double closed = middle - sqrt(half * half + 0.04);
    assert_true(closed > -1.6 && closed < -1.2);
    assert_close(result.energy, closed, 1e-10);
    assert_close(result.s2, 0.0, 1e-6);
    options.multiplicity = 3;
    assert_ok(vqe_fci_solve(&result, hamiltonian, 2, 0, &options));
    assert_close(result.energy, -1.6, 1e-10);
    assert_close(result.s2, 2.0, 1e-6);
    vqe_hamiltonian_free(hamiltonian);
  }
}

/* A sigma orbital and a pair of pi orbitals that a rotation mixes: (11|11) -
 * (11|22) = 2 (12|12). Energies by hand. */
static void degenerate_states_converge(void **state)
{
  (void)state;
  const double core = -3.0;
  const double pi = -1.2;
  const double j00 = 0.9;
  const double j01 = 0.6;
  const double k01 = 0.05;
  const double j11 = 0.55;
  const double j12 = 0.45;
  const double k12 = 0.5 * (j11 - j12);
  for (int symmetry = 0; symmetry < 2; symmetry++) {
    double h1e[9] = {core, 0, 0, 0, pi, 0, 0, 0, pi};
    double eri[36] = {0};
    size_t diagonal[3] = {oracle_pair(0, 0), oracle_pair(1, 1),
                          oracle_pair(2, 2)};
    const double coulomb[3][3] = {
        {j00, j01, j01}, {j01, j11, j12}, {j01, j12, j11}};
    for (int p = 0; p < 3; p++) {
      for (int q = 0; q < 3; q++) {
        eri[diagonal[p] * 6 + diagonal[q]] = coulomb[p][q];
      }
    }
    eri[oracle_pair(0, 1) * 7] = k01;
    eri[oracle_pair(0, 2) * 7] = k01;
    eri[oracle_pair(1, 2) * 7] = k12;
    struct vqe_hamiltonian *hamiltonian = NULL;
    struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
    struct vqe_fci_result result;
    struct sector sector;
    double any;
    assert_ok(vqe_hamiltonian_create(&hamiltonian, 3, h1e, eri, 0.0,
                                     symmetry == 1, 0.0));
    assert_int_equal(hamiltonian->nirrep, symmetry == 1 ? 4 : 1);
    /* three electrons: a doublet Pi, twice */
    options.multiplicity = 2;
    assert_ok(vqe_fci_solve(&result, hamiltonian, 2, 1, &options));
    sector_init(&sector, 3, 2, 1, NULL, 0);
    double doublet = lowest(&sector, h1e, eri, 2, &any);
    sector_clear(&sector);
    assert_close(result.energy, doublet, 1e-9);
    assert_close(result.s2, 0.75, 1e-6);
    /* the leading configuration bounds it from above */
    assert_true(doublet < 2 * core + pi + j00 + 2 * j01 - k01 + 1e-12);
    /* four electrons: the singlet Delta is degenerate across symmetries and
     * lies above the triplet Sigma- */
    options.multiplicity = 1;
    assert_ok(vqe_fci_solve(&result, hamiltonian, 2, 2, &options));
    sector_init(&sector, 3, 2, 2, NULL, 0);
    double singlet = lowest(&sector, h1e, eri, 1, &any);
    sector_clear(&sector);
    assert_close(result.energy, singlet, 1e-9);
    assert_close(result.s2, 0.0, 1e-6);
    assert_true(any < singlet - 0.05);
    options.multiplicity = 3;
    assert_ok(vqe_fci_solve(&result, hamiltonian, 3, 1, &options));
    assert_close(result.energy, any, 1e-9);
    assert_close(result.s2, 2.0, 1e-6);
    vqe_hamiltonian_free(hamiltonian);
  }
}

/* No interaction: every determinant is an eigenvector, singlets and triplets
 * coincide. */
static void no_interaction_gives_sum_of_orbitals(void **state)
{
  (void)state;
  double h1e[16] = {0};
  double *eri = oracle_new(100);
  static const double level[4] = {-1.0, 0.0, 0.0, 1.0};
  for (int p = 0; p < 4; p++) {
    h1e[p * 5] = level[p];
  }
  for (int symmetry = 0; symmetry < 2; symmetry++) {
    struct vqe_hamiltonian *hamiltonian = NULL;
    struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
    struct vqe_fci_result result;
    assert_ok(vqe_hamiltonian_create(&hamiltonian, 4, h1e, eri, 0.5,
                                     symmetry == 1, 0.0));
    assert_ok(vqe_fci_solve(&result, hamiltonian, 2, 2, &options));
    assert_close(result.energy, -2.0 + 0.5, 1e-10);
    assert_close(result.s2, 0.0, 1e-6);
    options.multiplicity = 3;
    assert_ok(vqe_fci_solve(&result, hamiltonian, 3, 1, &options));
    assert_close(result.energy, -2.0 + 0.5, 1e-10);
    assert_close(result.s2, 2.0, 1e-6);
    vqe_hamiltonian_free(hamiltonian);
  }
  free(eri);
}

static void molecules_agree_with_reference(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    bool plain; /* without symmetry too */
  } cases[] = {{"H2", true},  {"HeH+", true}, {"LiH", true}, {"BeH2", true},
               {"H2O", true}, {"NH3", true},  {"N2", false}};
  json_error_t error;
  json_t *root = json_load_file(VQE_TEST_DATA "/energies.json", 0, &error);
  assert_non_null(root);
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    double expected = (double)NAN;
    double determinants = 0.0;
    size_t at;
    json_t *system;
    json_array_foreach(json_object_get(root, "systems"), at, system)
    {
      if (strcmp(json_string_value(json_object_get(system, "name")),
                 cases[k].name) == 0) {
        expected = json_number_value(json_object_get(system, "e_fci"));
        determinants =
            json_number_value(json_object_get(system, "n_determinants"));
      }
    }
    struct vqe_integrals *integrals = fixture_read(cases[k].name);
    for (int symmetry = cases[k].plain ? 0 : 1; symmetry < 2; symmetry++) {
      struct vqe_hamiltonian *hamiltonian =
          fixture_total(integrals, symmetry == 1);
      struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
      struct vqe_fci_result result;
      uint64_t bytes = 0;
      options.threads = symmetry + 1;
      assert_ok(vqe_fci_size(&bytes, hamiltonian, integrals->nalpha,
                             integrals->nbeta, &options));
      options.max_bytes = bytes; /* enough is enough */
      assert_ok(vqe_fci_solve(&result, hamiltonian, integrals->nalpha,
                              integrals->nbeta, &options));
      assert_close(result.energy, expected, 1e-7);
      assert_close(result.s2, 0.0, 1e-5);
      assert_close((double)result.determinants, determinants, 0.0);
      vqe_hamiltonian_free(hamiltonian);
    }
    vqe_integrals_free(integrals);
  }
  json_decref(root);
}

/* The same bits whatever the number of threads. */
static void threads_do_not_change_the_energy(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("N2");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  struct vqe_fci_result result[3];
  for (int t = 0; t < 3; t++) {
    struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
    options.threads = t + 1;
    assert_ok(vqe_fci_solve(&result[t], hamiltonian, integrals->nalpha,
                            integrals->nbeta, &options));
    assert_true(result[t].energy == result[0].energy);
    assert_true(result[t].s2 == result[0].s2);
    assert_int_equal(result[t].cycles, result[0].cycles);
  }
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

/* Fewer vectors, more products, the same state. */
static void little_memory_takes_fewer_vectors(void **state)
{
  (void)state;
  static const char *const names[] = {"BeH2", "NH3", "N2"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    struct vqe_integrals *integrals = fixture_read(names[k]);
    struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
    int na = integrals->nalpha;
    int nb = integrals->nbeta;
    struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
    struct vqe_fci_result all;
    struct vqe_fci_result few;
    uint64_t most = 0;
    uint64_t least = 0;
    assert_ok(vqe_fci_size(&most, hamiltonian, na, nb, &options));
    assert_ok(vqe_fci_solve(&all, hamiltonian, na, nb, &options));
    options.max_bytes = 1;
    assert_ok(vqe_fci_size(&least, hamiltonian, na, nb, &options));
    assert_true(least < most);
    options.max_bytes = least;
    assert_ok(vqe_fci_solve(&few, hamiltonian, na, nb, &options));
    assert_close(few.energy, all.energy, 1e-10);
    assert_close(few.s2, 0.0, 1e-5);
    assert_true(few.cycles > all.cycles);
    vqe_hamiltonian_free(hamiltonian);
    vqe_integrals_free(integrals);
  }
}

static bool stop(void *ctx)
{
  int *calls = ctx;
  return ++*calls > 2;
}

static void limits_interrupt_and_wrong_multiplicity_are_errors(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("BeH2");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
  struct vqe_fci_result result;
  uint64_t bytes = 0;
  int calls = 0;
  assert_ok(vqe_fci_size(&bytes, hamiltonian, 3, 3, &options));
  options.max_bytes = 1;
  assert_ok(vqe_fci_size(&bytes, hamiltonian, 3, 3, &options));
  options.max_bytes = bytes - 1;
  assert_int_equal(vqe_fci_solve(&result, hamiltonian, 3, 3, &options),
                   VQE_ERR_MEMORY);
  assert_non_null(strstr(vqe_error_message(), "MB"));
  options.max_bytes = 0;
  options.max_cycles = 2;
  assert_int_equal(vqe_fci_solve(&result, hamiltonian, 3, 3, &options),
                   VQE_ERR_NUMERIC);
  assert_non_null(strstr(vqe_error_message(), "2 cycles"));
  options.max_cycles = 0;
  options.should_stop = stop;
  options.ctx = &calls;
  assert_int_equal(vqe_fci_solve(&result, hamiltonian, 3, 3, &options),
                   VQE_ERR_INTERRUPTED);
  assert_int_equal(calls, 3);
  options.should_stop = NULL;
  options.multiplicity = 3;
  assert_int_equal(vqe_fci_solve(&result, hamiltonian, 3, 3, &options),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "multiplicity 3"));
  options.multiplicity = 1;
  assert_int_equal(vqe_fci_solve(&result, hamiltonian, 2, 3, &options),
                   VQE_ERR_INPUT);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

/* Sixteen electrons of each spin in 32 orbitals: refused by its number. */
static void too_large_problem_is_refused_with_its_size(void **state)
{
  (void)state;
  double *h1e;
  double *eri;
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, 32, NULL, false, 0.0, 1);
  struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
  struct vqe_fci_result result;
  uint64_t bytes = 0;
  assert_ok(vqe_fci_size(&bytes, hamiltonian, 16, 16, &options));
  assert_int_equal(bytes, UINT64_MAX);
  assert_int_equal(vqe_fci_solve(&result, hamiltonian, 16, 16, &options),
                   VQE_ERR_MEMORY);
  assert_non_null(strstr(vqe_error_message(), "18446744073709.6 MB"));
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_hamiltonians_agree_with_dense_diagonalisation),
      cmocka_unit_test(wanted_spin_is_found_below_strong_exchange),
      cmocka_unit_test(symmetry_blocks_give_the_same_ground_state),
      cmocka_unit_test(singlet_above_triplet_is_found),
      cmocka_unit_test(degenerate_states_converge),
      cmocka_unit_test(no_interaction_gives_sum_of_orbitals),
      cmocka_unit_test(molecules_agree_with_reference),
      cmocka_unit_test(threads_do_not_change_the_energy),
      cmocka_unit_test(little_memory_takes_fewer_vectors),
      cmocka_unit_test(limits_interrupt_and_wrong_multiplicity_are_errors),
      cmocka_unit_test(too_large_problem_is_refused_with_its_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
