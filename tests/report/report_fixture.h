/* Results as a small run leaves them. */
#ifndef VQE_TEST_REPORT_FIXTURE_H
#define VQE_TEST_REPORT_FIXTURE_H

#include <string.h>

#include "vqe/experiment.h"

static inline struct vqe_result *report_failed(const char *name)
{
  struct vqe_result *result = NULL;
  char text[256];
  struct vqe_experiment experiment;
  memset(&experiment, 0, sizeof experiment);
  strncpy(text, name, sizeof text - 1);
  text[sizeof text - 1] = '\0';
  experiment.name = text;
  experiment.active_electrons = -1;
  experiment.active_orbitals = -1;
  memset(experiment.id, 'f', VQE_EXPERIMENT_ID_SIZE - 1);
  assert_int_equal(vqe_result_create(&result, &experiment,
                                     VQE_EXPERIMENT_FAILED,
                                     "unknown element 'Xx'"),
                   0);
  return result;
}

static inline struct vqe_result *report_ok(const char *name)
{
  struct vqe_result *result = report_failed(name);
  struct vqe_experiment *experiment = result->experiment;
  experiment->basis_set = strdup("sto3g");
  experiment->ansatz_name = strdup("UCCSD");
  experiment->optimizer = strdup("L-BFGS-B");
  experiment->init_strategy = strdup("mp2");
  experiment->seed = 2147483647;
  free(result->reason);
  result->reason = strdup("converged");
  result->status = VQE_EXPERIMENT_OK;
  result->num_qubits = 4;
  result->norb = 2;
  result->nalpha = 1;
  result->nbeta = 1;
  result->nterm = 15;
  result->nparam = 3;
  result->neval = 9;
  result->success = true;
  result->minimum = -1.85;
  result->nuclear_repulsion_energy = 0.72;
  result->hf_energy = -1.116;
  result->mp2_energy = -1.12;
  result->fci_energy = -1.1305;
  result->n_expectation = 2.0;
  result->s2_expectation = 0.0;
  result->pauli_one_norm = 1.984;
  result->seconds_scf = 0.25;
  result->seconds_mapping = 0.5;
  result->seconds_vqe = 0.75;
  result->seconds_total = 1.25;
  result->peak_memory_mb = 64.0;
  memcpy(result->device, "cpu", 4);
  return result;
}

#endif
