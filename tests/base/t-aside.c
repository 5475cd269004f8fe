/* What is written stands under names that nobody guesses, and what crashed
 * writers left is removed, no more. */
#include <errno.h>
#include <fcntl.h>
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

#include "base/aside.h"
#include "vqe/error.h"

static char folder[32];

static int make_folder(void **state)
{
  (void)state;
  strcpy(folder, "/tmp/vqe-aside-XXXXXX");
  return mkdtemp(folder) == NULL ? -1 : 0;
}

/* Fails, and so the test, when something was left. */
static int remove_folder(void **state)
{
  (void)state;
  return rmdir(folder);
}

static const char *path_of(const char *name)
{
  static char path[4][128];
  static int next;
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
  return path[next];
}

static bool exists(const char *path)
{
  struct stat info;
  return lstat(path, &info) == 0;
}

static void make(const char *path)
{
  int descriptor = open(path, O_WRONLY | O_CREAT, 0666);
  assert_true(descriptor >= 0);
  close(descriptor);
}

static void names_differ_and_files_have_the_usual_mode(void **state)
{
  (void)state;
  struct vqe_aside one;
  struct vqe_aside two;
  struct stat info;
  mode_t mask = umask(027);
  const char *path = path_of("data");
  assert_int_equal(vqe_aside_open(&one, path), VQE_OK);
  assert_int_equal(vqe_aside_open(&two, path), VQE_OK);
  umask(mask);
  assert_string_not_equal(one.name, two.name);
  assert_int_equal(strncmp(one.name, path, strlen(path)), 0);
  assert_int_equal(strlen(one.name), strlen(path) + 1 + 16 + 4);
  assert_int_equal(fstat(one.descriptor, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0640);
  assert_int_equal(vqe_aside_publish(&one, path), VQE_OK);
  assert_true(exists(path));
  vqe_aside_close(&two);
  vqe_aside_close(&two);
  unlink(path);
}

static void link_at_the_place_is_replaced_not_followed(void **state)
{
  (void)state;
  struct stat info;
  const char *other = path_of("other");
  const char *path = path_of("data");
  make(other);
  assert_int_equal(symlink(other, path), 0);
  assert_int_equal(vqe_aside_write(path, "new", 3), VQE_OK);
  assert_int_equal(lstat(path, &info), 0);
  assert_true(S_ISREG(info.st_mode));
  assert_int_equal(stat(other, &info), 0);
  assert_int_equal(info.st_size, 0);
  unlink(path);
  /* nor where the name is given */
  const char *name = path_of("run.part");
  struct vqe_aside aside;
  assert_int_equal(symlink(other, name), 0);
  assert_int_equal(vqe_aside_open_as(&aside, name), VQE_OK);
  assert_int_equal(write(aside.descriptor, "new", 3), 3);
  assert_int_equal(stat(other, &info), 0);
  assert_int_equal(info.st_size, 0);
  vqe_aside_close(&aside);
  assert_false(exists(name));
  unlink(other);
}

static void what_was_left_goes_and_what_is_written_stays(void **state)
{
  (void)state;
  struct vqe_aside living;
  const char *path = path_of("data");
  char left[128];
  char link[128];
  char other[128];
  snprintf(left, sizeof left, "%s.0123456789abcdef.tmp", path);
  snprintf(link, sizeof link, "%s.fedcba9876543210.tmp", path);
  snprintf(other, sizeof other, "%s.x.0123456789abcdef.tmp", path);
  assert_int_equal(vqe_aside_open(&living, path), VQE_OK);
  make(left);
  make(other);
  make(path_of("data.123.tmp"));
  assert_int_equal(symlink("data.123.tmp", link), 0);
  vqe_aside_sweep(path);
  assert_false(exists(left));
  assert_true(exists(living.name));
  assert_true(exists(link));
  assert_true(exists(other));
  assert_true(exists(path_of("data.123.tmp")));
  /* of all files of the folder */
  vqe_aside_sweep(path_of(""));
  assert_false(exists(other));
  assert_true(exists(living.name));
  vqe_aside_close(&living);
  unlink(link);
  unlink(path_of("data.123.tmp"));
}

static void folder_that_is_not_there_is_an_error(void **state)
{
  (void)state;
  struct vqe_aside aside;
  assert_int_equal(vqe_aside_open(&aside, path_of("none/data")), VQE_ERR_IO);
  assert_int_equal(errno, ENOENT);
  assert_non_null(strstr(vqe_error_message(), "none/data"));
  assert_int_equal(vqe_aside_write(path_of("none/data"), "x", 1), VQE_ERR_IO);
  vqe_aside_close(&aside);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_differ_and_files_have_the_usual_mode),
      cmocka_unit_test(link_at_the_place_is_replaced_not_followed),
      cmocka_unit_test(what_was_left_goes_and_what_is_written_stays),
      cmocka_unit_test(folder_that_is_not_there_is_an_error),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
