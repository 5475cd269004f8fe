/* One experiment from input to record. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/adapt.h"
#include "vqe/host.h"
#include "vqe/initial.h"
#include "vqe/orbital.h"
#include "vqe/evaluations.h"
#include "vqe/run.h"

/* Longest OpenQASM text that is stored gate by gate. */
#define QASM_LIMIT 1000000

static bool stop_asked(void *ctx)
{
  const struct run *run = ctx;
  const struct vqe_callbacks *callbacks = run->callbacks;
  return callbacks != NULL && callbacks->should_stop != NULL &&
         callbacks->should_stop(callbacks->ctx);
}

/* Other runs may share the process with one that has one thread. */
static double cpu_seconds(const struct run *run)
{
  return run->options->threads == 1 ? vqe_clock_thread() : vqe_clock_cpu();
}

static bool is_adapt(const struct vqe_experiment *experiment)
{
  return strcmp(experiment->ansatz_name, "ADAPT-VQE") == 0;
}

static bool wants_cuda(const struct vqe_experiment *experiment)
{
  return strcmp(experiment->device, "cuda") == 0;
}

static bool is_single(const struct vqe_experiment *experiment)
{
  return strcmp(experiment->precision, "single") == 0;
}

static int check_request(const struct vqe_experiment *experiment,
                         const struct vqe_run_options *options)
{
  const struct vqe_optimizer_info *optimizer;
  if (experiment->input_error != NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "%s", experiment->input_error);
  }
  if (vqe_orbital_asked(experiment) &&
      (wants_cuda(experiment) || is_single(experiment) ||
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
  if (is_adapt(experiment) &&
      (experiment->shots > 0 || strcmp(experiment->init_strategy, "hf") != 0 ||
       experiment->init_noise > 0.0)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "ADAPT-VQE grows from the Hartree-Fock state by "
                         "exact gradients: use init 'hf' without noise, and "
                         "no shots");
  }
  int status = vqe_optimizer_find(&optimizer, experiment->optimizer);
  if (status == VQE_OK && experiment->shots > 0 &&
      (optimizer->needs_gradient || optimizer->exact_only)) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "optimizer %s needs exact gradients and cannot "
                           "work with %d shots; use SPSA or COBYLA",
                           optimizer->name, experiment->shots);
  }
  return status;
}

/* ---- phases ---- */

static int make_integrals(struct run *run)
{
  const struct vqe_experiment *experiment = run->experiment;
  struct vqe_result *result = run->result;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  options.basis = experiment->basis_set;
  options.frozen_core = experiment->frozen_core;
  options.active_electrons = experiment->active_electrons;
  options.active_orbitals = experiment->active_orbitals;
  options.threads = run->options->threads;
  options.keep_all = vqe_orbital_asked(experiment);
  double cpu = cpu_seconds(run);
  int status =
      experiment->fcidump != NULL
          ? vqe_fcidump_read(&run->integrals, experiment->fcidump, &options)
          : vqe_chem_run(&run->integrals, experiment->molecule, &options);
  if (status != VQE_OK) {
    return status;
  }
  const struct vqe_integrals *integrals = run->integrals;
  result->cpu_seconds_hamiltonian = cpu_seconds(run) - cpu;
  result->seconds_integrals = integrals->seconds_integrals;
  result->seconds_scf = integrals->seconds_scf;
  result->seconds_transform = integrals->seconds_transform;
  result->norb = integrals->norb;
  result->nalpha = integrals->nalpha;
  result->nbeta = integrals->nbeta;
  result->nfrozen = integrals->nfrozen;
  result->num_qubits = 2 * integrals->norb;
  result->nuclear_repulsion_energy = integrals->nuclear_repulsion;
  result->hf_energy = integrals->hf_energy;
  if (integrals->has_mp2 && (experiment->references & VQE_REFERENCE_MP2)) {
    result->mp2_energy = integrals->mp2_energy;
  }
  snprintf(result->reference_method, sizeof result->reference_method, "%s",
           integrals->method);
  return VQE_OK;
}

static int add_note(struct vqe_result *result, const char *note)
{
  char *joined = NULL;
  if (note == NULL || note[0] == '\0') {
    return VQE_OK;
  }
  if (result->reference_note == NULL) {
    return vqe_memory_strdup(&result->reference_note, note);
  }
  if (asprintf(&joined, "%s; %s", result->reference_note, note) < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a note");
  }
  free(result->reference_note);
  result->reference_note = joined;
  return VQE_OK;
}

static int make_hamiltonian(struct run *run)
{
  struct vqe_result *result = run->result;
  const struct vqe_integrals *integrals = run->integrals;
  double wall = vqe_clock_wall();
  double cpu = cpu_seconds(run);
  bool sector = vqe_ansatz_conserves(run->experiment->ansatz_name);
  int status = vqe_hamiltonian_create(
      &run->hamiltonian, integrals->norb, integrals->h1e, integrals->eri,
      integrals->e_core, run->experiment->symmetry,
      sector ? VQE_RUN_SECTOR_ZERO : 0.0);
  if (status == VQE_OK && vqe_orbital_asked(run->experiment)) {
    status = vqe_orbital_begin(run);
  }
  if (status == VQE_OK) {
    status = vqe_pauli_sum_jordan_wigner(&run->paulis, run->hamiltonian, 0.0);
  }
  if (status != VQE_OK) {
    return status;
  }
  result->seconds_mapping = vqe_clock_wall() - wall;
  result->cpu_seconds_mapping = cpu_seconds(run) - cpu;
  result->pauli_one_norm = vqe_pauli_sum_one_norm(run->paulis);
  /* the result takes the arrays over when the run ends */
  return add_note(result, integrals->scf_note);
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

static int make_ansatz(struct run *run)
{
  struct vqe_ansatz_options *options = &run->ansatz_options;
  int status = vqe_run_ansatz_options(options, run->experiment);
  if (status != VQE_OK) {
    return status;
  }
  options->norb = run->integrals->norb;
  options->nalpha = run->integrals->nalpha;
  options->nbeta = run->integrals->nbeta;
  options->restricted = options->nalpha == options->nbeta;
  options->nirrep = run->hamiltonian->nirrep;
  options->irrep = run->hamiltonian->irrep;
  status = vqe_ansatz_create(&run->ansatz, options);
  if (status == VQE_OK && is_adapt(run->experiment)) {
    status = vqe_ansatz_pool_create(&run->pool, options);
  }
  return status;
}

static int make_parameters(struct run *run)
{
  const struct vqe_experiment *experiment = run->experiment;
  struct vqe_result *result = run->result;
  int status;
  int angles = run->rotation != NULL ? run->rotation->nangle : 0;
  size_t nparam = (size_t)run->ansatz->nparam + (size_t)angles;
  result->nparam = run->ansatz->nparam + angles;
  status = vqe_memory_alloc(&result->initial_parameters, nparam,
                            sizeof(double), "initial parameters");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&result->optimal_parameters, nparam,
                              sizeof(double), "optimal parameters");
  }
  if (status == VQE_OK) {
    status = vqe_initial_parameters(result->initial_parameters, experiment,
                                    run->ansatz, angles, run->integrals);
  }
  return status;
}

static int make_estimator(struct run *run)
{
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  uint64_t amplitudes;
  uint64_t bytes;
  options.threads = run->options->threads;
  /* a split state has no densities for the orbitals' slopes */
  options.team = run->rotation == NULL ? run->options->team : NULL;
  options.device =
      wants_cuda(run->experiment) ? VQE_DEVICE_CUDA
      : strcmp(run->experiment->device, "cpu") == 0 || run->rotation != NULL
          ? VQE_DEVICE_CPU
          : VQE_DEVICE_AUTO;
  options.device_index = run->options->device_index;
  options.single = is_single(run->experiment);
  options.gates = run->options->gates;
  options.combiner = run->options->combiner;
  int status = vqe_estimator_size(&amplitudes, &bytes, run->hamiltonian,
                                  run->ansatz, &options);
  if (status == VQE_OK) {
    status = vqe_estimator_create(&run->estimator, run->hamiltonian,
                                  run->ansatz, &options);
  }
  if (status == VQE_OK) {
    run->result->determinants = amplitudes;
    snprintf(run->result->backend, sizeof run->result->backend, "%s",
             vqe_estimator_backend(run->estimator));
    vqe_estimator_describe(&run->usage, run->estimator);
    if (run->usage.on_device) {
      snprintf(run->result->device, sizeof run->result->device, "%s",
               run->usage.device.name);
    }
    status = add_note(run->result, run->usage.note);
  }
  return status;
}

/* The exact energy; whatever keeps it away is a note, not a failure, but a
 * stop asked for from outside is. */
static int solve_fci(struct run *run)
{
  struct vqe_result *result = run->result;
  struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
  struct vqe_fci_result fci;
  char note[320];
  if ((run->experiment->references & VQE_REFERENCE_FCI) == 0) {
    return VQE_OK;
  }
  options.threads = run->options->threads;
  options.multiplicity = result->nalpha - result->nbeta + 1;
  options.should_stop = stop_asked;
  options.ctx = run;
  double wall = vqe_clock_wall();
  double cpu = cpu_seconds(run);
  int status = vqe_fci_solve(&fci, run->hamiltonian, result->nalpha,
                             result->nbeta, &options);
  result->seconds_fci = vqe_clock_wall() - wall;
  result->cpu_seconds_fci = cpu_seconds(run) - cpu;
  if (status == VQE_OK) {
    result->fci_energy = fci.energy + result->nuclear_repulsion_energy;
    result->fci_s2 = fci.s2;
    return VQE_OK;
  }
  if (status == VQE_ERR_INTERRUPTED) {
    return status;
  }
  snprintf(note, sizeof note, "no FCI: %s", vqe_error_message());
  return add_note(result, note);
}

static void announce(void *ctx, int n, const double *points, int count)
{
  struct run *run = ctx;
  (void)n;
  run->ahead.count = count <= RUN_AHEAD ? count : 0;
  run->ahead.points = points;
  run->ahead.known = false;
}

/* The energy at x, and of all that was announced with it. */
static int energy_at(struct run *run, int n, const double *x, double *energy)
{
  struct ahead *ahead = &run->ahead;
  size_t size = (size_t)n;
  int k = 0;
  while (k < ahead->count &&
         memcmp(ahead->points + (size_t)k * size, x, size * sizeof *x) != 0) {
    k++;
  }
  if (k == ahead->count) {
    return vqe_estimator_energy(run->estimator, energy, x);
  }
  if (!ahead->known) {
    int status = vqe_estimator_many(run->estimator, ahead->energies, NULL,
                                    ahead->points, (size_t)ahead->count);
    if (status != VQE_OK) {
      return status;
    }
    ahead->known = true;
  }
  *energy = ahead->energies[k];
  if (k + 1 == ahead->count) {
    ahead->count = 0; /* their memory is the optimizer's again */
  }
  return VQE_OK;
}

/* One call of the objective is one record. */
static int evaluate(void *ctx, int n, const double *x, double *f,
                    double *gradient)
{
  struct run *run = ctx;
  struct vqe_result *result = run->result;
  const struct vqe_callbacks *callbacks = run->callbacks;
  const struct vqe_experiment *experiment = run->experiment;
  int iteration = (int)result->neval + 1;
  double std = 0.0;
  int known = 0;
  int status = VQE_OK;
  if (stop_asked(run)) {
    return vqe_error_set(VQE_ERR_INTERRUPTED, "the run was interrupted");
  }
  if (callbacks != NULL && callbacks->replay != NULL) {
    known = callbacks->replay(callbacks->ctx, experiment, iteration, n, x, f,
                              &std, gradient);
  }
  if (known <= 0) {
    if (experiment->shots > 0) {
      status =
          vqe_estimator_sample(run->estimator, f, &std, x, run->paulis,
                               experiment->shots, experiment->id, iteration);
    } else if (run->rotation != NULL) {
      status = vqe_orbital_evaluate(run, f, gradient, x);
    } else if (gradient != NULL) {
      status = vqe_estimator_gradient(run->estimator, f, gradient, x);
    } else {
      status = energy_at(run, n, x, f);
    }
  }
  if (status == VQE_OK) {
    status = vqe_evaluations_append(result, &run->capacity, x, *f, std,
                               vqe_clock_wall() - run->started);
  }
  if (status == VQE_OK && callbacks != NULL && callbacks->evaluation != NULL &&
      known <= 0) {
    status = callbacks->evaluation(callbacks->ctx, experiment, iteration, n, x,
                                   *f, std, gradient);
  }
  return status;
}

static int set_optimizer_options(struct vqe_optimizer_options *options,
                                 const struct vqe_experiment *experiment)
{
  int status = VQE_OK;
  vqe_optimizer_options_init(options);
  options->max_evaluations = experiment->max_evaluations;
  options->gtol = experiment->gtol;
  options->ftol = experiment->ftol;
  options->max_seconds = experiment->max_seconds;
  options->experiment_id = experiment->id;
  for (size_t k = 0;
       status == VQE_OK && k < experiment->optimizer_options.count; k++) {
    const struct vqe_option *option = &experiment->optimizer_options.items[k];
    char *end;
    double value = strtod(option->json, &end);
    if (end == option->json || *end != '\0') {
      return vqe_error_set(VQE_ERR_INPUT,
                           "optimizer option '%s': %s is not a number",
                           option->key, option->json);
    }
    status = vqe_optimizer_option_set(options, experiment->optimizer,
                                      option->key, value);
  }
  return status;
}

static int minimise(struct run *run)
{
  struct vqe_result *result = run->result;
  const struct vqe_experiment *experiment = run->experiment;
  const struct vqe_optimizer_info *info;
  struct vqe_optimizer_options options;
  struct vqe_optimize_result found;
  size_t bytes = (size_t)result->nparam * sizeof(double);
  int status = set_optimizer_options(&options, experiment);
  if (status == VQE_OK) {
    status = vqe_optimizer_find(&info, experiment->optimizer);
  }
  if (status != VQE_OK) {
    return status;
  }
  snprintf(result->optimizer_native, sizeof result->optimizer_native, "%s",
           info->native);
  memcpy(result->optimal_parameters, result->initial_parameters, bytes);
  double *scale = NULL;
  if (strcmp(experiment->ansatz_name, "UCCSD") == 0 && run->rotation == NULL) {
    status = vqe_initial_scale(&scale, run->ansatz, run->integrals);
    options.scale = scale;
  }
  if (status != VQE_OK) {
    return status;
  }
  /* the CPU takes as long for one after the other, and its records would
   * come in pairs */
  options.announce =
      run->usage.on_device && !is_adapt(experiment) ? announce : NULL;
  double cpu = cpu_seconds(run);
  run->started = vqe_clock_wall();
  status =
      is_adapt(experiment)
          ? vqe_adapt_minimise(&found, run, evaluate, &options)
          : vqe_optimize(&found, experiment->optimizer, result->nparam,
                         result->optimal_parameters, evaluate, run, &options);
  free(scale);
  run->ahead.count = 0;
  result->seconds_vqe = vqe_clock_wall() - run->started;
  result->cpu_seconds_vqe = cpu_seconds(run) - cpu;
  if (status != VQE_OK) {
    return status;
  }
  if (result->neval == 0 || !isfinite(found.f)) {
    return vqe_error_set(VQE_ERR_NUMERIC, "no finite energy: %s",
                         found.reason);
  }
  result->minimum = found.f;
  result->success = found.converged;
  result->nfev = (int)result->neval;
  result->nit = found.nit;
  return vqe_memory_strdup(&result->reason, found.reason);
}

static int measure_properties(struct run *run)
{
  struct vqe_result *result = run->result;
  const struct vqe_integrals *integrals = run->integrals;
  struct vqe_properties properties;
  double *rdm1 = NULL;
  size_t n = (size_t)integrals->norb * (size_t)integrals->norb;
  int status =
      vqe_memory_alloc(&rdm1, n, sizeof *rdm1, "reduced density matrix");
  if (status != VQE_OK) {
    return status;
  }
  if (run->rotation != NULL) {
    status = vqe_orbital_turn(run, result->optimal_parameters);
  }
  if (status == VQE_OK) {
    status = vqe_estimator_properties(run->estimator, &properties, rdm1,
                                      result->optimal_parameters);
  }
  if (status == VQE_OK) {
    result->n_expectation = properties.n;
    result->sz_expectation = properties.sz;
    result->s2_expectation = properties.s2;
    if (run->rotation != NULL && integrals->dipole_ints != NULL) {
      vqe_rotation_dipole(result->dipole, run->rotation, rdm1);
    }
    for (int k = 0;
         run->rotation == NULL && integrals->dipole_ints != NULL && k < 3;
         k++) {
      double electrons = 0.0;
      for (size_t pq = 0; pq < n; pq++) {
        electrons += rdm1[pq] * integrals->dipole_ints[(size_t)k * n + pq];
      }
      result->dipole[k] = integrals->dipole_core[k] - electrons;
    }
  }
  free(rdm1);
  return status;
}

static int run_phases(struct run *run)
{
  int status = check_request(run->experiment, run->options);
  if (status == VQE_OK) {
    status = make_integrals(run);
  }
  if (status == VQE_OK) {
    status = make_hamiltonian(run);
  }
  if (status == VQE_OK) {
    status = make_ansatz(run);
  }
  if (status == VQE_OK) {
    status = make_parameters(run);
  }
  if (status == VQE_OK) {
    status = make_estimator(run);
  }
  if (status == VQE_OK) {
    status = solve_fci(run);
  }
  if (status == VQE_OK) {
    status = minimise(run);
  }
  if (status == VQE_OK) {
    /* only now, as an ansatz may grow */
    status = vqe_ansatz_qasm(&run->result->ansatz_qasm, run->ansatz, QASM_LIMIT);
  }
  if (status == VQE_OK) {
    status = measure_properties(run);
  }
  return status;
}

static void run_clear(struct run *run)
{
  vqe_estimator_free(run->estimator);
  vqe_orbital_clear(run);
  vqe_ansatz_free(run->ansatz);
  vqe_ansatz_free(run->pool);
  vqe_pauli_sum_free(run->paulis);
  vqe_hamiltonian_free(run->hamiltonian);
  vqe_integrals_free(run->integrals);
}

/* Start a run that ends before the VQE: integrals only. */
static int run_integrals(struct run *run)
{
  int status = vqe_result_create(&run->result, run->experiment,
                                 VQE_EXPERIMENT_SKIPPED, NULL);
  if (status == VQE_OK) {
    status = check_request(run->experiment, run->options);
  }
  return status == VQE_OK ? make_integrals(run) : status;
}

int vqe_experiment_qasm(char **out, const struct vqe_experiment *experiment,
                        const struct vqe_run_options *options)
{
  struct run run = {.experiment = experiment, .options = options};
  *out = NULL;
  if (is_adapt(experiment)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s: ADAPT-VQE chooses its circuit while it runs; "
                         "the result of the run holds it",
                         experiment->source);
  }
  int status = run_integrals(&run);
  if (status == VQE_OK) {
    status = make_hamiltonian(&run);
  }
  if (status == VQE_OK) {
    status = make_ansatz(&run);
  }
  if (status == VQE_OK) {
    status = vqe_ansatz_qasm(out, run.ansatz, 0);
  }
  run_clear(&run);
  vqe_result_free(run.result);
  return status;
}

int vqe_experiment_fcidump(const char *path,
                           const struct vqe_experiment *experiment,
                           const struct vqe_run_options *options)
{
  struct run run = {.experiment = experiment, .options = options};
  int status = run_integrals(&run);
  if (status == VQE_OK) {
    status = vqe_fcidump_write(run.integrals, path);
  }
  run_clear(&run);
  vqe_result_free(run.result);
  return status;
}

int vqe_experiment_run(struct vqe_result **out,
                       const struct vqe_experiment *experiment,
                       const struct vqe_run_options *options,
                       const struct vqe_callbacks *callbacks)
{
  struct run run = {
      .experiment = experiment, .options = options, .callbacks = callbacks};
  struct vqe_host own;
  struct vqe_host *host = options->host;
  double wall = vqe_clock_wall();
  *out = NULL;
  int status =
      vqe_result_create(&run.result, experiment, VQE_EXPERIMENT_OK, NULL);
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_result *result = run.result;
  result->mpi_rank = options->mpi_rank;
  result->mpi_ranks = options->mpi_ranks;
  result->threads = options->threads;
  vqe_clock_rfc3339(result->started_at);
  if (host == NULL) {
    vqe_host_init(&own);
    host = &own;
  }
  vqe_host_describe(result, host);
  status =
      vqe_host_snapshot(&result->performance_start, result, host, &run.usage);
  if (status == VQE_OK) {
    status = run_phases(&run);
  }
  if (run.paulis != NULL) {
    result->nterm = run.paulis->nterm;
    result->term_x = run.paulis->x;
    result->term_z = run.paulis->z;
    result->term_coeff = run.paulis->coeff;
    run.paulis->x = NULL;
    run.paulis->z = NULL;
    run.paulis->coeff = NULL;
  }
  if (status != VQE_OK && status != VQE_ERR_INTERRUPTED) {
    /* a failed experiment is a result: its reason, and what there is */
    result->status = VQE_EXPERIMENT_FAILED;
    free(result->reason);
    status = vqe_memory_strdup(&result->reason, vqe_error_message());
  }
  if (run.estimator != NULL) {
    vqe_estimator_describe(&run.usage, run.estimator);
  }
  run_clear(&run);
  if (status == VQE_OK) {
    result->peak_memory_mb = (double)vqe_memory_peak() / 1e6;
    vqe_clock_rfc3339(result->finished_at);
    result->seconds_total = vqe_clock_wall() - wall;
    status =
        vqe_host_snapshot(&result->performance_end, result, host, &run.usage);
  }
  if (status != VQE_OK) {
    vqe_result_free(result);
    return status;
  }
  *out = result;
  return VQE_OK;
}
