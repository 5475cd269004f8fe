/* What goes wrong at each gate and each measurement of a machine. */
#ifndef VQE_NOISE_NOISY_MODEL_H
#define VQE_NOISE_NOISY_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Qubits that a state with noise may have: 4^12 doubles are 128 MiB, 2^20
 * complex numbers 16 MiB for each thread. */
#define VQE_NOISY_MOST_DENSITY 12
#define VQE_NOISY_MOST_QUBITS 20
#define VQE_NOISY_MOST_PAIRS 400
#define VQE_NOISY_MOST_SCALES 8
#define VQE_NOISY_NAME 64
/* Microseconds and nanoseconds that are believed. */
#define VQE_NOISY_LONGEST 1e12

/* Which simulation: the density matrix up to VQE_NOISY_MOST_DENSITY qubits. */
enum vqe_noisy_method {
  VQE_NOISY_AUTO,
  VQE_NOISY_DENSITY,
  VQE_NOISY_TRAJECTORIES
};

/* How zero noise is extrapolated to. */
enum vqe_noisy_fit { VQE_NOISY_LINEAR, VQE_NOISY_RICHARDSON };

struct vqe_noisy_qubit {
  double t1, t2;    /* s; INFINITY: none; t2 <= 2 t1 */
  double error;     /* of a gate on it, see `infidelity` */
  double time;      /* of such a gate, s */
  double read_one;  /* probability to read 1 of a 0 */
  double read_zero; /* probability to read 0 of a 1 */
};

struct vqe_noisy_pair {
  int q[2];
  double error, time; /* as of a qubit */
};

struct vqe_noisy_model {
  char name[VQE_NOISY_NAME];
  /* `error` is the average gate infidelity, of which relaxation has its
   * share (calibrations); false: the probability p of depolarising,
   * rho -> (1 - p) rho + p 1/2^n, beside relaxation */
  bool infidelity;
  bool virtual_z;  /* rotations about Z have no noise */
  double strength; /* times probabilities and times; 0: none */
  enum vqe_noisy_method method;
  int trajectories;
  bool postselect; /* keep the electron numbers of the molecule */
  int nscale;      /* 0: no extrapolation */
  double scales[VQE_NOISY_MOST_SCALES]; /* times the noise; ascending */
  bool folding; /* by U (U^-1 U)^k, scales odd; false: by the rates */
  enum vqe_noisy_fit fit;
  int nqubit; /* 0: all are as qubits[0] */
  struct vqe_noisy_qubit qubits[VQE_NOISY_MOST_QUBITS];
  int npair;                  /* known ones */
  struct vqe_noisy_pair pair; /* of all others */
  struct vqe_noisy_pair pairs[VQE_NOISY_MOST_PAIRS];
};

/* Read a model as in a job (jobs/README.md, `noise`), all numbers in it: a
 * calibration is an object as vqe_noisy_calibration_read makes it.
 * VQE_ERR_INPUT with `where`, key, value and what it should be. */
int vqe_noisy_model_read(struct vqe_noisy_model *out, const json_t *value,
                         const char *where);

/* The same of its text. */
int vqe_noisy_model_parse(struct vqe_noisy_model *out, const char *text);

/* From BackendProperties as IBM publishes them (Qiskit's to_dict(), JSON) the
 * numbers of the first VQE_NOISY_MOST_QUBITS qubits:
 * {"name", "qubits": [[t1_us, t2_us, error, ns, read_one, read_zero], ...],
 *  "pairs": [[a, b, error, ns], ...], "pair": [error, ns]}, null for times
 * that are not known. "pair" is the mean of all pairs of the machine. `where`
 * names the file. Free *out by json_decref(). */
int vqe_noisy_calibration_read(json_t **out, const json_t *value,
                               const char *where);

/* Of qubit k, and of a gate on a and b, with `scale` times the strength;
 * VQE_ERR_INPUT where a probability passes what can be. */
const struct vqe_noisy_qubit *
vqe_noisy_model_qubit(const struct vqe_noisy_model *model, int k);
const struct vqe_noisy_pair *
vqe_noisy_model_pair(const struct vqe_noisy_model *model, int a, int b);

#endif
