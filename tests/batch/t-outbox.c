/* Messages that are on their way: who waits for them, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "batch/fake_transport.h"
#include "batch/outbox.h"
#include "vqe/error.h"

static int post(struct vqe_outbox *outbox, const struct vqe_transport *from,
                size_t size)
{
  uint8_t *data = malloc(size);
  memset(data, (int)size & 0xff, size);
  return vqe_outbox_send(outbox, from, 0, VQE_TAG_RESULT, data, size);
}

static void sender_goes_on_while_messages_are_on_their_way(void **state)
{
  (void)state;
  struct fake_net net;
  struct vqe_outbox outbox = {0};
  fake_init(&net);
  net.polls = 199 * 200 / 2 + 3; /* of the sends, and of the flush */
  struct vqe_transport one = fake_transport(&net, 1);
  for (size_t k = 1; k <= 200; k++) {
    assert_int_equal(post(&outbox, &one, k), 0);
  }
  assert_int_equal(net.on_way, 200);
  assert_int_equal(outbox.count, 200);
  assert_int_equal(outbox.bytes, 200 * 201 / 2);
  vqe_outbox_flush(&outbox, &one);
  assert_int_equal(net.on_way, 0);
  assert_int_equal(outbox.count, 0);
  assert_int_equal(outbox.bytes, 0);
  /* in order, each whole */
  for (size_t k = 1; k <= 200; k++) {
    struct fake_message *message = fake_take(&net, 0, 1, VQE_TAG_RESULT);
    assert_int_equal(message->head.size, k);
    assert_int_equal(message->data[k - 1], (uint8_t)k);
    fake_free(message);
  }
  fake_clear(&net);
}

static void what_has_arrived_is_freed_by_the_next_send(void **state)
{
  (void)state;
  struct fake_net net;
  struct vqe_outbox outbox = {0};
  fake_init(&net);
  struct vqe_transport one = fake_transport(&net, 1);
  for (size_t k = 0; k < 5; k++) {
    assert_int_equal(post(&outbox, &one, 10), 0);
    assert_int_equal(outbox.count, 1);
  }
  vqe_outbox_flush(&outbox, &one);
  fake_clear(&net);
}

static void sender_waits_when_much_is_on_its_way(void **state)
{
  (void)state;
  struct fake_net net;
  struct vqe_outbox outbox = {0};
  fake_init(&net);
  net.polls = 5;
  struct vqe_transport one = fake_transport(&net, 1);
  size_t half = VQE_OUTBOX_BYTES / 2;
  assert_int_equal(post(&outbox, &one, half), 0);
  assert_int_equal(post(&outbox, &one, half), 0);
  assert_int_equal(net.on_way, 2);
  assert_int_equal(post(&outbox, &one, 1), 0);
  assert_int_equal(net.on_way, 1);
  assert_int_equal(outbox.bytes, 1);
  vqe_outbox_flush(&outbox, &one);
  fake_clear(&net);
}

static void message_that_is_too_large_is_refused_and_freed(void **state)
{
  (void)state;
  struct fake_net net;
  struct vqe_outbox outbox = {0};
  fake_init(&net);
  struct vqe_transport one = fake_transport(&net, 1);
  assert_int_equal(vqe_outbox_send(&outbox, &one, 0, VQE_TAG_RESULT, malloc(8),
                                   (size_t)VQE_TRANSPORT_MOST + 1),
                   VQE_ERR_UNSUPPORTED);
  assert_int_equal(outbox.count, 0);
  assert_int_equal(net.sent, 0);
  vqe_outbox_flush(&outbox, &one);
  fake_clear(&net);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sender_goes_on_while_messages_are_on_their_way),
      cmocka_unit_test(what_has_arrived_is_freed_by_the_next_send),
      cmocka_unit_test(sender_waits_when_much_is_on_its_way),
      cmocka_unit_test(message_that_is_too_large_is_refused_and_freed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
