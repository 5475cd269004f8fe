/* JSON as text where memory ends somewhere in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_memory.h"
#include "base/json_text.h"
#include "vqe/error.h"

/* The allocation that fails, counted down; jansson's and those of the unit
 * under test come here. */
static long left = -1;

void *aligned_alloc(size_t alignment, size_t size)
{
  void *memory = NULL;
  if (left == 0 || (left > 0 && left-- == 1)) {
    left = 0;
    return NULL;
  }
  return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

#define FLAGS (JSON_COMPACT | JSON_SORT_KEYS)

/* Nested, with keys and texts longer than a first buffer; nothing of it is
 * checked on the way, as by code that builds a schema. */
static json_t *build(void)
{
  json_t *root = json_object();
  json_t *list = json_array();
  char key[64];
  for (int k = 0; k < 40; k++) {
    snprintf(key, sizeof key, "a key that is a little longer %d", k);
    json_array_append_new(list, json_pack("{s:s, s:i}", key, key, "n", k));
  }
  json_object_set_new(root, "list", list);
  json_object_set_new(root, "real", json_real(0.1));
  return root;
}

static void text_is_that_of_jansson(void **state)
{
  static const size_t flags[] = {FLAGS, JSON_INDENT(2),
                                 JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)};
  (void)state;
  json_t *value = build();
  for (size_t k = 0; k < 3; k++) {
    char *mine = vqe_json_dumps(value, flags[k]);
    char *wanted = json_dumps(value, flags[k]);
    assert_non_null(mine);
    assert_string_equal(mine, wanted);
    free(mine);
    free(wanted);
  }
  assert_null(vqe_json_dumps(NULL, FLAGS));
  json_t *text = json_string("x");
  assert_null(vqe_json_dumps(text, 0)); /* no object, and not ENCODE_ANY */
  char *any = vqe_json_dumps(text, JSON_ENCODE_ANY);
  assert_string_equal(any, "\"x\"");
  free(any);
  json_decref(text);
  json_decref(value);
}

/* Whichever allocation fails, in building or in writing. */
static void text_is_whole_or_none(void **state)
{
  (void)state;
  json_t *value = build();
  char *wanted = vqe_json_dumps(value, FLAGS);
  assert_non_null(wanted);
  json_decref(value);
  int none = 0;
  int whole = 0;
  for (long n = 1; whole < 3; n++) {
    left = n;
    value = build();
    if (left == 0) {
      left = -1; /* one failed; memory is back for the text */
    }
    char *text = vqe_json_dumps(value, FLAGS);
    whole = left > 0 ? whole + 1 : 0;
    left = -1;
    if (text != NULL) {
      assert_string_equal(text, wanted);
      free(text);
    } else {
      none++;
    }
    json_decref(value);
    vqe_json_forget();
    assert_true(n < 100000);
  }
  assert_true(none > 300);
  free(wanted);
}

static void a_reported_failure_is_forgotten(void **state)
{
  (void)state;
  left = 1;
  json_t *gone = json_object();
  left = -1;
  assert_null(gone);
  json_t *value = json_pack("{s:i}", "a", 1);
  (void)vqe_error_set(VQE_ERR_MEMORY, "no memory for it");
  char *text = vqe_json_dumps(value, FLAGS);
  assert_string_equal(text, "{\"a\":1}");
  free(text);
  left = 1;
  gone = json_object();
  left = -1;
  assert_null(gone);
  assert_null(vqe_json_dumps(value, FLAGS)); /* nobody has said so */
  text = vqe_json_dumps(value, FLAGS);
  assert_non_null(text);
  free(text);
  json_decref(value);
}

/* Whichever allocation fails in reading: the same value, or no memory; jansson
 * alone ends in an assert or loses digits. */
static void value_is_whole_or_none(void **state)
{
  (void)state;
  static const size_t before[] = {0, 1000, 1020, 3000};
  for (size_t b = 0; b < sizeof before / sizeof before[0]; b++) {
    json_t *value = build();
    json_object_set_new(value, "number",
                        json_integer(INT64_C(1234567890123456789)));
    char *list = vqe_json_dumps(value, FLAGS);
    char *text = malloc(before[b] + strlen(list) + 1);
    assert_non_null(text);
    memset(text, ' ', before[b]); /* other ends of pieces */
    strcpy(text + before[b], list);
    int none = 0;
    int whole = 0;
    for (long n = 1; whole < 3; n++) {
      json_t *found = NULL;
      left = n;
      int status = vqe_json_parse(&found, text, strlen(text), 0, "test");
      whole = left > 0 ? whole + 1 : 0;
      left = -1;
      if (status == VQE_OK) {
        assert_true(json_equal(found, value));
      } else {
        assert_int_equal(status, VQE_ERR_MEMORY);
        assert_null(found);
        none++;
      }
      json_decref(found);
      assert_true(n < 100000);
    }
    assert_true(none > 300);
    free(text);
    free(list);
    json_decref(value);
  }
}

static void what_is_no_json_is_refused(void **state)
{
  (void)state;
  json_t *value;
  static const char secret[] = "{\"password\": hunter2}";
  assert_int_equal(vqe_json_parse(&value, "{\n 1}", 5, 0, "file 'x'"),
                   VQE_ERR_INPUT);
  assert_null(value);
  assert_non_null(strstr(vqe_error_message(),
                         "file 'x', line 2, column 2: broken JSON: "));
  assert_int_equal(vqe_json_parse(&value, secret, strlen(secret), 0, NULL),
                   VQE_ERR_INPUT);
  assert_null(strstr(vqe_error_message(), "hunter"));
  assert_int_equal(vqe_json_parse_object(&value, "[]", 2, "place"),
                   VQE_ERR_INPUT);
  assert_null(value);
  assert_non_null(strstr(vqe_error_message(), "place: not an object"));
  assert_null(vqe_json_parse_any("", 0));
  value = vqe_json_parse_any("3", 1);
  assert_int_equal(json_integer_value(value), 3);
  json_decref(value);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_that_of_jansson),
      cmocka_unit_test(text_is_whole_or_none),
      cmocka_unit_test(a_reported_failure_is_forgotten),
      cmocka_unit_test(value_is_whole_or_none),
      cmocka_unit_test(what_is_no_json_is_refused),
  };
  vqe_json_watch();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
