/* A bucket of an S3 store as a place. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "objects/objects_aside.h"
#include "objects/objects_s3.h"
#include "objects/objects_uuid.h"

static int get_key(char **out, size_t *size, const struct vqe_s3 *s3,
                   const char *key, size_t limit)
{
  const struct vqe_s3_request request = {.method = "GET",
                                         .key = key,
                                         .has_md5 = true,
                                         .file = VQE_S3_NO_FILE,
                                         .limit = limit};
  struct vqe_http_response response;
  int status = vqe_s3_send(&response, s3, &request);
  if (status == VQE_OK && response.too_large) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "'%s' in bucket '%s' is larger than the limit of "
                           "%zu bytes",
                           key, s3->bucket, limit);
  }
  if (status == VQE_OK) {
    status = vqe_s3_expect_good(s3, &response, "reading", key);
  }
  if (status == VQE_OK && response.body == NULL) {
    status = vqe_memory_alloc(&response.body, 1, 1, "an empty object");
  }
  if (status == VQE_OK) {
    *out = response.body;
    *size = response.size;
    response.body = NULL;
  }
  vqe_http_response_clear(&response);
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

/* The status of a conditional PUT of `key`: good, 412 or `also`. */
static int probe_once(long *out, const struct vqe_s3 *s3, const char *key,
                      long also)
{
  struct vqe_http_response response = {0};
  int status = vqe_s3_put_bytes(&response, s3, key, NULL, "probe", 5, true);
  *out = response.status;
  if (status == VQE_OK && response.status != 412 && response.status != also) {
    status = vqe_s3_expect_good(s3, &response, "writing", key);
  }
  vqe_http_response_clear(&response);
  return status;
}

/* Two conditional PUTs of a new key: only a store that honours them refuses
 * the second. One that does not know them refuses the first (501). */
static int probe(struct vqe_s3 *s3)
{
  struct vqe_http_response response = {0};
  char name[VQE_OBJECTS_UUID_SIZE];
  char *key = NULL;
  long found = 0;
  int status = vqe_objects_uuid(name);
  if (status == VQE_OK) {
    status = vqe_memory_print(&key, "%s_probe/%s", s3->prefix, name);
  }
  if (status == VQE_OK) {
    /* 412: an attempt was stored and its response lost */
    status = probe_once(&found, s3, key, 501);
  }
  if (status == VQE_OK && found == 501) {
    s3->conditional = VQE_S3_NO;
  } else if (status == VQE_OK) {
    status = probe_once(&found, s3, key, 412);
    if (status == VQE_OK) {
      s3->conditional = found == 412 ? VQE_S3_YES : VQE_S3_NO;
      /* one that may not be removed is only litter */
      (void)vqe_s3_plain(&response, s3, "DELETE", key, NULL);
    }
  }
  vqe_http_response_clear(&response);
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
  struct vqe_http_response response = {0};
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
  status = vqe_s3_put_bytes(&response, s3, key, NULL, data, size, conditional);
  if (status == VQE_OK) {
    status = vqe_s3_expect_good(s3, &response, "writing", key);
    if (status == VQE_ERR_EXISTS && response.unsure) {
      /* perhaps our own bytes, whose response was lost */
      status = compare_stored(s3, key, data, size);
      if (status == VQE_ERR_EXISTS) {
        status = vqe_s3_fail(s3, &response, "writing", key);
      }
    }
  }
  vqe_http_response_clear(&response);
  return status;
}

static int s3_put(void *place, const char *key, const void *data, size_t size,
                  enum vqe_objects_put_mode mode)
{
  struct vqe_s3 *s3 = place;
  struct vqe_http_response response = {0};
  char *name = NULL;
  int status = vqe_s3_key(&name, s3, key);
  if (status != VQE_OK) {
    return status;
  }
  if (mode == VQE_OBJECTS_ONLY_NEW) {
    status = put_new(s3, name, data, size);
  } else {
    status = vqe_s3_put_bytes(&response, s3, name, NULL, data, size, false);
    if (status == VQE_OK) {
      status = vqe_s3_expect_good(s3, &response, "writing", name);
    }
  }
  vqe_http_response_clear(&response);
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

/* A body above the size that was listed is not read on. */
static int expect_file(const struct vqe_s3 *s3,
                       const struct vqe_http_response *response,
                       const char *name, uint64_t expected)
{
  if (response->too_large) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' in bucket '%s' at %s has more than the %" PRIu64
                         " bytes that it should have; restore it",
                         name, s3->bucket, s3->endpoint, expected);
  }
  int status = vqe_s3_expect_good(s3, response, "reading", name);
  return status == VQE_OK
             ? vqe_objects_require_size(name, response->size, expected)
             : status;
}

static int s3_get_file(void *place, const char *key, const char *path,
                       uint64_t expected)
{
  const struct vqe_s3 *s3 = place;
  struct vqe_objects_aside aside = VQE_OBJECTS_ASIDE_INIT;
  struct vqe_http_response response = {0};
  char *name = NULL;
  int status = vqe_s3_key(&name, s3, key);
  if (status == VQE_OK) {
    status = vqe_objects_aside_open(&aside, path);
  }
  if (status == VQE_OK) {
    const struct vqe_s3_request request = {.method = "GET",
                                           .key = name,
                                           .has_md5 = true,
                                           .file = aside.descriptor,
                                           .limit = expected};
    status = vqe_s3_send(&response, s3, &request);
  }
  if (status == VQE_OK) {
    status = expect_file(s3, &response, name, expected);
  }
  if (status == VQE_OK) {
    status = vqe_objects_aside_publish(&aside, path, VQE_OBJECTS_REPLACE);
  }
  vqe_objects_aside_close(&aside);
  vqe_http_response_clear(&response);
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
  struct vqe_http_response response = {0};
  char *name = NULL;
  int status = vqe_s3_key(&name, s3, key);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_s3_plain(&response, s3, "DELETE", name, NULL);
  if (status == VQE_OK) {
    status = vqe_s3_expect_good(s3, &response, "removing", name);
    status = status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
  }
  vqe_http_response_clear(&response);
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
  vqe_s3_close(place);
}

int vqe_objects_s3_open(void **place, char **describe, const char *bucket,
                        const char *prefix,
                        const struct vqe_objects_options *options)
{
  struct vqe_s3 *s3 = NULL;
  int status = vqe_s3_open(&s3, bucket, prefix, options);
  if (status == VQE_OK) {
    status =
        vqe_memory_print(describe, "bucket '%s' at %s", bucket, s3->endpoint);
  }
  if (status != VQE_OK) {
    vqe_s3_close(s3);
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
    .end_uploads = vqe_s3_end_uploads,
    .requests = s3_requests,
    .close = s3_close,
};
