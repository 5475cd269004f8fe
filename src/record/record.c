/* Life of a record, and what can be said of its values. */
#include "record/record.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/text.h"
#include "record/fields.h"

/* ---- life ---- */

int vqe_record_create(struct vqe_record **out)
{
  struct vqe_record *record;
  int status = vqe_memory_alloc(&record, 1, sizeof *record, "a result record");
  if (status == VQE_OK) {
    vqe_fields_set_null(&vqe_fields_record, record);
    record->minimum = NAN;
    record->hf_energy = NAN;
    *out = record;
  }
  return status;
}

/* What the fields of `count` structs own; field by field, as a record has few
 * fields and thousands of terms. */
static void free_fields(const struct vqe_fields *fields, char *structs,
                        size_t count, size_t stride);

/* A list and all it holds. */
static void free_list(const struct vqe_field *field, const void *self)
{
  char *items = (void *)vqe_field_items(field, self);
  size_t count = items != NULL ? vqe_field_count(field, self) : 0;
  if (field->kind == VQE_FIELD_RECORDS) {
    free_fields(field->parts, items, count, field->parts->size);
  } else if (field->kind == VQE_FIELD_ROWS) {
    free((size_t *)vqe_field_lengths(field, self));
  }
  for (size_t k = 0; field->kind == VQE_FIELD_TEXTS && k < count; k++) {
    free(((char **)(void *)items)[k]);
  }
  free(items);
}

static void free_fields(const struct vqe_fields *fields, char *structs,
                        size_t count, size_t stride)
{
  for (size_t f = 0; f < fields->count; f++) {
    const struct vqe_field *field = &fields->list[f];
    switch (field->kind) {
    case VQE_FIELD_RECORD:
      free_fields(field->parts, structs, count, stride);
      break;
    case VQE_FIELD_TEXT:
      for (size_t k = 0; k < count; k++) {
        free((char *)vqe_field_text(field, structs + k * stride));
      }
      break;
    case VQE_FIELD_DOUBLES:
    case VQE_FIELD_TEXTS:
    case VQE_FIELD_ROWS:
    case VQE_FIELD_RECORDS:
      for (size_t k = 0; k < count; k++) {
        free_list(field, structs + k * stride);
      }
      break;
    case VQE_FIELD_INT:
    case VQE_FIELD_LONG:
    case VQE_FIELD_BOOL:
    case VQE_FIELD_DOUBLE:
    case VQE_FIELD_SLICE:
      break;
    }
  }
}

void vqe_record_free(struct vqe_record *record)
{
  if (record != NULL) {
    free_fields(&vqe_fields_record, (char *)record, 1, sizeof *record);
    free(record->iteration_parameters);
    free(record);
  }
}

/* ---- validation ---- */

/* Needs no memory: to be without some is no fault of the text. */
static bool is_utf8(const char *text)
{
  const uint8_t *at = (const uint8_t *)text;
  uint32_t point;
  size_t length = 1;
  while (length > 0 && *at != '\0') {
    length = vqe_text_utf8(&point, at, SIZE_MAX);
    at += length;
  }
  return length > 0;
}

/* `required`: the record that holds the fields is there. */
static int check_texts(const struct vqe_fields *fields, const void *self,
                       bool required, const char *where)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    if (field->kind == VQE_FIELD_RECORD) {
      status = check_texts(field->parts, self,
                           required && vqe_field_present(field, self), where);
    }
    if (field->kind != VQE_FIELD_TEXT) {
      continue;
    }
    const char *text = vqe_field_text(field, self);
    if (text == NULL && required && !field->nullable) {
      status = vqe_error_set(VQE_ERR_INPUT, "%s: '%s' is missing", where,
                             field->name);
    } else if (text != NULL && !is_utf8(text)) {
      status = vqe_error_set(VQE_ERR_INPUT, "%s: '%s' is not UTF-8", where,
                             field->name);
    }
  }
  return status;
}

int vqe_record_validate(const struct vqe_record *record, const char *where)
{
  int status = check_texts(&vqe_fields_record, record, true, where);
  for (size_t k = 0; status == VQE_OK && k < record->natom; k++) {
    if (record->symbols[k] == NULL || !is_utf8(record->symbols[k])) {
      status =
          vqe_error_set(VQE_ERR_INPUT, "%s: symbol %zu is no text", where, k);
    }
  }
  for (size_t k = 0; status == VQE_OK && k < record->nterm; k++) {
    if (record->terms[k].label == NULL || !is_utf8(record->terms[k].label)) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s: the label of Hamiltonian term %zu is no "
                             "text",
                             where, k);
    }
  }
  for (size_t k = 0; status == VQE_OK && k < record->nproperty; k++) {
    const struct vqe_record_property *property = &record->properties[k];
    if (property->name == NULL || !is_utf8(property->name) ||
        property->columns < 0) {
      /* name and place are the row's key */
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s: property %zu has no name, or a negative "
                             "number of columns",
                             where, k);
    }
  }
  for (size_t k = 0; status == VQE_OK && k < record->niteration; k++) {
    const struct vqe_record_iteration *iteration = &record->iterations[k];
    if (iteration->iteration < 1 ||
        (k > 0 && iteration->iteration <= iteration[-1].iteration)) {
      /* the step is part of the row's key */
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s: iteration %zu is numbered %d; numbers start "
                             "at 1 and rise",
                             where, k, (int)iteration->iteration);
    }
  }
  return status;
}

/* ---- non-finite numbers ---- */

static size_t count_bad(const double *values, size_t count)
{
  size_t bad = 0;
  for (size_t k = 0; k < count; k++) {
    bad += !isfinite(values[k]);
  }
  return bad;
}

static size_t count_bad_rows(const struct vqe_field *field, const void *self)
{
  const size_t *lengths = vqe_field_lengths(field, self);
  size_t total = 0;
  for (size_t k = 0; k < vqe_field_count(field, self); k++) {
    total += lengths[k];
  }
  return count_bad(vqe_field_items(field, self), total);
}

static size_t nonfinite(const struct vqe_fields *fields, const void *self)
{
  size_t bad = 0;
  for (size_t k = 0; k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    if (field->kind == VQE_FIELD_RECORD && vqe_field_present(field, self)) {
      bad += nonfinite(field->parts, self);
    } else if (field->kind == VQE_FIELD_DOUBLE) {
      double value = vqe_field_double(field, self);
      /* NaN is how null is said */
      bad += field->nullable ? isinf(value) != 0 : !isfinite(value);
    } else if (field->kind == VQE_FIELD_DOUBLES ||
               field->kind == VQE_FIELD_SLICE) {
      bad += count_bad(vqe_field_items(field, self),
                       vqe_field_count(field, self));
    } else if (field->kind == VQE_FIELD_ROWS) {
      bad += count_bad_rows(field, self);
    } else if (field->kind == VQE_FIELD_RECORDS) {
      const char *items = vqe_field_items(field, self);
      for (size_t i = 0; i < vqe_field_count(field, self); i++) {
        bad += nonfinite(field->parts, items + i * field->parts->size);
      }
    }
  }
  return bad;
}

size_t vqe_record_nonfinite(const struct vqe_record *record)
{
  return nonfinite(&vqe_fields_record, record);
}
