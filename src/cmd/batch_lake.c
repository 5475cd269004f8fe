#include "batch_lake.h"
#include "base/text.h"
#include "option_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "lake/featurize.h"
#include "lake/normalize.h"
#include "lake/warehouse.h"
#include "vqe/error.h"

/* A job that ends while another one writes waits this long for its lock. */
#define LOCK_WAIT_SECONDS 600.0

static void warn(void *ctx, const char *text)
{
  const bool *quiet = ctx;
  if (!*quiet) {
    vqe_text_message("vqe_batch", "%s", text);
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
    vqe_text_message("vqe_batch", "the tables are not made: %s",
                     vqe_error_message());
    vqe_text_message("vqe_batch",
                     "the results are safe in %s; mend the cause, then",
                     result_path);
    /* whole, to be copied */
    fprintf(stderr,
            "  vqe_lake normalize %s --warehouse %s\n"
            "  vqe_lake featurize %s\n",
            result_path, named, named);
  }
  int closed = vqe_warehouse_close(place);
  if (closed != VQE_OK && status == VQE_OK) {
    vqe_text_message("vqe_batch", "%s", vqe_error_message());
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
