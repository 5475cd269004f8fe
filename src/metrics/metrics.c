#include "metrics/metrics.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "metrics/exposition.h"
#include "metrics/metrics_state.h"
#include "vqe/checks.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static double now(void)
{
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

/* ---- life ---- */

static int make_labels(struct vqe_metrics *metrics,
                       const struct vqe_metrics_options *options)
{
  const struct vqe_exposition_label of_run[] = {{"batch", options->batch},
                                                {"tier", options->tier},
                                                {"lane", options->lane}};
  const struct vqe_exposition_label build[] = {{"version", VQE_VERSION},
                                               {"compiler", __VERSION__}};
  const struct vqe_exposition_label run[] = {
      {"host", options->host},
      {"scheduler_job", options->scheduler_job},
      {"output", options->output}};
  int status =
      vqe_exposition_labels(&metrics->run_labels, of_run, COUNT(of_run));
  if (status == VQE_OK) {
    status = vqe_exposition_labels(&metrics->build, build, COUNT(build));
  }
  if (status == VQE_OK) {
    status = vqe_exposition_labels(&metrics->run, run, COUNT(run));
  }
  return status;
}

int vqe_metrics_create(struct vqe_metrics **out,
                       const struct vqe_metrics_options *options)
{
  struct vqe_metrics *metrics = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&metrics, 1, sizeof *metrics, "metrics");
  if (status != VQE_OK) {
    return status;
  }
  pthread_mutex_init(&metrics->lock, NULL);
  metrics->options.publishing = options->publishing;
  metrics->options.ctx = options->ctx;
  metrics->started = now();
  metrics->completed = NAN;
  metrics->own_cpu = NAN;
  metrics->state.active = true;
  status = make_labels(metrics, options);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&metrics->ended, VQE_METRICS_KEPT,
                              sizeof *metrics->ended, "metrics");
  }
  if (status != VQE_OK) {
    vqe_metrics_free(metrics);
    return status;
  }
  *out = metrics;
  return VQE_OK;
}

static void clear_running(struct vqe_metrics *metrics)
{
  for (size_t k = 0; k < metrics->nrunning; k++) {
    free(metrics->running[k].labels);
  }
  metrics->nrunning = 0;
}

void vqe_metrics_free(struct vqe_metrics *metrics)
{
  if (metrics == NULL) {
    return;
  }
  clear_running(metrics);
  for (size_t k = 0; metrics->ended != NULL && k < vqe_metrics_shown(metrics);
       k++) {
    free(metrics->ended[k].labels);
  }
  free(metrics->running);
  free(metrics->ended);
  free(metrics->dropped);
  for (size_t k = 0; k < metrics->ndevice; k++) {
    free(metrics->devices[k].labels);
  }
  free(metrics->devices);
  free(metrics->ranks);
  free(metrics->idle);
  free(metrics->build);
  free(metrics->run);
  free(metrics->run_labels);
  pthread_mutex_destroy(&metrics->lock);
  free(metrics);
}

/* ---- an experiment ---- */

/* Labels, the id, and nothing known. */
static int begin_entry(struct vqe_metrics_entry *entry,
                       const struct vqe_metrics *metrics,
                       const struct vqe_experiment *experiment)
{
  char seed[24];
  memset(entry, 0, sizeof *entry);
  for (size_t k = 0; k < VQE_METRICS_VALUES; k++) {
    entry->values[k] = NAN;
  }
  for (size_t k = 0; k < VQE_METRICS_PHASES; k++) {
    entry->phases[k] = NAN;
  }
  entry->fresh = true;
  snprintf(entry->id, sizeof entry->id, "%s", experiment->id);
  snprintf(seed, sizeof seed, "%lld", (long long)experiment->seed);
  const struct vqe_exposition_label labels[] = {
      {"experiment", experiment->id},
      {"molecule", experiment->name},
      {"basis", experiment->basis_set},
      {"ansatz", experiment->ansatz_name},
      {"optimizer", experiment->optimizer},
      {"init", experiment->init_strategy},
      {"seed", seed}};
  char *own = NULL;
  int status = vqe_exposition_labels(&own, labels, COUNT(labels));
  if (status == VQE_OK) {
    status =
        vqe_memory_print(&entry->labels, "%s,%s", metrics->run_labels, own);
  }
  free(own);
  return status;
}

/* A phase that took no time at all was not there. */
static double seconds_of(double seconds)
{
  return seconds > 0.0 ? seconds : NAN;
}

static void fill_phases(double *phases, const struct vqe_result *result)
{
  phases[VQE_METRICS_INTEGRALS] = seconds_of(result->seconds_integrals);
  phases[VQE_METRICS_SCF] = seconds_of(result->seconds_scf);
  phases[VQE_METRICS_TRANSFORM] = seconds_of(result->seconds_transform);
  phases[VQE_METRICS_MAPPING] = seconds_of(result->seconds_mapping);
  phases[VQE_METRICS_FCI] = seconds_of(result->seconds_fci);
  phases[VQE_METRICS_VQE] = seconds_of(result->seconds_vqe);
}

static void set_error(struct vqe_metrics_entry *entry, double error)
{
  *vqe_metrics_value(entry, VQE_CATALOG_ERROR) = error;
  *vqe_metrics_value(entry, VQE_CATALOG_ERROR_MHA) = 1e3 * error;
}

/* What failed has the numbers that it got to. */
static void fill_ended(struct vqe_metrics_entry *entry,
                       const struct vqe_result *result)
{
  double energy = result->minimum + result->nuclear_repulsion_energy;
  entry->state = result->status == VQE_EXPERIMENT_FAILED ? "state=\"failed\""
                                                         : "state=\"done\"";
  *vqe_metrics_value(entry, VQE_CATALOG_HF) = result->hf_energy;
  *vqe_metrics_value(entry, VQE_CATALOG_FCI) = result->fci_energy;
  *vqe_metrics_value(entry, VQE_CATALOG_SECONDS) =
      seconds_of(result->seconds_total);
  fill_phases(entry->phases, result);
  if (result->num_qubits > 0) {
    *vqe_metrics_value(entry, VQE_CATALOG_QUBITS) = result->num_qubits;
    *vqe_metrics_value(entry, VQE_CATALOG_PARAMETERS) = result->nparam;
  }
  if (result->neval > 0) {
    *vqe_metrics_value(entry, VQE_CATALOG_EXPERIMENT_EVALUATIONS) =
        (double)result->neval;
    *vqe_metrics_value(entry, VQE_CATALOG_ENERGY) = energy;
    set_error(entry, energy - result->fci_energy);
  }
  if (result->neval > 0 && result->seconds_vqe > 0.0) {
    *vqe_metrics_value(entry, VQE_CATALOG_RATE) =
        (double)result->neval / result->seconds_vqe;
  }
}

/* One that was taken and goes is to be dropped where it was put. */
static int drop(struct vqe_metrics *metrics, struct vqe_metrics_entry *entry)
{
  int status = VQE_OK;
  if (entry->taken && metrics->ndropped == metrics->dropped_capacity) {
    size_t capacity = 2 * metrics->dropped_capacity + 64;
    status = vqe_memory_grow(&metrics->dropped, metrics->ndropped, capacity,
                             sizeof *metrics->dropped, "metrics");
    metrics->dropped_capacity =
        status == VQE_OK ? capacity : metrics->dropped_capacity;
  }
  if (entry->taken && status == VQE_OK) {
    memcpy(metrics->dropped[metrics->ndropped++], entry->id, sizeof entry->id);
  }
  free(entry->labels);
  entry->labels = NULL;
  return status;
}

/* ---- devices, as ranks and results describe them ---- */

static int add_device(struct vqe_metrics *metrics, int rank, int index,
                      const char *model)
{
  char texts[2][24];
  int status = vqe_memory_grow(&metrics->devices, metrics->ndevice,
                               metrics->ndevice + 1, sizeof *metrics->devices,
                               "metrics");
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_metrics_device *device = &metrics->devices[metrics->ndevice];
  snprintf(texts[0], sizeof texts[0], "%d", rank);
  snprintf(texts[1], sizeof texts[1], "%d", index);
  const struct vqe_exposition_label labels[] = {
      {"rank", texts[0]}, {"device", texts[1]}, {"model", model}};
  device->rank = rank;
  device->index = index;
  for (size_t k = 0; k < VQE_METRICS_DEVICE_VALUES; k++) {
    device->values[k] = NAN;
  }
  status = vqe_exposition_labels(&device->labels, labels, COUNT(labels));
  metrics->ndevice += status == VQE_OK;
  return status;
}

static int find_device(struct vqe_metrics_device **out,
                       struct vqe_metrics *metrics, int rank, int index,
                       const char *model)
{
  for (size_t k = 0; k < metrics->ndevice; k++) {
    *out = &metrics->devices[k];
    if ((*out)->rank == rank && (*out)->index == index) {
      return VQE_OK;
    }
  }
  int status = add_device(metrics, rank, index, model);
  *out = status == VQE_OK ? &metrics->devices[metrics->ndevice - 1] : NULL;
  return status;
}

static double *device_value(struct vqe_metrics_device *device,
                            enum vqe_catalog_id id)
{
  return &device->values[id - VQE_CATALOG_DEVICE_MEMORY];
}

/* Set a value, or add to it, by a number that the result may hold. */
static void take_number(struct vqe_metrics_device *device,
                        enum vqe_catalog_id id, const json_t *gpu,
                        const char *key, double unit)
{
  const json_t *number = json_object_get(gpu, key);
  double *value = device_value(device, id);
  if (json_is_number(number)) {
    bool adds = strcmp(vqe_catalog_metrics[id].type, "counter") == 0;
    double fresh = unit * json_number_value(number);
    *value = adds && !isnan(*value) ? *value + fresh : fresh;
  }
}

static int take_device(struct vqe_metrics *metrics,
                       const struct vqe_result *result, int rank)
{
  const char *text = result->performance_end;
  struct vqe_metrics_device *device = NULL;
  if (strncmp(result->backend, "vqe_cuda", 8) != 0 || text == NULL) {
    return VQE_OK;
  }
  json_t *root = vqe_json_parse_any(text, strlen(text));
  const json_t *gpu = json_object_get(root, "gpu");
  const char *model = json_string_value(json_object_get(gpu, "name"));
  const json_t *index = json_object_get(gpu, "index");
  int status = VQE_OK;
  if (model != NULL && json_is_integer(index)) {
    status = find_device(&device, metrics, rank,
                         (int)json_integer_value(index), model);
  }
  if (status == VQE_OK && device != NULL) {
    take_number(device, VQE_CATALOG_DEVICE_MEMORY, gpu, "memory_mb", 1e6);
    take_number(device, VQE_CATALOG_DEVICE_HELD, gpu, "held_mb", 1e6);
    take_number(device, VQE_CATALOG_DEVICE_BUSY, gpu, "seconds", 1.0);
    take_number(device, VQE_CATALOG_DEVICE_LAUNCHES, gpu, "launches", 1.0);
    take_number(device, VQE_CATALOG_DEVICE_SENT, gpu, "sent_mb", 1e6);
    take_number(device, VQE_CATALOG_DEVICE_RECEIVED, gpu, "received_mb", 1e6);
  }
  json_decref(root);
  return status;
}

/* ---- what ended ---- */

static void count(struct vqe_metrics *metrics, const struct vqe_result *result,
                  const struct vqe_metrics_entry *entry)
{
  int accurate = vqe_result_accurate(result);
  if (result->status == VQE_EXPERIMENT_FAILED) {
    metrics->finished_failed += 1.0;
  } else {
    metrics->finished_done += 1.0;
    metrics->completed = now();
    metrics->referenced += accurate >= 0;
    metrics->accurate += accurate == 1;
  }
  metrics->evaluations += (double)result->neval;
  for (size_t k = 0; k < VQE_METRICS_PHASES; k++) {
    metrics->phases[k] += isfinite(entry->phases[k]) ? entry->phases[k] : 0.0;
  }
}

/* It runs no longer. Returns whether it was taken, so that its page is there
 * and is replaced by that of its end. */
static bool forget_running(struct vqe_metrics *metrics, const char *id)
{
  bool taken = false;
  for (size_t k = 0; k < metrics->nrunning; k++) {
    if (strcmp(metrics->running[k].id, id) == 0) {
      taken = metrics->running[k].taken;
      free(metrics->running[k].labels);
      metrics->running[k] = metrics->running[--metrics->nrunning];
    }
  }
  return taken;
}

int vqe_metrics_ended(struct vqe_metrics *metrics,
                      const struct vqe_result *result, int rank, bool restored)
{
  struct vqe_metrics_entry entry;
  int status = begin_entry(&entry, metrics, result->experiment);
  if (status != VQE_OK) {
    return status;
  }
  fill_ended(&entry, result);
  pthread_mutex_lock(&metrics->lock);
  if (restored) {
    metrics->restored += 1.0;
  } else {
    count(metrics, result, &entry);
    status = take_device(metrics, result, rank);
  }
  struct vqe_metrics_entry *place =
      &metrics->ended[metrics->nended % VQE_METRICS_KEPT];
  if (metrics->nended >= VQE_METRICS_KEPT) {
    int dropped = drop(metrics, place);
    status = status == VQE_OK ? dropped : status;
  }
  entry.taken = forget_running(metrics, entry.id);
  *place = entry;
  metrics->nended++;
  pthread_mutex_unlock(&metrics->lock);
  return status;
}

/* ---- where the run stands ---- */

static double later(double old, double fresh)
{
  return old > fresh ? old : fresh;
}

/* Copy them; what counts up does not go back by a rounding. */
static int take_ranks(struct vqe_metrics *metrics,
                      const struct vqe_metrics_state *state)
{
  int status = VQE_OK;
  if (metrics->nrank != state->nrank) {
    free(metrics->ranks);
    free(metrics->idle);
    metrics->ranks = NULL;
    metrics->idle = NULL;
    metrics->nrank = 0;
    status = vqe_memory_alloc(&metrics->ranks, state->nrank,
                              sizeof *metrics->ranks, "metrics");
    if (status == VQE_OK) {
      status = vqe_memory_alloc(&metrics->idle, state->nrank,
                                sizeof *metrics->idle, "metrics");
    }
    metrics->nrank = status == VQE_OK ? state->nrank : 0;
  }
  for (size_t k = 0; k < metrics->nrank; k++) {
    struct vqe_metrics_rank fresh = state->ranks[k];
    const struct vqe_metrics_rank *old = &metrics->ranks[k];
    fresh.busy = later(old->busy, fresh.busy);
    fresh.cpu = old->known ? later(old->cpu, fresh.cpu) : fresh.cpu;
    metrics->idle[k] = later(metrics->idle[k], fresh.seconds - fresh.busy);
    metrics->ranks[k] = fresh;
    if (status == VQE_OK && fresh.has_device) {
      struct vqe_metrics_device *device;
      status = find_device(&device, metrics, fresh.rank, fresh.device,
                           fresh.device_model);
      if (status == VQE_OK) {
        *device_value(device, VQE_CATALOG_DEVICE_MEMORY) = fresh.device_bytes;
        *device_value(device, VQE_CATALOG_DEVICE_USED) = fresh.device_used;
      }
    }
  }
  return status;
}

static int take_running(struct vqe_metrics *metrics,
                        const struct vqe_metrics_running *running)
{
  struct vqe_metrics_entry *entry = &metrics->running[metrics->nrunning];
  int status = begin_entry(entry, metrics, running->experiment);
  if (status != VQE_OK) {
    return status;
  }
  entry->state = "state=\"running\"";
  *vqe_metrics_value(entry, VQE_CATALOG_ENERGY) = running->energy;
  *vqe_metrics_value(entry, VQE_CATALOG_HF) = running->hf;
  set_error(entry, running->error);
  *vqe_metrics_value(entry, VQE_CATALOG_SECONDS) = running->seconds;
  if (running->iteration > 0) {
    *vqe_metrics_value(entry, VQE_CATALOG_EXPERIMENT_EVALUATIONS) =
        running->iteration;
  }
  if (running->iteration > 0 && running->vqe_seconds > 0.0) {
    *vqe_metrics_value(entry, VQE_CATALOG_RATE) =
        running->iteration / running->vqe_seconds;
  }
  metrics->nrunning++;
  return VQE_OK;
}

/* Entries in the order of their ids: some thousand run and end, and each of
 * the one is looked for among the other. */
struct named {
  const char *id;
  struct vqe_metrics_entry *entry;
};

struct by_id {
  struct named *list;
  size_t count;
};

static int compare_ids(const void *a, const void *b)
{
  return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

static int sort_by_id(struct by_id *out, struct vqe_metrics_entry *entries,
                      size_t count)
{
  *out = (struct by_id){.count = 0};
  int status =
      vqe_memory_alloc(&out->list, count, sizeof *out->list, "metrics");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    out->list[out->count++] = (struct named){entries[k].id, &entries[k]};
  }
  if (out->count > 1) {
    qsort(out->list, out->count, sizeof *out->list, compare_ids);
  }
  return status;
}

static struct vqe_metrics_entry *find_id(const struct by_id *sorted,
                                         const char *id)
{
  const struct named wanted = {id, NULL};
  const struct named *found =
      sorted->count > 0 ? bsearch(&wanted, sorted->list, sorted->count,
                                  sizeof *sorted->list, compare_ids)
                        : NULL;
  return found != NULL ? found->entry : NULL;
}

/* The pages of those that ran before and run still have been taken; those that
 * neither run nor ended were cut off. Frees what it is given. */
static int keep_taken(struct vqe_metrics *metrics, const struct by_id *ended,
                      struct vqe_metrics_entry *old, size_t count)
{
  struct by_id running;
  int status = sort_by_id(&running, metrics->running, metrics->nrunning);
  for (size_t k = 0; k < count; k++) {
    struct vqe_metrics_entry *runs = find_id(&running, old[k].id);
    if (runs != NULL) {
      runs->taken = old[k].taken;
    }
    if (runs != NULL || find_id(ended, old[k].id) != NULL) {
      old[k].taken = false;
    }
    int dropped = drop(metrics, &old[k]);
    status = status == VQE_OK ? dropped : status;
  }
  free(running.list);
  free(old);
  return status;
}

static int replace_running(struct vqe_metrics *metrics,
                           const struct vqe_metrics_state *state)
{
  struct vqe_metrics_entry *old = metrics->running;
  size_t count = metrics->nrunning;
  struct by_id ended;
  metrics->running = NULL;
  metrics->nrunning = 0;
  int status = sort_by_id(&ended, metrics->ended, vqe_metrics_shown(metrics));
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&metrics->running, state->nexperiment,
                              sizeof *metrics->running, "metrics");
  }
  for (size_t k = 0; status == VQE_OK && k < state->nexperiment; k++) {
    /* its last news may be older than its result */
    if (find_id(&ended, state->experiments[k].experiment->id) == NULL) {
      status = take_running(metrics, &state->experiments[k]);
    }
  }
  int kept = keep_taken(metrics, &ended, old, count);
  free(ended.list);
  return status == VQE_OK ? kept : status;
}

int vqe_metrics_update(struct vqe_metrics *metrics,
                       const struct vqe_metrics_state *state)
{
  pthread_mutex_lock(&metrics->lock);
  int status = take_ranks(metrics, state);
  if (status == VQE_OK) {
    status = replace_running(metrics, state);
  }
  metrics->state = *state;
  metrics->state.ranks = NULL;
  metrics->state.experiments = NULL;
  pthread_mutex_unlock(&metrics->lock);
  return status;
}

void vqe_metrics_inactive(struct vqe_metrics *metrics)
{
  pthread_mutex_lock(&metrics->lock);
  metrics->state.active = false;
  pthread_mutex_unlock(&metrics->lock);
}

void vqe_metrics_own(struct vqe_metrics *metrics, double cpu, size_t failures)
{
  pthread_mutex_lock(&metrics->lock);
  metrics->own_cpu = cpu;
  metrics->own_failures = (double)failures;
  pthread_mutex_unlock(&metrics->lock);
}
