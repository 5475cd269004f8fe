/* Drawn seeds of an earlier run. */
#include <jansson.h>

#include "base/error_message.h"
#include "job/job.h"

/* Id of the request with the seed left out. */
static int seedless_id(char id[VQE_EXPERIMENT_ID_SIZE],
                       const struct vqe_experiment *experiment)
{
  struct vqe_experiment request = *experiment;
  request.seed = 0;
  return vqe_experiment_id(id, NULL, &request);
}

/* Seeds of earlier results by seedless id, of finished ones or the others. */
static int collect_seeds(json_t *seeds, struct vqe_result *const *earlier,
                         size_t count, bool finished)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  for (size_t k = 0; k < count; k++) {
    const struct vqe_experiment *experiment = earlier[k]->experiment;
    if (experiment == NULL || !experiment->seed_drawn ||
        (earlier[k]->status == VQE_EXPERIMENT_OK) != finished) {
      continue;
    }
    int status = seedless_id(id, experiment);
    if (status != VQE_OK) {
      return status;
    }
    json_t *list = json_object_get(seeds, id);
    if (list == NULL) {
      list = json_array();
      json_object_set_new(seeds, id, list);
    }
    if (json_array_append_new(list, json_integer(experiment->seed)) != 0) {
      return vqe_error_set(VQE_ERR_MEMORY, "no memory for earlier seeds");
    }
  }
  return VQE_OK;
}

int vqe_job_reuse_seeds(struct vqe_job *job, struct vqe_result *const *earlier,
                        size_t count)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  json_t *seeds = json_object();
  int status = collect_seeds(seeds, earlier, count, true);
  if (status == VQE_OK) {
    status = collect_seeds(seeds, earlier, count, false);
  }
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    struct vqe_experiment *experiment = job->experiments[k];
    if (!experiment->seed_drawn) {
      continue;
    }
    status = seedless_id(id, experiment);
    json_t *list = json_object_get(seeds, id);
    if (status != VQE_OK || json_array_size(list) == 0) {
      continue;
    }
    experiment->seed = json_integer_value(json_array_get(list, 0));
    json_array_remove(list, 0);
    status = vqe_experiment_id(experiment->id, NULL, experiment);
  }
  json_decref(seeds);
  return status;
}
