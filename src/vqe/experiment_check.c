/* What callers of the library may have left out of an experiment. Job files
 * leave nothing out, since src/job fills the defaults in. */
#include <math.h>
#include <string.h>

#include "base/error_message.h"
#include "base/missing.h"
#include "vqe/experiment_check.h"

static int missing(const struct vqe_experiment *experiment, const char *field,
                   const char *remedy)
{
  return vqe_error_set(VQE_ERR_INPUT, "%s: the field %s is not set: %s",
                       vqe_experiment_source(experiment), field, remedy);
}

static bool empty(const char *text)
{
  return text == NULL || text[0] == '\0';
}

static int check_options(const struct vqe_experiment *experiment,
                         const char *field, const struct vqe_option_list *list)
{
  if (list->count > 0 && list->items == NULL) {
    return missing(experiment, field, "it counts options and has none");
  }
  for (size_t k = 0; k < list->count; k++) {
    if (empty(list->items[k].key) || empty(list->items[k].json)) {
      return missing(experiment, field,
                     "every option needs a key and the JSON text of a value");
    }
  }
  return VQE_OK;
}

static bool among(const char *text, const char *const known[4])
{
  bool found = known[0] == NULL;
  for (int k = 0; k < 4 && known[k] != NULL; k++) {
    found = found || strcmp(text, known[k]) == 0;
  }
  return found;
}

static int check_texts(const struct vqe_experiment *experiment)
{
  const struct {
    const char *field, *text, *remedy;
    const char *known[4]; /* none: checked where it is used */
  } needed[] = {
      {"basis_set",
       experiment->basis_set,
       "\"sto3g\", another stored spelling (vqe_basis_canonical), the path of "
       "a basis file, or \"fcidump\"",
       {NULL}},
      {"ansatz_name",
       experiment->ansatz_name,
       "\"UCCSD\" or another stored spelling (vqe_ansatz_canonical)",
       {NULL}},
      {"optimizer",
       experiment->optimizer,
       "\"L-BFGS-B\" or another one of vqe_optimizer_list",
       {NULL}},
      {"init_strategy",
       experiment->init_strategy,
       "\"hf\", \"mp2\", \"random\" or \"file\"",
       {"hf", "mp2", "random", "file"}},
      {"device",
       experiment->device,
       "\"auto\", \"cpu\" or \"cuda\"",
       {"auto", "cpu", "cuda"}},
      {"precision",
       experiment->precision,
       "\"double\" or \"single\"",
       {"double", "single"}},
  };
  for (size_t k = 0; k < sizeof needed / sizeof needed[0]; k++) {
    if (empty(needed[k].text)) {
      return missing(experiment, needed[k].field, needed[k].remedy);
    }
    if (!among(needed[k].text, needed[k].known)) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: the field %s is '%s', not %s",
                           vqe_experiment_source(experiment), needed[k].field,
                           needed[k].text, needed[k].remedy);
    }
  }
  if (strcmp(experiment->init_strategy, "file") == 0 &&
      empty(experiment->init_file)) {
    return missing(experiment, "init_file",
                   "the path of the parameters that init_strategy asks for");
  }
  return VQE_OK;
}

static int check_numbers(const struct vqe_experiment *experiment)
{
  const struct {
    const char *field;
    double value, least;
  } numbers[] = {
      {"ansatz_reps", experiment->ansatz_reps, 0.0},
      {"max_evaluations", experiment->max_evaluations, 1.0},
      {"frozen_core", experiment->frozen_core, 0.0},
      {"shots", experiment->shots, 0.0},
      {"gtol", experiment->gtol, 0.0},
      {"ftol", experiment->ftol, 0.0},
      {"init_noise", experiment->init_noise, 0.0},
      {"restarts", experiment->restarts, 0.0},
  };
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
    if (!(numbers[k].value >= numbers[k].least) || isinf(numbers[k].value)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: the field %s is %g, at least %g is needed; "
                           "vqe_experiment_init sets the defaults",
                           vqe_experiment_source(experiment), numbers[k].field,
                           numbers[k].value, numbers[k].least);
    }
  }
  return VQE_OK;
}

const char *vqe_experiment_source(const struct vqe_experiment *experiment)
{
  return experiment->source != NULL ? experiment->source : "experiment";
}

int vqe_experiment_check(const struct vqe_experiment *experiment)
{
  if (experiment->input_error != NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "%s", experiment->input_error);
  }
  if (experiment->molecule == NULL && empty(experiment->fcidump)) {
    return missing(experiment, "molecule",
                   "a molecule, or the path of an FCIDUMP in fcidump");
  }
  int status = check_texts(experiment);
  if (status == VQE_OK) {
    status = check_options(experiment, "ansatz_options",
                           &experiment->ansatz_options);
  }
  if (status == VQE_OK) {
    status = check_options(experiment, "optimizer_options",
                           &experiment->optimizer_options);
  }
  if (status == VQE_OK) {
    status = check_numbers(experiment);
  }
  if (status == VQE_OK && experiment->molecule != NULL) {
    status =
        vqe_missing(vqe_experiment_source(experiment),
                    "molecule->symbols molecule->z molecule->coords",
                    experiment->molecule->symbols, experiment->molecule->z,
                    experiment->molecule->coords);
  }
  return status;
}
