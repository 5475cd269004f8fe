/* Finished results go into the result file while the rest is computed, so that
 * there is less to wait for at the end. */
#ifndef VQE_BATCH_EARLY_WRITER_H
#define VQE_BATCH_EARLY_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/outcome.h"

struct vqe_early_writer {
  struct vqe_batch_outcome *outcome; /* has the file that is begun */
  const char *output;                /* the result file */
  int run;                           /* number of this run */
  size_t count;
  size_t *waiting; /* results, by number, that are not in the file yet */
  bool works;      /* false once the file cannot be written */
};

/* For the results of `outcome`, whose count is known. `output` must stay.
 * Clear it afterwards, also on failure. */
int vqe_early_writer_init(struct vqe_early_writer *writer,
                          struct vqe_batch_outcome *outcome,
                          const char *output, int run);
void vqe_early_writer_clear(struct vqe_early_writer *writer);

/* Result number `index` is there; each one once. */
void vqe_early_writer_add(struct vqe_early_writer *writer, size_t index);

/* Write one that waits. Returns whether there was one. A failure is not
 * reported: vqe_batch_store() begins the file anew and reports what is wrong.
 */
bool vqe_early_writer_write(struct vqe_early_writer *writer);

#endif
