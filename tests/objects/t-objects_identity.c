/* Keys of a web identity, from a token service on loopback. */
#include "objects/objects_fixture.h"

#include "http/http_server.h"
#include "objects/objects_identity.h"

#define ROLE "arn:aws:iam::123456789012:role/vqe"

static struct http_script respond(const struct http_request *request)
{
  (void)request;
  return (struct http_script){
      .status = 200,
      .body = "<AssumeRoleWithWebIdentityResponse "
              "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
              "<AssumeRoleWithWebIdentityResult><Credentials>"
              "<AccessKeyId>ASIA1</AccessKeyId>"
              "<SecretAccessKey>se/cr+et</SecretAccessKey>"
              "<SessionToken>to+ken==</SessionToken>"
              "</Credentials></AssumeRoleWithWebIdentityResult>"
              "</AssumeRoleWithWebIdentityResponse>"};
}

static void token_is_exchanged_for_keys(void **state)
{
  const struct objects_fixture *fixture = *state;
  struct http_server server = {0};
  struct vqe_s3_credentials found;
  char path[128];
  snprintf(path, sizeof path, "%s/token", fixture->folder);
  FILE *stream = fopen(path, "w");
  assert_non_null(stream);
  fputs("eyJ.s3cret_-.x\n", stream);
  fclose(stream);
  http_start(&server, 0, respond);
  setenv("no_proxy", "127.0.0.1", 1);
  setenv("HOME", fixture->folder, 1);
  unsetenv("AWS_ACCESS_KEY_ID");
  unsetenv("AWS_SECRET_ACCESS_KEY");
  unsetenv("AWS_PROFILE");
  setenv("AWS_ENDPOINT_URL_STS", server.url, 1);
  setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
  setenv("AWS_ROLE_ARN", ROLE, 1);
  setenv("AWS_ROLE_SESSION_NAME", "a b", 1);
  http_script(&server, 503, "", 0);
  if (vqe_s3_credentials_load(&found) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  assert_string_equal(found.key_id, "ASIA1");
  assert_string_equal(found.secret, "se/cr+et");
  assert_string_equal(found.token, "to+ken==");
  vqe_s3_credentials_clear(&found);
  assert_string_equal(server.last.method, "POST");
  assert_string_equal(
      server.last.body,
      "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A"
      "123456789012%3Arole%2Fvqe&RoleSessionName=a%20b&Version=2011-06-15&"
      "WebIdentityToken=eyJ.s3cret_-.x");
  /* refused */
  http_script(&server, 400,
              "<ErrorResponse><Error><Code>ExpiredTokenException</Code>"
              "<Message>eyJ.s3cret_-.x expired</Message></Error>"
              "</ErrorResponse>",
              0);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  assert_says("ExpiredTokenException");
  assert_says(ROLE);
  assert_null(strstr(vqe_error_message(), "s3cret"));
  vqe_s3_credentials_clear(&found);
  /* the token where a code should be, as it is and encoded */
  http_script(&server, 400,
              "<ErrorResponse><Error><Code>eyJ.s3cret_-.x</Code></Error>"
              "</ErrorResponse>",
              0);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  assert_says("token service");
  assert_null(strstr(vqe_error_message(), "s3cret"));
  vqe_s3_credentials_clear(&found);
  http_script(&server, 400,
              "<ErrorResponse><Error><Code>No ZXlKLnMzY3JldF8tLng=</Code>"
              "</Error></ErrorResponse>",
              0);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  assert_null(strstr(vqe_error_message(), "ZXlKLnMzY3JldF8tLn"));
  vqe_s3_credentials_clear(&found);
  http_script(&server, 200, "<html></html>", 0);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  vqe_s3_credentials_clear(&found);
  unlink(path);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  assert_says("token of the web identity");
  vqe_s3_credentials_clear(&found);
  unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
  unsetenv("AWS_ROLE_ARN");
  unsetenv("AWS_ROLE_SESSION_NAME");
  unsetenv("AWS_ENDPOINT_URL_STS");
  http_stop(&server);
}

/* A password in the address would stand in each message. */
static void address_with_a_password_is_refused(void **state)
{
  const struct objects_fixture *fixture = *state;
  static const char *const addresses[] = {"http://user:hunter2pw@127.0.0.1:9",
                                          "https://hunter2pw@127.0.0.1:9/",
                                          "user:hunter2pw@127.0.0.1"};
  struct vqe_s3_credentials found;
  setenv("HOME", fixture->folder, 1);
  setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/dev/null", 1);
  setenv("AWS_ROLE_ARN", ROLE, 1);
  for (size_t k = 0; k < sizeof addresses / sizeof addresses[0]; k++) {
    setenv("AWS_ENDPOINT_URL_STS", addresses[k], 1);
    assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
    assert_says("AWS_ENDPOINT_URL_STS holds a '@'");
    assert_null(strstr(vqe_error_message(), "hunter2pw"));
    vqe_s3_credentials_clear(&found);
  }
  setenv("AWS_ENDPOINT_URL_STS", "127.0.0.1:9", 1);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  assert_says("AWS_ENDPOINT_URL_STS '127.0.0.1:9' is none");
  vqe_s3_credentials_clear(&found);
  unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
  unsetenv("AWS_ROLE_ARN");
  unsetenv("AWS_ENDPOINT_URL_STS");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(token_is_exchanged_for_keys,
                                      objects_setup, objects_teardown),
      cmocka_unit_test_setup_teardown(address_with_a_password_is_refused,
                                      objects_setup, objects_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
