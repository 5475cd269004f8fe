/* Small requests to a bucket, and what their statuses mean. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "objects/objects_s3.h"

int vqe_s3_key(char **out, const struct vqe_s3 *s3, const char *key)
{
  return vqe_memory_print(out, "%s%s", s3->prefix, key);
}

/* Is S3's code of an error, which `reason` begins with, this one? */
static bool has_code(const char *reason, const char *code)
{
  size_t length = strlen(code);
  return strncmp(reason, code, length) == 0 &&
         (reason[length] == '\0' || reason[length] == ':');
}

/* Codes that mean the same under any status; NULL for others. */
static const char *code_remedy(const char *reason)
{
  static const struct {
    const char *code, *remedy;
  } remedies[] = {
      {"ExpiredToken",
       "the session token has expired; get new credentials (aws sso login, or "
       "whatever made AWS_SESSION_TOKEN) and run this again"},
      {"ExpiredTokenException",
       "the session token has expired; get new credentials and run this again"},
      {"TokenRefreshRequired",
       "the session token has expired; get new credentials and run this again"},
      {"InvalidToken",
       "AWS_SESSION_TOKEN does not belong to AWS_ACCESS_KEY_ID; set the three "
       "of one session, or unset the token for keys that last"},
      {"RequestTimeTooSkewed",
       "this machine's clock is wrong; set it (date -u shows it)"},
      {"RequestExpired",
       "this machine's clock is wrong; set it (date -u shows it)"},
      {"SlowDown",
       "the store asks for fewer requests: run this again later, and fewer "
       "programs at a time"},
  };
  for (size_t k = 0; k < sizeof remedies / sizeof remedies[0]; k++) {
    if (has_code(reason, remedies[k].code)) {
      return remedies[k].remedy;
    }
  }
  return NULL;
}

/* What a 403 is about, by S3's code; `start` of the variables of the keys. */
static void refused_remedy(char *out, size_t size, const char *reason,
                           const char *start)
{
  if (strstr(reason, "SignatureDoesNotMatch") != NULL ||
      strstr(reason, "nvalid signature") != NULL) {
    snprintf(out, size,
             "%sSECRET_ACCESS_KEY does not fit %sACCESS_KEY_ID; correct it",
             start, start);
  } else if (strstr(reason, "InvalidAccessKeyId") != NULL ||
             strstr(reason, "No such key") != NULL) {
    snprintf(out, size,
             "the store does not know the access key; correct "
             "%sACCESS_KEY_ID",
             start);
  } else {
    snprintf(out, size,
             "check %sACCESS_KEY_ID and %sSECRET_ACCESS_KEY, and that the key "
             "may read and write the bucket",
             start, start);
  }
}

int vqe_s3_fail(const struct vqe_s3 *s3,
                const struct vqe_http_response *response, const char *verb,
                const char *key)
{
  char reason[320];
  char refused[256];
  const char *endpoint = s3->endpoint;
  const char *remedy = "";
  int status = VQE_ERR_INPUT;
  vqe_s3_reason(reason, sizeof reason, s3, response);
  const char *by_code = code_remedy(reason);
  switch (response->status) {
  case 400:
    if (by_code != NULL) {
      break;
    }
    if (strstr(reason, "AuthorizationHeaderMalformed") != NULL ||
        strstr(reason, "egion") != NULL || strstr(reason, "scope") != NULL) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s '%s' in bucket '%s' at %s: HTTP status 400%s%s;"
                           " region '%s' is not the store's, set AWS_REGION "
                           "(Garage: garage)",
                           verb, key, s3->bucket, endpoint,
                           reason[0] == '\0' ? "" : ", ", reason, s3->region);
    }
    remedy = "check the region (AWS_REGION) and the endpoint";
    break;
  case 401:
  case 403:
    refused_remedy(refused, sizeof refused, reason, s3->credentials.start);
    remedy = refused;
    break;
  case 301:
  case 302:
  case 307:
  case 308:
    remedy = "the bucket is elsewhere; correct endpoint and region";
    break;
  case 404:
    if (strstr(reason, "NoSuchBucket") != NULL) {
      remedy = "there is no such bucket; create it or correct the location";
    } else {
      status = VQE_ERR_NOT_FOUND;
      remedy = "it is not there";
    }
    break;
  case 412:
    status = VQE_ERR_EXISTS;
    remedy = "it is already there";
    break;
  case 405:
  case 501:
    status = VQE_ERR_UNSUPPORTED;
    remedy = "is this the S3 endpoint of the store?";
    break;
  case 507:
    status = VQE_ERR_IO;
    remedy = "the store is full; free some space";
    break;
  default:
    remedy = "is this the S3 endpoint of the store?";
    break;
  }
  if (by_code != NULL) {
    remedy = by_code;
  }
  return vqe_error_set(status,
                       "%s '%s' in bucket '%s' at %s: HTTP status %ld%s%s; %s",
                       verb, key, s3->bucket, endpoint, response->status,
                       reason[0] == '\0' ? "" : ", ", reason, remedy);
}

int vqe_s3_expect_good(const struct vqe_s3 *s3,
                       const struct vqe_http_response *response,
                       const char *verb, const char *key)
{
  return vqe_http_is_good(response->status)
             ? VQE_OK
             : vqe_s3_fail(s3, response, verb, key);
}

int vqe_s3_plain(struct vqe_http_response *response, const struct vqe_s3 *s3,
                 const char *method, const char *key, const char *query)
{
  const struct vqe_s3_request request = {.method = method,
                                         .key = key,
                                         .query = query,
                                         .file = VQE_S3_NO_FILE,
                                         .limit = VQE_S3_SMALL_LIMIT};
  return vqe_s3_send(response, s3, &request);
}

int vqe_s3_put_bytes(struct vqe_http_response *response,
                     const struct vqe_s3 *s3, const char *key,
                     const char *query, const void *data, size_t size,
                     bool only_new)
{
  const struct vqe_s3_request request = {.method = "PUT",
                                         .key = key,
                                         .query = query,
                                         .body = size == 0 ? "" : data,
                                         .size = size,
                                         .only_new = only_new,
                                         .once = only_new,
                                         .has_md5 = true,
                                         .file = VQE_S3_NO_FILE,
                                         .limit = VQE_S3_SMALL_LIMIT};
  return vqe_s3_send(response, s3, &request);
}

int vqe_s3_head(uint64_t *size, const struct vqe_s3 *s3, const char *key)
{
  struct vqe_http_response response;
  int status = vqe_s3_plain(&response, s3, "HEAD", key, NULL);
  if (status == VQE_OK) {
    status = vqe_s3_expect_good(s3, &response, "looking for", key);
  }
  if (status == VQE_OK) {
    *size = response.content_length;
  }
  vqe_http_response_clear(&response);
  return status;
}
