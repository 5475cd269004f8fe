/** @file
 * The estimator: energy, gradient and properties of an ansatz state, and the
 * exact ground state of the same Hamiltonian.
 *
 * Two representations behind one interface. Full space: 2^nqubit amplitudes.
 * Sector: alpha strings x beta strings of fixed electron numbers and total
 * symmetry (the CI vector), real when the circuit is. All energies are
 * electronic, hartree. */
#ifndef VQE_SIM_H
#define VQE_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vqe/ansatz.h"
#include "vqe/api.h"
#include "vqe/operators.h"
#include "vqe/team.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where a state lives. */
enum vqe_representation {
  VQE_REPRESENTATION_AUTO = 0, /**< sector when the ansatz conserves */
  VQE_REPRESENTATION_FULL = 1,
  VQE_REPRESENTATION_SECTOR = 2
};

/** On what a state lives. */
enum vqe_device_choice {
  VQE_DEVICE_AUTO = 0, /**< CUDA where there is a device, the state is large
                          enough to gain by it and fits; else the CPU */
  VQE_DEVICE_CPU = 1,
  VQE_DEVICE_CUDA = 2 /**< an error where that is not possible */
};

/** Whose gates the full space of a device has. */
enum vqe_gates_choice {
  VQE_GATES_AUTO = 0, /**< the own kernels: they have every gate, and by the
                         model of kernels/README.md move less memory */
  VQE_GATES_OWN = 1,
  VQE_GATES_CUSTATEVEC = 2 /**< cuStateVec's, which knows no sectors: also what
                              conserves particle numbers runs in the full
                              space, and on a device; an error where there is
                              no device or no cuStateVec */
};

/** Lets the estimators of several threads share launches: on a device, small
 * states are evaluated together, one in each block of a launch. */
struct vqe_combiner;
/** Make one; it must outlive the estimators that it is given to. */
VQE_API int vqe_combiner_create(struct vqe_combiner **out);
/** NULL is fine. */
VQE_API void vqe_combiner_free(struct vqe_combiner *combiner);

/** How an estimator works. */
struct vqe_estimator_options {
  size_t size; /**< of this struct, set by its initialiser */
  enum vqe_representation representation; /**< full space or sector */
  int threads;                            /**< OpenMP threads, at least 1 */
  /** Split a sector state over these ranks; NULL: alone. What cannot be split
   * (full space, phases) runs on rank 0. Must outlive the estimator. */
  const struct vqe_team *team;
  enum vqe_device_choice device; /**< a split state has none but the CPU */
  int device_index;              /**< taken modulo the number of devices */
  bool single; /**< amplitudes as floats, sums in double: CUDA alone */
  enum vqe_gates_choice gates; /**< of the full space of a device */
  /** With whom to share launches on a device; NULL: with nobody. Must outlive
   * the estimator. */
  struct vqe_combiner *combiner;
  /** Asked every few milliseconds of an evaluation on the CPU, by the thread
   * that called for it; true makes the call return VQE_ERR_INTERRUPTED. May be
   * NULL. */
  bool (*should_stop)(void *ctx);
  void *ctx; /**< of should_stop */
};
#ifndef __cplusplus
/** Initialiser of struct vqe_estimator_options in C; C++ calls the function
 * instead. */
#define VQE_ESTIMATOR_OPTIONS_INIT                                            \
  {                                                                           \
    .size = sizeof(struct vqe_estimator_options), .threads = 1                \
  }
#endif
/** Set all that VQE_ESTIMATOR_OPTIONS_INIT sets. */
VQE_API void vqe_estimator_options_init(struct vqe_estimator_options *options);

/** A CUDA device as vqe_batch --devices shows it. */
struct vqe_device_summary {
  int index;           /**< as vqe_estimator_options has it */
  char name[64];       /**< of the model */
  char driver[32];     /**< CUDA version that the driver serves */
  int compute_major;   /**< compute capability, before the point */
  int compute_minor;   /**< compute capability, after the point */
  int multiprocessors; /**< streaming multiprocessors */
  uint64_t bytes;      /**< of its memory */
  uint64_t free_bytes; /**< that nobody has taken */
};

/** Number of CUDA devices. `reason` (may be NULL) says why there is none. */
VQE_API int vqe_devices(const char **reason);
/** Describe device `index`, taken modulo their number. */
VQE_API int vqe_device_summarize(struct vqe_device_summary *out, int index);

/** Version of the cuStateVec that VQE_GATES_CUSTATEVEC would take, "1.15.0";
 * VQE_ERR_UNSUPPORTED, with what to install, where there is none. */
VQE_API int vqe_custatevec_version(char *out, size_t size);

/** What computes matrix products on devices, for people: cuBLAS with its
 * version, or an own kernel where the library cannot be loaded. */
VQE_API const char *vqe_device_products(void);

/** A Hamiltonian, an ansatz and the state between them. */
struct vqe_estimator;

/** Amplitudes and bytes (of one rank) that an estimator would take; no
 * allocation. */
VQE_API int vqe_estimator_size(uint64_t *amplitudes, uint64_t *bytes,
                               const struct vqe_hamiltonian *hamiltonian,
                               const struct vqe_ansatz *ansatz,
                               const struct vqe_estimator_options *options);

/** Hamiltonian and ansatz stay the caller's and must outlive the estimator.
 * VQE_ERR_MEMORY, with the number, when it does not fit. */
VQE_API int vqe_estimator_create(struct vqe_estimator **out,
                                 const struct vqe_hamiltonian *hamiltonian,
                                 const struct vqe_ansatz *ansatz,
                                 const struct vqe_estimator_options *options);
/** NULL is fine. */
VQE_API void vqe_estimator_free(struct vqe_estimator *estimator);

/** "vqe_cpu_sector", "vqe_cpu_statevector", "vqe_cuda_sector" or
 * "vqe_cuda_statevector". */
VQE_API const char *
vqe_estimator_backend(const struct vqe_estimator *estimator);

/** Where an estimator works, and what that took up to now. */
struct vqe_estimator_usage {
  bool on_device;                   /**< whether it is a GPU that computes */
  struct vqe_device_summary device; /**< when on_device */
  char gates[32];                   /**< "own" or "cuStateVec 1.15.0" */
  double seconds;                   /**< waiting for the device */
  uint64_t launches;                /**< of kernels and of graphs of them */
  uint64_t bytes_up;                /**< copied to the device */
  uint64_t bytes_down;              /**< copied from the device */
  uint64_t bytes_held;              /**< allocated on the device */
  char note[256]; /**< why AUTO went back to the CPU, or "" */
};
/** Fill `out` with what the estimator has used. */
VQE_API void vqe_estimator_describe(struct vqe_estimator_usage *out,
                                    const struct vqe_estimator *estimator);

/** Exact energy; parameters: ansatz->nparam angles in radian. */
VQE_API int vqe_estimator_energy(struct vqe_estimator *estimator,
                                 double *energy, const double *parameters);

/** Energy and its gradient by the adjoint method (Jones & Gacon,
 * arXiv:2009.02823): about the cost of three energies. */
VQE_API int vqe_estimator_gradient(struct vqe_estimator *estimator,
                                   double *energy, double *gradient,
                                   const double *parameters);

/** Take in what was appended to the ansatz since the estimator was created or
 * last extended: strings and sigma tables stay, only new excitation lists are
 * made. The gates must keep the symmetry that the estimator uses;
 * VQE_ERR_UNSUPPORTED otherwise, with the estimator unchanged. */
VQE_API int vqe_estimator_extend(struct vqe_estimator *estimator);

/** Slopes of all elements of a pool (vqe_ansatz_pool_create) at the state of
 * `parameters`: out[k] = 2 psi^+ H A_k psi, the derivative of the energy by
 * the angle of element k appended to the ansatz, at zero. One sigma product
 * for H psi, then one read of the pairs of each excitation. The tables of the
 * pool are made at its first call and kept for as long as `pool` is the same;
 * it must outlive the estimator. */
VQE_API int vqe_estimator_pool_gradient(struct vqe_estimator *estimator,
                                        double *out, const double *parameters,
                                        const struct vqe_ansatz *pool);

/** What a state pays for another number of electrons or another spin than
 * wanted: number <(N - electrons)^2> + spin <(S^2 - s2)^2>. */
struct vqe_penalty {
  double number; /**< weight, hartree */
  double spin;   /**< weight, hartree */
  int electrons; /**< wanted, of the qubits' orbitals */
  double s2;     /**< S (S + 1) of the wanted spin */
};

/** Exact energy, the penalty, and unless NULL the gradient of their sum. In
 * the full space on the CPU; VQE_ERR_UNSUPPORTED elsewhere. */
VQE_API int vqe_estimator_penalised(struct vqe_estimator *estimator,
                                    double *energy, double *penalty,
                                    double *gradient, const double *parameters,
                                    const struct vqe_penalty *what);

/** `count` exact energies, parameters count x nparam, and their gradients
 * likewise, which may be NULL. On a device many small states are evaluated at
 * once, one in each block of one launch; else one after the other. */
VQE_API int vqe_estimator_many(struct vqe_estimator *estimator,
                               double *energies, double *gradients,
                               const double *parameters, size_t count);

/** The most shots a group. */
#define VQE_SHOTS_MAX 100000000

/** How samples are taken; 0: groups that commute qubit by qubit, as many shots
 * in each. */
enum vqe_measurement {
  /** Groups that commute as a whole: fewer circuits, with gates on two qubits
   * before they are read (vqe_pauli_group_commuting). */
  VQE_MEASUREMENT_COMMUTING = 1,
  /** A tenth of the shots equally, the rest by the standard deviation that
   * each group had in them; these alone make the energy, so that it has no
   * bias. A sample takes up to twice the time. */
  VQE_MEASUREMENT_VARIANCE = 2
};

/** How later samples are taken: bits of enum vqe_measurement. */
VQE_API int vqe_estimator_measure(struct vqe_estimator *estimator,
                                  unsigned measurement);

/** Energy from `shots` samples on average for each commuting group of `paulis`
 * and its standard error; at most 20 qubits. A sector state is expanded.
 * Draws come from the stream `experiment_id`, `evaluation`. */
VQE_API int vqe_estimator_sample(struct vqe_estimator *estimator,
                                 double *energy, double *std,
                                 const double *parameters,
                                 const struct vqe_pauli_sum *paulis, int shots,
                                 const char *experiment_id, int evaluation);

/** The same with its gradient by the parameter-shift rule: two energies for
 * each rotation or phase, four for each excitation or XXYY gate, summed over
 * the gates of a parameter, each energy from `shots` samples of its own
 * (streams `experiment_id`, `evaluation`, gate, shift). `gradient_std`, which
 * may be NULL: the standard errors of the components. Costs 1 +
 * vqe_estimator_shifts energies. */
VQE_API int
vqe_estimator_sample_gradient(struct vqe_estimator *estimator, double *energy,
                              double *std, double *gradient,
                              double *gradient_std, const double *parameters,
                              const struct vqe_pauli_sum *paulis, int shots,
                              const char *experiment_id, int evaluation);

/** Energies of the shift rule for one gradient of this circuit, without the
 * one at the point itself. */
VQE_API uint64_t vqe_estimator_shifts(const struct vqe_ansatz *ansatz);

/** Circuits that are run to sample one energy: the commuting groups of
 * `paulis`. */
VQE_API int vqe_estimator_groups(struct vqe_estimator *estimator, int *groups,
                                 const struct vqe_pauli_sum *paulis);

/** Expectation values. */
struct vqe_properties {
  double n;  /**< of N, the number of electrons */
  double sz; /**< of S_z */
  double s2; /**< of S^2 */
  /** |<D|psi>|^2 of the determinant D that fills the first orbitals */
  double reference_weight;
};

/** Properties of the state at `parameters`; `rdm1` (norb x norb, spin-summed
 * expectations of E_pq, symmetrised) may be NULL. */
VQE_API int vqe_estimator_properties(struct vqe_estimator *estimator,
                                     struct vqe_properties *out, double *rdm1,
                                     const double *parameters);

/** What orbitals hold in the state at `parameters`. `rdm1`: real parts of
 * <a+_p a_q> of alpha, then of beta electrons (2 x norb x norb). `entropies`
 * (norb): -sum w ln w of each orbital. `information` (norb x norb): the mutual
 * information of each two, (s_i + s_j - s_ij) / 2 (Boguslawski and Tecmer,
 * Int. J. Quantum Chem. 115, 1289 (2015)); of a state without sharp electron
 * numbers, that of its parts with sharp ones. On the CPU, not in a team;
 * VQE_ERR_UNSUPPORTED elsewhere. Cost: norb^2 additions a determinant. */
VQE_API int vqe_estimator_orbitals(struct vqe_estimator *estimator,
                                   double *rdm1, double *entropies,
                                   double *information,
                                   const double *parameters);

/** Variance of the energy of the state at `parameters`, hartree^2: the square
 * of the norm of (H - E) psi, one product of the Hamiltonian and the state.
 * Zero in eigenstates. Where vqe_estimator_orbitals is. */
VQE_API int vqe_estimator_variance(struct vqe_estimator *estimator,
                                   double *variance, const double *parameters);

/** Densities of the state at `parameters` over packed pairs of orbitals:
 * pairs1[P], the expectation of F_P (npair), and pairs2[P * npair + R], the
 * real part of that of F_P F_R, F as in vqe/operators.h, so that the energy is
 * constant + f . pairs1 + w . pairs2 / 2. In sectors; VQE_ERR_UNSUPPORTED
 * elsewhere. */
VQE_API int vqe_estimator_densities(struct vqe_estimator *estimator,
                                    double *pairs1, double *pairs2,
                                    const double *parameters);

/** Take in what vqe_hamiltonian_update has changed in the Hamiltonian. */
VQE_API int vqe_estimator_refresh(struct vqe_estimator *estimator);

/** Copy of the state in the full space: 2^nqubit (re, im) pairs; for tests
 * and small molecules. */
VQE_API int vqe_estimator_state(struct vqe_estimator *estimator, double *out,
                                const double *parameters);

/** How exactly vqe_fci_solve solves. */
struct vqe_fci_options {
  size_t size;        /**< of this struct, set by its initialiser */
  int threads;        /**< OpenMP threads, at least 1 */
  int multiplicity;   /**< 2S+1 wanted */
  double tolerance;   /**< residual norm; 0 for 1e-6 */
  int max_cycles;     /**< 0 for 200 */
  uint64_t max_bytes; /**< refuse above; 0 for what is available */
  /** polled, also within products of the Hamiltonian; may be NULL */
  bool (*should_stop)(void *ctx);
  void *ctx; /**< of should_stop */
  /** 0: the lowest state of any irrep; else 1 + the irrep wanted, one of those
   * of the Hamiltonian */
  int irrep;
};
#ifndef __cplusplus
/** Initialiser of struct vqe_fci_options in C; C++ calls the function instead.
 */
#define VQE_FCI_OPTIONS_INIT                                                  \
  {                                                                           \
    .size = sizeof(struct vqe_fci_options), .threads = 1, .multiplicity = 1   \
  }
#endif
/** Set all that VQE_FCI_OPTIONS_INIT sets. */
VQE_API void vqe_fci_options_init(struct vqe_fci_options *options);

/** The ground state that vqe_fci_solve found. */
struct vqe_fci_result {
  double energy;         /**< electronic */
  double s2;             /**< expectation of S^2 */
  int irrep;             /**< total symmetry of the state */
  int cycles;            /**< sigma products taken */
  uint64_t determinants; /**< in the sector of all symmetries */
  /** Lowest of the irrep that the determinant of the first orbitals has,
   * electronic; NaN where it has no state of the multiplicity or was not asked
   * for. Equal to `energy` for partners of a degenerate state. */
  double reference_energy;
};

/** Bytes that vqe_fci_solve would take, as many vectors as fit `max_bytes` or
 * the memory that there is, or the fewest; no allocation. */
VQE_API int vqe_fci_size(uint64_t *bytes,
                         const struct vqe_hamiltonian *hamiltonian, int nalpha,
                         int nbeta, const struct vqe_fci_options *options);

/** Lowest state of the wanted multiplicity and, if given, irrep: Davidson
 * (J. Comput. Phys. 17, 87 (1975)) with a spin penalty, from several
 * determinants of each symmetry. VQE_ERR_MEMORY when it does not fit,
 * VQE_ERR_NUMERIC when it does not converge. */
VQE_API int vqe_fci_solve(struct vqe_fci_result *out,
                          const struct vqe_hamiltonian *hamiltonian,
                          int nalpha, int nbeta,
                          const struct vqe_fci_options *options);

#ifdef __cplusplus
}
#endif
#endif
