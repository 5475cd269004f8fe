/* What normalize and featurize did and where the time went: for people, and
 * by --summary for programs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "lake_commands.h"
#include "option_table.h"
#include "side_output.h"

static size_t skipped_of(const struct vqe_normalize_result *result)
{
  return result->skipped + result->staged.invalid +
         result->staged.nonfinite_minimum;
}

/* `source`: seconds in which records were read and decoded. */
static void print_times(const struct vqe_warehouse_times *times, double source)
{
  double percent = times->total > 0.0 ? 100.0 / times->total : 0.0;
  printf("  time: source %.0f%%, SQL %.0f%%, Parquet %.0f%%, store %.0f%% "
         "(%llu requests) of %.2f s\n",
         percent * source, percent * times->sql, percent * times->parquet,
         percent * times->store, (unsigned long long)times->requests,
         times->total);
}

static json_t *times_json(const struct vqe_warehouse_times *times,
                          double source)
{
  return json_pack("{s:f, s:f, s:f, s:f, s:f}", "total", times->total,
                   "source", source, "sql", times->sql, "parquet",
                   times->parquet, "store", times->store);
}

/* Takes `summary`, NULL when there was no memory for it. */
static int write_summary(json_t *summary,
                         const struct vqe_cmd_lake_options *options)
{
  int status = VQE_OK;
  char *text = NULL;
  if (summary == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a summary");
  } else if (vqe_cmd_side_output_check("--summary", options->summary, NULL,
                                       0) != VQE_OK) {
    status = VQE_ERR_INPUT;
  } else {
    text = vqe_json_dumps(summary, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    status = text != NULL
                 ? vqe_file_write(options->summary, text, strlen(text))
                 : vqe_error_set(VQE_ERR_MEMORY, "no memory for a summary");
  }
  free(text);
  json_decref(summary);
  return status;
}

static json_t *normalized_json(const struct vqe_normalize_result *result,
                               const struct vqe_warehouse_times *times)
{
  const struct vqe_staging_counts *staged = &result->staged;
  json_t *rows = json_object();
  for (int k = 0; k < VQE_LAKE_NORMALISED; k++) {
    json_object_set_new(rows, vqe_lake_definitions[k].name,
                        json_integer((json_int_t)result->rows[k]));
  }
  return json_pack(
      "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I}",
      "command", "normalize", "batch_id", result->batch_id, "records",
      (json_int_t)staged->records, "new_experiments",
      (json_int_t)result->new_experiments, "repeated",
      (json_int_t)staged->duplicates, "failed", (json_int_t)result->failed,
      "skipped", (json_int_t)skipped_of(result), "nonfinite_values",
      (json_int_t)staged->nonfinite_values, "repaired_batches",
      (json_int_t)result->repaired, "rows", rows, "seconds",
      times_json(times, result->seconds_source), "requests",
      (json_int_t)times->requests);
}

int vqe_cmd_lake_print_normalized(const struct vqe_normalize_result *result,
                                  const struct vqe_warehouse *warehouse,
                                  const struct vqe_cmd_lake_options *options)
{
  const struct vqe_staging_counts *staged = &result->staged;
  struct vqe_warehouse_times times;
  vqe_warehouse_times(&times, warehouse);
  if (!options->quiet) {
    printf("%zu record%s, %zu new experiment%s", staged->records,
           vqe_cmd_plural(staged->records), result->new_experiments,
           vqe_cmd_plural(result->new_experiments));
    if (staged->duplicates > 0) {
      printf(", %zu repeated", staged->duplicates);
    }
    if (result->failed > 0) {
      printf(", %zu failed ones left out", result->failed);
    }
    if (skipped_of(result) > 0) {
      printf(", %zu skipped", skipped_of(result));
    }
    if (staged->nonfinite_values > 0) {
      printf(", %zu value%s not finite", staged->nonfinite_values,
             vqe_cmd_plural(staged->nonfinite_values));
    }
    printf(" (%.2f s)\n", result->seconds_total);
    for (int k = 0; k < VQE_LAKE_NORMALISED; k++) {
      if (result->rows[k] > 0) {
        printf("  %-22s +%lld\n", vqe_lake_definitions[k].name,
               (long long)result->rows[k]);
      }
    }
    print_times(&times, result->seconds_source);
  }
  return options->summary == NULL
             ? VQE_OK
             : write_summary(normalized_json(result, &times), options);
}

int vqe_cmd_lake_print_featurized(const struct vqe_featurize_result *result,
                                  const struct vqe_warehouse *warehouse,
                                  const struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse_times times;
  vqe_warehouse_times(&times, warehouse);
  if (!options->quiet) {
    printf("ml_iteration_features +%lld, ml_run_summary +%lld, %lld without "
           "features, %lld incomplete (%.2f s)\n",
           (long long)result->iteration_rows, (long long)result->summary_rows,
           (long long)result->dropped, (long long)result->incomplete,
           result->seconds_total);
    print_times(&times, 0.0);
  }
  if (options->summary == NULL) {
    return VQE_OK;
  }
  return write_summary(
      json_pack(
          "{s:s, s:{s:I, s:I}, s:I, s:I, s:o, s:I}", "command", "featurize",
          "rows", "ml_iteration_features", (json_int_t)result->iteration_rows,
          "ml_run_summary", (json_int_t)result->summary_rows, "dropped",
          (json_int_t)result->dropped, "incomplete",
          (json_int_t)result->incomplete, "seconds", times_json(&times, 0.0),
          "requests", (json_int_t)times.requests),
      options);
}
