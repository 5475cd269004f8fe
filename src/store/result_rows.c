#include "store/result_rows.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
#define END {NULL, FIELD_INT, 0, 0, NULL}

#define ROW struct vqe_experiment
#define F(column, kind, member, unit)                                         \
  {column, kind, offsetof(ROW, member), sizeof(((ROW *)NULL)->member), unit}

static const struct field settings_fields[] = {
    F("experiment_id", FIELD_CHARS, id, NULL),
    F("index", FIELD_INT, index, NULL),
    F("molecule_id", FIELD_INT, molecule_id, NULL),
    F("name", FIELD_TEXT, name, NULL),
    F("source", FIELD_TEXT, source, NULL),
    F("input_error", FIELD_TEXT, input_error, NULL),
    F("fcidump", FIELD_TEXT, fcidump, NULL),
    F("fcidump_sha256", FIELD_TEXT, fcidump_sha256, NULL),
    F("basis_set", FIELD_TEXT, basis_set, NULL),
    F("basis_sha256", FIELD_TEXT, basis_sha256, NULL),
    F("frozen_core", FIELD_INT, frozen_core, "orbitals"),
    F("active_electrons", FIELD_INT, active_electrons, NULL),
    F("active_orbitals", FIELD_INT, active_orbitals, NULL),
    F("symmetry", FIELD_BOOL, symmetry, NULL),
    F("ansatz_name", FIELD_TEXT, ansatz_name, NULL),
    F("ansatz_reps", FIELD_INT, ansatz_reps, NULL),
    F("entanglement", FIELD_TEXT, entanglement, NULL),
    F("optimizer", FIELD_TEXT, optimizer, NULL),
    F("max_evaluations", FIELD_INT, max_evaluations, NULL),
    F("gtol", FIELD_F64, gtol, "hartree/rad"),
    F("ftol", FIELD_F64, ftol, "hartree"),
    F("max_seconds", FIELD_F64, max_seconds, "s"),
    F("init_strategy", FIELD_TEXT, init_strategy, NULL),
    F("init_noise", FIELD_F64, init_noise, "rad"),
    F("init_file", FIELD_TEXT, init_file, NULL),
    F("init_file_sha256", FIELD_TEXT, init_file_sha256, NULL),
    F("seed", FIELD_I64, seed, NULL),
    F("seed_drawn", FIELD_BOOL, seed_drawn, NULL),
    F("default_shots", FIELD_INT, shots, NULL),
    F("references", FIELD_U32, references, NULL),
    F("references_given", FIELD_BOOL, references_given, NULL),
    F("device", FIELD_TEXT, device, NULL),
    F("precision", FIELD_TEXT, precision, NULL),
    END};
const struct table vqe_h5table_settings = {"settings", settings_fields};

#undef ROW
#define ROW struct vqe_result

static const struct field result_fields[] = {
    F("status", FIELD_STATUS, status, NULL),
    F("reason", FIELD_TEXT, reason, NULL),
    F("backend", FIELD_CHARS, backend, NULL),
    F("num_qubits", FIELD_INT, num_qubits, NULL),
    F("num_orbitals", FIELD_INT, norb, NULL),
    F("num_alpha", FIELD_INT, nalpha, NULL),
    F("num_beta", FIELD_INT, nbeta, NULL),
    F("num_frozen", FIELD_INT, nfrozen, "orbitals"),
    F("num_pauli_terms", FIELD_SIZE, nterm, NULL),
    F("num_parameters", FIELD_INT, nparam, NULL),
    F("num_evaluations", FIELD_SIZE, neval, NULL),
    F("minimum", FIELD_F64, minimum, "hartree"),
    F("nuclear_repulsion_energy", FIELD_F64, nuclear_repulsion_energy, "hartree"),
    F("maxcv", FIELD_F64, maxcv, NULL),
    F("success", FIELD_BOOL, success, NULL),
    F("nfev", FIELD_INT, nfev, NULL),
    F("nit", FIELD_INT, nit, NULL),
    F("integrals_time", FIELD_F64, seconds_integrals, "s"),
    F("scf_time", FIELD_F64, seconds_scf, "s"),
    F("transform_time", FIELD_F64, seconds_transform, "s"),
    F("mapping_time", FIELD_F64, seconds_mapping, "s"),
    F("fci_time", FIELD_F64, seconds_fci, "s"),
    F("vqe_time", FIELD_F64, seconds_vqe, "s"),
    F("total_time", FIELD_F64, seconds_total, "s"),
    F("hamiltonian_cpu_time", FIELD_F64, cpu_seconds_hamiltonian, "s"),
    F("mapping_cpu_time", FIELD_F64, cpu_seconds_mapping, "s"),
    F("fci_cpu_time", FIELD_F64, cpu_seconds_fci, "s"),
    F("vqe_cpu_time", FIELD_F64, cpu_seconds_vqe, "s"),
    F("hf_energy", FIELD_F64, hf_energy, "hartree"),
    F("mp2_energy", FIELD_F64, mp2_energy, "hartree"),
    F("fci_energy", FIELD_F64, fci_energy, "hartree"),
    F("fci_s2", FIELD_F64, fci_s2, NULL),
    F("reference_method", FIELD_CHARS, reference_method, NULL),
    F("reference_note", FIELD_TEXT, reference_note, NULL),
    F("n_expectation", FIELD_F64, n_expectation, "electrons"),
    F("sz_expectation", FIELD_F64, sz_expectation, NULL),
    F("s2_expectation", FIELD_F64, s2_expectation, NULL),
    F("dipole_x", FIELD_F64, dipole[0], "e bohr"),
    F("dipole_y", FIELD_F64, dipole[1], "e bohr"),
    F("dipole_z", FIELD_F64, dipole[2], "e bohr"),
    F("pauli_one_norm", FIELD_F64, pauli_one_norm, "hartree"),
    F("determinants", FIELD_U64, determinants, NULL),
    F("optimizer_native", FIELD_CHARS, optimizer_native, NULL),
    F("code_version", FIELD_CHARS, code_version, NULL),
    F("hostname", FIELD_CHARS, hostname, NULL),
    F("device_name", FIELD_CHARS, device, NULL),
    F("job_id", FIELD_CHARS, job_id, NULL),
    F("mpi_rank", FIELD_INT, mpi_rank, NULL),
    F("mpi_ranks", FIELD_INT, mpi_ranks, NULL),
    F("threads", FIELD_INT, threads, NULL),
    F("started_at", FIELD_CHARS, started_at, NULL),
    F("finished_at", FIELD_CHARS, finished_at, NULL),
    F("peak_memory", FIELD_F64, peak_memory_mb, "MB"),
    F("performance_start", FIELD_TEXT, performance_start, NULL),
    F("performance_end", FIELD_TEXT, performance_end, NULL),
    END};
const struct table vqe_h5table_results = {"results", result_fields};

#undef ROW
#define ROW struct molecule_row

static const struct field molecule_fields[] = {
    F("present", FIELD_BOOL, present, NULL),
    F("name", FIELD_TEXT, name, NULL),
    F("num_atoms", FIELD_SIZE, natom, NULL),
    F("multiplicity", FIELD_INT, multiplicity, NULL),
    F("charge", FIELD_INT, charge, "e"),
    F("units", FIELD_CHARS, units, NULL),
    F("has_masses", FIELD_BOOL, has_masses, NULL),
    END};
const struct table vqe_h5table_molecules = {"molecules", molecule_fields};

#undef ROW
#define ROW struct summary_row

static const struct field summary_fields[] = {
    F("experiment_id", FIELD_CHARS, id, NULL),
    F("name", FIELD_TEXT, name, NULL),
    F("status", FIELD_STATUS, status, NULL),
    F("reason", FIELD_TEXT, reason, NULL),
    F("basis", FIELD_TEXT, basis_set, NULL),
    F("n_qubits", FIELD_INT, num_qubits, NULL),
    F("ansatz", FIELD_TEXT, ansatz_name, NULL),
    F("n_parameters", FIELD_INT, nparam, NULL),
    F("optimizer", FIELD_TEXT, optimizer, NULL),
    F("init", FIELD_TEXT, init_strategy, NULL),
    F("seed", FIELD_I64, seed, NULL),
    F("n_evaluations", FIELD_SIZE, neval, NULL),
    F("converged", FIELD_BOOL, converged, NULL),
    F("energy", FIELD_F64, energy, "hartree"),
    F("energy_hf", FIELD_F64, hf_energy, "hartree"),
    F("energy_mp2", FIELD_F64, mp2_energy, "hartree"),
    F("energy_fci", FIELD_F64, fci_energy, "hartree"),
    F("error_mha", FIELD_F64, error_mha, "millihartree"),
    F("n_expectation", FIELD_F64, n_expectation, "electrons"),
    F("s2", FIELD_F64, s2_expectation, NULL),
    F("seconds", FIELD_F64, seconds, "s"),
    END};
const struct table vqe_h5table_summary = {"summary", summary_fields};
/* clang-format on */

_Static_assert(sizeof(enum vqe_experiment_status) == sizeof(int32_t),
               "the status column is moved as 32 bits");

void vqe_rows_molecule(struct molecule_row *row,
                           const struct vqe_molecule *molecule)
{
  memset(row, 0, sizeof *row);
  if (molecule == NULL) {
    return;
  }
  row->present = true;
  row->name = molecule->name;
  row->natom = molecule->natom;
  row->multiplicity = molecule->multiplicity;
  row->charge = molecule->charge;
  snprintf(row->units, sizeof row->units, "%s",
           molecule->units == VQE_BOHR ? "bohr" : "angstrom");
  row->has_masses = molecule->masses != NULL;
}

void vqe_rows_summary(struct summary_row *row,
                          const struct vqe_result *result)
{
  const struct vqe_experiment *experiment = result->experiment;
  memset(row, 0, sizeof *row);
  memcpy(row->id, experiment->id, sizeof row->id);
  row->status = result->status;
  row->name = experiment->name;
  row->reason = result->reason;
  row->basis_set = experiment->basis_set;
  row->ansatz_name = experiment->ansatz_name;
  row->optimizer = experiment->optimizer;
  row->init_strategy = experiment->init_strategy;
  row->seed = experiment->seed;
  row->num_qubits = result->num_qubits;
  row->nparam = result->nparam;
  row->neval = result->neval;
  row->converged = result->success;
  row->energy = result->minimum + result->nuclear_repulsion_energy;
  row->hf_energy = result->hf_energy;
  row->mp2_energy = result->mp2_energy;
  row->fci_energy = result->fci_energy;
  row->error_mha = 1e3 * (row->energy - result->fci_energy);
  row->n_expectation = result->n_expectation;
  row->s2_expectation = result->s2_expectation;
  row->seconds = result->seconds_total;
}
