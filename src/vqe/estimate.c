/* Size and cost of an experiment from its input alone. */
#include <math.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "chem/basis.h"
#include "chem/rotation.h"
#include "chem/space_rule.h"
#include "noise/noisy_energy.h"
#include "vqe/experiment_check.h"
#include "vqe/landscape.h"
#include "vqe/orbital.h"
#include "vqe/run.h"
#include "vqe/run_penalty.h"

/* Up to here every loop over amplitudes, and below it over basis functions,
 * runs on one thread whatever it is given: sharing it would take longer. */
#define SERIAL_SIZE 2048
#define SERIAL_NAO 20

static int basis_functions(int *out, const struct vqe_experiment *experiment)
{
  const struct vqe_molecule *molecule = experiment->molecule;
  bool wanted[VQE_MAX_Z + 1] = {false};
  struct vqe_basis *basis = NULL;
  int count = 0;
  for (size_t k = 0; k < molecule->natom; k++) {
    wanted[molecule->z[k]] = true;
  }
  int status = vqe_basis_load(&basis, experiment->basis_set, wanted);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < molecule->natom; k++) {
    for (size_t s = 0; s < basis->nshell; s++) {
      const struct vqe_basis_shell *shell = &basis->shells[s];
      if (shell->z == molecule->z[k]) {
        count +=
            vqe_basis_components(shell->l, basis->cartesian) * shell->nctr;
      }
    }
  }
  vqe_basis_free(basis);
  *out = count;
  return VQE_OK;
}

static int orbital_space(struct vqe_experiment_estimate *out, int *nao,
                         int *nfrozen, const struct vqe_experiment *experiment)
{
  if (experiment->fcidump != NULL) {
    struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
    struct vqe_integrals *integrals = NULL;
    options.frozen_core = experiment->frozen_core;
    options.active_electrons = experiment->active_electrons;
    options.active_orbitals = experiment->active_orbitals;
    options.active_space = experiment->active_space;
    options.keep_all = true;
    int status = vqe_fcidump_read(&integrals, experiment->fcidump, &options);
    if (status == VQE_OK) {
      out->norb = integrals->norb;
      out->nalpha = integrals->nalpha;
      out->nbeta = integrals->nbeta;
      *nao = integrals->whole->norb;
      *nfrozen = integrals->nfrozen;
    }
    vqe_integrals_free(integrals);
    return status;
  }
  int status = basis_functions(nao, experiment);
  if (status != VQE_OK) {
    return status;
  }
  int electrons = vqe_molecule_electrons(experiment->molecule);
  int all = electrons;
  int open = experiment->molecule->multiplicity - 1;
  out->norb = *nao - experiment->frozen_core;
  electrons -= 2 * experiment->frozen_core;
  if (experiment->active_space != NULL) {
    struct vqe_space_rule rule;
    status = vqe_space_rule_parse(&rule, experiment->active_space,
                                  vqe_experiment_source(experiment));
    if (status == VQE_OK) {
      vqe_space_rule_guess(&out->norb, &electrons, &rule, experiment->molecule,
                           *nao, experiment->frozen_core);
    }
    vqe_space_rule_clear(&rule);
    if (status != VQE_OK) {
      return status;
    }
  }
  if (experiment->active_orbitals >= 0) {
    out->norb = experiment->active_orbitals;
    electrons = experiment->active_electrons;
  }
  *nfrozen = (all - electrons) / 2;
  out->nalpha = (electrons + open) / 2;
  out->nbeta = (electrons - open) / 2;
  if (out->norb < 1 || out->nbeta < 0 || out->nalpha > out->norb) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: %d alpha and %d beta electrons do not fit %d "
                         "orbitals",
                         vqe_experiment_source(experiment), out->nalpha,
                         out->nbeta, out->norb);
  }
  return VQE_OK;
}

static double choose2(double n)
{
  return n * (n - 1.0) / 2.0;
}

static double parameter_count(const struct vqe_experiment *experiment,
                              const struct vqe_experiment_estimate *space,
                              const struct vqe_ansatz_options *ansatz)
{
  const struct vqe_ansatz_shape shape = {
      .norb = space->norb,
      .nalpha = space->nalpha,
      .nbeta = space->nbeta,
      .reps = experiment->ansatz_reps,
      .entanglement = experiment->entanglement,
      .max_operators = ansatz->adapt.max_operators,
  };
  return vqe_ansatz_kind(experiment->ansatz_name)->parameters(&shape);
}

/* Bytes of the largest phase, and the sizes of the estimator (amplitudes) and
 * of FCI (*fci_bytes, 0 without). */
static int count_bytes(struct vqe_experiment_estimate *out,
                       uint64_t *fci_bytes,
                       const struct vqe_experiment *experiment, int nao,
                       bool whole)
{
  /* only the sizes of these two are looked at */
  struct vqe_hamiltonian hamiltonian = {.norb = out->norb, .nirrep = 1};
  struct vqe_ansatz ansatz = {.norb = out->norb,
                              .nqubit = out->num_qubits,
                              .nalpha = out->nalpha,
                              .nbeta = out->nbeta};
  ansatz.conserves = vqe_ansatz_conserves(experiment->ansatz_name) &&
                     !vqe_run_penalty_asked(experiment);
  ansatz.real = vqe_ansatz_real(experiment->ansatz_name);
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  struct vqe_fci_options fci_options = VQE_FCI_OPTIONS_INIT;
  uint64_t estimator;
  *fci_bytes = 0;
  int status = vqe_estimator_size(&out->amplitudes, &estimator, &hamiltonian,
                                  &ansatz, &options);
  if (status != VQE_OK) {
    return status;
  }
  if (experiment->references & VQE_REFERENCE_FCI) {
    status = vqe_fci_size(fci_bytes, &hamiltonian, out->nalpha, out->nbeta,
                          &fci_options);
  }
  double pairs = choose2(nao + 1.0);
  double active = choose2(out->norb + 1.0);
  /* a triangle, unless integrals are computed directly; half-transformed
   * ones; those over all orbitals and their rotated copies */
  double bytes =
      (double)estimator +
      fmin(4.0 * pairs * pairs, 0.5 * (double)vqe_memory_available()) +
      8.0 * pairs * active + (whole ? 3.0 * 8.0 * pairs * pairs : 0.0);
  if (experiment->noise != NULL) {
    bytes += vqe_noisy_energy_bytes(out->num_qubits);
  }
  out->bytes = bytes < 1.8e19 ? (uint64_t)bytes : UINT64_MAX;
  return status;
}

/* Evaluations for each parameter, as circuits take them that are optimised
 * from random parameters: the mean of EfficientSU2 on H2, LiH and BeH2, those
 * that ended at a limit counted as such. */
static double evaluations_of(const struct vqe_optimizer_info *optimizer,
                             double parameters)
{
  static const struct {
    const char *name;
    double each;
  } known[] = {{"L-BFGS-B", 3.5}, {"SLSQP", 6.0},        {"BFGS", 9.0},
               {"TNC", 20.0},     {"CG", 30.0},          {"COBYLA", 270.0},
               {"Powell", 100.0}, {"Nelder-Mead", 400.0}};
  double each = optimizer->needs_gradient ? 10.0 : 100.0;
  if (strcmp(optimizer->name, VQE_LANDSCAPE) == 0) {
    return INFINITY; /* as many as the limit says */
  }
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    if (strcmp(known[k].name, optimizer->name) == 0) {
      each = known[k].each;
    }
  }
  return fmax(40.0, each * parameters);
}

/* About seconds on one core: DGEMM and gathers for a sigma product, two and a
 * half of them an energy with gradient. What symmetry saves is not known yet:
 * N2 takes a fifth of this, CO2 a tenth. */
static double cost_of(const struct vqe_experiment_estimate *space,
                      const struct vqe_experiment *experiment, int nao,
                      double parameters, uint64_t fci_bytes)
{
  double pairs = choose2(nao + 1.0);
  double active_pairs = (double)space->norb * (space->norb + 1) / 2;
  double operations = active_pairs * active_pairs / 4 + 20 * active_pairs;
  double sigma = (double)space->amplitudes * operations * 2.5e-11;
  const struct vqe_optimizer_info *optimizer = NULL;
  bool grows = vqe_ansatz_grows(experiment->ansatz_name);
  bool near = vqe_ansatz_has_mp2(experiment->ansatz_name) &&
              vqe_ansatz_default_noise(experiment->ansatz_name, "mp2") == 0.0;
  double evaluations = grows ? 1000.0 : 40.0;
  /* with slopes UCCSD and its kin are soon there from where it starts, without
   * it takes 0.3 to 0.5 of it; what grows never has all parameters to find at
   * once */
  if (vqe_optimizer_find(&optimizer, experiment->optimizer) == VQE_OK &&
      (vqe_landscape_asked(experiment) ||
       !((grows || near) && optimizer->needs_gradient))) {
    evaluations =
        evaluations_of(optimizer, near ? 0.4 * parameters : parameters);
  }
  evaluations = fmin(evaluations, experiment->max_evaluations);
  double gates = (double)space->amplitudes * parameters * 2.5e-11;
  double cost =
      2e-4 + pairs * pairs * 2e-7 + evaluations * 2.5 * (sigma + gates);
  if (experiment->shots > 0) {
    /* gradients by the shift rule: four energies for each gate, of which a
     * parameter has one or two */
    if (optimizer != NULL && optimizer->needs_gradient) {
      evaluations = 20.0 * (1.0 + 6.0 * parameters);
      evaluations = fmin(evaluations, experiment->max_evaluations);
    } else {
      evaluations = fmin(1000.0, experiment->max_evaluations);
    }
    cost += evaluations * active_pairs * active_pairs *
            (double)space->amplitudes * 1e-8;
  }
  double determinants = (double)fci_bytes / 240.0; /* 30 vectors of doubles */
  return cost + 60.0 * determinants * operations * 2.5e-11;
}

/* Integrals and SCF as in cost_of; Pauli terms, and gates of excitations that
 * reach over all qubits. */
static double setup_of(const struct vqe_experiment_estimate *space, int nao,
                       double parameters)
{
  double pairs = choose2(nao + 1.0);
  double active_pairs = choose2(space->norb + 1.0);
  return 2e-4 + pairs * pairs * 2e-7 + active_pairs * active_pairs * 1e-6 +
         parameters * (30.0 + space->num_qubits) * 2e-7;
}

int vqe_experiment_estimate(struct vqe_experiment_estimate *out,
                            const struct vqe_experiment *experiment)
{
  int missing = vqe_missing(__func__, "out experiment", out, experiment);
  if (missing != VQE_OK) {
    return missing;
  }
  int nao = 0;
  int nfrozen = 0;
  memset(out, 0, sizeof *out);
  int status = vqe_experiment_check(experiment);
  if (status != VQE_OK) {
    return status;
  }
  status = orbital_space(out, &nao, &nfrozen, experiment);
  if (status != VQE_OK) {
    return status;
  }
  out->num_qubits = 2 * out->norb;
  if (out->norb > VQE_MAX_ORBITALS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s: %d active orbitals, %d are supported; choose "
                         "an active space",
                         vqe_experiment_source(experiment), out->norb,
                         VQE_MAX_ORBITALS);
  }
  struct vqe_ansatz_options ansatz_options;
  const char *name;
  status = vqe_ansatz_canonical(&name, experiment->ansatz_name);
  if (status == VQE_OK) {
    status = vqe_run_ansatz_options(&ansatz_options, experiment);
  }
  if (status != VQE_OK) {
    return status;
  }
  double parameters = parameter_count(experiment, out, &ansatz_options);
  if (ansatz_options.orbital_optimization) {
    parameters += vqe_rotation_count(nao, nfrozen, out->norb);
  }
  out->nparam = parameters < 2e9 ? (int)parameters : 2000000000;
  uint64_t fci_bytes = 0;
  status = count_bytes(out, &fci_bytes, experiment, nao,
                       ansatz_options.orbital_optimization);
  if (status == VQE_OK) {
    out->serial = out->amplitudes <= SERIAL_SIZE && nao < SERIAL_NAO;
    out->cost = cost_of(out, experiment, nao, parameters, fci_bytes);
    out->setup = setup_of(out, nao, parameters);
  }
  return status;
}
