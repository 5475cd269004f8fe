/* Drawn seeds of an earlier run. */
#include <jansson.h>

#include "base/error_message.h"
#include "job/job.h"

/* Seeds that may be adopted. */
struct seeds {
  json_t *lists; /* of seeds, by seedless id */
  json_t *taken; /* ids whose seeds are there */
};

int vqe_job_seedless_id(char id[VQE_EXPERIMENT_ID_SIZE],
                        const struct vqe_experiment *experiment)
{
  struct vqe_experiment request = *experiment;
  request.seed = 0;
  return vqe_experiment_id(id, NULL, &request);
}

static int add_seed(struct seeds *seeds, const char *id,
                    const char *seedless_id, int64_t seed)
{
  if (json_object_get(seeds->taken, id) != NULL) {
    return VQE_OK;
  }
  json_t *list = json_object_get(seeds->lists, seedless_id);
  if (list == NULL) {
    list = json_array();
    /* ids of journals may be no UTF-8; what cannot be set is freed */
    if (json_object_set_new_nocheck(seeds->lists, seedless_id, list) != 0) {
      list = NULL;
    }
  }
  if (list == NULL || json_array_append_new(list, json_integer(seed)) != 0 ||
      json_object_set_new_nocheck(seeds->taken, id, json_true()) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for earlier seeds");
  }
  return VQE_OK;
}

/* Seeds of results, of finished ones or the others. */
static int add_results(struct seeds *seeds, struct vqe_result *const *results,
                       size_t count, bool finished)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const struct vqe_experiment *experiment =
        results[k] != NULL ? results[k]->experiment : NULL;
    if (experiment == NULL || !experiment->seed_drawn ||
        (results[k]->status == VQE_EXPERIMENT_OK) != finished) {
      continue;
    }
    status = vqe_job_seedless_id(id, experiment);
    if (status == VQE_OK) {
      status = add_seed(seeds, experiment->id, id, experiment->seed);
    }
  }
  return status;
}

static int add_all(struct seeds *seeds, const struct vqe_job_earlier *earlier)
{
  int status = add_results(seeds, earlier->stored, earlier->nstored, true);
  if (status == VQE_OK) {
    status =
        add_results(seeds, earlier->journalled, earlier->njournalled, true);
  }
  for (size_t k = 0; status == VQE_OK && k < earlier->nbegun; k++) {
    const struct vqe_job_begun *begun = &earlier->begun[k];
    status = add_seed(seeds, begun->id, begun->seedless_id, begun->seed);
  }
  return status == VQE_OK
             ? add_results(seeds, earlier->stored, earlier->nstored, false)
             : status;
}

int vqe_job_reuse_seeds(struct vqe_job *job,
                        const struct vqe_job_earlier *earlier)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  struct seeds seeds = {json_object(), json_object()};
  int status = add_all(&seeds, earlier);
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    struct vqe_experiment *experiment = job->experiments[k];
    if (!experiment->seed_drawn) {
      continue;
    }
    status = vqe_job_seedless_id(id, experiment);
    json_t *list = json_object_get(seeds.lists, id);
    if (status != VQE_OK || json_array_size(list) == 0) {
      continue;
    }
    experiment->seed = json_integer_value(json_array_get(list, 0));
    json_array_remove(list, 0);
    status = vqe_experiment_id(experiment->id, NULL, experiment);
  }
  json_decref(seeds.lists);
  json_decref(seeds.taken);
  return status;
}
