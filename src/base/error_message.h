/* Setting the thread-local error message; see vqe/error.h for reading it. */
#ifndef VQE_BASE_ERROR_MESSAGE_H
#define VQE_BASE_ERROR_MESSAGE_H

#include "vqe/error.h"

/* Store the formatted message and return `status`, so that a failing branch
 * reads `return vqe_error_set(VQE_ERR_INPUT, "...", ...)`. */
int vqe_error_set(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Put context ("file 'a.json', molecule 3") in front of the stored message,
 * unless it begins so, and return `status`. */
int vqe_error_context(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
