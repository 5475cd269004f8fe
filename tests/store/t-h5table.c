/* Tables of rows: what programs of other versions wrote is read as far as it
 * goes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>

#include "store/h5error.h"
#include "store/h5table.h"
#include "vqe/error.h"

struct row {
  char *first, *middle, *last;
  double number;
  int setting;
};

#define MEMBERS(rows)                                                         \
  {                                                                           \
    .count = sizeof(rows) / sizeof((rows)[0]), .list = rows                   \
  }
#define COLUMN(column, kind, member)                                          \
  VQE_MEMBER_COLUMN(column, kind, struct row, member, NULL)

static const struct vqe_member old_list[] = {COLUMN("first", TEXT, first),
                                             COLUMN("last", TEXT, last)};
static const struct vqe_members old_members = MEMBERS(old_list);
static const struct vqe_h5table old_table = {"rows", &old_members};

/* The same with a text in the middle, a number and a setting, which came
 * later. */
static const struct vqe_member new_list[] = {
    COLUMN("first", TEXT, first),
    {.column = "middle",
     .kind = VQE_MEMBER_TEXT,
     .since = 2,
     .offset = offsetof(struct row, middle)},
    COLUMN("last", TEXT, last),
    {.column = "number",
     .kind = VQE_MEMBER_F64,
     .since = 2,
     .absent = NAN,
     .offset = offsetof(struct row, number),
     .unit = "hartree"},
    {.column = "setting",
     .kind = VQE_MEMBER_INT,
     .since = 2,
     .absent = 1,
     .offset = offsetof(struct row, setting)}};
static const struct vqe_members new_members = MEMBERS(new_list);
static const struct vqe_h5table new_table = {"rows", &new_members};

/* The number without its `since`: every file has to hold it. */
static const struct vqe_member strict_list[] = {COLUMN("first", TEXT, first),
                                                COLUMN("number", F64, number)};
static const struct vqe_members strict_members = MEMBERS(strict_list);
static const struct vqe_h5table strict_table = {"rows", &strict_members};

static char path[] = "t-h5table-XXXXXX";

static int setup(void **state)
{
  static hid_t file;
  strcpy(path, "t-h5table-XXXXXX");
  int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  close(descriptor);
  file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(file >= 0);
  *state = &file;
  return 0;
}

static int teardown(void **state)
{
  H5Fclose(*(hid_t *)*state);
  unlink(path);
  return 0;
}

static void write_two(hid_t file, const struct vqe_h5table *table)
{
  struct row rows[2] = {{"a", "m", NULL, 0.5, 0},
                        {NULL, "", "longer", -0.5, 0}};
  const void *objects[2] = {&rows[0], &rows[1]};
  assert_int_equal(vqe_h5table_write(file, path, table, objects, 2), VQE_OK);
}

static void free_row(struct row *row)
{
  free(row->first);
  free(row->middle);
  free(row->last);
}

static void rows_come_back_with_their_missing_texts(void **state)
{
  hid_t file = *(hid_t *)*state;
  struct row rows[2] = {{.number = 7}, {.number = 7}};
  void *objects[2] = {&rows[0], &rows[1]};
  size_t count = 0;
  write_two(file, &new_table);
  assert_int_equal(vqe_h5table_count(&count, file, path, &new_table), VQE_OK);
  assert_int_equal(count, 2);
  assert_int_equal(vqe_h5table_read(file, path, &new_table, objects, 2),
                   VQE_OK);
  assert_string_equal(rows[0].first, "a");
  assert_string_equal(rows[0].middle, "m");
  assert_null(rows[0].last);
  assert_null(rows[1].first);
  assert_string_equal(rows[1].middle, "");
  assert_string_equal(rows[1].last, "longer");
  assert_true(rows[0].number == 0.5 && rows[1].number == -0.5);
  free_row(&rows[0]);
  free_row(&rows[1]);
}

static void later_columns_are_null_in_older_files(void **state)
{
  hid_t file = *(hid_t *)*state;
  struct row rows[2] = {{.number = 7}, {.number = 7}};
  void *objects[2] = {&rows[0], &rows[1]};
  write_two(file, &old_table);
  assert_int_equal(vqe_h5table_read(file, path, &new_table, objects, 2),
                   VQE_OK);
  assert_string_equal(rows[0].first, "a");
  assert_null(rows[0].last);
  assert_null(rows[1].first);
  assert_string_equal(rows[1].last, "longer");
  assert_null(rows[0].middle);
  assert_true(isnan(rows[0].number) && isnan(rows[1].number));
  assert_true(rows[0].setting == 1 && rows[1].setting == 1);
  free_row(&rows[0]);
  free_row(&rows[1]);
}

static void older_programs_leave_later_columns_alone(void **state)
{
  hid_t file = *(hid_t *)*state;
  struct row rows[2] = {{.number = 7}, {.number = 7}};
  void *objects[2] = {&rows[0], &rows[1]};
  write_two(file, &new_table);
  assert_int_equal(vqe_h5table_read(file, path, &old_table, objects, 2),
                   VQE_OK);
  assert_string_equal(rows[0].first, "a");
  assert_null(rows[0].last);
  assert_null(rows[1].first);
  assert_string_equal(rows[1].last, "longer");
  assert_null(rows[0].middle);
  free_row(&rows[0]);
  free_row(&rows[1]);
}

static void first_columns_must_be_there(void **state)
{
  hid_t file = *(hid_t *)*state;
  struct vqe_h5quiet quiet;
  struct row rows[2] = {{.number = 7}, {.number = 7}};
  void *objects[2] = {&rows[0], &rows[1]};
  write_two(file, &old_table);
  vqe_h5quiet_begin(&quiet);
  assert_int_equal(vqe_h5table_read(file, path, &strict_table, objects, 2),
                   VQE_ERR_INPUT);
  vqe_h5quiet_end(&quiet);
  assert_non_null(strstr(vqe_error_message(), "lacks the column 'number'"));
}

static void units_are_json(void **state)
{
  (void)state;
  char *text = NULL;
  assert_int_equal(vqe_h5table_units(&text, &new_members), VQE_OK);
  assert_string_equal(text, "{\"number\": \"hartree\"}");
  free(text);
  assert_int_equal(vqe_h5table_units(&text, &old_members), VQE_OK);
  assert_string_equal(text, "{}");
  free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(rows_come_back_with_their_missing_texts),
      TEST(later_columns_are_null_in_older_files),
      TEST(older_programs_leave_later_columns_alone),
      TEST(first_columns_must_be_there),
      cmocka_unit_test(units_are_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
