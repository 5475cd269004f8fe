/* What rank 0 knows while it leads, and the parts of leading: lead.c. */
#ifndef VQE_BATCH_LEAD_STATE_H
#define VQE_BATCH_LEAD_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/early_writer.h"
#include "batch/lanes.h"
#include "batch/lost.h"
#include "batch/outcome.h"
#include "batch/progress.h"
#include "batch/pulse.h"
#include "batch/schedule.h"
#include "batch/worker.h"
#include "job/job.h"

struct vqe_lead {
  struct vqe_worker worker;
  struct vqe_lanes *lanes; /* this rank's own */
  struct vqe_batch_outcome *outcome;
  struct vqe_progress progress;
  struct vqe_schedule schedule;
  struct vqe_experiment **followers; /* of the schedule's tasks */
  size_t listed;                     /* experiments in them */
  struct vqe_early_writer writer;
  int busy;                           /* workers that have not stopped */
  bool *idle;                         /* asked and got nothing */
  struct vqe_schedule_asker *waiting; /* who asked so, or no lanes */
  bool fed;                           /* our own lanes were offered work */
  struct vqe_lost lost;
  size_t aside;       /* of the journals: two ranks died of them */
  size_t stood_aside; /* of the result file */
  size_t suspected;   /* one rank died of them */
  bool *ended;        /* has sent its last message */
  struct vqe_worker_report *reports; /* of each rank */
  struct vqe_news *news;             /* the last of each rank */
  struct vqe_pulse *pulses;          /* the same, of each team; or NULL */
  size_t npulse;
  double started, looked; /* when we began, and when our watcher last looked */
  bool stopping;
  double stop_asked; /* when a signal came; 0: none, or it was said */
  int deaths;        /* ranks that have died, when we looked last */
  int dying;         /* the rank that dies just now */
  int status;
  char message[512];
};

/* Read what earlier runs left, list ranks and experiments, start our lanes. */
int vqe_lead_prepare(struct vqe_lead *lead, struct vqe_job *job, int run);

/* Who watches gets what ended, well or not. */
void vqe_lead_show_ended(const struct vqe_lead *lead,
                         const struct vqe_result *result, int rank,
                         bool restored);

/* Take over a result of `rank`; one that is there already counts once. */
void vqe_lead_keep(struct vqe_lead *lead, struct vqe_result *result, int rank);

/* What ranks of earlier runs died of has failed, before anything runs. */
int vqe_lead_set_aside(struct vqe_lead *lead);

/* What ranks held that have died since the last call goes back, or is set
 * aside. The death of one that has sent its last message does not matter. */
int vqe_lead_take_deaths(struct vqe_lead *lead);

#endif
