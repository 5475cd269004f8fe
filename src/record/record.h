/* The result record of the data contract (section 2, VQEDecoratedResult) in
 * C: the one form that results of every source are brought into - an HDF5
 * file, a spool, a topic, raw files - before they are published or become
 * tables. Knows no file format.
 *
 * NaN stands for null in a nullable double. Energies in hartree, times in
 * seconds. All pointers owned, allocated by malloc's family; arrays may be
 * NULL when empty. */
#ifndef VQE_RECORD_RECORD_H
#define VQE_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vqe/experiment.h"

/* A nullable int. */
struct vqe_maybe_int {
  bool set;
  int32_t value;
};

enum vqe_maybe_bool { VQE_MAYBE_NULL = -1, VQE_MAYBE_FALSE, VQE_MAYBE_TRUE };

struct vqe_record_term {
  char *label; /* Pauli string, qubit 0 rightmost */
  double real, imaginary;
};

struct vqe_record_iteration {
  int32_t iteration; /* from 1, as the record says it */
  size_t nparam;
  const double *parameters; /* into the record's iteration_parameters */
  double result;            /* electronic */
  double std;
  double energy_delta;          /* nullable */
  double parameter_delta_norm;  /* nullable */
  double cumulative_min_energy; /* nullable */
};

struct vqe_record {
  /* --- VQEDecoratedResult.vqe_result.initial_data --- */
  char *backend;
  int32_t num_qubits;
  size_t nterm;
  struct vqe_record_term *terms; /* hamiltonian */
  int32_t num_parameters;
  size_t ninitial; /* length of initial_parameters */
  double *initial_parameters;
  char *optimizer;
  char *ansatz_qasm; /* OpenQASM 3 text */
  char *noise_backend;
  struct vqe_maybe_int default_shots;
  int32_t ansatz_reps;
  char *init_strategy; /* NULL: null */
  struct vqe_maybe_int seed;
  char *ansatz_name; /* NULL: null */
  bool exact_estimator;
  /* --- vqe_result --- */
  size_t niteration;
  struct vqe_record_iteration *iterations;
  double *iteration_parameters; /* all iterations' parameters, in order; the
                                   iterations point into it. Iterations of
                                   one record may differ in length */
  double minimum;               /* electronic */
  size_t noptimal;
  double *optimal_parameters;
  double maxcv; /* nullable */
  double minimization_time;
  double nuclear_repulsion_energy; /* nullable */
  enum vqe_maybe_bool success;
  struct vqe_maybe_int nfev, nit;
  /* --- molecule --- */
  size_t natom; /* length of symbols */
  char **symbols;
  size_t ncoord;         /* rows of coords; natom in a sound record */
  size_t *coord_lengths; /* ncoord lengths of the rows, 3 in a sound one */
  double *coords;        /* the rows one after another */
  int32_t multiplicity;
  int32_t charge;
  char *units;     /* "angstrom", "bohr" */
  bool has_masses; /* false: null */
  size_t nmass;    /* length of masses */
  double *masses;  /* atomic mass units */
  /* --- VQEDecoratedResult --- */
  char *basis_set;
  double hamiltonian_time, mapping_time, vqe_time, total_time;
  int32_t molecule_id;
  char *performance_start; /* JSON text; NULL: null */
  char *performance_end;
  /* --- our additions --- */
  char *experiment_id; /* NULL: null; see vqe_record_identify */
  bool has_references;
  double hf_energy, mp2_energy, fci_energy; /* total; the last two nullable */
  char *reference_method;
  bool has_provenance;
  char *code_version;
  char *hostname;
  char *device;
  char *job_id; /* NULL: null */
  int32_t mpi_ranks, threads;
  char *started_at, *finished_at; /* RFC 3339, UTC */
};

/* Empty record: nullable doubles NaN, maybes null. Fill it, then
 * vqe_record_validate. */
int vqe_record_create(struct vqe_record **out);
void vqe_record_free(struct vqe_record *record);

/* Record of a finished experiment, texts and arrays copied. VQE_ERR_INPUT
 * for one that failed or did not run: it cannot be a record. */
int vqe_record_from_result(struct vqe_record **out,
                           const struct vqe_result *result);

/* Required texts are there and are UTF-8, counts fit the arrays. `where`
 * ("file 'a.avro', record 3") goes in front of the message. Non-finite
 * numbers are no fault here: the lake counts them. */
int vqe_record_validate(const struct vqe_record *record, const char *where);

/* Compute experiment_id where it is null, by the contract's rule for records
 * that others made: molecule_data, basis_set and initial_data as they
 * stand. */
int vqe_record_identify(struct vqe_record *record);

/* Infinities anywhere, and NaN where the schema has no null: the values that
 * tables hold null for without the record having said null. */
size_t vqe_record_nonfinite(const struct vqe_record *record);

#endif
