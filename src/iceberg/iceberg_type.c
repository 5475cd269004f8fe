/* Column types: their names in definitions and in Iceberg's schemas. */
#include "iceberg/iceberg_type.h"

#include <string.h>

#include "base/assert.h"

struct type_info {
  const char *name;
  const char *plain; /* Iceberg's name, of the innermost elements for lists */
  int depth;         /* of lists */
};

static const struct type_info types[] = {
    [VQE_ICEBERG_STRING] = {"string", "string", 0},
    [VQE_ICEBERG_INT] = {"int", "int", 0},
    [VQE_ICEBERG_LONG] = {"long", "long", 0},
    [VQE_ICEBERG_DOUBLE] = {"double", "double", 0},
    [VQE_ICEBERG_BOOLEAN] = {"boolean", "boolean", 0},
    [VQE_ICEBERG_DATE] = {"date", "date", 0},
    [VQE_ICEBERG_TIMESTAMPTZ] = {"timestamptz", "timestamptz", 0},
    [VQE_ICEBERG_LIST_STRING] = {"list<string>", "string", 1},
    [VQE_ICEBERG_LIST_LONG] = {"list<long>", "long", 1},
    [VQE_ICEBERG_LIST_DOUBLE] = {"list<double>", "double", 1},
    [VQE_ICEBERG_LIST_LIST_DOUBLE] = {"list<list<double>>", "double", 2},
    [VQE_ICEBERG_OTHER] = {"type of another engine", "", 0}};

#define NTYPES (sizeof types / sizeof types[0])
#define NNAMED ((size_t)VQE_ICEBERG_OTHER) /* types that have names */

const char *vqe_iceberg_type_name(enum vqe_iceberg_type type)
{
  VQE_ASSERT((size_t)type < NTYPES);
  return types[type].name;
}

const char *vqe_iceberg_type_plain(enum vqe_iceberg_type type)
{
  VQE_ASSERT((size_t)type < NTYPES);
  return types[type].plain;
}

int vqe_iceberg_type_depth(enum vqe_iceberg_type type)
{
  VQE_ASSERT((size_t)type < NTYPES);
  return types[type].depth;
}

bool vqe_iceberg_type_is_list(enum vqe_iceberg_type type)
{
  return vqe_iceberg_type_depth(type) > 0;
}

bool vqe_iceberg_type_has_bounds(enum vqe_iceberg_type type)
{
  return type != VQE_ICEBERG_OTHER && !vqe_iceberg_type_is_list(type);
}

bool vqe_iceberg_type_find(enum vqe_iceberg_type *out, const char *name)
{
  for (size_t t = 0; t < NNAMED; t++) {
    if (strcmp(types[t].name, name) == 0) {
      *out = (enum vqe_iceberg_type)t;
      return true;
    }
  }
  return false;
}

bool vqe_iceberg_type_find_plain(enum vqe_iceberg_type *out, const char *plain,
                                 int depth)
{
  for (size_t t = 0; t < NNAMED; t++) {
    if (types[t].depth == depth && strcmp(types[t].plain, plain) == 0) {
      *out = (enum vqe_iceberg_type)t;
      return true;
    }
  }
  return false;
}
