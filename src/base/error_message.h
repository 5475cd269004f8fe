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

/* What hides secrets in texts, in place: who gets secrets of ours can send
 * them back under any name. `mask` is called by any thread, and makes no
 * message. */
struct vqe_error_mask {
  void (*mask)(const void *ctx, char *text);
  const void *ctx;
  struct vqe_error_mask *next; /* of the functions below alone */
};

/* From here to its removal all messages, and what is logged, pass through it.
 * `mask` stays the caller's. Removing what was not added is fine. */
void vqe_error_mask_add(struct vqe_error_mask *mask);
void vqe_error_mask_remove(const struct vqe_error_mask *mask);
void vqe_error_mask_text(char *text);

#endif
