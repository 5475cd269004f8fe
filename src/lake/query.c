#include "lake/query.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/text.h"
#include "lake/duck.h"
#include "lake/table.h"

/* ---- views ---- */

/* Only tables that the statement names are read: on S3 they are
 * downloaded. */
static bool mentions(duckdb_value names, const char *table)
{
  bool found = false;
  for (idx_t k = 0; !found && k < duckdb_get_list_size(names); k++) {
    duckdb_value item = duckdb_get_list_child(names, k);
    char *name = duckdb_get_varchar(item);
    found = name != NULL && strcasecmp(name, table) == 0;
    duckdb_free(name);
    duckdb_destroy_value(&item);
  }
  return found;
}

/* A table without rows under a name of ours: enough for SHOW TABLES, and
 * nothing is downloaded. */
static int make_outline(struct vqe_warehouse *warehouse, int index)
{
  struct vqe_iceberg_definition *definition = NULL;
  const struct vqe_lake_text *text = &vqe_lake_definitions[index];
  struct vqe_table outline = {.name = text->name};
  int status = vqe_iceberg_definition_parse(&definition, text->text,
                                            text->size, text->name);
  if (status == VQE_OK) {
    outline.definition = definition;
    status = vqe_table_view(warehouse, &outline, text->name, true);
  }
  vqe_iceberg_definition_free(definition);
  return status;
}

/* Views of an earlier statement would hide which tables this one names. */
static int drop_views(struct vqe_duck *duck)
{
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_TABLES; k++) {
    status = vqe_duck_executef(duck, "query", "DROP VIEW IF EXISTS %s",
                               vqe_lake_definitions[k].name);
  }
  return status;
}

/* The files of a table, as they are named and as the views name them. */
static void allow(struct vqe_duck_text *paths, const struct vqe_table *table)
{
  for (size_t k = 0; paths != NULL && k < table->npaths; k++) {
    vqe_duck_add(paths, "%s", paths->used > 0 ? ", " : "");
    vqe_duck_add_quoted(paths, table->paths[k]);
    vqe_duck_add(paths, ", ");
    vqe_duck_add_path(paths, table->paths[k]);
  }
}

/* A list of the tables that the statement names; NULL where it cannot be
 * parsed. `locked`: DuckDB looks at the files that the statement names for
 * that, so another one does it, which may not. */
static int find_names(duckdb_value *names, struct vqe_warehouse *warehouse,
                      const char *sql, bool locked)
{
  const struct vqe_duck_options options = {
      .threads = 1, .scratch = vqe_warehouse_scratch(warehouse)};
  struct vqe_duck *own = NULL;
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  int status = VQE_OK;
  *names = NULL;
  if (locked) {
    status = vqe_duck_open(&own, &options);
    duck = own;
  }
  if (status == VQE_OK && locked) {
    status = vqe_duck_lock(own, "", options.scratch);
  }
  if (status == VQE_OK) {
    *names = duckdb_get_table_names(duck->connection, sql, false);
  }
  vqe_duck_close(own);
  return status;
}

/* The tables that the statement names; *paths, if any, gets their files. */
static int make_views(struct vqe_warehouse *warehouse, const char *sql,
                      struct vqe_duck_text *paths)
{
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  duckdb_value names = NULL;
  int status = drop_views(duck);
  if (status == VQE_OK) {
    status = find_names(&names, warehouse, sql, paths != NULL);
  }
  bool any = names == NULL;
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_TABLES; k++) {
    struct vqe_table *table = NULL;
    if (names != NULL && !mentions(names, vqe_lake_definitions[k].name)) {
      continue;
    }
    any = true;
    status =
        vqe_table_read(&table, warehouse, (enum vqe_lake_table_index)k, true);
    if (status == VQE_OK) {
      status = vqe_table_add_others(table, warehouse);
    }
    if (status == VQE_OK && vqe_table_require_types(table) != VQE_OK) {
      vqe_warehouse_warn(warehouse, "%s: it is not shown",
                         vqe_error_message());
    }
    if (status == VQE_OK) {
      status = vqe_table_view(warehouse, table, table->name, true);
    }
    if (status == VQE_OK) {
      allow(paths, table);
    }
    vqe_table_close(table);
  }
  /* a statement about the tables themselves: SHOW TABLES and the like */
  for (int k = 0; status == VQE_OK && !any && k < VQE_LAKE_TABLES; k++) {
    status = make_outline(warehouse, k);
  }
  if (names != NULL) {
    duckdb_destroy_value(&names);
  }
  return status;
}

int vqe_query_views(struct vqe_warehouse *warehouse, const char *sql)
{
  return make_views(warehouse, sql, NULL);
}

/* ---- output ---- */

/* All columns cast to text by DuckDB itself, so that every type has its
 * shortest exact spelling. */
static int as_text(char **out, duckdb_result *result, const char *rows)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&sql, "SELECT ");
  for (idx_t k = 0; k < duckdb_column_count(result); k++) {
    vqe_duck_add(&sql, "%s#%llu::VARCHAR", k > 0 ? ", " : "",
                 (unsigned long long)k + 1);
  }
  vqe_duck_add(&sql, " FROM %s", rows);
  if (sql.status != VQE_OK) {
    free(sql.data);
    return sql.status;
  }
  *out = sql.data;
  return VQE_OK;
}

static bool is_null(duckdb_vector vector, idx_t row)
{
  uint64_t *validity = duckdb_vector_get_validity(vector);
  return validity != NULL && !duckdb_validity_row_is_valid(validity, row);
}

/* Text of a cell; valid as long as the chunk. */
static const char *cell(int *length, duckdb_data_chunk chunk, idx_t column,
                        idx_t row)
{
  duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
  if (is_null(vector, row)) {
    return NULL;
  }
  duckdb_string_t *texts = duckdb_vector_get_data(vector);
  *length = (int)duckdb_string_t_length(texts[row]);
  return duckdb_string_t_data(&texts[row]);
}

static bool is_number(duckdb_type type)
{
  switch (type) {
  case DUCKDB_TYPE_TINYINT:
  case DUCKDB_TYPE_SMALLINT:
  case DUCKDB_TYPE_INTEGER:
  case DUCKDB_TYPE_BIGINT:
  case DUCKDB_TYPE_UTINYINT:
  case DUCKDB_TYPE_USMALLINT:
  case DUCKDB_TYPE_UINTEGER:
  case DUCKDB_TYPE_UBIGINT:
  case DUCKDB_TYPE_HUGEINT:
  case DUCKDB_TYPE_UHUGEINT:
  case DUCKDB_TYPE_FLOAT:
  case DUCKDB_TYPE_DOUBLE:
  case DUCKDB_TYPE_DECIMAL:
    return true;
  default:
    return false;
  }
}

/* Columns that text of `size` bytes takes, one a letter as it is shown. */
static int width_of(const char *text, int size)
{
  char letter[5];
  int width = 0;
  for (int k = 0; k < size; width++) {
    k += (int)vqe_text_letter(letter, text + k, (size_t)(size - k));
  }
  return width;
}

struct page {
  duckdb_data_chunk *chunks;
  size_t nchunks;
};

static int read_page(struct page *page, duckdb_result *texts)
{
  duckdb_data_chunk chunk;
  int status = VQE_OK;
  while (status == VQE_OK && (chunk = duckdb_fetch_chunk(*texts)) != NULL) {
    status = vqe_memory_grow(&page->chunks, page->nchunks, page->nchunks + 1,
                             sizeof(duckdb_data_chunk), "a result");
    if (status == VQE_OK) {
      page->chunks[page->nchunks++] = chunk;
    } else {
      duckdb_destroy_data_chunk(&chunk);
    }
  }
  return status;
}

static void pad(FILE *stream, int count)
{
  for (int k = 0; k < count; k++) {
    fputc(' ', stream);
  }
}

static void print_cell(FILE *stream, const char *text, int length, int width,
                       bool right, bool last)
{
  int blanks = width - width_of(text, length);
  if (right) {
    pad(stream, blanks);
  }
  for (int k = 0; k < length;) {
    char letter[5];
    k += (int)vqe_text_letter(letter, text + k, (size_t)(length - k));
    fputs(letter, stream);
  }
  if (!right && !last) {
    pad(stream, blanks);
  }
  fputs(last ? "\n" : "  ", stream);
}

static int print_text(FILE *stream, duckdb_result *result, struct page *page)
{
  idx_t columns = duckdb_column_count(result);
  int *widths = NULL;
  int length = 0;
  int status = vqe_memory_alloc(&widths, columns, sizeof *widths, "a result");
  if (status != VQE_OK) {
    return status;
  }
  for (idx_t c = 0; c < columns; c++) {
    const char *name = duckdb_column_name(result, c);
    widths[c] = width_of(name, (int)strlen(name));
  }
  for (size_t p = 0; p < page->nchunks; p++) {
    for (idx_t r = 0; r < duckdb_data_chunk_get_size(page->chunks[p]); r++) {
      for (idx_t c = 0; c < columns; c++) {
        const char *text = cell(&length, page->chunks[p], c, r);
        int width = text == NULL ? 0 : width_of(text, length);
        widths[c] = width > widths[c] ? width : widths[c];
      }
    }
  }
  for (idx_t c = 0; c < columns; c++) {
    const char *name = duckdb_column_name(result, c);
    print_cell(stream, name, (int)strlen(name), widths[c],
               is_number(duckdb_column_type(result, c)), c + 1 == columns);
  }
  for (size_t p = 0; p < page->nchunks; p++) {
    for (idx_t r = 0; r < duckdb_data_chunk_get_size(page->chunks[p]); r++) {
      for (idx_t c = 0; c < columns; c++) {
        const char *text = cell(&length, page->chunks[p], c, r);
        print_cell(stream, text != NULL ? text : "", text != NULL ? length : 0,
                   widths[c], is_number(duckdb_column_type(result, c)),
                   c + 1 == columns);
      }
    }
  }
  free(widths);
  return VQE_OK;
}

static int run_text(struct vqe_duck *duck, const char *rows, FILE *stream)
{
  duckdb_result result = {0};
  duckdb_result texts = {0};
  struct page page = {NULL, 0};
  char *sql = NULL;
  int status = vqe_memory_print(&sql, "FROM %s LIMIT 0", rows);
  if (status == VQE_OK) {
    status = vqe_duck_query(duck, &result, "query", sql);
  }
  free(sql);
  sql = NULL;
  if (status == VQE_OK) {
    status = as_text(&sql, &result, rows);
  }
  if (status == VQE_OK) {
    status = vqe_duck_query(duck, &texts, "query", sql);
  }
  if (status == VQE_OK) {
    status = read_page(&page, &texts);
  }
  if (status == VQE_OK) {
    status = print_text(stream, &result, &page);
  }
  for (size_t k = 0; k < page.nchunks; k++) {
    duckdb_destroy_data_chunk(&page.chunks[k]);
  }
  free(page.chunks);
  free(sql);
  duckdb_destroy_result(&texts);
  duckdb_destroy_result(&result);
  return status;
}

/* A terminal shows names of molecules and the like, which come from others. */
static void copy_rows(FILE *stream, FILE *file)
{
  char buffer[65536];
  char *line = NULL;
  size_t capacity = 0;
  size_t got;
  if (isatty(fileno(stream))) {
    while (getline(&line, &capacity, file) > 0) {
      vqe_text_show(stream, line);
    }
  } else {
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0) {
      fwrite(buffer, 1, got, stream);
    }
  }
  free(line);
}

/* CSV and JSON are DuckDB's own, through a file in the scratch folder. */
static int run_copy(struct vqe_warehouse *warehouse, const char *rows,
                    const char *options, FILE *stream)
{
  char *path = NULL;
  char *quoted = NULL;
  FILE *file = NULL;
  int status = vqe_warehouse_scratch_file(&path, warehouse);
  if (status == VQE_OK) {
    status = vqe_duck_quote(&quoted, path);
  }
  if (status == VQE_OK) {
    status =
        vqe_duck_executef(vqe_warehouse_duck(warehouse), "query",
                          "COPY (FROM %s) TO %s (%s)", rows, quoted, options);
  }
  if (status == VQE_OK && (file = fopen(path, "r")) == NULL) {
    status = vqe_error_set(VQE_ERR_IO, "cannot read '%s'", path);
  }
  if (status == VQE_OK) {
    copy_rows(stream, file);
  }
  if (file != NULL) {
    fclose(file);
  }
  if (path != NULL) {
    remove(path);
  }
  free(quoted);
  free(path);
  return status;
}

/* The statement in parentheses, to stand after FROM. It may be anything that
 * has rows, DESCRIBE as well as SELECT, and is given whole: what follows a
 * semicolon is refused. No table is made of its rows, which SHOW TABLES would
 * list. */
static int make_rows(char **out, struct vqe_duck *duck, const char *sql)
{
  duckdb_extracted_statements statements = NULL;
  idx_t count = duckdb_extract_statements(duck->connection, sql, &statements);
  int status = VQE_OK;
  *out = NULL;
  if (count == 0) {
    const char *message = duckdb_extract_statements_error(statements);
    status = vqe_error_set(VQE_ERR_INPUT, "query: %s",
                           message != NULL ? message : "no statement");
  } else if (count > 1) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "query: %llu statements; give one at a time",
                           (unsigned long long)count);
  }
  duckdb_destroy_extracted(&statements);
  if (status != VQE_OK) {
    return status;
  }
  size_t size = strlen(sql);
  while (size > 0 && strchr("; \t\r\n", sql[size - 1]) != NULL) {
    size--;
  }
  return vqe_memory_print(out, "(%.*s\n)", (int)size, sql);
}

/* Views first: the engine reads their files then to know the columns. */
static int make_locked_views(struct vqe_warehouse *warehouse, const char *sql)
{
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  struct vqe_duck_text paths = {NULL, 0, 0, VQE_OK};
  if (duck->locked) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "one locked query is run on a warehouse that is "
                         "open; open it again");
  }
  int status = make_views(warehouse, sql, &paths);
  if (status == VQE_OK) {
    status = paths.status;
  }
  if (status == VQE_OK) {
    status = vqe_duck_lock(duck, paths.data != NULL ? paths.data : "",
                           vqe_warehouse_scratch(warehouse));
  }
  free(paths.data);
  return status;
}

int vqe_query(struct vqe_warehouse *warehouse, const char *sql,
              enum vqe_query_format format, bool locked, FILE *stream)
{
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  char *rows = NULL;
  int status = locked ? make_locked_views(warehouse, sql)
                      : make_views(warehouse, sql, NULL);
  if (status == VQE_OK) {
    status = make_rows(&rows, duck, sql);
  }
  if (status != VQE_OK) {
    return status;
  }
  switch (format) {
  case VQE_QUERY_TEXT:
    status = run_text(duck, rows, stream);
    break;
  case VQE_QUERY_CSV:
    status = run_copy(warehouse, rows, "FORMAT csv, HEADER true", stream);
    break;
  case VQE_QUERY_JSON:
    status = run_copy(warehouse, rows, "FORMAT json, ARRAY true", stream);
    break;
  }
  free(rows);
  if (status == VQE_OK && fflush(stream) != 0) {
    status = vqe_error_set(VQE_ERR_IO, "cannot write the result");
  }
  return status;
}

/* Text of the first column of the only row. VQE_ERR_NOT_FOUND when there is
 * no row, VQE_ERR_INPUT when there are several. Free *out by free(). */
static int query_value(char **out, struct vqe_warehouse *warehouse,
                       const char *sql)
{
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  struct page page = {NULL, 0};
  duckdb_result texts = {0};
  char *statement = NULL;
  char *text_sql = NULL;
  size_t rows = 0;
  int length = 0;
  *out = NULL;
  int status = make_views(warehouse, sql, NULL);
  if (status == VQE_OK) {
    status = make_rows(&statement, duck, sql);
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_print(&text_sql, "SELECT #1::VARCHAR FROM %s", statement);
  }
  if (status == VQE_OK) {
    status = vqe_duck_query(duck, &texts, "query", text_sql);
  }
  free(statement);
  free(text_sql);
  if (status == VQE_OK) {
    status = read_page(&page, &texts);
  }
  for (size_t p = 0; p < page.nchunks; p++) {
    rows += (size_t)duckdb_data_chunk_get_size(page.chunks[p]);
  }
  if (status == VQE_OK && rows != 1) {
    status = vqe_error_set(
        rows == 0 ? VQE_ERR_NOT_FOUND : VQE_ERR_INPUT,
        rows == 0 ? "query: no row" : "query: %zu rows, not one", rows);
  }
  if (status == VQE_OK && page.chunks != NULL) {
    const char *text = cell(&length, page.chunks[0], 0, 0);
    *out = strndup(text != NULL ? text : "", (size_t)length);
    if (*out == NULL) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a result");
    }
  }
  for (size_t p = 0; p < page.nchunks; p++) {
    duckdb_destroy_data_chunk(&page.chunks[p]);
  }
  free(page.chunks);
  duckdb_destroy_result(&texts);
  return status;
}

/* The one value that a statement gives for the experiment whose id starts so:
 * `sql` ends where the start of the id follows, `rest` comes behind it. */
static int experiment_value(char **out, struct vqe_warehouse *warehouse,
                            const char *sql, const char *id, const char *rest,
                            const char *table)
{
  struct vqe_duck_text text = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&text, sql);
  vqe_duck_add_quoted(&text, id);
  vqe_duck_add(&text, rest);
  int status = text.status;
  if (status == VQE_OK) {
    status = query_value(out, warehouse, text.data);
  }
  if (status == VQE_ERR_NOT_FOUND) {
    status = vqe_error_set(status,
                           "no experiment of %s has an id that starts with "
                           "'%s'",
                           table, id);
  } else if (status == VQE_ERR_INPUT) {
    status = vqe_error_context(status, "ids that start with '%s'", id);
  }
  free(text.data);
  return status;
}

int vqe_query_ansatz(char **out, struct vqe_warehouse *warehouse,
                     const char *id)
{
  return experiment_value(out, warehouse,
                          "SELECT ansatz FROM ansatz_info WHERE "
                          "starts_with(experiment_id, ",
                          id, ")", "ansatz_info");
}

int vqe_query_optimal(double **out, size_t *count,
                      struct vqe_warehouse *warehouse, const char *id)
{
  char *text = NULL;
  size_t n = 0;
  *out = NULL;
  *count = 0;
  int status = experiment_value(
      &text, warehouse,
      "SELECT string_agg(optimal_parameter_value::VARCHAR, ' ' ORDER BY "
      "parameter_index) FROM optimal_parameters WHERE "
      "starts_with(experiment_id, ",
      id, ") GROUP BY experiment_id", "optimal_parameters");
  for (const char *at = text; status == VQE_OK && at != NULL && *at != '\0';
       at++) {
    n += *at == ' ';
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(out, n + 1, sizeof **out, "parameters");
  }
  for (char *at = text; status == VQE_OK && at != NULL && *at != '\0';) {
    char *end;
    double value = strtod(at, &end);
    if (end == at) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "optimal_parameters of '%s': '%.20s' is no "
                             "number",
                             id, at);
    } else {
      (*out)[(*count)++] = value;
      at = end + strspn(end, " ");
    }
  }
  free(text);
  return status;
}
