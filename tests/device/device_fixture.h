/* What tests of device estimators share. */
#ifndef VQE_TEST_DEVICE_FIXTURE_H
#define VQE_TEST_DEVICE_FIXTURE_H

#include "emulated_device.h"
#include "sim/sim_fixture.h"

/* There only where the device is emulated. */
#pragma weak vqe_emulated_backwards
#pragma weak vqe_emulated_bytes
#pragma weak vqe_emulated_promise
#pragma weak vqe_emulated_launch
#pragma weak vqe_emulated_library

static inline bool no_device(void)
{
  const char *reason = NULL;
  if (vqe_devices(&reason) > 0) {
    return false;
  }
  print_message("skipped: %s\n", reason);
  return true;
}

static inline bool no_library(void)
{
  char version[16];
  const char *reason = NULL;
  if (vqe_devices(&reason) == 0) {
    print_message("skipped: %s\n", reason);
    return true;
  }
  if (vqe_custatevec_version(version, sizeof version) != VQE_OK) {
    print_message("skipped: %s\n", vqe_error_message());
    return true;
  }
  print_message("cuStateVec %s\n", version);
  return false;
}

static inline bool not_emulated(void)
{
  if (&vqe_emulated_backwards != NULL) {
    return false;
  }
  print_message("skipped: needs an emulated device\n");
  return true;
}

struct problem {
  struct vqe_integrals *integrals;
  struct vqe_hamiltonian *hamiltonian;
  struct vqe_ansatz *ansatz;
  double *parameters;
};

static inline struct problem
problem_of(const char *molecule, const char *ansatz, int reps, bool symmetry)
{
  struct problem out;
  out.integrals = fixture_read(molecule);
  out.hamiltonian = fixture_total(out.integrals, symmetry);
  out.ansatz = fixture_ansatz(ansatz, NULL, reps, out.hamiltonian,
                              out.integrals->nalpha, out.integrals->nbeta);
  out.parameters = fixture_parameters(out.ansatz->nparam, 0.4, 11);
  return out;
}

static inline void problem_clear(struct problem *problem)
{
  free(problem->parameters);
  vqe_ansatz_free(problem->ansatz);
  vqe_hamiltonian_free(problem->hamiltonian);
  vqe_integrals_free(problem->integrals);
}

#endif
