/* Sweeps of the full-space estimator: steps forwards, H psi, steps back for
 * the gradient.
 *
 * The energy is a CI product too: qubits 0..norb-1 are the alpha orbitals and
 * the rest the beta ones, so the state is a matrix over all occupation
 * strings of both spins, and H conserves what it conserves in a sector. Rows
 * are the beta strings (the high bits), columns the alpha strings: H is the
 * same when the spins change places. */
#include "base/assert.h"
#include "base/error_message.h"
#include "sim/parallel.h"
#include "sim/penalty.h"
#include "sim/statevector_tables.h"

static void layer_angles(double *angle, const struct vqe_step *step,
                         int nqubit, const double *parameters)
{
  for (int q = 0; q < nqubit; q++) {
    if (step->mask >> q & 1) {
      angle[q] = step->scale[q] * parameters[step->param[q]];
    }
  }
}

static void swap_work(struct vqe_statevector *sv, struct vqe_vector *vector)
{
  double *re = vector->re;
  double *im = vector->im;
  vector->re = sv->work.re;
  sv->work.re = re;
  if (im != NULL) {
    vector->im = sv->work.im;
    sv->work.im = im;
  }
}

static void apply_phases(const struct vqe_statevector *sv,
                         const struct vqe_step *step, const double *parameters,
                         const struct vqe_vector *lambda, double *gradient)
{
  struct vqe_phase_block block = {
      .nrow = 1L << sv->ansatz->norb,
      .ncol = 1L << sv->ansatz->norb,
      .psi = sv->psi,
  };
  if (lambda != NULL) {
    block.lambda = *lambda;
  }
  vqe_phases_apply(step->phases, &block, parameters, gradient);
}

void vqe_statevector_prepare(struct vqe_statevector *sv,
                             const double *parameters)
{
  const struct vqe_amplitudes_context *context = &sv->context;
  vqe_stop_reset(sv->stop);
  vqe_amplitudes_basis(context, sv->psi, sv->start);
  for (size_t k = 0;
       k < sv->nstep && !vqe_stop_asked(sv->stop, sv->context.size); k++) {
    const struct vqe_step *step = &sv->steps[k];
    double angle[VQE_MAX_QUBITS] = {0};
    double single = step->scale[0] * parameters[step->param[0]];
    switch (step->kind) {
    case VQE_STEP_RY:
      layer_angles(angle, step, context->nqubit, parameters);
      vqe_amplitudes_ry(context, sv->psi, NULL, step->mask, angle, NULL);
      break;
    case VQE_STEP_RZ:
      layer_angles(angle, step, context->nqubit, parameters);
      vqe_amplitudes_rz(context, sv->psi, NULL, step->mask, angle, NULL);
      break;
    case VQE_STEP_PERMUTE:
      vqe_amplitudes_permute(context, sv->work, sv->psi, step->columns,
                             step->offset);
      swap_work(sv, &sv->psi);
      break;
    case VQE_STEP_XXYY:
      (void)vqe_amplitudes_xxyy(context, sv->psi, NULL, step->a, step->b,
                                single);
      break;
    case VQE_STEP_EXCITE:
      (void)vqe_amplitudes_excitation(context, sv->psi, NULL, step->from,
                                      step->to, step->parity, step->flip,
                                      single);
      break;
    case VQE_STEP_PHASES:
      apply_phases(sv, step, parameters, NULL, NULL);
      break;
    }
  }
}

/* Undo one step on psi and lambda and add to the gradient. */
static void step_back(struct vqe_statevector *sv, const struct vqe_step *step,
                      double *gradient, const double *parameters)
{
  const struct vqe_amplitudes_context *context = &sv->context;
  double angle[VQE_MAX_QUBITS] = {0};
  double sums[VQE_MAX_QUBITS];
  double single = step->scale[0] * parameters[step->param[0]];
  switch (step->kind) {
  case VQE_STEP_RY:
  case VQE_STEP_RZ:
    layer_angles(angle, step, context->nqubit, parameters);
    (step->kind == VQE_STEP_RY ? vqe_amplitudes_ry : vqe_amplitudes_rz)(
        context, sv->psi, &sv->lambda, step->mask, angle, sums);
    for (int q = 0; q < context->nqubit; q++) {
      if (step->mask >> q & 1) {
        /* the half angle cancels the 2 of 2 Re <lambda|dU psi> */
        gradient[step->param[q]] += step->scale[q] * sums[q];
      }
    }
    break;
  case VQE_STEP_PERMUTE:
    vqe_amplitudes_permute(context, sv->work, sv->psi, step->inverse,
                           step->inverse_offset);
    swap_work(sv, &sv->psi);
    vqe_amplitudes_permute(context, sv->work, sv->lambda, step->inverse,
                           step->inverse_offset);
    swap_work(sv, &sv->lambda);
    break;
  case VQE_STEP_XXYY:
    gradient[step->param[0]] +=
        2.0 * step->scale[0] *
        vqe_amplitudes_xxyy(context, sv->psi, &sv->lambda, step->a, step->b,
                            single);
    break;
  case VQE_STEP_EXCITE:
    gradient[step->param[0]] +=
        2.0 * step->scale[0] *
        vqe_amplitudes_excitation(context, sv->psi, &sv->lambda, step->from,
                                  step->to, step->parity, step->flip, single);
    break;
  case VQE_STEP_PHASES:
    apply_phases(sv, step, parameters, &sv->lambda, gradient);
    break;
  }
}

/* ---- the Hamiltonian ---- */

/* Between natural order and the blocks of the layout: one row. */
struct blocks_loop {
  const struct vqe_statevector *sv;
  int ca;
  double *out;
  const double *in;
};

static void to_blocks_row(const void *ctx, long k)
{
  const struct blocks_loop *loop = ctx;
  const struct vqe_strings *strings = &loop->sv->strings;
  uint32_t s = strings->class_start[loop->ca] + (uint32_t)k;
  VQE_ASSERT(s < strings->class_start[loop->ca + 1]);
  const double *row = loop->in + ((size_t)strings->bits[s] << strings->norb);
  for (int cb = 0; cb < strings->nclass; cb++) {
    double *to =
        loop->out + vqe_layout_row(&loop->sv->layout, loop->ca, cb, s);
    uint32_t base = strings->class_start[cb];
    uint32_t count = strings->class_start[cb + 1] - base;
    for (uint32_t u = 0; u < count; u++) {
      to[u] = row[strings->bits[base + u]];
    }
  }
}

static void from_blocks_row(const void *ctx, long k)
{
  const struct blocks_loop *loop = ctx;
  const struct vqe_strings *strings = &loop->sv->strings;
  uint32_t s = strings->class_start[loop->ca] + (uint32_t)k;
  VQE_ASSERT(s < strings->class_start[loop->ca + 1]);
  double *row = loop->out + ((size_t)strings->bits[s] << strings->norb);
  for (int cb = 0; cb < strings->nclass; cb++) {
    const double *source =
        loop->in + vqe_layout_row(&loop->sv->layout, loop->ca, cb, s);
    uint32_t base = strings->class_start[cb];
    uint32_t count = strings->class_start[cb + 1] - base;
    for (uint32_t u = 0; u < count; u++) {
      row[strings->bits[base + u]] = source[u];
    }
  }
}

static void move_blocks(const struct vqe_statevector *sv, double *out,
                        const double *in, vqe_parallel_body row)
{
  const struct vqe_strings *strings = &sv->strings;
  int threads = sv->context.size > 32768 ? sv->context.threads : 1;
  for (int ca = 0; ca < strings->nclass; ca++) {
    const struct blocks_loop loop = {sv, ca, out, in};
    vqe_parallel_for(
        (long)(strings->class_start[ca + 1] - strings->class_start[ca]),
        threads, row, &loop);
  }
}

int vqe_statevector_blocks(void *backend, struct vqe_backend_blocks *out,
                           const double *parameters)
{
  struct vqe_statevector *sv = backend;
  vqe_statevector_prepare(sv, parameters);
  move_blocks(sv, sv->work.re, sv->psi.re, to_blocks_row);
  if (sv->psi.im != NULL) {
    move_blocks(sv, sv->work.im, sv->psi.im, to_blocks_row);
  }
  *out = (struct vqe_backend_blocks){.layout = &sv->layout,
                                     .sigma = sv->sigma,
                                     .re = sv->work.re,
                                     .im = sv->psi.im != NULL ? sv->work.im
                                                              : NULL,
                                     .beta_rows = true,
                                     .threads = sv->context.threads,
                                     .stop = sv->stop};
  return vqe_stop_status(sv->stop);
}

/* <psi|H|psi> of one plane; H psi to `lambda` when that is not NULL. */
static double plane_energy(struct vqe_statevector *sv, double *lambda,
                           const double *psi)
{
  double *in = sv->work.re;
  double *out = sv->work.im;
  double energy = 0.0;
  move_blocks(sv, in, psi, to_blocks_row);
  vqe_sigma_apply(sv->sigma, &sv->layout, out, in);
  for (size_t k = 0; k < sv->context.size; k++) {
    energy += in[k] * out[k];
  }
  if (lambda != NULL) {
    move_blocks(sv, lambda, out, from_blocks_row);
  }
  return energy;
}

int vqe_statevector_energy(void *backend, double *energy,
                           const double *parameters)
{
  struct vqe_statevector *sv = backend;
  vqe_statevector_prepare(sv, parameters);
  *energy = sv->hamiltonian->constant + plane_energy(sv, NULL, sv->psi.re);
  if (sv->psi.im != NULL) {
    *energy += plane_energy(sv, NULL, sv->psi.im);
  }
  return vqe_stop_status(sv->stop);
}

/* psi of the parameters, lambda = H psi, and the energy. */
static int state_and_adjoint(struct vqe_statevector *sv, double *energy,
                             const double *parameters)
{
  if (sv->lambda.re == NULL) {
    int status = vqe_vector_alloc(&sv->lambda, sv->context.size,
                                  sv->ansatz->real, "state vector");
    if (status != VQE_OK) {
      return status;
    }
  }
  vqe_statevector_prepare(sv, parameters);
  *energy =
      sv->hamiltonian->constant + plane_energy(sv, sv->lambda.re, sv->psi.re);
  if (sv->psi.im != NULL) {
    *energy += plane_energy(sv, sv->lambda.im, sv->psi.im);
  }
  return vqe_stop_status(sv->stop);
}

/* The slopes from psi and lambda, both back to the start of the circuit. */
static void sweep_back(struct vqe_statevector *sv, double *gradient,
                       const double *parameters)
{
  for (int k = 0; k < sv->ansatz->nparam; k++) {
    gradient[k] = 0.0;
  }
  for (size_t k = sv->nstep;
       k-- > 0 && !vqe_stop_asked(sv->stop, 2 * sv->context.size);) {
    step_back(sv, &sv->steps[k], gradient, parameters);
  }
}

int vqe_statevector_gradient(void *backend, double *energy, double *gradient,
                             const double *parameters)
{
  struct vqe_statevector *sv = backend;
  int status = state_and_adjoint(sv, energy, parameters);
  if (status == VQE_OK) {
    sweep_back(sv, gradient, parameters);
    status = vqe_stop_status(sv->stop);
  }
  return status;
}

int vqe_statevector_penalised(void *backend, double *energy, double *penalty,
                              double *gradient, const double *parameters,
                              const struct vqe_penalty *what)
{
  struct vqe_statevector *sv = backend;
  int norb = sv->hamiltonian->norb;
  int threads = sv->context.threads;
  /* the same sums with and without a gradient: what is computed again for an
   * interrupted run has the same bits */
  int status = state_and_adjoint(sv, energy, parameters);
  if (status != VQE_OK) {
    return status;
  }
  *penalty = vqe_penalty_apply(sv->lambda.re, sv->work.re, sv->psi.re, what,
                               norb, threads);
  if (sv->psi.im != NULL) {
    *penalty += vqe_penalty_apply(sv->lambda.im, sv->work.re, sv->psi.im, what,
                                  norb, threads);
  }
  if (gradient != NULL) {
    sweep_back(sv, gradient, parameters);
  }
  return vqe_stop_status(sv->stop);
}

int vqe_statevector_pool_gradient(void *backend, double *out,
                                  const double *parameters,
                                  const struct vqe_ansatz *pool)
{
  struct vqe_statevector *sv = backend;
  double energy;
  int status = state_and_adjoint(sv, &energy, parameters);
  for (int k = 0; k < pool->nparam; k++) {
    out[k] = 0.0;
  }
  for (size_t k = 0; status == VQE_OK && k < pool->ngate; k++) {
    const struct vqe_gate *gate = &pool->gates[k];
    if (vqe_stop_asked(sv->stop, sv->context.size)) {
      return vqe_stop_status(sv->stop);
    }
    struct vqe_step step = {.kind = VQE_STEP_EXCITE};
    vqe_statevector_excitation(&step, gate);
    out[gate->param] += 2.0 * gate->scale *
                        vqe_amplitudes_excitation(
                            &sv->context, sv->psi, &sv->lambda, step.from,
                            step.to, step.parity, step.flip, 0.0);
  }
  return status;
}
