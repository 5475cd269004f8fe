/* Journals: any bytes are frames and a torn end, or a message. Checksums are
 * put right first, or no mutation would ever pass them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "store/journal.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD 16
#define TAIL 4

static void mend_checksums(uint8_t *data, size_t size)
{
  size_t at = 0;
  while (size - at >= HEAD + TAIL) {
    uint64_t length = 0;
    for (int k = 7; k >= 0; k--) {
      length = length << 8 | data[at + 8 + (size_t)k];
    }
    if (length > size - at - HEAD - TAIL) {
      return;
    }
    uLong sum = crc32(0L, data + at + 4, (uInt)(HEAD - 4 + length));
    for (int k = 0; k < TAIL; k++) {
      data[at + HEAD + length + (size_t)k] = (uint8_t)(sum >> 8 * k);
    }
    at += HEAD + length + TAIL;
  }
}

static int visit(void *ctx, struct vqe_result *result,
                 const struct vqe_journal_evaluation *evaluation,
                 const struct vqe_journal_phase *phase)
{
  double *sum = ctx;
  if ((result != NULL) + (evaluation != NULL) + (phase != NULL) != 1) {
    abort();
  }
  if (phase != NULL &&
      ((unsigned)phase->phase > VQE_PHASE_PROPERTIES ||
       (unsigned)phase->mark > VQE_JOURNAL_STOPS || phase->seed < 0 ||
       strlen(phase->experiment_id) >= VQE_EXPERIMENT_ID_SIZE ||
       strlen(phase->seedless_id) >= VQE_EXPERIMENT_ID_SIZE)) {
    abort();
  }
  if (evaluation != NULL) {
    if (evaluation->nparam < 0 || evaluation->iteration < 0 ||
        strlen(evaluation->experiment_id) >= VQE_EXPERIMENT_ID_SIZE) {
      abort();
    }
    for (int k = 0; k < evaluation->nparam; k++) {
      *sum += evaluation->parameters[k];
      *sum += evaluation->gradient != NULL ? evaluation->gradient[k] : 0.0;
    }
  }
  vqe_result_free(result);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  double sum = 0.0;
  struct vqe_journal_harm harm = {.torn = false};
  uint8_t *copy = malloc(size > 0 ? size : 1);
  if (copy == NULL) {
    return 0;
  }
  if (size > 0) {
    memcpy(copy, data, size);
  }
  mend_checksums(copy, size);
  if (vqe_journal_parse(copy, size, visit, &sum, &harm) != 0 &&
      vqe_error_message()[0] == '\0') {
    abort();
  }
  if (harm.holes > 0 && (harm.from >= harm.to || harm.to > size)) {
    abort();
  }
  free(copy);
  return 0;
}
