/* Definitions against a table that exists: ids, new columns, other types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "iceberg/iceberg_fixture.h"

#define WITH_COLUMNS(columns)                                                 \
  "{\"name\": \"small\", \"columns\": [" columns                              \
  "{\"name\": \"basis_set\", \"type\": \"string\"}],"                         \
  "\"partition\": [\"basis_set\"], \"key\": [\"id\"], \"tagged\": true}"
#define ID "{\"name\": \"id\", \"type\": \"string\"},"
#define NEW "{\"name\": \"notes\", \"type\": \"list<string>\"},"

static struct vqe_iceberg_definition *parse(const char *text)
{
  struct vqe_iceberg_definition *definition = NULL;
  assert_int_equal(
      vqe_iceberg_definition_parse(&definition, text, strlen(text), "test"),
      VQE_OK);
  return definition;
}

static int bind(struct vqe_iceberg_definition *definition,
                struct fixture *fixture)
{
  struct vqe_iceberg_table *table = NULL;
  assert_int_equal(vqe_iceberg_open(&table, fixture->objects, "small"),
                   VQE_OK);
  int status = vqe_iceberg_definition_bind(definition, table);
  vqe_iceberg_close(table);
  return status;
}

static void known_columns_get_the_ids_of_the_table(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_definition *d = parse(WITH_COLUMNS(NEW ID));
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 1), VQE_OK);
  assert_int_equal(bind(d, fixture), VQE_OK);
  /* the table has id 1, energy 2, list 3 with elements 5, basis_set 4 */
  assert_int_equal(vqe_iceberg_definition_column(d, "id")->id, 1);
  assert_int_equal(vqe_iceberg_definition_column(d, "basis_set")->id, 4);
  assert_int_equal(vqe_iceberg_definition_column(d, "notes")->id, 6);
  assert_int_equal(vqe_iceberg_definition_column(d, "notes")->element_id, 7);
  vqe_iceberg_definition_free(d);
}

static void new_column_is_in_the_table_after_the_next_commit(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_table *table = NULL;
  struct vqe_iceberg_definition *d = parse(WITH_COLUMNS(ID NEW));
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 1), VQE_OK);
  assert_int_equal(bind(d, fixture), VQE_OK);
  vqe_iceberg_definition_free(fixture->definition);
  fixture->definition = d;
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 2), VQE_OK);
  assert_int_equal(vqe_iceberg_open(&table, fixture->objects, "small"),
                   VQE_OK);
  assert_true(vqe_iceberg_has_column(table, "notes"));
  assert_true(vqe_iceberg_has_column(table, "energy"));
  assert_false(vqe_iceberg_has_column(table, "note"));
  vqe_iceberg_close(table);
  assert_int_equal(fixture_rows(fixture), 3);
  assert_int_equal(fixture_faults(fixture), 0);
}

static void column_of_another_type_is_refused(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_definition *d =
      parse(WITH_COLUMNS(ID "{\"name\": \"energy\", \"type\": \"long\"},"));
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 1), VQE_OK);
  assert_int_equal(bind(d, fixture), VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "column 'energy'"));
  vqe_iceberg_definition_free(d);
}

/* A new version of the table in which another engine has changed columns. */
static void change_schema(struct fixture *fixture,
                          void (*change)(json_t *fields))
{
  char *key;
  json_t *metadata = fixture_metadata(&key, fixture);
  json_t *schemas = json_object_get(metadata, "schemas");
  json_t *schema = json_deep_copy(json_array_get(schemas, 0));
  change(json_object_get(schema, "fields"));
  json_object_set_new(schema, "schema-id", json_integer(1));
  json_array_append_new(schemas, schema);
  json_object_set_new(metadata, "current-schema-id", json_integer(1));
  json_object_set_new(metadata, "last-column-id", json_integer(9));
  fixture_replace(fixture, key, metadata);
}

static json_t *new_field(int id, const char *name, bool required,
                         const char *type)
{
  return json_pack("{s:i, s:s, s:b, s:s}", "id", id, "name", name, "required",
                   required, "type", type);
}

/* energy -> e_total, and an `energy` of their own. */
static void rename_and_reuse(json_t *fields)
{
  json_object_set_new(json_array_get(fields, 1), "name",
                      json_string("e_total"));
  json_array_append_new(fields, new_field(8, "energy", false, "string"));
  json_array_append_new(fields, new_field(9, "when", false, "timestamp"));
}

static void renamed_column_stays_the_same_one(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_table *table = NULL;
  struct vqe_iceberg_definition *d = fixture->definition;
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 1), VQE_OK);
  change_schema(fixture, rename_and_reuse);
  assert_int_equal(bind(d, fixture), VQE_OK);
  const struct vqe_iceberg_column *energy =
      vqe_iceberg_definition_column(d, "energy");
  assert_int_equal(energy->id, 2);
  assert_string_equal(vqe_iceberg_column_name(energy), "e_total");
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 2), VQE_OK);
  assert_int_equal(fixture_faults(fixture), 0);
  /* the schema is still theirs */
  assert_int_equal(vqe_iceberg_open(&table, fixture->objects, "small"),
                   VQE_OK);
  assert_false(vqe_iceberg_definition_is_whole(d, table));
  assert_int_equal(vqe_iceberg_definition_add_others(d, table), VQE_OK);
  assert_true(vqe_iceberg_definition_is_whole(d, table));
  assert_int_equal(d->ncolumns, 6);
  assert_string_equal(vqe_iceberg_column_name(&d->columns[4]), "energy");
  assert_int_equal(d->columns[4].type, VQE_ICEBERG_STRING);
  assert_string_equal(vqe_iceberg_column_name(&d->columns[5]), "when");
  assert_int_equal(d->columns[5].type, VQE_ICEBERG_OTHER);
  assert_string_equal(d->columns[5].other, "timestamp");
  assert_true(d->columns[5].foreign);
  vqe_iceberg_close(table);
}

static void drop_energy(json_t *fields)
{
  json_array_remove(fields, 1);
}

static void require_theirs(json_t *fields)
{
  json_array_append_new(fields, new_field(8, "owner", true, "string"));
}

static void take_a_name_of_ours(json_t *fields)
{
  json_object_set_new(json_array_get(fields, 1), "name", json_string("notes"));
}

static void changes_that_rows_of_ours_cannot_follow_are_refused(void **state)
{
  static const struct {
    void (*change)(json_t *fields);
    const char *words;
  } changes[] = {{drop_energy, "has dropped column 'energy'"},
                 {require_theirs, "column 'owner' of another engine is"},
                 {take_a_name_of_ours, "calls column 'energy' 'notes'"}};
  for (size_t k = 0; k < sizeof changes / sizeof changes[0]; k++) {
    struct fixture *fixture = NULL;
    struct vqe_iceberg_commit commit;
    struct vqe_iceberg_definition *d =
        parse(WITH_COLUMNS(ID "{\"name\": \"energy\", \"type\": \"double\"},"
                              "{\"name\": \"notes\", \"type\": \"double\"},"));
    assert_int_equal(fixture_setup((void **)&fixture), 0);
    assert_int_equal(fixture_append(&commit, fixture, "one", "a", 1), VQE_OK);
    change_schema(fixture, changes[k].change);
    assert_int_equal(bind(d, fixture), VQE_ERR_UNSUPPORTED);
    if (strstr(vqe_error_message(), changes[k].words) == NULL) {
      fail_msg("'%s' does not say '%s'", vqe_error_message(),
               changes[k].words);
    }
    vqe_iceberg_definition_free(d);
    fixture_teardown((void **)&fixture);
  }
  (void)state;
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(known_columns_get_the_ids_of_the_table),
      TEST(new_column_is_in_the_table_after_the_next_commit),
      TEST(column_of_another_type_is_refused),
      TEST(renamed_column_stays_the_same_one),
      cmocka_unit_test(changes_that_rows_of_ours_cannot_follow_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
