/* Files are read whole or not at all, and replaced whole or not at all. */
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

#include "base/file.h"
#include "vqe/error.h"

#define LIMIT ((size_t)1 << 20)

static char folder[32];

static int make_folder(void **state)
{
  (void)state;
  strcpy(folder, "/tmp/vqe-file-XXXXXX");
  return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
  (void)state;
  return rmdir(folder);
}

static const char *path_of(const char *name)
{
  static char path[64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void read_gives_back_what_write_stored(void **state)
{
  (void)state;
  /* around the size at which the reader's buffer grows */
  static const size_t sizes[] = {0, 1, 65534, 65535, 65536, 200000};
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    char *data = malloc(sizes[k] + 1);
    assert_non_null(data);
    for (size_t i = 0; i < sizes[k]; i++) {
      data[i] = (char)(i % 251);
    }
    const char *path = path_of("data");
    assert_int_equal(vqe_file_write(path, data, sizes[k]), VQE_OK);
    char *text = NULL;
    size_t size = 99;
    assert_int_equal(vqe_file_read(&text, &size, path, LIMIT), VQE_OK);
    assert_int_equal(size, sizes[k]);
    assert_memory_equal(text, data, size);
    assert_int_equal(text[size], '\0');
    free(text);
    free(data);
  }
  unlink(path_of("data"));
}

static void read_refuses_absent_large_and_folder(void **state)
{
  (void)state;
  char *text = NULL;
  size_t size = 0;
  const char *path = path_of("data");
  assert_int_equal(vqe_file_read(&text, &size, path, LIMIT),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_file_read(&text, &size, folder, LIMIT), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "is a directory"));
  assert_int_equal(vqe_file_write(path, "12345", 5), VQE_OK);
  assert_int_equal(vqe_file_read(&text, &size, path, 5), VQE_OK);
  free(text);
  text = NULL;
  assert_int_equal(vqe_file_read(&text, &size, path, 4), VQE_ERR_INPUT);
  assert_null(text);
  unlink(path);
}

/* A pipe has no size to look at before it is read. */
static void read_stops_a_pipe_at_the_limit(void **state)
{
  (void)state;
  int ends[2];
  char path[32];
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], "123456", 6), 6);
  close(ends[1]);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
  assert_int_equal(vqe_file_read(&text, &size, path, 5), VQE_ERR_INPUT);
  assert_null(text);
  close(ends[0]);
}

static void links_are_written_through_and_pipes_get_the_bytes(void **state)
{
  (void)state;
  char link[64];
  char *file = NULL;
  char *text = NULL;
  size_t size = 0;
  struct stat info;
  snprintf(link, sizeof link, "%s", path_of("link"));
  const char *path = path_of("behind");
  /* seen from where the link is, and before there is a file */
  assert_int_equal(symlink("behind", link), 0);
  assert_int_equal(vqe_file_follow(&file, link), VQE_OK);
  assert_string_equal(file, path);
  free(file);
  struct vqe_file_mark none = vqe_file_mark(link);
  assert_int_equal(vqe_file_write(link, "one", 3), VQE_OK);
  struct vqe_file_mark one = vqe_file_mark(link);
  assert_int_equal(vqe_file_write(link, "two", 3), VQE_OK);
  struct vqe_file_mark two = vqe_file_mark(path);
  assert_int_equal(vqe_file_read(&text, &size, path, LIMIT), VQE_OK);
  assert_string_equal(text, "two");
  free(text);
  assert_false(vqe_file_same(&none, &one));
  assert_false(vqe_file_same(&one, &two));
  assert_true(vqe_file_same(&two, &two));
  assert_int_equal(lstat(link, &info), 0);
  assert_true(S_ISLNK(info.st_mode));
  unlink(path);
  unlink(link);
  assert_int_equal(symlink("link", link), 0);
  assert_int_equal(vqe_file_follow(&file, link), VQE_ERR_INPUT);
  assert_null(file);
  unlink(link);
  assert_int_equal(vqe_file_write("/dev/null", "x", 1), VQE_OK);
  assert_int_equal(stat("/dev/null", &info), 0);
  assert_true(S_ISCHR(info.st_mode));
  assert_int_equal(vqe_file_write("/dev/full", "x", 1), VQE_ERR_IO);
}

static void errors_of_the_system_have_their_remedy(void **state)
{
  (void)state;
  static const struct {
    int code, status;
    const char *remedy;
  } cases[] = {{ENOENT, VQE_ERR_NOT_FOUND, "No such file"},
               {EACCES, VQE_ERR_INPUT, "change its permissions"},
               {EROFS, VQE_ERR_INPUT, "choose another place"},
               {ENAMETOOLONG, VQE_ERR_INPUT, "choose a shorter one"},
               {EISDIR, VQE_ERR_INPUT, "it is a folder"},
               {ENOTDIR, VQE_ERR_INPUT, "choose another place"},
               {ENOSPC, VQE_ERR_IO, "free some space"},
               {EFBIG, VQE_ERR_IO, "ulimit -f"},
               {EIO, VQE_ERR_IO, "error"}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    assert_int_equal(vqe_file_errno(cases[k].code, "writing", "/a/b"),
                     cases[k].status);
    assert_memory_equal(vqe_error_message(), "writing '/a/b': ", 16);
    assert_non_null(strstr(vqe_error_message(), cases[k].remedy));
  }
}

static void
failed_write_leaves_the_old_file_and_nothing_beside_it(void **state)
{
  (void)state;
  char inside[64];
  assert_int_equal(vqe_file_write("/nonexistent/x", "a", 1), VQE_ERR_IO);
  /* a folder in the way: the new file is complete but cannot take its name */
  const char *path = path_of("taken");
  assert_int_equal(mkdir(path, 0777), 0);
  snprintf(inside, sizeof inside, "%s/kept", path);
  assert_int_equal(vqe_file_write(inside, "old", 3), VQE_OK);
  assert_int_equal(vqe_file_write(path, "new", 3), VQE_ERR_IO);
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(vqe_file_read(&text, &size, inside, LIMIT), VQE_OK);
  assert_string_equal(text, "old");
  free(text);
  unlink(inside);
  assert_int_equal(rmdir(path), 0);
  /* remove_folder fails when something else is left */
}

static void names_are_resolved_from_the_folder_of_the_other_file(void **state)
{
  (void)state;
  static const struct {
    const char *base, *name, *path;
  } cases[] = {
      {"jobs/a.json", "b.xyz", "jobs/b.xyz"},
      {"jobs/a.json", "/b.xyz", "/b.xyz"},
      {"a.json", "b.xyz", "b.xyz"},
      {"/a.json", "b.xyz", "/b.xyz"},
      {NULL, "b.xyz", "b.xyz"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char *path = NULL;
    assert_int_equal(vqe_file_resolve(&path, cases[k].base, cases[k].name),
                     VQE_OK);
    assert_string_equal(path, cases[k].path);
    free(path);
  }
}

/* What is found is no pipe that would be waited for. */
static void found_pipes_and_folders_are_refused(void **state)
{
  char *text = NULL;
  size_t size;
  int descriptor;
  (void)state;
  const char *path = path_of("pipe");
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(vqe_file_open_regular(&descriptor, path), VQE_ERR_INPUT);
  assert_int_equal(vqe_file_read_regular(&text, &size, path, LIMIT),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "a pipe"));
  /* one of ours is the user's own */
  assert_int_equal(vqe_file_check_pipe(path), VQE_OK);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(vqe_file_read_regular(&text, &size, path, LIMIT),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_file_read_regular(&text, &size, folder, LIMIT),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "a directory"));
}

/* A pipe that another user made is neither read nor written, and a link of
 * theirs is one with slashes behind it, too. */
static void pipes_and_links_of_others_are_refused(void **state)
{
  char *text = NULL;
  size_t size;
  int descriptor;
  (void)state;
  if (geteuid() != 0) {
    skip();
  }
  const char *path = path_of("pipe");
  assert_int_equal(mkfifo(path, 0666), 0);
  assert_int_equal(chown(path, 65534, 65534), 0);
  assert_int_equal(vqe_file_read(&text, &size, path, LIMIT), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "pipe of another user"));
  assert_int_equal(vqe_file_write(path, "x", 1), VQE_ERR_INPUT);
  assert_int_equal(vqe_file_open_stream(&descriptor, path), VQE_ERR_INPUT);
  assert_int_equal(vqe_file_check_pipe(path), VQE_ERR_INPUT);
  assert_int_equal(unlink(path), 0);
  path = path_of("link");
  assert_int_equal(symlink(folder, path), 0);
  assert_int_equal(lchown(path, 65534, 65534), 0);
  assert_true(vqe_file_is_link_of_others(path));
  assert_true(vqe_file_is_link_of_others(path_of("link//")));
  assert_int_equal(unlink(path_of("link")), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(read_gives_back_what_write_stored),
      cmocka_unit_test(read_refuses_absent_large_and_folder),
      cmocka_unit_test(read_stops_a_pipe_at_the_limit),
      cmocka_unit_test(found_pipes_and_folders_are_refused),
      cmocka_unit_test(pipes_and_links_of_others_are_refused),
      cmocka_unit_test(links_are_written_through_and_pipes_get_the_bytes),
      cmocka_unit_test(errors_of_the_system_have_their_remedy),
      cmocka_unit_test(failed_write_leaves_the_old_file_and_nothing_beside_it),
      cmocka_unit_test(names_are_resolved_from_the_folder_of_the_other_file),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
