#include "lake/warehouse_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "lake/duck.h"
#include "lake/table.h"
#include "lake/table_stats.h"
#include "lake/warehouse_check_parquet.h"

struct checking {
  struct vqe_warehouse_check_result *result;
  struct vqe_warehouse *warehouse;
  struct vqe_table *table;
  void (*report)(void *ctx, const char *table,
                 enum vqe_iceberg_finding finding, const char *text);
  void *report_ctx;
};

/* What was found, of a table (NULL: the one under check). */
static void report_finding(struct checking *checking, const char *table,
                           enum vqe_iceberg_finding finding,
                           const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void report_finding(struct checking *checking, const char *table,
                           enum vqe_iceberg_finding finding,
                           const char *format, ...)
{
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  checking->result->problems += finding == VQE_ICEBERG_PROBLEM;
  checking->report(checking->report_ctx,
                   table != NULL ? table : checking->table->name, finding,
                   text);
}

#define find(checking, ...)                                                   \
  report_finding(checking, NULL, VQE_ICEBERG_PROBLEM, __VA_ARGS__)
#define note(checking, ...)                                                   \
  report_finding(checking, NULL, VQE_ICEBERG_NOTE, __VA_ARGS__)

static void pass_on(void *ctx, enum vqe_iceberg_finding finding,
                    const char *text)
{
  struct checking *checking = ctx;
  checking->report(checking->report_ctx, checking->table->name, finding, text);
}

/* ---- one file ---- */

static const struct vqe_iceberg_stats *
stats_of(const struct vqe_iceberg_file *file, int field_id)
{
  for (size_t k = 0; k < file->nstats; k++) {
    if (file->stats[k].field_id == field_id) {
      return &file->stats[k];
    }
  }
  return NULL;
}

static bool count_differs(int64_t written, int64_t found)
{
  return written >= 0 && found >= 0 && written != found;
}

/* Is the extreme of the rows beyond the bound, below for sign -1? Other
 * writers may give wider bounds. */
static bool is_beyond(const struct vqe_iceberg_bytes *extreme,
                      const struct vqe_iceberg_bytes *bound,
                      enum vqe_iceberg_type type, int sign)
{
  return bound->data != NULL && extreme->data != NULL &&
         vqe_iceberg_bytes_valid(bound, type) &&
         sign * vqe_iceberg_bytes_compare(extreme, bound, type) > 0;
}

/* A file as it is compared. */
struct compared {
  const char *key;
  const char *path; /* of its content here */
};

/* Has the file a zero of the sign that the bound leaves out? Extremes do not
 * say it, and other writers give +0.0 below where no -0.0 is. */
static int settle_zero(struct checking *checking, const char *path,
                       const char *column, struct vqe_iceberg_bytes *extreme,
                       const struct vqe_iceberg_bytes *bound, bool upper)
{
  static const uint8_t zeros[2][8] = {{0}, {0, 0, 0, 0, 0, 0, 0, 0x80}};
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  int64_t rows = 1;
  if (extreme->data == NULL || bound->data == NULL || extreme->size != 8 ||
      bound->size != 8 || memcmp(extreme->data, zeros[!upper], 8) != 0 ||
      memcmp(bound->data, zeros[upper], 8) != 0 ||
      strchr(column, '"') != NULL) {
    return VQE_OK;
  }
  vqe_duck_add(&sql, "SELECT count(*)::BIGINT FROM read_parquet(");
  vqe_duck_add_path(&sql, path);
  vqe_duck_add(&sql, ") WHERE \"%s\" = 0 AND %ssignbit(\"%s\")", column,
               upper ? "NOT " : "", column);
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_count(vqe_warehouse_duck(checking->warehouse), &rows,
                            column, sql.data);
  }
  if (status == VQE_OK && rows == 0) {
    memcpy(extreme->data, bound->data, 8);
  }
  free(sql.data);
  return status;
}

/* Bounds of doubles as a file without statistics of the sign of zero has
 * them. */
static int settle_double(struct checking *checking,
                         const struct compared *file, const char *column,
                         const struct vqe_iceberg_stats *written,
                         struct vqe_iceberg_stats *found)
{
  int status = vqe_iceberg_bound(&found->lower, VQE_ICEBERG_DOUBLE, false);
  if (status == VQE_OK) {
    status = vqe_iceberg_bound(&found->upper, VQE_ICEBERG_DOUBLE, true);
  }
  if (status == VQE_OK) {
    status = settle_zero(checking, file->path, column, &found->lower,
                         &written->lower, false);
  }
  if (status == VQE_OK) {
    status = settle_zero(checking, file->path, column, &found->upper,
                         &written->upper, true);
  }
  return status;
}

/* What the manifest says of a column against what the rows say. */
static int compare_column(struct checking *checking,
                          const struct compared *file,
                          const struct vqe_iceberg_column *column,
                          const struct vqe_iceberg_stats *written,
                          struct vqe_iceberg_stats *found)
{
  int status = VQE_OK;
  if (written == NULL || !vqe_iceberg_type_has_bounds(column->type)) {
    return VQE_OK;
  }
  if (count_differs(written->value_count, found->value_count) ||
      count_differs(written->null_count, found->null_count) ||
      count_differs(written->nan_count, found->nan_count)) {
    find(checking,
         "'%s', column '%s': the manifest's counts are not the "
         "file's",
         file->key, column->name);
  }
  if (column->type == VQE_ICEBERG_DOUBLE) { /* the sign of zero counts */
    status = settle_double(checking, file, column->name, written, found);
  }
  if (status == VQE_OK &&
      (is_beyond(&found->lower, &written->lower, column->type, -1) ||
       is_beyond(&found->upper, &written->upper, column->type, 1))) {
    find(checking,
         "'%s', column '%s': the manifest's bounds leave out values of the "
         "file",
         file->key, column->name);
  }
  return status;
}

/* What our writer says of every column; readers do without. */
static void require_stats(struct checking *checking,
                          const struct vqe_iceberg_file *file,
                          const struct vqe_iceberg_column *column,
                          const struct vqe_iceberg_stats *found)
{
  const struct vqe_iceberg_stats *written =
      stats_of(file, vqe_iceberg_column_leaf(column));
  bool counts = vqe_iceberg_type_has_bounds(column->type);
  if (found->column_size < 0) {
    return; /* the file is from before the column */
  }
  if (written == NULL || written->column_size < 0 ||
      (counts && (written->value_count < 0 || written->null_count < 0)) ||
      (column->type == VQE_ICEBERG_DOUBLE && written->nan_count < 0) ||
      (counts && column->type != VQE_ICEBERG_STRING &&
       ((found->lower.data != NULL && written->lower.data == NULL) ||
        (found->upper.data != NULL && written->upper.data == NULL)))) {
    find(checking,
         "'%s', column '%s': a size, count or bound is missing in the "
         "manifest",
         file->key, column->name);
  }
}

/* The partition of the file's own spec against its rows. */
static int compare_partition(struct checking *checking,
                             const struct vqe_iceberg_file *file,
                             const struct vqe_iceberg_file *found)
{
  const struct vqe_iceberg_definition *definition =
      checking->table->definition;
  struct vqe_iceberg_table *iceberg = NULL;
  struct vqe_iceberg_partition_field *fields = NULL;
  size_t count = 0;
  int status = vqe_warehouse_iceberg(&iceberg, checking->warehouse,
                                     checking->table->index);
  if (status == VQE_OK) {
    status = vqe_iceberg_spec_fields(&fields, &count, iceberg, file->spec_id);
  }
  for (size_t f = 0; status == VQE_OK && f < count && f < file->npartition;
       f++) {
    for (size_t k = 0; k < definition->ncolumns; k++) {
      if (definition->columns[k].id == fields[f].source &&
          !vqe_iceberg_partition_holds(&fields[f], &file->partition[f],
                                       &found->stats[k],
                                       found->record_count)) {
        find(checking, "'%s': partition '%s' is not that of its rows",
             file->key, fields[f].name);
      }
    }
  }
  free(fields);
  return status == VQE_ERR_NOT_FOUND ? VQE_OK : status; /* found elsewhere */
}

/* What the manifest says of a file against what is in it. */
static int compare_file(struct checking *checking, const char *path,
                        const struct vqe_iceberg_file *file,
                        struct vqe_iceberg_file *found)
{
  const struct compared compared = {file->key, path};
  const struct vqe_iceberg_definition *definition =
      checking->table->definition;
  int status;
  checking->result->rows += found->record_count;
  if (found->record_count != file->record_count) {
    find(checking, "'%s' holds %lld row%s, the manifest says %lld", file->key,
         (long long)found->record_count, found->record_count == 1 ? "" : "s",
         (long long)file->record_count);
  }
  status = compare_partition(checking, file, found);
  bool ours = vqe_table_is_ours(file->key);
  if (ours && file->nsplit_offsets == 0) {
    find(checking, "'%s': no split offsets in the manifest", file->key);
  }
  for (size_t k = 0; status == VQE_OK && k < definition->ncolumns; k++) {
    if (ours) {
      require_stats(checking, file, &definition->columns[k], &found->stats[k]);
    }
    if (definition->columns[k].required && found->stats[k].null_count > 0) {
      find(checking, "'%s': column '%s' is required and has %lld null%s",
           file->key, vqe_iceberg_column_name(&definition->columns[k]),
           (long long)found->stats[k].null_count,
           found->stats[k].null_count == 1 ? "" : "s");
    }
    status = compare_column(checking, &compared, &definition->columns[k],
                            stats_of(file, definition->columns[k].id),
                            &found->stats[k]);
  }
  return status;
}

struct parquet_checking {
  struct checking *checking;
  const char *key;
};

static void find_parquet(void *ctx, const char *text)
{
  struct parquet_checking *parquet = ctx;
  find(parquet->checking, "'%s': %s", parquet->key, text);
}

static int check_file(void *ctx, const struct vqe_iceberg_file *file,
                      int64_t snapshot)
{
  struct checking *checking = ctx;
  struct vqe_iceberg_file found = {0};
  char *path = NULL;
  (void)snapshot;
  int status =
      vqe_warehouse_fetch(&path, checking->warehouse, file->key, file->size);
  struct vqe_duck *duck = vqe_warehouse_duck(checking->warehouse);
  struct parquet_checking parquet = {checking, file->key};
  int64_t before = checking->result->problems;
  if (status == VQE_OK) {
    status = vqe_warehouse_check_parquet(duck, checking->table->definition,
                                         path, find_parquet, &parquet);
  }
  if (status == VQE_OK && checking->result->problems > before) {
    free(path); /* what follows from that would be a problem each */
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status = vqe_table_describe_file(&found, duck, checking->table->definition,
                                     path);
  }
  if (status == VQE_OK) {
    status = compare_file(checking, path, file, &found);
  } else if (status == VQE_ERR_INPUT || status == VQE_ERR_IO ||
             status == VQE_ERR_NOT_FOUND) {
    find(checking, "'%s' cannot be read: %s", file->key, vqe_error_message());
    status = VQE_OK;
  }
  vqe_iceberg_file_clear(&found);
  free(path);
  return status;
}

/* ---- keys ---- */

static int check_keys(struct checking *checking)
{
  const struct vqe_iceberg_definition *definition =
      checking->table->definition;
  struct vqe_duck *duck = vqe_warehouse_duck(checking->warehouse);
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  int64_t twice = 0;
  for (size_t k = 0; k < definition->nkey; k++) {
    if (definition->columns[definition->key[k]].id == VQE_ICEBERG_DROPPED) {
      return VQE_OK;
    }
  }
  vqe_duck_add(&sql, "SELECT count(*)::BIGINT FROM (SELECT 1 FROM checked "
                     "GROUP BY ");
  for (size_t k = 0; k < definition->nkey; k++) {
    vqe_duck_add(&sql, "%s%s", k > 0 ? ", " : "",
                 definition->columns[definition->key[k]].name);
  }
  vqe_duck_add(&sql, " HAVING count(*) > 1)");
  int status = sql.status;
  if (status == VQE_OK) {
    status =
        vqe_table_view(checking->warehouse, checking->table, "checked", false);
  }
  if (status == VQE_OK) {
    status = vqe_duck_count(duck, &twice, checking->table->name, sql.data);
  }
  if (status == VQE_OK && twice > 0) {
    find(checking, "%lld key%s there more than once", (long long)twice,
         twice == 1 ? " is" : "s are");
  }
  free(sql.data);
  return status;
}

/* What other engines made of the columns. */
static int note_columns(struct checking *checking)
{
  struct vqe_table *table = checking->table;
  size_t own = table->definition->ncolumns;
  int status = vqe_table_add_others(table, checking->warehouse);
  for (size_t k = 0; status == VQE_OK && k < table->definition->ncolumns;
       k++) {
    const struct vqe_iceberg_column *column = &table->definition->columns[k];
    const char *name = vqe_iceberg_column_name(column);
    if (column->id == VQE_ICEBERG_DROPPED) {
      note(checking, "another engine has dropped column '%s'", column->name);
    } else if (k >= own) {
      note(checking, "column '%s' (%.80s) is of another engine", name,
           column->other != NULL ? column->other
                                 : vqe_iceberg_type_name(column->type));
    } else if (strcmp(name, column->name) != 0) {
      note(checking, "another engine calls column '%s' '%s'", column->name,
           name);
    }
  }
  return status;
}

/* Why normalize, featurize and compact leave the table alone. */
static int note_refusal(struct checking *checking)
{
  struct vqe_table *table = NULL;
  int status = vqe_table_open(&table, checking->warehouse,
                              checking->table->index, false);
  vqe_table_close(table);
  if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
    note(checking, "no more is written to it by vqe_lake: %s",
         vqe_error_message());
    status = VQE_OK;
  }
  return status;
}

/* The metadata and files of the open table; then its keys, where the rows can
 * be read. */
static int check_contents(struct checking *checking)
{
  enum vqe_lake_table_index index = checking->table->index;
  struct vqe_warehouse_check_result *result = checking->result;
  struct vqe_iceberg_check_result found = {0};
  struct vqe_iceberg_check_options options = {.report = pass_on,
                                              .report_ctx = checking,
                                              .visit = check_file,
                                              .visit_ctx = checking};
  int64_t before = result->problems;
  result->tables++;
  int status = note_columns(checking);
  if (status == VQE_OK) {
    status = note_refusal(checking);
  }
  if (status != VQE_OK) {
    return status;
  }
  status =
      vqe_iceberg_check(&found, vqe_warehouse_objects(checking->warehouse),
                        checking->table->name, &options);
  result->problems += found.problems;
  result->orphans += found.orphans;
  result->files += found.files;
  if (status != VQE_OK || result->problems > before) {
    return status;
  }
  vqe_table_close(checking->table);
  checking->table = NULL;
  status = vqe_table_read(&checking->table, checking->warehouse, index, true);
  if (status == VQE_ERR_UNSUPPORTED) {
    return VQE_OK; /* what this version does not read has been noted */
  }
  return status == VQE_OK ? check_keys(checking) : status;
}

static int check_table(struct checking *checking,
                       enum vqe_lake_table_index index)
{
  int status =
      vqe_table_read(&checking->table, checking->warehouse, index, false);
  if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
    /* metadata that cannot be understood is a finding */
    report_finding(checking, vqe_lake_definitions[index].name,
                   VQE_ICEBERG_PROBLEM, "%s", vqe_error_message());
    return VQE_OK;
  }
  if (status == VQE_OK && checking->table->exists) {
    status = check_contents(checking);
  }
  vqe_table_close(checking->table);
  checking->table = NULL;
  return status;
}

/* ---- tables against one another ---- */

/* A view of a table's rows under its name; *whole false where they cannot be
 * read, which has been reported. */
static int view_table(bool *whole, struct vqe_warehouse *warehouse,
                      enum vqe_lake_table_index index)
{
  struct vqe_table *table = NULL;
  int status = vqe_table_read(&table, warehouse, index, true);
  if (status == VQE_OK) {
    const struct vqe_iceberg_column *id =
        vqe_iceberg_definition_column(table->definition, "experiment_id");
    *whole = *whole && id != NULL && id->id != VQE_ICEBERG_DROPPED;
    status = vqe_table_view(warehouse, table, table->name, false);
  }
  if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
    *whole = false;
    status = VQE_OK;
  }
  vqe_table_close(table);
  return status;
}

/* How many experiments of the table `lacking`, which loses them, another
 * engine has taken out of a table; *cut: earlier snapshots have expired, which
 * may have done so too. */
static int find_deleted(int64_t *deleted, bool *cut, struct checking *checking,
                        enum vqe_lake_table_index index)
{
  struct vqe_duck *duck = vqe_warehouse_duck(checking->warehouse);
  struct vqe_iceberg_table *iceberg = NULL;
  struct vqe_iceberg_snapshot *snapshots = NULL;
  size_t count = 0;
  *deleted = 0;
  *cut = false;
  int status = vqe_warehouse_iceberg(&iceberg, checking->warehouse, index);
  if (status == VQE_ERR_NOT_FOUND) {
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status = vqe_iceberg_snapshots(&snapshots, &count, iceberg);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const struct vqe_iceberg_snapshot *snapshot = &snapshots[k];
    int64_t held = 0;
    *cut = *cut || (k == 0 && snapshot->parent != VQE_ICEBERG_NO_SNAPSHOT);
    if (snapshot->run_id != NULL || snapshot->deleted_records == 0) {
      continue;
    }
    status = vqe_table_view_at(checking->warehouse, index, snapshot->parent,
                               "before");
    if (status == VQE_ERR_NOT_FOUND || status == VQE_ERR_INPUT) {
      /* expired: what is lacking may have been there */
      status = vqe_duck_execute(duck, "tables of a batch",
                                "CREATE OR REPLACE TEMP VIEW before AS FROM "
                                "lacking");
    }
    if (status == VQE_OK) {
      status = vqe_duck_count(duck, &held, "tables of a batch",
                              "SELECT count(*)::BIGINT FROM lacking SEMI JOIN "
                              "before USING (experiment_id)");
    }
    if (status == VQE_OK && held > 0) {
      *deleted += held;
      status = vqe_duck_execute(
          duck, "tables of a batch",
          "DELETE FROM lacking WHERE experiment_id IN (SELECT experiment_id "
          "FROM before)");
    }
  }
  vqe_iceberg_snapshots_free(snapshots, count);
  return status;
}

/* The experiments of `lacking`, which another engine has deleted or which a
 * run has not come to. */
static int report_lacking(struct checking *checking,
                          enum vqe_lake_table_index index)
{
  struct vqe_duck *duck = vqe_warehouse_duck(checking->warehouse);
  const char *name = vqe_lake_definitions[index].name;
  int64_t deleted = 0;
  int64_t count = 0;
  bool cut = false;
  int status = vqe_duck_count(duck, &count, "tables of a batch",
                              "SELECT count(*)::BIGINT FROM lacking");
  if (status == VQE_OK && count > 0) {
    status = find_deleted(&deleted, &cut, checking, index);
  }
  count -= deleted;
  if (status == VQE_OK && deleted > 0) {
    report_finding(checking, name, VQE_ICEBERG_NOTE,
                   "another engine has deleted rows of %lld experiment%s that "
                   "'molecules' holds",
                   (long long)deleted, deleted == 1 ? "" : "s");
  }
  if (status == VQE_OK && count > 0) {
    report_finding(
        checking, name, VQE_ICEBERG_PROBLEM,
        "%lld experiment%s of 'molecules' %s missing: a run ended between "
        "the tables; normalize their source again%s",
        (long long)count, count == 1 ? "" : "s", count == 1 ? "is" : "are",
        cut ? " (or another engine deleted them before the snapshots that "
              "have expired)"
            : "");
  }
  return status;
}

/* `molecules` is committed first and vqe_iterations last: what a crashed or
 * failed run has left in between is in the first alone. Rows that another
 * engine put into one table, or took out of it, are its own matter. */
static int check_together(struct checking *checking)
{
  static const enum vqe_lake_table_index tables[] = {
      VQE_TABLE_MOLECULES, VQE_TABLE_ANSATZ_INFO,
      VQE_TABLE_PERFORMANCE_METRICS, VQE_TABLE_VQE_RESULTS,
      VQE_TABLE_VQE_ITERATIONS};
  static const struct {
    enum vqe_lake_table_index index;
    const char *sql;
  } lacks[] = {
      {VQE_TABLE_ANSATZ_INFO, "FROM molecules ANTI JOIN ansatz_info"},
      {VQE_TABLE_PERFORMANCE_METRICS,
       "FROM molecules ANTI JOIN performance_metrics"},
      {VQE_TABLE_VQE_RESULTS, "FROM molecules ANTI JOIN vqe_results"},
      {VQE_TABLE_VQE_ITERATIONS,
       "FROM molecules SEMI JOIN (FROM vqe_results WHERE total_iterations > "
       "0) USING (experiment_id) ANTI JOIN vqe_iterations"}};
  struct vqe_duck *duck = vqe_warehouse_duck(checking->warehouse);
  bool whole = true;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < sizeof tables / sizeof *tables;
       k++) {
    status = view_table(&whole, checking->warehouse, tables[k]);
  }
  for (size_t k = 0;
       status == VQE_OK && whole && k < sizeof lacks / sizeof *lacks; k++) {
    status = vqe_duck_executef(
        duck, "tables of a batch",
        "CREATE OR REPLACE TEMP TABLE lacking AS SELECT DISTINCT "
        "experiment_id %s USING (experiment_id)",
        lacks[k].sql);
    if (status == VQE_OK) {
      status = report_lacking(checking, lacks[k].index);
    }
  }
  return status;
}

int vqe_warehouse_check(struct vqe_warehouse_check_result *result,
                        struct vqe_warehouse *warehouse,
                        void (*report)(void *ctx, const char *table,
                                       enum vqe_iceberg_finding finding,
                                       const char *text),
                        void *report_ctx)
{
  struct checking checking = {.result = result,
                              .warehouse = warehouse,
                              .report = report,
                              .report_ctx = report_ctx};
  int status = VQE_OK;
  memset(result, 0, sizeof *result);
  for (int k = 0; status == VQE_OK && k < VQE_LAKE_TABLES; k++) {
    status = check_table(&checking, (enum vqe_lake_table_index)k);
  }
  return status == VQE_OK ? check_together(&checking) : status;
}
