/* What an experiment asks for, and whether it can be had. */
#include <math.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "vqe/landscape.h"
#include "vqe/orbital.h"
#include "vqe/run.h"
#include "vqe/run_penalty.h"

bool vqe_run_wants_cuda(const struct vqe_experiment *experiment)
{
  return strcmp(experiment->device, "cuda") == 0;
}

bool vqe_run_is_single(const struct vqe_experiment *experiment)
{
  return strcmp(experiment->precision, "single") == 0;
}

int vqe_run_ansatz_options(struct vqe_ansatz_options *out,
                           const struct vqe_experiment *experiment)
{
  int status = VQE_OK;
  vqe_ansatz_options_init(out);
  out->name = experiment->ansatz_name;
  out->reps = experiment->ansatz_reps;
  out->entanglement = experiment->entanglement;
  for (size_t k = 0; status == VQE_OK && k < experiment->ansatz_options.count;
       k++) {
    const struct vqe_option *option = &experiment->ansatz_options.items[k];
    status = vqe_ansatz_option_set(out, option->key, option->json);
  }
  return status;
}

/* Penalties that cannot be had. */
static int check_penalty(const struct vqe_experiment *experiment,
                         const struct vqe_run_options *options)
{
  double number = experiment->penalty_number;
  double spin = experiment->penalty_spin;
  if (!(number >= 0.0 && isfinite(number) && spin >= 0.0 && isfinite(spin))) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "penalty: weights %g (number) and %g (spin); zero or "
                         "more hartree are needed",
                         number, spin);
  }
  if (number == 0.0 && spin == 0.0) {
    return VQE_OK;
  }
  if (experiment->shots > 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a penalty needs exact energies and cannot be had "
                         "with %d shots; leave one of them out",
                         experiment->shots);
  }
  if (vqe_run_penalty_asked(experiment) &&
      (vqe_ansatz_grows(experiment->ansatz_name) ||
       vqe_orbital_asked(experiment))) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "penalty: %s chooses by the energy alone; leave the "
                         "penalty on the spin out",
                         vqe_orbital_asked(experiment) ? "orbital_optimization"
                                                       : "ADAPT-VQE");
  }
  if (vqe_run_wants_cuda(experiment) || vqe_run_is_single(experiment) ||
      options->gates == VQE_GATES_CUSTATEVEC) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a penalty is computed on the CPU alone; use "
                         "--device cpu, --precision double and no --gates "
                         "custatevec");
  }
  return VQE_OK;
}

int vqe_run_check(const struct vqe_experiment *experiment,
                  const struct vqe_run_options *options)
{
  const struct vqe_optimizer_info *optimizer;
  if (experiment->input_error != NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "%s", experiment->input_error);
  }
  if (vqe_landscape_asked(experiment)) {
    return vqe_landscape_check(experiment);
  }
  if (vqe_orbital_asked(experiment) &&
      (vqe_run_wants_cuda(experiment) || vqe_run_is_single(experiment) ||
       options->gates == VQE_GATES_CUSTATEVEC)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "orbital_optimization needs densities, which the "
                         "CUDA estimators do not give; use --device cpu, "
                         "--precision double and no --gates custatevec");
  }
  if (experiment->shots > 0 && vqe_orbital_asked(experiment)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "orbital_optimization needs exact energies and "
                         "cannot work with %d shots",
                         experiment->shots);
  }
  if (vqe_ansatz_grows(experiment->ansatz_name) &&
      (experiment->shots > 0 || strcmp(experiment->init_strategy, "hf") != 0 ||
       experiment->init_noise > 0.0)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "ADAPT-VQE grows from the Hartree-Fock state by "
                         "exact gradients: use init 'hf' without noise, and "
                         "no shots");
  }
  if (vqe_ansatz_grows(experiment->ansatz_name) && experiment->restarts > 1) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "restarts %d: ADAPT-VQE has one start, the "
                         "Hartree-Fock state; leave 'restarts' out, or vary "
                         "its pool",
                         experiment->restarts);
  }
  int status = check_penalty(experiment, options);
  return status == VQE_OK
             ? vqe_optimizer_find(&optimizer, experiment->optimizer)
             : status;
}
