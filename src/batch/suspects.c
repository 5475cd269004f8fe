#include "batch/suspects.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

struct vqe_suspects_journal {
  int run, rank;
  bool stopped; /* its rank was asked to stop */
  bool blamed;  /* what is open in it is to blame for its end */
};

void vqe_suspects_clear(struct vqe_suspects *suspects)
{
  free(suspects->open);
  free(suspects->journals);
  *suspects = (struct vqe_suspects){.nopen = 0};
}

/* The latest ones are asked for most. */
static struct vqe_suspects_journal *
find_journal(const struct vqe_suspects *suspects, int run, int rank)
{
  for (size_t k = suspects->njournal; k > 0; k--) {
    struct vqe_suspects_journal *journal = &suspects->journals[k - 1];
    if (journal->run == run && journal->rank == rank) {
      return journal;
    }
  }
  return NULL;
}

int vqe_suspects_journal(struct vqe_suspects *suspects, int run, int rank)
{
  if (find_journal(suspects, run, rank) != NULL) {
    return VQE_OK;
  }
  if (suspects->njournal == suspects->journal_capacity) {
    size_t capacity = 2 * suspects->journal_capacity + 16;
    int status =
        vqe_memory_grow(&suspects->journals, suspects->njournal, capacity,
                        sizeof *suspects->journals, "list of journals");
    if (status != VQE_OK) {
      return status;
    }
    suspects->journal_capacity = capacity;
  }
  suspects->journals[suspects->njournal++] =
      (struct vqe_suspects_journal){.run = run, .rank = rank};
  return VQE_OK;
}

static int add_open(struct vqe_suspects *suspects, int run, int rank,
                    const char *id)
{
  if (suspects->nopen == suspects->open_capacity) {
    size_t capacity = 2 * suspects->open_capacity + 16;
    int status =
        vqe_memory_grow(&suspects->open, suspects->nopen, capacity,
                        sizeof *suspects->open, "experiments in hand");
    if (status != VQE_OK) {
      return status;
    }
    suspects->open_capacity = capacity;
  }
  struct vqe_suspects_open *open = &suspects->open[suspects->nopen++];
  *open = (struct vqe_suspects_open){.run = run, .rank = rank};
  memcpy(open->id, id, sizeof open->id);
  return VQE_OK;
}

/* What ends is among the last that were added. */
void vqe_suspects_ended(struct vqe_suspects *suspects, int run, int rank,
                        const char *experiment_id)
{
  for (size_t k = suspects->nopen; k > 0; k--) {
    struct vqe_suspects_open *open = &suspects->open[k - 1];
    if (open->run == run && open->rank == rank &&
        strcmp(open->id, experiment_id) == 0) {
      *open = suspects->open[--suspects->nopen];
      return;
    }
  }
}

int vqe_suspects_mark(struct vqe_suspects *suspects, int run, int rank,
                      const struct vqe_journal_phase *mark)
{
  int status = vqe_suspects_journal(suspects, run, rank);
  if (status != VQE_OK) {
    return status;
  }
  switch (mark->mark) {
  case VQE_JOURNAL_BEGUN:
    vqe_suspects_ended(suspects, run, rank, mark->experiment_id);
    status = add_open(suspects, run, rank, mark->experiment_id);
    break;
  case VQE_JOURNAL_LEFT:
    vqe_suspects_ended(suspects, run, rank, mark->experiment_id);
    break;
  case VQE_JOURNAL_STOPS:
    find_journal(suspects, run, rank)->stopped = true;
    break;
  default:
    break; /* a phase */
  }
  return status;
}

static int by_run(const void *a, const void *b)
{
  const struct vqe_suspects_journal *left = a;
  const struct vqe_suspects_journal *right = b;
  if (left->run != right->run) {
    return left->run < right->run ? -1 : 1;
  }
  return (left->rank > right->rank) - (left->rank < right->rank);
}

static int by_id(const void *a, const void *b)
{
  const struct vqe_suspects_open *left = a;
  const struct vqe_suspects_open *right = b;
  int order = strcmp(left->id, right->id);
  return order != 0 ? order
                    : (left->run > right->run) - (left->run < right->run);
}

/* Ranks of one run, from `first` on; returns where the next one begins. */
static size_t blame_run(struct vqe_suspects *suspects, size_t first)
{
  struct vqe_suspects_journal *list = suspects->journals;
  size_t end = first;
  bool stopped = false;
  while (end < suspects->njournal && list[end].run == list[first].run) {
    stopped = stopped || list[end].stopped;
    end++;
  }
  for (size_t k = first; k < end; k++) {
    list[k].blamed = !list[k].stopped && (stopped || end == first + 1);
  }
  return end;
}

void vqe_suspects_decide(struct vqe_suspects *suspects)
{
  if (suspects->njournal > 1) {
    qsort(suspects->journals, suspects->njournal, sizeof *suspects->journals,
          by_run);
  }
  for (size_t k = 0; k < suspects->njournal;) {
    k = blame_run(suspects, k);
  }
  for (size_t k = 0; k < suspects->nopen; k++) {
    struct vqe_suspects_open *open = &suspects->open[k];
    struct vqe_suspects_journal key = {.run = open->run, .rank = open->rank};
    const struct vqe_suspects_journal *journal =
        bsearch(&key, suspects->journals, suspects->njournal,
                sizeof *suspects->journals, by_run);
    open->died = journal != NULL && !journal->stopped;
    open->blamed = journal != NULL && journal->blamed;
  }
  if (suspects->nopen > 1) {
    qsort(suspects->open, suspects->nopen, sizeof *suspects->open, by_id);
  }
}

int vqe_suspects_deaths(const struct vqe_suspects *suspects,
                        const char *experiment_id)
{
  int deaths = 0;
  size_t low = 0;
  size_t high = suspects->nopen;
  while (low < high) { /* to the first of that id */
    size_t middle = low + (high - low) / 2;
    if (strcmp(suspects->open[middle].id, experiment_id) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  while (low < suspects->nopen &&
         strcmp(suspects->open[low].id, experiment_id) == 0) {
    deaths += suspects->open[low++].blamed;
  }
  return deaths;
}

int vqe_suspects_last_run(const struct vqe_suspects *suspects, int before)
{
  int last = -1;
  for (size_t k = 0; k < suspects->njournal; k++) {
    int run = suspects->journals[k].run;
    last = run < before && run > last ? run : last;
  }
  return last;
}
