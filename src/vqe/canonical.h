/* The encoding under every identity: compact JSON with sorted keys and
 * doubles by their bits. */
#ifndef VQE_VQE_CANONICAL_H
#define VQE_VQE_CANONICAL_H

#include <jansson.h>
#include <stddef.h>

#include "vqe/experiment.h"

/* 16 hex digits of the big-endian IEEE bits as a JSON string (new reference);
 * -0 as +0, any NaN as the quiet one. NULL without memory. */
json_t *vqe_canonical_double(double value);

/* Text of `value`: UTF-8 without escapes for non-ASCII, keys sorted, no
 * blanks, byte for byte what Python's json.dumps(value, ensure_ascii=False,
 * sort_keys=True, separators=(',', ':')) writes; and its SHA-256. *text may
 * not be NULL; free it by free(). Numbers in `value` are integers. */
int vqe_canonical_dump(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                       const json_t *value);

/* What keys the random numbers of a run, its optimisation and its samples: the
 * id, but with noise the id of the same experiment without it, so that runs
 * which differ in the noise alone end in the same state. */
int vqe_experiment_stream(char out[VQE_EXPERIMENT_ID_SIZE],
                          const struct vqe_experiment *experiment);

#endif
