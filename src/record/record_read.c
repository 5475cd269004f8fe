#include "record/record_read.h"

#include <math.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "record/fields.h"

/* A value that is being read, for the messages. */
struct place {
  const char *where;
  const struct vqe_field *field;
};

static int refuse(const struct place *place, const char *what)
{
  return vqe_error_set(VQE_ERR_INPUT, "%s, field '%s': %s", place->where,
                       place->field->name, what);
}

/* ---- scalars ---- */

/* JSON writes NaN as null. */
static int read_double(double *out, const struct place *place,
                       const struct vqe_node *node, const char *what)
{
  *out = NAN;
  if ((node->is_json && vqe_node_is_null(node)) ||
      vqe_node_as_double(out, node)) {
    return VQE_OK;
  }
  return refuse(place, what);
}

static int read_text(char **out, const struct place *place,
                     const struct vqe_node *node)
{
  const char *text;
  if (!vqe_node_as_text(&text, node)) {
    return refuse(place, place->field->nullable ? "is neither a text nor null"
                                                : "is not a text");
  }
  return vqe_memory_strdup(out, text);
}

static int read_int(void *at, const struct place *place,
                    const struct vqe_node *node)
{
  struct vqe_maybe_int *maybe = at;
  if (!place->field->nullable) {
    return vqe_node_as_int(at, node)
               ? VQE_OK
               : refuse(place, "is not a 32-bit integer");
  }
  maybe->set = vqe_node_as_int(&maybe->value, node);
  return maybe->set ? VQE_OK
                    : refuse(place, "is neither a 32-bit integer nor null");
}

static int read_long(struct vqe_maybe_long *out, const struct place *place,
                     const struct vqe_node *node)
{
  out->set = vqe_node_as_long(&out->value, node);
  return out->set ? VQE_OK
                  : refuse(place, "is neither a 64-bit integer nor null");
}

static int read_bool(void *at, const struct place *place,
                     const struct vqe_node *node)
{
  bool value = false;
  if (!vqe_node_as_bool(&value, node)) {
    return refuse(place, place->field->nullable
                             ? "is neither a boolean nor null"
                             : "is not a boolean");
  }
  if (place->field->nullable) {
    *(enum vqe_maybe_bool *)at = value ? VQE_MAYBE_TRUE : VQE_MAYBE_FALSE;
  } else {
    *(bool *)at = value;
  }
  return VQE_OK;
}

/* ---- lists ---- */

static int fill_doubles(double *to, const struct place *place,
                        const struct vqe_node *array, size_t count)
{
  int status = VQE_OK;
  if (vqe_node_all_doubles(to, array, count)) {
    return VQE_OK;
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_node at = vqe_node_element(array, k);
    status = read_double(&to[k], place, &at,
                         "holds something that is not a number");
  }
  return status;
}

static int read_doubles(double **out, size_t *count, const struct place *place,
                        const struct vqe_node *array)
{
  size_t length;
  if (!vqe_node_array_size(&length, array)) {
    return refuse(place, "is not an array");
  }
  int status = vqe_memory_alloc(out, length, sizeof **out, place->field->name);
  if (status == VQE_OK) {
    *count = length;
    status = fill_doubles(*out, place, array, length);
  }
  return status;
}

static int read_texts(char ***out, size_t *count, const struct place *place,
                      const struct vqe_node *array)
{
  size_t length;
  if (!vqe_node_array_size(&length, array)) {
    return refuse(place, "is not an array");
  }
  int status = vqe_memory_alloc(out, length, sizeof **out, place->field->name);
  if (status == VQE_OK) {
    *count = length;
  }
  for (size_t k = 0; status == VQE_OK && k < length; k++) {
    struct vqe_node at = vqe_node_element(array, k);
    const char *text;
    status = vqe_node_as_text(&text, &at)
                 ? vqe_memory_strdup(&(*out)[k], text)
                 : refuse(place, "holds something that is not a text");
  }
  return status;
}

/* Lengths of the arrays in an array, and their sum. */
static int measure_rows(size_t *lengths, size_t *total,
                        const struct place *place,
                        const struct vqe_node *array, size_t count)
{
  int status = VQE_OK;
  *total = 0;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_node row = vqe_node_element(array, k);
    if (vqe_node_array_size(&lengths[k], &row)) {
      *total += lengths[k];
    } else {
      status = refuse(place, "holds something that is not an array");
    }
  }
  return status;
}

static int read_rows(double **out, size_t **lengths, size_t *count,
                     const struct place *place, const struct vqe_node *array)
{
  size_t rows = 0;
  size_t total = 0;
  if (!vqe_node_array_size(&rows, array)) {
    return refuse(place, "is not an array");
  }
  int status =
      vqe_memory_alloc(lengths, rows, sizeof **lengths, "coordinates");
  if (status == VQE_OK) {
    status = measure_rows(*lengths, &total, place, array, rows);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(out, total, sizeof **out, "coordinates");
  }
  if (status != VQE_OK) {
    return status;
  }
  *count = rows;
  double *to = *out;
  for (size_t k = 0; status == VQE_OK && k < rows; k++) {
    struct vqe_node row = vqe_node_element(array, k);
    status = fill_doubles(to, place, &row, (*lengths)[k]);
    to += (*lengths)[k];
  }
  return status;
}

/* ---- fields by the table ---- */

/* What is being read, and where the next slice of doubles goes. */
struct reading {
  const char *where;
  double *slices;
};

static int read_fields(struct reading *reading,
                       const struct vqe_fields *fields, void *self,
                       const struct vqe_node *node);

/* An array of structs, whose address goes to `at`. */
static int read_records(struct reading *reading, void *at, size_t *count,
                        const struct vqe_field *field,
                        const struct vqe_node *array)
{
  const struct place place = {reading->where, field};
  char *items = NULL;
  size_t length = 0;
  if (!vqe_node_array_size(&length, array)) {
    return refuse(&place, "is not an array");
  }
  int status =
      vqe_memory_alloc(&items, length, field->parts->size, field->name);
  if (status == VQE_OK) {
    memcpy(at, &items, sizeof items);
    *count = length;
  }
  if (status == VQE_OK && length > 0) {
    vqe_fields_set_null(field->parts, items);
  }
  for (size_t k = 0; status == VQE_OK && k < length; k++) {
    struct vqe_node node = vqe_node_element(array, k);
    char *item = items + k * field->parts->size;
    if (k + 1 < length) {
      /* the next one's nulls, before this one is filled */
      memcpy(item + field->parts->size, item, field->parts->size);
    }
    status = read_fields(reading, field->parts, item, &node);
  }
  return status;
}

static int read_slice(struct reading *reading, const double **out,
                      size_t *count, const struct place *place,
                      const struct vqe_node *array)
{
  if (!vqe_node_array_size(count, array)) {
    return refuse(place, "is not an array");
  }
  *out = reading->slices;
  reading->slices += *count;
  return fill_doubles(reading->slices - *count, place, array, *count);
}

/* A value that is there and is not null. */
static int read_value(struct reading *reading, const struct vqe_field *field,
                      void *self, const struct vqe_node *node)
{
  const struct place place = {reading->where, field};
  void *at = (char *)self + field->offset;
  size_t *count = (size_t *)(void *)((char *)self + field->count);
  switch (field->kind) {
  case VQE_FIELD_TEXT:
    return read_text(at, &place, node);
  case VQE_FIELD_INT:
    return read_int(at, &place, node);
  case VQE_FIELD_LONG:
    return read_long(at, &place, node);
  case VQE_FIELD_BOOL:
    return read_bool(at, &place, node);
  case VQE_FIELD_DOUBLE:
    return read_double(at, &place, node,
                       field->nullable ? "is neither a number nor null"
                                       : "is not a number");
  case VQE_FIELD_DOUBLES:
    return read_doubles(at, count, &place, node);
  case VQE_FIELD_SLICE:
    return read_slice(reading, at, count, &place, node);
  case VQE_FIELD_TEXTS:
    return read_texts(at, count, &place, node);
  case VQE_FIELD_ROWS:
    return read_rows(at, (size_t **)(void *)((char *)self + field->lengths),
                     count, &place, node);
  case VQE_FIELD_RECORDS:
    return read_records(reading, at, count, field, node);
  case VQE_FIELD_RECORD:
    break;
  }
  return read_fields(reading, field->parts, self, node);
}

static void set_flag(const struct vqe_field *field, void *self)
{
  if (field->nullable &&
      (field->kind == VQE_FIELD_RECORD || field->kind == VQE_FIELD_RECORDS ||
       field->kind == VQE_FIELD_DOUBLES)) {
    *(bool *)((char *)self + field->flag) = true;
  }
}

/* A field that is absent: null and false stand there already. */
static int take_default(const struct reading *reading,
                        const struct vqe_field *field, void *self)
{
  const struct place place = {reading->where, field};
  if (field->missing != NULL) {
    return vqe_memory_strdup((char **)(void *)((char *)self + field->offset),
                             field->missing);
  }
  return field->nullable || field->kind == VQE_FIELD_BOOL
             ? VQE_OK
             : refuse(&place, "is missing");
}

static int read_fields(struct reading *reading,
                       const struct vqe_fields *fields, void *self,
                       const struct vqe_node *node)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    struct vqe_node at;
    if (!vqe_node_field(&at, node, field->name)) {
      status = take_default(reading, field, self);
      continue;
    }
    if (field->nullable && field->kind == VQE_FIELD_RECORD) {
      vqe_node_unwrap(&at, field->parts->name);
    }
    if (!field->nullable || !vqe_node_is_null(&at)) {
      set_flag(field, self);
      status = read_value(reading, field, self, &at);
    }
  }
  return status;
}

/* Memory for the parameters of all iterations, which are counted first. */
static int make_slices(struct reading *reading, struct vqe_record *record,
                       const struct vqe_node *root)
{
  struct vqe_node at;
  struct vqe_node list;
  struct vqe_node parameters;
  size_t count = 0;
  size_t total = 0;
  if (vqe_node_field(&at, root, "vqe_result") &&
      vqe_node_field(&list, &at, "iteration_list") &&
      vqe_node_array_size(&count, &list)) {
    for (size_t k = 0; k < count; k++) {
      size_t length = 0;
      struct vqe_node item = vqe_node_element(&list, k);
      if (vqe_node_field(&parameters, &item, "parameters") &&
          vqe_node_array_size(&length, &parameters)) {
        total += length;
      }
    }
  }
  int status = vqe_memory_alloc(&record->iteration_parameters, total,
                                sizeof(double), "iteration parameters");
  reading->slices = record->iteration_parameters;
  return status;
}

int vqe_record_from_node(struct vqe_record **out, const struct vqe_node *root,
                         const char *where)
{
  struct reading reading = {where, NULL};
  struct vqe_record *record = NULL;
  *out = NULL;
  int status = vqe_record_create(&record);
  if (status != VQE_OK) {
    return status;
  }
  status = make_slices(&reading, record, root);
  if (status == VQE_OK) {
    status = read_fields(&reading, &vqe_fields_record, record, root);
  }
  if (status == VQE_OK) {
    status = vqe_record_validate(record, where);
  }
  if (status != VQE_OK) {
    vqe_record_free(record);
    return status;
  }
  *out = record;
  return VQE_OK;
}
