/** @file
 * One experiment: what is asked for, running it, and all that is recorded.
 *
 * Results leave through one callback struct; nothing here knows files,
 * HDF5, MPI or networks. */
#ifndef VQE_EXPERIMENT_H
#define VQE_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vqe/ansatz.h"
#include "vqe/api.h"
#include "vqe/molecule.h"
#include "vqe/operators.h"
#include "vqe/optimize.h"
#include "vqe/sim.h"
#include "vqe/team.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of an id: 64 hex digits and the NUL. */
#define VQE_EXPERIMENT_ID_SIZE 65

/** Reference energies, as bits. */
enum vqe_reference {
  VQE_REFERENCE_HF = 1,
  VQE_REFERENCE_MP2 = 2,
  VQE_REFERENCE_FCI = 4,
  VQE_REFERENCE_ALL = 7
};

/** A further option as the user gave it, part of the experiment's identity. */
struct vqe_option {
  char *key;  /**< as in the job file */
  char *json; /**< canonical compact JSON text of the value */
};

/** Further options. */
struct vqe_option_list {
  size_t count;             /**< options */
  struct vqe_option *items; /**< in the order of the input */
};

/** What is computed of the final state beyond its energy, as bits. */
enum vqe_property_group {
  VQE_PROPERTY_RDM1 = 1,      /**< densities, natural orbitals */
  VQE_PROPERTY_MOMENTS = 2,   /**< dipole, quadrupole */
  VQE_PROPERTY_CHARGES = 4,   /**< Mulliken's and Loewdin's, with spins */
  VQE_PROPERTY_ENTROPIES = 8, /**< of orbitals, mutual information */
  VQE_PROPERTY_VARIANCE = 16, /**< of the energy */
  VQE_PROPERTY_ALL = 31,      /**< all but the next, which is large */
  VQE_PROPERTY_RDM2 = 32      /**< the two-electron density */
};

/** Most indices of a property. */
#define VQE_PROPERTY_DIMS 2

/** One property: an array. */
struct vqe_property {
  char name[32];                     /**< "dipole"; doc/howto/properties.md */
  int ndim;                          /**< 1 to VQE_PROPERTY_DIMS */
  uint64_t shape[VQE_PROPERTY_DIMS]; /**< 1 beyond ndim */
  double *values;                    /**< row major; owned */
};

/** What a run does where its gradient vanishes and the energy curves down. */
enum vqe_escape {
  VQE_ESCAPE_AUTO = 0, /**< leave it where saddle points are likely: circuits,
                          ADAPT-VQE, starts whose gradient vanishes */
  VQE_ESCAPE_ALWAYS = 1, /**< test every run */
  VQE_ESCAPE_NEVER = 2   /**< stop there */
};

/** What is asked for: the keys of a job (jobs/README.md), defaults filled in,
 * names in their stored spelling. All pointers owned, as vqe_experiment_free
 * and vqe_experiment_copy take them.
 *
 * Begin with vqe_experiment_init. A run needs `molecule` or `fcidump`,
 * `basis_set`, `ansatz_name`, `optimizer`, `init_strategy` (and `init_file`
 * for "file"), `device` and `precision`: what is missing is VQE_ERR_INPUT,
 * with the name of the field. All other pointers may be NULL. */
struct vqe_experiment {
  int index;       /**< position in the expanded list */
  int molecule_id; /**< position in the list of molecules */
  char *source;    /**< "file 'thesis.json', molecule 3", for messages */
  /** Set instead of a run when the input was bad: recorded as failed. */
  char *input_error;
  struct vqe_molecule *molecule; /**< NULL for FCIDUMP or a bad molecule */
  char *name;                    /**< display name */
  char *fcidump;                 /**< path, NULL for a geometry */
  char *fcidump_sha256;          /**< hex, NULL for a geometry */
  char *basis_set;      /**< stored spelling, path of a file, or "fcidump" */
  char *basis_sha256;   /**< hex when `basis_set` is a file, else NULL */
  int frozen_core;      /**< orbitals, >= 0 (true is resolved before) */
  int active_electrons; /**< -1: none */
  int active_orbitals;  /**< -1: none */
  bool symmetry;        /**< use the symmetry of the integrals */
  char *ansatz_name;    /**< stored spelling */
  int ansatz_reps;      /**< repetitions */
  char *entanglement;   /**< NULL but for circuits */
  struct vqe_option_list ansatz_options; /**< further ones */
  char *optimizer;                       /**< stored spelling */
  int max_evaluations;                   /**< limit of the optimizer */
  double gtol;        /**< hartree, as vqe_optimizer_options */
  double ftol;        /**< hartree, as vqe_optimizer_options */
  double max_seconds; /**< <= 0: null */
  struct vqe_option_list optimizer_options; /**< further ones */
  char *init_strategy;    /**< "random", "hf", "mp2", "file" */
  double init_noise;      /**< width of the normal noise, radian */
  char *init_file;        /**< path, for "file" */
  char *init_file_sha256; /**< hex, for "file" */
  int64_t seed;           /**< of all random draws */
  bool seed_drawn;        /**< nobody gave it */
  int shots;              /**< 0: exact */
  unsigned references;    /**< enum vqe_reference bits */
  bool references_given;  /**< asked for by name: failing them is an error */
  char *device;           /**< "auto", "cpu", "cuda" */
  char *precision;        /**< "double", "single" */
  char id[VQE_EXPERIMENT_ID_SIZE]; /**< vqe_experiment_id */
  int restarts;       /**< starts tried, the best is kept; 0 as 1. Each has the
                         limits of the optimizer */
  int escape_saddles; /**< enum vqe_escape: leave saddle points */
  double penalty_number; /**< weight of <(N - n)^2>, hartree; 0: none */
  double penalty_spin;   /**< weight of <(S^2 - S(S+1))^2>, hartree; 0: none
                          */
  /** What reading the input has to say, lines "code: text" as in the result,
   * which takes them over; NULL: nothing. */
  char *notes;
  bool init_default; /**< nobody asked for init_strategy: where it cannot be
                        used the run starts at Hartree-Fock */
  double fci_max_seconds; /**< limit on the exact energy; <= 0: none */
  /** The point of a scan, not part of the identity, as JSON: {"curve": "N2",
   * "at": [{"bond": [0, 1], "value": 0.9}]}, lengths in the molecule's units,
   * angles in degrees, of displacements the number of the draw; NULL: of no
   * scan. */
  char *scan;
  /** The rule that chooses the active orbitals, as vqe_chem_options has it;
   * then active_electrons and active_orbitals are -1. NULL: none. */
  char *active_space;
  /** SHA-256 of the geometries of the curve that the point belongs to, in
   * their order, where each starts from its neighbour: part of the identity.
   * Who runs one alone leaves it NULL. */
  char *curve;
  unsigned properties; /**< enum vqe_property_group bits; part of the identity
                          unless 0 */
  /** The noise at which the energy of the final state is computed once more,
   * as JSON: an object as in a job (key `noise`) with one strength and the
   * numbers of a calibration in it; NULL: none. */
  char *noise;
  char *noise_backend;  /**< its name; NULL: none */
  unsigned measurement; /**< enum vqe_measurement bits (sim.h), of `shots`;
                           part of the identity unless 0 */
};

/** No molecule and no names; numbers as a job file has them by default: no
 * active space, symmetry, one repetition, 10000 evaluations, gtol 1e-4, ftol
 * 1e-8, seed 0, exact energies, all references, the
 * exact energy within 600 s. */
VQE_API void vqe_experiment_init(struct vqe_experiment *experiment);

/** Deep copy; free it by vqe_experiment_free. */
VQE_API int vqe_experiment_copy(struct vqe_experiment **out,
                                const struct vqe_experiment *experiment);
/** NULL is fine. */
VQE_API void vqe_experiment_free(struct vqe_experiment *experiment);

/** Canonical text of the requested inputs and its SHA-256 (the rule:
 * src/record/README.md). Free *text by free(); it may be NULL when only
 * the id is wanted. */
VQE_API int vqe_experiment_id(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                              const struct vqe_experiment *experiment);

/** How an experiment ended. */
enum vqe_experiment_status {
  VQE_EXPERIMENT_OK = 0,
  VQE_EXPERIMENT_FAILED = 1,
  VQE_EXPERIMENT_SKIPPED = 2
};

/** How energy and gradient spread over random parameters (VQE_LANDSCAPE). */
struct vqe_landscape {
  double points;            /**< that were taken; NaN: no landscape */
  double energy_mean;       /**< electronic, hartree */
  double energy_variance;   /**< hartree^2, of a sample (n - 1) */
  double gradient_variance; /**< (hartree/radian)^2, mean over parameters */
};

/** Everything recorded. NaN in a double means null. Energies in hartree,
 * times in seconds. All pointers owned; arrays are NULL when empty. */
struct vqe_result {
  struct vqe_experiment *experiment; /**< what was asked for */
  enum vqe_experiment_status status; /**< how it ended */
  char *reason; /**< why it failed, or how the optimisation ended */

  /* what the result record holds (schemas/avro) */
  char backend[32];           /**< vqe_estimator_backend */
  int num_qubits;             /**< 2 norb */
  int norb;                   /**< active orbitals */
  int nalpha;                 /**< active alpha electrons */
  int nbeta;                  /**< active beta electrons */
  int nfrozen;                /**< frozen orbitals */
  size_t nterm;               /**< Pauli terms */
  vqe_qubits *term_x;         /**< nterm masks of X or Y */
  vqe_qubits *term_z;         /**< nterm masks of Z or Y */
  double *term_coeff;         /**< nterm coefficients */
  int nparam;                 /**< parameters */
  double *initial_parameters; /**< nparam */
  double *optimal_parameters; /**< nparam */
  char *ansatz_qasm;          /**< OpenQASM 3 */
  size_t neval;               /**< recorded evaluations */
  double *eval_parameters;    /**< neval x nparam, row major */
  double *eval_energy;        /**< neval, electronic */
  double *eval_std;           /**< neval standard errors, 0 when exact */
  double *eval_energy_delta;  /**< change of the energy; first is NaN */
  double *eval_parameter_delta_norm;  /**< change of the parameters, 2-norm */
  double *eval_cumulative_min_energy; /**< lowest energy so far */
  /** neval norms of the gradient, of the penalised energy with penalties,
   * hartree/rad; NaN where none was computed. */
  double *eval_gradient_norm;
  double *eval_seconds; /**< since the start of the VQE */
  /** Electronic energy of the result. Exact runs: the lowest recorded; with
   * shots: sampled afresh at the reported parameters. */
  double minimum;
  double nuclear_repulsion_energy; /**< of the nuclei alone */
  double maxcv;                    /**< NaN: no constraints */
  bool success;                    /**< converged */
  int nfev;                        /**< calls of the objective, with the
                                      tests of ADAPT-VQE over its pool */
  int nit;                  /**< accepted steps, -1: hidden by the library */
  double seconds_integrals; /**< wall */
  double seconds_scf;       /**< wall */
  double seconds_transform; /**< wall */
  double seconds_mapping;   /**< wall */
  double seconds_fci;       /**< wall */
  double seconds_vqe;       /**< wall */
  double seconds_total;     /**< wall */
  double cpu_seconds_hamiltonian; /**< of all threads of the run */
  double cpu_seconds_mapping;     /**< of all threads of the run */
  double cpu_seconds_fci;         /**< of all threads of the run */
  double cpu_seconds_vqe;         /**< of all threads of the run */

  /* references, total energies; NaN where not computed */
  double hf_energy;          /**< Hartree-Fock */
  double mp2_energy;         /**< MP2 */
  double fci_energy;         /**< exact */
  double fci_s2;             /**< S^2 of the exact state */
  char reference_method[16]; /**< "RHF", "ROHF", "FCIDUMP" */
  /** What a user must know before he trusts the numbers: lines "code: text",
   * codes stable; NULL: nothing. */
  char *notes;

  /* properties of the best state */
  double n_expectation;  /**< of the number of electrons */
  double sz_expectation; /**< of S_z */
  double s2_expectation; /**< of S^2 */
  double dipole[3];      /**< atomic units; NaN when unknown */
  double pauli_one_norm; /**< sum of |coefficients| without the identity */
  uint64_t determinants; /**< amplitudes of the representation used */

  /* provenance */
  char optimizer_native[48]; /**< "NLopt LD_LBFGS" */
  char code_version[32];     /**< vqe_version */
  char hostname[65];         /**< of the node */
  char device[65];           /**< model of the GPU, "" without one */
  char job_id[65];           /**< scheduler's, "" when none */
  int mpi_rank;              /**< that ran it */
  int mpi_ranks;             /**< of the job */
  int threads;               /**< OpenMP threads */
  char started_at[25];       /**< RFC 3339, UTC */
  char finished_at[25];      /**< RFC 3339, UTC */
  double peak_memory_mb;     /**< of the process */
  char *performance_start;   /**< JSON text or NULL */
  char *performance_end;     /**< JSON text or NULL */

  /* with shots; NaN and 0 when exact */
  double energy_std;   /**< standard error of `minimum` */
  double energy_exact; /**< electronic energy at the reported parameters
                          without sampling; NaN: not computed */
  int64_t total_shots; /**< of all evaluations and the final one */

  double reference_weight; /**< of the Hartree-Fock determinant in the state */
  size_t noccupation;      /**< norb or 0 */
  double *natural_occupations; /**< of the final state, descending, 0 to 2 */
  /** Several starts (vqe_experiment.restarts): a JSON array with an object for
   * each: start, seed (of random parameters, else null), energy (total),
   * evaluations, converged, reason. NULL: one start. */
  char *starts;
  /** The active orbitals, where an active space is asked for: a JSON array
   * with an object for each: number (of SCF's orbitals, from 1, null for a
   * mixture), energy (hartree), occupation, irrep, character. NULL: all
   * orbitals, or integrals of a file. */
  char *orbitals;
  struct vqe_circuit_cost
      circuit; /**< of ansatz_qasm and of its measurement */
  /** Id of the experiment whose orbitals and parameters this one started from;
   * NULL: none. */
  char *neighbour;
  size_t nproperty;                /**< properties that were computed */
  struct vqe_property *properties; /**< those asked for by the experiment */
  struct vqe_landscape landscape;  /**< of optimizer VQE_LANDSCAPE */
};

/** The property of that name, or NULL. */
VQE_API const struct vqe_property *
vqe_result_property(const struct vqe_result *result, const char *name);

/** NULL is fine. */
VQE_API void vqe_result_free(struct vqe_result *result);

/** New result for an experiment that did not run or failed: status, reason
 * and a copy of the experiment, everything else null. */
VQE_API int vqe_result_create(struct vqe_result **out,
                              const struct vqe_experiment *experiment,
                              enum vqe_experiment_status status,
                              const char *reason);

/** What a run does. */
enum vqe_phase {
  VQE_PHASE_SCF,       /**< integrals and orbitals */
  VQE_PHASE_SETUP,     /**< Hamiltonian, circuit, state */
  VQE_PHASE_FCI,       /**< the exact energy */
  VQE_PHASE_VQE,       /**< evaluations */
  VQE_PHASE_PROPERTIES /**< of the final state */
};

/** How results leave and how a run is steered. Any function may be NULL. */
struct vqe_callbacks {
  size_t size; /**< of this struct, set by its initialiser */
  void *ctx;   /**< first argument of the functions */
  /** One recorded evaluation, in order; `gradient` is NULL when not asked
   * for. A negative return stops the run with that status. */
  int (*evaluation)(void *ctx, const struct vqe_experiment *experiment,
                    int iteration, int nparam, const double *parameters,
                    double energy, double std, const double *gradient);
  /** An evaluation known from an earlier, interrupted run: fills energy, std
   * and, when not NULL, gradient and returns 1 when the parameters match bit
   * for bit; 0 when there is none. The last one is computed again, as is a
   * minimum that came so. */
  int (*replay)(void *ctx, const struct vqe_experiment *experiment,
                int iteration, int nparam, const double *parameters,
                double *energy, double *std, double *gradient);
  /** Polled before each evaluation, during long ones and during FCI. */
  bool (*should_stop)(void *ctx);
  /** A phase begins; `result` holds what is known by then. */
  void (*phase)(void *ctx, const struct vqe_experiment *experiment,
                enum vqe_phase phase, const struct vqe_result *result);
  /** What `replay` gave as evaluation `iteration` is not what is computed
   * there (hartree): all of it is dropped, and the experiment begins afresh.
   */
  void (*replay_refused)(void *ctx, const struct vqe_experiment *experiment,
                         int iteration, double replayed, double computed);
};
#ifndef __cplusplus
/** Initialiser of struct vqe_callbacks in C; C++ calls the function instead.
 */
#define VQE_CALLBACKS_INIT                                                    \
  {                                                                           \
    .size = sizeof(struct vqe_callbacks)                                      \
  }
#endif
/** Set all that VQE_CALLBACKS_INIT sets. */
VQE_API void vqe_callbacks_init(struct vqe_callbacks *callbacks);

/** What is known of the machine; made by the program alone. */
struct vqe_host;

/** What a run leaves for one of the same settings at a nearby geometry: its
 * orbitals, circuit and parameters. */
struct vqe_neighbour;

/** NULL is fine. */
VQE_API void vqe_neighbour_free(struct vqe_neighbour *neighbour);

/** How an experiment is run. */
struct vqe_run_options {
  size_t size;   /**< of this struct, set by its initialiser */
  int threads;   /**< OpenMP threads, at least 1 */
  int mpi_rank;  /**< recorded only */
  int mpi_ranks; /**< recorded only */
  /** Rank 0 of it runs the experiment, the others serve; NULL: alone. */
  const struct vqe_team *team;
  int device_index; /**< which GPU, modulo their number: the rank on its node
                     */
  /** what is known of the machine, for many short runs; NULL: asked anew */
  struct vqe_host *host;
  enum vqe_gates_choice gates; /**< of the full space on a GPU */
  /** of runs on several threads, whose estimators share launches on a GPU;
   * NULL: none (vqe/sim.h) */
  struct vqe_combiner *combiner;
  /** Start from its orbitals, by maximum overlap, and its parameters, where
   * functions and circuit are alike; NULL: from nothing. Such a run is not
   * that of its experiment alone: it depends on the neighbour. */
  const struct vqe_neighbour *neighbour;
  /** Receives what this run leaves, the caller's, or NULL where it failed;
   * NULL: not wanted. */
  struct vqe_neighbour **left;
};
#ifndef __cplusplus
/** Initialiser of struct vqe_run_options in C; C++ calls the function instead.
 */
#define VQE_RUN_OPTIONS_INIT                                                  \
  {                                                                           \
    .size = sizeof(struct vqe_run_options), .threads = 1, .mpi_ranks = 1      \
  }
#endif
/** Set all that VQE_RUN_OPTIONS_INIT sets. */
VQE_API void vqe_run_options_init(struct vqe_run_options *options);

/** Run one experiment. A failure of the experiment itself is a result with
 * status FAILED and a reason, return 0; a negative return means that there
 * is no result (VQE_ERR_INTERRUPTED: asked to stop; no memory). */
VQE_API int vqe_experiment_run(struct vqe_result **out,
                               const struct vqe_experiment *experiment,
                               const struct vqe_run_options *options,
                               const struct vqe_callbacks *callbacks);

/** OpenQASM 3 text of the circuit that the experiment would run, every
 * excitation expanded into gates; needs the integrals, as symmetry screens
 * excitations. Free *out by free(). */
VQE_API int vqe_experiment_qasm(char **out,
                                const struct vqe_experiment *experiment,
                                const struct vqe_run_options *options);

/** The same with the initial parameters in place of inputs; `version` of
 * OpenQASM: 3 or 2. */
VQE_API int vqe_experiment_qasm_bound(char **out,
                                      const struct vqe_experiment *experiment,
                                      const struct vqe_run_options *options,
                                      int version);

/** The circuit in any mapping (vqe_ansatz_qasm_mapped), on the qubits of
 * vqe_experiment_hamiltonian with the same mapping and tapering. `bound`: with
 * the initial parameters in place of inputs. */
VQE_API int vqe_experiment_qasm_mapped(char **out,
                                       const struct vqe_experiment *experiment,
                                       const struct vqe_run_options *options,
                                       enum vqe_mapping_kind mapping,
                                       enum vqe_taper_kind taper, int version,
                                       bool bound);

/** What the circuit of the experiment and its measurement cost on a machine;
 * needs the integrals. Of ADAPT-VQE, which chooses its circuit, the
 * measurement alone is known. */
VQE_API int vqe_experiment_circuit(struct vqe_circuit_cost *out,
                                   const struct vqe_experiment *experiment,
                                   const struct vqe_run_options *options);

/** Write the active-space integrals that the experiment would use as an
 * FCIDUMP. */
VQE_API int vqe_experiment_fcidump(const char *path,
                                   const struct vqe_experiment *experiment,
                                   const struct vqe_run_options *options);

/** The Hamiltonian on qubits that other programs read. */
struct vqe_qubit_hamiltonian {
  /** Its eigenvalues are total energies, hartree: the identity holds the
   * nuclear repulsion. Without the qubits that tapering takes. */
  struct vqe_pauli_sum *sum;
  enum vqe_mapping_kind mapping; /**< which */
  enum vqe_taper_kind kind;      /**< what was tapered */
  struct vqe_taper taper;        /**< on the qubits of the mapping */
  int norb;                      /**< active orbitals */
  int nalpha;                    /**< active alpha electrons */
  int nbeta;                     /**< active beta electrons */
  vqe_qubits reference;     /**< basis state of the Hartree-Fock determinant */
  double nuclear_repulsion; /**< hartree */
  double hf_energy;         /**< hartree, total */
};

/** The Hamiltonian that the experiment would begin with, in any mapping;
 * needs the integrals. The sector of tapering is that of the reference
 * determinant. */
VQE_API int vqe_experiment_hamiltonian(struct vqe_qubit_hamiltonian **out,
                                       const struct vqe_experiment *experiment,
                                       const struct vqe_run_options *options,
                                       enum vqe_mapping_kind mapping,
                                       enum vqe_taper_kind taper);
/** NULL is fine. */
VQE_API void
vqe_qubit_hamiltonian_free(struct vqe_qubit_hamiltonian *hamiltonian);

/** The orbital space that the experiment would use: a result that has not run,
 * with the numbers of orbitals and electrons, `orbitals`, the Hartree-Fock and
 * MP2 energy and the notes of SCF. Free it by vqe_result_free. */
VQE_API int vqe_experiment_space(struct vqe_result **out,
                                 const struct vqe_experiment *experiment,
                                 const struct vqe_run_options *options);

/** What an experiment would take, from its input alone (no SCF; of a space
 * that a rule chooses, about). Symmetry counts: irreps of the orbitals follow
 * from geometry and basis; of an active space they are taken to be as in the
 * whole, of an open shell the irrep with the largest sector is. */
struct vqe_experiment_estimate {
  int num_qubits;      /**< 2 norb */
  int norb;            /**< active orbitals */
  int nalpha;          /**< active alpha electrons */
  int nbeta;           /**< active beta electrons */
  uint64_t amplitudes; /**< of the state, as symmetry leaves them */
  int nparam;          /**< before screening */
  uint64_t bytes;      /**< of the largest phase, beside the program itself
                            (about 40 MB with MPI); of each rank */
  double cost;         /**< relative; about seconds on one core */
  bool serial;         /**< so small that it gains nothing from threads */
  double setup;        /**< seconds of integrals, Hamiltonian and circuit */
};
/** Fill `out`. VQE_ERR_INPUT for an experiment that cannot be run. */
VQE_API int vqe_experiment_estimate(struct vqe_experiment_estimate *out,
                                    const struct vqe_experiment *experiment);
/** The same where a team of so many ranks shares the state. FCI is not shared:
 * the bytes are those of the rank that computes it. */
VQE_API int
vqe_experiment_estimate_team(struct vqe_experiment_estimate *out,
                             const struct vqe_experiment *experiment,
                             int ranks);

/** "0.2.0" */
VQE_API const char *vqe_version(void);

#ifdef __cplusplus
}
#endif
#endif
