/* Energies with noise against Qiskit Aer's density matrix
 * (tests/data/make_noise.py), trajectories and shots against the density
 * matrix, extrapolation against polynomials. */
#include "noise_fixture.h"

#include <jansson.h>

#include "base/json_text.h"

static struct fixture f;

/* ---- Aer ---- */

static enum vqe_program_kind kind_of(const char *name, double angle)
{
  static const struct {
    const char *name;
    enum vqe_program_kind kind;
  } kinds[] = {{"x", VQE_PROGRAM_X},   {"h", VQE_PROGRAM_H},
               {"s", VQE_PROGRAM_S},   {"sdg", VQE_PROGRAM_SDG},
               {"ry", VQE_PROGRAM_RY}, {"rz", VQE_PROGRAM_RZ},
               {"u1", VQE_PROGRAM_P},  {"p", VQE_PROGRAM_P},
               {"cx", VQE_PROGRAM_CX}, {"cz", VQE_PROGRAM_CZ},
               {"cp", VQE_PROGRAM_CP}, {"cu1", VQE_PROGRAM_CP}};
  if (strcmp(name, "rx") == 0) {
    near(fabs(angle), acos(0.0), 1e-12);
    return angle > 0.0 ? VQE_PROGRAM_RX_PLUS : VQE_PROGRAM_RX_MINUS;
  }
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    if (strcmp(kinds[k].name, name) == 0) {
      return kinds[k].kind;
    }
  }
  fail_msg("gate %s is not known", name);
  return VQE_PROGRAM_NONE;
}

static void load_case(const json_t *entry)
{
  int nqubit = (int)json_integer_value(json_object_get(entry, "qubits"));
  char *model = vqe_json_dumps(json_object_get(entry, "noise"), 0);
  const json_t *gates = json_object_get(entry, "gates");
  const json_t *terms = json_object_get(entry, "terms");
  fixture_begin(&f, nqubit, model);
  free(model);
  for (size_t k = 0; k < json_array_size(gates); k++) {
    const json_t *gate = json_array_get(gates, k);
    const char *name = json_string_value(json_array_get(gate, 0));
    double angle =
        json_number_value(json_array_get(gate, json_array_size(gate) - 1));
    enum vqe_program_kind kind = kind_of(name, angle);
    fixture_gate(&f, kind, (int)json_integer_value(json_array_get(gate, 1)),
                 (int)json_integer_value(json_array_get(gate, 2)), angle);
  }
  for (size_t k = 0; k < json_array_size(terms); k++) {
    const json_t *term = json_array_get(terms, k);
    fixture_term(&f, (uint64_t)json_integer_value(json_array_get(term, 0)),
                 (uint64_t)json_integer_value(json_array_get(term, 1)),
                 json_number_value(json_array_get(term, 2)));
  }
}

static void energies_and_purities_are_those_of_aer(void **state)
{
  (void)state;
  json_error_t error;
  json_t *file = json_load_file(VQE_TEST_DATA "/noise.json", 0, &error);
  const json_t *cases = json_object_get(file, "cases");
  assert_true(json_array_size(cases) >= 9);
  for (size_t k = 0; k < json_array_size(cases); k++) {
    const json_t *entry = json_array_get(cases, k);
    load_case(entry);
    fixture_run(&f);
    near(f.out.energy, json_number_value(json_object_get(entry, "energy")),
         1e-9);
    near(f.out.purity, json_number_value(json_object_get(entry, "purity")),
         1e-9);
    assert_true(f.out.fidelity < 0.99);
  }
  json_decref(file);
}

/* ---- trajectories ---- */

static const char everything[] =
    "{\"depolarizing\": [0.002, 0.01], \"t1_us\": 20, \"t2_us\": 15, "
    "\"gate_ns\": [40, 200], \"readout\": [0.01, 0.03], "
    "\"trajectories\": 2000, \"postselect\": true}";

static void begin_everything(int nqubit)
{
  fixture_begin(&f, nqubit, everything);
  fixture_mix(&f);
  fixture_strings(&f);
  f.request.alpha = 3;
  f.request.beta = 4;
  f.request.nalpha = 1;
  f.request.nbeta = 1;
}

static void trajectories_average_to_the_density_matrix(void **state)
{
  (void)state;
  begin_everything(3);
  struct vqe_noisy_outcome exact = *fixture_run(&f);
  f.model.method = VQE_NOISY_TRAJECTORIES;
  fixture_run(&f);
  assert_true(f.out.error > 0.0 && f.out.error < 0.2);
  near(f.out.energy, exact.energy, 4.0 * f.out.error);
  near(f.out.fidelity, exact.fidelity, 0.04);
  near(f.out.kept, exact.kept, 0.04);
  assert_true(f.out.selected_error > 0.0);
  near(f.out.selected, exact.selected, 4.0 * f.out.selected_error);
  assert_true(isnan(f.out.purity));
  assert_true(fabs(exact.energy - exact.ideal) > 10.0 * f.out.error);
}

static void trajectories_repeat_on_any_threads(void **state)
{
  (void)state;
  begin_everything(3);
  f.model.method = VQE_NOISY_TRAJECTORIES;
  f.model.trajectories = 20;
  struct vqe_noisy_outcome first = *fixture_run(&f);
  f.request.threads = 1;
  assert_true(fixture_run(&f)->energy == first.energy);
  assert_true(f.out.error == first.error);
  f.request.id = "other";
  assert_true(fixture_run(&f)->energy != first.energy);
}

static bool at_once(void *ctx)
{
  (void)ctx;
  return true;
}

static void runs_end_when_asked(void **state)
{
  (void)state;
  begin_everything(3);
  f.request.stop = at_once;
  assert_int_equal(vqe_noisy_energy(&f.out, &f.request), VQE_ERR_INTERRUPTED);
  f.model.method = VQE_NOISY_TRAJECTORIES;
  assert_int_equal(vqe_noisy_energy(&f.out, &f.request), VQE_ERR_INTERRUPTED);
}

/* ---- shots ---- */

static void shots_scatter_about_the_exact_energy(void **state)
{
  (void)state;
  begin_everything(3);
  double exact = fixture_run(&f)->energy;
  double squares = 0.0;
  double error = 0.0;
  static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h",
                                    "i", "j", "k", "l", "m", "n", "o", "p"};
  f.request.shots = 1000;
  for (size_t k = 0; k < 16; k++) {
    int total = 0;
    f.request.id = ids[k];
    fixture_run(&f);
    squares += pow((f.out.energy - exact) / f.out.error, 2.0) / 16.0;
    error = f.out.error;
    for (int i = 0; i < f.out.ncount; i++) {
      total += f.out.count[i];
      assert_true(i == 0 || f.out.count[i] <= f.out.count[i - 1]);
    }
    assert_int_equal(total, 1000);
  }
  /* chi-square of 16 draws, five standard deviations */
  near(squares, 1.0, 5.0 * sqrt(2.0 / 16.0));
  f.request.shots = 16000;
  near(fixture_run(&f)->error, error / 4.0, 0.1 * error);
}

/* ---- extrapolation ---- */

static void weights_extrapolate_polynomials(void **state)
{
  (void)state;
  static const double scales[] = {1.0, 3.0, 5.0, 6.5};
  double weights[4];
  double line = 0.0;
  double cubic = 0.0;
  vqe_noisy_energy_weights(weights, scales, 4, VQE_NOISY_LINEAR);
  for (int k = 0; k < 4; k++) {
    line += weights[k] * (2.0 - 0.7 * scales[k]);
  }
  near(line, 2.0, 1e-12);
  vqe_noisy_energy_weights(weights, scales, 4, VQE_NOISY_RICHARDSON);
  for (int k = 0; k < 4; k++) {
    cubic += weights[k] * (2.0 - 0.7 * scales[k] + 0.4 * pow(scales[k], 3));
  }
  near(cubic, 2.0, 1e-11);
}

/* X folded: 1, 3 and 5 gates of depolarising 1 - p each. */
static void folding_repeats_the_noise(void **state)
{
  (void)state;
  fixture_begin(&f, 1,
                "{\"depolarizing\": 0.01, \"zne\": {\"fit\": "
                "\"richardson\"}}");
  fixture_gate(&f, VQE_PROGRAM_X, 0, 0, 0.0);
  fixture_term(&f, 0, 1, 1.0);
  fixture_run(&f);
  for (int k = 0; k < 3; k++) {
    near(f.out.scaled[k], -pow(0.99, 2 * k + 1), 1e-12);
  }
  near(f.out.extrapolated,
       -(15.0 * 0.99 - 10.0 * pow(0.99, 3) + 3.0 * pow(0.99, 5)) / 8.0, 1e-12);
  assert_true(fabs(f.out.extrapolated + 1.0) < 1e-4);
  fixture_begin(&f, 1,
                "{\"depolarizing\": 0.01, \"zne\": {\"by\": \"rates\", "
                "\"scales\": [1, 2]}}");
  fixture_gate(&f, VQE_PROGRAM_X, 0, 0, 0.0);
  fixture_term(&f, 0, 1, 1.0);
  fixture_run(&f);
  near(f.out.scaled[1], -0.98, 1e-12);
  near(f.out.extrapolated, -1.0, 1e-12);
}

/* Gates of every kind and their inverses: no noise, no change. */
static void folding_without_noise_changes_nothing(void **state)
{
  (void)state;
  fixture_begin(&f, 4,
                "{\"depolarizing\": 0.01, \"strength\": 0, "
                "\"zne\": true}");
  fixture_mix(&f);
  fixture_strings(&f);
  fixture_run(&f);
  near(f.out.scaled[2], f.out.ideal, 1e-11);
  near(f.out.extrapolated, f.out.ideal, 1e-11);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(energies_and_purities_are_those_of_aer),
      cmocka_unit_test(trajectories_average_to_the_density_matrix),
      cmocka_unit_test(trajectories_repeat_on_any_threads),
      cmocka_unit_test(runs_end_when_asked),
      cmocka_unit_test(shots_scatter_about_the_exact_energy),
      cmocka_unit_test(weights_extrapolate_polynomials),
      cmocka_unit_test(folding_repeats_the_noise),
      cmocka_unit_test(folding_without_noise_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
