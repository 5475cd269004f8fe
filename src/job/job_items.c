#include "job/job_items.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/suggest.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"

#define FILE_LIMIT ((size_t)256 << 20) /* basis and parameter files */

static int hash_file(char **sha256, const char *path)
{
  char hash[VQE_SHA256_HEX_SIZE];
  int status = vqe_sha256_file(hash, path, FILE_LIMIT);
  return status == VQE_OK ? vqe_memory_strdup(sha256, hash) : status;
}

int vqe_job_read_basis(struct vqe_job_basis *out, const json_t *item,
                       const struct vqe_job_value *value)
{
  const char *canonical;
  char *path = NULL;
  if (!json_is_string(item)) {
    return vqe_job_refuse(value->where, item, "the name or path of a basis");
  }
  const char *name = json_string_value(item);
  int status = vqe_basis_canonical(&canonical, name);
  if (status == VQE_OK) {
    return vqe_memory_strdup(&out->name, canonical);
  }
  char unknown[512];
  snprintf(unknown, sizeof unknown, "%s", vqe_error_message());
  status = vqe_file_resolve(&path, value->base_file, name);
  if (status != VQE_OK) {
    return status;
  }
  if (strpbrk(name, "/.") == NULL && access(path, F_OK) != 0) {
    free(path);
    return vqe_error_set(VQE_ERR_INPUT, "%s: %s", value->where, unknown);
  }
  out->name = path;
  status = hash_file(&out->sha256, path);
  if (status != VQE_OK) {
    return vqe_error_context(status, "%s", value->where);
  }
  return VQE_OK;
}

/* The item as an object: a name alone is {"name": ...}. New reference. */
static json_t *as_object(const json_t *item, const char *key)
{
  return json_is_string(item) ? json_pack("{s:O}", key, (json_t *)item)
                              : json_copy((json_t *)item);
}

/* The same of an item that `what` calls by its name ("an ansatz"). */
static int read_named(json_t **object, const json_t *item, const char *what,
                      const struct vqe_job_value *value)
{
  char wanted[80];
  *object = NULL;
  if (!json_is_string(item) && !json_is_object(item)) {
    snprintf(wanted, sizeof wanted, "the name of %s or an object with 'name'",
             what);
    return vqe_job_refuse(value->where, item, wanted);
  }
  *object = as_object(item, "name");
  return VQE_OK;
}

static int add_option(struct vqe_option_list *options, const char *key,
                      const json_t *value)
{
  int status =
      vqe_memory_grow(&options->items, options->count, options->count + 1,
                      sizeof *options->items, "options of an experiment");
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_option *option = &options->items[options->count++];
  option->json =
      vqe_json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
  status = vqe_memory_strdup(&option->key, key);
  if (status == VQE_OK && option->json == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for option '%s'", key);
  }
  return status;
}

/* Options beyond the common ones, checked by the ansatz's own table. Names
 * are stored in their own spelling, so that their case is no part of the
 * experiment's identity. */
static int read_ansatz_options(struct vqe_job_ansatz *out,
                               const json_t *object, const char *where)
{
  static const char *const common[] = {"name", "reps", "entanglement"};
  struct vqe_ansatz_options scratch;
  const char *key;
  json_t *value;
  vqe_ansatz_options_init(&scratch);
  scratch.name = out->name;
  json_object_foreach((json_t *)object, key, value)
  {
    if (vqe_job_is_known(key, common, VQE_JOB_COUNT(common))) {
      continue;
    }
    char *json =
        vqe_json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    int status = json == NULL
                     ? vqe_error_set(VQE_ERR_MEMORY, "no memory for an option")
                     : vqe_ansatz_option_set(&scratch, key, json);
    free(json);
    if (status != VQE_OK) {
      const char *nearest = vqe_suggest(key, common, VQE_JOB_COUNT(common));
      return nearest == NULL
                 ? vqe_error_context(status, "%s", where)
                 : vqe_error_context(status, "%s: did you mean '%s'?", where,
                                     nearest);
    }
    if (json_is_false(value)) {
      continue; /* the default: the same experiment as without */
    }
    json_t *stored;
    if (strcmp(key, "circuits") == 0) {
      if (scratch.circuits == VQE_CIRCUITS_COMPACT) {
        continue;
      }
      stored = json_string(vqe_ansatz_circuits_name(scratch.circuits));
    } else if (strcmp(key, "pool") == 0) {
      stored = json_string(scratch.adapt.pool);
    } else {
      stored = json_incref(value);
    }
    status = add_option(&out->options, key, stored);
    json_decref(stored);
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}

static int read_ansatz_name(struct vqe_job_ansatz *out, const json_t *object,
                            const json_t *item,
                            const struct vqe_job_value *value)
{
  const char *name = json_string_value(json_object_get(object, "name"));
  if (name == NULL) {
    return vqe_job_refuse(value->where, item,
                          "an object with the string 'name'");
  }
  int status = vqe_ansatz_canonical(&out->name, name);
  if (status != VQE_OK) {
    const char *nearest = vqe_ansatz_nearest(name);
    status = nearest == NULL
                 ? vqe_error_context(status, "%s", value->where)
                 : vqe_error_context(status, "%s: did you mean '%s'?",
                                     value->where, nearest);
  }
  return status;
}

static int read_ansatz_reps(struct vqe_job_ansatz *out, json_t *object,
                            const struct vqe_job_value *value,
                            const char *given)
{
  char where[320];
  int64_t number;
  const struct vqe_ansatz_kind *kind = vqe_ansatz_kind(out->name);
  int status = vqe_job_put_member(object, "reps", given);
  const json_t *reps = json_object_get(object, "reps");
  out->reps = vqe_ansatz_default_reps(out->name);
  if (status != VQE_OK || reps == NULL) {
    return status;
  }
  vqe_job_member_where(where, sizeof where, value->where, "reps", "reps",
                       given);
  status = vqe_job_read_int(&number, reps, kind->least_reps, kind->most_reps,
                            where);
  if (status == VQE_OK) {
    out->reps = (int)number;
  }
  return status;
}

static int read_entanglement(struct vqe_job_ansatz *out, json_t *object,
                             const struct vqe_job_value *value,
                             const char *given)
{
  char where[320];
  const char *name = NULL;
  /* in a mixed list --entanglement is for the circuits */
  if (vqe_ansatz_kind(out->name)->conserves &&
      vqe_job_list_count(value->json) > 1) {
    given = NULL;
  }
  int status = vqe_job_put_member(object, "entanglement", given);
  const json_t *map = json_object_get(object, "entanglement");
  vqe_job_member_where(where, sizeof where, value->where, "entanglement",
                       "entanglement", given);
  if (status == VQE_OK && map != NULL && !json_is_null(map)) {
    name = json_string_value(map);
    if (name == NULL) {
      return vqe_job_refuse(where, map, "the name of an entanglement map");
    }
  }
  if (status == VQE_OK) {
    status = vqe_entanglement_canonical(&out->entanglement, out->name, name);
    if (status != VQE_OK) {
      status = vqe_error_context(status, "%s", where);
    }
  }
  return status;
}

int vqe_job_read_ansatz(struct vqe_job_ansatz *out, const json_t *item,
                        const struct vqe_job_value *value,
                        const struct vqe_job_reader *reader)
{
  json_t *object = NULL;
  int status = read_named(&object, item, "an ansatz", value);
  if (status == VQE_OK) {
    status = read_ansatz_name(out, object, item, value);
  }
  if (status == VQE_OK) {
    status =
        vqe_job_put_member(object, "circuits", reader->overrides->circuits);
  }
  if (status == VQE_OK) {
    status = read_ansatz_options(out, object, value->where);
  }
  if (status == VQE_OK) {
    status = read_ansatz_reps(out, object, value, reader->overrides->reps);
  }
  if (status == VQE_OK) {
    status =
        read_entanglement(out, object, value, reader->overrides->entanglement);
  }
  json_decref(object);
  return status;
}

/* Options beyond the common ones, checked by the optimizer's own table. */
static int read_optimizer_options(struct vqe_job_optimizer *out,
                                  const json_t *object, const char *where)
{
  static const char *const common[] = {"name", "max_evaluations", "gtol",
                                       "ftol", "max_seconds"};
  struct vqe_optimizer_options scratch;
  const char *key;
  json_t *value;
  vqe_optimizer_options_init(&scratch);
  json_object_foreach((json_t *)object, key, value)
  {
    if (vqe_job_is_known(key, common, VQE_JOB_COUNT(common))) {
      continue;
    }
    double number = json_is_number(value) ? json_number_value(value) : NAN;
    int status = vqe_optimizer_option_set(&scratch, out->name, key, number);
    if (status != VQE_OK) {
      const char *nearest = vqe_suggest(key, common, VQE_JOB_COUNT(common));
      return nearest == NULL
                 ? vqe_error_context(status, "%s", where)
                 : vqe_error_context(status, "%s: did you mean '%s'?", where,
                                     nearest);
    }
    json_t *stored = json_real(number);
    status = add_option(&out->options, key, stored);
    json_decref(stored);
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}

static int read_optimizer_name(struct vqe_job_optimizer *out,
                               const json_t *object, const json_t *item,
                               const struct vqe_job_value *value)
{
  const struct vqe_optimizer_info *info;
  const char *name = json_string_value(json_object_get(object, "name"));
  if (name == NULL) {
    return vqe_job_refuse(value->where, item,
                          "an object with the string 'name'");
  }
  int status = vqe_optimizer_find(&info, name);
  if (status != VQE_OK) {
    return vqe_error_context(status, "%s", value->where);
  }
  out->name = info->name;
  return VQE_OK;
}

/* A member of an optimizer, and the option that overrides it. */
enum optimizer_member { MAX_EVALUATIONS, GTOL, FTOL, MAX_SECONDS };

struct member {
  const char *name, *option, *given;
};

static int read_optimizer_member(struct vqe_job_optimizer *out,
                                 enum optimizer_member which, json_t *object,
                                 const struct member *member,
                                 const struct vqe_job_value *value)
{
  char where[320];
  int64_t evaluations = 0;
  int status = vqe_job_put_member(object, member->name, member->given);
  const json_t *number = json_object_get(object, member->name);
  if (status != VQE_OK || number == NULL) {
    return status;
  }
  vqe_job_member_where(where, sizeof where, value->where, member->name,
                       member->option, member->given);
  switch (which) {
  case MAX_EVALUATIONS:
    status = vqe_job_read_int(&evaluations, number, 1, INT_MAX, where);
    if (status == VQE_OK) {
      out->max_evaluations = (int)evaluations;
    }
    break;
  case GTOL:
    status = vqe_job_read_size(&out->gtol, number, true, where);
    break;
  case FTOL:
    status = vqe_job_read_size(&out->ftol, number, true, where);
    break;
  case MAX_SECONDS:
    if (!json_is_null(number)) {
      status = vqe_job_read_size(&out->max_seconds, number, false, where);
    }
    break;
  }
  return status;
}

int vqe_job_read_optimizer(struct vqe_job_optimizer *out, const json_t *item,
                           const struct vqe_job_value *value,
                           const struct vqe_job_reader *reader)
{
  const struct vqe_job_overrides *overrides = reader->overrides;
  const struct member members[] = {
      [MAX_EVALUATIONS] = {"max_evaluations", "max-evaluations",
                           overrides->max_evaluations},
      [GTOL] = {"gtol", "gtol", overrides->gtol},
      [FTOL] = {"ftol", "ftol", overrides->ftol},
      [MAX_SECONDS] = {"max_seconds", "max-seconds", overrides->max_seconds},
  };
  struct vqe_optimizer_options defaults;
  json_t *object = NULL;
  int status = read_named(&object, item, "an optimizer", value);
  if (status == VQE_OK) {
    status = read_optimizer_name(out, object, item, value);
  }
  vqe_optimizer_options_init(&defaults);
  out->max_evaluations = defaults.max_evaluations;
  out->gtol = defaults.gtol;
  out->ftol = defaults.ftol;
  for (size_t k = 0; status == VQE_OK && k < VQE_JOB_COUNT(members); k++) {
    status = read_optimizer_member(out, (enum optimizer_member)k, object,
                                   &members[k], value);
  }
  if (status == VQE_OK) {
    status = read_optimizer_options(out, object, value->where);
  }
  json_decref(object);
  return status;
}

static int read_init_file(struct vqe_job_init *out, const json_t *file,
                          const struct vqe_job_value *value)
{
  if (!json_is_string(file)) {
    return vqe_job_refuse(value->where, file, "the path of a file");
  }
  out->strategy = "file";
  int status =
      vqe_file_resolve(&out->file, value->base_file, json_string_value(file));
  if (status == VQE_OK) {
    status = hash_file(&out->file_sha256, out->file);
  }
  return status == VQE_OK ? VQE_OK
                          : vqe_error_context(status, "%s", value->where);
}

/* The members of an object that is known to have no others. */
static int read_init_members(struct vqe_job_init *out, const json_t *object,
                             const json_t *item,
                             const struct vqe_job_value *value,
                             const char *given_noise)
{
  static const char *const strategies[] = {"random", "hf", "mp2"};
  const json_t *file = json_object_get(object, "file");
  const json_t *strategy = json_object_get(object, "strategy");
  const json_t *noise = json_object_get(object, "noise");
  char where[320];
  int status = VQE_OK;
  if (file != NULL && strategy != NULL) {
    return vqe_job_refuse(value->where, item,
                          "either a 'file' or a 'strategy'");
  }
  if (strategy != NULL) {
    status = vqe_job_read_choice(&out->strategy, strategy, strategies,
                                 VQE_JOB_COUNT(strategies), "strategy",
                                 value->where);
  } else if (file != NULL) {
    status = read_init_file(out, file, value);
  }
  if (status == VQE_OK && noise != NULL) {
    vqe_job_member_where(where, sizeof where, value->where, "noise",
                         "init-noise", given_noise);
    status = vqe_job_read_size(&out->noise, noise, true, where);
  }
  return status;
}

int vqe_job_read_init(struct vqe_job_init *out, const json_t *item,
                      const struct vqe_job_value *value,
                      const struct vqe_job_reader *reader)
{
  static const char *const known[] = {"strategy", "noise", "file"};
  const char *given_noise = reader->overrides->init_noise;
  out->noise = NAN;
  if (!json_is_string(item) && !json_is_object(item)) {
    return vqe_job_refuse(value->where, item,
                          "random, hf, mp2, {\"file\": path} or "
                          "{\"strategy\", \"noise\"}");
  }
  json_t *object = as_object(item, "strategy");
  int status =
      vqe_job_check_keys(object, known, VQE_JOB_COUNT(known), value->where);
  if (status == VQE_OK) {
    status = vqe_job_put_member(object, "noise", given_noise);
  }
  if (status == VQE_OK) {
    status = read_init_members(out, object, item, value, given_noise);
  }
  json_decref(object);
  return status;
}
