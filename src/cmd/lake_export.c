/* vqe_lake export: a data set out of the tables. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "lake/dataset.h"
#include "lake_commands.h"
#include "screen.h"

#define LICENSE "CC-BY-4.0"
#define LICENSE_CHARACTERS 64

/* It becomes part of an address and of other texts. */
static int check_license(const char *license)
{
  size_t length = 0;
  while (isalnum((unsigned char)license[length]) ||
         (license[length] != '\0' && strchr("-.+", license[length]) != NULL)) {
    length++;
  }
  return length > 0 && length <= LICENSE_CHARACTERS && license[length] == '\0'
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "option --license: '%s' is no identifier of "
                             "SPDX, such as CC-BY-4.0 or CC0-1.0",
                             license);
}

static int check_options(const struct vqe_cmd_lake_options *options,
                         const char *license)
{
  if (options->dataset == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "export writes a data set: name its folder, vqe_lake "
                         "export WAREHOUSE --dataset FOLDER");
  }
  if (vqe_cmd_lake_is_remote(options->dataset)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "option --dataset: '%s' is no local folder; write "
                         "there and copy it",
                         options->dataset);
  }
  return check_license(license);
}

int vqe_cmd_lake_run_export(struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  struct vqe_dataset_result result = {0};
  const char *license = options->license != NULL ? options->license : LICENSE;
  const char *argument =
      options->narguments > 0 ? options->arguments[0] : NULL;
  int status = check_options(options, license);
  if (status == VQE_OK) {
    status =
        vqe_cmd_lake_open(&warehouse, vqe_cmd_lake_place(options, argument),
                          options, VQE_CMD_LAKE_READ);
    if (status == VQE_OK) {
      status =
          vqe_dataset_write(&result, warehouse, options->dataset, license);
    }
    status = vqe_cmd_lake_close(warehouse, status);
  }
  if (status == VQE_OK && !options->quiet) {
    printf("Data set: %s (%" PRId64 " run%s, %" PRId64 " evaluation%s, %d "
           "files of %.1f MB)\n",
           options->dataset, result.runs, vqe_cmd_plural((size_t)result.runs),
           result.steps, vqe_cmd_plural((size_t)result.steps), result.files,
           (double)result.bytes / 1e6);
  }
  return status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
}
