/* ETags that look like an MD5 and are none: whether a store has such. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "objects/objects_s3.h"
#include "objects/objects_uuid.h"

#define PROBE "probe"
#define MD5_OF_PROBE "8da843ff65205a61374b09b81ed0fa35"

/* Does `key` hold these bytes? *same_etag: under that ETag. */
static bool holds(const struct vqe_s3 *s3, const char *key, const void *data,
                  size_t size, const char *etag, bool *same_etag)
{
  const struct vqe_s3_request request = {
      .method = "GET", .key = key, .file = VQE_S3_NO_FILE, .limit = size};
  struct vqe_s3_settling settling = {.is_strict = true};
  struct vqe_http_response response;
  bool good = vqe_s3_exchange(&response, s3, &request, &settling) == VQE_OK &&
              vqe_http_is_good(response.status) && response.size == size &&
              (size == 0 || (response.body != NULL &&
                             memcmp(response.body, data, size) == 0));
  *same_etag = good && strcasecmp(response.etag, etag) == 0;
  vqe_http_response_clear(&response);
  return good;
}

/* Is the ETag of an object of known bytes their MD5? */
static enum vqe_s3_support probe(const struct vqe_s3 *s3)
{
  const char *key = NULL;
  char *made = NULL;
  char name[VQE_OBJECTS_UUID_SIZE];
  struct vqe_http_response response = {0};
  struct vqe_http_response removed = {0};
  enum vqe_s3_support found = VQE_S3_UNKNOWN;
  bool same = false;
  if (vqe_objects_uuid(name) == VQE_OK &&
      vqe_memory_print(&made, "%s_probe/%s", s3->prefix, name) == VQE_OK) {
    key = made;
  }
  const struct vqe_s3_request request = {.method = "PUT",
                                         .key = key,
                                         .body = PROBE,
                                         .size = strlen(PROBE),
                                         .file = VQE_S3_NO_FILE,
                                         .limit = VQE_S3_SMALL_LIMIT};
  const struct vqe_s3_request removal = {.method = "DELETE",
                                         .key = key,
                                         .file = VQE_S3_NO_FILE,
                                         .limit = VQE_S3_SMALL_LIMIT};
  struct vqe_s3_settling settling = {.is_strict = true};
  if (key != NULL &&
      vqe_s3_exchange(&response, s3, &request, &settling) == VQE_OK &&
      vqe_http_is_good(response.status)) {
    if (strcasecmp(response.etag, MD5_OF_PROBE) == 0) {
      found = VQE_S3_YES;
    } else if (holds(s3, key, PROBE, strlen(PROBE), response.etag, &same) &&
               same) {
      found = VQE_S3_NO;
    }
    /* one that may not be removed is only litter */
    (void)vqe_s3_exchange(&removed, s3, &removal, &settling);
  }
  vqe_http_response_clear(&removed);
  vqe_http_response_clear(&response);
  free(made);
  return found;
}

/* Are the bytes of a good response to `request` right, though its ETag does
 * not fit? */
static bool settle(const struct vqe_s3 *s3,
                   const struct vqe_s3_request *request, const char *etag)
{
  bool same = false;
  if (strcmp(request->method, "PUT") == 0 && request->query == NULL) {
    bool good =
        holds(s3, request->key, request->body, request->size, etag, &same);
    if (same) {
      *s3->md5_etags = VQE_S3_NO;
    }
    return good;
  }
  *s3->md5_etags = probe(s3);
  return *s3->md5_etags == VQE_S3_NO;
}

int vqe_s3_send(struct vqe_http_response *response, const struct vqe_s3 *s3,
                const struct vqe_s3_request *request)
{
  struct vqe_s3_settling settling = {.is_strict = false};
  int status = vqe_s3_exchange(response, s3, request, &settling);
  if (status != VQE_OK || !settling.is_unlike ||
      settle(s3, request, response->etag)) {
    return status;
  }
  settling =
      (struct vqe_s3_settling){.is_strict = true, .done = response->attempts};
  vqe_http_response_clear(response);
  status = vqe_s3_exchange(response, s3, request, &settling);
  response->unsure = true; /* the first had its effect */
  return status;
}
