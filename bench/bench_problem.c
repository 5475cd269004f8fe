#include "bench_problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

/* As a run of vqe_batch takes it for a state of one symmetry. */
#define SECTOR_ZERO 1e-8

int bench_problem_read(struct bench_problem *out,
                       const struct bench_settings *settings,
                       const char *molecule, const char *ansatz)
{
  struct vqe_chem_options chem = VQE_CHEM_OPTIONS_INIT;
  bool uccsd = strcmp(ansatz, "UCCSD") == 0;
  char path[4096];
  memset(out, 0, sizeof *out);
  if ((size_t)snprintf(path, sizeof path, "%s/%s.fcidump", settings->data,
                       molecule) >= sizeof path) {
    return vqe_error_set(VQE_ERR_INPUT, "--data: the path is too long");
  }
  int status = vqe_fcidump_read(&out->integrals, path, &chem);
  if (status == VQE_OK) {
    const struct vqe_integrals *integrals = out->integrals;
    status = vqe_hamiltonian_create(
        &out->hamiltonian, integrals->norb, integrals->h1e, integrals->eri,
        integrals->e_core + integrals->nuclear_repulsion, true,
        uccsd ? SECTOR_ZERO : 0.0);
  }
  if (status == VQE_OK) {
    struct vqe_ansatz_options options = {
        .size = sizeof options,
        .name = ansatz,
        .reps = vqe_ansatz_default_reps(ansatz),
        .norb = out->integrals->norb,
        .nalpha = out->integrals->nalpha,
        .nbeta = out->integrals->nbeta,
        .restricted = out->integrals->nalpha == out->integrals->nbeta,
        .nirrep = out->hamiltonian->nirrep,
        .irrep = out->hamiltonian->irrep,
    };
    status = vqe_entanglement_canonical(&options.entanglement, ansatz, NULL);
    if (status == VQE_OK) {
      status = vqe_ansatz_create(&out->ansatz, &options);
    }
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->parameters, (size_t)out->ansatz->nparam,
                              sizeof(double), "parameters");
  }
  for (int k = 0; status == VQE_OK && k < out->ansatz->nparam; k++) {
    out->parameters[k] = 0.1 * sin(k + 1.0);
  }
  return status;
}

int bench_problem_init(struct bench_problem *out,
                       const struct bench_settings *settings,
                       const char *molecule, const char *ansatz)
{
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  if (settings->custatevec && strcmp(ansatz, "UCCSD") == 0) {
    memset(out, 0, sizeof *out);
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "cuStateVec has no particle-number sectors");
  }
  int status = bench_problem_read(out, settings, molecule, ansatz);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->gradient, (size_t)out->ansatz->nparam,
                              sizeof(double), "gradient");
  }
  if (status == VQE_OK) {
    options.threads = settings->threads;
    options.device = settings->cuda ? VQE_DEVICE_CUDA : VQE_DEVICE_CPU;
    options.gates =
        settings->custatevec ? VQE_GATES_CUSTATEVEC : VQE_GATES_OWN;
    status = vqe_estimator_create(&out->estimator, out->hamiltonian,
                                  out->ansatz, &options);
  }
  return status;
}

void bench_problem_clear(struct bench_problem *problem)
{
  vqe_estimator_free(problem->estimator);
  vqe_ansatz_free(problem->ansatz);
  vqe_hamiltonian_free(problem->hamiltonian);
  vqe_integrals_free(problem->integrals);
  free(problem->parameters);
  free(problem->gradient);
}
