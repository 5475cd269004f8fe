/* MP2 of open shells against PySCF, which iterates on the orbitals of ROHF:
 * energies, occupations, and amplitudes in special cases. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <lapacke.h>

#include "chem/env.h"
#include "chem/natural.h"
#include "chem/open_mp2.h"
#include "chem/reference.h"
#include "vqe/chem.h"
#include "vqe/error.h"

static json_t *cases;

static int load(void **state)
{
  (void)state;
  json_error_t error;
  cases = json_load_file(VQE_TEST_DATA "/open_mp2.json", 0, &error);
  return cases == NULL || json_array_size(cases) < 18;
}

static int unload(void **state)
{
  (void)state;
  json_decref(cases);
  return 0;
}

static void near(const json_t *entry, double got, double wanted,
                 double tolerance)
{
  if (!(fabs(got - wanted) <= tolerance)) {
    fail_msg("%s, %s: %.12g is not %.12g",
             json_string_value(json_object_get(entry, "name")),
             json_string_value(json_object_get(entry, "basis")), got, wanted);
  }
}

static double number(const json_t *entry, const char *key)
{
  const json_t *value = json_object_get(entry, key);
  assert_true(json_is_number(value));
  return json_number_value(value);
}

static struct vqe_molecule *molecule_of(const json_t *entry)
{
  json_t *object = json_pack("{s:O, s:O, s:O}", "symbols",
                             json_object_get(entry, "symbols"), "coords",
                             json_object_get(entry, "coords"), "multiplicity",
                             json_object_get(entry, "multiplicity"));
  char *text = json_dumps(object, 0);
  struct vqe_molecule_list *found = NULL;
  struct vqe_molecule *molecule = NULL;
  assert_int_equal(
      vqe_molecule_list_parse(&found, text, strlen(text), "json", "test"),
      VQE_OK);
  assert_int_equal(vqe_molecule_copy(&molecule, found->entries[0].molecule),
                   VQE_OK);
  vqe_molecule_list_free(found);
  free(text);
  json_decref(object);
  return molecule;
}

/* All orbitals, and their energies. */
static struct vqe_integrals *solve(double **energies, const json_t *entry)
{
  struct vqe_molecule *molecule = molecule_of(entry);
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x = NULL;
  double coupling, mixing;
  options.basis = json_string_value(json_object_get(entry, "basis"));
  options.keep_all = true;
  options.active_orbitals = (int)number(entry, "multiplicity") - 1;
  options.active_electrons = options.active_orbitals;
  if (vqe_chem_run(&x, molecule, &options) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  near(entry, x->hf_energy, number(entry, "hf"), 1e-8);
  *energies = calloc((size_t)x->whole->norb, sizeof **energies);
  assert_non_null(*energies);
  /* this includes that the Fock matrix is what vqe_open_fock takes it for */
  vqe_reference_fock(*energies, &coupling, &mixing, x->whole);
  assert_true(coupling < 1e-6 && mixing < 1e-6);
  vqe_molecule_free(molecule);
  return x;
}

/* Integrals over the orbitals from `first` on. */
static double *part(const struct vqe_integrals *x, int first)
{
  size_t n = (size_t)(x->norb - first);
  size_t all = (size_t)x->norb * (size_t)(x->norb + 1) / 2;
  size_t npair = n * (n + 1) / 2;
  double *eri = calloc(npair * npair, sizeof *eri);
  size_t f = (size_t)first;
  assert_non_null(eri);
  for (size_t p = 0; p < n; p++) {
    for (size_t q = 0; q <= p; q++) {
      for (size_t r = 0; r < n; r++) {
        for (size_t s = 0; s <= r; s++) {
          eri[vqe_pair(p, q) * npair + vqe_pair(r, s)] =
              x->eri[vqe_pair(p + f, q + f) * all + vqe_pair(r + f, s + f)];
        }
      }
    }
  }
  return eri;
}

static void check_energies(const json_t *entry, const struct vqe_integrals *x,
                           const double *energies)
{
  int first = (int)number(entry, "frozen_core");
  double *eri = part(x, first);
  const struct vqe_open_shell shell = {.norb = x->norb - first,
                                       .nalpha = x->nalpha - first,
                                       .nbeta = x->nbeta - first,
                                       .eri = eri,
                                       .mo_energy = energies + first};
  struct vqe_open_mp2 *mp2 = NULL;
  assert_int_equal(vqe_open_mp2_new(&mp2, &shell), VQE_OK);
  assert_false(mp2->split);
  near(entry, mp2->doubles, number(entry, "doubles"), 1e-7);
  near(entry, mp2->singles, number(entry, "singles"), 1e-7);
  vqe_open_mp2_free(mp2);
  free(eri);
}

static void check_occupations(const json_t *entry,
                              const struct vqe_integrals *x,
                              const double *energies)
{
  size_t n = (size_t)x->norb;
  size_t npair = n * (n + 1) / 2;
  const json_t *wanted = json_object_get(entry, "occupations");
  double *identity = calloc(n * n, sizeof *identity);
  double *density = calloc(n * n, sizeof *density);
  double *occupations = calloc(n, sizeof *occupations);
  double *eri = calloc(npair * (npair + 1) / 2, sizeof *eri);
  assert_true(identity != NULL && density != NULL && occupations != NULL &&
              eri != NULL);
  for (size_t p = 0; p < n; p++) {
    identity[p * n + p] = 1.0;
  }
  for (size_t pq = 0; pq < npair; pq++) {
    for (size_t rs = 0; rs <= pq; rs++) {
      eri[vqe_pair(pq, rs)] = x->eri[pq * npair + rs];
    }
  }
  const struct vqe_natural_input input = {
      .name = "test",
      .nao = (int)n,
      .nmo = (int)n,
      .nalpha = x->nalpha,
      .nbeta = x->nbeta,
      .nfrozen = (int)number(entry, "frozen_core"),
      .mo_coeff = identity,
      .mo_energy = energies,
      .eri = eri,
      .threads = 2};
  assert_int_equal(vqe_natural_density(density, &input), VQE_OK);
  for (int i = 0; i < x->nbeta; i++) {
    for (size_t a = (size_t)x->nalpha; a < n; a++) {
      near(entry, density[(size_t)i * n + a], 0.0, 1e-14);
    }
  }
  assert_int_equal(LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'N', 'L', (int)n, density,
                                 (int)n, occupations),
                   0);
  assert_int_equal(json_array_size(wanted), n);
  for (size_t p = 0; p < n; p++) {
    near(entry, occupations[n - 1 - p],
         json_number_value(json_array_get(wanted, p)), 1e-7);
  }
  free(identity);
  free(density);
  free(occupations);
  free(eri);
}

static void energies_and_occupations_are_those_of_pyscf(void **state)
{
  (void)state;
  size_t k;
  json_t *entry;
  json_array_foreach(cases, k, entry)
  {
    double *energies = NULL;
    struct vqe_integrals *x = solve(&energies, entry);
    check_energies(entry, x->whole, energies);
    check_occupations(entry, x->whole, energies);
    free(energies);
    vqe_integrals_free(x);
  }
}

/* What a run records, also where integrals are computed as needed. */
static void energy_of_a_run_is_the_sum(void **state)
{
  (void)state;
  size_t k;
  json_t *entry;
  json_array_foreach(cases, k, entry)
  {
    struct vqe_molecule *molecule = molecule_of(entry);
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *x = NULL;
    options.basis = json_string_value(json_object_get(entry, "basis"));
    options.frozen_core = (int)number(entry, "frozen_core");
    options.memory_limit = k == 5 ? 1 : 0;
    if (json_array_size(json_object_get(entry, "symbols")) < 10) {
      assert_int_equal(vqe_chem_run(&x, molecule, &options), VQE_OK);
      assert_true(x->has_mp2);
      near(entry, x->mp2_energy,
           number(entry, "hf") + number(entry, "doubles") +
               number(entry, "singles"),
           2e-7);
    }
    vqe_integrals_free(x);
    vqe_molecule_free(molecule);
  }
}

/* Of a closed shell: the amplitudes and the energy of the textbook, and no
 * singles. */
static void closed_shell_is_a_special_case(void **state)
{
  (void)state;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *x = NULL;
  struct vqe_open_mp2 *mp2 = NULL;
  assert_int_equal(
      vqe_fcidump_read(&x, VQE_TEST_DATA "/H2O.fcidump", &options), VQE_OK);
  const struct vqe_open_shell shell = {.norb = x->norb,
                                       .nalpha = x->nalpha,
                                       .nbeta = x->nbeta,
                                       .eri = x->eri,
                                       .mo_energy = x->orbital_energies};
  assert_int_equal(vqe_open_mp2_new(&mp2, &shell), VQE_OK);
  assert_true(x->has_mp2 && mp2->gap < 0.0 && !mp2->split);
  assert_true(mp2->singles == 0.0);
  assert_true(fabs(x->hf_energy + mp2->doubles - x->mp2_energy) < 1e-10);
  const double *e = x->orbital_energies;
  size_t n = (size_t)x->norb;
  size_t npair = n * (n + 1) / 2;
  size_t no = (size_t)x->nalpha;
  const double *t = mp2->pair[2];
  for (size_t i = 0; i < no; i++) {
    for (size_t a = no; a < n; a++) {
      for (size_t j = 0; j < no; j++) {
        for (size_t b = no; b < n; b++, t++) {
          double wanted = x->eri[vqe_pair(a, i) * npair + vqe_pair(b, j)] /
                          (e[i] + e[j] - e[a] - e[b]);
          assert_true(fabs(*t - wanted) < 1e-12);
        }
      }
    }
  }
  vqe_open_mp2_free(mp2);
  vqe_integrals_free(x);
}

/* Orbitals of one energy have no amplitudes: said, not divided by. */
static void orbitals_of_one_energy_are_said(void **state)
{
  (void)state;
  double eri[36] = {0.0};
  double energies[3] = {-0.5, -0.5, -0.5};
  const struct vqe_open_shell shell = {
      .norb = 3, .nalpha = 2, .nbeta = 1, .eri = eri, .mo_energy = energies};
  struct vqe_open_mp2 *mp2 = NULL;
  assert_int_equal(vqe_open_mp2_new(&mp2, &shell), VQE_OK);
  assert_true(mp2->split);
  vqe_open_mp2_free(mp2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(energies_and_occupations_are_those_of_pyscf),
      cmocka_unit_test(energy_of_a_run_is_the_sum),
      cmocka_unit_test(closed_shell_is_a_special_case),
      cmocka_unit_test(orbitals_of_one_energy_are_said)};
  return cmocka_run_group_tests(tests, load, unload);
}
