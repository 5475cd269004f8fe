#include "campaign/generate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/own_file.h"
#include "campaign/folder.h"
#include "campaign/parts.h"

#define MOST_PARTS 9999
#define FILE_LIMIT ((size_t)64 << 20)

struct work {
  const struct vqe_tier *tier;
  const char *folder;
  const struct vqe_generate_options *options;
  struct vqe_generated *generated;
  struct vqe_found *found;
  bool *chosen; /* items of the plan that run */
};

/* ---- the folder ---- */

/* Is the folder this tier's, or nobody's? */
static int check_owner(const struct work *work)
{
  char *path = NULL;
  char *text = NULL;
  size_t size = 0;
  struct vqe_tier *other = NULL;
  struct vqe_folder_names parts = {.count = 0};
  int status = vqe_folder_path(&path, work->folder, "tier.json");
  if (status == VQE_OK) {
    status = vqe_own_file_read(&text, &size, path, FILE_LIMIT, "tier");
  }
  if (status == VQE_ERR_NOT_FOUND) {
    status = vqe_folder_parts(&parts, work->folder);
    if (status == VQE_OK && parts.count > 0) {
      status = vqe_error_set(VQE_ERR_EXISTS,
                             "folder '%s' has job files of another origin "
                             "('%s'); name another folder",
                             work->folder, parts.list[0]);
    }
  } else if (status == VQE_OK) {
    status = vqe_tier_parse(&other, text, size, path);
    if (status == VQE_OK && strcmp(other->name, work->tier->name) != 0) {
      status = vqe_error_set(VQE_ERR_EXISTS,
                             "folder '%s' is that of tier '%s', not of '%s'; "
                             "name another folder",
                             work->folder, other->name, work->tier->name);
    }
  }
  vqe_folder_names_free(&parts);
  vqe_tier_free(other);
  free(text);
  free(path);
  return status;
}

static int make_folder(const char *folder)
{
  struct stat info;
  if (vqe_file_is_link_of_others(folder)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' is a symbolic link of another user, through "
                         "which nothing is written or removed; name the "
                         "folder that it leads to, or move it away",
                         folder);
  }
  if (mkdir(folder, 0777) == 0) {
    return VQE_OK;
  }
  int reason = errno;
  if (reason == EEXIST && stat(folder, &info) == 0 && S_ISDIR(info.st_mode)) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_IO, "cannot make the folder '%s': %s", folder,
                       strerror(reason));
}

/* Is what has this name ours, or nothing? Links there are replaced or removed
 * as such, and not followed. */
static int check_ours(const char *folder, const char *name)
{
  struct stat info;
  char *path = NULL;
  int status = vqe_folder_path(&path, folder, name);
  if (status == VQE_OK && lstat(path, &info) == 0 && !S_ISLNK(info.st_mode)) {
    status = vqe_own_file_check(path, "file");
  }
  free(path);
  return status;
}

/* The files that are about to be replaced or removed. Before any of them is,
 * so that a campaign stays whole where one of them is refused. */
static int check_files(const char *folder)
{
  static const char *const names[] = {"tier.json", "set_aside.json",
                                      "parts.tsv"};
  struct vqe_folder_names parts = {.count = 0};
  int status = vqe_folder_parts(&parts, folder);
  for (size_t k = 0; status == VQE_OK && k < parts.count; k++) {
    status = check_ours(folder, parts.list[k]);
  }
  for (size_t k = 0; status == VQE_OK && k < sizeof names / sizeof names[0];
       k++) {
    status = check_ours(folder, names[k]);
  }
  vqe_folder_names_free(&parts);
  return status;
}

/* A result and a journal decide what is done: as in a run, not those that
 * another user put there. */
static int check_output(const char *path)
{
  char *journal = NULL;
  int status = vqe_own_file_check(path, "result");
  if (status == VQE_OK) {
    status = vqe_memory_print(&journal, "%s.journal", path);
  }
  if (status == VQE_OK) {
    status = vqe_own_file_check(journal, "journal");
  }
  free(journal);
  return status;
}

static int refuse_live(const struct vqe_found_output *output)
{
  const struct vqe_owner_record *owner = &output->owner;
  if (owner->token[0] == '\0') {
    return vqe_error_set(VQE_ERR_EXISTS,
                         "'%s' is in use by a run of %s; stop it first, or "
                         "name another folder",
                         output->path, owner->user);
  }
  return vqe_error_set(VQE_ERR_EXISTS,
                       "'%s' is in use by a run on host %s, process %lld, "
                       "since %s; stop it first, or name another folder",
                       output->path, owner->host, (long long)owner->process,
                       owner->since);
}

/* What the folder holds; nothing may run there, as parts get other
 * experiments. */
static int look_around(struct work *work)
{
  struct vqe_folder_names outputs = {.count = 0};
  int status = vqe_folder_outputs(&outputs, work->folder);
  for (size_t k = 0; status == VQE_OK && k < outputs.count; k++) {
    size_t index;
    status = check_output(outputs.list[k]);
    if (status != VQE_OK) {
      break;
    }
    status = vqe_found_add(&index, work->found, outputs.list[k]);
  }
  if (status == VQE_OK) {
    status = vqe_found_read(work->found, false);
  }
  for (size_t k = 0; status == VQE_OK && k < work->found->noutput; k++) {
    const struct vqe_found_output *output = &work->found->outputs[k];
    if (output->live) {
      status = refuse_live(output);
    }
  }
  vqe_folder_names_free(&outputs);
  return status;
}

/* ---- what runs ---- */

static bool is_done(const struct work *work, const char *id)
{
  const struct vqe_found_entry *entry = vqe_found_get(work->found, id);
  return (entry != NULL && entry->ended &&
          entry->status == VQE_EXPERIMENT_OK) ||
         (work->options->done != NULL &&
          json_object_get(work->options->done, id) != NULL);
}

static int choose(struct work *work)
{
  struct vqe_generated *generated = work->generated;
  const struct vqe_plan *plan = generated->plan;
  int status = vqe_memory_alloc(&work->chosen, plan->count,
                                sizeof *work->chosen, "a plan");
  generated->total = plan->count;
  for (size_t k = 0; status == VQE_OK && k < plan->count; k++) {
    bool done = is_done(work, plan->items[k].experiment->id);
    bool runs = !done && plan->items[k].reason == VQE_PLAN_RUNS;
    work->chosen[k] = runs;
    generated->done += done;
    generated->runs += runs;
    generated->nset_aside += !done && !runs;
  }
  return status;
}

/* The part whose journals hold evaluations of the experiment, -1: any. */
static int pinned_part(const struct work *work, const char *lane, int parts,
                       const char *id)
{
  const struct vqe_found_entry *entry = vqe_found_get(work->found, id);
  if (entry == NULL || entry->ended || entry->iteration == 0) {
    return -1;
  }
  char of[64];
  char name[256];
  int number = 0;
  const char *path = work->found->outputs[entry->output].path;
  const char *slash = strrchr(path, '/');
  const char *base = slash != NULL ? slash + 1 : path;
  snprintf(name, sizeof name, "%.*s.json", (int)(strlen(base) - strlen(".h5")),
           base);
  return vqe_folder_is_part(of, &number, name) &&
                 strcmp(of, lane != NULL ? lane : "") == 0 && number >= 1 &&
                 number <= parts
             ? number - 1
             : -1;
}

/* ---- job files ---- */

/* "0-12,14" of the experiments of one part and priority; NULL: none. */
static char *positions_of(const struct vqe_plan *plan, const size_t *which,
                          const struct vqe_parts_item *items, size_t count,
                          int part, int priority)
{
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  int first = -1;
  int last = -1;
  bool some = false;
  if (stream == NULL) {
    return NULL;
  }
  for (size_t k = 0; k <= count; k++) {
    int position = -1;
    if (k < count) {
      if (items[k].part != part || items[k].priority != priority) {
        continue;
      }
      position = plan->items[which[k]].position;
    }
    if (position >= 0 && last >= 0 && position == last + 1) {
      last = position;
      continue;
    }
    if (last >= 0) {
      fprintf(stream, "%s%d", some ? "," : "", first);
      if (last > first) {
        fprintf(stream, "-%d", last);
      }
      some = true;
    }
    first = position;
    last = position;
  }
  if (fclose(stream) != 0 || !some) {
    free(text);
    return NULL;
  }
  return text;
}

/* With 15 digits where they are all of each number, else 17. */
static char *print_value(const json_t *value)
{
  char *text =
      vqe_json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
  json_t *again = text != NULL ? vqe_json_parse_any(text, strlen(text)) : NULL;
  if (!json_equal(again, value)) {
    free(text);
    text = vqe_json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
  }
  json_decref(again);
  return text;
}

/* One line for each key, so that people can read it. */
static char *print_json(const json_t *json)
{
  char *text = NULL;
  size_t size = 0;
  const char *key;
  json_t *value;
  const char *between = "{\n";
  FILE *stream = open_memstream(&text, &size);
  if (stream == NULL) {
    return NULL;
  }
  json_object_foreach((json_t *)json, key, value)
  {
    char *item = print_value(value);
    fprintf(stream, "%s  \"%s\": %s", between, key, item != NULL ? item : "");
    between = ",\n";
    free(item);
  }
  fprintf(stream, "\n}\n");
  if (fclose(stream) != 0) {
    free(text);
    return NULL;
  }
  return text;
}

/* A file of the folder, whatever has its name: a pipe there is not ours. */
static int replace(const char *path, const char *text, size_t size)
{
  vqe_aside_sweep(path);
  return vqe_aside_write(path, text, size);
}

static int write_json(const char *folder, const char *name, const json_t *json)
{
  char *path = NULL;
  char *text = print_json(json);
  if (text == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a job file");
  }
  int status = vqe_folder_path(&path, folder, name);
  if (status == VQE_OK) {
    status = replace(path, text, strlen(text));
  }
  free(text);
  free(path);
  return status;
}

static int write_part(const struct work *work,
                      const struct vqe_generate_lane *lane, int part,
                      const size_t *which, const struct vqe_parts_item *items,
                      size_t count)
{
  const struct vqe_tier *tier = work->tier;
  char *name = NULL;
  char *file = NULL;
  char *output = NULL;
  json_t *select = json_array();
  json_t *job = json_copy(tier->job);
  int status = vqe_folder_part(&name, lane->name, part + 1);
  for (int priority = 0; priority <= (int)tier->npriority; priority++) {
    char *text = positions_of(work->generated->plan, which, items, count, part,
                              priority);
    if (text != NULL) {
      json_array_append_new(select, json_string(text));
    }
    free(text);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&file, "%s.json", name);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&output, "%s.h5", name);
  }
  if (status == VQE_OK) {
    if (lane->device != NULL) {
      json_object_set_new(job, "device", json_string(lane->device));
    }
    /* the parts of an array share no warehouse while they run */
    if (json_object_get(job, "warehouse") == NULL) {
      json_object_set_new(job, "warehouse", json_false());
    }
    json_object_set_new(job, "output", json_string(output));
    json_object_set(job, "select", select);
    status = write_json(work->folder, file, job);
  }
  json_decref(select);
  json_decref(job);
  free(output);
  free(file);
  free(name);
  return status;
}

/* ---- lanes ---- */

static int divide(const struct work *work, struct vqe_generate_lane *lane,
                  const size_t *which, struct vqe_parts_item *items,
                  size_t count)
{
  const struct vqe_plan *plan = work->generated->plan;
  double *loads = NULL;
  int parts = work->options->parts;
  if ((size_t)parts > count) {
    parts = (int)count;
  }
  lane->parts = parts;
  if (parts == 0) {
    return VQE_OK;
  }
  for (size_t k = 0; k < count; k++) {
    const struct vqe_plan_item *item = &plan->items[which[k]];
    items[k].cost = item->cost;
    items[k].priority = item->priority;
    items[k].pinned =
        pinned_part(work, lane->name, parts, item->experiment->id);
  }
  int status = vqe_memory_alloc(&loads, (size_t)parts, sizeof *loads, "parts");
  if (status == VQE_OK) {
    status = vqe_parts_divide(items, count, parts, loads);
  }
  for (int part = 0; status == VQE_OK && part < parts; part++) {
    lane->cost += loads[part];
    lane->least = part == 0 ? loads[part] : fmin(lane->least, loads[part]);
    lane->greatest = fmax(lane->greatest, loads[part]);
    status = write_part(work, lane, part, which, items, count);
  }
  free(loads);
  return status;
}

static int write_lane(const struct work *work, size_t number)
{
  const struct vqe_plan *plan = work->generated->plan;
  struct vqe_generate_lane *lane = &work->generated->lanes[number];
  struct vqe_parts_item *items = NULL;
  size_t *which = NULL;
  size_t count = 0;
  int status = vqe_memory_alloc(&items, plan->count, sizeof *items, "parts");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&which, plan->count, sizeof *which, "parts");
  }
  for (size_t k = 0; status == VQE_OK && k < plan->count; k++) {
    if (work->chosen[k] && plan->items[k].lane == (int)number) {
      which[count++] = k;
    }
  }
  if (status == VQE_OK) {
    lane->runs = count;
    status = divide(work, lane, which, items, count);
  }
  free(which);
  free(items);
  return status;
}

static int list_lanes(struct vqe_generated *generated,
                      const struct vqe_tier *tier, bool lanes)
{
  size_t count = lanes ? tier->nlane : 1;
  int status = vqe_memory_alloc(&generated->lanes, count,
                                sizeof *generated->lanes, "lanes");
  generated->nlane = status == VQE_OK ? count : 0;
  for (size_t k = 0; lanes && k < generated->nlane; k++) {
    generated->lanes[k].name = tier->lanes[k].name;
    generated->lanes[k].device = tier->lanes[k].device;
    generated->lanes[k].partition = tier->lanes[k].partition;
  }
  return status;
}

/* ---- files beside the jobs ---- */

static int remove_old(const char *folder)
{
  struct vqe_folder_names parts = {.count = 0};
  int status = vqe_folder_parts(&parts, folder);
  for (size_t k = 0; status == VQE_OK && k < parts.count; k++) {
    char *path = NULL;
    status = vqe_folder_path(&path, folder, parts.list[k]);
    if (status == VQE_OK && unlink(path) != 0 && errno != ENOENT) {
      status = vqe_error_set(VQE_ERR_IO, "cannot remove '%s': %s", path,
                             strerror(errno));
    }
    free(path);
  }
  vqe_folder_names_free(&parts);
  return status;
}

static int write_set_aside(const struct work *work)
{
  const struct vqe_generated *generated = work->generated;
  json_t *json = json_pack("{s:s, s:f, s:I, s:O}", "tier", work->tier->name,
                           "memory_gb", generated->plan->memory_gb, "runs",
                           (json_int_t)generated->nset_aside, "set_aside",
                           generated->set_aside);
  int status = write_json(work->folder, "set_aside.json", json);
  json_decref(json);
  return status;
}

/* For scripts: lane, parts, partition and device, "-" where there is none. */
static int write_lanes(const struct work *work)
{
  char *path = NULL;
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (stream == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of parts");
  }
  for (size_t k = 0; k < work->generated->nlane; k++) {
    const struct vqe_generate_lane *lane = &work->generated->lanes[k];
    fprintf(stream, "%s\t%d\t%s\t%s\n", lane->name != NULL ? lane->name : "-",
            lane->parts, lane->partition != NULL ? lane->partition : "-",
            lane->device != NULL ? lane->device : "-");
  }
  (void)fclose(stream);
  int status = vqe_folder_path(&path, work->folder, "parts.tsv");
  if (status == VQE_OK) {
    status = replace(path, text, size);
  }
  free(path);
  free(text);
  return status;
}

static int write_all(struct work *work)
{
  struct vqe_generated *generated = work->generated;
  int status = remove_old(work->folder);
  if (status == VQE_OK) {
    status = write_json(work->folder, "tier.json", work->tier->text);
  }
  for (size_t k = 0; status == VQE_OK && k < generated->nlane; k++) {
    status = write_lane(work, k);
  }
  if (status == VQE_OK) {
    status = write_set_aside(work);
  }
  return status == VQE_OK ? write_lanes(work) : status;
}

int vqe_generate(struct vqe_generated **out, const struct vqe_tier *tier,
                 const char *folder,
                 const struct vqe_generate_options *options)
{
  struct work work = {.tier = tier, .folder = folder, .options = options};
  struct vqe_generated *generated = NULL;
  *out = NULL;
  if (options->parts < 1 || options->parts > MOST_PARTS) {
    return vqe_error_set(VQE_ERR_INPUT, "%d parts: from 1 to %d can be made",
                         options->parts, MOST_PARTS);
  }
  int status =
      vqe_memory_alloc(&generated, 1, sizeof *generated, "a campaign");
  work.generated = generated;
  if (status == VQE_OK) {
    status = vqe_plan_make(&generated->plan, tier, &options->plan);
  }
  if (status == VQE_OK) {
    status = make_folder(folder);
  }
  if (status == VQE_OK) {
    status = check_owner(&work);
  }
  if (status == VQE_OK) {
    status = check_files(folder);
  }
  if (status == VQE_OK) {
    status = vqe_found_create(&work.found, options->log);
  }
  if (status == VQE_OK) {
    status = look_around(&work);
  }
  if (status == VQE_OK) {
    status = choose(&work);
  }
  if (status == VQE_OK) {
    generated->set_aside = vqe_plan_set_aside(generated->plan);
    status = list_lanes(generated, tier, options->plan.lanes);
  }
  if (status == VQE_OK) {
    status = write_all(&work);
  }
  free(work.chosen);
  vqe_found_free(work.found);
  if (status == VQE_OK) {
    *out = generated;
  } else {
    vqe_generated_free(generated);
  }
  return status;
}

void vqe_generated_free(struct vqe_generated *generated)
{
  if (generated == NULL) {
    return;
  }
  json_decref(generated->set_aside);
  free(generated->lanes);
  vqe_plan_free(generated->plan);
  free(generated);
}
