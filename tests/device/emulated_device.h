/* A device of the tests: kernels run in loops on the host, from the same
 * lines that the GPU runs. */
#ifndef VQE_TEST_EMULATED_DEVICE_H
#define VQE_TEST_EMULATED_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Blocks and threads in falling order; results must not change. */
extern bool vqe_emulated_backwards;
/* Memory that the device has; what passes it is out of memory. */
extern uint64_t vqe_emulated_bytes;
/* What it says to have free beforehand, 0: the truth. */
extern uint64_t vqe_emulated_promise;

/* Devices, at most VQE_EMULATED_MOST, and what each calls itself: its number
 * behind the name of all, where that is above 0. */
#define VQE_EMULATED_MOST 16
extern int vqe_emulated_count;
extern int vqe_emulated_numbers[];

/* Whether a library of gates is there. */
extern bool vqe_emulated_library;
/* Called before each launch, by the thread that makes it; a negative result
 * is its failure. NULL: none. */
extern int (*vqe_emulated_launch)(unsigned blocks);

typedef void (*vqe_emulated_kernel)(const void *args, unsigned block,
                                    unsigned blocks, double *shared);
extern const vqe_emulated_kernel vqe_emulated_double[];
extern const vqe_emulated_kernel vqe_emulated_single[];

#endif
