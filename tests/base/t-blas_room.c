/* Address space for OpenBLAS, under limits of the shell. Each case has a
 * process of its own, as limits stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/blas_room.h"
#include "base/error_message.h"
#include "base/machine.h"
#include "base/memory.h"
#include "vqe/error.h"

#define MB ((size_t)1 << 20)

/* Leave `left` bytes below the limit on `resource`. */
static void leave(int resource, size_t left)
{
  struct vqe_machine_limit found;
  struct rlimit limit = {.rlim_cur = (rlim_t)1 << 46,
                         .rlim_max = RLIM_INFINITY};
  (void)setrlimit((__rlimit_resource_t)resource, &limit);
  vqe_machine_limit(&found);
  limit.rlim_cur = found.used + left;
  (void)setrlimit((__rlimit_resource_t)resource, &limit);
}

/* Does `check` hold in a child process? */
static void in_child(bool (*check)(void))
{
  int code = -1;
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(check() ? 0 : 1);
  }
  assert_true(child > 0);
  assert_int_equal(waitpid(child, &code, 0), child);
  assert_true(WIFEXITED(code));
  assert_int_equal(WEXITSTATUS(code), 0);
}

static bool refused(int status, const char *name, const char *option)
{
  const char *text = vqe_error_message();
  if (status != VQE_ERR_MEMORY || strstr(text, name) == NULL ||
      strstr(text, option) == NULL || strstr(text, "raise it to") == NULL) {
    fprintf(stderr, "%d: %s\n", status, text);
    return false;
  }
  return true;
}

static bool small_space(void)
{
  leave(RLIMIT_AS, 100 * MB);
  return refused(vqe_blas_room_reserve(1), "address space", "ulimit -v") &&
         strstr(vqe_error_message(), "--threads") == NULL;
}

static bool small_data(void)
{
  leave(RLIMIT_DATA, 300 * MB);
  return vqe_blas_room_reserve(2) == VQE_OK &&
         refused(vqe_blas_room_reserve(7), "limit on data", "ulimit -d") &&
         strstr(vqe_error_message(), "--threads 1") != NULL;
}

static bool enough(void)
{
  leave(RLIMIT_AS, 600 * MB);
  return vqe_memory_room(2, 200 * MB, "a start needs", "") == VQE_OK &&
         vqe_blas_room_reserve(3) == VQE_OK &&
         vqe_blas_room_reserve(2) == VQE_OK &&
         refused(vqe_memory_room(5, 150 * MB, "a start needs", ""),
                 "address space", "a start");
}

static bool memory_left(void)
{
  leave(RLIMIT_AS, 200 * MB);
  uint64_t left = vqe_memory_available();
  return left <= 200 * MB && left > 100 * MB && !vqe_memory_fits(300 * MB);
}

static void little_address_space_is_refused_with_the_limit(void **state)
{
  (void)state;
  in_child(small_space);
}

static void a_limit_on_data_counts_and_fewer_threads_are_named(void **state)
{
  (void)state;
  in_child(small_data);
}

static void what_fits_is_reserved_once(void **state)
{
  (void)state;
  in_child(enough);
}

static void memory_in_use_counts_against_the_limit(void **state)
{
  (void)state;
  in_child(memory_left);
}

static void without_a_limit_there_is_room(void **state)
{
  (void)state;
  assert_int_equal(vqe_blas_room_reserve(4), VQE_OK);
  assert_int_equal(vqe_memory_room(1, 64 * MB, "a start needs", ""), VQE_OK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(little_address_space_is_refused_with_the_limit),
      cmocka_unit_test(a_limit_on_data_counts_and_fewer_threads_are_named),
      cmocka_unit_test(what_fits_is_reserved_once),
      cmocka_unit_test(memory_in_use_counts_against_the_limit),
      cmocka_unit_test(without_a_limit_there_is_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
