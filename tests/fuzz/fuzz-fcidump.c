/* Reader of FCIDUMP files, by three choices of the active space. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "vqe/chem.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_chem_options options[3] = {
      VQE_CHEM_OPTIONS_INIT, VQE_CHEM_OPTIONS_INIT, VQE_CHEM_OPTIONS_INIT};
  options[1].frozen_core = 1;
  options[2].active_electrons = 2;
  options[2].active_orbitals = 2;
  for (int k = 0; k < 3; k++) {
    struct vqe_integrals *integrals = NULL;
    int status = vqe_fcidump_parse(&integrals, (const char *)data, size,
                                   "fuzz", &options[k]);
    if ((status == VQE_OK) != (integrals != NULL)) {
      abort();
    }
    if (integrals != NULL && !isfinite(integrals->hf_energy)) {
      abort();
    }
    vqe_integrals_free(integrals);
  }
  return 0;
}
