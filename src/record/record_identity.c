/* The identity of a record that came without one. */
#include <jansson.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "record/record.h"
#include "record/record_tree.h"
#include "vqe/canonical.h"

int vqe_record_canonical(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                         const struct vqe_record *record)
{
  *text = NULL;
  json_t *whole = json_pack(
      "{s:o, s:s, s:o}", "molecule_data",
      vqe_record_tree(&vqe_fields_atoms, record, vqe_canonical_double),
      "basis_set", record->basis_set, "initial_data",
      vqe_record_tree(&vqe_fields_initial, record, vqe_canonical_double));
  if (whole == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a record's identity");
  }
  int status = vqe_canonical_dump(id, text, whole);
  json_decref(whole);
  return status;
}

int vqe_record_identify(struct vqe_record *record)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  if (record->experiment_id != NULL) {
    return VQE_OK;
  }
  int status = vqe_record_canonical(id, &text, record);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&record->experiment_id, id);
  }
  free(text);
  return status;
}
