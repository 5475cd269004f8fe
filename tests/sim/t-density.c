/* Densities over pairs against dense operators, and the slope of the energy
 * along orbital rotations against differences. */
#include "sim/sim_fixture.h"

#include "chem/rotation.h"

/* F_PQ on a vector: both spins, both directions. */
static void apply_pair(double complex *out, const double complex *in, int norb,
                       int p, int q)
{
  size_t n = (size_t)1 << (2 * norb);
  memset(out, 0, n * sizeof *out);
  for (size_t x = 0; x < n; x++) {
    for (int shift = 0; shift <= norb; shift += norb) {
      for (int turn = 0; turn < (p == q ? 1 : 2); turn++) {
        uint64_t y = x;
        int sign = oracle_move(&y, (turn == 0 ? p : q) + shift,
                               (turn == 0 ? q : p) + shift);
        if (sign != 0) {
          out[y] += sign * in[x];
        }
      }
    }
  }
}

static void check(const char *name, int norb, int na, int nb,
                  const uint8_t *irrep)
{
  double *h1e;
  double *eri;
  size_t n = (size_t)1 << (2 * norb);
  size_t npair = (size_t)(norb * (norb + 1) / 2);
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, norb, irrep, true, 0.3, 8);
  struct vqe_ansatz *ansatz =
      fixture_ansatz(name, NULL, 1, hamiltonian, na, nb);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_SECTOR, 1);
  double *parameters = fixture_parameters(ansatz->nparam, 1.0, 4);
  double *pairs1 = oracle_new(npair);
  double *pairs2 = oracle_new(npair * npair);
  double complex *psi = fixture_state(estimator, ansatz, parameters);
  double complex *work = calloc(npair * n, sizeof *work);
  double energy;
  double sum = hamiltonian->constant;
  assert_non_null(work);
  assert_ok(vqe_estimator_densities(estimator, pairs1, pairs2, parameters));
  for (int p = 0, k = 0; p < norb; p++) {
    for (int q = 0; q <= p; q++, k++) {
      apply_pair(work + (size_t)k * n, psi, norb, p, q);
    }
  }
  for (size_t k = 0; k < npair; k++) {
    double complex one = 0.0;
    for (size_t x = 0; x < n; x++) {
      one += conj(psi[x]) * work[k * n + x];
    }
    assert_close(pairs1[k], creal(one), 1e-12);
    sum += hamiltonian->f[k] * pairs1[k];
    for (size_t l = 0; l < npair; l++) {
      double complex two = 0.0;
      for (size_t x = 0; x < n; x++) {
        two += conj(work[k * n + x]) * work[l * n + x];
      }
      assert_close(pairs2[k * npair + l], creal(two), 1e-12);
      sum += 0.5 * hamiltonian->w[k * npair + l] * pairs2[k * npair + l];
    }
  }
  assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
  assert_close(sum, energy, 1e-12);
  free(work);
  free(psi);
  free(pairs1);
  free(pairs2);
  free(parameters);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

static void densities_agree_with_ladder_operators(void **state)
{
  (void)state;
  static const uint8_t irrep[4] = {0, 1, 0, 1};
  static const uint8_t many[4] = {0, 1, 2, 3};
  for (int na = 1; na <= 4; na++) {
    for (int nb = 0; nb <= na; nb++) {
      check("UCCSD", 4, na, nb, NULL);
      check("UCCSD", 4, na, nb, irrep);
    }
  }
  check("UCCSD", 4, 2, 2, many);
  check("k-UpCCGSD", 4, 2, 2, irrep);
  check("LUCJ", 4, 2, 2, NULL);
  check("LUCJ", 4, 3, 1, irrep);
}

/* Energy of the state at the rotated orbitals, by all the steps of a run. */
static double rotated(struct vqe_rotation *rotation,
                      struct vqe_hamiltonian *hamiltonian,
                      struct vqe_estimator *estimator, const double *angles,
                      const double *parameters)
{
  double energy;
  assert_ok(vqe_rotation_apply(rotation, angles));
  vqe_hamiltonian_update(hamiltonian, rotation->h1e, rotation->eri,
                         rotation->e_core);
  assert_ok(vqe_estimator_refresh(estimator));
  assert_ok(vqe_estimator_energy(estimator, &energy, parameters));
  return energy;
}

static void check_slope(const char *molecule, const char *ansatz_name,
                        int frozen, int electrons, int orbitals, bool symmetry)
{
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *integrals = NULL;
  struct vqe_hamiltonian *whole = NULL;
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_rotation *rotation = NULL;
  char path[512];
  snprintf(path, sizeof path, VQE_TEST_DATA "/%s.fcidump", molecule);
  options.frozen_core = frozen;
  options.active_electrons = electrons;
  options.active_orbitals = orbitals;
  options.keep_all = true;
  assert_ok(vqe_fcidump_read(&integrals, path, &options));
  assert_ok(vqe_hamiltonian_create(&whole, integrals->whole->norb,
                                   integrals->whole->h1e,
                                   integrals->whole->eri, 0.0, symmetry, 0.0));
  assert_ok(vqe_hamiltonian_create(&hamiltonian, integrals->norb,
                                   integrals->h1e, integrals->eri,
                                   integrals->e_core, false, 0.0));
  vqe_hamiltonian_label(hamiltonian, whole->nirrep,
                        whole->irrep + integrals->nfrozen);
  assert_ok(vqe_rotation_create(&rotation, integrals, whole->irrep));
  struct vqe_ansatz *ansatz = fixture_ansatz(
      ansatz_name, NULL, 1, hamiltonian, integrals->nalpha, integrals->nbeta);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_SECTOR, 1);
  double *parameters = fixture_parameters(ansatz->nparam, 0.5, 3);
  size_t nangle = (size_t)rotation->nangle;
  double *angles = oracle_new(nangle);
  double *slope = oracle_new(nangle);
  size_t npair = (size_t)integrals->norb * (size_t)(integrals->norb + 1) / 2;
  double *pairs1 = oracle_new(npair);
  double *pairs2 = oracle_new(npair * npair);
  double start;
  double largest = 0.0;
  assert_int_equal(rotation->nmo, integrals->whole->norb);
  if (!symmetry) {
    assert_int_equal(
        nangle,
        vqe_rotation_count(rotation->nmo, rotation->nfrozen, rotation->norb));
  }
  /* no rotation: the integrals as they were */
  assert_ok(vqe_estimator_energy(estimator, &start, parameters));
  assert_close(rotated(rotation, hamiltonian, estimator, angles, parameters),
               start, 1e-10);
  uint64_t seed = 5;
  for (size_t k = 0; k < nangle; k++) {
    angles[k] = 0.6 * oracle_random(&seed);
  }
  (void)rotated(rotation, hamiltonian, estimator, angles, parameters);
  assert_ok(vqe_estimator_densities(estimator, pairs1, pairs2, parameters));
  assert_ok(vqe_rotation_gradient(slope, rotation, pairs1, pairs2));
  for (size_t k = 0; k < nangle; k++) {
    static const double at[4] = {-2, -1, 1, 2};
    static const double weight[4] = {1, -8, 8, -1};
    const double step = 5e-3;
    double middle = angles[k];
    double sum = 0.0;
    for (int i = 0; i < 4; i++) {
      angles[k] = middle + at[i] * step;
      sum += weight[i] *
             rotated(rotation, hamiltonian, estimator, angles, parameters);
    }
    angles[k] = middle;
    assert_close(slope[k], sum / (12.0 * step), 2e-7);
    largest = fmax(largest, fabs(slope[k]));
  }
  assert_true(largest > 1e-2);
  free(angles);
  free(slope);
  free(pairs1);
  free(pairs2);
  free(parameters);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_rotation_free(rotation);
  vqe_hamiltonian_free(hamiltonian);
  vqe_hamiltonian_free(whole);
  vqe_integrals_free(integrals);
}

static void densities_give_slopes_by_integrals(void **state)
{
  (void)state;
  check_slope("H2", "UCCSD", 0, -1, -1, false);
  check_slope("LiH", "UCCSD", 0, -1, -1, true);
  check_slope("LiH", "UCCSD", 1, 2, 3, false);
  check_slope("LiH", "LUCJ", 1, 2, 3, true);
  check_slope("H2O", "UCCSD", 0, 4, 4, true);
  check_slope("H2O", "k-UpCCGSD", 2, -1, -1, true);
}

/* Full-space estimators have no densities. */
static void full_space_refuses_densities(void **state)
{
  (void)state;
  double *h1e;
  double *eri;
  double pairs1[3];
  double pairs2[9];
  struct vqe_hamiltonian *hamiltonian =
      fixture_random(&h1e, &eri, 2, NULL, true, 0.0, 1);
  struct vqe_ansatz *ansatz =
      fixture_ansatz("EfficientSU2", NULL, 1, hamiltonian, 1, 1);
  struct vqe_estimator *estimator =
      fixture_estimator(hamiltonian, ansatz, VQE_REPRESENTATION_AUTO, 1);
  double *parameters = oracle_new((size_t)ansatz->nparam);
  assert_int_equal(
      vqe_estimator_densities(estimator, pairs1, pairs2, parameters),
      VQE_ERR_UNSUPPORTED);
  assert_int_equal(vqe_estimator_refresh(estimator), VQE_ERR_UNSUPPORTED);
  free(parameters);
  vqe_estimator_free(estimator);
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(densities_agree_with_ladder_operators),
      cmocka_unit_test(densities_give_slopes_by_integrals),
      cmocka_unit_test(full_space_refuses_densities),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
