/* H2 by the installed library: geometry to energy in one page of C. */
#include <stdio.h>
#include <string.h>

#include <vqe/ansatz.h>
#include <vqe/chem.h>
#include <vqe/error.h>
#include <vqe/experiment.h>
#include <vqe/molecule.h>
#include <vqe/operators.h>
#include <vqe/optimize.h>
#include <vqe/sim.h>

static int objective(void *ctx, int n, const double *x, double *f,
                     double *gradient)
{
  struct vqe_estimator *estimator = ctx;
  (void)n;
  return gradient != NULL ? vqe_estimator_gradient(estimator, f, gradient, x)
                          : vqe_estimator_energy(estimator, f, x);
}

static int minimise(double *energy, const struct vqe_integrals *integrals,
                    const struct vqe_hamiltonian *hamiltonian,
                    const struct vqe_ansatz *ansatz)
{
  struct vqe_estimator_options how = VQE_ESTIMATOR_OPTIONS_INIT;
  struct vqe_optimizer_options options;
  struct vqe_optimize_result result;
  struct vqe_estimator *estimator = NULL;
  double parameters[8] = {0.0};
  if (ansatz->nparam > 8) {
    return VQE_ERR_INPUT;
  }
  vqe_optimizer_options_init(&options);
  int status = vqe_estimator_create(&estimator, hamiltonian, ansatz, &how);
  if (status == VQE_OK) {
    status = vqe_optimize(&result, "L-BFGS-B", ansatz->nparam, parameters,
                          objective, estimator, &options);
  }
  if (status == VQE_OK) {
    *energy = result.f + integrals->nuclear_repulsion;
  }
  vqe_estimator_free(estimator);
  return status;
}

static int solve(double *energy, const struct vqe_molecule *molecule)
{
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_ansatz_options form;
  struct vqe_integrals *integrals = NULL;
  struct vqe_hamiltonian *hamiltonian = NULL;
  struct vqe_ansatz *ansatz = NULL;
  int status = vqe_chem_run(&integrals, molecule, &options);
  if (status == VQE_OK) {
    status =
        vqe_hamiltonian_create(&hamiltonian, integrals->norb, integrals->h1e,
                               integrals->eri, integrals->e_core, true, 0.0);
  }
  if (status == VQE_OK) {
    vqe_ansatz_options_init(&form);
    form.name = "UCCSD";
    form.reps = 1;
    form.norb = integrals->norb;
    form.nalpha = integrals->nalpha;
    form.nbeta = integrals->nbeta;
    form.restricted = true;
    form.nirrep = hamiltonian->nirrep;
    form.irrep = hamiltonian->irrep;
    status = vqe_ansatz_create(&ansatz, &form);
  }
  if (status == VQE_OK) {
    status = minimise(energy, integrals, hamiltonian, ansatz);
  }
  vqe_ansatz_free(ansatz);
  vqe_hamiltonian_free(hamiltonian);
  vqe_integrals_free(integrals);
  return status;
}

int main(void)
{
  const char *text = "{\"symbols\": [\"H\", \"H\"],"
                     " \"coords\": [[0, 0, 0], [0, 0, 0.7414]]}";
  struct vqe_molecule_list *list = NULL;
  double energy = 0.0;
  int status =
      vqe_molecule_list_parse(&list, text, strlen(text), "json", "H2");
  if (status == VQE_OK) {
    status = solve(&energy, list->entries[0].molecule);
  }
  if (status == VQE_OK) {
    printf("%s %.8f\n", vqe_version(), energy);
  } else {
    fprintf(stderr, "%s: %s\n", vqe_error_name(status), vqe_error_message());
  }
  vqe_molecule_list_free(list);
  return status == VQE_OK ? 0 : 1;
}
