/* The embedded DuckDB: literals, counts, messages, sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <stdlib.h>

#include "lake/duck.h"
#include "vqe/error.h"

static struct vqe_duck *open_duck(void)
{
  struct vqe_duck_options options = {.threads = 1};
  struct vqe_duck *duck = NULL;
  assert_int_equal(vqe_duck_open(&duck, &options), VQE_OK);
  return duck;
}

static void quoted_text_comes_back_unchanged(void **state)
{
  static const char value[] = "it''s; -- 'DROP' \xc3\xa9\n";
  struct vqe_duck *duck = open_duck();
  char *quoted = NULL;
  int64_t count = 0;
  (void)state;
  assert_int_equal(vqe_duck_quote(&quoted, NULL), VQE_OK);
  assert_string_equal(quoted, "NULL");
  free(quoted);
  assert_int_equal(vqe_duck_quote(&quoted, value), VQE_OK);
  assert_int_equal(vqe_duck_executef(duck, "test",
                                     "CREATE TABLE t AS SELECT %s AS x",
                                     quoted),
                   VQE_OK);
  assert_int_equal(
      vqe_duck_count(duck, &count, "test", "SELECT strlen(x)::BIGINT FROM t"),
      VQE_OK);
  assert_int_equal(count, strlen(value));
  free(quoted);
  vqe_duck_close(duck);
}

static void message_names_the_sql_that_failed(void **state)
{
  struct vqe_duck *duck = open_duck();
  (void)state;
  assert_int_equal(
      vqe_duck_execute(duck, "molecules", "SELECT nothing FROM nowhere"),
      VQE_ERR_INPUT);
  assert_memory_equal(vqe_error_message(), "table 'molecules': DuckDB: ", 27);
  assert_non_null(strstr(vqe_error_message(), "nowhere"));
  vqe_duck_close(duck);
}

static void count_needs_a_row_of_bigint(void **state)
{
  struct vqe_duck *duck = open_duck();
  int64_t count = 7;
  (void)state;
  assert_int_equal(
      vqe_duck_count(duck, &count, "test", "SELECT 1::BIGINT WHERE false"),
      VQE_ERR_INPUT);
  assert_int_equal(vqe_duck_count(duck, &count, "test", "SELECT 'x'"),
                   VQE_ERR_INPUT);
  vqe_duck_close(duck);
}

static void connections_share_tables_but_not_temporary_ones(void **state)
{
  struct vqe_duck *duck = open_duck();
  struct vqe_duck *other = NULL;
  int64_t count = 0;
  (void)state;
  assert_int_equal(vqe_duck_execute(duck, "test",
                                    "CREATE TABLE a AS SELECT 1 AS x;"
                                    "CREATE TEMP TABLE b AS SELECT 2 AS x"),
                   VQE_OK);
  assert_int_equal(vqe_duck_connect(&other, duck), VQE_OK);
  assert_int_equal(
      vqe_duck_count(other, &count, "test", "SELECT count(*) FROM a"), VQE_OK);
  assert_int_equal(count, 1);
  assert_int_equal(vqe_duck_execute(other, "test", "SELECT * FROM b"),
                   VQE_ERR_INPUT);
  vqe_duck_close(other);
  vqe_duck_close(duck);
}

static void session_is_in_utc_and_loads_no_extension(void **state)
{
  struct vqe_duck *duck = open_duck();
  int64_t count = 0;
  (void)state;
  assert_int_equal(vqe_duck_count(duck, &count, "test",
                                  "SELECT (current_setting('TimeZone') = "
                                  "'UTC')::BIGINT"),
                   VQE_OK);
  assert_int_equal(count, 1);
  assert_int_equal(
      vqe_duck_count(duck, &count, "test",
                     "SELECT count(*) FROM duckdb_settings() WHERE name IN "
                     "('autoinstall_known_extensions', "
                     "'autoload_known_extensions') AND value = 'false'"),
      VQE_OK);
  assert_int_equal(count, 2);
  vqe_duck_close(duck);
}

static void characters_of_patterns_stand_for_themselves(void **state)
{
  static const struct {
    const char *path, *literal;
  } cases[] = {{"/a/b=c d.parquet", "'/a/b=c d.parquet'"},
               {"/a*b?[c]{d}", "'/a[*]b[?][[]c][{]d}'"},
               {"/it's\\x", "'/it''s\\x'"},
               {"", "''"}};
  (void)state;
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_duck_text text = {NULL, 0, 0, VQE_OK};
    vqe_duck_add_path(&text, cases[k].path);
    assert_int_equal(text.status, VQE_OK);
    assert_string_equal(text.data, cases[k].literal);
    free(text.data);
  }
  struct vqe_duck_text text = {NULL, 0, 0, VQE_OK};
  vqe_duck_add_path(&text, "/a\\*");
  assert_int_equal(text.status, VQE_ERR_UNSUPPORTED);
  free(text.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quoted_text_comes_back_unchanged),
      cmocka_unit_test(message_names_the_sql_that_failed),
      cmocka_unit_test(count_needs_a_row_of_bigint),
      cmocka_unit_test(connections_share_tables_but_not_temporary_ones),
      cmocka_unit_test(session_is_in_utc_and_loads_no_extension),
      cmocka_unit_test(characters_of_patterns_stand_for_themselves),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
