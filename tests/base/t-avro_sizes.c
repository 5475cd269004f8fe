/* Avro binary whose lengths lie: refused before memory is taken, at the byte
 * where it is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/avro_sizes.h"
#include "vqe/error.h"

static int check(const char *schema_text, const void *data, size_t size)
{
  avro_schema_t schema;
  assert_int_equal(
      avro_schema_from_json_length(schema_text, strlen(schema_text), &schema),
      0);
  int status = vqe_sizes_check(schema, data, size, "message 7");
  avro_schema_decref(schema);
  return status;
}

#define CHECK(schema, bytes) check(schema, bytes, sizeof(bytes) - 1)
#define REFUSED(schema, bytes, reason)                                        \
  do {                                                                        \
    assert_int_equal(CHECK(schema, bytes), VQE_ERR_INPUT);                    \
    assert_non_null(strstr(vqe_error_message(), "message 7: damaged"));       \
    assert_non_null(strstr(vqe_error_message(), reason));                     \
  } while (0)

static void whole_values_pass(void **state)
{
  (void)state;
  assert_int_equal(CHECK("\"string\"", "\x06"
                                       "abc"),
                   0);
  assert_int_equal(CHECK("\"double\"", "12345678"), 0);
  assert_int_equal(
      CHECK("\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0);
  assert_int_equal(CHECK("[\"null\", \"int\"]", "\x02\x54"), 0);
  /* two blocks, the second with its bytes in front */
  assert_int_equal(CHECK("{\"type\": \"array\", \"items\": \"boolean\"}",
                         "\x04\x01\x00\x01\x02\x01\x00"),
                   0);
  assert_int_equal(
      CHECK("{\"type\": \"map\", \"values\": \"int\"}", "\x02\x02k\x04\x00"),
      0);
  assert_int_equal(
      CHECK("{\"type\": \"fixed\", \"name\": \"f\", \"size\": 3}", "abc"), 0);
  assert_int_equal(
      CHECK("{\"type\": \"record\", \"name\": \"r\", \"fields\": "
            "[{\"name\": \"a\", \"type\": \"float\"}, {\"name\": \"b\", "
            "\"type\": \"bytes\"}]}",
            "1234\x02x"),
      0);
}

static void lengths_beyond_the_end_are_refused(void **state)
{
  (void)state;
  REFUSED("\"string\"",
          "\x08"
          "abc",
          "byte 1: a length goes beyond the end");
  REFUSED("\"string\"", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
          "a length goes beyond the end");
  REFUSED("\"string\"", "\x01", "negative");
  REFUSED("\"bytes\"", "", "a number goes beyond the end");
  REFUSED("\"double\"", "1234567", "a length goes beyond the end");
  REFUSED("\"int\"", "\x80\x80", "a number goes beyond the end");
  REFUSED("\"long\"", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
          "more than 64 bits");
  REFUSED("[\"null\", \"int\"]", "\x04", "no such branch");
  REFUSED("[\"null\", \"int\"]", "\x01", "no such branch");
  REFUSED("{\"type\": \"fixed\", \"name\": \"f\", \"size\": "
          "4611686018427387904}",
          "abc", "a length goes beyond the end");
  REFUSED("\"int\"", "\x02\x02", "bytes are left over");
}

static void counts_beyond_the_bytes_are_refused(void **state)
{
  (void)state;
  /* 2^62 nulls take no byte */
  REFUSED("{\"type\": \"array\", \"items\": \"null\"}",
          "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "more items than bytes");
  REFUSED("{\"type\": \"array\", \"items\": \"double\"}",
          "\x80\x80\x80\x80\x80\x80\x80\x80\x40", "more items than bytes");
  REFUSED("{\"type\": \"map\", \"values\": \"null\"}",
          "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "no count");
}

/* A record that contains itself, as far as the data goes. */
static void nesting_has_an_end(void **state)
{
  (void)state;
  static const char schema[] =
      "{\"type\": \"record\", \"name\": \"r\", \"fields\": [{\"name\": "
      "\"next\", \"type\": [\"null\", \"r\"]}]}";
  char data[200];
  memset(data, 2, sizeof data);
  data[10] = 0;
  assert_int_equal(check(schema, data, 11), 0);
  data[10] = 2;
  data[199] = 0;
  assert_int_equal(check(schema, data, 200), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "nested too deeply"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_values_pass),
      cmocka_unit_test(lengths_beyond_the_end_are_refused),
      cmocka_unit_test(counts_beyond_the_bytes_are_refused),
      cmocka_unit_test(nesting_has_an_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
