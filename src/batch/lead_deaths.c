/* Ranks that die, where the others go on. */
#include <stdlib.h>

#include "base/error_message.h"
#include "batch/lead_state.h"
#include "batch/resume.h"
#include "batch/transport.h"

/* What two ranks died of has failed. */
static int set_aside(struct vqe_lead *lead, size_t index, int rank)
{
  struct vqe_result *result = NULL;
  int status = vqe_lost_result(&result, lead->lost.job->experiments[index],
                               lead->lost.deaths[index]);
  if (status == VQE_OK) {
    vqe_lead_keep(lead, result, rank);
  }
  return status;
}

int vqe_lead_set_aside(struct vqe_lead *lead)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < lead->outcome->count; k++) {
    if (lead->outcome->results[k] == NULL &&
        vqe_lost_is_aside(&lead->lost, k)) {
      status = set_aside(lead, k, 0);
    }
  }
  return status;
}

static void take_remains(void *ctx, struct vqe_result *result)
{
  struct vqe_lead *lead = ctx;
  vqe_lead_keep(lead, result, lead->dying);
}

/* What a dead rank held goes back, or is set aside. */
static int give_back(struct vqe_lead *lead, int rank)
{
  struct vqe_lost_rank *holder = &lead->lost.ranks[rank];
  int status = VQE_OK;
  while (status == VQE_OK && holder->count > 0) {
    /* the first that it was given is the next to go */
    int index = holder->held[--holder->count];
    if (vqe_lost_is_aside(&lead->lost, (size_t)index)) {
      status = set_aside(lead, (size_t)index, rank);
      vqe_schedule_drop(&lead->schedule, index);
    } else {
      vqe_schedule_return(&lead->schedule, index,
                          vqe_lost_is_suspect(&lead->lost, (size_t)index));
      lead->outcome->interrupted =
          lead->outcome->interrupted || lead->stopping;
    }
  }
  return status;
}

static int lose_rank(struct vqe_lead *lead, int rank)
{
  struct vqe_worker *worker = &lead->worker;
  char *path = NULL;
  int first = rank - rank % worker->team_size;
  lead->dying = first;
  lead->outcome->died++;
  int status = vqe_resume_journal_path(&path, lead->lost.job->file,
                                       lead->outcome->run, first);
  if (status == VQE_OK) {
    vqe_lost_died(&lead->lost, rank, worker->team_size,
                  worker->hosts != NULL ? worker->hosts[rank].name : "-", path,
                  take_remains, lead);
  }
  free(path);
  if (worker->team_size > 1) {
    vqe_log(worker->options->log, VQE_LOG_ERROR,
            "a team cannot go on without one of its ranks, and the run ends; "
            "the same command resumes");
    worker->stopped = true;
    vqe_worker_note_stop(worker);
    worker->transport->abandon(worker->transport->ctx);
  }
  lead->ended[rank] = true;
  lead->idle[rank] = true;
  lead->waiting[rank].lanes = 0;
  lead->news[rank].index = -1;
  lead->reports[rank].died = true;
  if (lead->npulse > 0) {
    vqe_pulse_end(&lead->pulses[rank / worker->team_size], first,
                  &lead->reports[rank]);
  }
  lead->busy--;
  return status == VQE_OK ? give_back(lead, rank) : status;
}

int vqe_lead_take_deaths(struct vqe_lead *lead)
{
  const struct vqe_worker *worker = &lead->worker;
  int status = VQE_OK;
  int deaths = vqe_transport_deaths(worker->transport);
  if (deaths == lead->deaths) {
    return VQE_OK; /* a look at thousands of ranks would take its time */
  }
  for (int rank = 1; status == VQE_OK && rank < worker->ranks; rank++) {
    if (!lead->ended[rank - rank % worker->team_size] &&
        vqe_transport_dead(worker->transport, rank)) {
      status = lose_rank(lead, rank);
    }
  }
  lead->deaths = status == VQE_OK ? deaths : lead->deaths;
  return status;
}
