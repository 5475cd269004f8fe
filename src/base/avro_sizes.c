#include "base/avro_sizes.h"

#include <stdbool.h>

#include "base/avro_schema.h"
#include "base/error_message.h"

#define DEEPEST 64
/* Values that take no bytes (null, empty records) are counted too. */
#define FREE_ITEMS 65536
#define ITEMS_PER_BYTE 8
/* Items of records take less than ten bytes of memory for each byte that they
 * are written in; a union of null and something large takes any number. */
#define FREE_MEMORY ((size_t)256 << 20)
#define MEMORY_PER_BYTE 32

struct walk {
  const uint8_t *data;
  size_t size, at;
  size_t items;  /* values and types that may still be looked at */
  size_t memory; /* that items of arrays and maps may still take */
  const char *where;
};

static int refuse(const struct walk *walk, const char *what)
{
  return vqe_error_set(VQE_ERR_INPUT, "%s: damaged at byte %zu: %s",
                       walk->where, walk->at, what);
}

static int skip(struct walk *walk, uint64_t bytes)
{
  if (bytes > walk->size - walk->at) {
    return refuse(walk, "a length goes beyond the end");
  }
  walk->at += (size_t)bytes;
  return VQE_OK;
}

/* A variable-length zig-zag integer of at most 10 bytes. */
static int read_long(struct walk *walk, int64_t *out)
{
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (walk->at == walk->size) {
      return refuse(walk, "a number goes beyond the end");
    }
    uint8_t byte = walk->data[walk->at++];
    value |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
      return VQE_OK;
    }
  }
  return refuse(walk, "a number has more than 64 bits");
}

static int skip_text(struct walk *walk)
{
  int64_t length = 0;
  int status = read_long(walk, &length);
  if (status == VQE_OK && length < 0) {
    status = refuse(walk, "a length is negative");
  }
  return status == VQE_OK ? skip(walk, (uint64_t)length) : status;
}

/* NOLINTNEXTLINE(misc-no-recursion): values nest as the schema does */
static int skip_value(struct walk *walk, avro_schema_t schema, int depth);

/* Values to come, or types that were looked at for them. */
static int take(struct walk *walk, uint64_t count)
{
  if (count > walk->items) {
    return refuse(walk, "there are more items than bytes");
  }
  walk->items -= (size_t)count;
  return VQE_OK;
}

/* A block of `count` items: their number, and the memory that they take. */
static int take_items(struct walk *walk, avro_schema_t item, uint64_t count)
{
  size_t types = 0;
  int status = take(walk, count);
  if (status != VQE_OK || count == 0 || avro_typeof(item) == AVRO_DOUBLE) {
    return status;
  }
  size_t each = vqe_schema_value_size(item, &types);
  if (each > 0 && count > walk->memory / each) {
    return refuse(walk, "its items take too much memory for their bytes");
  }
  walk->memory -= (size_t)count * each;
  return take(walk, types);
}

/* Blocks of items until one of none; one of a negative count has its bytes in
 * front, which are not trusted. `keyed`: a map, a text before each item. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int skip_items(struct walk *walk, avro_schema_t item, bool keyed,
                      int depth)
{
  int64_t count = 1;
  int status = VQE_OK;
  while (status == VQE_OK && count != 0) {
    int64_t bytes;
    status = read_long(walk, &count);
    if (status == VQE_OK && count == INT64_MIN) {
      status = refuse(walk, "a count of items is no count");
    }
    if (status == VQE_OK && count < 0) {
      count = -count;
      status = read_long(walk, &bytes);
    }
    if (status == VQE_OK) {
      status = take_items(walk, item, (uint64_t)count);
    }
    if (status == VQE_OK && !keyed && avro_typeof(item) == AVRO_DOUBLE) {
      /* nearly all of a record: its numbers at once */
      status = skip(walk, (uint64_t)count * 8);
      continue;
    }
    for (int64_t k = 0; status == VQE_OK && k < count; k++) {
      status = keyed ? skip_text(walk) : VQE_OK;
      if (status == VQE_OK) {
        status = skip_value(walk, item, depth + 1);
      }
    }
  }
  return status;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int skip_record(struct walk *walk, avro_schema_t schema, int depth)
{
  int count = (int)avro_schema_record_size(schema);
  int status = take(walk, (uint64_t)count);
  for (int k = 0; status == VQE_OK && k < count; k++) {
    status = skip_value(walk, avro_schema_record_field_get_by_index(schema, k),
                        depth + 1);
  }
  return status;
}

static int skip_symbol(struct walk *walk, avro_schema_t schema)
{
  int64_t symbol = 0;
  int status = read_long(walk, &symbol);
  if (status == VQE_OK &&
      (symbol < 0 || symbol >= avro_schema_enum_number_of_symbols(schema))) {
    status = refuse(walk, "an enum has no such symbol");
  }
  return status;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int skip_union(struct walk *walk, avro_schema_t schema, int depth)
{
  int64_t branch = 0;
  int status = read_long(walk, &branch);
  if (status == VQE_OK &&
      (branch < 0 || (uint64_t)branch >= avro_schema_union_size(schema))) {
    status = refuse(walk, "a union has no such branch");
  }
  return status == VQE_OK
             ? skip_value(walk, avro_schema_union_branch(schema, (int)branch),
                          depth + 1)
             : status;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int skip_value(struct walk *walk, avro_schema_t schema, int depth)
{
  int64_t number;
  if (depth > DEEPEST) {
    return refuse(walk, "values are nested too deeply");
  }
  switch (avro_typeof(schema)) {
  case AVRO_STRING:
  case AVRO_BYTES:
    return skip_text(walk);
  case AVRO_INT32:
  case AVRO_INT64:
    return read_long(walk, &number);
  case AVRO_ENUM:
    return skip_symbol(walk, schema);
  case AVRO_FLOAT:
    return skip(walk, 4);
  case AVRO_DOUBLE:
    return skip(walk, 8);
  case AVRO_BOOLEAN:
    return skip(walk, 1);
  case AVRO_NULL:
    return VQE_OK;
  case AVRO_FIXED:
    number = avro_schema_fixed_size(schema);
    return number < 0 ? refuse(walk, "a length is negative")
                      : skip(walk, (uint64_t)number);
  case AVRO_RECORD:
    return skip_record(walk, schema, depth);
  case AVRO_ARRAY:
    return skip_items(walk, avro_schema_array_items(schema), false, depth);
  case AVRO_MAP:
    return skip_items(walk, avro_schema_map_values(schema), true, depth);
  case AVRO_UNION:
    return skip_union(walk, schema, depth);
  case AVRO_LINK:
    return skip_value(walk, avro_schema_link_target(schema), depth + 1);
  }
  return refuse(walk, "its schema has an unknown type");
}

int vqe_sizes_of(size_t *used, avro_schema_t schema, const uint8_t *data,
                 size_t size, const char *where)
{
  struct walk walk = {.data = data,
                      .size = size,
                      .items = ITEMS_PER_BYTE * size + FREE_ITEMS,
                      .memory = MEMORY_PER_BYTE * size + FREE_MEMORY,
                      .where = where};
  int status = skip_value(&walk, schema, 0);
  *used = walk.at;
  return status;
}

int vqe_sizes_check(avro_schema_t schema, const uint8_t *data, size_t size,
                    const char *where)
{
  size_t used = 0;
  int status = vqe_sizes_of(&used, schema, data, size, where);
  if (status == VQE_OK && used != size) {
    struct walk walk = {.at = used, .where = where};
    status = refuse(&walk, "bytes are left over");
  }
  return status;
}
