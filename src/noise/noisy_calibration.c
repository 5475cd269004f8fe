/* BackendProperties of IBM's machines to the numbers of a model. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "noise/noisy_model.h"

#define MOST_GATES 100000

/* ---- one parameter ---- */

/* Microseconds or nanoseconds in `unit`; 0: another unit. */
static double seconds_of(const char *unit)
{
  static const struct {
    const char *name;
    double seconds;
  } units[] = {{"s", 1.0},   {"ms", 1e-3}, {"us", 1e-6},
               {"µs", 1e-6}, {"ns", 1e-9}, {"ps", 1e-12}};
  for (size_t k = 0; unit != NULL && k < sizeof units / sizeof units[0]; k++) {
    if (strcmp(units[k].name, unit) == 0) {
      return units[k].seconds;
    }
  }
  return 0.0;
}

/* The parameter `name` of a list; *out NaN where it is not there. Times in
 * units of `scale` seconds, other numbers with scale 0 are probabilities. */
static int find(double *out, const json_t *list, const char *name,
                double scale, const char *where)
{
  *out = NAN;
  for (size_t k = 0; k < json_array_size(list); k++) {
    const json_t *item = json_array_get(list, k);
    const char *found = json_string_value(json_object_get(item, "name"));
    const json_t *value = json_object_get(item, "value");
    if (found == NULL || strcmp(found, name) != 0) {
      continue;
    }
    double unit =
        scale > 0.0
            ? seconds_of(json_string_value(json_object_get(item, "unit")))
            : 1.0;
    *out = json_number_value(value) * (scale > 0.0 ? unit / scale : 1.0);
    if (!json_is_number(value) || unit <= 0.0 || !(*out >= 0.0) ||
        *out > (scale > 0.0 ? VQE_NOISY_LONGEST : 1.0)) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: '%s' is not %s", where, name,
                           scale > 0.0
                               ? "a number with the unit s, ms, us, ns or ps"
                               : "a probability from 0 to 1");
    }
  }
  return VQE_OK;
}

/* ---- gates ---- */

struct gate_errors {
  double error, ns;
  int rank; /* of the kind of gate that they are of; the least is taken */
};

static int rank_of(const char *gate, const char *const *kinds, size_t count)
{
  for (size_t k = 0; k < count; k++) {
    if (gate != NULL && strcmp(gate, kinds[k]) == 0) {
      return (int)k;
    }
  }
  return -1;
}

static int read_gate(struct gate_errors *out, const json_t *gate,
                     const char *where)
{
  const json_t *list = json_object_get(gate, "parameters");
  int status = find(&out->error, list, "gate_error", 0.0, where);
  if (status == VQE_OK) {
    status = find(&out->ns, list, "gate_length", 1e-9, where);
  }
  if (status == VQE_OK && (isnan(out->error) || isnan(out->ns))) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s: no '%s' is given", where,
                           isnan(out->error) ? "gate_error" : "gate_length");
  }
  return status;
}

/* Its qubits, from 0 to `most` - 1. */
static bool read_qubits(int q[2], const json_t *gate, size_t count, int most)
{
  const json_t *list = json_object_get(gate, "qubits");
  if (json_array_size(list) != count) {
    return false;
  }
  for (size_t k = 0; k < count; k++) {
    const json_t *item = json_array_get(list, k);
    if (!json_is_integer(item) || json_integer_value(item) < 0 ||
        json_integer_value(item) >= most) {
      return false;
    }
    q[k] = (int)json_integer_value(item);
  }
  return count == 1 || q[0] != q[1];
}

/* Two entries of one pair, as ecr 0 1 and cx 1 0, count once. */
static bool is_known(const json_t *pairs, const int q[2])
{
  for (size_t k = 0; k < json_array_size(pairs); k++) {
    const json_t *pair = json_array_get(pairs, k);
    json_int_t a = json_integer_value(json_array_get(pair, 0));
    json_int_t b = json_integer_value(json_array_get(pair, 1));
    if ((a == q[0] && b == q[1]) || (a == q[1] && b == q[0])) {
      return true;
    }
  }
  return false;
}

struct reading {
  const char *where;
  int machine; /* qubits of it */
  int count;   /* qubits that are taken */
  struct gate_errors single[VQE_NOISY_MOST_QUBITS];
  double error, ns; /* summed over pairs */
  size_t npair;
};

static int take_gate(struct reading *reading, json_t *pairs,
                     const json_t *gate, size_t number)
{
  static const char *const singles[] = {"sx", "x", "u3", "u2"};
  static const char *const doubles[] = {"cx", "ecr", "cz"};
  const char *name = json_string_value(json_object_get(gate, "gate"));
  int single = rank_of(name, singles, sizeof singles / sizeof singles[0]);
  int both = rank_of(name, doubles, sizeof doubles / sizeof doubles[0]);
  struct gate_errors errors = {.rank = single};
  char place[400];
  int q[2];
  if (single < 0 && both < 0) {
    return VQE_OK; /* rz, id, reset, measure, ... */
  }
  snprintf(place, sizeof place, "%s, key 'gates', entry %zu ('%.20s')",
           reading->where, number, name);
  if (!read_qubits(q, gate, single >= 0 ? 1 : 2, reading->machine)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: 'qubits' is not a list of %d numbers below %d, "
                         "as 'qubits' of the file has",
                         place, single >= 0 ? 1 : 2, reading->machine);
  }
  int status = read_gate(&errors, gate, place);
  if (status != VQE_OK) {
    return status;
  }
  if (single >= 0) {
    if (q[0] < reading->count && (reading->single[q[0]].rank < 0 ||
                                  reading->single[q[0]].rank > single)) {
      reading->single[q[0]] = errors;
    }
    return VQE_OK;
  }
  /* a coupler that is out of order is published with an error of 1 */
  if (errors.error < 1.0) {
    reading->error += errors.error;
    reading->ns += errors.ns;
    reading->npair++;
  }
  if (q[0] >= reading->count || q[1] >= reading->count || is_known(pairs, q) ||
      json_array_size(pairs) >= VQE_NOISY_MOST_PAIRS) {
    return VQE_OK;
  }
  return json_array_append_new(pairs, json_pack("[i, i, f, f]", q[0], q[1],
                                                errors.error, errors.ns)) == 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for a calibration");
}

/* ---- qubits ---- */

static json_t *time_or_null(double microseconds)
{
  return isnan(microseconds) ? json_null() : json_real(microseconds);
}

static int take_qubit(json_t *rows, const json_t *list,
                      const struct gate_errors *gate, const char *where,
                      size_t number)
{
  double t1 = NAN;
  double t2 = NAN;
  double one = NAN;
  double zero = NAN;
  double both = NAN;
  char place[400];
  snprintf(place, sizeof place, "%s, key 'qubits', qubit %zu", where, number);
  if (!json_is_array(list)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: a list of objects with 'name', 'unit' and "
                         "'value' is needed",
                         place);
  }
  int status = find(&t1, list, "T1", 1e-6, place);
  if (status == VQE_OK) {
    status = find(&t2, list, "T2", 1e-6, place);
  }
  if (status == VQE_OK) {
    status = find(&one, list, "prob_meas1_prep0", 0.0, place);
  }
  if (status == VQE_OK) {
    status = find(&zero, list, "prob_meas0_prep1", 0.0, place);
  }
  if (status == VQE_OK) {
    status = find(&both, list, "readout_error", 0.0, place);
  }
  one = isnan(one) ? both : one;
  zero = isnan(zero) ? both : zero;
  if (status == VQE_OK && (t1 <= 0.0 || t2 <= 0.0)) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s: T1 and T2 are above 0", place);
  }
  if (status == VQE_OK && (isnan(one) || isnan(zero))) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s: neither 'readout_error' nor "
                           "'prob_meas1_prep0' and 'prob_meas0_prep1'",
                           place);
  }
  if (status == VQE_OK && gate->rank < 0) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s: 'gates' has no sx, x, u3 or u2 of it", place);
  }
  if (status == VQE_OK &&
      json_array_append_new(rows,
                            json_pack("[o, o, f, f, f, f]", time_or_null(t1),
                                      time_or_null(t2), gate->error, gate->ns,
                                      one, zero)) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a calibration");
  }
  return status;
}

int vqe_noisy_calibration_read(json_t **out, const json_t *value,
                               const char *where)
{
  const json_t *qubits = json_object_get(value, "qubits");
  const json_t *gates = json_object_get(value, "gates");
  const char *name = json_string_value(json_object_get(value, "backend_name"));
  size_t machine = json_array_size(qubits);
  struct reading reading = {.where = where, .machine = (int)machine};
  json_t *rows = json_array();
  json_t *pairs = json_array();
  int status = VQE_OK;
  *out = NULL;
  if (name != NULL && strlen(name) >= VQE_NOISY_NAME) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s: 'backend_name' has %zu bytes; shorten it to "
                           "%d at most",
                           where, strlen(name), VQE_NOISY_NAME - 1);
  } else if (name == NULL || name[0] == '\0' || machine == 0 ||
             machine > 100000 || json_array_size(gates) == 0 ||
             json_array_size(gates) > MOST_GATES) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s: this is not BackendProperties with "
                           "'backend_name', 'qubits' and 'gates'; write "
                           "backend.properties().to_dict() as JSON",
                           where);
  }
  reading.count =
      machine < VQE_NOISY_MOST_QUBITS ? (int)machine : VQE_NOISY_MOST_QUBITS;
  for (int k = 0; k < reading.count; k++) {
    reading.single[k].rank = -1;
  }
  for (size_t k = 0; status == VQE_OK && k < json_array_size(gates); k++) {
    status = take_gate(&reading, pairs, json_array_get(gates, k), k);
  }
  for (int k = 0; status == VQE_OK && k < reading.count; k++) {
    status = take_qubit(rows, json_array_get(qubits, (size_t)k),
                        &reading.single[k], where, (size_t)k);
  }
  if (status == VQE_OK && machine > 1 && reading.npair == 0) {
    status = vqe_error_set(
        VQE_ERR_INPUT, "%s, key 'gates': no cx, ecr or cz that works is there",
        where);
  }
  if (status == VQE_OK) {
    double pairs_seen = reading.npair > 0 ? (double)reading.npair : 1.0;
    *out = json_pack("{s:s, s:O, s:O, s:[f, f]}", "name", name, "qubits", rows,
                     "pairs", pairs, "pair", reading.error / pairs_seen,
                     reading.ns / pairs_seen);
    if (*out == NULL) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a calibration");
    }
  }
  json_decref(rows);
  json_decref(pairs);
  return status;
}
