/* What a sector estimator is made of, for the one of the CPU and the one of a
 * device, which uploads it. */
#ifndef VQE_SIM_SECTOR_TABLES_H
#define VQE_SIM_SECTOR_TABLES_H

#include "sim/backend.h"
#include "sim/density.h"
#include "sim/kernels.h"
#include "sim/layout.h"
#include "sim/phases.h"
#include "sim/sigma.h"
#include "sim/spin_run.h"

enum rotation_kind {
  ROTATE_ALPHA,
  ROTATE_BETA,
  ROTATE_MIXED,
  ROTATE_PHASES /* a run of diagonal gates */
};

struct rotation {
  enum rotation_kind kind;
  int param;
  double scale;
  int g;           /* symmetry of the alpha part */
  size_t on_alpha; /* index into the pair lists */
  size_t on_beta;
  size_t phases; /* index into the runs */
};

struct pair_key {
  int spin, i, a, j, b;
  int signless; /* of a qubit excitation: every sign is 1 */
};

/* Rotations [first, last) as one run. */
struct sector_run {
  size_t first, last;
  struct vqe_spin_run spins;
};

struct sector {
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_ansatz *ansatz;
  int threads;
  uint8_t irrep[VQE_MAX_ORBITALS];
  struct vqe_strings alpha_strings, beta_strings;
  const struct vqe_strings *alpha, *beta; /* one set when numbers agree */
  struct vqe_layout layout;
  struct vqe_sigma *sigma;
  size_t npairs, pairs_capacity;
  struct pair_key *keys;
  struct vqe_string_pairs *pairs;
  size_t ngate; /* gates of the ansatz that are compiled */
  size_t nrotation;
  struct rotation *rotations;
  const struct vqe_ansatz *pool; /* whose rotations follow, or NULL */
  struct rotation *pool_rotations;
  size_t nrun;
  struct sector_run *runs; /* stretches of the rotations, in order */
  double *tiles;           /* scratch of the runs */
  size_t nphases;
  struct vqe_phases **phases;
  double *scratch;             /* of the phases */
  struct vqe_density *density; /* at the first densities */
  size_t reference;            /* address of the Hartree-Fock determinant */
  struct vqe_vector psi, lambda;
  double *partial; /* one sum a chunk, a cache line apart */
};

/* Make the runs of the gates compiled so far. */
int vqe_sector_find_runs(struct sector *sector);
void vqe_sector_clear_runs(struct sector *sector);

/* The rotations of a pool, to sector->pool_rotations; kept for as long as it
 * is the same one. */
int vqe_sector_compile_pool(struct sector *sector,
                            const struct vqe_ansatz *pool);

/* The state at these parameters, to sector->psi. */
void vqe_sector_prepare(struct sector *sector, const double *parameters);

/* As the members of struct vqe_backend_ops. */
int vqe_sector_properties(void *backend, struct vqe_properties *out,
                          double *rdm1, const double *parameters);
int vqe_sector_densities(void *backend, double *pairs1, double *pairs2,
                         const double *parameters);
int vqe_sector_state(void *backend, double *re, double *im,
                     const double *parameters);

#endif
