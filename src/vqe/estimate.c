/* Size and cost of an experiment from its input alone. */
#include <math.h>
#include <string.h>

#include "ansatz/ansatz_names.h"
#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "chem/irreps.h"
#include "chem/rotation.h"
#include "chem/space_rule.h"
#include "estimator/estimator_cost.h"
#include "estimator/shots.h"
#include "noise/noisy_energy.h"
#include "operators/pauli_size.h"
#include "sim/fci.h"
#include "sim/layout.h"
#include "vqe/experiment_check.h"
#include "vqe/landscape.h"
#include "vqe/orbital.h"
#include "vqe/run.h"
#include "vqe/run_penalty.h"
#include "vqe/team.h"

/* Up to here every loop over amplitudes, and below it over basis functions,
 * runs on one thread whatever it is given: sharing it would take longer. */
#define SERIAL_SIZE 2048
#define SERIAL_NAO 20

/* What sizes follow from. */
struct sizes {
  int nao, nfrozen;
  struct vqe_hamiltonian exact; /* norb, nirrep, irrep: those that the
                                   integrals will show */
  struct vqe_hamiltonian used;  /* that the ansatz leaves */
  uint64_t fci_bytes;           /* 0: none is computed */
  double terms;                 /* of the Pauli sum */
  bool terms_made;
};

static int orbital_space(struct vqe_experiment_estimate *out, int *nao,
                         int *nfrozen, struct vqe_irreps *irreps,
                         const struct vqe_experiment *experiment)
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
  int status =
      vqe_irreps_count(irreps, experiment->molecule, experiment->basis_set);
  if (status != VQE_OK) {
    return status;
  }
  *nao = irreps->nao;
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

/* ---- symmetry ---- */

/* Orbitals of each irrep among the active ones: all functions but the cores
 * where those are frozen; of a smaller space the shares that the whole has. */
static void active_irreps(int out[VQE_MAX_IRREPS],
                          const struct vqe_irreps *irreps, int norb,
                          int nfrozen)
{
  int ncore = 0;
  int left = norb;
  double rest[VQE_MAX_IRREPS];
  for (int k = 0; k < irreps->nirrep; k++) {
    ncore += irreps->core[k];
  }
  int whole = irreps->nao - (nfrozen == ncore ? ncore : 0);
  for (int k = 0; k < irreps->nirrep; k++) {
    int functions =
        irreps->functions[k] - (nfrozen == ncore ? irreps->core[k] : 0);
    double share = (double)functions * norb / whole;
    out[k] = (int)share;
    rest[k] = share - out[k];
    left -= out[k];
  }
  for (; left > 0; left--) {
    int most = 0;
    for (int k = 1; k < irreps->nirrep; k++) {
      most = rest[k] > rest[most] ? k : most;
    }
    out[most]++;
    rest[most] = -1.0;
  }
}

/* Irreps as the integrals show them: the first orbital's is 0, and those that
 * no orbital has are none. */
static void label_orbitals(struct vqe_hamiltonian *out,
                           const int orbitals[VQE_MAX_IRREPS])
{
  int basis[3] = {0};
  int rank = 0;
  int first = 0;
  int orbital = 0;
  while (orbitals[first] == 0) {
    first++;
  }
  /* an irrep's number in terms of those found so far */
  for (int k = 0; k < VQE_MAX_IRREPS; k++) {
    int found = -1;
    for (int n = 0; orbitals[k] > 0 && found < 0 && n < 1 << rank; n++) {
      int product = first;
      for (int b = 0; b < rank; b++) {
        product ^= n >> b & 1 ? basis[b] : 0;
      }
      found = product == k ? n : -1;
    }
    if (orbitals[k] > 0 && found < 0) {
      VQE_ASSERT(rank < 3);
      basis[rank] = k ^ first;
      found = 1 << rank++;
    }
    for (int p = 0; p < orbitals[k]; p++) {
      out->irrep[orbital++] = (uint8_t)found;
    }
  }
  out->nirrep = 1 << rank;
}

/* The irrep of an open shell is not known before SCF: the one whose sector is
 * largest. */
static void place_open_shell(struct vqe_hamiltonian *out, int nalpha,
                             int nbeta)
{
  uint64_t most = 0;
  int best = nbeta;
  for (int p = 0; nalpha > nbeta && p < out->norb; p++) {
    struct vqe_hamiltonian tried = *out;
    tried.irrep[nbeta] = out->irrep[p];
    tried.irrep[p] = out->irrep[nbeta];
    uint64_t size = vqe_layout_size(out->norb, nalpha, nbeta, out->nirrep,
                                    tried.irrep, VQE_LAYOUT_REFERENCE);
    if (size > most) {
      most = size;
      best = p;
    }
  }
  if (best < out->norb) {
    uint8_t irrep = out->irrep[best];
    out->irrep[best] = out->irrep[nbeta];
    out->irrep[nbeta] = irrep;
  }
}

static void find_symmetry(struct sizes *sizes,
                          const struct vqe_experiment_estimate *space,
                          const struct vqe_irreps *irreps,
                          const struct vqe_experiment *experiment)
{
  int orbitals[VQE_MAX_IRREPS] = {0};
  struct vqe_hamiltonian *exact = &sizes->exact;
  exact->norb = space->norb;
  exact->nirrep = 1;
  if (irreps->nirrep > 1) {
    active_irreps(orbitals, irreps, space->norb, sizes->nfrozen);
    label_orbitals(exact, orbitals);
    place_open_shell(exact, space->nalpha, space->nbeta);
  }
  sizes->used = *exact;
  if (!experiment->symmetry ||
      vqe_ansatz_kind(experiment->ansatz_name)->mixes) {
    sizes->used.nirrep = 1;
  }
}

/* ---- memory ---- */

/* What the estimator is asked for, and an ansatz of which only sizes are. */
static void sizes_of_ansatz(struct vqe_ansatz *out,
                            struct vqe_estimator_options *options,
                            struct vqe_team *team,
                            const struct vqe_experiment_estimate *space,
                            const struct vqe_experiment *experiment, int ranks)
{
  *out = (struct vqe_ansatz){.norb = space->norb,
                             .nqubit = space->num_qubits,
                             .nalpha = space->nalpha,
                             .nbeta = space->nbeta};
  out->conserves = vqe_ansatz_conserves(experiment->ansatz_name) &&
                   !vqe_run_penalty_asked(experiment);
  out->real = vqe_ansatz_real(experiment->ansatz_name);
  *options = (struct vqe_estimator_options)VQE_ESTIMATOR_OPTIONS_INIT;
  *team = (struct vqe_team){.size = ranks};
  options->team = ranks > 1 && !vqe_orbital_asked(experiment) ? team : NULL;
}

/* Matrices of SCF over basis functions: DIIS, the search, direct terms. */
#define SCF_MATRICES 60.0

/* Bytes of the largest phase, and the sizes of the estimator (amplitudes) and
 * of FCI. */
static int count_bytes(struct vqe_experiment_estimate *out,
                       struct sizes *sizes,
                       const struct vqe_experiment *experiment, int ranks,
                       double evaluations)
{
  struct vqe_ansatz ansatz;
  struct vqe_estimator_options options;
  struct vqe_team team;
  struct vqe_fci_options fci_options = VQE_FCI_OPTIONS_INIT;
  uint64_t estimator;
  bool whole = vqe_orbital_asked(experiment);
  sizes_of_ansatz(&ansatz, &options, &team, out, experiment, ranks);
  int status = vqe_estimator_size(&out->amplitudes, &estimator, &sizes->used,
                                  &ansatz, &options);
  if (status == VQE_OK && experiment->references & VQE_REFERENCE_FCI) {
    status = vqe_fci_size(&sizes->fci_bytes, &sizes->exact, out->nalpha,
                          out->nbeta, &fci_options);
  }
  if (status != VQE_OK) {
    return status;
  }
  double available = (double)vqe_memory_available();
  double fci = (double)sizes->fci_bytes;
  double pairs = choose2(sizes->nao + 1.0);
  double active = choose2(out->norb + 1.0);
  /* a triangle, unless integrals are computed directly; half-transformed
   * ones; those over active orbitals and, kept, over all of them */
  double integrals = fmin(4.0 * pairs * pairs, 0.5 * available) +
                     8.0 * SCF_MATRICES * sizes->nao * sizes->nao;
  double transformed =
      8.0 * active * active + (whole ? 3.0 * 8.0 * pairs * pairs : 0.0);
  double kept_terms;
  double terms = vqe_pauli_size_bytes(&kept_terms, sizes->terms);
  if (!sizes->terms_made) {
    terms = 0.0;
    kept_terms = 0.0;
  }
  /* integrals in the Hamiltonian too; rows of evaluations grow by doubling */
  double kept = transformed + 8.0 * active * active + kept_terms +
                3.0 * 8.0 * evaluations * out->nparam;
  double state = (double)estimator;
  if (experiment->noise != NULL) {
    state += vqe_noisy_energy_bytes(out->num_qubits);
  }
  /* no FCI where it does not fit */
  state += fci < available ? fci : 0.0;
  double bytes =
      fmax(integrals + 8.0 * pairs * active + transformed,
           fmax(transformed + 8.0 * active * active + terms, kept + state));
  out->bytes = bytes < 1.8e19 ? (uint64_t)bytes : UINT64_MAX;
  return status;
}

/* ---- time ---- */

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

/* Seconds of integrals and SCF; of making a Pauli term and of keeping it in a
 * result. */
#define PAIR_SECONDS 2e-7
#define TERM_SECONDS 1.2e-6
/* Evaluations of UCCSD and its kin with slopes, from amplitudes of MP2. */
#define NEAR_CLOSED 8.0
#define NEAR_OPEN 20.0

static double count_evaluations(const struct vqe_experiment *experiment,
                                const struct vqe_experiment_estimate *space,
                                double parameters)
{
  const struct vqe_optimizer_info *optimizer = NULL;
  bool grows = vqe_ansatz_grows(experiment->ansatz_name);
  bool near = vqe_ansatz_has_mp2(experiment->ansatz_name) &&
              vqe_ansatz_default_noise(experiment->ansatz_name, "mp2") == 0.0;
  double evaluations = grows                           ? 1000.0
                       : space->nalpha == space->nbeta ? NEAR_CLOSED
                                                       : NEAR_OPEN;
  bool known = vqe_optimizer_find(&optimizer, experiment->optimizer) == VQE_OK;
  if (experiment->shots > 0) {
    /* gradients by the shift rule: four energies for each gate, of which a
     * parameter has one or two */
    evaluations = known && optimizer->needs_gradient
                      ? 20.0 * (1.0 + 6.0 * parameters)
                      : 1000.0;
  } else if (known && (vqe_landscape_asked(experiment) ||
                       !((grows || near) && optimizer->needs_gradient))) {
    /* with slopes UCCSD and its kin are soon there from where it starts,
     * without it takes 0.3 to 0.5 of it; what grows never has all parameters
     * to find at once */
    evaluations =
        evaluations_of(optimizer, near ? 0.4 * parameters : parameters);
  }
  return fmin(evaluations, experiment->max_evaluations);
}

/* Integrals, SCF and Pauli terms. */
static double setup_seconds(const struct sizes *sizes)
{
  double pairs = choose2(sizes->nao + 1.0);
  return 2e-4 + pairs * pairs * PAIR_SECONDS +
         (sizes->terms_made ? sizes->terms * TERM_SECONDS : 0.0);
}

/* About seconds on one core; of a team the sum over its ranks. */
static double cost_of(const struct vqe_experiment_estimate *space,
                      const struct sizes *sizes,
                      const struct vqe_experiment *experiment,
                      double parameters, double evaluations)
{
  struct vqe_ansatz ansatz;
  struct vqe_estimator_options options;
  struct vqe_team team;
  double energy;
  double gradient;
  double active_pairs = choose2(space->norb + 1.0);
  sizes_of_ansatz(&ansatz, &options, &team, space, experiment, 1);
  double gates = parameters;
  if (ansatz.conserves) {
    /* closed shells: a parameter turns both spins */
    gates *= (space->nalpha == space->nbeta ? 2.0 : 1.0) / sizes->used.nirrep;
  }
  if (vqe_ansatz_grows(experiment->ansatz_name)) {
    gates *= 0.5; /* the mean of its growth */
  }
  vqe_estimator_seconds(&energy, &gradient, &sizes->used, &ansatz, gates,
                        &options);
  const struct vqe_optimizer_info *optimizer = NULL;
  bool known = vqe_optimizer_find(&optimizer, experiment->optimizer) == VQE_OK;
  bool sloped =
      experiment->shots == 0 && (vqe_landscape_asked(experiment) ||
                                 (known && optimizer->needs_gradient));
  double cost =
      setup_seconds(sizes) + evaluations * (sloped ? gradient : energy);
  if (experiment->shots > 0) {
    cost += evaluations * active_pairs * active_pairs *
            (double)space->amplitudes * 1e-8;
  }
  if (sizes->fci_bytes > 0 &&
      (double)sizes->fci_bytes < (double)vqe_memory_available()) {
    cost += vqe_fci_seconds(&sizes->exact, space->nalpha, space->nbeta);
  }
  return cost;
}

int vqe_experiment_estimate(struct vqe_experiment_estimate *out,
                            const struct vqe_experiment *experiment)
{
  return vqe_experiment_estimate_team(out, experiment, 1);
}

/* Are the Pauli terms made, or are they more than a result holds? */
static bool makes_terms(const struct sizes *sizes,
                        const struct vqe_experiment *experiment)
{
  double kept;
  return experiment->shots > 0 || experiment->noise != NULL ||
         (!vqe_run_terms_too_many(sizes->terms, sizes->exact.norb) &&
          vqe_pauli_size_bytes(&kept, sizes->terms) <
              (double)vqe_memory_available());
}

int vqe_experiment_estimate_team(struct vqe_experiment_estimate *out,
                                 const struct vqe_experiment *experiment,
                                 int ranks)
{
  int missing = vqe_missing(__func__, "out experiment", out, experiment);
  if (missing != VQE_OK) {
    return missing;
  }
  struct sizes sizes = {0};
  struct vqe_irreps irreps = {.nirrep = 1};
  memset(out, 0, sizeof *out);
  int status = vqe_experiment_check(experiment);
  if (status != VQE_OK) {
    return status;
  }
  status = orbital_space(out, &sizes.nao, &sizes.nfrozen, &irreps, experiment);
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
  /* how many a rule chooses is only guessed here */
  if (experiment->shots > 0 && experiment->active_space == NULL) {
    status = vqe_shots_check(out->num_qubits);
  }
  if (status != VQE_OK) {
    return status;
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
    parameters += vqe_rotation_count(sizes.nao, sizes.nfrozen, out->norb);
  }
  out->nparam = parameters < 2e9 ? (int)parameters : 2000000000;
  find_symmetry(&sizes, out, &irreps, experiment);
  sizes.terms = vqe_pauli_size_terms(&sizes.used);
  sizes.terms_made = makes_terms(&sizes, experiment);
  double evaluations = count_evaluations(experiment, out, parameters);
  status = count_bytes(out, &sizes, experiment, ranks, evaluations);
  if (status == VQE_OK) {
    out->serial = out->amplitudes <= SERIAL_SIZE && sizes.nao < SERIAL_NAO;
    out->cost = cost_of(out, &sizes, experiment, parameters, evaluations);
    /* gates of excitations that reach over all qubits */
    out->setup =
        setup_seconds(&sizes) + parameters * (30.0 + out->num_qubits) * 2e-7;
  }
  return status;
}
