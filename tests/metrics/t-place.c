/* Places of metrics: files, addresses with secrets, groups, ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "metrics/place.h"

static void file_ends_in_prom(void **state)
{
  struct vqe_metrics_place place;
  (void)state;
  assert_int_equal(vqe_metrics_place_read(&place, "a/b.prom", "--metrics"), 0);
  assert_string_equal(place.file, "a/b.prom");
  assert_null(place.url);
  vqe_metrics_place_clear(&place);
  assert_int_equal(vqe_metrics_place_read(&place, "b.txt", "--metrics"),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "--metrics: 'b.txt'"));
  assert_non_null(strstr(vqe_error_message(), ".prom"));
  assert_int_equal(vqe_metrics_place_read(&place, ".prom", "--metrics"),
                   VQE_ERR_INPUT);
}

static void credentials_leave_the_address(void **state)
{
  struct vqe_metrics_place place;
  (void)state;
  assert_int_equal(
      vqe_metrics_place_read(&place, "http://me:p%40ss%2Fw:d@host:9091/x//",
                             "--metrics"),
      0);
  assert_string_equal(place.url, "http://host:9091/x");
  assert_string_equal(place.username, "me");
  assert_string_equal(place.password, "p@ss/w:d");
  vqe_metrics_place_clear(&place);
  assert_int_equal(vqe_metrics_place_read(&place, "HTTPS://host", "--metrics"),
                   0);
  assert_string_equal(place.url, "https://host");
  assert_null(place.username);
  vqe_metrics_place_clear(&place);
}

static void bad_addresses_are_refused_without_their_secrets(void **state)
{
  static const char *const bad[] = {
      "ftp://me:hidden@host", "http://", "http://me:hidden@",
      "http://me:hidden@host/?a=1", "http://me:hidden@/path"};
  struct vqe_metrics_place place;
  (void)state;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(vqe_metrics_place_read(&place, bad[k], "--metrics"),
                     VQE_ERR_INPUT);
    assert_null(strstr(vqe_error_message(), "hidden"));
    assert_non_null(strstr(vqe_error_message(), "http://"));
  }
}

static void assert_group(const char *batch, const char *experiment,
                         const char *wanted)
{
  char *path = NULL;
  assert_int_equal(vqe_metrics_place_group(&path, batch, experiment), 0);
  assert_string_equal(path, wanted);
  free(path);
}

/* Values with a slash by base64 with the alphabet of URLs, as the page of the
 * Pushgateway has it; the empty one is one padding sign. */
static void groups_hold_any_value(void **state)
{
  (void)state;
  assert_group("thesis-1", NULL, "/metrics/job/vqe_batch/batch/thesis-1");
  assert_group("a b\xc3\xa9", "0f",
               "/metrics/job/vqe_batch/batch/a%20b%C3%A9/experiment/0f");
  assert_group("/var/tmp", NULL,
               "/metrics/job/vqe_batch/batch@base64/L3Zhci90bXA");
  assert_group("", NULL, "/metrics/job/vqe_batch/batch@base64/=");
}

static void assert_listen(const char *text, const char *address, int port)
{
  char *found = NULL;
  int number = -1;
  assert_int_equal(vqe_metrics_place_listen(&found, &number, text, "-x"), 0);
  assert_string_equal(found, address);
  assert_int_equal(number, port);
  free(found);
}

static void port_alone_is_of_the_loopback(void **state)
{
  static const char *const bad[] = {
      "",         "x",  "65536", "1.2.3.4:", ":80",
      "::1:9464", "-1", "[::1]", "9464x",    "[]:80"};
  (void)state;
  assert_listen("9464", "127.0.0.1", 9464);
  assert_listen("0", "127.0.0.1", 0);
  assert_listen("0.0.0.0:9464", "0.0.0.0", 9464);
  assert_listen("[::1]:65535", "::1", 65535);
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    char *found = NULL;
    int number;
    assert_int_equal(vqe_metrics_place_listen(&found, &number, bad[k], "-x"),
                     VQE_ERR_INPUT);
    assert_null(found);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(file_ends_in_prom),
      cmocka_unit_test(credentials_leave_the_address),
      cmocka_unit_test(bad_addresses_are_refused_without_their_secrets),
      cmocka_unit_test(groups_hold_any_value),
      cmocka_unit_test(port_alone_is_of_the_loopback),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
