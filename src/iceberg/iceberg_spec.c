#include "iceberg/iceberg_spec.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_schema.h"

#define DAY_US INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)

/* ---- reading --------------------------------------------------------- */

static enum vqe_iceberg_transform transform_of(int *width, const char *text)
{
  static const char *const names[] = {
      [VQE_ICEBERG_IDENTITY] = "identity", [VQE_ICEBERG_YEAR] = "year",
      [VQE_ICEBERG_MONTH] = "month",       [VQE_ICEBERG_DAY] = "day",
      [VQE_ICEBERG_HOUR] = "hour",         [VQE_ICEBERG_VOID] = "void"};
  *width = 0;
  if (text == NULL) {
    return VQE_ICEBERG_OTHER_TRANSFORM;
  }
  for (int k = 0; k < (int)(sizeof names / sizeof names[0]); k++) {
    if (names[k] != NULL && strcmp(text, names[k]) == 0) {
      return (enum vqe_iceberg_transform)k;
    }
  }
  if (sscanf(text, "bucket[%d]", width) == 1 && *width > 0) {
    return VQE_ICEBERG_BUCKET;
  }
  if (sscanf(text, "truncate[%d]", width) == 1 && *width > 0) {
    return VQE_ICEBERG_TRUNCATE;
  }
  return VQE_ICEBERG_OTHER_TRANSFORM;
}

/* Type of a column in the current schema, or where it was last. */
static enum vqe_iceberg_type type_of(const json_t *metadata, int64_t id)
{
  const json_t *schemas = json_object_get(metadata, "schemas");
  const json_t *schema = vqe_iceberg_current_schema(metadata);
  for (size_t s = json_array_size(schemas) + 1; s > 0; s--) {
    size_t k;
    json_t *field;
    json_array_foreach(json_object_get(schema, "fields"), k, field)
    {
      struct vqe_iceberg_column column;
      if (vqe_iceberg_integer(field, "id", -1) == id) {
        return vqe_iceberg_schema_column(&column, field) &&
                       vqe_iceberg_type_has_bounds(column.type)
                   ? column.type
                   : VQE_ICEBERG_OTHER;
      }
    }
    schema = s > 1 ? json_array_get(schemas, s - 2) : NULL;
  }
  return VQE_ICEBERG_OTHER;
}

void vqe_iceberg_spec_field(struct vqe_iceberg_partition_field *out,
                            const struct vqe_iceberg_table *table,
                            const json_t *field)
{
  const json_t *metadata = table->metadata;
  const char *name = vqe_iceberg_string(field, "name");
  snprintf(out->name, sizeof out->name, "%s", name == NULL ? "?" : name);
  out->source = (int)vqe_iceberg_integer(field, "source-id", -1);
  out->transform =
      transform_of(&out->width, vqe_iceberg_string(field, "transform"));
  out->from = type_of(metadata, out->source);
  switch (out->transform) {
  case VQE_ICEBERG_IDENTITY:
  case VQE_ICEBERG_TRUNCATE:
    out->type = out->from;
    break;
  case VQE_ICEBERG_VOID:
  case VQE_ICEBERG_OTHER_TRANSFORM:
    out->type = VQE_ICEBERG_OTHER;
    break;
  default:
    out->type = VQE_ICEBERG_INT;
    break;
  }
}

int vqe_iceberg_spec_fields(struct vqe_iceberg_partition_field **out,
                            size_t *count,
                            const struct vqe_iceberg_table *table,
                            int64_t spec_id)
{
  const json_t *spec = vqe_iceberg_by_id(table->metadata, "partition-specs",
                                         "spec-id", spec_id);
  const json_t *fields = json_object_get(spec, "fields");
  size_t k;
  json_t *field;
  *out = NULL;
  *count = json_array_size(fields);
  if (spec == NULL) {
    return vqe_error_set(VQE_ERR_NOT_FOUND,
                         "table '%s' has no partition spec %lld", table->name,
                         (long long)spec_id);
  }
  int status = vqe_memory_alloc(out, *count, sizeof **out, "a partition spec");
  json_array_foreach(fields, k, field)
  {
    if (status == VQE_OK) {
      vqe_iceberg_spec_field(&(*out)[k], table, field);
    }
  }
  return status;
}

/* ---- values ---------------------------------------------------------- */

static int64_t floor_div(int64_t value, int64_t by)
{
  return value / by - (value % by < 0);
}

/* Months since 1970-01 of a day, by the calendar of years that begin in
 * March. */
static int64_t month_of(int64_t days)
{
  int64_t shifted = days + 719468;
  int64_t era = floor_div(shifted, 146097);
  int64_t day = shifted - era * 146097;
  int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  int64_t of_year = day - (365 * year + year / 4 - year / 100);
  int64_t month = (5 * of_year + 2) / 153; /* 0: March */
  return 12 * (year + 400 * era - 1970) + month + 2;
}

static uint32_t rotated(uint32_t x, int by)
{
  return x << by | x >> (32 - by);
}

/* MurmurHash3_x86_32 with seed 0, without its sign: Appendix B of the format.
 */
static int64_t hash_of(const uint8_t *data, size_t size)
{
  uint32_t hash = 0;
  for (size_t at = 0; at < size; at += 4) {
    uint32_t block = 0;
    for (size_t k = 0; k < 4 && at + k < size; k++) {
      block |= (uint32_t)data[at + k] << (8 * k);
    }
    hash ^= rotated(block * 0xcc9e2d51u, 15) * 0x1b873593u;
    if (at + 4 <= size) {
      hash = rotated(hash, 13) * 5 + 0xe6546b64u;
    }
  }
  hash ^= (uint32_t)size;
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return (hash ^ hash >> 16) & INT32_MAX;
}

/* An int and a date hash as the long of that value. */
static int64_t hash_of_number(int64_t value)
{
  uint8_t bytes[8];
  for (int k = 0; k < 8; k++) {
    bytes[k] = (uint8_t)((uint64_t)value >> (8 * k));
  }
  return hash_of(bytes, sizeof bytes);
}

/* What the transform makes of a number; false where it makes nothing of that
 * type. */
static bool image(int64_t *out,
                  const struct vqe_iceberg_partition_field *field,
                  int64_t value)
{
  bool date = field->from == VQE_ICEBERG_DATE;
  bool time = field->from == VQE_ICEBERG_TIMESTAMPTZ;
  int64_t days = time ? floor_div(value, DAY_US) : value;
  switch (field->transform) {
  case VQE_ICEBERG_YEAR:
    *out = floor_div(month_of(days), 12);
    return date || time;
  case VQE_ICEBERG_MONTH:
    *out = month_of(days);
    return date || time;
  case VQE_ICEBERG_DAY:
    *out = days;
    return date || time;
  case VQE_ICEBERG_HOUR:
    *out = floor_div(value, HOUR_US);
    return time;
  case VQE_ICEBERG_TRUNCATE:
    *out = floor_div(value, field->width) * field->width;
    return field->from == VQE_ICEBERG_INT || field->from == VQE_ICEBERG_LONG;
  case VQE_ICEBERG_BUCKET:
    *out = hash_of_number(value) % field->width;
    return date || time || field->from == VQE_ICEBERG_INT ||
           field->from == VQE_ICEBERG_LONG;
  default:
    return false;
  }
}

static int64_t number_of(const struct vqe_iceberg_bytes *value)
{
  int32_t narrow = 0;
  int64_t wide = 0;
  if (value->size == sizeof narrow) {
    memcpy(&narrow, value->data, sizeof narrow);
    return narrow;
  }
  memcpy(&wide, value->data, sizeof wide);
  return wide;
}

/* Are the first `width` characters of the text the value? */
static bool is_prefix(const struct vqe_iceberg_bytes *value,
                      const struct vqe_iceberg_bytes *text, int width)
{
  size_t bytes = 0;
  int letters = 0;
  while (bytes < text->size) {
    letters += (text->data[bytes] & 0xc0) != 0x80;
    if (letters > width) {
      break;
    }
    bytes++;
  }
  return value->size == bytes && memcmp(value->data, text->data, bytes) == 0;
}

static bool comes_from(const struct vqe_iceberg_partition_field *field,
                       const struct vqe_iceberg_bytes *value,
                       const struct vqe_iceberg_bytes *extreme)
{
  int64_t number;
  if (field->transform == VQE_ICEBERG_IDENTITY) {
    return vqe_iceberg_bytes_equal(value, extreme);
  }
  if (field->transform == VQE_ICEBERG_TRUNCATE &&
      field->from == VQE_ICEBERG_STRING) {
    return is_prefix(value, extreme, field->width);
  }
  if (field->transform == VQE_ICEBERG_BUCKET &&
      field->from == VQE_ICEBERG_STRING) {
    return number_of(value) ==
           hash_of(extreme->data, extreme->size) % field->width;
  }
  if (extreme->size != 4 && extreme->size != 8) {
    return true;
  }
  return !image(&number, field, number_of(extreme)) ||
         number_of(value) == number;
}

bool vqe_iceberg_partition_holds(
    const struct vqe_iceberg_partition_field *field,
    const struct vqe_iceberg_bytes *value,
    const struct vqe_iceberg_stats *found, int64_t rows)
{
  if (field->transform == VQE_ICEBERG_VOID) {
    return value->data == NULL;
  }
  if (field->type == VQE_ICEBERG_OTHER || found->null_count < 0) {
    return true;
  }
  if (value->data == NULL || found->null_count > 0) {
    return value->data == NULL && found->null_count == rows;
  }
  if (!vqe_iceberg_bytes_valid(value, field->type)) {
    return false;
  }
  return found->lower.data == NULL || found->upper.data == NULL ||
         (comes_from(field, value, &found->lower) &&
          comes_from(field, value, &found->upper));
}
