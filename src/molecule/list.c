#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "molecule/molecule_build.h"

int vqe_molecule_list_add(struct vqe_molecule_list *list, size_t *capacity,
                          struct vqe_molecule *molecule, const char *name)
{
  int status = VQE_OK;
  char *reason = NULL;
  char *given = NULL;
  if (molecule == NULL) {
    status = vqe_memory_strdup(&reason, vqe_error_message());
  }
  if (status == VQE_OK && name != NULL) {
    status = vqe_memory_strdup(&given, name);
  }
  if (status == VQE_OK && list->count == *capacity) {
    size_t larger = *capacity == 0 ? 8 : 2 * *capacity;
    status = vqe_memory_grow(&list->entries, list->count, larger,
                             sizeof *list->entries, "list of molecules");
    if (status == VQE_OK) {
      *capacity = larger;
    }
  }
  if (status != VQE_OK) {
    free(reason);
    free(given);
    vqe_molecule_free(molecule);
    return status;
  }
  list->entries[list->count].molecule = molecule;
  list->entries[list->count].reason = reason;
  list->entries[list->count].name = given;
  list->count++;
  return VQE_OK;
}

int vqe_molecule_list_parse(struct vqe_molecule_list **out, const char *text,
                            size_t size, const char *format,
                            const char *source)
{
  struct vqe_molecule_list *list = NULL;
  int status = VQE_OK;
  if (size > VQE_MAX_MOLECULE_FILE) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%.400s' is larger than the limit of %zu bytes",
                         source, VQE_MAX_MOLECULE_FILE);
  }
  status = vqe_memory_alloc(&list, 1, sizeof *list, "list of molecules");
  if (status != VQE_OK) {
    return status;
  }
  if (strcasecmp(format, "json") == 0) {
    status = vqe_molecule_read_json(list, text, size, source);
  } else if (strcasecmp(format, "xyz") == 0) {
    status = vqe_molecule_read_xyz(list, text, size, source);
  } else {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "molecule format '%.32s' is not known; use "
                           "\"json\" or \"xyz\"",
                           format);
  }
  if (status != VQE_OK) {
    vqe_molecule_list_free(list);
    return status;
  }
  *out = list;
  return VQE_OK;
}

static bool ends_with(const char *path, const char *suffix)
{
  size_t length = strlen(path);
  size_t tail = strlen(suffix);
  return length >= tail && strcasecmp(path + length - tail, suffix) == 0;
}

int vqe_molecule_list_read(struct vqe_molecule_list **out, const char *path)
{
  char *text = NULL;
  size_t size = 0;
  int status = vqe_file_read(&text, &size, path, VQE_MAX_MOLECULE_FILE);
  if (status != VQE_OK) {
    return status;
  }
  const char *format = ends_with(path, ".xyz") ? "xyz" : "json";
  if (!ends_with(path, ".xyz") && !ends_with(path, ".json")) {
    /* JSON starts with a bracket, XYZ with a count */
    size_t skip = strspn(text, " \t\r\n");
    format = text[skip] >= '0' && text[skip] <= '9' ? "xyz" : "json";
  }
  status = vqe_molecule_list_parse(out, text, size, format, path);
  free(text);
  return status;
}

void vqe_molecule_list_free(struct vqe_molecule_list *list)
{
  if (list == NULL) {
    return;
  }
  for (size_t k = 0; k < list->count; k++) {
    vqe_molecule_free(list->entries[k].molecule);
    free(list->entries[k].reason);
    free(list->entries[k].name);
  }
  free(list->entries);
  free(list);
}
