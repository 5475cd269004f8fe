#include "record/record_tree.h"

#include <math.h>

/* What cannot be made is NULL, and adding NULL to an object or an array fails:
 * each function passes that on. */

static json_t *append(json_t *array, json_t *item)
{
  if (json_array_append_new(array, item) != 0) {
    json_decref(array);
    return NULL;
  }
  return array;
}

static json_t *doubles(const double *values, size_t count,
                       vqe_tree_number number)
{
  json_t *array = json_array();
  for (size_t k = 0; array != NULL && k < count; k++) {
    array = append(array, number(values[k]));
  }
  return array;
}

static json_t *rows(const struct vqe_field *field, const void *self,
                    vqe_tree_number number)
{
  const double *values = vqe_field_items(field, self);
  const size_t *lengths = vqe_field_lengths(field, self);
  size_t count = vqe_field_count(field, self);
  json_t *array = json_array();
  for (size_t k = 0; array != NULL && k < count; k++) {
    array = append(array, doubles(values, lengths[k], number));
    values += lengths[k];
  }
  return array;
}

static json_t *texts(const struct vqe_field *field, const void *self)
{
  char *const *items = vqe_field_items(field, self);
  size_t count = vqe_field_count(field, self);
  json_t *array = json_array();
  for (size_t k = 0; array != NULL && k < count; k++) {
    array = append(array, json_string(items[k]));
  }
  return array;
}

static json_t *scalar(const struct vqe_field *field, const void *self,
                      vqe_tree_number number)
{
  const char *text;
  double real;
  int whole;
  int64_t large;
  bool truth;
  switch (field->kind) {
  case VQE_FIELD_TEXT:
    text = vqe_field_text(field, self);
    return text == NULL && field->nullable ? json_null() : json_string(text);
  case VQE_FIELD_INT:
    return vqe_field_int(&whole, field, self) ? json_integer(whole)
                                              : json_null();
  case VQE_FIELD_LONG:
    return vqe_field_long(&large, field, self) ? json_integer(large)
                                               : json_null();
  case VQE_FIELD_BOOL:
    return vqe_field_bool(&truth, field, self) ? json_boolean(truth)
                                               : json_null();
  default:
    real = vqe_field_double(field, self);
    return field->nullable && isnan(real) ? json_null() : number(real);
  }
}

static json_t *value_of(const struct vqe_field *field, const void *self,
                        vqe_tree_number number);

static json_t *object(const struct vqe_fields *fields, const void *self,
                      vqe_tree_number number)
{
  json_t *out = json_object();
  for (size_t k = 0; out != NULL && k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    if (json_object_set_new_nocheck(out, field->name,
                                    value_of(field, self, number)) != 0) {
      json_decref(out);
      out = NULL;
    }
  }
  return out;
}

static json_t *records(const struct vqe_field *field, const void *self,
                       vqe_tree_number number)
{
  const char *items = vqe_field_items(field, self);
  size_t count = vqe_field_count(field, self);
  json_t *array = json_array();
  for (size_t k = 0; array != NULL && k < count; k++) {
    array = append(
        array, object(field->parts, items + k * field->parts->size, number));
  }
  return array;
}

static json_t *value_of(const struct vqe_field *field, const void *self,
                        vqe_tree_number number)
{
  switch (field->kind) {
  case VQE_FIELD_RECORD:
    return vqe_field_present(field, self) ? object(field->parts, self, number)
                                          : json_null();
  case VQE_FIELD_DOUBLES:
  case VQE_FIELD_SLICE:
    return vqe_field_present(field, self)
               ? doubles(vqe_field_items(field, self),
                         vqe_field_count(field, self), number)
               : json_null();
  case VQE_FIELD_ROWS:
    return rows(field, self, number);
  case VQE_FIELD_TEXTS:
    return texts(field, self);
  case VQE_FIELD_RECORDS:
    return vqe_field_present(field, self) ? records(field, self, number)
                                          : json_null();
  case VQE_FIELD_TEXT:
  case VQE_FIELD_INT:
  case VQE_FIELD_LONG:
  case VQE_FIELD_BOOL:
  case VQE_FIELD_DOUBLE:
    break;
  }
  return scalar(field, self, number);
}

json_t *vqe_record_tree(const struct vqe_fields *fields, const void *self,
                        vqe_tree_number number)
{
  return object(fields, self, number);
}
