/* Identities against the golden file, and what must and must not change
 * them. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vqe/error.h"
#include "vqe/experiment.h"

/* H2 as in the first case of the golden file. */
static struct vqe_experiment *h2(void)
{
  static char symbols[2][4] = {"H", "H"};
  static int z[2] = {1, 1};
  static double coords[6] = {0, 0, 0, 0, 0, 0.74};
  static struct vqe_molecule molecule = {
      .name = "H2",
      .natom = 2,
      .symbols = symbols,
      .z = z,
      .coords = coords,
      .multiplicity = 1,
  };
  static struct vqe_experiment experiment;
  static const struct vqe_experiment fresh = {
      .source = "here",
      .molecule = &molecule,
      .name = "H2",
      .basis_set = "sto3g",
      .active_electrons = -1,
      .active_orbitals = -1,
      .symmetry = true,
      .ansatz_name = "UCCSD",
      .ansatz_reps = 1,
      .optimizer = "L-BFGS-B",
      .max_evaluations = 10000,
      .gtol = 1e-4,
      .ftol = 1e-8,
      .init_strategy = "mp2",
      .seed = 1,
      .references = VQE_REFERENCE_ALL,
      .device = "auto",
      .precision = "double",
  };
  coords[5] = 0.74;
  experiment = fresh;
  return &experiment;
}

static json_t *golden_case(json_t **whole, size_t index)
{
  json_error_t error;
  *whole = json_load_file(VQE_TEST_DATA "/experiment_ids.json", 0, &error);
  assert_non_null(*whole);
  return json_array_get(json_object_get(*whole, "cases"), index);
}

static const char *text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  assert_non_null(text);
  return text;
}

static void golden_defaults_have_the_golden_id(void **state)
{
  (void)state;
  json_t *whole;
  json_t *entry = golden_case(&whole, 0);
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  assert_int_equal(vqe_experiment_id(id, &text, h2()), 0);
  assert_string_equal(text, text_of(entry, "canonical"));
  assert_string_equal(id, text_of(entry, "experiment_id"));
  free(text);
  assert_int_equal(vqe_experiment_id(id, NULL, h2()), 0);
  assert_string_equal(id, text_of(entry, "experiment_id"));
  json_decref(whole);
}

static void only_what_is_asked_for_changes_the_id(void **state)
{
  (void)state;
  char base[VQE_EXPERIMENT_ID_SIZE];
  char id[VQE_EXPERIMENT_ID_SIZE];
  struct vqe_option option = {"learning_rate", "0.25"};
  assert_int_equal(vqe_experiment_id(base, NULL, h2()), 0);

  /* not requested inputs */
  struct vqe_experiment *e = h2();
  e->index = 7;
  e->molecule_id = 3;
  e->name = "other";
  e->source = "there";
  e->device = "cuda";
  e->references = VQE_REFERENCE_HF;
  e->seed_drawn = true;
  e->restarts = 1;
  e->notes = "input_ignored: keyword";
  e->molecule->coords[0] = -0.0;
  assert_int_equal(vqe_experiment_id(id, NULL, e), 0);
  assert_string_equal(id, base);
  e->molecule->coords[0] = 0.0;
  e->restarts = 0;
  e->notes = NULL;

#define CHANGES(change)                                                       \
  do {                                                                        \
    e = h2();                                                                 \
    change;                                                                   \
    assert_int_equal(vqe_experiment_id(id, NULL, e), 0);                      \
    assert_string_not_equal(id, base);                                        \
  } while (0)
  CHANGES(e->molecule->coords[5] = nextafter(0.74, 1.0));
  CHANGES(e->basis_set = "6-31g");
  CHANGES(e->basis_sha256 = "ab");
  CHANGES(e->frozen_core = 1);
  CHANGES(e->active_electrons = 2; e->active_orbitals = 2);
  CHANGES(e->active_space = "\"pi\"");
  CHANGES(e->active_space = "{\"auto\":{\"orbitals\":4}}");
  CHANGES(e->symmetry = false);
  CHANGES(e->ansatz_name = "EfficientSU2");
  CHANGES(e->ansatz_reps = 2);
  CHANGES(e->entanglement = "full");
  CHANGES(e->optimizer = "CG");
  CHANGES(e->max_evaluations = 1);
  CHANGES(e->gtol = 1e-5);
  CHANGES(e->ftol = 1e-9);
  CHANGES(e->max_seconds = 60);
  CHANGES(e->optimizer_options.items = &option;
          e->optimizer_options.count = 1);
  CHANGES(e->ansatz_options.items = &option; e->ansatz_options.count = 1);
  CHANGES(e->init_strategy = "hf");
  CHANGES(e->init_noise = 0.1);
  CHANGES(e->init_file_sha256 = "ab");
  CHANGES(e->seed = 2);
  CHANGES(e->shots = 100);
  CHANGES(e->precision = "single");
  CHANGES(e->restarts = 2);
  CHANGES(e->escape_saddles = VQE_ESCAPE_ALWAYS);
  CHANGES(e->escape_saddles = VQE_ESCAPE_NEVER);
  CHANGES(e->penalty_number = 1.0);
  CHANGES(e->penalty_spin = 1.0);
  CHANGES(e->fcidump_sha256 = "ab");
  CHANGES(e->molecule = NULL; e->fcidump_sha256 = "ab");
#undef CHANGES
}

/* The text that others who compute the id must arrive at. */
static void later_keys_stand_in_the_text_under_their_names(void **state)
{
  (void)state;
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  struct vqe_experiment *e = h2();
  e->restarts = 3;
  e->escape_saddles = VQE_ESCAPE_NEVER;
  e->penalty_spin = 0.5;
  assert_int_equal(vqe_experiment_id(id, &text, e), 0);
  assert_non_null(strstr(text, "\"restarts\":3"));
  assert_non_null(strstr(text, "\"escape_saddles\":false"));
  assert_non_null(strstr(text, "\"penalty\":{\"number\":\"0000000000000000\","
                               "\"spin\":\"3fe0000000000000\"}"));
  free(text);
}

static void options_count_as_doubles(void **state)
{
  (void)state;
  struct vqe_option options[] = {{"zeta", "[1, true, {\"b\": -0.0}]"},
                                 {"alpha", "1"}};
  struct vqe_experiment *e = h2();
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  e->optimizer_options.items = options;
  e->optimizer_options.count = 2;
  assert_int_equal(vqe_experiment_id(id, &text, e), 0);
  assert_non_null(strstr(text, "\"optimizer\":{\"alpha\":"
                               "\"3ff0000000000000\",\"ftol\":"));
  assert_non_null(strstr(text, "\"zeta\":[\"3ff0000000000000\",true,"
                               "{\"b\":\"0000000000000000\"}]}"));
  free(text);
}

/* Two bad molecules are two failures, whatever their settings. */
static void two_bad_molecules_are_two_failures(void **state)
{
  (void)state;
  char first[VQE_EXPERIMENT_ID_SIZE];
  char second[VQE_EXPERIMENT_ID_SIZE];
  struct vqe_experiment *e = h2();
  e->molecule = NULL;
  e->input_error = "broken";
  assert_int_equal(vqe_experiment_id(first, NULL, e), 0);
  e->molecule_id = 1;
  assert_int_equal(vqe_experiment_id(second, NULL, e), 0);
  assert_string_not_equal(first, second);
}

static void copy_shares_no_memory(void **state)
{
  (void)state;
  struct vqe_option option = {"threshold", "-1.0"};
  struct vqe_experiment *e = h2();
  struct vqe_experiment *copy;
  char before[VQE_EXPERIMENT_ID_SIZE];
  char after[VQE_EXPERIMENT_ID_SIZE];
  e->optimizer_options.items = &option;
  e->optimizer_options.count = 1;
  e->entanglement = "full";
  e->basis_sha256 = "cd";
  e->init_file = "p.json";
  e->init_file_sha256 = "ef";
  e->fcidump = "x.fcidump";
  e->fcidump_sha256 = "01";
  e->input_error = "none";
  assert_int_equal(vqe_experiment_copy(&copy, e), 0);
  assert_ptr_not_equal(copy->molecule, e->molecule);
  assert_ptr_not_equal(copy->basis_set, e->basis_set);
  assert_string_equal(copy->init_file, "p.json");
  assert_string_equal(copy->fcidump, "x.fcidump");
  assert_string_equal(copy->input_error, "none");
  assert_string_equal(copy->source, "here");
  assert_string_equal(copy->device, "auto");
  assert_int_equal(vqe_experiment_id(before, NULL, e), 0);
  assert_int_equal(vqe_experiment_id(after, NULL, copy), 0);
  assert_string_equal(before, after);
  vqe_experiment_free(copy);
}

static void new_result_holds_nothing_but_its_reason(void **state)
{
  (void)state;
  struct vqe_result *result;
  assert_int_equal(vqe_result_create(&result, h2(), VQE_EXPERIMENT_FAILED,
                                     "no such element"),
                   0);
  assert_int_equal(result->status, VQE_EXPERIMENT_FAILED);
  assert_string_equal(result->reason, "no such element");
  assert_string_equal(result->experiment->name, "H2");
  assert_string_equal(result->code_version, vqe_version());
  assert_true(isnan(result->minimum) && isnan(result->fci_energy) &&
              isnan(result->dipole[2]) && isnan(result->maxcv));
  assert_int_equal(result->nit, -1);
  assert_int_equal(result->neval, 0);
  vqe_result_free(result);
  vqe_result_free(NULL);
  vqe_experiment_free(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(golden_defaults_have_the_golden_id),
      cmocka_unit_test(only_what_is_asked_for_changes_the_id),
      cmocka_unit_test(later_keys_stand_in_the_text_under_their_names),
      cmocka_unit_test(options_count_as_doubles),
      cmocka_unit_test(two_bad_molecules_are_two_failures),
      cmocka_unit_test(copy_shares_no_memory),
      cmocka_unit_test(new_result_holds_nothing_but_its_reason),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
