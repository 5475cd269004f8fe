/* Compaction replaces small files by one and keeps the rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "iceberg/iceberg_fixture.h"

struct merging {
  struct fixture *fixture;
  int calls;
  int64_t lost_rows; /* what a wrong merge leaves out */
};

static int merge(void *ctx, struct vqe_iceberg_file *out,
                 const struct vqe_iceberg_definition *definition,
                 const struct vqe_iceberg_file *files, size_t nfiles)
{
  struct merging *merging = ctx;
  int64_t rows = -merging->lost_rows;
  (void)definition;
  merging->calls++;
  for (size_t k = 0; k < nfiles; k++) {
    rows += files[k].record_count;
  }
  *out = fixture_file(merging->fixture,
                      (const char *)files[0].partition[0].data, rows);
  return VQE_OK;
}

static int compact(struct vqe_iceberg_compact_result *result,
                   struct merging *merging)
{
  struct vqe_iceberg_compact_options limits = {0, 0};
  struct vqe_iceberg_commit_options options = {.run_id = "compaction"};
  return vqe_iceberg_compact(result, merging->fixture->objects,
                             merging->fixture->definition, merge, merging,
                             &limits, &options);
}

static void make_table(struct fixture *fixture)
{
  struct vqe_iceberg_commit commit;
  assert_int_equal(fixture_append(&commit, fixture, "1", "a", 1), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "2", "a", 2), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "3", "b", 4), VQE_OK);
}

static void small_files_of_a_partition_become_one(void **state)
{
  struct merging merging = {.fixture = *state};
  struct vqe_iceberg_compact_result result;
  make_table(*state);
  assert_int_equal(compact(&result, &merging), VQE_OK);
  assert_int_equal(merging.calls, 1); /* partition b has one file */
  assert_int_equal(result.files_before, 3);
  assert_int_equal(result.merged, 2);
  assert_int_equal(result.files_after, 2);
  assert_int_equal(result.commit.outcome, VQE_ICEBERG_COMMITTED);
  assert_string_equal(result.commit.tag, "");
  assert_int_equal(fixture_rows(*state), 7);
  assert_int_equal(fixture_faults(*state), 0);
  /* and then there is nothing to do */
  assert_int_equal(compact(&result, &merging), VQE_OK);
  assert_int_equal(merging.calls, 1);
  assert_int_equal(result.commit.outcome, VQE_ICEBERG_NOTHING);
}

static void merge_that_loses_rows_is_refused(void **state)
{
  struct merging merging = {.fixture = *state, .lost_rows = 1};
  struct vqe_iceberg_compact_result result;
  make_table(*state);
  assert_int_equal(compact(&result, &merging), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "has 2 rows"));
  assert_int_equal(result.commit.outcome, VQE_ICEBERG_NOTHING);
  assert_int_equal(fixture_rows(*state), 7);
  assert_int_equal(fixture_faults(*state), 0); /* its file is deleted */
}

int main(void)
{
#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
  const struct CMUnitTest tests[] = {
      TEST(small_files_of_a_partition_become_one),
      TEST(merge_that_loses_rows_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
