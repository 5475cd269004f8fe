/* One byte form of a result, for messages between ranks and for journals.
 *
 * Little endian, versioned, every length checked on reading against what is
 * left and against a limit before memory is taken. */
#ifndef VQE_STORE_CODEC_H
#define VQE_STORE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "vqe/experiment.h"

/* New buffer in *out (free by free()). */
int vqe_codec_encode_result(uint8_t **out, size_t *size,
                            const struct vqe_result *result);
/* VQE_ERR_INPUT on anything that is not a whole, well-formed record. */
int vqe_codec_decode_result(struct vqe_result **out, const uint8_t *data,
                            size_t size);

/* The same for an experiment alone, which rank 0 asks another rank to run. */
int vqe_codec_encode_experiment(uint8_t **out, size_t *size,
                                const struct vqe_experiment *experiment);
int vqe_codec_decode_experiment(struct vqe_experiment **out,
                                const uint8_t *data, size_t size);

#endif
