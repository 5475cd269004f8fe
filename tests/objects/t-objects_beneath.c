/* Names below a folder: by openat2() and part by part the same is found, and
 * no link is followed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects/objects_beneath.h"

struct fixture {
  char folder[64];
  int root;
};

static int set_up(void **state)
{
  static struct fixture fixture;
  snprintf(fixture.folder, sizeof fixture.folder, "t-beneath-XXXXXX");
  if (mkdtemp(fixture.folder) == NULL) {
    return -1;
  }
  *state = &fixture;
  return vqe_objects_beneath_root(&fixture.root, fixture.folder);
}

static int tear_down(void **state)
{
  const struct fixture *fixture = *state;
  char command[128];
  close(fixture->root);
  snprintf(command, sizeof command, "rm -rf '%s'", fixture->folder);
  return system(command);
}

typedef int (*open_fn)(int *, int, const char *, int);

static const open_fn ways[] = {vqe_objects_beneath_open,
                               vqe_objects_beneath_walk};

static void both_ways_find_the_same(void **state)
{
  const struct fixture *fixture = *state;
  static const struct {
    const char *key;
    int flags, code;
  } cases[] = {
      {"a/b/file", O_RDONLY, 0},
      {"a/b/file", O_PATH, 0},
      {"a/b", O_RDONLY | O_DIRECTORY, 0},
      {"a/b/", O_RDONLY | O_DIRECTORY, 0},
      {"", O_RDONLY | O_DIRECTORY, 0},
      {"a/none", O_RDONLY, ENOENT},
      {"none/file", O_RDONLY, ENOENT},
      {"a/b/file/below", O_RDONLY, ENOTDIR},
      {"../a", O_RDONLY, EXDEV},
      {"a/../../x", O_RDONLY, EXDEV},
      {"link", O_RDONLY, ELOOP},
      {"link", O_PATH, ELOOP},
      {"a/out", O_RDONLY | O_DIRECTORY, ELOOP},
      {"a/out/passwd", O_RDONLY, ELOOP},
      {"a/inside/file", O_RDONLY, ELOOP},
      {"broken", O_RDONLY, ELOOP},
  };
  assert_int_equal(mkdirat(fixture->root, "a", 0777), 0);
  assert_int_equal(mkdirat(fixture->root, "a/b", 0777), 0);
  int made = openat(fixture->root, "a/b/file", O_CREAT | O_WRONLY, 0600);
  assert_true(made >= 0);
  close(made);
  assert_int_equal(symlinkat("a/b/file", fixture->root, "link"), 0);
  assert_int_equal(symlinkat("/etc", fixture->root, "a/out"), 0);
  assert_int_equal(symlinkat("b", fixture->root, "a/inside"), 0);
  assert_int_equal(symlinkat("nowhere", fixture->root, "broken"), 0);
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    for (size_t w = 0; w < 2; w++) {
      int descriptor = -1;
      int code =
          ways[w](&descriptor, fixture->root, cases[k].key, cases[k].flags);
      if (code != cases[k].code) {
        print_message("'%s', way %zu: %s\n", cases[k].key, w, strerror(code));
      }
      assert_int_equal(code, cases[k].code);
      assert_int_equal(code == 0, descriptor >= 0);
      if (descriptor >= 0) {
        assert_int_not_equal(descriptor, fixture->root);
        close(descriptor);
      }
    }
  }
}

static void folders_are_made_below_and_behind_no_link(void **state)
{
  const struct fixture *fixture = *state;
  struct stat info;
  int folder = -1;
  assert_int_equal(
      vqe_objects_beneath_folder(&folder, fixture->root, "x/y/z/f", false),
      ENOENT);
  assert_int_equal(
      vqe_objects_beneath_folder(&folder, fixture->root, "x/y/z/f", true), 0);
  assert_int_equal(fstat(folder, &info), 0);
  assert_true(S_ISDIR(info.st_mode));
  close(folder);
  assert_int_equal(fstatat(fixture->root, "x/y/z", &info, 0), 0);
  assert_int_equal(mkdirat(fixture->root, "other", 0777), 0);
  assert_int_equal(symlinkat("../other", fixture->root, "x/l"), 0);
  assert_int_equal(
      vqe_objects_beneath_folder(&folder, fixture->root, "x/l/n/f", true),
      ELOOP);
  assert_int_not_equal(fstatat(fixture->root, "other/n", &info, 0), 0);
  assert_int_equal(
      vqe_objects_beneath_folder(&folder, fixture->root, "f", false), 0);
  close(folder);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(both_ways_find_the_same, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(
          folders_are_made_below_and_behind_no_link, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
