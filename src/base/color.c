#include "base/color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/machine_launcher.h"

bool vqe_color_shown(FILE *stream)
{
  const char *off = getenv("NO_COLOR");
  const char *terminal = getenv("TERM");
  int descriptor = fileno(stream); /* none: a stream in memory */
  return (off == NULL || off[0] == '\0') && terminal != NULL &&
         strcmp(terminal, "dumb") != 0 && descriptor >= 0 &&
         isatty(descriptor) && vqe_machine_launcher_rank() == NULL;
}

const char *vqe_color_begin(enum vqe_color color, bool shown)
{
  static const char *const codes[] = {
      [VQE_COLOR_PLAIN] = "",        [VQE_COLOR_GOOD] = "\033[32m",
      [VQE_COLOR_WARN] = "\033[33m", [VQE_COLOR_BAD] = "\033[31m",
      [VQE_COLOR_BUSY] = "\033[1m",  [VQE_COLOR_LESS] = "\033[2m",
  };
  return shown ? codes[color] : "";
}

const char *vqe_color_end(enum vqe_color color, bool shown)
{
  return shown && color != VQE_COLOR_PLAIN ? "\033[0m" : "";
}

void vqe_color_print(FILE *stream, enum vqe_color color, const char *text)
{
  bool shown = vqe_color_shown(stream);
  fprintf(stream, "%s%s%s", vqe_color_begin(color, shown), text,
          vqe_color_end(color, shown));
}
