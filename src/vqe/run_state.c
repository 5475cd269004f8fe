#include "vqe/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
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

int vqe_run_note(struct vqe_result *result, const char *note)
{
  char *joined = NULL;
  if (note == NULL || note[0] == '\0') {
    return VQE_OK;
  }
  if (result->reference_note == NULL) {
    return vqe_memory_strdup(&result->reference_note, note);
  }
  if (asprintf(&joined, "%s; %s", result->reference_note, note) < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a note");
  }
  free(result->reference_note);
  result->reference_note = joined;
  return VQE_OK;
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
