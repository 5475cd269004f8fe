/* A local directory as a place. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "objects/objects_aside.h"
#include "objects/objects_beneath.h"
#include "objects/objects_place.h"

#define COPY_SIZE (1u << 20)

struct local {
  char *root; /* absolute, without '/' at the end */
};

static int join(char **out, const struct local *local, const char *key)
{
  return vqe_memory_print(out, "%s/%s", local->root, key);
}

/* Open a key; ENOTDIR, a file where a folder should be, is as good as nothing,
 * as on S3. `path` is for messages. */
static int open_key(int *descriptor, const struct local *local,
                    const char *key, const char *path, int flags)
{
  int top = -1;
  *descriptor = -1;
  int code = vqe_objects_beneath_root(&top, local->root);
  if (code == 0) {
    code = vqe_objects_beneath_open(descriptor, top, key, flags);
    close(top);
  }
  return code == 0 ? VQE_OK
                   : vqe_objects_beneath_errno(code == ENOTDIR ? ENOENT : code,
                                               "cannot read", path);
}

/* Open the folder of a key; errno codes. */
static int open_folder_of(int *descriptor, const struct local *local,
                          const char *key)
{
  int top = -1;
  *descriptor = -1;
  int code = vqe_objects_beneath_root(&top, local->root);
  if (code == 0) {
    code = vqe_objects_beneath_folder(descriptor, top, key, false);
    close(top);
  }
  return code;
}

/* The name of a key in its folder. */
static const char *base_of(const char *key)
{
  const char *slash = strrchr(key, '/');
  return slash == NULL ? key : slash + 1;
}

/* Whatever stands there counts, a broken link too. */
static int require_new(const struct local *local, const char *key,
                       const char *path)
{
  struct stat info;
  int folder = -1;
  bool is_there =
      open_folder_of(&folder, local, key) == 0 &&
      fstatat(folder, base_of(key), &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (folder >= 0) {
    close(folder);
  }
  return is_there
             ? vqe_error_set(VQE_ERR_EXISTS, "'%s' is already there", path)
             : VQE_OK;
}

static int local_put(void *place, const char *key, const void *data,
                     size_t size, enum vqe_objects_put_mode mode)
{
  const struct local *local = place;
  struct vqe_objects_aside aside = VQE_OBJECTS_ASIDE_INIT;
  char *path = NULL;
  int status = join(&path, local, key);
  if (status == VQE_OK && mode == VQE_OBJECTS_ONLY_NEW) {
    status = require_new(local, key, path);
  }
  if (status == VQE_OK) {
    status = vqe_objects_aside_open_below(&aside, local->root, key);
  }
  if (status == VQE_OK) {
    status = vqe_objects_write(aside.descriptor, data, size, "writing", path);
  }
  if (status == VQE_OK) {
    status = vqe_objects_aside_publish(&aside, path, mode);
  }
  vqe_objects_aside_close(&aside);
  free(path);
  return status;
}

/* All that `from` still has goes into `to`. */
static int copy_bytes(int to, const char *target, int from, const char *source)
{
  char *buffer = NULL;
  int status = vqe_memory_alloc(&buffer, COPY_SIZE, 1, "copying a file");
  ssize_t got = 1;
  while (status == VQE_OK && got != 0) {
    got = read(from, buffer, COPY_SIZE);
    if (got > 0) {
      status = vqe_objects_write(to, buffer, (size_t)got, "writing", target);
    } else if (got < 0 && errno != EINTR) {
      status = vqe_file_errno(errno, "reading", source);
    }
  }
  free(buffer);
  return status;
}

static int local_put_file(void *place, const char *key, int descriptor,
                          uint64_t size, const char *path)
{
  const struct local *local = place;
  struct vqe_objects_aside aside = VQE_OBJECTS_ASIDE_INIT;
  char *target = NULL;
  (void)size;
  int status = join(&target, local, key);
  if (status == VQE_OK) {
    status = vqe_objects_aside_open_below(&aside, local->root, key);
  }
  if (status == VQE_OK) {
    status = copy_bytes(aside.descriptor, target, descriptor, path);
  }
  if (status == VQE_OK) {
    status = vqe_objects_aside_publish(&aside, target, VQE_OBJECTS_REPLACE);
  }
  vqe_objects_aside_close(&aside);
  free(target);
  return status;
}

/* Open the regular file of a key. */
static int local_open_key(int *descriptor, uint64_t *size, void *place,
                          const char *key)
{
  struct stat info = {0};
  char *path = NULL;
  *descriptor = -1;
  int status = join(&path, place, key);
  if (status == VQE_OK) {
    /* a pipe that nobody writes would hold up an open that waits */
    status = open_key(descriptor, place, key, path, O_RDONLY | O_NONBLOCK);
  }
  if (status == VQE_OK) {
    status = vqe_objects_require_file(&info, *descriptor, path);
  }
  if (status == VQE_OK) {
    *size = (uint64_t)info.st_size;
  } else if (*descriptor >= 0) {
    close(*descriptor);
    *descriptor = -1;
  }
  free(path);
  return status;
}

static int local_get(char **out, size_t *size, void *place, const char *key,
                     size_t limit)
{
  char *path = NULL;
  uint64_t length = 0;
  int descriptor = -1;
  int status = join(&path, place, key);
  if (status == VQE_OK) {
    status = local_open_key(&descriptor, &length, place, key);
  }
  if (status == VQE_OK) {
    status = vqe_file_read_open(out, size, descriptor, path, limit);
  }
  if (descriptor >= 0) {
    close(descriptor);
  }
  free(path);
  return status;
}

static int local_get_file(void *place, const char *key, const char *path,
                          uint64_t expected)
{
  struct vqe_objects_aside aside = VQE_OBJECTS_ASIDE_INIT;
  uint64_t size = 0;
  int from = -1;
  int status = local_open_key(&from, &size, place, key);
  if (status == VQE_OK) {
    status = vqe_objects_require_size(key, size, expected);
  }
  if (status == VQE_OK) {
    status = vqe_objects_aside_open(&aside, path);
  }
  if (status == VQE_OK) {
    status = copy_bytes(aside.descriptor, path, from, key);
  }
  if (status == VQE_OK) {
    status = vqe_objects_aside_publish(&aside, path, VQE_OBJECTS_REPLACE);
  }
  if (from >= 0) {
    close(from);
  }
  vqe_objects_aside_close(&aside);
  return status;
}

static int local_head(uint64_t *size, void *place, const char *key)
{
  struct stat info = {0};
  char *path = NULL;
  int descriptor = -1;
  int status = join(&path, place, key);
  if (status == VQE_OK) {
    status = open_key(&descriptor, place, key, path, O_PATH);
  }
  if (status == VQE_OK) {
    status = vqe_objects_require_file(&info, descriptor, path);
  }
  if (status == VQE_OK) {
    *size = (uint64_t)info.st_size;
  }
  if (descriptor >= 0) {
    close(descriptor);
  }
  free(path);
  return status;
}

struct entry {
  char *name; /* a folder's ends with '/' */
  uint64_t size;
  int64_t modified_ms;
};

/* What stands in one folder. */
struct entries {
  struct entry *items;
  size_t count;
  size_t capacity;
};

static int compare_entries(const void *left, const void *right)
{
  const struct entry *a = left;
  const struct entry *b = right;
  return strcmp(a->name, b->name);
}

/* Does a listing show it? What is neither file nor folder it shows too, so
 * that who reads it gets to know what stands there. */
static bool is_shown(struct stat *info, DIR *stream, const char *name)
{
  return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
         strncmp(name, VQE_OBJECTS_UNFINISHED,
                 strlen(VQE_OBJECTS_UNFINISHED)) != 0 &&
         fstatat(dirfd(stream), name, info, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Add one directory entry, unless it is unfinished or gone meanwhile. */
static int add_entry(struct entries *entries, DIR *stream, const char *name)
{
  struct stat info;
  int status = VQE_OK;
  if (!is_shown(&info, stream, name)) {
    return VQE_OK;
  }
  if (entries->count == entries->capacity) {
    size_t more = entries->capacity == 0 ? 64 : 2 * entries->capacity;
    status =
        vqe_memory_grow(&entries->items, entries->count, more,
                        sizeof *entries->items, "the entries of a directory");
    entries->capacity = status == VQE_OK ? more : entries->capacity;
  }
  bool is_folder = S_ISDIR(info.st_mode);
  char *text = NULL;
  if (status == VQE_OK) {
    status = vqe_memory_print(&text, "%s%s", name, is_folder ? "/" : "");
  }
  if (status == VQE_OK) {
    struct entry *entry = &entries->items[entries->count++];
    entry->name = text;
    entry->size = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
    entry->modified_ms = is_folder ? 0
                                   : (int64_t)info.st_mtim.tv_sec * 1000 +
                                         info.st_mtim.tv_nsec / 1000000;
  }
  return status;
}

/* A folder below the place; NULL when it is not there. */
static int open_folder(DIR **stream, const struct local *local,
                       const char *folder, const char *path)
{
  int top = -1;
  int descriptor = -1;
  *stream = NULL;
  int code = vqe_objects_beneath_root(&top, local->root);
  if (code == 0) {
    code = vqe_objects_beneath_open(&descriptor, top, folder,
                                    O_RDONLY | O_DIRECTORY);
    close(top);
  }
  if (code == 0) {
    *stream = fdopendir(descriptor);
    if (*stream == NULL) {
      code = errno;
      close(descriptor);
    }
  }
  return code == 0 || code == ENOENT || code == ENOTDIR
             ? VQE_OK
             : vqe_objects_beneath_errno(code, "cannot list", path);
}

/* The sorted entries of a folder; none when it is not there. */
static int read_folder(struct entries *entries, const struct local *local,
                       const char *folder, const char *path)
{
  DIR *stream = NULL;
  int status = open_folder(&stream, local, folder, path);
  if (stream == NULL) {
    return status;
  }
  bool is_end = false;
  while (status == VQE_OK && !is_end) {
    errno = 0;
    struct dirent *item = readdir(stream);
    is_end = item == NULL;
    if (item != NULL) {
      status = add_entry(entries, stream, item->d_name);
    } else if (errno != 0) {
      status = vqe_file_errno(errno, "listing", path);
    }
  }
  closedir(stream);
  if (entries->count > 1) {
    qsort(entries->items, entries->count, sizeof *entries->items,
          compare_entries);
  }
  return status;
}

static int local_list(void *place, const char *folder, bool recursive,
                      vqe_objects_visit visit, void *ctx);

static int visit_entry(void *place, const char *folder,
                       const struct entry *entry, bool recursive,
                       vqe_objects_visit visit, void *ctx)
{
  struct vqe_object object = {.size = entry->size,
                              .modified_ms = entry->modified_ms};
  char *key = NULL;
  int status = vqe_memory_print(&key, "%s%s", folder, entry->name);
  if (status == VQE_OK) {
    object.key = key;
    object.is_folder = key[strlen(key) - 1] == '/';
    status = object.is_folder && recursive
                 ? local_list(place, key, true, visit, ctx)
                 : visit(ctx, &object);
  }
  free(key);
  return status;
}

/* Folder by folder, sorted with the '/' that follows a folder's name, which
 * is the byte order of whole keys. A folder is closed before those in it are
 * read, so that depth costs no descriptors. */
static int local_list(void *place, const char *folder, bool recursive,
                      vqe_objects_visit visit, void *ctx)
{
  struct entries entries = {0};
  char *path = NULL;
  int status = join(&path, place, folder);
  if (status == VQE_OK) {
    status = read_folder(&entries, place, folder, path);
  }
  for (size_t k = 0; status == VQE_OK && k < entries.count; k++) {
    status =
        visit_entry(place, folder, &entries.items[k], recursive, visit, ctx);
  }
  for (size_t k = 0; k < entries.count; k++) {
    free(entries.items[k].name);
  }
  free(entries.items);
  free(path);
  return status;
}

static int local_remove(void *place, const char *key)
{
  char *path = NULL;
  int folder = -1;
  int status = join(&path, place, key);
  if (status != VQE_OK) {
    return status;
  }
  int code = open_folder_of(&folder, place, key);
  if (code == 0 && unlinkat(folder, base_of(key), 0) != 0) {
    code = errno;
  }
  if (code != 0 && code != ENOENT && code != ENOTDIR) {
    status = vqe_objects_beneath_errno(code, "cannot remove", path);
  }
  if (folder >= 0) {
    close(folder);
  }
  free(path);
  return status;
}

static int local_supports_conditional_put(bool *out, void *place)
{
  (void)place;
  *out = true;
  return VQE_OK;
}

static void local_close(void *place)
{
  struct local *local = place;
  free(local->root);
  free(local);
}

/* A link in the place of the root may be ours; one of another user could lead
 * what is written anywhere. */
static int check_root(const char *root)
{
  return vqe_file_is_link_of_others(root)
             ? vqe_error_set(VQE_ERR_INPUT,
                             "'%s' is a symbolic link of another user, which "
                             "is not followed; name the folder itself",
                             root)
             : VQE_OK;
}

int vqe_objects_local_open(void **place, const char *root)
{
  struct local *local = NULL;
  int good = check_root(root);
  if (good != VQE_OK) {
    return good;
  }
  int status = vqe_memory_alloc(&local, 1, sizeof *local, "a location");
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_memory_strdup(&local->root, root);
  if (status != VQE_OK) {
    free(local);
    return status;
  }
  *place = local;
  return VQE_OK;
}

const struct vqe_objects_kind vqe_objects_local = {
    .put = local_put,
    .put_file = local_put_file,
    .get = local_get,
    .get_file = local_get_file,
    .open_key = local_open_key,
    .head = local_head,
    .list = local_list,
    .remove = local_remove,
    .supports_conditional_put = local_supports_conditional_put,
    .close = local_close,
};
