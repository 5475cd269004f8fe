/* Credentials of S3: where they come from, how they are cleared and masked. */
#include "objects/objects_fixture.h"

#include <sys/stat.h>

#include "objects/objects_credentials.h"

static void clear_environment(void)
{
  static const char *const names[] = {"AWS_ACCESS_KEY_ID",
                                      "AWS_SECRET_ACCESS_KEY",
                                      "AWS_SESSION_TOKEN",
                                      "AWS_PROFILE",
                                      "AWS_REGION",
                                      "AWS_DEFAULT_REGION",
                                      "AWS_ENDPOINT_URL",
                                      "AWS_ENDPOINT_URL_S3",
                                      "AWS_CONFIG_FILE",
                                      "AWS_SHARED_CREDENTIALS_FILE",
                                      "AWS_ROLE_ARN",
                                      "AWS_DEFAULT_PROFILE",
                                      "AWS_ROLE_SESSION_NAME",
                                      "AWS_WEB_IDENTITY_TOKEN_FILE",
                                      "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                      "VQE_TARGET_ACCESS_KEY_ID",
                                      "VQE_TARGET_SECRET_ACCESS_KEY",
                                      "VQE_TARGET_SESSION_TOKEN",
                                      "VQE_TARGET_REGION",
                                      "VQE_TARGET_ENDPOINT_URL",
                                      "VQE_TARGET_PROFILE"};
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

static void write_config(const struct objects_fixture *fixture,
                         const char *text)
{
  char path[128];
  snprintf(path, sizeof path, "%s/config", fixture->folder);
  FILE *stream = fopen(path, "w");
  assert_non_null(stream);
  fputs(text, stream);
  fclose(stream);
  setenv("AWS_CONFIG_FILE", path, 1);
}

static void quoted_values_and_upper_case_names_are_read(void **state)
{
  struct vqe_s3_credentials found;
  write_profile(*state, "\xef\xbb\xbf[my-lab]\r\n"
                        "AWS_ACCESS_KEY_ID = \"GK1\"\r\n"
                        "Aws_Secret_Access_Key='s=\"x'\r\n");
  write_config(*state, "[default]\nregion = no\n[profile \"my-lab\"]\n"
                       "REGION = garage\nEndpoint_URL = \"http://here\"\n");
  setenv("AWS_DEFAULT_PROFILE", "my-lab", 1);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_OK);
  assert_string_equal(found.key_id, "GK1");
  assert_string_equal(found.secret, "s=\"x");
  assert_string_equal(found.region, "garage");
  assert_string_equal(found.endpoint, "http://here");
  vqe_s3_credentials_clear(&found);
  /* AWS_PROFILE goes before it */
  setenv("AWS_PROFILE", "gone", 1);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  assert_says("no profile 'gone'");
  vqe_s3_credentials_clear(&found);
  clear_environment();
}

static void endpoint_of_the_services_goes_before_the_profile(void **state)
{
  struct vqe_s3_credentials found;
  static const char config[] =
      "[services store]\ndynamodb =\n  endpoint_url = http://other\n"
      "s3 = \n  endpoint_url = http://s3\n  signature = x\n"
      "[default]\nservices = store\nendpoint_url = http://all\n"
      "s3 =\n  endpoint_url = http://nested\n"
      "[services later]\ns3 =\n  endpoint_url = http://wrong\n";
  write_profile(*state, "[default]\naws_access_key_id = a\n"
                        "aws_secret_access_key = b\n");
  write_config(*state, config);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_OK);
  assert_string_equal(found.endpoint, "http://s3");
  vqe_s3_credentials_clear(&found);
  setenv("AWS_ENDPOINT_URL", "http://environment", 1);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_OK);
  assert_string_equal(found.endpoint, "http://environment");
  vqe_s3_credentials_clear(&found);
  setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_OK);
  assert_null(found.endpoint);
  vqe_s3_credentials_clear(&found);
  clear_environment();
}

static void keys_come_from_a_program(void **state)
{
  struct vqe_s3_credentials found;
  write_profile(*state, "");
  write_config(*state,
               "[default]\ncredential_process = printf '{\"Version\": 1, "
               "\"AccessKeyId\": \"GK%s\", \"SecretAccessKey\": \"s\", "
               "\"SessionToken\": \"t\"}' 'a b'\nregion = r\n");
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_OK);
  assert_string_equal(found.key_id, "GKa b");
  assert_string_equal(found.secret, "s");
  assert_string_equal(found.token, "t");
  assert_string_equal(found.region, "r");
  vqe_s3_credentials_clear(&found);
  static const char *const bad[] = {
      "[default]\ncredential_process = exit 3\n",
      "[default]\ncredential_process = /no/such/program --secret s3cret\n",
      "[default]\ncredential_process = echo '{\"AccessKeyId\": \"s3cret\"}'\n",
      "[default]\ncredential_process = echo s3cret\n"};
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    write_config(*state, bad[k]);
    assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
    assert_says("credential_process");
    assert_null(strstr(vqe_error_message(), "s3cret"));
    vqe_s3_credentials_clear(&found);
  }
  clear_environment();
}

static void what_is_not_supported_is_named(void **state)
{
  struct vqe_s3_credentials found;
  static const struct {
    const char *config, *says;
  } cases[] = {
      {"[default]\nsso_session = corp\nsso_account_id = 1\n"
       "[sso-session corp]\nregion = x\n",
       "sso_session"},
      {"[default]\nsso_start_url = https://x\n", "sso_start_url"},
      {"[default]\nrole_arn = arn:aws:iam::1:role/x\n", "role_arn"},
      {"[default]\nrole_arn = arn:x\nsource_profile = base\n",
       "source_profile"},
      {"[default]\ncredential_source = Ec2InstanceMetadata\n",
       "credential_source"},
  };
  write_profile(*state, "[other]\n");
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    write_config(*state, cases[k].config);
    assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
    assert_says(cases[k].says);
    assert_says("not supported");
    assert_says("export-credentials");
    vqe_s3_credentials_clear(&found);
  }
  write_config(*state, "");
  setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://x", 1);
  assert_int_equal(vqe_s3_credentials_load(&found), VQE_ERR_INPUT);
  assert_says("AWS_CONTAINER_CREDENTIALS");
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

static void place_has_keys_of_its_own_and_shares_the_rest(void **state)
{
  struct vqe_s3_credentials found;
  write_profile(*state, "[default]\nregion = file\n");
  setenv("AWS_ACCESS_KEY_ID", "id", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  setenv("AWS_SESSION_TOKEN", "token", 1);
  setenv("AWS_ENDPOINT_URL", "http://shared", 1);
  setenv("VQE_TARGET_ACCESS_KEY_ID", "target", 1);
  assert_int_equal(vqe_s3_credentials_load_of(&found, "VQE_TARGET_", NULL),
                   VQE_ERR_INPUT);
  assert_says("VQE_TARGET_SECRET_ACCESS_KEY is not");
  vqe_s3_credentials_clear(&found);
  setenv("VQE_TARGET_SECRET_ACCESS_KEY", "other", 1);
  assert_int_equal(vqe_s3_credentials_load_of(&found, "VQE_TARGET_", NULL),
                   VQE_OK);
  assert_string_equal(found.key_id, "target");
  assert_string_equal(found.secret, "other");
  /* the token of the general keys is not that of these */
  assert_null(found.token);
  assert_string_equal(found.endpoint, "http://shared");
  assert_string_equal(found.region, "file");
  vqe_s3_credentials_clear(&found);
  setenv("VQE_TARGET_ENDPOINT_URL", "http://own", 1);
  setenv("VQE_TARGET_REGION", "auto", 1);
  assert_int_equal(vqe_s3_credentials_load_of(&found, "VQE_TARGET_", NULL),
                   VQE_OK);
  assert_string_equal(found.endpoint, "http://own");
  assert_string_equal(found.region, "auto");
  vqe_s3_credentials_clear(&found);
  /* the other place has the general ones */
  assert_int_equal(vqe_s3_credentials_load_of(&found, "VQE_SOURCE_", NULL),
                   VQE_OK);
  assert_string_equal(found.key_id, "id");
  assert_string_equal(found.token, "token");
  assert_string_equal(found.endpoint, "http://shared");
  vqe_s3_credentials_clear(&found);
  clear_environment();
}

static void profile_of_a_place_takes_nothing_of_the_others(void **state)
{
  struct vqe_s3_credentials found;
  write_profile(*state, "[r2]\naws_access_key_id = r2\n"
                        "aws_secret_access_key = x\n[bare]\nregion = b\n");
  setenv("AWS_ACCESS_KEY_ID", "id", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  setenv("AWS_ENDPOINT_URL", "http://shared", 1);
  setenv("AWS_REGION", "garage", 1);
  setenv("AWS_ROLE_ARN", "role", 1);
  setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/absent", 1);
  setenv("VQE_TARGET_PROFILE", "r2", 1);
  assert_int_equal(vqe_s3_credentials_load_of(&found, "VQE_TARGET_", NULL),
                   VQE_OK);
  assert_string_equal(found.key_id, "r2");
  assert_null(found.endpoint);
  assert_null(found.region);
  vqe_s3_credentials_clear(&found);
  /* what is given goes before the variable; no keys are taken elsewhere */
  assert_int_equal(vqe_s3_credentials_load_of(&found, "VQE_TARGET_", "bare"),
                   VQE_ERR_INPUT);
  assert_says("profile 'bare'");
  vqe_s3_credentials_clear(&found);
  assert_int_equal(vqe_s3_credentials_load_of(&found, "VQE_TARGET_", "gone"),
                   VQE_ERR_INPUT);
  assert_says("no profile 'gone'");
  vqe_s3_credentials_clear(&found);
  clear_environment();
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
      TEST(quoted_values_and_upper_case_names_are_read),
      TEST(endpoint_of_the_services_goes_before_the_profile),
      TEST(place_has_keys_of_its_own_and_shares_the_rest),
      TEST(profile_of_a_place_takes_nothing_of_the_others),
      TEST(keys_come_from_a_program),
      TEST(what_is_not_supported_is_named),
      TEST(each_credential_is_masked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
