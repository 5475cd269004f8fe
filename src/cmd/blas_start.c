#include "blas_start.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/machine.h"

void vqe_cmd_blas_start(char **argv)
{
  static const char variable[] = "OPENBLAS_NUM_THREADS";
  const char *given = getenv(variable);
  struct vqe_machine_limit limit;
  vqe_machine_limit(&limit);
  if (limit.bytes == UINT64_MAX ||
      (given != NULL && strcmp(given, "1") == 0)) {
    return;
  }
  if (setenv(variable, "1", 1) == 0) {
    /* where this fails, things are as they were */
    (void)execv("/proc/self/exe", argv);
  }
}
