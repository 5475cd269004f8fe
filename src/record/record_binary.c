#include "record/record_binary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/error.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Avro's doubles are little-endian, and are copied"
#endif

#define LONGEST_VARINT 10

/* Where `size` more bytes go; NULL where there is no memory. */
static uint8_t *take(struct vqe_binary *out, size_t size)
{
  if (out->status != VQE_OK) {
    return NULL;
  }
  if (size > out->room - out->used) {
    size_t wanted = out->used + size;
    size_t room = wanted + wanted / 2 + 256;
    uint8_t *data = size > SIZE_MAX / 2 - out->used || !vqe_memory_fits(room)
                        ? NULL
                        : realloc(out->data, room);
    if (data == NULL) {
      out->status = vqe_error_set(VQE_ERR_MEMORY,
                                  "no memory for an Avro record of %.1f MB",
                                  (double)room / 1e6);
      return NULL;
    }
    out->data = data;
    out->room = room;
  }
  uint8_t *at = out->data + out->used;
  out->used += size;
  return at;
}

static void put_bytes(struct vqe_binary *out, const void *bytes, size_t size)
{
  uint8_t *at = size == 0 ? NULL : take(out, size);
  if (at != NULL) {
    memcpy(at, bytes, size);
  }
}

/* An int, a long or a count: zigzag, seven bits to a byte, lowest first. */
static void put_long(struct vqe_binary *out, int64_t value)
{
  uint8_t bytes[LONGEST_VARINT];
  size_t size = 0;
  uint64_t rest = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
  while (rest > 0x7f) {
    bytes[size++] = (uint8_t)(rest | 0x80);
    rest >>= 7;
  }
  bytes[size++] = (uint8_t)rest;
  put_bytes(out, bytes, size);
}

static void put_bool(struct vqe_binary *out, bool value)
{
  uint8_t byte = value;
  put_bytes(out, &byte, 1);
}

static void put_text(struct vqe_binary *out, const char *text)
{
  if (text == NULL) {
    out->fault = "a required text is missing";
    out->status = out->status == VQE_OK ? VQE_ERR_INPUT : out->status;
    return;
  }
  size_t size = strlen(text);
  put_long(out, (int64_t)size);
  put_bytes(out, text, size);
}

/* An array is one block, or none, and a block without items. */
static void start_array(struct vqe_binary *out, size_t count)
{
  if (count > 0) {
    put_long(out, (int64_t)count);
  }
}

static void end_array(struct vqe_binary *out)
{
  put_long(out, 0);
}

static void put_doubles(struct vqe_binary *out, const double *values,
                        size_t count)
{
  start_array(out, count);
  put_bytes(out, values, count * sizeof *values);
  end_array(out);
}

static void put_rows(struct vqe_binary *out, const struct vqe_field *field,
                     const void *self)
{
  const double *values = vqe_field_items(field, self);
  const size_t *lengths = vqe_field_lengths(field, self);
  size_t count = vqe_field_count(field, self);
  start_array(out, count);
  for (size_t k = 0; k < count; k++) {
    put_doubles(out, values, lengths[k]);
    values += lengths[k];
  }
  end_array(out);
}

static void put_texts(struct vqe_binary *out, const struct vqe_field *field,
                      const void *self)
{
  char *const *items = vqe_field_items(field, self);
  size_t count = vqe_field_count(field, self);
  start_array(out, count);
  for (size_t k = 0; k < count; k++) {
    put_text(out, items[k]);
  }
  end_array(out);
}

static void put_records(struct vqe_binary *out, const struct vqe_field *field,
                        const void *self)
{
  const char *items = vqe_field_items(field, self);
  size_t count = vqe_field_count(field, self);
  start_array(out, count);
  for (size_t k = 0; k < count; k++) {
    vqe_record_binary(out, field->parts, items + k * field->parts->size);
  }
  end_array(out);
}

static bool is_null(const struct vqe_field *field, const void *self)
{
  int64_t large;
  int whole;
  bool truth;
  if (!field->nullable) {
    return false;
  }
  switch (field->kind) {
  case VQE_FIELD_TEXT:
    return vqe_field_text(field, self) == NULL;
  case VQE_FIELD_INT:
    return !vqe_field_int(&whole, field, self);
  case VQE_FIELD_LONG:
    return !vqe_field_long(&large, field, self);
  case VQE_FIELD_BOOL:
    return !vqe_field_bool(&truth, field, self);
  case VQE_FIELD_DOUBLE:
    return isnan(vqe_field_double(field, self));
  default:
    return !vqe_field_present(field, self);
  }
}

static void put_value(struct vqe_binary *out, const struct vqe_field *field,
                      const void *self)
{
  int64_t large = 0;
  int whole = 0;
  bool truth = false;
  double real;
  switch (field->kind) {
  case VQE_FIELD_TEXT:
    put_text(out, vqe_field_text(field, self));
    break;
  case VQE_FIELD_INT:
    (void)vqe_field_int(&whole, field, self);
    put_long(out, whole);
    break;
  case VQE_FIELD_LONG:
    (void)vqe_field_long(&large, field, self);
    put_long(out, large);
    break;
  case VQE_FIELD_BOOL:
    (void)vqe_field_bool(&truth, field, self);
    put_bool(out, truth);
    break;
  case VQE_FIELD_DOUBLE:
    real = vqe_field_double(field, self);
    put_bytes(out, &real, sizeof real);
    break;
  case VQE_FIELD_DOUBLES:
  case VQE_FIELD_SLICE:
    put_doubles(out, vqe_field_items(field, self),
                vqe_field_count(field, self));
    break;
  case VQE_FIELD_TEXTS:
    put_texts(out, field, self);
    break;
  case VQE_FIELD_ROWS:
    put_rows(out, field, self);
    break;
  case VQE_FIELD_RECORDS:
    put_records(out, field, self);
    break;
  case VQE_FIELD_RECORD:
    vqe_record_binary(out, field->parts, self);
    break;
  }
}

void vqe_record_binary(struct vqe_binary *out, const struct vqe_fields *fields,
                       const void *self)
{
  for (size_t k = 0; k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    bool null = is_null(field, self);
    if (field->nullable) {
      put_long(out, null == field->null_last ? 1 : 0);
    }
    if (!null) {
      put_value(out, field, self);
    }
  }
}
