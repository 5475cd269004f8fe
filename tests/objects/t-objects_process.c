/* Processes that hold something, and whether they have ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "objects/objects_process.h"

/* A child that lives until the pipe ends, and what it says of itself. */
static pid_t start_child(char process[VQE_OBJECTS_PROCESS_SIZE], int *hold)
{
  int up[2];
  int down[2];
  assert_int_equal(pipe(up), 0);
  assert_int_equal(pipe(down), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    char mine[VQE_OBJECTS_PROCESS_SIZE] = "";
    char byte;
    close(down[1]);
    vqe_objects_process(mine);
    ssize_t done = write(up[1], mine, sizeof mine);
    done += read(down[0], &byte, 1);
    _exit(done > 0 ? 0 : 1);
  }
  close(down[0]);
  close(up[1]);
  assert_int_equal(read(up[0], process, VQE_OBJECTS_PROCESS_SIZE),
                   VQE_OBJECTS_PROCESS_SIZE);
  close(up[0]);
  *hold = down[1];
  return child;
}

static void process_has_ended_once_it_is_gone(void **state)
{
  char process[VQE_OBJECTS_PROCESS_SIZE];
  int hold = -1;
  (void)state;
  pid_t child = start_child(process, &hold);
  assert_true(process[0] != '\0');
  assert_false(vqe_objects_process_ended(process, child));
  assert_int_equal(kill(child, SIGKILL), 0);
  /* also while nobody has waited for it */
  assert_int_equal(
      waitid(P_PID, (id_t)child, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
  assert_true(vqe_objects_process_ended(process, child));
  assert_int_equal(waitpid(child, NULL, 0), child);
  close(hold);
  assert_true(vqe_objects_process_ended(process, child));
}

static void number_of_another_process_does_not_count_as_running(void **state)
{
  char process[VQE_OBJECTS_PROCESS_SIZE];
  (void)state;
  vqe_objects_process(process);
  assert_false(vqe_objects_process_ended(process, getpid()));
  /* the same machine and number, another time of start */
  strrchr(process, ' ')[1] = '\0';
  strcat(process, "1");
  assert_true(vqe_objects_process_ended(process, getpid()));
}

static void process_of_elsewhere_is_never_said_to_have_ended(void **state)
{
  char process[VQE_OBJECTS_PROCESS_SIZE];
  int hold = -1;
  (void)state;
  pid_t child = start_child(process, &hold);
  close(hold);
  assert_int_equal(waitpid(child, NULL, 0), child);
  assert_true(vqe_objects_process_ended(process, child));
  process[0] = process[0] == '0' ? '1' : '0'; /* another boot */
  assert_false(vqe_objects_process_ended(process, child));
  assert_false(vqe_objects_process_ended("", child));
  assert_false(vqe_objects_process_ended("a b 1", child));
  assert_false(vqe_objects_process_ended(process, 0));
  assert_false(vqe_objects_process_ended(process, INT64_MAX));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(process_has_ended_once_it_is_gone),
      cmocka_unit_test(number_of_another_process_does_not_count_as_running),
      cmocka_unit_test(process_of_elsewhere_is_never_said_to_have_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
