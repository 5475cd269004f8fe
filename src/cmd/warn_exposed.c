#include "warn_exposed.h"

#include <stdlib.h>
#include <string.h>

#include "cmd_log.h"
#include "http/http.h"

static void warn(const char *what, const char *by)
{
  vqe_log(&vqe_cmd_log, VQE_LOG_WARNING,
          "credentials go to %s%s%s in plain text, where others can "
          "read them: use https, or accept it by --insecure-http",
          by != NULL ? by : "", by != NULL ? " at " : "", what);
}

void vqe_cmd_warn_exposed(bool allowed)
{
  const char *value = getenv("VQE_INSECURE_HTTP");
  bool accepted = allowed || (value != NULL && value[0] != '\0' &&
                              strcmp(value, "0") != 0);
  vqe_http_report_exposed(accepted ? NULL : warn);
}
