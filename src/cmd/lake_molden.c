/* vqe_lake molden: the natural orbitals of a stored result for programs that
 * draw orbitals. */
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/molden.h"
#include "lake_stored.h"

/* Frozen orbitals hold two electrons each, then come those of the state. */
static int print(char **out, const struct vqe_result *result,
                 const struct vqe_property *orbitals,
                 const struct vqe_cmd_lake_options *options)
{
  (void)options;
  size_t norb = (size_t)orbitals->shape[1];
  size_t frozen = (size_t)result->nfrozen;
  double *occupations = NULL;
  if (norb != frozen + result->noccupation) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "experiment %.12s: %zu natural orbitals, %zu "
                         "occupations: the file is damaged",
                         result->experiment->id, norb,
                         frozen + result->noccupation);
  }
  int status =
      vqe_memory_alloc(&occupations, norb, sizeof *occupations, "occupations");
  for (size_t k = 0; status == VQE_OK && k < norb; k++) {
    occupations[k] =
        k < frozen ? 2.0 : result->natural_occupations[k - frozen];
  }
  if (status == VQE_OK) {
    status = vqe_molden_print(out, result->experiment->molecule,
                              result->experiment->basis_set, orbitals->values,
                              (int)orbitals->shape[0], occupations, (int)norb);
  }
  free(occupations);
  return status;
}

int vqe_cmd_lake_run_molden(struct vqe_cmd_lake_options *options)
{
  const struct vqe_cmd_lake_stored wanted = {.property = "natural_orbitals",
                                             .what = "natural orbitals",
                                             .print = print,
                                             .options = options};
  return vqe_cmd_lake_print_stored(&wanted);
}
