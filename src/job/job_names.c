#include "job/job_names.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"

static int count_names(json_t **out, const struct vqe_job_molecules *molecules)
{
  json_t *counts = json_object();
  int failed = counts == NULL;
  for (size_t k = 0; !failed && k < molecules->count; k++) {
    const char *name = molecules->items[k].name;
    json_int_t count = json_integer_value(json_object_get(counts, name));
    failed = json_object_set_new(counts, name, json_integer(count + 1));
  }
  if (failed) {
    json_decref(counts);
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for names of molecules");
  }
  *out = counts;
  return VQE_OK;
}

/* One pass over the names that several molecules have. */
static int part_names(struct vqe_job_molecules *molecules, bool by_file)
{
  json_t *counts = NULL;
  int status = count_names(&counts, molecules);
  for (size_t k = 0; status == VQE_OK && k < molecules->count; k++) {
    struct vqe_job_molecule *entry = &molecules->items[k];
    if (entry->name_given ||
        json_integer_value(json_object_get(counts, entry->name)) < 2) {
      continue;
    }
    char *name = NULL;
    if (!by_file) {
      status = vqe_memory_print(&name, "%s-%zu", entry->name, k);
    } else if (entry->place != NULL) {
      status = vqe_memory_strdup(&name, entry->place);
    } else {
      continue;
    }
    if (status == VQE_OK) {
      free(entry->name);
      entry->name = name;
    }
  }
  json_decref(counts);
  return status;
}

int vqe_job_names_settle(struct vqe_job_molecules *molecules)
{
  int status = part_names(molecules, true);
  if (status == VQE_OK) {
    status = part_names(molecules, false);
  }
  for (size_t k = 0; status == VQE_OK && k < molecules->count; k++) {
    struct vqe_molecule *molecule = molecules->items[k].molecule;
    if (molecule != NULL) {
      free(molecule->name);
      status = vqe_memory_strdup(&molecule->name, molecules->items[k].name);
    }
  }
  return status;
}
