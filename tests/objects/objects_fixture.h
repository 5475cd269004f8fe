/* What the tests of object stores share: a folder of their own as a store,
 * and a look at the last message. */
#ifndef VQE_TEST_OBJECTS_FIXTURE_H
#define VQE_TEST_OBJECTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "objects/objects.h"
#include "vqe/error.h"

struct objects_fixture {
  char folder[64]; /* absolute */
  struct vqe_objects *objects;
};

static inline int objects_remove_one(const char *path, const struct stat *info,
                                     int kind, struct FTW *ftw)
{
  (void)info;
  (void)kind;
  (void)ftw;
  return remove(path);
}

static inline int objects_setup(void **state)
{
  struct objects_fixture *fixture = calloc(1, sizeof *fixture);
  strcpy(fixture->folder, "/tmp/vqe-t-objects-XXXXXX");
  if (mkdtemp(fixture->folder) == NULL ||
      vqe_objects_open(&fixture->objects, fixture->folder, NULL) != 0) {
    return -1;
  }
  *state = fixture;
  return 0;
}

static inline int objects_teardown(void **state)
{
  struct objects_fixture *fixture = *state;
  vqe_objects_close(fixture->objects);
  nftw(fixture->folder, objects_remove_one, 16, FTW_DEPTH | FTW_PHYS);
  free(fixture);
  return 0;
}

static inline void assert_says(const char *part)
{
  if (strstr(vqe_error_message(), part) == NULL) {
    fail_msg("'%s' is not in: %s", part, vqe_error_message());
  }
}

#endif
