#include "vqe/orbital_list.h"

#include <jansson.h>

#include "base/error_message.h"
#include "base/json_text.h"

int vqe_orbital_list(char **out, const struct vqe_integrals *integrals)
{
  *out = NULL;
  if (integrals->orbitals == NULL) {
    return VQE_OK;
  }
  json_t *list = json_array();
  int failed = list == NULL;
  for (int k = 0; k < integrals->norb; k++) {
    const struct vqe_orbital *orbital = &integrals->orbitals[k];
    json_t *item = json_pack(
        "{s:o, s:f, s:f, s:s, s:o}", "number",
        orbital->number > 0 ? json_integer(orbital->number) : json_null(),
        "energy", orbital->energy, "occupation", orbital->occupation, "irrep",
        orbital->irrep, "character",
        orbital->character[0] != '\0' ? json_string(orbital->character)
                                      : json_null());
    failed |= json_array_append_new(list, item);
  }
  if (!failed) {
    *out = vqe_json_dumps(list, JSON_COMPACT);
  }
  json_decref(list);
  return *out != NULL
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for the orbitals");
}
