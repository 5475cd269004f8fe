/* Pointers that a caller must give. */
#ifndef VQE_BASE_MISSING_H
#define VQE_BASE_MISSING_H

/* VQE_ERR_INPUT, naming the function and the argument, when one of the
 * pointers that follow is NULL; `names` are theirs, separated by blanks:
 *
 *   int status = vqe_missing(__func__, "out path", out, path);
 */
int vqe_missing(const char *function, const char *names, ...);

#endif
