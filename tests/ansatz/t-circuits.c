/* Gate order, parameter order and entanglement maps of the circuits against
 * Qiskit's; names, defaults and refusals. */
#include "oracle.h"

#include <jansson.h>

#include "vqe/ansatz.h"
#include "vqe/error.h"

static int integer(json_t *value, const char *key)
{
  json_t *item = json_object_get(value, key);
  assert_true(json_is_integer(item));
  return (int)json_integer_value(item);
}

static void gate_text(char *out, size_t size, const struct vqe_gate *gate)
{
  switch (gate->kind) {
  case VQE_GATE_X:
    snprintf(out, size, "x %d -1", gate->q[0]);
    break;
  case VQE_GATE_RY:
    snprintf(out, size, "ry %d %d", gate->q[0], gate->param);
    break;
  case VQE_GATE_RZ:
    snprintf(out, size, "rz %d %d", gate->q[0], gate->param);
    break;
  case VQE_GATE_CX:
    snprintf(out, size, "cx %d %d -1", gate->q[0], gate->q[1]);
    break;
  case VQE_GATE_XXYY:
    snprintf(out, size, "Interaction %d %d %d", gate->q[0], gate->q[1],
             gate->param);
    break;
  default:
    fail_msg("gate kind %d in a circuit", (int)gate->kind);
  }
  if (gate->param >= 0) {
    assert_true(gate->scale == 1.0);
  }
}

static void gates_are_qiskits_one_by_one(void **state)
{
  (void)state;
  json_error_t error;
  json_t *root =
      json_load_file(VQE_TEST_DATA "/qiskit_circuits.json", 0, &error);
  assert_non_null(root);
  json_t *cases = json_object_get(root, "cases");
  assert_int_equal(json_array_size(cases), 108);
  size_t k;
  json_t *item;
  json_array_foreach(cases, k, item)
  {
    struct vqe_ansatz_options options = {
        .size = sizeof options,
        .name = json_string_value(json_object_get(item, "ansatz")),
        .reps = integer(item, "reps"),
        .entanglement =
            json_string_value(json_object_get(item, "entanglement")),
        .norb = integer(item, "qubits") / 2,
        .nalpha = integer(item, "nalpha"),
        .nbeta = integer(item, "nbeta"),
        .nirrep = 1,
    };
    struct vqe_ansatz *ansatz = NULL;
    assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
    assert_string_equal(ansatz->name, options.name);
    assert_string_equal(ansatz->entanglement, options.entanglement);
    assert_int_equal(ansatz->reps, options.reps);
    assert_int_equal(ansatz->nqubit, integer(item, "qubits"));
    assert_int_equal(ansatz->nparam, integer(item, "parameters"));
    json_t *gates = json_object_get(item, "gates");
    assert_int_equal(ansatz->ngate, json_array_size(gates));
    for (size_t g = 0; g < ansatz->ngate; g++) {
      char text[64];
      const char *expected = json_string_value(json_array_get(gates, g));
      gate_text(text, sizeof text, &ansatz->gates[g]);
      if (strcmp(text, expected) != 0) {
        fail_msg("%s %s reps %d, gate %zu: \"%s\", expected \"%s\"",
                 options.name, options.entanglement, options.reps, g, text,
                 expected);
      }
    }
    vqe_ansatz_free(ansatz);
  }
  json_decref(root);
}

/* Two qubits: circular has no ring, and every map is the one pair. */
static void every_map_of_two_qubits_is_one_pair(void **state)
{
  (void)state;
  static const char *const maps[] = {"full",     "linear",   "reverse_linear",
                                     "pairwise", "circular", "sca"};
  for (size_t k = 0; k < 6; k++) {
    struct vqe_ansatz_options options = {.size = sizeof options,
                                         .name = "RealAmplitudes",
                                         .reps = 1,
                                         .entanglement = maps[k],
                                         .norb = 1,
                                         .nalpha = 1,
                                         .nirrep = 1};
    struct vqe_ansatz *ansatz = NULL;
    assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
    assert_int_equal(ansatz->nparam, 4);
    assert_int_equal(ansatz->ngate, 5);
    assert_int_equal(ansatz->gates[2].kind, VQE_GATE_CX);
    assert_int_equal(ansatz->gates[2].q[0], 0);
    assert_int_equal(ansatz->gates[2].q[1], 1);
    vqe_ansatz_free(ansatz);
  }
}

static void names_have_defaults_and_properties(void **state)
{
  (void)state;
  static const struct {
    const char *given, *stored, *entanglement;
    int reps;
    bool conserves, real;
  } cases[] = {
      {"uccsd", "UCCSD", NULL, 1, true, true},
      {"efficientsu2", "EfficientSU2", "reverse_linear", 2, false, false},
      {"REALAMPLITUDES", "RealAmplitudes", "reverse_linear", 2, false, true},
      {"excitationPreserving", "ExcitationPreserving", "full", 2, false,
       false}};
  for (size_t k = 0; k < 4; k++) {
    const char *name = NULL;
    const char *map = "unset";
    assert_int_equal(vqe_ansatz_canonical(&name, cases[k].given), VQE_OK);
    assert_string_equal(name, cases[k].stored);
    assert_int_equal(vqe_entanglement_canonical(&map, name, NULL), VQE_OK);
    if (cases[k].entanglement == NULL) {
      assert_null(map);
    } else {
      assert_string_equal(map, cases[k].entanglement);
    }
    assert_int_equal(vqe_ansatz_default_reps(name), cases[k].reps);
    struct vqe_ansatz_options options = {.size = sizeof options,
                                         .name = cases[k].given,
                                         .reps = cases[k].reps,
                                         .norb = 3,
                                         .nalpha = 2,
                                         .nbeta = 1,
                                         .nirrep = 1};
    struct vqe_ansatz *ansatz = NULL;
    assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
    assert_string_equal(ansatz->name, cases[k].stored);
    assert_string_equal(ansatz->entanglement, cases[k].entanglement == NULL
                                                  ? ""
                                                  : cases[k].entanglement);
    assert_int_equal(ansatz->conserves, cases[k].conserves);
    assert_int_equal(ansatz->real, cases[k].real);
    vqe_ansatz_free(ansatz);
  }
  const char *map = NULL;
  assert_int_equal(
      vqe_entanglement_canonical(&map, "EfficientSU2", "Reverse-Linear"),
      VQE_OK);
  assert_string_equal(map, "reverse_linear");
  assert_int_equal(vqe_entanglement_canonical(&map, "EfficientSU2", "SCA"),
                   VQE_OK);
  assert_string_equal(map, "sca");
}

static void expect_input_error(const struct vqe_ansatz_options *options,
                               const char *first, const char *second)
{
  struct vqe_ansatz *ansatz = NULL;
  assert_int_equal(vqe_ansatz_create(&ansatz, options), VQE_ERR_INPUT);
  assert_null(ansatz);
  if (strstr(vqe_error_message(), first) == NULL ||
      strstr(vqe_error_message(), second) == NULL) {
    fail_msg("message \"%s\" lacks \"%s\" or \"%s\"", vqe_error_message(),
             first, second);
  }
}

static void bad_requests_are_refused(void **state)
{
  (void)state;
  const struct vqe_ansatz_options good = {.size = sizeof good,
                                          .name = "EfficientSU2",
                                          .reps = 1,
                                          .norb = 2,
                                          .nalpha = 1,
                                          .nbeta = 1,
                                          .nirrep = 1};
  struct vqe_ansatz_options bad = good;
  bad.name = "UCCX";
  expect_input_error(&bad, "'UCCX'", "UCCSD");
  bad = good;
  bad.entanglement = "ring";
  expect_input_error(&bad, "'ring'", "reverse_linear");
  bad = good;
  bad.name = "UCCSD";
  bad.entanglement = "full";
  expect_input_error(&bad, "UCCSD", "'full'");
  bad = good;
  bad.nalpha = 3;
  expect_input_error(&bad, "3 alpha", "2 orbitals");
  bad = good;
  bad.nbeta = -1;
  expect_input_error(&bad, "-1 beta", "between");
  bad = good;
  bad.norb = 65;
  expect_input_error(&bad, "65 orbitals", "64");
  bad = good;
  bad.norb = 0;
  expect_input_error(&bad, "0 orbitals", "between");
  bad = good;
  bad.reps = -1;
  expect_input_error(&bad, "reps -1", "0");
  bad.reps = 10001;
  expect_input_error(&bad, "reps 10001", "10000");
  bad = good;
  bad.name = "UCCSD";
  bad.reps = 0;
  expect_input_error(&bad, "reps 0", "1");
  bad.reps = 1;
  bad.nbeta = 0;
  bad.restricted = true;
  expect_input_error(&bad, "closed shell", "1 alpha and 0 beta");
}

/* No repetition leaves the last rotation layer. */
static void no_repetition_leaves_the_last_rotations(void **state)
{
  (void)state;
  struct vqe_ansatz_options options = {.size = sizeof options,
                                       .name = "EfficientSU2",
                                       .reps = 0,
                                       .norb = 2,
                                       .nalpha = 1,
                                       .nbeta = 1,
                                       .nirrep = 1};
  struct vqe_ansatz *ansatz = NULL;
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  assert_int_equal(ansatz->ngate, 8);
  assert_int_equal(ansatz->nparam, 8);
  vqe_ansatz_free(ansatz);
}

/* The Hartree-Fock parameters of EfficientSU2: pi on the occupied qubits of
 * the last RY layer alone. */
static void hf_parameters_flip_occupied_qubits_last(void **state)
{
  (void)state;
  struct vqe_ansatz_options options = {.size = sizeof options,
                                       .name = "EfficientSU2",
                                       .reps = 2,
                                       .norb = 3,
                                       .nalpha = 2,
                                       .nbeta = 1,
                                       .nirrep = 1};
  struct vqe_ansatz *ansatz = NULL;
  double out[36];
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  assert_int_equal(ansatz->nparam, 36);
  vqe_ansatz_hf_parameters(out, ansatz);
  for (int k = 0; k < 36; k++) {
    /* last RY layer: 24 to 29; alpha 0 and 1, beta 0 (qubit 3) */
    bool occupied = k == 24 || k == 25 || k == 27;
    assert_close(out[k], occupied ? ORACLE_PI : 0.0, 1e-15);
  }
  vqe_ansatz_free(ansatz);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gates_are_qiskits_one_by_one),
      cmocka_unit_test(every_map_of_two_qubits_is_one_pair),
      cmocka_unit_test(names_have_defaults_and_properties),
      cmocka_unit_test(bad_requests_are_refused),
      cmocka_unit_test(no_repetition_leaves_the_last_rotations),
      cmocka_unit_test(hf_parameters_flip_occupied_qubits_last),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
