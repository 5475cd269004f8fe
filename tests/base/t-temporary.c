/* Temporary folders: mode, removal, and which ones of others go. */
#include "base/temporary.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "vqe/error.h"

static char folder[] = "/tmp/t-temporary-XXXXXX";
static char prefix[64];

static void write_in(const char *path, const char *name, const char *text)
{
  char whole[128];
  snprintf(whole, sizeof whole, "%s/%s", path, name);
  FILE *file = fopen(whole, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

/* A folder whose process was killed; its path. */
static void leave(char path[128])
{
  int ends[2];
  int state = 0;
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    struct vqe_temporary made;
    int status = vqe_temporary_make(&made, prefix);
    size_t size = strlen(made.path) + 1;
    if (status != VQE_OK || write(ends[1], made.path, size) != (ssize_t)size) {
      _exit(1);
    }
    raise(SIGKILL);
  }
  close(ends[1]);
  assert_true(read(ends[0], path, 128) > 0);
  close(ends[0]);
  assert_int_equal(waitpid(child, &state, 0), child);
  assert_true(WIFSIGNALED(state));
  write_in(path, "rows", "left");
}

static void is_entered_by_its_owner_alone(void **state)
{
  struct vqe_temporary made;
  struct stat info;
  (void)state;
  mode_t mask = umask(0);
  assert_int_equal(vqe_temporary_make(&made, prefix), VQE_OK);
  umask(mask);
  assert_int_equal(stat(made.path, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0700);
  write_in(made.path, "file", "x");
  char *path = strdup(made.path);
  vqe_temporary_remove(&made);
  assert_null(made.path);
  assert_int_not_equal(access(path, F_OK), 0);
  vqe_temporary_remove(&made);
  free(path);
}

static void goes_with_the_next_after_a_kill(void **state)
{
  struct vqe_temporary living;
  struct vqe_temporary made;
  char left[128];
  (void)state;
  assert_int_equal(vqe_temporary_make(&living, prefix), VQE_OK);
  leave(left);
  assert_int_equal(access(left, F_OK), 0);
  assert_int_equal(vqe_temporary_make(&made, prefix), VQE_OK);
  assert_int_not_equal(access(left, F_OK), 0);
  assert_int_equal(access(living.path, F_OK), 0);
  vqe_temporary_remove(&made);
  vqe_temporary_remove(&living);
}

static void stays_where_it_may_be_in_use(void **state)
{
  struct vqe_temporary made;
  char other[128], left[128], link[80], named[80], target[80];
  (void)state;
  /* of another host: its locks may end there */
  leave(left);
  write_in(left, ".owner", "elsewhere");
  /* being made */
  snprintf(other, sizeof other, "%sabcdef", prefix);
  assert_int_equal(mkdir(other, 0700), 0);
  /* what is no folder of ours */
  snprintf(target, sizeof target, "%s/target", folder);
  assert_int_equal(mkdir(target, 0700), 0);
  write_in(target, "file", "x");
  snprintf(link, sizeof link, "%sghijkl", prefix);
  assert_int_equal(symlink(target, link), 0);
  snprintf(named, sizeof named, "%slonger-name", prefix);
  assert_int_equal(mkdir(named, 0700), 0);
  assert_int_equal(vqe_temporary_make(&made, prefix), VQE_OK);
  assert_int_equal(access(left, F_OK), 0);
  assert_int_equal(access(other, F_OK), 0);
  assert_int_equal(access(link, F_OK), 0);
  assert_int_equal(access(named, F_OK), 0);
  vqe_temporary_remove(&made);
  vqe_temporary_remove_tree(left);
  vqe_temporary_remove_tree(link);
  snprintf(named, sizeof named, "%s/file", target);
  assert_int_equal(access(named, F_OK), 0);
  assert_int_equal(rmdir(other), 0);
}

static void that_of_another_user_stays(void **state)
{
  struct vqe_temporary made;
  char left[128];
  (void)state;
  if (geteuid() != 0) {
    skip();
  }
  leave(left);
  assert_int_equal(chown(left, 12345, (gid_t)-1), 0);
  assert_int_equal(vqe_temporary_make(&made, prefix), VQE_OK);
  assert_int_equal(access(left, F_OK), 0);
  vqe_temporary_remove(&made);
  vqe_temporary_remove_tree(left);
}

#define FILES 20000

/* Wait until the files of `path`/d begin to go, then put a link to
 * `path`/kept there. */
static void *put_link(void *path)
{
  char from[160], aside[160], to[160];
  snprintf(from, sizeof from, "%s/d", (char *)path);
  snprintf(aside, sizeof aside, "%s/e", (char *)path);
  snprintf(to, sizeof to, "%s-kept", (char *)path);
  for (int tries = 0; tries < 100000; tries++) {
    int gone = 0;
    for (int k = 0; k < FILES && gone == 0; k += 100) {
      char name[192];
      snprintf(name, sizeof name, "%s/%d", from, k);
      gone = access(name, F_OK) != 0;
    }
    if (gone) {
      break;
    }
  }
  (void)rename(from, aside);
  return symlink(to, from) == 0 ? NULL : path;
}

static void a_link_that_comes_meanwhile_leads_removal_nowhere(void **state)
{
  char path[128], other[160], inner[160];
  pthread_t neighbour;
  int left = 0;
  (void)state;
  snprintf(path, sizeof path, "%s/tree", folder);
  snprintf(other, sizeof other, "%s-kept", path);
  snprintf(inner, sizeof inner, "%s/d", path);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_int_equal(mkdir(inner, 0700), 0);
  assert_int_equal(mkdir(other, 0700), 0);
  for (int k = 0; k < FILES; k++) {
    char name[16];
    snprintf(name, sizeof name, "%d", k);
    write_in(inner, name, "");
    write_in(other, name, "");
  }
  assert_int_equal(pthread_create(&neighbour, NULL, put_link, path), 0);
  vqe_temporary_remove_tree(path);
  assert_int_equal(pthread_join(neighbour, NULL), 0);
  for (int k = 0; k < FILES; k++) {
    char name[192];
    snprintf(name, sizeof name, "%s/%d", other, k);
    left += access(name, F_OK) == 0;
  }
  assert_int_equal(left, FILES);
  vqe_temporary_remove_tree(other);
  vqe_temporary_remove_tree(path);
  assert_int_not_equal(access(path, F_OK), 0);
}

static void says_where_none_can_be_made(void **state)
{
  struct vqe_temporary made;
  (void)state;
  assert_int_not_equal(vqe_temporary_make(&made, "/nowhere/at/all/x-"),
                       VQE_OK);
  assert_null(made.path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_entered_by_its_owner_alone),
      cmocka_unit_test(goes_with_the_next_after_a_kill),
      cmocka_unit_test(stays_where_it_may_be_in_use),
      cmocka_unit_test(that_of_another_user_stays),
      cmocka_unit_test(a_link_that_comes_meanwhile_leads_removal_nowhere),
      cmocka_unit_test(says_where_none_can_be_made),
  };
  if (mkdtemp(folder) == NULL) {
    return 1;
  }
  snprintf(prefix, sizeof prefix, "%s/vqe-test-", folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  vqe_temporary_remove_tree(folder);
  return failed;
}
