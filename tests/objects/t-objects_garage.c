/* The object store and the lock on a real Garage, which
 * tests/integration/garage_objects.sh starts. Without it
 * (VQE_TEST_GARAGE is not set) there is nothing to do here. */
#include "objects/lock_race.h"
#include "objects/objects_fixture.h"

#define MANY 2500
#define MEBI ((size_t)1 << 20)

static bool has_garage(void)
{
  return getenv("VQE_TEST_GARAGE") != NULL;
}

static struct vqe_objects *connect_to(const char *location)
{
  struct vqe_objects *objects = NULL;
  struct vqe_objects_options options = VQE_OBJECTS_OPTIONS_INIT;
  options.attempts = 3;
  assert_int_equal(vqe_objects_open(&objects, location, &options), 0);
  return objects;
}

static void many_key(char out[64], int number)
{
  /* '=' and blanks as in partition folders, '+' as in connectors' names */
  snprintf(out, 64, "many/basis set=%d/t+%06d.avro", number / 1000, number);
}

struct listing {
  int files;
  int folders;
  char last[128];
};

static int note(void *ctx, const struct vqe_object *object)
{
  struct listing *listing = ctx;
  char key[64];
  if (object->is_folder) {
    listing->folders++;
    return 0;
  }
  many_key(key, listing->files++);
  assert_string_equal(object->key, key);
  assert_int_equal(object->size, strlen(key));
  /* written in this century, not in 1970 */
  assert_true(object->modified_ms > 1700000000000);
  return 0;
}

static void many_objects_are_listed_over_pages(void **state)
{
  (void)state;
  if (!has_garage()) {
    skip();
  }
  struct vqe_objects *objects = connect_to("s3://test/many keys");
  struct listing listing = {0};
  char key[64];
  char *got = NULL;
  size_t size = 0;
  for (int k = 0; k < MANY; k++) {
    many_key(key, k);
    assert_int_equal(
        vqe_objects_put(objects, key, key, strlen(key), VQE_OBJECTS_REPLACE),
        0);
  }
  for (int k = 0; k < MANY; k += 97) {
    many_key(key, k);
    assert_int_equal(vqe_objects_get(&got, &size, objects, key, 64), 0);
    assert_string_equal(got, key);
    free(got);
  }
  assert_int_equal(vqe_objects_list(objects, "many", true, note, &listing), 0);
  assert_int_equal(listing.files, MANY);
  listing = (struct listing){0};
  assert_int_equal(vqe_objects_list(objects, "many", false, note, &listing),
                   0);
  assert_int_equal(listing.folders, 3);
  assert_int_equal(listing.files, 0);
  for (int k = 0; k < MANY; k++) {
    many_key(key, k);
    assert_int_equal(vqe_objects_delete(objects, key), 0);
  }
  listing = (struct listing){0};
  assert_int_equal(vqe_objects_list(objects, "", true, note, &listing), 0);
  assert_int_equal(listing.files, 0);
  vqe_objects_close(objects);
}

static void odd_keys_come_back(void **state)
{
  (void)state;
  if (!has_garage()) {
    skip();
  }
  static const char *const keys[] = {"a=b/c d", "a b+c%d&e?f#g;h,i",
                                     "\xc3\xa4\xe2\x82\xac/~-_.", "(x)!*'@:$",
                                     "empty"};
  struct vqe_objects *objects = connect_to("s3a://test/odd=keys/");
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    const char *text = strcmp(keys[k], "empty") == 0 ? "" : keys[k];
    char *got = NULL;
    size_t size = 0;
    uint64_t length = 99;
    assert_int_equal(vqe_objects_put(objects, keys[k], text, strlen(text),
                                     VQE_OBJECTS_REPLACE),
                     0);
    assert_int_equal(vqe_objects_head(&length, objects, keys[k]), 0);
    assert_int_equal(length, strlen(text));
    assert_int_equal(vqe_objects_get(&got, &size, objects, keys[k], 64), 0);
    assert_string_equal(got, text);
    free(got);
    assert_int_equal(vqe_objects_delete(objects, keys[k]), 0);
    assert_int_equal(vqe_objects_head(&length, objects, keys[k]),
                     VQE_ERR_NOT_FOUND);
    assert_int_equal(vqe_objects_get(&got, &size, objects, keys[k], 64),
                     VQE_ERR_NOT_FOUND);
  }
  vqe_objects_close(objects);
}

static uint32_t next(uint32_t *x)
{
  *x = *x * 1664525 + 1013904223;
  return *x;
}

static void large_file_goes_in_parts(void **state)
{
  (void)state;
  if (!has_garage()) {
    skip();
  }
  static const size_t sizes[] = {40 * MEBI, 16 * MEBI + 4, 16 * MEBI};
  struct vqe_objects *objects = connect_to("s3://test/files");
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    char path[64];
    uint64_t length = 0;
    uint32_t x = 7;
    snprintf(path, sizeof path, "/tmp/vqe-t-garage-%ld", (long)getpid());
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    for (size_t k = 0; k < sizes[s] / 4; k++) {
      uint32_t word = next(&x);
      assert_int_equal(fwrite(&word, 4, 1, stream), 1);
    }
    fclose(stream);
    assert_int_equal(vqe_objects_put_file(objects, "p=1/big", path), 0);
    unlink(path);
    assert_int_equal(vqe_objects_head(&length, objects, "p=1/big"), 0);
    assert_int_equal(length, sizes[s]);
    assert_int_equal(
        vqe_objects_get_file(objects, "p=1/big", path, VQE_OBJECTS_ANY_SIZE),
        0);
    stream = fopen(path, "rb");
    assert_non_null(stream);
    x = 7;
    for (size_t k = 0; k < sizes[s] / 4; k++) {
      uint32_t word = 0;
      assert_int_equal(fread(&word, 4, 1, stream), 1);
      assert_int_equal(word, next(&x));
    }
    assert_int_equal(fgetc(stream), EOF);
    fclose(stream);
    unlink(path);
  }
  assert_int_equal(vqe_objects_delete(objects, "p=1/big"), 0);
  vqe_objects_close(objects);
}

static void conditional_puts_are_probed(void **state)
{
  (void)state;
  if (!has_garage()) {
    skip();
  }
  struct vqe_objects *objects = connect_to("s3://test/conditional");
  struct listing listing = {0};
  bool honoured = true;
  char *got = NULL;
  size_t size = 0;
  assert_int_equal(vqe_objects_supports_conditional_put(&honoured, objects),
                   0);
  assert_false(honoured);
  assert_int_equal(vqe_objects_list(objects, "", true, note, &listing), 0);
  assert_int_equal(listing.files, 0);
  /* for one writer it refuses all the same */
  assert_int_equal(
      vqe_objects_put(objects, "v1", "one", 3, VQE_OBJECTS_ONLY_NEW), 0);
  assert_int_equal(
      vqe_objects_put(objects, "v1", "two", 3, VQE_OBJECTS_ONLY_NEW),
      VQE_ERR_EXISTS);
  assert_int_equal(vqe_objects_get(&got, &size, objects, "v1", 10), 0);
  assert_string_equal(got, "one");
  free(got);
  assert_int_equal(vqe_objects_delete(objects, "v1"), 0);
  vqe_objects_close(objects);
}

/* `change` = NAME VALUE: a wrong setting, and what is said about it, by a
 * read, a write and a listing alike. */
static void refused(const char *location, const char *name, const char *value,
                    const char *said)
{
  char *kept = name == NULL ? NULL : strdup(getenv(name));
  if (name != NULL) {
    setenv(name, value, 1);
  }
  struct vqe_objects *objects = connect_to(location);
  char *got = NULL;
  size_t size = 0;
  assert_int_equal(vqe_objects_get(&got, &size, objects, "k", 10),
                   VQE_ERR_INPUT);
  assert_says(said);
  assert_int_equal(vqe_objects_put(objects, "k", "x", 1, VQE_OBJECTS_REPLACE),
                   VQE_ERR_INPUT);
  assert_says(said);
  assert_int_equal(vqe_objects_list(objects, "", true, note, NULL),
                   VQE_ERR_INPUT);
  assert_says(said);
  assert_null(strstr(vqe_error_message(), getenv("AWS_ACCESS_KEY_ID")));
  assert_null(strstr(vqe_error_message(), getenv("AWS_SECRET_ACCESS_KEY")));
  assert_says(getenv("AWS_ENDPOINT_URL"));
  vqe_objects_close(objects);
  if (name != NULL) {
    setenv(name, kept, 1);
    free(kept);
  }
}

static void refusals_name_the_remedy(void **state)
{
  (void)state;
  if (!has_garage()) {
    skip();
  }
  refused("s3://test/w", "AWS_ACCESS_KEY_ID", "GK0123456789abcdef01234567",
          "correct AWS_ACCESS_KEY_ID");
  refused("s3://test/w", "AWS_SECRET_ACCESS_KEY",
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
          "AWS_SECRET_ACCESS_KEY does not fit");
  refused("s3://test/w", "AWS_REGION", "us-east-1", "region 'us-east-1'");
  refused("s3://not-there/w", NULL, NULL, "no such bucket");
}

static void of_racing_writers_one_holds_the_lock(void **state)
{
  (void)state;
  if (!has_garage()) {
    skip();
  }
  struct vqe_objects *objects[2] = {connect_to("s3://test/locked"),
                                    connect_to("s3://test/locked")};
  struct listing listing = {0};
  lock_race(objects);
  assert_int_equal(vqe_objects_list(objects[0], "", true, note, &listing), 0);
  assert_int_equal(listing.files, 0);
  vqe_objects_close(objects[0]);
  vqe_objects_close(objects[1]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(many_objects_are_listed_over_pages),
      cmocka_unit_test(odd_keys_come_back),
      cmocka_unit_test(large_file_goes_in_parts),
      cmocka_unit_test(conditional_puts_are_probed),
      cmocka_unit_test(refusals_name_the_remedy),
      cmocka_unit_test(of_racing_writers_one_holds_the_lock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
