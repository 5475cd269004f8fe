/* The byte form of a result: exact both ways, and nothing but whole records
 * is taken. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "record/result_fixture.h"
#include "store/codec.h"
#include "vqe/error.h"

static void check_round_trip(struct vqe_result *result)
{
  uint8_t *data = NULL;
  uint8_t *again = NULL;
  size_t size = 0;
  size_t size_again = 0;
  struct vqe_result *decoded = NULL;
  assert_int_equal(vqe_codec_encode_result(&data, &size, result), 0);
  assert_int_equal(vqe_codec_decode_result(&decoded, data, size), 0);
  same_result(result, decoded);
  assert_int_equal(vqe_codec_encode_result(&again, &size_again, decoded), 0);
  assert_int_equal(size, size_again);
  assert_memory_equal(data, again, size);
  vqe_result_free(decoded);
  vqe_result_free(result);
  free(again);
  free(data);
}

static void results_come_back_bit_for_bit(void **state)
{
  (void)state;
  check_round_trip(fixture_result(3, 4, 2));
  check_round_trip(fixture_result(0, 0, 0));
  check_round_trip(fixture_result(1, 2, 0)); /* nothing to vary */
  check_round_trip(fixture_result(100, 0, 7));
  check_round_trip(fixture_failed());
}

/* A mask is one word, as it was in all versions, and two above 64 qubits. */
static void masks_above_64_qubits_come_back(void **state)
{
  (void)state;
  size_t sizes[2];
  for (int wide = 0; wide < 2; wide++) {
    struct vqe_result *result = fixture_wide(100);
    uint8_t *data = NULL;
    for (size_t k = 0; wide == 0 && k < 100; k++) {
      result->term_x[k] = (uint64_t)result->term_x[k];
      result->term_z[k] = (uint64_t)result->term_z[k];
    }
    result->num_qubits = wide != 0 ? 128 : 64;
    assert_int_equal(vqe_codec_encode_result(&data, &sizes[wide], result), 0);
    free(data);
    check_round_trip(result);
  }
  assert_int_equal(sizes[1] - sizes[0], 100 * 16);
}

static void absent_parts_stay_absent(void **state)
{
  (void)state;
  struct vqe_result *result = fixture_result(2, 2, 3);
  free(result->optimal_parameters);
  result->optimal_parameters = NULL;
  free(result->ansatz_qasm);
  result->ansatz_qasm = NULL;
  vqe_molecule_free(result->experiment->molecule);
  result->experiment->molecule = NULL;
  check_round_trip(result);
  result = fixture_result(2, 2, 3);
  free(result->experiment->molecule->masses);
  result->experiment->molecule->masses = NULL;
  check_round_trip(result);
}

/* The first bytes are fixed: mark, version 3 in little endian, index 11. */
static void bytes_are_little_endian_under_a_mark(void **state)
{
  (void)state;
  const uint8_t start[] = {'V', 'Q', 'E', 'R', 3, 0, 0, 0, 11,
                           0,   0,   0,   12,  0, 0, 0, 28};
  struct vqe_result *result = fixture_result(0, 0, 0);
  uint8_t *data = NULL;
  size_t size = 0;
  assert_int_equal(vqe_codec_encode_result(&data, &size, result), 0);
  assert_memory_equal(data, start, sizeof start);
  vqe_result_free(result);
  free(data);
}

/* Journals that version 1 left behind: what came later is null, settings are
 * those of a run that did not know them. */
static void bytes_of_version_1_are_read(void **state)
{
  (void)state;
  char *data = NULL;
  size_t size = 0;
  struct vqe_result *result = NULL;
  assert_int_equal(
      vqe_file_read(&data, &size, VQE_TEST_DATA "/result_version_1.bin", 4096),
      0);
  assert_int_equal(data[4], 1);
  assert_int_equal(
      vqe_codec_decode_result(&result, (const uint8_t *)data, size), 0);
  assert_string_equal(result->notes, "level shift 0.5 from cycle 40");
  assert_string_equal(result->performance_end, "{}");
  assert_int_equal(result->experiment->seed_drawn, true);
  assert_null(result->experiment->notes);
  assert_int_equal(result->experiment->escape_saddles, VQE_ESCAPE_AUTO);
  assert_int_equal(result->experiment->restarts, 1);
  assert_true(result->experiment->penalty_number == 0.0);
  assert_true(result->experiment->penalty_spin == 0.0);
  assert_true(result->experiment->fci_max_seconds == 0.0);
  assert_true(isnan(result->energy_std) && isnan(result->energy_exact));
  assert_true(isnan(result->reference_weight));
  assert_int_equal(result->total_shots, 0);
  assert_int_equal(result->noccupation, 0);
  vqe_result_free(result);
  free(data);
}

/* Those of 0.2.0, which knew no scans, no properties and no rules of active
 * spaces. */
static void bytes_of_version_2_are_read(void **state)
{
  (void)state;
  char *data = NULL;
  size_t size = 0;
  struct vqe_result *result = NULL;
  struct vqe_result *now = fixture_result(2, 3, 2);
  assert_int_equal(
      vqe_file_read(&data, &size, VQE_TEST_DATA "/result_version_2.bin", 4096),
      0);
  assert_int_equal(data[4], 2);
  assert_int_equal(
      vqe_codec_decode_result(&result, (const uint8_t *)data, size), 0);
  assert_null(result->experiment->scan);
  assert_true(isnan(result->circuit.parameters) &&
              isnan(result->circuit.shots));
  memcpy(&now->circuit, &result->circuit, sizeof now->circuit);
  assert_true(isnan(result->landscape.points));
  now->landscape = result->landscape;
  free(now->experiment->scan);
  now->experiment->scan = NULL;
  assert_null(result->experiment->curve);
  assert_null(result->neighbour);
  free(now->experiment->curve);
  now->experiment->curve = NULL;
  free(now->neighbour);
  now->neighbour = NULL;
  assert_null(result->experiment->active_space);
  assert_null(result->orbitals);
  free(now->experiment->active_space);
  now->experiment->active_space = NULL;
  assert_null(result->experiment->noise);
  assert_null(result->experiment->noise_backend);
  assert_int_equal(result->experiment->measurement, 0);
  free(now->experiment->noise);
  free(now->experiment->noise_backend);
  now->experiment->noise = NULL;
  now->experiment->noise_backend = NULL;
  now->experiment->measurement = 0;
  free(now->orbitals);
  now->orbitals = NULL;
  assert_int_equal(result->experiment->properties, 0);
  assert_int_equal(result->nproperty, 0);
  now->experiment->properties = 0;
  fixture_forget_properties(now);
  for (size_t k = 0; k < now->neval; k++) {
    now->eval_gradient_norm[k] = result->eval_gradient_norm[k];
    assert_true(isnan(result->eval_gradient_norm[k]));
  }
  same_result(result, now);
  vqe_result_free(result);
  vqe_result_free(now);
  free(data);
}

static void truncated_bytes_are_refused(void **state)
{
  (void)state;
  struct vqe_result *result = fixture_result(2, 2, 2);
  uint8_t *data = NULL;
  size_t size = 0;
  assert_int_equal(vqe_codec_encode_result(&data, &size, result), 0);
  for (size_t length = 0; length < size; length++) {
    struct vqe_result *decoded = NULL;
    /* a copy of that length, so that reading past it is seen */
    uint8_t *part = malloc(length > 0 ? length : 1);
    memcpy(part, data, length);
    assert_int_equal(vqe_codec_decode_result(&decoded, part, length),
                     VQE_ERR_INPUT);
    assert_null(decoded);
    free(part);
  }
  uint8_t *longer = malloc(size + 1);
  struct vqe_result *decoded = NULL;
  memcpy(longer, data, size);
  longer[size] = 0;
  assert_int_equal(vqe_codec_decode_result(&decoded, longer, size + 1),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "left over"));
  free(longer);
  free(data);
  vqe_result_free(result);
}

/* A flipped byte gives an error or another well-formed record, which then
 * encodes to the very bytes it came from. */
static void damaged_bytes_never_crash(void **state)
{
  (void)state;
  struct vqe_result *result = fixture_result(2, 2, 2);
  const uint8_t flips[] = {0x01, 0x80, 0xff};
  uint8_t *data = NULL;
  size_t size = 0;
  size_t refused = 0;
  assert_int_equal(vqe_codec_encode_result(&data, &size, result), 0);
  for (size_t at = 0; at < size; at++) {
    for (size_t k = 0; k < sizeof flips; k++) {
      struct vqe_result *decoded = NULL;
      data[at] ^= flips[k];
      int status = vqe_codec_decode_result(&decoded, data, size);
      if (status == 0) {
        uint8_t *again = NULL;
        size_t size_again = 0;
        assert_int_equal(vqe_codec_encode_result(&again, &size_again, decoded),
                         0);
        assert_int_equal(size_again, size);
        assert_memory_equal(again, data, size);
        free(again);
        vqe_result_free(decoded);
      } else {
        assert_true(status == VQE_ERR_INPUT || status == VQE_ERR_MEMORY);
        assert_null(decoded);
        refused++;
      }
      data[at] ^= flips[k];
    }
  }
  /* magic and version alone make 24 */
  assert_true(refused > 100);
  free(data);
  vqe_result_free(result);
}

static void incomplete_results_are_refused(void **state)
{
  (void)state;
  uint8_t *data = NULL;
  size_t size = 0;
  struct vqe_result *result = fixture_result(2, 2, 2);
  free(result->eval_std);
  result->eval_std = NULL;
  assert_int_equal(vqe_codec_encode_result(&data, &size, result),
                   VQE_ERR_INPUT);
  vqe_result_free(result);
  result = fixture_result(2, 2, 2);
  vqe_experiment_free(result->experiment);
  result->experiment = NULL;
  assert_int_equal(vqe_codec_encode_result(&data, &size, result),
                   VQE_ERR_INPUT);
  vqe_result_free(result);
  assert_null(data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results_come_back_bit_for_bit),
      cmocka_unit_test(masks_above_64_qubits_come_back),
      cmocka_unit_test(absent_parts_stay_absent),
      cmocka_unit_test(bytes_are_little_endian_under_a_mark),
      cmocka_unit_test(bytes_of_version_1_are_read),
      cmocka_unit_test(bytes_of_version_2_are_read),
      cmocka_unit_test(truncated_bytes_are_refused),
      cmocka_unit_test(damaged_bytes_never_crash),
      cmocka_unit_test(incomplete_results_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
