/* The sim workloads' circuits and Hamiltonians for other simulators. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "bench.h"
#include "bench_problem.h"

/* In the order of enum vqe_gate_kind. */
static const struct {
  const char *name;
  int width;
} kinds[] = {{"x", 1},      {"ry", 1},    {"rz", 1},
             {"cx", 2},     {"xxyy", 2},  {"single", 2},
             {"double", 4}, {"phase", 1}, {"cphase", 2}};

/* [kind, [qubits], parameter or -1, scale] */
static json_t *gates_of(const struct vqe_ansatz *ansatz)
{
  json_t *gates = json_array();
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    json_t *qubits = json_array();
    for (int i = 0; i < kinds[gate->kind].width; i++) {
      json_array_append_new(qubits, json_integer(gate->q[i]));
    }
    json_array_append_new(gates,
                          json_pack("[s, o, i, f]", kinds[gate->kind].name,
                                    qubits, gate->param, gate->scale));
  }
  return gates;
}

/* [[label, coefficient], ...], qubit 0 rightmost */
static int terms_of(json_t **out, const struct vqe_hamiltonian *hamiltonian)
{
  struct vqe_pauli_sum *sum = NULL;
  int status = vqe_pauli_sum_jordan_wigner(&sum, hamiltonian, 0.0);
  if (status != VQE_OK) {
    return status;
  }
  *out = json_array();
  for (size_t k = 0; k < sum->nterm; k++) {
    char label[2 * VQE_MAX_ORBITALS + 1];
    vqe_pauli_label(label, sum->nqubit, sum->x[k], sum->z[k]);
    json_array_append_new(*out, json_pack("[s, f]", label, sum->coeff[k]));
  }
  vqe_pauli_sum_free(sum);
  return VQE_OK;
}

static json_t *array_of(const double *values, int count)
{
  json_t *array = json_array();
  for (int k = 0; k < count; k++) {
    json_array_append_new(array, json_real(values[k]));
  }
  return array;
}

/* Where whole minimisations begin. */
static int start_of(json_t **out, const struct bench_problem *problem)
{
  double *start = NULL;
  int count = problem->ansatz->nparam;
  int status =
      vqe_memory_alloc(&start, (size_t)count, sizeof *start, "parameters");
  if (status == VQE_OK) {
    status = vqe_ansatz_mp2_parameters(start, problem->ansatz,
                                       problem->integrals->eri,
                                       problem->integrals->orbital_energies);
  }
  if (status == VQE_OK) {
    *out = array_of(start, count);
  }
  free(start);
  return status;
}

static int export_one(const struct bench_settings *settings,
                      const char *folder, const char *molecule,
                      const char *ansatz)
{
  struct bench_problem problem;
  char path[4096];
  json_t *terms = NULL;
  json_t *start = NULL;
  int status = bench_problem_read(&problem, settings, molecule, ansatz);
  if (status == VQE_OK) {
    status = problem.ansatz->conserves ? start_of(&start, &problem)
                                       : terms_of(&terms, problem.hamiltonian);
  }
  if (status == VQE_OK) {
    const struct vqe_hamiltonian *hamiltonian = problem.hamiltonian;
    json_t *irreps = json_array();
    for (int p = 0; p < hamiltonian->norb; p++) {
      json_array_append_new(irreps, json_integer(hamiltonian->irrep[p]));
    }
    json_t *root = json_pack(
        "{s:s, s:s, s:i, s:i, s:i, s:o, s:o, s:o, s:o*, s:o*}", "molecule",
        molecule, "ansatz", ansatz, "norb", hamiltonian->norb, "nalpha",
        problem.integrals->nalpha, "nbeta", problem.integrals->nbeta, "irreps",
        irreps, "parameters",
        array_of(problem.parameters, problem.ansatz->nparam), "gates",
        gates_of(problem.ansatz), "terms", terms, "mp2_parameters", start);
    snprintf(path, sizeof path, "%s/%s-%s.json", folder, ansatz, molecule);
    if (root == NULL ||
        json_dump_file(root, path, JSON_COMPACT | JSON_REAL_PRECISION(17)) !=
            0) {
      status = vqe_error_set(VQE_ERR_IO, "cannot write '%s'", path);
    }
    json_decref(root);
  }
  bench_problem_clear(&problem);
  return status;
}

int bench_export(const struct bench_settings *settings, const char *folder)
{
  int status = VQE_OK;
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
    return vqe_error_set(VQE_ERR_IO, "cannot make the folder '%s': %s", folder,
                         strerror(errno));
  }
  for (size_t k = 0; status == VQE_OK && k < bench_sim_group.count; k++) {
    const struct bench_workload *workload = &bench_sim_group.workloads[k];
    /* peers read FCIDUMPs of the data; "NAME/BASIS" has none */
    if (strncmp(workload->name, "energy/", 7) == 0 &&
        strchr(workload->molecule, '/') == NULL) {
      status =
          export_one(settings, folder, workload->molecule, workload->variant);
    }
  }
  return status;
}
