#include "base/struct_size.h"

#include "base/error_message.h"

int vqe_struct_size_check(const char *type, size_t size, size_t expected)
{
  if (size == expected) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "struct %s: its size is %zu, this library's is %zu; "
                       "initialise it by its INIT macro or init function, and "
                       "build against the headers of this library",
                       type, size, expected);
}
