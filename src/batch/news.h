/* Where an experiment stands while it runs: what the live line shows. A rank
 * sends it to rank 0 as bytes. */
#ifndef VQE_BATCH_NEWS_H
#define VQE_BATCH_NEWS_H

#include <pthread.h>
#include <stdbool.h>

#include "vqe/experiment.h"

/* An experiment that is over sooner is not worth a message. */
#define VQE_NEWS_SECONDS 1.0

struct vqe_news {
  int index; /* of the experiment; -1: nothing runs */
  enum vqe_phase phase;
  int iteration;  /* of VQE_PHASE_VQE; 0: none yet */
  double energy;  /* total, lowest so far; NaN: none yet */
  double error;   /* to the exact one, millihartree; NaN: not known */
  double seconds; /* since it began */
  int running;    /* experiments that the rank has in hand */
  char name[48];
  double hf;          /* total, by Hartree-Fock; NaN: not known */
  double vqe_seconds; /* since its evaluations began; NaN: not yet */
};

/* What one lane writes and the main thread reads. */
struct vqe_newsboard {
  pthread_mutex_t lock;
  double started, repulsion, exact;
  double vqe_started; /* NaN: not yet */
  struct vqe_news news;
};

void vqe_news_init(struct vqe_newsboard *board);
void vqe_news_clear(struct vqe_newsboard *board);

/* An experiment begins, enters a phase (with what is known by then), has one
 * more evaluation, ends. */
void vqe_news_begin(struct vqe_newsboard *board,
                    const struct vqe_experiment *experiment);
void vqe_news_phase(struct vqe_newsboard *board, enum vqe_phase phase,
                    const struct vqe_result *result);
void vqe_news_evaluation(struct vqe_newsboard *board, int iteration,
                         double electronic);
void vqe_news_end(struct vqe_newsboard *board);

/* Copy what stands there; false when nothing runs. */
bool vqe_news_read(struct vqe_news *out, struct vqe_newsboard *board);

/* "SCF", "FCI" ... */
const char *vqe_news_phase_name(enum vqe_phase phase);

/* "CO2: iteration 12, -185.25623 hartree, 21.2 mHa above FCI". */
void vqe_news_text(char *out, size_t size, const struct vqe_news *news);

#endif
