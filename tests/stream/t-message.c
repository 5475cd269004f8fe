/* Lists of messages: their order, and the bytes that they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "stream/message.h"

static struct vqe_message *make(size_t size)
{
  struct vqe_message *message = calloc(1, sizeof *message);
  message->data = size == 0 ? NULL : calloc(size, 1);
  message->size = size == 0 ? 100 : size; /* of one whose bytes are dropped */
  return message;
}

static void assert_holds(const struct vqe_message_list *list, size_t count,
                         size_t bytes)
{
  const struct vqe_message *message = list->first;
  const struct vqe_message *previous = NULL;
  assert_int_equal(list->count, count);
  assert_int_equal(list->bytes, bytes);
  for (size_t k = 0; k < count; k++) {
    assert_non_null(message);
    assert_ptr_equal(message->previous, previous);
    previous = message;
    message = message->next;
  }
  assert_null(message);
  assert_ptr_equal(list->last, previous);
}

static void messages_are_taken_in_the_order_they_came(void **state)
{
  struct vqe_message_list list = {0};
  struct vqe_message *a = make(1);
  struct vqe_message *b = make(2);
  (void)state;
  vqe_messages_add(&list, a);
  vqe_messages_add(&list, b);
  assert_holds(&list, 2, 3);
  assert_ptr_equal(vqe_messages_take(&list), a);
  assert_holds(&list, 1, 2);
  /* one that was put back is the next again */
  vqe_messages_put_back(&list, a);
  assert_holds(&list, 2, 3);
  assert_ptr_equal(vqe_messages_take(&list), a);
  assert_ptr_equal(vqe_messages_take(&list), b);
  assert_holds(&list, 0, 0);
  assert_null(vqe_messages_take(&list));
  vqe_messages_put_back(&list, b);
  assert_holds(&list, 1, 2);
  vqe_messages_clear(&list);
  vqe_message_free(a);
}

static void message_is_removed_from_any_place(void **state)
{
  (void)state;
  for (int place = 0; place < 3; place++) {
    struct vqe_message_list list = {0};
    struct vqe_message *messages[3];
    for (size_t k = 0; k < 3; k++) {
      messages[k] = make(k + 1);
      vqe_messages_add(&list, messages[k]);
    }
    vqe_messages_remove(&list, messages[place]);
    assert_holds(&list, 2, 6 - (size_t)(place + 1));
    vqe_message_free(messages[place]);
    vqe_messages_clear(&list);
    assert_holds(&list, 0, 0);
  }
}

static void dropped_bytes_are_not_counted(void **state)
{
  struct vqe_message_list list = {0};
  struct vqe_message *message = make(7);
  (void)state;
  vqe_messages_add(&list, message);
  vqe_messages_add(&list, make(0));
  assert_holds(&list, 2, 7);
  vqe_messages_drop(&list, message);
  assert_holds(&list, 2, 0);
  assert_null(message->data);
  vqe_messages_remove(&list, message);
  assert_holds(&list, 1, 0);
  vqe_message_free(message);
  vqe_messages_clear(&list);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_are_taken_in_the_order_they_came),
      cmocka_unit_test(message_is_removed_from_any_place),
      cmocka_unit_test(dropped_bytes_are_not_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
