#include "campaign/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error_message.h"
#include "base/memory.h"

#define RESULT ".h5"
#define JOURNAL ".h5.journal"

int vqe_folder_part(char **out, const char *lane, int number)
{
  return lane != NULL ? vqe_memory_print(out, "part-%s-%04d", lane, number)
                      : vqe_memory_print(out, "part-%04d", number);
}

bool vqe_folder_is_part(char lane[64], int *number, const char *name)
{
  int used = 0;
  lane[0] = '\0';
  if (sscanf(name, "part-%4d.json%n", number, &used) == 1 && used > 0 &&
      name[used] == '\0') {
    return true;
  }
  used = 0;
  return sscanf(name, "part-%63[A-Za-z0-9_]-%4d.json%n", lane, number,
                &used) == 2 &&
         used > 0 && name[used] == '\0';
}

int vqe_folder_path(char **out, const char *folder, const char *name)
{
  return vqe_memory_print(out, "%s/%s", folder, name);
}

static bool ends_with(const char *name, const char *end)
{
  size_t length = strlen(name);
  size_t tail = strlen(end);
  return length > tail && strcmp(name + length - tail, end) == 0;
}

static int is_part(const struct dirent *entry)
{
  char lane[64];
  int number;
  return vqe_folder_is_part(lane, &number, entry->d_name);
}

static int is_output(const struct dirent *entry)
{
  return entry->d_name[0] != '.' && (ends_with(entry->d_name, RESULT) ||
                                     ends_with(entry->d_name, JOURNAL));
}

static int add_name(struct vqe_folder_names *names, char *name)
{
  int status = VQE_OK;
  size_t count = names->count;
  if ((count & (count - 1)) == 0) { /* room for a power of two of them */
    status = vqe_memory_grow(&names->list, count, count > 0 ? 2 * count : 1,
                             sizeof *names->list, "names of files");
  }
  if (status != VQE_OK) {
    free(name);
    return status;
  }
  names->list[names->count++] = name;
  return VQE_OK;
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A result and its journal are one. */
static void keep_one_of_each(struct vqe_folder_names *names)
{
  size_t kept = 0;
  if (names->count > 1) {
    qsort(names->list, names->count, sizeof *names->list, compare_names);
  }
  for (size_t k = 0; k < names->count; k++) {
    if (kept > 0 && strcmp(names->list[kept - 1], names->list[k]) == 0) {
      free(names->list[k]);
    } else {
      names->list[kept++] = names->list[k];
    }
  }
  names->count = kept;
}

/* Names, or paths without what stands behind ".h5". */
static int list(struct vqe_folder_names *out, const char *folder,
                int (*filter)(const struct dirent *), bool paths)
{
  struct dirent **entries = NULL;
  *out = (struct vqe_folder_names){.count = 0};
  int count = scandir(folder, &entries, filter, alphasort);
  int status = VQE_OK;
  if (count < 0) {
    return vqe_error_set(errno == ENOENT ? VQE_ERR_NOT_FOUND : VQE_ERR_IO,
                         "folder '%s': %s", folder, strerror(errno));
  }
  for (int k = 0; k < count; k++) {
    char *name = entries[k]->d_name;
    char *made = NULL;
    if (paths && ends_with(name, JOURNAL)) {
      name[strlen(name) - strlen(JOURNAL) + strlen(RESULT)] = '\0';
    }
    if (status == VQE_OK) {
      status = paths ? vqe_folder_path(&made, folder, name)
                     : vqe_memory_strdup(&made, name);
    }
    if (status == VQE_OK) {
      status = add_name(out, made);
      made = NULL;
    }
    free(made);
    free(entries[k]);
  }
  free(entries);
  keep_one_of_each(out);
  return status;
}

int vqe_folder_parts(struct vqe_folder_names *out, const char *folder)
{
  return list(out, folder, is_part, false);
}

int vqe_folder_outputs(struct vqe_folder_names *out, const char *folder)
{
  return list(out, folder, is_output, true);
}

void vqe_folder_names_free(struct vqe_folder_names *names)
{
  for (size_t k = 0; k < names->count; k++) {
    free(names->list[k]);
  }
  free(names->list);
  *names = (struct vqe_folder_names){.count = 0};
}
