/* What the files of metrics share: the state behind struct vqe_metrics.
 *
 *   metrics.c       fills it
 *   metrics_text.c  makes text of it
 */
#ifndef VQE_METRICS_METRICS_STATE_H
#define VQE_METRICS_METRICS_STATE_H

#include <pthread.h>

#include "metrics/catalog.h"
#include "metrics/metrics.h"

enum vqe_metrics_phase {
  VQE_METRICS_INTEGRALS,
  VQE_METRICS_SCF,
  VQE_METRICS_TRANSFORM,
  VQE_METRICS_MAPPING,
  VQE_METRICS_FCI,
  VQE_METRICS_VQE,
  VQE_METRICS_PHASES
};

/* Values of an experiment: those of the catalog from ENERGY to PARAMETERS. */
#define VQE_METRICS_VALUES (VQE_CATALOG_PARAMETERS - VQE_CATALOG_ENERGY + 1)

struct vqe_metrics_entry {
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *labels;      /* of all its samples */
  const char *state; /* as label of a sample: running, done or failed */
  double values[VQE_METRICS_VALUES]; /* NaN: no sample */
  double phases[VQE_METRICS_PHASES];
  bool fresh; /* not taken since it changed */
  bool taken; /* at any time */
};

/* Values of a device: those of the catalog from MEMORY to RECEIVED. */
#define VQE_METRICS_DEVICE_VALUES                                             \
  (VQE_CATALOG_DEVICE_RECEIVED - VQE_CATALOG_DEVICE_MEMORY + 1)

/* A device as one rank has it. */
struct vqe_metrics_device {
  int rank, index;
  char *labels;
  double values[VQE_METRICS_DEVICE_VALUES]; /* NaN: no sample */
};

struct vqe_metrics {
  pthread_mutex_t lock;               /* guards all but `options` */
  struct vqe_metrics_options options; /* without the texts */
  char *build, *run;                  /* labels of the two infos */
  char *run_labels; /* batch, tier and lane, as labels of a sample */
  double started;   /* seconds since 1970 */

  struct vqe_metrics_state state; /* without the arrays */
  struct vqe_metrics_rank *ranks;
  double *idle; /* seconds of each of them */
  size_t nrank;
  struct vqe_metrics_entry *running;
  size_t nrunning;
  struct vqe_metrics_entry *ended; /* a ring of VQE_METRICS_KEPT */
  size_t nended;                   /* put into it so far */
  char (*dropped)[VQE_EXPERIMENT_ID_SIZE];
  size_t ndropped, dropped_capacity;
  struct vqe_metrics_device *devices;
  size_t ndevice;

  /* of this run alone */
  double finished_done, finished_failed, restored;
  double referenced, accurate, evaluations;
  double phases[VQE_METRICS_PHASES];
  double completed; /* seconds since 1970; NaN: nothing yet */
  double own_cpu;   /* NaN: nothing is written or pushed */
  double own_failures;
};

/* The value of an experiment by its number in the catalog. */
static inline double *vqe_metrics_value(struct vqe_metrics_entry *entry,
                                        enum vqe_catalog_id id)
{
  return &entry->values[id - VQE_CATALOG_ENERGY];
}

/* Entries of the ring that are filled. */
static inline size_t vqe_metrics_shown(const struct vqe_metrics *metrics)
{
  return metrics->nended < VQE_METRICS_KEPT ? metrics->nended
                                            : VQE_METRICS_KEPT;
}

#endif
