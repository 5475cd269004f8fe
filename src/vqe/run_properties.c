/* Properties of the best state. */
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "sim/density.h"
#include "vqe/orbital.h"
#include "vqe/run.h"

static int natural_occupations(struct vqe_result *result, const double *rdm1,
                               size_t norb)
{
  int status =
      vqe_memory_alloc(&result->natural_occupations, norb,
                       sizeof *result->natural_occupations, "occupations");
  if (status == VQE_OK) {
    result->noccupation = norb;
    status =
        vqe_density_occupations(result->natural_occupations, rdm1, (int)norb);
  }
  return status;
}

int vqe_run_properties(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  const struct vqe_integrals *integrals = run->integrals;
  struct vqe_properties properties;
  double *rdm1 = NULL;
  size_t n = (size_t)integrals->norb * (size_t)integrals->norb;
  int status =
      vqe_memory_alloc(&rdm1, n, sizeof *rdm1, "reduced density matrix");
  if (status != VQE_OK) {
    return status;
  }
  if (run->rotation != NULL) {
    status = vqe_orbital_turn(run, result->optimal_parameters);
  }
  if (status == VQE_OK) {
    status = vqe_estimator_properties(run->estimator, &properties, rdm1,
                                      result->optimal_parameters);
  }
  if (status == VQE_ERR_INTERRUPTED && run->late) {
    free(rdm1);
    return vqe_notes_add(&result->notes, VQE_NOTE_NO_PROPERTIES,
                         "the limit of time left none for <N>, <S^2> and the "
                         "dipole");
  }
  if (status == VQE_OK) {
    result->n_expectation = properties.n;
    result->sz_expectation = properties.sz;
    result->s2_expectation = properties.s2;
    result->reference_weight = properties.reference_weight;
    status = natural_occupations(result, rdm1, (size_t)integrals->norb);
  }
  if (status == VQE_OK) {
    if (run->rotation != NULL && integrals->dipole_ints != NULL) {
      vqe_rotation_dipole(result->dipole, run->rotation, rdm1);
    }
    for (int k = 0;
         run->rotation == NULL && integrals->dipole_ints != NULL && k < 3;
         k++) {
      double electrons = 0.0;
      for (size_t pq = 0; pq < n; pq++) {
        electrons += rdm1[pq] * integrals->dipole_ints[(size_t)k * n + pq];
      }
      result->dipole[k] = integrals->dipole_core[k] - electrons;
    }
  }
  free(rdm1);
  return status;
}
