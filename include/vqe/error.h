/** @file
 * Error codes and the thread-local message of the last failure.
 *
 * Every function of libvqe that can fail returns an int: 0, or one of the
 * negative codes below. The message says what failed, on which input, and
 * what to do about it; it stays valid until the next failure in the same
 * thread. */
#ifndef VQE_ERROR_H
#define VQE_ERROR_H

#include "vqe/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What functions return. */
enum vqe_status {
  VQE_OK = 0,
  VQE_ERR_INPUT = -1,       /**< the caller's data is wrong */
  VQE_ERR_MEMORY = -2,      /**< out of memory, or above the memory limit */
  VQE_ERR_IO = -3,          /**< a file or a stream failed */
  VQE_ERR_NUMERIC = -4,     /**< no convergence, or a result is not finite */
  VQE_ERR_UNSUPPORTED = -5, /**< valid, but this build or method lacks it */
  VQE_ERR_INTERRUPTED = -6, /**< asked to stop from outside */
  VQE_ERR_NOT_FOUND = -7,   /**< a file, key or record does not exist */
  VQE_ERR_EXISTS = -8       /**< already there, and must not be replaced */
};

/** Message of the last failure in this thread; "" before the first. */
VQE_API const char *vqe_error_message(void);

/** Short name of a code, for logs: "input", "memory", ... */
VQE_API const char *vqe_error_name(int status);

#ifdef __cplusplus
}
#endif
#endif
