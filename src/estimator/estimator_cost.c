#include "estimator/estimator_cost.h"

#include "estimator/estimator_choose.h"

void vqe_estimator_seconds(double *energy, double *gradient,
                           const struct vqe_hamiltonian *hamiltonian,
                           const struct vqe_ansatz *ansatz, double gates,
                           const struct vqe_estimator_options *options)
{
  if (!vqe_estimator_wants_sector(ansatz, options)) {
    vqe_statevector_seconds(energy, gradient, hamiltonian, ansatz, gates);
    return;
  }
  vqe_sector_seconds(energy, gradient, hamiltonian, ansatz, gates);
  if (vqe_estimator_is_split(ansatz, options)) {
    *energy /= options->team->size;
    *gradient /= options->team->size;
  }
}
