/* The result record through Avro and JSON, ours and another producer's. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#include "base/file.h"
#include "record/record.h"
#include "record/record_avro.h"
#include "record/record_json.h"
#include "record/result_fixture.h"
#include "vqe/error.h"

static void encode(uint8_t **data, size_t *size,
                   const struct vqe_record *record)
{
  if (vqe_record_avro_encode(data, size, 0, record) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
}

static struct vqe_record *decode(const uint8_t *data, size_t size)
{
  struct vqe_record_avro *avro = NULL;
  struct vqe_record *record = NULL;
  assert_int_equal(vqe_record_avro_create(&avro, NULL, 0), VQE_OK);
  if (vqe_record_avro_decode(&record, avro, data, size, "test") != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  vqe_record_avro_free(avro);
  return record;
}

static struct vqe_record *parse(const char *text)
{
  struct vqe_record *record = NULL;
  char *copy = fixture_text(text);
  if (vqe_record_json_parse(&record, copy, strlen(copy), "test") != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  free(copy);
  return record;
}

static char *other_json(void)
{
  char *text = NULL;
  size_t size;
  assert_int_equal(vqe_file_read(&text, &size,
                                 VQE_TEST_DATA "/other_producer.json",
                                 1 << 20),
                   VQE_OK);
  return text;
}

/* Copy of `text` with the first `from` replaced. */
static char *replaced(const char *text, const char *from, const char *to)
{
  const char *at = strstr(text, from);
  if (at == NULL) {
    fail_msg("'%s' is not in the text", from);
    return NULL;
  }
  size_t head = (size_t)(at - text);
  size_t tail = strlen(at) - strlen(from);
  char *out = fixture_alloc(head + strlen(to) + tail + 1, 1);
  memcpy(out, text, head);
  memcpy(out + head, to, strlen(to));
  memcpy(out + head + strlen(to), at + strlen(from), tail);
  return out;
}

static void same_bytes(const struct vqe_record *a, const struct vqe_record *b)
{
  uint8_t *left = NULL;
  uint8_t *right = NULL;
  size_t left_size;
  size_t right_size;
  encode(&left, &left_size, a);
  encode(&right, &right_size, b);
  assert_int_equal(left_size, right_size);
  assert_memory_equal(left, right, left_size);
  free(left);
  free(right);
}

static void record_survives_avro_and_no_cut_of_it(void **state)
{
  (void)state;
  struct vqe_result *result = fixture_result(5, 4, 3);
  struct vqe_record *record = NULL;
  uint8_t *data = NULL;
  size_t size;
  result->status = VQE_EXPERIMENT_OK;
  if (vqe_record_from_result(&record, result) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  encode(&data, &size, record);
  struct vqe_record *back = decode(data, size);
  same_bytes(record, back);
  assert_string_equal(back->experiment_id, result->experiment->id);
  assert_int_equal(back->nterm, 5);
  assert_int_equal(back->niteration, 4);
  for (size_t k = 0; k < 4; k++) {
    assert_int_equal(back->iterations[k].iteration, (int)k + 1);
    assert_memory_equal(back->iterations[k].parameters,
                        result->eval_parameters + 3 * k, 3 * sizeof(double));
    assert_true(back->iterations[k].result == result->eval_energy[k]);
  }
  assert_true(back->minimum == result->minimum);
  /* any cut is an error, none a crash */
  struct vqe_record_avro *avro = NULL;
  assert_int_equal(vqe_record_avro_create(&avro, NULL, 0), VQE_OK);
  for (size_t cut = 0; cut < size; cut++) {
    struct vqe_record *none = NULL;
    assert_int_not_equal(
        vqe_record_avro_decode(&none, avro, data, cut, "test"), VQE_OK);
    assert_null(none);
  }
  vqe_record_avro_free(avro);
  free(data);
  vqe_record_free(back);
  vqe_record_free(record);
  vqe_result_free(result);
}

static int visit(void *ctx, struct vqe_record *record, size_t index)
{
  struct vqe_record **records = ctx;
  assert_true(index < 2);
  records[index] = record;
  return VQE_OK;
}

/* fastavro wrote the container, Python's json the text. */
static void labels_reach_the_last_of_128_qubits(void **state)
{
  (void)state;
  struct vqe_result *result = fixture_wide(3);
  result->status = VQE_EXPERIMENT_OK;
  struct vqe_record *record = NULL;
  assert_int_equal(vqe_record_from_result(&record, result), VQE_OK);
  assert_int_equal(record->nterm, 3);
  for (size_t k = 0; k < 3; k++) {
    assert_int_equal(strlen(record->terms[k].label), 128);
  }
  /* X masks 1, 2 and 3, Z masks 129, 131 and 133 on the last eight */
  assert_memory_equal(record->terms[0].label, "ZIIIIIIY", 8);
  assert_memory_equal(record->terms[1].label, "ZIIIIIYZ", 8);
  assert_memory_equal(record->terms[2].label, "ZIIIIZXY", 8);
  vqe_record_free(record);
  vqe_result_free(result);
}

static void others_avro_and_json_are_one_record(void **state)
{
  (void)state;
  struct vqe_record *records[2] = {NULL, NULL};
  char *text = other_json();
  if (vqe_record_avro_read_file(VQE_TEST_DATA "/other_producer.avro", "other",
                                visit, NULL, records) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  assert_non_null(records[1]);
  struct vqe_record *json = parse(text);
  same_bytes(records[0], records[1]);
  same_bytes(records[0], json);
  assert_null(json->experiment_id);
  assert_int_equal(json->molecule_id, 7);
  assert_true(json->terms[1].real == 3.0);
  assert_true(isnan(json->iterations[0].energy_delta));
  assert_true(json->default_shots.set);
  assert_int_equal(json->default_shots.value, 1024);
  assert_false(json->nit.set);
  assert_false(json->has_references);
  assert_int_equal(vqe_record_identify(records[0]), VQE_OK);
  assert_int_equal(vqe_record_identify(json), VQE_OK);
  assert_string_equal(records[0]->experiment_id, json->experiment_id);
  assert_int_equal(strlen(json->experiment_id), 64);
  vqe_record_free(records[0]);
  vqe_record_free(records[1]);
  vqe_record_free(json);
  free(text);
}

static void unions_nan_and_infinity_of_json_are_read(void **state)
{
  (void)state;
  char *text = other_json();
  struct vqe_record *plain = parse(text);
  char *wrapped = replaced(text, "\"energy_delta\": -0.25",
                           "\"energy_delta\": {\"double\": -0.25}");
  char *twice = replaced(wrapped, "\"default_shots\": 1024",
                         "\"default_shots\": {\"int\": 1024}");
  struct vqe_record *record = parse(twice);
  same_bytes(plain, record);
  vqe_record_free(record);
  free(wrapped);
  free(twice);

  /* NaN comes as null, infinity as 1e999; both are counted as non-finite */
  char *nan_text = replaced(text, "\"std\": 0,", "\"std\": null,");
  record = parse(nan_text);
  assert_true(isnan(record->iterations[0].std));
  assert_int_equal(vqe_record_nonfinite(record), 1);
  vqe_record_free(record);
  free(nan_text);
  char *infinite = replaced(text, "\"minimum\": -1.25", "\"minimum\": -1e999");
  record = parse(infinite);
  assert_false(isfinite(record->minimum));
  vqe_record_free(record);
  free(infinite);

  /* a text that looks like such a number stays as it is */
  char *inside = replaced(text, "\"sto3g\"", "\"a\\\"1e999\"");
  record = parse(inside);
  assert_string_equal(record->basis_set, "a\"1e999");
  vqe_record_free(record);
  free(inside);
  vqe_record_free(plain);
  free(text);
}

static void refuse(const char *from, const char *to, const char *words)
{
  char *text = other_json();
  char *bad = replaced(text, from, to);
  struct vqe_record *record = NULL;
  assert_int_equal(
      vqe_record_json_parse(&record, bad, strlen(bad), "file 'x'"),
      VQE_ERR_INPUT);
  assert_null(record);
  if (strstr(vqe_error_message(), words) == NULL ||
      strstr(vqe_error_message(), "file 'x'") == NULL) {
    fail_msg("'%s' without '%s'", vqe_error_message(), words);
  }
  free(bad);
  free(text);
}

static void wrong_types_are_refused_by_name(void **state)
{
  (void)state;
  refuse("\"num_qubits\": 4", "\"num_qubits\": 4.5", "num_qubits");
  refuse("\"num_qubits\": 4", "\"num_qubits\": 1e15", "num_qubits");
  refuse("\"num_qubits\": 4, ", "", "num_qubits");
  refuse("\"minimum\": -1.25", "\"minimum\": \"low\"", "minimum");
  refuse("\"symbols\": [\"H\", \"H\"]", "\"symbols\": [\"H\", 1]", "symbols");
  refuse("\"success\": true", "\"success\": 1", "success");
  refuse("\"basis_set\"", "basis_set", "column");
  refuse("[0, 0, 0]", "0", "coords");
}

static void container_is_read_up_to_its_damage(void **state)
{
  (void)state;
  char path[] = "/tmp/vqe-record-XXXXXX";
  int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  close(descriptor);
  struct vqe_record *back[2] = {NULL, NULL};
  char *text = other_json();
  struct vqe_record *record = parse(text);
  struct vqe_record *both[2] = {record, record};
  assert_int_equal(vqe_record_avro_write_file(path, both, 2), VQE_OK);
  assert_int_equal(vqe_record_avro_read_file(path, "file", visit, NULL, back),
                   VQE_OK);
  same_bytes(back[0], record);
  same_bytes(back[1], record);
  /* a truncated file: what is whole is read, the rest is an error */
  char *bytes = NULL;
  size_t size;
  assert_int_equal(vqe_file_read(&bytes, &size, path, 1 << 20), VQE_OK);
  assert_int_equal(vqe_file_write(path, bytes, size - 20), VQE_OK);
  vqe_record_free(back[0]);
  vqe_record_free(back[1]);
  back[0] = NULL;
  back[1] = NULL;
  assert_int_equal(vqe_record_avro_read_file(path, "file", visit, NULL, back),
                   VQE_ERR_INPUT);
  vqe_record_free(back[0]);
  vqe_record_free(back[1]);
  assert_int_equal(
      vqe_record_avro_read_file("/nonexistent", "file", visit, NULL, back),
      VQE_ERR_INPUT);
  unlink(path);
  free(bytes);
  free(text);
  vqe_record_free(record);
}

static int count_record(void *ctx, struct vqe_record *record, size_t index)
{
  size_t *counts = ctx;
  counts[0]++;
  counts[1] = index;
  vqe_record_free(record);
  return VQE_OK;
}

static void count_skip(void *ctx, const char *reason)
{
  size_t *counts = ctx;
  (void)reason;
  counts[2]++;
}

/* Three blocks, the second damaged: its records are counted as lost. */
static void damaged_block_costs_its_records_alone(void **state)
{
  (void)state;
  char path[] = "/tmp/vqe-record-XXXXXX";
  char *bytes = NULL;
  size_t size = 0;
  int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  close(descriptor);
  char *text = other_json();
  struct vqe_record *record = parse(text);
  assert_int_equal(vqe_record_avro_write_file(path, &record, 1), VQE_OK);
  assert_int_equal(vqe_file_read(&bytes, &size, path, 1 << 20), VQE_OK);
  /* the last 16 bytes are the marker that stands before each block */
  const char *marker = bytes + size - 16;
  const char *first = memmem(bytes, size - 16, marker, 16);
  assert_non_null(first);
  size_t head = (size_t)(first - bytes) + 16;
  size_t block = size - head;
  char *three = malloc(head + 3 * block);
  assert_non_null(three);
  memcpy(three, bytes, head);
  for (size_t k = 0; k < 3; k++) {
    memcpy(three + head + k * block, bytes + head, block);
  }
  memset(three + head + block + 40, 0x55, 20);
  assert_int_equal(vqe_file_write(path, three, head + 3 * block), VQE_OK);
  size_t counts[3] = {0};
  assert_int_equal(vqe_record_avro_read_file(path, "file", count_record,
                                             count_skip, counts),
                   VQE_ERR_INPUT);
  assert_int_equal(counts[0], 2);
  assert_int_equal(counts[1], 2); /* the third by its place in the file */
  assert_int_equal(counts[2], 0);
  assert_non_null(strstr(vqe_error_message(), "1 block of "));
  assert_non_null(strstr(vqe_error_message(), "1 record cannot be read"));
  /* without a word for what is skipped, the first damage ends it */
  counts[0] = 0;
  assert_int_equal(
      vqe_record_avro_read_file(path, "file", count_record, NULL, counts),
      VQE_ERR_INPUT);
  assert_int_equal(counts[0], 1);
  assert_null(strstr(vqe_error_message(), "cannot be read"));
  /* what is no regular file is not waited for */
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(vqe_record_avro_read_file(path, "file", count_record,
                                             count_skip, counts),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "not a regular file"));
  unlink(path);
  free(three);
  free(bytes);
  free(text);
  vqe_record_free(record);
}

/* Against jansson, which checks UTF-8 too. */
static void texts_are_utf8_or_refused(void **state)
{
  static const char *const texts[] = {"",
                                      "H2O",
                                      "\xc3\xa4",
                                      "\xe2\x82\xac",
                                      "\xf0\x9f\x98\x80",
                                      "\xf4\x8f\xbf\xbf",
                                      "\xed\x9f\xbf",
                                      "\xff",
                                      "a\x80",
                                      "\xc3",
                                      "\xc0\x80",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf0\x9f\x98",
                                      "\xf8\x88\x80\x80\x80"};
  struct vqe_record *record = NULL;
  struct vqe_result *result = fixture_result(2, 2, 1);
  (void)state;
  assert_int_equal(vqe_record_from_result(&record, result), VQE_OK);
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    json_t *judge = json_string(texts[k]);
    free(record->basis_set);
    record->basis_set = strdup(texts[k]);
    assert_int_equal(vqe_record_validate(record, "here"),
                     judge != NULL ? VQE_OK : VQE_ERR_INPUT);
    json_decref(judge);
  }
  vqe_record_free(record);
  vqe_result_free(result);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(record_survives_avro_and_no_cut_of_it),
      cmocka_unit_test(labels_reach_the_last_of_128_qubits),
      cmocka_unit_test(others_avro_and_json_are_one_record),
      cmocka_unit_test(unions_nan_and_infinity_of_json_are_read),
      cmocka_unit_test(wrong_types_are_refused_by_name),
      cmocka_unit_test(container_is_read_up_to_its_damage),
      cmocka_unit_test(damaged_block_costs_its_records_alone),
      cmocka_unit_test(texts_are_utf8_or_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
