#include "noise/noisy_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/suggest.h"

#define MICRO 1e-6
#define NANO 1e-9

/* ---- values ---- */

static int refuse(const char *where, const char *key, const char *wanted)
{
  return vqe_error_set(VQE_ERR_INPUT, "%s, key '%s': %s is needed", where, key,
                       wanted);
}

static bool within(double *out, const json_t *value, double low, double high)
{
  *out = json_number_value(value);
  return json_is_number(value) && *out >= low && *out <= high;
}

/* A number, or a list of two: for one and two qubits, or for 0 and 1. */
static int read_two(double out[2], const json_t *object, const char *key,
                    double high, const char *where, const char *wanted)
{
  const json_t *value = json_object_get(object, key);
  bool fits = true;
  if (value == NULL) {
    return VQE_OK;
  }
  if (json_is_array(value) && json_array_size(value) == 2) {
    fits = within(&out[0], json_array_get(value, 0), 0.0, high) &&
           within(&out[1], json_array_get(value, 1), 0.0, high);
  } else {
    fits = within(&out[0], value, 0.0, high);
    out[1] = out[0];
  }
  return fits ? VQE_OK : refuse(where, key, wanted);
}

/* A time of relaxation in microseconds; INFINITY where none is given. */
static int read_relaxation(double *out, const json_t *object, const char *key,
                           const char *where)
{
  const json_t *value = json_object_get(object, key);
  *out = INFINITY;
  return value == NULL ||
                 (within(out, value, 0.0, VQE_NOISY_LONGEST) && *out > 0.0)
             ? VQE_OK
             : refuse(where, key,
                      "one time in microseconds above 0, at most 1e12,");
}

static int read_flag(bool *out, const json_t *object, const char *key,
                     const char *where)
{
  const json_t *value = json_object_get(object, key);
  if (value == NULL) {
    return VQE_OK;
  }
  *out = json_is_true(value);
  return json_is_boolean(value) ? VQE_OK : refuse(where, key, "true or false");
}

static int read_word(int *out, const json_t *object, const char *key,
                     const char *const *words, int count, const char *where,
                     const char *wanted)
{
  const json_t *value = json_object_get(object, key);
  const char *text = json_string_value(value);
  if (value == NULL) {
    return VQE_OK;
  }
  for (int k = 0; text != NULL && k < count; k++) {
    if (strcmp(words[k], text) == 0) {
      *out = k;
      return VQE_OK;
    }
  }
  return refuse(where, key, wanted);
}

static int check_keys(const json_t *object, const char *const *known,
                      size_t count, const char *where)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value)
  {
    bool found = false;
    for (size_t k = 0; k < count; k++) {
      found = found || strcmp(known[k], key) == 0;
    }
    if (!found) {
      const char *near = vqe_suggest(key, known, count);
      return vqe_error_set(VQE_ERR_INPUT, "%s: unknown key '%.60s'%s%s%s",
                           where, key, near != NULL ? "; did you mean '" : "",
                           near != NULL ? near : "", near != NULL ? "'?" : "");
    }
  }
  return VQE_OK;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- a model of one kind of qubit ---- */

/* Relaxation that is given in part is none that can be. */
static int check_times(const struct vqe_noisy_qubit *qubit, const char *where)
{
  return qubit->t2 <= 2.0 * qubit->t1 * (1.0 + 1e-12)
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "%s, key 't2_us': T2 of %g us is more than "
                             "twice T1, %g us, which no qubit has",
                             where, qubit->t2 / MICRO, qubit->t1 / MICRO);
}

static int read_uniform(struct vqe_noisy_model *out, const json_t *object,
                        const char *where)
{
  struct vqe_noisy_qubit *qubit = &out->qubits[0];
  double error[2] = {0.0, 0.0};
  double time[2] = {0.0, 0.0};
  double readout[2] = {0.0, 0.0};
  double t1 = INFINITY;
  double t2 = INFINITY;
  int status = read_two(error, object, "depolarizing", 1.0, where,
                        "a probability from 0 to 1, or [of one-qubit gates, "
                        "of two-qubit gates]");
  if (status == VQE_OK) {
    status = read_relaxation(&t1, object, "t1_us", where);
  }
  if (status == VQE_OK) {
    status = read_relaxation(&t2, object, "t2_us", where);
  }
  if (status == VQE_OK) {
    status = read_two(time, object, "gate_ns", VQE_NOISY_LONGEST, where,
                      "a time in nanoseconds from 0 to 1e12, or [of one-qubit "
                      "gates, of two-qubit gates],");
  }
  if (status == VQE_OK) {
    status = read_two(readout, object, "readout", 1.0, where,
                      "a probability from 0 to 1, or [to read 1 of a 0, to "
                      "read 0 of a 1]");
  }
  if (status != VQE_OK) {
    return status;
  }
  bool relaxes = isfinite(t1) || isfinite(t2);
  if (relaxes != (json_object_get(object, "gate_ns") != NULL)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: 't1_us' and 't2_us' act during 'gate_ns'; give "
                         "the times of gates with them",
                         where);
  }
  qubit->t1 = t1 * MICRO;
  /* what relaxes loses its phase by that at least */
  qubit->t2 = isfinite(t2) ? t2 * MICRO : 2.0 * qubit->t1;
  qubit->error = error[0];
  qubit->time = time[0] * NANO;
  qubit->read_one = readout[0];
  qubit->read_zero = readout[1];
  out->pair.error = error[1];
  out->pair.time = time[1] * NANO;
  snprintf(out->name, sizeof out->name, "%s%s%s",
           error[0] > 0.0 || error[1] > 0.0 ? "+depolarizing" : "",
           relaxes ? "+relaxation" : "",
           readout[0] > 0.0 || readout[1] > 0.0 ? "+readout" : "");
  if (out->name[0] == '\0') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: no noise is asked for; give 'depolarizing', "
                         "'t1_us' with 'gate_ns', 'readout' or 'calibration'",
                         where);
  }
  memmove(out->name, out->name + 1, strlen(out->name));
  return check_times(qubit, where);
}

/* ---- a calibration ---- */

static bool read_row(double *out, const json_t *row, size_t count)
{
  bool fits = json_is_array(row) && json_array_size(row) == count;
  for (size_t k = 0; fits && k < count; k++) {
    const json_t *value = json_array_get(row, k);
    out[k] = INFINITY;
    fits =
        json_is_null(value) || within(&out[k], value, 0.0, VQE_NOISY_LONGEST);
  }
  return fits;
}

static bool read_gate(struct vqe_noisy_pair *out, const json_t *row,
                      size_t first)
{
  double values[4] = {0.0};
  if (!read_row(values, row, first + 2) || !(values[first] <= 1.0) ||
      !isfinite(values[first + 1])) {
    return false;
  }
  for (size_t k = 0; k < first; k++) {
    if (!(values[k] < 1e6) || values[k] != floor(values[k])) {
      return false;
    }
    out->q[k] = (int)values[k];
  }
  out->error = values[first];
  out->time = values[first + 1] * NANO;
  return true;
}

static int read_calibration(struct vqe_noisy_model *out, const json_t *object,
                            const char *where)
{
  static const char *const known[] = {"name", "qubits", "pairs", "pair"};
  static const char *const others[] = {"depolarizing", "t1_us", "t2_us",
                                       "gate_ns", "readout"};
  const json_t *value = json_object_get(object, "calibration");
  const json_t *qubits = json_object_get(value, "qubits");
  const json_t *pairs = json_object_get(value, "pairs");
  const char *name = json_string_value(json_object_get(value, "name"));
  for (size_t k = 0; k < COUNT(others); k++) {
    if (json_object_get(object, others[k]) != NULL) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: 'calibration' has what '%s' says; leave one "
                           "of them out",
                           where, others[k]);
    }
  }
  if (!json_is_object(value)) {
    return refuse(where, "calibration", "the path of a file");
  }
  int status = check_keys(value, known, COUNT(known), where);
  if (status != VQE_OK) {
    return status;
  }
  bool fits = name != NULL && json_array_size(qubits) > 0 &&
              json_array_size(qubits) <= VQE_NOISY_MOST_QUBITS &&
              json_is_array(pairs) &&
              json_array_size(pairs) <= VQE_NOISY_MOST_PAIRS &&
              read_gate(&out->pair, json_object_get(value, "pair"), 0);
  for (size_t k = 0; fits && k < json_array_size(qubits); k++) {
    double row[6] = {0.0};
    fits = read_row(row, json_array_get(qubits, k), 6) && row[2] <= 1.0 &&
           isfinite(row[3]) && row[4] <= 1.0 && row[5] <= 1.0 &&
           row[0] > 0.0 && row[1] > 0.0;
    if (fits) {
      struct vqe_noisy_qubit *qubit = &out->qubits[out->nqubit++];
      *qubit = (struct vqe_noisy_qubit){.t1 = row[0] * MICRO,
                                        .t2 = row[1] * MICRO,
                                        .error = row[2],
                                        .time = row[3] * NANO,
                                        .read_one = row[4],
                                        .read_zero = row[5]};
      /* measured apart, they may disagree a little */
      qubit->t2 = fmin(qubit->t2, 2.0 * qubit->t1);
    }
  }
  for (size_t k = 0; fits && k < json_array_size(pairs); k++) {
    fits = read_gate(&out->pairs[out->npair++], json_array_get(pairs, k), 2);
  }
  snprintf(out->name, sizeof out->name, "%s", name != NULL ? name : "");
  out->infidelity = true;
  return fits ? VQE_OK
              : refuse(where, "calibration",
                       "the path of a file of BackendProperties");
}

/* ---- mitigation ---- */

static int read_scales(struct vqe_noisy_model *out, const json_t *list,
                       const char *where)
{
  static const double usual[] = {1.0, 3.0, 5.0};
  bool fits = list == NULL || (json_array_size(list) >= 2 &&
                               json_array_size(list) <= VQE_NOISY_MOST_SCALES);
  out->nscale = list == NULL ? 3 : (int)json_array_size(list);
  for (int k = 0; fits && k < out->nscale; k++) {
    if (list == NULL) {
      out->scales[k] = usual[k];
    } else {
      fits = within(&out->scales[k], json_array_get(list, (size_t)k), 1.0,
                    1001.0);
    }
    fits = fits && (k == 0 || out->scales[k] > out->scales[k - 1]) &&
           (!out->folding || fmod(out->scales[k], 2.0) == 1.0);
  }
  return fits
             ? VQE_OK
             : refuse(where, "scales",
                      out->folding
                          ? "a list of two to eight rising odd numbers from 1 "
                            "to 1001, as folding repeats the "
                            "circuit so often"
                          : "a list of two to eight rising numbers from 1 to "
                            "1001");
}

static int read_extrapolation(struct vqe_noisy_model *out,
                              const json_t *object, const char *where)
{
  static const char *const known[] = {"scales", "by", "fit"};
  static const char *const by[] = {"rates", "folding"};
  static const char *const fits[] = {"linear", "richardson"};
  const json_t *value = json_object_get(object, "zne");
  char place[400];
  int how = 1;
  int fit = VQE_NOISY_LINEAR;
  if (value == NULL || json_is_null(value) || json_is_false(value)) {
    return VQE_OK;
  }
  if (!json_is_object(value) && !json_is_true(value)) {
    return refuse(where, "zne",
                  "true, or an object with 'scales', 'by', 'fit'");
  }
  snprintf(place, sizeof place, "%s, key 'zne'", where);
  int status = json_is_object(value)
                   ? check_keys(value, known, COUNT(known), place)
                   : VQE_OK;
  if (status == VQE_OK) {
    status =
        read_word(&how, value, "by", by, 2, place, "\"folding\" or \"rates\"");
  }
  if (status == VQE_OK) {
    status = read_word(&fit, value, "fit", fits, 2, place,
                       "\"linear\" or \"richardson\"");
  }
  out->folding = how == 1;
  out->fit = (enum vqe_noisy_fit)fit;
  return status == VQE_OK
             ? read_scales(out, json_object_get(value, "scales"), place)
             : status;
}

/* ---- all of it ---- */

static int read_run(struct vqe_noisy_model *out, const json_t *object,
                    const char *where)
{
  static const char *const methods[] = {"auto", "density", "trajectories"};
  const json_t *strength = json_object_get(object, "strength");
  const json_t *count = json_object_get(object, "trajectories");
  int method = VQE_NOISY_AUTO;
  double number = 200.0;
  int status = read_flag(&out->virtual_z, object, "virtual_z", where);
  if (status == VQE_OK) {
    status = read_flag(&out->postselect, object, "postselect", where);
  }
  if (status == VQE_OK) {
    status = read_word(&method, object, "method", methods, 3, where,
                       "\"auto\", \"density\" or \"trajectories\"");
  }
  if (status == VQE_OK && strength != NULL &&
      !within(&out->strength, strength, 0.0, 1e6)) {
    status = refuse(where, "strength", "a number from 0 to 1,000,000");
  }
  if (status == VQE_OK && count != NULL &&
      (!within(&number, count, 2.0, 1e7) || number != floor(number))) {
    status =
        refuse(where, "trajectories", "a whole number from 2 to 10,000,000");
  }
  out->method = (enum vqe_noisy_method)method;
  out->trajectories = (int)number;
  return status;
}

/* What can be, at the largest scale. */
static int check_strength(const struct vqe_noisy_model *model,
                          const char *where)
{
  double most = 1.0;
  double worst = 0.0;
  if (!model->folding && model->nscale > 0) {
    most = model->scales[model->nscale - 1];
  }
  for (int k = 0; k < (model->nqubit > 0 ? model->nqubit : 1); k++) {
    const struct vqe_noisy_qubit *qubit = &model->qubits[k];
    /* extrapolation does not touch the measurement */
    worst = fmax(worst, fmax(most * qubit->error,
                             fmax(qubit->read_one, qubit->read_zero)));
  }
  worst = fmax(worst, most * model->pair.error);
  for (int k = 0; k < model->npair; k++) {
    double error = model->pairs[k].error;
    /* 1 says that the coupler is out of order, whatever the strength */
    worst = fmax(worst, error < 1.0 ? most * error : 0.0);
  }
  worst *= model->strength;
  return worst <= 1.0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "%s: 'strength' %g makes a probability of %g; "
                             "take at most %g",
                             where, model->strength, worst,
                             model->strength / worst);
}

int vqe_noisy_model_read(struct vqe_noisy_model *out, const json_t *value,
                         const char *where)
{
  static const char *const known[] = {
      "name",    "depolarizing", "t1_us",       "t2_us",     "gate_ns",
      "readout", "strength",     "calibration", "virtual_z", "method",
      "zne",     "trajectories", "postselect"};
  *out = (struct vqe_noisy_model){.strength = 1.0, .virtual_z = true};
  if (!json_is_object(value)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: an object is needed, as {\"depolarizing\": "
                         "[0.0001, 0.001]}",
                         where);
  }
  const json_t *name = json_object_get(value, "name");
  int status = check_keys(value, known, COUNT(known), where);
  if (status == VQE_OK) {
    status = json_object_get(value, "calibration") != NULL
                 ? read_calibration(out, value, where)
                 : read_uniform(out, value, where);
  }
  if (status == VQE_OK) {
    status = read_run(out, value, where);
  }
  if (status == VQE_OK) {
    status = read_extrapolation(out, value, where);
  }
  if (status == VQE_OK && name != NULL) {
    const char *text = json_string_value(name);
    if (text == NULL || text[0] == '\0' || strlen(text) >= sizeof out->name) {
      status = refuse(where, "name", "a text of at most 63 bytes");
    } else {
      snprintf(out->name, sizeof out->name, "%s", text);
    }
  }
  return status == VQE_OK ? check_strength(out, where) : status;
}

int vqe_noisy_model_parse(struct vqe_noisy_model *out, const char *text)
{
  json_t *value = NULL;
  int status =
      vqe_json_parse_object(&value, text, strlen(text), "the noise model");
  if (status == VQE_OK) {
    status = vqe_noisy_model_read(out, value, "the noise model");
  }
  json_decref(value);
  return status;
}

const struct vqe_noisy_qubit *
vqe_noisy_model_qubit(const struct vqe_noisy_model *model, int k)
{
  return &model->qubits[model->nqubit > 0 ? k : 0];
}

const struct vqe_noisy_pair *
vqe_noisy_model_pair(const struct vqe_noisy_model *model, int a, int b)
{
  for (int k = 0; k < model->npair; k++) {
    const int *q = model->pairs[k].q;
    if ((q[0] == a && q[1] == b) || (q[0] == b && q[1] == a)) {
      return &model->pairs[k];
    }
  }
  return &model->pair;
}
