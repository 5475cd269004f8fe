/* What an estimator refuses, with which code and which words; sizes said
 * beforehand. */
#include "sim/sim_fixture.h"

#include "base/memory.h"

static struct vqe_hamiltonian *empty_hamiltonian(int norb)
{
  size_t npair = (size_t)(norb * (norb + 1) / 2);
  double *h1e = oracle_new((size_t)(norb * norb));
  double *eri = oracle_new(npair * npair);
  struct vqe_hamiltonian *hamiltonian = NULL;
  for (int p = 0; p < norb; p++) {
    h1e[p * norb + p] = -1.0;
  }
  assert_ok(
      vqe_hamiltonian_create(&hamiltonian, norb, h1e, eri, 0.0, false, 0.0));
  free(h1e);
  free(eri);
  return hamiltonian;
}

static void expect_refusal(const char *name, int norb, int electrons,
                           enum vqe_representation representation, int status,
                           const char *const *words)
{
  struct vqe_hamiltonian *hamiltonian = empty_hamiltonian(norb);
  struct vqe_ansatz_options options = {.size = sizeof options,
                                       .name = name,
                                       .reps = 1,
                                       .norb = norb,
                                       .nalpha = electrons,
                                       .nbeta = electrons,
                                       .restricted = true,
                                       .nirrep = 1};
  struct vqe_ansatz *ansatz = NULL;
  assert_ok(vqe_ansatz_create(&ansatz, &options));
  struct vqe_estimator_options how = {
      .size = sizeof how, .representation = representation, .threads = 1};
  struct vqe_estimator *estimator = NULL;
  int got = vqe_estimator_create(&estimator, hamiltonian, ansatz, &how);
  if (got != status) {
    fail_msg("%s, %d orbitals: status %d, expected %d", name, norb, got,
             status);
  }
  assert_null(estimator);
  for (; *words != NULL; words++) {
    if (strstr(vqe_error_message(), *words) == NULL) {
      fail_msg("message \"%s\" lacks \"%s\"", vqe_error_message(), *words);
    }
  }
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
}

static void state_beyond_memory_is_refused_with_numbers(void **state)
{
  (void)state;
  /* 2^40 amplitudes of 48 bytes: 52.8 TB */
  static const char *const full[] = {"40 qubits", "1.1e+12 amplitudes", "MB",
                                     "UCCSD", NULL};
  expect_refusal("EfficientSU2", 20, 1, VQE_REPRESENTATION_AUTO,
                 VQE_ERR_MEMORY, full);
  static const char *const forty_four[] = {"44 qubits", "1.76e+13", NULL};
  expect_refusal("RealAmplitudes", 22, 1, VQE_REPRESENTATION_FULL,
                 VQE_ERR_MEMORY, forty_four);
  static const char *const most[] = {"64 qubits", "1.84e+19 amplitudes",
                                     "8.854e+14 MB", NULL};
  expect_refusal("RealAmplitudes", 32, 1, VQE_REPRESENTATION_FULL,
                 VQE_ERR_MEMORY, most);
  static const char *const beyond[] = {"66 qubits", "7.38e+19 amplitudes",
                                       "3.542e+15 MB", NULL};
  expect_refusal("RealAmplitudes", 33, 1, VQE_REPRESENTATION_FULL,
                 VQE_ERR_MEMORY, beyond);
  /* an ansatz of a sector is kept in the full space for a penalty alone */
  static const char *const penalised[] = {"66 qubits", "leave the penalty out",
                                          NULL};
  expect_refusal("UCCSD", 33, 1, VQE_REPRESENTATION_FULL, VQE_ERR_MEMORY,
                 penalised);
  /* C(32, 6)^2 = 8.2e11 determinants */
  static const char *const sector[] = {
      "sector", "64 qubits", "8.21e+11 amplitudes", "active space", NULL};
  expect_refusal("UCCSD", 32, 6, VQE_REPRESENTATION_AUTO, VQE_ERR_MEMORY,
                 sector);
}

static void sector_of_circuit_that_leaves_it_is_refused(void **state)
{
  (void)state;
  static const char *const words[] = {"EfficientSU2", "full space", NULL};
  expect_refusal("EfficientSU2", 2, 1, VQE_REPRESENTATION_SECTOR,
                 VQE_ERR_UNSUPPORTED, words);
}

static void other_number_of_orbitals_is_refused(void **state)
{
  (void)state;
  struct vqe_hamiltonian *three = empty_hamiltonian(3);
  struct vqe_hamiltonian *two = empty_hamiltonian(2);
  struct vqe_ansatz *ansatz =
      fixture_ansatz("EfficientSU2", NULL, 1, two, 1, 1);
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  struct vqe_estimator *estimator = NULL;
  assert_int_equal(vqe_estimator_create(&estimator, three, ansatz, &options),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "2 orbitals"));
  options.threads = 0;
  assert_int_equal(vqe_estimator_create(&estimator, two, ansatz, &options),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "threads 0"));
  assert_null(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(two);
  vqe_hamiltonian_free(three);
}

/* The size that is announced is the number of determinants. */
static void sizes_are_known_beforehand(void **state)
{
  (void)state;
  struct vqe_hamiltonian *hamiltonian = empty_hamiltonian(7);
  struct vqe_ansatz *ansatz =
      fixture_ansatz("UCCSD", NULL, 1, hamiltonian, 5, 5);
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  uint64_t amplitudes = 0;
  uint64_t bytes = 0;
  assert_ok(
      vqe_estimator_size(&amplitudes, &bytes, hamiltonian, ansatz, &options));
  assert_int_equal(amplitudes, 441);
  assert_true(bytes > 2 * 8 * 441);
  options.representation = VQE_REPRESENTATION_FULL;
  assert_ok(
      vqe_estimator_size(&amplitudes, &bytes, hamiltonian, ansatz, &options));
  assert_int_equal(amplitudes, 16384);
  assert_true(bytes > 32 * 16384);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  struct vqe_integrals *integrals = fixture_read("NH3");
  hamiltonian = fixture_total(integrals, true);
  ansatz = fixture_ansatz("UCCSD", NULL, 1, hamiltonian, 5, 5);
  options.representation = VQE_REPRESENTATION_SECTOR;
  assert_ok(
      vqe_estimator_size(&amplitudes, &bytes, hamiltonian, ansatz, &options));
  assert_int_equal(amplitudes, 1576);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
}

/* Half-filled spaces of up to 64 orbitals: numbers beyond 64 bits are said to
 * be too many at once. */
static void sizes_beyond_64_bits_are_told(void **state)
{
  (void)state;
  for (int norb = 30; norb <= 64; norb += 2) {
    struct vqe_hamiltonian hamiltonian = {.norb = norb, .nirrep = 1};
    struct vqe_ansatz ansatz = {.name = "UCCSD",
                                .norb = norb,
                                .nqubit = 2 * norb,
                                .nalpha = norb / 2,
                                .nbeta = norb / 2,
                                .real = true,
                                .conserves = true};
    struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
    struct vqe_fci_options fci = VQE_FCI_OPTIONS_INIT;
    uint64_t amplitudes;
    uint64_t bytes;
    uint64_t fci_bytes;
    assert_ok(vqe_estimator_size(&amplitudes, &bytes, &hamiltonian, &ansatz,
                                 &options));
    assert_ok(
        vqe_fci_size(&fci_bytes, &hamiltonian, norb / 2, norb / 2, &fci));
    /* C(30, 15)^2 = 2.4e16; C(36, 18)^2 = 8.2e19 */
    assert_true(bytes == UINT64_MAX && fci_bytes == UINT64_MAX);
    assert_int_equal(amplitudes == UINT64_MAX, norb >= 36);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(state_beyond_memory_is_refused_with_numbers),
      cmocka_unit_test(sector_of_circuit_that_leaves_it_is_refused),
      cmocka_unit_test(other_number_of_orbitals_is_refused),
      cmocka_unit_test(sizes_are_known_beforehand),
      cmocka_unit_test(sizes_beyond_64_bits_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
