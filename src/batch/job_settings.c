#include "batch/job_settings.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/suggest.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FILE_LIMIT ((size_t)256 << 20) /* basis and parameter files */
#define MAX_REPS 10000
#define MAX_SEED INT32_MAX

static const char *const job_keys[] = {
    "molecules",  "basis",     "frozen_core", "active_space", "symmetry",
    "ansatz",     "optimizer", "init",        "seed",         "shots",
    "references", "device",    "precision",   "output"};
/* Keys of the contract whose parts are not in this version. */
static const char *const later_keys[] = {"warehouse", "s3", "kafka",
                                         "registry"};

struct reader {
  const json_t *job;
  json_t *given;    /* overrides as values of the job's keys */
  json_t *defaults; /* for the keys that are lists */
  const char *path;
  const struct vqe_job_overrides *overrides;
};

/* ---- values and messages ---- */

static void find(struct job_value *value, const struct reader *reader,
                 const char *key)
{
  value->json = json_object_get(reader->given, key);
  value->base_file = NULL;
  if (value->json != NULL) {
    snprintf(value->where, sizeof value->where, "option --%s", key);
    for (char *at = value->where; *at != '\0'; at++) {
      *at = *at == '_' ? '-' : *at;
    }
    return;
  }
  value->json = json_object_get(reader->job, key);
  if (value->json == NULL) {
    value->json = json_object_get(reader->defaults, key);
  }
  value->base_file = reader->path;
  snprintf(value->where, sizeof value->where, "file '%s', key '%s'",
           reader->path, key);
}

/* Fail with where, the value as it stands (cut), and what it should be. */
static int refuse(const char *where, const json_t *value, const char *wanted)
{
  char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY |
                                     JSON_REAL_PRECISION(17));
  int status = vqe_error_set(VQE_ERR_INPUT, "%s: %.60s is not %s", where,
                             text != NULL ? text : "the value", wanted);
  free(text);
  return status;
}

/* "unknown key 'bassi' (did you mean 'basis'?)" */
static int refuse_name(const char *where, const char *what, const char *name,
                       const char *const *known, size_t count)
{
  char list[512] = "";
  const char *nearest = vqe_suggest(name, known, count);
  for (size_t k = 0; k < count; k++) {
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", k > 0 ? ", " : "",
             known[k]);
  }
  if (nearest != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: unknown %s '%s': did you mean "
                         "'%s'? Known: %s",
                         where, what, name, nearest, list);
  }
  return vqe_error_set(VQE_ERR_INPUT, "%s: unknown %s '%s'. Known: %s", where,
                       what, name, list);
}

static int read_int(int64_t *out, const json_t *value, int64_t low,
                    int64_t high, const char *where)
{
  char wanted[96];
  if (json_is_integer(value)) {
    *out = json_integer_value(value);
    if (*out >= low && *out <= high) {
      return VQE_OK;
    }
  } else if (json_is_real(value)) {
    double real = json_real_value(value);
    if (real == floor(real) && real >= (double)low && real <= (double)high) {
      *out = (int64_t)real;
      return VQE_OK;
    }
  }
  snprintf(wanted, sizeof wanted, "a whole number from %lld to %lld",
           (long long)low, (long long)high);
  return refuse(where, value, wanted);
}

/* A finite number >= 0, or > 0. */
static int read_size(double *out, const json_t *value, bool zero,
                     const char *where)
{
  double number = json_number_value(value);
  if (json_is_number(value) && isfinite(number) &&
      (number > 0.0 || (zero && number == 0.0))) {
    *out = number;
    return VQE_OK;
  }
  return refuse(where, value, zero ? "a number >= 0" : "a number > 0");
}

static int read_choice(const char **out, const json_t *value,
                       const char *const *known, size_t count,
                       const char *what, const char *where)
{
  if (!json_is_string(value)) {
    return refuse(where, value, "a string");
  }
  for (size_t k = 0; k < count; k++) {
    if (strcasecmp(json_string_value(value), known[k]) == 0) {
      *out = known[k];
      return VQE_OK;
    }
  }
  return refuse_name(where, what, json_string_value(value), known, count);
}

static bool is_known(const char *key, const char *const *known, size_t count)
{
  for (size_t k = 0; k < count; k++) {
    if (strcmp(key, known[k]) == 0) {
      return true;
    }
  }
  return false;
}

static int check_keys(const json_t *object, const char *const *known,
                      size_t count, const char *where)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value)
  {
    if (!is_known(key, known, count)) {
      return refuse_name(where, "key", key, known, count);
    }
  }
  return VQE_OK;
}

/* ---- "one or a list" ---- */

static size_t one_or_list_count(const json_t *value)
{
  return json_is_array(value) ? json_array_size(value) : 1;
}

static const json_t *one_or_list_item(const json_t *value, size_t k)
{
  return json_is_array(value) ? json_array_get(value, k) : value;
}

static int start_list(void *out, size_t *count, size_t size,
                      const struct job_value *value, const char *what)
{
  *count = one_or_list_count(value->json);
  if (*count == 0) {
    return refuse(value->where, value->json, "a list with at least one item");
  }
  int status = vqe_memory_alloc(out, *count, size, what);
  if (status != VQE_OK) {
    *count = 0;
  }
  return status;
}

/* ---- files ---- */

static int hash_file(char **sha256, const char *path)
{
  char hash[VQE_SHA256_HEX_SIZE];
  char *text = NULL;
  size_t size;
  int status = vqe_file_read(&text, &size, path, FILE_LIMIT);
  if (status == VQE_OK) {
    status = vqe_sha256_hex(hash, text, size);
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(sha256, hash);
  }
  free(text);
  return status;
}

/* ---- each key ---- */

static int read_basis(struct job_basis *out, const json_t *item,
                      const struct job_value *value)
{
  const char *canonical;
  char *path = NULL;
  if (!json_is_string(item)) {
    return refuse(value->where, item, "the name or path of a basis");
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
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: %s, or the path of a file in "
                         "NWChem format",
                         value->where, unknown);
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

/* Put an option's text over a member of `object`: numbers as numbers, other
 * texts as strings, "none" as null. */
static int put_member(json_t *object, const char *member, const char *text)
{
  if (text == NULL) {
    return VQE_OK;
  }
  char *end;
  errno = 0;
  long long whole = strtoll(text, &end, 10);
  json_t *value;
  if (*text != '\0' && *end == '\0' && errno == 0) {
    value = json_integer(whole);
  } else {
    double number = strtod(text, &end);
    if (strcasecmp(text, "none") == 0 || strcasecmp(text, "null") == 0) {
      value = json_null();
    } else if (*text != '\0' && *end == '\0' && isfinite(number)) {
      value = json_real(number);
    } else {
      value = json_string(text);
    }
  }
  if (json_object_set_new(object, member, value) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s: '%s' is not valid UTF-8",
                         member, text);
  }
  return VQE_OK;
}

/* Where a member stands: in the object, or in an option of its own. */
static void member_where(char *out, size_t size, const char *where,
                         const char *member, const char *option,
                         const char *given)
{
  if (given != NULL) {
    snprintf(out, size, "option --%s", option);
  } else {
    snprintf(out, size, "%.220s, key '%s'", where, member);
  }
}

static int read_ansatz(struct job_ansatz *out, const json_t *item,
                       const struct job_value *value,
                       const struct reader *reader)
{
  static const char *const known[] = {"name", "reps", "entanglement"};
  const struct vqe_job_overrides *overrides = reader->overrides;
  char where[320];
  const char *entanglement = NULL;
  if (!json_is_string(item) && !json_is_object(item)) {
    return refuse(value->where, item,
                  "the name of an ansatz or an object "
                  "with 'name'");
  }
  json_t *object = as_object(item, "name");
  int status = check_keys(object, known, COUNT(known), value->where);
  if (status != VQE_OK) {
    goto out;
  }
  const char *name = json_string_value(json_object_get(object, "name"));
  if (name == NULL) {
    status = refuse(value->where, item, "an object with the string 'name'");
    goto out;
  }
  status = vqe_ansatz_canonical(&out->name, name);
  if (status != VQE_OK) {
    static const char *const names[] = {
        "UCCSD", "EfficientSU2", "RealAmplitudes", "ExcitationPreserving"};
    const char *nearest = vqe_suggest(name, names, COUNT(names));
    status = nearest == NULL
                 ? vqe_error_context(status, "%s", value->where)
                 : vqe_error_context(status, "%s: did you mean '%s'?",
                                     value->where, nearest);
    goto out;
  }
  bool uccsd = strcmp(out->name, "UCCSD") == 0;
  /* in a mixed list --entanglement is for the circuits */
  const char *given_entanglement = uccsd && one_or_list_count(value->json) > 1
                                       ? NULL
                                       : overrides->entanglement;
  status = put_member(object, "reps", overrides->reps);
  if (status == VQE_OK) {
    status = put_member(object, "entanglement", given_entanglement);
  }
  if (status != VQE_OK) {
    goto out;
  }
  const json_t *reps = json_object_get(object, "reps");
  out->reps = vqe_ansatz_default_reps(out->name);
  if (reps != NULL) {
    int64_t number;
    member_where(where, sizeof where, value->where, "reps", "reps",
                 overrides->reps);
    status = read_int(&number, reps, uccsd ? 1 : 0, MAX_REPS, where);
    if (status != VQE_OK) {
      goto out;
    }
    out->reps = (int)number;
  }
  const json_t *map = json_object_get(object, "entanglement");
  member_where(where, sizeof where, value->where, "entanglement",
               "entanglement", given_entanglement);
  if (map != NULL && !json_is_null(map)) {
    entanglement = json_string_value(map);
    if (entanglement == NULL) {
      status = refuse(where, map, "the name of an entanglement map");
      goto out;
    }
  }
  status =
      vqe_entanglement_canonical(&out->entanglement, out->name, entanglement);
  if (status != VQE_OK) {
    status = vqe_error_context(status, "%s", where);
  }
out:
  json_decref(object);
  return status;
}

static int add_option(struct vqe_option_list *options, const char *key,
                      double number)
{
  int status =
      vqe_memory_grow(&options->items, options->count, options->count + 1,
                      sizeof *options->items, "options of an optimizer");
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_option *option = &options->items[options->count++];
  json_t *value = json_real(number);
  option->json = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
  json_decref(value);
  status = vqe_memory_strdup(&option->key, key);
  if (status == VQE_OK && option->json == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for option '%s'", key);
  }
  return status;
}

/* Options beyond the common ones, checked by the optimizer's own table. */
static int read_optimizer_options(struct job_optimizer *out,
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
    if (is_known(key, common, COUNT(common))) {
      continue;
    }
    double number = json_is_number(value) ? json_number_value(value) : NAN;
    int status = vqe_optimizer_option_set(&scratch, out->name, key, number);
    if (status != VQE_OK) {
      const char *nearest = vqe_suggest(key, common, COUNT(common));
      return nearest == NULL
                 ? vqe_error_context(status, "%s", where)
                 : vqe_error_context(status, "%s: did you mean '%s'?", where,
                                     nearest);
    }
    status = add_option(&out->options, key, number);
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}

static int read_optimizer(struct job_optimizer *out, const json_t *item,
                          const struct job_value *value,
                          const struct reader *reader)
{
  const struct vqe_job_overrides *overrides = reader->overrides;
  const struct vqe_optimizer_info *info;
  struct vqe_optimizer_options defaults;
  int64_t evaluations;
  char where[320];
  if (!json_is_string(item) && !json_is_object(item)) {
    return refuse(value->where, item,
                  "the name of an optimizer or an object "
                  "with 'name'");
  }
  json_t *object = as_object(item, "name");
  const char *name = json_string_value(json_object_get(object, "name"));
  int status = VQE_OK;
  if (name == NULL) {
    status = refuse(value->where, item, "an object with the string 'name'");
    goto out;
  }
  status = vqe_optimizer_find(&info, name);
  if (status != VQE_OK) {
    status = vqe_error_context(status, "%s", value->where);
    goto out;
  }
  out->name = info->name;
  struct {
    const char *member, *option, *given;
  } members[] = {
      {"max_evaluations", "max-evaluations", overrides->max_evaluations},
      {"gtol", "gtol", overrides->gtol},
      {"ftol", "ftol", overrides->ftol},
      {"max_seconds", "max-seconds", overrides->max_seconds},
  };
  vqe_optimizer_options_init(&defaults);
  out->max_evaluations = defaults.max_evaluations;
  out->gtol = defaults.gtol;
  out->ftol = defaults.ftol;
  for (size_t k = 0; k < COUNT(members); k++) {
    status = put_member(object, members[k].member, members[k].given);
    if (status != VQE_OK) {
      goto out;
    }
    const json_t *number = json_object_get(object, members[k].member);
    if (number == NULL) {
      continue;
    }
    member_where(where, sizeof where, value->where, members[k].member,
                 members[k].option, members[k].given);
    if (k == 0) {
      status = read_int(&evaluations, number, 1, INT_MAX, where);
      if (status == VQE_OK) {
        out->max_evaluations = (int)evaluations;
      }
    } else if (k == 3) {
      if (!json_is_null(number)) {
        status = read_size(&out->max_seconds, number, false, where);
      }
    } else {
      status =
          read_size(k == 1 ? &out->gtol : &out->ftol, number, true, where);
    }
    if (status != VQE_OK) {
      goto out;
    }
  }
  status = read_optimizer_options(out, object, value->where);
out:
  json_decref(object);
  return status;
}

static int read_init(struct job_init *out, const json_t *item,
                     const struct job_value *value,
                     const struct reader *reader)
{
  static const char *const known[] = {"strategy", "noise", "file"};
  static const char *const strategies[] = {"random", "hf", "mp2"};
  const char *given_noise = reader->overrides->init_noise;
  char where[320];
  out->noise = NAN;
  if (!json_is_string(item) && !json_is_object(item)) {
    return refuse(value->where, item,
                  "random, hf, mp2, {\"file\": path} or "
                  "{\"strategy\", \"noise\"}");
  }
  json_t *object = as_object(item, "strategy");
  int status = check_keys(object, known, COUNT(known), value->where);
  if (status == VQE_OK) {
    status = put_member(object, "noise", given_noise);
  }
  if (status != VQE_OK) {
    goto out;
  }
  const json_t *file = json_object_get(object, "file");
  const json_t *strategy = json_object_get(object, "strategy");
  const json_t *noise = json_object_get(object, "noise");
  if (file != NULL && strategy != NULL) {
    status = refuse(value->where, item, "either a 'file' or a 'strategy'");
    goto out;
  }
  if (strategy != NULL) {
    status = read_choice(&out->strategy, strategy, strategies,
                         COUNT(strategies), "strategy", value->where);
  } else if (file != NULL && !json_is_string(file)) {
    status = refuse(value->where, file, "the path of a file");
  } else if (file != NULL) {
    out->strategy = "file";
    status = vqe_file_resolve(&out->file, value->base_file,
                              json_string_value(file));
    if (status == VQE_OK) {
      status = hash_file(&out->file_sha256, out->file);
    }
    if (status != VQE_OK) {
      status = vqe_error_context(status, "%s", value->where);
    }
  }
  if (status == VQE_OK && noise != NULL) {
    member_where(where, sizeof where, value->where, "noise", "init-noise",
                 given_noise);
    status = read_size(&out->noise, noise, true, where);
  }
out:
  json_decref(object);
  return status;
}

static int read_frozen_core(int *out, const struct job_value *value)
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
    return refuse(value->where, value->json,
                  "true, false or a number of orbitals");
  }
  int status = read_int(&number, value->json, 0, 100000, value->where);
  *out = (int)number;
  return status;
}

static int read_active_space(struct job_settings *out,
                             const struct job_value *value)
{
  static const char *const known[] = {"electrons", "orbitals"};
  int64_t electrons, orbitals;
  out->active_electrons = -1;
  out->active_orbitals = -1;
  if (value->json == NULL || json_is_null(value->json)) {
    return VQE_OK;
  }
  const json_t *ne = json_object_get(value->json, "electrons");
  const json_t *no = json_object_get(value->json, "orbitals");
  int status = VQE_OK;
  if (json_is_object(value->json)) {
    status = check_keys(value->json, known, COUNT(known), value->where);
  }
  if (status == VQE_OK && (ne == NULL || no == NULL)) {
    status = refuse(value->where, value->json,
                    "an object with 'electrons' and 'orbitals'");
  }
  if (status == VQE_OK) {
    status = read_int(&electrons, ne, 0, 100000, value->where);
  }
  if (status == VQE_OK) {
    status = read_int(&orbitals, no, 1, 100000, value->where);
  }
  if (status == VQE_OK && electrons > 2 * orbitals) {
    status = refuse(value->where, value->json,
                    "possible: two electrons fit "
                    "into an orbital");
  }
  if (status == VQE_OK) {
    out->active_electrons = (int)electrons;
    out->active_orbitals = (int)orbitals;
  }
  return status;
}

static int read_references(struct job_settings *out,
                           const struct job_value *value)
{
  static const char *const names[] = {"hf", "mp2", "fci"};
  static const unsigned bits[] = {VQE_REFERENCE_HF, VQE_REFERENCE_MP2,
                                  VQE_REFERENCE_FCI};
  out->references = VQE_REFERENCE_ALL;
  if (value->json == NULL) {
    return VQE_OK;
  }
  if (!json_is_array(value->json)) {
    return refuse(value->where, value->json, "a list out of hf, mp2, fci");
  }
  out->references = 0;
  out->references_given = true;
  for (size_t k = 0; k < json_array_size(value->json); k++) {
    const char *name;
    int status = read_choice(&name, json_array_get(value->json, k), names,
                             COUNT(names), "reference", value->where);
    if (status != VQE_OK) {
      return status;
    }
    for (size_t bit = 0; bit < COUNT(names); bit++) {
      out->references |= name == names[bit] ? bits[bit] : 0;
    }
  }
  return VQE_OK;
}

static int read_scalars(struct job_settings *out, const struct reader *reader)
{
  static const char *const devices[] = {"auto", "cpu", "cuda"};
  static const char *const precisions[] = {"double", "single"};
  struct job_value value;
  int64_t number;
  find(&value, reader, "frozen_core");
  int status = read_frozen_core(&out->frozen_core, &value);
  if (status == VQE_OK) {
    find(&value, reader, "active_space");
    status = read_active_space(out, &value);
  }
  find(&value, reader, "symmetry");
  out->symmetry = true;
  if (status == VQE_OK && value.json != NULL) {
    out->symmetry = json_is_true(value.json);
    if (!json_is_boolean(value.json)) {
      status = refuse(value.where, value.json, "true or false");
    }
  }
  if (reader->overrides->no_symmetry) {
    out->symmetry = false;
  }
  find(&value, reader, "shots");
  if (status == VQE_OK && value.json != NULL && !json_is_null(value.json)) {
    status = read_int(&number, value.json, 1, INT_MAX, value.where);
    if (status == VQE_OK) {
      out->shots = (int)number;
    }
  }
  if (status == VQE_OK) {
    find(&value, reader, "references");
    status = read_references(out, &value);
  }
  out->device = devices[0];
  find(&value, reader, "device");
  if (status == VQE_OK && value.json != NULL) {
    status = read_choice(&out->device, value.json, devices, COUNT(devices),
                         "device", value.where);
  }
  out->precision = precisions[0];
  find(&value, reader, "precision");
  if (status == VQE_OK && value.json != NULL) {
    status = read_choice(&out->precision, value.json, precisions,
                         COUNT(precisions), "precision", value.where);
  }
  find(&value, reader, "output");
  if (status == VQE_OK && value.json != NULL) {
    const char *name = json_string_value(value.json);
    status = name == NULL || name[0] == '\0'
                 ? refuse(value.where, value.json, "the path of a file")
                 : vqe_file_resolve(&out->output, value.base_file, name);
  }
  return status;
}

/* The settings that multiply. An absent key is read as its default. */
static const char *const defaults = "{\"basis\": \"sto-3g\", "
                                    "\"ansatz\": \"UCCSD\", "
                                    "\"optimizer\": \"L-BFGS-B\", "
                                    "\"init\": {}}";

static int read_bases(struct job_settings *out, const struct reader *reader)
{
  struct job_value value;
  find(&value, reader, "basis");
  int status = start_list(&out->bases, &out->nbasis, sizeof *out->bases,
                          &value, "bases");
  for (size_t k = 0; status == VQE_OK && k < out->nbasis; k++) {
    status =
        read_basis(&out->bases[k], one_or_list_item(value.json, k), &value);
  }
  return status;
}

static int read_ansatze(struct job_settings *out, const struct reader *reader)
{
  struct job_value value;
  find(&value, reader, "ansatz");
  int status = start_list(&out->ansatze, &out->nansatz, sizeof *out->ansatze,
                          &value, "ansatz list");
  for (size_t k = 0; status == VQE_OK && k < out->nansatz; k++) {
    status = read_ansatz(&out->ansatze[k], one_or_list_item(value.json, k),
                         &value, reader);
  }
  return status;
}

static int read_optimizers(struct job_settings *out,
                           const struct reader *reader)
{
  struct job_value value;
  find(&value, reader, "optimizer");
  int status = start_list(&out->optimizers, &out->noptimizer,
                          sizeof *out->optimizers, &value, "optimizer list");
  for (size_t k = 0; status == VQE_OK && k < out->noptimizer; k++) {
    status = read_optimizer(&out->optimizers[k],
                            one_or_list_item(value.json, k), &value, reader);
  }
  return status;
}

static int read_inits(struct job_settings *out, const struct reader *reader)
{
  struct job_value value;
  find(&value, reader, "init");
  int status = start_list(&out->inits, &out->ninit, sizeof *out->inits, &value,
                          "init list");
  for (size_t k = 0; status == VQE_OK && k < out->ninit; k++) {
    status = read_init(&out->inits[k], one_or_list_item(value.json, k), &value,
                       reader);
  }
  return status;
}

static int read_seeds(struct job_settings *out, const struct reader *reader)
{
  struct job_value value;
  find(&value, reader, "seed");
  if (value.json == NULL) {
    return VQE_OK; /* drawn, one for each experiment */
  }
  int status = start_list(&out->seeds, &out->nseed, sizeof *out->seeds, &value,
                          "seeds");
  for (size_t k = 0; status == VQE_OK && k < out->nseed; k++) {
    status = read_int(&out->seeds[k], one_or_list_item(value.json, k), 0,
                      MAX_SEED, value.where);
  }
  return status;
}

/* Combinations that no molecule could make right. */
static int check_combinations(const struct job_settings *settings)
{
  for (size_t k = 0; k < settings->noptimizer; k++) {
    const struct vqe_optimizer_info *info;
    int status = vqe_optimizer_find(&info, settings->optimizers[k].name);
    if (status != VQE_OK) {
      return status;
    }
    if (settings->shots > 0 && info->exact_only) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "optimizer %s needs exact "
                           "gradients and cannot be used with %d shots: use "
                           "SPSA or COBYLA, or leave out 'shots'",
                           info->name, settings->shots);
    }
  }
  for (size_t k = 0; k < settings->ninit; k++) {
    const char *strategy = settings->inits[k].strategy;
    for (size_t a = 0; strategy != NULL && a < settings->nansatz; a++) {
      if (strcmp(strategy, "mp2") == 0 &&
          strcmp(settings->ansatze[a].name, "UCCSD") != 0) {
        return vqe_error_set(VQE_ERR_INPUT,
                             "init 'mp2' gives amplitudes of "
                             "UCCSD, not parameters of %s: use 'hf' or "
                             "'random' with it, in a job of its own",
                             settings->ansatze[a].name);
      }
    }
  }
  return VQE_OK;
}

/* ---- overrides ---- */

/* "a,b" as a list of strings; "file:PATH" as {"file": PATH} for init. */
static int put_words(json_t *given, const char *key, const char *text,
                     bool files)
{
  if (text == NULL) {
    return VQE_OK;
  }
  json_t *list = json_array();
  json_object_set_new(given, key, list);
  const char *at = text;
  for (;;) {
    const char *comma = strchrnul(at, ',');
    size_t length = (size_t)(comma - at);
    json_t *item = NULL;
    if (files && length >= 5 && strncmp(at, "file:", 5) == 0) {
      item = json_pack("{s:s%}", "file", at + 5, length - 5);
    } else if (length > 0) {
      item = json_stringn(at, length);
    }
    if (json_array_append_new(list, item) != 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option --%s: '%s' is not a list of "
                           "names between commas",
                           key, text);
    }
    if (*comma == '\0') {
      return VQE_OK;
    }
    at = comma + 1;
  }
}

static int put_seeds(json_t *given, const char *text)
{
  if (text == NULL) {
    return VQE_OK;
  }
  json_t *list = json_array();
  json_object_set_new(given, "seed", list);
  const char *at = text;
  for (;;) {
    char *end;
    errno = 0;
    long long seed = strtoll(at, &end, 10);
    if (end == at || (*end != '\0' && *end != ',') || errno != 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option --seed: '%s' is not a list "
                           "of whole numbers between commas",
                           text);
    }
    json_array_append_new(list, json_integer(seed));
    if (*end == '\0') {
      return VQE_OK;
    }
    at = end + 1;
  }
}

static int put_frozen_core(json_t *given, const char *text)
{
  if (text == NULL) {
    return VQE_OK;
  }
  if (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0) {
    json_object_set_new(given, "frozen_core",
                        json_boolean(strcasecmp(text, "true") == 0));
    return VQE_OK;
  }
  return put_member(given, "frozen_core", text);
}

static int put_active_space(json_t *given, const char *text)
{
  int electrons, orbitals, used = 0;
  if (text == NULL) {
    return VQE_OK;
  }
  if (strcasecmp(text, "none") == 0) {
    json_object_set_new(given, "active_space", json_null());
    return VQE_OK;
  }
  if (sscanf(text, "%9d,%9d%n", &electrons, &orbitals, &used) != 2 ||
      text[used] != '\0') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --active-space: '%s' is not "
                         "ELECTRONS,ORBITALS",
                         text);
  }
  json_object_set_new(
      given, "active_space",
      json_pack("{s:i, s:i}", "electrons", electrons, "orbitals", orbitals));
  return VQE_OK;
}

static int put_text(json_t *given, const char *key, const char *text)
{
  if (text != NULL && json_object_set_new(given, key, json_string(text))) {
    return vqe_error_set(VQE_ERR_INPUT, "option --%s: '%s' is not valid UTF-8",
                         key, text);
  }
  return VQE_OK;
}

static int put_overrides(json_t *given,
                         const struct vqe_job_overrides *overrides)
{
  int status = put_words(given, "basis", overrides->basis, false);
  if (status == VQE_OK) {
    status = put_words(given, "ansatz", overrides->ansatz, false);
  }
  if (status == VQE_OK) {
    status = put_words(given, "optimizer", overrides->optimizer, false);
  }
  if (status == VQE_OK) {
    status = put_words(given, "init", overrides->init, true);
  }
  if (status == VQE_OK) {
    status = put_words(given, "references", overrides->references, false);
  }
  if (status == VQE_OK) {
    status = put_seeds(given, overrides->seed);
  }
  if (status == VQE_OK) {
    status = put_frozen_core(given, overrides->frozen_core);
  }
  if (status == VQE_OK) {
    status = put_active_space(given, overrides->active_space);
  }
  if (status == VQE_OK) {
    status = put_member(given, "shots", overrides->shots);
  }
  if (status == VQE_OK) {
    status = put_text(given, "device", overrides->device);
  }
  if (status == VQE_OK) {
    status = put_text(given, "precision", overrides->precision);
  }
  if (status == VQE_OK) {
    status = put_text(given, "output", overrides->output);
  }
  return status;
}

/* ---- the whole ---- */

static int check_job_keys(const json_t *job, const char *path)
{
  char where[300];
  const char *key;
  json_t *value;
  snprintf(where, sizeof where, "file '%s'", path);
  json_object_foreach((json_t *)job, key, value)
  {
    if (is_known(key, later_keys, COUNT(later_keys))) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "%s: this version does not "
                           "support the key '%s' yet: remove it",
                           where, key);
    }
  }
  return check_keys(job, job_keys, COUNT(job_keys), where);
}

int job_settings_read(struct job_settings **out, struct job_value *molecules,
                      const json_t *job, const char *path,
                      const struct vqe_job_overrides *overrides)
{
  static const struct vqe_job_overrides none;
  struct reader reader = {job, json_object(), json_loads(defaults, 0, NULL),
                          path, overrides != NULL ? overrides : &none};
  struct job_settings *settings = NULL;
  int status =
      vqe_memory_alloc(&settings, 1, sizeof *settings, "settings of a job");
  if (status != VQE_OK) {
    goto out;
  }
  if (reader.given == NULL || reader.defaults == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for settings");
    goto out;
  }
  status = check_job_keys(job, path);
  if (status == VQE_OK) {
    status = put_overrides(reader.given, reader.overrides);
  }
  if (status == VQE_OK) {
    status = read_scalars(settings, &reader);
  }
  if (status == VQE_OK) {
    status = read_bases(settings, &reader);
  }
  if (status == VQE_OK) {
    status = read_ansatze(settings, &reader);
  }
  if (status == VQE_OK) {
    status = read_optimizers(settings, &reader);
  }
  if (status == VQE_OK) {
    status = read_inits(settings, &reader);
  }
  if (status == VQE_OK) {
    status = read_seeds(settings, &reader);
  }
  if (status == VQE_OK) {
    status = check_combinations(settings);
  }
  if (status == VQE_OK) {
    find(molecules, &reader, "molecules");
    *out = settings;
    settings = NULL;
  }
out:
  job_settings_free(settings);
  json_decref(reader.given);
  json_decref(reader.defaults);
  return status;
}

void job_settings_free(struct job_settings *settings)
{
  if (settings == NULL) {
    return;
  }
  for (size_t k = 0; settings->bases != NULL && k < settings->nbasis; k++) {
    free(settings->bases[k].name);
    free(settings->bases[k].sha256);
  }
  for (size_t k = 0; settings->optimizers != NULL && k < settings->noptimizer;
       k++) {
    struct vqe_option_list *options = &settings->optimizers[k].options;
    for (size_t i = 0; i < options->count; i++) {
      free(options->items[i].key);
      free(options->items[i].json);
    }
    free(options->items);
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
  free(settings);
}
