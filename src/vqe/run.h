/* What the phases of one run share. */
#ifndef VQE_VQE_RUN_H
#define VQE_VQE_RUN_H

#include "chem/rotation.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/experiment.h"
#include "vqe/operators.h"
#include "vqe/sim.h"

/* Integrals up to this size that a symmetry forbids are noise of the SCF. A
 * state of one symmetry has no first-order share in them, so removing them
 * leaves its energy alone to second order; a circuit in the full space mixes
 * symmetries and keeps the tighter default. */
#define VQE_RUN_SECTOR_ZERO 1e-8

/* Points that an optimizer will ask for next: a device evaluates them in one
 * launch when it asks for the first. More than these come one by one. */
#define VQE_RUN_AHEAD 8

struct vqe_run_ahead {
  int count;
  const double *points; /* the optimizer's, count rows */
  bool known;           /* the energies are */
  double energies[VQE_RUN_AHEAD];
};

/* Of runs with finite shots. */
struct vqe_run_shots {
  double std;             /* standard error of the last evaluation */
  double *gradient_noise; /* standard errors of a gradient's components */
  int groups;             /* circuits of one energy */
  int energies;           /* of one evaluation: more than one by gradients */
  int compared;           /* starts whose ends were sampled to compare them */
};

/* Evaluations that were known from an earlier run: run_replay.c. */
struct vqe_run_replay {
  size_t count;   /* up to the last one taken */
  bool unchecked; /* that one has not been computed again */
  bool gradient;  /* it came with one */
  bool refused;   /* what came disagrees with what is computed */
  bool afresh;    /* after that: none are asked for */
};

struct vqe_run {
  bool label_orbitals; /* also without an active space */
  bool needs_paulis;   /* it is the Pauli terms that are asked for */
  const struct vqe_experiment *experiment;
  char stream[VQE_EXPERIMENT_ID_SIZE]; /* vqe_experiment_stream */
  const struct vqe_run_options *options;
  const struct vqe_callbacks *callbacks;
  struct vqe_result *result;
  struct vqe_integrals *integrals;
  struct vqe_hamiltonian *hamiltonian;
  struct vqe_pauli_sum *paulis; /* NULL: too many, and not needed */
  struct vqe_ansatz_options ansatz_options;
  struct vqe_ansatz *ansatz;
  struct vqe_ansatz *pool; /* of ADAPT-VQE, else NULL */
  struct vqe_estimator *estimator;
  struct vqe_estimator_usage usage; /* of its device, for provenance */
  struct vqe_rotation *rotation;    /* of the orbitals, when optimised */
  double *pairs1, *pairs2;          /* densities for its slope */
  struct vqe_run_ahead ahead;
  int fci_irrep;               /* of the exact state, where there is one */
  double fci_reference_energy; /* see struct vqe_fci_result */
  struct vqe_run_shots shots;
  size_t capacity; /* of the recorded evaluations */
  double started;  /* wall clock of the VQE */
  double deadline; /* wall clock at which what runs has to end; 0: none */
  bool late;       /* it was the deadline that ended it */
  /* when the start in hand began (vqe_experiment.restarts): wall clock, and
   * evaluations before it; the limits are those of one start */
  int start;
  double start_clock;
  size_t start_neval;
  double *best_initial, *best_optimal; /* of the starts so far, else NULL */
  /* evaluations with the whole pool, which the circuit does not have: counted
   * and limited, but no records */
  size_t unrecorded, start_unrecorded;
  bool penalty_rests;      /* the optimizer sees the energy alone */
  int nelement, *elements; /* of the pool, taken so far, where kept */
  int nmetric;             /* 0 or nelement */
  double *metric;          /* nmetric^2: inverse Hessian that was learned */
  struct vqe_run_replay replay;
};

/* ---- what an experiment asks for: run_request.c ---- */

/* Name, reps, entanglement and further options as the experiment asks for
 * them. */
int vqe_run_ansatz_options(struct vqe_ansatz_options *out,
                           const struct vqe_experiment *experiment);

/* VQE_ERR_INPUT or VQE_ERR_UNSUPPORTED for a bad input and for requests that
 * exclude each other. */
int vqe_run_check(const struct vqe_experiment *experiment,
                  const struct vqe_run_options *options);

bool vqe_run_wants_cuda(const struct vqe_experiment *experiment);
bool vqe_run_is_single(const struct vqe_experiment *experiment);

/* ---- what all phases use: run_state.c ---- */

/* Whether the caller of the run (ctx: struct vqe_run) asks it to stop. */
bool vqe_run_stop_asked(void *ctx);

/* The same, or the deadline is over (then `late` is set): for what takes
 * long. */
bool vqe_run_must_end(void *ctx);

/* Set the deadline, `seconds` from now; 0 or less: none. */
void vqe_run_limit(struct vqe_run *run, double seconds);

/* Report that a phase begins. */
void vqe_run_enter(const struct vqe_run *run, enum vqe_phase phase);

/* CPU seconds so far. Other runs may share the process with one that has one
 * thread, which therefore counts its own alone. */
double vqe_run_cpu_seconds(const struct vqe_run *run);

/* What is left of the limits of the start in hand; false when nothing is. */
bool vqe_run_within_limits(struct vqe_optimizer_options *left,
                           const struct vqe_run *run,
                           const struct vqe_optimizer_options *options);

/* Which limit ended the start in hand, and the key that raises it. */
#define VQE_RUN_LIMIT_TEXT 80
void vqe_run_limit_text(char out[VQE_RUN_LIMIT_TEXT],
                        const struct vqe_run *run,
                        const struct vqe_optimizer_options *options);

/* Free what the phases made, all but the result. */
void vqe_run_clear(struct vqe_run *run);

/* ---- the phases, in this order ---- */

int vqe_run_integrals(struct vqe_run *run);   /* run_setup.c */
int vqe_run_hamiltonian(struct vqe_run *run); /* and the Pauli sum */
int vqe_run_ansatz(struct vqe_run *run);      /* and the pool of ADAPT-VQE */
int vqe_run_parameters(struct vqe_run *run);  /* initial ones */
int vqe_run_estimator(struct vqe_run *run);

/* How the run's estimator is made: threads, team, device, precision. */
void vqe_run_estimator_options(struct vqe_estimator_options *out,
                               struct vqe_run *run);

/* More Pauli terms than a result holds? The note that says so. */
bool vqe_run_terms_too_many(double nterm, int norb);
int vqe_run_note_terms(struct vqe_run *run, double nterm);
/* The exact energy; whatever keeps it away is a note, not a failure, but a
 * stop asked for from outside is. */
int vqe_run_fci(struct vqe_run *run);
/* Say that the result is of another irrep than the exact state. */
int vqe_run_note_irrep(struct vqe_run *run);

/* Evaluations, optimal parameters, minimum and reason of the result. */
int vqe_run_minimise(struct vqe_run *run);

/* OpenQASM of the circuit as it is, and its cost. */
int vqe_run_circuit(struct vqe_run *run);

/* Expectation values and dipole at the optimal parameters. */
int vqe_run_properties(struct vqe_run *run);

/* What the experiment asks for by `properties`, to the result; what is not to
 * be had is a note. */
int vqe_run_molecular(struct vqe_run *run);

/* The energy with the noise that the experiment asks for, to the properties;
 * what is not to be had is a note. */
int vqe_run_noise(struct vqe_run *run);

#endif
