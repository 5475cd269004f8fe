/* Credentials that go over the net in plain text are reported once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_attempt.h"

static void only_plain_text_to_others_is_exposed(void **state)
{
  static const char *const exposed[] = {"http://store.example:3900/b",
                                        "http://10.0.0.1",
                                        "HTTP://a",
                                        "http://127.0.0.1.example/x",
                                        "http://[::2]:80",
                                        "proxy:3128",
                                        "http://user:pass@host",
                                        "http://127.0.0.1@host/",
                                        "http://localhost.example"};
  static const char *const safe[] = {
      "https://store.example", "http://localhost:80/x",
      "http://127.0.0.1:1",    "http://127.9.9.9",
      "http://[::1]:8080/",    "http://a.localhost",
      "http://u:p@localhost",  "HTTPS://a"};
  (void)state;
  for (size_t k = 0; k < sizeof exposed / sizeof exposed[0]; k++) {
    if (!vqe_http_is_exposed(exposed[k])) {
      fail_msg("%s", exposed[k]);
    }
  }
  for (size_t k = 0; k < sizeof safe / sizeof safe[0]; k++) {
    if (vqe_http_is_exposed(safe[k])) {
      fail_msg("%s", safe[k]);
    }
  }
}

static char said[512];

static void note(const char *what, const char *by)
{
  size_t used = strlen(said);
  snprintf(said + used, sizeof said - used, "%s%s%s;", by != NULL ? by : "",
           by != NULL ? " " : "", what);
}

static void each_address_is_reported_once_without_its_password(void **state)
{
  const struct vqe_http_options none = {.ca_file = NULL};
  const struct vqe_http_options token = {.token = "t"};
  (void)state;
  vqe_http_check_exposed(&token, "http://before.example/x");
  vqe_http_report_exposed(note);
  vqe_http_check_exposed(&none, "http://none.example/x");
  vqe_http_check_exposed(&token, "https://tls.example/x");
  vqe_http_check_exposed(&token, "http://127.0.0.1:9/x");
  assert_string_equal(said, "");
  vqe_http_check_exposed(&token, "http://one.example:80/x");
  vqe_http_check_exposed(&token, "http://one.example:80/y");
  vqe_http_check_exposed(&token, "http://two.example/");
  assert_string_equal(said, "one.example:80;two.example;");
  setenv("https_proxy", "http://me:pa55@proxy.example:3128", 1);
  said[0] = '\0';
  vqe_http_check_exposed(&none, "https://tls.example/x");
  vqe_http_check_exposed(&none, "https://tls.example/x");
  assert_string_equal(said, "a proxy proxy.example:3128;");
  unsetenv("https_proxy");
  vqe_http_report_exposed(NULL);
  vqe_http_check_exposed(&token, "http://three.example/");
  assert_string_equal(said, "a proxy proxy.example:3128;");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_plain_text_to_others_is_exposed),
      cmocka_unit_test(each_address_is_reported_once_without_its_password)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
