/* Times on the command line of vqe_lake. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error_message.h"
#include "iceberg/iceberg.h"
#include "lake_commands.h"

static double unit_of(const char *text)
{
  return strcmp(text, "d") == 0   ? 86400.0
         : strcmp(text, "h") == 0 ? 3600.0
         : strcmp(text, "m") == 0 ? 60.0
         : strcmp(text, "s") == 0 ? 1.0
                                  : 0.0;
}

int vqe_cmd_lake_time(int64_t *out, bool *age, const char *option,
                      const char *text)
{
  static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M",
                                        "%Y-%m-%dT%H:%M:%S"};
  char *end = NULL;
  double amount = strtod(text, &end);
  double unit = end == text ? 0.0 : unit_of(end);
  *age = unit > 0.0 && amount >= 0.0 && amount < 1e9;
  if (*age) {
    *out = vqe_iceberg_now_ms() - (int64_t)(amount * unit * 1000.0);
    return VQE_OK;
  }
  for (size_t k = 0; k < sizeof formats / sizeof formats[0]; k++) {
    struct tm date = {0};
    const char *rest = strptime(text, formats[k], &date);
    if (rest != NULL && (*rest == '\0' || strcmp(rest, "Z") == 0)) {
      *out = (int64_t)timegm(&date) * 1000;
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "option %s: '%s' is neither an age (30d, 12h) nor a "
                       "time in UTC (2026-01-31, 2026-01-31T12:00:00Z)",
                       option, text);
}
