/* The crash journal: an append-only file of checksummed frames for each rank.
 *
 * Frame: magic "VQEJ", type (u32), payload length (u64), payload, CRC-32 of
 * type, length and payload. A frame counts only when its checksum holds. A
 * torn tail (crash while writing) ends the file; what is no frame before a
 * frame is a hole (a damaged disk or copy), and the frames behind it count.
 * Both are reported, never an error. */
#ifndef VQE_STORE_JOURNAL_H
#define VQE_STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vqe/experiment.h"

enum vqe_journal_type {
  VQE_JOURNAL_RESULT = 1,     /* a finished experiment: codec bytes */
  VQE_JOURNAL_EVALUATION = 2, /* one evaluation of an unfinished one */
  VQE_JOURNAL_PHASE = 3,      /* where an unfinished one stands */
  VQE_JOURNAL_MARK = 4        /* that it begins, or is left, or all stops */
};

struct vqe_journal;

/* What becomes of an experiment besides its result: what a journal says has
 * begun, and neither ended nor was left, died with its rank. */
enum vqe_journal_mark {
  VQE_JOURNAL_NO_MARK = 0,
  VQE_JOURNAL_BEGUN = 1, /* it begins on this rank */
  VQE_JOURNAL_LEFT = 2,  /* it was left, as the rank was asked to stop */
  VQE_JOURNAL_STOPS = 3  /* the rank was asked to stop: what it has in hand is
                            not to blame for what comes */
};

/* Where an unfinished experiment stands. */
struct vqe_journal_phase {
  char experiment_id[VQE_EXPERIMENT_ID_SIZE]; /* "": a mark of the rank */
  char seedless_id[VQE_EXPERIMENT_ID_SIZE];   /* vqe_job_seedless_id */
  int64_t seed;
  bool seed_drawn;
  enum vqe_phase phase;
  enum vqe_journal_mark mark; /* with it, only the id above is known */
};

/* Open for appending, created if missing; a torn tail is cut off first. */
int vqe_journal_open(struct vqe_journal **out, const char *path);
/* Append a finished experiment. It is with the system at once, so that it
 * survives whatever kills the process, and fsynced at the latest one second
 * after, by a later call here or to vqe_journal_tick: a thousand small
 * experiments must not wait for a thousand disk flushes. */
int vqe_journal_result(struct vqe_journal *journal,
                       const struct vqe_result *result);
/* Append one evaluation; fsynced at the latest one second after, by a later
 * call, or at the next result or close. `gradient` may be NULL. */
int vqe_journal_evaluation(struct vqe_journal *journal,
                           const char *experiment_id, int iteration,
                           int nparam, const double *parameters, double energy,
                           double std, const double *gradient);
/* Append where an experiment stands: its phase for who looks on from outside,
 * once it takes long; its drawn seed for the run that resumes, at its start.
 * Synced as evaluations are. */
int vqe_journal_phase(struct vqe_journal *journal,
                      const struct vqe_journal_phase *phase);
/* Append a mark; experiment_id NULL for one of the rank. With the system at
 * once, and without waiting for a sync, which may take longer than a rank that
 * is asked to stop has: a later call syncs it. From any thread, also while
 * another has the journal: the system appends a frame in one piece. */
int vqe_journal_mark(struct vqe_journal *journal, const char *experiment_id,
                     enum vqe_journal_mark mark);
/* Fsync when something has waited for a second; cheap to call often. */
int vqe_journal_tick(struct vqe_journal *journal);
/* Age in seconds of the oldest write that is not synced, 0: none. From any
 * thread, without waiting for a sync. */
double vqe_journal_lag(const struct vqe_journal *journal);
/* Fsync and close. */
int vqe_journal_close(struct vqe_journal *journal); /* NULL is fine */

/* Called for each whole frame, in order. Exactly one of `result` (the
 * callee's to free or keep), `evaluation` and `phase` is set. */
struct vqe_journal_evaluation {
  char experiment_id[VQE_EXPERIMENT_ID_SIZE];
  int iteration;
  int nparam;
  const double *parameters; /* valid during the call */
  double energy, std;
  const double *gradient; /* NULL when it was not computed */
};
typedef int (*vqe_journal_visit)(
    void *ctx, struct vqe_result *result,
    const struct vqe_journal_evaluation *evaluation,
    const struct vqe_journal_phase *phase);

/* What of a journal had to be ignored. */
struct vqe_journal_harm {
  bool torn;       /* bytes at the end */
  size_t holes;    /* damaged places with frames behind them */
  size_t from, to; /* the first hole: offsets of its first byte and its end */
};

/* Read all frames of a journal. `harm` may be NULL. VQE_ERR_NOT_FOUND when
 * there is no such file. One of another owner, or behind a link, is refused
 * here and everywhere: it may be planted. */
int vqe_journal_read(const char *path, vqe_journal_visit visit, void *ctx,
                     struct vqe_journal_harm *harm);
/* Read on where an earlier call ended: *from is behind the last whole frame
 * that was visited, 0 at first, and moves on. For a journal that another
 * process writes: what is not whole yet comes with a later call. At most
 * some 64 MB are held, but for larger frames. */
int vqe_journal_follow(size_t *from, const char *path, vqe_journal_visit visit,
                       void *ctx);
/* Same over memory, for tests. */
int vqe_journal_parse(const uint8_t *data, size_t size,
                      vqe_journal_visit visit, void *ctx,
                      struct vqe_journal_harm *harm);

#endif
