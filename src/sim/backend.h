/* The one seam between the estimator and what computes: a table of functions
 * over an opaque backend. Representations and devices each fill one. */
#ifndef VQE_SIM_BACKEND_H
#define VQE_SIM_BACKEND_H

#include "base/stop.h"
#include "sim/layout.h"
#include "sim/sigma.h"
#include "vqe/sim.h"

/* A state in the order of a layout, and what multiplies it by the Hamiltonian.
 * Valid until the next call of the backend. */
struct vqe_backend_blocks {
  const struct vqe_layout *layout;
  const struct vqe_sigma *sigma;
  const double *re, *im; /* layout->size each; im may be NULL */
  bool beta_rows;        /* the layout's alpha strings are those of beta */
  int threads;
  struct vqe_stop *stop; /* NULL: nobody is asked */
};

struct vqe_backend_ops {
  const char *name; /* "vqe_cpu_sector" */
  void (*free)(void *backend);
  int (*energy)(void *backend, double *energy, const double *parameters);
  int (*gradient)(void *backend, double *energy, double *gradient,
                  const double *parameters);
  /* take in gates appended to the ansatz */
  int (*extend)(void *backend);
  int (*pool_gradient)(void *backend, double *out, const double *parameters,
                       const struct vqe_ansatz *pool);
  /* many at once; gradients may be NULL. NULL: one after the other */
  int (*many)(void *backend, double *energies, double *gradients,
              const double *parameters, size_t count);
  int (*properties)(void *backend, struct vqe_properties *out, double *rdm1,
                    const double *parameters);
  /* as vqe_estimator_penalised; NULL: not supported */
  int (*penalised)(void *backend, double *energy, double *penalty,
                   double *gradient, const double *parameters,
                   const struct vqe_penalty *what);
  /* NULL where there are none */
  int (*densities)(void *backend, double *pairs1, double *pairs2,
                   const double *parameters);
  /* the state for what is computed from its determinants; NULL: it is not on
   * one processor */
  int (*blocks)(void *backend, struct vqe_backend_blocks *out,
                const double *parameters);
  /* the numbers of the Hamiltonian have changed; NULL: not supported */
  int (*refresh)(void *backend);
  /* whom to ask during long calls, NULL: nobody; the backend returns
   * VQE_ERR_INTERRUPTED. NULL where calls are not interrupted */
  void (*watch)(void *backend, struct vqe_stop *stop);
  /* the state in the full space, split: re and im of 2^nqubit each */
  int (*state)(void *backend, double *re, double *im,
               const double *parameters);
};

/* Number of irreps that a run can use: the Hamiltonian's when every
 * excitation keeps its symmetry, else 1. */
int vqe_sector_irreps(const struct vqe_hamiltonian *hamiltonian,
                      const struct vqe_ansatz *ansatz);

int vqe_sector_create(const struct vqe_backend_ops **ops, void **out,
                      const struct vqe_hamiltonian *hamiltonian,
                      const struct vqe_ansatz *ansatz, int threads);
void vqe_sector_size(uint64_t *amplitudes, uint64_t *bytes,
                     const struct vqe_hamiltonian *hamiltonian,
                     const struct vqe_ansatz *ansatz, int threads);

/* Seconds of an energy, and of one with its gradient, with about `gates`
 * gates, on one thread; as vqe_estimator_seconds. */
void vqe_sector_seconds(double *energy, double *gradient,
                        const struct vqe_hamiltonian *hamiltonian,
                        const struct vqe_ansatz *ansatz, double gates);

int vqe_statevector_create(const struct vqe_backend_ops **ops, void **out,
                           const struct vqe_hamiltonian *hamiltonian,
                           const struct vqe_ansatz *ansatz, int threads);
void vqe_statevector_size(uint64_t *amplitudes, uint64_t *bytes,
                          const struct vqe_hamiltonian *hamiltonian,
                          const struct vqe_ansatz *ansatz, int threads);
void vqe_statevector_seconds(double *energy, double *gradient,
                             const struct vqe_hamiltonian *hamiltonian,
                             const struct vqe_ansatz *ansatz, double gates);

#endif
