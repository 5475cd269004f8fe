#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "molecule/molecule_build.h"
#include "molecule/molecule_title.h"

int vqe_molecule_list_add(struct vqe_molecule_list *list, size_t *capacity,
                          struct vqe_molecule *molecule, const char *name)
{
  int status = VQE_OK;
  char *reason = NULL;
  char *given = NULL;
  VQE_ASSERT(list->count <= *capacity);
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

int vqe_molecule_list_name(struct vqe_molecule_list *list, const char *source)
{
  char *stem = NULL;
  int status = vqe_molecule_stem(&stem, source);
  for (size_t k = 0; status == VQE_OK && k < list->count; k++) {
    struct vqe_molecule *molecule = list->entries[k].molecule;
    if (molecule == NULL || molecule->name[0] != '\0') {
      continue;
    }
    free(molecule->name);
    status = list->count == 1
                 ? vqe_memory_strdup(&molecule->name, stem)
                 : vqe_memory_print(&molecule->name, "%s-%zu", stem, k);
  }
  free(stem);
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
