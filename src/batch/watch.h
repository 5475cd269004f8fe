/* What rank 0 knows of a run, for who watches it from outside: metrics. */
#ifndef VQE_BATCH_WATCH_H
#define VQE_BATCH_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/news.h"
#include "vqe/sim.h"

/* Experiments of a rank that a pulse has room for. */
#define VQE_PULSE_MOST 64

/* One rank, or the team that begins with it. NaN: not known. */
struct vqe_pulse {
  bool known; /* the rank has sent one */
  int rank;
  int lanes;               /* experiments at once, at most; -1: not known */
  int running;             /* experiments in hand */
  int done;                /* experiments */
  double busy;             /* seconds with an experiment in hand */
  double seconds;          /* since it first asked for work */
  double cpu;              /* seconds of the process */
  double resident;         /* bytes */
  double available, limit; /* bytes; a limit of NaN is none */
  double journal_lag;      /* seconds */
  bool on_device;          /* an experiment of it computes or computed there */
  struct vqe_device_summary device;
  int count;
  struct vqe_news news[VQE_PULSE_MOST]; /* of what runs */
};

struct vqe_batch_view {
  size_t total;        /* experiments of the job */
  size_t done, failed; /* by earlier runs too */
  bool ended;          /* the last look */
  size_t nrank;
  const struct vqe_pulse *ranks; /* of each team the first one */
};

/* Called on rank 0's main thread, which serves the others: must not wait. */
struct vqe_batch_watch {
  void *ctx;
  /* About once a second, and at the end. */
  void (*look)(void *ctx, const struct vqe_batch_view *view);
  /* Each experiment that has ended, well or not; `restored`: in an earlier
   * run. */
  void (*ended)(void *ctx, const struct vqe_result *result, int rank,
                bool restored);
};

#endif
