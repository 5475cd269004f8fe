/* A check finds each kind of damage, and nothing in a sound table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "iceberg/iceberg_fixture.h"

struct findings {
  int problems, orphans;
  char text[512]; /* the last one */
};

static void take_finding(void *ctx, enum vqe_iceberg_finding finding,
                         const char *text)
{
  struct findings *found = ctx;
  if (finding == VQE_ICEBERG_NOTE) {
    return;
  }
  found->problems += finding == VQE_ICEBERG_PROBLEM;
  found->orphans += finding == VQE_ICEBERG_ORPHAN;
  snprintf(found->text, sizeof found->text, "%s", text);
}

static struct findings run_check(struct fixture *fixture)
{
  struct findings found = {0};
  struct vqe_iceberg_check_options options = {.report = take_finding,
                                              .report_ctx = &found};
  struct vqe_iceberg_check_result result;
  assert_int_equal(
      vqe_iceberg_check(&result, fixture->objects, "small", &options), VQE_OK);
  assert_int_equal(result.problems, found.problems);
  assert_int_equal(result.orphans, found.orphans);
  return found;
}

static void expect_problem(struct fixture *fixture, const char *words)
{
  struct findings found = run_check(fixture);
  assert_int_equal(found.problems, 1);
  assert_int_equal(found.orphans, 0);
  if (strstr(found.text, words) == NULL) {
    fail_msg("'%s' does not say '%s'", found.text, words);
  }
}

/* Two commits; the key of the first data file. Free by free(). */
static char *make_table(struct fixture *fixture)
{
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_file file = fixture_file(fixture, "a", 3);
  struct vqe_iceberg_commit_options options = {
      .run_id = "first", .base_snapshot = VQE_ICEBERG_ANY_SNAPSHOT};
  char *key = strdup(file.key);
  assert_int_equal(vqe_iceberg_append(&commit, fixture->objects,
                                      fixture->definition, &file, 1, &options),
                   VQE_OK);
  vqe_iceberg_file_clear(&file);
  assert_int_equal(fixture_append(&commit, fixture, "second", "b", 4), VQE_OK);
  return key;
}

static void sound_table_has_no_findings(void **state)
{
  struct fixture *fixture = *state;
  free(make_table(fixture));
  struct findings found = run_check(fixture);
  assert_int_equal(found.problems, 0);
  assert_int_equal(found.orphans, 0);
}

static void missing_data_file_is_a_problem(void **state)
{
  struct fixture *fixture = *state;
  char *key = make_table(fixture);
  assert_int_equal(vqe_objects_delete(fixture->objects, key), VQE_OK);
  expect_problem(fixture, "is gone");
  free(key);
}

static void data_file_of_another_size_is_a_problem(void **state)
{
  struct fixture *fixture = *state;
  char *key = make_table(fixture);
  assert_int_equal(vqe_objects_put(fixture->objects, key, "more bytes", 10,
                                   VQE_OBJECTS_REPLACE),
                   VQE_OK);
  expect_problem(fixture, "has 10 bytes, its manifest says 5");
  free(key);
}

static void stale_hint_is_a_problem(void **state)
{
  struct fixture *fixture = *state;
  free(make_table(fixture));
  assert_int_equal(
      vqe_objects_put(fixture->objects,
                      "quantum_features/small/metadata/version-hint.text", "1",
                      1, VQE_OBJECTS_REPLACE),
      VQE_OK);
  expect_problem(fixture, "version-hint.text says 1");
}

static void ref_to_a_missing_snapshot_is_a_problem(void **state)
{
  struct fixture *fixture = *state;
  char *key;
  free(make_table(fixture));
  json_t *metadata = fixture_metadata(&key, fixture);
  json_object_set_new(
      json_object_get(metadata, "refs"), "lost",
      json_pack("{s:i, s:s}", "snapshot-id", 7, "type", "tag"));
  fixture_replace(fixture, key, metadata);
  expect_problem(fixture, "'lost' names a snapshot that is not there");
}

static void wrong_totals_are_a_problem(void **state)
{
  struct fixture *fixture = *state;
  char *key;
  free(make_table(fixture));
  json_t *metadata = fixture_metadata(&key, fixture);
  json_t *summary = json_object_get(
      json_array_get(json_object_get(metadata, "snapshots"), 1), "summary");
  json_object_set_new(summary, "total-records", json_string("8"));
  fixture_replace(fixture, key, metadata);
  expect_problem(fixture, "total-records is 8, its manifests have 7");
}

static void unreferenced_file_is_an_orphan(void **state)
{
  struct fixture *fixture = *state;
  free(make_table(fixture));
  struct vqe_iceberg_file file = fixture_file(fixture, "a", 1);
  struct findings found = run_check(fixture);
  assert_int_equal(found.problems, 0);
  assert_int_equal(found.orphans, 1);
  assert_non_null(strstr(found.text, file.key));
  vqe_iceberg_file_clear(&file);
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(sound_table_has_no_findings),
      TEST(missing_data_file_is_a_problem),
      TEST(data_file_of_another_size_is_a_problem),
      TEST(stale_hint_is_a_problem),
      TEST(ref_to_a_missing_snapshot_is_a_problem),
      TEST(wrong_totals_are_a_problem),
      TEST(unreferenced_file_is_an_orphan),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
