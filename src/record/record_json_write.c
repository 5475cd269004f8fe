#include "record/record_json_write.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "record/record_tree.h"

static json_t *number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

int vqe_record_json_write(char **out, size_t *size,
                          const struct vqe_record *record)
{
  json_t *root = vqe_record_tree(&vqe_fields_record, record, number);
  *out = root == NULL
             ? NULL
             : vqe_json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (*out == NULL) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "experiment %s cannot be written as JSON: no memory, "
        "or a text that is no UTF-8",
        record->experiment_id == NULL ? "(no id)" : record->experiment_id);
  }
  *size = strlen(*out);
  return VQE_OK;
}
