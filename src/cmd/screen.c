#include "screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int vqe_cmd_end_screen(const char *program, int code)
{
  errno = 0;
  int lost = ferror(stdout);
  /* who started us with the output closed wants nothing printed */
  if (fclose(stdout) != 0 && errno != EBADF) {
    lost = 1;
  }
  if (lost) {
    fprintf(stderr, "%s: writing the standard output: %s\n", program,
            errno != 0 ? strerror(errno) : "not all could be written");
  }
  return lost && code == 0 ? 1 : code;
}
