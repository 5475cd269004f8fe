/* A bucket of an S3 store as a place. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "lake/objects_http.h"
#include "lake/objects_place.h"
#include "lake/objects_xml.h"

#define MEBI ((uint64_t)1 << 20)
#define PART_SIZE (16 * MEBI)
#define MOST_PARTS 10000
#define PAGE_LIMIT ((size_t)32 << 20) /* bytes of one page of a listing */
#define SMALL_LIMIT ((size_t)1 << 20) /* bytes of other answers */
#define NO_FILE (-1)

enum answered { UNKNOWN, YES, NO };

struct s3 {
  struct vqe_http *http;
  char *bucket;
  char *prefix; /* "" or ends with '/' */
  enum answered conditional;
};

static int whole_key(char **out, const struct s3 *s3, const char *key)
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

/* Status and message for an answer that is not what `verb` wants. */
static int fail(const struct s3 *s3, const struct vqe_http_answer *answer,
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

static bool is_good(const struct vqe_http_answer *answer)
{
  return answer->status >= 200 && answer->status < 300;
}

/* A request without a body whose answer is small. */
static int plain(struct vqe_http_answer *answer, const struct s3 *s3,
                 const char *method, const char *key, const char *query)
{
  const struct vqe_http_request request = {.method = method,
                                           .key = key,
                                           .query = query,
                                           .file = NO_FILE,
                                           .limit = SMALL_LIMIT};
  return vqe_http_perform(answer, s3->http, &request);
}

static int put_bytes(struct vqe_http_answer *answer, const struct s3 *s3,
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
                                           .file = NO_FILE,
                                           .limit = SMALL_LIMIT};
  return vqe_http_perform(answer, s3->http, &request);
}

static int head_key(uint64_t *size, const struct s3 *s3, const char *key)
{
  struct vqe_http_answer answer;
  int status = plain(&answer, s3, "HEAD", key, NULL);
  if (status == VQE_OK && !is_good(&answer)) {
    status = fail(s3, &answer, "looking for", key);
  }
  if (status == VQE_OK) {
    *size = answer.content_length;
  }
  vqe_http_answer_clear(&answer);
  return status;
}

static int get_key(char **out, size_t *size, const struct s3 *s3,
                   const char *key, size_t limit)
{
  const struct vqe_http_request request = {.method = "GET",
                                           .key = key,
                                           .has_md5 = true,
                                           .file = NO_FILE,
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
  if (!is_good(&answer)) {
    status = fail(s3, &answer, "reading", key);
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
static int compare_stored(const struct s3 *s3, const char *key,
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
static int probe(struct s3 *s3)
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
  status = whole_key(&key, s3, short_key);
  if (status != VQE_OK) {
    goto out;
  }
  status = put_bytes(&answer, s3, key, NULL, "probe", 5, true);
  if (status != VQE_OK) {
    goto out;
  }
  if (answer.status == 501) {
    s3->conditional = NO;
    goto out;
  }
  /* 412: an earlier try was stored, its answer lost */
  if (!is_good(&answer) && answer.status != 412) {
    status = fail(s3, &answer, "writing", key);
    goto out;
  }
  vqe_http_answer_clear(&answer);
  status = put_bytes(&answer, s3, key, NULL, "probe", 5, true);
  if (status != VQE_OK) {
    goto out;
  }
  if (is_good(&answer)) {
    s3->conditional = NO;
  } else if (answer.status == 412) {
    s3->conditional = YES;
  } else {
    status = fail(s3, &answer, "writing", key);
    goto out;
  }
  vqe_http_answer_clear(&answer);
  /* one that may not be removed is only litter */
  (void)plain(&answer, s3, "DELETE", key, NULL);
out:
  vqe_http_answer_clear(&answer);
  free(short_key);
  free(key);
  return status;
}

static int s3_supports_conditional_put(bool *out, void *place)
{
  struct s3 *s3 = place;
  int status = VQE_OK;
  if (s3->conditional == UNKNOWN) {
    status = probe(s3);
  }
  *out = s3->conditional == YES;
  return status;
}

/* Write a key that must be new. */
static int put_new(struct s3 *s3, const char *key, const void *data,
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
    status = head_key(&present, s3, key);
    if (status == VQE_OK) {
      return vqe_error_set(VQE_ERR_EXISTS,
                           "'%s' in bucket '%s' is already there", key,
                           s3->bucket);
    }
    if (status != VQE_ERR_NOT_FOUND) {
      return status;
    }
  }
  status = put_bytes(&answer, s3, key, NULL, data, size, conditional);
  if (status == VQE_OK && !is_good(&answer)) {
    status = fail(s3, &answer, "writing", key);
    if (status == VQE_ERR_EXISTS && answer.unsure) {
      /* perhaps our own bytes, whose answer was lost */
      status = compare_stored(s3, key, data, size);
      if (status == VQE_ERR_EXISTS) {
        status = fail(s3, &answer, "writing", key);
      }
    }
  }
  vqe_http_answer_clear(&answer);
  return status;
}

static int s3_put(void *place, const char *key, const void *data, size_t size,
                  enum vqe_objects_put_mode mode)
{
  struct s3 *s3 = place;
  struct vqe_http_answer answer = {0};
  char *name = NULL;
  int status = whole_key(&name, s3, key);
  if (status != VQE_OK) {
    return status;
  }
  if (mode == VQE_OBJECTS_ONLY_NEW) {
    status = put_new(s3, name, data, size);
  } else {
    status = put_bytes(&answer, s3, name, NULL, data, size, false);
    if (status == VQE_OK && !is_good(&answer)) {
      status = fail(s3, &answer, "writing", name);
    }
  }
  vqe_http_answer_clear(&answer);
  free(name);
  return status;
}

/* Read exactly `size` bytes. */
static int read_part(char *out, size_t size, int descriptor, const char *path)
{
  size_t used = 0;
  while (used < size) {
    ssize_t got = read(descriptor, out + used, size - used);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return vqe_objects_errno(errno, "reading", path);
    }
    if (got == 0) {
      return vqe_error_set(VQE_ERR_IO,
                           "'%s' became shorter while it was stored; store it "
                           "when nothing writes it",
                           path);
    }
    used += (size_t)got;
  }
  return VQE_OK;
}

/* An upload in parts. */
struct upload {
  const struct s3 *s3;
  const char *key;
  char *id;    /* percent-encoded */
  char *parts; /* XML of the parts, grows */
  size_t used;
  size_t capacity;
};

static int upload_start(struct upload *upload)
{
  struct vqe_http_answer answer;
  const struct vqe_http_request request = {.method = "POST",
                                           .key = upload->key,
                                           .query = "uploads=",
                                           .body = "",
                                           .file = NO_FILE,
                                           .limit = SMALL_LIMIT};
  char *id = NULL;
  int status = vqe_http_perform(&answer, upload->s3->http, &request);
  if (status == VQE_OK && !is_good(&answer)) {
    status = fail(upload->s3, &answer, "writing", upload->key);
  }
  if (status == VQE_OK) {
    struct vqe_xml_span all = {answer.body, answer.size};
    status = vqe_xml_text(&id, all, "UploadId");
  }
  if (status == VQE_OK && id == NULL) {
    status = vqe_error_set(VQE_ERR_IO,
                           "%s answered the start of an upload of '%s' "
                           "without an UploadId; is this an S3 endpoint?",
                           vqe_http_endpoint(upload->s3->http), upload->key);
  }
  if (status == VQE_OK) {
    status = vqe_http_encode(&upload->id, id, false);
  }
  free(id);
  vqe_http_answer_clear(&answer);
  return status;
}

static int upload_part(struct upload *upload, int number, const void *data,
                       size_t size)
{
  struct vqe_http_answer answer = {0};
  char *query = NULL;
  int status = VQE_OK;
  if (asprintf(&query, "partNumber=%d&uploadId=%s", number, upload->id) < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
  }
  status =
      put_bytes(&answer, upload->s3, upload->key, query, data, size, false);
  if (status == VQE_OK && !is_good(&answer)) {
    status = fail(upload->s3, &answer, "writing", upload->key);
  }
  if (status != VQE_OK) {
    goto out;
  }
  if (answer.etag[0] == '\0' || strpbrk(answer.etag, "<>&") != NULL) {
    status = vqe_error_set(VQE_ERR_IO,
                           "%s gave no ETag for part %d of '%s'; is this an "
                           "S3 endpoint?",
                           vqe_http_endpoint(upload->s3->http), number,
                           upload->key);
    goto out;
  }
  size_t needed = upload->used + sizeof answer.etag + 128;
  if (needed > upload->capacity) {
    status = vqe_memory_grow(&upload->parts, upload->capacity, 2 * needed, 1,
                             "the parts of an upload");
    if (status != VQE_OK) {
      goto out;
    }
    upload->capacity = 2 * needed;
  }
  upload->used += (size_t)snprintf(
      upload->parts + upload->used, upload->capacity - upload->used,
      "<Part><PartNumber>%d</PartNumber><ETag>&quot;%s&quot;</ETag></Part>",
      number, answer.etag);
out:
  vqe_http_answer_clear(&answer);
  free(query);
  return status;
}

/* Join the parts. The answer can be 200 with an error in its body, and the
 * answer to a lost success is that there is no such upload. */
static int upload_finish(struct upload *upload, uint64_t size)
{
  struct vqe_http_answer answer = {0};
  struct vqe_http_request request = {.method = "POST",
                                     .key = upload->key,
                                     .once = true,
                                     .file = NO_FILE,
                                     .limit = SMALL_LIMIT};
  char *query = NULL;
  char *body = NULL;
  char *code = NULL;
  uint64_t stored = 0;
  int status = VQE_OK;
  if (asprintf(&query, "uploadId=%s", upload->id) < 0) {
    query = NULL;
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
    goto out;
  }
  int length =
      asprintf(&body, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>",
               upload->parts);
  if (length < 0) {
    body = NULL;
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for an upload");
    goto out;
  }
  request.query = query;
  request.body = body;
  request.size = (size_t)length;
  status = vqe_http_perform(&answer, upload->s3->http, &request);
  if (status != VQE_OK) {
    goto out;
  }
  if (is_good(&answer)) {
    struct vqe_xml_span all = {answer.body, answer.size};
    status = answer.body == NULL ? VQE_OK : vqe_xml_text(&code, all, "Code");
    if (status != VQE_OK || code == NULL) {
      goto out;
    }
  } else if (answer.status == 404 && answer.unsure &&
             head_key(&stored, upload->s3, upload->key) == VQE_OK &&
             stored == size) {
    goto out;
  }
  status = fail(upload->s3, &answer, "finishing the upload of", upload->key);
  if (is_good(&answer) || status == VQE_ERR_NOT_FOUND) {
    status = VQE_ERR_IO;
  }
out:
  vqe_http_answer_clear(&answer);
  free(query);
  free(body);
  free(code);
  return status;
}

/* Free the parts at the store, keeping the message of what went wrong. */
static void upload_abort(struct upload *upload)
{
  struct vqe_http_answer answer = {0};
  char *kept = NULL;
  char *query = NULL;
  if (vqe_memory_strdup(&kept, vqe_error_message()) == VQE_OK &&
      asprintf(&query, "uploadId=%s", upload->id) >= 0) {
    (void)plain(&answer, upload->s3, "DELETE", upload->key, query);
    vqe_http_answer_clear(&answer);
    free(query);
    vqe_error_set(VQE_ERR_IO, "%s", kept);
  }
  free(kept);
}

static int put_parts(const struct s3 *s3, const char *key, int descriptor,
                     uint64_t size, const char *path)
{
  struct upload upload = {.s3 = s3, .key = key};
  char *part = NULL;
  uint64_t part_size = PART_SIZE;
  int status = VQE_OK;
  while (part_size * MOST_PARTS < size) {
    part_size += MEBI;
  }
  status = vqe_memory_alloc(&part, part_size, 1, "a part of an upload");
  if (status != VQE_OK) {
    return status;
  }
  status = upload_start(&upload);
  if (status != VQE_OK) {
    goto out;
  }
  int number = 1;
  for (uint64_t done = 0; done < size && status == VQE_OK; number++) {
    uint64_t left = size - done;
    size_t take = (size_t)(left < part_size ? left : part_size);
    status = read_part(part, take, descriptor, path);
    if (status == VQE_OK) {
      status = upload_part(&upload, number, part, take);
    }
    done += take;
  }
  if (status == VQE_OK) {
    status = upload_finish(&upload, size);
  }
  if (status != VQE_OK) {
    upload_abort(&upload);
  }
out:
  free(upload.id);
  free(upload.parts);
  free(part);
  return status;
}

static int put_whole(const struct s3 *s3, const char *key, int descriptor,
                     uint64_t size, const char *path)
{
  struct vqe_http_answer answer = {0};
  char *data = NULL;
  int status = vqe_memory_alloc(&data, (size_t)size, 1, path);
  if (status != VQE_OK) {
    return status;
  }
  status = read_part(data, (size_t)size, descriptor, path);
  if (status == VQE_OK) {
    status = put_bytes(&answer, s3, key, NULL, data, (size_t)size, false);
  }
  if (status == VQE_OK && !is_good(&answer)) {
    status = fail(s3, &answer, "writing", key);
  }
  vqe_http_answer_clear(&answer);
  free(data);
  return status;
}

static int s3_put_file(void *place, const char *key, const char *path)
{
  const struct s3 *s3 = place;
  struct stat info;
  char *name = NULL;
  int status = VQE_OK;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 || fstat(descriptor, &info) != 0) {
    status = vqe_objects_errno(errno, "cannot read", path);
    goto out;
  }
  if (!S_ISREG(info.st_mode)) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "cannot read '%s': it is not a file", path);
    goto out;
  }
  status = whole_key(&name, s3, key);
  if (status != VQE_OK) {
    goto out;
  }
  uint64_t size = (uint64_t)info.st_size;
  status = size > PART_SIZE ? put_parts(s3, name, descriptor, size, path)
                            : put_whole(s3, name, descriptor, size, path);
out:
  if (descriptor >= 0) {
    close(descriptor);
  }
  free(name);
  return status;
}

static int s3_get(char **out, size_t *size, void *place, const char *key,
                  size_t limit)
{
  const struct s3 *s3 = place;
  char *name = NULL;
  int status = whole_key(&name, s3, key);
  if (status == VQE_OK) {
    status = get_key(out, size, s3, name, limit);
  }
  free(name);
  return status;
}

static int s3_get_file(void *place, const char *key, const char *path)
{
  const struct s3 *s3 = place;
  struct vqe_objects_aside aside = {.descriptor = -1};
  struct vqe_http_answer answer = {0};
  char *name = NULL;
  int status = whole_key(&name, s3, key);
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
  if (status == VQE_OK && !is_good(&answer)) {
    status = fail(s3, &answer, "reading", name);
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
  const struct s3 *s3 = place;
  char *name = NULL;
  int status = whole_key(&name, s3, key);
  if (status == VQE_OK) {
    status = head_key(size, s3, name);
  }
  free(name);
  return status;
}

static int s3_remove(void *place, const char *key)
{
  const struct s3 *s3 = place;
  struct vqe_http_answer answer = {0};
  char *name = NULL;
  int status = whole_key(&name, s3, key);
  if (status != VQE_OK) {
    return status;
  }
  status = plain(&answer, s3, "DELETE", name, NULL);
  if (status == VQE_OK && !is_good(&answer)) {
    status = fail(s3, &answer, "removing", name);
    if (status == VQE_ERR_NOT_FOUND) {
      status = VQE_OK;
    }
  }
  vqe_http_answer_clear(&answer);
  free(name);
  return status;
}

/* One page of a listing. */
struct page {
  struct vqe_object *objects; /* keys are owned, relative to the place */
  size_t count;
  size_t capacity;
  char *token; /* of the next page, NULL after the last */
};

static void page_clear(struct page *page)
{
  for (size_t k = 0; k < page->count; k++) {
    free((char *)page->objects[k].key);
  }
  free(page->objects);
  free(page->token);
  memset(page, 0, sizeof *page);
}

static int hex_digit(char c)
{
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undo `encoding-type=url` in place; stores write a space as '+' or %20. */
static void decode_key(char *key)
{
  char *end = key;
  for (const char *c = key; *c != '\0'; c++) {
    int high = *c == '%' ? hex_digit(c[1]) : -1;
    int low = high >= 0 ? hex_digit(c[2]) : -1;
    if (low >= 0 && high + low > 0) {
      *end++ = (char)(16 * high + low);
      c += 2;
    } else {
      *end++ = *c == '+' ? ' ' : *c;
    }
  }
  *end = '\0';
}

static int64_t parse_time(const char *text)
{
  struct tm time = {0};
  int millisecond = 0;
  int found = sscanf(text, "%d-%d-%dT%d:%d:%d.%3d", &time.tm_year,
                     &time.tm_mon, &time.tm_mday, &time.tm_hour, &time.tm_min,
                     &time.tm_sec, &millisecond);
  if (found < 6) {
    return 0;
  }
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  return (int64_t)timegm(&time) * 1000 + millisecond;
}

static int compare_objects(const void *left, const void *right)
{
  const struct vqe_object *a = left;
  const struct vqe_object *b = right;
  return strcmp(a->key, b->key);
}

/* Add one <Contents> or <CommonPrefixes>. */
static int page_add(struct page *page, const struct s3 *s3,
                    struct vqe_xml_span element, bool is_folder)
{
  struct vqe_object object = {.is_folder = is_folder};
  char *key = NULL;
  char *size = NULL;
  char *modified = NULL;
  size_t prefix = strlen(s3->prefix);
  int status = vqe_xml_text(&key, element, is_folder ? "Prefix" : "Key");
  if (status == VQE_OK && !is_folder) {
    status = vqe_xml_text(&size, element, "Size");
  }
  if (status == VQE_OK && !is_folder) {
    status = vqe_xml_text(&modified, element, "LastModified");
  }
  if (status != VQE_OK || key == NULL) {
    goto out;
  }
  decode_key(key);
  size_t length = strlen(key);
  if (strncmp(key, s3->prefix, prefix) != 0 || length == prefix ||
      (!is_folder && key[length - 1] == '/')) {
    goto out;
  }
  memmove(key, key + prefix, length - prefix + 1);
  object.size = size == NULL ? 0 : strtoull(size, NULL, 10);
  object.modified_ms = modified == NULL ? 0 : parse_time(modified);
  if (page->count == page->capacity) {
    size_t more = page->capacity == 0 ? 1000 : 2 * page->capacity;
    status = vqe_memory_grow(&page->objects, page->count, more,
                             sizeof *page->objects, "a page of a listing");
    if (status != VQE_OK) {
      goto out;
    }
    page->capacity = more;
  }
  object.key = key;
  key = NULL;
  page->objects[page->count++] = object;
out:
  free(key);
  free(size);
  free(modified);
  return status;
}

static int page_parse(struct page *page, const struct s3 *s3,
                      const struct vqe_http_answer *answer)
{
  struct vqe_xml_span all = {answer->body == NULL ? "" : answer->body,
                             answer->size};
  struct vqe_xml_span element;
  struct vqe_xml_span list;
  char *truncated = NULL;
  int status = VQE_OK;
  if (!vqe_xml_next(&list, &all, "ListBucketResult")) {
    return vqe_error_set(VQE_ERR_IO,
                         "%s answered a listing of bucket '%s' with something "
                         "else; is this an S3 endpoint?",
                         vqe_http_endpoint(s3->http), s3->bucket);
  }
  struct vqe_xml_span rest = list;
  while (status == VQE_OK && vqe_xml_next(&element, &rest, "Contents")) {
    status = page_add(page, s3, element, false);
  }
  rest = list;
  while (status == VQE_OK && vqe_xml_next(&element, &rest, "CommonPrefixes")) {
    status = page_add(page, s3, element, true);
  }
  if (status == VQE_OK) {
    status = vqe_xml_text(&truncated, list, "IsTruncated");
  }
  if (status == VQE_OK && truncated != NULL &&
      strcmp(truncated, "true") == 0) {
    status = vqe_xml_text(&page->token, list, "NextContinuationToken");
    if (status == VQE_OK && page->token == NULL) {
      status = vqe_error_set(VQE_ERR_IO,
                             "%s cut a listing of bucket '%s' without telling "
                             "how to go on; try again",
                             vqe_http_endpoint(s3->http), s3->bucket);
    }
  }
  if (page->count > 1) {
    qsort(page->objects, page->count, sizeof *page->objects, compare_objects);
  }
  free(truncated);
  return status;
}

/* Fetch the page that `token` (NULL: the first) stands for. */
static int page_fetch(struct page *page, const struct s3 *s3,
                      const char *prefix, bool recursive, const char *token)
{
  struct vqe_http_answer answer = {0};
  char *folder = NULL;
  char *encoded = NULL;
  char *query = NULL;
  int status = vqe_http_encode(&folder, prefix, false);
  if (status == VQE_OK && token != NULL) {
    status = vqe_http_encode(&encoded, token, false);
  }
  if (status != VQE_OK) {
    goto out;
  }
  if (asprintf(&query,
               "%s%s%s%sencoding-type=url&list-type=2&max-keys=1000&prefix=%s",
               encoded == NULL ? "" : "continuation-token=",
               encoded == NULL ? "" : encoded, encoded == NULL ? "" : "&",
               recursive ? "" : "delimiter=%2F&", folder) < 0) {
    query = NULL;
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
    goto out;
  }
  const struct vqe_http_request request = {
      .method = "GET", .query = query, .file = NO_FILE, .limit = PAGE_LIMIT};
  status = vqe_http_perform(&answer, s3->http, &request);
  if (status != VQE_OK) {
    goto out;
  }
  if (answer.too_large || !is_good(&answer)) {
    status = fail(s3, &answer, "listing", prefix);
    if (status == VQE_ERR_NOT_FOUND) {
      status = VQE_ERR_INPUT; /* a folder is never missing, a bucket is */
    }
    goto out;
  }
  status = page_parse(page, s3, &answer);
out:
  vqe_http_answer_clear(&answer);
  free(folder);
  free(encoded);
  free(query);
  return status;
}

static int s3_list(void *place, const char *folder, bool recursive,
                   vqe_objects_visit visit, void *ctx)
{
  const struct s3 *s3 = place;
  struct page page = {0};
  char *prefix = NULL;
  char *token = NULL;
  int status = whole_key(&prefix, s3, folder);
  while (status == VQE_OK) {
    status = page_fetch(&page, s3, prefix, recursive, token);
    for (size_t k = 0; k < page.count && status == VQE_OK; k++) {
      status = visit(ctx, &page.objects[k]);
    }
    if (status == VQE_OK && page.token != NULL && token != NULL &&
        strcmp(page.token, token) == 0) {
      status = vqe_error_set(VQE_ERR_IO,
                             "%s gives the same page of bucket '%s' again and "
                             "again; is this an S3 endpoint?",
                             vqe_http_endpoint(s3->http), s3->bucket);
    }
    free(token);
    token = page.token;
    page.token = NULL;
    page_clear(&page);
    if (token == NULL) {
      break;
    }
  }
  free(token);
  free(prefix);
  return status;
}

static uint64_t s3_requests(const void *place)
{
  const struct s3 *s3 = place;
  return vqe_http_requests(s3->http);
}

static void s3_close(void *place)
{
  struct s3 *s3 = place;
  vqe_http_close(s3->http);
  free(s3->bucket);
  free(s3->prefix);
  free(s3);
}

int vqe_objects_s3_open(void **place, char **describe, const char *bucket,
                        const char *prefix,
                        const struct vqe_objects_options *options)
{
  struct s3 *s3 = NULL;
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
    .put_file = s3_put_file,
    .get = s3_get,
    .get_file = s3_get_file,
    .head = s3_head,
    .list = s3_list,
    .remove = s3_remove,
    .supports_conditional_put = s3_supports_conditional_put,
    .requests = s3_requests,
    .close = s3_close,
};
