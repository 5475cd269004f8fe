/* Two processes that want the same lock again and again. */
#ifndef VQE_TEST_LOCK_RACE_H
#define VQE_TEST_LOCK_RACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects/objects_lock.h"
#include "vqe/error.h"

#define LOCK_RACE_ROUNDS 50

/* Enter and leave `rounds` times; a file that must not be there while inside
 * is the witness. Returns 0, or 1 with what went wrong on stderr. */
static inline int lock_race_run(struct vqe_objects *objects,
                                const char *witness)
{
  for (int round = 0; round < LOCK_RACE_ROUNDS; round++) {
    struct vqe_lock *lock = NULL;
    if (vqe_lock_acquire(&lock, objects, "t-lock", 60.0) != 0) {
      fprintf(stderr, "round %d: %s\n", round, vqe_error_message());
      return 1;
    }
    int file = open(witness, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (file < 0) {
      fprintf(stderr, "round %d: both are inside\n", round);
      return 1;
    }
    close(file);
    usleep(3000);
    unlink(witness);
    if (vqe_lock_release(lock) != 0) {
      fprintf(stderr, "round %d: %s\n", round, vqe_error_message());
      return 1;
    }
  }
  return 0;
}

/* `objects[k]` is the handle of process k, opened beforehand. */
static inline void lock_race(struct vqe_objects *objects[2])
{
  char witness[64];
  pid_t child[2];
  snprintf(witness, sizeof witness, "/tmp/vqe-t-lock-%ld", (long)getpid());
  for (int k = 0; k < 2; k++) {
    child[k] = fork();
    assert_true(child[k] >= 0);
    if (child[k] == 0) {
      _exit(lock_race_run(objects[k], witness));
    }
  }
  int failed = 0;
  for (int k = 0; k < 2; k++) {
    int status = 0;
    assert_int_equal(waitpid(child[k], &status, 0), child[k]);
    failed += status != 0;
  }
  unlink(witness);
  assert_int_equal(failed, 0);
}

#endif
