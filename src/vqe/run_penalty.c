#include "vqe/run_penalty.h"

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"

bool vqe_run_penalty_asked(const struct vqe_experiment *experiment)
{
  return experiment->penalty_spin != 0.0 ||
         (experiment->penalty_number != 0.0 &&
          !vqe_ansatz_conserves(experiment->ansatz_name));
}

int vqe_run_penalty_evaluate(struct vqe_run *run, double *f, double *energy,
                             double *gradient, const double *x)
{
  const struct vqe_experiment *experiment = run->experiment;
  double s = 0.5 * (run->integrals->nalpha - run->integrals->nbeta);
  const struct vqe_penalty what = {.number = experiment->penalty_number,
                                   .spin = experiment->penalty_spin,
                                   .electrons = run->integrals->nalpha +
                                                run->integrals->nbeta,
                                   .s2 = s * (s + 1.0)};
  double penalty;
  int status = vqe_estimator_penalised(run->estimator, energy, &penalty,
                                       gradient, x, &what);
  if (status == VQE_OK) {
    *f = *energy + penalty;
  }
  return status;
}
