#include "campaign/state_print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/color.h"
#include "base/text.h"
#include "batch/news.h"

/* Lines of experiments, and of reasons, that a screen has. */
#define LINES 20
/* Letters of the bar. */
#define BAR 40
#define REASONS 10
#define COLUMNS 79
/* Time left of experiments that cost more times what is done is a guess. */
#define FAR 5.0

static const char *const kind_names[VQE_STATE_KINDS] = {
    "done", "failed", "running", "stopped", "waiting"};

static const enum vqe_color kind_colors[VQE_STATE_KINDS] = {
    VQE_COLOR_GOOD, VQE_COLOR_BAD, VQE_COLOR_BUSY, VQE_COLOR_WARN,
    VQE_COLOR_LESS};

static const char *const phase_names[] = {[VQE_PHASE_SCF] = "scf",
                                          [VQE_PHASE_SETUP] = "setup",
                                          [VQE_PHASE_FCI] = "fci",
                                          [VQE_PHASE_VQE] = "vqe",
                                          [VQE_PHASE_PROPERTIES] =
                                              "properties"};

static const char *text_or(const char *text, const char *other)
{
  return text != NULL ? text : other;
}

/* What an item is called, from the job or from its result. */
struct names {
  const char *name, *basis, *ansatz, *optimizer, *init;
  long long seed; /* -1: not known */
};

static struct names names_of(const struct vqe_state_item *item)
{
  const struct vqe_experiment *experiment = item->experiment;
  const struct vqe_found_entry *entry = item->entry;
  struct names names = {.seed = -1};
  if (entry != NULL && entry->ended) {
    names = (struct names){entry->name,          entry->basis_set,
                           entry->ansatz_name,   entry->optimizer,
                           entry->init_strategy, entry->seed};
  } else if (experiment != NULL) {
    names = (struct names){experiment->name,
                           experiment->basis_set,
                           experiment->ansatz_name,
                           experiment->optimizer,
                           experiment->init_strategy,
                           !experiment->seed_drawn ? experiment->seed
                           : entry != NULL         ? entry->seed
                                                   : -1};
  }
  return names;
}

static double error_mha(const struct vqe_state_item *item)
{
  return 1e3 * (item->energy - item->fci_energy);
}

static void print_duration(FILE *stream, double seconds)
{
  if (!isfinite(seconds)) {
    fprintf(stream, "?");
  } else if (seconds < 100.0) {
    fprintf(stream, "%.0f s", seconds);
  } else if (seconds < 6000.0) {
    fprintf(stream, "%.0f min", seconds / 60.0);
  } else if (seconds < 172800.0) {
    fprintf(stream, "%.1f h", seconds / 3600.0);
  } else {
    fprintf(stream, "%.1f days", seconds / 86400.0);
  }
}

/* How much is done, by the cost model; nothing where that is not known. */
static void print_bar(FILE *stream, const struct vqe_state *state)
{
  double cost = 0.0;
  double done = 0.0;
  for (size_t k = 0; k < state->count; k++) {
    cost += state->items[k].cost;
    done += state->items[k].kind == VQE_STATE_DONE ? state->items[k].cost : 0;
  }
  if (cost > 0.0) {
    char bar[VQE_TEXT_BAR(BAR)];
    vqe_text_bar(bar, BAR, done / cost);
    fprintf(stream, "%s of the work by the cost model\n", bar);
  }
}

static void print_head(FILE *stream, const struct vqe_state *state)
{
  const struct vqe_state_lane *total = &state->total;
  size_t all = vqe_state_all(total);
  vqe_text_line(stream, "%s", state->place);
  fprintf(stream, "%zu experiment%s: %zu done, %zu failed, %zu running, ", all,
          all == 1 ? "" : "s", total->counts[VQE_STATE_DONE],
          total->counts[VQE_STATE_FAILED], total->counts[VQE_STATE_RUNNING]);
  fprintf(stream, "%zu stopped, %zu waiting\n",
          total->counts[VQE_STATE_STOPPED], total->counts[VQE_STATE_WAITING]);
  print_bar(stream, state);
  if (total->set_aside > 0) {
    fprintf(stream,
            "%zu set aside by generate: set_aside.json has the "
            "reasons\n",
            total->set_aside);
  }
}

static void print_lanes(FILE *stream, const struct vqe_state *state)
{
  if (state->nlane == 1 && state->lanes[0].name[0] == '\0') {
    return;
  }
  fprintf(stream, "\n%-15s %7s %7s %7s %8s %7s %7s  %s\n", "lane", "total",
          "done", "failed", "running", "left", "", "core time left");
  for (size_t k = 0; k < state->nlane; k++) {
    const struct vqe_state_lane *lane = &state->lanes[k];
    size_t all = vqe_state_all(lane);
    double share =
        all > 0 ? 100.0 * (double)lane->counts[VQE_STATE_DONE] / (double)all
                : 0.0;
    fprintf(stream, "%-15.15s %7zu %7zu %7zu %8zu %7zu %5.1f %%  ",
            lane->name[0] != '\0' ? lane->name : "-", all,
            lane->counts[VQE_STATE_DONE], lane->counts[VQE_STATE_FAILED],
            lane->counts[VQE_STATE_RUNNING], vqe_state_left(lane), share);
    print_duration(stream, lane->seconds_left);
    fprintf(stream, "\n");
  }
}

/* Which of its names an experiment needs, as others have other ones. */
struct shown {
  bool basis, ansatz, optimizer;
};

static bool differs(const char *a, const char *b)
{
  return a != NULL && b != NULL && strcmp(a, b) != 0;
}

static struct shown what_differs(const struct vqe_state *state)
{
  struct shown shown = {.basis = false};
  struct names first = {.name = NULL};
  for (size_t k = 0; k < state->count; k++) {
    struct names names = names_of(&state->items[k]);
    first = first.name == NULL ? names : first;
    shown.basis = shown.basis || differs(names.basis, first.basis);
    shown.ansatz = shown.ansatz || differs(names.ansatz, first.ansatz);
    shown.optimizer =
        shown.optimizer || differs(names.optimizer, first.optimizer);
  }
  return shown;
}

/* "NH3 COBYLA random 3", without what all have. */
static void print_names(char out[160], const struct vqe_state_item *item,
                        struct shown shown)
{
  struct names names = names_of(item);
  const struct {
    bool shown;
    const char *text;
  } words[] = {{shown.basis, names.basis},
               {shown.ansatz, names.ansatz},
               {shown.optimizer, names.optimizer},
               {true, names.init}};
  if (names.name == NULL) {
    snprintf(out, 160, "%.16s...", item->entry->id);
    return;
  }
  size_t used = (size_t)snprintf(out, 160, "%.60s", names.name);
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    if (words[k].shown && words[k].text != NULL && used < 160) {
      used += (size_t)snprintf(out + used, 160 - used, " %s", words[k].text);
    }
  }
  if (names.seed >= 0 && used < 160) {
    (void)snprintf(out + used, 160 - used, " %lld", names.seed);
  }
}

static void print_item(FILE *stream, const struct vqe_state_item *item,
                       struct shown shown)
{
  char what[160];
  char reason[160];
  char state[12];
  print_names(what, item, shown);
  vqe_text_blank_controls(what);
  snprintf(state, sizeof state, "%-8s", kind_names[item->kind]);
  vqe_color_print(stream, kind_colors[item->kind], state);
  if (item->kind == VQE_STATE_WAITING) {
    fprintf(stream, "%.72s\n", what);
    return;
  }
  fprintf(stream, "%-36.36s", what);
  if (item->kind == VQE_STATE_FAILED) {
    snprintf(reason, sizeof reason, "%s", text_or(item->entry->reason, ""));
    vqe_text_blank_controls(reason);
    fprintf(stream, " %.34s\n", reason);
    return;
  }
  if (item->kind == VQE_STATE_RUNNING &&
      (item->entry->phase != VQE_PHASE_VQE || item->entry->iteration == 0)) {
    fprintf(stream, " %s", vqe_news_phase_name(item->entry->phase));
  } else if (item->entry != NULL && !item->entry->ended) {
    fprintf(stream, " it %d", item->entry->iteration);
    if (isfinite(item->entry->rate)) {
      fprintf(stream, " %.*f/s", item->entry->rate < 10.0 ? 1 : 0,
              item->entry->rate);
    }
  }
  if (isfinite(item->energy)) {
    fprintf(stream, " %.5f", item->energy);
  }
  if (isfinite(error_mha(item))) {
    fprintf(stream, " %+.2f", error_mha(item));
  }
  fprintf(stream, "\n");
}

static bool is_shown(const struct vqe_state *state,
                     const struct vqe_state_item *item, bool all)
{
  return all || state->count <= LINES || item->kind == VQE_STATE_RUNNING ||
         (item->kind == VQE_STATE_STOPPED && !state->live);
}

static void print_items(FILE *stream, const struct vqe_state *state, bool all)
{
  struct shown names = what_differs(state);
  size_t shown = 0;
  size_t more = 0;
  for (size_t k = 0; k < state->count; k++) {
    if (!is_shown(state, &state->items[k], all)) {
      continue;
    }
    if (!all && shown >= LINES) {
      more++;
      continue;
    }
    if (shown++ == 0) {
      fprintf(stream, "\n%-8s%-36s hartree, mHa to the exact energy\n",
              "state", "experiment");
    }
    print_item(stream, &state->items[k], names);
  }
  if (more > 0) {
    fprintf(stream, "and %zu more of these (--all)\n", more);
  }
}

/* `text` after `column` written columns, folded at words. */
static void print_folded(FILE *stream, const char *foreign, size_t column)
{
  char *copy = strdup(foreign);
  const char *text = copy != NULL ? copy : "no memory";
  size_t used = column;
  if (copy != NULL) {
    vqe_text_blank_controls(copy);
  }
  while (*text != '\0') {
    size_t length = strcspn(text, " \n");
    if (used > 2 && used + 1 + length > COLUMNS) {
      fprintf(stream, "\n  %.*s", (int)length, text);
      used = 2 + length;
    } else {
      fprintf(stream, " %.*s", (int)length, text);
      used += 1 + length;
    }
    text += length;
    text += strspn(text, " \n");
  }
  fprintf(stream, "\n");
  free(copy);
}

/* Failed ones by their reason. */
static void print_reasons(FILE *stream, const struct vqe_state *state)
{
  const char *reasons[REASONS];
  size_t counts[REASONS] = {0};
  size_t known = 0;
  size_t others = 0;
  for (size_t k = 0; k < state->count; k++) {
    const struct vqe_state_item *item = &state->items[k];
    size_t r = 0;
    if (item->kind != VQE_STATE_FAILED) {
      continue;
    }
    const char *reason = text_or(item->entry->reason, "without a reason");
    while (r < known && strcmp(reasons[r], reason) != 0) {
      r++;
    }
    if (r == REASONS) {
      others++;
      continue;
    }
    reasons[r] = reason;
    counts[r]++;
    known = r == known ? known + 1 : known;
  }
  for (size_t r = 0; r < known; r++) {
    char head[40];
    int length = snprintf(head, sizeof head, "%zu failed:", counts[r]);
    fprintf(stream, "%s%s", r == 0 ? "\n" : "", head);
    print_folded(stream, reasons[r], (size_t)length);
  }
  if (others > 0) {
    fprintf(stream, "%zu failed for other reasons\n", others);
  }
}

static void print_runs(FILE *stream, const struct vqe_state *state)
{
  bool some = false;
  for (size_t k = 0; k < state->found->noutput; k++) {
    const struct vqe_found_output *output = &state->found->outputs[k];
    const char *slash = strrchr(output->path, '/');
    const char *name = slash != NULL ? slash + 1 : output->path;
    if (output->live) {
      char text[400];
      if (output->owner.token[0] == '\0') {
        snprintf(text, sizeof text, "a run of %s, who alone may read its lock",
                 output->owner.user);
      } else {
        snprintf(text, sizeof text,
                 "%d rank%s on %s, process %lld, since %.19s", output->ranks,
                 output->ranks == 1 ? "" : "s", output->owner.host,
                 (long long)output->owner.process, output->owner.since);
      }
      fprintf(stream, "%s%s:", some ? "" : "\n", name);
      print_folded(stream, text, strlen(name) + 1);
      some = true;
    }
  }
  if (!some) {
    fprintf(stream, "\nNothing runs.\n");
  }
}

/* What runs that are over had in hand, by name. */
static void print_in_flight(FILE *stream, const struct vqe_state *state)
{
  struct shown shown = what_differs(state);
  size_t count = 0;
  bool died = false;
  char *text = NULL;
  size_t size = 0;
  FILE *line = open_memstream(&text, &size);
  for (size_t k = 0; line != NULL && k < state->count; k++) {
    const struct vqe_state_item *item = &state->items[k];
    char what[160];
    if (item->entry == NULL || !item->entry->in_flight) {
      continue;
    }
    died = died || item->entry->died;
    if (count < LINES) {
      print_names(what, item, shown);
      fprintf(line, "%s%s", count == 0 ? "" : ", ", what);
    }
    count++;
  }
  if (line != NULL && fclose(line) == 0 && count > 0) {
    char head[80];
    int length = snprintf(head, sizeof head,
                          "%zu %s in flight when the last run %s:", count,
                          count == 1 ? "was" : "were",
                          died ? "died" : "was killed while it stopped");
    fprintf(stream, "%s", head);
    print_folded(stream, text, (size_t)length);
    if (count > LINES) {
      fprintf(stream, "and %zu more\n", count - LINES);
    }
  }
  free(text);
}

/* How far what ran is from the model: "428 times", "0.31 times". */
static void print_ratio(FILE *stream, double ratio)
{
  int digits = ratio >= 10.0 ? 0 : ratio >= 1.0 ? 1 : 2;
  fprintf(stream, "took %.*f times what the model says; ", digits, ratio);
}

static void write_time(FILE *stream, const struct vqe_state *state)
{
  const struct vqe_state_lane *total = &state->total;
  if (isfinite(state->seconds_left)) {
    fprintf(stream, "about ");
    print_duration(stream, state->seconds_left);
    fprintf(stream, ", %.1f at once as so far: ", state->at_once);
  }
  print_duration(stream, total->seconds_left);
  if (isfinite(state->ratio)) {
    fprintf(stream, " of core time, by what ran (which ");
    print_ratio(stream, state->ratio);
    fprintf(stream, "the model alone: ");
    print_duration(stream, total->cost_left);
    fprintf(stream, ").");
  } else {
    fprintf(stream, " of core time, by the cost model alone.");
  }
  if (state->reach > FAR) {
    fprintf(stream,
            " Take it with care: only small experiments are done, and the "
            "largest that is left costs %.*f times the largest of these.",
            state->reach < 10.0 ? 1 : 0, state->reach);
  }
}

static void print_time(FILE *stream, const struct vqe_state *state)
{
  char *text = NULL;
  size_t size = 0;
  FILE *line =
      vqe_state_left(&state->total) > 0 ? open_memstream(&text, &size) : NULL;
  if (line == NULL) {
    return;
  }
  write_time(line, state);
  (void)fclose(line);
  fprintf(stream, "Left:");
  print_folded(stream, text, strlen("Left:"));
  free(text);
}

void vqe_state_print(FILE *stream, const struct vqe_state *state, bool all)
{
  print_head(stream, state);
  print_lanes(stream, state);
  print_items(stream, state, all);
  print_reasons(stream, state);
  if (state->nother > 0) {
    fprintf(stream,
            "\n%zu more results there are of other experiments, as of other "
            "options:\nname the result (.h5) to see them\n",
            state->nother);
  }
  print_runs(stream, state);
  print_in_flight(stream, state);
  print_time(stream, state);
}

/* ---- JSON ---- */

static json_t *number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *counts_json(const struct vqe_state_lane *lane)
{
  json_t *json = json_pack("{s:I, s:I, s:o, s:o}", "total",
                           (json_int_t)vqe_state_all(lane), "left",
                           (json_int_t)vqe_state_left(lane),
                           "core_seconds_left", number(lane->seconds_left),
                           "model_core_seconds_left", number(lane->cost_left));
  for (int k = 0; k < VQE_STATE_KINDS; k++) {
    json_object_set_new(json, kind_names[k],
                        json_integer((json_int_t)lane->counts[k]));
  }
  return json;
}

static json_t *item_json(const struct vqe_state *state,
                         const struct vqe_state_item *item)
{
  struct names names = names_of(item);
  const struct vqe_found_entry *entry = item->entry;
  bool ended = entry != NULL && entry->ended;
  const char *id = entry != NULL ? entry->id : item->experiment->id;
  json_t *json =
      json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?}",
                "experiment_id", id, "state", kind_names[item->kind], "output",
                state->found->outputs[item->output].path, "lane",
                state->lanes[item->lane].name, "name", names.name, "basis",
                names.basis, "ansatz", names.ansatz, "optimizer",
                names.optimizer, "init", names.init);
  json_object_set_new(
      json, "seed", names.seed >= 0 ? json_integer(names.seed) : json_null());
  json_object_set_new(json, "phase",
                      entry != NULL && item->kind == VQE_STATE_RUNNING
                          ? json_string(phase_names[entry->phase])
                          : json_null());
  json_object_set_new(json, "iteration",
                      entry != NULL && entry->iteration > 0
                          ? json_integer(entry->iteration)
                          : json_null());
  json_object_set_new(json, "evaluations_per_second",
                      number(entry != NULL && !ended ? entry->rate : NAN));
  json_object_set_new(json, "rank",
                      entry != NULL && entry->rank >= 0
                          ? json_integer(entry->rank)
                          : json_null());
  json_object_set_new(json, "in_flight",
                      json_boolean(entry != NULL && entry->in_flight));
  json_object_set_new(json, "deaths",
                      json_integer(entry != NULL ? entry->deaths : 0));
  json_object_set_new(json, "energy", number(item->energy));
  json_object_set_new(json, "error_mha", number(error_mha(item)));
  json_object_set_new(json, "seconds", number(ended ? entry->seconds : NAN));
  json_object_set_new(json, "cost", number(item->cost));
  json_object_set_new(json, "reason",
                      ended && entry->reason != NULL
                          ? json_string(entry->reason)
                          : json_null());
  return json;
}

static json_t *runs_json(const struct vqe_state *state)
{
  json_t *list = json_array();
  for (size_t k = 0; k < state->found->noutput; k++) {
    const struct vqe_found_output *output = &state->found->outputs[k];
    if (output->live) {
      json_array_append_new(
          list,
          json_pack("{s:s, s:i, s:s, s:I, s:s, s:s}", "output", output->path,
                    "ranks", output->ranks, "host", output->owner.host,
                    "process", (json_int_t)output->owner.process, "since",
                    output->owner.since, "job", output->owner.job));
    }
  }
  return list;
}

json_t *vqe_state_json(const struct vqe_state *state)
{
  json_t *json = counts_json(&state->total);
  json_t *lanes = json_array();
  json_t *items = json_array();
  json_object_set_new(json, "place", json_string(state->place));
  json_object_set_new(json, "set_aside",
                      json_integer((json_int_t)state->total.set_aside));
  json_object_set_new(json, "seconds_left", number(state->seconds_left));
  json_object_set_new(json, "other_results",
                      json_integer((json_int_t)state->nother));
  json_object_set_new(json, "at_once", number(state->at_once));
  json_object_set_new(json, "model_ratio", number(state->ratio));
  json_object_set_new(json, "largest_left_to_done", number(state->reach));
  json_object_set_new(json, "runs", runs_json(state));
  for (size_t k = 0; k < state->nlane; k++) {
    json_t *lane = counts_json(&state->lanes[k]);
    json_object_set_new(lane, "lane", json_string(state->lanes[k].name));
    json_array_append_new(lanes, lane);
  }
  for (size_t k = 0; k < state->count; k++) {
    json_array_append_new(items, item_json(state, &state->items[k]));
  }
  json_object_set_new(json, "lanes", lanes);
  json_object_set_new(json, "experiments", items);
  return json;
}
