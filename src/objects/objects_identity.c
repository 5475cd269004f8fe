#include "objects/objects_identity.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "http/http.h"
#include "objects/objects_xml.h"

#define OUTPUT_LIMIT 65536
#define TOKEN_LIMIT 65536
#define DEFAULT_REGION "us-east-1"
#define DEFAULT_SESSION "vqe_batch"
#define CONNECT_TIMEOUT_S 10.0
#define TIMEOUT_S 30.0
#define ATTEMPTS 4

static void wipe(char *text)
{
  if (text != NULL) {
    OPENSSL_cleanse(text, strlen(text));
    free(text);
  }
}

/* ---- a program ---- */

static int take_json(struct vqe_s3_credentials *out, const char *output,
                     size_t size)
{
  json_t *root;
  if (vqe_json_parse(&root, output, size, 0, NULL) == VQE_ERR_MEMORY) {
    return VQE_ERR_MEMORY;
  }
  const char *key_id = json_string_value(json_object_get(root, "AccessKeyId"));
  const char *secret =
      json_string_value(json_object_get(root, "SecretAccessKey"));
  const char *token = json_string_value(json_object_get(root, "SessionToken"));
  int status =
      key_id != NULL && secret != NULL
          ? vqe_memory_strdup(&out->key_id, key_id)
          : vqe_error_set(VQE_ERR_INPUT,
                          "its output is no JSON with AccessKeyId and "
                          "SecretAccessKey");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&out->secret, secret);
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&out->token, token);
  }
  json_decref(root);
  return status;
}

int vqe_s3_process_load(struct vqe_s3_credentials *out, const char *command)
{
  char *output = NULL;
  size_t size = 0;
  int code = -1;
  int status =
      vqe_memory_alloc(&output, OUTPUT_LIMIT, 1, "the output of a program");
  FILE *stream = status == VQE_OK ? popen(command, "re") : NULL;
  if (stream != NULL) {
    size = fread(output, 1, OUTPUT_LIMIT, stream);
    code = pclose(stream);
  }
  if (status == VQE_OK && (!WIFEXITED(code) || WEXITSTATUS(code) != 0)) {
    status = vqe_error_set(VQE_ERR_INPUT, "it failed (status %d)",
                           code == -1 ? -1 : WEXITSTATUS(code));
  }
  if (status == VQE_OK) {
    status = take_json(out, output, size);
  }
  if (status == VQE_ERR_INPUT) {
    /* an argument can be a secret: the program alone is named */
    status =
        vqe_error_context(status, "credential_process of the profile, '%.*s'",
                          (int)strcspn(command, " \t"), command);
  }
  if (output != NULL) {
    OPENSSL_cleanse(output, OUTPUT_LIMIT);
  }
  free(output);
  return status;
}

/* ---- a token service ---- */

static enum vqe_http_verdict judge(void *ctx, const struct vqe_http *http,
                                   const struct vqe_http_response *response)
{
  (void)ctx;
  (void)http;
  if (response->fault != VQE_HTTP_NO_FAULT) {
    return response->fault == VQE_HTTP_FAULT_TRANSFER ||
                   response->fault == VQE_HTTP_FAULT_UNREACHABLE
               ? VQE_HTTP_RETRY
               : VQE_HTTP_REFUSE;
  }
  return response->status >= 500 || response->status == 429 ? VQE_HTTP_RETRY
                                                            : VQE_HTTP_DONE;
}

/* The token of the file. */
static int read_token(char **out, const struct vqe_s3_identity *identity)
{
  size_t size = 0;
  if (vqe_file_read(out, &size, identity->token_file, TOKEN_LIMIT) != VQE_OK) {
    return vqe_error_context(VQE_ERR_INPUT, "the token of the web identity");
  }
  (*out)[strcspn(*out, "\r\n")] = '\0';
  return VQE_OK;
}

/* The form of the request; it holds the token. */
static int make_form(char **out, const struct vqe_s3_identity *identity,
                     const char *token)
{
  const char *session =
      identity->session != NULL ? identity->session : DEFAULT_SESSION;
  char *parts[3] = {NULL, NULL, NULL};
  int status = VQE_OK;
  *out = NULL;
  const char *texts[3] = {identity->role, session, token};
  for (size_t k = 0; status == VQE_OK && k < 3; k++) {
    status = vqe_http_encode(&parts[k], texts[k], false);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(out,
                              "Action=AssumeRoleWithWebIdentity&RoleArn=%s&"
                              "RoleSessionName=%s&Version=2011-06-15&"
                              "WebIdentityToken=%s",
                              parts[0], parts[1], parts[2]);
  }
  for (size_t k = 0; k < 3; k++) {
    wipe(parts[k]);
  }
  return status;
}

static int refused(const char *endpoint, const char *role,
                   const struct vqe_http_response *response, const char *token)
{
  char *code = NULL;
  int status = VQE_OK;
  if (response->body != NULL) {
    status = vqe_s3_xml_text(&code, response->body, response->size, "Code");
  }
  if (status == VQE_OK) {
    /* its text can quote the token, and a code that is none can, too */
    if (code != NULL) {
      vqe_http_mask(code, token, 1);
    }
    status = vqe_error_set(
        response->fault != VQE_HTTP_NO_FAULT || response->status >= 500
            ? VQE_ERR_IO
            : VQE_ERR_INPUT,
        "the token service at %s gives no keys for role '%s': %s%.60s (HTTP "
        "status %ld); check AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and "
        "AWS_ENDPOINT_URL_STS",
        endpoint, role, code == NULL ? "no response of such a service" : "",
        code == NULL ? "" : code, response->status);
  }
  free(code);
  return status;
}

static int take_keys(struct vqe_s3_credentials *out,
                     const struct vqe_http_response *response)
{
  const char *body = response->body == NULL ? "" : response->body;
  int status =
      vqe_s3_xml_text(&out->key_id, body, response->size, "AccessKeyId");
  if (status == VQE_OK) {
    status =
        vqe_s3_xml_text(&out->secret, body, response->size, "SecretAccessKey");
  }
  if (status == VQE_OK) {
    status =
        vqe_s3_xml_text(&out->token, body, response->size, "SessionToken");
  }
  return status;
}

static int request_keys(struct vqe_s3_credentials *out, const char *endpoint,
                        const struct vqe_s3_identity *identity,
                        const char *token, const char *form)
{
  static const char *const headers[] = {
      "Content-Type: application/x-www-form-urlencoded"};
  const char *ca_file = getenv("AWS_CA_BUNDLE");
  const struct vqe_http_options options = {
      .ca_file = ca_file != NULL && ca_file[0] != '\0' ? ca_file : NULL,
      .connect_timeout_s = CONNECT_TIMEOUT_S,
      .sends_secrets = true};
  const char *const bases[] = {endpoint};
  const struct vqe_http_request request = {.method = "POST",
                                           .bases = bases,
                                           .nbase = 1,
                                           .path = "/",
                                           .headers = headers,
                                           .nheader = 1,
                                           .body = form,
                                           .size = strlen(form),
                                           .plain_post = true,
                                           .timeout_s = TIMEOUT_S,
                                           .limit = OUTPUT_LIMIT,
                                           .error_limit = OUTPUT_LIMIT};
  const struct vqe_http_policy policy = {.attempts = ATTEMPTS,
                                         .first_s = 0.2,
                                         .longest_s = 5.0,
                                         .jitter = 0.5,
                                         .judge = judge};
  struct vqe_http_response response = {0};
  struct vqe_http *http = NULL;
  int status = vqe_http_open(&http, &options);
  if (status == VQE_OK) {
    status = vqe_http_perform(&response, http, &request, &policy);
  }
  if (status == VQE_OK && vqe_http_is_good(response.status)) {
    status = take_keys(out, &response);
  }
  if (status == VQE_OK && (out->key_id == NULL || out->secret == NULL)) {
    status = refused(endpoint, identity->role, &response, token);
  }
  if (response.body != NULL) {
    OPENSSL_cleanse(response.body, response.size);
  }
  vqe_http_response_clear(&response);
  vqe_http_close(http);
  return status;
}

int vqe_s3_endpoint_check(const char *endpoint, const char *what,
                          const char *example)
{
  const char *host = strstr(endpoint, "://");
  /* what stands before '@' can be a password: not echoed */
  if (strchr(endpoint, '@') != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s holds a '@'; give scheme, host and port only, as "
                         "in %s: keys come from AWS_ACCESS_KEY_ID and "
                         "AWS_SECRET_ACCESS_KEY or a web identity",
                         what, example);
  }
  if (host == NULL ||
      (strncasecmp(endpoint, "http://", 7) != 0 &&
       strncasecmp(endpoint, "https://", 8) != 0) ||
      host[3 + strspn(host + 3, "/")] == '\0' ||
      strpbrk(endpoint, "?# ") != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s '%s' is none; give a URL such as %s", what,
                         endpoint, example);
  }
  return VQE_OK;
}

int vqe_s3_identity_load(struct vqe_s3_credentials *out,
                         const struct vqe_s3_identity *identity)
{
  const char *given = getenv("AWS_ENDPOINT_URL_STS");
  char *endpoint = NULL;
  char *token = NULL;
  char *form = NULL;
  int status = given != NULL && given[0] != '\0'
                   ? vqe_memory_strdup(&endpoint, given)
                   : vqe_memory_print(
                         &endpoint, "https://sts.%s.amazonaws.com",
                         out->region != NULL ? out->region : DEFAULT_REGION);
  if (status == VQE_OK) {
    for (size_t at = strlen(endpoint); at > 0 && endpoint[at - 1] == '/';) {
      endpoint[--at] = '\0';
    }
    status = vqe_s3_endpoint_check(endpoint, "AWS_ENDPOINT_URL_STS",
                                   "https://sts.example.org");
  }
  if (status == VQE_OK) {
    status = read_token(&token, identity);
  }
  if (status == VQE_OK) {
    status = make_form(&form, identity, token);
  }
  if (status == VQE_OK && form != NULL) {
    status = request_keys(out, endpoint, identity, token, form);
  }
  wipe(token);
  wipe(form);
  free(endpoint);
  return status;
}
