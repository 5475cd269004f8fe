#include "job/job_scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "job/job_value.h"
#include "molecule/molecule_build.h"

#define MOST_POINTS 100000 /* of a coordinate */
#define ROUNDED 1e10       /* 0.9 + 2 * 0.1 is 1.1 */

static const char *const axis_keys[] = {
    "molecule", "bond", "angle", "torsion", "displace", "values",
    "from",     "to",   "step",  "moves",   "count",    "seed"};

void vqe_job_scan_clear(struct vqe_job_scan *scan)
{
  for (size_t k = 0; scan->axes != NULL && k < scan->count; k++) {
    free(scan->axes[k].where);
    free(scan->axes[k].molecule);
    free(scan->axes[k].move);
    free(scan->axes[k].values);
  }
  free(scan->axes);
  memset(scan, 0, sizeof *scan);
}

/* ---- reading ---- */

static int read_atoms(size_t *out, size_t most, const json_t *list,
                      const char *where, const char *wanted)
{
  size_t count = json_array_size(list);
  if (!json_is_array(list) || count == 0 || count > most) {
    return vqe_job_refuse(where, list, wanted);
  }
  for (size_t k = 0; k < count; k++) {
    int64_t atom = 0;
    int status = vqe_job_read_int(&atom, json_array_get(list, k), 0,
                                  VQE_MAX_ATOMS - 1, where);
    if (status != VQE_OK) {
      return status;
    }
    out[k] = (size_t)atom;
  }
  return VQE_OK;
}

static int read_coordinate(struct vqe_job_scan_axis *axis, const json_t *item)
{
  static const struct {
    const char *key;
    enum vqe_coordinate_kind kind;
    const char *wanted;
  } kinds[] = {
      {"bond", VQE_COORDINATE_BOND, "two atoms, counted from 0: [0, 1]"},
      {"angle", VQE_COORDINATE_ANGLE,
       "three atoms, counted from 0: [1, 0, 2]"},
      {"torsion", VQE_COORDINATE_TORSION,
       "four atoms, counted from 0: [2, 0, 1, 3]"}};
  int given = json_object_get(item, "displace") != NULL;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < VQE_JOB_COUNT(kinds); k++) {
    const json_t *atoms = json_object_get(item, kinds[k].key);
    if (atoms != NULL) {
      char where[400];
      given++;
      snprintf(where, sizeof where, "%s, key '%s'", axis->where, kinds[k].key);
      axis->coordinate.kind = kinds[k].kind;
      status = json_array_size(atoms) == (size_t)kinds[k].kind
                   ? read_atoms(axis->coordinate.atoms, 4, atoms, where,
                                kinds[k].wanted)
                   : vqe_job_refuse(where, atoms, kinds[k].wanted);
    }
  }
  if (status == VQE_OK && given != 1) {
    status = vqe_job_refuse(axis->where, item,
                            "an object with one of the keys bond, angle, "
                            "torsion and displace");
  }
  return status;
}

static int read_number(double *out, const json_t *item, const char *key,
                       const char *axis_where)
{
  char where[400];
  const json_t *value = json_object_get(item, key);
  snprintf(where, sizeof where, "%s, key '%s'", axis_where, key);
  if (!json_is_number(value) || !isfinite(json_number_value(value)) ||
      fabs(json_number_value(value)) > VQE_MAX_COORD) {
    return vqe_job_refuse(where, value, "a number from -1e6 to 1e6");
  }
  *out = json_number_value(value);
  return VQE_OK;
}

static int refuse_count(const struct vqe_job_scan_axis *axis)
{
  return vqe_error_set(VQE_ERR_INPUT,
                       "%s: more than %d points of a coordinate: split the "
                       "job",
                       axis->where, MOST_POINTS);
}

/* from, to, step: the end belongs to it where steps reach it. */
static int read_range(struct vqe_job_scan_axis *axis, const json_t *item)
{
  double from = 0.0;
  double to = 0.0;
  double step = 0.0;
  int status = read_number(&from, item, "from", axis->where);
  if (status == VQE_OK) {
    status = read_number(&to, item, "to", axis->where);
  }
  if (status == VQE_OK) {
    status = read_number(&step, item, "step", axis->where);
  }
  double steps = (to - from) / step;
  if (status == VQE_OK && !(steps >= 0.0 && isfinite(steps))) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s: steps of %g do not lead from %g to %g",
                           axis->where, step, from, to);
  }
  if (status == VQE_OK && steps > MOST_POINTS - 1) {
    status = refuse_count(axis);
  }
  if (status != VQE_OK) {
    return status;
  }
  size_t count = (size_t)floor(steps + 1e-9) + 1;
  status = vqe_memory_alloc(&axis->values, count, sizeof *axis->values,
                            "values of a scan");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    axis->values[k] = round((from + (double)k * step) * ROUNDED) / ROUNDED;
    axis->count++;
  }
  return status;
}

static int read_list(struct vqe_job_scan_axis *axis, const json_t *list)
{
  char where[400];
  snprintf(where, sizeof where, "%s, key 'values'", axis->where);
  if (!json_is_array(list) || json_array_size(list) == 0) {
    return vqe_job_refuse(where, list, "a list of numbers");
  }
  if (json_array_size(list) > MOST_POINTS) {
    return refuse_count(axis);
  }
  int status = vqe_memory_alloc(&axis->values, json_array_size(list),
                                sizeof *axis->values, "values of a scan");
  for (size_t k = 0; status == VQE_OK && k < json_array_size(list); k++) {
    const json_t *value = json_array_get(list, k);
    if (!json_is_number(value) ||
        !(fabs(json_number_value(value)) <= VQE_MAX_COORD)) {
      return vqe_job_refuse(where, value, "a number from -1e6 to 1e6");
    }
    axis->values[axis->count++] = json_number_value(value);
  }
  return status;
}

static int by_size(const void *left, const void *right)
{
  double a = *(const double *)left;
  double b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Two points of one name would be the same experiment, or not to be kept
 * apart. */
static int check_distinct(const struct vqe_job_scan_axis *axis)
{
  double *sorted = NULL;
  int status = vqe_memory_alloc(&sorted, axis->count, sizeof *sorted,
                                "values of a scan");
  if (status != VQE_OK) {
    return status;
  }
  memcpy(sorted, axis->values, axis->count * sizeof *sorted);
  qsort(sorted, axis->count, sizeof *sorted, by_size);
  for (size_t k = 1; status == VQE_OK && k < axis->count; k++) {
    char names[2][40];
    snprintf(names[0], sizeof names[0], "%.7g", sorted[k - 1]);
    snprintf(names[1], sizeof names[1], "%.7g", sorted[k]);
    if (strcmp(names[0], names[1]) == 0) {
      status =
          vqe_error_set(VQE_ERR_INPUT, "%s: %s stands twice, to seven digits",
                        axis->where, names[0]);
    }
  }
  free(sorted);
  return status;
}

static int check_values(const struct vqe_job_scan_axis *axis)
{
  double low = axis->coordinate.kind == VQE_COORDINATE_TORSION ? -360.0 : 0.0;
  double high = axis->coordinate.kind == VQE_COORDINATE_BOND    ? VQE_MAX_COORD
                : axis->coordinate.kind == VQE_COORDINATE_ANGLE ? 180.0
                                                                : 360.0;
  bool open = axis->coordinate.kind != VQE_COORDINATE_TORSION;
  for (size_t k = 0; k < axis->count; k++) {
    double value = axis->values[k];
    if (value < low || (open && value == low) || value > high) {
      return vqe_error_set(
          VQE_ERR_INPUT, "%s: %g is no %s: it is above %g and at most %g",
          axis->where, value, vqe_coordinate_name(axis->coordinate.kind), low,
          high);
    }
  }
  return VQE_OK;
}

static int read_displacements(struct vqe_job_scan_axis *axis,
                              const json_t *item)
{
  char where[400];
  int64_t count = 0;
  axis->displaces = true;
  int status = read_number(&axis->width, item, "displace", axis->where);
  snprintf(where, sizeof where, "%s, key 'displace'", axis->where);
  if (status == VQE_OK && axis->width <= 0.0) {
    status = vqe_job_refuse(where, json_object_get(item, "displace"),
                            "a width above 0");
  }
  snprintf(where, sizeof where, "%s, key 'count'", axis->where);
  if (status == VQE_OK) {
    status = vqe_job_read_int(&count, json_object_get(item, "count"), 1,
                              MOST_POINTS, where);
  }
  snprintf(where, sizeof where, "%s, key 'seed'", axis->where);
  if (status == VQE_OK && json_object_get(item, "seed") != NULL) {
    status = vqe_job_read_int(&axis->seed, json_object_get(item, "seed"), 0,
                              INT32_MAX, where);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&axis->values, (size_t)count,
                              sizeof *axis->values, "values of a scan");
  }
  for (int64_t k = 0; status == VQE_OK && k < count; k++) {
    axis->values[axis->count++] = (double)k;
  }
  return status;
}

static int read_moves(struct vqe_job_scan_axis *axis, const json_t *list)
{
  char where[400];
  if (list == NULL) {
    return VQE_OK;
  }
  snprintf(where, sizeof where, "%s, key 'moves'", axis->where);
  int status = vqe_memory_alloc(&axis->move, json_array_size(list) + 1,
                                sizeof *axis->move, "atoms of a scan");
  if (status == VQE_OK) {
    status = read_atoms(axis->move, VQE_MAX_ATOMS, list, where,
                        "a list of atoms, counted from 0");
  }
  if (status == VQE_OK) {
    axis->nmove = json_array_size(list);
  }
  return status;
}

static bool has(const json_t *item, const char *key)
{
  return json_object_get(item, key) != NULL;
}

/* Members that do not go together, or lack one. */
static int check_members(const struct vqe_job_scan_axis *axis,
                         const json_t *item)
{
  static const char *const ranges[] = {"from", "to", "step"};
  static const char *const draws[] = {"count", "seed"};
  bool displaces = has(item, "displace");
  const char *beside = displaces             ? "displace"
                       : has(item, "values") ? "values"
                                             : NULL;
  const char *extra = NULL;
  int given = 0;
  for (size_t k = 0; k < VQE_JOB_COUNT(ranges); k++) {
    given += has(item, ranges[k]);
    extra = beside != NULL && has(item, ranges[k]) ? ranges[k] : extra;
  }
  for (size_t k = 0; k < VQE_JOB_COUNT(draws); k++) {
    if (!displaces && has(item, draws[k])) {
      beside = "a coordinate";
      extra = draws[k];
    }
  }
  if (displaces && (has(item, "values") || has(item, "moves"))) {
    extra = has(item, "values") ? "values" : "moves";
  }
  if (extra != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: '%s' has no meaning beside %s: leave it out",
                         axis->where, extra, beside);
  }
  if (beside == NULL && given != (int)VQE_JOB_COUNT(ranges)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: its points are missing: give 'values', or "
                         "'from', 'to' and 'step'",
                         axis->where);
  }
  return VQE_OK;
}

static int read_axis(struct vqe_job_scan_axis *axis, const json_t *item)
{
  if (!json_is_object(item)) {
    return vqe_job_refuse(axis->where, item,
                          "an object as {\"bond\": [0, 1], \"from\": 0.9, "
                          "\"to\": 2.5, \"step\": 0.1}");
  }
  const json_t *name = json_object_get(item, "molecule");
  const json_t *values = json_object_get(item, "values");
  int status = vqe_job_check_keys(item, axis_keys, VQE_JOB_COUNT(axis_keys),
                                  axis->where);
  if (status == VQE_OK && name != NULL && !json_is_string(name)) {
    char where[400];
    snprintf(where, sizeof where, "%s, key 'molecule'", axis->where);
    status = vqe_job_refuse(where, name, "the name of a molecule");
  }
  if (status == VQE_OK && name != NULL) {
    status = vqe_memory_strdup(&axis->molecule, json_string_value(name));
  }
  if (status == VQE_OK) {
    status = read_coordinate(axis, item);
  }
  if (status != VQE_OK) {
    return status;
  }
  status = check_members(axis, item);
  if (status != VQE_OK) {
    return status;
  }
  if (json_object_get(item, "displace") != NULL) {
    return read_displacements(axis, item);
  }
  status = values != NULL ? read_list(axis, values) : read_range(axis, item);
  if (status == VQE_OK) {
    status = check_values(axis);
  }
  if (status == VQE_OK) {
    status = check_distinct(axis);
  }
  return status == VQE_OK ? read_moves(axis, json_object_get(item, "moves"))
                          : status;
}

int vqe_job_scan_read(struct vqe_job_scan *out,
                      const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "scan");
  if (value.json == NULL || json_is_null(value.json)) {
    return VQE_OK;
  }
  size_t count = vqe_job_list_count(value.json);
  if (count == 0 || count > VQE_MAX_MOLECULES) {
    return vqe_job_refuse(value.where, value.json,
                          "an object or a list of them");
  }
  int status = vqe_memory_alloc(&out->axes, count, sizeof *out->axes,
                                "coordinates of a scan");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_job_scan_axis *axis = &out->axes[out->count++];
    const json_t *item =
        json_is_array(value.json) ? json_array_get(value.json, k) : value.json;
    status = vqe_memory_print(&axis->where, "%s, item %zu", value.where, k);
    if (status == VQE_OK) {
      status = read_axis(axis, item);
    }
  }
  return status;
}
