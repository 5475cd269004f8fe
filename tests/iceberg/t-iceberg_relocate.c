/* A relocated table is whole in its new place and follows its source; a plain
 * copy is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "iceberg/iceberg_fixture.h"

/* Another warehouse, in a folder inside the first one's. */
static int other_setup(struct fixture *other, struct fixture *fixture)
{
  char folder[64];
  *other = *fixture;
  snprintf(folder, sizeof folder, "%s/other", fixture->folder);
  return vqe_objects_open(&other->objects, folder, NULL);
}

static int relocate(struct vqe_iceberg_relocate_result *result,
                    struct fixture *other, struct fixture *fixture, bool dry,
                    bool remove)
{
  const struct vqe_iceberg_relocate_options options = {
      .scratch = fixture->folder, .dry_run = dry, .remove = remove};
  return vqe_iceberg_relocate(result, other->objects, fixture->objects,
                              "small", &options);
}

static int count_key(void *ctx, const struct vqe_object *object)
{
  int *count = ctx;
  (void)object;
  (*count)++;
  return VQE_OK;
}

/* Files of the table. */
static int count_files(struct fixture *fixture)
{
  int count = 0;
  assert_int_equal(vqe_objects_list(fixture->objects, "quantum_features/small",
                                    true, count_key, &count),
                   VQE_OK);
  return count;
}

static int64_t hint_of(struct fixture *fixture)
{
  char *text = NULL;
  size_t size = 0;
  int64_t version = 0;
  if (vqe_objects_get(&text, &size, fixture->objects,
                      "quantum_features/small/metadata/version-hint.text",
                      100) == VQE_OK) {
    version = strtoll(text, NULL, 10);
  }
  free(text);
  return version;
}

static void relocated_table_has_all_rows_and_snapshots(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  struct vqe_iceberg_table *table = NULL;
  int64_t snapshot = 0;
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "two", NULL, 4), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  assert_int_equal(result.files, 2);
  assert_int_equal(result.bytes, 10);
  assert_int_equal(result.problems, 0);
  assert_int_equal(fixture_rows(&other), 7);
  assert_int_equal(fixture_faults(&other), 0);
  assert_int_equal(vqe_iceberg_open(&table, other.objects, "small"), VQE_OK);
  assert_int_equal(vqe_iceberg_find_ref(&snapshot, table, commit.tag), VQE_OK);
  assert_int_equal(snapshot, commit.snapshot);
  vqe_iceberg_close(table);
  vqe_objects_close(other.objects);
}

static void copy_follows_its_source_by_what_is_new(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  int files = count_files(&other);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  assert_int_equal(result.files + result.metadata_files, 0);
  assert_int_equal(result.files_there, 1);
  assert_false(result.is_committed);
  assert_int_equal(count_files(&other), files);

  assert_int_equal(fixture_append(&commit, fixture, "two", NULL, 4), VQE_OK);
  /* a dry run counts the same and writes nothing */
  assert_int_equal(relocate(&result, &other, fixture, true, false), VQE_OK);
  assert_int_equal(result.files, 1);
  assert_int_equal(result.files_there, 1);
  assert_int_equal(count_files(&other), files);
  assert_int_equal(fixture_rows(&other), 3);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  assert_int_equal(result.files, 1);
  /* its manifest, its list, the metadata */
  assert_int_equal(result.metadata_files, 3);
  assert_true(result.is_committed);
  assert_int_equal(result.version, 2);
  assert_int_equal(hint_of(&other), 2);
  assert_int_equal(fixture_rows(&other), 7);
  assert_int_equal(fixture_faults(&other), 0);
  vqe_objects_close(other.objects);
}

static void what_the_source_expired_goes_with_a_later_run(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  struct vqe_iceberg_expire_result expired;
  const struct vqe_iceberg_expire_options options = {
      .older_than_ms = INT64_MAX, .alone = true};
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  for (int k = 0; k < 3; k++) {
    char run[8];
    snprintf(run, sizeof run, "r%d", k);
    assert_int_equal(fixture_append(&commit, fixture, run, "a", 1), VQE_OK);
    assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  }
  assert_int_equal(
      vqe_iceberg_expire(&expired, fixture->objects, "small", &options),
      VQE_OK);
  assert_true(expired.snapshots > 0);
  int before = count_files(&other);
  assert_int_equal(relocate(&result, &other, fixture, false, true), VQE_OK);
  assert_int_equal(result.files, 0);
  assert_true(result.is_committed);
  assert_true(result.kept > 0);
  assert_int_equal(fixture_rows(&other), 3);
  /* old versions went, what the one before names did not */
  assert_true(count_files(&other) < before + 1);
  struct vqe_iceberg_relocate_result dry;
  assert_int_equal(relocate(&dry, &other, fixture, true, true), VQE_OK);
  assert_int_equal(dry.removed, result.kept);
  assert_int_equal(relocate(&result, &other, fixture, false, true), VQE_OK);
  assert_int_equal(result.removed, dry.removed);
  assert_true(result.removed_bytes > 0);
  assert_int_equal(result.kept, 0);
  assert_int_equal(fixture_rows(&other), 3);
  assert_int_equal(fixture_faults(&other), 0);
  vqe_objects_close(other.objects);
}

static void missing_file_of_the_source_leaves_the_copy_as_it_was(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  struct vqe_iceberg_file file = fixture_file(fixture, "b", 2);
  const struct vqe_iceberg_commit_options options = {
      .run_id = "two", .base_snapshot = VQE_ICEBERG_ANY_SNAPSHOT};
  assert_int_equal(vqe_iceberg_append(&commit, fixture->objects,
                                      fixture->definition, &file, 1, &options),
                   VQE_OK);
  for (int k = 0; k < 2; k++) {
    if (k == 0) { /* gone, then of another size */
      vqe_objects_delete(fixture->objects, file.key);
    } else {
      vqe_objects_put(fixture->objects, file.key, "byte", 4,
                      VQE_OBJECTS_REPLACE);
    }
    assert_int_equal(relocate(&result, &other, fixture, false, true),
                     VQE_ERR_INPUT);
    assert_non_null(strstr(vqe_error_message(), file.key));
    assert_int_equal(hint_of(&other), 1);
    assert_int_equal(fixture_rows(&other), 3);
  }
  vqe_objects_put(fixture->objects, file.key, "bytes", 5, VQE_OBJECTS_REPLACE);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  assert_int_equal(fixture_rows(&other), 5);
  vqe_iceberg_file_clear(&file);
  vqe_objects_close(other.objects);
}

static void cut_before_the_hint_is_completed(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  vqe_objects_delete(other.objects,
                     "quantum_features/small/metadata/version-hint.text");
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  assert_false(result.is_committed);
  assert_int_equal(hint_of(&other), 1);
  vqe_objects_close(other.objects);
}

static int asked;

static bool stop_at_the_third(void)
{
  return ++asked > 2;
}

static void stopped_copy_is_as_it_was(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  const struct vqe_iceberg_relocate_options options = {
      .scratch = fixture->folder, .stopped = stop_at_the_third};
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 4), VQE_OK);
  asked = 0;
  assert_int_equal(vqe_iceberg_relocate(&result, other.objects,
                                        fixture->objects, "small", &options),
                   VQE_ERR_INTERRUPTED);
  assert_int_equal(asked, 3);
  assert_int_equal(hint_of(&other), 1);
  assert_int_equal(fixture_rows(&other), 3);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  assert_int_equal(fixture_rows(&other), 7);
  vqe_objects_close(other.objects);
}

static void lost_files_of_the_copy_are_copied_again(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  char command[256];
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  snprintf(command, sizeof command,
           "cd %s/other/quantum_features/small && rm -r data metadata/*.avro",
           fixture->folder);
  assert_int_equal(system(command), 0);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  assert_int_equal(result.files, 1);
  assert_int_equal(result.metadata_files, 2);
  assert_int_equal(result.problems, 0);
  assert_int_equal(fixture_rows(&other), 3);
  vqe_objects_close(other.objects);
}

static void rows_of_others_are_not_written_over(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  other.nfiles = 100; /* names that the source has not */
  assert_int_equal(fixture_append(&commit, &other, "mine", "a", 2), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "two", "a", 4), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, false),
                   VQE_ERR_EXISTS);
  assert_non_null(strstr(vqe_error_message(), "others have written"));
  assert_int_equal(fixture_rows(&other), 5);
  /* nor is a table that only has the name */
  assert_int_equal(relocate(&result, fixture, &other, false, false),
                   VQE_ERR_EXISTS);
  vqe_objects_close(other.objects);
}

static void original_is_not_written_over_by_its_copy(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  int64_t version = hint_of(fixture);
  for (int k = 0; k < 2; k++) { /* equal rows, then more in the original */
    assert_int_equal(relocate(&result, fixture, &other, k == 1, true),
                     VQE_ERR_EXISTS);
    assert_non_null(strstr(vqe_error_message(), "swapped"));
    assert_null(strstr(vqe_error_message(), "remove"));
    assert_int_equal(hint_of(fixture), version + k);
    assert_int_equal(fixture_rows(fixture), 3 + 2 * k);
    if (k == 0) {
      assert_int_equal(fixture_append(&commit, fixture, "two", "a", 2),
                       VQE_OK);
    }
  }
  /* the right way round it follows */
  assert_int_equal(relocate(&result, &other, fixture, false, false), VQE_OK);
  assert_int_equal(fixture_rows(&other), 5);
  vqe_objects_close(other.objects);
}

static void another_table_of_the_name_is_not_written_over(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_relocate_result result;
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(fixture_append(&commit, &other, "one", "a", 2), VQE_OK);
  assert_int_equal(relocate(&result, &other, fixture, false, true),
                   VQE_ERR_EXISTS);
  assert_non_null(strstr(vqe_error_message(), "another table"));
  assert_null(strstr(vqe_error_message(), "remove"));
  assert_int_equal(relocate(&result, fixture, fixture, false, true),
                   VQE_ERR_INPUT);
  assert_int_equal(fixture_rows(&other), 2);
  assert_int_equal(fixture_rows(fixture), 3);
  vqe_objects_close(other.objects);
}

static void plain_copy_is_refused_with_the_remedy(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_table *table = NULL;
  char command[256];
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  snprintf(command, sizeof command,
           "mkdir -p %s/other && cp -r %s/quantum_features %s/other",
           fixture->folder, fixture->folder, fixture->folder);
  assert_int_equal(system(command), 0);
  assert_int_equal(vqe_iceberg_open(&table, other.objects, "small"),
                   VQE_ERR_INPUT);
  assert_null(table);
  assert_non_null(strstr(vqe_error_message(), "vqe_lake relocate"));
  vqe_objects_close(other.objects);
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(relocated_table_has_all_rows_and_snapshots),
      TEST(copy_follows_its_source_by_what_is_new),
      TEST(what_the_source_expired_goes_with_a_later_run),
      TEST(missing_file_of_the_source_leaves_the_copy_as_it_was),
      TEST(cut_before_the_hint_is_completed),
      TEST(stopped_copy_is_as_it_was),
      TEST(lost_files_of_the_copy_are_copied_again),
      TEST(rows_of_others_are_not_written_over),
      TEST(original_is_not_written_over_by_its_copy),
      TEST(another_table_of_the_name_is_not_written_over),
      TEST(plain_copy_is_refused_with_the_remedy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
