/* The gates of a circuit as what a library of gates applies: Pauli rotations
 * and controlled matrices (kernels/gates.h). */
#ifndef VQE_DEVICE_CUSTATEVEC_MOVES_H
#define VQE_DEVICE_CUSTATEVEC_MOVES_H

#include "device/evaluator.h"
#include "sim/statevector_tables.h"

enum vqe_custatevec_move_kind {
  VQE_CUSTATEVEC_FLIP,  /* X, or CX where there is a control */
  VQE_CUSTATEVEC_TURN,  /* exp(i angle G) by Pauli rotations */
  VQE_CUSTATEVEC_PHASE, /* exp(i angle n), or n n where there is a control */
};

struct vqe_custatevec_move {
  enum vqe_custatevec_move_kind kind;
  int target, control; /* of flips and phases; -1: none */
  int32_t angle;       /* of turns and phases */
  /* their G; a phase has the identity first */
  uint64_t x, z[VQE_GPU_STRINGS];
  double weight[VQE_GPU_STRINGS];
  int count;
};

struct vqe_custatevec_moves {
  size_t count;
  struct vqe_custatevec_move *items;
};

/* The moves of all gates of the host's ansatz and their angles. X in front of
 * all other gates are the host's `start`; its steps have the signs of
 * excitations. `moves` starts as zeros. */
int vqe_custatevec_moves_compile(struct vqe_custatevec_moves *moves,
                                 struct vqe_evaluator *evaluator,
                                 const struct vqe_statevector *host);

#endif
