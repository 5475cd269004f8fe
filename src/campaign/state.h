/* The state of a job, of a result, or of the folder of a campaign, from files
 * alone (src/campaign/README.md). */
#ifndef VQE_CAMPAIGN_STATE_H
#define VQE_CAMPAIGN_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "campaign/found.h"
#include "campaign/whole.h"
#include "job/job.h"

enum vqe_state_kind {
  VQE_STATE_DONE,
  VQE_STATE_FAILED,
  VQE_STATE_RUNNING, /* a run that lives has recorded where it stands */
  VQE_STATE_STOPPED, /* evaluations are there, and will be taken over */
  VQE_STATE_WAITING, /* nothing is recorded */
  VQE_STATE_KINDS
};

struct vqe_state_item {
  const struct vqe_experiment *experiment; /* NULL: of no job or tier */
  const struct vqe_found_entry *entry;     /* NULL: nothing is known */
  size_t lane, output;
  enum vqe_state_kind kind;
  double cost;       /* core seconds by the model; 0: not known */
  double energy;     /* total so far, hartree; NaN: not known */
  double fci_energy; /* of the same molecule, by a finished one; NaN */
};

struct vqe_state_lane {
  char name[64]; /* "" where there are none */
  size_t counts[VQE_STATE_KINDS];
  size_t set_aside;    /* of the total: by generate */
  double seconds_left; /* of one experiment after the other, by what ran */
  double cost_left;    /* by the model alone */
};

struct vqe_state {
  char *place;
  bool folder;
  struct vqe_found *found;
  struct vqe_whole *whole; /* the tier of a folder; NULL: not known */
  size_t njob;
  struct vqe_job **jobs;
  size_t *job_outputs, *job_lanes; /* of each job */
  size_t nlane;
  struct vqe_state_lane *lanes;
  size_t count;
  struct vqe_state_item *items;
  /* Of all, as vqe_state_lane has them. */
  struct vqe_state_lane total;
  /* How many experiments ran at once, so far; NaN: nothing finished. */
  double at_once;
  /* Seconds that one core second of the model took; NaN: nothing finished. */
  double ratio;
  double seconds_left; /* until all is done, at that rate; NaN: unknown */
  /* Cost by the model of the largest that is left, over that of the largest
   * that is done; NaN: either is not known. */
  double reach;
  size_t refused; /* outputs, parts and lists that cannot be read */
  bool live;      /* some run has an output */
  size_t nother;  /* results in the outputs that no job asks for */
  size_t bad_parts, bad_list; /* job files, set_aside.json: refused */
};

/* Name what is looked at: a job file, a result (NAME.h5), or a folder of
 * generate. VQE_ERR_NOT_FOUND when there is nothing, VQE_ERR_INPUT for what is
 * none of these. Reads nothing of runs yet; what cannot be read is said in
 * `log`. */
int vqe_state_open(struct vqe_state **out, const char *place,
                   const struct vqe_log *log);
/* Look; again at any time. */
int vqe_state_update(struct vqe_state *state);
void vqe_state_free(struct vqe_state *state);

/* Experiments that are neither done nor failed. */
size_t vqe_state_left(const struct vqe_state_lane *lane);
size_t vqe_state_all(const struct vqe_state_lane *lane);

#endif
