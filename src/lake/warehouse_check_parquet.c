#include "lake/warehouse_check_parquet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "lake/duck.h"

/* A node of the schema, in depth-first order. */
struct node {
  char name[128];
  char type[24];      /* physical */
  char repeated[16];  /* REQUIRED, OPTIONAL, REPEATED */
  char converted[24]; /* the older annotation, "" for none */
  char logical[128];  /* the newer one */
  int children;
  int id; /* -1 for none */
};

struct walk {
  struct node *nodes;
  size_t count;
  size_t at; /* the next one */
  void (*problem)(void *ctx, const char *text);
  void *ctx;
};

static void report(const struct walk *walk, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void report(const struct walk *walk, const char *format, ...)
{
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  walk->problem(walk->ctx, text);
}

/* ---- reading --------------------------------------------------------- */

static void copy_text(char *to, size_t size, duckdb_vector vector, idx_t row)
{
  duckdb_string_t *texts = duckdb_vector_get_data(vector);
  snprintf(to, size, "%.*s", (int)duckdb_string_t_length(texts[row]),
           duckdb_string_t_data(&texts[row]));
}

static int take_chunk(struct walk *walk, duckdb_data_chunk chunk)
{
  size_t rows = (size_t)duckdb_data_chunk_get_size(chunk);
  int status = vqe_memory_grow(&walk->nodes, walk->count, walk->count + rows,
                               sizeof *walk->nodes, "a Parquet schema");
  for (size_t k = 0; status == VQE_OK && k < rows; k++) {
    struct node *node = &walk->nodes[walk->count++];
    duckdb_vector columns[7];
    for (idx_t c = 0; c < 7; c++) {
      columns[c] = duckdb_data_chunk_get_vector(chunk, c);
    }
    copy_text(node->name, sizeof node->name, columns[0], k);
    copy_text(node->type, sizeof node->type, columns[1], k);
    copy_text(node->repeated, sizeof node->repeated, columns[2], k);
    copy_text(node->converted, sizeof node->converted, columns[3], k);
    copy_text(node->logical, sizeof node->logical, columns[4], k);
    node->children = ((int32_t *)duckdb_vector_get_data(columns[5]))[k];
    node->id = ((int32_t *)duckdb_vector_get_data(columns[6]))[k];
  }
  return status;
}

static int read_nodes(struct walk *walk, struct vqe_duck *duck,
                      const char *path)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  duckdb_result result = {0};
  duckdb_data_chunk chunk;
  vqe_duck_add(&sql, "SELECT name, coalesce(type, ''), "
                     "coalesce(repetition_type, ''), "
                     "coalesce(converted_type, ''), "
                     "coalesce(logical_type, ''), "
                     "coalesce(num_children, 0)::INTEGER, "
                     "coalesce(field_id, -1)::INTEGER FROM parquet_schema(");
  vqe_duck_add_path(&sql, path);
  vqe_duck_add(&sql, ")");
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_query(duck, &result, "Parquet schema", sql.data);
  }
  while (status == VQE_OK && (chunk = duckdb_fetch_chunk(result)) != NULL) {
    status = take_chunk(walk, chunk);
    duckdb_destroy_data_chunk(&chunk);
  }
  duckdb_destroy_result(&result);
  free(sql.data);
  return status;
}

static const struct node *next(struct walk *walk)
{
  return walk->at < walk->count ? &walk->nodes[walk->at++] : NULL;
}

/* ---- one column ------------------------------------------------------ */

static bool is_type(const struct node *node, const char *type)
{
  return strcmp(node->type, type) == 0;
}

static bool is_utc_micros(const struct node *node)
{
  return is_type(node, "INT64") &&
         (strcmp(node->converted, "TIMESTAMP_MICROS") == 0 ||
          strstr(node->logical, "MICROS=MicroSeconds") != NULL) &&
         strstr(node->logical, "isAdjustedToUTC=0") == NULL;
}

static bool leaf_fits(const struct node *node,
                      const struct vqe_iceberg_column *column)
{
  const char *plain = vqe_iceberg_type_plain(column->type);
  if (strcmp(plain, "string") == 0) {
    return is_type(node, "BYTE_ARRAY") &&
           (strcmp(node->converted, "UTF8") == 0 ||
            strncmp(node->logical, "StringType", 10) == 0);
  }
  if (strcmp(plain, "int") == 0) {
    return is_type(node, "INT32");
  }
  if (strcmp(plain, "long") == 0) { /* INT32: from before it was widened */
    return (is_type(node, "INT64") || is_type(node, "INT32")) &&
           strncmp(node->converted, "TIME", 4) != 0;
  }
  if (strcmp(plain, "double") == 0) {
    return is_type(node, "DOUBLE");
  }
  if (strcmp(plain, "boolean") == 0) {
    return is_type(node, "BOOLEAN");
  }
  if (strcmp(plain, "date") == 0) {
    return is_type(node, "INT32") &&
           (strcmp(node->converted, "DATE") == 0 ||
            strncmp(node->logical, "DateType", 8) == 0);
  }
  return is_utc_micros(node);
}

/* The children of a node that is no concern of ours, but for their ids. */
static void skip(struct walk *walk, const struct node *node)
{
  /* the order is depth-first: what is open is a number */
  int64_t open = node->children;
  while (open > 0) {
    const struct node *child = next(walk);
    if (child == NULL) {
      return;
    }
    open += child->children - 1;
  }
}

/* `node` at that level of the column's lists; false after a report, with the
 * rest of it passed over. */
static bool check_level(struct walk *walk, const struct node *node,
                        const struct vqe_iceberg_column *column, int level)
{
  int id = level == 0   ? column->id
           : level == 1 ? column->element_id
                        : column->inner_id;
  if (node->id != id) {
    /* the first level was found by its id */
    report(walk,
           node->id < 0 ? "the elements of '%s' have no field id"
                        : "the elements of '%s' have another field id",
           column->name);
    skip(walk, node);
    return false;
  }
  if (level == vqe_iceberg_type_depth(column->type)) {
    if (node->children > 0 || !leaf_fits(node, column)) {
      report(walk, "column '%s' is stored as %s %s, which is no %s",
             column->name, node->children > 0 ? "a group" : node->type,
             node->converted, vqe_iceberg_type_name(column->type));
      skip(walk, node);
      return false;
    }
    return true;
  }
  const struct node *list = node->children == 1 ? next(walk) : NULL;
  if (list == NULL || strcmp(list->repeated, "REPEATED") != 0 ||
      list->children != 1 ||
      (strcmp(node->converted, "LIST") != 0 &&
       strncmp(node->logical, "ListType", 8) != 0)) {
    report(walk, "column '%s' is no list of the three-level form",
           column->name);
    skip(walk, list != NULL ? list : node);
    return false;
  }
  const struct node *element = next(walk);
  return element != NULL && check_level(walk, element, column, level + 1);
}

static const struct vqe_iceberg_column *
column_of(const struct vqe_iceberg_definition *definition, int id)
{
  for (size_t k = 0; k < definition->ncolumns; k++) {
    if (definition->columns[k].id == id) {
      return &definition->columns[k];
    }
  }
  return NULL;
}

static bool has_ids(const struct walk *walk)
{
  for (size_t k = 1; k < walk->count; k++) {
    if (walk->nodes[k].id >= 0) {
      return true;
    }
  }
  return walk->count <= 1;
}

int vqe_warehouse_check_parquet(
    struct vqe_duck *duck, const struct vqe_iceberg_definition *definition,
    const char *path, void (*problem)(void *ctx, const char *text), void *ctx)
{
  struct walk walk = {.problem = problem, .ctx = ctx};
  int status = read_nodes(&walk, duck, path);
  const struct node *root = status == VQE_OK ? next(&walk) : NULL;
  if (root != NULL && !has_ids(&walk)) {
    report(&walk, "its columns have no field ids: they read as nulls");
    root = NULL;
  }
  for (int k = 0; root != NULL && k < root->children; k++) {
    const struct node *node = next(&walk);
    if (node == NULL) {
      break;
    }
    const struct vqe_iceberg_column *column = column_of(definition, node->id);
    if (node->id < 0) {
      report(&walk, "column '%s' has no field id", node->name);
      skip(&walk, node);
    } else if (column == NULL || column->type == VQE_ICEBERG_OTHER) {
      skip(&walk, node); /* of another engine, or dropped */
    } else {
      (void)check_level(&walk, node, column, 0);
    }
  }
  free(walk.nodes);
  return status;
}
