#include "chem/integrals_new.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/functions.h"

int vqe_integrals_new(struct vqe_integrals **out, int norb, bool with_dipole)
{
  struct vqe_integrals *integrals = NULL;
  VQE_ASSERT(norb >= 0);
  size_t n = (size_t)norb;
  size_t npair = n * (n + 1) / 2;
  int status = vqe_memory_alloc(&integrals, 1, sizeof *integrals, "integrals");
  if (status != VQE_OK) {
    return status;
  }
  integrals->norb = norb;
  status = vqe_memory_alloc(&integrals->h1e, n * n, sizeof(double),
                            "one-electron integrals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&integrals->eri, npair * npair, sizeof(double),
                              "two-electron integrals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&integrals->orbital_energies, n, sizeof(double),
                              "orbital energies");
  }
  if (status == VQE_OK && with_dipole) {
    status = vqe_memory_alloc(&integrals->dipole_ints, 3 * n * n,
                              sizeof(double), "dipole integrals");
  }
  if (status != VQE_OK) {
    vqe_integrals_free(integrals);
    return status;
  }
  *out = integrals;
  return VQE_OK;
}

void vqe_integrals_free(struct vqe_integrals *integrals)
{
  if (integrals == NULL) {
    return;
  }
  free(integrals->h1e);
  free(integrals->eri);
  free(integrals->orbital_energies);
  free(integrals->dipole_ints);
  free(integrals->notes);
  free(integrals->irreps);
  free(integrals->orbitals);
  vqe_orbitals_free(integrals->to_follow);
  vqe_functions_free(integrals->functions);
  vqe_integrals_free(integrals->whole);
  free(integrals);
}
