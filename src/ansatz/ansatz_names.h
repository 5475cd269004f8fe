/* The one list of ansätze: what they are called and what follows from the
 * name alone. */
#ifndef VQE_ANSATZ_ANSATZ_NAMES_H
#define VQE_ANSATZ_ANSATZ_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/ansatz.h"

/* What the number of parameters follows from, before irreps screen any. */
struct vqe_ansatz_shape {
  int norb, nalpha, nbeta;
  int reps;
  const char *entanglement; /* NULL: none was given */
  int max_operators;        /* of ADAPT-VQE */
};

/* What distinguishes an ansatz from the others. */
struct vqe_ansatz_kind {
  const char *name; /* stored spelling */
  bool conserves;   /* N_alpha and N_beta: runs in a sector */
  bool real;        /* amplitudes stay real */
  bool mp2;         /* vqe_ansatz_mp2_parameters knows it */
  bool mp2_open;    /* vqe_ansatz_open_parameters too */
  bool hf_open;     /* from there open shells find lower minima */
  bool grows;       /* its circuit is chosen while it is optimised */
  bool ry, rz;      /* layers of these rotations, the last one at the end:
                       there pi in RY prepares a one */
  bool preserving;  /* entangles by XXYY behind the Hartree-Fock state, not by
                       CX */
  bool mixes;       /* moves electrons between irreps: no symmetry is left */
  bool saddles;     /* gradients may vanish where there is no minimum: tested
                       unless asked otherwise */
  int hops;         /* minima lie close: further starts around the one found */
  bool curvatures;  /* orbital energies give those of its parameters */
  int least_reps, most_reps, default_reps;
  double noise_hf, noise_mp2;       /* radian: default noise of these starts */
  const char *const *entanglements; /* stored spellings, ended by NULL */
  const char *default_entanglement; /* NULL when it has none */
  double (*parameters)(const struct vqe_ansatz_shape *shape); /* how many */
};

/* The kind of a stored spelling; for any other name, or NULL, one with nothing
 * set. */
const struct vqe_ansatz_kind *vqe_ansatz_kind(const char *name);

/* Whether amplitudes of MP2 start it, of a closed or an open shell. */
bool vqe_ansatz_takes_mp2(const char *name, bool open);

/* "mp2" or "hf": the start where none is asked for. */
const char *vqe_ansatz_default_start(const char *name, bool open);

/* The k-th of all names, NULL behind the last. */
const char *vqe_ansatz_name(size_t k);

/* The name that a misspelt one is meant for, NULL when none is near. */
const char *vqe_ansatz_nearest(const char *name);

/* Default noise of a start, radian. */
double vqe_ansatz_default_noise(const char *ansatz, const char *strategy);

/* "compact", "gadgets", "plain". */
const char *vqe_ansatz_circuits_name(enum vqe_circuits circuits);

/* Whether the circuit is chosen while it is optimised (ADAPT-VQE). */
bool vqe_ansatz_grows(const char *name);

#endif
