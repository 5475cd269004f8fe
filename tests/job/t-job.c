/* Job files: identities of the golden file, expansion, defaults, overrides,
 * and a message for everything that can be wrong. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "job/job.h"
#include "vqe/error.h"

#define H2                                                                    \
  "{\"name\": \"H2\", \"symbols\": [\"h\", \"H\"], "                          \
  "\"coords\": [[0,0,0],[0,0,0.74]]}"
#define LIH "{\"symbols\": [\"Li\", \"H\"], \"coords\": [[0,0,0],[0,0,1.6]]}"
#define TRIPLET                                                               \
  "{\"symbols\": [\"O\", \"O\"], \"coords\": [[0,0,0],[0,0,1.2]], "           \
  "\"multiplicity\": 3}"
#define NAN_COORDINATE                                                        \
  "{\"name\": \"bad\", \"symbols\": [\"H\"], \"coords\": [[0,0,\"x\"]]}"

static const struct vqe_job_overrides none;

static struct vqe_job *job;
static char *warnings;

static int parse_with(const char *text,
                      const struct vqe_job_overrides *overrides)
{
  vqe_job_free(job);
  free(warnings);
  return vqe_job_parse(&job, &warnings, text, strlen(text),
                       VQE_TEST_DATA "/test.job.json", overrides);
}

static int parse(const char *text)
{
  return parse_with(text, NULL);
}

static const struct vqe_experiment *experiment(size_t k)
{
  assert_true(k < job->count);
  assert_int_equal(job->experiments[k]->index, (int)k);
  return job->experiments[k];
}

/* Options of an ansatz are part of the identity where they are given; their
 * spelling is not. */
static void ansatz_options_are_part_of_the_identity(void **state)
{
  (void)state;
  assert_int_equal(
      parse("{\"molecules\": [" H2 "], \"ansatz\": [\"adapt-vqe\", "
            "{\"name\": \"ADAPT-VQE\", \"pool\": \"qeb\"}, "
            "{\"name\": \"ADAPT-VQE\", \"pool\": \"GSD\", "
            "\"max_operators\": 7}, {\"name\": \"ADAPT-VQE\", \"pool\": "
            "\"QEB\", \"reps\": 1}], \"seed\": 5}"),
      0);
  assert_int_equal(job->count, 3); /* the last asks for the second */
  assert_non_null(warnings);
  for (size_t k = 0; k < 3; k++) {
    const struct vqe_experiment *e = experiment(k);
    assert_string_equal(e->ansatz_name, "ADAPT-VQE");
    assert_string_equal(e->init_strategy, "hf");
    assert_true(e->init_noise == 0.0);
    assert_null(e->entanglement);
    assert_int_equal(e->ansatz_reps, 1);
    assert_int_equal(e->ansatz_options.count, k);
  }
  assert_string_equal(experiment(1)->ansatz_options.items[0].key, "pool");
  assert_string_equal(experiment(1)->ansatz_options.items[0].json, "\"QEB\"");
  assert_string_equal(experiment(2)->ansatz_options.items[1].json, "7");
  char *text = NULL;
  char id[VQE_EXPERIMENT_ID_SIZE];
  assert_int_equal(vqe_experiment_id(id, &text, experiment(1)), VQE_OK);
  assert_string_equal(id, experiment(1)->id);
  assert_non_null(strstr(text, "\"ansatz\":{\"entanglement\":null,\"name\":"
                               "\"ADAPT-VQE\",\"pool\":\"QEB\",\"reps\":1}"));
  free(text);
}

/* The default is no other experiment, whatever its spelling. */
static void circuits_that_are_asked_for_are_part_of_the_identity(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"ansatz\": [\"UCCSD\", "
                         "{\"name\": \"UCCSD\", \"circuits\": \"Compact\"}, "
                         "{\"name\": \"UCCSD\", \"circuits\": \"Gadgets\"}], "
                         "\"seed\": 5}"),
                   0);
  assert_int_equal(job->count, 2);
  assert_int_equal(experiment(0)->ansatz_options.count, 0);
  assert_string_equal(experiment(1)->ansatz_options.items[0].json,
                      "\"gadgets\"");
  assert_string_not_equal(experiment(0)->id, experiment(1)->id);
  o.circuits = "plain";
  assert_int_equal(parse_with("{\"molecules\": [" H2 "], \"ansatz\": [{"
                              "\"name\": \"UCCSD\", \"circuits\": "
                              "\"gadgets\"}], \"seed\": 5}",
                              &o),
                   0);
  assert_string_equal(experiment(0)->ansatz_options.items[0].json,
                      "\"plain\"");
}

/* Ansätze that run in sectors: their defaults, and the orbitals' option. */
static void sector_ansatze_have_their_own_defaults(void **state)
{
  (void)state;
  static const struct {
    const char *ansatz, *entanglement, *init;
    double noise;
    size_t options;
  } cases[] = {
      {"k-UpCCGSD", NULL, "mp2", 0.05, 0},
      {"LUCJ", "square", "mp2", 0.02, 0},
      {"LUCJ", "all-to-all", "mp2", 0.02, 0},
      {"UCCSD", NULL, "mp2", 0.0, 1},
      {"UCCSD", NULL, "mp2", 0.0, 0},
  };
  assert_int_equal(
      parse("{\"molecules\": [" H2 "], \"ansatz\": [\"k-upccgsd\", \"lucj\", "
            "{\"name\": \"LUCJ\", \"entanglement\": \"All-to-all\"}, "
            "{\"name\": \"UCCSD\", \"orbital_optimization\": true}, "
            "{\"name\": \"UCCSD\", \"orbital_optimization\": false}, "
            "\"UCCSD\"], \"seed\": 5}"),
      0);
  assert_int_equal(job->count, 5); /* false is the default */
  for (size_t k = 0; k < 5; k++) {
    const struct vqe_experiment *e = experiment(k);
    assert_string_equal(e->ansatz_name, cases[k].ansatz);
    assert_string_equal(e->init_strategy, cases[k].init);
    assert_true(e->init_noise == cases[k].noise);
    assert_int_equal(e->ansatz_reps, 1);
    assert_int_equal(e->ansatz_options.count, cases[k].options);
    if (cases[k].entanglement == NULL) {
      assert_null(e->entanglement);
    } else {
      assert_string_equal(e->entanglement, cases[k].entanglement);
    }
  }
  assert_string_equal(experiment(3)->ansatz_options.items[0].json, "true");
  assert_string_not_equal(experiment(3)->id, experiment(4)->id);
}

static void ids_are_those_of_the_golden_file(void **state)
{
  (void)state;
  json_error_t error;
  json_t *whole =
      json_load_file(VQE_TEST_DATA "/experiment_ids.json", 0, &error);
  assert_non_null(whole);
  json_t *cases = json_object_get(whole, "cases");
  int checked = 0;
  for (size_t k = 0; k < json_array_size(cases); k++) {
    json_t *entry = json_array_get(cases, k);
    json_t *input = json_object_get(entry, "input");
    if (json_object_get(input, "molecules") == NULL) {
      continue; /* a record of another producer: t-experiment_id.c */
    }
    char *text = json_dumps(input, 0);
    char *canonical;
    char id[VQE_EXPERIMENT_ID_SIZE];
    assert_int_equal(parse(text), 0);
    assert_int_equal(job->count, 1);
    assert_int_equal(vqe_experiment_id(id, &canonical, experiment(0)), 0);
    assert_string_equal(
        canonical, json_string_value(json_object_get(entry, "canonical")));
    assert_string_equal(experiment(0)->id, json_string_value(json_object_get(
                                               entry, "experiment_id")));
    assert_string_equal(id, experiment(0)->id);
    free(canonical);
    free(text);
    checked++;
  }
  assert_int_equal(checked, 3);
  json_decref(whole);
}

static void defaults_are_those_of_the_contract(void **state)
{
  (void)state;
  assert_int_equal(parse("{\"molecules\": [" H2 ", " TRIPLET "], \"ansatz\": "
                         "[\"uccsd\", \"efficientsu2\", \"realamplitudes\", "
                         "\"excitationpreserving\"], \"seed\": 5}"),
                   0);
  static const struct {
    const char *ansatz;
    int reps;
    const char *entanglement, *init;
    double noise;
  } expected[] = {
      {"UCCSD", 1, NULL, "mp2", 0.0},
      {"EfficientSU2", 2, "reverse_linear", "hf", 0.05},
      {"RealAmplitudes", 2, "reverse_linear", "hf", 0.05},
      {"ExcitationPreserving", 2, "full", "hf", 0.5},
      {"UCCSD", 1, NULL, "mp2", 0.0},
      {"EfficientSU2", 2, "reverse_linear", "hf", 0.05},
  };
  assert_int_equal(job->count, 8);
  assert_int_equal(job->nbad, 0);
  assert_null(warnings);
  assert_string_equal(job->output, "test.job.h5");
  for (size_t k = 0; k < sizeof expected / sizeof expected[0]; k++) {
    const struct vqe_experiment *e = experiment(k);
    assert_string_equal(e->ansatz_name, expected[k].ansatz);
    assert_int_equal(e->ansatz_reps, expected[k].reps);
    assert_string_equal(e->init_strategy, expected[k].init);
    assert_true(e->init_noise == expected[k].noise);
    if (expected[k].entanglement == NULL) {
      assert_null(e->entanglement);
    } else {
      assert_string_equal(e->entanglement, expected[k].entanglement);
    }
    assert_int_equal(e->molecule_id, k / 4);
    assert_string_equal(e->basis_set, "sto3g");
    assert_string_equal(e->optimizer, "L-BFGS-B");
    assert_int_equal(e->max_evaluations, 10000);
    assert_true(e->gtol == 1e-4 && e->ftol == 1e-8 && e->max_seconds <= 0);
    assert_int_equal(e->frozen_core, 0);
    assert_int_equal(e->active_electrons, -1);
    assert_true(e->symmetry && !e->seed_drawn && !e->references_given);
    assert_int_equal(e->seed, 5);
    assert_int_equal(e->shots, 0);
    assert_int_equal(e->references, VQE_REFERENCE_ALL);
    assert_string_equal(e->device, "auto");
    assert_string_equal(e->precision, "double");
    assert_int_equal(strlen(e->id), 64);
  }
  assert_string_equal(experiment(0)->name, "H2");
  assert_string_equal(experiment(4)->name, "molecule-1");
}

static void lists_multiply_with_the_seed_innermost(void **state)
{
  (void)state;
  assert_int_equal(
      parse("{\"molecules\": [" H2 ", " LIH "], \"basis\": [\"STO-3G\", "
            "\"6-31G\"], \"ansatz\": [{\"name\": \"UCCSD\"}, {\"name\": "
            "\"UCCSD\", \"reps\": 2}], \"optimizer\": [\"CG\", {\"name\": "
            "\"adam\", \"learning_rate\": 0.5, \"max_seconds\": 3, "
            "\"max_evaluations\": 1e3}], \"init\": [\"hf\", {\"strategy\": "
            "\"random\", \"noise\": 0.25}], \"seed\": [3, 4, 5]}"),
      0);
  assert_int_equal(job->count, 2 * 2 * 2 * 2 * 2 * 3);
  for (size_t k = 0; k < job->count; k++) {
    const struct vqe_experiment *e = experiment(k);
    assert_int_equal(e->seed, 3 + k % 3);
    assert_string_equal(e->init_strategy, k / 3 % 2 == 0 ? "hf" : "random");
    assert_true(e->init_noise == (k / 3 % 2 == 0 ? 0.0 : 0.25));
    assert_string_equal(e->optimizer, k / 6 % 2 == 0 ? "CG" : "Adam");
    assert_int_equal(e->ansatz_reps, 1 + (int)(k / 12 % 2));
    assert_string_equal(e->basis_set, k / 24 % 2 == 0 ? "sto3g" : "6-31g");
    assert_int_equal(e->molecule_id, k / 48);
    if (k / 6 % 2 == 1) {
      assert_int_equal(e->optimizer_options.count, 1);
      assert_string_equal(e->optimizer_options.items[0].key, "learning_rate");
      assert_string_equal(e->optimizer_options.items[0].json, "0.5");
      assert_int_equal(e->max_evaluations, 1000);
      assert_true(e->max_seconds == 3.0);
    }
    for (size_t other = 0; other < k; other++) {
      assert_string_not_equal(e->id, job->experiments[other]->id);
    }
  }
}

/* An option goes before the job; what both mean has one spelling. */
static void active_spaces_by_rules_reach_their_field(void **state)
{
  (void)state;
  static const struct {
    const char *json, *option, *rule;
  } cases[] = {
      {"\"pi\"", NULL, "\"pi\""},
      {"{\"electrons\": 2, \"orbitals\": 2}", "Valence", "\"valence\""},
      {"{\"indices\": [\"2-3\"], \"orbitals\": 2}", NULL,
       "{\"indices\":[2,3]}"},
      {"null", "{\"avas\": [\"Li 2s\"]}",
       "{\"avas\":{\"shells\":[\"Li 2s\"],\"threshold\":0.2}}"},
      {"{\"natural\": 0.02}", NULL,
       "{\"natural\":{\"max\":1.98,\"min\":0.02}}"},
      {"{\"auto\": 4}", NULL, "{\"auto\":{\"orbitals\":4}}"},
      {"{\"auto\": 4}", "none", NULL},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[400];
    struct vqe_job_overrides o = none;
    o.active_space = cases[k].option;
    snprintf(text, sizeof text,
             "{\"molecules\": [" LIH "], \"active_space\": %s}",
             cases[k].json);
    assert_int_equal(parse_with(text, &o), 0);
    const struct vqe_experiment *e = experiment(0);
    assert_int_equal(e->active_electrons, -1);
    assert_int_equal(e->active_orbitals, -1);
    if (cases[k].rule == NULL) {
      assert_null(e->active_space);
    } else {
      assert_non_null(e->active_space);
      assert_string_equal(e->active_space, cases[k].rule);
    }
  }
}

static void every_key_reaches_its_field(void **state)
{
  (void)state;
  assert_int_equal(
      parse("{\"molecules\": [" LIH "], \"frozen_core\": true, "
            "\"active_space\": {\"electrons\": 2, \"orbitals\": 3}, "
            "\"symmetry\": false, \"shots\": 1000, \"optimizer\": "
            "{\"name\": \"SPSA\", \"a\": 0.1, \"ftol\": 0, \"gtol\": 1}, "
            "\"references\": [\"hf\", \"FCI\"], \"device\": \"cpu\", "
            "\"precision\": \"single\", \"output\": \"out/x.h5\", "
            "\"seed\": 2147483647}"),
      0);
  const struct vqe_experiment *e = experiment(0);
  assert_int_equal(e->frozen_core, 1);
  assert_int_equal(e->active_electrons, 2);
  assert_int_equal(e->active_orbitals, 3);
  assert_false(e->symmetry);
  assert_int_equal(e->shots, 1000);
  assert_true(e->gtol == 1.0 && e->ftol == 0.0);
  assert_int_equal(e->references, VQE_REFERENCE_HF | VQE_REFERENCE_FCI);
  assert_true(e->references_given);
  assert_string_equal(e->device, "cpu");
  assert_string_equal(e->precision, "single");
  assert_int_equal(e->seed, 2147483647);
  assert_string_equal(job->output, VQE_TEST_DATA "/out/x.h5");
}

static void frozen_core_counts_the_atoms_core_orbitals(void **state)
{
  (void)state;
  /* H He | Li .. Ne | Na .. Ar | K: 0 1 5 9 */
  static const struct {
    const char *symbols;
    int electrons;
    int core;
  } cases[] = {{"[\"He\"]", 2, 0},
               {"[\"Ne\"]", 10, 1},
               {"[\"Ar\"]", 18, 5},
               {"[\"Kr\"]", 36, 9},
               {"[\"Be\", \"H\", \"H\"]", 6, 1},
               {"[\"Mg\", \"O\"]", 20, 6},
               {"[\"Ca\", \"H\", \"H\"]", 22, 9}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[400];
    snprintf(text, sizeof text,
             "{\"molecules\": [{\"symbols\": %s, \"coords\": [[0,0,0]%s%s]}],"
             " \"frozen_core\": true}",
             cases[k].symbols, strchr(cases[k].symbols, ',') ? ",[0,0,2]" : "",
             strchr(cases[k].symbols, ',') != strrchr(cases[k].symbols, ',')
                 ? ",[0,0,-2]"
                 : "");
    assert_int_equal(parse(text), 0);
    assert_int_equal(job->nbad, 0);
    assert_int_equal(experiment(0)->frozen_core, cases[k].core);
  }
}

static void options_override_the_job_file(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  o.basis = "6-31g,cc-pVDZ";
  o.ansatz = "UCCSD,EfficientSU2";
  o.optimizer = "COBYLA";
  o.init = "hf";
  o.seed = "1,2";
  o.entanglement = "linear";
  o.frozen_core = "1";
  o.active_space = "2,4";
  o.references = "hf";
  o.device = "CPU";
  o.precision = "single";
  o.output = "here.h5";
  o.reps = "3";
  o.shots = "10";
  o.max_evaluations = "77";
  o.gtol = "1e-6";
  o.ftol = "0.5";
  o.max_seconds = "12";
  o.init_noise = "0.125";
  o.no_symmetry = true;
  assert_int_equal(parse_with("{\"molecules\": [" LIH "], \"basis\": "
                              "\"sto-3g\", \"shots\": null, \"output\": "
                              "\"there.h5\", \"optimizer\": \"CG\"}",
                              &o),
                   0);
  assert_int_equal(job->count, 8);
  assert_string_equal(job->output, "here.h5");
  for (size_t k = 0; k < 8; k++) {
    const struct vqe_experiment *e = experiment(k);
    assert_string_equal(e->basis_set, k < 4 ? "6-31g" : "cc-pvdz");
    assert_string_equal(e->ansatz_name, k / 2 % 2 ? "EfficientSU2" : "UCCSD");
    if (k / 2 % 2) {
      assert_string_equal(e->entanglement, "linear");
    } else {
      assert_null(e->entanglement);
    }
    assert_int_equal(e->seed, 1 + k % 2);
    assert_int_equal(e->ansatz_reps, 3);
    assert_int_equal(e->frozen_core, 1);
    assert_int_equal(e->active_electrons, 2);
    assert_int_equal(e->active_orbitals, 4);
    assert_string_equal(e->optimizer, "COBYLA");
    assert_int_equal(e->max_evaluations, 77);
    assert_true(e->gtol == 1e-6 && e->ftol == 0.5 && e->max_seconds == 12.0);
    assert_true(e->init_noise == 0.125);
    assert_int_equal(e->shots, 10);
    assert_int_equal(e->references, VQE_REFERENCE_HF);
    assert_string_equal(e->device, "cpu");
    assert_string_equal(e->precision, "single");
    assert_false(e->symmetry);
  }
  o = none;
  o.shots = "none";
  o.active_space = "none";
  o.max_seconds = "none";
  o.frozen_core = "false";
  assert_int_equal(
      parse_with("{\"molecules\": [" LIH "], \"shots\": 5, \"frozen_core\": "
                 "1, \"active_space\": {\"electrons\": 2, \"orbitals\": 2}, "
                 "\"optimizer\": {\"name\": \"CG\", \"max_seconds\": 4}}",
                 &o),
      0);
  assert_int_equal(experiment(0)->shots, 0);
  assert_int_equal(experiment(0)->active_orbitals, -1);
  assert_int_equal(experiment(0)->frozen_core, 0);
  assert_true(experiment(0)->max_seconds <= 0.0);
}

/* By the job and by the option; part of the identity where there are any. */
static void properties_reach_the_experiment(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  char id[VQE_EXPERIMENT_ID_SIZE];
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1}"), 0);
  assert_int_equal(experiment(0)->properties, 0);
  memcpy(id, experiment(0)->id, sizeof id);
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1, "
                         "\"properties\": false}"),
                   0);
  assert_string_equal(experiment(0)->id, id);
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1, "
                         "\"properties\": null}"),
                   0);
  assert_string_equal(experiment(0)->id, id);
  static const char text[] = "{\"molecules\": [" H2 "], \"seed\": 1, "
                             "\"properties\": true}";
  assert_int_equal(parse(text), 0);
  assert_int_equal(experiment(0)->properties, VQE_PROPERTY_ALL);
  assert_string_not_equal(experiment(0)->id, id);
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1, "
                         "\"properties\": [\"rdm2\", \"charges\"]}"),
                   0);
  assert_int_equal(experiment(0)->properties,
                   VQE_PROPERTY_RDM2 | VQE_PROPERTY_CHARGES);
  o.properties = "moments,variance";
  assert_int_equal(parse_with(text, &o), 0);
  assert_int_equal(experiment(0)->properties,
                   VQE_PROPERTY_MOMENTS | VQE_PROPERTY_VARIANCE);
  o.properties = "False";
  assert_int_equal(parse_with(text, &o), 0);
  assert_string_equal(experiment(0)->id, id);
}

/* Models of noise share a drawn seed, combinations do not. */
static void models_of_noise_share_the_drawn_seed(void **state)
{
  (void)state;
  assert_int_equal(
      parse("{\"molecules\": [" H2 "], \"ansatz\": [\"UCCSD\", "
            "\"EfficientSU2\"], \"noise\": [null, {\"depolarizing\": 0.001, "
            "\"strength\": [1, 2]}]}"),
      0);
  assert_int_equal(job->count, 6);
  for (size_t k = 0; k < 6; k++) {
    assert_true(experiment(k)->seed_drawn);
    assert_true(experiment(k)->seed == experiment(k / 3 * 3)->seed);
  }
  assert_true(experiment(0)->seed != experiment(3)->seed);
}

/* Each model and strength is an experiment, noise innermost. */
static void noise_multiplies_experiments(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  char id[VQE_EXPERIMENT_ID_SIZE];
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1}"), 0);
  assert_null(experiment(0)->noise);
  memcpy(id, experiment(0)->id, sizeof id);
  static const char text[] =
      "{\"molecules\": [" H2 "], \"seed\": [1, 2], \"noise\": [null, "
      "{\"readout\": 0.01, \"strength\": [0.5, 1]}, "
      "{\"depolarizing\": 0.001, \"name\": \"mine\"}]}";
  assert_int_equal(parse(text), 0);
  assert_int_equal(job->count, 8);
  assert_string_equal(experiment(0)->id, id);
  assert_null(experiment(0)->noise);
  assert_string_equal(experiment(1)->noise,
                      "{\"readout\":0.01,\"strength\":0.5}");
  assert_string_equal(experiment(1)->noise_backend, "readout");
  assert_string_equal(experiment(3)->noise_backend, "mine");
  assert_int_equal(experiment(3)->seed, 1);
  assert_int_equal(experiment(4)->seed, 2);
  assert_string_not_equal(experiment(1)->id, experiment(2)->id);
  o.noise = "none";
  assert_int_equal(parse_with(text, &o), 0);
  assert_int_equal(job->count, 2);
  assert_string_equal(experiment(0)->id, id);
  o.noise = "{\"readout\": [0.01, 0.02]}";
  assert_int_equal(parse_with(text, &o), 0);
  assert_int_equal(job->count, 2);
  o.noise = VQE_TEST_DATA "/../../jobs/examples/synthetic_16.json";
  assert_int_equal(parse_with(text, &o), 0);
  assert_string_equal(experiment(0)->noise_backend, "synthetic_16");
  assert_non_null(strstr(experiment(0)->noise, "\"qubits\":[["));
}

static void measurement_says_how_shots_are_taken(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  char id[VQE_EXPERIMENT_ID_SIZE];
  static const char text[] =
      "{\"molecules\": [" H2 "], \"seed\": 1, \"shots\": 100}";
  assert_int_equal(parse(text), 0);
  assert_int_equal(experiment(0)->measurement, 0);
  memcpy(id, experiment(0)->id, sizeof id);
  o.measurement = "variance,commuting";
  assert_int_equal(parse_with(text, &o), 0);
  assert_int_equal(experiment(0)->measurement,
                   VQE_MEASUREMENT_COMMUTING | VQE_MEASUREMENT_VARIANCE);
  assert_string_not_equal(experiment(0)->id, id);
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1, \"shots\": "
                         "100, \"measurement\": []}"),
                   0);
  assert_string_equal(experiment(0)->id, id);
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"shots\": 100, "
                         "\"measurement\": [\"variance\"]}"),
                   0);
  assert_int_equal(experiment(0)->measurement, VQE_MEASUREMENT_VARIANCE);
}

/* A model is one however it is written. */
static void equal_noise_is_one_experiment(void **state)
{
  (void)state;
  static const char *const same[] = {
      "{\"depolarizing\": 0.01}",
      "{\"depolarizing\": [1e-2, 0.01], \"strength\": 1.0}",
      "{\"virtual_z\": true, \"readout\": 0, \"method\": \"auto\", "
      "\"depolarizing\": 0.01, \"zne\": false, \"trajectories\": 200}"};
  static const char *const zne[] = {
      "{\"readout\": 0.01, \"zne\": true}",
      "{\"readout\": 0.01, \"zne\": {\"scales\": [1, 3.0, 5], "
      "\"fit\": \"linear\"}}",
      "{\"readout\": 0.01, \"zne\": {\"by\": \"folding\"}}"};
  static const char job_text[] =
      "{\"molecules\": [" H2 "], \"seed\": 1, \"noise\": %s}";
  for (int list = 0; list < 2; list++) {
    char id[VQE_EXPERIMENT_ID_SIZE];
    for (int k = 0; k < 3; k++) {
      char text[1000];
      snprintf(text, sizeof text, job_text, list == 0 ? same[k] : zne[k]);
      assert_int_equal(parse(text), 0);
      if (k == 0) {
        memcpy(id, experiment(0)->id, sizeof id);
      }
      assert_string_equal(experiment(0)->id, id);
    }
    char other[1000];
    snprintf(other, sizeof other, job_text,
             list == 0 ? "{\"depolarizing\": [0.01, 0.02]}"
                       : "{\"readout\": 0.01, \"zne\": {\"scales\": "
                         "[1, 3]}}");
    assert_int_equal(parse(other), 0);
    assert_string_not_equal(experiment(0)->id, id);
  }
}

/* Restarts, saddle points and penalties, by the job and by options. */
static void how_the_minimum_is_sought_reaches_the_experiment(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  char id[VQE_EXPERIMENT_ID_SIZE];
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1}"), 0);
  assert_int_equal(experiment(0)->restarts, 1);
  assert_int_equal(experiment(0)->escape_saddles, VQE_ESCAPE_AUTO);
  assert_true(experiment(0)->penalty_number == 0.0);
  memcpy(id, experiment(0)->id, sizeof id);
  assert_int_equal(
      parse("{\"molecules\": [" H2 "], \"seed\": 1, \"restarts\": 1, "
            "\"escape_saddles\": null, \"penalty\": {\"number\": 0}}"),
      0);
  assert_string_equal(experiment(0)->id, id);
  static const char text[] =
      "{\"molecules\": [" H2 "], \"seed\": 1, \"restarts\": 5, "
      "\"escape_saddles\": true, \"penalty\": {\"number\": 1.5, \"spin\": "
      "0.5}}";
  assert_int_equal(parse(text), 0);
  assert_int_equal(experiment(0)->restarts, 5);
  assert_int_equal(experiment(0)->escape_saddles, VQE_ESCAPE_ALWAYS);
  assert_true(experiment(0)->penalty_number == 1.5);
  assert_true(experiment(0)->penalty_spin == 0.5);
  assert_string_not_equal(experiment(0)->id, id);
  o.restarts = "2";
  o.escape_saddles = "false";
  o.penalty_number = "0";
  o.penalty_spin = "2";
  assert_int_equal(parse_with(text, &o), 0);
  assert_int_equal(experiment(0)->restarts, 2);
  assert_int_equal(experiment(0)->escape_saddles, VQE_ESCAPE_NEVER);
  assert_true(experiment(0)->penalty_number == 0.0);
  assert_true(experiment(0)->penalty_spin == 2.0);
  o.escape_saddles = "auto";
  assert_int_equal(parse_with(text, &o), 0);
  assert_int_equal(experiment(0)->escape_saddles, VQE_ESCAPE_AUTO);
}

static void seeds_may_be_ranges(void **state)
{
  (void)state;
  static const struct {
    const char *seed;
    size_t count;
    int64_t last;
  } cases[] = {
      {"1-20", 20, 20}, {"1-3,7", 4, 7}, {"5-5", 1, 5}, {"0,2-4,9", 5, 9}};
  struct vqe_job_overrides o = none;
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    o.seed = cases[k].seed;
    assert_int_equal(parse_with("{\"molecules\": [" H2 "]}", &o), 0);
    assert_int_equal(job->count, cases[k].count);
    assert_int_equal(experiment(job->count - 1)->seed, cases[k].last);
  }
}

/* A setting that stands in the molecule has no effect there. */
static void settings_within_a_molecule_are_said(void **state)
{
  (void)state;
  assert_int_equal(parse("{\"symbols\": [\"He\"], \"coords\": [[0,0,0]], "
                         "\"basis\": \"6-31g\", \"id\": 3}"),
                   0);
  assert_string_equal(experiment(0)->basis_set, "sto3g");
  assert_non_null(strstr(experiment(0)->notes, "input_ignored: key 'basis'"));
  assert_non_null(strstr(warnings, "key 'basis' of the molecule"));
  assert_null(strstr(warnings, "'id'"));
}

static void check_message(const char *text,
                          const struct vqe_job_overrides *overrides,
                          const char *part)
{
  int status = parse_with(text, overrides);
  if (status >= 0) {
    fail_msg("%s is accepted", text);
  }
  if (strstr(vqe_error_message(), part) == NULL) {
    fail_msg("%s gives '%s', not '%s'", text, vqe_error_message(), part);
  }
  assert_null(job);
  assert_null(warnings);
}

static void metrics_have_a_place_and_a_port(void **state)
{
  (void)state;
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"metrics\": "
                         "{\"place\": \"m.prom\", \"listen\": 9464}}"),
                   0);
  /* beside the job file */
  assert_non_null(strstr(job->metrics.place, "/m.prom"));
  assert_string_equal(job->metrics.listen, "9464");
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"metrics\": "
                         "\"http://host:9091\"}"),
                   0);
  assert_string_equal(job->metrics.place, "http://host:9091");
  assert_null(job->metrics.listen);
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"metrics\": false}"), 0);
  assert_null(job->metrics.place);
}

static void wrong_values_name_file_key_and_remedy(void **state)
{
  (void)state;
  static const char *const cases[][2] = {
      {"{\"molecules\": [", "test.job.json', line 1, column 15"},
      {"{\"molecules\": [" H2 "], \"basis\": 1, \"basis\": 2}", "duplicate"},
      {"{}", "key 'molecules' is required"},
      {"{\"molecules\": []}", "key 'molecules': give a list"},
      {"{\"molecules\": 3}", "key 'molecules': give a list"},
      {"{\"molecules\": \"nowhere.xyz\"}", "nowhere.xyz"},
      {"{\"molecule\": [" H2 "]}", "'molecule': did you mean 'molecules'?"},
      {"{\"zzzzzzzzzz\": 1}", "unknown key 'zzzzzzzzzz'. Known: molecules"},
      {"{\"kafka\": 3}", "key 'kafka': 3 is not an object"},
      {"{\"kafka\": {\"broker\": \"x\"}}", "did you mean 'brokers'?"},
      {"{\"kafka\": {\"properties\": {\"acks\": []}}}", "value of 'acks'"},
      {"{\"registry\": 3}", "key 'registry': 3 is not a URL"},
      {"{\"insecure_http\": 1}", "key 'insecure_http': 1 is not true or"},
      {"{\"warehouse\": 3}", "key 'warehouse': 3 is not a folder"},
      {"{\"metrics\": 3}", "key 'metrics': 3 is not a place"},
      {"{\"metrics\": {\"plase\": \"x\"}}", "did you mean 'place'?"},
      {"{\"metrics\": {\"listen\": true}}", "true is not a port or"},
      {"{\"s3\": {\"endpiont\": \"x\"}}", "did you mean 'endpoint'?"},
      {"{\"s3\": {\"scheme\": \"http\"}}", "\"s3a\" or \"s3\""},
      {"{\"s3\": {\"etag\": \"md5\"}}", "\"auto\" or \"opaque\""},
  };
  static const char *const keys[][2] = {
      {"\"basis\": []", "key 'basis': [] is not a list with at least"},
      {"\"basis\": 631", "key 'basis': 631 is not the name"},
      {"\"basis\": \"6-31q\"", "key 'basis': "},
      {"\"basis\": \"./none.nw\"", "/./none.nw"},
      {"\"frozen_core\": -1", "whole number from 0"},
      {"\"frozen_core\": \"all\"", "\"all\" is not true, false or"},
      {"\"active_space\": {\"electrons\": 2}", "'electrons' and 'orbitals'"},
      {"\"active_space\": [2, 2]", "'electrons' and 'orbitals'"},
      {"\"active_space\": {\"electrons\": 6, \"orbitals\": 2}", "possible"},
      {"\"active_space\": {\"electrons\": 2, \"orbital\": 2}",
       "did you mean 'orbitals'?"},
      {"\"active_space\": \"sigma\"",
       "key 'active_space': \"sigma\" is not \"pi\""},
      {"\"active_space\": {\"auto\": 4, \"electrons\": 2}", "is not \"pi\""},
      {"\"active_space\": {\"avas\": [\"Li 2sx\"]}", "whole shells only"},
      {"\"symmetry\": 1", "key 'symmetry': 1 is not true or false"},
      {"\"ansatz\": \"UCSD\"", "did you mean 'UCCSD'?"},
      {"\"ansatz\": {\"reps\": 2}", "string 'name'"},
      {"\"ansatz\": 4", "not the name of an ansatz"},
      {"\"ansatz\": {\"name\": \"UCCSD\", \"rep\": 2}",
       "did you mean 'reps'?"},
      {"\"ansatz\": {\"name\": \"UCCSD\", \"reps\": 0}",
       "key 'reps': 0 is not a whole number from 1"},
      {"\"ansatz\": {\"name\": \"UCCSD\", \"entanglement\": \"full\"}",
       "UCCSD has no entanglement"},
      {"\"ansatz\": {\"name\": \"UCCSD\", \"pool\": \"GSD\"}",
       "UCCSD has no option 'pool'"},
      {"\"ansatz\": {\"name\": \"LUCJ\", \"entanglement\": \"full\"}",
       "known: square, heavy-hex, all-to-all"},
      {"\"ansatz\": {\"name\": \"UCCSD\", \"orbital_optimization\": 1}",
       "neither true nor false"},
      {"\"ansatz\": {\"name\": \"ADAPT-VQE\", \"orbital_optimization\": "
       "true}",
       "no option 'orbital_optimization'"},
      {"\"ansatz\": {\"name\": \"ADAPT-VQE\", \"pool\": \"SD\"}",
       "none of GSD, UCCSD, QEB, SAGSD, OVP-CEO, MVP-CEO, DVG-CEO"},
      {"\"ansatz\": {\"name\": \"UCCSD\", \"circuits\": \"short\"}",
       "none of compact, gadgets, plain"},
      {"\"ansatz\": {\"name\": \"ADAPT-VQE\", \"reps\": 2}",
       "key 'reps': 2 is not a whole number from 1 to 1"},
      {"\"ansatz\": \"ADAPT-VQE\", \"init\": \"mp2\"", "Hartree-Fock"},
      {"\"ansatz\": \"ADAPT-VQE\", \"init\": {\"strategy\": \"hf\", "
       "\"noise\": 0.1}",
       "without noise"},
      {"\"ansatz\": \"ADAPT-VQE\", \"optimizer\": \"COBYLA\", "
       "\"shots\": 10",
       "leave out 'shots'"},
      {"\"ansatz\": {\"name\": \"EfficientSU2\", \"entanglement\": \"x\"}",
       "unknown entanglement 'x'"},
      {"\"ansatz\": {\"name\": \"EfficientSU2\", \"entanglement\": [[0]]}",
       "not the name of an entanglement"},
      {"\"measurement\": [\"variance\"]", "give 'shots'"},
      {"\"measurement\": \"variance\", \"shots\": 10", "a list out of"},
      {"\"measurement\": [\"varianz\"], \"shots\": 10", "'variance'"},
      {"\"measurement\": [\"variance\"], \"shots\": 10, \"noise\": "
       "{\"readout\": 0.1}",
       "leave one of them out"},
      {"\"optimizer\": \"Landscape\", \"restarts\": 3",
       "leave out 'restarts'"},
      {"\"optimizer\": \"COBLYA\"", "did you mean 'COBYLA'?"},
      {"\"optimizer\": {\"name\": \"CG\", \"maxevaluations\": 3}",
       "did you mean 'max_evaluations'?"},
      {"\"optimizer\": {\"name\": \"CG\", \"initial_step\": 3}",
       "CG has no option 'initial_step'"},
      {"\"optimizer\": {\"name\": \"Adam\", \"learning_rate\": \"big\"}",
       "out of range"},
      {"\"optimizer\": {\"name\": \"CG\", \"max_evaluations\": 0}",
       "key 'max_evaluations': 0 is not"},
      {"\"optimizer\": {\"name\": \"CG\", \"max_evaluations\": 2.5}",
       "2.5 is not a whole number"},
      {"\"optimizer\": {\"name\": \"CG\", \"gtol\": -1}", ">= 0"},
      {"\"optimizer\": {\"name\": \"CG\", \"max_seconds\": 0}", "> 0"},
      {"\"init\": \"hff\"", "did you mean 'hf'?"},
      {"\"init\": {\"file\": \"none.json\"}", "none.json"},
      {"\"init\": {\"file\": \"a\", \"strategy\": \"hf\"}", "either"},
      {"\"init\": {\"noise\": -0.5}", "key 'noise': -0.5 is not"},
      {"\"init\": {\"noize\": 1}", "did you mean 'noise'?"},
      {"\"init\": \"mp2\", \"ansatz\": \"EfficientSU2\"",
       "not parameters of EfficientSU2"},
      {"\"seed\": -1", "-1 is not a whole number from 0 to 2147483647"},
      {"\"seed\": 2147483648", "from 0 to 2147483647"},
      {"\"seed\": [1, \"2\"]", "\"2\" is not a whole number"},
      {"\"seed\": true", "true is not a whole number"},
      {"\"shots\": 0", "0 is not a whole number from 1"},
      {"\"restarts\": 0", "0 is not a whole number from 1"},
      {"\"restart\": 3", "did you mean 'restarts'?"},
      {"\"escape_saddles\": 1", "true, false or null"},
      {"\"properties\": 1", "true, false or a list out of rdm1"},
      {"\"properties\": [\"moment\"]", "did you mean 'moments'?"},
      {"\"noise\": 1", "an object, a list of objects, or null"},
      {"\"noise\": []", "at least one model"},
      {"\"noise\": {\"readout\": 2}", "key 'noise', key 'readout'"},
      {"\"noise\": {\"readout\": 0.1, \"strength\": []}", "at least one"},
      {"\"noise\": {\"calibration\": \"none.json\"}", "none.json"},
      {"\"penalty\": 1", "an object with the weights"},
      {"\"penalty\": {\"number\": -1}", "key 'number': -1 is not"},
      {"\"penalty\": {\"s2\": 1}", "unknown key 's2'"},
      {"\"ranks_per_molecule\": 0", "0 is not a whole number from 1"},
      {"\"references\": \"fci\"", "a list out of hf, mp2, fci"},
      {"\"references\": [\"fcl\"]", "did you mean 'fci'?"},
      {"\"device\": \"gpu\"", "key 'device': unknown device 'gpu'"},
      {"\"precision\": \"half\"", "unknown precision 'half'"},
      {"\"output\": 5", "5 is not the path of a file"},
      {"\"output\": \"\"", "is not the path of a file"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    check_message(cases[k][0], NULL, cases[k][1]);
  }
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    char text[600];
    snprintf(text, sizeof text, "{\"molecules\": [%s], %s}", H2, keys[k][0]);
    check_message(text, NULL, keys[k][1]);
  }
}

static void wrong_options_name_the_option(void **state)
{
  (void)state;
  static const char *const text = "{\"molecules\": [" H2 "]}";
#define BAD(member, value, part)                                              \
  do {                                                                        \
    struct vqe_job_overrides o = none;                                        \
    o.member = value;                                                         \
    check_message(text, &o, part);                                            \
  } while (0)
  BAD(basis, "6-31q", "option --basis: ");
  BAD(basis, "6-31g,", "option --basis: '6-31g,' is not a list");
  BAD(ansatz, "UCSD", "option --ansatz: did you mean 'UCCSD'?");
  BAD(reps, "x", "option --reps: \"x\" is not a whole number");
  BAD(optimizer, "CGG", "option --optimizer: unknown optimizer 'CGG'");
  BAD(gtol, "small", "option --gtol: \"small\" is not a number");
  BAD(max_evaluations, "-3", "option --max-evaluations: -3");
  BAD(init, "file:gone.json", "option --init");
  BAD(init_noise, "-1", "option --init-noise");
  BAD(seed, "1;2", "option --seed: '1;2'");
  BAD(seed, "5-1", "option --seed: '5-1' is not a list");
  BAD(seed, "1-", "option --seed: '1-' is not a list");
  BAD(seed, "1-3-5", "option --seed: '1-3-5' is not a list");
  BAD(seed, "0-2000000000", "more than 100000 seeds");
  BAD(restarts, "0", "option --restarts: 0");
  BAD(escape_saddles, "maybe", "option --escape-saddles: 'maybe'");
  BAD(properties, "rdm1,,rdm2", "option --properties: 'rdm1,,rdm2'");
  BAD(properties, "spin", "option --properties");
  BAD(noise, "{", "option --noise");
  BAD(noise, "none.json", "none.json");
  BAD(penalty_number, "-1", "option --penalty-number: -1");
  BAD(penalty_spin, "x", "option --penalty-spin");
  BAD(seed, "4294967296", "option --seed: 4294967296");
  BAD(shots, "1.5", "option --shots: 1.5");
  BAD(frozen_core, "yes", "option --frozen-core: \"yes\"");
  BAD(active_space, "2x4", "option --active-space: '2x4'");
  BAD(references, "hf,cc", "option --references: unknown reference 'cc'");
  BAD(device, "gpu", "option --device");
  BAD(entanglement, "full", "option --entanglement: UCCSD has no");
#undef BAD
}

static void bad_molecule_fails_alone_unless_strict(void **state)
{
  (void)state;
  static const char *const text =
      "{\"molecules\": [" H2 ", " NAN_COORDINATE ", " LIH "], \"seed\": 1}";
  assert_int_equal(parse(text), 0);
  assert_int_equal(job->count, 3);
  assert_int_equal(job->nbad, 1);
  const struct vqe_experiment *e = experiment(1);
  assert_null(e->molecule);
  assert_non_null(strstr(e->input_error, "test.job.json', molecule 1"));
  assert_non_null(strstr(e->input_error, "coords"));
  assert_string_equal(e->name, "bad");
  assert_int_equal(e->molecule_id, 1);
  assert_null(experiment(2)->input_error);
  struct vqe_job_overrides o = none;
  o.strict = true;
  check_message(text, &o, "molecule 1");
}

static void mp2_start_of_lucj_needs_a_closed_shell(void **state)
{
  (void)state;
  static const char *const text =
      "{\"molecules\": [" H2 ", " TRIPLET "], \"ansatz\": \"LUCJ\", "
      "\"init\": \"mp2\", \"seed\": 1}";
  assert_int_equal(parse(text), 0);
  assert_int_equal(job->nbad, 1);
  assert_null(experiment(0)->input_error);
  assert_non_null(strstr(experiment(1)->input_error, "multiplicity is 3"));
  struct vqe_job_overrides o = none;
  o.strict = true;
  check_message(text, &o, "init 'mp2' of LUCJ needs a closed shell");
}

static void start_of_open_shells_is_that_of_their_ansatz(void **state)
{
  (void)state;
  static const char *const starts[][2] = {
      {"UCCSD", "mp2"}, {"UCCD", "mp2"},       {"pUCCD", "mp2"},
      {"UCCD0", "mp2"}, {"k-UpCCGSD", "hf"},   {"k-UpCCGD", "hf"},
      {"LUCJ", "hf"},   {"EfficientSU2", "hf"}};
  for (size_t k = 0; k < sizeof starts / sizeof starts[0]; k++) {
    char text[400];
    snprintf(text, sizeof text,
             "{\"molecules\": [" TRIPLET "], \"ansatz\": \"%s\", "
             "\"seed\": 1}",
             starts[k][0]);
    assert_int_equal(parse(text), 0);
    assert_string_equal(experiment(0)->init_strategy, starts[k][1]);
    assert_null(experiment(0)->input_error);
  }
}

static void repetitions_run_once_with_a_warning(void **state)
{
  (void)state;
  assert_int_equal(parse("{\"molecules\": [" H2 ", " LIH ", " H2
                         "], \"basis\": [\"sto-3g\", \"STO3G\", \"6-31g\"], "
                         "\"seed\": 1}"),
                   0);
  assert_int_equal(job->count, 4);
  assert_string_equal(experiment(1)->basis_set, "6-31g");
  assert_int_equal(experiment(2)->molecule_id, 1);
  int lines = 0;
  for (const char *at = warnings; (at = strchr(at, '\n')) != NULL; at++) {
    lines++;
  }
  assert_int_equal(lines, 5);
  assert_non_null(strstr(warnings, "molecule 2: asks for the same as "
                                   "experiment 0 "));
}

static void too_many_experiments_are_refused(void **state)
{
  (void)state;
  char *text = malloc(200000);
  size_t used = (size_t)sprintf(text, "{\"molecules\": [" H2 "], \"seed\": [");
  for (int k = 0; k < 1001; k++) {
    used += (size_t)sprintf(text + used, "%s%d", k > 0 ? "," : "", k);
  }
  used += (size_t)sprintf(text + used, "], \"basis\": [");
  for (int k = 0; k < 1000; k++) {
    used += (size_t)sprintf(text + used, "%s\"sto-3g\"", k > 0 ? "," : "");
  }
  sprintf(text + used, "]}");
  check_message(text, NULL, "more than 100000 experiments");
  free(text);
}

static int reuse(struct vqe_result *const results[3])
{
  struct vqe_job_earlier earlier = {.stored = results, .nstored = 3};
  return vqe_job_reuse_seeds(job, &earlier);
}

/* What only journals hold, finished or begun, is found as well, each once. */
static void restart_adopts_drawn_seeds_of_journals(void **state)
{
  (void)state;
  static const char *const text = "{\"molecules\": [" H2 "]}";
  struct vqe_result *done;
  struct vqe_job_begun begun[2];
  assert_int_equal(parse(text), 0);
  assert_int_equal(
      vqe_result_create(&done, experiment(0), VQE_EXPERIMENT_OK, NULL), 0);
  for (int k = 0; k < 2; k++) {
    /* the first is what is finished, by an earlier frame of its journal */
    job->experiments[0]->seed = done->experiment->seed ^ k;
    assert_int_equal(vqe_experiment_id(begun[k].id, NULL, experiment(0)), 0);
    assert_int_equal(vqe_job_seedless_id(begun[k].seedless_id, experiment(0)),
                     0);
    begun[k].seed = experiment(0)->seed;
  }
  assert_string_equal(begun[0].seedless_id, begun[1].seedless_id);
  assert_string_not_equal(begun[0].id, begun[1].id);
  struct vqe_result *const journalled[] = {NULL, done};
  struct vqe_job_earlier earlier = {
      .journalled = journalled, .njournalled = 2, .begun = begun, .nbegun = 2};
  assert_int_equal(parse(text), 0);
  assert_int_equal(vqe_job_reuse_seeds(job, &earlier), 0);
  assert_string_equal(experiment(0)->id, done->experiment->id);
  earlier.njournalled = 0;
  earlier.begun++;
  earlier.nbegun--;
  assert_int_equal(parse(text), 0);
  assert_int_equal(vqe_job_reuse_seeds(job, &earlier), 0);
  assert_string_equal(experiment(0)->id, begun[1].id);
  /* of another request */
  assert_int_equal(parse("{\"molecules\": [" LIH "]}"), 0);
  assert_int_equal(vqe_job_reuse_seeds(job, &earlier), 0);
  assert_string_not_equal(experiment(0)->id, begun[1].id);
  vqe_result_free(done);
}

static void restart_adopts_drawn_seeds(void **state)
{
  (void)state;
  static const char *const text =
      "{\"molecules\": [" H2 ", " LIH "], \"basis\": [\"sto-3g\", "
      "\"6-31g\"]}";
  struct vqe_result *earlier[3];
  char ids[4][VQE_EXPERIMENT_ID_SIZE];
  assert_int_equal(parse(text), 0);
  for (size_t k = 0; k < 4; k++) {
    assert_true(experiment(k)->seed_drawn);
    assert_in_range(experiment(k)->seed, 0, 2147483647);
    memcpy(ids[k], experiment(k)->id, sizeof ids[k]);
  }
  assert_true(experiment(0)->seed != experiment(1)->seed ||
              experiment(1)->seed != experiment(2)->seed);
  /* two of the first experiment, one failed; one of the last */
  assert_int_equal(
      vqe_result_create(&earlier[0], experiment(3), VQE_EXPERIMENT_OK, NULL),
      0);
  assert_int_equal(
      vqe_result_create(&earlier[2], experiment(0), VQE_EXPERIMENT_OK, NULL),
      0);
  job->experiments[0]->seed ^= 1;
  assert_int_equal(vqe_result_create(&earlier[1], experiment(0),
                                     VQE_EXPERIMENT_FAILED, "x"),
                   0);
  assert_int_equal(parse(text), 0);
  int64_t second = experiment(1)->seed;
  assert_int_equal(reuse(earlier), 0);
  assert_string_equal(experiment(0)->id, ids[0]);
  assert_string_equal(experiment(3)->id, ids[3]);
  assert_int_equal(experiment(1)->seed, second);
  assert_string_not_equal(experiment(1)->id, ids[1]);
  /* a given seed stays */
  struct vqe_job_overrides o = none;
  o.seed = "9";
  assert_int_equal(parse_with(text, &o), 0);
  assert_int_equal(reuse(earlier), 0);
  assert_int_equal(experiment(0)->seed, 9);
  /* and a given seed of an earlier run is not adopted */
  earlier[2]->experiment->seed_drawn = false;
  assert_int_equal(parse(text), 0);
  assert_int_equal(reuse(earlier), 0);
  assert_int_equal(experiment(0)->seed, earlier[1]->experiment->seed);
  for (int k = 0; k < 3; k++) {
    vqe_result_free(earlier[k]);
  }
}

/* A folder of its own with the files that a job may name. */
static char folder[] = "/tmp/vqe-job-XXXXXX";

static void put_file(const char *name, const char *text)
{
  char path[200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *stream = fopen(path, "w");
  assert_non_null(stream);
  fputs(text, stream);
  fclose(stream);
}

static int make_folder(void **state)
{
  (void)state;
  if (mkdtemp(folder) == NULL) {
    return -1;
  }
  put_file("water.xyz", "3\ncharge=0 multiplicity=1\nO 0 0 0.1173\n"
                        "H 0 0.7572 -0.4692\nH 0 -0.7572 -0.4692\n");
  put_file("two.json", "[" H2 ", " NAN_COORDINATE "]");
  put_file("qc.json",
           "{\"schema_name\": \"qcschema_molecule\", \"schema_version\": 2, "
           "\"symbols\": [\"H\", \"H\"], \"geometry\": [0,0,0,0,0,1.4]}");
  put_file("my.nw", "abc");
  put_file("start.json", "[0.5]");
  put_file("job.json",
           "{\"molecules\": [\"water.xyz\", \"two.json\", " LIH
           "], \"basis\": [\"sto-3g\", \"my.nw\"], \"init\": {\"file\": "
           "\"start.json\"}, \"seed\": 1}");
  put_file("one.json", "{\"molecules\": \"two.json\", \"seed\": 1}");
  put_file("empty.json", "[]");
  return 0;
}

static int remove_folder(void **state)
{
  (void)state;
  char command[100];
  vqe_job_free(job);
  free(warnings);
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

static int load(const char *name, const struct vqe_job_overrides *overrides)
{
  char path[300];
  vqe_job_free(job);
  free(warnings);
  snprintf(path, sizeof path, "%s%s%s", name[0] == '/' ? "" : folder,
           name[0] == '/' ? "" : "/", name);
  return vqe_job_load(&job, &warnings, path, overrides);
}

static void relative_paths_start_beside_the_job(void **state)
{
  (void)state;
  char path[200];
  assert_int_equal(load("job.json", NULL), 0);
  assert_int_equal(job->count, 8);
  assert_int_equal(job->nbad, 2);
  assert_int_equal(experiment(0)->molecule->natom, 3);
  assert_string_equal(experiment(0)->basis_set, "sto3g");
  assert_null(experiment(0)->basis_sha256);
  snprintf(path, sizeof path, "%s/my.nw", folder);
  assert_string_equal(experiment(1)->basis_set, path);
  /* FIPS 180-4: SHA-256 of "abc" */
  assert_string_equal(experiment(1)->basis_sha256,
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff"
                      "61f20015ad");
  snprintf(path, sizeof path, "%s/start.json", folder);
  assert_string_equal(experiment(0)->init_strategy, "file");
  assert_string_equal(experiment(0)->init_file, path);
  assert_int_equal(strlen(experiment(0)->init_file_sha256), 64);
  assert_string_equal(experiment(2)->name, "H2");
  assert_non_null(strstr(experiment(2)->source, "two.json', molecule 0"));
  assert_non_null(experiment(4)->input_error);
  assert_int_equal(experiment(4)->molecule_id, 2);
  assert_string_equal(experiment(6)->name, "molecule-3");
  assert_int_equal(load("one.json", NULL), 0);
  assert_int_equal(job->count, 2);
}

static void molecule_file_is_a_job(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  o.seed = "3,4";
  assert_int_equal(load("water.xyz", &o), 0);
  assert_int_equal(job->count, 2);
  assert_string_equal(job->output, "water.h5");
  assert_string_equal(experiment(1)->init_strategy, "mp2");
  assert_int_equal(load("two.json", &o), 0);
  assert_int_equal(job->count, 4);
  assert_int_equal(job->nbad, 2);
  assert_int_equal(load("qc.json", &o), 0);
  assert_int_equal(job->count, 2);
  assert_int_equal(experiment(0)->molecule->units, VQE_BOHR);
  assert_int_equal(load("empty.json", &o), VQE_ERR_INPUT);
  assert_int_equal(load("gone.json", &o), VQE_ERR_NOT_FOUND);
}

static void fcidump_is_a_job_without_basis(void **state)
{
  (void)state;
  struct vqe_job_overrides o = none;
  o.seed = "3";
  o.basis = "sto-3g,6-31g";
  assert_int_equal(load(VQE_TEST_DATA "/LiH.fcidump", &o), 0);
  assert_int_equal(job->count, 1);
  const struct vqe_experiment *e = experiment(0);
  assert_int_equal(job->nbad, 0);
  assert_string_equal(e->basis_set, "fcidump");
  assert_string_equal(e->fcidump, VQE_TEST_DATA "/LiH.fcidump");
  assert_int_equal(strlen(e->fcidump_sha256), 64);
  assert_string_equal(e->init_strategy, "mp2");
  assert_string_equal(e->name, "LiH");
  assert_null(e->molecule);
  assert_string_equal(job->output, "LiH.h5");
  o.frozen_core = "true";
  assert_int_equal(load(VQE_TEST_DATA "/LiH.fcidump", &o), 0);
  assert_int_equal(job->nbad, 1);
  assert_non_null(strstr(experiment(0)->input_error, "needs atoms"));
  assert_int_equal(parse_with("{\"molecules\": [\"LiH.fcidump\", " H2
                              ", \"H2.fcidump\"]}",
                              NULL),
                   0);
  assert_int_equal(job->count, 3);
  assert_non_null(experiment(2)->fcidump);
  put_file("bad.fcidump", "&FCI NORB=2,NELEC=2,MS2=0,\n &END\n 1.0 9 9 9 9\n");
  assert_int_equal(load("bad.fcidump", NULL), 0);
  assert_int_equal(job->nbad, 1);
  assert_non_null(strstr(experiment(0)->input_error, "bad.fcidump"));
}

/* The job files that are shipped. */
static void shipped_jobs_load(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    size_t count;
  } jobs[] = {{"thesis", 8},
              {"efficientsu2", 6 * 20},
              {"excitation_preserving", 6 * 3}};
  for (size_t k = 0; k < sizeof jobs / sizeof jobs[0]; k++) {
    char path[300];
    snprintf(path, sizeof path, VQE_TEST_DATA "/../../jobs/%s.json",
             jobs[k].name);
    assert_int_equal(load(path, NULL), 0);
    assert_int_equal(job->count, jobs[k].count);
    assert_int_equal(job->nbad, 0);
    assert_null(warnings);
  }
}

/* Geometries of the thesis job are those of the reference energies. */
static void thesis_geometries_are_those_of_the_reference_energies(void **state)
{
  (void)state;
  json_error_t error;
  json_t *whole = json_load_file(VQE_TEST_DATA "/energies.json", 0, &error);
  assert_non_null(whole);
  assert_int_equal(load(VQE_TEST_DATA "/../../jobs/thesis.json", NULL), 0);
  json_t *systems = json_object_get(whole, "systems");
  int checked = 0;
  for (size_t k = 0; k < json_array_size(systems); k++) {
    const json_t *system = json_array_get(systems, k);
    if (!json_is_true(json_object_get(system, "thesis"))) {
      continue;
    }
    const char *name = json_string_value(json_object_get(system, "name"));
    const struct vqe_molecule *molecule = NULL;
    for (size_t e = 0; e < job->count; e++) {
      if (strcmp(job->experiments[e]->name, name) == 0) {
        molecule = job->experiments[e]->molecule;
        assert_string_equal(job->experiments[e]->ansatz_name, "UCCSD");
        assert_string_equal(job->experiments[e]->init_strategy, "mp2");
        assert_string_equal(job->experiments[e]->basis_set, "sto3g");
        assert_int_equal(job->experiments[e]->seed, 1);
      }
    }
    assert_non_null(molecule);
    const json_t *geometry = json_object_get(system, "geometry");
    assert_int_equal(molecule->natom, json_array_size(geometry));
    assert_int_equal(molecule->charge,
                     json_integer_value(json_object_get(system, "charge")));
    for (size_t atom = 0; atom < molecule->natom; atom++) {
      const json_t *row = json_array_get(geometry, atom);
      assert_string_equal(molecule->symbols[atom],
                          json_string_value(json_array_get(row, 0)));
      for (size_t x = 0; x < 3; x++) {
        assert_true(molecule->coords[3 * atom + x] ==
                    json_number_value(json_array_get(row, x + 1)));
      }
    }
    checked++;
  }
  assert_int_equal(checked, 8);
  json_decref(whole);
}

/* ADAPT-VQE has one start: in a list it keeps it, and the id that it has
 * without restarts. */
static void restarts_in_a_list_are_for_those_that_have_starts(void **state)
{
  (void)state;
  char id[VQE_EXPERIMENT_ID_SIZE];
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1, \"ansatz\": "
                         "\"ADAPT-VQE\"}"),
                   0);
  memcpy(id, experiment(0)->id, sizeof id);
  assert_int_equal(parse("{\"molecules\": [" H2
                         "], \"seed\": 1, \"restarts\": 3, "
                         "\"ansatz\": [\"ADAPT-VQE\", \"UCCSD\"]}"),
                   0);
  assert_int_equal(experiment(0)->restarts, 1);
  assert_string_equal(experiment(0)->id, id);
  assert_int_equal(experiment(1)->restarts, 3);
  check_message("{\"molecules\": [" H2
                "], \"restarts\": 3, \"ansatz\": [\"ADAPT-VQE\", {\"name\": "
                "\"ADAPT-VQE\", \"pool\": \"QEB\"}]}",
                NULL, "key 'restarts': ADAPT-VQE has one start");
}

/* Beside others ADAPT-VQE takes the Hartree-Fock state once, under the id that
 * it has in a job without 'init'. */
static void adapt_takes_its_start_whatever_the_job_says(void **state)
{
  (void)state;
  static const char *const inits[] = {
      "\"random\"", "[\"random\", \"hf\", \"mp2\"]",
      "{\"strategy\": \"hf\", \"noise\": 0.1}"};
  char id[VQE_EXPERIMENT_ID_SIZE];
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1, \"ansatz\": "
                         "\"ADAPT-VQE\"}"),
                   0);
  memcpy(id, experiment(0)->id, sizeof id);
  for (size_t k = 0; k < sizeof inits / sizeof inits[0]; k++) {
    char text[320];
    size_t adapt = 0;
    snprintf(text, sizeof text,
             "{\"molecules\": [" H2 "], \"seed\": 1, \"init\": %s, "
             "\"ansatz\": [\"UCCSD\", \"ADAPT-VQE\"]}",
             inits[k]);
    assert_int_equal(parse(text), 0);
    assert_int_equal(job->count, k == 1 ? 4 : 2);
    for (size_t e = 0; e < job->count; e++) {
      if (strcmp(experiment(e)->ansatz_name, "ADAPT-VQE") == 0) {
        adapt++;
        assert_string_equal(experiment(e)->init_strategy, "hf");
        assert_true(experiment(e)->init_noise == 0.0);
        assert_string_equal(experiment(e)->id, id);
      }
    }
    assert_int_equal(adapt, 1);
  }
  /* its second place alone */
  assert_int_equal(parse("{\"molecules\": [" H2 "], \"seed\": 1, \"init\": "
                         "[\"mp2\", \"hf\"], \"ansatz\": [\"UCCSD\", "
                         "\"ADAPT-VQE\"], \"select\": \"3\"}"),
                   0);
  assert_int_equal(job->count, 1);
  assert_string_equal(experiment(0)->id, id);
}

/* Whatever the ansatz, as shots, device and precision are those of the job. */
static void penalties_are_refused_where_they_cannot_be_had(void **state)
{
  (void)state;
  static const char *const ansatze[] = {"UCCSD", "EfficientSU2"};
  for (size_t k = 0; k < 2; k++) {
    char text[320];
    snprintf(text, sizeof text,
             "{\"molecules\": [" H2
             "], \"ansatz\": \"%s\", \"penalty\": {\"number\": 1}, \"shots\": "
             "100}",
             ansatze[k]);
    check_message(text, NULL, "key 'penalty': a penalty needs exact energies");
    snprintf(text, sizeof text,
             "{\"molecules\": [" H2
             "], \"ansatz\": \"%s\", \"penalty\": {\"spin\": 1}, \"device\": "
             "\"cuda\"}",
             ansatze[k]);
    check_message(text, NULL,
                  "key 'penalty': a penalty is computed on the CPU");
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ansatz_options_are_part_of_the_identity),
      cmocka_unit_test(circuits_that_are_asked_for_are_part_of_the_identity),
      cmocka_unit_test(sector_ansatze_have_their_own_defaults),
      cmocka_unit_test(ids_are_those_of_the_golden_file),
      cmocka_unit_test(defaults_are_those_of_the_contract),
      cmocka_unit_test(lists_multiply_with_the_seed_innermost),
      cmocka_unit_test(every_key_reaches_its_field),
      cmocka_unit_test(active_spaces_by_rules_reach_their_field),
      cmocka_unit_test(frozen_core_counts_the_atoms_core_orbitals),
      cmocka_unit_test(options_override_the_job_file),
      cmocka_unit_test(properties_reach_the_experiment),
      cmocka_unit_test(noise_multiplies_experiments),
      cmocka_unit_test(equal_noise_is_one_experiment),
      cmocka_unit_test(measurement_says_how_shots_are_taken),
      cmocka_unit_test(how_the_minimum_is_sought_reaches_the_experiment),
      cmocka_unit_test(restarts_in_a_list_are_for_those_that_have_starts),
      cmocka_unit_test(adapt_takes_its_start_whatever_the_job_says),
      cmocka_unit_test(models_of_noise_share_the_drawn_seed),
      cmocka_unit_test(penalties_are_refused_where_they_cannot_be_had),
      cmocka_unit_test(seeds_may_be_ranges),
      cmocka_unit_test(settings_within_a_molecule_are_said),
      cmocka_unit_test(metrics_have_a_place_and_a_port),
      cmocka_unit_test(wrong_values_name_file_key_and_remedy),
      cmocka_unit_test(wrong_options_name_the_option),
      cmocka_unit_test(bad_molecule_fails_alone_unless_strict),
      cmocka_unit_test(mp2_start_of_lucj_needs_a_closed_shell),
      cmocka_unit_test(start_of_open_shells_is_that_of_their_ansatz),
      cmocka_unit_test(repetitions_run_once_with_a_warning),
      cmocka_unit_test(too_many_experiments_are_refused),
      cmocka_unit_test(restart_adopts_drawn_seeds),
      cmocka_unit_test(restart_adopts_drawn_seeds_of_journals),
      cmocka_unit_test(relative_paths_start_beside_the_job),
      cmocka_unit_test(molecule_file_is_a_job),
      cmocka_unit_test(fcidump_is_a_job_without_basis),
      cmocka_unit_test(shipped_jobs_load),
      cmocka_unit_test(thesis_geometries_are_those_of_the_reference_energies),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
