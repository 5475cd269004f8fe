#include "job/job_settings.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "job/job_given.h"
#include "job/job_items.h"
#include "job/job_lake.h"
#include "job/job_metrics.h"
#include "job/job_minimum.h"
#include "job/job_overrides.h"
#include "job/job_properties.h"
#include "job/job_stream.h"
#include "job/job_value.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"
#include "vqe/optimize.h"

#define MAX_SEED INT32_MAX
#define FCI_SECONDS 600.0

static const char *const job_keys[] = {
    "molecules",  "basis",           "frozen_core",    "active_space",
    "symmetry",   "ansatz",          "optimizer",      "init",
    "seed",       "shots",           "references",     "device",
    "precision",  "output",          "warehouse",      "s3",
    "kafka",      "registry",        "insecure_http",  "ranks_per_molecule",
    "restarts",   "fci_max_seconds", "escape_saddles", "penalty",
    "select",     "metrics",         "scan",           "follow",
    "properties", "noise",           "measurement"};

bool vqe_job_settings_has_key(const char *key)
{
  return vqe_job_is_known(key, job_keys, VQE_JOB_COUNT(job_keys));
}

static const json_t *one_or_list_item(const json_t *value, size_t k)
{
  return json_is_array(value) ? json_array_get(value, k) : value;
}

static int start_list(void *out, size_t *count, size_t size,
                      const struct vqe_job_value *value, const char *what)
{
  *count = vqe_job_list_count(value->json);
  if (*count == 0) {
    return vqe_job_refuse(value->where, value->json,
                          "a list with at least one item");
  }
  int status = vqe_memory_alloc(out, *count, size, what);
  if (status != VQE_OK) {
    *count = 0;
  }
  return status;
}

static int read_frozen_core(int *out, const struct vqe_job_value *value)
{
  int64_t number = 0;
  *out = 0;
  if (value->json == NULL || json_is_false(value->json)) {
    return VQE_OK;
  }
  if (json_is_true(value->json)) {
    *out = VQE_FROZEN_CORE_AUTO;
    return VQE_OK;
  }
  if (!json_is_number(value->json)) {
    return vqe_job_refuse(value->where, value->json,
                          "true, false or a number of orbitals");
  }
  int status = vqe_job_read_int(&number, value->json, 0, 100000, value->where);
  *out = (int)number;
  return status;
}

/* Null is no limit. */
static int read_fci_limit(double *out, const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "fci_max_seconds");
  *out = FCI_SECONDS;
  if (value.json == NULL) {
    return VQE_OK;
  }
  *out = 0.0;
  return json_is_null(value.json)
             ? VQE_OK
             : vqe_job_read_size(out, value.json, false, value.where);
}

/* A list of names, each of which stands for a bit. */
static int read_bits(unsigned *out, const struct vqe_job_value *value,
                     const char *const *names, const unsigned *bits,
                     size_t count, const char *kind)
{
  *out = 0;
  for (size_t k = 0; k < json_array_size(value->json); k++) {
    const char *name = NULL;
    int status = vqe_job_read_choice(&name, json_array_get(value->json, k),
                                     names, count, kind, value->where);
    if (status != VQE_OK) {
      return status;
    }
    for (size_t bit = 0; bit < count; bit++) {
      *out |= name == names[bit] ? bits[bit] : 0;
    }
  }
  return VQE_OK;
}

static int read_references(struct vqe_job_settings *out,
                           const struct vqe_job_value *value)
{
  static const char *const names[] = {"hf", "mp2", "fci"};
  static const unsigned bits[] = {VQE_REFERENCE_HF, VQE_REFERENCE_MP2,
                                  VQE_REFERENCE_FCI};
  out->references = VQE_REFERENCE_ALL;
  if (value->json == NULL) {
    return VQE_OK;
  }
  if (!json_is_array(value->json)) {
    return vqe_job_refuse(value->where, value->json,
                          "a list out of hf, mp2, fci");
  }
  out->references_given = true;
  return read_bits(&out->references, value, names, bits, VQE_JOB_COUNT(names),
                   "reference");
}

/* How shots are taken. */
static int read_measurement(struct vqe_job_settings *out,
                            const struct vqe_job_reader *reader)
{
  static const char *const names[] = {"commuting", "variance"};
  static const unsigned bits[] = {VQE_MEASUREMENT_COMMUTING,
                                  VQE_MEASUREMENT_VARIANCE};
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "measurement");
  if (value.json == NULL || json_is_null(value.json)) {
    return VQE_OK;
  }
  if (!json_is_array(value.json)) {
    return vqe_job_refuse(value.where, value.json,
                          "null or a list out of commuting, variance");
  }
  return read_bits(&out->measurement, &value, names, bits,
                   VQE_JOB_COUNT(names), "measurement");
}

/* true or false; left as it is where the key is not there. */
static int read_flag(bool *out, const struct vqe_job_reader *reader,
                     const char *key)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, key);
  if (value.json == NULL) {
    return VQE_OK;
  }
  *out = json_is_true(value.json);
  return json_is_boolean(value.json)
             ? VQE_OK
             : vqe_job_refuse(value.where, value.json, "true or false");
}

static int read_scalars(struct vqe_job_settings *out,
                        const struct vqe_job_reader *reader)
{
  static const char *const devices[] = {"auto", "cpu", "cuda"};
  static const char *const precisions[] = {"double", "single"};
  struct vqe_job_value value;
  int64_t number;
  vqe_job_value_find(&value, reader, "frozen_core");
  out->frozen_core_given = value.json != NULL;
  int status = read_frozen_core(&out->frozen_core, &value);
  if (status == VQE_OK) {
    vqe_job_value_find(&value, reader, "active_space");
    status = vqe_job_space_read(&out->space, &value);
    out->active_space_given = value.json != NULL;
  }
  out->symmetry = true;
  if (status == VQE_OK) {
    status = read_flag(&out->symmetry, reader, "symmetry");
  }
  if (status == VQE_OK) {
    status = read_flag(&out->follow, reader, "follow");
  }
  out->symmetry = out->symmetry && !reader->overrides->no_symmetry;
  out->follow = out->follow || reader->overrides->follow;
  vqe_job_value_find(&value, reader, "shots");
  if (status == VQE_OK && value.json != NULL && !json_is_null(value.json)) {
    status =
        vqe_job_read_int(&number, value.json, 1, VQE_SHOTS_MAX, value.where);
    if (status == VQE_OK) {
      out->shots = (int)number;
    }
  }
  if (status == VQE_OK) {
    vqe_job_value_find(&value, reader, "references");
    status = read_references(out, &value);
  }
  if (status == VQE_OK) {
    status = read_fci_limit(&out->fci_max_seconds, reader);
  }
  out->device = devices[0];
  vqe_job_value_find(&value, reader, "device");
  if (status == VQE_OK && value.json != NULL) {
    status =
        vqe_job_read_choice(&out->device, value.json, devices,
                            VQE_JOB_COUNT(devices), "device", value.where);
  }
  out->precision = precisions[0];
  vqe_job_value_find(&value, reader, "precision");
  if (status == VQE_OK && value.json != NULL) {
    status = vqe_job_read_choice(&out->precision, value.json, precisions,
                                 VQE_JOB_COUNT(precisions), "precision",
                                 value.where);
  }
  out->ranks_per_molecule = 1;
  vqe_job_value_find(&value, reader, "ranks_per_molecule");
  if (status == VQE_OK && value.json != NULL) {
    status = vqe_job_read_int(&number, value.json, 1, INT_MAX, value.where);
    if (status == VQE_OK) {
      out->ranks_per_molecule = (int)number;
    }
  }
  vqe_job_value_find(&value, reader, "output");
  if (status == VQE_OK && value.json != NULL) {
    const char *name = json_string_value(value.json);
    status =
        name == NULL || name[0] == '\0'
            ? vqe_job_refuse(value.where, value.json, "the path of a file")
            : vqe_file_resolve(&out->output, value.base_file, name);
  }
  return status;
}

/* The settings that multiply. An absent key is read as its default. */
static const char *const defaults = "{\"basis\": \"sto-3g\", "
                                    "\"ansatz\": \"UCCSD\", "
                                    "\"optimizer\": \"L-BFGS-B\", "
                                    "\"init\": {}}";

static int read_bases(struct vqe_job_settings *out,
                      const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "basis");
  out->basis_given = json_object_get(reader->given, "basis") != NULL ||
                     json_object_get(reader->job, "basis") != NULL;
  int status = start_list(&out->bases, &out->nbasis, sizeof *out->bases,
                          &value, "bases");
  for (size_t k = 0; status == VQE_OK && k < out->nbasis; k++) {
    status = vqe_job_read_basis(&out->bases[k],
                                one_or_list_item(value.json, k), &value);
  }
  return status;
}

static int read_ansatze(struct vqe_job_settings *out,
                        const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "ansatz");
  int status = start_list(&out->ansatze, &out->nansatz, sizeof *out->ansatze,
                          &value, "ansatz list");
  for (size_t k = 0; status == VQE_OK && k < out->nansatz; k++) {
    status = vqe_job_read_ansatz(
        &out->ansatze[k], one_or_list_item(value.json, k), &value, reader);
  }
  return status;
}

static int read_optimizers(struct vqe_job_settings *out,
                           const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "optimizer");
  int status = start_list(&out->optimizers, &out->noptimizer,
                          sizeof *out->optimizers, &value, "optimizer list");
  for (size_t k = 0; status == VQE_OK && k < out->noptimizer; k++) {
    status = vqe_job_read_optimizer(
        &out->optimizers[k], one_or_list_item(value.json, k), &value, reader);
  }
  return status;
}

static int read_inits(struct vqe_job_settings *out,
                      const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "init");
  int status = start_list(&out->inits, &out->ninit, sizeof *out->inits, &value,
                          "init list");
  for (size_t k = 0; status == VQE_OK && k < out->ninit; k++) {
    status = vqe_job_read_init(&out->inits[k], one_or_list_item(value.json, k),
                               &value, reader);
  }
  return status;
}

static int read_seeds(struct vqe_job_settings *out,
                      const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "seed");
  if (value.json == NULL) {
    return VQE_OK; /* drawn, one for each experiment */
  }
  int status = start_list(&out->seeds, &out->nseed, sizeof *out->seeds, &value,
                          "seeds");
  for (size_t k = 0; status == VQE_OK && k < out->nseed; k++) {
    status = vqe_job_read_int(&out->seeds[k], one_or_list_item(value.json, k),
                              0, MAX_SEED, value.where);
  }
  return status;
}

/* Combinations that no molecule could make right. */
static int check_combinations(const struct vqe_job_settings *settings)
{
  size_t growing = 0;
  if (settings->measurement != 0 && settings->shots == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "key 'measurement' says how shots are taken, and "
                         "there are none: give 'shots' or leave it out");
  }
  if (settings->measurement != 0 && vqe_job_noise_any(&settings->noise)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "key 'measurement' has no effect on shots with "
                         "'noise', which are taken qubit by qubit and "
                         "equally: leave one of them out");
  }
  for (size_t a = 0; a < settings->nansatz; a++) {
    bool grows = vqe_ansatz_grows(settings->ansatze[a].name);
    growing += grows;
    if (settings->shots > 0 && grows) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "ADAPT-VQE chooses operators by exact gradients "
                           "and cannot be used with %d shots: leave out "
                           "'shots'",
                           settings->shots);
    }
  }
  for (size_t k = 0; k < settings->noptimizer; k++) {
    if (strcmp(settings->optimizers[k].name, VQE_LANDSCAPE) == 0 &&
        (settings->shots > 0 || settings->restarts > 1 ||
         growing == settings->nansatz)) {
      return vqe_error_set(
          VQE_ERR_INPUT,
          "optimizer 'Landscape' takes exact energies of ansätze with "
          "parameters of their own, at as many points as 'max_evaluations' "
          "says: leave out %s",
          settings->shots > 0      ? "'shots'"
          : settings->restarts > 1 ? "'restarts'"
                                   : "'ADAPT-VQE'");
    }
  }
  for (size_t k = 0; k < settings->ninit; k++) {
    const char *strategy = settings->inits[k].strategy;
    for (size_t a = 0; strategy != NULL && a < settings->nansatz; a++) {
      /* beside others it takes the start that it has */
      bool grows = vqe_ansatz_grows(settings->ansatze[a].name);
      if (growing == settings->nansatz &&
          (strcmp(strategy, "hf") != 0 || settings->inits[k].noise > 0.0)) {
        return vqe_error_set(VQE_ERR_INPUT,
                             "ADAPT-VQE grows from the Hartree-Fock state: "
                             "use init 'hf' without noise with it");
      }
      if (strcmp(strategy, "mp2") == 0 && !grows &&
          !vqe_ansatz_has_mp2(settings->ansatze[a].name)) {
        return vqe_error_set(VQE_ERR_INPUT,
                             "init 'mp2' gives amplitudes of coupled "
                             "clusters, not parameters of %s: use 'hf' or "
                             "'random' with it, in a job of its own",
                             settings->ansatze[a].name);
      }
    }
  }
  return VQE_OK;
}

static int check_job_keys(const json_t *job, const char *path)
{
  char where[300];
  snprintf(where, sizeof where, "file '%s'", path);
  return vqe_job_check_keys(job, job_keys, VQE_JOB_COUNT(job_keys), where);
}

/* Each key of the job in turn; what one has read is released with the
 * settings. */
static int read_keys(struct vqe_job_settings *settings,
                     const struct vqe_job_reader *reader)
{
  static int (*const readers[])(struct vqe_job_settings *,
                                const struct vqe_job_reader *) = {
      read_scalars, read_bases, read_ansatze,        read_optimizers,
      read_inits,   read_seeds, vqe_job_minimum_read};
  int status = check_job_keys(reader->job, reader->path);
  if (status == VQE_OK) {
    status = vqe_job_put_overrides(reader->given, reader->overrides);
  }
  if (status == VQE_OK) {
    status = vqe_job_given_read(&settings->given, reader->overrides);
  }
  for (size_t k = 0; status == VQE_OK && k < VQE_JOB_COUNT(readers); k++) {
    status = readers[k](settings, reader);
  }
  if (status == VQE_OK) {
    status = vqe_job_lake_read(&settings->lake, reader);
  }
  if (status == VQE_OK) {
    status = vqe_job_stream_read(&settings->stream, reader);
  }
  if (status == VQE_OK) {
    status = vqe_job_metrics_read(&settings->metrics, reader);
  }
  if (status == VQE_OK) {
    status = vqe_job_select_read(&settings->select, reader);
  }
  if (status == VQE_OK) {
    status = vqe_job_scan_read(&settings->scan, reader);
  }
  if (status == VQE_OK) {
    status = vqe_job_properties_read(&settings->properties, reader);
  }
  if (status == VQE_OK) {
    status = vqe_job_noise_read(&settings->noise, reader);
  }
  if (status == VQE_OK) {
    status = read_measurement(settings, reader);
  }
  if (status == VQE_OK) {
    status = check_combinations(settings);
  }
  return status;
}

int vqe_job_settings_read(struct vqe_job_settings **out,
                          struct vqe_job_value *molecules, const json_t *job,
                          const char *path,
                          const struct vqe_job_overrides *overrides)
{
  static const struct vqe_job_overrides none;
  json_t *usual;
  int status =
      vqe_json_parse(&usual, defaults, strlen(defaults), 0, "defaults");
  struct vqe_job_reader reader = {job, json_object(), usual, path,
                                  overrides != NULL ? overrides : &none};
  struct vqe_job_settings *settings = NULL;
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&settings, 1, sizeof *settings, "settings of a job");
  }
  if (status == VQE_OK && reader.given == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for settings");
  }
  if (status == VQE_OK) {
    status = read_keys(settings, &reader);
  }
  if (status == VQE_OK) {
    vqe_job_value_find(molecules, &reader, "molecules");
    *out = settings;
  } else {
    vqe_job_settings_free(settings);
  }
  json_decref(reader.given);
  json_decref(reader.defaults);
  return status;
}

static void options_clear(struct vqe_option_list *options)
{
  for (size_t k = 0; k < options->count; k++) {
    free(options->items[k].key);
    free(options->items[k].json);
  }
  free(options->items);
}

void vqe_job_settings_free(struct vqe_job_settings *settings)
{
  if (settings == NULL) {
    return;
  }
  for (size_t k = 0; settings->bases != NULL && k < settings->nbasis; k++) {
    free(settings->bases[k].name);
    free(settings->bases[k].sha256);
  }
  for (size_t k = 0; settings->ansatze != NULL && k < settings->nansatz; k++) {
    options_clear(&settings->ansatze[k].options);
  }
  for (size_t k = 0; settings->optimizers != NULL && k < settings->noptimizer;
       k++) {
    options_clear(&settings->optimizers[k].options);
  }
  for (size_t k = 0; settings->inits != NULL && k < settings->ninit; k++) {
    free(settings->inits[k].file);
    free(settings->inits[k].file_sha256);
  }
  free(settings->bases);
  free(settings->ansatze);
  free(settings->optimizers);
  free(settings->inits);
  free(settings->seeds);
  free(settings->output);
  vqe_job_space_clear(&settings->space);
  vqe_job_select_clear(&settings->select);
  vqe_job_scan_clear(&settings->scan);
  vqe_job_lake_clear(&settings->lake);
  vqe_job_stream_clear(&settings->stream);
  vqe_job_metrics_clear(&settings->metrics);
  vqe_job_noise_clear(&settings->noise);
  free(settings);
}
