/* Calculations of QCSchema as jobs: basis and frozen core are taken, the rest
 * is said. The files are as QCElemental 0.51 writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "job/job.h"
#include "vqe/error.h"

#define MOLECULE                                                              \
  "{\"schema_name\": \"qcschema_molecule\", \"schema_version\": 2, "          \
  "\"symbols\": [\"Li\", \"H\"], \"geometry\": [[0,0,0],[0,0,3.0]], "         \
  "\"name\": \"HLi\"}"
#define INPUT(rest)                                                           \
  "{\"schema_name\": \"qcschema_input\", \"schema_version\": 1, "             \
  "\"molecule\": " MOLECULE ", \"driver\": \"energy\", " rest "}"
#define MODEL(method, basis)                                                  \
  "\"model\": {\"method\": \"" method "\", \"basis\": " basis "}"

static const struct vqe_job_overrides none = {.seed = "1"};
static struct vqe_job *job;
static char *warnings;

static int teardown(void **state)
{
  (void)state;
  vqe_job_free(job);
  free(warnings);
  return 0;
}

static void load(const char *name)
{
  char path[300];
  snprintf(path, sizeof path, VQE_TEST_DATA "/inputs/%s", name);
  vqe_job_free(job);
  free(warnings);
  if (vqe_job_load(&job, &warnings, path, &none) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
}

static const struct vqe_experiment *
parse(const char *text, const struct vqe_job_overrides *overrides)
{
  vqe_job_free(job);
  free(warnings);
  if (vqe_job_parse(&job, &warnings, text, strlen(text), "q.json",
                    overrides) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return job->experiments[0];
}

static void inputs_bring_basis_and_frozen_core(void **state)
{
  (void)state;
  load("atomicinput.json");
  assert_int_equal(job->qcschema[0], 1);
  assert_int_equal(job->nbad, 0);
  assert_string_equal(job->experiments[0]->basis_set, "6-31g");
  assert_int_equal(job->experiments[0]->frozen_core, 1);
  assert_string_equal(job->experiments[0]->name, "H2O");
  assert_non_null(strstr(job->experiments[0]->notes,
                         "input_ignored: model.method \"ccsd\""));
  assert_non_null(strstr(warnings, "model.method \"ccsd\""));
  load("v2ai.json");
  assert_int_equal(job->nbad, 0);
  assert_string_equal(job->experiments[0]->basis_set, "6-31g");
  assert_int_equal(job->experiments[0]->frozen_core, 0);
  assert_int_equal(job->experiments[0]->molecule->units, VQE_BOHR);
  assert_int_equal(job->qcschema[0], 2);
}

static void results_are_read_as_their_inputs(void **state)
{
  (void)state;
  load("result_v1.json");
  assert_int_equal(job->nbad, 0);
  assert_string_equal(job->experiments[0]->basis_set, "6-31g");
  assert_null(job->experiments[0]->molecule->masses);
  load("result_v2.json");
  assert_int_equal(job->nbad, 0);
  assert_string_equal(job->experiments[0]->basis_set, "6-31g");
  assert_non_null(strstr(job->experiments[0]->notes, "driver \"gradient\""));
  assert_true(job->experiments[0]->molecule->masses[0] == 2.01410177812);
}

static void job_and_options_go_before_the_input(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  static const char text[] = INPUT(
      MODEL("hf", "\"6-31g\"") ", \"keywords\": {\"freeze_core\": true}");
  o.basis = "cc-pvdz";
  o.frozen_core = "0";
  const struct vqe_experiment *e = parse(text, &o);
  assert_int_equal(job->count, 1);
  assert_string_equal(e->basis_set, "cc-pvdz");
  assert_int_equal(e->frozen_core, 0);
  assert_non_null(strstr(e->notes, "model.basis \"6-31g\": the basis of"));
  assert_non_null(strstr(e->notes, "freeze_core true: the frozen core of"));
  o.basis = "6-31G";
  o.frozen_core = "true";
  e = parse(text, &o);
  assert_null(strstr(e->notes, "basis"));
  assert_null(strstr(e->notes, "freeze_core"));
  e = parse("{\"basis\": [\"sto-3g\", \"6-31g\"], \"molecules\": [" INPUT(
                MODEL("hf", "\"6-31g\"")) "]}",
            &none);
  assert_int_equal(job->count, 2);
  assert_non_null(strstr(e->notes, "the basis of the job goes before"));
}

/* As people write them by hand, and a failure as it is written. */
static void calculations_without_a_schema_name_are_known(void **state)
{
  (void)state;
  const struct vqe_experiment *e =
      parse("{\"molecule\": {\"symbols\": [\"H\", \"H\"], \"geometry\": "
            "[0,0,0,0,0,1.4]}, \"driver\": \"energy\", " MODEL(
                "vqe", "\"6-31g\"") "}",
            &none);
  assert_null(e->input_error);
  assert_string_equal(e->basis_set, "6-31g");
  assert_int_equal(e->molecule->units, VQE_BOHR);
  assert_string_equal(e->name, "q");
  e = parse(
      "[{\"success\": false, \"input_data\": " INPUT(MODEL(
          "vqe",
          "\"6-31g\"")) ", \"error\": {\"error_type\": \"x\", \"error_message\": \"y\"}}]",
      &none);
  assert_null(e->input_error);
  assert_string_equal(e->basis_set, "6-31g");
  assert_string_equal(e->name, "HLi");
}

/* Inputs of several bases in one file, of one formula. */
static void lists_of_inputs_keep_their_bases(void **state)
{
  (void)state;
  (void)parse(
      "[" INPUT(MODEL("uccsd", "\"6-31g\"")) ", " INPUT(MODEL(
          "vqe",
          "\"sto-3g\"")) ", " INPUT(MODEL("hf",
                                          "\"STO-3G\"") ", \"id\": \"a\"") "]",
      &none);
  assert_int_equal(job->nbad, 0);
  assert_int_equal(job->count,
                   2); /* the third asks for what the second does */
  assert_string_equal(job->experiments[0]->basis_set, "6-31g");
  assert_string_equal(job->experiments[1]->basis_set, "sto3g");
  assert_string_equal(job->experiments[0]->name, "HLi-0");
  assert_string_equal(job->experiments[1]->name, "HLi-1");
  assert_null(job->experiments[0]->notes);
  assert_null(job->experiments[1]->notes);
}

static void keywords_are_understood_or_said(void **state)
{
  (void)state;
  static const struct {
    const char *keywords;
    int frozen_core;
    const char *note; /* NULL: none */
  } cases[] = {
      {"{}", 0, NULL},
      {"{\"freeze_core\": \"true\"}", 1, NULL},
      {"{\"frozen_core\": false}", 0, NULL},
      {"{\"freeze_core\": 1}", 1, NULL},
      {"{\"freeze_core\": 0}", 0, NULL},
      {"{\"frozen_core\": 1}", 1, NULL},
      {"{\"num_frozen_docc\": 1}", 1, NULL},
      {"{\"reference\": \"rhf\"}", 0, NULL},
      {"{\"reference\": \"uhf\"}", 0, "keywords.reference \"uhf\""},
      {"{\"scf_type\": \"df\"}", 0, "keywords.scf_type \"df\": not read here"},
      {"{\"a\": {\"b\": 1}}", 0, "keywords.a {\"b\":1}"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[2000];
    snprintf(text, sizeof text,
             INPUT(MODEL("uccsd", "\"sto-3g\"") ", \"keywords\": %s"),
             cases[k].keywords);
    const struct vqe_experiment *e = parse(text, &none);
    assert_null(e->input_error);
    assert_int_equal(e->frozen_core, cases[k].frozen_core);
    if (cases[k].note == NULL) {
      assert_null(e->notes);
      assert_null(warnings);
    } else if (e->notes == NULL || strstr(e->notes, cases[k].note) == NULL ||
               strstr(warnings, cases[k].note) == NULL) {
      fail_msg("%s: %s", cases[k].keywords, e->notes);
    }
  }
  static const char space[] =
      INPUT(MODEL("vqe", "\"sto-3g\"") ", \"keywords\": {\"active_space\": "
                                       "{\"electrons\": 2, \"orbitals\": 3}}");
  struct vqe_job_overrides o = none;
  const struct vqe_experiment *e = parse(space, &none);
  assert_int_equal(e->active_electrons, 2);
  assert_int_equal(e->active_orbitals, 3);
  assert_null(e->notes);
  o.active_space = "2,2";
  e = parse(space, &o);
  assert_int_equal(e->active_orbitals, 2);
  assert_non_null(strstr(e->notes, "the active space of the job"));
  e = parse(
      INPUT(MODEL("vqe", "\"sto-3g\"") ", \"keywords\": "
                                       "{\"active_space\": \"valence\"}"),
      &none);
  assert_string_equal(e->active_space, "\"valence\"");
  assert_null(e->notes);
  e = parse(INPUT(MODEL("hf", "null")), &none);
  assert_string_equal(e->basis_set, "sto3g");
  assert_non_null(strstr(e->notes, "model.basis is not given: sto3g"));
}

static void what_cannot_be_computed_fails_with_its_key(void **state)
{
  (void)state;
  static const struct {
    const char *text, *part;
  } cases[] = {
      {INPUT(MODEL("hf", "\"no-such-basis\"")), "key 'model.basis'"},
      {INPUT(MODEL("hf", "\"/etc/hostname\"")), "comes with the program"},
      {INPUT(MODEL("hf", "\"../a.nw\"")), "comes with the program"},
      {INPUT(MODEL("hf", "{\"name\": \"x\"}")), "give its name"},
      {INPUT(MODEL(
           "hf",
           "\"sto-3g\"") ", \"keywords\": {\"freeze_core\": \"policy\"}"),
       "keywords.freeze_core"},
      {INPUT(MODEL("hf", "\"sto-3g\"") ", \"keywords\": {\"freeze_core\": 2}"),
       "keywords.freeze_core"},
      {INPUT(MODEL(
           "hf",
           "\"sto-3g\"") ", \"keywords\": {\"freeze_core\": true, \"nfrozen\": 0}"),
       "freezes other orbitals"},
      {INPUT(MODEL(
           "hf",
           "\"sto-3g\"") ", \"keywords\": {\"active_space\": {\"electrons\": 2}}"),
       "keywords.active_space"},
      {"{\"schema_name\": \"qcschema_input\", \"schema_version\": 1}",
       "key 'molecule'"},
      {"{\"schema_name\": \"qcschema_input\", \"schema_version\": 3, "
       "\"molecule\": " MOLECULE "}",
       "versions 1 to 2"},
      {"{\"schema_name\": \"qcschema_molecule\", \"schema_version\": 4, "
       "\"symbols\": [\"H\"], \"geometry\": [0,0,0]}",
       "versions 1 to 3"},
      {"{\"schema_name\": \"qcschema_optimization_input\"}",
       "'qcschema_optimization_input' is not read"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const struct vqe_experiment *e = parse(cases[k].text, &none);
    if (e->input_error == NULL ||
        strstr(e->input_error, cases[k].part) == NULL ||
        strstr(e->input_error, "file 'q.json', molecule 0") == NULL) {
      fail_msg("case %zu: %s", k, e->input_error);
    }
  }
}

static void units_of_options_must_be_those_of_the_schema(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  o.units = "angstrom";
  const struct vqe_experiment *e = parse(MOLECULE, &o);
  assert_non_null(strstr(e->input_error, "QCSchema is in bohr"));
  o.units = "bohr";
  o.charge = "1";
  o.multiplicity = "2";
  e = parse(MOLECULE, &o);
  assert_null(e->input_error);
  assert_int_equal(e->molecule->charge, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(inputs_bring_basis_and_frozen_core),
      cmocka_unit_test(results_are_read_as_their_inputs),
      cmocka_unit_test(job_and_options_go_before_the_input),
      cmocka_unit_test(calculations_without_a_schema_name_are_known),
      cmocka_unit_test(lists_of_inputs_keep_their_bases),
      cmocka_unit_test(keywords_are_understood_or_said),
      cmocka_unit_test(what_cannot_be_computed_fails_with_its_key),
      cmocka_unit_test(units_of_options_must_be_those_of_the_schema),
  };
  return cmocka_run_group_tests(tests, NULL, teardown);
}
