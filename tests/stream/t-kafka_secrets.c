/* Which properties hold secrets, and that what was noted is masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "stream/kafka_secrets.h"
#include "vqe/error.h"

static void secrets_are_known_by_name(void **state)
{
  static const char *const secret[] = {
      "sasl.password",
      "ssl.key.password",
      "ssl.keystore.password",
      "ssl.key.pem",
      "sasl.oauthbearer.client.secret",
      "sasl.oauthbearer.client.credentials.client.secret",
      "sasl.oauthbearer.assertion.private.key.pem",
      "sasl.oauthbearer.assertion.private.key.passphrase"};
  static const char *const other[] = {
      "sasl.username",
      "ssl.key.location",
      "ssl.certificate.pem",
      "sasl.oauthbearer.token.endpoint.url",
      "sasl.oauthbearer.assertion.private.key.file",
      "client.id"};
  (void)state;
  for (size_t k = 0; k < sizeof secret / sizeof secret[0]; k++) {
    assert_true(vqe_kafka_is_secret(secret[k]));
  }
  for (size_t k = 0; k < sizeof other / sizeof other[0]; k++) {
    assert_false(vqe_kafka_is_secret(other[k]));
  }
}

static void masked_is(struct vqe_kafka_secrets *secrets, const char *expected,
                      const char *given)
{
  char text[200];
  snprintf(text, sizeof text, "%s", given);
  vqe_kafka_mask(secrets, text);
  assert_string_equal(text, expected);
}

static void noted_secrets_are_masked(void **state)
{
  struct vqe_kafka_secrets *secrets;
  char token[32];
  (void)state;
  assert_int_equal(vqe_kafka_secrets_create(&secrets, token), VQE_OK);
  assert_ptr_equal(vqe_kafka_secrets_owner(secrets), token);
  masked_is(secrets, "denied: ann|hunter2pw", "denied: ann|hunter2pw");
  assert_int_equal(vqe_kafka_note_secret(secrets, NULL), VQE_OK);
  assert_int_equal(vqe_kafka_note_secret(secrets, "hunter2pw"), VQE_OK);
  assert_int_equal(vqe_kafka_note_secret(secrets, "hunter2pw"), VQE_OK);
  assert_int_equal(vqe_kafka_note_user(secrets, "ann"), VQE_OK);
  masked_is(secrets, "denied: ann|*********", "denied: ann|hunter2pw");
  /* base64 of ann:hunter2pw */
  masked_is(secrets, "******************", "YW5uOmh1bnRlcjJwdw");
  /* tokens that follow each other: the last ones */
  for (int k = 0; k < 200; k++) {
    snprintf(token, sizeof token, "token-%03d-of-many", k);
    assert_int_equal(vqe_kafka_note_secret(secrets, token), VQE_OK);
  }
  masked_is(secrets, "*****************", "token-199-of-many");
  masked_is(secrets, "*****************", "token-150-of-many");
  vqe_kafka_secrets_free(secrets);
}

/* The many tokens of one displace none of another's. */
static void each_producer_has_its_own(void **state)
{
  struct vqe_kafka_secrets *one;
  struct vqe_kafka_secrets *other;
  char token[32];
  (void)state;
  assert_int_equal(vqe_kafka_secrets_create(&one, NULL), VQE_OK);
  assert_int_equal(vqe_kafka_secrets_create(&other, NULL), VQE_OK);
  assert_int_equal(vqe_kafka_note_secret(one, "hunter2pw"), VQE_OK);
  for (int k = 0; k < 200; k++) {
    snprintf(token, sizeof token, "token-%03d-of-many", k);
    assert_int_equal(vqe_kafka_note_secret(other, token), VQE_OK);
  }
  masked_is(one, "*********", "hunter2pw");
  masked_is(other, "hunter2pw", "hunter2pw");
  vqe_kafka_secrets_free(other);
  masked_is(one, "*********", "hunter2pw");
  vqe_kafka_secrets_free(one);
  vqe_kafka_secrets_free(NULL);
  masked_is(NULL, "hunter2pw", "hunter2pw");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(secrets_are_known_by_name),
      cmocka_unit_test(noted_secrets_are_masked),
      cmocka_unit_test(each_producer_has_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
