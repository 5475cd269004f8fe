#include "batch/lost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "base/text.h"

/* Experiments that a message names. */
#define NAMED 12

int vqe_lost_init(struct vqe_lost *lost, const struct vqe_job *job,
                  const struct vqe_suspects *suspects, int ranks, bool again,
                  const struct vqe_log *log)
{
  *lost = (struct vqe_lost){.job = job, .log = log, .nrank = ranks};
  int status = vqe_memory_alloc(&lost->deaths, job->count,
                                sizeof *lost->deaths, "list of deaths");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&lost->ranks, (size_t)ranks, sizeof *lost->ranks,
                              "rank list");
  }
  for (size_t k = 0; status == VQE_OK && !again && k < job->count; k++) {
    lost->deaths[k] = vqe_suspects_deaths(suspects, job->experiments[k]->id);
  }
  return status;
}

void vqe_lost_clear(struct vqe_lost *lost)
{
  for (int rank = 0; lost->ranks != NULL && rank < lost->nrank; rank++) {
    free(lost->ranks[rank].held);
  }
  free(lost->ranks);
  free(lost->deaths);
  *lost = (struct vqe_lost){.nrank = 0};
}

bool vqe_lost_is_suspect(const struct vqe_lost *lost, size_t index)
{
  return lost->deaths[index] > 0;
}

bool vqe_lost_is_aside(const struct vqe_lost *lost, size_t index)
{
  return lost->deaths[index] >= VQE_SUSPECTS_DEATHS;
}

int vqe_lost_result(struct vqe_result **out,
                    const struct vqe_experiment *experiment, int deaths)
{
  char reason[256];
  snprintf(reason, sizeof reason,
           "set aside: its rank died %s while it ran; give it more memory "
           "(fewer ranks a node, fewer --lanes), then run it again by "
           "--retry-set-aside",
           deaths == 2 ? "twice" : "more than twice");
  int status =
      vqe_result_create(out, experiment, VQE_EXPERIMENT_FAILED, reason);
  if (status == VQE_OK) {
    status = vqe_notes_add(&(*out)->notes, VQE_NOTE_SET_ASIDE,
                           "%d ranks died while it ran", deaths);
    if (status != VQE_OK) {
      vqe_result_free(*out);
      *out = NULL;
    }
  }
  return status;
}

bool vqe_lost_was_aside(const struct vqe_result *result)
{
  return result->status == VQE_EXPERIMENT_FAILED &&
         vqe_notes_has(result->notes, VQE_NOTE_SET_ASIDE);
}

/* ---- what ranks hold ---- */

int vqe_lost_give(struct vqe_lost *lost, int rank, int index)
{
  struct vqe_lost_rank *holder = &lost->ranks[rank];
  if (holder->count == holder->capacity) {
    size_t capacity = 2 * holder->capacity + 16;
    int status = vqe_memory_grow(&holder->held, holder->count, capacity,
                                 sizeof *holder->held, "rank list");
    if (status != VQE_OK) {
      return status;
    }
    holder->capacity = capacity;
  }
  holder->held[holder->count++] = index;
  return VQE_OK;
}

void vqe_lost_came(struct vqe_lost *lost, int rank, int index)
{
  struct vqe_lost_rank *holder = &lost->ranks[rank];
  for (size_t k = 0; k < holder->count; k++) {
    if (holder->held[k] == index) {
      holder->count--;
      memmove(holder->held + k, holder->held + k + 1,
              (holder->count - k) * sizeof *holder->held);
      return;
    }
  }
}

size_t vqe_lost_held(const struct vqe_lost *lost, int rank)
{
  return lost->ranks[rank].count;
}

/* ---- a rank that died ---- */

struct remains {
  struct vqe_lost *lost;
  int rank;
  struct vqe_suspects suspects;
  void (*take)(void *ctx, struct vqe_result *result);
  void *ctx;
};

static int visit(void *ctx, struct vqe_result *result,
                 const struct vqe_journal_evaluation *evaluation,
                 const struct vqe_journal_phase *phase)
{
  struct remains *remains = ctx;
  (void)evaluation;
  if (result != NULL) {
    vqe_suspects_ended(&remains->suspects, 0, 0, result->experiment->id);
    vqe_lost_came(remains->lost, remains->rank, result->experiment->index);
    remains->take(remains->ctx, result);
  }
  return phase != NULL && phase->mark != VQE_JOURNAL_NO_MARK
             ? vqe_suspects_mark(&remains->suspects, 0, 0, phase)
             : VQE_OK;
}

static void say_died(const struct vqe_lost *lost, int rank, int team_size,
                     const char *host);

void vqe_lost_died(struct vqe_lost *lost, int rank, int team_size,
                   const char *host, const char *path,
                   void (*take)(void *ctx, struct vqe_result *result),
                   void *ctx)
{
  int first = rank - rank % team_size;
  const struct vqe_lost_rank *holder = &lost->ranks[first];
  struct remains remains = {
      .lost = lost, .rank = first, .take = take, .ctx = ctx};
  bool known = vqe_journal_read(path, visit, &remains, NULL) == VQE_OK;
  vqe_suspects_decide(&remains.suspects);
  for (size_t k = 0; k < holder->count; k++) {
    const char *id = lost->job->experiments[holder->held[k]]->id;
    lost->deaths[holder->held[k]] +=
        !known || vqe_suspects_deaths(&remains.suspects, id) > 0;
  }
  say_died(lost, rank, team_size, host);
  vqe_suspects_clear(&remains.suspects);
}

/* ---- what is said ---- */

/* Place in the job of an experiment; job->count: it is of another job. */
static size_t index_of(const struct vqe_job *job, const char *id)
{
  size_t k = 0;
  while (k < job->count && strcmp(job->experiments[k]->id, id) != 0) {
    k++;
  }
  return k;
}

static void name_experiment(char out[160],
                            const struct vqe_experiment *experiment)
{
  snprintf(out, 160, "%.60s %.30s %.30s seed %lld", experiment->name,
           experiment->basis_set, experiment->ansatz_name,
           (long long)experiment->seed);
  vqe_text_blank_controls(out);
}

static void name_open(FILE *stream, const struct vqe_job *job,
                      const struct vqe_suspects_open *open)
{
  char name[160];
  size_t index = index_of(job, open->id);
  if (index < job->count) {
    name_experiment(name, job->experiments[index]);
  } else {
    snprintf(name, sizeof name, "%.16s of another job", open->id);
  }
  fprintf(stream, "%s (rank %d, which %s)", name, open->rank,
          open->died ? "died" : "was stopped");
}

/* Experiments of a rank, up to those that a message names; `said` counts all.
 * The rank is said where `ranked`. */
static void name_held(FILE *stream, size_t *said, const struct vqe_lost *lost,
                      int rank, bool ranked)
{
  const struct vqe_lost_rank *holder = &lost->ranks[rank];
  for (size_t k = 0; k < holder->count; k++, ++*said) {
    char name[160];
    if (*said >= NAMED) {
      continue;
    }
    name_experiment(name, lost->job->experiments[holder->held[k]]);
    fprintf(stream, "%s%s", *said == 0 ? "" : ", ", name);
    if (ranked) {
      fprintf(stream, " (rank %d)", rank);
    }
  }
}

/* The end of such a text, NULL without memory. */
static char *end_names(FILE *stream, char **text, size_t said)
{
  if (stream != NULL && said > NAMED) {
    fprintf(stream, ", and %zu more", said - NAMED);
  }
  if (stream == NULL || fclose(stream) != 0) {
    free(*text);
    *text = NULL;
  }
  return *text;
}

static void say_died(const struct vqe_lost *lost, int rank, int team_size,
                     const char *host)
{
  int first = rank - rank % team_size;
  char place[80] = ", and the others go on";
  char *text = NULL;
  size_t size = 0;
  size_t said = 0;
  FILE *stream = open_memstream(&text, &size);
  if (stream != NULL) {
    name_held(stream, &said, lost, first, false);
  }
  if (team_size > 1 && rank == first) {
    snprintf(place, sizeof place, ", the first of its team");
  } else if (team_size > 1) {
    snprintf(place, sizeof place, ", a member of the team of rank %d", first);
  }
  const char *names = end_names(stream, &text, said);
  vqe_log(lost->log, VQE_LOG_WARNING,
          "warning: rank %d on %s died%s; in flight there: %s", rank, host,
          place, names != NULL && said > 0 ? names : "nothing");
  free(text);
}

void vqe_lost_say_waiting(const struct vqe_lost *lost, const bool *ended)
{
  char who[80] = "";
  char *text = NULL;
  size_t size = 0;
  size_t said = 0;
  int count = 0;
  int only = 0;
  for (int rank = 0; rank < lost->nrank; rank++) {
    if (!ended[rank] && lost->ranks[rank].count > 0) {
      only = rank;
      count++;
    }
  }
  FILE *stream = count > 0 ? open_memstream(&text, &size) : NULL;
  for (int rank = 0; stream != NULL && rank < lost->nrank; rank++) {
    if (!ended[rank]) {
      name_held(stream, &said, lost, rank, count > 1);
    }
  }
  if (end_names(stream, &text, said) == NULL) {
    return;
  }
  if (count == 1) {
    snprintf(who, sizeof who, "rank %d has", only);
  } else {
    snprintf(who, sizeof who, "%d ranks have", count);
  }
  vqe_log(lost->log, VQE_LOG_WARNING,
          "warning: %s not stopped yet; in flight there: %s", who, text);
  free(text);
}

static void say_suspected(const struct vqe_lost *lost, size_t suspected)
{
  bool one = suspected == 1;
  if (suspected > 0) {
    vqe_log(lost->log, VQE_LOG_INFO,
            "note: %zu experiment%s that had a rank die while %s ran run%s "
            "alone on a rank now; a second death sets aside",
            suspected, one ? "" : "s", one ? "it" : "they", one ? "s" : "");
  }
}

void vqe_lost_say_earlier(const struct vqe_lost *lost,
                          const struct vqe_suspects *suspects, int run,
                          struct vqe_result *const *results, size_t suspected)
{
  const struct vqe_job *job = lost->job;
  int last = vqe_suspects_last_run(suspects, run);
  bool died = false;
  size_t count = 0;
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  for (size_t k = 0; stream != NULL && k < suspects->nopen; k++) {
    const struct vqe_suspects_open *open = &suspects->open[k];
    size_t index = open->run == last ? index_of(job, open->id) : 0;
    /* what another rank, or a later run, has ended is not lost */
    if (open->run != last || (index < job->count && results[index] != NULL)) {
      continue;
    }
    died = died || open->died;
    if (count < NAMED) {
      fprintf(stream, "%s", count == 0 ? "" : ", ");
      name_open(stream, job, open);
    }
    count++;
  }
  if (end_names(stream, &text, count) != NULL && count > 0) {
    vqe_log(lost->log, VQE_LOG_WARNING,
            "warning: the last run %s; %zu experiment%s in flight: %s",
            died ? "died" : "was killed while it stopped", count,
            count == 1 ? " was" : "s were", text);
    say_suspected(lost, suspected);
  }
  free(text);
}
