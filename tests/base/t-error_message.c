/* The message of a thread: set, put into context, cut, and never shared. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error_message.h"

static void status_comes_back_with_its_message(void **state)
{
  (void)state;
  assert_int_equal(vqe_error_set(VQE_ERR_INPUT, "key '%s'", "basis"),
                   VQE_ERR_INPUT);
  assert_string_equal(vqe_error_message(), "key 'basis'");
  assert_int_equal(vqe_error_context(VQE_ERR_IO, "file %d", 3), VQE_ERR_IO);
  assert_string_equal(vqe_error_message(), "file 3: key 'basis'");
}

static void message_may_be_an_argument_of_the_next_one(void **state)
{
  (void)state;
  (void)vqe_error_set(VQE_ERR_INPUT, "inner");
  (void)vqe_error_set(VQE_ERR_INPUT, "outer (%s)", vqe_error_message());
  assert_string_equal(vqe_error_message(), "outer (inner)");
}

static void long_messages_are_cut_at_the_end(void **state)
{
  (void)state;
  char text[3000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  (void)vqe_error_set(VQE_ERR_INPUT, "%s", text);
  size_t length = strlen(vqe_error_message());
  assert_true(length > 500 && length < sizeof text);
  (void)vqe_error_context(VQE_ERR_INPUT, "front");
  assert_memory_equal(vqe_error_message(), "front: xxx", 10);
  assert_int_equal(strlen(vqe_error_message()), length);
  (void)vqe_error_context(VQE_ERR_INPUT, "%s", text);
  assert_int_equal(strlen(vqe_error_message()), length);
}

static void *set_in_thread(void *context)
{
  (void)context;
  (void)vqe_error_set(VQE_ERR_INPUT, "of the other thread");
  return NULL;
}

static void context_is_not_said_twice(void **state)
{
  (void)state;
  (void)vqe_error_set(VQE_ERR_INPUT, "table 'x': no rows");
  assert_int_equal(vqe_error_context(VQE_ERR_INPUT, "table '%s'", "x"),
                   VQE_ERR_INPUT);
  assert_string_equal(vqe_error_message(), "table 'x': no rows");
  (void)vqe_error_context(VQE_ERR_INPUT, "table");
  assert_string_equal(vqe_error_message(), "table: table 'x': no rows");
}

static void threads_do_not_see_each_others_message(void **state)
{
  (void)state;
  pthread_t thread;
  (void)vqe_error_set(VQE_ERR_INPUT, "of this thread");
  assert_int_equal(pthread_create(&thread, NULL, set_in_thread, NULL), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_string_equal(vqe_error_message(), "of this thread");
}

static void every_status_has_a_name_of_its_own(void **state)
{
  (void)state;
  static const int statuses[] = {
      VQE_OK,         VQE_ERR_INPUT,       VQE_ERR_MEMORY,
      VQE_ERR_IO,     VQE_ERR_NUMERIC,     VQE_ERR_UNSUPPORTED,
      VQE_ERR_EXISTS, VQE_ERR_INTERRUPTED, VQE_ERR_NOT_FOUND,
  };
  const size_t count = sizeof statuses / sizeof statuses[0];
  for (size_t k = 0; k < count; k++) {
    assert_string_not_equal(vqe_error_name(statuses[k]), "unknown");
    for (size_t l = 0; l < k; l++) {
      assert_string_not_equal(vqe_error_name(statuses[k]),
                              vqe_error_name(statuses[l]));
    }
  }
  assert_string_equal(vqe_error_name(-12345), "unknown");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(status_comes_back_with_its_message),
      cmocka_unit_test(message_may_be_an_argument_of_the_next_one),
      cmocka_unit_test(long_messages_are_cut_at_the_end),
      cmocka_unit_test(context_is_not_said_twice),
      cmocka_unit_test(threads_do_not_see_each_others_message),
      cmocka_unit_test(every_status_has_a_name_of_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
