/* A relocated table is whole in its new place; a plain copy is refused. */
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

static void relocated_table_has_all_rows_and_snapshots(void **state)
{
  struct fixture *fixture = *state;
  struct fixture other;
  struct vqe_iceberg_commit commit;
  struct vqe_iceberg_table *table = NULL;
  int64_t snapshot = 0;
  assert_int_equal(other_setup(&other, fixture), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "one", "a", 3), VQE_OK);
  assert_int_equal(fixture_append(&commit, fixture, "two", NULL, 4), VQE_OK);
  assert_int_equal(vqe_iceberg_relocate(other.objects, fixture->objects,
                                        "small", fixture->folder),
                   VQE_OK);
  assert_int_equal(fixture_rows(&other), 7);
  assert_int_equal(fixture_faults(&other), 0);
  assert_int_equal(vqe_iceberg_open(&table, other.objects, "small"), VQE_OK);
  assert_int_equal(vqe_iceberg_find_ref(&snapshot, table, commit.tag), VQE_OK);
  assert_int_equal(snapshot, commit.snapshot);
  vqe_iceberg_close(table);
  /* a table that is there is not written over */
  assert_int_equal(vqe_iceberg_relocate(other.objects, fixture->objects,
                                        "small", fixture->folder),
                   VQE_ERR_EXISTS);
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
      TEST(plain_copy_is_refused_with_the_remedy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
