/* Writer lock of a place whose store cannot refuse to replace an object.
 *
 * Each writer puts a key of its own, `_locks/<uuid>`, and then lists
 * `_locks/`: with read-after-write consistency at least one of two writers
 * sees the other, takes its own key back and tries again later. So never two
 * hold it, whatever the timing. It protects only those who ask for it; a
 * directory or a store with conditional PUT needs no lock to commit.
 *
 * A lock does not expire by time: a crashed holder looks like a
 * slow one. `vqe_lock_remove()` is the remedy, by hand, once the holder is
 * known to have crashed longer than the longest request ago. */
#ifndef VQE_OBJECTS_OBJECTS_LOCK_H
#define VQE_OBJECTS_OBJECTS_LOCK_H

#include <stdint.h>

#include "objects/objects.h"

/* How a holder's description begins that runs another program under the lock:
 * that may go on when the holder has ended. */
#define VQE_LOCK_WITH_LOCK "vqe_lake with-lock "

struct vqe_lock;

/* Take the lock of the place, waiting up to `max_wait_s` seconds (0: one
 * attempt) with growing, jittered pauses. `holder` describes who holds it, for
 * others' messages ("vqe_lake normalize run.h5"); host, process and time are
 * added. VQE_ERR_EXISTS when others held it all the time: the message names
 * one of them and the remedy. `objects` must outlive the lock.
 * Free by vqe_lock_release(). */
int vqe_lock_acquire(struct vqe_lock **out, struct vqe_objects *objects,
                     const char *holder, double max_wait_s);

/* The same, and each time others are seen to hold it, the locks of `holder`
 * whose processes ran on this machine and have certainly ended are removed;
 * *ended is their number, also after a failure. A request of theirs may still
 * be under way: only for a holder whose writes do no harm late. */
int vqe_lock_acquire_over_ended(struct vqe_lock **out, size_t *ended,
                                struct vqe_objects *objects,
                                const char *holder, double max_wait_s);

/* Give the lock back and free the handle, NULL allowed. When the key cannot
 * be removed the handle is gone all the same, and the message says how to
 * remove it by hand. */
int vqe_lock_release(struct vqe_lock *lock);

/* Is the lock still there? VQE_ERR_NOT_FOUND when someone removed it: stop
 * writing. One request. */
int vqe_lock_check(struct vqe_lock *lock);

/* Name of the lock's key after "_locks/". */
const char *vqe_lock_id(const struct vqe_lock *lock);

/* One lock that is held, or was left behind by a crashed holder. */
struct vqe_lock_info {
  const char *id;
  const char *holder;      /* "" when the object cannot be read */
  const char *host;        /* "" likewise */
  int64_t pid;             /* 0 likewise */
  const char *acquired_at; /* RFC 3339, UTC; "" likewise */
  const char *process;     /* of objects_process.h; "" likewise */
};

/* Visit the locks of the place; anything but 0 ends it and is returned. */
int vqe_lock_list(struct vqe_objects *objects,
                  int (*visit)(void *ctx, const struct vqe_lock_info *info),
                  void *ctx);

/* Remove the lock `id`, whoever holds it. VQE_ERR_NOT_FOUND when there is no
 * such lock, VQE_ERR_INPUT when `id` is no lock's name. */
int vqe_lock_remove(struct vqe_objects *objects, const char *id);

#endif
