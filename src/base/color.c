#include "base/color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Launchers give ranks terminals of their own, and pass on what comes from
 * there to files and pipes as it is. */
static bool is_launched(void)
{
  static const char *const names[] = {"PMIX_RANK", "OMPI_COMM_WORLD_RANK",
                                      "PMI_RANK", "SLURM_PROCID"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    if (getenv(names[k]) != NULL) {
      return true;
    }
  }
  return false;
}

bool vqe_color_shown(FILE *stream)
{
  const char *off = getenv("NO_COLOR");
  const char *terminal = getenv("TERM");
  int descriptor = fileno(stream); /* none: a stream in memory */
  return (off == NULL || off[0] == '\0') && terminal != NULL &&
         strcmp(terminal, "dumb") != 0 && descriptor >= 0 &&
         isatty(descriptor) && !is_launched();
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
