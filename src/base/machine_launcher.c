#include "base/machine_launcher.h"

#include <stdlib.h>

const char *vqe_machine_launcher_rank(void)
{
  static const char *const variables[] = {
      "OMPI_COMM_WORLD_RANK", "PMIX_RANK",   "PMI_RANK", "MV2_COMM_WORLD_RANK",
      "JSM_NAMESPACE_RANK",   "PALS_RANKID", "PMI_ID",   "FLUX_TASK_RANK"};
  for (size_t k = 0; k < sizeof variables / sizeof variables[0]; k++) {
    const char *value = getenv(variables[k]);
    if (value != NULL) {
      return value;
    }
  }
  const char *tasks = getenv("SLURM_STEP_NUM_TASKS");
  return tasks != NULL && atoi(tasks) > 1 ? getenv("SLURM_PROCID") : NULL;
}
