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
  assert_int_equal(bind(d, fixture), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "column 'energy'"));
  vqe_iceberg_definition_free(d);
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(known_columns_get_the_ids_of_the_table),
      TEST(new_column_is_in_the_table_after_the_next_commit),
      TEST(column_of_another_type_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
