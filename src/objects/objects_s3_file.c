/* Local files into a bucket, large ones in parts. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "objects/objects_aside.h"
#include "objects/objects_s3.h"
#include "objects/objects_xml.h"

#define MEBI ((uint64_t)1 << 20)
#define PART_SIZE (16 * MEBI)
#define MOST_PARTS 10000

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
      return vqe_file_errno(errno, "reading", path);
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
  const struct vqe_s3 *s3;
  const char *key;
  char *id;    /* percent-encoded */
  char *parts; /* XML of the parts, grows */
  size_t used;
  size_t capacity;
};

static int upload_start(struct upload *upload)
{
  const struct vqe_s3 *s3 = upload->s3;
  const struct vqe_s3_request request = {.method = "POST",
                                         .key = upload->key,
                                         .query = "uploads=",
                                         .body = "",
                                         .file = VQE_S3_NO_FILE,
                                         .limit = VQE_S3_SMALL_LIMIT};
  struct vqe_http_response response;
  char *id = NULL;
  int status = vqe_s3_send(&response, s3, &request);
  if (status == VQE_OK) {
    status = vqe_s3_expect_good(s3, &response, "writing", upload->key);
  }
  if (status == VQE_OK) {
    status = vqe_s3_xml_text(&id, response.body, response.size, "UploadId");
  }
  if (status == VQE_OK && id == NULL) {
    status = vqe_error_set(VQE_ERR_IO,
                           "%s answered the start of an upload of '%s' "
                           "without an UploadId; is this an S3 endpoint?",
                           s3->endpoint, upload->key);
  }
  if (status == VQE_OK) {
    status = vqe_http_encode(&upload->id, id, false);
  }
  free(id);
  vqe_http_response_clear(&response);
  return status;
}

/* Add a part to the list that finishes the upload. */
static int note_part(struct upload *upload, int number, const char *etag)
{
  size_t needed = upload->used + strlen(etag) + 128;
  if (etag[0] == '\0' || strpbrk(etag, "<>&") != NULL) {
    return vqe_error_set(VQE_ERR_IO,
                         "%s gave no ETag for part %d of '%s'; is this an "
                         "S3 endpoint?",
                         upload->s3->endpoint, number, upload->key);
  }
  if (needed > upload->capacity) {
    int status = vqe_memory_grow(&upload->parts, upload->capacity, 2 * needed,
                                 1, "the parts of an upload");
    if (status != VQE_OK) {
      return status;
    }
    upload->capacity = 2 * needed;
  }
  upload->used += (size_t)snprintf(
      upload->parts + upload->used, upload->capacity - upload->used,
      "<Part><PartNumber>%d</PartNumber><ETag>&quot;%s&quot;</ETag></Part>",
      number, etag);
  return VQE_OK;
}

static int upload_part(struct upload *upload, int number, const void *data,
                       size_t size)
{
  const struct vqe_s3 *s3 = upload->s3;
  struct vqe_http_response response = {0};
  char *query = NULL;
  int status = vqe_memory_print(&query, "partNumber=%d&uploadId=%s", number,
                                upload->id);
  if (status == VQE_OK) {
    status =
        vqe_s3_put_bytes(&response, s3, upload->key, query, data, size, false);
  }
  if (status == VQE_OK) {
    status = vqe_s3_expect_good(s3, &response, "writing", upload->key);
  }
  if (status == VQE_OK) {
    status = note_part(upload, number, response.etag);
  }
  vqe_http_response_clear(&response);
  free(query);
  return status;
}

/* Is the upload finished, by the response to joining its parts? That can be
 * 200 with an error in its body, and after a lost success it says that there
 * is no such upload. */
static int check_finished(const struct upload *upload, uint64_t size,
                          const struct vqe_http_response *response)
{
  const struct vqe_s3 *s3 = upload->s3;
  bool is_good = vqe_http_is_good(response->status);
  char *code = NULL;
  uint64_t stored = 0;
  int status = VQE_OK;
  if (is_good && response->body != NULL) {
    status = vqe_s3_xml_text(&code, response->body, response->size, "Code");
  }
  bool is_done = is_good
                     ? code == NULL
                     : response->status == 404 && response->unsure &&
                           vqe_s3_head(&stored, s3, upload->key) == VQE_OK &&
                           stored == size;
  free(code);
  if (status != VQE_OK || is_done) {
    return status;
  }
  status = vqe_s3_fail(s3, response, "finishing the upload of", upload->key);
  return is_good || status == VQE_ERR_NOT_FOUND ? VQE_ERR_IO : status;
}

/* Join the parts. */
static int upload_finish(struct upload *upload, uint64_t size)
{
  struct vqe_http_response response = {0};
  struct vqe_s3_request request = {.method = "POST",
                                   .key = upload->key,
                                   .once = true,
                                   .file = VQE_S3_NO_FILE,
                                   .limit = VQE_S3_SMALL_LIMIT};
  char *query = NULL;
  char *body = NULL;
  int status = vqe_memory_print(&query, "uploadId=%s", upload->id);
  if (status == VQE_OK) {
    status = vqe_memory_print(
        &body, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>",
        upload->parts);
  }
  if (status == VQE_OK) {
    request.query = query;
    request.body = body;
    request.size = strlen(body);
    status = vqe_s3_send(&response, upload->s3, &request);
  }
  if (status == VQE_OK) {
    status = check_finished(upload, size, &response);
  }
  vqe_http_response_clear(&response);
  free(query);
  free(body);
  return status;
}

/* Free the parts at the store, keeping the message of what went wrong. */
static void upload_abort(struct upload *upload)
{
  struct vqe_http_response response = {0};
  char *kept = NULL;
  char *query = NULL;
  if (vqe_memory_strdup(&kept, vqe_error_message()) == VQE_OK &&
      vqe_memory_print(&query, "uploadId=%s", upload->id) == VQE_OK) {
    (void)vqe_s3_plain(&response, upload->s3, "DELETE", upload->key, query);
    vqe_error_set(VQE_ERR_IO, "%s", kept);
  }
  vqe_http_response_clear(&response);
  free(query);
  free(kept);
}

/* All parts, one after another; aborted when one fails. */
static int upload_parts(struct upload *upload, int descriptor, uint64_t size,
                        const char *path)
{
  char *part = NULL;
  uint64_t part_size = PART_SIZE;
  int number = 1;
  while (part_size * MOST_PARTS < size) {
    part_size += MEBI;
  }
  int status = vqe_memory_alloc(&part, part_size, 1, "a part of an upload");
  if (status == VQE_OK) {
    status = upload_start(upload);
  }
  for (uint64_t done = 0; status == VQE_OK && done < size; number++) {
    uint64_t left = size - done;
    size_t take = (size_t)(left < part_size ? left : part_size);
    status = read_part(part, take, descriptor, path);
    if (status == VQE_OK) {
      status = upload_part(upload, number, part, take);
    }
    done += take;
  }
  if (status == VQE_OK) {
    status = upload_finish(upload, size);
  }
  if (status != VQE_OK && upload->id != NULL) {
    upload_abort(upload);
  }
  free(part);
  return status;
}

static int put_parts(const struct vqe_s3 *s3, const char *key, int descriptor,
                     uint64_t size, const char *path)
{
  struct upload upload = {.s3 = s3, .key = key};
  int status = upload_parts(&upload, descriptor, size, path);
  free(upload.id);
  free(upload.parts);
  return status;
}

static int put_whole(const struct vqe_s3 *s3, const char *key, int descriptor,
                     uint64_t size, const char *path)
{
  struct vqe_http_response response = {0};
  char *data = NULL;
  int status = vqe_memory_alloc(&data, (size_t)size, 1, path);
  if (status == VQE_OK) {
    status = read_part(data, (size_t)size, descriptor, path);
  }
  if (status == VQE_OK) {
    status =
        vqe_s3_put_bytes(&response, s3, key, NULL, data, (size_t)size, false);
  }
  if (status == VQE_OK) {
    status = vqe_s3_expect_good(s3, &response, "writing", key);
  }
  vqe_http_response_clear(&response);
  free(data);
  return status;
}

int vqe_s3_put_file(void *place, const char *key, int descriptor,
                    uint64_t size, const char *path)
{
  const struct vqe_s3 *s3 = place;
  char *name = NULL;
  int status = vqe_s3_key(&name, s3, key);
  if (status == VQE_OK) {
    status = size > PART_SIZE ? put_parts(s3, name, descriptor, size, path)
                              : put_whole(s3, name, descriptor, size, path);
  }
  free(name);
  return status;
}
