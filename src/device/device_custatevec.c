/* The full-space estimator on a device whose gates and expectations are
 * cuStateVec's (kernels/gates.h): src/device/device_statevector.c once more,
 * same functions, same order, one gate at a time.
 *
 * Every gate with an angle is exp(i angle G), G = sum_k weight_k P_k over
 * Pauli strings that commute and share their X mask: a product of Pauli
 * rotations. The energy is one call for the expectations of all terms of the
 * Jordan-Wigner image. For the gradient cuStateVec has nothing: H psi and the
 * slopes Im <lambda|G|psi> are kernels of kernels/pauli_body.h, the energy
 * then <psi|H psi>. H psi goes by the strings too and not by the CI product,
 * which works on planes of real and imaginary parts: it needs no tables and no
 * further vectors, and the energies of the two ways check each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "device/custatevec_moves.h"
#include "device/device_frame.h"
#include "device/device_memory.h"
#include "kernels/gates.h"
#include "kernels/shape.h"
#include "operators/qubits.h"
#include "sim/statevector_tables.h"
#include "vqe/operators.h"

struct device_custatevec {
  struct vqe_device_frame frame;
  struct vqe_pauli_sum *paulis; /* the identity left out, see take_constant */
  double constant;
  struct vqe_gates *gates;
  uint64_t size;
  struct vqe_custatevec_moves moves;
  void *psi, *lambda;
  /* H on the device */
  uint64_t *x, *start;
  struct vqe_gpu_term *terms;
  uint64_t ngroup;
  /* the host's */
  const double *parameters; /* of the evaluation */
  double *expectation;      /* of each term */
  double *row;              /* partial sums of the energy */
};

static const struct vqe_statevector *
host_of(const struct device_custatevec *sv)
{
  return sv->frame.host;
}

/* What follows from the angles; nothing is recorded, as angles are given to
 * the library by the host. */
static int upload(struct device_custatevec *sv)
{
  int status = vqe_device_frame_upload(&sv->frame, sv->size, sv->constant);
  sv->frame.evaluator.graphed = false;
  return status;
}

static int custatevec_extend(void *backend)
{
  struct device_custatevec *sv = backend;
  int status = sv->frame.host_ops->extend(sv->frame.host);
  if (status != VQE_OK) {
    return status;
  }
  free(sv->moves.items);
  sv->moves = (struct vqe_custatevec_moves){0};
  vqe_evaluator_reset(&sv->frame.evaluator);
  status = vqe_custatevec_moves_compile(&sv->moves, &sv->frame.evaluator,
                                        host_of(sv));
  return status == VQE_OK ? upload(sv) : status;
}

/* ---- life ---- */

static void custatevec_free(void *backend)
{
  struct device_custatevec *sv = backend;
  if (sv == NULL) {
    return;
  }
  vqe_pauli_sum_free(sv->paulis);
  vqe_gates_close(sv->gates);
  vqe_device_frame_clear(&sv->frame);
  free(sv->moves.items);
  free(sv->expectation);
  free(sv->row);
  free(sv);
}

/* Everything that will be allocated. */
static uint64_t custatevec_bytes(const struct device_custatevec *sv)
{
  const struct vqe_ansatz *ansatz = sv->frame.ansatz;
  return 4 * sv->size * sv->frame.real_bytes + vqe_gates_workspace(sv->gates) +
         sv->paulis->nterm *
             (sizeof(struct vqe_gpu_term) + 2 * sizeof(uint64_t)) +
         sizeof(uint64_t) +
         vqe_evaluator_bytes(ansatz->ngate, ansatz->nparam, sv->size);
}

/* The identity is a number: it needs no product and adds nothing to slopes.
 * Terms are sorted, so it is the first. */
static void take_constant(struct device_custatevec *sv)
{
  struct vqe_pauli_sum *paulis = sv->paulis;
  if (paulis->nterm > 0 && paulis->x[0] == 0 && paulis->z[0] == 0) {
    size_t rest = --paulis->nterm;
    sv->constant = paulis->coeff[0];
    memmove(paulis->x, paulis->x + 1, rest * sizeof *paulis->x);
    memmove(paulis->z, paulis->z + 1, rest * sizeof *paulis->z);
    memmove(paulis->coeff, paulis->coeff + 1, rest * sizeof *paulis->coeff);
  }
}

/* Terms as the kernel takes them: X masks and where the terms of each start,
 * and the sign of i^|x & z|, which is real, in the coefficient. */
static int place_terms(struct device_custatevec *sv)
{
  const struct vqe_pauli_sum *paulis = sv->paulis;
  struct vqe_gpu_term *terms = NULL;
  uint64_t *x = NULL;
  uint64_t *start = NULL;
  size_t n = paulis->nterm;
  int status = vqe_memory_alloc(&terms, n, sizeof *terms, "Pauli terms");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&x, n, sizeof *x, "Pauli terms");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&start, n + 1, sizeof *start, "Pauli terms");
  }
  for (size_t k = 0; status == VQE_OK && k < n; k++) {
    int y = vqe_qubits_count(paulis->x[k] & paulis->z[k]);
    terms[k].z = vqe_qubits_word(paulis->z[k]);
    terms[k].coeff = (y & 2) ? -paulis->coeff[k] : paulis->coeff[k];
    if (k == 0 || paulis->x[k] != paulis->x[k - 1]) {
      x[sv->ngroup] = vqe_qubits_word(paulis->x[k]);
      start[sv->ngroup++] = k;
    }
  }
  if (status == VQE_OK) {
    start[sv->ngroup] = n;
    status = vqe_device_place(sv->frame.device, &sv->terms, terms, n,
                              sizeof *terms, "terms of a Hamiltonian");
  }
  if (status == VQE_OK) {
    status = vqe_device_place(sv->frame.device, &sv->x, x, sv->ngroup,
                              sizeof *x, "terms of a Hamiltonian");
  }
  if (status == VQE_OK) {
    status =
        vqe_device_place(sv->frame.device, &sv->start, start, sv->ngroup + 1,
                         sizeof *start, "terms of a Hamiltonian");
  }
  free(terms);
  free(x);
  free(start);
  return status;
}

static int state_alloc(struct device_custatevec *sv, void **state)
{
  return vqe_gpu_alloc(sv->frame.device, state, sv->size,
                       2 * sv->frame.real_bytes, "state vector");
}

static int lend_workspace(struct device_custatevec *sv)
{
  void *workspace = NULL;
  int status = vqe_gpu_alloc(sv->frame.device, &workspace,
                             (size_t)vqe_gates_workspace(sv->gates), 1,
                             "cuStateVec's workspace");
  return status == VQE_OK ? vqe_gates_lend(sv->gates, workspace) : status;
}

/* Name the strings whose expectations are asked for. */
static int observe_terms(struct device_custatevec *sv)
{
  const struct vqe_pauli_sum *paulis = sv->paulis;
  uint64_t *words = NULL;
  size_t n = paulis->nterm;
  int status = vqe_memory_alloc(&words, n, 2 * sizeof *words, "Pauli terms");
  for (size_t k = 0; status == VQE_OK && k < n; k++) {
    words[k] = vqe_qubits_word(paulis->x[k]);
    words[n + k] = vqe_qubits_word(paulis->z[k]);
  }
  if (status == VQE_OK) {
    status = vqe_gates_observe(sv->gates, words, words + n, n);
  }
  free(words);
  return status;
}

static int custatevec_init(void *backend,
                           const struct vqe_device_tuning *tuning)
{
  struct device_custatevec *sv = backend;
  const struct vqe_statevector *host = host_of(sv);
  (void)tuning;
  sv->size = host->context.size;
  int status =
      vqe_pauli_sum_jordan_wigner(&sv->paulis, sv->frame.hamiltonian, 0.0);
  if (status == VQE_OK) {
    take_constant(sv);
    status = vqe_gates_open(&sv->gates, sv->frame.device, host->context.nqubit,
                            sv->frame.single);
  }
  if (status == VQE_OK) {
    status = vqe_evaluator_fits(sv->frame.device, custatevec_bytes(sv),
                                "full-space", sv->size);
  }
  if (status == VQE_OK) {
    status = lend_workspace(sv);
  }
  if (status == VQE_OK) {
    status = observe_terms(sv);
  }
  if (status == VQE_OK) {
    status = place_terms(sv);
  }
  if (status == VQE_OK) {
    status = vqe_custatevec_moves_compile(&sv->moves, &sv->frame.evaluator,
                                          host_of(sv));
  }
  if (status == VQE_OK) {
    status = upload(sv);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&sv->expectation, sv->paulis->nterm,
                              sizeof(double), "expectations");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&sv->row, sv->frame.evaluator.stride,
                              sizeof(double), "expectations");
  }
  if (status == VQE_OK) {
    status = state_alloc(sv, &sv->psi);
  }
  if (status == VQE_OK) {
    status = state_alloc(sv, &sv->lambda);
  }
  return status;
}

/* ---- moves ---- */

static double angle_of(const struct device_custatevec *sv,
                       const struct vqe_custatevec_move *move, bool back)
{
  const struct vqe_evaluator *evaluator = &sv->frame.evaluator;
  double angle = evaluator->scale[move->angle] *
                 sv->parameters[evaluator->param[move->angle]];
  return back ? -angle : angle;
}

static int apply_flip(const struct device_custatevec *sv,
                      const struct vqe_custatevec_move *move, void *state)
{
  static const double x[8] = {0, 0, 1, 0, 1, 0, 0, 0};
  return vqe_gates_matrix(sv->gates, state, x, move->target, move->control);
}

/* exp(i angle weight P), one after the other: they commute. */
static int apply_turn(const struct device_custatevec *sv,
                      const struct vqe_custatevec_move *move, void *state,
                      double angle)
{
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < move->count; k++) {
    status = vqe_gates_rotate(sv->gates, state, move->x, move->z[k],
                              -2.0 * angle * move->weight[k]);
  }
  return status;
}

static int apply_phase(const struct device_custatevec *sv,
                       const struct vqe_custatevec_move *move, void *state,
                       double angle)
{
  double diagonal[8] = {1, 0, 0, 0, 0, 0, cos(angle), sin(angle)};
  return vqe_gates_matrix(sv->gates, state, diagonal, move->target,
                          move->control);
}

static int apply_gate(const struct device_custatevec *sv,
                      const struct vqe_custatevec_move *move, void *state,
                      bool back)
{
  switch (move->kind) {
  case VQE_CUSTATEVEC_FLIP:
    return apply_flip(sv, move, state);
  case VQE_CUSTATEVEC_TURN:
    return apply_turn(sv, move, state, angle_of(sv, move, back));
  case VQE_CUSTATEVEC_PHASE:
    return apply_phase(sv, move, state, angle_of(sv, move, back));
  }
  return vqe_error_set(VQE_ERR_UNSUPPORTED, "a gate that nothing applies");
}

static int apply_move(const struct device_custatevec *sv,
                      const struct vqe_custatevec_move *move, void *state,
                      bool back)
{
  int status = apply_gate(sv, move, state, back);
  return status == VQE_OK
             ? vqe_device_stop_check(&sv->frame.stop, sv->frame.stop.size)
             : status;
}

/* Partial sums of Im <lambda|G|psi>, the same before and after the gate. */
static int slope(const struct device_custatevec *sv,
                 const struct vqe_custatevec_move *move)
{
  const struct vqe_evaluator *evaluator = &sv->frame.evaluator;
  struct vqe_slope_args args = {
      .psi = sv->psi,
      .lambda = sv->lambda,
      .size = sv->size,
      .x = move->x,
      .count = move->count,
      .odd = __builtin_popcountll(move->x & move->z[0]) & 1,
      .partial =
          evaluator->partial + (uint64_t)move->angle * evaluator->stride,
  };
  for (int k = 0; k < move->count; k++) {
    int y = __builtin_popcountll(move->x & move->z[k]);
    args.z[k] = move->z[k];
    /* i^y = (-1)^(y/2), times i where y is odd */
    args.weight[k] = (y & 2) ? -move->weight[k] : move->weight[k];
  }
  return vqe_device_frame_launch(&sv->frame, VQE_KERNEL_slope, &args,
                                 VQE_SUM_SHARED);
}

/* Undo one gate on psi and lambda, with the sums for its angle. */
static int move_back(const struct device_custatevec *sv,
                     const struct vqe_custatevec_move *move)
{
  int status = move->kind == VQE_CUSTATEVEC_FLIP ? VQE_OK : slope(sv, move);
  if (status == VQE_OK) {
    status = apply_move(sv, move, sv->psi, true);
  }
  if (status == VQE_OK) {
    status = apply_move(sv, move, sv->lambda, true);
  }
  return status;
}

/* ---- sweeps ---- */

/* Pairs (re, im) as one plane of twice as many numbers. */
static struct vqe_planes plane_of(void *state)
{
  return (struct vqe_planes){{state, NULL}, 1};
}

static int prepare(const struct device_custatevec *sv)
{
  struct vqe_basis_args args = {.psi = plane_of(sv->psi),
                                .size = 2 * sv->size,
                                .at = 2 * host_of(sv)->start};
  int status = vqe_device_frame_launch(&sv->frame, VQE_KERNEL_basis, &args, 0);
  for (size_t k = 0; status == VQE_OK && k < sv->moves.count; k++) {
    status = apply_move(sv, &sv->moves.items[k], sv->psi, false);
  }
  return status;
}

/* <psi|H|psi> from the expectations of its terms, as the partial sums of the
 * energy. */
static int expected_energy(struct device_custatevec *sv)
{
  const struct vqe_pauli_sum *paulis = sv->paulis;
  int status = vqe_gates_expect(sv->gates, sv->expectation, sv->psi);
  if (status != VQE_OK) {
    return status;
  }
  sv->row[0] = 0.0;
  for (size_t k = 0; k < paulis->nterm; k++) {
    sv->row[0] += paulis->coeff[k] * sv->expectation[k];
  }
  return vqe_gpu_upload(sv->frame.device, sv->frame.evaluator.energy, sv->row,
                        sv->frame.evaluator.stride * sizeof *sv->row);
}

/* lambda = H psi, and partial sums of <psi|lambda>. */
static int product_energy(const struct device_custatevec *sv)
{
  struct vqe_strings_args product = {
      .out = sv->lambda,
      .in = sv->psi,
      .size = sv->size,
      .x = sv->x,
      .start = sv->start,
      .terms = sv->terms,
      .ngroup = sv->ngroup,
  };
  struct vqe_dot_args dot = {
      .a = plane_of(sv->psi),
      .b = plane_of(sv->lambda),
      .size = 2 * sv->size,
      .partial = sv->frame.evaluator.energy,
  };
  int status =
      vqe_device_frame_launch(&sv->frame, VQE_KERNEL_strings, &product, 0);
  if (status == VQE_OK) {
    status = vqe_device_frame_launch(&sv->frame, VQE_KERNEL_dot, &dot,
                                     VQE_SUM_SHARED);
  }
  return status;
}

static int enqueue_energy(void *ctx)
{
  struct device_custatevec *sv = ctx;
  int status = prepare(sv);
  if (status == VQE_OK) {
    status = expected_energy(sv);
  }
  if (status == VQE_OK) {
    status = vqe_evaluator_finish(&sv->frame.evaluator, false);
  }
  return status;
}

static int enqueue_gradient(void *ctx)
{
  const struct device_custatevec *sv = ctx;
  int status = prepare(sv);
  if (status == VQE_OK) {
    status = product_energy(sv);
  }
  for (size_t k = sv->moves.count; status == VQE_OK && k-- > 0;) {
    status = move_back(sv, &sv->moves.items[k]);
  }
  if (status == VQE_OK) {
    status = vqe_evaluator_finish(&sv->frame.evaluator, true);
  }
  return status;
}

static int custatevec_energy(void *backend, double *energy,
                             const double *parameters)
{
  struct device_custatevec *sv = backend;
  sv->parameters = parameters;
  return vqe_device_frame_run(&sv->frame, energy, NULL, parameters,
                              enqueue_energy, sv);
}

static int custatevec_gradient(void *backend, double *energy, double *gradient,
                               const double *parameters)
{
  struct device_custatevec *sv = backend;
  sv->parameters = parameters;
  return vqe_device_frame_run(&sv->frame, energy, gradient, parameters,
                              enqueue_gradient, sv);
}

static int custatevec_state(void *backend, double *re, double *im,
                            const double *parameters)
{
  struct device_custatevec *sv = backend;
  double *pairs = NULL;
  int status = vqe_memory_alloc(&pairs, sv->size, 2 * sizeof *pairs,
                                "copy of the state");
  sv->parameters = parameters;
  if (status == VQE_OK) {
    status = prepare(sv);
  }
  if (status == VQE_OK) {
    status =
        vqe_device_frame_download(&sv->frame, pairs, sv->psi, 2 * sv->size);
  }
  for (uint64_t i = 0; status == VQE_OK && i < sv->size; i++) {
    re[i] = pairs[2 * i];
    im[i] = pairs[2 * i + 1];
  }
  free(pairs);
  return status;
}

static const struct vqe_backend_ops custatevec_ops = {
    .name = "vqe_cuda_statevector",
    .free = custatevec_free,
    .energy = custatevec_energy,
    .gradient = custatevec_gradient,
    .extend = custatevec_extend,
    .pool_gradient = vqe_device_frame_pool_gradient,
    .properties = vqe_device_frame_properties,
    .state = custatevec_state,
    .watch = vqe_device_frame_watch,
};

int vqe_device_custatevec_create(const struct vqe_backend_ops **ops,
                                 void **out,
                                 const struct vqe_hamiltonian *hamiltonian,
                                 const struct vqe_ansatz *ansatz, int threads,
                                 struct vqe_gpu *device, bool single)
{
  static const struct vqe_device_kind kind = {
      .ops = &custatevec_ops,
      .bytes = sizeof(struct device_custatevec),
      .create_host = vqe_statevector_create,
      .init = custatevec_init,
  };
  return vqe_device_frame_create(ops, out, &kind, hamiltonian, ansatz, threads,
                                 device, single, NULL);
}
