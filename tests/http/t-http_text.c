/* Encoding for URLs, and credentials that are masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "vqe/error.h"

static void assert_encoded(const char *text, bool keep_slash,
                           const char *expected)
{
  char *encoded = NULL;
  assert_int_equal(vqe_http_encode(&encoded, text, keep_slash), VQE_OK);
  assert_string_equal(encoded, expected);
  free(encoded);
}

/* Each byte, by the rule of SigV4 written out. */
static void each_byte_is_encoded_as_signatures_need_it(void **state)
{
  (void)state;
  for (int byte = 1; byte < 256; byte++) {
    const char text[] = {'x', (char)byte, '\0'};
    char expected[8];
    bool plain = (byte >= 'A' && byte <= 'Z') ||
                 (byte >= 'a' && byte <= 'z') ||
                 (byte >= '0' && byte <= '9') || strchr("-_.~", byte) != NULL;
    snprintf(expected, sizeof expected, plain ? "x%c" : "x%%%02X", byte);
    assert_encoded(text, false, expected);
    assert_encoded(text, true, byte == '/' ? "x/" : expected);
  }
  assert_encoded("", true, "");
  assert_encoded("", false, "");
}

static void slashes_stay_where_they_are_kept(void **state)
{
  (void)state;
  assert_encoded("a=b/c d/~x", true, "a%3Db/c%20d/~x");
  assert_encoded("a=b/c", false, "a%3Db%2Fc");
  /* what looks like an encoded slash is none */
  assert_encoded("a%2Fb//", true, "a%252Fb//");
}

static void assert_masked(const char *text, const char *secret,
                          size_t shortest, const char *expected)
{
  char copy[100];
  snprintf(copy, sizeof copy, "%s", text);
  vqe_http_mask(copy, secret, shortest);
  assert_string_equal(copy, expected);
}

static void secrets_are_masked_wherever_they_stand(void **state)
{
  (void)state;
  assert_masked("key abc, abcabc", "abc", 1, "key ***, ******");
  assert_masked("nothing", "abc", 1, "nothing");
  assert_masked("abc", NULL, 1, "abc");
  assert_masked("abc", "", 0, "abc");
  assert_masked("abc", "abc", 4, "abc");
  assert_masked("abcd", "abcd", 4, "****");
  assert_masked("a**b", "**", 1, "a**b");
}

/* Each form in which a server may send back what it got. */
static void secrets_are_masked_in_every_form(void **state)
{
  static const char *const forms[] = {
      "a+b/c d\"e\\f",         /* itself */
      "a%2Bb%2Fc%20d%22e%5Cf", /* in a URL */
      "a%2bb%2fc+d%22e%5cf",   /* in a form, lower case */
      "a+b\\/c d\\\"e\\\\f",   /* in JSON */
      "a\\u002Bb\\u002fc d\\u0022e\\u005cf",
      "YStiL2MgZCJlXGY="}; /* base64 */
  static const char secret[] = "a+b/c d\"e\\f";
  (void)state;
  for (size_t k = 0; k < sizeof forms / sizeof forms[0]; k++) {
    char text[200];
    snprintf(text, sizeof text, "<%s>", forms[k]);
    vqe_http_mask(text, secret, 4);
    assert_int_equal(text[0], '<');
    assert_int_equal(strspn(text + 1, "*"), strlen(forms[k]));
    assert_string_equal(text + 1 + strlen(forms[k]), ">");
  }
  /* in base64 by either alphabet, with and without padding */
  assert_masked("x fn5+fn8/Pz8= y", "~~~~\x7f???", 4, "x ************ y");
  assert_masked("x fn5-fn8_Pz8 y", "~~~~\x7f???", 4, "x *********** y");
  /* cut off by the server, or by a buffer */
  assert_masked("token abcdefgh", "abcdefghijkl", 4, "token ********");
  assert_masked("token abcdefg", "abcdefghijkl", 4, "token abcdefg");
  /* a secret that looks escaped itself */
  assert_masked("100%25 \\n", "%25 \\n", 4, "100******");
}

static void basic_authentication_is_masked(void **state)
{
  char text[] = "got Basic dXNlcjpzM2NyZXQ= from you";
  (void)state;
  vqe_http_mask_basic(text, "user", "s3cret");
  assert_string_equal(text, "got Basic **************** from you");
  vqe_http_mask_basic(text, NULL, "s3cret");
  vqe_http_mask_basic(text, "user", NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_byte_is_encoded_as_signatures_need_it),
      cmocka_unit_test(slashes_stay_where_they_are_kept),
      cmocka_unit_test(secrets_are_masked_wherever_they_stand),
      cmocka_unit_test(secrets_are_masked_in_every_form),
      cmocka_unit_test(basic_authentication_is_masked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
