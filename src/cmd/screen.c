#include "screen.h"
#include "cmd_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void vqe_cmd_begin_screen(void)
{
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF) {
      /* takes the lowest number that is free, which is this one; what is
       * printed there fails as before, since it is open for reading */
      (void)!open("/dev/null", O_RDONLY);
    }
  }
}

int vqe_cmd_end_screen(int code)
{
  errno = 0;
  int lost = ferror(stdout);
  if (fclose(stdout) != 0) {
    lost = 1;
  }
  if (lost) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "writing the standard output: %s",
            errno != 0 ? strerror(errno) : "not all could be written");
  }
  return lost && code == 0 ? 1 : code;
}
