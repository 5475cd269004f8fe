/* A check of what cannot happen, for the reader and for debug builds. */
#ifndef VQE_BASE_ASSERT_H
#define VQE_BASE_ASSERT_H

/* VQE_ASSERT(condition) states what the code around it relies on and what a
 * correct caller already guarantees: an index below its size, a state that
 * was reached in order, two lengths that agree. It is never a check of input,
 * of a file or of what a library returned: those are errors that a release
 * build must report too, by vqe_error_set.
 *
 * Without NDEBUG (the debug preset) a condition that is false prints its
 * file, line and text to stderr and aborts. With NDEBUG (the release preset)
 * the condition is compiled for its types but never evaluated, so it must
 * have no side effects. The static analyzer sees it in both.
 *
 * For code of the host only: a CUDA device function cannot call it. */
#if !defined(NDEBUG) || defined(__clang_analyzer__)
#define VQE_ASSERT(condition)                                                 \
  ((condition) ? (void)0 : vqe_assert_failed(__FILE__, __LINE__, #condition))
#else
#define VQE_ASSERT(condition) ((void)sizeof((condition) ? 1 : 0))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Print "file:line: assertion failed: condition" and abort. Called by
 * VQE_ASSERT alone. */
void vqe_assert_failed(const char *file, int line, const char *condition)
    __attribute__((noreturn, cold));

#ifdef __cplusplus
}
#endif

#endif
