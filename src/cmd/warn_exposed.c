#include "warn_exposed.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/http.h"

static const char *name;

static void warn(const char *what, const char *by)
{
  vqe_text_message(name,
                   "credentials go to %s%s%s in plain text, where others can "
                   "read them: use https, or accept it by --insecure-http",
                   by != NULL ? by : "", by != NULL ? " at " : "", what);
}

void vqe_cmd_warn_exposed(const char *program, bool allowed)
{
  const char *value = getenv("VQE_INSECURE_HTTP");
  bool accepted = allowed || (value != NULL && value[0] != '\0' &&
                              strcmp(value, "0") != 0);
  name = program;
  vqe_http_report_exposed(accepted ? NULL : warn);
}
