#include "base/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"

/* The mark is locked under its first name, and then renamed: whoever finds it
 * unlocked under the second knows that its process has ended. It holds the
 * name of the host, as locks of some file systems end at one. */
#define NEW_MARK ".owner.new"
#define MARK ".owner"
#define HOST_BYTES 256
#define RANDOM_CHARACTERS 6
/* A folder without a mark is being made, or its process was killed then. */
#define UNMARKED_SECONDS 3600
/* Of folders within each other; ours have three. */
#define MAX_DEPTH 32

const char *vqe_temporary_place(void)
{
  const char *folder = getenv("TMPDIR");
  return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}

/* Whoever may write the folder above can put a link in the place of a folder
 * at any time: each is entered by its descriptor, and never through a link. */
static void remove_at(int parent, const char *name, int depth)
{
  struct dirent *entry;
  if (unlinkat(parent, name, 0) == 0 || depth == 0) {
    return;
  }
  int folder =
      openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *directory = folder >= 0 ? fdopendir(folder) : NULL;
  if (directory == NULL) {
    if (folder >= 0) {
      close(folder);
    }
    return;
  }
  while ((entry = readdir(directory)) != NULL) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      remove_at(folder, entry->d_name, depth - 1);
    }
  }
  closedir(directory);
  (void)unlinkat(parent, name, AT_REMOVEDIR);
}

void vqe_temporary_remove_tree(const char *path)
{
  if (path != NULL) {
    remove_at(AT_FDCWD, path, MAX_DEPTH);
  }
}

static void host_name(char name[HOST_BYTES])
{
  memset(name, 0, HOST_BYTES);
  (void)gethostname(name, HOST_BYTES - 1);
}

/* ---- what others left behind ---- */

/* Of a process of this host that has ended? */
static bool is_left(int folder)
{
  char ours[HOST_BYTES];
  char theirs[HOST_BYTES] = {0};
  bool left = false;
  int mark = openat(folder, MARK, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (mark >= 0) {
    host_name(ours);
    left = read(mark, theirs, HOST_BYTES - 1) > 0 &&
           strcmp(ours, theirs) == 0 && flock(mark, LOCK_EX | LOCK_NB) == 0;
    close(mark);
  }
  return left;
}

/* Remove one whose process was killed before it had marked it. */
static void remove_unmarked(int folder, const char *path,
                            const struct stat *info)
{
  if (faccessat(folder, MARK, F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
      errno == ENOENT && time(NULL) - info->st_mtime > UNMARKED_SECONDS) {
    (void)unlinkat(folder, NEW_MARK, 0);
    (void)rmdir(path);
  }
}

static void remove_if_left(const char *path)
{
  struct stat info;
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) {
    return;
  }
  /* in a folder of all users others make names like ours */
  if (fstat(folder, &info) == 0 && info.st_uid == geteuid()) {
    if (is_left(folder)) {
      vqe_temporary_remove_tree(path);
    } else {
      remove_unmarked(folder, path, &info);
    }
  }
  close(folder);
}

static void clean(const char *prefix)
{
  const char *slash = strrchr(prefix, '/');
  const char *base = slash != NULL ? slash + 1 : prefix;
  size_t size = strlen(base);
  char *folder = NULL;
  DIR *directory = NULL;
  struct dirent *entry;
  if (vqe_memory_print(&folder, "%.*s", (int)(base - prefix), prefix) ==
      VQE_OK) {
    directory = opendir(folder[0] != '\0' ? folder : ".");
  }
  while (directory != NULL && (entry = readdir(directory)) != NULL) {
    char *path = NULL;
    if (strncmp(entry->d_name, base, size) == 0 &&
        strlen(entry->d_name) == size + RANDOM_CHARACTERS &&
        vqe_memory_print(&path, "%s%s", folder, entry->d_name) == VQE_OK) {
      remove_if_left(path);
    }
    free(path);
  }
  if (directory != NULL) {
    closedir(directory);
  }
  free(folder);
}

/* ---- ours ---- */

/* Where a file system has no locks the folder stays without a mark that others
 * could take for left. */
static void mark(struct vqe_temporary *temporary)
{
  char host[HOST_BYTES];
  int folder = open(temporary->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int owner = -1;
  if (folder >= 0) {
    owner = openat(folder, NEW_MARK,
                   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  }
  host_name(host);
  if (owner >= 0 &&
      (flock(owner, LOCK_EX | LOCK_NB) != 0 ||
       write(owner, host, strlen(host)) != (ssize_t)strlen(host) ||
       renameat(folder, NEW_MARK, folder, MARK) != 0)) {
    close(owner);
    owner = -1;
  }
  temporary->owner = owner;
  if (folder >= 0) {
    close(folder);
  }
}

int vqe_temporary_make(struct vqe_temporary *out, const char *prefix)
{
  *out = (struct vqe_temporary){NULL, -1};
  clean(prefix);
  int status = vqe_memory_print(&out->path, "%sXXXXXX", prefix);
  if (status == VQE_OK && mkdtemp(out->path) == NULL) {
    int code = errno;
    status = vqe_file_errno(code, "cannot make a folder like", out->path);
    free(out->path);
    out->path = NULL;
    errno = code;
  }
  if (status == VQE_OK && out->path != NULL) {
    mark(out);
  }
  return status;
}

void vqe_temporary_remove(struct vqe_temporary *temporary)
{
  if (temporary->path != NULL) {
    vqe_temporary_remove_tree(temporary->path);
    free(temporary->path);
    temporary->path = NULL;
    if (temporary->owner >= 0) {
      close(temporary->owner);
      temporary->owner = -1;
    }
  }
}
