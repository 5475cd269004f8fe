/* LUCJ: rotations and couplings put into networks give the energies of ffsim,
 * in both representations; so does the start from MP2 amplitudes. */
#include "sim/sim_fixture.h"

#include <jansson.h>

#include "ansatz/lucj.h"

#define UCJ VQE_TEST_DATA "/ucj.json"

static json_t *load(void)
{
  json_error_t error;
  json_t *root = json_load_file(UCJ, 0, &error);
  assert_non_null(root);
  return root;
}

static int integer(const json_t *entry, const char *key)
{
  return (int)json_integer_value(json_object_get(entry, key));
}

static struct vqe_ansatz *make(const json_t *entry,
                               const struct vqe_hamiltonian *hamiltonian)
{
  struct vqe_ansatz *ansatz = fixture_ansatz(
      "LUCJ", json_string_value(json_object_get(entry, "pairs")),
      integer(entry, "reps"), hamiltonian, integer(entry, "nalpha"),
      integer(entry, "nbeta"));
  assert_true(ansatz->conserves && !ansatz->real);
  return ansatz;
}

static void expect_energy(const json_t *entry,
                          const struct vqe_hamiltonian *hamiltonian,
                          const struct vqe_ansatz *ansatz,
                          const double *parameters, double tolerance)
{
  double expected = json_real_value(json_object_get(entry, "energy"));
  for (int r = VQE_REPRESENTATION_FULL; r <= VQE_REPRESENTATION_SECTOR; r++) {
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, (enum vqe_representation)r, 1);
    struct vqe_properties properties;
    double energy;
    assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
    assert_close(energy, expected, tolerance);
    assert_ok(
        vqe_estimator_properties(estimator, &properties, NULL, parameters));
    assert_close(properties.n, ansatz->nalpha + ansatz->nbeta, 1e-12);
    assert_close(properties.sz, 0.5 * (ansatz->nalpha - ansatz->nbeta), 1e-12);
    vqe_estimator_free(estimator);
  }
}

static double complex *complexes(const json_t *array)
{
  size_t n = json_array_size(array);
  double complex *out = calloc(n, sizeof *out);
  assert_non_null(out);
  for (size_t k = 0; k < n; k++) {
    const json_t *pair = json_array_get(array, k);
    out[k] = json_number_value(json_array_get(pair, 0)) +
             I * json_number_value(json_array_get(pair, 1));
  }
  return out;
}

static double *doubles(const json_t *array)
{
  size_t n = json_array_size(array);
  double *out = oracle_new(n);
  for (size_t k = 0; k < n; k++) {
    out[k] = json_number_value(json_array_get(array, k));
  }
  return out;
}

static void states_agree_with_products_of_exponentials(void **state)
{
  (void)state;
  json_t *root = load();
  const json_t *entries = json_object_get(root, "random");
  assert_true(json_array_size(entries) >= 5);
  for (size_t k = 0; k < json_array_size(entries); k++) {
    const json_t *entry = json_array_get(entries, k);
    struct vqe_integrals *integrals =
        fixture_read(json_string_value(json_object_get(entry, "molecule")));
    struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
    struct vqe_ansatz *ansatz = make(entry, hamiltonian);
    double *parameters = oracle_new((size_t)ansatz->nparam);
    double complex *rotations = complexes(json_object_get(entry, "rotations"));
    double complex *last = complexes(json_object_get(entry, "last"));
    double *same = doubles(json_object_get(entry, "same"));
    double *opposite = doubles(json_object_get(entry, "opposite"));
    assert_ok(vqe_lucj_parameters(parameters, ansatz, rotations, same,
                                  opposite, last));
    expect_energy(entry, hamiltonian, ansatz, parameters, 1e-10);
    free(rotations);
    free(last);
    free(same);
    free(opposite);
    free(parameters);
    vqe_ansatz_free(ansatz);
    vqe_hamiltonian_free(hamiltonian);
    vqe_integrals_free(integrals);
  }
  json_decref(root);
}

static void mp2_start_gives_reference_energies(void **state)
{
  (void)state;
  json_t *root = load();
  const json_t *entries = json_object_get(root, "mp2");
  assert_true(json_array_size(entries) >= 5);
  for (size_t k = 0; k < json_array_size(entries); k++) {
    const json_t *entry = json_array_get(entries, k);
    struct vqe_integrals *integrals =
        fixture_read(json_string_value(json_object_get(entry, "molecule")));
    struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
    struct vqe_ansatz *ansatz = make(entry, hamiltonian);
    double *parameters = oracle_new((size_t)ansatz->nparam);
    assert_ok(vqe_ansatz_mp2_parameters(parameters, ansatz, integrals->eri,
                                        integrals->orbital_energies));
    expect_energy(entry, hamiltonian, ansatz, parameters, 1e-7);
    free(parameters);
    vqe_ansatz_free(ansatz);
    vqe_hamiltonian_free(hamiltonian);
    vqe_integrals_free(integrals);
  }
  json_decref(root);
}

/* More repetitions than factors: the rest does nothing, and the state at zero
 * parameters is Hartree-Fock. */
static void zero_parameters_give_hartree_fock(void **state)
{
  (void)state;
  struct vqe_integrals *integrals = fixture_read("H2");
  struct vqe_hamiltonian *hamiltonian = fixture_total(integrals, true);
  double energy[2];
  for (int reps = 2; reps <= 5; reps += 3) {
    struct vqe_ansatz *ansatz =
        fixture_ansatz("LUCJ", "all-to-all", reps, hamiltonian, 1, 1);
    struct vqe_estimator *estimator =
        fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_AUTO, 1);
    double *parameters = oracle_new((size_t)ansatz->nparam);
    double hf;
    assert_ok(vqe_estimator_energy(estimator, &hf, parameters));
    assert_close(hf, integrals->hf_energy, 1e-9);
    assert_ok(vqe_ansatz_mp2_parameters(parameters, ansatz, integrals->eri,
                                        integrals->orbital_energies));
    assert_ok(vqe_estimator_energy(estimator, &energy[reps == 5], parameters));
    free(parameters);
    vqe_estimator_free(estimator);
    vqe_ansatz_free(ansatz);
  }
  assert_close(energy[0], energy[1], 1e-12);
  assert_true(energy[0] < integrals->hf_energy - 1e-3);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

/* Couplings per repetition, and blocks of the networks. */
static void gates_and_parameters_are_counted(void **state)
{
  (void)state;
  static const struct {
    const char *pairs;
    int na, nb, nparam;
  } cases[] = {
      {"square", 2, 2, 2 * 2 * 4 + 2 * (5 + 6 + 30)},
      {"heavy-hex", 2, 2, 2 * 2 * 4 + 2 * (5 + 2 + 30)},
      {"all-to-all", 2, 2, 2 * 2 * 4 + 2 * (15 + 21 + 30)},
      {"square", 3, 1, 30 + 2 * (5 + 6 + 30)},
      {"square", 6, 6, 2 * (5 + 6 + 30)},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_ansatz_options options = {.size = sizeof options,
                                         .name = "LUCJ",
                                         .reps = 2,
                                         .entanglement = cases[k].pairs,
                                         .norb = 6,
                                         .nalpha = cases[k].na,
                                         .nbeta = cases[k].nb,
                                         .nirrep = 1};
    struct vqe_ansatz *ansatz = NULL;
    assert_ok(vqe_ansatz_create(&ansatz, &options));
    assert_int_equal(ansatz->nparam, cases[k].nparam);
    assert_string_equal(ansatz->entanglement, cases[k].pairs);
    vqe_ansatz_free(ansatz);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(states_agree_with_products_of_exponentials),
      cmocka_unit_test(mp2_start_gives_reference_energies),
      cmocka_unit_test(zero_parameters_give_hartree_fock),
      cmocka_unit_test(gates_and_parameters_are_counted),
  };
  return FIXTURE_RUN(tests);
}
