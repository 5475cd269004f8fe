#include "job/job_given.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"

static int read_whole(bool *has, int *out, const char *option,
                      const char *text, int low, int high, const char *what)
{
  char *end;
  if (text == NULL) {
    return VQE_OK;
  }
  errno = 0;
  long number = strtol(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || number < low ||
      number > high) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --%s: '%s' is not %s, a whole number from "
                         "%d to %d",
                         option, text, what, low, high);
  }
  *has = true;
  *out = (int)number;
  return VQE_OK;
}

int vqe_job_given_read(struct vqe_molecule_given *out,
                       const struct vqe_job_overrides *overrides)
{
  memset(out, 0, sizeof *out);
  int status =
      read_whole(&out->has_charge, &out->charge, "charge", overrides->charge,
                 -VQE_MAX_CHARGE, VQE_MAX_CHARGE, "a charge");
  if (status == VQE_OK) {
    status =
        read_whole(&out->has_multiplicity, &out->multiplicity, "multiplicity",
                   overrides->multiplicity, 1, VQE_MAX_MULTIPLICITY, "2S + 1");
  }
  if (status == VQE_OK && overrides->units != NULL) {
    out->has_units = vqe_units_read(&out->units, overrides->units,
                                    strlen(overrides->units));
    if (!out->has_units) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "option --units: '%s' is not angstrom or bohr",
                             overrides->units);
    }
  }
  return status;
}
