/* Finished experiments of an HDF5 result file as records. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "lake/normalize.h"
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

int vqe_source_hdf5(struct vqe_record_source *out, const char *path)
{
  *out = (struct vqe_record_source){.read = read_hdf5};
  int status = vqe_memory_strdup(&out->kind, "hdf5");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&out->name, path);
  }
  if (status != VQE_OK) {
    vqe_source_close(out);
  }
  return status;
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
