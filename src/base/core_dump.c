#include "base/core_dump.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

void vqe_core_dump_forbid(void)
{
  const char *wanted = getenv("VQE_CORE_DUMPS");
  struct rlimit limit;
  if ((wanted != NULL && strcmp(wanted, "1") == 0) ||
      getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur == 0) {
    return;
  }
  /* One byte holds no dump, and where dumps go to a program, which a limit of
   * 0 does not keep from running, Linux takes it for none. PR_SET_DUMPABLE
   * would keep debuggers out too, and ranks from each other's memory. */
  limit.rlim_cur = 1;
  (void)setrlimit(RLIMIT_CORE, &limit);
}
