/* Results that come to rank 0, of its lanes, other ranks and journals. */
#include <string.h>

#include "base/assert.h"
#include "batch/lead_state.h"

void vqe_lead_show_ended(const struct vqe_lead *lead,
                         const struct vqe_result *result, int rank,
                         bool restored)
{
  const struct vqe_batch_watch *watch = lead->worker.options->watch;
  if (watch != NULL) {
    watch->ended(watch->ctx, result, rank, restored);
  }
}

void vqe_lead_keep(struct vqe_lead *lead, struct vqe_result *result, int rank)
{
  struct vqe_batch_outcome *outcome = lead->outcome;
  int index = result->experiment->index;
  VQE_ASSERT(rank >= 0 && rank < lead->worker.ranks);
  if (index < 0 || (size_t)index >= outcome->count ||
      outcome->results[index] != NULL) {
    vqe_result_free(result);
    return;
  }
  outcome->results[index] = result;
  if (lead->news[rank].index == index) {
    lead->news[rank].index = -1;
  }
  if (result->status != VQE_EXPERIMENT_FAILED) {
    vqe_schedule_learn(&lead->schedule, index, result->seconds_total,
                       strncmp(result->backend, "vqe_cuda", 8) == 0);
  }
  vqe_early_writer_add(&lead->writer, (size_t)index);
  vqe_progress_result(&lead->progress, result, rank,
                      vqe_schedule_cost(&lead->schedule, index));
  vqe_batch_announce(lead->worker.options, result);
  vqe_lead_show_ended(lead, result, rank, false);
}
