/* Credentials of S3: where they come from, how they are cleared and masked. */
#include "objects/objects_fixture.h"

#include <sys/stat.h>

#include "objects/objects_credentials.h"

static void clear_environment(void)
{
  static const char *const names[] = {
      "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN", "AWS_PROFILE",
      "AWS_REGION",        "AWS_DEFAULT_REGION",
      "AWS_ENDPOINT_URL",  "AWS_ENDPOINT_URL_S3",
      "AWS_CONFIG_FILE",   "AWS_SHARED_CREDENTIALS_FILE"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    unsetenv(names[k]);
  }
}

static void write_profile(const struct objects_fixture *fixture,
                          const char *text)
{
  char path[128];
  snprintf(path, sizeof path, "%s/credentials", fixture->folder);
  FILE *stream = fopen(path, "w");
  assert_non_null(stream);
  fputs(text, stream);
  fclose(stream);
  clear_environment();
  setenv("HOME", fixture->folder, 1);
  setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
}

static void environment_goes_before_the_profile(void **state)
{
  struct vqe_s3_credentials found;
  write_profile(*state, "[default]\naws_access_key_id = file\n"
                        "aws_secret_access_key = file\n"
                        "aws_session_token = file\nregion = file\n");
  setenv("AWS_ACCESS_KEY_ID", "id", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  setenv("AWS_REGION", "", 1); /* as good as not set */
  setenv("AWS_ENDPOINT_URL", "http://other", 1);
  setenv("AWS_ENDPOINT_URL_S3", "http://here", 1);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_OK);
  assert_string_equal(found.key_id, "id");
  assert_string_equal(found.secret, "secret");
  /* a token belongs to the keys beside it */
  assert_null(found.token);
  assert_string_equal(found.region, "file");
  assert_string_equal(found.endpoint, "http://here");
  vqe_s3_credentials_clear(&found);
  assert_null(found.secret);
  clear_environment();
}

static void session_token_of_a_thousand_bytes_is_read_whole(void **state)
{
  struct vqe_s3_credentials found;
  char token[1001];
  char name[81];
  char text[2000];
  memset(token, 't', sizeof token - 1);
  memset(name, 'n', sizeof name - 1);
  token[sizeof token - 1] = '\0';
  name[sizeof name - 1] = '\0';
  snprintf(text, sizeof text,
           "[%s]\naws_access_key_id = GK1\naws_secret_access_key = s ; 1=\n"
           "aws_session_token = %s\n",
           name, token);
  write_profile(*state, text);
  setenv("AWS_PROFILE", name, 1);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_OK);
  assert_string_equal(found.key_id, "GK1");
  assert_string_equal(found.secret, "s ; 1=");
  assert_string_equal(found.token, token);
  vqe_s3_credentials_clear(&found);
  clear_environment();
}

static void lines_that_are_no_settings_are_skipped(void **state)
{
  struct vqe_s3_credentials found;
  write_profile(*state, "aws_access_key_id = before\n[ default ]\n"
                        "# region = a\n;region = b\nregion\n"
                        "s3 =\n  region = nested\nregion = \nregion = c\n"
                        "region = d\n[default\naws_access_key_id = GK1\n"
                        "aws_secret_access_key = x\r\n[next]\nregion = e\n");
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_OK);
  assert_string_equal(found.key_id, "GK1");
  assert_string_equal(found.secret, "x");
  assert_string_equal(found.region, "c");
  vqe_s3_credentials_clear(&found);
  clear_environment();
}

static void half_a_pair_of_keys_is_refused(void **state)
{
  struct vqe_s3_credentials found;
  write_profile(*state, "[default]\naws_access_key_id = GK1\n");
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  assert_says("no S3 credentials");
  vqe_s3_credentials_clear(&found);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  assert_says("AWS_ACCESS_KEY_ID is not");
  assert_null(strstr(vqe_error_message(), "secret;"));
  vqe_s3_credentials_clear(&found);
  clear_environment();
}

static void each_credential_is_masked(void **state)
{
  const struct vqe_s3_credentials credentials = {
      .key_id = "GK1", .secret = "s3cret", .token = NULL, .region = "here"};
  char text[] = "GK1 with s3cret in here, s3cretGK1";
  (void)state;
  vqe_s3_credentials_mask(&credentials, text);
  assert_string_equal(text, "*** with ****** in here, *********");
}

int main(void)
{
#define TEST(f)                                                               \
  cmocka_unit_test_setup_teardown(f, objects_setup, objects_teardown)
  const struct CMUnitTest tests[] = {
      TEST(environment_goes_before_the_profile),
      TEST(session_token_of_a_thousand_bytes_is_read_whole),
      TEST(lines_that_are_no_settings_are_skipped),
      TEST(half_a_pair_of_keys_is_refused),
      TEST(each_credential_is_masked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
