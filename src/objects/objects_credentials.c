#include "objects/objects_credentials.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "http/http.h"

#define PROFILE_LIMIT (1u << 20)

/* Value of a variable; one that is empty counts as not set. */
static const char *variable(const char *name)
{
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? value : NULL;
}

static void wipe(char **text)
{
  if (*text != NULL) {
    OPENSSL_cleanse(*text, strlen(*text));
    free(*text);
    *text = NULL;
  }
}

static char *trim(char *text)
{
  text += strspn(text, " \t\r");
  size_t length = strlen(text);
  while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) {
    text[--length] = '\0';
  }
  return text;
}

static int set_once(char **field, const char *value)
{
  if (*field != NULL || value == NULL || value[0] == '\0') {
    return VQE_OK;
  }
  return vqe_memory_strdup(field, value);
}

static int set_field(struct vqe_s3_credentials *out, const char *name,
                     const char *value, bool with_keys)
{
  if (with_keys && strcmp(name, "aws_access_key_id") == 0) {
    return set_once(&out->key_id, value);
  }
  if (with_keys && strcmp(name, "aws_secret_access_key") == 0) {
    return set_once(&out->secret, value);
  }
  if (with_keys && strcmp(name, "aws_session_token") == 0) {
    return set_once(&out->token, value);
  }
  if (strcmp(name, "region") == 0) {
    return set_once(&out->region, value);
  }
  if (strcmp(name, "endpoint_url") == 0) {
    return set_once(&out->endpoint, value);
  }
  return VQE_OK;
}

/* Is the line "[...]" the head of the profile: "[NAME]" or, in the config
 * file, "[profile NAME]"? */
static bool is_head_of(char *line, const char *profile)
{
  char *name = line + 1;
  name[strcspn(name, "]")] = '\0';
  name = trim(name);
  if (strncmp(name, "profile ", 8) == 0) {
    name = trim(name + 8);
  }
  return strcmp(name, profile) == 0;
}

/* Read one profile: lines "name = value" below its head. Nested (indented)
 * lines are of other services. By hand, since libinih as distributions build
 * it cuts a line after 200 bytes, and session tokens have a thousand. */
static int read_profile(struct vqe_s3_credentials *out, const char *path,
                        const char *profile, bool with_keys)
{
  char *text = NULL;
  char *state = NULL;
  size_t size = 0;
  bool inside = false;
  int status = vqe_file_read(&text, &size, path, PROFILE_LIMIT);
  if (status != VQE_OK) {
    return status;
  }
  for (char *line = strtok_r(text, "\n", &state);
       status == VQE_OK && line != NULL; line = strtok_r(NULL, "\n", &state)) {
    bool indented = line[0] == ' ' || line[0] == '\t';
    char *start = trim(line);
    char *equals = strchr(start, '=');
    if (start[0] == '[') {
      inside = is_head_of(start, profile);
    } else if (inside && !indented && start[0] != '#' && start[0] != ';' &&
               equals != NULL) {
      *equals = '\0';
      status = set_field(out, trim(start), trim(equals + 1), with_keys);
    }
  }
  OPENSSL_cleanse(text, size);
  free(text);
  return status;
}

/* Path from a variable, else below the home directory; NULL without one. */
static int profile_path(char **out, const char *name, const char *below_home)
{
  const char *home = variable("HOME");
  *out = NULL;
  if (variable(name) != NULL) {
    return vqe_memory_strdup(out, variable(name));
  }
  return home == NULL ? VQE_OK
                      : vqe_memory_print(out, "%s/%s", home, below_home);
}

/* One profile file. That it is not there matters only when its path was
 * given. */
static int load_profile(struct vqe_s3_credentials *out, const char *name,
                        const char *below_home, const char *profile,
                        bool with_keys)
{
  char *path = NULL;
  int status = profile_path(&path, name, below_home);
  if (status != VQE_OK || path == NULL) {
    return status;
  }
  status = read_profile(out, path, profile, with_keys);
  if (status != VQE_OK && variable(name) != NULL) {
    status = vqe_error_context(VQE_ERR_INPUT, "the file of %s", name);
  } else if (status == VQE_ERR_NOT_FOUND || status == VQE_ERR_IO) {
    status = VQE_OK;
  }
  free(path);
  return status;
}

static int load_environment(struct vqe_s3_credentials *out)
{
  const char *key_id = variable("AWS_ACCESS_KEY_ID");
  const char *secret = variable("AWS_SECRET_ACCESS_KEY");
  if ((key_id == NULL) != (secret == NULL)) {
    return vqe_error_set(
        VQE_ERR_INPUT, "%s is set but %s is not; set both",
        key_id == NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
        key_id == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
  }
  const struct {
    char **field;
    const char *value;
  } settings[] = {
      {&out->key_id, key_id},
      {&out->secret, secret},
      {&out->token, key_id == NULL ? NULL : variable("AWS_SESSION_TOKEN")},
      {&out->region, variable("AWS_REGION")},
      {&out->region, variable("AWS_DEFAULT_REGION")},
      {&out->endpoint, variable("AWS_ENDPOINT_URL_S3")},
      {&out->endpoint, variable("AWS_ENDPOINT_URL")},
  };
  for (size_t k = 0; k < sizeof settings / sizeof settings[0]; k++) {
    int status = set_once(settings[k].field, settings[k].value);
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}

int vqe_s3_credentials_load(struct vqe_s3_credentials *out)
{
  const char *profile = variable("AWS_PROFILE");
  memset(out, 0, sizeof *out);
  int status = load_environment(out);
  if (status != VQE_OK) {
    return status;
  }
  bool with_keys = out->key_id == NULL;
  if (profile == NULL) {
    profile = "default";
  }
  status = load_profile(out, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials",
                        profile, with_keys);
  if (status == VQE_OK) {
    status = load_profile(out, "AWS_CONFIG_FILE", ".aws/config", profile,
                          with_keys);
  }
  if (status == VQE_OK && (out->key_id == NULL || out->secret == NULL)) {
    status = vqe_error_set(
        VQE_ERR_INPUT,
        "no S3 credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "or put both into profile '%s' of ~/.aws/credentials (AWS_PROFILE and "
        "AWS_SHARED_CREDENTIALS_FILE name another)",
        profile);
  }
  return status;
}

void vqe_s3_credentials_clear(struct vqe_s3_credentials *credentials)
{
  wipe(&credentials->key_id);
  wipe(&credentials->secret);
  wipe(&credentials->token);
  free(credentials->region);
  free(credentials->endpoint);
  memset(credentials, 0, sizeof *credentials);
}

void vqe_s3_credentials_mask(const struct vqe_s3_credentials *credentials,
                             char *text)
{
  const char *secrets[] = {credentials->key_id, credentials->secret,
                           credentials->token};
  for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++) {
    vqe_http_mask(text, secrets[k], 1);
  }
}
