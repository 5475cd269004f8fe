/* Confluent's wire format against bytes written down by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream/wire.h"
#include "vqe/error.h"

static void head_and_payload_are_encoded(void **state)
{
  static const uint8_t expected[] = {0, 0x01, 0x02, 0x03, 0x04, 'a', 0, 'b'};
  uint8_t *data = NULL;
  size_t size = 0;
  (void)state;
  assert_int_equal(
      vqe_wire_encode(&data, &size, 0x01020304, (const uint8_t *)"a\0b", 3),
      VQE_OK);
  assert_int_equal(size, sizeof expected);
  assert_memory_equal(data, expected, sizeof expected);
  free(data);
}

static void other_formats_are_refused(void **state)
{
  static const uint8_t good[] = {0, 0, 0, 1, 0x2c, 9, 8};
  static const uint8_t bare[] = {0, 0x7f, 0xff, 0xff, 0xff};
  static const uint8_t json[] = "{\"vqe\": 1}";
  const uint8_t *payload = NULL;
  size_t size = 0;
  uint32_t id = 0;
  (void)state;
  assert_int_equal(vqe_wire_decode(&id, &payload, &size, good, sizeof good),
                   VQE_OK);
  assert_int_equal(id, 300);
  assert_int_equal(size, 2);
  assert_ptr_equal(payload, good + 5);
  assert_int_equal(vqe_wire_decode(&id, &payload, &size, bare, sizeof bare),
                   VQE_OK);
  assert_int_equal(id, INT32_MAX);
  assert_int_equal(size, 0);
  assert_int_equal(vqe_wire_decode(&id, &payload, &size, good, 4),
                   VQE_ERR_INPUT);
  assert_int_equal(vqe_wire_decode(&id, &payload, &size, json, sizeof json),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "0x7b"));
}

/* The head has all four bytes for the id. */
static void ids_above_2_to_31_are_kept(void **state)
{
  static const uint32_t ids[] = {0x80000000u, 0x80000001u, UINT32_MAX};
  (void)state;
  for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
    uint8_t *data = NULL;
    const uint8_t *payload = NULL;
    size_t size = 0;
    uint32_t id = 0;
    assert_int_equal(
        vqe_wire_encode(&data, &size, ids[k], (const uint8_t *)"x", 1),
        VQE_OK);
    assert_int_equal(vqe_wire_decode(&id, &payload, &size, data, size),
                     VQE_OK);
    assert_true(id == ids[k]);
    free(data);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(head_and_payload_are_encoded),
      cmocka_unit_test(other_formats_are_refused),
      cmocka_unit_test(ids_above_2_to_31_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
