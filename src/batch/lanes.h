/* The lanes of a rank: threads that run its experiments side by side.
 *
 * An experiment that gains nothing from threads takes one lane and one
 * thread; any other, and one that may have killed its rank, waits until all
 * lanes are empty; the former then has all threads of the rank. How an
 * experiment runs follows from itself alone, so that numbers do not depend on
 * the lanes. Lanes call no MPI but for a team: the rank's main thread brings
 * work and takes results, and is woken for both. */
#ifndef VQE_BATCH_LANES_H
#define VQE_BATCH_LANES_H

#include "batch/news.h"
#include "batch/schedule.h"
#include "batch/worker.h"

struct vqe_lanes;

/* Start worker->lanes threads, fewer where the system gives no more. */
int vqe_lanes_open(struct vqe_lanes **out, struct vqe_worker *worker);

/* Could more work be begun or at least be waited for by a lane that is at
 * work? *idle (may be NULL): lanes that have nothing to do. */
bool vqe_lanes_have_capacity(struct vqe_lanes *lanes, int *idle);

/* Run `experiment`, and with it the `count` points that follow it on a curve
 * (chain.h). They stay the caller's and must stay there until their results
 * are out; the list need not. */
int vqe_lanes_put(struct vqe_lanes *lanes,
                  const struct vqe_experiment *experiment,
                  struct vqe_experiment *const *follow, size_t count,
                  enum vqe_task_share share);

/* The same for experiments that the lanes take over, also on failure. */
int vqe_lanes_give(struct vqe_lanes *lanes, struct vqe_experiment *experiment,
                   struct vqe_experiment *const *follow, size_t count,
                   enum vqe_task_share share);

/* The next result, or NULL: then after up to `nanoseconds`, earlier when
 * there is something to look at. */
struct vqe_result *vqe_lanes_take(struct vqe_lanes *lanes, long nanoseconds);

/* Where the experiment that has run longest stands, after vqe_lanes_end the
 * one that was cut off; false when there is none. */
bool vqe_lanes_news(struct vqe_news *out, struct vqe_lanes *lanes);

/* Copy where each running experiment stands, up to `most` of them; how many.
 * *running, *done and *busy: experiments in hand and ended, and the seconds
 * with one in hand. */
int vqe_lanes_look(struct vqe_news *out, int most, int *running, int *done,
                   double *busy, struct vqe_lanes *lanes);

/* Journal the phases of what runs for long; the main thread calls it often. */
void vqe_lanes_record(struct vqe_lanes *lanes);

/* VQE_OK, or why a lane could not go on, which ends the work of all:
 * VQE_ERR_INTERRUPTED, or a failure with its message. */
int vqe_lanes_status(struct vqe_lanes *lanes);

/* Nothing runs, nothing will, and all results are taken. */
bool vqe_lanes_done(struct vqe_lanes *lanes);

/* Begin nothing more, wait for what runs, and give the status:
 * VQE_ERR_INTERRUPTED when something was left. Results can be taken still. */
int vqe_lanes_end(struct vqe_lanes *lanes);
void vqe_lanes_free(struct vqe_lanes *lanes); /* NULL is fine */

#endif
