/* What a model says, and the message for each kind of wrong value; the file of
 * a calibration. */
#include "noise_fixture.h"

#include <jansson.h>

#include "base/json_text.h"
#include "noise/noisy_gate.h"

#define SYNTHETIC VQE_TEST_DATA "/../../jobs/examples/synthetic_16.json"

static struct vqe_noisy_model model;

static void parse(const char *text)
{
  if (vqe_noisy_model_parse(&model, text) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
}

static void refused(const char *text, const char *part)
{
  assert_int_equal(vqe_noisy_model_parse(&model, text), VQE_ERR_INPUT);
  if (strstr(vqe_error_message(), part) == NULL) {
    fail_msg("'%s' is not in '%s'", part, vqe_error_message());
  }
}

static void numbers_have_their_units(void **state)
{
  (void)state;
  parse("{\"depolarizing\": [0.001, 0.02], \"t1_us\": 100, \"t2_us\": 80, "
        "\"gate_ns\": [35, 300], \"readout\": [0.01, 0.03], \"strength\": 2}");
  const struct vqe_noisy_qubit *qubit = vqe_noisy_model_qubit(&model, 7);
  near(qubit->t1, 1e-4, 1e-15);
  near(qubit->t2, 8e-5, 1e-15);
  near(qubit->time, 35e-9, 1e-20);
  near(qubit->error, 0.001, 0.0);
  near(qubit->read_one, 0.01, 0.0);
  near(qubit->read_zero, 0.03, 0.0);
  near(vqe_noisy_model_pair(&model, 3, 1)->error, 0.02, 0.0);
  near(vqe_noisy_model_pair(&model, 3, 1)->time, 3e-7, 1e-18);
  near(model.strength, 2.0, 0.0);
  assert_true(model.virtual_z && !model.infidelity);
  assert_string_equal(model.name, "depolarizing+relaxation+readout");
  parse("{\"readout\": 0.02, \"name\": \"mine\"}");
  assert_string_equal(model.name, "mine");
  near(model.qubits[0].read_zero, 0.02, 0.0);
  assert_true(isinf(model.qubits[0].t1));
}

static void wrong_models_name_key_and_remedy(void **state)
{
  (void)state;
  refused("{}", "no noise is asked for");
  refused("{\"depolarising\": 0.1}", "did you mean 'depolarizing'?");
  refused("{\"depolarizing\": 1.5}", "key 'depolarizing': a probability");
  refused("{\"depolarizing\": [0.1]}", "or [of one-qubit gates");
  refused("{\"t1_us\": 100}", "give the times of gates");
  refused("{\"gate_ns\": 100, \"readout\": 0.1}", "give the times of gates");
  refused("{\"t1_us\": 0, \"gate_ns\": 1}", "above 0");
  refused("{\"t1_us\": [10, 20], \"gate_ns\": 1}", "one time in microseconds");
  refused("{\"t1_us\": 10, \"t2_us\": 21, \"gate_ns\": 1}", "twice T1");
  refused("{\"readout\": \"x\"}", "key 'readout'");
  refused("{\"readout\": 0.1, \"strength\": -1}", "from 0 to 1,000,000");
  refused("{\"readout\": 0.2, \"strength\": 6}", "take at most 5");
  refused("{\"readout\": 0.1, \"method\": \"exact\"}", "key 'method'");
  refused("{\"readout\": 0.1, \"trajectories\": 1}", "2 to 10,000,000");
  refused("{\"readout\": 0.1, \"postselect\": 1}", "true or false");
  refused("{\"readout\": 0.1, \"zne\": {\"scale\": [1]}}", "'scales'?");
  refused("{\"readout\": 0.1, \"zne\": {\"scales\": [1, 2]}}", "odd");
  refused("{\"readout\": 0.1, \"zne\": {\"scales\": [3, 1]}}", "rising");
  refused("{\"readout\": 0.1, \"zne\": {\"fit\": \"exp\"}}", "richardson");
  refused("{\"readout\": 0.1, \"name\": \"\"}", "key 'name'");
  refused("{\"calibration\": 3}", "path of a file");
  refused("{\"calibration\": {\"name\": \"x\"}}", "BackendProperties");
  refused("{\"calibration\": {}, \"readout\": 0.1}", "leave one of them out");
  refused("[]", "object");
}

/* ---- calibrations ---- */

static json_t *synthetic(void)
{
  json_error_t error;
  json_t *file = json_load_file(SYNTHETIC, 0, &error);
  assert_non_null(file);
  return file;
}

static void calibration_gives_the_numbers_of_its_qubits(void **state)
{
  (void)state;
  json_t *file = synthetic();
  json_t *numbers = NULL;
  assert_int_equal(vqe_noisy_calibration_read(&numbers, file, "x"), VQE_OK);
  json_t *object = json_pack("{s:o}", "calibration", numbers);
  assert_int_equal(vqe_noisy_model_read(&model, object, "x"), VQE_OK);
  assert_string_equal(model.name, "synthetic_16");
  assert_int_equal(model.nqubit, 16);
  assert_int_equal(model.npair, 17);
  assert_true(model.infidelity);
  /* by hand: qubit 3's list, and the gates of the file */
  const json_t *list = json_array_get(json_object_get(file, "qubits"), 3);
  const char *names[] = {"T1", "T2", "prob_meas1_prep0", "prob_meas0_prep1"};
  double values[4] = {0.0};
  for (size_t k = 0; k < json_array_size(list); k++) {
    const json_t *item = json_array_get(list, k);
    for (int i = 0; i < 4; i++) {
      if (strcmp(names[i], json_string_value(json_object_get(item, "name"))) ==
          0) {
        values[i] = json_number_value(json_object_get(item, "value"));
      }
    }
  }
  near(model.qubits[3].t1, 1e-6 * values[0], 1e-15);
  near(model.qubits[3].t2, 1e-6 * values[1], 1e-15);
  near(model.qubits[3].read_one, values[2], 0.0);
  near(model.qubits[3].read_zero, values[3], 0.0);
  near(model.qubits[3].time, 35.6e-9, 1e-18);
  /* a pair of the machine either way round; another has the mean */
  assert_ptr_equal(vqe_noisy_model_pair(&model, 4, 3),
                   vqe_noisy_model_pair(&model, 3, 4));
  assert_ptr_equal(vqe_noisy_model_pair(&model, 0, 5), &model.pair);
  assert_true(model.pair.error > 7e-3 && model.pair.error < 1.4e-2);
  json_decref(object);
  json_decref(file);
}

/* The gate has the infidelity that the calibration says, relaxation and
 * depolarising together: 1 - (d F + 1)/(d + 1), F the mean diagonal of its
 * transfer matrix. */
static void gates_of_a_calibration_have_its_infidelity(void **state)
{
  (void)state;
  json_t *file = synthetic();
  json_t *numbers = NULL;
  assert_int_equal(vqe_noisy_calibration_read(&numbers, file, "x"), VQE_OK);
  json_t *object = json_pack("{s:o}", "calibration", numbers);
  assert_int_equal(vqe_noisy_model_read(&model, object, "x"), VQE_OK);
  const struct vqe_noisy_gate gates[] = {
      {.kind = VQE_PROGRAM_X, .count = 1, .q = {2, 2}},
      {.kind = VQE_PROGRAM_CX, .count = 2, .q = {6, 5}}};
  for (int k = 0; k < 2; k++) {
    struct vqe_noisy_effect effect;
    double noise[256] = {0.0};
    int n = k == 0 ? 4 : 16;
    double d = k == 0 ? 2.0 : 4.0;
    double trace = 0.0;
    vqe_noisy_gate_effect(&effect, &gates[k], &model, 1.0);
    for (int i = 0; i < n; i++) {
      noise[(n + 1) * i] = 1.0;
    }
    vqe_noisy_gate_damp(noise, &effect, k + 1);
    for (int i = 0; i < n; i++) {
      trace += noise[(n + 1) * i];
    }
    double error = k == 0 ? model.qubits[2].error
                          : vqe_noisy_model_pair(&model, 5, 6)->error;
    assert_true(effect.p > 0.0 && effect.f1[0] < 1.0);
    near(1.0 - (d * trace / (d * d) + 1.0) / (d + 1.0), error, 1e-14);
  }
  json_decref(object);
  json_decref(file);
}

static void spoilt(const char *part, void (*spoil)(json_t *))
{
  json_t *numbers = NULL;
  json_t *file = synthetic();
  spoil(file);
  assert_int_equal(vqe_noisy_calibration_read(&numbers, file, "file 'c'"),
                   VQE_ERR_INPUT);
  assert_null(numbers);
  assert_non_null(strstr(vqe_error_message(), "file 'c'"));
  if (strstr(vqe_error_message(), part) == NULL) {
    fail_msg("'%s' is not in '%s'", part, vqe_error_message());
  }
  json_decref(file);
}

static json_t *parameter(json_t *file, size_t qubit, size_t k)
{
  return json_array_get(json_array_get(json_object_get(file, "qubits"), qubit),
                        k);
}

static void no_name(json_t *file)
{
  json_object_del(file, "backend_name");
}

static void other_unit(json_t *file)
{
  json_object_set_new(parameter(file, 1, 0), "unit", json_string("min"));
}

static void no_number(json_t *file)
{
  json_object_set_new(parameter(file, 2, 4), "value", json_string("x"));
}

static void too_likely(json_t *file)
{
  json_object_set_new(parameter(file, 2, 4), "value", json_real(1.5));
}

static void no_readout(json_t *file)
{
  json_array_clear(json_array_get(json_object_get(file, "qubits"), 4));
}

static void other_qubit(json_t *file)
{
  json_t *gate = json_array_get(json_object_get(file, "gates"), 2);
  json_object_set_new(gate, "qubits", json_pack("[i]", 16));
}

static void no_error(json_t *file)
{
  json_t *gate = json_array_get(json_object_get(file, "gates"), 2);
  json_array_clear(json_object_get(gate, "parameters"));
}

static void broken_calibrations_name_the_place(void **state)
{
  (void)state;
  spoilt("backend.properties().to_dict()", no_name);
  spoilt("key 'qubits', qubit 1: 'T1' is not a number with the unit",
         other_unit);
  spoilt("qubit 2: 'prob_meas0_prep1' is not a probability", no_number);
  spoilt("qubit 2: 'prob_meas0_prep1' is not a probability", too_likely);
  spoilt("qubit 4: neither 'readout_error' nor", no_readout);
  spoilt("key 'gates', entry 2 ('sx'): 'qubits' is not a list", other_qubit);
  spoilt("entry 2 ('sx'): no 'gate_error' is given", no_error);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_have_their_units),
      cmocka_unit_test(wrong_models_name_key_and_remedy),
      cmocka_unit_test(calibration_gives_the_numbers_of_its_qubits),
      cmocka_unit_test(gates_of_a_calibration_have_its_infidelity),
      cmocka_unit_test(broken_calibrations_name_the_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
