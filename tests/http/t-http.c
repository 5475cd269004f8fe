/* The HTTP client against a server that behaves as the test has it: what is
 * sent, what is kept, which attempts are repeated, what is reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http/http.h"
#include "http/http_server.h"
#include "vqe/error.h"

struct fixture {
  struct http_server server;
  struct vqe_http *http;
  struct vqe_http_response response;
  char *sent; /* which the server may still send when a test has ended */
};

static struct http_script respond_plain(const struct http_request *request)
{
  (void)request;
  return (struct http_script){.status = 200, .body = "plain"};
}

static void connect_with(struct fixture *fixture,
                         const struct vqe_http_options *options)
{
  vqe_http_close(fixture->http);
  assert_int_equal(vqe_http_open(&fixture->http, options), VQE_OK);
}

static int set_up(void **state)
{
  const struct vqe_http_options options = {.connect_timeout_s = 1.0};
  struct fixture *fixture = calloc(1, sizeof *fixture);
  setenv("no_proxy", "127.0.0.1", 1);
  http_start(&fixture->server, 0, respond_plain);
  connect_with(fixture, &options);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  struct fixture *fixture = *state;
  vqe_http_response_clear(&fixture->response);
  vqe_http_close(fixture->http);
  http_stop(&fixture->server);
  free(fixture->sent);
  free(fixture);
  return 0;
}

/* 5xx and whatever gives no response are retried, at once. */
static enum vqe_http_verdict judge_plain(void *ctx,
                                         const struct vqe_http *http,
                                         const struct vqe_http_response *got)
{
  (void)ctx;
  (void)http;
  return got->fault != VQE_HTTP_NO_FAULT || got->status >= 500 ||
                 got->status == 409
             ? VQE_HTTP_RETRY
             : VQE_HTTP_DONE;
}

static int perform_at(struct fixture *fixture, const char *const *bases,
                      size_t nbase, const struct vqe_http_request *given,
                      int attempts)
{
  struct vqe_http_request request = *given;
  const struct vqe_http_policy policy = {.attempts = attempts,
                                         .judge = judge_plain};
  request.bases = bases;
  request.nbase = nbase;
  vqe_http_response_clear(&fixture->response);
  return vqe_http_perform(&fixture->response, fixture->http, &request,
                          &policy);
}

static int perform(struct fixture *fixture,
                   const struct vqe_http_request *request, int attempts)
{
  const char *const bases[] = {fixture->server.url};
  return perform_at(fixture, bases, 1, request, attempts);
}

static const struct vqe_http_request get = {
    .method = "GET", .path = "/a?b=c", .limit = 1000};

static void assert_sent(struct fixture *fixture, const char *line)
{
  if (strstr(fixture->server.last.head, line) == NULL) {
    fail_msg("'%s' is not in: %s", line, fixture->server.last.head);
  }
}

/* ---- what is sent ---- */

static void get_sends_path_and_headers_and_reads_the_body(void **state)
{
  struct fixture *fixture = *state;
  static const char *const headers[] = {"X-One: 1", "X-Two: 2"};
  struct vqe_http_request request = get;
  request.headers = headers;
  request.nheader = 2;
  http_script_with(&fixture->server, 200, "text", "ETag: \"abc\"\r\n");
  assert_int_equal(perform(fixture, &request, 1), VQE_OK);
  assert_string_equal(fixture->server.last.method, "GET");
  assert_string_equal(fixture->server.last.path, "/a?b=c");
  assert_sent(fixture, "X-One: 1\r\n");
  assert_sent(fixture, "X-Two: 2\r\n");
  assert_sent(fixture, "User-Agent: vqe_batch/");
  assert_int_equal(fixture->response.status, 200);
  assert_int_equal(fixture->response.verdict, VQE_HTTP_DONE);
  assert_int_equal(fixture->response.size, 4);
  assert_int_equal(fixture->response.content_length, 4);
  assert_string_equal(fixture->response.body, "text");
  assert_string_equal(fixture->response.etag, "abc");
  assert_false(fixture->response.unsure);
  assert_int_equal(vqe_http_requests(fixture->http), 1);
}

static void plain_post_expects_no_100_continue_and_put_uploads(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_http_request request = {.method = "POST",
                                     .path = "/",
                                     .body = "{}",
                                     .size = 2,
                                     .plain_post = true,
                                     .limit = 100};
  assert_int_equal(perform(fixture, &request, 1), VQE_OK);
  assert_string_equal(fixture->server.last.method, "POST");
  assert_string_equal(fixture->server.last.body, "{}");
  assert_null(strcasestr(fixture->server.last.head, "\nexpect:"));
  request.plain_post = false;
  request.method = "PUT";
  assert_int_equal(perform(fixture, &request, 1), VQE_OK);
  assert_string_equal(fixture->server.last.method, "PUT");
  assert_string_equal(fixture->server.last.body, "{}");
}

static void credentials_are_basic_bearer_or_a_signature(void **state)
{
  struct fixture *fixture = *state;
  connect_with(fixture, &(struct vqe_http_options){.username = "user",
                                                   .password = "s3cret"});
  assert_int_equal(perform(fixture, &get, 1), VQE_OK);
  assert_string_equal(fixture->server.last.authorization,
                      "Basic dXNlcjpzM2NyZXQ=");
  connect_with(fixture, &(struct vqe_http_options){.username = "user",
                                                   .token = "abc.def"});
  assert_int_equal(perform(fixture, &get, 1), VQE_OK);
  assert_string_equal(fixture->server.last.authorization, "Bearer abc.def");
  connect_with(fixture,
               &(struct vqe_http_options){.username = "key",
                                          .password = "secret",
                                          .sigv4 = "aws:amz:here:s3"});
  assert_int_equal(perform(fixture, &get, 1), VQE_OK);
  assert_ptr_equal(strstr(fixture->server.last.authorization,
                          "AWS4-HMAC-SHA256 Credential=key/"),
                   fixture->server.last.authorization);
  assert_non_null(
      strstr(fixture->server.last.authorization, "/here/s3/aws4_request"));
}

/* ---- what is kept ---- */

static void good_body_above_the_limit_is_too_large(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_http_request request = get;
  request.limit = 5;
  assert_int_equal(perform(fixture, &request, 3), VQE_OK);
  assert_string_equal(fixture->response.body, "plain");
  request.limit = 4;
  assert_int_equal(perform(fixture, &request, 3), VQE_OK);
  assert_true(fixture->response.too_large);
  assert_null(fixture->response.body);
  assert_int_equal(fixture->response.size, 0);
  assert_int_equal(fixture->response.verdict, VQE_HTTP_DONE);
  assert_int_equal(http_count(&fixture->server), 2);
}

static void error_body_above_its_limit_is_cut(void **state)
{
  struct fixture *fixture = *state;
  static char large[100001];
  struct vqe_http_request request = get;
  memset(large, 'x', sizeof large - 1);
  request.error_limit = 65536;
  http_script(&fixture->server, 404, large, 0);
  assert_int_equal(perform(fixture, &request, 1), VQE_OK);
  assert_int_equal(fixture->response.status, 404);
  assert_false(fixture->response.too_large);
  assert_in_range(fixture->response.size, 1000, 65536);
  request.error_limit = 0;
  http_script(&fixture->server, 404, large, 0);
  assert_int_equal(perform(fixture, &request, 1), VQE_OK);
  assert_true(fixture->response.too_large);
}

/* An error of 8 MB is not read to its end, and is still that error. */
static void error_body_without_end_is_left(void **state)
{
  struct fixture *fixture = *state;
  const size_t size = (size_t)8 << 20;
  struct vqe_http_request request = get;
  char *large = malloc(size + 1);
  assert_non_null(large);
  memset(large, 'x', size);
  large[size] = '\0';
  fixture->sent = large;
  request.error_limit = 1000;
  http_script(&fixture->server, 403, large, 0);
  assert_int_equal(perform(fixture, &request, 1), VQE_OK);
  assert_int_equal(fixture->response.status, 403);
  assert_int_equal(fixture->response.fault, VQE_HTTP_NO_FAULT);
  assert_false(fixture->response.too_large);
  assert_in_range(fixture->response.size, 0, 1000);
  assert_true(fixture->server.last_sent < size);
}

static void headers_without_end_are_a_fault(void **state)
{
  struct fixture *fixture = *state;
  const size_t lines = 5000;
  const char *line =
      "X-Filler: "
      "0123456789012345678901234567890123456789012345678901\r\n";
  char *headers = calloc(lines, strlen(line) + 1);
  assert_non_null(headers);
  fixture->sent = headers;
  char *end = headers;
  for (size_t k = 0; k < lines; k++) {
    end = stpcpy(end, line);
  }
  http_script_with(&fixture->server, 200, "text", headers);
  assert_int_equal(perform(fixture, &get, 1), VQE_OK);
  assert_int_not_equal(fixture->response.fault, VQE_HTTP_NO_FAULT);
}

static void header_of_the_last_response_is_found_by_its_name(void **state)
{
  struct fixture *fixture = *state;
  char value[8];
  http_script_with(&fixture->server, 200, "", "X-Store: garage-store\r\n");
  assert_int_equal(perform(fixture, &get, 1), VQE_OK);
  assert_true(vqe_http_header(value, sizeof value, fixture->http, "x-store"));
  assert_string_equal(value, "garage-");
  assert_false(vqe_http_header(value, sizeof value, fixture->http, "x-stor"));
  assert_string_equal(value, "");
  assert_null(fixture->response.body);
}

struct taken {
  int begins;
  char text[100];
  int result;
};

static int begin_taking(void *ctx)
{
  struct taken *taken = ctx;
  taken->begins++;
  taken->text[0] = '\0';
  return VQE_OK;
}

static int take(void *ctx, const void *data, size_t size)
{
  struct taken *taken = ctx;
  strncat(taken->text, data, size);
  return taken->result;
}

static void sink_takes_good_bodies_alone_and_begins_anew(void **state)
{
  struct fixture *fixture = *state;
  struct taken taken = {0};
  struct vqe_http_sink sink = {
      .ctx = &taken, .begin = begin_taking, .take = take, .consumes = true};
  struct vqe_http_request request = get;
  request.sink = &sink;
  http_script(&fixture->server, 503, "busy", 0);
  assert_int_equal(perform(fixture, &request, 3), VQE_OK);
  assert_int_equal(taken.begins, 2);
  assert_string_equal(taken.text, "plain");
  assert_null(fixture->response.body);
  assert_int_equal(fixture->response.size, 5);
  sink.consumes = false;
  assert_int_equal(perform(fixture, &request, 3), VQE_OK);
  assert_string_equal(taken.text, "plain");
  assert_string_equal(fixture->response.body, "plain");
  /* what it consumes has a limit too */
  sink.consumes = true;
  request.limit = 4;
  assert_int_equal(perform(fixture, &request, 3), VQE_OK);
  assert_true(fixture->response.too_large);
  assert_int_equal(http_count(&fixture->server), 4);
  request.limit = 5;
  /* a sink that fails ends it, without another attempt */
  taken.result = VQE_ERR_IO;
  assert_int_equal(perform(fixture, &request, 3), VQE_ERR_IO);
  assert_int_equal(http_count(&fixture->server), 5);
}

/* ---- attempts ---- */

static void retries_end_with_the_first_response_to_go_by(void **state)
{
  struct fixture *fixture = *state;
  http_script(&fixture->server, 503, "busy", 0);
  http_script(&fixture->server, HTTP_DROP, NULL, 0);
  assert_int_equal(perform(fixture, &get, 5), VQE_OK);
  assert_int_equal(fixture->response.status, 200);
  assert_int_equal(fixture->response.attempts, 3);
  assert_true(fixture->response.unsure);
  assert_int_equal(fixture->response.fault, VQE_HTTP_NO_FAULT);
  assert_string_equal(fixture->response.error, "");
  assert_int_equal(vqe_http_requests(fixture->http), 3);
}

static void used_up_attempts_leave_the_last_outcome(void **state)
{
  struct fixture *fixture = *state;
  for (int k = 0; k < 2; k++) {
    http_script(&fixture->server, 503, "busy", 0);
  }
  assert_int_equal(perform(fixture, &get, 2), VQE_OK);
  assert_int_equal(fixture->response.verdict, VQE_HTTP_RETRY);
  assert_int_equal(fixture->response.attempts, 2);
  assert_string_equal(fixture->response.body, "busy");
  http_script(&fixture->server, HTTP_DROP, NULL, 0);
  assert_int_equal(perform(fixture, &get, 1), VQE_OK);
  assert_int_equal(fixture->response.fault, VQE_HTTP_FAULT_TRANSFER);
  assert_string_not_equal(fixture->response.error, "");
}

static void conflict_had_no_effect(void **state)
{
  struct fixture *fixture = *state;
  http_script(&fixture->server, 409, "", 0);
  assert_int_equal(perform(fixture, &get, 2), VQE_OK);
  assert_int_equal(fixture->response.attempts, 2);
  assert_false(fixture->response.unsure);
}

static void slow_response_is_a_fault(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_http_request request = get;
  request.timeout_s = 0.2;
  http_script(&fixture->server, 200, "late", 1000);
  double start = vqe_clock_wall();
  assert_int_equal(perform(fixture, &request, 1), VQE_OK);
  assert_true(vqe_clock_wall() - start < 0.9);
  assert_int_equal(fixture->response.fault, VQE_HTTP_FAULT_TRANSFER);
  assert_int_equal(fixture->response.verdict, VQE_HTTP_RETRY);
}

static void bases_are_asked_one_after_another_from_the_first(void **state)
{
  struct fixture *fixture = *state;
  /* nobody listens on port 1 */
  const char *const bases[] = {"http://127.0.0.1:1", fixture->server.url,
                               "http://127.0.0.1:1"};
  struct vqe_http_request request = get;
  assert_int_equal(perform_at(fixture, bases, 3, &request, 1), VQE_OK);
  assert_int_equal(fixture->response.base, 1);
  assert_int_equal(fixture->response.attempts, 1);
  assert_int_equal(vqe_http_requests(fixture->http), 2);
  request.first = 1;
  assert_int_equal(perform_at(fixture, bases, 3, &request, 1), VQE_OK);
  assert_int_equal(vqe_http_requests(fixture->http), 3);
  request.first = 2;
  assert_int_equal(perform_at(fixture, bases, 3, &request, 1), VQE_OK);
  assert_int_equal(fixture->response.base, 1);
  assert_int_equal(vqe_http_requests(fixture->http), 6);
}

static void faults_are_distinguished(void **state)
{
  struct fixture *fixture = *state;
  static const struct {
    const char *base;
    enum vqe_http_fault fault;
  } cases[] = {{"ftp://127.0.0.1", VQE_HTTP_FAULT_URL},
               {"http://127.0.0.1:1", VQE_HTTP_FAULT_UNREACHABLE},
               {"http://[", VQE_HTTP_FAULT_URL}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    assert_int_equal(perform_at(fixture, &cases[k].base, 1, &get, 1), VQE_OK);
    assert_int_equal(fixture->response.fault, cases[k].fault);
    assert_string_not_equal(fixture->response.error, "");
  }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(get_sends_path_and_headers_and_reads_the_body),
      TEST(plain_post_expects_no_100_continue_and_put_uploads),
      TEST(credentials_are_basic_bearer_or_a_signature),
      TEST(good_body_above_the_limit_is_too_large),
      TEST(error_body_above_its_limit_is_cut),
      TEST(error_body_without_end_is_left),
      TEST(headers_without_end_are_a_fault),
      TEST(header_of_the_last_response_is_found_by_its_name),
      TEST(sink_takes_good_bodies_alone_and_begins_anew),
      TEST(retries_end_with_the_first_response_to_go_by),
      TEST(used_up_attempts_leave_the_last_outcome),
      TEST(conflict_had_no_effect),
      TEST(slow_response_is_a_fault),
      TEST(bases_are_asked_one_after_another_from_the_first),
      TEST(faults_are_distinguished),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
