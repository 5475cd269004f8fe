/* Records from an HDF5 result file and from the raw files of connectors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "lake/normalize.h"
#include "lake/raw.h"
#include "store/hdf5.h"

static int read_hdf5(struct vqe_record_source *source, vqe_record_sink sink,
                     void *sink_ctx)
{
  struct vqe_result **results = NULL;
  size_t count = 0;
  int status = vqe_hdf5_read(&results, &count, source->name);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_record *record = NULL;
    char where[64];
    if (results[k]->status == VQE_EXPERIMENT_FAILED ||
        results[k]->neval == 0) {
      source->failed++;
    } else {
      snprintf(where, sizeof where, "result %zu", k);
      status = vqe_record_from_result(&record, results[k]);
      if (status == VQE_OK) {
        status = sink(sink_ctx, record, where);
      }
      vqe_record_free(record);
    }
    /* what is staged need not stay in memory */
    vqe_result_free(results[k]);
    results[k] = NULL;
  }
  vqe_hdf5_free(results, count);
  return status;
}

static int make_source(struct vqe_record_source *out, const char *kind,
                       const char *name)
{
  int status = vqe_memory_strdup(&out->kind, kind);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&out->name, name);
  }
  if (status != VQE_OK) {
    vqe_source_close(out);
  }
  return status;
}

int vqe_source_hdf5(struct vqe_record_source *out, const char *path)
{
  *out = (struct vqe_record_source){.read = read_hdf5};
  return make_source(out, "hdf5", path);
}

/* ---- raw files ---- */

struct raw_reading {
  struct vqe_record_source *source;
  vqe_record_sink sink;
  void *sink_ctx;
};

static int take_raw(void *ctx, struct vqe_record *record, const char *key,
                    size_t index)
{
  struct raw_reading *reading = ctx;
  char where[1100];
  snprintf(where, sizeof where, "file '%s', record %zu", key, index);
  int status = reading->sink(reading->sink_ctx, record, where);
  vqe_record_free(record);
  return status;
}

static void skip_raw(void *ctx, const char *key, const char *reason)
{
  struct raw_reading *reading = ctx;
  struct vqe_record_source *source = reading->source;
  char text[1024];
  (void)key;
  if (source->warn != NULL) {
    snprintf(text, sizeof text, "skipped: %s", reason);
    source->warn(source->warn_ctx, text);
  }
}

static int read_raw(struct vqe_record_source *source, vqe_record_sink sink,
                    void *sink_ctx)
{
  struct raw_reading reading = {source, sink, sink_ctx};
  struct vqe_raw_callbacks callbacks = {&reading, take_raw, skip_raw};
  struct vqe_raw_counts counts = {0};
  int status = vqe_raw_read(source->ctx, &callbacks, &counts);
  source->skipped += counts.unreadable;
  return status;
}

static void close_raw(void *ctx)
{
  vqe_objects_close(ctx);
}

int vqe_source_raw(struct vqe_record_source *out, const char *location,
                   const struct vqe_objects_options *options)
{
  struct vqe_objects *objects = NULL;
  int status = vqe_objects_open(&objects, location, options);
  if (status != VQE_OK) {
    return status;
  }
  *out = (struct vqe_record_source){
      .read = read_raw, .close = close_raw, .ctx = objects};
  return make_source(out, "raw", location);
}

int vqe_lake_beside(char **out, const char *result_path)
{
  size_t length = strlen(result_path);
  if (length > 3 && strcmp(result_path + length - 3, ".h5") == 0) {
    length -= 3;
  }
  if (asprintf(out, "%.*s.warehouse", (int)length, result_path) < 0) {
    *out = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
  }
  return VQE_OK;
}

void vqe_source_close(struct vqe_record_source *source)
{
  if (source->close != NULL) {
    source->close(source->ctx);
  }
  free(source->kind);
  free(source->name);
  *source = (struct vqe_record_source){NULL};
}
