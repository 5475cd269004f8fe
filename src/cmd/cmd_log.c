#include "cmd_log.h"

#include <stdlib.h>

#include "base/error_message.h"

struct vqe_log vqe_cmd_log = VQE_LOG_INIT("vqe");

int vqe_cmd_log_begin(const char *level, bool json, bool prefix)
{
  if (level != NULL && !vqe_log_level_of(&vqe_cmd_log.level, level)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --log-level: '%s' is not error, warning, "
                         "info or debug",
                         level);
  }
  int status = vqe_log_name_run(&vqe_cmd_log, getenv("VQE_RUN_ID"));
  vqe_cmd_log.json = json;
  vqe_cmd_log.prefix = prefix;
  return status;
}
