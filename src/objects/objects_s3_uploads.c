/* Uploads in parts that a crashed writer began: the store keeps their parts,
 * and wants to be paid for them, until somebody ends them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "objects/objects_s3.h"
#include "objects/objects_xml.h"

#define PAGE_LIMIT ((size_t)32 << 20)
#define MOST_PAGES 10000

struct upload {
  char *key;
  char *id;
  int64_t started_ms; /* 0: unknown */
};

struct page {
  struct upload *uploads;
  size_t count;
  struct upload open; /* the one that is being read */
  char *next_key, *next_id;
  bool is_list, is_cut, is_encoded;
};

static void page_clear(struct page *page)
{
  for (size_t k = 0; k < page->count; k++) {
    free(page->uploads[k].key);
    free(page->uploads[k].id);
  }
  free(page->uploads);
  free(page->open.key);
  free(page->open.id);
  free(page->next_key);
  free(page->next_id);
  memset(page, 0, sizeof *page);
}

static int set_text(char **out, const char *text)
{
  return *out != NULL ? VQE_OK : vqe_memory_strdup(out, text);
}

static int add_upload(struct page *page)
{
  if (page->open.key == NULL || page->open.id == NULL) {
    return VQE_OK;
  }
  int status =
      vqe_memory_grow(&page->uploads, page->count, page->count + 1,
                      sizeof *page->uploads, "a list of unfinished uploads");
  if (status == VQE_OK) {
    page->uploads[page->count++] = page->open;
    page->open = (struct upload){.key = NULL};
  }
  return status;
}

static int visit(void *ctx, const struct vqe_s3_xml_element *element)
{
  struct page *page = ctx;
  const char *name = element->name;
  const char *text = element->text;
  if (strcmp(element->parent, "Upload") == 0) {
    if (strcmp(name, "Key") == 0) {
      return set_text(&page->open.key, text);
    }
    if (strcmp(name, "UploadId") == 0) {
      return set_text(&page->open.id, text);
    }
    if (strcmp(name, "Initiated") == 0) {
      page->open.started_ms = vqe_s3_time(text);
    }
    return VQE_OK;
  }
  if (element->parent[0] == '\0') {
    page->is_list = strcmp(name, "ListMultipartUploadsResult") == 0;
  } else if (strcmp(name, "Upload") == 0) {
    return add_upload(page);
  } else if (strcmp(name, "IsTruncated") == 0) {
    page->is_cut = strcmp(text, "true") == 0;
  } else if (strcmp(name, "EncodingType") == 0) {
    page->is_encoded = strcmp(text, "url") == 0;
  } else if (strcmp(name, "NextKeyMarker") == 0) {
    return set_text(&page->next_key, text);
  } else if (strcmp(name, "NextUploadIdMarker") == 0) {
    return set_text(&page->next_id, text);
  }
  return VQE_OK;
}

/* The query of the page after `last`. */
static int make_query(char **out, const struct vqe_s3 *s3,
                      const struct page *last)
{
  char *prefix = NULL;
  char *key = NULL;
  char *id = NULL;
  *out = NULL;
  int status = vqe_http_encode(&prefix, s3->prefix, false);
  if (status == VQE_OK && last->next_key != NULL) {
    status = vqe_http_encode(&key, last->next_key, false);
  }
  if (status == VQE_OK && last->next_id != NULL) {
    status = vqe_http_encode(&id, last->next_id, false);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(
        out, "encoding-type=url&%s%s%smax-uploads=1000&prefix=%s%s%s&uploads=",
        key == NULL ? "" : "key-marker=", key == NULL ? "" : key,
        key == NULL ? "" : "&", prefix,
        id == NULL ? "" : "&upload-id-marker=", id == NULL ? "" : id);
  }
  free(prefix);
  free(key);
  free(id);
  return status;
}

static int page_parse(struct page *page, const struct vqe_s3 *s3,
                      const struct vqe_http_response *response)
{
  int status = vqe_s3_xml_read(response->body == NULL ? "" : response->body,
                               response->size, visit, page);
  if (status == VQE_ERR_INPUT || (status == VQE_OK && !page->is_list)) {
    return vqe_error_set(VQE_ERR_IO,
                         "%s lists unfinished uploads of bucket '%s' as "
                         "something else; is this an S3 endpoint?",
                         s3->endpoint, s3->bucket);
  }
  for (size_t k = 0; page->is_encoded && k < page->count; k++) {
    vqe_s3_decode_key(page->uploads[k].key);
  }
  if (page->is_encoded && page->next_key != NULL) {
    vqe_s3_decode_key(page->next_key);
  }
  return status;
}

static int page_fetch(struct page *page, const struct vqe_s3 *s3)
{
  struct vqe_http_response response = {0};
  struct page found = {.count = 0};
  char *query = NULL;
  int status = make_query(&query, s3, page);
  const struct vqe_s3_request request = {.method = "GET",
                                         .query = query,
                                         .file = VQE_S3_NO_FILE,
                                         .limit = PAGE_LIMIT};
  if (status == VQE_OK) {
    status = vqe_s3_send(&response, s3, &request);
  }
  if (status == VQE_OK) {
    status =
        vqe_s3_expect_good(s3, &response, "listing uploads below", s3->prefix);
  }
  if (status == VQE_OK) {
    status = page_parse(&found, s3, &response);
  }
  vqe_http_response_clear(&response);
  free(query);
  page_clear(page);
  *page = found;
  return status;
}

/* End an upload that is ours and old enough. */
static int end_upload(size_t *ended, const struct vqe_s3 *s3,
                      const struct upload *upload, int64_t older_than_ms)
{
  struct vqe_http_response response = {0};
  char *id = NULL;
  char *query = NULL;
  if (strncmp(upload->key, s3->prefix, strlen(s3->prefix)) != 0 ||
      upload->started_ms <= 0 || upload->started_ms >= older_than_ms) {
    return VQE_OK;
  }
  int status = vqe_http_encode(&id, upload->id, false);
  if (status == VQE_OK) {
    status = vqe_memory_print(&query, "uploadId=%s", id);
  }
  if (status == VQE_OK) {
    status = vqe_s3_plain(&response, s3, "DELETE", upload->key, query);
  }
  if (status == VQE_OK && response.status != 404) {
    status =
        vqe_s3_expect_good(s3, &response, "ending the upload of", upload->key);
    *ended += status == VQE_OK ? 1 : 0;
  }
  vqe_http_response_clear(&response);
  free(id);
  free(query);
  return status;
}

int vqe_s3_end_uploads(size_t *ended, void *place, int64_t older_than_ms)
{
  const struct vqe_s3 *s3 = place;
  struct page page = {.count = 0};
  char *last = NULL;
  size_t pages = 0;
  bool more = true;
  int status = VQE_OK;
  while (status == VQE_OK && more) {
    status = ++pages <= MOST_PAGES
                 ? page_fetch(&page, s3)
                 : vqe_error_set(VQE_ERR_IO,
                                 "%s lists unfinished uploads of bucket '%s' "
                                 "without end; is this an S3 endpoint?",
                                 s3->endpoint, s3->bucket);
    for (size_t k = 0; status == VQE_OK && k < page.count; k++) {
      status = end_upload(ended, s3, &page.uploads[k], older_than_ms);
    }
    /* a store that gives no new marker would list for good */
    more = page.is_cut && page.next_id != NULL &&
           (last == NULL || strcmp(last, page.next_id) != 0);
    free(last);
    last = NULL;
    if (status == VQE_OK && more) {
      status = vqe_memory_strdup(&last, page.next_id);
    }
  }
  free(last);
  page_clear(&page);
  /* a store without these requests has no such uploads */
  return status == VQE_ERR_UNSUPPORTED ? VQE_OK : status;
}
