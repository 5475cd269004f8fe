#include "objects/objects.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "objects/objects_aside.h"
#include "objects/objects_key.h"
#include "objects/objects_place.h"

#define KEY_LIMIT 1024

struct vqe_objects {
  const struct vqe_objects_kind *kind;
  void *place;
  char *uri;      /* of the place, without '/' at the end */
  char *rest;     /* the URI after its scheme: "/dir" or "bucket/prefix" */
  char *prefix;   /* S3: "" or ends with '/' */
  char *describe; /* for messages */
  struct vqe_objects_usage usage;
  int depth; /* of calls: a visitor may use the handle that lists */
  double entered;
};

static void enter(struct vqe_objects *objects)
{
  if (objects->depth++ == 0) {
    objects->entered = vqe_clock_wall();
  }
  objects->usage.requests++;
}

static int leave(struct vqe_objects *objects, int status)
{
  if (--objects->depth == 0) {
    objects->usage.seconds += vqe_clock_wall() - objects->entered;
  }
  return status;
}

/* Length of the scheme and its slashes, 0 when `text` is of another kind. */
static size_t s3_scheme(const char *text)
{
  static const char *const schemes[] = {"s3://", "s3a://", "s3n://"};
  for (size_t k = 0; k < sizeof schemes / sizeof schemes[0]; k++) {
    if (strncmp(text, schemes[k], strlen(schemes[k])) == 0) {
      return strlen(schemes[k]);
    }
  }
  return 0;
}

/* The path of a file URI or path; NULL when `text` has another scheme or
 * names another host. */
static const char *file_path(const char *text)
{
  if (strncmp(text, "file://", 7) == 0) {
    return text[7] == '/' ? text + 7 : NULL;
  }
  if (strncmp(text, "file:", 5) == 0) {
    return text[5] == '/' ? text + 5 : NULL;
  }
  return strstr(text, "://") == NULL ? text : NULL;
}

/* Absolute form of a path, by its text alone: no empty, "." or ".." segment
 * and no '/' at the end, so that it is the same before and after the folder
 * is made. */
static int absolute_path(char **out, const char *path)
{
  char current[PATH_MAX];
  char *text = NULL;
  const char *here = path[0] == '/' ? "" : getcwd(current, sizeof current);
  if (here == NULL) {
    return vqe_error_set(VQE_ERR_IO, "cannot find the current directory: %s",
                         strerror(errno));
  }
  int status = vqe_memory_print(&text, "%s/%s", here, path);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(out, strlen(text) + 1, 1, "a path");
  }
  if (status != VQE_OK) {
    free(text);
    return status;
  }
  char *end = *out;
  char *state = NULL;
  for (char *part = strtok_r(text, "/", &state); part != NULL;
       part = strtok_r(NULL, "/", &state)) {
    if (strcmp(part, "..") == 0) {
      while (end > *out && *--end != '/') {
      }
      *end = '\0';
    } else if (strcmp(part, ".") != 0) {
      *end++ = '/';
      end = stpcpy(end, part);
    }
  }
  free(text);
  return VQE_OK;
}

static int check_key(const struct vqe_objects *objects, const char *key,
                     bool is_folder)
{
  size_t length = strlen(key);
  if (objects->prefix != NULL) {
    length += strlen(objects->prefix);
  }
  if (length > KEY_LIMIT) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "key '%.200s...' has %zu bytes with the prefix, more "
                         "than the %d that stores allow",
                         key, length, KEY_LIMIT);
  }
  return vqe_objects_check_segments(key, "key", is_folder);
}

static int open_local(struct vqe_objects *objects, const char *path)
{
  if (path[0] == '\0') {
    return vqe_error_set(VQE_ERR_INPUT, "the location is empty; give a "
                                        "directory or s3://bucket/prefix");
  }
  int status = vqe_objects_check_text(path, "the path of the location");
  if (status == VQE_OK) {
    status = absolute_path(&objects->rest, path);
  }
  if (status == VQE_OK && strpbrk(objects->rest, "?#") != NULL) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "'%s' has a '?' or '#', which readers of Iceberg "
                           "take for the end of the path; choose another "
                           "directory",
                           objects->rest);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&objects->uri, "file://%s", objects->rest);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&objects->describe, "directory '%s'",
                              objects->rest[0] == '\0' ? "/" : objects->rest);
  }
  if (status == VQE_OK) {
    objects->kind = &vqe_objects_local;
    status = vqe_objects_local_open(&objects->place, objects->rest);
  }
  return status;
}

static int check_scheme(const char *scheme)
{
  if (strcmp(scheme, "s3a") != 0 && strcmp(scheme, "s3") != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "scheme '%s' is unknown; URIs of S3 are written "
                         "with s3a or s3",
                         scheme);
  }
  return VQE_OK;
}

/* Bucket and prefix of what follows "s3://". */
static int split_bucket(char **bucket, char **prefix, const char *rest)
{
  size_t length = strcspn(rest, "/");
  if (length < 3 || length > 63 ||
      strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                   "0123456789.-_") != length) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'s3://%s' names no bucket: 3 to 63 letters, "
                         "digits, '.', '-' or '_' as in "
                         "s3://features/warehouse",
                         rest);
  }
  const char *given = rest[length] == '\0' ? "" : rest + length + 1;
  size_t size = strlen(given);
  int status =
      vqe_objects_check_segments(given, "the prefix of the location", true);
  if (status == VQE_OK) {
    status = vqe_memory_print(prefix, "%s%s", given,
                              size > 0 && given[size - 1] != '/' ? "/" : "");
  }
  if (status == VQE_OK && strlen(*prefix) > KEY_LIMIT / 2) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "the prefix of 's3://%.100s...' has more than %d "
                           "bytes; choose a shorter one",
                           rest, KEY_LIMIT / 2);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(bucket, "%.*s", (int)length, rest);
  }
  return status;
}

static int open_s3(struct vqe_objects *objects, const char *rest,
                   const struct vqe_objects_options *options)
{
  const char *scheme = options->scheme == NULL ? "s3a" : options->scheme;
  char *bucket = NULL;
  int status = check_scheme(scheme);
  if (status == VQE_OK) {
    status = split_bucket(&bucket, &objects->prefix, rest);
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_print(&objects->rest, "%s/%s", bucket, objects->prefix);
  }
  if (status == VQE_OK) {
    objects->rest[strlen(objects->rest) - 1] = '\0';
    status = vqe_memory_print(&objects->uri, "%s://%s", scheme, objects->rest);
  }
  if (status == VQE_OK) {
    objects->kind = &vqe_objects_s3;
    status = vqe_objects_s3_open(&objects->place, &objects->describe, bucket,
                                 objects->prefix, options);
  }
  free(bucket);
  return status;
}

int vqe_objects_open(struct vqe_objects **out, const char *location,
                     const struct vqe_objects_options *options)
{
  const struct vqe_objects_options defaults = VQE_OBJECTS_OPTIONS_INIT;
  struct vqe_objects *objects = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&objects, 1, sizeof *objects, "a location");
  if (status != VQE_OK) {
    return status;
  }
  size_t scheme = s3_scheme(location);
  if (scheme > 0) {
    status = open_s3(objects, location + scheme,
                     options == NULL ? &defaults : options);
  } else if (file_path(location) != NULL) {
    status = open_local(objects, file_path(location));
  } else {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "'%s' is no location: give a directory or "
                           "s3://bucket/prefix",
                           location);
  }
  if (status != VQE_OK) {
    vqe_objects_close(objects);
    return status;
  }
  *out = objects;
  return VQE_OK;
}

void vqe_objects_close(struct vqe_objects *objects)
{
  if (objects == NULL) {
    return;
  }
  if (objects->place != NULL) {
    objects->kind->close(objects->place);
  }
  free(objects->uri);
  free(objects->rest);
  free(objects->prefix);
  free(objects->describe);
  free(objects);
}

int vqe_objects_put(struct vqe_objects *objects, const char *key,
                    const void *data, size_t size,
                    enum vqe_objects_put_mode mode)
{
  int status = check_key(objects, key, false);
  if (status != VQE_OK) {
    return status;
  }
  enter(objects);
  return leave(objects,
               objects->kind->put(objects->place, key, data, size, mode));
}

int vqe_objects_put_file(struct vqe_objects *objects, const char *key,
                         const char *path)
{
  int status = check_key(objects, key, false);
  if (status != VQE_OK) {
    return status;
  }
  int descriptor = -1;
  struct stat info = {0};
  status = vqe_objects_open_file(&descriptor, &info, path);
  if (status == VQE_OK) {
    status = vqe_objects_put_open(objects, key, descriptor,
                                  (uint64_t)info.st_size, path);
    close(descriptor);
  }
  return status;
}

int vqe_objects_put_open(struct vqe_objects *objects, const char *key,
                         int descriptor, uint64_t size, const char *path)
{
  int status = check_key(objects, key, false);
  if (status != VQE_OK) {
    return status;
  }
  enter(objects);
  return leave(objects, objects->kind->put_file(objects->place, key,
                                                descriptor, size, path));
}

int vqe_objects_get(char **out, size_t *size, struct vqe_objects *objects,
                    const char *key, size_t limit)
{
  *out = NULL;
  *size = 0;
  int status = check_key(objects, key, false);
  if (status != VQE_OK) {
    return status;
  }
  enter(objects);
  return leave(objects,
               objects->kind->get(out, size, objects->place, key, limit));
}

int vqe_objects_open_key(int *descriptor, uint64_t *size,
                         struct vqe_objects *objects, const char *key)
{
  *descriptor = -1;
  *size = 0;
  if (objects->kind->open_key == NULL) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED, "%s has no files to open",
                         objects->describe);
  }
  int status = check_key(objects, key, false);
  if (status != VQE_OK) {
    return status;
  }
  enter(objects);
  return leave(objects,
               objects->kind->open_key(descriptor, size, objects->place, key));
}

int vqe_objects_get_file(struct vqe_objects *objects, const char *key,
                         const char *path, uint64_t size)
{
  int status = check_key(objects, key, false);
  if (status != VQE_OK) {
    return status;
  }
  enter(objects);
  return leave(objects,
               objects->kind->get_file(objects->place, key, path, size));
}

int vqe_objects_head(uint64_t *size, struct vqe_objects *objects,
                     const char *key)
{
  *size = 0;
  int status = check_key(objects, key, false);
  if (status != VQE_OK) {
    return status;
  }
  enter(objects);
  return leave(objects, objects->kind->head(size, objects->place, key));
}

int vqe_objects_list(struct vqe_objects *objects, const char *folder,
                     bool recursive, vqe_objects_visit visit, void *ctx)
{
  char *slashed = NULL;
  size_t length = strlen(folder);
  int status = check_key(objects, folder, true);
  if (status != VQE_OK) {
    return status;
  }
  status =
      vqe_memory_print(&slashed, "%s%s", folder,
                       length > 0 && folder[length - 1] != '/' ? "/" : "");
  if (status != VQE_OK) {
    return status;
  }
  enter(objects);
  status = leave(objects, objects->kind->list(objects->place, slashed,
                                              recursive, visit, ctx));
  free(slashed);
  return status;
}

int vqe_objects_end_uploads(size_t *ended, struct vqe_objects *objects,
                            int64_t older_than_ms)
{
  *ended = 0;
  if (objects->kind->end_uploads == NULL) {
    return VQE_OK;
  }
  enter(objects);
  return leave(objects, objects->kind->end_uploads(ended, objects->place,
                                                   older_than_ms));
}

int vqe_objects_delete(struct vqe_objects *objects, const char *key)
{
  int status = check_key(objects, key, false);
  if (status != VQE_OK) {
    return status;
  }
  enter(objects);
  return leave(objects, objects->kind->remove(objects->place, key));
}

int vqe_objects_uri(char **out, const struct vqe_objects *objects,
                    const char *key)
{
  *out = NULL;
  if (key[0] == '\0') {
    return vqe_memory_strdup(out, objects->uri);
  }
  int status = check_key(objects, key, true);
  if (status != VQE_OK) {
    return status;
  }
  return vqe_memory_print(out, "%s/%s", objects->uri, key);
}

int vqe_objects_key_of_uri(char **out, const struct vqe_objects *objects,
                           const char *uri)
{
  const char *rest = NULL;
  size_t length = strlen(objects->rest);
  *out = NULL;
  if (vqe_objects_is_local(objects)) {
    rest = file_path(uri);
  } else if (s3_scheme(uri) > 0) {
    rest = uri + s3_scheme(uri);
  }
  if (rest == NULL || strncmp(rest, objects->rest, length) != 0 ||
      rest[length] != '/') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' does not lie in %s; a copied warehouse still "
                         "points at its source (vqe_lake relocate)",
                         uri, objects->uri);
  }
  int status = check_key(objects, rest + length + 1, true);
  if (status == VQE_OK) {
    status = vqe_objects_check_named(rest + length + 1);
  }
  if (status != VQE_OK) {
    return status;
  }
  return vqe_memory_strdup(out, rest + length + 1);
}

bool vqe_objects_is_local(const struct vqe_objects *objects)
{
  return objects->kind == &vqe_objects_local;
}

int vqe_objects_path(char **out, const struct vqe_objects *objects,
                     const char *key)
{
  *out = NULL;
  if (!vqe_objects_is_local(objects)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s has no local path; copy '%s' first",
                         objects->describe, key);
  }
  int status = check_key(objects, key, true);
  if (status != VQE_OK) {
    return status;
  }
  return vqe_memory_print(out, "%s/%s", objects->rest, key);
}

const char *vqe_objects_describe(const struct vqe_objects *objects)
{
  return objects->describe;
}

void vqe_objects_usage(struct vqe_objects_usage *out,
                       const struct vqe_objects *objects)
{
  *out = objects->usage;
  if (objects->kind->requests != NULL) {
    out->requests = objects->kind->requests(objects->place);
  }
}

int vqe_objects_supports_conditional_put(bool *out,
                                         struct vqe_objects *objects)
{
  *out = false;
  enter(objects);
  return leave(objects,
               objects->kind->supports_conditional_put(out, objects->place));
}
