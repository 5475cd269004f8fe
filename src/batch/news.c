#include "batch/news.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

void vqe_news_init(struct vqe_newsboard *board)
{
  memset(board, 0, sizeof *board);
  pthread_mutex_init(&board->lock, NULL);
  board->news.index = -1;
}

void vqe_news_clear(struct vqe_newsboard *board)
{
  pthread_mutex_destroy(&board->lock);
}

void vqe_news_begin(struct vqe_newsboard *board,
                    const struct vqe_experiment *experiment)
{
  const char *name = experiment->name != NULL ? experiment->name : "-";
  pthread_mutex_lock(&board->lock);
  memset(&board->news, 0, sizeof board->news);
  board->started = vqe_clock_wall();
  board->repulsion = NAN;
  board->exact = NAN;
  board->vqe_started = NAN;
  board->news.index = experiment->index;
  board->news.phase = VQE_PHASE_SCF;
  board->news.energy = NAN;
  board->news.error = NAN;
  board->news.hf = NAN;
  snprintf(board->news.name, sizeof board->news.name, "%s", name);
  vqe_text_blank_controls(board->news.name);
  pthread_mutex_unlock(&board->lock);
}

void vqe_news_phase(struct vqe_newsboard *board, enum vqe_phase phase,
                    const struct vqe_result *result)
{
  pthread_mutex_lock(&board->lock);
  board->news.phase = phase;
  board->repulsion = result->nuclear_repulsion_energy;
  board->exact = result->fci_energy;
  board->news.hf = result->hf_energy;
  if (phase == VQE_PHASE_VQE && isnan(board->vqe_started)) {
    board->vqe_started = vqe_clock_wall();
  }
  pthread_mutex_unlock(&board->lock);
}

void vqe_news_evaluation(struct vqe_newsboard *board, int iteration,
                         double electronic)
{
  pthread_mutex_lock(&board->lock);
  double energy = electronic + board->repulsion;
  board->news.iteration = iteration;
  if (!(energy >= board->news.energy)) {
    board->news.energy = energy;
    board->news.error = 1e3 * (energy - board->exact);
  }
  pthread_mutex_unlock(&board->lock);
}

void vqe_news_end(struct vqe_newsboard *board)
{
  pthread_mutex_lock(&board->lock);
  board->news.index = -1;
  pthread_mutex_unlock(&board->lock);
}

bool vqe_news_read(struct vqe_news *out, struct vqe_newsboard *board)
{
  pthread_mutex_lock(&board->lock);
  *out = board->news;
  double now = vqe_clock_wall();
  out->seconds = now - board->started;
  out->vqe_seconds = now - board->vqe_started;
  pthread_mutex_unlock(&board->lock);
  return out->index >= 0;
}

const char *vqe_news_phase_name(enum vqe_phase phase)
{
  static const char *const phases[] = {[VQE_PHASE_SCF] = "SCF",
                                       [VQE_PHASE_SETUP] = "setup",
                                       [VQE_PHASE_FCI] = "FCI",
                                       [VQE_PHASE_VQE] = "first evaluation",
                                       [VQE_PHASE_PROPERTIES] = "properties"};
  return phases[phase];
}

void vqe_news_text(char *out, size_t size, const struct vqe_news *news)
{
  size_t used;
  if (news->phase == VQE_PHASE_VQE && news->iteration > 0) {
    used = (size_t)snprintf(out, size, "%s: iteration %d", news->name,
                            news->iteration);
  } else {
    used = (size_t)snprintf(out, size, "%s: %s", news->name,
                            vqe_news_phase_name(news->phase));
  }
  if (used < size && isfinite(news->energy)) {
    used += (size_t)snprintf(out + used, size - used, ", %.6f hartree",
                             news->energy);
  }
  if (used < size && isfinite(news->error)) {
    (void)snprintf(out + used, size - used, ", error %.2f mHa", news->error);
  }
}
