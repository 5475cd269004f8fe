#include "campaign/tier.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/suggest.h"
#include "campaign/tier_texts.h"
#include "job/job_settings.h"
#include "job/job_value.h"

#define FILE_LIMIT ((size_t)64 << 20)
#define MOST_SEEDS 100000

/* Keys of a tier that are none of a job. */
static const char *const own_keys[] = {"name",  "description", "priority",
                                       "lanes", "restrict",    "cost_limit"};
/* Keys of a job that generate sets itself. */
static const char *const set_keys[] = {"output", "select"};
static const char *const lane_keys[] = {"name", "device", "partition",
                                        "memory_gb"};
static const char *const restriction_keys[] = {"only"};

/* ---- keys ---- */

static void place_of(char out[320], const struct vqe_tier *tier,
                     const char *key)
{
  snprintf(out, 320, "file '%.200s', key '%s'", tier->path, key);
}

static bool is_key(const char *key)
{
  return vqe_job_is_known(key, own_keys, VQE_JOB_COUNT(own_keys)) ||
         vqe_job_settings_has_key(key);
}

static int check_keys(struct vqe_tier *tier)
{
  const char *key;
  json_t *value;
  json_object_foreach(tier->text, key, value)
  {
    char where[320];
    place_of(where, tier, key);
    if (vqe_job_is_known(key, set_keys, VQE_JOB_COUNT(set_keys))) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: generate sets it for each job; leave it out",
                           where);
    }
    if (!is_key(key)) {
      const char *nearest =
          vqe_suggest(key, own_keys, VQE_JOB_COUNT(own_keys));
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: a tier has no such key%s%s%s. It has those of "
                           "a job and name, description, priority, lanes, "
                           "restrict, cost_limit",
                           where, nearest != NULL ? ": did you mean '" : "",
                           nearest != NULL ? nearest : "",
                           nearest != NULL ? "'?" : "");
    }
  }
  return VQE_OK;
}

/* Keys of an object that has conditions and `known` ones. */
static int check_rule_keys(const json_t *object, const char *const *known,
                           size_t count, const char *where)
{
  const char *key;
  json_t *value;
  if (!json_is_object(object)) {
    return vqe_job_refuse(where, object, "an object with conditions");
  }
  json_object_foreach((json_t *)object, key, value)
  {
    if (!vqe_rule_has_key(key) && !vqe_job_is_known(key, known, count)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: unknown key '%s'. Conditions are molecules, "
                           "basis, ansatz, optimizer, init, seed, min_qubits "
                           "and max_qubits",
                           where, key);
    }
  }
  return VQE_OK;
}

/* Letters, digits, "_" and "-": it becomes part of file names. */
static int check_name(const json_t *value, const char *where, bool dash)
{
  const char *name = json_string_value(value);
  bool good = name != NULL && name[0] != '\0' && strlen(name) <= 40;
  for (const char *at = name; good && *at != '\0'; at++) {
    good = isalnum((unsigned char)*at) || *at == '_' || (dash && *at == '-');
  }
  return good ? VQE_OK
              : vqe_job_refuse(where, value,
                               dash ? "a name of letters, digits, _ and -"
                                    : "a name of letters, digits and _");
}

/* ---- what a job takes over ---- */

/* A relative path of the tier is one from its own folder. */
static int put_absolute(json_t *holder, const char *key, size_t index,
                        const char *name, const struct vqe_tier *tier)
{
  char *path = NULL;
  char *real = NULL;
  int status = vqe_file_resolve(&path, tier->path, name);
  if (status == VQE_OK) {
    real = realpath(path, NULL);
    if (real == NULL) {
      status = vqe_error_set(VQE_ERR_NOT_FOUND,
                             "file '%s', key '%s': there is no file '%s'",
                             tier->path, key, path);
    } else if (json_is_array(holder)) {
      json_array_set_new(holder, index, json_string(real));
    } else {
      json_object_set_new(holder, key, json_string(real));
    }
  }
  free(real);
  free(path);
  return status;
}

static bool is_file(const struct vqe_tier *tier, const char *name)
{
  char *path = NULL;
  bool there = strpbrk(name, "/.") != NULL &&
               vqe_file_resolve(&path, tier->path, name) == VQE_OK &&
               access(path, F_OK) == 0;
  free(path);
  return there;
}

/* Molecules and basis sets that are files; starts that are. */
static int resolve_key(struct vqe_tier *tier, const char *key)
{
  json_t *value = json_object_get(tier->text, key);
  json_t *holder = json_is_array(value) ? value : tier->text;
  size_t count = value == NULL ? 0 : vqe_job_list_count(value);
  bool always = strcmp(key, "molecules") == 0;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    json_t *item = json_is_array(value) ? json_array_get(value, k) : value;
    const char *name = json_string_value(item);
    const char *file = json_string_value(json_object_get(item, "file"));
    if (name != NULL && (always || is_file(tier, name))) {
      status = put_absolute(holder, key, k, name, tier);
    } else if (file != NULL && !always) {
      status = put_absolute(item, "file", 0, file, tier);
    }
  }
  return status;
}

/* "1-25" as numbers; what is not a text is a job's as it is. */
static int put_seeds(struct vqe_tier *tier)
{
  char where[320];
  struct vqe_job_ranges ranges = {.count = 0};
  const json_t *seed = json_object_get(tier->job, "seed");
  if (!json_is_string(seed)) {
    return VQE_OK;
  }
  place_of(where, tier, "seed");
  json_t *list = json_array();
  int status = vqe_job_ranges_read(&ranges, json_string_value(seed), where);
  for (size_t k = 0; status == VQE_OK && k < ranges.count; k++) {
    const struct vqe_job_range *range = &ranges.list[k];
    if (range->last - range->first + (long long)json_array_size(list) >=
        MOST_SEEDS) {
      status = vqe_error_set(VQE_ERR_INPUT, "%s: more than %d seeds", where,
                             MOST_SEEDS);
    }
    for (long long s = range->first; status == VQE_OK && s <= range->last;
         s++) {
      json_array_append_new(list, json_integer(s));
    }
  }
  json_object_set_new(tier->job, "seed", list);
  vqe_job_ranges_clear(&ranges);
  return status;
}

/* Seeds have to be named: with drawn ones another call would make other
 * experiments, and what is done would not be known. */
static int make_job(struct vqe_tier *tier)
{
  static const char *const paths[] = {"molecules", "basis", "init"};
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < VQE_JOB_COUNT(paths); k++) {
    status = resolve_key(tier, paths[k]);
  }
  if (status != VQE_OK) {
    return status;
  }
  tier->job = json_deep_copy(tier->text);
  for (size_t k = 0; k < VQE_JOB_COUNT(own_keys); k++) {
    json_object_del(tier->job, own_keys[k]);
  }
  if (json_object_get(tier->job, "seed") == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "file '%s': a tier needs the key 'seed', like "
                         "\"1-25\"",
                         tier->path);
  }
  return put_seeds(tier);
}

/* ---- what generate does with them ---- */

static int start_list(void *out, size_t *count, size_t size,
                      const json_t *value, const char *where)
{
  *count = 0;
  if (value == NULL) {
    return VQE_OK;
  }
  if (!json_is_array(value)) {
    return vqe_job_refuse(where, value, "a list of objects");
  }
  int status =
      vqe_memory_alloc(out, json_array_size(value), size, "lists of a tier");
  *count = status == VQE_OK ? json_array_size(value) : 0;
  return status;
}

static int read_priorities(struct vqe_tier *tier)
{
  char where[320];
  const json_t *list = json_object_get(tier->text, "priority");
  place_of(where, tier, "priority");
  int status = start_list(&tier->priorities, &tier->npriority,
                          sizeof *tier->priorities, list, where);
  for (size_t k = 0; status == VQE_OK && k < tier->npriority; k++) {
    const json_t *item = json_array_get(list, k);
    status = check_rule_keys(item, NULL, 0, where);
    if (status == VQE_OK) {
      status = vqe_rule_read(&tier->priorities[k], item, where);
    }
  }
  return status;
}

static int read_text(const char **out, const json_t *object, const char *key,
                     const char *where)
{
  const json_t *value = json_object_get(object, key);
  *out = json_string_value(value);
  return value == NULL || (*out != NULL && (*out)[0] != '\0' &&
                           strpbrk(*out, "\t\n") == NULL)
             ? VQE_OK
             : vqe_job_refuse(where, value, "a name");
}

/* As a job has them: parts of the lane get it. */
static int read_device(const char **out, const json_t *object,
                       const char *where)
{
  static const char *const devices[] = {"auto", "cpu", "cuda"};
  char place[400];
  const json_t *value = json_object_get(object, "device");
  *out = json_string_value(value);
  snprintf(place, sizeof place, "%s, key 'device'", where);
  return value == NULL ||
                 (*out != NULL &&
                  vqe_job_is_known(*out, devices, VQE_JOB_COUNT(devices)))
             ? VQE_OK
             : vqe_job_refuse(place, value, "\"auto\", \"cpu\" or \"cuda\"");
}

static int read_lane(struct vqe_tier_lane *lane, const json_t *item,
                     const char *where)
{
  char name_where[400];
  const json_t *memory = json_object_get(item, "memory_gb");
  lane->memory_gb = NAN;
  snprintf(name_where, sizeof name_where, "%s, key 'name'", where);
  int status =
      check_rule_keys(item, lane_keys, VQE_JOB_COUNT(lane_keys), where);
  if (status == VQE_OK) {
    status = check_name(json_object_get(item, "name"), name_where, false);
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(
        &lane->name, json_string_value(json_object_get(item, "name")));
  }
  if (status == VQE_OK) {
    status = read_device(&lane->device, item, where);
  }
  if (status == VQE_OK) {
    status = read_text(&lane->partition, item, "partition", where);
  }
  if (status == VQE_OK && memory != NULL) {
    status = vqe_job_read_size(&lane->memory_gb, memory, false, where);
  }
  return status == VQE_OK ? vqe_rule_read(&lane->rule, item, where) : status;
}

static int read_lanes(struct vqe_tier *tier)
{
  char where[320];
  const json_t *list = json_object_get(tier->text, "lanes");
  place_of(where, tier, "lanes");
  int status =
      start_list(&tier->lanes, &tier->nlane, sizeof *tier->lanes, list, where);
  for (size_t k = 0; status == VQE_OK && k < tier->nlane; k++) {
    status = read_lane(&tier->lanes[k], json_array_get(list, k), where);
    for (size_t other = 0; status == VQE_OK && other < k; other++) {
      if (strcmp(tier->lanes[other].name, tier->lanes[k].name) == 0) {
        status = vqe_error_set(VQE_ERR_INPUT, "%s: two lanes are called '%s'",
                               where, tier->lanes[k].name);
      }
    }
  }
  return status;
}

static int read_restrictions(struct vqe_tier *tier)
{
  char where[320];
  const json_t *list = json_object_get(tier->text, "restrict");
  place_of(where, tier, "restrict");
  int status = start_list(&tier->restrictions, &tier->nrestriction,
                          sizeof *tier->restrictions, list, where);
  for (size_t k = 0; status == VQE_OK && k < tier->nrestriction; k++) {
    const json_t *item = json_array_get(list, k);
    const json_t *only = json_object_get(item, "only");
    status = check_rule_keys(item, restriction_keys,
                             VQE_JOB_COUNT(restriction_keys), where);
    if (status == VQE_OK) {
      status = check_rule_keys(only, NULL, 0, where);
    }
    if (status == VQE_OK) {
      status = vqe_rule_read(&tier->restrictions[k].whose, item, where);
    }
    if (status == VQE_OK) {
      status = vqe_rule_read(&tier->restrictions[k].only, only, where);
    }
  }
  return status;
}

static int read_cost_limit(struct vqe_tier *tier)
{
  char where[320];
  const json_t *value = json_object_get(tier->text, "cost_limit");
  tier->cost_limit = NAN;
  place_of(where, tier, "cost_limit");
  return value == NULL || json_is_null(value)
             ? VQE_OK
             : vqe_job_read_size(&tier->cost_limit, value, false, where);
}

/* ---- a tier ---- */

/* Its own name, else that of its file. */
static int read_name(struct vqe_tier *tier)
{
  char where[320];
  const json_t *value = json_object_get(tier->text, "name");
  place_of(where, tier, "name");
  if (value == NULL) {
    const char *slash = strrchr(tier->path, '/');
    const char *base = slash != NULL ? slash + 1 : tier->path;
    char *name = strndup(base, strcspn(base, "."));
    json_object_set_new(tier->text, "name",
                        json_string(name != NULL ? name : ""));
    free(name);
    value = json_object_get(tier->text, "name");
  }
  int status = check_name(value, where, true);
  return status == VQE_OK
             ? vqe_memory_strdup(&tier->name, json_string_value(value))
             : status;
}

static int read_tier(struct vqe_tier *tier)
{
  static int (*const readers[])(struct vqe_tier *) = {
      check_keys, read_name,         make_job,       read_priorities,
      read_lanes, read_restrictions, read_cost_limit};
  int status = json_is_object(tier->text)
                   ? VQE_OK
                   : vqe_error_set(VQE_ERR_INPUT,
                                   "file '%s' is no tier: a tier is a JSON "
                                   "object",
                                   tier->path);
  for (size_t k = 0; status == VQE_OK && k < VQE_JOB_COUNT(readers); k++) {
    status = readers[k](tier);
  }
  return status;
}

int vqe_tier_parse(struct vqe_tier **out, const char *text, size_t size,
                   const char *path)
{
  struct vqe_tier *tier = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&tier, 1, sizeof *tier, "a tier");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&tier->path, path);
  }
  if (status == VQE_OK) {
    status = vqe_json_parse_file(&tier->text, text, size,
                                 JSON_REJECT_DUPLICATES, path);
  }
  if (status == VQE_OK) {
    status = read_tier(tier);
  }
  if (status == VQE_OK) {
    *out = tier;
  } else {
    vqe_tier_free(tier);
  }
  return status;
}

int vqe_tier_load(struct vqe_tier **out, const char *name)
{
  char *text = NULL;
  size_t size = 0;
  *out = NULL;
  for (size_t k = 0; k < vqe_tier_text_count; k++) {
    if (strcmp(vqe_tier_texts[k].name, name) == 0) {
      return vqe_tier_parse(out, vqe_tier_texts[k].text,
                            *vqe_tier_texts[k].size, vqe_tier_texts[k].file);
    }
  }
  int status = vqe_file_read(&text, &size, name, FILE_LIMIT);
  if (status == VQE_ERR_NOT_FOUND) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "there is no tier '%s': name 1 to 4, or the file "
                           "of a tier (jobs/tiers/README.md)",
                           name);
  }
  if (status == VQE_OK) {
    status = vqe_tier_parse(out, text, size, name);
  }
  free(text);
  return status;
}

void vqe_tier_free(struct vqe_tier *tier)
{
  if (tier == NULL) {
    return;
  }
  for (size_t k = 0; k < tier->npriority; k++) {
    vqe_rule_clear(&tier->priorities[k]);
  }
  for (size_t k = 0; k < tier->nlane; k++) {
    vqe_rule_clear(&tier->lanes[k].rule);
    free(tier->lanes[k].name);
  }
  for (size_t k = 0; k < tier->nrestriction; k++) {
    vqe_rule_clear(&tier->restrictions[k].whose);
    vqe_rule_clear(&tier->restrictions[k].only);
  }
  free(tier->priorities);
  free(tier->lanes);
  free(tier->restrictions);
  json_decref(tier->job);
  json_decref(tier->text);
  free(tier->name);
  free(tier->path);
  free(tier);
}
