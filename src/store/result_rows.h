/* The tables that hold the scalars of a result, column by column. */
#ifndef VQE_STORE_RESULT_ROWS_H
#define VQE_STORE_RESULT_ROWS_H

#include "store/h5table.h"
#include "vqe/experiment.h"

/* Rows made of struct vqe_experiment and struct vqe_result. */
extern const struct vqe_h5table vqe_h5table_settings;
extern const struct vqe_h5table vqe_h5table_results;

/* The scalars of a molecule; all zero and NULL when there is none. */
struct vqe_h5table_molecule {
  bool present;
  char *name;
  size_t natom;
  int multiplicity;
  int charge;
  char units[16];
  bool has_masses;
};
extern const struct vqe_h5table vqe_h5table_molecules;

/* The final table. Texts belong to the result. */
struct vqe_summary_row {
  char id[VQE_EXPERIMENT_ID_SIZE];
  enum vqe_experiment_status status;
  char *name, *reason, *basis_set, *ansatz_name, *optimizer, *init_strategy;
  int64_t seed;
  int num_qubits, nparam;
  size_t neval;
  bool converged;
  double energy, hf_energy, mp2_energy, fci_energy; /* total, hartree */
  double error_mha;                                 /* to FCI */
  double n_expectation, s2_expectation;
  double seconds_total;
};
extern const struct vqe_h5table vqe_h5table_summary;

void vqe_rows_molecule(struct vqe_h5table_molecule *row,
                       const struct vqe_molecule *molecule);
void vqe_rows_summary(struct vqe_summary_row *row,
                      const struct vqe_result *result);

#endif
