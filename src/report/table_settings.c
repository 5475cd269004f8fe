#include "report/table_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

static const struct {
  const char *title;
  bool always; /* a column wherever it differs */
} settings[VQE_REPORT_SETTINGS] = {
    [VQE_REPORT_BASIS] = {"basis", true},
    [VQE_REPORT_SPACE] = {"space", true},
    [VQE_REPORT_ANSATZ] = {"ansatz", true},
    [VQE_REPORT_REPS] = {"reps", false},
    [VQE_REPORT_ENTANGLEMENT] = {"entanglement", false},
    [VQE_REPORT_POOL] = {"pool", false},
    [VQE_REPORT_ANSATZ_OPTIONS] = {"ansatz options", false},
    [VQE_REPORT_OPTIMIZER] = {"optimizer", true},
    [VQE_REPORT_OPTIMIZER_OPTIONS] = {"optimizer options", false},
    [VQE_REPORT_INIT] = {"init", false},
    [VQE_REPORT_INIT_NOISE] = {"init noise", false},
    [VQE_REPORT_NOISE] = {"noise", false},
    [VQE_REPORT_SHOTS] = {"shots", true},
    [VQE_REPORT_PENALTY] = {"penalty", false},
    [VQE_REPORT_RESTARTS] = {"restarts", false},
    [VQE_REPORT_ESCAPE] = {"escape", false},
    [VQE_REPORT_SYMMETRY] = {"symmetry", false},
    [VQE_REPORT_MAX_EVALUATIONS] = {"max.eval.", false},
    [VQE_REPORT_GTOL] = {"gtol", false},
    [VQE_REPORT_FTOL] = {"ftol", false},
    [VQE_REPORT_PRECISION] = {"precision", false},
    [VQE_REPORT_SEED] = {"seed", false},
};

const char *vqe_report_setting_title(enum vqe_report_setting setting)
{
  return settings[setting].title;
}

/* ---- texts ---- */

/* Path of a basis file: its last part says enough in a table. */
static const char *basis_name(const struct vqe_experiment *experiment)
{
  const char *slash =
      experiment->basis_set != NULL && experiment->basis_sha256 != NULL
          ? strrchr(experiment->basis_set, '/')
          : NULL;
  return slash != NULL ? slash + 1 : experiment->basis_set;
}

/* {"auto":{"orbitals":8}} as "auto orbitals 8". */
static void rule_text(char out[VQE_REPORT_CELL], const char *json)
{
  size_t used = 0;
  for (const char *at = json; *at != '\0' && used + 3 < VQE_REPORT_CELL;
       at++) {
    if (strchr("{}\"", *at) == NULL) {
      out[used++] = (char)(*at == ':' ? ' ' : *at);
    }
  }
  out[used] = '\0';
}

/* The model as in the job, but of a calibration its name and strength: "ibm_x,
 * strength 2". */
static void noise_text(char out[VQE_REPORT_CELL],
                       const struct vqe_experiment *experiment)
{
  static const char key[] = "\"strength\":";
  const char *noise = experiment->noise;
  const char *name = experiment->noise_backend;
  const char *strength = noise != NULL ? strstr(noise, key) : NULL;
  if (noise == NULL) {
    snprintf(out, VQE_REPORT_CELL, "none");
  } else if (strstr(noise, "\"calibration\":") == NULL) {
    rule_text(out, noise);
  } else if (strength != NULL) {
    snprintf(out, VQE_REPORT_CELL, "%.24s, strength %g",
             name != NULL ? name : "", strtod(strength + strlen(key), NULL));
  } else {
    snprintf(out, VQE_REPORT_CELL, "%.24s", name != NULL ? name : "");
  }
}

static void space_text(char out[VQE_REPORT_CELL],
                       const struct vqe_experiment *experiment)
{
  if (experiment->active_space != NULL) {
    rule_text(out, experiment->active_space);
  } else if (experiment->active_electrons >= 0) {
    snprintf(out, VQE_REPORT_CELL, "(%d,%d)", experiment->active_electrons,
             experiment->active_orbitals);
  } else if (experiment->frozen_core > 0) {
    snprintf(out, VQE_REPORT_CELL, "%d frozen", experiment->frozen_core);
  } else {
    snprintf(out, VQE_REPORT_CELL, "all");
  }
}

/* The text of a JSON string without its quotes. */
static void unquoted(char out[VQE_REPORT_CELL], const char *json)
{
  size_t length = json != NULL ? strlen(json) : 0;
  bool quoted = length >= 2 && json[0] == '"';
  snprintf(out, VQE_REPORT_CELL, "%.*s", (int)(quoted ? length - 2 : length),
           quoted ? json + 1 : json);
}

static void pool_text(char out[VQE_REPORT_CELL],
                      const struct vqe_option_list *options)
{
  for (size_t k = 0; k < options->count; k++) {
    if (strcmp(options->items[k].key, "pool") == 0) {
      unquoted(out, options->items[k].json);
    }
  }
}

/* "key=value key=value" of all but `apart`. */
static void options_text(char out[VQE_REPORT_CELL],
                         const struct vqe_option_list *options,
                         const char *apart)
{
  size_t used = 0;
  for (size_t k = 0; k < options->count && used < VQE_REPORT_CELL; k++) {
    if (strcmp(options->items[k].key, apart) != 0) {
      used += (size_t)snprintf(out + used, VQE_REPORT_CELL - used, "%s%s=%s",
                               used > 0 ? " " : "", options->items[k].key,
                               options->items[k].json);
    }
  }
}

static void penalty_text(char out[VQE_REPORT_CELL],
                         const struct vqe_experiment *experiment)
{
  if (experiment->penalty_number != 0.0 || experiment->penalty_spin != 0.0) {
    snprintf(out, VQE_REPORT_CELL, "N %g, S^2 %g", experiment->penalty_number,
             experiment->penalty_spin);
  }
}

static const char *escape_name(int escape)
{
  return escape == VQE_ESCAPE_AUTO     ? "auto"
         : escape == VQE_ESCAPE_ALWAYS ? "true"
                                       : "false";
}

static void number_text(char out[VQE_REPORT_CELL],
                        const struct vqe_experiment *experiment,
                        enum vqe_report_setting setting)
{
  switch (setting) {
  case VQE_REPORT_REPS:
    snprintf(out, VQE_REPORT_CELL, "%d", experiment->ansatz_reps);
    break;
  case VQE_REPORT_INIT_NOISE:
    snprintf(out, VQE_REPORT_CELL, "%g", experiment->init_noise);
    break;
  case VQE_REPORT_SHOTS:
    if (experiment->shots > 0) {
      unsigned how = experiment->measurement;
      snprintf(out, VQE_REPORT_CELL, "%d%s%s", experiment->shots,
               (how & VQE_MEASUREMENT_COMMUTING) != 0 ? " commuting" : "",
               (how & VQE_MEASUREMENT_VARIANCE) != 0 ? " variance" : "");
    } else {
      snprintf(out, VQE_REPORT_CELL, "exact");
    }
    break;
  case VQE_REPORT_RESTARTS:
    snprintf(out, VQE_REPORT_CELL, "%d",
             experiment->restarts > 1 ? experiment->restarts : 1);
    break;
  case VQE_REPORT_MAX_EVALUATIONS:
    snprintf(out, VQE_REPORT_CELL, "%d", experiment->max_evaluations);
    break;
  case VQE_REPORT_GTOL:
    snprintf(out, VQE_REPORT_CELL, "%g", experiment->gtol);
    break;
  case VQE_REPORT_FTOL:
    snprintf(out, VQE_REPORT_CELL, "%g", experiment->ftol);
    break;
  default:
    snprintf(out, VQE_REPORT_CELL, "%lld", (long long)experiment->seed);
    break;
  }
}

static void name_text(char out[VQE_REPORT_CELL], const char *name)
{
  if (name != NULL) {
    snprintf(out, VQE_REPORT_CELL, "%s", name);
  }
}

void vqe_report_setting_text(char out[VQE_REPORT_CELL],
                             const struct vqe_experiment *experiment,
                             enum vqe_report_setting setting)
{
  out[0] = '\0';
  switch (setting) {
  case VQE_REPORT_BASIS:
    name_text(out, basis_name(experiment));
    break;
  case VQE_REPORT_SPACE:
    space_text(out, experiment);
    break;
  case VQE_REPORT_NOISE:
    noise_text(out, experiment);
    break;
  case VQE_REPORT_ANSATZ:
    name_text(out, experiment->ansatz_name);
    break;
  case VQE_REPORT_ENTANGLEMENT:
    name_text(out, experiment->entanglement);
    break;
  case VQE_REPORT_POOL:
    pool_text(out, &experiment->ansatz_options);
    break;
  case VQE_REPORT_ANSATZ_OPTIONS:
    options_text(out, &experiment->ansatz_options, "pool");
    break;
  case VQE_REPORT_OPTIMIZER:
    name_text(out, experiment->optimizer);
    break;
  case VQE_REPORT_OPTIMIZER_OPTIONS:
    options_text(out, &experiment->optimizer_options, "");
    break;
  case VQE_REPORT_INIT:
    name_text(out, experiment->init_strategy);
    break;
  case VQE_REPORT_PENALTY:
    penalty_text(out, experiment);
    break;
  case VQE_REPORT_ESCAPE:
    name_text(out, escape_name(experiment->escape_saddles));
    break;
  case VQE_REPORT_SYMMETRY:
    name_text(out, experiment->symmetry ? "yes" : "no");
    break;
  case VQE_REPORT_PRECISION:
    name_text(out, experiment->precision);
    break;
  default:
    number_text(out, experiment, setting);
    break;
  }
  if (out[0] == '\0') {
    snprintf(out, VQE_REPORT_CELL, "-");
  }
}

/* ---- which differ ---- */

bool vqe_report_same_but_seed(const struct vqe_experiment *a,
                              const struct vqe_experiment *b)
{
  char left[VQE_REPORT_CELL];
  char right[VQE_REPORT_CELL];
  bool same = a->molecule_id == b->molecule_id &&
              strcmp(a->name != NULL ? a->name : "",
                     b->name != NULL ? b->name : "") == 0;
  for (int k = 0; same && k < VQE_REPORT_SEED; k++) {
    vqe_report_setting_text(left, a, (enum vqe_report_setting)k);
    vqe_report_setting_text(right, b, (enum vqe_report_setting)k);
    same = strcmp(left, right) == 0;
  }
  return same;
}

/* A setting of one experiment, and all that stands before it. */
struct choice {
  const char *before;
  char text[VQE_REPORT_CELL];
};

static int compare_choices(const void *left, const void *right)
{
  const struct choice *a = left;
  const struct choice *b = right;
  return strcmp(a->before, b->before);
}

static bool differ_at_all(const struct choice *choices, size_t count)
{
  for (size_t k = 1; k < count; k++) {
    if (strcmp(choices[k].text, choices[0].text) != 0) {
      return true;
    }
  }
  return false;
}

/* Choices are sorted by what stands before. */
static bool differ_within(const struct choice *choices, size_t count)
{
  for (size_t k = 1; k < count; k++) {
    if (strcmp(choices[k].before, choices[k - 1].before) == 0 &&
        strcmp(choices[k].text, choices[k - 1].text) != 0) {
      return true;
    }
  }
  return false;
}

/* Append a setting to what stands before the next ones. */
static int extend(char **before, const char *text)
{
  char *longer = NULL;
  int status = vqe_memory_print(&longer, "%s\n%s", *before, text);
  if (status == VQE_OK) {
    free(*before);
    *before = longer;
  }
  return status;
}

static int find_varying(bool shown[VQE_REPORT_SETTINGS], char **before,
                        struct choice *choices,
                        struct vqe_result *const *results, size_t count)
{
  int status = VQE_OK;
  for (int s = 0; status == VQE_OK && s < VQE_REPORT_SETTINGS; s++) {
    char text[VQE_REPORT_CELL];
    for (size_t k = 0; k < count; k++) {
      choices[k].before = before[k];
      vqe_report_setting_text(choices[k].text, results[k]->experiment,
                              (enum vqe_report_setting)s);
    }
    shown[s] = differ_at_all(choices, count);
    if (shown[s] && !settings[s].always) {
      qsort(choices, count, sizeof *choices, compare_choices);
      shown[s] = differ_within(choices, count);
    }
    for (size_t k = 0; status == VQE_OK && shown[s] && k < count; k++) {
      vqe_report_setting_text(text, results[k]->experiment,
                              (enum vqe_report_setting)s);
      status = extend(&before[k], text);
    }
  }
  return status;
}

int vqe_report_settings_vary(bool shown[VQE_REPORT_SETTINGS],
                             struct vqe_result *const *results, size_t count)
{
  struct choice *choices = NULL;
  char **before = NULL;
  memset(shown, 0, VQE_REPORT_SETTINGS * sizeof *shown);
  int status =
      vqe_memory_alloc(&choices, count + 1, sizeof *choices, "the table");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&before, count + 1, sizeof *before, "the table");
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const struct vqe_experiment *experiment = results[k]->experiment;
    status =
        vqe_memory_print(&before[k], "%d\n%s", experiment->molecule_id,
                         experiment->name != NULL ? experiment->name : "");
  }
  if (status == VQE_OK) {
    status = find_varying(shown, before, choices, results, count);
  }
  for (size_t k = 0; before != NULL && k < count; k++) {
    free(before[k]);
  }
  free(before);
  free(choices);
  return status;
}
