#include "vqe/run.h"

#include "base/clock.h"
#include "vqe/orbital.h"

bool vqe_run_stop_asked(void *ctx)
{
  const struct vqe_run *run = ctx;
  const struct vqe_callbacks *callbacks = run->callbacks;
  return callbacks != NULL && callbacks->should_stop != NULL &&
         callbacks->should_stop(callbacks->ctx);
}

double vqe_run_cpu_seconds(const struct vqe_run *run)
{
  return run->options->threads == 1 ? vqe_clock_thread() : vqe_clock_cpu();
}

void vqe_run_clear(struct vqe_run *run)
{
  vqe_estimator_free(run->estimator);
  vqe_orbital_clear(run);
  vqe_ansatz_free(run->ansatz);
  vqe_ansatz_free(run->pool);
  vqe_pauli_sum_free(run->paulis);
  vqe_hamiltonian_free(run->hamiltonian);
  vqe_integrals_free(run->integrals);
}
