#include "batch/early_writer.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "batch/resume.h"
#include "store/hdf5.h"

int vqe_early_writer_init(struct vqe_early_writer *writer,
                          struct vqe_batch_outcome *outcome,
                          const char *output, int run)
{
  *writer = (struct vqe_early_writer){
      .outcome = outcome, .output = output, .run = run, .works = true};
  return vqe_memory_alloc(&writer->waiting, outcome->count,
                          sizeof *writer->waiting, "task list");
}

void vqe_early_writer_clear(struct vqe_early_writer *writer)
{
  free(writer->waiting);
  writer->waiting = NULL;
}

void vqe_early_writer_add(struct vqe_early_writer *writer, size_t index)
{
  VQE_ASSERT(index < writer->outcome->count);
  VQE_ASSERT(writer->count < writer->outcome->count);
  writer->waiting[writer->count++] = index;
}

static int begin(struct vqe_early_writer *writer)
{
  char *part = NULL;
  int status = vqe_resume_part_path(&part, writer->output, writer->run);
  if (status == VQE_OK) {
    status = vqe_hdf5_begin(&writer->outcome->writer, writer->output, part);
  }
  free(part);
  return status;
}

bool vqe_early_writer_write(struct vqe_early_writer *writer)
{
  struct vqe_batch_outcome *outcome = writer->outcome;
  int status = VQE_OK;
  if (writer->count == 0 || !writer->works) {
    return false;
  }
  if (outcome->writer == NULL) {
    status = begin(writer);
  }
  if (status == VQE_OK) {
    size_t index = writer->waiting[--writer->count];
    status = vqe_hdf5_add(outcome->writer, index, outcome->results[index]);
  }
  if (status != VQE_OK) {
    writer->works = false;
    vqe_hdf5_abandon(outcome->writer);
    outcome->writer = NULL;
  }
  return true;
}
