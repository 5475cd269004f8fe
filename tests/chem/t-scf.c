/* Parts of SCF by themselves: J and K, the stages, symmetry operations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chem/basis.h"
#include "chem/env.h"
#include "chem/fock.h"
#include "chem/frame.h"
#include "chem/guess.h"
#include "chem/scf.h"
#include "chem/symmetry.h"
#include "chem/transform.h"
#include "vqe/error.h"

struct setup {
  struct vqe_molecule_list *list;
  struct vqe_basis *basis;
  struct vqe_env *env;
  struct vqe_frame frames[VQE_MAX_FRAMES];
  struct vqe_symmetry *symmetry;
  int nao;
  size_t npair;
  double *s, *t, *h, *eri, *guess, *splitter;
};

static void setup_new(struct setup *x, const char *xyz, const char *basis)
{
  memset(x, 0, sizeof *x);
  assert_int_equal(
      vqe_molecule_list_parse(&x->list, xyz, strlen(xyz), "xyz", "test"), 0);
  const struct vqe_molecule *molecule = x->list->entries[0].molecule;
  assert_non_null(molecule);
  bool wanted[VQE_MAX_Z + 1] = {false};
  for (size_t a = 0; a < molecule->natom; a++) {
    wanted[molecule->z[a]] = true;
  }
  assert_int_equal(vqe_basis_load(&x->basis, basis, wanted), 0);
  assert_int_equal(vqe_env_new(&x->env, molecule, x->basis), 0);
  x->nao = x->env->nao;
  size_t n = (size_t)x->nao;
  x->npair = n * (n + 1) / 2;
  x->s = calloc(n * n, sizeof(double));
  x->t = calloc(n * n, sizeof(double));
  x->h = calloc(n * n, sizeof(double));
  x->guess = calloc(n * n, sizeof(double));
  x->splitter = calloc(n * n, sizeof(double));
  x->eri = calloc(x->npair * (x->npair + 1) / 2, sizeof(double));
  assert_int_equal(vqe_env_one_electron(x->s, x->env, VQE_OVERLAP), 0);
  assert_int_equal(vqe_env_one_electron(x->t, x->env, VQE_KINETIC), 0);
  assert_int_equal(vqe_env_one_electron(x->h, x->env, VQE_NUCLEAR), 0);
  for (size_t k = 0; k < n * n; k++) {
    x->h[k] += x->t[k];
  }
  assert_int_equal(vqe_env_two_electron(x->eri, x->env, 1), 0);
  assert_int_equal(vqe_guess_atoms(x->guess, x->env, x->basis), 0);
  int nframe;
  assert_int_equal(vqe_frame_find(x->frames, &nframe, x->env), 0);
  assert_int_equal(vqe_frame_splitter(x->splitter, x->env, &x->frames[0]), 0);
  assert_int_equal(vqe_symmetry_new(&x->symmetry, x->env, &x->frames[0]), 0);
}

static void setup_free(struct setup *x)
{
  vqe_molecule_list_free(x->list);
  vqe_basis_free(x->basis);
  vqe_env_free(x->env);
  vqe_symmetry_free(x->symmetry);
  free(x->s);
  free(x->t);
  free(x->h);
  free(x->eri);
  free(x->guess);
  free(x->splitter);
}

static const char water[] = "3\n\nO 0 0 0.1173\nH 0 0.7572 -0.4692\n"
                            "H 0 -0.7572 -0.4692\n";
static const char oxygen[] = "2\nmultiplicity=3\nO 0 0 0\nO 0 0 1.2075\n";

static double eri(const struct setup *x, int p, int q, int r, int s)
{
  return x->eri[vqe_pair(vqe_pair((size_t)p, (size_t)q),
                         vqe_pair((size_t)r, (size_t)s))];
}

/* Sums over four indices, as in the definition. */
static void coulomb_and_exchange_equal_their_sums(void **state)
{
  (void)state;
  struct setup x;
  setup_new(&x, water, "6-31g");
  int n = x.nao;
  double *dm = calloc((size_t)(n * n), sizeof(double));
  double *j = calloc((size_t)(n * n), sizeof(double));
  double *k = calloc((size_t)(n * n), sizeof(double));
  double *packed = calloc(vqe_fock_scratch(n), sizeof(double));
  for (int p = 0; p < n; p++) {
    for (int q = 0; q <= p; q++) {
      dm[p * n + q] = dm[q * n + p] = sin(3.0 * p + 7.0 * q);
    }
  }
  vqe_fock_jk(j, k, x.eri, dm, n, packed, 2);
  for (int p = 0; p < n; p++) {
    for (int q = 0; q < n; q++) {
      double coulomb = 0.0;
      double exchange = 0.0;
      for (int r = 0; r < n; r++) {
        for (int s = 0; s < n; s++) {
          coulomb += eri(&x, p, q, r, s) * dm[r * n + s];
          exchange += eri(&x, p, r, q, s) * dm[r * n + s];
        }
      }
      assert_true(fabs(j[p * n + q] - coulomb) < 1e-10);
      assert_true(fabs(k[p * n + q] - exchange) < 1e-10);
    }
  }
  free(dm);
  free(j);
  free(k);
  free(packed);
  setup_free(&x);
}

/* Four nested sums against two passes of matrix products. */
static void transformation_equals_nested_sums(void **state)
{
  (void)state;
  struct setup x;
  setup_new(&x, water, "sto3g");
  int n = x.nao;
  int norb = 3;
  int first = 2;
  double *c = calloc((size_t)(n * n), sizeof(double));
  double out[36];
  for (int k = 0; k < n * n; k++) {
    c[k] = cos(1.7 * k + 0.3);
  }
  assert_int_equal(
      vqe_transform_functions(out, x.eri, NULL, c, n, n, first, norb, 2), 0);
#define C(p, i) c[(p)*n + first + (i)]
  for (int a = 0; a < norb; a++) {
    for (int b = 0; b <= a; b++) {
      for (int d = 0; d < norb; d++) {
        for (int e = 0; e <= d; e++) {
          double sum = 0.0;
          for (int p = 0; p < n; p++) {
            for (int q = 0; q < n; q++) {
              for (int r = 0; r < n; r++) {
                for (int s = 0; s < n; s++) {
                  sum += eri(&x, p, q, r, s) * C(p, a) * C(q, b) * C(r, d) *
                         C(s, e);
                }
              }
            }
          }
          double got = out[vqe_pair((size_t)a, (size_t)b) * 6 +
                           vqe_pair((size_t)d, (size_t)e)];
          assert_true(fabs(got - sum) < 1e-10);
        }
      }
    }
  }
#undef C
  free(c);
  setup_free(&x);
}

/* The atoms' densities hold all electrons. */
static void guess_holds_all_electrons(void **state)
{
  (void)state;
  struct setup x;
  setup_new(&x, water, "cc-pvdz");
  double electrons = 0.0;
  for (int k = 0; k < x.nao * x.nao; k++) {
    electrons += x.guess[k] * x.s[k];
  }
  assert_true(fabs(electrons - 10.0) < 1e-8);
  setup_free(&x);
}

/* DIIS and second order each end at the energy of PySCF 2.14.0. */
static void diis_and_second_order_reach_the_same_energy(void **state)
{
  (void)state;
  static const struct {
    const char *xyz;
    int nalpha, nbeta;
    double energy;
  } cases[] = {{water, 5, 5, -74.96302313846289},
               {oxygen, 9, 7, -147.63216699068246}};
  for (size_t k = 0; k < 4; k++) {
    struct setup x;
    struct vqe_scf *scf = NULL;
    setup_new(&x, cases[k / 2].xyz, "sto3g");
    struct vqe_scf_input input = {.name = "test",
                                  .nao = x.nao,
                                  .nalpha = cases[k / 2].nalpha,
                                  .nbeta = cases[k / 2].nbeta,
                                  .threads = 1,
                                  .max_cycles = 200,
                                  .second_order = k % 2 == 1,
                                  .energy_tol = 1e-12,
                                  .gradient_tol = 1e-9,
                                  .overlap = x.s,
                                  .hcore = x.h,
                                  .eri = x.eri,
                                  .guess = x.guess,
                                  .splitter = x.splitter,
                                  .symmetry = x.symmetry};
    if (vqe_scf_run(&scf, &input) != 0) {
      fail_msg("%s", vqe_error_message());
    }
    double energy = scf->energy + vqe_molecule_nuclear_repulsion(
                                      x.list->entries[0].molecule);
    if (fabs(energy - cases[k / 2].energy) > 1e-9) {
      fail_msg("case %zu: %.12f, %s", k, energy, scf->note);
    }
    vqe_scf_free(scf);
    setup_free(&x);
  }
}

/* R^T S R = S, R h = h R in the sense of R^T h R = h, and R R = 1. */
static void symmetry_operations_keep_overlap_and_hamiltonian(void **state)
{
  (void)state;
  static const struct {
    const char *xyz;
    int ngenerator;
  } cases[] = {
      {water, 2},
      {"2\n\nN 0.1 0.2 0.3\nN 0.7 -0.1 0.9\n", 3},
      {"2\n\nO 0.1 0.2 0.3\nC 0.7 -0.1 0.9\n", 2},
      {"5\n\nC 0 0 0\nH 0.6 0.6 0.6\nH 0.6 -0.6 -0.6\nH -0.6 0.6 -0.6\n"
       "H -0.6 -0.6 0.6\n",
       2},
      {"1\n\nNe 1 2 3\n", 3},
      {"4\n\nN 0 0 0.1\nH 0 0.9 -0.2\nH 0.8 -0.4 -0.3\nH -0.8 -0.5 -0.2\n", 0},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct setup x;
    setup_new(&x, cases[k].xyz, "cc-pvdz");
    int n = x.nao;
    assert_int_equal(x.symmetry->ngenerator, cases[k].ngenerator);
    for (int g = 0; g < x.symmetry->ngenerator; g++) {
      const double *r = x.symmetry->matrices + (size_t)(g * n * n);
      for (int p = 0; p < n; p++) {
        for (int q = 0; q < n; q++) {
          double square = 0.0;
          double overlap = 0.0;
          double core = 0.0;
          for (int i = 0; i < n; i++) {
            square += r[p * n + i] * r[i * n + q];
            double os = 0.0;
            double oh = 0.0;
            for (int j = 0; r[i * n + p] != 0.0 && j < n; j++) {
              os += x.s[i * n + j] * r[j * n + q];
              oh += x.h[i * n + j] * r[j * n + q];
            }
            overlap += r[i * n + p] * os;
            core += r[i * n + p] * oh;
          }
          assert_true(fabs(square - (p == q)) < 1e-11);
          assert_true(fabs(overlap - x.s[p * n + q]) < 1e-11);
          assert_true(fabs(core - x.h[p * n + q]) < 1e-10);
        }
      }
    }
    setup_free(&x);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(coulomb_and_exchange_equal_their_sums),
      cmocka_unit_test(transformation_equals_nested_sums),
      cmocka_unit_test(guess_holds_all_electrons),
      cmocka_unit_test(diis_and_second_order_reach_the_same_energy),
      cmocka_unit_test(symmetry_operations_keep_overlap_and_hamiltonian),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
