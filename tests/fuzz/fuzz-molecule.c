/* Readers of molecules. The first byte chooses the format; what has been
 * read must validate again, or carry a reason. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "vqe/error.h"
#include "vqe/molecule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_molecule_list *list = NULL;
  if (size == 0) {
    return 0;
  }
  const char *format = data[0] == 'x' ? "xyz" : "json";
  int status = vqe_molecule_list_parse(&list, (const char *)data + 1, size - 1,
                                       format, "fuzz");
  if (status != VQE_OK) {
    if (vqe_error_message()[0] == '\0') {
      abort();
    }
    return 0;
  }
  for (size_t k = 0; k < list->count; k++) {
    const struct vqe_molecule *molecule = list->entries[k].molecule;
    if ((molecule == NULL) == (list->entries[k].reason == NULL)) {
      abort();
    }
    if (molecule != NULL && (vqe_molecule_validate(molecule, "fuzz") != 0 ||
                             molecule->name[0] == '\0')) {
      abort();
    }
  }
  vqe_molecule_list_free(list);
  return 0;
}
