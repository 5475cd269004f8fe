#include "base/aside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"

#define DIGITS 16
#define DRAW_SIZE (DIGITS + 1)
#define ENDING ".tmp"
/* Names that are taken, or files that another one swept away before they were
 * locked: neither happens twice by chance. */
#define ATTEMPTS 8

/* Hex digits that nobody can guess. */
static int draw_digits(char out[DRAW_SIZE])
{
  uint64_t draw = 0;
  ssize_t got;
  do {
    got = getrandom(&draw, sizeof draw, 0);
  } while (got < 0 && errno == EINTR);
  if (got != (ssize_t)sizeof draw) {
    return vqe_error_set(VQE_ERR_IO, "the system gives no random numbers: %s",
                         strerror(errno));
  }
  snprintf(out, DRAW_SIZE, "%016llx", (unsigned long long)draw);
  return VQE_OK;
}

/* The new file aside->name, locked. Between making and locking it looks like
 * one that was left: swept away then, it has no name any more, which counts
 * as EEXIST. So does one that another user who may read it has locked
 * meanwhile: nobody is waited for. */
static int make(struct vqe_aside *aside)
{
  struct stat info;
  bool taken;
  aside->descriptor = open(
      aside->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (aside->descriptor < 0) {
    return errno;
  }
  taken =
      flock(aside->descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (taken) {
    (void)unlink(aside->name);
  }
  if (taken || (fstat(aside->descriptor, &info) == 0 && info.st_nlink == 0)) {
    close(aside->descriptor);
    aside->descriptor = -1;
    return EEXIST;
  }
  return 0;
}

static void forget(struct vqe_aside *aside)
{
  free(aside->name);
  *aside = (struct vqe_aside)VQE_ASIDE_INIT;
}

int vqe_aside_open(struct vqe_aside *aside, const char *path)
{
  char draw[DRAW_SIZE];
  int code = EEXIST;
  int status = VQE_OK;
  *aside = (struct vqe_aside)VQE_ASIDE_INIT;
  for (int k = 0; k < ATTEMPTS && status == VQE_OK && code == EEXIST; k++) {
    free(aside->name);
    aside->name = NULL;
    status = draw_digits(draw);
    if (status == VQE_OK) {
      status = vqe_memory_print(&aside->name, "%s.%s" ENDING, path, draw);
    }
    if (status == VQE_OK) {
      code = make(aside);
    }
  }
  if (status == VQE_OK && code != 0) {
    (void)vqe_file_errno(code, "cannot write", path);
    status = VQE_ERR_IO;
  }
  if (status != VQE_OK) {
    forget(aside);
    errno = status == VQE_ERR_MEMORY ? ENOMEM : code;
  }
  return status;
}

int vqe_aside_open_as(struct vqe_aside *aside, const char *name)
{
  int code = EEXIST;
  *aside = (struct vqe_aside)VQE_ASIDE_INIT;
  int status = vqe_memory_strdup(&aside->name, name);
  for (int k = 0; k < ATTEMPTS && status == VQE_OK && code == EEXIST; k++) {
    code = unlink(name) == 0 || errno == ENOENT ? make(aside) : errno;
  }
  if (status == VQE_OK && code != 0) {
    (void)vqe_file_errno(code, "cannot write", name);
    status = VQE_ERR_IO;
  }
  if (status != VQE_OK) {
    forget(aside);
  }
  return status;
}

int vqe_aside_publish(struct vqe_aside *aside, const char *path)
{
  int status = VQE_OK;
  if (fsync(aside->descriptor) != 0 || rename(aside->name, path) != 0) {
    status = vqe_error_set(VQE_ERR_IO, "cannot put '%s' in place: %s", path,
                           strerror(errno));
    (void)unlink(aside->name);
  }
  close(aside->descriptor);
  forget(aside);
  if (status == VQE_OK) {
    vqe_file_sync_parent(path);
  }
  return status;
}

void vqe_aside_close(struct vqe_aside *aside)
{
  if (aside->descriptor >= 0) {
    (void)unlink(aside->name);
    close(aside->descriptor);
  }
  forget(aside);
}

int vqe_aside_write(const char *path, const void *data, size_t size)
{
  struct vqe_aside aside;
  int status = vqe_aside_open(&aside, path);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_file_write_all(aside.descriptor, path, data, size);
  if (status == VQE_OK) {
    return vqe_aside_publish(&aside, path);
  }
  vqe_aside_close(&aside);
  return status;
}

/* ---- what crashed writers left ---- */

/* Is `name` that of a file beside `base`, or, where that is empty, beside any
 * file? */
static bool is_aside(const char *name, const char *base)
{
  const size_t tail = 1 + DIGITS + strlen(ENDING);
  size_t length = strlen(name);
  if (length <= tail) {
    return false;
  }
  const char *end = name + length - tail;
  bool same = base[0] == '\0' || (strlen(base) == length - tail &&
                                  strncmp(name, base, length - tail) == 0);
  return same && end[0] == '.' &&
         strspn(end + 1, "0123456789abcdef") == DIGITS &&
         strcmp(end + 1 + DIGITS, ENDING) == 0;
}

/* Remove a file that is ours and that nobody holds. */
static void sweep_one(int folder, const char *name)
{
  struct stat info;
  int descriptor =
      openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    return;
  }
  if (fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) &&
      info.st_uid == geteuid() && flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    (void)unlinkat(folder, name, 0);
  }
  close(descriptor);
}

void vqe_aside_sweep(const char *path)
{
  const char *slash = strrchr(path, '/');
  const char *base = slash != NULL ? slash + 1 : path;
  char *folder = NULL;
  if (vqe_memory_print(&folder, "%.*s", (int)(base - path), path) != VQE_OK) {
    return;
  }
  DIR *directory = opendir(slash != NULL ? folder : ".");
  free(folder);
  if (directory == NULL) {
    return;
  }
  for (struct dirent *entry = readdir(directory); entry != NULL;
       entry = readdir(directory)) {
    if (is_aside(entry->d_name, base)) {
      sweep_one(dirfd(directory), entry->d_name);
    }
  }
  closedir(directory);
}
