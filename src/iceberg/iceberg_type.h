/* Column types, and their names in definitions and in Iceberg's schemas. */
#ifndef VQE_ICEBERG_ICEBERG_TYPE_H
#define VQE_ICEBERG_ICEBERG_TYPE_H

#include <stdbool.h>

enum vqe_iceberg_type {
  VQE_ICEBERG_STRING,
  VQE_ICEBERG_INT,
  VQE_ICEBERG_LONG,
  VQE_ICEBERG_DOUBLE,
  VQE_ICEBERG_BOOLEAN,
  VQE_ICEBERG_DATE,        /* days since 1970-01-01, 32 bits */
  VQE_ICEBERG_TIMESTAMPTZ, /* microseconds since then, UTC, 64 bits */
  VQE_ICEBERG_LIST_STRING,
  VQE_ICEBERG_LIST_LONG,
  VQE_ICEBERG_LIST_DOUBLE,
  VQE_ICEBERG_LIST_LIST_DOUBLE,
  VQE_ICEBERG_OTHER /* a type of another engine, see vqe_iceberg_column */
};

/* Spelling in the definitions: "string", ..., "list<list<double>>". */
const char *vqe_iceberg_type_name(enum vqe_iceberg_type type);
bool vqe_iceberg_type_is_list(enum vqe_iceberg_type type);
/* Are its counts and bounds written? Of lists and other types only sizes. */
bool vqe_iceberg_type_has_bounds(enum vqe_iceberg_type type);

/* Iceberg's name, of the innermost elements for lists. */
const char *vqe_iceberg_type_plain(enum vqe_iceberg_type type);
/* How many lists are around those: 0 to 2. */
int vqe_iceberg_type_depth(enum vqe_iceberg_type type);
/* By the spelling in definitions. */
bool vqe_iceberg_type_find(enum vqe_iceberg_type *out, const char *name);
/* By Iceberg's name and the number of lists around it. */
bool vqe_iceberg_type_find_plain(enum vqe_iceberg_type *out, const char *plain,
                                 int depth);

#endif
