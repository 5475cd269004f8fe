/* The size that callers write into the first field of a struct of options. */
#ifndef VQE_BASE_STRUCT_SIZE_H
#define VQE_BASE_STRUCT_SIZE_H

#include <stddef.h>

/* VQE_ERR_INPUT unless `size` is `expected`, the size that the struct has in
 * this library: another one means that the caller was built against other
 * headers, or forgot the initialiser. `type` names the struct. */
int vqe_struct_size_check(const char *type, size_t size, size_t expected);

#endif
