#include "batch_lake.h"
#include "option_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "cmd_log.h"
#include "lake/featurize.h"
#include "lake/normalize.h"
#include "lake/query.h"
#include "lake/warehouse.h"
#include "vqe/error.h"

/* A job that ends while another one writes waits this long for its lock. */
#define LOCK_WAIT_SECONDS 600.0

static void warn(void *ctx, const char *text)
{
  const bool *quiet = ctx;
  if (!*quiet) {
    vqe_log(&vqe_cmd_log, VQE_LOG_WARNING, "%s", text);
  }
}

int vqe_batch_lake(struct vqe_result **results, size_t count,
                   const char *result_path, const char *warehouse,
                   const struct vqe_objects_options *objects, bool quiet)
{
  struct vqe_source source = {0};
  struct vqe_warehouse *place = NULL;
  struct vqe_normalize_result normalized = {0};
  struct vqe_featurize_result features = {0};
  char *beside = NULL;
  struct vqe_warehouse_options options = {
      .objects = *objects,
      .write = true,
      .lock_wait_s = LOCK_WAIT_SECONDS,
      .holder = "vqe_batch",
      .warn = warn,
      .warn_ctx = &quiet,
  };
  int status = vqe_source_results(&source, result_path, results, count);
  if (status == VQE_OK && warehouse == NULL) {
    status = vqe_warehouse_beside(&beside, result_path);
    warehouse = beside;
  }
  if (status == VQE_OK) {
    status = vqe_warehouse_open(&place, warehouse, &options);
  }
  if (status == VQE_OK) {
    status = vqe_normalize(&normalized, place, &source);
  }
  if (status == VQE_OK) {
    status = vqe_featurize(&features, place);
  }
  if (status != VQE_OK) {
    const char *named = warehouse != NULL ? warehouse : "PLACE";
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "the tables are not made: %s",
            vqe_error_message());
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR,
            "the results are safe in %s; mend the cause, then", result_path);
    /* whole, to be copied */
    fprintf(stderr,
            "  vqe_lake normalize %s --warehouse %s\n"
            "  vqe_lake featurize %s\n",
            result_path, named, named);
  }
  int closed = vqe_warehouse_close(place);
  if (closed != VQE_OK && status == VQE_OK) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "%s", vqe_error_message());
    status = closed;
  }
  if (status == VQE_OK && !quiet) {
    printf("Tables: %s (%zu new experiment%s, %.2f s)\n", warehouse,
           normalized.new_experiments,
           vqe_cmd_plural(normalized.new_experiments),
           normalized.seconds_total + features.seconds_total);
  }
  vqe_source_close(&source);
  free(beside);
  return status;
}

int vqe_batch_lake_done(json_t **ids, const char *warehouse)
{
  struct vqe_objects_options objects = VQE_OBJECTS_OPTIONS_INIT;
  struct vqe_warehouse *place = NULL;
  bool quiet = false;
  struct vqe_warehouse_options options = {.objects = objects,
                                          .existing = true,
                                          .holder = "vqe_batch",
                                          .warn = warn,
                                          .warn_ctx = &quiet};
  char *text = NULL;
  size_t size = 0;
  json_t *rows = NULL;
  json_t *row;
  size_t k;
  *ids = json_object();
  FILE *stream = open_memstream(&text, &size);
  if (stream == NULL || *ids == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of ids");
  }
  int status = vqe_warehouse_open(&place, warehouse, &options);
  if (status == VQE_OK) {
    status = vqe_query(place, "SELECT DISTINCT experiment_id FROM vqe_results",
                       VQE_QUERY_JSON, false, stream);
  }
  fclose(stream);
  if (status == VQE_OK) {
    status = vqe_json_parse(&rows, text, size, 0, "list of ids");
  }
  json_array_foreach(rows, k, row)
  {
    const json_t *id = json_object_get(row, "experiment_id");
    if (json_is_string(id)) {
      json_object_set_new(*ids, json_string_value(id), json_true());
    }
  }
  json_decref(rows);
  free(text);
  int closed = vqe_warehouse_close(place);
  return status == VQE_OK ? closed : status;
}
