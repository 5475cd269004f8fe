/* Table definitions: parsing, ids, and the paths of their data files. */
#ifndef VQE_ICEBERG_ICEBERG_DEFINITION_H
#define VQE_ICEBERG_ICEBERG_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>

#include "iceberg/iceberg_value.h"

/* Id of a column that the table had and has no more. */
#define VQE_ICEBERG_DROPPED (-1)

struct vqe_iceberg_column {
  char *name;
  char *doc; /* what readers are shown of it, NULL for nothing */
  enum vqe_iceberg_type type;
  int id;         /* field id */
  int element_id; /* of a list's elements, 0 for none */
  int inner_id;   /* of a list of lists' inner elements, 0 for none */
  /* As the table has it, after binding: */
  char *table_name; /* NULL: the same; else what another engine calls it */
  bool foreign;     /* another engine added it */
  bool required;    /* another engine wants no nulls */
  char *other;      /* Iceberg's name or JSON of a type we do not know */
};

struct vqe_iceberg_definition {
  char *name;
  char *comment; /* NULL when there is none */
  struct vqe_iceberg_column *columns;
  size_t ncolumns;
  size_t *partition; /* columns of the identity partition spec, in order */
  size_t npartition;
  size_t *key; /* columns that identify a row */
  size_t nkey;
  bool tagged; /* each commit is tagged v_* */
};

/* Parse {"name", "comment", "columns": [{"name", "type"}...],
 * "partition": [names], "key": [names], "tagged": bool}. A column may have
 * "doc" (what it means), "unit" and "known" ("start", "step", "step 10" or
 * "end"), which make its doc; keys that are not named here are for others.
 * Ids: columns from 1 in order, then list elements, as Spark gives them.
 * `source` names the text in messages. VQE_ERR_INPUT says what is wrong with
 * it. */
int vqe_iceberg_definition_parse(struct vqe_iceberg_definition **out,
                                 const char *text, size_t size,
                                 const char *source);
void vqe_iceberg_definition_free(struct vqe_iceberg_definition *definition);

/* The column's name in the table. */
const char *vqe_iceberg_column_name(const struct vqe_iceberg_column *column);
/* The column of that name, or NULL. */
const struct vqe_iceberg_column *
vqe_iceberg_definition_column(const struct vqe_iceberg_definition *definition,
                              const char *name);
/* Field id of a column's values, or of its innermost elements. */
int vqe_iceberg_column_leaf(const struct vqe_iceberg_column *column);
/* Last id in use: of columns and of list elements. */
int vqe_iceberg_definition_last_id(
    const struct vqe_iceberg_definition *definition);
/* Give the ids after `last` to the elements of a list; the new last one. */
int vqe_iceberg_definition_number(struct vqe_iceberg_column *column, int last);

/* The folder of a data file, as other writers name it:
 * "processing_date=2026-01-02/basis_set=sto3g" (escaped, a value of more than
 * 120 bytes cut and made unique by a hash; "null" for null; "" without
 * partition). `values` has npartition entries. Free by free(). */
int vqe_iceberg_partition_path(char **out,
                               const struct vqe_iceberg_definition *definition,
                               const struct vqe_iceberg_bytes *values);

/* Key for a new data file:
 * "quantum_features/<table>/data/<partition path>/<name>". */
int vqe_iceberg_data_key(char **out,
                         const struct vqe_iceberg_definition *definition,
                         const struct vqe_iceberg_bytes *values,
                         const char *name);

#endif
