#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/exposition.h"
#include "metrics/metrics_state.h"
#include "vqe/error.h"

static const char *const phase_labels[VQE_METRICS_PHASES] = {
    [VQE_METRICS_INTEGRALS] = "phase=\"integrals\"",
    [VQE_METRICS_SCF] = "phase=\"scf\"",
    [VQE_METRICS_TRANSFORM] = "phase=\"transform\"",
    [VQE_METRICS_MAPPING] = "phase=\"mapping\"",
    [VQE_METRICS_FCI] = "phase=\"fci\"",
    [VQE_METRICS_VQE] = "phase=\"vqe\""};

/* ---- families and samples ---- */

static void family(struct vqe_exposition *out, enum vqe_catalog_id id)
{
  const struct vqe_catalog_metric *metric = &vqe_catalog_metrics[id];
  vqe_exposition_family(out, metric->name, metric->type, metric->help);
}

/* A family of one sample; a value that is not known has none. */
static void one(struct vqe_exposition *out, const struct vqe_metrics *metrics,
                enum vqe_catalog_id id, const char *more, double value)
{
  family(out, id);
  if (!isnan(value)) {
    vqe_exposition_sample(out, metrics->run_labels, more, value);
  }
}

/* A sample more of the family. */
static void add(struct vqe_exposition *out, const struct vqe_metrics *metrics,
                const char *more, double value)
{
  if (!isnan(value)) {
    vqe_exposition_sample(out, metrics->run_labels, more, value);
  }
}

/* ---- the run ---- */

static void put_states(struct vqe_exposition *out,
                       const struct vqe_metrics *metrics)
{
  const struct vqe_metrics_state *state = &metrics->state;
  size_t over = state->done + state->failed + state->running;
  double pending = state->total > over ? (double)(state->total - over) : 0.0;
  one(out, metrics, VQE_CATALOG_JOB_EXPERIMENTS, NULL, (double)state->total);
  family(out, VQE_CATALOG_EXPERIMENTS);
  add(out, metrics, "state=\"done\"", (double)state->done);
  add(out, metrics, "state=\"failed\"", (double)state->failed);
  add(out, metrics, "state=\"running\"", (double)state->running);
  add(out, metrics, "state=\"pending\"", pending);
}

static void put_run(struct vqe_exposition *out,
                    const struct vqe_metrics *metrics)
{
  one(out, metrics, VQE_CATALOG_BUILD_INFO, metrics->build, 1.0);
  one(out, metrics, VQE_CATALOG_RUN_INFO, metrics->run, 1.0);
  one(out, metrics, VQE_CATALOG_RUN_START, NULL, metrics->started);
  one(out, metrics, VQE_CATALOG_RUN_ACTIVE, NULL, metrics->state.active);
  if (metrics->nrank > 0) {
    /* before, the run has said nothing of itself */
    one(out, metrics, VQE_CATALOG_RUN_RANKS, NULL, (double)metrics->nrank);
    put_states(out, metrics);
  }
  one(out, metrics, VQE_CATALOG_RESTORED, NULL, metrics->restored);
  family(out, VQE_CATALOG_FINISHED);
  add(out, metrics, "result=\"done\"", metrics->finished_done);
  add(out, metrics, "result=\"failed\"", metrics->finished_failed);
  one(out, metrics, VQE_CATALOG_LAST_COMPLETION, NULL, metrics->completed);
  one(out, metrics, VQE_CATALOG_REFERENCED, NULL, metrics->referenced);
  one(out, metrics, VQE_CATALOG_ACCURATE, NULL, metrics->accurate);
  one(out, metrics, VQE_CATALOG_EVALUATIONS, NULL, metrics->evaluations);
  family(out, VQE_CATALOG_PHASE_SECONDS);
  for (size_t k = 0; k < VQE_METRICS_PHASES; k++) {
    add(out, metrics, phase_labels[k], metrics->phases[k]);
  }
}

/* ---- experiments ---- */

/* Families of `count` lists of entries: all samples of a family stand
 * together, whichever list they come from. */
struct entries {
  const struct vqe_metrics_entry *list;
  size_t count;
};

static void put_family(struct vqe_exposition *out,
                       const struct entries *entries, size_t nlist,
                       enum vqe_catalog_id id)
{
  family(out, id);
  for (size_t n = 0; n < nlist; n++) {
    for (size_t k = 0; k < entries[n].count; k++) {
      const struct vqe_metrics_entry *entry = &entries[n].list[k];
      double value = entry->values[id - VQE_CATALOG_ENERGY];
      if (!isnan(value)) {
        vqe_exposition_sample(out, entry->labels, NULL, value);
      }
    }
  }
}

static void put_phases_of(struct vqe_exposition *out,
                          const struct vqe_metrics_entry *entry)
{
  for (size_t k = 0; k < VQE_METRICS_PHASES; k++) {
    if (!isnan(entry->phases[k])) {
      vqe_exposition_sample(out, entry->labels, phase_labels[k],
                            entry->phases[k]);
    }
  }
}

static void put_entries(struct vqe_exposition *out,
                        const struct entries *entries, size_t nlist)
{
  family(out, VQE_CATALOG_STATE);
  for (size_t n = 0; n < nlist; n++) {
    for (size_t k = 0; k < entries[n].count; k++) {
      vqe_exposition_sample(out, entries[n].list[k].labels,
                            entries[n].list[k].state, 1.0);
    }
  }
  for (int id = VQE_CATALOG_ENERGY; id <= VQE_CATALOG_PARAMETERS; id++) {
    if (id != VQE_CATALOG_EXPERIMENT_PHASE) {
      put_family(out, entries, nlist, (enum vqe_catalog_id)id);
    }
  }
  family(out, VQE_CATALOG_EXPERIMENT_PHASE);
  for (size_t n = 0; n < nlist; n++) {
    for (size_t k = 0; k < entries[n].count; k++) {
      put_phases_of(out, &entries[n].list[k]);
    }
  }
}

static void put_experiments(struct vqe_exposition *out,
                            const struct vqe_metrics *metrics)
{
  const struct entries entries[] = {
      {metrics->ended, vqe_metrics_shown(metrics)},
      {metrics->running, metrics->nrunning}};
  put_entries(out, entries, 2);
}

/* ---- ranks ---- */

/* The value of a rank by its number in the catalog. */
static double rank_value(const struct vqe_metrics *metrics, size_t k,
                         enum vqe_catalog_id id)
{
  const struct vqe_metrics_rank *rank = &metrics->ranks[k];
  switch (id) {
  case VQE_CATALOG_RANK_BUSY:
    return rank->busy;
  case VQE_CATALOG_RANK_IDLE:
    return metrics->idle[k];
  case VQE_CATALOG_RANK_EXPERIMENTS:
    return rank->done;
  case VQE_CATALOG_RANK_RUNNING:
    return rank->running;
  case VQE_CATALOG_RANK_LANES:
    return rank->lanes;
  case VQE_CATALOG_RANK_CPU:
    return rank->cpu;
  case VQE_CATALOG_RANK_RESIDENT:
    return rank->resident;
  case VQE_CATALOG_RANK_AVAILABLE:
    return rank->available;
  case VQE_CATALOG_RANK_LIMIT:
    return rank->limit;
  default:
    return rank->journal_lag;
  }
}

static void put_ranks(struct vqe_exposition *out,
                      const struct vqe_metrics *metrics)
{
  char more[40];
  for (int id = VQE_CATALOG_RANK_BUSY; id <= VQE_CATALOG_RANK_JOURNAL; id++) {
    family(out, (enum vqe_catalog_id)id);
    for (size_t k = 0; k < metrics->nrank; k++) {
      if (metrics->ranks[k].known) {
        snprintf(more, sizeof more, "rank=\"%d\"", metrics->ranks[k].rank);
        add(out, metrics, more,
            rank_value(metrics, k, (enum vqe_catalog_id)id));
      }
    }
  }
}

/* ---- devices, publishing, the metrics themselves ---- */

static void put_devices(struct vqe_exposition *out,
                        const struct vqe_metrics *metrics)
{
  for (size_t n = 0; n < VQE_METRICS_DEVICE_VALUES; n++) {
    family(out, (enum vqe_catalog_id)(VQE_CATALOG_DEVICE_MEMORY + (int)n));
    for (size_t k = 0; k < metrics->ndevice; k++) {
      add(out, metrics, metrics->devices[k].labels,
          metrics->devices[k].values[n]);
    }
  }
}

static void put_publishing(struct vqe_exposition *out,
                           const struct vqe_metrics *metrics,
                           const struct vqe_metrics_publishing *now)
{
  one(out, metrics, VQE_CATALOG_STREAM_ACCEPTED, NULL, now->accepted);
  one(out, metrics, VQE_CATALOG_STREAM_DELIVERED, NULL, now->delivered);
  one(out, metrics, VQE_CATALOG_STREAM_BYTES, NULL, now->bytes);
  one(out, metrics, VQE_CATALOG_STREAM_LOST, NULL, now->lost);
  one(out, metrics, VQE_CATALOG_SPOOL_RECORDS, NULL, now->spool_records);
  one(out, metrics, VQE_CATALOG_SPOOL_BYTES, NULL, now->spool_bytes);
  one(out, metrics, VQE_CATALOG_SPOOL_OLDEST, NULL, now->spool_oldest);
}

static void put_own(struct vqe_exposition *out,
                    const struct vqe_metrics *metrics)
{
  one(out, metrics, VQE_CATALOG_OWN_CPU, NULL, metrics->own_cpu);
  if (!isnan(metrics->own_cpu)) {
    one(out, metrics, VQE_CATALOG_OWN_FAILURES, NULL, metrics->own_failures);
  }
}

int vqe_metrics_text(char **text, size_t *size, struct vqe_metrics *metrics,
                     bool with_experiments)
{
  struct vqe_exposition out = VQE_EXPOSITION_INIT;
  struct vqe_metrics_publishing publishing;
  const struct vqe_metrics_options *options = &metrics->options;
  /* reads a folder: without the lock, for which rank 0 waits */
  bool publishes = options->publishing != NULL &&
                   options->publishing(options->ctx, &publishing);
  pthread_mutex_lock(&metrics->lock);
  put_run(&out, metrics);
  if (with_experiments) {
    put_experiments(&out, metrics);
  }
  put_ranks(&out, metrics);
  put_devices(&out, metrics);
  if (publishes) {
    put_publishing(&out, metrics, &publishing);
  }
  put_own(&out, metrics);
  pthread_mutex_unlock(&metrics->lock);
  return vqe_exposition_take(text, size, &out);
}

/* ---- one experiment at a time ---- */

static struct vqe_metrics_entry *next_fresh(struct vqe_metrics_entry *list,
                                            size_t count)
{
  for (size_t k = 0; k < count; k++) {
    if (list[k].fresh) {
      return &list[k];
    }
  }
  return NULL;
}

static struct vqe_metrics_entry *find(struct vqe_metrics_entry *list,
                                      size_t count, const char *id)
{
  for (size_t k = 0; k < count; k++) {
    if (strcmp(list[k].id, id) == 0) {
      return &list[k];
    }
  }
  return NULL;
}

/* The newest of an id: what runs again is younger than what had ended. */
static struct vqe_metrics_entry *find_any(struct vqe_metrics *metrics,
                                          const char *id)
{
  struct vqe_metrics_entry *entry =
      find(metrics->running, metrics->nrunning, id);
  return entry != NULL ? entry
                       : find(metrics->ended, vqe_metrics_shown(metrics), id);
}

int vqe_metrics_take(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                     size_t *size, struct vqe_metrics *metrics)
{
  struct vqe_exposition out = VQE_EXPOSITION_INIT;
  int status = VQE_OK;
  *text = NULL;
  *size = 0;
  pthread_mutex_lock(&metrics->lock);
  struct vqe_metrics_entry *entry =
      next_fresh(metrics->ended, vqe_metrics_shown(metrics));
  if (entry == NULL) {
    entry = next_fresh(metrics->running, metrics->nrunning);
  }
  if (entry != NULL) {
    const struct entries entries = {entry, 1};
    entry->fresh = false;
    entry->taken = true;
    memcpy(id, entry->id, sizeof entry->id);
    put_entries(&out, &entries, 1);
    status = vqe_exposition_take(text, size, &out);
  }
  pthread_mutex_unlock(&metrics->lock);
  return status;
}

void vqe_metrics_put_back(struct vqe_metrics *metrics, const char *id)
{
  pthread_mutex_lock(&metrics->lock);
  struct vqe_metrics_entry *entry = find_any(metrics, id);
  if (entry != NULL) {
    entry->fresh = true;
  }
  pthread_mutex_unlock(&metrics->lock);
}

bool vqe_metrics_take_dropped(char id[VQE_EXPERIMENT_ID_SIZE],
                              struct vqe_metrics *metrics)
{
  bool found = false;
  pthread_mutex_lock(&metrics->lock);
  while (!found && metrics->ndropped > 0) {
    const char *last = metrics->dropped[--metrics->ndropped];
    /* it may have come back since */
    found = find_any(metrics, last) == NULL;
    memcpy(id, last, VQE_EXPERIMENT_ID_SIZE);
  }
  pthread_mutex_unlock(&metrics->lock);
  return found;
}
