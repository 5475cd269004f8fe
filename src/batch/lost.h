/* Experiments whose ranks died: which are suspected, which are set aside, and
 * what is said of them. Knows no messages. */
#ifndef VQE_BATCH_LOST_H
#define VQE_BATCH_LOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "batch/suspects.h"
#include "job/job.h"

/* What a rank was given, and has sent no result of. */
struct vqe_lost_rank {
  size_t count, capacity;
  int *held; /* indices of experiments */
};

/* All zero: no experiments. */
struct vqe_lost {
  const struct vqe_job *job;
  const struct vqe_log *log;
  int *deaths; /* that count against each experiment of the job */
  int nrank;
  struct vqe_lost_rank *ranks;
};

/* By the journals of earlier runs; `again`: what was set aside gets its
 * chances anew. The job and the log stay the caller's. Clear it afterwards,
 * also on failure. */
int vqe_lost_init(struct vqe_lost *lost, const struct vqe_job *job,
                  const struct vqe_suspects *suspects, int ranks, bool again,
                  const struct vqe_log *log);
void vqe_lost_clear(struct vqe_lost *lost);

/* It had its rank with it, and runs alone on the next one. */
bool vqe_lost_is_suspect(const struct vqe_lost *lost, size_t index);
/* It had so often that it is not run. */
bool vqe_lost_is_aside(const struct vqe_lost *lost, size_t index);

/* The failed result of what is set aside. */
int vqe_lost_result(struct vqe_result **out,
                    const struct vqe_experiment *experiment, int deaths);
/* Was this result set aside, by whatever run? */
bool vqe_lost_was_aside(const struct vqe_result *result);

/* An experiment goes to a rank; its result has come. */
int vqe_lost_give(struct vqe_lost *lost, int rank, int index);
void vqe_lost_came(struct vqe_lost *lost, int rank, int index);
size_t vqe_lost_held(const struct vqe_lost *lost, int rank);

/* A rank of this run has died, and the journal of its team's first rank, or
 * its own, is at `path`: results there that have not come are given to `take`,
 * which owns them, and what was in hand has one death more; all that was held,
 * where the journal cannot be read. Says what is lost. Afterwards that first
 * rank holds what is to run elsewhere. */
void vqe_lost_died(struct vqe_lost *lost, int rank, int team_size,
                   const char *host, const char *path,
                   void (*take)(void *ctx, struct vqe_result *result),
                   void *ctx);

/* Say what the last run before run `run` had in hand when it died, but for
 * what has a result in `results` by now (NULL: none, in the order of the job),
 * and that `suspected` experiments run alone now. */
void vqe_lost_say_earlier(const struct vqe_lost *lost,
                          const struct vqe_suspects *suspects, int run,
                          struct vqe_result *const *results, size_t suspected);
/* Say which ranks that were asked to stop have not `ended` and hold something,
 * and what; nothing where there are none. */
void vqe_lost_say_waiting(const struct vqe_lost *lost, const bool *ended);

#endif
