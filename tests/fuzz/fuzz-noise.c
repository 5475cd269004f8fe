/* A model of noise and a calibration: any JSON is read or refused with a
 * message, and the numbers of a calibration make a model. */
#include <stdint.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "noise/noisy_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vqe_noisy_model model;

static void check_calibration(const json_t *value)
{
  json_t *numbers = NULL;
  if (vqe_noisy_calibration_read(&numbers, value, "file 'x'") != 0) {
    return;
  }
  json_t *object = json_pack("{s:o}", "calibration", numbers);
  if (object == NULL || vqe_noisy_model_read(&model, object, "model") != 0 ||
      model.nqubit < 1) {
    abort();
  }
  json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  json_t *value = NULL;
  if (size > 65536 ||
      vqe_json_parse(&value, (const char *)data, size, 0, "text") != 0) {
    return 0;
  }
  if (vqe_noisy_model_read(&model, value, "model") == 0 &&
      !(model.strength >= 0.0)) {
    abort();
  }
  check_calibration(value);
  json_decref(value);
  return 0;
}
