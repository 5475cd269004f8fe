#include "lake/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"

/* Folders beside a warehouse are called ".NAME.vqe-XXXXXX". */
#define MARK ".vqe-"

static int remove_entry(const char *path, const struct stat *info, int type,
                        struct FTW *place)
{
  (void)info;
  (void)type;
  (void)place;
  (void)remove(path);
  return 0;
}

void vqe_scratch_remove(const char *scratch)
{
  if (scratch != NULL) {
    (void)nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  }
}

/* Where the last component of a path starts. */
static size_t base_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash != NULL ? (size_t)(slash + 1 - path) : 0;
}

/* False when it cannot be made there. */
static bool make_beside(char **out, const char *place)
{
  char *path = NULL;
  size_t base = base_of(place);
  if (vqe_memory_print(&path, "%.*s.%s" MARK "XXXXXX", (int)base, place,
                       place + base) != VQE_OK) {
    return false;
  }
  if (mkdtemp(path) == NULL) {
    free(path);
    return false;
  }
  *out = path;
  return true;
}

int vqe_scratch_make(char **out, const char *folder, const char *place)
{
  bool given = folder != NULL;
  *out = NULL;
  if (folder == NULL && place != NULL && make_beside(out, place)) {
    return VQE_OK;
  }
  if (folder == NULL) {
    folder = getenv("TMPDIR");
  }
  if (folder == NULL || folder[0] == '\0') {
    folder = "/tmp";
  }
  int status = vqe_memory_print(out, "%s/vqe-lake-XXXXXX", folder);
  if (status == VQE_OK && mkdtemp(*out) == NULL) {
    status = vqe_error_set(errno == ENOSPC ? VQE_ERR_IO : VQE_ERR_INPUT,
                           "no folder for temporary files in '%s': %s; "
                           "%s one that can be written",
                           folder, strerror(errno),
                           given ? "name by --scratch" : "set TMPDIR to");
    free(*out);
    *out = NULL;
  }
  return status;
}

void vqe_scratch_remove_stale(const char *place, const char *ours)
{
  size_t base = base_of(place);
  char *folder = NULL;
  char *prefix = NULL;
  DIR *directory = NULL;
  struct dirent *entry;
  if (vqe_memory_print(&folder, "%.*s", (int)base, place) == VQE_OK &&
      vqe_memory_print(&prefix, ".%s" MARK, place + base) == VQE_OK) {
    directory = opendir(folder);
  }
  while (directory != NULL && (entry = readdir(directory)) != NULL) {
    char *path = NULL;
    if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
        strlen(entry->d_name) == strlen(prefix) + 6 &&
        vqe_memory_print(&path, "%s%s", folder, entry->d_name) == VQE_OK &&
        strcmp(path, ours) != 0) {
      vqe_scratch_remove(path);
    }
    free(path);
  }
  if (directory != NULL) {
    closedir(directory);
  }
  free(prefix);
  free(folder);
}
