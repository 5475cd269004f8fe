/* The registry's client against responses of a registry that misbehaves. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/http_server.h"
#include "stream/registry.h"
#include "vqe/error.h"

#define SCHEMA "{\"type\": \"record\", \"name\": \"A\", \"fields\": []}"

static struct http_script respond_plain(const struct http_request *request)
{
  struct http_script script = {.status = 200, .body = "{\"id\": 41}"};
  if (strcmp(request->method, "GET") == 0) {
    script.body = "{\"schema\": \"\\\"string\\\"\"}";
  }
  return script;
}

struct fixture {
  struct http_server server;
  struct vqe_registry *registry;
};

static void open_registry(struct fixture *fixture, const char *urls)
{
  const struct vqe_registry_options options = {
      .urls = urls, .timeout_s = 0.5, .attempts = 3};
  vqe_registry_close(fixture->registry);
  if (vqe_registry_open(&fixture->registry, &options) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
}

static int set_up(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  unsetenv("VQE_REGISTRY_USERNAME");
  unsetenv("VQE_REGISTRY_PASSWORD");
  unsetenv("VQE_REGISTRY_TOKEN");
  setenv("no_proxy", "127.0.0.1", 1);
  http_start(&fixture->server, 0, respond_plain);
  open_registry(fixture, fixture->server.url);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  struct fixture *fixture = *state;
  vqe_registry_close(fixture->registry);
  http_stop(&fixture->server);
  free(fixture);
  return 0;
}

static void assert_says(const char *part)
{
  if (strstr(vqe_error_message(), part) == NULL) {
    fail_msg("'%s' is not in: %s", part, vqe_error_message());
  }
}

static int register_it(struct fixture *fixture, uint32_t *id)
{
  *id = 0;
  return vqe_registry_register(id, fixture->registry, "experiment.vqe-value",
                               SCHEMA, strlen(SCHEMA));
}

static void schema_is_registered_once(void **state)
{
  struct fixture *fixture = *state;
  uint32_t id;
  assert_int_equal(register_it(fixture, &id), VQE_OK);
  assert_int_equal(id, 41);
  assert_string_equal(fixture->server.last.method, "POST");
  assert_string_equal(fixture->server.last.path,
                      "/subjects/experiment.vqe-value/versions");
  assert_string_equal(fixture->server.last.authorization, "");
  json_t *body = json_loads(fixture->server.last.body, 0, NULL);
  assert_string_equal(json_string_value(json_object_get(body, "schema")),
                      SCHEMA);
  json_decref(body);
  /* known from now on */
  assert_int_equal(register_it(fixture, &id), VQE_OK);
  assert_int_equal(id, 41);
  assert_int_equal(http_count(&fixture->server), 1);
  assert_int_equal(vqe_registry_register(&id, fixture->registry, "a/b c",
                                         SCHEMA, strlen(SCHEMA)),
                   VQE_OK);
  assert_string_equal(fixture->server.last.path,
                      "/subjects/a%2Fb%20c/versions");
}

static void schema_is_fetched_once(void **state)
{
  struct fixture *fixture = *state;
  const char *schema = NULL;
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 7), VQE_OK);
  assert_string_equal(schema, "\"string\"");
  assert_string_equal(fixture->server.last.path, "/schemas/ids/7");
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 7), VQE_OK);
  assert_int_equal(http_count(&fixture->server), 1);
  http_script(&fixture->server, 404,
              "{\"error_code\": 40403, \"message\": \"Schema not found\"}", 0);
  http_script(&fixture->server, 200, "<html>", 0);
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 8),
                   VQE_ERR_NOT_FOUND);
  assert_says("Schema not found");
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 8),
                   VQE_ERR_INPUT);
  assert_null(schema);
}

static void passing_faults_are_retried_and_attempts_are_bounded(void **state)
{
  struct fixture *fixture = *state;
  uint32_t id;
  http_script(&fixture->server, 503, "busy", 0);
  http_script(&fixture->server, HTTP_DROP, NULL, 0);
  assert_int_equal(register_it(fixture, &id), VQE_OK);
  assert_int_equal(http_count(&fixture->server), 3);
  /* bounded */
  open_registry(fixture, fixture->server.url);
  for (int k = 0; k < 5; k++) {
    http_script(&fixture->server, 500,
                "{\"error_code\": 50001, \"message\": \"leader lost\"}", 0);
  }
  assert_int_equal(register_it(fixture, &id), VQE_ERR_IO);
  assert_says("leader lost");
  assert_int_equal(http_count(&fixture->server), 6);
}

static void slow_response_is_retried(void **state)
{
  struct fixture *fixture = *state;
  uint32_t id;
  http_script(&fixture->server, 200, "{\"id\": 1}", 900);
  assert_int_equal(register_it(fixture, &id), VQE_OK);
  assert_int_equal(id, 41);
  assert_true(http_count(&fixture->server) >= 2);
}

static void other_addresses_are_asked_when_one_is_away(void **state)
{
  struct fixture *fixture = *state;
  char urls[160];
  uint32_t id;
  const char *schema = NULL;
  /* nobody listens on port 1 */
  snprintf(urls, sizeof urls, "http://127.0.0.1:1, %s//", fixture->server.url);
  open_registry(fixture, urls);
  assert_int_equal(register_it(fixture, &id), VQE_OK);
  assert_int_equal(http_count(&fixture->server), 1);
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 3), VQE_OK);
  open_registry(fixture, "http://127.0.0.1:1");
  assert_int_equal(register_it(fixture, &id), VQE_ERR_IO);
  assert_says("127.0.0.1:1");
}

static void refusals_say_why_and_are_not_retried(void **state)
{
  struct fixture *fixture = *state;
  uint32_t id;
  http_script(&fixture->server, 409,
              "{\"error_code\": 409, \"message\": \"Schema being registered "
              "is incompatible with an earlier schema\"}",
              0);
  http_script(&fixture->server, 200,
              "{\"is_compatible\": false, \"messages\": [\"The field "
              "'minimum' at path '/fields/0' has no default value\"]}",
              0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_INPUT);
  assert_says("incompatible with an earlier schema");
  assert_says("'minimum' at path");
  assert_int_equal(http_count(&fixture->server), 2);
  http_script(&fixture->server, 422,
              "{\"error_code\": 42201, \"message\": \"Invalid schema\"}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_INPUT);
  assert_says("Invalid schema");
  assert_int_equal(http_count(&fixture->server), 3);
  http_script(&fixture->server, 404, "", 0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_NOT_FOUND);
  http_script(&fixture->server, 200, "{}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_INPUT);
  assert_says("is this a registry?");
}

static void schema_is_looked_up_where_registering_is_forbidden(void **state)
{
  struct fixture *fixture = *state;
  uint32_t id;
  http_script(&fixture->server, 403, "{\"message\": \"read only\"}", 0);
  http_script(&fixture->server, 200, "{\"id\": 12, \"version\": 3}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_OK);
  assert_int_equal(id, 12);
  assert_string_equal(fixture->server.last.path,
                      "/subjects/experiment.vqe-value");
  assert_string_equal(fixture->server.last.method, "POST");
}

static void read_only_registry_is_asked_for_the_schema(void **state)
{
  struct fixture *fixture = *state;
  static const char read_only[] =
      "{\"error_code\": 42205, \"message\": \"Subject "
      "experiment.vqe-value is in read-only mode\"}";
  uint32_t id;
  http_script(&fixture->server, 422, read_only, 0);
  http_script(&fixture->server, 200, "{\"id\": 13}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_OK);
  assert_int_equal(id, 13);
  assert_string_equal(fixture->server.last.path,
                      "/subjects/experiment.vqe-value");
  /* and where it does not have it */
  open_registry(fixture, fixture->server.url);
  http_script(&fixture->server, 422, read_only, 0);
  http_script(&fixture->server, 404,
              "{\"error_code\": 40403, \"message\": \"Schema not found\"}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_NOT_FOUND);
  assert_says("looking up the schema");
  assert_says("Schema not found");
  /* any other 422 is final */
  int before = http_count(&fixture->server);
  http_script(&fixture->server, 422,
              "{\"error_code\": 42201, \"message\": \"Invalid schema\"}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_INPUT);
  assert_int_equal(http_count(&fixture->server), before + 1);
}

static void ids_above_2_to_31_are_taken(void **state)
{
  struct fixture *fixture = *state;
  const char *schema = NULL;
  uint32_t id;
  http_script(&fixture->server, 200, "{\"id\": 4294967295}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_OK);
  assert_true(id == UINT32_MAX);
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 2147483648u),
                   VQE_OK);
  assert_string_equal(fixture->server.last.path, "/schemas/ids/2147483648");
  open_registry(fixture, fixture->server.url);
  http_script(&fixture->server, 200, "{\"id\": 4294967296}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_INPUT);
  http_script(&fixture->server, 200, "{\"id\": -1}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_INPUT);
}

static struct http_script
respond_references(const struct http_request *request)
{
  static const struct {
    const char *path, *body;
  } held[] = {
      {"/schemas/ids/5",
       "{\"schema\": \"{\\\"type\\\": \\\"record\\\", \\\"name\\\": "
       "\\\"A\\\", \\\"fields\\\": [{\\\"name\\\": \\\"b\\\", "
       "\\\"type\\\": \\\"q.B\\\"}, {\\\"name\\\": \\\"c\\\", "
       "\\\"type\\\": \\\"q.C\\\"}]}\", \"references\": [{\"name\": "
       "\"q.B\", \"subject\": \"b one\", \"version\": 2}]}"},
      {"/subjects/b%20one/versions/2",
       "{\"schema\": \"{\\\"type\\\": \\\"record\\\", "
       "\\\"namespace\\\": \\\"q\\\", \\\"name\\\": \\\"B\\\", "
       "\\\"fields\\\": [{\\\"name\\\": \\\"c\\\", \\\"type\\\": "
       "[\\\"null\\\", \\\"C\\\"]}]}\", \"references\": [{\"name\": "
       "\"q.C\", \"subject\": \"c\", \"version\": 1}]}"},
      {"/subjects/c/versions/1",
       "{\"schema\": \"{\\\"type\\\": \\\"fixed\\\", \\\"size\\\": 2, "
       "\\\"name\\\": \\\"q.C\\\"}\"}"},
  };
  struct http_script script = {.status = 404, .body = "{}"};
  for (size_t k = 0; k < sizeof held / sizeof held[0]; k++) {
    if (strcmp(request->path, held[k].path) == 0) {
      script = (struct http_script){.status = 200, .body = held[k].body};
    }
  }
  return script;
}

/* A refers to q.B and q.C, q.B to q.C. */
static void references_are_written_out(void **state)
{
  struct fixture *fixture = *state;
  const char *schema = NULL;
  fixture->server.otherwise = respond_references;
  if (vqe_registry_fetch(&schema, fixture->registry, 5) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  assert_string_equal(
      schema,
      "{\"type\":\"record\",\"name\":\"vqe_type0\",\"fields\":[{\"name\":"
      "\"b\",\"type\":{\"type\":\"record\",\"name\":\"vqe_type1\","
      "\"fields\":[{\"name\":\"c\",\"type\":[\"null\",{\"type\":\"fixed\","
      "\"size\":2,\"name\":\"vqe_type2\"}]}]}},{\"name\":\"c\",\"type\":"
      "\"vqe_type2\"}]}");
  assert_int_equal(http_count(&fixture->server), 3);
}

static void missing_reference_is_named(void **state)
{
  struct fixture *fixture = *state;
  const char *schema = NULL;
  fixture->server.otherwise = respond_references;
  http_script(&fixture->server, 200,
              "{\"schema\": \"{\\\"type\\\": \\\"array\\\", "
              "\\\"items\\\": \\\"q.D\\\"}\", \"references\": "
              "[{\"name\": \"q.C\", \"subject\": \"c\", \"version\": 1}]}",
              0);
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 6),
                   VQE_ERR_INPUT);
  assert_says("'q.D'");
  http_script(&fixture->server, 200,
              "{\"schema\": \"\\\"q.E\\\"\", \"references\": [{\"name\": "
              "\"q.E\", \"subject\": \"e\", \"version\": 9}]}",
              0);
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 6),
                   VQE_ERR_NOT_FOUND);
  assert_says("version 9 of 'e'");
  /* other languages have other references */
  http_script(&fixture->server, 200,
              "{\"schema\": \"syntax\", \"schemaType\": \"PROTOBUF\"}", 0);
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 6),
                   VQE_ERR_UNSUPPORTED);
  assert_says("PROTOBUF");
}

/* The registry of another path responds with a page, one that has lost its
 * schemas with an error of its own. */
static void missing_schema_and_wrong_path_have_their_remedies(void **state)
{
  struct fixture *fixture = *state;
  const char *schema = NULL;
  http_script(&fixture->server, 404, "<html>Not Found</html>", 0);
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 8),
                   VQE_ERR_NOT_FOUND);
  assert_says("/apis/ccompat/v7");
  http_script(&fixture->server, 404,
              "{\"error_code\": 40403, \"message\": \"Schema not found\"}", 0);
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 8),
                   VQE_ERR_NOT_FOUND);
  assert_says("started anew");
}

static void credentials_are_sent_and_masked(void **state)
{
  struct fixture *fixture = *state;
  char path[] = "/tmp/vqe-secret-XXXXXX";
  uint32_t id;
  int file = mkstemp(path);
  assert_true(file >= 0);
  assert_int_equal(write(file, "s3cret\n", 7), 7);
  close(file);
  setenv("VQE_REGISTRY_USERNAME", "user", 1);
  setenv("VQE_REGISTRY_PASSWORD_FILE", path, 1);
  open_registry(fixture, fixture->server.url);
  unsetenv("VQE_REGISTRY_PASSWORD_FILE");
  unsetenv("VQE_REGISTRY_USERNAME");
  unlink(path);
  http_script(&fixture->server, 401,
              "{\"message\": \"user with s3cret is unknown\"}", 0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_INPUT);
  assert_says("VQE_REGISTRY_PASSWORD");
  assert_says("user with ****** is unknown");
  assert_null(strstr(vqe_error_message(), "s3cret"));
  /* user:s3cret */
  assert_string_equal(fixture->server.last.authorization,
                      "Basic dXNlcjpzM2NyZXQ=");
  /* in the list of a conflict, in any form, and no letter that moves */
  http_script(&fixture->server, 409, "{\"message\": \"no\"}", 0);
  http_script(&fixture->server, 200,
              "{\"messages\": [\"got s3cret\", \"Basic dXNlcjpzM2NyZXQ= "
              "\\u001b[2J\\u202e\\u009b\"]}",
              0);
  assert_int_equal(register_it(fixture, &id), VQE_ERR_INPUT);
  assert_says("got ******; Basic ****************");
  assert_null(strpbrk(vqe_error_message(), "\x1b\xe2\xc2"));
  http_script(&fixture->server, 200,
              "{\"schema\": \"x\", \"schemaType\": \"s3cret\"}", 0);
  const char *schema = NULL;
  assert_int_equal(vqe_registry_fetch(&schema, fixture->registry, 9),
                   VQE_ERR_UNSUPPORTED);
  assert_null(strstr(vqe_error_message(), "s3cret"));
  setenv("VQE_REGISTRY_TOKEN", "abc.def", 1);
  open_registry(fixture, fixture->server.url);
  unsetenv("VQE_REGISTRY_TOKEN");
  assert_int_equal(register_it(fixture, &id), VQE_OK);
  assert_string_equal(fixture->server.last.authorization, "Bearer abc.def");
}

static void bad_settings_are_refused_without_secrets(void **state)
{
  struct vqe_registry *registry = NULL;
  const char *bad[] = {NULL,
                       "",
                       "localhost:8081",
                       "ftp://host",
                       "http://a,,http://b",
                       "http://user:pw@host"};
  (void)state;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    const struct vqe_registry_options options = {.urls = bad[k]};
    assert_int_equal(vqe_registry_open(&registry, &options), VQE_ERR_INPUT);
    assert_null(registry);
    assert_null(strstr(vqe_error_message(), "pw"));
  }
  const struct vqe_registry_options options = {.urls = "https://host",
                                               .ca_file = "/no/such.pem"};
  assert_int_equal(vqe_registry_open(&registry, &options), VQE_ERR_INPUT);
  assert_says("/no/such.pem");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(schema_is_registered_once),
      TEST(schema_is_fetched_once),
      TEST(passing_faults_are_retried_and_attempts_are_bounded),
      TEST(slow_response_is_retried),
      TEST(other_addresses_are_asked_when_one_is_away),
      TEST(refusals_say_why_and_are_not_retried),
      TEST(schema_is_looked_up_where_registering_is_forbidden),
      TEST(read_only_registry_is_asked_for_the_schema),
      TEST(ids_above_2_to_31_are_taken),
      TEST(references_are_written_out),
      TEST(missing_reference_is_named),
      TEST(missing_schema_and_wrong_path_have_their_remedies),
      TEST(credentials_are_sent_and_masked),
      TEST(bad_settings_are_refused_without_secrets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
