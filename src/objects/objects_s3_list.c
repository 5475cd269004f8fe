/* Listings of a bucket, page by page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "objects/objects_s3.h"
#include "objects/objects_xml.h"

#define PAGE_LIMIT ((size_t)32 << 20) /* bytes of one page */

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
static int page_add(struct page *page, const struct vqe_s3 *s3,
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

static int page_parse(struct page *page, const struct vqe_s3 *s3,
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
static int page_fetch(struct page *page, const struct vqe_s3 *s3,
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
  const struct vqe_http_request request = {.method = "GET",
                                           .query = query,
                                           .file = VQE_S3_NO_FILE,
                                           .limit = PAGE_LIMIT};
  status = vqe_http_perform(&answer, s3->http, &request);
  if (status != VQE_OK) {
    goto out;
  }
  if (answer.too_large || !vqe_s3_is_good(&answer)) {
    status = vqe_s3_fail(s3, &answer, "listing", prefix);
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

int vqe_s3_list(void *place, const char *folder, bool recursive,
                vqe_objects_visit visit, void *ctx)
{
  const struct vqe_s3 *s3 = place;
  struct page page = {0};
  char *prefix = NULL;
  char *token = NULL;
  int status = vqe_s3_key(&prefix, s3, folder);
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
