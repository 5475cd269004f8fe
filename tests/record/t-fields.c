/* The table of fields against the Avro schema, and against the structs that
 * it describes. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/fields.h"
#include "record/record.h"
#include "record/record_avro.h"
#include "record/result_fixture.h"

/* ---- the schema ---- */

static const char *text_of(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

static bool is_array_of(const json_t *type, const char *items)
{
  const json_t *inner = json_object_get(type, "items");
  return json_is_object(type) && strcmp(text_of(type, "type"), "array") == 0 &&
         json_is_string(inner) && strcmp(json_string_value(inner), items) == 0;
}

static void compare(const struct vqe_fields *fields, const json_t *record);

/* The type of a field without its null. */
static void compare_type(const struct vqe_field *field, const json_t *type)
{
  static const char *const scalars[] = {[VQE_FIELD_TEXT] = "string",
                                        [VQE_FIELD_INT] = "int",
                                        [VQE_FIELD_LONG] = "long",
                                        [VQE_FIELD_BOOL] = "boolean",
                                        [VQE_FIELD_DOUBLE] = "double"};
  const json_t *items = json_object_get(type, "items");
  switch (field->kind) {
  case VQE_FIELD_TEXT:
  case VQE_FIELD_INT:
  case VQE_FIELD_LONG:
  case VQE_FIELD_BOOL:
  case VQE_FIELD_DOUBLE:
    assert_non_null(json_string_value(type));
    assert_string_equal(json_string_value(type), scalars[field->kind]);
    break;
  case VQE_FIELD_DOUBLES:
  case VQE_FIELD_SLICE:
    assert_true(is_array_of(type, "double"));
    break;
  case VQE_FIELD_TEXTS:
    assert_true(is_array_of(type, "string"));
    break;
  case VQE_FIELD_ROWS:
    assert_string_equal(text_of(type, "type"), "array");
    assert_true(is_array_of(items, "double"));
    break;
  case VQE_FIELD_RECORDS:
    assert_string_equal(text_of(type, "type"), "array");
    compare(field->parts, items);
    break;
  case VQE_FIELD_RECORD:
    compare(field->parts, type);
    break;
  }
}

static bool is_null_type(const json_t *type)
{
  return json_is_string(type) && strcmp(json_string_value(type), "null") == 0;
}

/* What an absent field means. */
static void compare_default(const struct vqe_field *field, const json_t *given)
{
  if (field->missing != NULL) {
    assert_string_equal(json_string_value(given), field->missing);
  } else if (field->kind == VQE_FIELD_BOOL && !field->nullable) {
    assert_true(json_is_false(given));
  } else if (field->nullable && !field->null_last) {
    assert_true(json_is_null(given));
  } else {
    assert_null(given);
  }
}

static void compare(const struct vqe_fields *fields, const json_t *record)
{
  const json_t *list = json_object_get(record, "fields");
  assert_string_equal(text_of(record, "type"), "record");
  assert_string_equal(text_of(record, "name"), fields->name);
  assert_int_equal(json_array_size(list), fields->count);
  for (size_t k = 0; k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    const json_t *entry = json_array_get(list, k);
    const json_t *type = json_object_get(entry, "type");
    assert_string_equal(text_of(entry, "name"), field->name);
    compare_default(field, json_object_get(entry, "default"));
    assert_int_equal(json_is_array(type), field->nullable);
    if (field->nullable) {
      size_t null = field->null_last ? 1 : 0;
      assert_int_equal(json_array_size(type), 2);
      assert_true(is_null_type(json_array_get(type, null)));
      type = json_array_get(type, 1 - null);
    }
    compare_type(field, type);
  }
}

static void table_is_the_schema_field_by_field(void **state)
{
  (void)state;
  json_error_t error;
  json_t *schema = json_loadb(vqe_record_avro_schema_text,
                              vqe_record_avro_schema_text_size, 0, &error);
  assert_non_null(schema);
  compare(&vqe_fields_record, schema);
  json_decref(schema);
}

/* ---- what other engines stage ---- */

/* The columns of the fields below `prefix`, by path, into `columns`. */
static void add_columns(json_t *columns, const struct vqe_fields *fields,
                        const char *prefix)
{
  for (size_t k = 0; k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    char path[256];
    snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] ? "." : "",
             field->name);
    if (field->kind == VQE_FIELD_RECORD || field->kind == VQE_FIELD_RECORDS) {
      add_columns(columns, field->parts, path);
    } else if (field->column != NULL) {
      json_object_set_new(columns, path, json_string(field->column));
    }
  }
}

/* Spark reads its columns from the file. */
static void staging_columns_are_those_of_the_table(void **state)
{
  (void)state;
  json_error_t error;
  json_t *given =
      json_load_file(VQE_TEST_DATA "/../../schemas/staging_columns.json",
                     JSON_REJECT_DUPLICATES, &error);
  json_t *columns = json_object();
  assert_non_null(given);
  add_columns(columns, &vqe_fields_record, "");
  if (!json_equal(given, columns)) {
    char *text = json_dumps(columns, JSON_INDENT(2));
    fail_msg("schemas/staging_columns.json should be\n%s", text);
    free(text);
  }
  json_decref(columns);
  json_decref(given);
}

/* ---- columns and words ---- */

static void check_words(const struct vqe_fields *fields)
{
  for (size_t k = 0; k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    assert_non_null(field->doc);
    assert_true(strlen(field->doc) > 0);
    if (field->column != NULL) {
      /* found under its name, so no two share one */
      assert_ptr_equal(vqe_fields_find_column(field->column), field);
    }
    if (field->parts != NULL) {
      check_words(field->parts);
    }
  }
}

static void every_field_has_a_doc_and_a_column_of_its_own(void **state)
{
  (void)state;
  check_words(&vqe_fields_record);
  assert_null(vqe_fields_find_column("no such column"));
}

/* ---- experiment and result ---- */

static const char *column_text(const struct vqe_member *member,
                               const void *self)
{
  const char *text;
  memcpy(&text, (const char *)self + member->offset, sizeof text);
  return text;
}

static void copy_of_an_experiment_has_every_text(void **state)
{
  (void)state;
  const struct vqe_members *members = &vqe_members_experiment;
  struct vqe_experiment *experiment = fixture_experiment();
  struct vqe_experiment *copy = NULL;
  assert_int_equal(vqe_experiment_copy(&copy, experiment), 0);
  for (size_t k = 0; k < members->count; k++) {
    const struct vqe_member *member = &members->list[k];
    if (member->kind == VQE_MEMBER_TEXT) {
      const char *text = column_text(member, copy);
      const char *original = column_text(member, experiment);
      assert_non_null(original); /* the fixture sets every one */
      assert_non_null(text);
      assert_string_equal(text, original);
      assert_ptr_not_equal(text, original);
    }
  }
  vqe_experiment_free(copy);
  vqe_experiment_free(experiment);
}

static size_t width_of(const struct vqe_member *member)
{
  static const size_t widths[] = {
      [VQE_MEMBER_INT] = sizeof(int),
      [VQE_MEMBER_I64] = sizeof(int64_t),
      [VQE_MEMBER_U32] = sizeof(uint32_t),
      [VQE_MEMBER_U64] = sizeof(uint64_t),
      [VQE_MEMBER_F64] = sizeof(double),
      [VQE_MEMBER_BOOL] = sizeof(bool),
      [VQE_MEMBER_TEXT] = sizeof(char *),
      [VQE_MEMBER_STATUS] = sizeof(enum vqe_experiment_status),
      [VQE_MEMBER_QUBITS] = sizeof(int),
      [VQE_MEMBER_NPARAM] = sizeof(int),
      [VQE_MEMBER_COUNT] = sizeof(size_t),
      [VQE_MEMBER_MOLECULE] = sizeof(void *),
      [VQE_MEMBER_OPTIONS] = sizeof(struct vqe_option_list),
      [VQE_MEMBER_TERMS] = sizeof(void *),
      [VQE_MEMBER_MASKS] = sizeof(void *),
      [VQE_MEMBER_PARAMETERS] = sizeof(void *),
      [VQE_MEMBER_EVALUATIONS] = sizeof(void *),
      [VQE_MEMBER_OCCUPATIONS] = sizeof(void *),
      [VQE_MEMBER_PROPERTIES] = sizeof(void *),
      [VQE_MEMBER_ALL_PARAMETERS] = sizeof(void *)};
  return member->kind == VQE_MEMBER_CHARS ? member->size
                                          : widths[member->kind];
}

/* Every word of the struct belongs to a member, no byte to two. `seen` has a
 * byte for each of the struct, set where something else has it. */
static void check_cover(const struct vqe_members *members, char *seen,
                        size_t size)
{
  for (size_t k = 0; k < members->count; k++) {
    const struct vqe_member *member = &members->list[k];
    /* what is a column alone stands once more for the bytes */
    for (size_t i = 0; member->in_bytes && i < width_of(member); i++) {
      assert_int_equal(seen[member->offset + i], 0);
      seen[member->offset + i] = 1;
    }
  }
  for (size_t word = 0; word < size / 8; word++) {
    if (memchr(seen + 8 * word, 1, 8) == NULL) {
      fail_msg("no member at %zu of %zu", 8 * word, size);
    }
  }
}

static void bytes_hold_every_member(void **state)
{
  (void)state;
  size_t size = sizeof(struct vqe_experiment);
  char *seen = fixture_alloc(size, 1);
  check_cover(&vqe_members_experiment, seen, size);
  free(seen);
  size = sizeof(struct vqe_result);
  seen = fixture_alloc(size, 1);
  /* the experiment has a table of its own */
  memset(seen + offsetof(struct vqe_result, experiment), 1, sizeof(void *));
  check_cover(&vqe_members_result, seen, size);
  free(seen);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(table_is_the_schema_field_by_field),
      cmocka_unit_test(staging_columns_are_those_of_the_table),
      cmocka_unit_test(every_field_has_a_doc_and_a_column_of_its_own),
      cmocka_unit_test(copy_of_an_experiment_has_every_text),
      cmocka_unit_test(bytes_hold_every_member),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
