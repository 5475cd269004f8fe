#include "base/missing.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/error_message.h"

int vqe_missing(const char *function, const char *names, ...)
{
  va_list arguments;
  int status = VQE_OK;
  va_start(arguments, names);
  while (status == VQE_OK && *names != '\0') {
    size_t length = strcspn(names, " ");
    if (va_arg(arguments, const void *) == NULL) {
      status = vqe_error_set(VQE_ERR_INPUT, "%s: %.*s is NULL", function,
                             (int)length, names);
    }
    names += length;
    names += strspn(names, " ");
  }
  va_end(arguments);
  return status;
}
