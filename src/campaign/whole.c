#include "campaign/whole.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "campaign/folder.h"
#include "campaign/plan.h"

#define FILE_LIMIT ((size_t)64 << 20)

struct vqe_whole {
  struct vqe_job *job;
  double *costs; /* of its experiments */
  json_t *index; /* id -> number of the experiment */
};

void vqe_whole_free(struct vqe_whole *whole)
{
  if (whole == NULL) {
    return;
  }
  json_decref(whole->index);
  free(whole->costs);
  vqe_job_free(whole->job);
  free(whole);
}

static int load(struct vqe_whole *whole, const char *folder)
{
  char *path = NULL;
  char *text = NULL;
  size_t size = 0;
  struct vqe_tier *tier = NULL;
  int status = vqe_folder_path(&path, folder, "tier.json");
  if (status == VQE_OK) {
    status = vqe_file_read_regular(&text, &size, path, FILE_LIMIT);
  }
  if (status == VQE_OK) {
    status = vqe_tier_parse(&tier, text, size, path);
  }
  if (status == VQE_OK) {
    status = vqe_plan_job(&whole->job, tier);
  }
  vqe_tier_free(tier);
  free(text);
  free(path);
  return status;
}

/* Neighbours of the product have the same cost, mostly. */
static int estimate(struct vqe_whole *whole)
{
  const struct vqe_job *job = whole->job;
  int status = vqe_memory_alloc(&whole->costs, job->count,
                                sizeof *whole->costs, "costs of a tier");
  whole->index = json_object();
  for (size_t k = 0; status == VQE_OK && k < job->count; k++) {
    const struct vqe_experiment *experiment = job->experiments[k];
    struct vqe_experiment_estimate found;
    if (experiment->input_error != NULL) {
      continue;
    }
    if (k > 0 && job->experiments[k - 1]->input_error == NULL &&
        vqe_plan_alike(job->experiments[k - 1], experiment)) {
      whole->costs[k] = whole->costs[k - 1];
    } else if (vqe_experiment_estimate(&found, experiment) == VQE_OK) {
      whole->costs[k] = found.cost;
    }
    if (json_object_set_new(whole->index, experiment->id,
                            json_integer((json_int_t)k)) != 0) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a tier");
    }
  }
  return status;
}

int vqe_whole_open(struct vqe_whole **out, const char *folder)
{
  struct vqe_whole *whole = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&whole, 1, sizeof *whole, "a tier");
  if (status == VQE_OK) {
    status = load(whole, folder);
  }
  if (status == VQE_OK) {
    status = estimate(whole);
  }
  if (status == VQE_OK) {
    *out = whole;
  } else {
    vqe_whole_free(whole);
  }
  return status;
}

const struct vqe_experiment *
vqe_whole_get(double *cost, const struct vqe_whole *whole, const char *id)
{
  const json_t *number =
      whole != NULL ? json_object_get(whole->index, id) : NULL;
  *cost = 0.0;
  if (number == NULL) {
    return NULL;
  }
  *cost = whole->costs[json_integer_value(number)];
  return whole->job->experiments[json_integer_value(number)];
}
