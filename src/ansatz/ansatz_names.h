/* The one list of ansätze: what they are called and what follows from the
 * name alone. */
#ifndef VQE_ANSATZ_ANSATZ_NAMES_H
#define VQE_ANSATZ_ANSATZ_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* What distinguishes an ansatz from the others. */
struct vqe_ansatz_kind {
  const char *name; /* stored spelling */
  bool conserves;   /* N_alpha and N_beta: runs in a sector */
  bool real;        /* amplitudes stay real */
  bool mp2;         /* vqe_ansatz_mp2_parameters knows it */
  bool grows;       /* its circuit is chosen while it is optimised */
  bool ry_last;     /* ends in a layer of RY (and RZ): pi prepares a one */
  int least_reps, most_reps, default_reps;
  const char *const *entanglements; /* stored spellings, ended by NULL */
  const char *default_entanglement; /* NULL when it has none */
};

/* The kind of a stored spelling; for any other name one with nothing set. */
const struct vqe_ansatz_kind *vqe_ansatz_kind(const char *name);

/* The k-th of all names, NULL behind the last. */
const char *vqe_ansatz_name(size_t k);

/* The name that a misspelt one is meant for, NULL when none is near. */
const char *vqe_ansatz_nearest(const char *name);

/* Whether the circuit is chosen while it is optimised (ADAPT-VQE). */
bool vqe_ansatz_grows(const char *name);

#endif
