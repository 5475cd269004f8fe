/* Readers of basis files (the content decides the format), with every element
 * wanted (which ends in an error) and with hydrogen alone. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "chem/basis.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  for (int all = 0; all < 2; all++) {
    bool wanted[VQE_MAX_Z + 1] = {false};
    struct vqe_basis *basis = NULL;
    for (int z = 1; z <= (all ? VQE_MAX_Z : 1); z++) {
      wanted[z] = true;
    }
    int status =
        vqe_basis_parse(&basis, (const char *)data, size, "fuzz", wanted);
    if ((status == VQE_OK) != (basis != NULL)) {
      abort();
    }
    for (size_t k = 0; basis != NULL && k < basis->nshell; k++) {
      if (basis->shells[k].nprim < 1 || basis->shells[k].nctr < 1) {
        abort();
      }
    }
    vqe_basis_free(basis);
  }
  return 0;
}
