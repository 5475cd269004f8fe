#include "objects/objects_credentials.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/core_dump.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "http/http.h"
#include "objects/objects_identity.h"
#include "objects/objects_profile.h"

#define PROFILE_LIMIT (1u << 20)

/* Value of a variable; one that is empty counts as not set. */
static const char *variable(const char *name)
{
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Value of a variable of one place, whose names begin with `start`. */
static const char *variable_of(const char *start, const char *name)
{
  char whole[128];
  if (start == NULL) {
    return NULL;
  }
  snprintf(whole, sizeof whole, "%s%s", start, name);
  return variable(whole);
}

static void wipe(char **text)
{
  if (*text != NULL) {
    OPENSSL_cleanse(*text, strlen(*text));
    free(*text);
    *text = NULL;
  }
}

static void wipe_keys(struct vqe_s3_credentials *credentials)
{
  wipe(&credentials->key_id);
  wipe(&credentials->secret);
  wipe(&credentials->token);
}

static int set_once(char **field, const char *value)
{
  if (*field != NULL || value == NULL || value[0] == '\0') {
    return VQE_OK;
  }
  return vqe_memory_strdup(field, value);
}

/* What the profile says beside the credentials themselves. */
struct profile {
  struct vqe_s3_credentials *out;
  const char *name;
  const char *named_by; /* what names it; NULL: nothing does */
  bool is_own;          /* of one of several places */
  bool is_found;
  bool with_keys; /* take the keys too */
  char *services; /* section that has its endpoints */
  char *endpoint; /* of that section, for S3 */
  char *process;
  char *role;
  char *token_file;
  char *session_name;
  char *unsupported; /* a setting that stands for credentials */
};

static void profile_clear(struct profile *profile)
{
  free(profile->services);
  free(profile->endpoint);
  free(profile->process);
  free(profile->role);
  free(profile->token_file);
  free(profile->session_name);
  free(profile->unsupported);
}

static int set_key(struct profile *profile, const struct vqe_s3_setting *found)
{
  const struct {
    const char *name;
    char **field;
  } keys[] = {{"aws_access_key_id", &profile->out->key_id},
              {"aws_secret_access_key", &profile->out->secret},
              {"aws_session_token", &profile->out->token}};
  for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
    if (profile->with_keys && strcmp(found->name, keys[k].name) == 0) {
      return set_once(keys[k].field, found->value);
    }
  }
  return VQE_OK;
}

static int set_field(struct profile *profile,
                     const struct vqe_s3_setting *found)
{
  static const char *const others[] = {"sso_session", "sso_start_url",
                                       "sso_account_id", "source_profile",
                                       "credential_source"};
  const struct {
    const char *name;
    char **field;
  } fields[] = {{"region", &profile->out->region},
                {"endpoint_url", &profile->out->endpoint},
                {"services", &profile->services},
                {"credential_process", &profile->process},
                {"role_arn", &profile->role},
                {"web_identity_token_file", &profile->token_file},
                {"role_session_name", &profile->session_name}};
  for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
    if (strcmp(found->name, fields[k].name) == 0) {
      return set_once(fields[k].field, found->value);
    }
  }
  for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
    if (strcmp(found->name, others[k]) == 0) {
      return set_once(&profile->unsupported, found->name);
    }
  }
  return set_key(profile, found);
}

/* A vqe_s3_profile_visit: the settings of the profile. */
static int visit_profile(void *ctx, const struct vqe_s3_setting *found)
{
  struct profile *profile = ctx;
  if ((found->kind[0] != '\0' && strcmp(found->kind, "profile") != 0) ||
      strcmp(found->section, profile->name) != 0) {
    return VQE_OK;
  }
  profile->is_found = true;
  return found->group[0] == '\0' ? set_field(profile, found) : VQE_OK;
}

/* A vqe_s3_profile_visit: the endpoint of S3 in the section of services. */
static int visit_services(void *ctx, const struct vqe_s3_setting *found)
{
  struct profile *profile = ctx;
  return profile->services != NULL && strcmp(found->kind, "services") == 0 &&
                 strcmp(found->section, profile->services) == 0 &&
                 strcmp(found->group, "s3") == 0 &&
                 strcmp(found->name, "endpoint_url") == 0
             ? set_once(&profile->endpoint, found->value)
             : VQE_OK;
}

static int read_profile(struct profile *profile, const char *path,
                        vqe_s3_profile_visit visit)
{
  char *text = NULL;
  size_t size = 0;
  int status = vqe_file_read(&text, &size, path, PROFILE_LIMIT);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_s3_profile_read(text, size, visit, profile);
  if (status == VQE_ERR_INPUT) {
    status = vqe_error_context(status, "'%s'", path);
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
static int load_file(struct profile *profile, const char *name,
                     const char *below_home, vqe_s3_profile_visit visit)
{
  char *path = NULL;
  int status = profile_path(&path, name, below_home);
  if (status != VQE_OK || path == NULL) {
    return status;
  }
  status = read_profile(profile, path, visit);
  if (status != VQE_OK && variable(name) != NULL) {
    status = vqe_error_context(VQE_ERR_INPUT, "the file of %s", name);
  } else if (status == VQE_ERR_NOT_FOUND || status == VQE_ERR_IO) {
    status = VQE_OK;
  }
  free(path);
  return status;
}

/* Both files; the endpoint of the services goes before that of the profile. */
static int load_profile(struct profile *profile)
{
  bool has_endpoint = profile->out->endpoint != NULL;
  int status = load_file(profile, "AWS_SHARED_CREDENTIALS_FILE",
                         ".aws/credentials", visit_profile);
  if (status == VQE_OK) {
    status =
        load_file(profile, "AWS_CONFIG_FILE", ".aws/config", visit_profile);
  }
  if (status == VQE_OK && profile->services != NULL) {
    status =
        load_file(profile, "AWS_CONFIG_FILE", ".aws/config", visit_services);
  }
  if (profile->endpoint != NULL && !has_endpoint) {
    free(profile->out->endpoint);
    profile->out->endpoint = profile->endpoint;
    profile->endpoint = NULL;
  }
  const char *ignore = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignore != NULL && strcasecmp(ignore, "true") == 0) {
    free(profile->out->endpoint);
    profile->out->endpoint = NULL;
  }
  return status;
}

/* One setting of credentials and the variable that has it. */
struct setting {
  char **field;
  const char *value;
};

static int set_all(const struct setting *settings, size_t count)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = set_once(settings[k].field, settings[k].value);
  }
  return status;
}

static int require_both(const char *start, const char *key_id,
                        const char *secret)
{
  const char *names[] = {"ACCESS_KEY_ID", "SECRET_ACCESS_KEY"};
  bool lacks_secret = key_id != NULL;
  if ((key_id == NULL) == (secret == NULL)) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_INPUT, "%s%s is set but %s%s is not; set both",
                       start, names[!lacks_secret], start,
                       names[lacks_secret]);
}

static int load_environment(struct vqe_s3_credentials *out)
{
  const char *key_id = variable("AWS_ACCESS_KEY_ID");
  const char *secret = variable("AWS_SECRET_ACCESS_KEY");
  bool has_own = out->key_id != NULL;
  const struct setting settings[] = {
      {&out->key_id, has_own ? NULL : key_id},
      {&out->secret, has_own ? NULL : secret},
      {&out->token,
       has_own || key_id == NULL ? NULL : variable("AWS_SESSION_TOKEN")},
      {&out->region, variable("AWS_REGION")},
      {&out->region, variable("AWS_DEFAULT_REGION")},
      {&out->endpoint, variable("AWS_ENDPOINT_URL_S3")},
      {&out->endpoint, variable("AWS_ENDPOINT_URL")},
  };
  int status = has_own ? VQE_OK : require_both("AWS_", key_id, secret);
  return status == VQE_OK
             ? set_all(settings, sizeof settings / sizeof settings[0])
             : status;
}

/* What the variables of one place say, the keys only where no profile has
 * been given for it. */
static int load_own(struct vqe_s3_credentials *out, const char *start,
                    bool with_keys)
{
  const char *key_id = variable_of(start, "ACCESS_KEY_ID");
  const char *secret = variable_of(start, "SECRET_ACCESS_KEY");
  const struct setting settings[] = {
      {&out->key_id, with_keys ? key_id : NULL},
      {&out->secret, with_keys ? secret : NULL},
      {&out->token, with_keys && key_id != NULL
                        ? variable_of(start, "SESSION_TOKEN")
                        : NULL},
      {&out->region, variable_of(start, "REGION")},
      {&out->endpoint, variable_of(start, "ENDPOINT_URL")},
  };
  int status = with_keys ? require_both(start, key_id, secret) : VQE_OK;
  return status == VQE_OK
             ? set_all(settings, sizeof settings / sizeof settings[0])
             : status;
}

/* The error of a profile, or of an environment, without keys. */
static int no_keys(const struct profile *profile)
{
  const char *container = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (container == NULL) {
    container = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  }
  if (profile->is_own) {
    container = NULL;
  }
  const char *unsupported = profile->unsupported != NULL ? profile->unsupported
                            : profile->role != NULL      ? "role_arn"
                                                         : NULL;
  if (unsupported != NULL) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "profile '%s' takes its credentials by %s, which is not supported "
        "here: give it keys by credential_process = aws configure "
        "export-credentials --profile NAME, or set AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
        profile->name, unsupported);
  }
  if (container != NULL) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "credentials of a container (AWS_CONTAINER_CREDENTIALS_*) are not "
        "supported here: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
        "AWS_SESSION_TOKEN");
  }
  if (profile->is_own && !profile->is_found) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no S3 credentials: there is no profile '%s' in "
                         "~/.aws/credentials or ~/.aws/config; correct its "
                         "name, or leave it out",
                         profile->name);
  }
  if (profile->named_by != NULL && !profile->is_found) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no S3 credentials: there is no profile '%s' in "
                         "~/.aws/credentials or ~/.aws/config; correct "
                         "%s, or set AWS_ACCESS_KEY_ID and "
                         "AWS_SECRET_ACCESS_KEY",
                         profile->name, profile->named_by);
  }
  return vqe_error_set(
      VQE_ERR_INPUT,
      "no S3 credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
      "or put both into profile '%s' of ~/.aws/credentials (AWS_PROFILE and "
      "AWS_SHARED_CREDENTIALS_FILE name another)",
      profile->name);
}

static bool has_keys(const struct vqe_s3_credentials *credentials)
{
  return credentials->key_id != NULL && credentials->secret != NULL;
}

/* Keys by a web identity of the environment or, else, of the profile. */
static int load_identity(struct vqe_s3_credentials *out, const char *file,
                         const char *role, const char *session)
{
  const struct vqe_s3_identity identity = {
      .token_file = file, .role = role, .session = session};
  wipe_keys(out);
  return vqe_s3_identity_load(out, &identity);
}

/* Where the keys come from, the first that has some: the environment, a web
 * identity of it, the profile, its web identity, its process. */
static int find_keys(struct vqe_s3_credentials *out,
                     const struct profile *profile)
{
  const char *file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  const char *role = variable("AWS_ROLE_ARN");
  if (!profile->with_keys) {
    return VQE_OK;
  }
  if (!profile->is_own && file != NULL && role != NULL) {
    return load_identity(out, file, role, variable("AWS_ROLE_SESSION_NAME"));
  }
  if (has_keys(out)) {
    return VQE_OK;
  }
  if (profile->token_file != NULL && profile->role != NULL) {
    return load_identity(out, profile->token_file, profile->role,
                         profile->session_name);
  }
  if (profile->process != NULL) {
    wipe_keys(out);
    return vqe_s3_process_load(out, profile->process);
  }
  return no_keys(profile);
}

int vqe_s3_credentials_load(struct vqe_s3_credentials *out)
{
  return vqe_s3_credentials_load_of(out, NULL, NULL);
}

/* The profile of one place, else the one of all. */
static void name_profile(struct profile *profile, const char *variables,
                         const char *given)
{
  static const char *const general[] = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"};
  const char *own = given;
  if (own == NULL && variable_of(variables, "ACCESS_KEY_ID") == NULL) {
    own = variable_of(variables, "PROFILE");
  }
  profile->is_own = own != NULL;
  profile->name = own;
  for (size_t k = 0;
       profile->name == NULL && k < sizeof general / sizeof general[0]; k++) {
    profile->name = variable(general[k]);
    profile->named_by = profile->name != NULL ? general[k] : NULL;
  }
  if (profile->name == NULL) {
    profile->name = "default";
  }
}

int vqe_s3_credentials_load_of(struct vqe_s3_credentials *out,
                               const char *variables, const char *profile)
{
  struct profile found = {.out = out};
  memset(out, 0, sizeof *out);
  name_profile(&found, variables, profile);
  int status = VQE_OK;
  if (variables != NULL) {
    status = load_own(out, variables, !found.is_own);
  }
  snprintf(out->start, sizeof out->start, "%s",
           variables != NULL && out->key_id != NULL ? variables : "AWS_");
  if (status == VQE_OK && !found.is_own) {
    status = load_environment(out);
  }
  if (status == VQE_OK) {
    found.with_keys = out->key_id == NULL;
    status = load_profile(&found);
  }
  if (status == VQE_OK) {
    status = find_keys(out, &found);
  }
  if (out->secret != NULL) {
    vqe_core_dump_forbid();
  }
  profile_clear(&found);
  return status;
}

void vqe_s3_credentials_clear(struct vqe_s3_credentials *credentials)
{
  wipe_keys(credentials);
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
  vqe_http_mask_basic(text, credentials->key_id, credentials->secret);
}
