/* Integrals, SCF and the Jordan-Wigner mapping. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "bench.h"
#include "bench_problem.h"
#include "vqe/molecule.h"

/* ---- geometry to integrals ---- */

struct chem {
  struct vqe_molecule_list *list;
  struct vqe_chem_options options;
  double energy;
  int cycles;
  double integrals, scf, transform; /* seconds, the least so far */
};

static double least(double so_far, double value)
{
  return so_far == 0.0 || value < so_far ? value : so_far;
}

static int solve(void *ctx)
{
  struct chem *chem = ctx;
  struct vqe_integrals *integrals = NULL;
  int status = vqe_chem_run(&integrals, chem->list->entries[0].molecule,
                            &chem->options);
  if (status == VQE_OK) {
    chem->energy = integrals->hf_energy;
    chem->cycles = integrals->scf_cycles;
    chem->integrals = least(chem->integrals, integrals->seconds_integrals);
    chem->scf = least(chem->scf, integrals->seconds_scf);
    chem->transform = least(chem->transform, integrals->seconds_transform);
  }
  vqe_integrals_free(integrals);
  return status;
}

static int run_molecule(struct bench_run *run, const char *file)
{
  struct chem chem = {.options = VQE_CHEM_OPTIONS_INIT};
  int status = bench_molecule_read(&chem.list, run->settings, file,
                                   run->workload->molecule);
  chem.options.basis = run->workload->variant;
  chem.options.threads = run->settings->threads;
  if (run->workload->number > 0) {
    /* few enough orbitals for what follows SCF */
    chem.options.active_electrons = run->workload->number;
    chem.options.active_orbitals = run->workload->number;
  }
  if (status == VQE_OK) {
    status = bench_repeat(run, solve, &chem);
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "energy", json_real(chem.energy));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "seconds_integrals", json_real(chem.integrals));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "seconds_scf", json_real(chem.scf));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "seconds_transform", json_real(chem.transform));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "scf_cycles", json_integer(chem.cycles));
  }
  vqe_molecule_list_free(chem.list);
  return status;
}

static int run_scf(struct bench_run *run)
{
  return run_molecule(run, "energies.json");
}

static int run_scf_large(struct bench_run *run)
{
  return run_molecule(run, "scf_molecules.json");
}

/* ---- Jordan-Wigner ---- */

struct mapping {
  struct bench_problem problem;
  size_t terms;
  double one_norm;
};

static int map(void *ctx)
{
  struct mapping *mapping = ctx;
  struct vqe_pauli_sum *sum = NULL;
  int status =
      vqe_pauli_sum_jordan_wigner(&sum, mapping->problem.hamiltonian, 0.0);
  if (status == VQE_OK) {
    mapping->terms = sum->nterm;
    mapping->one_norm = vqe_pauli_sum_one_norm(sum);
  }
  vqe_pauli_sum_free(sum);
  return status;
}

static int run_mapping(struct bench_run *run)
{
  struct mapping mapping = {0};
  int status = bench_problem_read(&mapping.problem, run->settings,
                                  run->workload->molecule, "EfficientSU2");
  if (status == VQE_OK) {
    status = bench_repeat(run, map, &mapping);
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "terms", json_integer((json_int_t)mapping.terms));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "one_norm", json_real(mapping.one_norm));
  }
  bench_problem_clear(&mapping.problem);
  return status;
}

static const struct bench_workload workloads[] = {
    {"scf/sto-3g/H2O", "integrals, RHF, transformation, MP2", run_scf, "H2O",
     "sto3g", 0},
    {"scf/cc-pvdz/CO2", "the same, 22 active orbitals", run_scf, "CO2",
     "cc-pvdz", 22},
    {"scf/6-31g/H2O", "13 functions, 4 active orbitals", run_scf_large, "H2O",
     "6-31g", 4},
    {"scf/6-31g/benzene", "66 functions", run_scf_large, "benzene", "6-31g",
     4},
    {"scf/6-31g/naphthalene", "106 functions", run_scf_large, "naphthalene",
     "6-31g", 4},
    {"scf/6-31g/caffeine", "146 functions", run_scf_large, "caffeine", "6-31g",
     4},
    {"scf/6-31g/He250", "500 functions, integrals when needed", run_scf_large,
     "He250", "6-31g", 4},
    {"mapping/H2", "Jordan-Wigner", run_mapping, "H2", NULL, 0},
    {"mapping/H2O", "Jordan-Wigner", run_mapping, "H2O", NULL, 0},
    {"mapping/NH3", "Jordan-Wigner", run_mapping, "NH3", NULL, 0},
    {"mapping/CO2", "Jordan-Wigner", run_mapping, "CO2", NULL, 0},
};

const struct bench_group bench_chem_group = {
    workloads, sizeof workloads / sizeof workloads[0]};
