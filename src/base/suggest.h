/* "Did you mean": the nearest of some known words. */
#ifndef VQE_BASE_SUGGEST_H
#define VQE_BASE_SUGGEST_H

#include <stddef.h>

/* Edits (insert, delete, replace, swap of neighbours) from `a` to `b`,
 * letters compared without case; words above 63 bytes count as far apart. */
int vqe_suggest_distance(const char *a, const char *b);

/* The nearest of `count` words, or NULL when none is near enough to be a
 * slip: more than a third of the longer word differs. */
const char *vqe_suggest(const char *word, const char *const *known,
                        size_t count);

#endif
