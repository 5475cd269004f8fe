/* What is known of a run, as metrics: filled by the thread that leads the run,
 * read as text by threads that write a file, push, or serve a page.
 *
 * Values that are not known are NaN or marked so, and have no sample: a 0 is
 * always a measured one. All functions may be called from several threads. */
#ifndef VQE_METRICS_METRICS_H
#define VQE_METRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vqe/experiment.h"

/* Experiments that have ended and are shown one by one: the last ones. */
#define VQE_METRICS_KEPT 1000

struct vqe_metrics;

/* What is published of the run; NaN: not known. */
struct vqe_metrics_publishing {
  double accepted, delivered, lost; /* records */
  double bytes;                     /* of those delivered */
  double spool_records, spool_bytes;
  double spool_oldest; /* seconds; NaN: the spool is empty */
};

/* Labels of the run; texts are copied. */
struct vqe_metrics_options {
  const char *batch;       /* no other run has it: a label of every sample */
  const char *tier, *lane; /* of the campaign; NULL: none */
  const char *host, *scheduler_job, *output; /* of vqe_run_info; or NULL */
  /* What is measured when the text is made, from the thread that makes it;
   * NULL: nothing is published. */
  bool (*publishing)(void *ctx, struct vqe_metrics_publishing *out);
  void *ctx;
};

/* One rank, or the team that begins with it. */
struct vqe_metrics_rank {
  int rank;
  bool known; /* anything was heard of it */
  int lanes, running, done;
  double busy, seconds;       /* with an experiment in hand; in all */
  double cpu;                 /* seconds; NaN: not known */
  double resident, available; /* bytes; NaN: not known */
  double limit;               /* bytes; NaN: none */
  double journal_lag;         /* seconds; NaN: not known */
  bool has_device;
  int device;
  char device_model[64];
  double device_bytes, device_used;
};

/* An experiment that runs. */
struct vqe_metrics_running {
  const struct vqe_experiment *experiment;
  double energy, hf, error; /* hartree; NaN: not known yet */
  int iteration;            /* 0: none yet */
  double seconds;           /* since it began */
  double vqe_seconds;       /* since its first evaluation; NaN: none yet */
};

struct vqe_metrics_state {
  size_t total, done, failed, running; /* done: by earlier runs too */
  bool active;
  size_t nrank, nexperiment;
  const struct vqe_metrics_rank *ranks;
  const struct vqe_metrics_running *experiments;
};

int vqe_metrics_create(struct vqe_metrics **out,
                       const struct vqe_metrics_options *options);
void vqe_metrics_free(struct vqe_metrics *metrics); /* NULL is fine */

/* An experiment ended; `restored`: in an earlier run. Everything that is to be
 * shown of it is copied. */
int vqe_metrics_ended(struct vqe_metrics *metrics,
                      const struct vqe_result *result, int rank,
                      bool restored);

/* Where the run stands. All is copied. */
int vqe_metrics_update(struct vqe_metrics *metrics,
                       const struct vqe_metrics_state *state);

/* All of the run is written: vqe_run_active is 0 from here on. */
void vqe_metrics_inactive(struct vqe_metrics *metrics);

/* What the thread that writes or pushes has cost, and how often it failed. */
void vqe_metrics_own(struct vqe_metrics *metrics, double cpu, size_t failures);

/* The whole page, or all but single experiments. Free *text by free(). */
int vqe_metrics_text(char **text, size_t *size, struct vqe_metrics *metrics,
                     bool with_experiments);

/* ---- one experiment at a time, for one reader that pushes ---- */

/* An experiment that is new or has changed since it was taken, with a page of
 * its own; *text is NULL when there is none. Free by free(). */
int vqe_metrics_take(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                     size_t *size, struct vqe_metrics *metrics);
/* It was taken in vain. */
void vqe_metrics_put_back(struct vqe_metrics *metrics, const char *id);
/* An experiment that was taken and is no longer shown; false: none. */
bool vqe_metrics_take_dropped(char id[VQE_EXPERIMENT_ID_SIZE],
                              struct vqe_metrics *metrics);

#endif
