/* A bucket as an object store, against a store that checks every signature
 * and fails on demand: what is put arrives, what fails is tried again, what
 * cannot succeed is said. */
#include "base/error_message.h"
#include "objects/objects_fixture.h"
#include "objects/s3_server.h"

#include <time.h>

#define ATTEMPTS 3

struct fixture {
  struct s3_server server;
  struct vqe_objects *objects;
};

static struct vqe_objects *connect_to(const struct s3_server *server,
                                      const char *location, const char *region)
{
  struct vqe_objects_options options = VQE_OBJECTS_OPTIONS_INIT;
  struct vqe_objects *objects = NULL;
  options.endpoint = server->endpoint;
  options.region = region;
  options.timeout_s = 1.5;
  options.attempts = ATTEMPTS;
  options.ca_file = server->ca_file[0] == '\0' ? NULL : server->ca_file;
  assert_int_equal(vqe_objects_open(&objects, location, &options), 0);
  return objects;
}

static int start_server(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  s3_server_start(&fixture->server, 0);
  *state = fixture;
  return 0;
}

static int stop_server(void **state)
{
  struct fixture *fixture = *state;
  s3_server_stop(&fixture->server);
  free(fixture);
  return 0;
}

static int setup(void **state)
{
  struct fixture *fixture = *state;
  s3_server_order(
      &fixture->server,
      "{\"clear\": true, \"set\": {\"conditional\": true, \"page\": 1000, "
      "\"etags\": \"md5\", \"encoded\": true, \"upload_age\": 0}}",
      "requests");
  fixture->objects =
      connect_to(&fixture->server, "s3://bucket/ware house", "test-region");
  return 0;
}

static int teardown(void **state)
{
  struct fixture *fixture = *state;
  vqe_objects_close(fixture->objects);
  return 0;
}

static void assert_no_secret(void)
{
  assert_null(strstr(vqe_error_message(), "secret/of+the=test"));
  assert_null(strstr(vqe_error_message(), "GKtestkey"));
}

static void put(struct fixture *fixture, const char *key, const char *text)
{
  assert_int_equal(vqe_objects_put(fixture->objects, key, text, strlen(text),
                                   VQE_OBJECTS_REPLACE),
                   0);
}

static void assert_holds(struct fixture *fixture, const char *key,
                         const char *text)
{
  char *got = NULL;
  size_t size = 0;
  assert_int_equal(
      vqe_objects_get(&got, &size, fixture->objects, key, strlen(text)), 0);
  assert_int_equal(size, strlen(text));
  assert_string_equal(got, text);
  free(got);
}

static void put_bytes_come_back_under_any_key(void **state)
{
  struct fixture *fixture = *state;
  static const char *const keys[] = {
      "t/metadata/v1.metadata.json", "t/p=2026-01-02/basis=6-31g/x.parquet",
      "a b+c%d&e?f#g;h,i", "\xc3\xa4\xe2\x82\xac/~-_.", "(x)!*'@:$"};
  char *got = NULL;
  size_t size = 0;
  uint64_t length = 0;
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    put(fixture, keys[k], keys[k]);
    assert_holds(fixture, keys[k], keys[k]);
    assert_int_equal(vqe_objects_head(&length, fixture->objects, keys[k]), 0);
    assert_int_equal(length, strlen(keys[k]));
  }
  assert_int_equal(s3_server_count(&fixture->server, "objects"), 5);
  assert_int_equal(vqe_objects_get(&got, &size, fixture->objects, keys[0], 5),
                   VQE_ERR_INPUT);
  assert_says("limit of 5 bytes");
  put(fixture, "empty", "");
  assert_holds(fixture, "empty", "");
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    assert_int_equal(vqe_objects_delete(fixture->objects, keys[k]), 0);
    assert_int_equal(vqe_objects_delete(fixture->objects, keys[k]), 0);
    assert_int_equal(vqe_objects_head(&length, fixture->objects, keys[k]),
                     VQE_ERR_NOT_FOUND);
  }
  assert_int_equal(
      vqe_objects_get(&got, &size, fixture->objects, keys[0], 100),
      VQE_ERR_NOT_FOUND);
  /* one connection but for the response that was cut at the limit */
  assert_in_range(s3_server_count(&fixture->server, "connections"), 1, 2);
}

static void session_token_is_signed(void **state)
{
  struct fixture *fixture = *state;
  setenv("AWS_SESSION_TOKEN", "token/with+signs==", 1);
  struct vqe_objects *objects =
      connect_to(&fixture->server, "s3://bucket", "test-region");
  unsetenv("AWS_SESSION_TOKEN");
  assert_int_equal(vqe_objects_put(objects, "k", "x", 1, VQE_OBJECTS_REPLACE),
                   0);
  vqe_objects_close(objects);
}

static int refuse_name(void *ctx, const struct vqe_object *object)
{
  (void)ctx;
  return vqe_error_set(VQE_ERR_INPUT, "'%s' is no name", object->key);
}

/* By whatever way a secret comes back, as a key here: no message shows it. */
static void token_that_comes_back_as_a_key_is_masked(void **state)
{
  struct fixture *fixture = *state;
  setenv("AWS_SESSION_TOKEN", "token/with+signs==", 1);
  struct vqe_objects *objects =
      connect_to(&fixture->server, "s3://bucket", "test-region");
  unsetenv("AWS_SESSION_TOKEN");
  assert_int_equal(vqe_objects_put(objects, "t/token/with+signs==/v1", "x", 1,
                                   VQE_OBJECTS_REPLACE),
                   0);
  assert_int_equal(vqe_objects_list(objects, "t", true, refuse_name, NULL),
                   VQE_ERR_INPUT);
  assert_says("'t/******************/v1' is no name");
  assert_int_equal(
      vqe_error_context(VQE_ERR_INPUT, "table 't/%s'", "token/with+signs=="),
      VQE_ERR_INPUT);
  assert_null(strstr(vqe_error_message(), "with+signs"));
  vqe_objects_close(objects);
  vqe_error_set(VQE_ERR_INPUT, "%s", "token/with+signs==");
  assert_says("token/with+signs==");
}

static void only_new(struct fixture *fixture, const char *command,
                     bool expected)
{
  struct vqe_objects *objects = fixture->objects;
  bool honoured = !expected;
  s3_server_order(&fixture->server, command, "requests");
  assert_int_equal(vqe_objects_supports_conditional_put(&honoured, objects),
                   0);
  assert_int_equal(honoured, expected);
  /* the probe leaves nothing behind and is not repeated */
  assert_int_equal(s3_server_count(&fixture->server, "objects"), 0);
  long requests = s3_server_count(&fixture->server, "requests");
  assert_int_equal(vqe_objects_supports_conditional_put(&honoured, objects),
                   0);
  assert_int_equal(s3_server_count(&fixture->server, "requests"), requests);
  assert_int_equal(
      vqe_objects_put(objects, "v1", "one", 3, VQE_OBJECTS_ONLY_NEW), 0);
  assert_int_equal(
      vqe_objects_put(objects, "v1", "two", 3, VQE_OBJECTS_ONLY_NEW),
      VQE_ERR_EXISTS);
  assert_says("v1");
  assert_holds(fixture, "v1", "one");
}

static void
only_new_never_replaces_where_the_store_honours_conditions(void **state)
{
  only_new(*state, "{\"set\": {\"conditional\": true}}", true);
}

static void
only_new_looks_first_where_the_store_ignores_conditions(void **state)
{
  only_new(*state, "{\"set\": {\"conditional\": false}}", false);
}

/* A conditional PUT whose response was lost: won when the bytes are ours. */
static void
lost_response_to_a_conditional_put_is_resolved_by_the_bytes(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_objects *objects = fixture->objects;
  bool honoured = false;
  assert_int_equal(vqe_objects_supports_conditional_put(&honoured, objects),
                   0);
  s3_server_fault(&fixture->server, "\"cut_after\"", "PUT", 1);
  assert_int_equal(
      vqe_objects_put(objects, "v1", "mine", 4, VQE_OBJECTS_ONLY_NEW), 0);
  assert_holds(fixture, "v1", "mine");
  /* another's bytes, ours never arrived */
  put(fixture, "v2", "theirs");
  s3_server_fault(&fixture->server, "\"cut\"", "PUT", 1);
  assert_int_equal(
      vqe_objects_put(objects, "v2", "mine", 4, VQE_OBJECTS_ONLY_NEW),
      VQE_ERR_EXISTS);
  assert_holds(fixture, "v2", "theirs");
}

static void passing_faults_are_retried_and_attempts_are_bounded(void **state)
{
  struct fixture *fixture = *state;
  static const char *const kinds[] = {"500",     "503",           "429",
                                      "\"cut\"", "\"cut_after\"", "409"};
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    s3_server_fault(&fixture->server, kinds[k], "PUT", ATTEMPTS - 1);
    put(fixture, "k", kinds[k]);
    s3_server_fault(&fixture->server, kinds[k], "GET", ATTEMPTS - 1);
    assert_holds(fixture, "k", kinds[k]);
  }
  char *got = NULL;
  size_t size = 0;
  long before = s3_server_count(&fixture->server, "requests");
  s3_server_fault(&fixture->server, "503", "GET", 100);
  assert_int_equal(vqe_objects_get(&got, &size, fixture->objects, "k", 100),
                   VQE_ERR_IO);
  assert_null(got);
  assert_int_equal(s3_server_count(&fixture->server, "requests") - before,
                   ATTEMPTS);
  assert_says("503");
  assert_says("bucket 'bucket'");
  assert_says("ware house/k");
  assert_says(fixture->server.endpoint);
}

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void slow_and_stalled_transfers_end_by_timeout(void **state)
{
  struct fixture *fixture = *state;
  char *got = NULL;
  size_t size = 0;
  put(fixture, "k", "text");
  s3_server_fault(&fixture->server, "\"slow\"", "GET", 1);
  double start = now();
  assert_holds(fixture, "k", "text");
  assert_true(now() - start < 5.0);
  s3_server_fault(&fixture->server, "\"slow\"", "PUT", 1);
  start = now();
  put(fixture, "k", "text");
  assert_true(now() - start < 5.0);
  /* a trickle is no progress either, for a file of unknown size too */
  char big[3000];
  memset(big, 'x', sizeof big);
  big[sizeof big - 1] = '\0';
  put(fixture, "big", big);
  s3_server_fault(&fixture->server, "\"drip\"", "GET", 2);
  start = now();
  assert_holds(fixture, "big", big);
  assert_true(now() - start < 10.0);
  s3_server_fault(&fixture->server, "\"drip\"", "GET", 1);
  start = now();
  assert_int_equal(vqe_objects_get_file(fixture->objects, "big", "t-s3-copy",
                                        VQE_OBJECTS_ANY_SIZE),
                   0);
  assert_true(now() - start < 10.0);
  unlink("t-s3-copy");
  s3_server_fault(&fixture->server, "\"slow\"", "GET", 100);
  start = now();
  assert_int_equal(vqe_objects_get(&got, &size, fixture->objects, "k", 100),
                   VQE_ERR_IO);
  assert_true(now() - start < 20.0);
}

static void wrong_bytes_are_found_by_their_checksum(void **state)
{
  struct fixture *fixture = *state;
  static const char *const kinds[] = {"\"truncate\"", "\"flip\"", "\"etag\""};
  char *got = NULL;
  size_t size = 0;
  put(fixture, "k", "the right text");
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    s3_server_fault(&fixture->server, kinds[k], "GET", 1);
    assert_holds(fixture, "k", "the right text");
    s3_server_fault(&fixture->server, kinds[k], "GET", ATTEMPTS);
    assert_int_equal(vqe_objects_get(&got, &size, fixture->objects, "k", 100),
                     VQE_ERR_IO);
    assert_null(got);
    s3_server_fault(&fixture->server, kinds[k], "GET", ATTEMPTS);
    assert_int_equal(vqe_objects_get_file(fixture->objects, "k", "t-s3-copy",
                                          VQE_OBJECTS_ANY_SIZE),
                     VQE_ERR_IO);
    assert_int_equal(access("t-s3-copy", F_OK), -1);
  }
  assert_says("checksum");
  s3_server_fault(&fixture->server, "\"etag\"", "PUT", 1);
  put(fixture, "k", "another text");
  s3_server_fault(&fixture->server, "\"etag\"", "PUT", ATTEMPTS);
  assert_int_equal(
      vqe_objects_put(fixture->objects, "k", "x", 1, VQE_OBJECTS_REPLACE),
      VQE_ERR_IO);
  assert_says("checksum");
}

/* A store whose ETags look like an MD5 and are none: read back once, then
 * believed. */
static void etags_that_are_no_md5_are_settled(void **state)
{
  struct fixture *fixture = *state;
  s3_server_order(&fixture->server, "{\"set\": {\"etags\": \"opaque\"}}",
                  "requests");
  long before = s3_server_count(&fixture->server, "requests");
  put(fixture, "k", "some text");
  assert_int_equal(s3_server_count(&fixture->server, "requests") - before, 2);
  put(fixture, "l", "other text");
  assert_holds(fixture, "k", "some text");
  assert_holds(fixture, "l", "other text");
  assert_int_equal(s3_server_count(&fixture->server, "requests") - before, 5);
  /* another handle that reads first */
  vqe_objects_close(fixture->objects);
  fixture->objects =
      connect_to(&fixture->server, "s3://bucket/ware house", "test-region");
  assert_holds(fixture, "k", "some text");
  assert_holds(fixture, "l", "other text");
  /* and nothing of the probe is left */
  assert_int_equal(s3_server_count(&fixture->server, "objects"), 2);
}

/* Bytes that the store spoils are found before it is known what its ETags
 * are, and after. */
static void spoiled_bytes_are_no_opaque_etag(void **state)
{
  struct fixture *fixture = *state;
  s3_server_fault(&fixture->server, "\"damage\"", "PUT", ATTEMPTS);
  assert_int_equal(
      vqe_objects_put(fixture->objects, "k", "x", 1, VQE_OBJECTS_REPLACE),
      VQE_ERR_IO);
  assert_says("checksum");
  assert_says("--etag opaque");
  s3_server_fault(&fixture->server, "\"damage\"", "PUT", 1);
  put(fixture, "k", "the text");
  assert_holds(fixture, "k", "the text");
  s3_server_fault(&fixture->server, "\"damage\"", "PUT", ATTEMPTS);
  assert_int_equal(
      vqe_objects_put(fixture->objects, "k", "x", 1, VQE_OBJECTS_REPLACE),
      VQE_ERR_IO);
  assert_says("checksum");
}

/* A handle that was not told and may not write: an error with the remedy. */
static void etags_are_taken_as_opaque_on_demand(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_objects_options options = VQE_OBJECTS_OPTIONS_INIT;
  char *got = NULL;
  size_t size = 0;
  s3_server_order(&fixture->server, "{\"set\": {\"etags\": \"opaque\"}}",
                  "requests");
  put(fixture, "k2", "made with another kind of ETag");
  vqe_objects_close(fixture->objects);
  fixture->objects =
      connect_to(&fixture->server, "s3://bucket/ware house", "test-region");
  s3_server_fault(&fixture->server, "\"403:AccessDenied\"", "PUT", 100);
  assert_int_equal(vqe_objects_get(&got, &size, fixture->objects, "k2", 100),
                   VQE_ERR_IO);
  assert_says("--etag opaque");
  vqe_objects_close(fixture->objects);
  options.endpoint = fixture->server.endpoint;
  options.region = "test-region";
  options.attempts = ATTEMPTS;
  options.opaque_etags = true;
  assert_int_equal(
      vqe_objects_open(&fixture->objects, "s3://bucket/ware house", &options),
      VQE_OK);
  assert_holds(fixture, "k2", "made with another kind of ETag");
}

static void errors_of_sessions_and_clocks_have_their_remedies(void **state)
{
  struct fixture *fixture = *state;
  static const struct {
    const char *fault, *says;
    int status;
  } cases[] = {
      {"\"400:ExpiredToken\"", "session token has expired", VQE_ERR_INPUT},
      {"\"400:InvalidToken\"", "does not belong", VQE_ERR_INPUT},
      {"\"403:InvalidToken\"", "does not belong", VQE_ERR_INPUT},
      {"\"403:RequestTimeTooSkewed\"", "clock is wrong", VQE_ERR_INPUT},
      {"\"403:SignatureDoesNotMatch\"", "does not fit", VQE_ERR_INPUT},
      {"\"400:Whatever\"", "check the region", VQE_ERR_INPUT},
  };
  char *got = NULL;
  size_t size = 0;
  put(fixture, "k", "text");
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    long before = s3_server_count(&fixture->server, "requests");
    s3_server_fault(&fixture->server, cases[k].fault, "GET", 1);
    assert_int_equal(vqe_objects_get(&got, &size, fixture->objects, "k", 100),
                     cases[k].status);
    assert_says(cases[k].says);
    assert_int_equal(s3_server_count(&fixture->server, "requests") - before,
                     1);
  }
  /* a store that is asked too fast is asked again, whatever its status */
  s3_server_fault(&fixture->server, "\"503:SlowDown\"", "GET", 1);
  s3_server_fault(&fixture->server, "\"400:SlowDown\"", "GET", 1);
  assert_holds(fixture, "k", "text");
  s3_server_fault(&fixture->server, "\"503:SlowDown\"", "GET", ATTEMPTS);
  assert_int_equal(vqe_objects_get(&got, &size, fixture->objects, "k", 100),
                   VQE_ERR_IO);
  assert_says("fewer requests");
}

static void abandoned_uploads_are_ended(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_objects *other =
      connect_to(&fixture->server, "s3://bucket/other", "test-region");
  char path[] = "t-s3-large";
  size_t ended = 0;
  int64_t now_ms = (int64_t)time(NULL) * 1000;
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(ftruncate(fileno(file), 17 << 20), 0);
  fclose(file);
  /* neither the part nor the end comes through: as if the writer had died */
  s3_server_fault(&fixture->server, "403", "PUT", 3);
  s3_server_fault(&fixture->server, "403", "DELETE", 3);
  assert_int_not_equal(vqe_objects_put_file(fixture->objects, "a b+c/x", path),
                       0);
  assert_int_not_equal(vqe_objects_put_file(fixture->objects, "d", path), 0);
  assert_int_not_equal(vqe_objects_put_file(other, "theirs", path), 0);
  unlink(path);
  assert_int_equal(s3_server_count(&fixture->server, "uploads"), 3);
  assert_int_equal(
      vqe_objects_end_uploads(&ended, fixture->objects, now_ms - 3600 * 1000),
      VQE_OK);
  assert_int_equal(ended, 0);
  s3_server_order(&fixture->server, "{\"set\": {\"upload_age\": 7200}}",
                  "requests");
  assert_int_equal(
      vqe_objects_end_uploads(&ended, fixture->objects, now_ms - 3600 * 1000),
      VQE_OK);
  assert_int_equal(ended, 2);
  /* that of another place is not ours */
  assert_int_equal(s3_server_count(&fixture->server, "uploads"), 1);
  s3_server_fault(&fixture->server, "501", "GET", 1);
  assert_int_equal(vqe_objects_end_uploads(&ended, other, now_ms), VQE_OK);
  assert_int_equal(ended, 0);
  vqe_objects_close(other);
}

struct listing {
  char last[128];
  char text[1024];
  int count;
};

static int pass(void *ctx, const struct vqe_object *object)
{
  (void)ctx;
  (void)object;
  return VQE_OK;
}

static int note(void *ctx, const struct vqe_object *object)
{
  struct listing *listing = ctx;
  assert_true(strcmp(listing->last, object->key) < 0);
  snprintf(listing->last, sizeof listing->last, "%s", object->key);
  size_t used = strlen(listing->text);
  snprintf(listing->text + used, sizeof listing->text - used, "%s:%d ",
           object->key, (int)object->size);
  assert_int_equal(object->is_folder,
                   object->key[strlen(object->key) - 1] == '/');
  if (!object->is_folder) {
    assert_true(object->modified_ms == 1767323045678);
  }
  listing->count++;
  return 0;
}

static void listing_is_in_byte_order_over_pages(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_objects *objects = fixture->objects;
  struct listing listing;
  put(fixture, "a.b", "1");
  put(fixture, "a/z", "22");
  put(fixture, "a/b/c d+e&f=%25", "333");
  put(fixture, "a0", "");
  put(fixture, "ab/c", "");
  /* a store may ignore encoding-type=url, and then does not say it */
  for (int page = 1; page <= 2000; page *= page == 1000 ? 2 : 10) {
    char command[80];
    snprintf(command, sizeof command,
             "{\"set\": {\"page\": %d, \"encoded\": %s}}",
             page == 2000 ? 2 : page, page == 2000 ? "false" : "true");
    s3_server_order(&fixture->server, command, "requests");
    listing = (struct listing){.text = ""};
    assert_int_equal(vqe_objects_list(objects, "", true, note, &listing), 0);
    assert_string_equal(listing.text,
                        "a.b:1 a/b/c d+e&f=%25:3 a/z:2 a0:0 ab/c:0 ");
    listing = (struct listing){.text = ""};
    assert_int_equal(vqe_objects_list(objects, "", false, note, &listing), 0);
    assert_string_equal(listing.text, "a.b:1 a/:0 a0:0 ab/:0 ");
    listing = (struct listing){.text = ""};
    assert_int_equal(vqe_objects_list(objects, "a", false, note, &listing), 0);
    assert_string_equal(listing.text, "a/b/:0 a/z:2 ");
    listing = (struct listing){.text = ""};
    assert_int_equal(vqe_objects_list(objects, "none", true, note, &listing),
                     0);
    assert_string_equal(listing.text, "");
  }
  s3_server_fault(&fixture->server, "\"html\"", "GET", 1);
  assert_int_equal(vqe_objects_list(objects, "", true, note, &listing),
                   VQE_ERR_IO);
  assert_says("S3 endpoint");
  s3_server_fault(&fixture->server, "\"again\"", "GET", 2);
  listing = (struct listing){.text = ""};
  assert_int_equal(vqe_objects_list(objects, "none", true, note, &listing),
                   VQE_ERR_IO);
  assert_says("again and again");
  s3_server_fault(&fixture->server, "\"empty\"", "GET", 17);
  assert_int_equal(vqe_objects_list(objects, "none", true, note, &listing),
                   VQE_ERR_IO);
  assert_says("an empty page");
  s3_server_fault(&fixture->server, "\"outside\"", "GET", 17);
  assert_int_equal(vqe_objects_list(objects, "none", true, note, &listing),
                   VQE_ERR_IO);
  assert_says("an empty page");
  s3_server_fault(&fixture->server, "\"marks\"", "GET", 2);
  assert_int_equal(vqe_objects_list(objects, "none", true, note, &listing),
                   VQE_ERR_IO);
  assert_says("the same page");
  s3_server_fault(&fixture->server, "\"forward\"", "GET", 223);
  assert_int_equal(vqe_objects_list(objects, "none", true, pass, NULL),
                   VQE_ERR_IO);
  assert_says("without an end");
  s3_server_fault(&fixture->server, "\"turns\"", "GET", 100);
  listing = (struct listing){.text = ""};
  assert_int_equal(vqe_objects_list(objects, "", true, note, &listing),
                   VQE_ERR_IO);
  assert_says("the same page");
}

static void body_above_the_listed_size_is_not_read_on(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_objects *objects = fixture->objects;
  put(fixture, "k", "0123456789");
  assert_int_equal(vqe_objects_get_file(objects, "k", "t-s3-copy", 10), 0);
  assert_int_equal(remove("t-s3-copy"), 0);
  assert_int_equal(vqe_objects_get_file(objects, "k", "t-s3-copy", 9),
                   VQE_ERR_INPUT);
  assert_says("more than the 9 bytes");
  assert_int_equal(vqe_objects_get_file(objects, "k", "t-s3-copy", 11),
                   VQE_ERR_INPUT);
  assert_says("has 10 bytes, not the 11");
  assert_int_not_equal(access("t-s3-copy", F_OK), 0);
}

static void make_file(const char *path, size_t size)
{
  FILE *stream = fopen(path, "wb");
  assert_non_null(stream);
  uint32_t x = 1;
  for (size_t k = 0; k < size / 4; k++) {
    x = x * 1664525 + 1013904223;
    assert_int_equal(fwrite(&x, 4, 1, stream), 1);
  }
  fclose(stream);
}

static void assert_same_files(const char *left, const char *right)
{
  static char a[1 << 16];
  static char b[1 << 16];
  FILE *one = fopen(left, "rb");
  FILE *two = fopen(right, "rb");
  size_t got = 0;
  assert_non_null(one);
  assert_non_null(two);
  do {
    got = fread(a, 1, sizeof a, one);
    assert_int_equal(fread(b, 1, sizeof b, two), got);
    assert_memory_equal(a, b, got);
  } while (got > 0);
  fclose(one);
  fclose(two);
}

#define MEBI ((size_t)1 << 20)

static void
large_files_go_in_parts_and_failed_uploads_are_aborted(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_objects *objects = fixture->objects;
  make_file("t-s3-file", 40 * MEBI);
  assert_int_equal(vqe_objects_put_file(objects, "big", "t-s3-file"), 0);
  assert_int_equal(
      vqe_objects_get_file(objects, "big", "t-s3-copy", VQE_OBJECTS_ANY_SIZE),
      0);
  assert_same_files("t-s3-file", "t-s3-copy");
  /* faults in each step are overcome, a lost response to the last too */
  s3_server_fault(&fixture->server, "500", "POST", 1);
  s3_server_fault(&fixture->server, "\"cut\"", "PUT", 1);
  s3_server_fault(&fixture->server, "\"etag\"", "PUT", 1);
  assert_int_equal(vqe_objects_put_file(objects, "big", "t-s3-file"), 0);
  s3_server_fault(&fixture->server, "\"none\"", "POST", 1);
  s3_server_fault(&fixture->server, "\"cut_after\"", "POST", 1);
  assert_int_equal(vqe_objects_put_file(objects, "big", "t-s3-file"), 0);
  assert_int_equal(
      vqe_objects_get_file(objects, "big", "t-s3-copy", VQE_OBJECTS_ANY_SIZE),
      0);
  assert_same_files("t-s3-file", "t-s3-copy");
  assert_int_equal(s3_server_count(&fixture->server, "uploads"), 0);
  /* what fails is aborted, and what was there stays */
  s3_server_fault(&fixture->server, "403", "PUT", 1);
  assert_int_equal(vqe_objects_put_file(objects, "big", "t-s3-file"),
                   VQE_ERR_INPUT);
  assert_says("403");
  assert_int_equal(s3_server_count(&fixture->server, "uploads"), 0);
  assert_int_equal(s3_server_count(&fixture->server, "aborted"), 1);
  s3_server_fault(&fixture->server, "\"none\"", "POST", 1);
  s3_server_fault(&fixture->server, "\"error_in_200\"", "POST", 1);
  assert_int_equal(vqe_objects_put_file(objects, "big", "t-s3-file"),
                   VQE_ERR_IO);
  assert_says("InternalError");
  assert_int_equal(s3_server_count(&fixture->server, "uploads"), 0);
  assert_int_equal(
      vqe_objects_get_file(objects, "big", "t-s3-copy", VQE_OBJECTS_ANY_SIZE),
      0);
  assert_same_files("t-s3-file", "t-s3-copy");
  /* below the limit it is one request */
  make_file("t-s3-file", 16 * MEBI);
  long before = s3_server_count(&fixture->server, "requests");
  assert_int_equal(vqe_objects_put_file(objects, "big", "t-s3-file"), 0);
  assert_int_equal(s3_server_count(&fixture->server, "requests") - before, 1);
  assert_int_equal(
      vqe_objects_get_file(objects, "big", "t-s3-copy", VQE_OBJECTS_ANY_SIZE),
      0);
  assert_same_files("t-s3-file", "t-s3-copy");
  assert_int_equal(vqe_objects_put_file(objects, "big", "/nowhere"),
                   VQE_ERR_NOT_FOUND);
  unlink("t-s3-file");
  unlink("t-s3-copy");
}

static void refusals_name_the_remedy_and_are_not_retried(void **state)
{
  struct fixture *fixture = *state;
  char *got = NULL;
  size_t size = 0;
  struct vqe_objects *objects =
      connect_to(&fixture->server, "s3://bucket", "elsewhere");
  long before = s3_server_count(&fixture->server, "requests");
  assert_int_equal(vqe_objects_get(&got, &size, objects, "k", 10),
                   VQE_ERR_INPUT);
  assert_says("region 'elsewhere'");
  vqe_objects_close(objects);
  objects = connect_to(&fixture->server, "s3://missing", "test-region");
  assert_int_equal(vqe_objects_get(&got, &size, objects, "k", 10),
                   VQE_ERR_INPUT);
  assert_says("no such bucket");
  assert_int_equal(vqe_objects_list(objects, "", true, note, NULL),
                   VQE_ERR_INPUT);
  assert_says("no such bucket");
  assert_int_equal(vqe_objects_list(objects, "a b/c", true, note, NULL),
                   VQE_ERR_INPUT);
  assert_says("listing 'a b/c/'");
  vqe_objects_close(objects);
  setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
  objects = connect_to(&fixture->server, "s3://bucket", "test-region");
  assert_int_equal(vqe_objects_get(&got, &size, objects, "k", 10),
                   VQE_ERR_INPUT);
  assert_says("AWS_SECRET_ACCESS_KEY does not fit");
  vqe_objects_close(objects);
  setenv("AWS_ACCESS_KEY_ID", "GKunknown", 1);
  objects = connect_to(&fixture->server, "s3://bucket", "test-region");
  assert_int_equal(vqe_objects_put(objects, "k", "", 0, VQE_OBJECTS_REPLACE),
                   VQE_ERR_INPUT);
  assert_says("correct AWS_ACCESS_KEY_ID");
  assert_null(strstr(vqe_error_message(), "GKunknown"));
  vqe_objects_close(objects);
  setenv("AWS_ACCESS_KEY_ID", "GKtestkey", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret/of+the=test", 1);
  /* refusals are not tried again */
  assert_int_equal(s3_server_count(&fixture->server, "requests") - before, 6);
  s3_server_fault(&fixture->server, "\"echo_secret\"", "GET", 1);
  assert_int_equal(vqe_objects_get(&got, &size, fixture->objects, "k", 10),
                   VQE_ERR_INPUT);
  assert_says("403");
  assert_no_secret();
}

static void unreachable_store_is_an_io_error(void **state)
{
  (void)state;
  struct s3_server nobody = {.endpoint = "http://127.0.0.1:1"};
  struct vqe_objects *objects =
      connect_to(&nobody, "s3://bucket", "test-region");
  uint64_t size = 0;
  double start = now();
  assert_int_equal(vqe_objects_head(&size, objects, "k"), VQE_ERR_IO);
  assert_true(now() - start < 10.0);
  assert_says("http://127.0.0.1:1");
  assert_says("check the endpoint");
  assert_no_secret();
  vqe_objects_close(objects);
}

static void tls_needs_the_ca_of_the_store(void **state)
{
  (void)state;
  struct s3_server server;
  char *got = NULL;
  size_t size = 0;
  s3_server_start(&server, 1);
  struct vqe_objects *objects =
      connect_to(&server, "s3://bucket", "test-region");
  assert_int_equal(vqe_objects_put(objects, "k", "x", 1, VQE_OBJECTS_REPLACE),
                   0);
  s3_server_fault(&server, "\"cut\"", "PUT", 2);
  assert_int_equal(vqe_objects_put(objects, "k", "y", 1, VQE_OBJECTS_REPLACE),
                   0);
  assert_int_equal(vqe_objects_get(&got, &size, objects, "k", 10), 0);
  assert_string_equal(got, "y");
  free(got);
  vqe_objects_close(objects);
  /* of a machine that keeps its authorities elsewhere */
  setenv("SSL_CERT_FILE", server.ca_file, 1);
  server.ca_file[0] = '\0';
  objects = connect_to(&server, "s3://bucket", "test-region");
  assert_int_equal(vqe_objects_get(&got, &size, objects, "k", 10), 0);
  free(got);
  vqe_objects_close(objects);
  unsetenv("SSL_CERT_FILE");
  objects = connect_to(&server, "s3://bucket", "test-region");
  assert_int_equal(vqe_objects_get(&got, &size, objects, "k", 10),
                   VQE_ERR_INPUT);
  assert_says("AWS_CA_BUNDLE");
  vqe_objects_close(objects);
  s3_server_stop(&server);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(put_bytes_come_back_under_any_key, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(token_that_comes_back_as_a_key_is_masked,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(session_token_is_signed, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(
          only_new_never_replaces_where_the_store_honours_conditions, setup,
          teardown),
      cmocka_unit_test_setup_teardown(
          only_new_looks_first_where_the_store_ignores_conditions, setup,
          teardown),
      cmocka_unit_test_setup_teardown(
          lost_response_to_a_conditional_put_is_resolved_by_the_bytes, setup,
          teardown),
      cmocka_unit_test_setup_teardown(
          passing_faults_are_retried_and_attempts_are_bounded, setup,
          teardown),
      cmocka_unit_test_setup_teardown(
          slow_and_stalled_transfers_end_by_timeout, setup, teardown),
      cmocka_unit_test_setup_teardown(etags_that_are_no_md5_are_settled, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(spoiled_bytes_are_no_opaque_etag, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(etags_are_taken_as_opaque_on_demand,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(
          errors_of_sessions_and_clocks_have_their_remedies, setup, teardown),
      cmocka_unit_test_setup_teardown(abandoned_uploads_are_ended, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(wrong_bytes_are_found_by_their_checksum,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(
          body_above_the_listed_size_is_not_read_on, setup, teardown),
      cmocka_unit_test_setup_teardown(listing_is_in_byte_order_over_pages,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(
          large_files_go_in_parts_and_failed_uploads_are_aborted, setup,
          teardown),
      cmocka_unit_test_setup_teardown(
          refusals_name_the_remedy_and_are_not_retried, setup, teardown),
      cmocka_unit_test_setup_teardown(unreachable_store_is_an_io_error, setup,
                                      teardown),
      cmocka_unit_test(tls_needs_the_ca_of_the_store),
  };
  return cmocka_run_group_tests(tests, start_server, stop_server);
}
