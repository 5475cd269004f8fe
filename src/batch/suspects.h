/* Which experiments died with their rank, as the marks of journals say.
 *
 * An experiment that a journal says has begun, and neither ended nor was left,
 * was in hand when the rank ended. The rank's death counts against it, but for
 * two cases in which it is not to blame:
 *
 * - the rank had been asked to stop (a signal, a limit of time, the launcher
 *   that ends all ranks after the death of one), and was killed after that;
 * - of several ranks none had: the run was killed as a whole, from outside.
 *
 * As one of several experiments in hand kills its rank, those that a death
 * counts against run alone on their rank afterwards. */
#ifndef VQE_BATCH_SUSPECTS_H
#define VQE_BATCH_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/journal.h"
#include "vqe/experiment.h"

/* After so many deaths an experiment is set aside. */
#define VQE_SUSPECTS_DEATHS 2

/* An experiment that a rank had in hand. */
struct vqe_suspects_open {
  char id[VQE_EXPERIMENT_ID_SIZE];
  int run, rank; /* of the journal */
  bool died;     /* with its rank; else the rank was asked to stop */
  bool blamed;
};

/* All zero: nothing is known. */
struct vqe_suspects {
  size_t nopen, open_capacity;
  struct vqe_suspects_open *open;
  size_t njournal, journal_capacity;
  struct vqe_suspects_journal *journals;
};

void vqe_suspects_clear(struct vqe_suspects *suspects);

/* A journal is there, marked or not. */
int vqe_suspects_journal(struct vqe_suspects *suspects, int run, int rank);
/* Frames of that journal, in their order: a mark, a result. */
int vqe_suspects_mark(struct vqe_suspects *suspects, int run, int rank,
                      const struct vqe_journal_phase *mark);
void vqe_suspects_ended(struct vqe_suspects *suspects, int run, int rank,
                        const char *experiment_id);

/* When all that there is has been read: decide what died. */
void vqe_suspects_decide(struct vqe_suspects *suspects);
/* Deaths that count against an experiment. */
int vqe_suspects_deaths(const struct vqe_suspects *suspects,
                        const char *experiment_id);
/* The latest run before run `before` that has journals, -1: none. What it had
 * in hand at its end is in `open`. */
int vqe_suspects_last_run(const struct vqe_suspects *suspects, int before);

#endif
