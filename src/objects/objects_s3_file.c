/* Local files into a bucket, large ones in parts. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
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
  const struct vqe_s3 *s3;
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
                                           .file = VQE_S3_NO_FILE,
                                           .limit = VQE_S3_SMALL_LIMIT};
  char *id = NULL;
  int status = vqe_http_perform(&answer, upload->s3->http, &request);
  if (status == VQE_OK && !vqe_s3_is_good(&answer)) {
    status = vqe_s3_fail(upload->s3, &answer, "writing", upload->key);
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
  status = vqe_s3_put_bytes(&answer, upload->s3, upload->key, query, data,
                            size, false);
  if (status == VQE_OK && !vqe_s3_is_good(&answer)) {
    status = vqe_s3_fail(upload->s3, &answer, "writing", upload->key);
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
                                     .file = VQE_S3_NO_FILE,
                                     .limit = VQE_S3_SMALL_LIMIT};
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
  if (vqe_s3_is_good(&answer)) {
    struct vqe_xml_span all = {answer.body, answer.size};
    status = answer.body == NULL ? VQE_OK : vqe_xml_text(&code, all, "Code");
    if (status != VQE_OK || code == NULL) {
      goto out;
    }
  } else if (answer.status == 404 && answer.unsure &&
             vqe_s3_head(&stored, upload->s3, upload->key) == VQE_OK &&
             stored == size) {
    goto out;
  }
  status =
      vqe_s3_fail(upload->s3, &answer, "finishing the upload of", upload->key);
  if (vqe_s3_is_good(&answer) || status == VQE_ERR_NOT_FOUND) {
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
    (void)vqe_s3_plain(&answer, upload->s3, "DELETE", upload->key, query);
    vqe_http_answer_clear(&answer);
    free(query);
    vqe_error_set(VQE_ERR_IO, "%s", kept);
  }
  free(kept);
}

static int put_parts(const struct vqe_s3 *s3, const char *key, int descriptor,
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

static int put_whole(const struct vqe_s3 *s3, const char *key, int descriptor,
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
    status =
        vqe_s3_put_bytes(&answer, s3, key, NULL, data, (size_t)size, false);
  }
  if (status == VQE_OK && !vqe_s3_is_good(&answer)) {
    status = vqe_s3_fail(s3, &answer, "writing", key);
  }
  vqe_http_answer_clear(&answer);
  free(data);
  return status;
}

int vqe_s3_put_file(void *place, const char *key, const char *path)
{
  const struct vqe_s3 *s3 = place;
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
  status = vqe_s3_key(&name, s3, key);
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
