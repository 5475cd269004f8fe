/* Files that decide something are the user's own, and no links. */
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

#include "base/own_file.h"
#include "vqe/error.h"

static char folder[32];
static char path[64];

static int make_folder(void **state)
{
  (void)state;
  strcpy(folder, "/tmp/vqe-own-XXXXXX");
  if (mkdtemp(folder) == NULL) {
    return -1;
  }
  snprintf(path, sizeof path, "%s/journal", folder);
  return 0;
}

static int remove_folder(void **state)
{
  (void)state;
  return rmdir(folder);
}

static void refused(const char *word)
{
  int descriptor = 7;
  assert_int_equal(vqe_own_file_open(&descriptor, path, O_RDONLY, "journal"),
                   VQE_ERR_INPUT);
  assert_int_equal(descriptor, -1);
  assert_non_null(strstr(vqe_error_message(), path));
  assert_non_null(strstr(vqe_error_message(), word));
}

static void own_file_is_made_and_read(void **state)
{
  (void)state;
  int descriptor;
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(vqe_own_file_read(&text, &size, path, 100, "journal"),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(
      vqe_own_file_open(&descriptor, path, O_RDWR | O_CREAT, "journal"), 0);
  assert_int_equal(write(descriptor, "abc", 3), 3);
  close(descriptor);
  assert_int_equal(vqe_own_file_read(&text, &size, path, 100, "journal"), 0);
  assert_string_equal(text, "abc");
  free(text);
  assert_int_equal(vqe_own_file_read(&text, &size, path, 2, "journal"),
                   VQE_ERR_INPUT);
  unlink(path);
}

static void links_folders_and_pipes_are_refused(void **state)
{
  (void)state;
  assert_int_equal(symlink("/etc/passwd", path), 0);
  refused("symbolic link");
  unlink(path);
  assert_int_equal(mkdir(path, 0777), 0);
  refused("directory");
  assert_int_equal(vqe_own_file_folder(path, "the folder"), 0);
  rmdir(path);
  /* without a writer it would be waited for */
  assert_int_equal(mkfifo(path, 0666), 0);
  refused("regular");
  unlink(path);
}

static void file_of_another_user_is_refused(void **state)
{
  (void)state;
  if (geteuid() != 0) {
    skip();
  }
  int descriptor = open(path, O_WRONLY | O_CREAT, 0666);
  assert_true(descriptor >= 0);
  close(descriptor);
  assert_int_equal(chown(path, 65534, 65534), 0);
  refused("belongs to");
  unlink(path);
  assert_int_equal(mkdir(path, 0777), 0);
  assert_int_equal(chown(path, 65534, 65534), 0);
  assert_int_equal(vqe_own_file_folder(path, "the folder"), VQE_ERR_INPUT);
  rmdir(path);
  /* a link of another leads where he likes */
  assert_int_equal(symlink("/", path), 0);
  assert_int_equal(lchown(path, 65534, 65534), 0);
  assert_int_equal(vqe_own_file_folder(path, "the folder"), VQE_ERR_INPUT);
  unlink(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(own_file_is_made_and_read),
      cmocka_unit_test(links_folders_and_pipes_are_refused),
      cmocka_unit_test(file_of_another_user_is_refused),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
