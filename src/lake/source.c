#include "lake/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "lake/raw.h"
#include "record/spool.h"
#include "store/hdf5.h"

/* Where the records of a source go. */
struct reading {
  struct vqe_source *source;
  vqe_source_sink sink;
  void *sink_ctx;
};

static void report_skipped(const struct vqe_source *source, const char *reason)
{
  char text[1024];
  if (source->warn != NULL) {
    snprintf(text, sizeof text, "skipped: %s", reason);
    source->warn(source->warn_ctx, text);
  }
}

static int take_result(void *ctx, size_t index,
                       const struct vqe_result *result)
{
  const struct reading *reading = ctx;
  struct vqe_record *record = NULL;
  char where[64];
  if (result->status == VQE_EXPERIMENT_FAILED || result->neval == 0) {
    reading->source->failed++;
    return VQE_OK;
  }
  snprintf(where, sizeof where, "result %zu", index);
  int status = vqe_record_from_result(&record, result);
  if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
    (void)vqe_error_context(status, "%s", where);
    reading->source->skipped++;
    report_skipped(reading->source, vqe_error_message());
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status = reading->sink(reading->sink_ctx, record, where);
  }
  vqe_record_free(record);
  return status;
}

static int read_hdf5(struct vqe_source *source, vqe_source_sink sink,
                     void *sink_ctx)
{
  struct reading reading = {source, sink, sink_ctx};
  return vqe_hdf5_visit(source->name, take_result, &reading);
}

static int make_source(struct vqe_source *out, const char *kind,
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

int vqe_source_hdf5(struct vqe_source *out, const char *path)
{
  *out = (struct vqe_source){.read = read_hdf5};
  return make_source(out, "hdf5", path);
}

/* ---- results in memory ---- */

struct held {
  struct vqe_result **results;
  size_t count;
};

static int read_held(struct vqe_source *source, vqe_source_sink sink,
                     void *sink_ctx)
{
  const struct held *held = source->ctx;
  struct reading reading = {source, sink, sink_ctx};
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < held->count; k++) {
    if (held->results[k] != NULL) {
      status = take_result(&reading, k, held->results[k]);
    }
    vqe_result_free(held->results[k]);
    held->results[k] = NULL;
  }
  return status;
}

static void close_held(void *ctx)
{
  struct held *held = ctx;
  vqe_hdf5_free(held->results, held->count);
  free(held);
}

int vqe_source_results(struct vqe_source *out, const char *path,
                       struct vqe_result **results, size_t count)
{
  struct held *held = NULL;
  int status = vqe_memory_alloc(&held, 1, sizeof *held, "results");
  if (status != VQE_OK) {
    vqe_hdf5_free(results, count);
    return status;
  }
  *held = (struct held){results, count};
  *out =
      (struct vqe_source){.read = read_held, .close = close_held, .ctx = held};
  /* rows say where the results are kept, not how they came here */
  return make_source(out, "hdf5", path);
}

/* ---- spooled records ---- */

static int read_spool(struct vqe_source *source, vqe_source_sink sink,
                      void *sink_ctx)
{
  const struct vqe_spool *spool = source->ctx;
  char(*names)[VQE_SPOOL_NAME_SIZE] = NULL;
  size_t count = 0;
  int status = vqe_spool_list(&names, &count, spool);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_record *record = NULL;
    char where[VQE_SPOOL_NAME_SIZE + 16];
    status = vqe_spool_read(&record, spool, names[k]);
    if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED ||
        status == VQE_ERR_NOT_FOUND) {
      source->skipped++;
      report_skipped(source, vqe_error_message());
      status = VQE_OK;
      continue;
    }
    snprintf(where, sizeof where, "spooled '%s'", names[k]);
    if (status == VQE_OK) {
      status = sink(sink_ctx, record, where);
    }
    vqe_record_free(record);
  }
  free(names);
  return status;
}

static void close_spool(void *ctx)
{
  vqe_spool_close(ctx);
}

/* ---- raw files ---- */

static int take_raw(void *ctx, struct vqe_record *record, const char *key,
                    size_t index)
{
  const struct reading *reading = ctx;
  char where[1100];
  snprintf(where, sizeof where, "file '%s', record %zu", key, index);
  int status = reading->sink(reading->sink_ctx, record, where);
  vqe_record_free(record);
  return status;
}

static void skip_raw(void *ctx, const char *key, const char *reason)
{
  const struct reading *reading = ctx;
  (void)key;
  report_skipped(reading->source, reason);
}

static int read_raw(struct vqe_source *source, vqe_source_sink sink,
                    void *sink_ctx)
{
  struct reading reading = {source, sink, sink_ctx};
  struct vqe_raw_callbacks callbacks = {&reading, take_raw, skip_raw};
  struct vqe_raw_counts counts = {0};
  int status = vqe_raw_read(source->ctx, &callbacks, &counts);
  source->skipped += counts.unreadable + counts.invalid;
  return status;
}

static void close_raw(void *ctx)
{
  vqe_objects_close(ctx);
}

int vqe_source_raw(struct vqe_source *out, const char *location,
                   const struct vqe_objects_options *options)
{
  struct vqe_objects *objects = NULL;
  int status = vqe_objects_open(&objects, location, options);
  if (status != VQE_OK) {
    return status;
  }
  *out = (struct vqe_source){
      .read = read_raw, .close = close_raw, .ctx = objects};
  return make_source(out, "raw", location);
}

int vqe_source_folder(struct vqe_source *out, const char *path,
                      const struct vqe_objects_options *options)
{
  struct vqe_spool *spool = NULL;
  char(*names)[VQE_SPOOL_NAME_SIZE] = NULL;
  size_t count = 0;
  int status = vqe_spool_open_existing(&spool, path);
  if (status == VQE_OK) {
    status = vqe_spool_list(&names, &count, spool);
  }
  free(names);
  if (status != VQE_OK || count == 0) {
    vqe_spool_close(spool);
    return status == VQE_OK ? vqe_source_raw(out, path, options) : status;
  }
  *out = (struct vqe_source){
      .read = read_spool, .close = close_spool, .ctx = spool};
  return make_source(out, "spool", path);
}

void vqe_source_close(struct vqe_source *source)
{
  if (source->close != NULL) {
    source->close(source->ctx);
  }
  free(source->kind);
  free(source->name);
  *source = (struct vqe_source){NULL};
}
