/* A bucket of an S3 store as a place. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "objects/objects_s3.h"

int vqe_s3_key(char **out, const struct vqe_s3 *s3, const char *key)
{
  if (asprintf(out, "%s%s", s3->prefix, key) < 0) {
    *out = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a key");
  }
  return VQE_OK;
}

/* What a 403 is about, by S3's code. */
static const char *refused_remedy(const char *reason)
{
  if (strstr(reason, "SignatureDoesNotMatch") != NULL ||
      strstr(reason, "nvalid signature") != NULL) {
    return "AWS_SECRET_ACCESS_KEY does not fit AWS_ACCESS_KEY_ID; correct it";
  }
  if (strstr(reason, "InvalidAccessKeyId") != NULL ||
      strstr(reason, "No such key") != NULL) {
    return "the store does not know the access key; correct "
           "AWS_ACCESS_KEY_ID";
  }
  if (strstr(reason, "RequestTimeTooSkewed") != NULL) {
    return "set this machine's clock";
  }
  return "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that the key "
         "may read and write the bucket";
}

int vqe_s3_fail(const struct vqe_s3 *s3, const struct vqe_http_answer *answer,
                const char *verb, const char *key)
{
  char reason[320];
  const char *endpoint = vqe_http_endpoint(s3->http);
  const char *remedy = "";
  int status = VQE_ERR_INPUT;
  vqe_http_reason(reason, sizeof reason, s3->http, answer);
  switch (answer->status) {
  case 400:
    if (strstr(reason, "AuthorizationHeaderMalformed") != NULL ||
        strstr(reason, "egion") != NULL || strstr(reason, "scope") != NULL) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s '%s' in bucket '%s' at %s: HTTP status 400%s%s;"
                           " region '%s' is not the store's, set AWS_REGION "
                           "(Garage: garage)",
                           verb, key, s3->bucket, endpoint,
                           reason[0] == '\0' ? "" : ", ", reason,
                           vqe_http_region(s3->http));
    }
    remedy = "check the region (AWS_REGION) and the endpoint";
    break;
  case 401:
  case 403:
    remedy = refused_remedy(reason);
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
  return vqe_error_set(status,
                       "%s '%s' in bucket '%s' at %s: HTTP status %ld%s%s; %s",
                       verb, key, s3->bucket, endpoint, answer->status,
                       reason[0] == '\0' ? "" : ", ", reason, remedy);
}

bool vqe_s3_is_good(const struct vqe_http_answer *answer)
{
  return answer->status >= 200 && answer->status < 300;
}

int vqe_s3_plain(struct vqe_http_answer *answer, const struct vqe_s3 *s3,
                 const char *method, const char *key, const char *query)
{
  const struct vqe_http_request request = {.method = method,
                                           .key = key,
                                           .query = query,
                                           .file = VQE_S3_NO_FILE,
                                           .limit = VQE_S3_SMALL_LIMIT};
  return vqe_http_perform(answer, s3->http, &request);
}

int vqe_s3_put_bytes(struct vqe_http_answer *answer, const struct vqe_s3 *s3,
                     const char *key, const char *query, const void *data,
                     size_t size, bool only_new)
{
  const struct vqe_http_request request = {.method = "PUT",
                                           .key = key,
                                           .query = query,
                                           .body = size == 0 ? "" : data,
                                           .size = size,
                                           .only_new = only_new,
                                           .once = only_new,
                                           .has_md5 = true,
                                           .file = VQE_S3_NO_FILE,
                                           .limit = VQE_S3_SMALL_LIMIT};
  return vqe_http_perform(answer, s3->http, &request);
}

int vqe_s3_head(uint64_t *size, const struct vqe_s3 *s3, const char *key)
{
  struct vqe_http_answer answer;
  int status = vqe_s3_plain(&answer, s3, "HEAD", key, NULL);
  if (status == VQE_OK && !vqe_s3_is_good(&answer)) {
    status = vqe_s3_fail(s3, &answer, "looking for", key);
  }
  if (status == VQE_OK) {
    *size = answer.content_length;
  }
  vqe_http_answer_clear(&answer);
  return status;
}

static int get_key(char **out, size_t *size, const struct vqe_s3 *s3,
                   const char *key, size_t limit)
{
  const struct vqe_http_request request = {.method = "GET",
                                           .key = key,
                                           .has_md5 = true,
                                           .file = VQE_S3_NO_FILE,
                                           .limit = limit};
  struct vqe_http_answer answer;
  int status = vqe_http_perform(&answer, s3->http, &request);
  if (status != VQE_OK) {
    goto out;
  }
  if (answer.too_large) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "'%s' in bucket '%s' is larger than the limit of "
                           "%zu bytes",
                           key, s3->bucket, limit);
    goto out;
  }
  if (!vqe_s3_is_good(&answer)) {
    status = vqe_s3_fail(s3, &answer, "reading", key);
    goto out;
  }
  if (answer.body == NULL) {
    status = vqe_memory_alloc(&answer.body, 1, 1, "an empty object");
    if (status != VQE_OK) {
      goto out;
    }
  }
  *out = answer.body;
  *size = answer.size;
  answer.body = NULL;
out:
  vqe_http_answer_clear(&answer);
  return status;
}

/* 0 when what is stored is `data`, VQE_ERR_EXISTS when it is another's. */
static int compare_stored(const struct vqe_s3 *s3, const char *key,
                          const void *data, size_t size)
{
  char *stored = NULL;
  size_t stored_size = 0;
  int status = get_key(&stored, &stored_size, s3, key, size);
  if (status == VQE_OK &&
      (stored_size != size || memcmp(stored, data, size) != 0)) {
    status = VQE_ERR_EXISTS;
  }
  if (status == VQE_ERR_INPUT) {
    status = VQE_ERR_EXISTS; /* larger */
  }
  free(stored);
  return status;
}

static int new_name(char out[33])
{
  unsigned char draw[16];
  if (getrandom(draw, sizeof draw, 0) != (ssize_t)sizeof draw) {
    return vqe_error_set(VQE_ERR_IO, "no random numbers: %s", strerror(errno));
  }
  for (size_t k = 0; k < sizeof draw; k++) {
    snprintf(out + 2 * k, 3, "%02x", draw[k]);
  }
  return VQE_OK;
}

/* Two conditional PUTs of a new key: only a store that honours them refuses
 * the second. One that does not know them refuses the first (501). */
static int probe(struct vqe_s3 *s3)
{
  struct vqe_http_answer answer = {0};
  char name[33];
  char *short_key = NULL;
  char *key = NULL;
  int status = new_name(name);
  if (status != VQE_OK) {
    return status;
  }
  if (asprintf(&short_key, "_probe/%s", name) < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a key");
  }
  status = vqe_s3_key(&key, s3, short_key);
  if (status != VQE_OK) {
    goto out;
  }
  status = vqe_s3_put_bytes(&answer, s3, key, NULL, "probe", 5, true);
  if (status != VQE_OK) {
    goto out;
  }
  if (answer.status == 501) {
    s3->conditional = VQE_S3_NO;
    goto out;
  }
  /* 412: an earlier try was stored, its answer lost */
  if (!vqe_s3_is_good(&answer) && answer.status != 412) {
    status = vqe_s3_fail(s3, &answer, "writing", key);
    goto out;
  }
  vqe_http_answer_clear(&answer);
  status = vqe_s3_put_bytes(&answer, s3, key, NULL, "probe", 5, true);
  if (status != VQE_OK) {
    goto out;
  }
  if (vqe_s3_is_good(&answer)) {
    s3->conditional = VQE_S3_NO;
  } else if (answer.status == 412) {
    s3->conditional = VQE_S3_YES;
  } else {
    status = vqe_s3_fail(s3, &answer, "writing", key);
    goto out;
  }
  vqe_http_answer_clear(&answer);
  /* one that may not be removed is only litter */
  (void)vqe_s3_plain(&answer, s3, "DELETE", key, NULL);
out:
  vqe_http_answer_clear(&answer);
  free(short_key);
  free(key);
  return status;
}

static int s3_supports_conditional_put(bool *out, void *place)
{
  struct vqe_s3 *s3 = place;
  int status = VQE_OK;
  if (s3->conditional == VQE_S3_UNKNOWN) {
    status = probe(s3);
  }
  *out = s3->conditional == VQE_S3_YES;
  return status;
}

/* Write a key that must be new. */
static int put_new(struct vqe_s3 *s3, const char *key, const void *data,
                   size_t size)
{
  struct vqe_http_answer answer = {0};
  bool conditional = false;
  uint64_t present = 0;
  int status = s3_supports_conditional_put(&conditional, s3);
  if (status != VQE_OK) {
    return status;
  }
  if (!conditional) {
    status = vqe_s3_head(&present, s3, key);
    if (status == VQE_OK) {
      return vqe_error_set(VQE_ERR_EXISTS,
                           "'%s' in bucket '%s' is already there", key,
                           s3->bucket);
    }
    if (status != VQE_ERR_NOT_FOUND) {
      return status;
    }
  }
  status = vqe_s3_put_bytes(&answer, s3, key, NULL, data, size, conditional);
  if (status == VQE_OK && !vqe_s3_is_good(&answer)) {
    status = vqe_s3_fail(s3, &answer, "writing", key);
    if (status == VQE_ERR_EXISTS && answer.unsure) {
      /* perhaps our own bytes, whose answer was lost */
      status = compare_stored(s3, key, data, size);
      if (status == VQE_ERR_EXISTS) {
        status = vqe_s3_fail(s3, &answer, "writing", key);
      }
    }
  }
  vqe_http_answer_clear(&answer);
  return status;
}

static int s3_put(void *place, const char *key, const void *data, size_t size,
                  enum vqe_objects_put_mode mode)
{
  struct vqe_s3 *s3 = place;
  struct vqe_http_answer answer = {0};
  char *name = NULL;
  int status = vqe_s3_key(&name, s3, key);
  if (status != VQE_OK) {
    return status;
  }
  if (mode == VQE_OBJECTS_ONLY_NEW) {
    status = put_new(s3, name, data, size);
  } else {
    status = vqe_s3_put_bytes(&answer, s3, name, NULL, data, size, false);
    if (status == VQE_OK && !vqe_s3_is_good(&answer)) {
      status = vqe_s3_fail(s3, &answer, "writing", name);
    }
  }
  vqe_http_answer_clear(&answer);
  free(name);
  return status;
}

static int s3_get(char **out, size_t *size, void *place, const char *key,
                  size_t limit)
{
  const struct vqe_s3 *s3 = place;
  char *name = NULL;
  int status = vqe_s3_key(&name, s3, key);
  if (status == VQE_OK) {
    status = get_key(out, size, s3, name, limit);
  }
  free(name);
  return status;
}

static int s3_get_file(void *place, const char *key, const char *path)
{
  const struct vqe_s3 *s3 = place;
  struct vqe_objects_aside aside = {.descriptor = -1};
  struct vqe_http_answer answer = {0};
  char *name = NULL;
  int status = vqe_s3_key(&name, s3, key);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_objects_aside_open(&aside, path);
  if (status != VQE_OK) {
    goto out;
  }
  const struct vqe_http_request request = {
      .method = "GET", .key = name, .has_md5 = true, .file = aside.descriptor};
  status = vqe_http_perform(&answer, s3->http, &request);
  if (status == VQE_OK && !vqe_s3_is_good(&answer)) {
    status = vqe_s3_fail(s3, &answer, "reading", name);
  }
  if (status == VQE_OK) {
    status = vqe_objects_aside_publish(&aside, path, VQE_OBJECTS_REPLACE);
  }
out:
  vqe_objects_aside_close(&aside);
  vqe_http_answer_clear(&answer);
  free(name);
  return status;
}

static int s3_head(uint64_t *size, void *place, const char *key)
{
  const struct vqe_s3 *s3 = place;
  char *name = NULL;
  int status = vqe_s3_key(&name, s3, key);
  if (status == VQE_OK) {
    status = vqe_s3_head(size, s3, name);
  }
  free(name);
  return status;
}

static int s3_remove(void *place, const char *key)
{
  const struct vqe_s3 *s3 = place;
  struct vqe_http_answer answer = {0};
  char *name = NULL;
  int status = vqe_s3_key(&name, s3, key);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_s3_plain(&answer, s3, "DELETE", name, NULL);
  if (status == VQE_OK && !vqe_s3_is_good(&answer)) {
    status = vqe_s3_fail(s3, &answer, "removing", name);
    if (status == VQE_ERR_NOT_FOUND) {
      status = VQE_OK;
    }
  }
  vqe_http_answer_clear(&answer);
  free(name);
  return status;
}

static uint64_t s3_requests(const void *place)
{
  const struct vqe_s3 *s3 = place;
  return vqe_http_requests(s3->http);
}

static void s3_close(void *place)
{
  struct vqe_s3 *s3 = place;
  vqe_http_close(s3->http);
  free(s3->bucket);
  free(s3->prefix);
  free(s3);
}

int vqe_objects_s3_open(void **place, char **describe, const char *bucket,
                        const char *prefix,
                        const struct vqe_objects_options *options)
{
  struct vqe_s3 *s3 = NULL;
  int status = vqe_memory_alloc(&s3, 1, sizeof *s3, "a location");
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_memory_strdup(&s3->bucket, bucket);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&s3->prefix, prefix);
  }
  if (status == VQE_OK) {
    status = vqe_http_open(&s3->http, bucket, options);
  }
  if (status == VQE_OK && asprintf(describe, "bucket '%s' at %s", bucket,
                                   vqe_http_endpoint(s3->http)) < 0) {
    *describe = NULL;
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a location");
  }
  if (status != VQE_OK) {
    s3_close(s3);
    return status;
  }
  *place = s3;
  return VQE_OK;
}

const struct vqe_objects_kind vqe_objects_s3 = {
    .put = s3_put,
    .put_file = vqe_s3_put_file,
    .get = s3_get,
    .get_file = s3_get_file,
    .head = s3_head,
    .list = vqe_s3_list,
    .remove = s3_remove,
    .supports_conditional_put = s3_supports_conditional_put,
    .requests = s3_requests,
    .close = s3_close,
};
