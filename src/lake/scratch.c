#include "lake/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"

/* Folders beside a warehouse are called ".NAME.vqe-XXXXXX". */
#define MARK ".vqe-"

/* Where the last component of a path starts. */
static size_t base_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash != NULL ? (size_t)(slash + 1 - path) : 0;
}

/* False when it cannot be made there. */
static bool make_beside(struct vqe_temporary *out, const char *place)
{
  char *prefix = NULL;
  size_t base = base_of(place);
  bool made = vqe_memory_print(&prefix, "%.*s.%s" MARK, (int)base, place,
                               place + base) == VQE_OK &&
              vqe_temporary_make(out, prefix) == VQE_OK;
  free(prefix);
  return made;
}

int vqe_scratch_make(struct vqe_temporary *out, const char *folder,
                     const char *place)
{
  bool given = folder != NULL;
  char *prefix = NULL;
  *out = (struct vqe_temporary){NULL, -1};
  if (folder == NULL && place != NULL && make_beside(out, place)) {
    return VQE_OK;
  }
  if (folder == NULL || folder[0] == '\0') {
    folder = vqe_temporary_place();
  } else if (vqe_file_is_link_of_others(folder)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' is a symbolic link of another user, through "
                         "which nothing is written; name the folder itself "
                         "by --scratch",
                         folder);
  }
  int status = vqe_memory_print(&prefix, "%s/vqe-lake-", folder);
  if (status == VQE_OK && vqe_temporary_make(out, prefix) != VQE_OK) {
    status = vqe_error_set(errno == ENOSPC ? VQE_ERR_IO : VQE_ERR_INPUT,
                           "no folder for temporary files in '%s': %s; "
                           "%s one that can be written",
                           folder, strerror(errno),
                           given ? "name by --scratch" : "set TMPDIR to");
  }
  free(prefix);
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
    struct stat info;
    if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
        strlen(entry->d_name) == strlen(prefix) + 6 &&
        vqe_memory_print(&path, "%s%s", folder, entry->d_name) == VQE_OK &&
        strcmp(path, ours) != 0 && vqe_file_lstat(&info, path) == 0 &&
        info.st_uid == geteuid()) {
      vqe_temporary_remove_tree(path);
    }
    free(path);
  }
  if (directory != NULL) {
    closedir(directory);
  }
  free(prefix);
  free(folder);
}
