/* Direct integrals against stored ones, and whole runs with and without. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chem/direct.h"
#include "chem/fock.h"
#include "chem/transform.h"
#include "vqe/chem.h"
#include "vqe/error.h"

#define ETHYLENE                                                              \
  "6\n0 1\nC 0 0 0.67\nC 0 0 -0.67\nH 0 0.92 1.24\nH 0 -0.92 1.24\n"          \
  "H 0 0.92 -1.24\nH 0 -0.92 -1.24\n"

struct setup {
  struct vqe_molecule_list *list;
  struct vqe_basis *basis;
  struct vqe_env *env;
  double *eri;
  int n;
};

static void setup_new(struct setup *x, const char *xyz, const char *basis)
{
  bool wanted[VQE_MAX_Z + 1] = {false};
  memset(x, 0, sizeof *x);
  assert_int_equal(
      vqe_molecule_list_parse(&x->list, xyz, strlen(xyz), "xyz", ""), 0);
  const struct vqe_molecule *molecule = x->list->entries[0].molecule;
  for (size_t a = 0; a < molecule->natom; a++) {
    wanted[molecule->z[a]] = true;
  }
  assert_int_equal(vqe_basis_load(&x->basis, basis, wanted), 0);
  assert_int_equal(vqe_env_new(&x->env, molecule, x->basis), 0);
  x->n = x->env->nao;
  size_t npair = vqe_pair((size_t)x->n, 0);
  x->eri = calloc(vqe_pair(npair, 0), sizeof(double));
  assert_int_equal(vqe_env_two_electron(x->eri, x->env, 1), 0);
}

static void setup_free(struct setup *x)
{
  vqe_molecule_list_free(x->list);
  vqe_basis_free(x->basis);
  vqe_env_free(x->env);
  free(x->eri);
}

static double *new_matrix(int n, double phase)
{
  double *m = calloc((size_t)(n * n), sizeof(double));
  for (int p = 0; p < n; p++) {
    for (int q = 0; q <= p; q++) {
      m[p * n + q] = m[q * n + p] = sin(phase * p + 7.0 * q);
    }
  }
  return m;
}

static void assert_near(const double *a, const double *b, int n, double most)
{
  for (int k = 0; k < n * n; k++) {
    assert_true(fabs(a[k] - b[k]) < most);
  }
}

static void fock_matrices_equal_those_of_stored_integrals(void **state)
{
  (void)state;
  struct setup x;
  setup_new(&x, ETHYLENE, "cc-pvdz"); /* d functions, 48 in all */
  int n = x.n;
  double *d[3] = {new_matrix(n, 3.0), new_matrix(n, 1.3), new_matrix(n, 0.4)};
  double *direct[3];
  double *stored[3];
  double *scratch = calloc(vqe_fock_scratch(n), sizeof(double));
  struct vqe_direct *integrals = NULL;
  for (int t = 0; t < 3; t++) {
    direct[t] = new_matrix(n, 0.0);
    stored[t] = new_matrix(n, 0.0);
  }
  vqe_fock_jk(stored[0], NULL, x.eri, d[0], n, scratch, 1);
  vqe_fock_jk(NULL, stored[1], x.eri, d[1], n, scratch, 1);
  vqe_fock_jk(NULL, stored[2], x.eri, d[2], n, scratch, 2);
  double *const k[2] = {direct[1], direct[2]};
  const double *const dk[2] = {d[1], d[2]};
  double *kept = calloc((size_t)(3 * n * n), sizeof(double));
  for (int threads = 1; threads <= 3; threads++) {
    assert_int_equal(vqe_direct_new(&integrals, x.env, threads), 0);
    assert_int_equal(vqe_direct_jk(direct[0], d[0], 2, k, dk, integrals), 0);
    for (int t = 0; t < 3; t++) {
      double *first = kept + (size_t)(t * n * n);
      size_t bytes = (size_t)(n * n) * sizeof(double);
      assert_near(direct[t], stored[t], n, 1e-9);
      if (threads == 1) {
        memcpy(first, direct[t], bytes);
      }
      assert_memory_equal(direct[t], first, bytes);
    }
    vqe_direct_free(integrals);
  }
  for (int t = 0; t < 3; t++) {
    free(d[t]);
    free(direct[t]);
    free(stored[t]);
  }
  free(kept);
  free(scratch);
  setup_free(&x);
}

/* Few orbitals go by sums over their products, many by rows. */
static void transformed_integrals_equal_those_of_stored_ones(void **state)
{
  (void)state;
  struct setup x;
  setup_new(&x, ETHYLENE, "6-31g");
  enum { MANY = 8, NOUT = MANY * (MANY + 1) / 2 };
  static const int counts[] = {1, 5, MANY};
  double a[NOUT * NOUT];
  double b[NOUT * NOUT];
  double *c = new_matrix(x.n, 1.7);
  for (size_t t = 0; t < sizeof counts / sizeof counts[0]; t++) {
    struct vqe_direct *integrals = NULL;
    int norb = counts[t];
    int nout = norb * (norb + 1) / 2;
    int threads = (int)t + 1;
    assert_int_equal(vqe_direct_new(&integrals, x.env, threads), 0);
    assert_int_equal(
        vqe_transform_functions(a, x.eri, NULL, c, x.n, x.n, 2, norb, 1), 0);
    assert_int_equal(vqe_transform_functions(b, NULL, integrals, c, x.n, x.n,
                                             2, norb, threads),
                     0);
    double largest = 0.0;
    for (int k = 0; k < nout * nout; k++) {
      largest = fmax(largest, fabs(a[k]));
      assert_true(fabs(a[k] - b[k]) < 1e-9);
    }
    assert_true(largest > 1.0);
    vqe_direct_free(integrals);
  }
  free(c);
  setup_free(&x);
}

/* Closed and open shells, with a frozen core, Cartesian functions. */
static void runs_without_memory_give_the_same_energies(void **state)
{
  (void)state;
  static const struct {
    const char *xyz, *basis;
  } cases[] = {
      {ETHYLENE, "6-31g"},
      {"2\n0 3\nO 0 0 0\nO 0 0 1.2\n", "6-31g"},
      {"3\n0 1\nO 0 0 0.1173\nH 0 0.7572 -0.4692\nH 0 -0.7572 -0.4692\n",
       VQE_TEST_DATA "/basis_631gs.nw"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_molecule_list *list = NULL;
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *stored = NULL;
    struct vqe_integrals *direct = NULL;
    const char *xyz = cases[k].xyz;
    assert_int_equal(
        vqe_molecule_list_parse(&list, xyz, strlen(xyz), "xyz", ""), 0);
    options.basis = cases[k].basis;
    options.frozen_core = VQE_FROZEN_CORE_AUTO;
    assert_int_equal(
        vqe_chem_run(&stored, list->entries[0].molecule, &options), 0);
    options.memory_limit = 1000;
    assert_int_equal(
        vqe_chem_run(&direct, list->entries[0].molecule, &options), 0);
    assert_true(fabs(stored->hf_energy - direct->hf_energy) < 1e-8);
    assert_true(fabs(stored->mp2_energy - direct->mp2_energy) < 1e-7);
    assert_true(fabs(stored->e_core - direct->e_core) < 1e-7);
    vqe_integrals_free(stored);
    vqe_integrals_free(direct);
    vqe_molecule_list_free(list);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fock_matrices_equal_those_of_stored_integrals),
      cmocka_unit_test(transformed_integrals_equal_those_of_stored_ones),
      cmocka_unit_test(runs_without_memory_give_the_same_energies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
