/* Single values: encoding, comparing, and bounds that readers may trust. */
#include "iceberg/iceberg_value.h"

#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/text.h"
#include "iceberg/iceberg_type.h"

#define BOUND_CODE_POINTS 16

int vqe_iceberg_bytes_string(struct vqe_iceberg_bytes *out, const char *text,
                             size_t size)
{
  out->data = NULL;
  out->size = 0;
  if (text == NULL) {
    return VQE_OK;
  }
  int status =
      vqe_memory_alloc(&out->data, size + 1, 1, "a value of a column");
  if (status == VQE_OK) {
    memcpy(out->data, text, size);
    out->size = size;
  }
  return status;
}

int vqe_iceberg_bytes_int(struct vqe_iceberg_bytes *out, int32_t value)
{
  uint32_t bits = htole32((uint32_t)value);
  return vqe_iceberg_bytes_string(out, (const char *)&bits, sizeof bits);
}

int vqe_iceberg_bytes_long(struct vqe_iceberg_bytes *out, int64_t value)
{
  uint64_t bits = htole64((uint64_t)value);
  return vqe_iceberg_bytes_string(out, (const char *)&bits, sizeof bits);
}

int vqe_iceberg_bytes_double(struct vqe_iceberg_bytes *out, double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return vqe_iceberg_bytes_long(out, (int64_t)bits);
}

int vqe_iceberg_bytes_boolean(struct vqe_iceberg_bytes *out, bool value)
{
  char byte = value ? 1 : 0;
  return vqe_iceberg_bytes_string(out, &byte, 1);
}

void vqe_iceberg_bytes_clear(struct vqe_iceberg_bytes *value)
{
  free(value->data);
  value->data = NULL;
  value->size = 0;
}

int vqe_iceberg_bytes_copy(struct vqe_iceberg_bytes *out,
                           const struct vqe_iceberg_bytes *value)
{
  return vqe_iceberg_bytes_string(out, (const char *)value->data, value->size);
}

static int64_t integer_of(const struct vqe_iceberg_bytes *value)
{
  VQE_ASSERT(value->size == sizeof(uint32_t) ||
             value->size == sizeof(uint64_t));
  if (value->size == sizeof(uint32_t)) {
    uint32_t bits;
    memcpy(&bits, value->data, sizeof bits);
    return (int32_t)le32toh(bits);
  }
  uint64_t bits;
  memcpy(&bits, value->data, sizeof bits);
  return (int64_t)le64toh(bits);
}

static double double_of(const struct vqe_iceberg_bytes *value)
{
  int64_t bits = integer_of(value);
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

bool vqe_iceberg_bytes_valid(const struct vqe_iceberg_bytes *value,
                             enum vqe_iceberg_type type)
{
  switch (type) {
  case VQE_ICEBERG_STRING:
    return true;
  case VQE_ICEBERG_INT:
  case VQE_ICEBERG_DATE:
    return value->size == 4;
  case VQE_ICEBERG_LONG: /* 4 bytes: of a file written while it was an int */
    return value->size == 8 || value->size == 4;
  case VQE_ICEBERG_TIMESTAMPTZ:
  case VQE_ICEBERG_DOUBLE:
    return value->size == 8;
  case VQE_ICEBERG_BOOLEAN:
    return value->size == 1 && value->data[0] <= 1;
  default:
    return false;
  }
}

int vqe_iceberg_bytes_compare(const struct vqe_iceberg_bytes *a,
                              const struct vqe_iceberg_bytes *b,
                              enum vqe_iceberg_type type)
{
  VQE_ASSERT(a->data != NULL && b->data != NULL);
  if (type == VQE_ICEBERG_STRING || type == VQE_ICEBERG_BOOLEAN) {
    /* the byte order of UTF-8 is that of its code points */
    size_t common = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->data, b->data, common);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
  }
  if (type == VQE_ICEBERG_DOUBLE) {
    double x = double_of(a);
    double y = double_of(b);
    if (x == 0.0 && y == 0.0) {
      return (signbit(y) != 0) - (signbit(x) != 0);
    }
    return (x > y) - (x < y);
  }
  int64_t x = integer_of(a);
  int64_t y = integer_of(b);
  return (x > y) - (x < y);
}

bool vqe_iceberg_bytes_equal(const struct vqe_iceberg_bytes *a,
                             const struct vqe_iceberg_bytes *b)
{
  if (a->data == NULL || b->data == NULL) {
    return a->data == b->data;
  }
  return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* ---- bounds ---------------------------------------------------------- */

static size_t utf8_put(uint8_t *to, uint32_t point)
{
  if (point < 0x80) {
    to[0] = (uint8_t)point;
    return 1;
  }
  if (point < 0x800) {
    to[0] = (uint8_t)(0xc0 | point >> 6);
    to[1] = (uint8_t)(0x80 | (point & 0x3f));
    return 2;
  }
  if (point < 0x10000) {
    to[0] = (uint8_t)(0xe0 | point >> 12);
    to[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    to[2] = (uint8_t)(0x80 | (point & 0x3f));
    return 3;
  }
  to[0] = (uint8_t)(0xf0 | point >> 18);
  to[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
  to[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
  to[3] = (uint8_t)(0x80 | (point & 0x3f));
  return 4;
}

static int bound_string(struct vqe_iceberg_bytes *value, bool upper)
{
  uint32_t points[BOUND_CODE_POINTS];
  size_t starts[BOUND_CODE_POINTS];
  size_t at = 0;
  int count = 0;
  while (at < value->size) {
    uint32_t point;
    size_t length = vqe_text_utf8(&point, value->data + at, value->size - at);
    if (length == 0) { /* no order to trust */
      vqe_iceberg_bytes_clear(value);
      return VQE_OK;
    }
    if (count == BOUND_CODE_POINTS) {
      break;
    }
    points[count] = point;
    starts[count] = at;
    count++;
    at += length;
  }
  if (at == value->size) {
    return VQE_OK;
  }
  if (!upper) {
    value->size = at;
    value->data[at] = 0;
    return VQE_OK;
  }
  /* the next code point after the last one that has one */
  while (count > 0) {
    uint32_t next = points[count - 1] + 1;
    if (next == 0xd800) {
      next = 0xe000;
    }
    if (next <= 0x10ffff) {
      /* the rounded code point may need a byte more than the cut one */
      struct vqe_iceberg_bytes rounded;
      uint8_t tail[4];
      size_t length = utf8_put(tail, next);
      size_t start = starts[count - 1];
      int status =
          vqe_memory_alloc(&rounded.data, start + length + 1, 1, "a bound");
      if (status != VQE_OK) {
        return status;
      }
      memcpy(rounded.data, value->data, start);
      memcpy(rounded.data + start, tail, length);
      rounded.size = start + length;
      vqe_iceberg_bytes_clear(value);
      *value = rounded;
      return VQE_OK;
    }
    count--;
  }
  vqe_iceberg_bytes_clear(value);
  return VQE_OK;
}

int vqe_iceberg_bound(struct vqe_iceberg_bytes *value,
                      enum vqe_iceberg_type type, bool upper)
{
  if (value->data == NULL) {
    return VQE_OK;
  }
  if (!vqe_iceberg_bytes_valid(value, type)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a bound of %zu bytes does not fit type %s",
                         value->size, vqe_iceberg_type_name(type));
  }
  if (type == VQE_ICEBERG_STRING) {
    return bound_string(value, upper);
  }
  if (type == VQE_ICEBERG_DOUBLE) {
    double number = double_of(value);
    if (isnan(number)) {
      vqe_iceberg_bytes_clear(value);
    } else if (number == 0.0) {
      number = upper ? 0.0 : -0.0;
      int64_t bits;
      memcpy(&bits, &number, sizeof bits);
      uint64_t little = htole64((uint64_t)bits);
      memcpy(value->data, &little, sizeof little);
    }
  }
  return VQE_OK;
}

/* ---- text ------------------------------------------------------------ */

int vqe_iceberg_bytes_text(char **out, const struct vqe_iceberg_bytes *value,
                           enum vqe_iceberg_type type)
{
  char text[64];
  *out = NULL;
  if (value->data == NULL) {
    return vqe_memory_strdup(out, "null");
  }
  if (type == VQE_ICEBERG_STRING) {
    return vqe_memory_strdup(out, (const char *)value->data);
  }
  if (!vqe_iceberg_bytes_valid(value, type)) {
    return vqe_error_set(VQE_ERR_INPUT, "a value of %zu bytes is no %s",
                         value->size, vqe_iceberg_type_name(type));
  }
  int64_t number =
      type == VQE_ICEBERG_BOOLEAN ? value->data[0] : integer_of(value);
  struct tm fields;
  int64_t second = 0, rest = 0;
  time_t moment;
  switch (type) {
  case VQE_ICEBERG_BOOLEAN:
    snprintf(text, sizeof text, "%s", number != 0 ? "true" : "false");
    break;
  case VQE_ICEBERG_DATE:
    moment = (time_t)(number * 86400);
    gmtime_r(&moment, &fields);
    strftime(text, sizeof text, "%Y-%m-%d", &fields);
    break;
  case VQE_ICEBERG_TIMESTAMPTZ:
    second = number / 1000000;
    rest = number % 1000000;
    if (rest < 0) {
      rest += 1000000;
      second--;
    }
    moment = (time_t)second;
    gmtime_r(&moment, &fields);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &fields);
    snprintf(text + strlen(text), sizeof text - strlen(text),
             ".%06" PRId64 "+00:00", rest);
    break;
  case VQE_ICEBERG_DOUBLE:
    snprintf(text, sizeof text, "%.17g", double_of(value));
    break;
  default:
    snprintf(text, sizeof text, "%" PRId64, number);
    break;
  }
  return vqe_memory_strdup(out, text);
}
