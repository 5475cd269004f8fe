#include "noise/noisy_energy.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "noise/noisy_density.h"
#include "noise/noisy_readout.h"
#include "noise/noisy_sample.h"
#include "noise/noisy_trajectory.h"
#include "operators/qubits.h"

/* ---- extrapolation ---- */

void vqe_noisy_energy_weights(double *weights, const double *scales, int count,
                              enum vqe_noisy_fit fit)
{
  double mean = 0.0;
  double square = 0.0;
  for (int k = 0; k < count; k++) {
    mean += scales[k] / count;
  }
  for (int k = 0; k < count; k++) {
    square += (scales[k] - mean) * (scales[k] - mean);
  }
  for (int k = 0; k < count; k++) {
    weights[k] = 1.0 / count - mean * (scales[k] - mean) / square;
    if (fit == VQE_NOISY_RICHARDSON) {
      weights[k] = 1.0;
      for (int j = 0; j < count; j++) {
        weights[k] *= j != k ? scales[j] / (scales[j] - scales[k]) : 1.0;
      }
    }
  }
}

static void extrapolate(struct vqe_noisy_outcome *out,
                        const struct vqe_noisy_model *model)
{
  double weights[VQE_NOISY_MOST_SCALES];
  double square = 0.0;
  vqe_noisy_energy_weights(weights, model->scales, model->nscale, model->fit);
  out->extrapolated = 0.0;
  for (int k = 0; k < model->nscale; k++) {
    out->extrapolated += weights[k] * out->scaled[k];
    square += pow(weights[k] * out->scaled_error[k], 2.0);
  }
  out->extrapolated_error = sqrt(square);
}

/* ---- what both simulations share ---- */

struct work {
  const struct vqe_noisy_request *request;
  struct vqe_pauli_sum *measured; /* with errors of the measurement */
  struct vqe_noisy_outcome *out;
  atomic_bool stopped;
};

static bool is_kept(const struct vqe_noisy_request *request, uint64_t b)
{
  return __builtin_popcountll(b & request->alpha) == request->nalpha &&
         __builtin_popcountll(b & request->beta) == request->nbeta;
}

/* One thread asks, all see it. */
static bool must_stop(void *ctx)
{
  struct work *work = ctx;
  const struct vqe_noisy_request *request = work->request;
  if (omp_get_thread_num() == 0 && request->stop != NULL &&
      request->stop(request->ctx)) {
    atomic_store(&work->stopped, true);
  }
  return atomic_load(&work->stopped);
}

static int random_numbers(struct vqe_philox *rng,
                          const struct vqe_noisy_request *request,
                          const char *purpose, double scale, long number)
{
  char name[96];
  snprintf(name, sizeof name, "noise/%s/%.17g/%ld", purpose, scale, number);
  return vqe_philox_init(rng, request->id != NULL ? request->id : "", name);
}

/* The circuit and the factor of the noise that a scale asks for. */
static struct vqe_noisy_circuit
scaled(double *factor, const struct vqe_noisy_request *request, double scale)
{
  bool folding = request->model->folding;
  *factor = folding ? 1.0 : scale;
  return (struct vqe_noisy_circuit){.program = request->program,
                                    .parameters = request->parameters,
                                    .folds =
                                        folding ? ((int)scale - 1) / 2 : 0};
}

/* The state without noise, twice as long, and its energy. */
static int run_ideal(struct work *work, double complex *ideal)
{
  const struct vqe_noisy_request *request = work->request;
  size_t size = (size_t)1 << request->program->nqubit;
  struct vqe_noisy_circuit circuit = {request->program, request->parameters,
                                      0};
  int status = vqe_noisy_trajectory_run(ideal, &circuit, NULL, 0.0, NULL,
                                        must_stop, work);
  if (status == VQE_OK) {
    work->out->ideal =
        vqe_noisy_trajectory_energy(ideal, ideal + size, request->paulis);
  }
  return status;
}

/* ---- the density matrix ---- */

static int run_density(struct work *work, struct vqe_noisy_density *density,
                       double scale)
{
  double factor;
  struct vqe_noisy_circuit circuit = scaled(&factor, work->request, scale);
  size_t count = vqe_noisy_circuit_count(&circuit);
  vqe_noisy_density_reset(density);
  for (size_t k = 0; k < count; k++) {
    struct vqe_noisy_gate gate;
    if (must_stop(work)) {
      return vqe_error_set(VQE_ERR_INTERRUPTED, "interrupted");
    }
    vqe_noisy_circuit_gate(&gate, &circuit, k);
    vqe_noisy_density_apply(density, &gate, work->request->model, factor);
  }
  vqe_noisy_density_finish(density);
  return VQE_OK;
}

static double expectation(const double *values,
                          const struct vqe_pauli_sum *sum)
{
  double energy = 0.0;
  for (size_t k = 0; k < sum->nterm; k++) {
    energy += sum->coeff[k] *
              values[vqe_noisy_density_index(vqe_qubits_word(sum->x[k]),
                                             vqe_qubits_word(sum->z[k]))];
  }
  return energy;
}

static int measure_density(double *energy, double *error,
                           const struct work *work, const double *values,
                           double scale)
{
  const struct vqe_noisy_request *request = work->request;
  struct vqe_philox rng;
  *error = 0.0;
  if (request->shots == 0) {
    *energy = expectation(values, work->measured);
    return VQE_OK;
  }
  int status = random_numbers(&rng, request, "shots", scale, 0);
  return status == VQE_OK
             ? vqe_noisy_sample_energy(energy, error, values, request->paulis,
                                       request->model, request->shots, &rng)
             : status;
}

/* sum_x sum_b [b and b^x kept] H_{b^x,b} rho_{b,b^x}, both by a transform over
 * z. */
static int select_density(struct vqe_noisy_outcome *out,
                          const struct vqe_noisy_request *request,
                          const double *values)
{
  static const double complex powers[] = {1.0, I, -1.0, -I};
  const struct vqe_pauli_sum *sum = request->paulis;
  size_t size = (size_t)1 << sum->nqubit;
  double complex *state = NULL;
  double complex *element = NULL;
  double energy = 0.0;
  int status = vqe_memory_alloc(&state, size, sizeof *state, "post-selection");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&element, size, sizeof *element, "post-selection");
  }
  out->kept = 0.0;
  for (size_t k = 0; status == VQE_OK && k < sum->nterm;) {
    uint64_t x = vqe_qubits_word(sum->x[k]);
    for (size_t z = 0; z < size; z++) {
      state[z] = powers[__builtin_popcountll(x & z) % 4] *
                 values[vqe_noisy_density_index(x, z)] / (double)size;
      element[z] = 0.0;
    }
    for (; k < sum->nterm && sum->x[k] == x; k++) {
      uint64_t z = vqe_qubits_word(sum->z[k]);
      element[z] = powers[__builtin_popcountll(x & z) % 4] * sum->coeff[k];
    }
    vqe_noisy_trajectory_transform(state, size);
    vqe_noisy_trajectory_transform(element, size);
    for (size_t b = 0; b < size; b++) {
      if (is_kept(request, b) && is_kept(request, b ^ x)) {
        energy += creal(element[b] * conj(state[b]));
      }
      out->kept += x == 0 && is_kept(request, b) ? creal(state[b]) : 0.0;
    }
  }
  out->selected = energy / out->kept;
  out->selected_error = 0.0;
  free(state);
  free(element);
  return status;
}

/* <state| rho |state> = 2^-n sum_P r_P <state| P |state>, by a transform over
 * z for each x. */
static double overlap(const double *values, const double complex *state,
                      double complex *spare, int nqubit)
{
  size_t size = (size_t)1 << nqubit;
  double sum = 0.0;
  for (size_t x = 0; x < size; x++) {
    for (size_t b = 0; b < size; b++) {
      spare[b] = conj(state[b ^ x]) * state[b];
    }
    vqe_noisy_trajectory_transform(spare, size);
    for (size_t z = 0; z < size; z++) {
      int power = __builtin_popcountll(x & z) % 4;
      double real = power % 2 == 0 ? creal(spare[z]) : -cimag(spare[z]);
      sum +=
          (power < 2 ? real : -real) * values[vqe_noisy_density_index(x, z)];
    }
  }
  return sum / (double)size;
}

static int by_density(struct work *work)
{
  const struct vqe_noisy_request *request = work->request;
  const struct vqe_noisy_model *model = request->model;
  struct vqe_noisy_outcome *out = work->out;
  struct vqe_noisy_density *density = NULL;
  double complex *ideal = NULL;
  struct vqe_philox rng;
  int n = request->program->nqubit;
  size_t size = (size_t)1 << n;
  int status = vqe_noisy_density_create(&density, n, request->threads);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&ideal, 2 * size, sizeof *ideal, "a state");
  }
  if (status == VQE_OK) {
    status = run_ideal(work, ideal);
  }
  if (status == VQE_OK) {
    status = run_density(work, density, 1.0);
  }
  if (status == VQE_OK) {
    const double *values = vqe_noisy_density_values(density);
    out->fidelity = overlap(values, ideal, ideal + size, n);
    out->purity = vqe_noisy_density_purity(density);
    status = measure_density(&out->energy, &out->error, work, values, 1.0);
    if (status == VQE_OK && request->shots > 0) {
      status = random_numbers(&rng, request, "counts", 1.0, 0);
    }
    if (status == VQE_OK && request->shots > 0) {
      status =
          vqe_noisy_sample_counts(out, values, n, model, request->shots, &rng);
    }
    if (status == VQE_OK && model->postselect) {
      status = select_density(out, request, values);
    }
  }
  for (int k = 0; status == VQE_OK && k < model->nscale; k++) {
    status = run_density(work, density, model->scales[k]);
    if (status == VQE_OK) {
      status =
          measure_density(&out->scaled[k], &out->scaled_error[k], work,
                          vqe_noisy_density_values(density), model->scales[k]);
    }
  }
  free(ideal);
  vqe_noisy_density_free(density);
  return status;
}

/* ---- trajectories ---- */

/* What one trajectory gives. */
struct sample {
  double energy, fidelity, kept, selected;
};

static int one_trajectory(struct sample *out, double complex *state,
                          double complex *spare, struct work *work,
                          const double complex *ideal, double scale,
                          long number)
{
  const struct vqe_noisy_request *request = work->request;
  size_t size = (size_t)1 << request->program->nqubit;
  struct vqe_philox rng;
  double factor;
  struct vqe_noisy_circuit circuit = scaled(&factor, request, scale);
  double complex overlap = 0.0;
  int status = random_numbers(&rng, request, "trajectory", scale, number);
  if (status == VQE_OK) {
    status = vqe_noisy_trajectory_run(state, &circuit, request->model, factor,
                                      &rng, must_stop, work);
  }
  if (status != VQE_OK) {
    return status;
  }
  out->energy = vqe_noisy_trajectory_energy(state, spare, work->measured);
  for (size_t b = 0; b < size; b++) {
    overlap += conj(ideal[b]) * state[b];
  }
  out->fidelity = creal(overlap * conj(overlap));
  if (request->model->postselect) {
    out->kept = 0.0;
    for (size_t b = 0; b < size; b++) {
      state[b] = is_kept(request, b) ? state[b] : 0.0;
      out->kept += creal(state[b] * conj(state[b]));
    }
    out->selected = vqe_noisy_trajectory_energy(state, spare, request->paulis);
  }
  return status;
}

/* All of one scale, summed in their order whatever the threads. */
static int all_trajectories(struct sample *samples, struct work *work,
                            const double complex *ideal, double scale)
{
  const struct vqe_noisy_request *request = work->request;
  size_t size = (size_t)1 << request->program->nqubit;
  size_t threads = (size_t)request->threads;
  long count = request->model->trajectories;
  double complex *states = NULL;
  atomic_int status;
  int first = vqe_memory_alloc(&states, 2 * threads * size, sizeof *states,
                               "states of trajectories");
  atomic_init(&status, first);
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)threads)
  for (long k = 0; k < count; k++) {
    double complex *own = states + 2 * size * (size_t)omp_get_thread_num();
    if (atomic_load(&status) == VQE_OK) {
      int failed =
          one_trajectory(&samples[k], own, own + size, work, ideal, scale, k);
      if (failed != VQE_OK) {
        atomic_store(&status, failed);
      }
    }
  }
  free(states);
  int failed = atomic_load(&status);
  return failed == VQE_ERR_INTERRUPTED
             ? vqe_error_set(VQE_ERR_INTERRUPTED, "interrupted")
             : failed;
}

static void mean_of(double *mean, double *error, const struct sample *samples,
                    int count)
{
  double sum = 0.0;
  double squares = 0.0;
  for (int k = 0; k < count; k++) {
    sum += samples[k].energy;
  }
  *mean = sum / count;
  for (int k = 0; k < count; k++) {
    squares += pow(samples[k].energy - *mean, 2.0);
  }
  *error = sqrt(squares / ((double)count * (count - 1)));
}

/* A ratio of means; its error from e_k - ratio w_k. */
static void select_samples(struct vqe_noisy_outcome *out,
                           const struct sample *samples, int count)
{
  double kept = 0.0;
  double energy = 0.0;
  double squares = 0.0;
  for (int k = 0; k < count; k++) {
    kept += samples[k].kept;
    energy += samples[k].selected;
  }
  out->kept = kept / count;
  out->selected = energy / kept;
  for (int k = 0; k < count; k++) {
    squares += pow(samples[k].selected - out->selected * samples[k].kept, 2.0);
  }
  out->selected_error = sqrt(squares) / kept;
}

static int by_trajectories(struct work *work)
{
  const struct vqe_noisy_request *request = work->request;
  const struct vqe_noisy_model *model = request->model;
  struct vqe_noisy_outcome *out = work->out;
  size_t size = (size_t)1 << request->program->nqubit;
  int count = model->trajectories;
  struct sample *samples = NULL;
  double complex *ideal = NULL;
  int status = vqe_memory_alloc(&samples, (size_t)count, sizeof *samples,
                                "trajectories");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&ideal, 2 * size, sizeof *ideal, "a state");
  }
  if (status == VQE_OK) {
    status = run_ideal(work, ideal);
  }
  if (status == VQE_OK) {
    status = all_trajectories(samples, work, ideal, 1.0);
  }
  if (status == VQE_OK) {
    mean_of(&out->energy, &out->error, samples, count);
    out->fidelity = 0.0;
    for (int k = 0; k < count; k++) {
      out->fidelity += samples[k].fidelity / count;
    }
    if (model->postselect) {
      select_samples(out, samples, count);
    }
  }
  for (int k = 0; status == VQE_OK && k < model->nscale; k++) {
    status = all_trajectories(samples, work, ideal, model->scales[k]);
    if (status == VQE_OK) {
      mean_of(&out->scaled[k], &out->scaled_error[k], samples, count);
    }
  }
  free(samples);
  free(ideal);
  return status;
}

/* ---- entry ---- */

double vqe_noisy_energy_bytes(int nqubit)
{
  double bytes = 3.0 * sizeof(double complex) * pow(2.0, nqubit);
  if (nqubit <= VQE_NOISY_MOST_DENSITY) {
    bytes += sizeof(double) * pow(4.0, nqubit);
  }
  return nqubit <= VQE_NOISY_MOST_QUBITS ? bytes : 0.0;
}

static int check(const struct vqe_noisy_request *request,
                 enum vqe_noisy_method *method)
{
  const struct vqe_noisy_model *model = request->model;
  int n = request->program->nqubit;
  *method = model->method;
  if (*method == VQE_NOISY_AUTO) {
    *method = n <= VQE_NOISY_MOST_DENSITY ? VQE_NOISY_DENSITY
                                          : VQE_NOISY_TRAJECTORIES;
  }
  if (n > VQE_NOISY_MOST_QUBITS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "noise on %d qubits: at most %d; choose a smaller "
                         "active space",
                         n, VQE_NOISY_MOST_QUBITS);
  }
  if (model->nqubit > 0 && n > model->nqubit) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "the calibration '%s' has %d qubits, and the circuit "
                         "%d; choose a smaller active space or another file",
                         model->name, model->nqubit, n);
  }
  return VQE_OK;
}

int vqe_noisy_energy(struct vqe_noisy_outcome *out,
                     const struct vqe_noisy_request *request)
{
  struct work work = {.request = request, .out = out};
  atomic_init(&work.stopped, false);
  *out = (struct vqe_noisy_outcome){.energy = NAN,
                                    .error = NAN,
                                    .ideal = NAN,
                                    .fidelity = NAN,
                                    .purity = NAN,
                                    .extrapolated = NAN,
                                    .extrapolated_error = NAN,
                                    .kept = NAN,
                                    .selected = NAN,
                                    .selected_error = NAN};
  int status = check(request, &out->method);
  if (status == VQE_OK) {
    status =
        vqe_noisy_readout_sum(&work.measured, request->paulis, request->model);
  }
  if (status == VQE_OK) {
    status = out->method == VQE_NOISY_DENSITY ? by_density(&work)
                                              : by_trajectories(&work);
  }
  if (status == VQE_OK && request->model->nscale > 0) {
    extrapolate(out, request->model);
  }
  vqe_pauli_sum_free(work.measured);
  return status;
}
