/* What a sector estimator is made of, for the one of the CPU and the one of a
 * device, which uploads it. */
#ifndef VQE_SIM_SECTOR_TABLES_H
#define VQE_SIM_SECTOR_TABLES_H

#include "sim/amplitudes.h"
#include "sim/backend.h"
#include "sim/bundle.h"
#include "sim/density.h"
#include "sim/givens.h"
#include "sim/layout.h"
#include "sim/phases.h"
#include "sim/sigma.h"
#include "sim/spin_run.h"

/* Rotations [first, last) as one run. */
struct vqe_sector_run {
  size_t first, last;
  struct vqe_spin_run spins;
};

struct vqe_sector {
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_ansatz *ansatz;
  int threads;
  uint8_t irrep[VQE_MAX_ORBITALS];
  struct vqe_strings strings[2];
  const struct vqe_strings *alpha, *beta; /* one set when numbers agree */
  struct vqe_layout layout;
  struct vqe_sigma *sigma;
  struct vqe_givens_lists lists; /* of pairs, that rotations index */
  size_t ngate;                  /* gates of the ansatz that are compiled */
  size_t nrotation;
  struct vqe_givens *rotations;
  const struct vqe_ansatz *pool; /* whose rotations follow, or NULL */
  struct vqe_givens *pool_rotations;
  size_t nrun;
  struct vqe_sector_run *runs; /* stretches of the rotations, in order */
  double *tiles;               /* scratch of the runs */
  struct vqe_bundle *bundle;   /* of stretches of gates; NULL: one by one */
  size_t nphases;
  struct vqe_phases **phases;
  double *scratch;             /* of the phases */
  struct vqe_density *density; /* at the first densities */
  size_t reference;            /* address of the Hartree-Fock determinant */
  struct vqe_vector psi, lambda;
  double *partial;       /* one sum a chunk, a cache line apart */
  struct vqe_stop *stop; /* asked during sweeps; NULL where they are short */
};

/* Take in the gates of the ansatz that are not yet. */
int vqe_sector_compile(struct vqe_sector *sector);

/* Make the runs of the gates compiled so far. */
int vqe_sector_find_runs(struct vqe_sector *sector);
void vqe_sector_clear_runs(struct vqe_sector *sector);

/* The rotations of a pool, to sector->pool_rotations; kept for as long as it
 * is the same one. */
int vqe_sector_compile_pool(struct vqe_sector *sector,
                            const struct vqe_ansatz *pool);

/* The state at these parameters, to sector->psi. */
void vqe_sector_prepare(struct vqe_sector *sector, const double *parameters);

/* As the members of struct vqe_backend_ops. */
int vqe_sector_extend(void *backend);
int vqe_sector_energy(void *backend, double *energy, const double *parameters);
int vqe_sector_gradient(void *backend, double *energy, double *gradient,
                        const double *parameters);
int vqe_sector_pool_gradient(void *backend, double *out,
                             const double *parameters,
                             const struct vqe_ansatz *pool);
int vqe_sector_properties(void *backend, struct vqe_properties *out,
                          double *rdm1, const double *parameters);
int vqe_sector_densities(void *backend, double *pairs1, double *pairs2,
                         const double *parameters);
int vqe_sector_blocks(void *backend, struct vqe_backend_blocks *out,
                      const double *parameters);
int vqe_sector_state(void *backend, double *re, double *im,
                     const double *parameters);

#endif
