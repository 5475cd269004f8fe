/* Scratch folders: where they are made, and what is removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lake/scratch.h"
#include "vqe/error.h"

static char folder[] = "/tmp/t-scratch-XXXXXX";

static void make_place(char place[64])
{
  snprintf(place, 64, "%s/w", folder);
}

static void is_made_beside_a_local_warehouse(void **state)
{
  char place[64], start[80], inside[128];
  struct vqe_temporary scratch;
  (void)state;
  make_place(place);
  snprintf(start, sizeof start, "%s/.w.vqe-", folder);
  assert_int_equal(vqe_scratch_make(&scratch, NULL, place), VQE_OK);
  assert_memory_equal(scratch.path, start, strlen(start));
  snprintf(inside, sizeof inside, "%s/file", scratch.path);
  fclose(fopen(inside, "w"));
  vqe_temporary_remove(&scratch);
  assert_int_not_equal(access(inside, F_OK), 0);
  vqe_temporary_remove(&scratch);
}

static void named_folder_wins_and_must_be_there(void **state)
{
  char place[64];
  struct vqe_temporary scratch;
  (void)state;
  make_place(place);
  assert_int_equal(vqe_scratch_make(&scratch, folder, place), VQE_OK);
  assert_non_null(strstr(scratch.path, "/vqe-lake-"));
  vqe_temporary_remove(&scratch);
  assert_int_equal(vqe_scratch_make(&scratch, "/nowhere/at/all", NULL),
                   VQE_ERR_INPUT);
  assert_null(scratch.path);
  assert_non_null(strstr(vqe_error_message(), "--scratch"));
}

static void stale_folders_of_this_warehouse_alone_are_removed(void **state)
{
  char place[64], other[80];
  struct vqe_temporary ours;
  struct vqe_temporary stale;
  (void)state;
  make_place(place);
  snprintf(other, sizeof other, "%s/.x.vqe-abcdef", folder);
  assert_int_equal(mkdir(other, 0700), 0);
  assert_int_equal(vqe_scratch_make(&ours, NULL, place), VQE_OK);
  assert_int_equal(vqe_scratch_make(&stale, NULL, place), VQE_OK);
  vqe_scratch_remove_stale(place, ours.path);
  assert_int_not_equal(access(stale.path, F_OK), 0);
  assert_int_equal(access(ours.path, F_OK), 0);
  assert_int_equal(access(other, F_OK), 0);
  vqe_temporary_remove(&ours);
  vqe_temporary_remove(&stale);
}

static void
what_another_user_made_is_neither_followed_nor_removed(void **state)
{
  char place[64], theirs[96], link[96], target[96];
  struct vqe_temporary scratch;
  (void)state;
  if (geteuid() != 0) {
    skip();
  }
  make_place(place);
  snprintf(theirs, sizeof theirs, "%s/.w.vqe-abcdef", folder);
  snprintf(link, sizeof link, "%s/link", folder);
  snprintf(target, sizeof target, "%s/target", folder);
  assert_int_equal(mkdir(theirs, 0700), 0);
  assert_int_equal(chown(theirs, 12345, (gid_t)-1), 0);
  vqe_scratch_remove_stale(place, "");
  assert_int_equal(access(theirs, F_OK), 0);
  assert_int_equal(mkdir(target, 0700), 0);
  assert_int_equal(symlink(target, link), 0);
  assert_int_equal(vqe_scratch_make(&scratch, link, NULL), VQE_OK);
  vqe_temporary_remove(&scratch);
  assert_int_equal(lchown(link, 12345, (gid_t)-1), 0);
  assert_int_equal(vqe_scratch_make(&scratch, link, NULL), VQE_ERR_INPUT);
  assert_null(scratch.path);
  assert_non_null(strstr(vqe_error_message(), "link of another user"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_made_beside_a_local_warehouse),
      cmocka_unit_test(named_folder_wins_and_must_be_there),
      cmocka_unit_test(stale_folders_of_this_warehouse_alone_are_removed),
      cmocka_unit_test(what_another_user_made_is_neither_followed_nor_removed),
  };
  if (mkdtemp(folder) == NULL) {
    return 1;
  }
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  vqe_temporary_remove_tree(folder);
  return failed;
}
