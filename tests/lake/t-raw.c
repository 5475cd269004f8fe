/* Raw files of connectors, read from a local folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "lake/raw.h"
#include "objects/objects.h"
#include "vqe/error.h"

#define AVRO_FILE VQE_TEST_DATA "/other_producer.avro"
#define JSON_FILE VQE_TEST_DATA "/other_producer.json"

struct seen {
  size_t records, skipped;
  char keys[16][64];
  size_t indices[16];
  char ids[16][65];
  char reasons[16][256];
  int status; /* of the visitor */
};

static int on_record(void *ctx, struct vqe_record *record, const char *key,
                     size_t index)
{
  struct seen *seen = ctx;
  assert_true(seen->records < 16);
  snprintf(seen->keys[seen->records], 64, "%s", key);
  snprintf(seen->ids[seen->records], 65, "%s", record->experiment_id);
  seen->indices[seen->records] = index;
  seen->records++;
  vqe_record_free(record);
  return seen->status;
}

static void on_skipped(void *ctx, const char *key, const char *reason)
{
  struct seen *seen = ctx;
  assert_true(seen->skipped < 16);
  snprintf(seen->reasons[seen->skipped++], 256, "%s: %s", key, reason);
}

static void put(struct vqe_objects *objects, const char *key, const char *data,
                size_t size)
{
  if (vqe_objects_put(objects, key, data, size, VQE_OBJECTS_REPLACE) !=
      VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
}

static void load(char **data, size_t *size, const char *path)
{
  assert_int_equal(vqe_file_read(data, size, path, 1 << 20), VQE_OK);
}

static void
raw_reader_takes_avro_then_json_and_skips_the_unreadable(void **state)
{
  (void)state;
  char folder[] = "/tmp/vqe-raw-XXXXXX";
  struct vqe_objects *objects = NULL;
  struct vqe_raw_counts counts;
  struct seen seen = {0};
  struct vqe_raw_callbacks callbacks = {&seen, on_record, on_skipped};
  char *avro, *json;
  size_t avro_size, json_size;
  char command[128];
  assert_non_null(mkdtemp(folder));
  assert_int_equal(vqe_objects_open(&objects, folder, NULL), VQE_OK);
  load(&avro, &avro_size, AVRO_FILE);
  load(&json, &json_size, JSON_FILE);

  /* nothing there is nothing to read */
  assert_int_equal(vqe_raw_read(objects, &callbacks, &counts), VQE_OK);
  assert_int_equal(counts.files, 0);

  put(objects, "experiments/experiment.vqe/b.json", json, json_size);
  put(objects, "experiments/experiment.vqe/year=2026/day=1/a.json", json,
      json_size);
  put(objects, "experiments/other.topic/z.avro", avro, avro_size);
  put(objects, "experiments/experiment.vqe/broken.json", "{\"a\": ", 6);
  put(objects, "experiments/experiment.vqe/short.avro", avro, avro_size - 9);
  put(objects, "experiments/experiment.vqe/notes.txt", "x", 1);
  put(objects, "rejected/experiment.vqe/c.json", json, json_size);
  if (vqe_raw_read(objects, &callbacks, &counts) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  /* all Avro first, then all JSON, each by key; two records a container */
  assert_int_equal(counts.files, 5);
  assert_int_equal(counts.unreadable, 2);
  assert_int_equal(counts.records, seen.records);
  assert_true(seen.records >= 4);
  size_t last = seen.records - 1;
  assert_string_equal(seen.keys[last],
                      "experiments/experiment.vqe/year=2026/day=1/a.json");
  assert_string_equal(seen.keys[last - 1],
                      "experiments/experiment.vqe/b.json");
  assert_string_equal(seen.keys[last - 2], "experiments/other.topic/z.avro");
  assert_int_equal(seen.indices[last - 2], 1);
  assert_int_equal(seen.indices[last - 3], 0);
  for (size_t k = 0; k < seen.records; k++) {
    assert_string_equal(seen.ids[k], seen.ids[0]);
    assert_int_equal(strlen(seen.ids[k]), 64);
  }
  assert_int_equal(seen.skipped, 2);
  assert_non_null(strstr(seen.reasons[0], "short.avro"));
  assert_non_null(strstr(seen.reasons[1], "broken.json"));
  assert_non_null(strstr(seen.reasons[1], "line 1"));

  /* what the visitor says ends the reading */
  seen.status = VQE_ERR_INPUT;
  seen.records = 0;
  assert_int_equal(vqe_raw_read(objects, &callbacks, &counts), VQE_ERR_INPUT);
  assert_int_equal(seen.records, 1);
  vqe_objects_close(objects);
  free(avro);
  free(json);
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  assert_int_equal(system(command), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          raw_reader_takes_avro_then_json_and_skips_the_unreadable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
