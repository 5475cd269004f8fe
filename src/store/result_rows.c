#include "store/result_rows.h"

#include <stdio.h>
#include <string.h>

const struct vqe_h5table vqe_h5table_settings = {"settings",
                                                 &vqe_members_experiment};
const struct vqe_h5table vqe_h5table_results = {"results",
                                                &vqe_members_result};

#define MEMBERS(rows)                                                         \
  {                                                                           \
    .count = sizeof(rows) / sizeof((rows)[0]), .list = (rows)                 \
  }

/* clang-format off */
#define F(column, kind, member, unit)                                         \
  VQE_MEMBER_COLUMN(column, kind, ROW, member, unit)

#define ROW struct vqe_h5table_molecule

static const struct vqe_member molecule_list[] = {
    F("present", BOOL, present, NULL),
    F("name", TEXT, name, NULL),
    F("num_atoms", COUNT, natom, NULL),
    F("multiplicity", INT, multiplicity, NULL),
    F("charge", INT, charge, "e"),
    F("units", CHARS, units, NULL),
    F("has_masses", BOOL, has_masses, NULL),
};
static const struct vqe_members molecule_members = MEMBERS(molecule_list);
const struct vqe_h5table vqe_h5table_molecules = {"molecules",
                                                  &molecule_members};

#undef ROW
#define ROW struct vqe_summary_row

static const struct vqe_member summary_list[] = {
    F("experiment_id", CHARS, id, NULL),
    F("name", TEXT, name, NULL),
    F("status", STATUS, status, NULL),
    F("reason", TEXT, reason, NULL),
    F("basis", TEXT, basis_set, NULL),
    F("n_qubits", INT, num_qubits, NULL),
    F("ansatz", TEXT, ansatz_name, NULL),
    F("n_parameters", INT, nparam, NULL),
    F("optimizer", TEXT, optimizer, NULL),
    F("init", TEXT, init_strategy, NULL),
    F("seed", I64, seed, NULL),
    F("n_evaluations", COUNT, neval, NULL),
    F("converged", BOOL, converged, NULL),
    F("energy", F64, energy, "hartree"),
    F("energy_hf", F64, hf_energy, "hartree"),
    F("energy_mp2", F64, mp2_energy, "hartree"),
    F("energy_fci", F64, fci_energy, "hartree"),
    F("error_mha", F64, error_mha, "millihartree"),
    F("n_expectation", F64, n_expectation, "electrons"),
    F("s2", F64, s2_expectation, NULL),
    F("seconds", F64, seconds_total, "s"),
};
static const struct vqe_members summary_members = MEMBERS(summary_list);
const struct vqe_h5table vqe_h5table_summary = {"summary", &summary_members};
/* clang-format on */

void vqe_rows_molecule(struct vqe_h5table_molecule *row,
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

void vqe_rows_summary(struct vqe_summary_row *row,
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
  row->seconds_total = result->seconds_total;
}
