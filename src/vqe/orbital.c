#include "vqe/orbital.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/rotation.h"

bool vqe_orbital_asked(const struct vqe_experiment *experiment)
{
  const struct vqe_option_list *options = &experiment->ansatz_options;
  for (size_t k = 0; k < options->count; k++) {
    if (strcmp(options->items[k].key, "orbital_optimization") == 0) {
      return strcmp(options->items[k].json, "true") == 0;
    }
  }
  return false;
}

static int begin(struct vqe_run *run, const uint8_t *irrep)
{
  size_t npair = (size_t)run->hamiltonian->npair;
  int status = vqe_rotation_create(&run->rotation, run->integrals, irrep);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&run->pairs1, npair, sizeof(double),
                              "one-body density");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&run->pairs2, npair * npair, sizeof(double),
                              "two-body density");
  }
  return status;
}

int vqe_orbital_begin(struct vqe_run *run)
{
  const struct vqe_integrals *integrals = run->integrals;
  const struct vqe_integrals *whole = integrals->whole;
  struct vqe_hamiltonian *all = NULL;
  const uint8_t none[VQE_MAX_ORBITALS] = {0};
  int status = VQE_OK;
  bool symmetry = run->experiment->symmetry && whole->norb <= VQE_MAX_ORBITALS;
  if (symmetry) {
    status = vqe_hamiltonian_create(&all, whole->norb, whole->h1e, whole->eri,
                                    0.0, true, VQE_RUN_SECTOR_ZERO);
  }
  if (status == VQE_OK && symmetry && whole->irreps != NULL) {
    vqe_hamiltonian_label(all, whole->nirrep, whole->irreps);
  }
  if (status == VQE_OK) {
    vqe_hamiltonian_label(run->hamiltonian, symmetry ? all->nirrep : 1,
                          symmetry ? all->irrep + integrals->nfrozen : none);
    status = begin(run, symmetry ? all->irrep : NULL);
  }
  vqe_hamiltonian_free(all);
  return status;
}

int vqe_orbital_begin_without(struct vqe_run *run)
{
  return begin(run, NULL);
}

void vqe_orbital_clear(struct vqe_run *run)
{
  vqe_rotation_free(run->rotation);
  free(run->pairs1);
  free(run->pairs2);
}

int vqe_orbital_turn(struct vqe_run *run, const double *parameters)
{
  struct vqe_rotation *rotation = run->rotation;
  int status = vqe_rotation_apply(rotation, parameters + run->ansatz->nparam);
  if (status != VQE_OK) {
    return status;
  }
  vqe_hamiltonian_update(run->hamiltonian, rotation->h1e, rotation->eri,
                         rotation->e_core);
  return vqe_estimator_refresh(run->estimator);
}

int vqe_orbital_evaluate(struct vqe_run *run, double *energy, double *gradient,
                         const double *parameters)
{
  int status = vqe_orbital_turn(run, parameters);
  if (status != VQE_OK || gradient == NULL) {
    return status == VQE_OK
               ? vqe_estimator_energy(run->estimator, energy, parameters)
               : status;
  }
  status =
      vqe_estimator_gradient(run->estimator, energy, gradient, parameters);
  if (status == VQE_OK) {
    status = vqe_estimator_densities(run->estimator, run->pairs1, run->pairs2,
                                     parameters);
  }
  if (status == VQE_OK) {
    status = vqe_rotation_gradient(gradient + run->ansatz->nparam,
                                   run->rotation, run->pairs1, run->pairs2);
  }
  return status;
}
