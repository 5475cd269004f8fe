/* The full-space estimator: circuits on 2^n amplitudes.
 *
 * The energy is a CI product too: qubits 0..norb-1 are the alpha orbitals and
 * the rest the beta ones, so the state is a matrix over all occupation
 * strings of both spins, and H conserves what it conserves in a sector. Rows
 * are the beta strings (the high bits), columns the alpha strings; H does not
 * tell the spins apart. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "sim/backend.h"
#include "sim/parallel.h"
#include "sim/statevector_tables.h"

#define MAX_FULL_QUBITS 40

/* ---- from gates to steps ---- */

static int new_step(struct statevector *sv, struct step **out,
                    enum step_kind kind)
{
  if (sv->nstep == sv->capacity) {
    size_t capacity = 2 * sv->capacity + 16;
    int status = vqe_memory_grow(&sv->steps, sv->nstep, capacity,
                                 sizeof *sv->steps, "circuit steps");
    if (status != VQE_OK) {
      return status;
    }
    sv->capacity = capacity;
  }
  *out = &sv->steps[sv->nstep++];
  memset(*out, 0, sizeof **out);
  (*out)->kind = kind;
  return VQE_OK;
}

/* Rotations of distinct qubits in a row make one layer. */
static int add_rotation(struct statevector *sv, const struct vqe_gate *gate,
                        enum step_kind kind)
{
  int q = gate->q[0];
  struct step *step = sv->nstep > 0 ? &sv->steps[sv->nstep - 1] : NULL;
  if (step == NULL || step->kind != kind || (step->mask >> q & 1)) {
    int status = new_step(sv, &step, kind);
    if (status != VQE_OK) {
      return status;
    }
  }
  step->mask |= UINT64_C(1) << q;
  step->param[q] = gate->param;
  step->scale[q] = gate->scale;
  return VQE_OK;
}

/* A run of CX and X is y = M x ^ offset on basis states. `inverse` holds that
 * map; the gather form needs its inverse, kept in `columns`. A further gate g
 * gives g(M x ^ offset) forwards and M^-1(g^-1 y) backwards. */
static int add_permutation(struct statevector *sv, const struct vqe_gate *gate)
{
  struct step *step = sv->nstep > 0 ? &sv->steps[sv->nstep - 1] : NULL;
  if (step == NULL || step->kind != STEP_PERMUTE) {
    int status = new_step(sv, &step, STEP_PERMUTE);
    if (status != VQE_OK) {
      return status;
    }
    for (int q = 0; q < sv->context.nqubit; q++) {
      step->columns[q] = UINT64_C(1) << q;
      step->inverse[q] = UINT64_C(1) << q;
    }
  }
  int a = gate->q[0];
  if (gate->kind == VQE_GATE_X) {
    step->inverse_offset ^= UINT64_C(1) << a;
    step->offset ^= step->columns[a];
    return VQE_OK;
  }
  int b = gate->q[1];
  for (int q = 0; q < sv->context.nqubit; q++) {
    step->inverse[q] ^= (step->inverse[q] >> a & 1) << b;
  }
  step->inverse_offset ^= (step->inverse_offset >> a & 1) << b;
  /* CX is its own inverse and maps bit a to bits a and b */
  step->columns[a] ^= step->columns[b];
  return VQE_OK;
}

/* Multiply by a+_to a_from on a mask level: sign of moving one electron. */
static void make_excitation(struct step *step, const struct vqe_gate *gate)
{
  int moves = vqe_gate_order(gate->kind);
  bool signless = vqe_gate_signless(gate->kind);
  step->param[0] = gate->param;
  step->scale[0] = gate->scale;
  /* the rightmost pair acts first; the second sees its result, which differs
   * from the start by fixed bits */
  uint64_t changed = 0;
  for (int k = moves - 1; k >= 0; k--) {
    int i = gate->q[2 * k];
    int a = gate->q[2 * k + 1];
    int low = i < a ? i : a;
    int high = i < a ? a : i;
    uint64_t between =
        signless ? 0
                 : ((UINT64_C(1) << high) - 1) & ~((UINT64_C(2) << low) - 1);
    step->parity ^= between;
    step->flip ^= __builtin_popcountll(between & changed) & 1;
    step->from |= UINT64_C(1) << i;
    step->to |= UINT64_C(1) << a;
    changed ^= UINT64_C(1) << i ^ UINT64_C(1) << a;
  }
}

static int add_excitation(struct statevector *sv, const struct vqe_gate *gate)
{
  struct step *step;
  int status = new_step(sv, &step, STEP_EXCITE);
  if (status == VQE_OK) {
    make_excitation(step, gate);
  }
  return status;
}

/* The run of diagonal gates from `first` on; *count of them. Rows are the
 * beta orbitals, the high bits. */
static int add_phases(struct statevector *sv, size_t *count, size_t first)
{
  const struct vqe_ansatz *ansatz = sv->ansatz;
  struct vqe_phase_term *terms = NULL;
  struct step *step;
  size_t n = vqe_phases_read(NULL, ansatz, first, false);
  size_t columns = (size_t)1 << ansatz->norb;
  int status = new_step(sv, &step, STEP_PHASES);
  if (status == VQE_OK && sv->scratch == NULL) {
    status = vqe_memory_alloc(&sv->scratch, vqe_phases_scratch(columns),
                              sizeof(double), "phases");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&terms, n, sizeof *terms, "phase gates");
  }
  if (status == VQE_OK) {
    (void)vqe_phases_read(terms, ansatz, first, false);
    status =
        vqe_phases_create(&step->phases, ansatz->norb, terms, n, sv->scratch,
                          (long)columns, sv->context.threads);
  }
  free(terms);
  *count = n;
  return status;
}

/* Compile the gates of the ansatz that are not yet. */
static int compile(void *backend)
{
  struct statevector *sv = backend;
  const struct vqe_ansatz *ansatz = sv->ansatz;
  int status = VQE_OK;
  size_t count;
  for (; status == VQE_OK && sv->ngate < ansatz->ngate; sv->ngate += count) {
    const struct vqe_gate *gate = &ansatz->gates[sv->ngate];
    count = 1;
    switch (gate->kind) {
    case VQE_GATE_X:
      if (sv->nstep == 0) {
        sv->start ^= UINT64_C(1) << gate->q[0];
      } else {
        status = add_permutation(sv, gate);
      }
      break;
    case VQE_GATE_CX:
      status = add_permutation(sv, gate);
      break;
    case VQE_GATE_RY:
      status = add_rotation(sv, gate, STEP_RY);
      break;
    case VQE_GATE_RZ:
      status = add_rotation(sv, gate, STEP_RZ);
      break;
    case VQE_GATE_XXYY: {
      struct step *step;
      status = new_step(sv, &step, STEP_XXYY);
      if (status == VQE_OK) {
        step->a = gate->q[0];
        step->b = gate->q[1];
        step->param[0] = gate->param;
        step->scale[0] = gate->scale;
      }
      break;
    }
    case VQE_GATE_SINGLE:
    case VQE_GATE_DOUBLE:
    case VQE_GATE_QUBIT_SINGLE:
    case VQE_GATE_QUBIT_DOUBLE:
      status = add_excitation(sv, gate);
      break;
    case VQE_GATE_PHASE:
    case VQE_GATE_CPHASE:
      status = ansatz->real
                   ? vqe_error_set(VQE_ERR_UNSUPPORTED,
                                   "%s has phases but is said to be real",
                                   ansatz->name)
                   : add_phases(sv, &count, sv->ngate);
      break;
    }
  }
  return status;
}

/* ---- life ---- */

static void statevector_free(void *backend)
{
  struct statevector *sv = backend;
  if (sv == NULL) {
    return;
  }
  vqe_sigma_free(sv->sigma);
  vqe_strings_clear(&sv->strings);
  for (size_t k = 0; k < sv->nstep; k++) {
    vqe_phases_free(sv->steps[k].phases);
  }
  free(sv->scratch);
  free(sv->steps);
  free(sv->psi.re);
  free(sv->psi.im);
  free(sv->lambda.re);
  free(sv->lambda.im);
  free(sv->work.re);
  free(sv->work.im);
  free(sv->context.partial);
  free(sv);
}

void vqe_statevector_size(uint64_t *amplitudes, uint64_t *bytes,
                          const struct vqe_hamiltonian *hamiltonian,
                          const struct vqe_ansatz *ansatz, int threads)
{
  int n = ansatz->nqubit;
  if (n > MAX_FULL_QUBITS) {
    *amplitudes = n < 64 ? UINT64_C(1) << n : UINT64_MAX;
    *bytes = n < 58 ? UINT64_C(48) << n : UINT64_MAX;
    return;
  }
  /* psi, lambda and one vector of work space */
  *amplitudes = UINT64_C(1) << n;
  *bytes = (ansatz->real ? 32 : 48) * *amplitudes +
           vqe_strings_bytes(ansatz->norb, VQE_ALL_NUMBERS) +
           vqe_sigma_bytes(ansatz->norb, VQE_ALL_NUMBERS, VQE_ALL_NUMBERS,
                           hamiltonian->nirrep, threads);
}

static int vector_alloc(struct vqe_vector *vector, size_t size, bool real)
{
  int status =
      vqe_memory_alloc(&vector->re, size, sizeof(double), "state vector");
  if (status == VQE_OK && !real) {
    status =
        vqe_memory_alloc(&vector->im, size, sizeof(double), "state vector");
  }
  return status;
}

static int statevector_init(struct statevector *sv, int threads)
{
  const struct vqe_hamiltonian *hamiltonian = sv->hamiltonian;
  struct vqe_kernel_context *context = &sv->context;
  context->nqubit = sv->ansatz->nqubit;
  context->size = (size_t)1 << context->nqubit;
  context->threads = threads;
  int status =
      vqe_memory_alloc(&context->partial, VQE_KERNEL_CHUNKS * VQE_MAX_QUBITS,
                       sizeof(double), "partial sums");
  if (status == VQE_OK) {
    status = vqe_strings_init(&sv->strings, hamiltonian->norb, VQE_ALL_NUMBERS,
                              hamiltonian->nirrep, hamiltonian->irrep);
  }
  if (status == VQE_OK) {
    vqe_layout_init(&sv->layout, &sv->strings, &sv->strings, -1);
    status = vqe_sigma_create(&sv->sigma, hamiltonian, &sv->strings,
                              &sv->strings, threads);
  }
  if (status == VQE_OK) {
    status = vector_alloc(&sv->psi, context->size, sv->ansatz->real);
  }
  if (status == VQE_OK) {
    /* two planes even for real states: sigma's input and output */
    status = vector_alloc(&sv->work, context->size, false);
  }
  if (status == VQE_OK) {
    status = compile(sv);
  }
  return status;
}

/* ---- sweeps ---- */

static void layer_angles(double *angle, const struct step *step, int nqubit,
                         const double *parameters)
{
  for (int q = 0; q < nqubit; q++) {
    if (step->mask >> q & 1) {
      angle[q] = step->scale[q] * parameters[step->param[q]];
    }
  }
}

static void swap_work(struct statevector *sv, struct vqe_vector *vector)
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

static void apply_phases(const struct statevector *sv, const struct step *step,
                         const double *parameters,
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

static void prepare(struct statevector *sv, const double *parameters)
{
  const struct vqe_kernel_context *context = &sv->context;
  vqe_kernel_basis(context, sv->psi, sv->start);
  for (size_t k = 0; k < sv->nstep; k++) {
    const struct step *step = &sv->steps[k];
    double angle[VQE_MAX_QUBITS] = {0};
    double single = step->scale[0] * parameters[step->param[0]];
    switch (step->kind) {
    case STEP_RY:
      layer_angles(angle, step, context->nqubit, parameters);
      vqe_kernel_ry(context, sv->psi, NULL, step->mask, angle, NULL);
      break;
    case STEP_RZ:
      layer_angles(angle, step, context->nqubit, parameters);
      vqe_kernel_rz(context, sv->psi, NULL, step->mask, angle, NULL);
      break;
    case STEP_PERMUTE:
      vqe_kernel_permute(context, sv->work, sv->psi, step->columns,
                         step->offset);
      swap_work(sv, &sv->psi);
      break;
    case STEP_XXYY:
      (void)vqe_kernel_xxyy(context, sv->psi, NULL, step->a, step->b, single);
      break;
    case STEP_EXCITE:
      (void)vqe_kernel_excitation(context, sv->psi, NULL, step->from, step->to,
                                  step->parity, step->flip, single);
      break;
    case STEP_PHASES:
      apply_phases(sv, step, parameters, NULL, NULL);
      break;
    }
  }
}

/* Undo one step on psi and lambda and add to the gradient. */
static void step_back(struct statevector *sv, const struct step *step,
                      double *gradient, const double *parameters)
{
  const struct vqe_kernel_context *context = &sv->context;
  double angle[VQE_MAX_QUBITS] = {0};
  double sums[VQE_MAX_QUBITS];
  double single = step->scale[0] * parameters[step->param[0]];
  switch (step->kind) {
  case STEP_RY:
  case STEP_RZ:
    layer_angles(angle, step, context->nqubit, parameters);
    (step->kind == STEP_RY ? vqe_kernel_ry : vqe_kernel_rz)(
        context, sv->psi, &sv->lambda, step->mask, angle, sums);
    for (int q = 0; q < context->nqubit; q++) {
      if (step->mask >> q & 1) {
        /* the half angle cancels the 2 of 2 Re <lambda|dU psi> */
        gradient[step->param[q]] += step->scale[q] * sums[q];
      }
    }
    break;
  case STEP_PERMUTE:
    vqe_kernel_permute(context, sv->work, sv->psi, step->inverse,
                       step->inverse_offset);
    swap_work(sv, &sv->psi);
    vqe_kernel_permute(context, sv->work, sv->lambda, step->inverse,
                       step->inverse_offset);
    swap_work(sv, &sv->lambda);
    break;
  case STEP_XXYY:
    gradient[step->param[0]] += 2.0 * step->scale[0] *
                                vqe_kernel_xxyy(context, sv->psi, &sv->lambda,
                                                step->a, step->b, single);
    break;
  case STEP_EXCITE:
    gradient[step->param[0]] +=
        2.0 * step->scale[0] *
        vqe_kernel_excitation(context, sv->psi, &sv->lambda, step->from,
                              step->to, step->parity, step->flip, single);
    break;
  case STEP_PHASES:
    apply_phases(sv, step, parameters, &sv->lambda, gradient);
    break;
  }
}

/* ---- the Hamiltonian ---- */

/* Between natural order and the blocks of the layout: one row. */
struct blocks_loop {
  const struct statevector *sv;
  int ca;
  double *out;
  const double *in;
};

static void to_blocks_row(const void *ctx, long k)
{
  const struct blocks_loop *loop = ctx;
  const struct vqe_strings *strings = &loop->sv->strings;
  uint32_t s = strings->class_start[loop->ca] + (uint32_t)k;
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

static void move_blocks(const struct statevector *sv, double *out,
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

/* <psi|H|psi> of one plane; H psi to `lambda` when that is not NULL. */
static double plane_energy(struct statevector *sv, double *lambda,
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

static int statevector_energy(void *backend, double *energy,
                              const double *parameters)
{
  struct statevector *sv = backend;
  prepare(sv, parameters);
  *energy = sv->hamiltonian->constant + plane_energy(sv, NULL, sv->psi.re);
  if (sv->psi.im != NULL) {
    *energy += plane_energy(sv, NULL, sv->psi.im);
  }
  return VQE_OK;
}

/* psi of the parameters, lambda = H psi, and the energy. */
static int state_and_adjoint(struct statevector *sv, double *energy,
                             const double *parameters)
{
  if (sv->lambda.re == NULL) {
    int status = vector_alloc(&sv->lambda, sv->context.size, sv->ansatz->real);
    if (status != VQE_OK) {
      return status;
    }
  }
  prepare(sv, parameters);
  *energy =
      sv->hamiltonian->constant + plane_energy(sv, sv->lambda.re, sv->psi.re);
  if (sv->psi.im != NULL) {
    *energy += plane_energy(sv, sv->lambda.im, sv->psi.im);
  }
  return VQE_OK;
}

static int statevector_gradient(void *backend, double *energy,
                                double *gradient, const double *parameters)
{
  struct statevector *sv = backend;
  int status = state_and_adjoint(sv, energy, parameters);
  if (status != VQE_OK) {
    return status;
  }
  for (int k = 0; k < sv->ansatz->nparam; k++) {
    gradient[k] = 0.0;
  }
  for (size_t k = sv->nstep; k-- > 0;) {
    step_back(sv, &sv->steps[k], gradient, parameters);
  }
  return VQE_OK;
}

static int statevector_pool_gradient(void *backend, double *out,
                                     const double *parameters,
                                     const struct vqe_ansatz *pool)
{
  struct statevector *sv = backend;
  double energy;
  int status = state_and_adjoint(sv, &energy, parameters);
  for (int k = 0; k < pool->nparam; k++) {
    out[k] = 0.0;
  }
  for (size_t k = 0; status == VQE_OK && k < pool->ngate; k++) {
    const struct vqe_gate *gate = &pool->gates[k];
    struct step step = {.kind = STEP_EXCITE};
    make_excitation(&step, gate);
    out[gate->param] +=
        2.0 * gate->scale *
        vqe_kernel_excitation(&sv->context, sv->psi, &sv->lambda, step.from,
                              step.to, step.parity, step.flip, 0.0);
  }
  return status;
}

/* ---- properties ---- */

/* <E_pq + E_qp>/2 of one spin (shift 0 alpha, norb beta). */
static double transition(const struct statevector *sv, int p, int q, int shift)
{
  uint64_t bp = UINT64_C(1) << (p + shift);
  uint64_t bq = UINT64_C(1) << (q + shift);
  uint64_t between = p == q ? 0 : (bp - 1) & ~(2 * bq - 1);
  double sum = 0.0;
  for (size_t x = 0; x < sv->context.size; x++) {
    if ((x & bq) == 0 || (p != q && (x & bp) != 0)) {
      continue;
    }
    size_t y = p == q ? x : x ^ bp ^ bq;
    double value = sv->psi.re[x] * sv->psi.re[y];
    if (sv->psi.im != NULL) {
      value += sv->psi.im[x] * sv->psi.im[y];
    }
    sum += __builtin_parityll(x & between) ? -value : value;
  }
  return sum;
}

static int statevector_properties(void *backend, struct vqe_properties *out,
                                  double *rdm1, const double *parameters)
{
  struct statevector *sv = backend;
  int norb = sv->hamiltonian->norb;
  uint64_t alpha_mask = (UINT64_C(1) << norb) - 1;
  prepare(sv, parameters);
  out->n = 0.0;
  out->sz = 0.0;
  out->s2 = 0.0;
  for (size_t x = 0; x < sv->context.size; x++) {
    double weight = sv->psi.re[x] * sv->psi.re[x];
    double re = sv->psi.re[x];
    double im = 0.0;
    if (sv->psi.im != NULL) {
      im = sv->psi.im[x];
      weight += im * im;
    }
    uint64_t alpha = x & alpha_mask;
    uint64_t beta = x >> norb;
    int na = __builtin_popcountll(alpha);
    int nb = __builtin_popcountll(beta);
    double m = 0.5 * (na - nb);
    out->n += weight * (na + nb);
    out->sz += weight * m;
    /* M(M+1) + N_beta - n_alpha.n_beta, then the exchanges p != q */
    out->s2 +=
        weight * (m * (m + 1.0) + nb - __builtin_popcountll(alpha & beta));
    if (weight < 1e-28) {
      continue;
    }
    for (uint64_t ps = alpha & ~beta; ps != 0; ps &= ps - 1) {
      for (uint64_t qs = beta & ~alpha; qs != 0; qs &= qs - 1) {
        int p = __builtin_ctzll(ps);
        int q = __builtin_ctzll(qs);
        uint64_t swap = UINT64_C(1) << p | UINT64_C(1) << q;
        uint64_t between =
            p < q ? ((UINT64_C(1) << q) - 1) & ~((UINT64_C(2) << p) - 1)
                  : ((UINT64_C(1) << p) - 1) & ~((UINT64_C(2) << q) - 1);
        size_t y = (alpha ^ swap) | (beta ^ swap) << norb;
        double value = re * sv->psi.re[y];
        if (sv->psi.im != NULL) {
          value += im * sv->psi.im[y];
        }
        int odd = __builtin_parityll(alpha & between) ^
                  __builtin_parityll(beta & between);
        out->s2 -= odd ? -value : value;
      }
    }
  }
  for (int p = 0; rdm1 != NULL && p < norb; p++) {
    for (int q = 0; q <= p; q++) {
      double value = transition(sv, p, q, 0) + transition(sv, p, q, norb);
      rdm1[p * norb + q] = value;
      rdm1[q * norb + p] = value;
    }
  }
  return VQE_OK;
}

static int statevector_state(void *backend, double *re, double *im,
                             const double *parameters)
{
  struct statevector *sv = backend;
  size_t bytes = sv->context.size * sizeof(double);
  prepare(sv, parameters);
  memcpy(re, sv->psi.re, bytes);
  if (sv->psi.im != NULL) {
    memcpy(im, sv->psi.im, bytes);
  } else {
    memset(im, 0, bytes);
  }
  return VQE_OK;
}

static const struct vqe_backend_ops statevector_ops = {
    .name = "vqe_cpu_statevector",
    .free = statevector_free,
    .energy = statevector_energy,
    .gradient = statevector_gradient,
    .extend = compile,
    .pool_gradient = statevector_pool_gradient,
    .properties = statevector_properties,
    .state = statevector_state,
};

int vqe_statevector_create(const struct vqe_backend_ops **ops, void **out,
                           const struct vqe_hamiltonian *hamiltonian,
                           const struct vqe_ansatz *ansatz, int threads)
{
  struct statevector *sv = NULL;
  if (ansatz->nqubit > MAX_FULL_QUBITS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a full-space state of %d qubits: at most %d are "
                         "supported",
                         ansatz->nqubit, MAX_FULL_QUBITS);
  }
  int status = vqe_memory_alloc(&sv, 1, sizeof *sv, "estimator");
  if (status != VQE_OK) {
    return status;
  }
  sv->hamiltonian = hamiltonian;
  sv->ansatz = ansatz;
  status = statevector_init(sv, threads);
  if (status != VQE_OK) {
    statevector_free(sv);
    return status;
  }
  *ops = &statevector_ops;
  *out = sv;
  return VQE_OK;
}
