/* A local directory as a place. What is new appears by link(), which refuses
 * to replace; what replaces, by rename(). Both are atomic, on NFS too. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "objects/objects_place.h"

#define UNFINISHED ".vqe-"
#define COPY_SIZE (1u << 20)

struct local {
  char *root; /* absolute, without '/' at the end */
};

int vqe_objects_errno(int code, const char *verb, const char *path)
{
  const char *remedy = "";
  int status = VQE_ERR_IO;
  switch (code) {
  case ENOENT:
    status = VQE_ERR_NOT_FOUND;
    break;
  case EACCES:
  case EPERM:
  case EROFS:
    status = VQE_ERR_INPUT;
    remedy = "; change its permissions or choose another place";
    break;
  case ENOTDIR:
  case EISDIR:
  case ENAMETOOLONG:
  case ELOOP:
    status = VQE_ERR_INPUT;
    remedy = "; choose another place";
    break;
  case ENOSPC:
  case EDQUOT:
    remedy = "; free some space or choose another place, what was there is "
             "unchanged";
    break;
  case EFBIG:
    remedy = "; raise the limit of file sizes (ulimit -f), what was there is "
             "unchanged";
    break;
  default:
    break;
  }
  return vqe_error_set(status, "%s '%s': %s%s", verb, path, strerror(code),
                       remedy);
}

static int join(char **out, const struct local *local, const char *key)
{
  if (asprintf(out, "%s/%s", local->root, key) < 0) {
    *out = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
  }
  return VQE_OK;
}

/* Folder of a path; free by free(). */
static int folder_of(char **out, const char *path)
{
  int status = vqe_memory_strdup(out, path);
  if (status != VQE_OK) {
    return status;
  }
  char *slash = strrchr(*out, '/');
  if (slash == NULL) {
    strcpy(*out, ".");
  } else {
    slash[slash == *out ? 1 : 0] = '\0';
  }
  return VQE_OK;
}

static int make_folder(const char *folder)
{
  char *path = NULL;
  int status = vqe_memory_strdup(&path, folder);
  if (status != VQE_OK) {
    return status;
  }
  struct stat info;
  if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
    goto out;
  }
  for (char *end = path + 1;; end++) {
    if (*end != '/' && *end != '\0') {
      continue;
    }
    char kept = *end;
    *end = '\0';
    if (mkdir(path, 0777) == 0) {
      char *above = NULL;
      status = folder_of(&above, path);
      if (status != VQE_OK) {
        goto out;
      }
      vqe_file_sync_folder(above);
      free(above);
    } else {
      int code = errno;
      if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        status = vqe_objects_errno(code == EEXIST ? ENOTDIR : code,
                                   "cannot make the directory", path);
        goto out;
      }
    }
    *end = kept;
    if (kept == '\0') {
      break;
    }
  }
out:
  free(path);
  return status;
}

int vqe_objects_aside_open(struct vqe_objects_aside *aside, const char *path)
{
  char *folder = NULL;
  uint64_t draw = 0;
  *aside = (struct vqe_objects_aside){.descriptor = -1};
  int status = folder_of(&folder, path);
  if (status != VQE_OK) {
    return status;
  }
  status = make_folder(folder);
  if (status != VQE_OK) {
    goto out;
  }
  if (getrandom(&draw, sizeof draw, 0) != (ssize_t)sizeof draw) {
    draw = (uint64_t)getpid();
  }
  if (asprintf(&aside->name, "%s/" UNFINISHED "%016llx.tmp", folder,
               (unsigned long long)draw) < 0) {
    aside->name = NULL;
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
    goto out;
  }
  if (access("/proc/self/fd", X_OK) == 0) {
    aside->descriptor = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
  }
  if (aside->descriptor < 0) {
    aside->descriptor =
        open(aside->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    aside->named = aside->descriptor >= 0;
  }
  if (aside->descriptor < 0) {
    status = vqe_objects_errno(errno, "cannot write in", folder);
  }
out:
  if (status != VQE_OK) {
    vqe_objects_aside_close(aside);
  }
  free(folder);
  return status;
}

void vqe_objects_aside_close(struct vqe_objects_aside *aside)
{
  if (aside->descriptor >= 0) {
    close(aside->descriptor);
    aside->descriptor = -1;
  }
  if (aside->named) {
    unlink(aside->name);
    aside->named = false;
  }
  free(aside->name);
  aside->name = NULL;
}

int vqe_objects_write(int descriptor, const char *bytes, size_t size,
                      const char *path)
{
  while (size > 0) {
    ssize_t put = write(descriptor, bytes, size);
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return vqe_objects_errno(errno, "writing", path);
    }
    bytes += put;
    size -= (size_t)put;
  }
  return VQE_OK;
}

/* Rename without replacing, for file systems without hard links. */
static int rename_new(struct vqe_objects_aside *aside, const char *path)
{
  if (renameat2(AT_FDCWD, aside->name, AT_FDCWD, path, RENAME_NOREPLACE) ==
      0) {
    aside->named = false;
    return VQE_OK;
  }
  if (errno == EEXIST) {
    return VQE_ERR_EXISTS;
  }
  if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "the file system of '%s' can neither link nor rename "
                         "without replacing, so two writers could lose data; "
                         "choose another one",
                         path);
  }
  return vqe_objects_errno(errno, "cannot put in place", path);
}

/* Give the file also the name `path`, unless that is there. */
static int link_new(struct vqe_objects_aside *aside, const char *path)
{
  struct stat info;
  char unnamed[64];
  int code = 0;
  if (aside->named) {
    code = link(aside->name, path) == 0 ? 0 : errno;
  } else {
    snprintf(unnamed, sizeof unnamed, "/proc/self/fd/%d", aside->descriptor);
    code = linkat(AT_FDCWD, unnamed, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0
               ? 0
               : errno;
  }
  if (code == 0) {
    return VQE_OK;
  }
  /* On NFS the answer to a link that was made can be lost and the repeated
   * request finds it there: two names say that it is ours. */
  if (aside->named && fstat(aside->descriptor, &info) == 0 &&
      info.st_nlink == 2) {
    return VQE_OK;
  }
  if (code == EEXIST) {
    return VQE_ERR_EXISTS;
  }
  if (aside->named && (code == EPERM || code == EOPNOTSUPP || code == ENOSYS ||
                       code == EMLINK)) {
    return rename_new(aside, path);
  }
  return vqe_objects_errno(code, "cannot put in place", path);
}

/* Rename over what may be there; what has no name gets one first. */
static int rename_over(struct vqe_objects_aside *aside, const char *path)
{
  int status = VQE_OK;
  if (!aside->named) {
    status = link_new(aside, aside->name);
    if (status != VQE_OK) {
      return status;
    }
    aside->named = true;
  }
  if (rename(aside->name, path) != 0) {
    return vqe_objects_errno(errno, "cannot put in place", path);
  }
  aside->named = false;
  return VQE_OK;
}

int vqe_objects_aside_publish(struct vqe_objects_aside *aside,
                              const char *path, enum vqe_objects_put_mode mode)
{
  int status = VQE_OK;
  char *folder = NULL;
  if (fsync(aside->descriptor) != 0) {
    return vqe_objects_errno(errno, "writing", path);
  }
  if (mode == VQE_OBJECTS_ONLY_NEW) {
    status = link_new(aside, path);
  } else {
    status = rename_over(aside, path);
  }
  if (status == VQE_ERR_EXISTS) {
    return vqe_error_set(VQE_ERR_EXISTS, "'%s' is already there", path);
  }
  if (status != VQE_OK) {
    return status;
  }
  status = folder_of(&folder, path);
  if (status != VQE_OK) {
    return status;
  }
  vqe_file_sync_folder(folder);
  free(folder);
  return VQE_OK;
}

static int local_put(void *place, const char *key, const void *data,
                     size_t size, enum vqe_objects_put_mode mode)
{
  struct vqe_objects_aside aside = {.descriptor = -1};
  struct stat info;
  char *path = NULL;
  int status = join(&path, place, key);
  if (status != VQE_OK) {
    return status;
  }
  if (mode == VQE_OBJECTS_ONLY_NEW && lstat(path, &info) == 0) {
    status = vqe_error_set(VQE_ERR_EXISTS, "'%s' is already there", path);
    goto out;
  }
  status = vqe_objects_aside_open(&aside, path);
  if (status != VQE_OK) {
    goto out;
  }
  status = vqe_objects_write(aside.descriptor, data, size, path);
  if (status == VQE_OK) {
    status = vqe_objects_aside_publish(&aside, path, mode);
  }
out:
  vqe_objects_aside_close(&aside);
  free(path);
  return status;
}

static int copy_file(const char *target, const char *source)
{
  struct vqe_objects_aside aside = {.descriptor = -1};
  struct stat info;
  char *buffer = NULL;
  int from = -1;
  int status = vqe_memory_alloc(&buffer, COPY_SIZE, 1, "copying a file");
  if (status != VQE_OK) {
    return status;
  }
  from = open(source, O_RDONLY | O_CLOEXEC);
  if (from < 0) {
    status = vqe_objects_errno(errno, "cannot read", source);
    goto out;
  }
  if (fstat(from, &info) == 0 && !S_ISREG(info.st_mode)) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "cannot read '%s': it is not a file", source);
    goto out;
  }
  status = vqe_objects_aside_open(&aside, target);
  if (status != VQE_OK) {
    goto out;
  }
  for (;;) {
    ssize_t got = read(from, buffer, COPY_SIZE);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      status = vqe_objects_errno(errno, "reading", source);
      goto out;
    }
    if (got == 0) {
      break;
    }
    status = vqe_objects_write(aside.descriptor, buffer, (size_t)got, target);
    if (status != VQE_OK) {
      goto out;
    }
  }
  status = vqe_objects_aside_publish(&aside, target, VQE_OBJECTS_REPLACE);
out:
  if (from >= 0) {
    close(from);
  }
  vqe_objects_aside_close(&aside);
  free(buffer);
  return status;
}

static int local_put_file(void *place, const char *key, const char *path)
{
  char *target = NULL;
  int status = join(&target, place, key);
  if (status != VQE_OK) {
    return status;
  }
  status = copy_file(target, path);
  free(target);
  return status;
}

/* stat of a regular file; a folder, or a file where a folder should be, is
 * as good as nothing, as on S3. */
static int stat_file(struct stat *info, const char *path)
{
  if (stat(path, info) != 0) {
    return vqe_objects_errno(errno == ENOTDIR ? ENOENT : errno, "cannot read",
                             path);
  }
  if (!S_ISREG(info->st_mode)) {
    return vqe_error_set(VQE_ERR_NOT_FOUND,
                         "cannot read '%s': it is not a file", path);
  }
  return VQE_OK;
}

static int local_get(char **out, size_t *size, void *place, const char *key,
                     size_t limit)
{
  char *path = NULL;
  struct stat info;
  int status = join(&path, place, key);
  if (status != VQE_OK) {
    return status;
  }
  status = stat_file(&info, path);
  if (status == VQE_OK && access(path, R_OK) != 0) {
    status = vqe_objects_errno(errno, "cannot read", path);
  }
  if (status == VQE_OK) {
    status = vqe_file_read(out, size, path, limit);
  }
  free(path);
  return status;
}

static int local_get_file(void *place, const char *key, const char *path)
{
  char *source = NULL;
  struct stat info;
  int status = join(&source, place, key);
  if (status != VQE_OK) {
    return status;
  }
  status = stat_file(&info, source);
  if (status == VQE_OK) {
    status = copy_file(path, source);
  }
  free(source);
  return status;
}

static int local_head(uint64_t *size, void *place, const char *key)
{
  char *path = NULL;
  struct stat info;
  int status = join(&path, place, key);
  if (status != VQE_OK) {
    return status;
  }
  status = stat_file(&info, path);
  if (status == VQE_OK) {
    *size = (uint64_t)info.st_size;
  }
  free(path);
  return status;
}

struct entry {
  char *name; /* a folder's ends with '/' */
  uint64_t size;
  int64_t modified_ms;
};

static int compare_entries(const void *left, const void *right)
{
  const struct entry *a = left;
  const struct entry *b = right;
  return strcmp(a->name, b->name);
}

/* Add one directory entry, unless it is neither file nor folder, unfinished,
 * or gone meanwhile. */
static int add_entry(struct entry **entries, size_t *count, size_t *capacity,
                     DIR *stream, const char *name)
{
  struct stat info;
  struct entry entry = {0};
  bool is_link = false;
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
      strncmp(name, UNFINISHED, strlen(UNFINISHED)) == 0 ||
      fstatat(dirfd(stream), name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return VQE_OK;
  }
  is_link = S_ISLNK(info.st_mode);
  if (is_link && fstatat(dirfd(stream), name, &info, 0) != 0) {
    return VQE_OK;
  }
  bool is_folder = S_ISDIR(info.st_mode);
  if ((is_folder && is_link) || (!is_folder && !S_ISREG(info.st_mode))) {
    return VQE_OK;
  }
  if (*count == *capacity) {
    size_t more = *capacity == 0 ? 64 : 2 * *capacity;
    int status = vqe_memory_grow(entries, *count, more, sizeof **entries,
                                 "the entries of a directory");
    if (status != VQE_OK) {
      return status;
    }
    *capacity = more;
  }
  if (asprintf(&entry.name, "%s%s", name, is_folder ? "/" : "") < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
  }
  if (!is_folder) {
    entry.size = (uint64_t)info.st_size;
    entry.modified_ms =
        (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
  }
  (*entries)[(*count)++] = entry;
  return VQE_OK;
}

/* Folder by folder, sorted with the '/' that follows a folder's name, which
 * is the byte order of whole keys. */
static int local_list(void *place, const char *folder, bool recursive,
                      vqe_objects_visit visit, void *ctx)
{
  char *path = NULL;
  char *key = NULL;
  DIR *stream = NULL;
  struct entry *entries = NULL;
  size_t count = 0;
  size_t capacity = 0;
  int status = join(&path, place, folder);
  if (status != VQE_OK) {
    return status;
  }
  stream = opendir(path);
  if (stream == NULL) {
    if (errno != ENOENT && errno != ENOTDIR) {
      status = vqe_objects_errno(errno, "cannot list", path);
    }
    goto out;
  }
  for (;;) {
    errno = 0;
    struct dirent *item = readdir(stream);
    if (item == NULL) {
      if (errno != 0) {
        status = vqe_objects_errno(errno, "listing", path);
      }
      break;
    }
    status = add_entry(&entries, &count, &capacity, stream, item->d_name);
    if (status != VQE_OK) {
      break;
    }
  }
  /* closed before going down, so that depth costs no descriptors */
  closedir(stream);
  if (count > 1) {
    qsort(entries, count, sizeof *entries, compare_entries);
  }
  for (size_t k = 0; k < count && status == VQE_OK; k++) {
    struct vqe_object object = {.size = entries[k].size,
                                .modified_ms = entries[k].modified_ms};
    free(key);
    if (asprintf(&key, "%s%s", folder, entries[k].name) < 0) {
      key = NULL;
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
      break;
    }
    object.key = key;
    object.is_folder = key[strlen(key) - 1] == '/';
    if (object.is_folder && recursive) {
      status = local_list(place, key, true, visit, ctx);
    } else {
      status = visit(ctx, &object);
    }
  }
out:
  for (size_t k = 0; k < count; k++) {
    free(entries[k].name);
  }
  free(entries);
  free(key);
  free(path);
  return status;
}

static int local_remove(void *place, const char *key)
{
  char *path = NULL;
  int status = join(&path, place, key);
  if (status != VQE_OK) {
    return status;
  }
  if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR) {
    status = vqe_objects_errno(errno, "cannot remove", path);
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

int vqe_objects_local_open(void **place, const char *root)
{
  struct local *local = NULL;
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
    .head = local_head,
    .list = local_list,
    .remove = local_remove,
    .supports_conditional_put = local_supports_conditional_put,
    .close = local_close,
};
