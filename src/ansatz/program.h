/* A circuit as gates that machines and OpenQASM know: what excitations and
 * other gates of an ansatz become, what cancels among them, what they cost. */
#ifndef VQE_ANSATZ_PROGRAM_H
#define VQE_ANSATZ_PROGRAM_H

#include "vqe/ansatz.h"
#include "vqe/error.h"

/* Gates of two qubits come last. */
enum vqe_program_kind {
  VQE_PROGRAM_NONE, /* cancelled */
  VQE_PROGRAM_X,
  VQE_PROGRAM_H,
  VQE_PROGRAM_S,
  VQE_PROGRAM_SDG,
  VQE_PROGRAM_RX_PLUS,  /* exp(-i pi/4 X) */
  VQE_PROGRAM_RX_MINUS, /* its inverse */
  VQE_PROGRAM_RY,       /* exp(-i t Y/2) */
  VQE_PROGRAM_RZ,       /* exp(-i t Z/2) */
  VQE_PROGRAM_P,        /* exp(i t n) */
  VQE_PROGRAM_CX,       /* control, target */
  VQE_PROGRAM_CZ,
  VQE_PROGRAM_CP /* exp(i t n n) */
};

struct vqe_program_gate {
  uint8_t kind; /* enum vqe_program_kind */
  uint8_t q[2];
  int param;    /* -1: no angle */
  double scale; /* angle = scale * parameters[param] */
};

struct vqe_program {
  int nqubit;
  size_t ngate, capacity;
  struct vqe_program_gate *gates; /* in the order of application */
  size_t most;                    /* gates, 0: no limit */
  bool too_long;                  /* more than `most`: gates are missing */
};

/* The program of an ansatz by its `circuits`. `most` gates (0: no limit)
 * bound time and memory, 24 bytes a gate: with more of them, before any
 * cancel, *out is NULL. Cost: O(gates). */
int vqe_program_create(struct vqe_program **out,
                       const struct vqe_ansatz *ansatz, size_t most);
void vqe_program_free(struct vqe_program *program);

/* Append a gate; q1 and scale are not looked at where its kind has none. */
int vqe_program_add(struct vqe_program *program, enum vqe_program_kind kind,
                    int q0, int q1, int param, double scale);

/* Append a gate without an angle: on one qubit, CX, CZ. */
int vqe_program_clifford(struct vqe_program *program,
                         enum vqe_program_kind kind, int q);
int vqe_program_cx(struct vqe_program *program, int control, int target);
int vqe_program_cz(struct vqe_program *program, int q0, int q1);

/* Terms of a generator: of the product of four ladder operators, and to
 * spare. */
#define VQE_PROGRAM_TERMS 32

struct vqe_program_term {
  vqe_qubits x, z;
  double re, im; /* coefficient of i^|x&z| X^x Z^z */
};

/* tau - tau^+ of an excitation: the sum of i im P, at most 8 terms, which
 * commute. Returns how many. */
int vqe_program_generator(struct vqe_program_term out[VQE_PROGRAM_TERMS],
                          const struct vqe_gate *gate);

/* Append exp(i im t P) of a term, t the angle of the gate. */
int vqe_program_rotation(struct vqe_program *program,
                         const struct vqe_program_term *term,
                         const struct vqe_gate *gate);

/* Append an excitation as products of Pauli rotations one after another, as
 * Pauli rotations that share what they can, or as one controlled rotation. */
int vqe_program_excitation(struct vqe_program *program,
                           const struct vqe_gate *gate,
                           enum vqe_circuits circuits);

/* An excitation between distinct qubits as one controlled rotation. */
int vqe_program_controlled(struct vqe_program *program,
                           const struct vqe_gate *gate);

/* Most doubles that one circuit takes together: the pairings of four. */
#define VQE_PROGRAM_COUPLED 3

/* How many of the `count` gates, from the first on, are doubles that pair the
 * same four distinct qubits, each in another way: at most VQE_PROGRAM_COUPLED.
 * They commute. */
int vqe_program_coupled_count(const struct vqe_gate *gates, size_t count);

/* Append that many doubles, 2 or 3, as one circuit: 9 gates of two qubits for
 * two by one parameter and equal sizes of scale, else 13; more for the Z
 * strings of fermions. */
int vqe_program_coupled(struct vqe_program *program,
                        const struct vqe_gate *gates, int count);

/* exp(-i angle (X0 Y1 - Y0 X1)/2), a rotation of |01> and |10>, by
 * angle = scale * parameters[param]. */
int vqe_program_givens(struct vqe_program *program, int q0, int q1, int param,
                       double scale);

/* exp(-i t (XX + YY)/2) of q0, q1. */
int vqe_program_xxyy(struct vqe_program *program, const struct vqe_gate *gate,
                     enum vqe_circuits circuits);

/* Remove pairs of gates that cancel, also where only gates that commute with
 * them stand between, and join rotations by one parameter. The unitary stays,
 * up to a phase. */
int vqe_program_cancel(struct vqe_program *program);

/* Count gates as Qiskit does; measurement is left unknown. */
void vqe_program_cost(struct vqe_circuit_cost *out,
                      const struct vqe_program *program, int nparam);

/* OpenQASM text. `version` 3, with inputs, or with `parameters` (nparam) in
 * their place; 2 needs them. Of more than `limit` bytes (0: none) *out is
 * NULL. */
int vqe_program_text(char **out, const struct vqe_program *program,
                     const struct vqe_ansatz *ansatz, int version,
                     const double *parameters, size_t limit);

/* OpenQASM 3 text with each excitation as one pragma, of an ansatz that holds
 * nothing but these, X and phases: vqe_ansatz_has_short. */
bool vqe_ansatz_has_short(const struct vqe_ansatz *ansatz);
int vqe_ansatz_qasm_short(char **out, const struct vqe_ansatz *ansatz);

static inline bool vqe_program_has(vqe_qubits mask, int q)
{
  return (mask >> q & 1) != 0;
}

static inline bool vqe_program_pair(enum vqe_program_kind kind)
{
  return kind >= VQE_PROGRAM_CX;
}

static inline bool vqe_program_has_angle(enum vqe_program_kind kind)
{
  return (kind >= VQE_PROGRAM_RY && kind <= VQE_PROGRAM_P) ||
         kind == VQE_PROGRAM_CP;
}

#endif
