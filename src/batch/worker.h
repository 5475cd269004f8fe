/* What a rank that runs experiments has: its place among the ranks, the
 * journal, what earlier runs left, and the report of what it did. */
#ifndef VQE_BATCH_WORKER_H
#define VQE_BATCH_WORKER_H

#include <pthread.h>

#include "batch/batch_options.h"
#include "batch/outbox.h"
#include "batch/resume.h"
#include "batch/transport.h"
#include "store/journal.h"
#include "vqe/host.h"
#include "vqe/sim.h"

/* What a rank did, sent at its end. */
struct vqe_worker_report {
  int status;
  int done;       /* experiments */
  double busy;    /* seconds with an experiment in hand */
  double seconds; /* from the first request for work to the end */
  double start;   /* of these, before the first experiment */
  double end;     /* and after the last one */
  double sent;    /* bytes exchanged within its team */
  double messages;
  bool died; /* noted by rank 0, and the rest is not known */
};

/* Name of the host of a rank. */
struct vqe_worker_host {
  char name[64];
};

struct vqe_batch_team;
struct vqe_lane;

/* Runs one experiment in a lane (lane.h); tests have others. */
typedef int (*vqe_worker_run)(struct vqe_result **out, struct vqe_lane *lane,
                              const struct vqe_experiment *experiment,
                              bool serial);

struct vqe_worker {
  const struct vqe_batch_options *options;
  const struct vqe_transport *transport;
  vqe_worker_run run;
  int rank, ranks, threads;
  int lanes;                     /* experiments at once */
  struct vqe_combiner *combiner; /* of their launches on a GPU */
  struct vqe_host host;
  int node_rank; /* among the ranks of its node: names its GPU */
  bool device;   /* it has a GPU that it may use */
  int devices;   /* ranks that have one */
  int team_size; /* ranks of each team; workers are the first ones */
  struct vqe_batch_team *team; /* of whose first rank this is; NULL: alone */
  _Atomic bool stopped; /* a stop message came, or a lane cannot go on */
  double last_look;     /* at messages of the team */
  struct vqe_resume *resume;
  pthread_mutex_t journal_lock;
  bool stop_marked; /* the journal says that the rank stops; main thread's */
  struct vqe_journal *journal;
  struct vqe_worker_report report;
  double first, last;       /* when the first began and the last ended, or 0 */
  struct vqe_outbox outbox; /* results for rank 0 */
  const struct vqe_worker_host *hosts; /* of all ranks, on rank 0; or NULL */
  bool watched;                        /* somebody watches the run */
  _Atomic bool on_device; /* an experiment has come to compute on a GPU */
};

/* Read what earlier runs left and open this run's journal. Clear it
 * afterwards, also on failure. */
int vqe_worker_init(struct vqe_worker *worker, const char *output, int run);
void vqe_worker_clear(struct vqe_worker *worker);

/* Once the rank is asked to stop, the journal says so: what kills it then is
 * not the experiment in hand. The main thread calls it often. */
void vqe_worker_note_stop(struct vqe_worker *worker);

/* After the last experiment: let the team go and complete the report.
 * `started` is when the rank first asked for work. */
void vqe_worker_end(struct vqe_worker *worker, int status, double started);

#endif
