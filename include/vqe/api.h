/** @file
 * VQE_API stands before every function that libvqe exports; all others are
 * hidden. include/vqe/README.md says what may change between versions. */
#ifndef VQE_API_H
#define VQE_API_H

#if defined(__GNUC__)
#define VQE_API __attribute__((visibility("default")))
#else
#define VQE_API
#endif

#endif
