#include "vqe/record_id.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "vqe/canonical.h"

enum kind {
  KIND_STRING,
  KIND_INT,
  KIND_BOOL,
  KIND_DOUBLE,
  KIND_ARRAY, /* of `items` */
  KIND_RECORD /* with `fields` */
};

enum absent { ABSENT_ERROR, ABSENT_NULL, ABSENT_RANDOM, ABSENT_FALSE };

struct field {
  const char *name; /* NULL for the items of an array and to end a list */
  enum kind kind;
  bool nullable;
  enum absent absent;
  const struct field *parts; /* items of an array or fields of a record */
};

/* clang-format off */
static const struct field string_item = {NULL, KIND_STRING, false, 0, NULL};
static const struct field double_item = {NULL, KIND_DOUBLE, false, 0, NULL};
static const struct field row_item =
    {NULL, KIND_ARRAY, false, 0, &double_item};

static const struct field complex_fields[] = {
    {"real", KIND_DOUBLE, false, ABSENT_ERROR, NULL},
    {"imaginary", KIND_DOUBLE, false, ABSENT_ERROR, NULL},
    {NULL, 0, false, 0, NULL}};
static const struct field term_fields[] = {
    {"label", KIND_STRING, false, ABSENT_ERROR, NULL},
    {"coefficients", KIND_RECORD, false, ABSENT_ERROR, complex_fields},
    {NULL, 0, false, 0, NULL}};
static const struct field term_item =
    {NULL, KIND_RECORD, false, 0, term_fields};

static const struct field molecule_fields[] = {
    {"symbols", KIND_ARRAY, false, ABSENT_ERROR, &string_item},
    {"coords", KIND_ARRAY, false, ABSENT_ERROR, &row_item},
    {"multiplicity", KIND_INT, false, ABSENT_ERROR, NULL},
    {"charge", KIND_INT, false, ABSENT_ERROR, NULL},
    {"units", KIND_STRING, false, ABSENT_ERROR, NULL},
    {"masses", KIND_ARRAY, true, ABSENT_NULL, &double_item},
    {NULL, 0, false, 0, NULL}};

static const struct field initial_fields[] = {
    {"backend", KIND_STRING, false, ABSENT_ERROR, NULL},
    {"num_qubits", KIND_INT, false, ABSENT_ERROR, NULL},
    {"hamiltonian", KIND_ARRAY, false, ABSENT_ERROR, &term_item},
    {"num_parameters", KIND_INT, false, ABSENT_ERROR, NULL},
    {"initial_parameters", KIND_ARRAY, false, ABSENT_ERROR, &double_item},
    {"optimizer", KIND_STRING, false, ABSENT_ERROR, NULL},
    {"ansatz", KIND_STRING, false, ABSENT_ERROR, NULL},
    {"noise_backend", KIND_STRING, false, ABSENT_ERROR, NULL},
    {"default_shots", KIND_INT, true, ABSENT_ERROR, NULL},
    {"ansatz_reps", KIND_INT, false, ABSENT_ERROR, NULL},
    {"init_strategy", KIND_STRING, true, ABSENT_RANDOM, NULL},
    {"seed", KIND_INT, true, ABSENT_NULL, NULL},
    {"ansatz_name", KIND_STRING, true, ABSENT_NULL, NULL},
    {"exact_estimator", KIND_BOOL, false, ABSENT_FALSE, NULL},
    {NULL, 0, false, 0, NULL}};

static const struct field record_fields[] = {
    {"molecule_data", KIND_RECORD, false, ABSENT_ERROR, molecule_fields},
    {"basis_set", KIND_STRING, false, ABSENT_ERROR, NULL},
    {"initial_data", KIND_RECORD, false, ABSENT_ERROR, initial_fields},
    {NULL, 0, false, 0, NULL}};
/* clang-format on */

static int encode(json_t **out, const struct field *field, const json_t *value,
                  const char *name);

/* Avro's JSON encoding wraps a union as {"type": value}. */
static const json_t *unwrap(const struct field *field, const json_t *value)
{
  static const char *const branches[] = {"string", "int", "boolean", "double",
                                         "array"};
  if (field->kind == KIND_RECORD || json_object_size(value) != 1) {
    return value;
  }
  const json_t *inner = json_object_get(value, branches[field->kind]);
  return inner != NULL ? inner : value;
}

static json_t *whole_number(const json_t *value)
{
  if (json_is_integer(value)) {
    return json_integer(json_integer_value(value));
  }
  if (json_is_real(value)) {
    double real = json_real_value(value);
    if (real == floor(real) && fabs(real) < 9e15) {
      return json_integer((json_int_t)real);
    }
  }
  return NULL;
}

static int encode_array(json_t **out, const struct field *field,
                        const json_t *value, const char *name)
{
  *out = json_array();
  for (size_t k = 0; k < json_array_size(value); k++) {
    json_t *item;
    int status = encode(&item, field->parts, json_array_get(value, k), name);
    if (status != VQE_OK) {
      return status;
    }
    if (json_array_append_new(*out, item) != 0) {
      return vqe_error_set(VQE_ERR_MEMORY, "no memory for field '%s'", name);
    }
  }
  return VQE_OK;
}

static json_t *absent_value(enum absent absent)
{
  switch (absent) {
  case ABSENT_NULL:
    return json_null();
  case ABSENT_RANDOM:
    return json_string("random");
  case ABSENT_FALSE:
    return json_false();
  default:
    return NULL;
  }
}

static int encode_record(json_t **out, const struct field *field,
                         const json_t *value)
{
  *out = json_object();
  for (const struct field *part = field->parts; part->name != NULL; part++) {
    const json_t *given = json_object_get(value, part->name);
    json_t *item = NULL;
    if (given == NULL) {
      item = absent_value(part->absent);
      if (item == NULL) {
        return vqe_error_set(VQE_ERR_INPUT, "record: field '%s' is missing",
                             part->name);
      }
    } else {
      int status = encode(&item, part, given, part->name);
      if (status != VQE_OK) {
        return status;
      }
    }
    if (json_object_set_new(*out, part->name, item) != 0) {
      return vqe_error_set(VQE_ERR_MEMORY, "no memory for field '%s'",
                           part->name);
    }
  }
  return VQE_OK;
}

/* New value in *out; on failure *out may hold a part, and is released here. */
static int encode(json_t **out, const struct field *field, const json_t *value,
                  const char *name)
{
  int status = VQE_OK;
  *out = NULL;
  value = unwrap(field, value);
  if (field->nullable && json_is_null(value)) {
    *out = json_null();
    return VQE_OK;
  }
  switch (field->kind) {
  case KIND_STRING:
    if (json_is_string(value)) {
      *out = json_stringn(json_string_value(value), json_string_length(value));
    }
    break;
  case KIND_INT:
    *out = whole_number(value);
    break;
  case KIND_BOOL:
    if (json_is_boolean(value)) {
      *out = json_boolean(json_is_true(value));
    }
    break;
  case KIND_DOUBLE:
    if (json_is_number(value)) {
      *out = vqe_canonical_double(json_number_value(value));
    } else if (json_is_null(value)) {
      *out = vqe_canonical_double(NAN);
    }
    break;
  case KIND_ARRAY:
    if (json_is_array(value)) {
      status = encode_array(out, field, value, name);
    }
    break;
  case KIND_RECORD:
    if (json_is_object(value)) {
      status = encode_record(out, field, value);
    }
    break;
  }
  if (status != VQE_OK) {
    json_decref(*out);
    *out = NULL;
    return status;
  }
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "record: field '%s' is not of the "
                         "type that the schema gives it",
                         name);
  }
  return VQE_OK;
}

int vqe_record_id(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                  const json_t *record)
{
  static const struct field whole = {NULL, KIND_RECORD, false, 0,
                                     record_fields};
  json_t *encoded;
  char *canonical = NULL;
  int status = encode(&encoded, &whole, record, "record");
  if (status == VQE_OK) {
    status = vqe_canonical_dump(id, &canonical, encoded);
  }
  if (status == VQE_OK && text != NULL) {
    *text = canonical;
    canonical = NULL;
  }
  free(canonical);
  json_decref(encoded);
  return status;
}
