/* The one run that an output belongs to.
 *
 * "OUTPUT.lock", which its owner alone may read, names the run: user, host,
 * process. The run holds a lock of
 * the system on it (flock), and touches it every few seconds for the machines
 * and file systems where such a lock does not reach. A run that dies leaves
 * the file; the next one takes it over. */
#ifndef VQE_BATCH_OWNER_H
#define VQE_BATCH_OWNER_H

#include <stdbool.h>

#include "base/log.h"

struct vqe_owner;

/* How long things take, in seconds. */
struct vqe_owner_times {
  double beat;   /* between two signs of life */
  double stale;  /* without a sign of life a run of another host is gone */
  double settle; /* for a rival to show itself where nothing locks */
};

/* Make this process the owner of `output`. VQE_ERR_EXISTS names the run that
 * has it, VQE_ERR_INPUT a file in the lock's place that is none, VQE_ERR_IO
 * what keeps the lock from being taken. Takes no time, but up to times->stale
 * where a run on another host may have died. `times` NULL: as fits cluster
 * file systems. A wait is said in `log`. Release it by vqe_owner_release(). */
int vqe_owner_claim(struct vqe_owner **out, const char *output,
                    const struct vqe_owner_times *times,
                    const struct vqe_log *log);

/* Is `output` still this run's? VQE_ERR_EXISTS names the run that took it for
 * dead, as after a long suspension. One that somebody removed counts as ours.
 */
int vqe_owner_check(struct vqe_owner *owner);

/* Give the output free, and the handle; NULL is fine. */
void vqe_owner_release(struct vqe_owner *owner);

/* Who has `output`, read without a lock and without a trace: true and the
 * record of a run that lives, else false. A run of another host counts as
 * alive while it has touched its file less than a minute and a quarter ago, as
 * does one whose lock may not be read, being another user's: of that the user
 * is known alone, and the token is empty. */
struct vqe_owner_record;
bool vqe_owner_lives(struct vqe_owner_record *out, const char *output);

/* "<output>.lock", free by free(). */
int vqe_owner_path(char **out, const char *output);

#endif
