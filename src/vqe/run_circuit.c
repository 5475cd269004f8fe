/* The circuit of a result and what it costs on a machine. */
#include <math.h>
#include <stdlib.h>

#include "ansatz/program.h"
#include "base/memory.h"
#include "operators/qubits.h"
#include "vqe/run.h"

/* Longest OpenQASM text that is stored gate by gate, bytes. */
#define QASM_LIMIT 1000000
/* Gates that are counted, and Pauli terms that are grouped: tens of megabytes,
 * seconds. */
#define MOST_GATES ((size_t)1 << 23)
#define MOST_TERMS 100000

/* Standard error that counts as exact in chemistry, hartree. */
#define CHEMICAL_ACCURACY 1.6e-3

/* Shots that bring the standard error of the determinant's energy to chemical
 * accuracy, by the variances of the groups: equally many in each, or by their
 * standard deviations. */
static double shots_of(const double *variance, int groups, bool by_variance)
{
  const double error = CHEMICAL_ACCURACY * CHEMICAL_ACCURACY;
  double sum = 0.0;
  double roots = 0.0;
  for (int g = 0; g < groups; g++) {
    sum += variance[g];
    roots += sqrt(variance[g]);
  }
  return by_variance ? ceil(roots * roots / error)
                     : groups * ceil(sum / error);
}

static int cost_measurement(struct vqe_circuit_cost *cost,
                            const struct vqe_pauli_sum *paulis,
                            vqe_qubits occupied, unsigned measurement)
{
  int *group = NULL;
  double *variance = NULL;
  int groups = 0;
  if (paulis == NULL || paulis->nterm > MOST_TERMS) {
    return VQE_OK;
  }
  int status =
      vqe_memory_alloc(&group, paulis->nterm, sizeof *group, "Pauli groups");
  if (status == VQE_OK) {
    status = (measurement & VQE_MEASUREMENT_COMMUTING) != 0
                 ? vqe_pauli_group_commuting(paulis, group, &groups)
                 : vqe_pauli_group_qwc(paulis, group, &groups);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&variance, (size_t)groups, sizeof *variance,
                              "Pauli groups");
  }
  if (status == VQE_OK) {
    status =
        vqe_pauli_group_variance(variance, paulis, group, groups, occupied);
  }
  if (status == VQE_OK) {
    cost->measurement_groups = groups;
    cost->shots = shots_of(variance, groups,
                           (measurement & VQE_MEASUREMENT_VARIANCE) != 0);
  }
  free(variance);
  free(group);
  return status;
}

int vqe_run_circuit(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  const struct vqe_ansatz *ansatz = run->ansatz;
  struct vqe_circuit_cost *cost = &result->circuit;
  struct vqe_program *program = NULL;
  vqe_qubits occupied =
      vqe_qubits_filled(ansatz->norb, ansatz->nalpha, ansatz->nbeta);
  bool has_short = vqe_ansatz_has_short(ansatz);
  vqe_circuit_cost_init(cost);
  cost->parameters = ansatz->nparam;
  int status = vqe_program_create(&program, ansatz, MOST_GATES);
  if (status == VQE_OK && program != NULL) {
    vqe_program_cost(cost, program, ansatz->nparam);
    status = vqe_program_text(&result->ansatz_qasm, program, ansatz, 3, NULL,
                              has_short ? QASM_LIMIT : 0);
  }
  if (status == VQE_OK && result->ansatz_qasm == NULL) {
    status = has_short ? vqe_ansatz_qasm_short(&result->ansatz_qasm, ansatz)
                       : vqe_ansatz_qasm(&result->ansatz_qasm, ansatz, 0);
  }
  vqe_program_free(program);
  return status == VQE_OK ? cost_measurement(cost, run->paulis, occupied,
                                             run->experiment->measurement)
                          : status;
}
