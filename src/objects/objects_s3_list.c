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
#define MOST_EMPTY 16                 /* pages without a new name in a row */
#define MOST_KEYS ((size_t)10000000)  /* of one listing */
/* Pages of few keys: some stores end a page early, none does so again and
 * again. */
#define MOST_SHORT_PAGES ((size_t)200)
#define KEYS_OF_A_PAGE ((size_t)10)

/* One page of a listing. */
struct page {
  struct vqe_object *objects; /* keys are owned, relative to the place */
  size_t count;
  size_t capacity;
  char *last;     /* greatest of the place, marks of folders too; NULL: none */
  bool is_folder; /* and whether it is a folder */
  char *token;    /* of the next page, NULL after the last */
};

/* What is read of a page, element by element. */
struct reading {
  struct page *page;
  const struct vqe_s3 *s3;
  bool is_list;    /* the document is a listing */
  bool is_cut;     /* and goes on in another page */
  bool is_encoded; /* its keys are percent-encoded */
  /* the entry that is being read */
  char *key;
  uint64_t size;
  int64_t modified_ms;
};

static void page_clear(struct page *page)
{
  for (size_t k = 0; k < page->count; k++) {
    free((char *)page->objects[k].key);
  }
  free(page->objects);
  free(page->last);
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

void vqe_s3_decode_key(char *key)
{
  char *end = key;
  for (const char *c = key; *c != '\0'; c++) {
    int high = *c == '%' ? hex_digit(c[1]) : -1;
    int low = high >= 0 ? hex_digit(c[2]) : -1;
    if (low >= 0 && high + low > 0) {
      *end++ = (char)(16 * high + low);
      c += 2;
    } else {
      *end++ = (char)(*c == '+' ? ' ' : *c);
    }
  }
  *end = '\0';
}

int64_t vqe_s3_time(const char *text)
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

/* Is `key` something of the place? */
static bool is_of_place(const struct vqe_s3 *s3, const char *key)
{
  size_t prefix = strlen(s3->prefix);
  return strncmp(key, s3->prefix, prefix) == 0 && key[prefix] != '\0';
}

/* The greatest key of the page, so far. */
static int note_last(struct page *page, const char *key, bool is_folder)
{
  if (page->last != NULL && strcmp(key, page->last) <= 0) {
    return VQE_OK;
  }
  free(page->last);
  page->last = NULL;
  page->is_folder = is_folder;
  return vqe_memory_strdup(&page->last, key);
}

/* The entry that was read, if it has a key, goes into the page. */
static int page_add(struct reading *reading, bool is_folder)
{
  struct page *page = reading->page;
  int status = VQE_OK;
  if (reading->key != NULL && page->count == page->capacity) {
    size_t more = page->capacity == 0 ? 1000 : 2 * page->capacity;
    status = vqe_memory_grow(&page->objects, page->count, more,
                             sizeof *page->objects, "a page of a listing");
    page->capacity = status == VQE_OK ? more : page->capacity;
  }
  if (reading->key != NULL && status == VQE_OK) {
    page->objects[page->count++] =
        (struct vqe_object){.key = reading->key,
                            .size = reading->size,
                            .modified_ms = reading->modified_ms,
                            .is_folder = is_folder};
    reading->key = NULL;
  }
  free(reading->key);
  reading->key = NULL;
  reading->size = 0;
  reading->modified_ms = 0;
  return status;
}

/* When the page is read it is known whether its keys are encoded: make them
 * relative, and drop those that are not of the place, and objects that stand
 * for a folder. */
static int page_finish(struct reading *reading)
{
  struct page *page = reading->page;
  size_t prefix = strlen(reading->s3->prefix);
  size_t kept = 0;
  int status = VQE_OK;
  for (size_t k = 0; k < page->count; k++) {
    struct vqe_object object = page->objects[k];
    char *key = (char *)object.key;
    if (reading->is_encoded) {
      vqe_s3_decode_key(key);
    }
    bool is_wanted = is_of_place(reading->s3, key);
    if (is_wanted) {
      memmove(key, key + prefix, strlen(key) - prefix + 1);
      if (status == VQE_OK) {
        status = note_last(page, key, object.is_folder);
      }
      is_wanted = object.is_folder || key[strlen(key) - 1] != '/';
    }
    if (is_wanted) {
      page->objects[kept++] = object;
    } else {
      free(key);
    }
  }
  page->count = kept;
  return status;
}

static int set_once(char **out, const char *text)
{
  return *out != NULL ? VQE_OK : vqe_memory_strdup(out, text);
}

static int visit_entry(struct reading *reading, const char *name,
                       const char *text, bool is_folder)
{
  if (strcmp(name, is_folder ? "Prefix" : "Key") == 0) {
    return set_once(&reading->key, text);
  }
  if (!is_folder && strcmp(name, "Size") == 0) {
    reading->size = strtoull(text, NULL, 10);
  } else if (!is_folder && strcmp(name, "LastModified") == 0) {
    reading->modified_ms = vqe_s3_time(text);
  }
  return VQE_OK;
}

static int visit_element(void *ctx, const struct vqe_s3_xml_element *element)
{
  struct reading *reading = ctx;
  const char *name = element->name;
  bool is_object = strcmp(element->parent, "Contents") == 0;
  if (is_object || strcmp(element->parent, "CommonPrefixes") == 0) {
    return visit_entry(reading, name, element->text, !is_object);
  }
  if (element->parent[0] == '\0') {
    reading->is_list = strcmp(name, "ListBucketResult") == 0;
  } else if (strcmp(element->parent, "ListBucketResult") != 0) {
    return VQE_OK;
  } else if (strcmp(name, "Contents") == 0) {
    return page_add(reading, false);
  } else if (strcmp(name, "CommonPrefixes") == 0) {
    return page_add(reading, true);
  } else if (strcmp(name, "IsTruncated") == 0) {
    reading->is_cut = strcmp(element->text, "true") == 0;
  } else if (strcmp(name, "EncodingType") == 0) {
    reading->is_encoded = strcmp(element->text, "url") == 0;
  } else if (strcmp(name, "NextContinuationToken") == 0) {
    return set_once(&reading->page->token, element->text);
  }
  return VQE_OK;
}

static int page_parse(struct page *page, const struct vqe_s3 *s3,
                      const struct vqe_http_response *response)
{
  struct reading reading = {.page = page, .s3 = s3};
  int status = vqe_s3_xml_read(response->body == NULL ? "" : response->body,
                               response->size, visit_element, &reading);
  free(reading.key);
  int finished = page_finish(&reading);
  status = status == VQE_OK ? finished : status;
  if (status == VQE_ERR_INPUT || (status == VQE_OK && !reading.is_list)) {
    return vqe_error_set(VQE_ERR_IO,
                         "%s answered a listing of bucket '%s' with something "
                         "else; is this an S3 endpoint?",
                         s3->endpoint, s3->bucket);
  }
  if (status == VQE_OK && reading.is_cut && page->token == NULL) {
    status = vqe_error_set(VQE_ERR_IO,
                           "%s cut a listing of bucket '%s' without telling "
                           "how to go on; try again",
                           s3->endpoint, s3->bucket);
  }
  if (!reading.is_cut) {
    free(page->token);
    page->token = NULL;
  }
  if (page->count > 1) {
    qsort(page->objects, page->count, sizeof *page->objects, compare_objects);
  }
  return status;
}

/* The query of the page that `token` (NULL: the first) stands for. */
static int make_query(char **out, const char *prefix, bool recursive,
                      const char *token)
{
  char *folder = NULL;
  char *encoded = NULL;
  *out = NULL;
  int status = vqe_http_encode(&folder, prefix, false);
  if (status == VQE_OK && token != NULL) {
    status = vqe_http_encode(&encoded, token, false);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(
        out, "%s%s%s%sencoding-type=url&list-type=2&max-keys=1000&prefix=%s",
        encoded == NULL ? "" : "continuation-token=",
        encoded == NULL ? "" : encoded, encoded == NULL ? "" : "&",
        recursive ? "" : "delimiter=%2F&", folder);
  }
  free(folder);
  free(encoded);
  return status;
}

static int page_fetch(struct page *page, const struct vqe_s3 *s3,
                      const char *prefix, bool recursive, const char *token)
{
  struct vqe_http_response response = {0};
  char *query = NULL;
  int status = make_query(&query, prefix, recursive, token);
  const struct vqe_s3_request request = {.method = "GET",
                                         .query = query,
                                         .file = VQE_S3_NO_FILE,
                                         .limit = PAGE_LIMIT};
  if (status == VQE_OK) {
    status = vqe_s3_send(&response, s3, &request);
  }
  if (status == VQE_OK &&
      (response.too_large || !vqe_http_is_good(response.status))) {
    status = vqe_s3_fail(s3, &response, "listing", prefix);
    if (status == VQE_ERR_NOT_FOUND) {
      status = VQE_ERR_INPUT; /* a folder is never missing, a bucket is */
    }
  }
  if (status == VQE_OK) {
    status = page_parse(page, s3, &response);
  }
  vqe_http_response_clear(&response);
  free(query);
  return status;
}

/* What a listing has given so far. */
struct progress {
  char *last; /* the greatest name */
  size_t empty, pages, keys;
};

/* A listing goes forward: each page has names beyond those of the page before,
 * and one without names of the place comes a few times at most. */
static int check_forward(struct progress *progress, const struct page *page,
                         const struct vqe_s3 *s3, const char *token)
{
  bool is_last = page->token == NULL;
  bool is_empty = page->last == NULL;
  bool repeats =
      token != NULL && page->token != NULL && strcmp(page->token, token) == 0;
  if (page->last != NULL) {
    int order =
        progress->last != NULL ? strcmp(page->last, progress->last) : 1;
    /* some stores name a folder in each page that has keys of it */
    repeats = repeats || order < 0 || (order == 0 && !page->is_folder);
    is_empty = order == 0;
    free(progress->last);
    progress->last = NULL;
    int status = vqe_memory_strdup(&progress->last, page->last);
    if (status != VQE_OK) {
      return status;
    }
  }
  progress->empty = is_empty ? progress->empty + 1 : 0;
  if (repeats || (!is_last && progress->empty > MOST_EMPTY)) {
    return vqe_error_set(
        VQE_ERR_IO,
        "%s gives %s of bucket '%s' again and again; is this "
        "an S3 endpoint?",
        s3->endpoint, repeats ? "the same page" : "an empty page", s3->bucket);
  }
  return VQE_OK;
}

/* And it ends, also where a server makes up one name after another. */
static int check_size(struct progress *progress, const struct page *page,
                      const struct vqe_s3 *s3, const char *prefix)
{
  progress->pages++;
  progress->keys += page->count;
  bool is_short =
      progress->pages > MOST_SHORT_PAGES + progress->keys / KEYS_OF_A_PAGE;
  if (progress->keys <= MOST_KEYS && (page->token == NULL || !is_short)) {
    return VQE_OK;
  }
  return vqe_error_set(
      VQE_ERR_IO,
      "%s lists %zu objects below '%s' of bucket '%s' in %zu pages, without "
      "an end: name a place with fewer objects, or is this no S3 endpoint?",
      s3->endpoint, progress->keys, prefix, s3->bucket, progress->pages);
}

int vqe_s3_list(void *place, const char *folder, bool recursive,
                vqe_objects_visit visit, void *ctx)
{
  const struct vqe_s3 *s3 = place;
  struct page page = {0};
  char *prefix = NULL;
  char *token = NULL;
  struct progress progress = {0};
  bool is_last = false;
  int status = vqe_s3_key(&prefix, s3, folder);
  while (status == VQE_OK && !is_last) {
    status = page_fetch(&page, s3, prefix, recursive, token);
    if (status == VQE_OK) {
      status = check_forward(&progress, &page, s3, token);
    }
    if (status == VQE_OK) {
      status = check_size(&progress, &page, s3, prefix);
    }
    for (size_t k = 0; status == VQE_OK && k < page.count; k++) {
      status = visit(ctx, &page.objects[k]);
    }
    free(token);
    token = page.token;
    page.token = NULL;
    page_clear(&page);
    is_last = token == NULL;
  }
  free(token);
  free(progress.last);
  free(prefix);
  return status;
}
