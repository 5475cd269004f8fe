/* Checked allocation and what the machine has. */
#ifndef VQE_BASE_MEMORY_H
#define VQE_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Allocate `count` zeroed elements of `size` bytes, 64-byte aligned, for the
 * thing named by `what` (used in the message). Fails with VQE_ERR_MEMORY when
 * the product overflows, when it passes the memory that is available now, or
 * when the allocation fails. count 0 gives a valid pointer. Free by free().
 * `out` is the address of any object pointer. */
int vqe_memory_alloc(void *out, size_t count, size_t size, const char *what);

/* Same, for replacing *out by a larger copy; on failure *out is untouched.
 * New elements are zeroed. */
int vqe_memory_grow(void *out, size_t old_count, size_t new_count, size_t size,
                    const char *what);

/* Copy of a string, NULL for NULL. */
int vqe_memory_strdup(char **out, const char *text);

/* New string in *out by a format of printf; *out is NULL on failure. Free by
 * free(). */
int vqe_memory_print(char **out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* *out = a * b; false when that overflows. */
bool vqe_memory_mul(size_t *out, size_t a, size_t b);

/* Bytes that could be taken now without swapping: MemAvailable, bounded by
 * what the limits of control groups and of the shell leave. */
uint64_t vqe_memory_available(void);

/* Whether `bytes` could be taken now; small sizes always can, without asking
 * the system. */
bool vqe_memory_fits(uint64_t bytes);

/* Does the system still grant `count` mappings of `size` bytes at once? They
 * are not kept. VQE_ERR_MEMORY begins with the limit in the way, goes on with
 * `what`, as "a start needs", and ends with `remedy`, beside raising it. */
int vqe_memory_room(size_t count, size_t size, const char *what,
                    const char *remedy);

/* Resident set of this process now, bytes; 0: not known. */
uint64_t vqe_memory_resident(void);

/* Peak resident set of this process, bytes. */
uint64_t vqe_memory_peak(void);

#endif
