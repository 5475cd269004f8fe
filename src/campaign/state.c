#include "campaign/state.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "campaign/folder.h"
#include "campaign/forecast.h"
#include "campaign/plan.h"

#define FILE_LIMIT ((size_t)64 << 20)
#define KIND_SIZE 512

size_t vqe_state_left(const struct vqe_state_lane *lane)
{
  return lane->counts[VQE_STATE_RUNNING] + lane->counts[VQE_STATE_STOPPED] +
         lane->counts[VQE_STATE_WAITING];
}

size_t vqe_state_all(const struct vqe_state_lane *lane)
{
  return vqe_state_left(lane) + lane->counts[VQE_STATE_DONE] +
         lane->counts[VQE_STATE_FAILED];
}

void vqe_state_free(struct vqe_state *state)
{
  if (state == NULL) {
    return;
  }
  for (size_t k = 0; k < state->njob; k++) {
    vqe_job_free(state->jobs[k]);
  }
  vqe_found_free(state->found);
  vqe_whole_free(state->whole);
  free(state->jobs);
  free(state->job_outputs);
  free(state->job_lanes);
  free(state->lanes);
  free(state->items);
  free(state->place);
  free(state);
}

/* ---- what is looked at ---- */

static int lane_of(size_t *index, struct vqe_state *state, const char *name)
{
  for (size_t k = 0; k < state->nlane; k++) {
    if (strcmp(state->lanes[k].name, name) == 0) {
      *index = k;
      return VQE_OK;
    }
  }
  int status = vqe_memory_grow(&state->lanes, state->nlane, state->nlane + 1,
                               sizeof *state->lanes, "lanes");
  if (status == VQE_OK) {
    snprintf(state->lanes[state->nlane].name,
             sizeof state->lanes[state->nlane].name, "%s", name);
    *index = state->nlane++;
  }
  return status;
}

static int grow_jobs(struct vqe_state *state)
{
  size_t count = state->njob;
  int status = vqe_memory_grow(&state->jobs, count, count + 1,
                               sizeof(struct vqe_job *), "jobs");
  if (status == VQE_OK) {
    status = vqe_memory_grow(&state->job_outputs, count, count + 1,
                             sizeof *state->job_outputs, "jobs");
  }
  return status == VQE_OK
             ? vqe_memory_grow(&state->job_lanes, count, count + 1,
                               sizeof *state->job_lanes, "jobs")
             : status;
}

/* A job that the user names may come through a pipe, a part of a folder is a
 * file. */
static int load_job(struct vqe_job **job, char **warnings,
                    const struct vqe_state *state, const char *path)
{
  char *text = NULL;
  size_t size;
  if (!state->folder) {
    return vqe_job_load(job, warnings, path, NULL);
  }
  int status = vqe_file_read_regular(&text, &size, path, FILE_LIMIT);
  if (status == VQE_OK) {
    status = vqe_job_parse(job, warnings, text, size, path, NULL);
  }
  free(text);
  return status;
}

/* One file of the folder that cannot be read is named once, and the others
 * count. */
static int set_aside(struct vqe_state *state, size_t *count)
{
  if (*count == 0 || count == &state->bad_parts) {
    vqe_log(state->found->log, VQE_LOG_WARNING, "warning: %s",
            vqe_error_message());
    ++*count;
  }
  return VQE_OK;
}

static int add_job(struct vqe_state *state, const char *path, const char *lane)
{
  struct vqe_job *job = NULL;
  char *warnings = NULL;
  int status = grow_jobs(state);
  if (status == VQE_OK) {
    status = load_job(&job, &warnings, state, path);
  }
  free(warnings);
  if (status == VQE_OK) {
    status = vqe_found_add(&state->job_outputs[state->njob], state->found,
                           job->file);
  }
  if (status == VQE_OK) {
    status = lane_of(&state->job_lanes[state->njob], state, lane);
  }
  if (status == VQE_OK) {
    state->jobs[state->njob++] = job;
  } else {
    vqe_job_free(job);
  }
  return status;
}

/* The jobs of a folder of generate, and all its results. */
static int open_folder(struct vqe_state *state)
{
  struct vqe_folder_names parts = {.count = 0};
  struct vqe_folder_names outputs = {.count = 0};
  size_t index;
  state->folder = true;
  int status = vqe_folder_parts(&parts, state->place);
  if (status == VQE_OK) {
    status = vqe_folder_outputs(&outputs, state->place);
  }
  for (size_t k = 0; status == VQE_OK && k < parts.count; k++) {
    char lane[64];
    char *path = NULL;
    int number;
    (void)vqe_folder_is_part(lane, &number, parts.list[k]);
    status = vqe_folder_path(&path, state->place, parts.list[k]);
    if (status == VQE_OK) {
      status = add_job(state, path, lane);
    }
    /* the last one that is left says why there is nothing */
    if (status != VQE_OK && status != VQE_ERR_MEMORY &&
        state->bad_parts + 1 < parts.count) {
      status = set_aside(state, &state->bad_parts);
    }
    free(path);
  }
  for (size_t k = 0; status == VQE_OK && k < outputs.count; k++) {
    status = vqe_found_add(&index, state->found, outputs.list[k]);
  }
  /* without it nothing is known of what results of former parts cost */
  if (status == VQE_OK &&
      vqe_whole_open(&state->whole, state->place) == VQE_ERR_MEMORY) {
    status = VQE_ERR_MEMORY;
  }
  /* one with its tier alone has all set aside */
  if (status == VQE_OK && parts.count + outputs.count == 0 &&
      state->whole == NULL) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "folder '%s' holds no job files of generate "
                           "(part-0001.json) and no results (.h5)",
                           state->place);
  }
  vqe_folder_names_free(&parts);
  vqe_folder_names_free(&outputs);
  return status;
}

static bool ends_with(const char *text, const char *end)
{
  size_t length = strlen(text);
  size_t tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* A result may be there as its journals alone. */
static int open_place(struct vqe_state *state)
{
  struct stat info;
  size_t index;
  char *journals = NULL;
  size_t length = strlen(state->place);
  if (ends_with(state->place, ".h5.journal")) {
    state->place[length - strlen(".journal")] = '\0';
  }
  bool there = stat(state->place, &info) == 0;
  if (there && S_ISDIR(info.st_mode)) {
    return open_folder(state);
  }
  if (!ends_with(state->place, ".h5")) {
    return add_job(state, state->place, "");
  }
  int status = vqe_memory_print(&journals, "%s.journal", state->place);
  if (status == VQE_OK && !there && stat(journals, &info) != 0) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "there is no result '%s', and no journal of it",
                           state->place);
  }
  free(journals);
  return status == VQE_OK ? vqe_found_add(&index, state->found, state->place)
                          : status;
}

int vqe_state_open(struct vqe_state **out, const char *place,
                   const struct vqe_log *log)
{
  struct vqe_state *state = NULL;
  size_t index;
  *out = NULL;
  int status =
      vqe_memory_alloc(&state, 1, sizeof *state, "the state of a job");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&state->place, place);
  }
  if (status == VQE_OK) {
    status = vqe_found_create(&state->found, log);
  }
  if (status == VQE_OK) {
    status = open_place(state);
  }
  /* for what is in results alone */
  if (status == VQE_OK && state->nlane == 0) {
    status = lane_of(&index, state, "");
  }
  if (status == VQE_OK) {
    *out = state;
  } else {
    vqe_state_free(state);
  }
  return status;
}

/* ---- experiments ---- */

static enum vqe_state_kind kind_of(const struct vqe_state *state,
                                   const struct vqe_found_entry *entry)
{
  if (entry == NULL) {
    return VQE_STATE_WAITING;
  }
  if (entry->ended && entry->status == VQE_EXPERIMENT_OK) {
    return VQE_STATE_DONE;
  }
  if (vqe_found_runs(state->found, entry)) {
    return VQE_STATE_RUNNING;
  }
  if (entry->ended) {
    return VQE_STATE_FAILED;
  }
  return entry->iteration > 0 ? VQE_STATE_STOPPED : VQE_STATE_WAITING;
}

/* The lane of what is in results alone: that of its file. */
static size_t lane_of_output(struct vqe_state *state, size_t output)
{
  char name[300];
  char lane[64] = "";
  int number;
  size_t index = 0;
  const char *path = state->found->outputs[output].path;
  const char *slash = strrchr(path, '/');
  const char *base = slash != NULL ? slash + 1 : path;
  snprintf(name, sizeof name, "%.*s.json", (int)strcspn(base, "."), base);
  if (!vqe_folder_is_part(lane, &number, name)) {
    lane[0] = '\0';
  }
  return lane_of(&index, state, lane) == VQE_OK ? index : 0;
}

/* The items of the jobs, with their costs; once, but for drawn seeds that a
 * run adopts. */
static int list_jobs(struct vqe_state *state, json_t *listed)
{
  for (size_t j = 0; j < state->njob; j++) {
    const struct vqe_job *job = state->jobs[j];
    for (size_t k = 0; k < job->count; k++) {
      struct vqe_state_item *item = &state->items[state->count];
      const struct vqe_experiment *experiment = job->experiments[k];
      const struct vqe_state_item *before = state->count > 0 ? item - 1 : NULL;
      if (json_object_get(listed, experiment->id) != NULL) {
        continue;
      }
      *item = (struct vqe_state_item){.experiment = experiment,
                                      .lane = state->job_lanes[j],
                                      .output = state->job_outputs[j]};
      struct vqe_experiment_estimate estimate;
      if (before != NULL && vqe_plan_alike(before->experiment, experiment)) {
        item->cost = before->cost;
      } else if (vqe_experiment_estimate(&estimate, experiment) == VQE_OK) {
        item->cost = estimate.cost;
      }
      if (json_object_set_new(listed, experiment->id, json_true()) != 0) {
        return vqe_error_set(VQE_ERR_MEMORY, "no memory for experiments");
      }
      state->count++;
    }
  }
  return VQE_OK;
}

/* What the files hold that no job asks for (any more): done before, by parts
 * that are divided anew since. What it cost, the tier says. */
static void list_others(struct vqe_state *state, const json_t *listed)
{
  for (size_t k = 0; k < state->found->count; k++) {
    const struct vqe_found_entry *entry = &state->found->entries[k];
    bool wanted = state->folder
                      ? entry->ended && entry->status == VQE_EXPERIMENT_OK
                      : state->njob == 0;
    if (wanted && json_object_get(listed, entry->id) == NULL) {
      struct vqe_state_item *item = &state->items[state->count++];
      *item =
          (struct vqe_state_item){.entry = entry,
                                  .lane = lane_of_output(state, entry->output),
                                  .output = entry->output};
      item->experiment = vqe_whole_get(&item->cost, state->whole, entry->id);
    }
  }
}

/* Results of a job's output that it does not ask for, as when it ran with
 * options. */
static size_t count_others(const struct vqe_state *state, const json_t *listed)
{
  size_t count = 0;
  for (size_t k = 0; k < state->found->count; k++) {
    const struct vqe_found_entry *entry = &state->found->entries[k];
    count += entry->ended && json_object_get(listed, entry->id) == NULL;
  }
  return state->njob > 0 && !state->folder ? count : 0;
}

static bool same_text(const char *a, const char *b)
{
  return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool fits(const struct vqe_found_entry *entry,
                 const struct vqe_experiment *experiment,
                 const char *seedless_id)
{
  if (entry->seedless_id[0] != '\0') {
    return strcmp(entry->seedless_id, seedless_id) == 0;
  }
  return entry->ended && same_text(entry->name, experiment->name) &&
         same_text(entry->basis_set, experiment->basis_set) &&
         same_text(entry->ansatz_name, experiment->ansatz_name) &&
         same_text(entry->optimizer, experiment->optimizer) &&
         same_text(entry->init_strategy, experiment->init_strategy);
}

/* The first, of what has ended or of all, that nobody has taken. */
static const struct vqe_found_entry *
find_free(const struct vqe_state *state, const struct vqe_state_item *item,
          const char *seedless_id, const json_t *taken, bool ended)
{
  for (size_t k = 0; k < state->found->count; k++) {
    const struct vqe_found_entry *entry = &state->found->entries[k];
    if (entry->output == item->output && (entry->ended || !ended) &&
        fits(entry, item->experiment, seedless_id) &&
        json_object_get(taken, entry->id) == NULL) {
      return entry;
    }
  }
  return NULL;
}

/* Seeds that nobody gave are drawn anew at each load: what is found is that of
 * the first such experiment that it fits and that has none, as a run adopts
 * them. */
static const struct vqe_found_entry *
find_drawn(const struct vqe_state *state, const struct vqe_state_item *item,
           json_t *taken)
{
  char seedless_id[VQE_EXPERIMENT_ID_SIZE];
  const struct vqe_found_entry *entry = NULL;
  if (vqe_job_seedless_id(seedless_id, item->experiment) == VQE_OK) {
    entry = find_free(state, item, seedless_id, taken, true);
    if (entry == NULL) {
      entry = find_free(state, item, seedless_id, taken, false);
    }
  }
  if (entry != NULL) {
    (void)json_object_set_new(taken, entry->id, json_true());
  }
  return entry;
}

static int list_items(struct vqe_state *state)
{
  json_t *listed = json_object();
  size_t most = state->found->count + 1;
  for (size_t k = 0; k < state->njob; k++) {
    most += state->jobs[k]->count;
  }
  free(state->items);
  state->items = NULL;
  state->count = 0;
  int status = vqe_memory_alloc(&state->items, most, sizeof *state->items,
                                "experiments");
  if (status == VQE_OK) {
    status = list_jobs(state, listed);
  }
  for (size_t k = 0; status == VQE_OK && k < state->count; k++) {
    struct vqe_state_item *item = &state->items[k];
    item->entry = item->experiment->seed_drawn
                      ? find_drawn(state, item, listed)
                      : vqe_found_get(state->found, item->experiment->id);
  }
  if (status == VQE_OK) {
    list_others(state, listed);
    state->nother = count_others(state, listed);
  }
  json_decref(listed);
  return status;
}

/* ---- energies ---- */

/* All but start and seed, as one word. */
static void kind_name(char out[KIND_SIZE], const struct vqe_state_item *item)
{
  const struct vqe_experiment *experiment = item->experiment;
  const struct vqe_found_entry *entry = item->entry;
  bool known = experiment != NULL;
  snprintf(out, KIND_SIZE, "%.100s|%.100s|%.60s|%.60s",
           known ? experiment->name : entry->name,
           known ? experiment->basis_set : entry->basis_set,
           known ? experiment->ansatz_name : entry->ansatz_name,
           known ? experiment->optimizer : entry->optimizer);
}

/* The space of orbitals is that of the job, so molecule and basis decide. */
static void space_name(char out[KIND_SIZE], const struct vqe_state_item *item)
{
  const struct vqe_experiment *experiment = item->experiment;
  snprintf(out, KIND_SIZE, "%zu|%d|%.100s|%d|%d|%d|%.120s", item->lane,
           experiment->molecule_id, experiment->basis_set,
           experiment->frozen_core, experiment->active_electrons,
           experiment->active_orbitals,
           experiment->active_space != NULL ? experiment->active_space : "");
}

static void take_energy(struct vqe_state_item *item)
{
  const struct vqe_found_entry *entry = item->entry;
  const struct vqe_experiment *experiment = item->experiment;
  item->energy = NAN;
  item->fci_energy = NAN;
  if (entry != NULL && entry->ended && item->kind != VQE_STATE_RUNNING) {
    item->energy = entry->energy;
    item->fci_energy = entry->fci_energy;
  } else if (entry != NULL && experiment != NULL &&
             experiment->molecule != NULL) {
    item->energy = entry->electronic +
                   vqe_molecule_nuclear_repulsion(experiment->molecule);
  }
}

/* An experiment that runs has the exact energy of a finished one of its
 * molecule. */
static int take_energies(struct vqe_state *state)
{
  char name[KIND_SIZE];
  json_t *exact = json_object();
  for (size_t k = 0; k < state->count; k++) {
    struct vqe_state_item *item = &state->items[k];
    item->kind = kind_of(state, item->entry);
    take_energy(item);
    if (item->experiment != NULL && isfinite(item->fci_energy)) {
      space_name(name, item);
      (void)json_object_set_new(exact, name, json_real(item->fci_energy));
    }
  }
  for (size_t k = 0; k < state->count; k++) {
    struct vqe_state_item *item = &state->items[k];
    if (item->experiment != NULL && isfinite(item->energy) &&
        isnan(item->fci_energy)) {
      space_name(name, item);
      const json_t *energy = json_object_get(exact, name);
      item->fci_energy = energy != NULL ? json_real_value(energy) : NAN;
    }
  }
  int status = exact != NULL
                   ? VQE_OK
                   : vqe_error_set(VQE_ERR_MEMORY, "no memory for energies");
  json_decref(exact);
  return status;
}

/* ---- numbers ---- */

static void lane_clear(struct vqe_state_lane *lane)
{
  memset(lane->counts, 0, sizeof lane->counts);
  lane->seconds_left = 0.0;
  lane->cost_left = 0.0;
}

static int learn(struct vqe_forecast *forecast, const struct vqe_state *state)
{
  char kind[KIND_SIZE];
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < state->count; k++) {
    const struct vqe_state_item *item = &state->items[k];
    if (item->kind == VQE_STATE_DONE) {
      kind_name(kind, item);
      status = vqe_forecast_learn(forecast, kind, item->entry->optimizer,
                                  item->cost, item->entry->seconds,
                                  item->entry->finished);
    }
  }
  return status;
}

static void count_item(struct vqe_state_lane *lane,
                       const struct vqe_state_item *item,
                       const struct vqe_forecast *forecast)
{
  char kind[KIND_SIZE];
  lane->counts[item->kind]++;
  if (item->kind == VQE_STATE_DONE || item->kind == VQE_STATE_FAILED ||
      item->experiment == NULL) {
    return;
  }
  kind_name(kind, item);
  lane->cost_left += item->cost;
  lane->seconds_left += vqe_forecast_seconds(
      forecast, kind, item->experiment->optimizer, item->cost);
}

/* The forecast goes by what is done: how far beyond that is what is left? */
static double reach(const struct vqe_state *state)
{
  double done = 0.0;
  double left = 0.0;
  for (size_t k = 0; k < state->count; k++) {
    const struct vqe_state_item *item = &state->items[k];
    if (item->kind == VQE_STATE_DONE) {
      done = fmax(done, item->cost);
    } else if (item->kind != VQE_STATE_FAILED) {
      left = fmax(left, item->cost);
    }
  }
  return done > 0.0 && left > 0.0 ? left / done : NAN;
}

static int count(struct vqe_state *state)
{
  struct vqe_forecast *forecast = NULL;
  int status = vqe_forecast_create(&forecast);
  if (status == VQE_OK) {
    status = learn(forecast, state);
  }
  lane_clear(&state->total);
  for (size_t k = 0; k < state->nlane; k++) {
    lane_clear(&state->lanes[k]);
  }
  for (size_t k = 0; status == VQE_OK && k < state->count; k++) {
    count_item(&state->lanes[state->items[k].lane], &state->items[k],
               forecast);
    count_item(&state->total, &state->items[k], forecast);
  }
  if (status == VQE_OK) {
    state->at_once = vqe_forecast_at_once(forecast);
    state->ratio = vqe_forecast_ratio(forecast);
    state->seconds_left = state->total.seconds_left / state->at_once;
    state->reach = reach(state);
  }
  vqe_forecast_free(forecast);
  return status;
}

/* What generate set aside, by its file. */
static int read_set_aside(struct vqe_state *state)
{
  char *path = NULL;
  char *text = NULL;
  size_t size = 0;
  state->total.set_aside = 0;
  if (!state->folder) {
    return VQE_OK;
  }
  int status = vqe_folder_path(&path, state->place, "set_aside.json");
  if (status == VQE_OK) {
    status = vqe_file_read_regular(&text, &size, path, FILE_LIMIT);
  }
  if (status == VQE_OK) {
    json_t *json = vqe_json_parse_any(text, size);
    state->total.set_aside =
        (size_t)json_integer_value(json_object_get(json, "runs"));
    json_decref(json);
  }
  free(text);
  free(path);
  if (status == VQE_ERR_INPUT || status == VQE_ERR_IO) {
    status = set_aside(state, &state->bad_list);
  }
  return status == VQE_ERR_NOT_FOUND ? VQE_OK : status;
}

int vqe_state_update(struct vqe_state *state)
{
  int status = vqe_found_read(state->found, true);
  if (status == VQE_OK) {
    status = read_set_aside(state);
  }
  if (status == VQE_OK) {
    status = list_items(state);
  }
  if (status == VQE_OK) {
    status = take_energies(state);
  }
  if (status == VQE_OK) {
    status = count(state);
  }
  state->live = false;
  state->refused = state->bad_parts + state->bad_list;
  for (size_t k = 0; k < state->found->noutput; k++) {
    state->live = state->live || state->found->outputs[k].live;
    state->refused += state->found->outputs[k].refused;
  }
  return status;
}
