/* vqe_lake report: one page of an HDF5 result, or of the tables. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "lake/query.h"
#include "lake/tables.h"
#include "lake_commands.h"
#include "pages/pages.h"
#include "side_output.h"
#include "store/hdf5.h"

/* Experiments of the tables that are in memory as JSON at once, and that a
 * report takes: each batch reads all of the tables. */
#define BATCH 2000
#define MOST_EXPERIMENTS 100000

static int take_result(void *ctx, size_t index,
                       const struct vqe_result *result)
{
  (void)index;
  return vqe_pages_add(ctx, result);
}

/* The rows of a statement. */
static int ask(json_t **rows, struct vqe_warehouse *warehouse, const char *sql)
{
  char *text = NULL;
  size_t size = 0;
  *rows = NULL;
  FILE *stream = open_memstream(&text, &size);
  if (stream == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for the report");
  }
  int status = vqe_query(warehouse, sql, VQE_QUERY_JSON, false, stream);
  if (fclose(stream) != 0 && status == VQE_OK) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for the report");
  }
  if (status == VQE_OK) {
    status = vqe_json_parse(rows, text, size, 0, "rows of the tables");
  }
  free(text);
  return status;
}

static int count_experiments(size_t *count, struct vqe_warehouse *warehouse)
{
  json_t *rows = NULL;
  int status = ask(&rows, warehouse,
                   "SELECT count(DISTINCT experiment_id)::DOUBLE AS n FROM "
                   "vqe_results");
  *count =
      (size_t)json_number_value(json_object_get(json_array_get(rows, 0), "n"));
  json_decref(rows);
  return status;
}

/* Add a batch of experiments from `place` on. Tables that others write may
 * hold an experiment more than once. */
static int take_rows(struct vqe_pages *pages, struct vqe_warehouse *warehouse,
                     size_t place)
{
  char *sql = NULL;
  json_t *rows = NULL;
  int status = vqe_memory_print(
      &sql,
      "WITH chosen AS (SELECT experiment_id FROM vqe_results WHERE "
      "experiment_id IS NOT NULL GROUP BY experiment_id ORDER BY "
      "min(processing_timestamp), min(molecule_id), min(ansatz_name), "
      "min(optimizer), min(seed), experiment_id LIMIT %d OFFSET %zu),\n%s",
      BATCH, place, vqe_lake_sql_find("report"));
  if (status == VQE_OK) {
    status = ask(&rows, warehouse, sql);
  }
  for (size_t k = 0; status == VQE_OK && k < json_array_size(rows); k++) {
    status = vqe_pages_add_row(pages, json_array_get(rows, k));
  }
  json_decref(rows);
  free(sql);
  return status;
}

static int take_tables(struct vqe_pages *pages, const char *place,
                       struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  size_t count = 0;
  int status =
      vqe_cmd_lake_open(&warehouse, place, options, VQE_CMD_LAKE_READ);
  if (status == VQE_OK) {
    status = count_experiments(&count, warehouse);
  }
  if (status == VQE_OK && count > MOST_EXPERIMENTS) {
    status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "'%s' holds %zu experiments, and a report takes %d "
                           "at most: report the result file of a campaign, or "
                           "query the table ml_run_summary (vqe_lake query)",
                           place, count, MOST_EXPERIMENTS);
  }
  for (size_t at = 0; status == VQE_OK && at < count; at += BATCH) {
    status = take_rows(pages, warehouse, at);
  }
  return vqe_cmd_lake_close(warehouse, status);
}

static bool ends_in(const char *path, const char *end)
{
  size_t length = strlen(path);
  size_t tail = strlen(end);
  return length > tail && strcmp(path + length - tail, end) == 0;
}

static int write_pdf(const char *path, struct vqe_pages *pages)
{
  char *html = NULL;
  size_t size = 0;
  int status = vqe_pages_html(&html, &size, pages);
  if (status == VQE_OK) {
    status = vqe_cmd_lake_pdf(path, html, size);
  }
  free(html);
  return status;
}

static int fill(struct vqe_pages *pages, const char *place,
                struct vqe_cmd_lake_options *options)
{
  struct stat info;
  bool file = !vqe_cmd_lake_is_remote(place) && stat(place, &info) == 0 &&
              !S_ISDIR(info.st_mode);
  int status = file ? vqe_hdf5_visit(place, take_result, pages)
                    : take_tables(pages, place, options);
  if (status == VQE_OK && vqe_pages_count(pages) == 0) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "'%s' holds no experiments to report: name an HDF5 "
                           "result or a warehouse that has some",
                           place);
  }
  return status;
}

int vqe_cmd_lake_run_report(struct vqe_cmd_lake_options *options)
{
  struct vqe_pages *pages = NULL;
  const char *output =
      options->output != NULL ? options->output : "report.html";
  const char *place = options->narguments > 0
                          ? options->arguments[0]
                          : vqe_cmd_lake_place(options, NULL);
  const char *const others[] = {place};
  int status =
      place != NULL
          ? vqe_cmd_side_output_check("--output", output, others, 1)
          : vqe_error_set(VQE_ERR_INPUT,
                          "nothing to report is named: vqe_lake report "
                          "RESULT.h5, or a warehouse (VQE_WAREHOUSE)");
  if (status == VQE_OK) {
    status = vqe_pages_create(&pages, place);
  }
  if (status == VQE_OK && place != NULL) {
    status = fill(pages, place, options);
  }
  if (status == VQE_OK) {
    status = ends_in(output, ".pdf") ? write_pdf(output, pages)
                                     : vqe_pages_write(output, pages);
  }
  if (status == VQE_OK && !options->quiet) {
    size_t count = vqe_pages_count(pages);
    printf("Report: %s (%zu experiment%s)\n", output, count,
           count == 1 ? "" : "s");
  }
  vqe_pages_free(pages);
  return status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
}
