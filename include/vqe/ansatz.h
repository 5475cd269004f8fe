/** @file
 * Parametrised circuits as lists of gates, and their OpenQASM 3 text. */
#ifndef VQE_ANSATZ_H
#define VQE_ANSATZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vqe/api.h"
#include "vqe/operators.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a gate does; t is its angle, q0 ... q3 the qubits of vqe_gate. */
enum vqe_gate_kind {
  VQE_GATE_X,    /**< q0 */
  VQE_GATE_RY,   /**< exp(-i t Y/2) on q0 */
  VQE_GATE_RZ,   /**< exp(-i t Z/2) on q0 */
  VQE_GATE_CX,   /**< control q0, target q1 */
  VQE_GATE_XXYY, /**< RXX(t) RYY(t) = exp(-i t (XX + YY)/2) on q0, q1 */
  /** exp(t (tau - tau^+)), tau = a+_{q1} a_{q0} */
  VQE_GATE_SINGLE,
  /** tau = a+_{q1} a_{q0} a+_{q3} a_{q2} */
  VQE_GATE_DOUBLE,
  /** The same without the signs of fermions, no Z strings: tau = s+_{q1}
   * s-_{q0} (and s+_{q3} s-_{q2}), s- = (X + iY)/2 (Yordanov et al., Commun.
   * Phys. 4, 228 (2021)) */
  VQE_GATE_QUBIT_SINGLE,
  VQE_GATE_QUBIT_DOUBLE,
  VQE_GATE_PHASE, /**< exp(i t n) on q0 */
  VQE_GATE_CPHASE /**< exp(i t n n) on q0, q1 */
};

/** One gate of a circuit. */
struct vqe_gate {
  enum vqe_gate_kind kind; /**< what it does */
  int q[4];                /**< qubits that it acts on, as its kind says */
  int param;    /**< index of the angle, -1 when the gate has none */
  double scale; /**< angle = scale * parameters[param] */
};

/** Number of particles that an excitation moves: 1 or 2; 0 for other gates. */
static inline int vqe_gate_order(enum vqe_gate_kind kind)
{
  switch (kind) {
  case VQE_GATE_SINGLE:
  case VQE_GATE_QUBIT_SINGLE:
    return 1;
  case VQE_GATE_DOUBLE:
  case VQE_GATE_QUBIT_DOUBLE:
    return 2;
  default:
    return 0;
  }
}

/** An excitation of qubits, without the signs of fermions. */
static inline bool vqe_gate_signless(enum vqe_gate_kind kind)
{
  return kind == VQE_GATE_QUBIT_SINGLE || kind == VQE_GATE_QUBIT_DOUBLE;
}

/** What excitations and XXYY become in OpenQASM and in counts of gates; the
 * unitary is the same up to a phase. */
enum vqe_circuits {
  /** One controlled rotation (Yordanov, Arvidsson-Shukur and Barnes, Phys.
   * Rev. A 102, 062612 (2020)); gates that cancel are left out. */
  VQE_CIRCUITS_COMPACT,
  /** Rotations around Pauli strings, sorted so that neighbours share gates;
   * gates that cancel are left out. */
  VQE_CIRCUITS_GADGETS,
  /** Rotations around Pauli strings, each with all of its gates. */
  VQE_CIRCUITS_PLAIN
};

/** A parametrised circuit. Made by vqe_ansatz_create; read only for callers.
 */
struct vqe_ansatz {
  char name[32];          /**< "UCCSD", "EfficientSU2", ... */
  char entanglement[32];  /**< "" when the ansatz has none */
  int reps;               /**< repetitions of its block */
  int nqubit;             /**< 2 norb */
  int norb;               /**< spatial orbitals */
  int nalpha;             /**< alpha electrons */
  int nbeta;              /**< beta electrons */
  bool conserves;         /**< starts from HF and conserves N_alpha and N_beta:
                             runs in a sector */
  bool real;              /**< amplitudes stay real */
  int nparam;             /**< parameters of the circuit */
  size_t ngate;           /**< length of `gates` */
  struct vqe_gate *gates; /**< in the order of application */
  enum vqe_circuits circuits; /**< of its OpenQASM and counts */
};

/** Name as users write it to its stored spelling, case-insensitive;
 * VQE_ERR_INPUT lists the known ones. */
VQE_API int vqe_ansatz_canonical(const char **out, const char *name);

/** Entanglement as users write it ("reverse_linear", "full", "linear",
 * "circular", "pairwise", "sca"; for LUCJ the pairs of orbitals that interact:
 * "square", "heavy-hex", "all-to-all") to its stored spelling; NULL gives the
 * default of the ansatz (NULL for UCCSD and its kin). VQE_ERR_INPUT
 * when unknown. */
VQE_API int vqe_entanglement_canonical(const char **out, const char *ansatz,
                                       const char *name);
/** Default repetitions: 2 for circuits, else 1. */
VQE_API int vqe_ansatz_default_reps(const char *ansatz);

/** Whether an ansatz of this stored spelling starts from the Hartree-Fock
 * determinant and conserves N_alpha and N_beta, so that it has a sector. */
VQE_API bool vqe_ansatz_conserves(const char *ansatz);
/** Whether its amplitudes stay real. */
VQE_API bool vqe_ansatz_real(const char *ansatz);
/** Whether vqe_ansatz_mp2_parameters knows it. */
VQE_API bool vqe_ansatz_has_mp2(const char *ansatz);

/** How ADAPT-VQE grows (Grimsley et al., Nat. Commun. 10, 3007 (2019)). */
struct vqe_adapt_options {
  const char *pool;        /**< "GSD", ...: vqe_ansatz_pool_create */
  double gradient_norm;    /**< stop at this norm of the pool's gradient */
  double energy_change;    /**< stop when a growth lowers the energy by less,
                              hartree; 0: never */
  int max_operators;       /**< stop at this many parameters */
  int operators_at_a_time; /**< added by one growth: those of largest gradient
                            */
  /** One growth adds the operator of largest gradient and, of those on spin
   * orbitals that none of the growth acts on yet, again the one of largest
   * gradient, down to gradient_norm (TETRIS: Anastasiou et al., Phys. Rev.
   * Research 6, 013254 (2024)); operators_at_a_time does not count. */
  bool tetris;
};

/** What vqe_ansatz_create makes a circuit from. */
struct vqe_ansatz_options {
  size_t size;      /**< of this struct, set by vqe_ansatz_options_init */
  const char *name; /**< stored spelling */
  int reps;         /**< repetitions, k of k-UpCCGSD, L of LUCJ */
  const char *entanglement; /**< stored spelling or NULL for the default */
  int norb;                 /**< spatial orbitals */
  int nalpha;               /**< alpha electrons */
  int nbeta;                /**< beta electrons */
  bool restricted;      /**< closed shell: alpha and beta share parameters */
  int nirrep;           /**< screen excitations by these irreps, 1 for none */
  const uint8_t *irrep; /**< norb, may be NULL when nirrep is 1 */
  struct vqe_adapt_options adapt; /**< of ADAPT-VQE */
  /** The run optimises the orbitals too; changes nothing of the circuit. */
  bool orbital_optimization;
  enum vqe_circuits circuits; /**< of its OpenQASM and counts */
};
/** Everything zero but the size and the defaults of further options. */
VQE_API void vqe_ansatz_options_init(struct vqe_ansatz_options *options);

/** Set a further option of a job file, which `options->name` must know, from
 * its JSON text. ADAPT-VQE: "pool" (GSD), "gradient_norm" (1e-3),
 * "energy_change" (0), "max_operators" (500), "operators_at_a_time" (1),
 * "tetris" (false).
 * UCCSD and its kin, LUCJ: "orbital_optimization" (false). All: "circuits"
 * ("compact", "gadgets", "plain").
 * VQE_ERR_INPUT when this ansatz has no such option, naming those it has, or
 * when the value is out of range. */
VQE_API int vqe_ansatz_option_set(struct vqe_ansatz_options *options,
                                  const char *key, const char *json);

/** Make a circuit. VQE_ERR_INPUT for numbers that do not fit each other; free
 * it by vqe_ansatz_free. */
VQE_API int vqe_ansatz_create(struct vqe_ansatz **out,
                              const struct vqe_ansatz_options *options);
/** NULL is fine. */
VQE_API void vqe_ansatz_free(struct vqe_ansatz *ansatz);

/** The operators that ADAPT-VQE chooses from, as an ansatz without a state in
 * front: element k is the run of gates with parameter k, k = 0, 1, ...
 * nparam - 1. `options->adapt.pool`:
 *   "UCCSD" the factors of UCCSD;
 *   "GSD"   generalised singles and doubles: excitations between any
 *           orbitals, occupied or not;
 *   "QEB"   the same as excitations of qubits (Yordanov et al., Phys. Rev. A
 *           102, 062612 (2020); Commun. Phys. 4, 228 (2021));
 *   "SAGSD" singles of both spins, pairs, and products of a single and the
 *           hopping between two more orbitals: each keeps S^2 exactly;
 *   "OVP-CEO" coupled exchange operators with one parameter (Ramoa et al.,
 *           arXiv:2407.08696): sums and differences of two excitations of
 *           qubits that pair the same four spin orbitals, and singles;
 *   "MVP-CEO" those excitations one by one: a growth adds all on the same
 *           four that have a slope;
 *   "DVG-CEO" both: a growth takes an element of OVP-CEO, or in its place all
 *           excitations on the same four that have a slope, where two do.
 * Closed shells in the first three: an excitation and its spin mirror are one
 * element, those that the mirror reverses are left out. Screened by irreps.
 * O(norb^4) elements. */
VQE_API int vqe_ansatz_pool_create(struct vqe_ansatz **out,
                                   const struct vqe_ansatz_options *options);
/** Append an element of a pool with a parameter of its own, the last one. */
VQE_API int vqe_ansatz_append(struct vqe_ansatz *ansatz,
                              const struct vqe_ansatz *pool, int element);

/** Precision of a rotation made of T and Clifford gates, in t_count. */
#define VQE_SYNTHESIS_PRECISION 1e-10

/** What a circuit costs on a machine; NaN where it is not known. Counts and
 * depths are those of the OpenQASM text, as Qiskit counts them. */
struct vqe_circuit_cost {
  double parameters;      /**< of the circuit */
  double one_qubit_gates; /**< gates on one qubit */
  double two_qubit_gates; /**< gates on two qubits: CX, CZ, CP */
  double depth;           /**< layers of gates */
  double two_qubit_depth; /**< layers of gates on two qubits */
  /** T gates of a fault-tolerant machine: ceil(3 log2(1/e)) = 100 a rotation
   * with e = VQE_SYNTHESIS_PRECISION (Ross and Selinger, Quantum Inf. Comput.
   * 16, 901 (2016); terms of log log(1/e) left out), three rotations a CP. */
  double t_count;
  double measurement_groups; /**< bases that the Hamiltonian is measured in:
                                 vqe_pauli_group_qwc */
  /** Shots over all groups, as many in each, that bring the standard error of
   * the energy of the Hartree-Fock determinant to 1.6 mHa:
   * vqe_pauli_group_variance. */
  double shots;
};
/** All NaN. */
VQE_API void vqe_circuit_cost_init(struct vqe_circuit_cost *cost);

/** Count the gates of a circuit; measurement stays unknown. Above `most` gates
 * (0: no limit), before any cancel, all but the parameters stays NaN. Cost:
 * O(gates) time, 24 bytes a gate. */
VQE_API int vqe_ansatz_cost(struct vqe_circuit_cost *out,
                            const struct vqe_ansatz *ansatz, size_t most);

/** Complete OpenQASM 3 program with inputs t0000..., zero-padded so that they
 * sort in order. Above `limit` bytes (0: none) every excitation is one
 * `pragma vqe.excitation` (or `vqe.qubit_excitation`) line instead of its
 * gates. Free *out by free(). */
VQE_API int vqe_ansatz_qasm(char **out, const struct vqe_ansatz *ansatz,
                            size_t limit);

/** The same with numbers in place of the inputs: `parameters` holds nparam
 * values. `version` is 3 or 2 (Cross et al., arXiv:1707.03429). */
VQE_API int vqe_ansatz_qasm_bound(char **out, const struct vqe_ansatz *ansatz,
                                  int version, const double *parameters);

/** The circuit of an ansatz of electrons in another mapping, without the
 * qubits that `taper` takes (count 0: none), as rotations around the images of
 * its Pauli strings. `parameters` NULL: with inputs, which OpenQASM 2 has not.
 * VQE_ERR_UNSUPPORTED for EfficientSU2 and RealAmplitudes, whose gates act on
 * qubits; VQE_ERR_INPUT where a gate breaks a symmetry that is tapered. Free
 * *out by free(). */
VQE_API int vqe_ansatz_qasm_mapped(char **out, const struct vqe_ansatz *ansatz,
                                   const struct vqe_mapping *mapping,
                                   const struct vqe_taper *taper, int version,
                                   const double *parameters);

/** Initial parameters from first-order amplitudes: `eri` and orbital energies
 * as in vqe/chem.h; nparam values to `out`. Amplitudes / reps for UCCSD, and
 * for k-UpCCGSD those of the pairs that leave occupied orbitals, all others
 * zero; for LUCJ the largest factors of their double factorisation, cut down
 * to the pairs that interact. VQE_ERR_INPUT for open shells, which
 * only runs start so (they have the singles too), or circuits. */
VQE_API int vqe_ansatz_mp2_parameters(double *out,
                                      const struct vqe_ansatz *ansatz,
                                      const double *eri,
                                      const double *orbital_energies);

/** Parameters at which the circuit prepares the Hartree-Fock determinant
 * exactly: zeros, but pi in the last RY layer on occupied qubits for
 * EfficientSU2 and RealAmplitudes. */
VQE_API void vqe_ansatz_hf_parameters(double *out,
                                      const struct vqe_ansatz *ansatz);

#ifdef __cplusplus
}
#endif
#endif
