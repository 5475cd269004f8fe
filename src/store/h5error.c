#include "store/h5error.h"

#include <stdio.h>

#include "base/error_message.h"

void vqe_h5quiet_begin(struct vqe_h5quiet *quiet)
{
  /* after a damaged file HDF5's cleanup at exit prints complaints of its own;
   * nothing is open then that it would have to close */
  H5dont_atexit();
  quiet->function = NULL;
  quiet->data = NULL;
  H5Eget_auto2(H5E_DEFAULT, &quiet->function, &quiet->data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void vqe_h5quiet_end(const struct vqe_h5quiet *quiet)
{
  H5Eset_auto2(H5E_DEFAULT, quiet->function, quiet->data);
}

#define REASON_SIZE 256

static herr_t keep_innermost(unsigned n, const H5E_error2_t *entry, void *ctx)
{
  char *reason = ctx;
  (void)n;
  snprintf(reason, REASON_SIZE, "%s",
           entry->desc != NULL ? entry->desc : "no description");
  return 0;
}

int vqe_h5error_set(int status, const char *path, const char *what)
{
  char reason[REASON_SIZE] = "";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, reason);
  return vqe_error_set(status, "result file '%s': %s%s%s", path, what,
                       reason[0] != '\0' ? ": HDF5 says " : "", reason);
}
