/* The full-space estimator on a device: twin of src/sim/statevector.c and
 * statevector_sweep.c. The steps are the CPU's own. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_frame.h"
#include "device/device_memory.h"
#include "device/device_sigma.h"
#include "kernels/shape.h"
#include "sim/statevector_tables.h"

/* Qubits above a tile of RY go so many at a time, over runs of 2^RUN
 * amplitudes: 256 bytes, two memory transactions of a warp. */
#define RUN 5
#define GROUP (VQE_RY_BITS - RUN)

/* A step with its angles: of each qubit of a layer, else the first. */
struct move {
  const struct vqe_step *step;
  int32_t angle[VQE_MAX_QUBITS];
  struct vqe_device_phases phases;
};

struct device_statevector {
  struct vqe_device_frame frame;
  struct vqe_device_tuning tuning;
  uint64_t size;
  struct vqe_device_product product;
  const uint64_t *bits;
  size_t nmove;
  struct move *moves;
  struct vqe_planes psi, lambda, work;
  double *total;  /* of RZ, one a tile */
  double *weight; /* of phases */
};

static const struct vqe_statevector *
host_of(const struct device_statevector *sv)
{
  return sv->frame.host;
}

/* Where the vectors are while an evaluation is enqueued: permutations swap
 * them with the work space. */
struct places {
  struct vqe_planes psi, lambda, work;
};

/* ---- from steps to moves ---- */

/* The half angle of a rotation cancels the 2 of 2 Re <lambda|dU psi>. */
static int add_rotation(struct device_statevector *sv, struct move *move)
{
  const struct vqe_step *step = move->step;
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < host_of(sv)->context.nqubit; q++) {
    if (step->mask >> q & 1) {
      status = vqe_evaluator_add(&sv->frame.evaluator, &move->angle[q],
                                 step->param[q], 0.5 * step->scale[q],
                                 step->scale[q]);
    }
  }
  return status;
}

static int add_phases(struct device_statevector *sv, struct move *move,
                      size_t *gate)
{
  int status =
      vqe_device_frame_add_phases(&sv->frame, &move->phases, gate, false);
  if (status == VQE_OK && sv->weight == NULL) {
    status = vqe_gpu_alloc(sv->frame.device, &sv->weight, sv->size,
                           sizeof(double), "weights of phases");
  }
  return status;
}

/* Twin of compile, from steps where that starts from gates. */
static int compile(struct device_statevector *sv)
{
  const struct vqe_statevector *host = host_of(sv);
  size_t gate = 0; /* where the search for the next run of phases starts */
  int status = vqe_memory_alloc(&sv->moves, host->nstep, sizeof *sv->moves,
                                "circuit steps");
  for (size_t k = 0; status == VQE_OK && k < host->nstep; k++) {
    struct move *move = &sv->moves[sv->nmove++];
    const struct vqe_step *step = &host->steps[k];
    move->step = step;
    switch (step->kind) {
    case VQE_STEP_RY:
    case VQE_STEP_RZ:
      status = add_rotation(sv, move);
      break;
    case VQE_STEP_PERMUTE:
      break;
    case VQE_STEP_XXYY:
    case VQE_STEP_EXCITE:
      status = vqe_evaluator_add(&sv->frame.evaluator, &move->angle[0],
                                 step->param[0], step->scale[0],
                                 2.0 * step->scale[0]);
      break;
    case VQE_STEP_PHASES:
      status = add_phases(sv, move, &gate);
      break;
    }
  }
  return status;
}

static int statevector_extend(void *backend)
{
  struct device_statevector *sv = backend;
  struct vqe_device_frame *frame = &sv->frame;
  int status = frame->host_ops->extend(frame->host);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < sv->nmove; k++) {
    vqe_gpu_release(frame->device, sv->moves[k].phases.masks);
  }
  free(sv->moves);
  sv->moves = NULL;
  sv->nmove = 0;
  vqe_evaluator_reset(&frame->evaluator);
  status = compile(sv);
  if (status == VQE_OK) {
    status =
        vqe_device_frame_upload(frame, sv->size, frame->hamiltonian->constant);
  }
  return status;
}

/* ---- life ---- */

static void statevector_free(void *backend)
{
  struct device_statevector *sv = backend;
  if (sv == NULL) {
    return;
  }
  vqe_device_frame_clear(&sv->frame);
  free(sv->moves);
  free(sv);
}

/* Everything that will be allocated. */
static uint64_t statevector_bytes(const struct device_statevector *sv)
{
  const struct vqe_ansatz *ansatz = sv->frame.ansatz;
  uint64_t planes = ansatz->real ? 1 : 2;
  bool phases = false;
  for (size_t k = 0; k < host_of(sv)->nstep; k++) {
    phases = phases || host_of(sv)->steps[k].kind == VQE_STEP_PHASES;
  }
  return (2 * planes + 2) * sv->size * sv->frame.real_bytes +
         (phases ? sv->size * sizeof(double) : 0) +
         (sv->size >> VQE_RZ_BITS) * sizeof(double) +
         host_of(sv)->strings.count * sizeof(uint64_t) +
         vqe_evaluator_bytes(ansatz->ngate, ansatz->nparam, sv->size) +
         vqe_device_product_bytes(ansatz->norb, VQE_ALL_NUMBERS,
                                  VQE_ALL_NUMBERS, host_of(sv)->strings.nclass,
                                  sv->size, sv->tuning.panel_bytes);
}

static int vectors_alloc(struct device_statevector *sv)
{
  const struct vqe_device_frame *frame = &sv->frame;
  int planes = frame->ansatz->real ? 1 : 2;
  /* two planes even for real states: sigma's input and output */
  const struct {
    struct vqe_planes *planes;
    int count;
  } vectors[] = {{&sv->psi, planes}, {&sv->lambda, planes}, {&sv->work, 2}};
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < 3; k++) {
    status = vqe_device_planes_alloc(frame->device, vectors[k].planes,
                                     vectors[k].count, sv->size,
                                     frame->real_bytes, "state vector");
  }
  if (status == VQE_OK) {
    status =
        vqe_gpu_alloc(frame->device, &sv->total, (sv->size >> VQE_RZ_BITS) + 1,
                      sizeof(double), "sums of RZ");
  }
  return status;
}

static int statevector_init(void *backend,
                            const struct vqe_device_tuning *tuning)
{
  struct device_statevector *sv = backend;
  struct vqe_device_frame *frame = &sv->frame;
  const struct vqe_statevector *host = host_of(sv);
  sv->tuning = *tuning;
  sv->size = host->context.size;
  VQE_ASSERT(host->context.nqubit <= VQE_GPU_QUBITS);
  int status = vqe_evaluator_fits(frame->device, statevector_bytes(sv),
                                  "full-space", sv->size);
  if (status == VQE_OK) {
    status = vqe_device_place(frame->device, &sv->bits, host->strings.bits,
                              host->strings.count, sizeof(uint64_t),
                              "circuit steps");
  }
  if (status == VQE_OK) {
    status = vqe_device_product_init(&sv->product, frame->device, host->sigma,
                                     &host->layout, sv->tuning.direct_size,
                                     sv->tuning.panel_bytes);
  }
  sv->product.stop = &frame->stop;
  if (status == VQE_OK) {
    status = compile(sv);
  }
  if (status == VQE_OK) {
    status =
        vqe_device_frame_upload(frame, sv->size, frame->hamiltonian->constant);
  }
  return status == VQE_OK ? vectors_alloc(sv) : status;
}

/* ---- steps ---- */

static struct vqe_sweep sweep_of(const struct device_statevector *sv,
                                 const struct places *at, bool back)
{
  const struct vqe_evaluator *evaluator = &sv->frame.evaluator;
  struct vqe_sweep sweep = {at->psi,
                            {{NULL, NULL}, 0},
                            evaluator->turn,
                            evaluator->partial,
                            evaluator->stride};
  if (back) {
    sweep.lambda = at->lambda;
  }
  return sweep;
}

/* Twin of vqe_amplitudes_ry: the lowest qubits, then GROUP at a time. */
static int apply_ry(const struct device_statevector *sv,
                    const struct move *move, const struct places *at,
                    bool back)
{
  int n = host_of(sv)->context.nqubit;
  int low = n < VQE_RY_BITS ? n : VQE_RY_BITS;
  struct vqe_ry_args args = {
      .sweep = sweep_of(sv, at, back),
      .size = sv->size,
      .mask = move->step->mask,
      .width = low,
      .high = low,
  };
  int status = VQE_OK;
  memcpy(args.angle, move->angle, sizeof args.angle);
  if (args.mask & ((UINT64_C(1) << low) - 1)) {
    status = vqe_device_frame_launch(&sv->frame, VQE_KERNEL_ry, &args,
                                     VQE_RY_SHARED);
  }
  args.width = RUN;
  args.first = RUN;
  for (int q = low; status == VQE_OK && q < n; q += GROUP) {
    args.high = q;
    args.count = n - q < GROUP ? n - q : GROUP;
    if (args.mask >> q & ((UINT64_C(1) << args.count) - 1)) {
      status = vqe_device_frame_launch(&sv->frame, VQE_KERNEL_ry, &args,
                                       VQE_RY_SHARED);
    }
  }
  return status;
}

static int apply_rz(const struct device_statevector *sv,
                    const struct move *move, const struct places *at,
                    bool back)
{
  int n = host_of(sv)->context.nqubit;
  int low = n < VQE_RZ_BITS ? n : VQE_RZ_BITS;
  struct vqe_rz_args args = {
      .sweep = sweep_of(sv, at, back),
      .size = sv->size,
      .mask = move->step->mask,
      .nqubit = n,
      .width = low,
      .total = sv->total,
  };
  struct vqe_rz_high_args high = {
      .partial = sv->frame.evaluator.partial,
      .stride = sv->frame.evaluator.stride,
      .tiles = sv->size >> low,
      .total = sv->total,
  };
  memcpy(args.angle, move->angle, sizeof args.angle);
  for (int q = low; q < n; q++) {
    high.angle[q - low] = (args.mask >> q & 1) ? args.angle[q] : -1;
  }
  int status =
      vqe_device_frame_launch(&sv->frame, VQE_KERNEL_rz, &args, VQE_RZ_SHARED);
  if (status == VQE_OK && back && n > low) {
    status = vqe_gpu_launch(sv->frame.device, VQE_KERNEL_rz_high, &high,
                            (unsigned)(n - low), VQE_SUM_SHARED);
  }
  return status;
}

/* Twin of swap_work. */
static void swap_work(struct vqe_planes *vector, struct vqe_planes *work)
{
  for (int k = 0; k < vector->count; k++) {
    void *part = vector->part[k];
    vector->part[k] = work->part[k];
    work->part[k] = part;
  }
}

static int permute(const struct device_statevector *sv,
                   struct vqe_planes *vector, struct vqe_planes *work,
                   const uint64_t *columns, uint64_t offset)
{
  int n = host_of(sv)->context.nqubit;
  struct vqe_permute_args args = {
      .out = *work,
      .in = *vector,
      .size = sv->size,
      .offset = offset,
      .nqubit = n,
      .width = n < VQE_PERMUTE_BITS ? n : VQE_PERMUTE_BITS,
  };
  memcpy(args.columns, columns, sizeof args.columns);
  swap_work(vector, work);
  return vqe_device_frame_launch(&sv->frame, VQE_KERNEL_permute, &args,
                                 VQE_PERMUTE_SHARED);
}

static int apply_permutation(const struct device_statevector *sv,
                             const struct move *move, struct places *at,
                             bool back)
{
  const struct vqe_step *step = move->step;
  if (!back) {
    return permute(sv, &at->psi, &at->work, step->columns, step->offset);
  }
  int status =
      permute(sv, &at->psi, &at->work, step->inverse, step->inverse_offset);
  if (status == VQE_OK) {
    status = permute(sv, &at->lambda, &at->work, step->inverse,
                     step->inverse_offset);
  }
  return status;
}

static int apply_xxyy(const struct device_statevector *sv,
                      const struct move *move, const struct places *at,
                      bool back)
{
  struct vqe_xxyy_args args = {
      .sweep = sweep_of(sv, at, back),
      .size = sv->size,
      .a = move->step->a,
      .b = move->step->b,
      .angle = move->angle[0],
  };
  return vqe_device_frame_launch(&sv->frame, VQE_KERNEL_xxyy, &args,
                                 VQE_SUM_SHARED);
}

static int apply_excitation(const struct device_statevector *sv,
                            const struct move *move, const struct places *at,
                            bool back)
{
  const struct vqe_step *step = move->step;
  struct vqe_excite_args args = {
      .sweep = sweep_of(sv, at, back),
      .size = sv->size,
      .from = step->from,
      .to = step->to,
      .parity = step->parity,
      .flip = step->flip,
      .angle = move->angle[0],
  };
  for (uint64_t left = step->from | step->to; left != 0; left &= left - 1) {
    args.bit[args.moved++] = __builtin_ctzll(left);
  }
  return vqe_device_frame_launch(&sv->frame, VQE_KERNEL_excite, &args,
                                 VQE_SUM_SHARED);
}

static int apply_phases(const struct device_statevector *sv,
                        const struct move *move, const struct places *at,
                        bool back)
{
  struct vqe_sweep sweep = sweep_of(sv, at, back);
  const struct vqe_phases_args on = {
      .psi = sweep.psi,
      .lambda = sweep.lambda,
      .weight = sv->weight,
      .size = sv->size,
      .norb = sv->frame.ansatz->norb,
  };
  return vqe_device_frame_phases(&sv->frame, &move->phases, &on);
}

static int apply_move(const struct device_statevector *sv,
                      const struct move *move, struct places *at, bool back)
{
  switch (move->step->kind) {
  case VQE_STEP_RY:
    return apply_ry(sv, move, at, back);
  case VQE_STEP_RZ:
    return apply_rz(sv, move, at, back);
  case VQE_STEP_PERMUTE:
    return apply_permutation(sv, move, at, back);
  case VQE_STEP_XXYY:
    return apply_xxyy(sv, move, at, back);
  case VQE_STEP_EXCITE:
    return apply_excitation(sv, move, at, back);
  case VQE_STEP_PHASES:
    return apply_phases(sv, move, at, back);
  }
  return vqe_error_set(VQE_ERR_UNSUPPORTED, "a step that no kernel has");
}

/* ---- sweeps ---- */

static int prepare(const struct device_statevector *sv, struct places *at)
{
  *at = (struct places){sv->psi, sv->lambda, sv->work};
  struct vqe_basis_args args = {
      .psi = at->psi, .size = sv->size, .at = host_of(sv)->start};
  int status = vqe_evaluator_turns(&sv->frame.evaluator);
  if (status == VQE_OK) {
    status = vqe_device_frame_launch(&sv->frame, VQE_KERNEL_basis, &args, 0);
  }
  for (size_t k = 0; status == VQE_OK && k < sv->nmove; k++) {
    status = apply_move(sv, &sv->moves[k], at, false);
  }
  return status;
}

/* Between natural order and the blocks of the layout. */
static int reorder(const struct device_statevector *sv, void *out,
                   const void *in, bool back)
{
  struct vqe_blocks_args args = {
      .list = sv->product.tables.list,
      .bits = sv->bits,
      .out = out,
      .in = in,
      .size = sv->size,
      .norb = host_of(sv)->strings.norb,
      .back = back,
  };
  return vqe_device_frame_launch(&sv->frame, VQE_KERNEL_blocks, &args, 0);
}

/* Partial sums of <psi|H|psi> of one plane; H psi to lambda when `keep`. */
static int plane_energy(const struct device_statevector *sv,
                        const struct places *at, int part, bool keep)
{
  void *in = at->work.part[0];
  void *out = at->work.part[1];
  struct vqe_dot_args dot = {
      .a = {{in, NULL}, 1},
      .b = {{out, NULL}, 1},
      .size = sv->size,
      .partial = sv->frame.evaluator.energy +
                 (uint64_t)part * sv->frame.evaluator.stride,
  };
  int status = reorder(sv, in, at->psi.part[part], false);
  if (status == VQE_OK) {
    status =
        vqe_device_product_apply(&sv->product, out, in, sv->frame.real_bytes);
  }
  if (status == VQE_OK) {
    status = vqe_device_frame_launch(&sv->frame, VQE_KERNEL_dot, &dot,
                                     VQE_SUM_SHARED);
  }
  if (status == VQE_OK && keep) {
    status = reorder(sv, at->lambda.part[part], out, true);
  }
  return status;
}

static int enqueue(const struct device_statevector *sv, bool gradient)
{
  struct places at;
  int status = prepare(sv, &at);
  for (int k = 0; status == VQE_OK && k < at.psi.count; k++) {
    status = plane_energy(sv, &at, k, gradient);
  }
  for (size_t k = sv->nmove; gradient && status == VQE_OK && k-- > 0;) {
    status = apply_move(sv, &sv->moves[k], &at, true);
  }
  if (status == VQE_OK) {
    status = vqe_evaluator_finish(&sv->frame.evaluator, gradient);
  }
  return status;
}

static int enqueue_energy(void *ctx)
{
  return enqueue(ctx, false);
}

static int enqueue_gradient(void *ctx)
{
  return enqueue(ctx, true);
}

static int statevector_energy(void *backend, double *energy,
                              const double *parameters)
{
  struct device_statevector *sv = backend;
  return vqe_device_frame_run(&sv->frame, energy, NULL, parameters,
                              enqueue_energy, sv);
}

static int statevector_gradient(void *backend, double *energy,
                                double *gradient, const double *parameters)
{
  struct device_statevector *sv = backend;
  return vqe_device_frame_run(&sv->frame, energy, gradient, parameters,
                              enqueue_gradient, sv);
}

static int statevector_state(void *backend, double *re, double *im,
                             const double *parameters)
{
  struct device_statevector *sv = backend;
  double *planes[2] = {re, im};
  struct places at;
  int status = vqe_device_frame_parameters(&sv->frame, parameters);
  memset(im, 0, sv->size * sizeof *im);
  if (status == VQE_OK) {
    status = prepare(sv, &at);
  }
  VQE_ASSERT(sv->psi.count <= 2);
  for (int k = 0; status == VQE_OK && k < sv->psi.count; k++) {
    status = vqe_device_frame_download(&sv->frame, planes[k], at.psi.part[k],
                                       sv->size);
  }
  return status;
}

static const struct vqe_backend_ops statevector_ops = {
    .name = "vqe_cuda_statevector",
    .free = statevector_free,
    .energy = statevector_energy,
    .gradient = statevector_gradient,
    .extend = statevector_extend,
    .pool_gradient = vqe_device_frame_pool_gradient,
    .properties = vqe_device_frame_properties,
    .state = statevector_state,
    .watch = vqe_device_frame_watch,
};

int vqe_device_statevector_create(const struct vqe_backend_ops **ops,
                                  void **out,
                                  const struct vqe_hamiltonian *hamiltonian,
                                  const struct vqe_ansatz *ansatz, int threads,
                                  struct vqe_gpu *device, bool single,
                                  const struct vqe_device_tuning *tuning)
{
  static const struct vqe_device_kind kind = {
      .ops = &statevector_ops,
      .bytes = sizeof(struct device_statevector),
      .create_host = vqe_statevector_create,
      .init = statevector_init,
  };
  return vqe_device_frame_create(ops, out, &kind, hamiltonian, ansatz, threads,
                                 device, single, tuning);
}
