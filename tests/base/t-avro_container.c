/* Container files that were made to harm, or are damaged: bounded memory, and
 * what lies behind the damage is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/avro_container.h"
#include "base/avro_unpack.h"
#include "base/memory.h"
#include "vqe/error.h"

#define SYNC "0123456789abcdef"
#define MEGA ((size_t)1 << 20)

/* A file under construction. */
struct bytes {
  char *data;
  size_t size;
  FILE *stream;
};

static void put_number(FILE *to, int64_t value)
{
  uint64_t number = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
  for (; number > 127; number >>= 7) {
    putc((int)(number & 127) | 128, to);
  }
  putc((int)number, to);
}

static void put_text(FILE *to, const char *text)
{
  put_number(to, (int64_t)strlen(text));
  fputs(text, to);
}

static void begin(struct bytes *file, const char *schema, const char *codec)
{
  file->stream = open_memstream(&file->data, &file->size);
  assert_non_null(file->stream);
  fputs("Obj\1", file->stream);
  put_number(file->stream, 2);
  put_text(file->stream, "avro.schema");
  put_text(file->stream, schema);
  put_text(file->stream, "avro.codec");
  put_text(file->stream, codec);
  put_number(file->stream, 0);
  fwrite(SYNC, 1, 16, file->stream);
}

static void put_block(struct bytes *file, int64_t count, const void *data,
                      size_t size)
{
  put_number(file->stream, count);
  put_number(file->stream, (int64_t)size);
  fwrite(data, 1, size, file->stream);
  fwrite(SYNC, 1, 16, file->stream);
}

static void end(struct bytes *file)
{
  assert_int_equal(fclose(file->stream), 0);
}

/* Reads ints; those found, and what is passed over. */
struct found {
  int count, faults;
  int32_t last;
  uint64_t bytes, values;
  char reason[300];
};

static int read_ints(struct found *found, const struct bytes *file)
{
  struct vqe_container *container = NULL;
  FILE *stream = fmemopen(file->data, file->size, "rb");
  memset(found, 0, sizeof *found);
  assert_non_null(stream);
  int status = vqe_container_open(&container, stream, "file");
  for (bool more = status == VQE_OK; more && found->faults < 100;) {
    avro_value_t *value = NULL;
    uint64_t bytes = 0;
    uint64_t values = 0;
    int step = vqe_container_next(&value, container);
    if (step != VQE_OK) {
      assert_int_equal(step, VQE_ERR_INPUT);
      if (found->faults++ == 0) {
        snprintf(found->reason, sizeof found->reason, "%s",
                 vqe_error_message());
      }
      assert_int_equal(vqe_container_recover(&bytes, &values, container),
                       VQE_OK);
      assert_true(bytes > 0);
      found->bytes += bytes;
      found->values += values;
    } else if (value == NULL) {
      more = false;
    } else {
      avro_value_get_int(value, &found->last);
      found->count++;
    }
  }
  vqe_container_close(container);
  fclose(stream);
  return status;
}

static void refused(const struct bytes *file, int status, const char *words)
{
  struct found found;
  assert_int_equal(read_ints(&found, file), status);
  if (strstr(vqe_error_message(), words) == NULL) {
    fail_msg("'%s' is not in: %s", words, vqe_error_message());
  }
}

static void blocks_are_read_and_the_header_kept(void **state)
{
  (void)state;
  struct bytes file = {0};
  struct found found;
  struct vqe_container *container = NULL;
  begin(&file, "\"int\"", "null");
  put_block(&file, 2, "\x02\x04", 2);
  put_block(&file, 0, "", 0);
  put_block(&file, 1, "\x06", 1);
  end(&file);
  assert_int_equal(read_ints(&found, &file), VQE_OK);
  assert_int_equal(found.count, 3);
  assert_int_equal(found.last, 3);
  assert_int_equal(found.faults, 0);
  FILE *stream = fmemopen(file.data, file.size, "rb");
  size_t size = 0;
  const char *key = NULL;
  assert_int_equal(vqe_container_open(&container, stream, "file"), VQE_OK);
  assert_string_equal(vqe_container_meta(container, "avro.schema", &size),
                      "\"int\"");
  assert_int_equal(size, 5);
  assert_null(vqe_container_meta(container, "other", NULL));
  assert_int_equal(vqe_container_meta_count(container), 2);
  assert_string_equal(vqe_container_meta_at(container, 1, &key, &size),
                      "null");
  assert_string_equal(key, "avro.codec");
  vqe_container_close(container);
  fclose(stream);
  free(file.data);
}

/* One that is larger than what is read of most files. */
static void large_headers_are_read(void **state)
{
  (void)state;
  struct bytes file = {0};
  struct found found;
  char *doc = malloc(300000);
  assert_non_null(doc);
  snprintf(doc, 300000, "{\"type\":\"int\",\"doc\":\"%0200000d\"}", 0);
  begin(&file, doc, "null");
  put_block(&file, 2, "\x02\x04", 2);
  end(&file);
  assert_int_equal(read_ints(&found, &file), VQE_OK);
  assert_int_equal(found.count, 2);
  assert_int_equal(found.last, 2);
  free(doc);
  free(file.data);
}

static void hostile_headers_are_refused(void **state)
{
  (void)state;
  static const struct {
    const char *schema, *codec;
    int status;
    const char *words;
  } cases[] = {
      {"{\"type\": \"record\", \"name\": \"r\", \"fields\": [{\"name\": "
       "\"r\", \"type\": \"r\"}]}",
       "null", VQE_ERR_INPUT, "file: Avro schema: a type contains"},
      {"{", "null", VQE_ERR_INPUT, "file: not an Avro schema"},
      {"\"int\"", "zstandard", VQE_ERR_UNSUPPORTED, "'zstandard'"},
      {"\"int\"", "a\x1b[0m", VQE_ERR_UNSUPPORTED, "'a [0m'"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct bytes file = {0};
    begin(&file, cases[k].schema, cases[k].codec);
    end(&file);
    refused(&file, cases[k].status, cases[k].words);
    free(file.data);
  }
  struct bytes text = {.data = "Obj\1\x02\x16"
                               "avro.schema\xfe\xff\xff\x7f",
                       .size = 21};
  refused(&text, VQE_ERR_INPUT, "beyond the end");
  text = (struct bytes){.data = "Objects", .size = 7};
  refused(&text, VQE_ERR_INPUT, "not an Avro container");
}

static void damage_costs_its_block_alone(void **state)
{
  (void)state;
  struct found found;
  for (int kind = 0; kind < 6; kind++) {
    struct bytes file = {0};
    begin(&file, "\"int\"", "null");
    put_block(&file, 1, "\x02", 1);
    fflush(file.stream);
    size_t at = file.size;
    put_block(&file, 3, "\x04\x06\x08", 3);
    put_block(&file, 2, "\x0a\x0c", 2);
    end(&file);
    switch (kind) {
    case 0: /* a value that does not end: the number of values is known */
      file.data[at + 4] = (char)0xff;
      break;
    case 1: /* another size: no marker where it should be */
      file.data[at + 1] = 8;
      break;
    case 2: /* a size beyond the end */
      file.data[at + 1] = 126;
      break;
    case 3: /* a negative one */
      file.data[at + 1] = 7;
      break;
    case 4: /* a negative number of values */
      file.data[at] = 5;
      break;
    default: /* the marker */
      file.data[at + 6] ^= 1;
    }
    assert_int_equal(read_ints(&found, &file), VQE_OK);
    assert_int_equal(found.faults, 1);
    /* where the marker is gone, the next block is too */
    assert_int_equal(found.count, kind == 0 ? 5 : kind == 5 ? 1 : 3);
    assert_int_equal(found.last, kind == 5 ? 1 : 6);
    assert_int_equal(found.values, kind == 0 ? 1 : 0);
    assert_int_equal(found.bytes, kind == 5 ? 21 + 20 : 21);
    assert_non_null(strstr(found.reason, "file: damaged"));
    free(file.data);
  }
}

/* Raw deflate of `size` zeros. */
static void put_zeros(struct bytes *file, size_t size)
{
  z_stream stream;
  char *zeros = calloc(1, size);
  char *packed = malloc(size / 100 + 1000);
  assert_non_null(zeros);
  assert_non_null(packed);
  memset(&stream, 0, sizeof stream);
  assert_int_equal(
      deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
      Z_OK);
  stream.next_in = (Bytef *)zeros;
  stream.avail_in = (uInt)size;
  stream.next_out = (Bytef *)packed;
  stream.avail_out = (uInt)(size / 100 + 1000);
  assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
  put_block(file, (int64_t)size, packed, stream.total_out);
  deflateEnd(&stream);
  free(packed);
  free(zeros);
}

static void bombs_are_refused_and_the_rest_is_read(void **state)
{
  (void)state;
  struct bytes file = {0};
  struct found found;
  begin(&file, "\"int\"", "deflate");
  put_zeros(&file, 5);
  put_zeros(&file, 300 * MEGA);
  put_zeros(&file, 7);
  end(&file);
  assert_true(file.size < MEGA);
  assert_int_equal(read_ints(&found, &file), VQE_OK);
  assert_int_equal(found.count, 12);
  assert_int_equal(found.faults, 1);
  assert_non_null(strstr(found.reason, "unpack to more than"));
  free(file.data);
}

static void snappy_is_read_in_bounds(void **state)
{
  (void)state;
  /* "aaaaaaaaaa": length 10, a literal of one letter, a copy of 9 */
  static const uint8_t letters[] = {10, 0x00, 'a', 0x15, 0x01};
  uint8_t data[9];
  char *out = NULL;
  size_t length = 0;
  memcpy(data, letters, sizeof letters);
  uLong sum = crc32(0, (const Bytef *)"aaaaaaaaaa", 10);
  for (int k = 0; k < 4; k++) {
    data[5 + k] = (uint8_t)(sum >> (24 - 8 * k));
  }
  if (vqe_unpack_block(&out, &length, VQE_UNPACK_SNAPPY, data, sizeof data) !=
      VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  assert_int_equal(length, 10);
  assert_memory_equal(out, "aaaaaaaaaa", 10);
  free(out);
  data[8] ^= 1; /* the checksum */
  assert_int_equal(
      vqe_unpack_block(&out, &length, VQE_UNPACK_SNAPPY, data, sizeof data),
      VQE_ERR_INPUT);
  assert_null(out);
  /* lengths that nothing backs */
  static const uint8_t boasts[] = {0xff, 0xff, 0xff, 0xff, 0x0f,
                                   0,    0,    0,    0,    0};
  for (size_t size = 0; size <= sizeof boasts; size++) {
    assert_int_equal(
        vqe_unpack_block(&out, &length, VQE_UNPACK_SNAPPY, boasts, size),
        VQE_ERR_INPUT);
    assert_null(out);
  }
}

/* Small values in the file that are large in memory. */
static void items_that_grow_in_memory_are_refused(void **state)
{
  (void)state;
  struct bytes file = {0};
  struct found found;
  size_t count = 10000;
  char *nulls = calloc(1, count + 4);
  assert_non_null(nulls);
  FILE *block = fmemopen(nulls, count + 4, "wb");
  put_number(block, (int64_t)count);
  fclose(block);
  begin(&file,
        "{\"type\": \"array\", \"items\": [\"null\", {\"type\": \"fixed\", "
        "\"name\": \"f\", \"size\": 1000000}]}",
        "null");
  put_block(&file, 1, nulls, count + 4);
  end(&file);
  assert_int_equal(read_ints(&found, &file), VQE_OK);
  assert_int_equal(found.count, 0);
  assert_int_equal(found.faults, 1);
  assert_non_null(strstr(found.reason, "too much memory"));
  free(nulls);
  free(file.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_read_and_the_header_kept),
      cmocka_unit_test(large_headers_are_read),
      cmocka_unit_test(hostile_headers_are_refused),
      cmocka_unit_test(damage_costs_its_block_alone),
      cmocka_unit_test(bombs_are_refused_and_the_rest_is_read),
      cmocka_unit_test(snappy_is_read_in_bounds),
      cmocka_unit_test(items_that_grow_in_memory_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
