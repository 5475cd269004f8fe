/* Messages: sizes that are refused, and one that is not what is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "batch/fake_transport.h"
#include "vqe/error.h"

static void earliest_message_of_a_kind_is_found_and_stays(void **state)
{
  (void)state;
  struct fake_net net;
  struct vqe_transport_head found;
  uint8_t *data = NULL;
  fake_init(&net);
  struct vqe_transport zero = fake_transport(&net, 0);
  struct vqe_transport one = fake_transport(&net, 1);
  assert_false(
      vqe_transport_probe(&zero, &found, VQE_TRANSPORT_ANYONE, VQE_TAG_ANY));
  assert_int_equal(vqe_transport_send(&one, 0, VQE_TAG_RESULT, "abc", 3), 0);
  assert_int_equal(vqe_transport_send(&one, 0, VQE_TAG_ASK, "de", 2), 0);
  for (int k = 0; k < 2; k++) {
    vqe_transport_wait(&zero, &found, VQE_TRANSPORT_ANYONE, VQE_TAG_ANY);
    assert_int_equal(found.tag, VQE_TAG_RESULT);
    assert_int_equal(found.from, 1);
    assert_int_equal(found.size, 3);
  }
  assert_false(vqe_transport_probe(&zero, &found, 2, VQE_TAG_ANY));
  assert_int_equal(vqe_transport_receive(&data, &zero, &found), 0);
  assert_memory_equal(data, "abc", 3);
  assert_true(vqe_transport_probe(&zero, &found, 1, VQE_TAG_ASK));
  free(data);
  fake_clear(&net);
}

static void message_above_two_gigabytes_is_refused_and_not_sent(void **state)
{
  (void)state;
  struct fake_net net;
  fake_init(&net);
  struct vqe_transport one = fake_transport(&net, 1);
  assert_int_equal(vqe_transport_send(&one, 0, VQE_TAG_RESULT, NULL,
                                      (size_t)VQE_TRANSPORT_MOST + 1),
                   VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "safe in the journal"));
  assert_int_equal(net.sent, 0);
  fake_clear(&net);
}

static void message_of_another_size_is_an_error_and_is_taken(void **state)
{
  (void)state;
  struct fake_net net;
  struct vqe_transport_head found;
  struct vqe_transport_ask ask = {3, 4, 0};
  struct vqe_transport_ask got = {0, 0, 0};
  fake_init(&net);
  struct vqe_transport zero = fake_transport(&net, 0);
  fake_put(&net, 2, 0, VQE_TAG_ASK, "12345", 5);
  fake_put(&net, 2, 0, VQE_TAG_ASK, &ask, sizeof ask);
  vqe_transport_wait(&zero, &found, 2, VQE_TAG_ASK);
  assert_int_equal(vqe_transport_receive_into(&got, sizeof got, &zero, &found),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "rank 2 sent a message of 5"));
  vqe_transport_wait(&zero, &found, 2, VQE_TAG_ASK);
  assert_int_equal(vqe_transport_receive_into(&got, sizeof got, &zero, &found),
                   0);
  assert_int_equal(got.idle, 3);
  assert_int_equal(got.lanes, 4);
  fake_clear(&net);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(earliest_message_of_a_kind_is_found_and_stays),
      cmocka_unit_test(message_above_two_gigabytes_is_refused_and_not_sent),
      cmocka_unit_test(message_of_another_size_is_an_error_and_is_taken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
