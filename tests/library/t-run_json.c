/* JSON in, JSON out: energies of PySCF (energies.json), the keys of the
 * summary, QCSchema, and a message for what cannot be run. */
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

#include "vqe/error.h"
#include "vqe/run_json.h"

#define H2                                                                    \
  "{\"name\": \"H2\", \"symbols\": [\"H\", \"H\"],"                           \
  " \"coords\": [[0, 0, 0], [0, 0, 0.7414]]}"
#define JOB(settings) "{\"molecules\": [" H2 "]" settings "}"
#define ATOMS                                                                 \
  "\"molecule\": {\"schema_name\": \"qcschema_molecule\","                    \
  " \"schema_version\": 2, \"symbols\": [\"H\", \"H\"],"                      \
  " \"geometry\": [0, 0, 0, 0, 0, 1.4010429480674286]}"
#define REQUEST(basis)                                                        \
  "\"driver\": \"energy\", \"model\": {\"method\": \"vqe\","                  \
  " \"basis\": \"" basis "\"}, \"keywords\": {}"

static json_t *energies;

static int load_references(void **state)
{
  (void)state;
  energies = json_load_file(VQE_TEST_DATA "/energies.json", 0, NULL);
  return energies == NULL;
}

static int drop_references(void **state)
{
  (void)state;
  json_decref(energies);
  return 0;
}

static double reference(const char *name, const char *key)
{
  json_t *systems = json_object_get(energies, "systems");
  size_t at;
  json_t *system;
  json_array_foreach(systems, at, system)
  {
    if (strcmp(json_string_value(json_object_get(system, "name")), name) ==
        0) {
      return json_number_value(json_object_get(system, key));
    }
  }
  fail_msg("no system %s", name);
  return NAN;
}

static json_t *run(const char *text, const struct vqe_callbacks *callbacks)
{
  char *out = NULL;
  if (vqe_run_json(&out, text, strlen(text), NULL, callbacks) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  json_t *object = json_loads(out, 0, NULL);
  assert_true(json_is_object(object));
  free(out);
  return object;
}

static double number(const json_t *object, const char *key)
{
  json_t *value = json_object_get(object, key);
  if (!json_is_number(value)) {
    fail_msg("'%s' is no number", key);
  }
  return json_number_value(value);
}

static void is_text(const json_t *object, const char *key, const char *wanted)
{
  const char *text = json_string_value(json_object_get(object, key));
  assert_non_null(text);
  assert_string_equal(text, wanted);
}

static void job_gives_summary_with_parameters_and_evaluations(void **state)
{
  (void)state;
  json_t *object = run(JOB(", \"seed\": 1"), NULL);
  is_text(object, "status", "ok");
  is_text(object, "name", "H2");
  is_text(object, "ansatz", "UCCSD");
  assert_true(fabs(number(object, "energy") - reference("H2", "e_fci")) <
              1e-7);
  assert_true(fabs(number(object, "energy_fci") - reference("H2", "e_fci")) <
              1e-8);
  assert_true(fabs(number(object, "energy_hf") - reference("H2", "e_hf")) <
              1e-8);
  assert_true(fabs(number(object, "energy_mp2") - reference("H2", "e_mp2")) <
              1e-8);
  assert_int_equal(json_array_size(json_object_get(object, "parameters")),
                   (size_t)number(object, "n_parameters"));
  assert_int_equal(
      json_array_size(json_object_get(object, "initial_parameters")), 1);
  const json_t *rows = json_object_get(object, "evaluations");
  const json_t *values = json_object_get(rows, "energy");
  size_t count = json_array_size(values);
  assert_int_equal(count, (size_t)number(object, "n_evaluations"));
  assert_int_equal(json_array_size(json_object_get(rows, "energy_std")),
                   count);
  assert_int_equal(json_array_size(json_object_get(rows, "seconds")), count);
  double lowest = INFINITY;
  for (size_t k = 0; k < count; k++) {
    lowest = fmin(lowest, json_number_value(json_array_get(values, k)));
  }
  assert_true(lowest == number(object, "energy"));
  assert_int_equal(json_array_size(json_object_get(object, "warnings")), 0);
  json_decref(object);
}

static void molecule_alone_has_all_defaults(void **state)
{
  (void)state;
  json_t *object = run(H2, NULL);
  is_text(object, "basis", "sto3g");
  assert_true(fabs(number(object, "energy") - reference("H2", "e_fci")) <
              1e-7);
  json_decref(object);
}

static void
what_the_settings_make_twice_is_run_once_with_a_warning(void **state)
{
  (void)state;
  json_t *object = run(JOB(", \"seed\": [3, 3]"), NULL);
  const json_t *warnings = json_object_get(object, "warnings");
  is_text(object, "status", "ok");
  assert_int_equal(json_array_size(warnings), 1);
  assert_true(json_string_length(json_array_get(warnings, 0)) > 0);
  json_decref(object);
}

static void text_needs_no_nul(void **state)
{
  (void)state;
  char *out = NULL;
  size_t size = strlen(H2);
  char *text = malloc(size + 1);
  assert_non_null(text);
  memcpy(text, H2, size);
  text[size] = '}'; /* would be broken JSON */
  assert_int_equal(vqe_run_json(&out, text, size, NULL, NULL), VQE_OK);
  assert_non_null(out);
  free(out);
  free(text);
}

static void atomic_input_gives_atomic_result(void **state)
{
  (void)state;
  static const char first[] =
      "{\"schema_name\": \"qcschema_input\","
      " \"schema_version\": 1, " ATOMS ", " REQUEST("6-31g") "}";
  static const char second[] =
      "{\"schema_name\": \"qcschema_atomic_input\", \"schema_version\": 2, " ATOMS
      ", \"specification\": {" REQUEST("6-31g") "}}";
  json_t *object = run(first, NULL);
  is_text(object, "schema_name", "qcschema_output");
  assert_true(json_is_true(json_object_get(object, "success")));
  assert_true(fabs(number(object, "return_result") -
                   reference("H2_631g", "e_fci")) < 1e-6);
  assert_true(
      fabs(number(json_object_get(object, "properties"), "scf_total_energy") -
           reference("H2_631g", "e_hf")) < 1e-6);
  json_decref(object);
  object = run(second, NULL);
  is_text(object, "schema_name", "qcschema_atomic_result");
  assert_int_equal(number(object, "schema_version"), 2);
  assert_true(fabs(number(object, "return_result") -
                   reference("H2_631g", "e_fci")) < 1e-6);
  json_decref(object);
}

/* A molecule of QCSchema asks for nothing: its result is as that of any. */
static void molecule_of_qcschema_gives_summary(void **state)
{
  (void)state;
  json_t *object =
      run("{\"schema_name\": \"qcschema_molecule\", \"schema_version\": 2,"
          " \"symbols\": [\"H\", \"H\"],"
          " \"geometry\": [0, 0, 0, 0, 0, 1.4]}",
          NULL);
  is_text(object, "status", "ok");
  assert_true(json_array_size(json_object_get(object, "parameters")) > 0);
  json_decref(object);
}

/* One electron pair in one orbital cannot be run by an active space. */
static void failed_run_is_a_result_with_its_reason(void **state)
{
  (void)state;
  json_t *object = run(
      JOB(", \"active_space\": {\"electrons\": 2, \"orbitals\": 9}"), NULL);
  is_text(object, "status", "failed");
  assert_true(json_is_null(json_object_get(object, "energy")));
  assert_true(json_string_length(json_object_get(object, "reason")) > 0);
  assert_int_equal(json_array_size(json_object_get(object, "parameters")), 0);
  json_decref(object);
}

static void failed_atomic_input_gives_failed_operation(void **state)
{
  (void)state;
  json_t *object =
      run("{\"schema_name\": \"qcschema_input\", \"schema_version\": 1, " ATOMS
          ", \"driver\": \"energy\", \"model\": {\"method\": \"vqe\","
          " \"basis\": \"sto-3g\"}, \"keywords\": {\"active_space\":"
          " {\"electrons\": 2, \"orbitals\": 9}}}",
          NULL);
  assert_true(json_is_false(json_object_get(object, "success")));
  is_text(json_object_get(object, "error"), "error_type", "execution_error");
  json_decref(object);
}

static void wrong_texts_are_refused_by_place_and_remedy(void **state)
{
  (void)state;
  static const struct {
    const char *text, *says;
  } cases[] = {
      {"", "broken JSON"},
      {"2\n\nH 0 0 0\nH 0 0 1\n", "no JSON"},
      {"{", "broken JSON"},
      {"[]", "0 molecules"},
      {JOB(", \"ansat\": \"UCCSD\""), "ansatz"},
      {JOB(", \"ansatz\": \"UCCSX\""), "UCCSD"},
      {JOB(", \"seed\": [1, 2]"), "2 experiments"},
      {JOB(", \"output\": \"a.h5\""), "key 'output'"},
      {"\xef\xbb\xbf" JOB(", \"output\": \"a.h5\""), "key 'output'"},
      {JOB(", \"kafka\": {\"brokers\": \"a:1\"}"), "key 'kafka'"},
      {"{\"symbols\": [\"Xx\"], \"coords\": [[0, 0, 0]]}", "Xx"},
      {"{\"symbols\": [\"H\", \"H\"], \"coords\": [[0, 0, 0]]}", "coords"},
      {"{\"molecules\": [\"no/such.xyz\"]}", "no/such.xyz"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char *out = (char *)cases;
    const char *text = cases[k].text;
    int status = vqe_run_json(&out, text, strlen(text), NULL, NULL);
    if (status >= 0 || out != NULL ||
        strstr(vqe_error_message(), cases[k].says) == NULL) {
      fail_msg("%s: status %d, \"%s\" without \"%s\"", text, status,
               vqe_error_message(), cases[k].says);
    }
  }
  char *out = NULL;
  assert_int_equal(vqe_run_json(NULL, "{}", 2, NULL, NULL), VQE_ERR_INPUT);
  assert_int_equal(vqe_run_json(&out, NULL, 2, NULL, NULL), VQE_ERR_INPUT);
  assert_int_equal(
      vqe_run_json(&out, "{}", (size_t)VQE_MAX_JSON + 1, NULL, NULL),
      VQE_ERR_INPUT);
}

static int stop_at_second(void *ctx, const struct vqe_experiment *experiment,
                          int iteration, int nparam, const double *parameters,
                          double energy, double std, const double *gradient)
{
  int *count = ctx;
  (void)experiment;
  (void)iteration;
  (void)std;
  (void)gradient;
  assert_int_equal(nparam, 1);
  assert_true(isfinite(parameters[0]) && energy < 0.0);
  return ++*count == 2 ? VQE_ERR_INTERRUPTED : VQE_OK;
}

static void callback_stops_the_run(void **state)
{
  (void)state;
  struct vqe_callbacks callbacks = VQE_CALLBACKS_INIT;
  int count = 0;
  char *out = NULL;
  callbacks.ctx = &count;
  callbacks.evaluation = stop_at_second;
  assert_int_equal(vqe_run_json(&out, H2, strlen(H2), NULL, &callbacks),
                   VQE_ERR_INTERRUPTED);
  assert_null(out);
  assert_int_equal(count, 2);
}

static void same_text_gives_an_experiment(void **state)
{
  (void)state;
  struct vqe_experiment *experiment = NULL;
  char *warnings = NULL;
  static const char text[] = JOB(", \"seed\": 4, \"ansatz\": \"LUCJ\"");
  assert_int_equal(
      vqe_library_experiment(&experiment, &warnings, text, sizeof text - 1),
      VQE_OK);
  assert_string_equal(experiment->ansatz_name, "LUCJ");
  assert_int_equal(experiment->seed, 4);
  assert_null(warnings);
  vqe_experiment_free(experiment);
  assert_int_equal(vqe_library_experiment(&experiment, NULL, "{", 1),
                   VQE_ERR_INPUT);
  assert_null(experiment);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(job_gives_summary_with_parameters_and_evaluations),
      cmocka_unit_test(molecule_alone_has_all_defaults),
      cmocka_unit_test(
          what_the_settings_make_twice_is_run_once_with_a_warning),
      cmocka_unit_test(text_needs_no_nul),
      cmocka_unit_test(atomic_input_gives_atomic_result),
      cmocka_unit_test(failed_run_is_a_result_with_its_reason),
      cmocka_unit_test(failed_atomic_input_gives_failed_operation),
      cmocka_unit_test(wrong_texts_are_refused_by_place_and_remedy),
      cmocka_unit_test(molecule_of_qcschema_gives_summary),
      cmocka_unit_test(callback_stops_the_run),
      cmocka_unit_test(same_text_gives_an_experiment),
  };
  return cmocka_run_group_tests(tests, load_references, drop_references);
}
