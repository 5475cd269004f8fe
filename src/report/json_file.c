#include "report/json_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "report/report_json.h"

int vqe_report_write_json(const char *path, const json_t *value)
{
  int status = VQE_OK;
  char *text =
      value == NULL ? NULL : vqe_json_dumps(value, VQE_REPORT_JSON_FLAGS);
  if (text == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for '%s'", path);
  } else {
    /* the NUL's place is taken by the last line's end */
    size_t length = strlen(text);
    text[length] = '\n';
    status = vqe_file_write(path, text, length + 1);
  }
  free(text);
  return status;
}
