/* The full-space estimator on a device: twin of src/sim/statevector.c. The
 * steps are the CPU's own. */
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_estimators.h"
#include "device/device_sigma.h"
#include "device/evaluator.h"
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
  const struct vqe_phase_mask *masks; /* the device's */
  uint64_t count;                     /* phases of the run */
};

struct device_statevector {
  const struct vqe_backend_ops *host_ops;
  struct vqe_statevector *host;
  struct vqe_device_tuning tuning;
  struct vqe_gpu *device;
  size_t real_bytes;
  uint64_t size;
  struct vqe_evaluator evaluator;
  struct vqe_device_product product;
  const uint32_t *bits;
  size_t nmove;
  struct move *moves;
  struct vqe_planes psi, lambda, work;
  double *total;  /* of RZ, one a tile */
  double *weight; /* of phases */
};

/* Where the vectors are while an evaluation is enqueued: permutations swap
 * them with the work space. */
struct places {
  struct vqe_planes psi, lambda, work;
};

/* ---- from steps to moves ---- */

static int place(struct device_statevector *sv, void *out, const void *from,
                 size_t count, size_t size)
{
  void *to = NULL;
  int status = vqe_gpu_alloc(sv->device, &to, count, size, "circuit steps");
  if (status == VQE_OK) {
    status = vqe_gpu_upload(sv->device, to, from, count * size);
  }
  memcpy(out, &to, sizeof to);
  return status;
}

/* The half angle of a rotation cancels the 2 of 2 Re <lambda|dU psi>. */
static int add_rotation(struct device_statevector *sv, struct move *move)
{
  const struct vqe_step *step = move->step;
  int status = VQE_OK;
  for (int q = 0; status == VQE_OK && q < sv->host->context.nqubit; q++) {
    if (step->mask >> q & 1) {
      status =
          vqe_evaluator_add(&sv->evaluator, &move->angle[q], step->param[q],
                            0.5 * step->scale[q], step->scale[q]);
    }
  }
  return status;
}

/* The run of diagonal gates from `first` on. */
static int add_phases(struct device_statevector *sv, struct move *move,
                      size_t first)
{
  const struct vqe_ansatz *ansatz = sv->host->ansatz;
  size_t n = vqe_phases_read(NULL, ansatz, first, false);
  struct vqe_phase_term *terms = NULL;
  struct vqe_phase_mask *masks = NULL;
  int status = vqe_memory_alloc(&terms, n, sizeof *terms, "phase gates");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&masks, n, sizeof *masks, "phase gates");
  }
  if (status == VQE_OK) {
    (void)vqe_phases_read(terms, ansatz, first, false);
  }
  for (size_t k = 0; status == VQE_OK && k < n; k++) {
    int32_t angle;
    masks[k] = (struct vqe_phase_mask){terms[k].rows, terms[k].columns};
    status = vqe_evaluator_add(&sv->evaluator, &angle, terms[k].param,
                               terms[k].scale, 2.0 * terms[k].scale);
    move->angle[0] = k == 0 ? angle : move->angle[0];
  }
  if (status == VQE_OK) {
    status = place(sv, &move->masks, masks, n, sizeof *masks);
  }
  if (status == VQE_OK && sv->weight == NULL) {
    status = vqe_gpu_alloc(sv->device, &sv->weight, sv->size, sizeof(double),
                           "weights of phases");
  }
  move->count = n;
  free(terms);
  free(masks);
  return status;
}

/* Twin of compile, from steps where that starts from gates. */
static int compile(struct device_statevector *sv)
{
  const struct vqe_statevector *host = sv->host;
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
      status =
          vqe_evaluator_add(&sv->evaluator, &move->angle[0], step->param[0],
                            step->scale[0], 2.0 * step->scale[0]);
      break;
    case VQE_STEP_PHASES:
      while (vqe_phases_read(NULL, host->ansatz, gate, false) == 0) {
        gate++;
      }
      status = add_phases(sv, move, gate);
      gate += move->count;
      break;
    }
  }
  return status;
}

static int statevector_extend(void *backend)
{
  struct device_statevector *sv = backend;
  const struct vqe_statevector *host = sv->host;
  int status = sv->host_ops->extend(sv->host);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < sv->nmove; k++) {
    vqe_gpu_release(sv->device, sv->moves[k].masks);
  }
  free(sv->moves);
  sv->moves = NULL;
  sv->nmove = 0;
  vqe_evaluator_reset(&sv->evaluator);
  status = compile(sv);
  if (status == VQE_OK) {
    status =
        vqe_evaluator_upload(&sv->evaluator, sv->device, host->ansatz->nparam,
                             sv->size, host->hamiltonian->constant);
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
  if (sv->host != NULL) {
    sv->host_ops->free(sv->host);
  }
  vqe_evaluator_clear(&sv->evaluator);
  vqe_gpu_close(sv->device);
  free(sv->moves);
  free(sv);
}

/* Everything that will be allocated. */
static uint64_t statevector_bytes(const struct device_statevector *sv)
{
  const struct vqe_ansatz *ansatz = sv->host->ansatz;
  uint64_t planes = ansatz->real ? 1 : 2;
  bool phases = false;
  for (size_t k = 0; k < sv->host->nstep; k++) {
    phases = phases || sv->host->steps[k].kind == VQE_STEP_PHASES;
  }
  return (2 * planes + 2) * sv->size * sv->real_bytes +
         (phases ? sv->size * sizeof(double) : 0) +
         (sv->size >> VQE_RZ_BITS) * sizeof(double) +
         sv->host->strings.count * sizeof(uint32_t) +
         vqe_evaluator_bytes(ansatz->ngate, ansatz->nparam, sv->size) +
         vqe_device_product_bytes(ansatz->norb, VQE_ALL_NUMBERS,
                                  VQE_ALL_NUMBERS, sv->host->strings.nclass,
                                  sv->size, sv->tuning.panel_bytes);
}

static int planes_alloc(struct device_statevector *sv,
                        struct vqe_planes *planes, int count)
{
  int status = VQE_OK;
  planes->count = count;
  for (int k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_gpu_alloc(sv->device, &planes->part[k], sv->size,
                           sv->real_bytes, "state vector");
  }
  return status;
}

static int statevector_init(struct device_statevector *sv)
{
  const struct vqe_statevector *host = sv->host;
  int planes = host->ansatz->real ? 1 : 2;
  sv->size = host->context.size;
  int status = vqe_evaluator_fits(sv->device, statevector_bytes(sv),
                                  "full-space", sv->size);
  if (status == VQE_OK) {
    status = place(sv, &sv->bits, host->strings.bits, host->strings.count,
                   sizeof(uint32_t));
  }
  if (status == VQE_OK) {
    status = vqe_device_product_init(&sv->product, sv->device, host->sigma,
                                     &host->layout, sv->tuning.direct_size,
                                     sv->tuning.panel_bytes);
  }
  if (status == VQE_OK) {
    status = compile(sv);
  }
  if (status == VQE_OK) {
    status =
        vqe_evaluator_upload(&sv->evaluator, sv->device, host->ansatz->nparam,
                             sv->size, host->hamiltonian->constant);
  }
  if (status == VQE_OK) {
    status = planes_alloc(sv, &sv->psi, planes);
  }
  if (status == VQE_OK) {
    status = planes_alloc(sv, &sv->lambda, planes);
  }
  if (status == VQE_OK) {
    /* two planes even for real states: sigma's input and output */
    status = planes_alloc(sv, &sv->work, 2);
  }
  if (status == VQE_OK) {
    status =
        vqe_gpu_alloc(sv->device, &sv->total, (sv->size >> VQE_RZ_BITS) + 1,
                      sizeof(double), "sums of RZ");
  }
  return status;
}

/* ---- steps ---- */

static struct vqe_sweep sweep_of(const struct device_statevector *sv,
                                 const struct places *at, bool back)
{
  const struct vqe_evaluator *evaluator = &sv->evaluator;
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

static int launch(const struct device_statevector *sv,
                  enum vqe_kernel_name kernel, const void *args, size_t shared)
{
  return vqe_gpu_launch(sv->device, kernel, args,
                        (unsigned)sv->evaluator.stride, shared);
}

/* Twin of vqe_amplitudes_ry: the lowest qubits, then GROUP at a time. */
static int apply_ry(const struct device_statevector *sv,
                    const struct move *move, const struct places *at,
                    bool back)
{
  int n = sv->host->context.nqubit;
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
    status = launch(sv, VQE_KERNEL_ry, &args, VQE_RY_SHARED);
  }
  args.width = RUN;
  args.first = RUN;
  for (int q = low; status == VQE_OK && q < n; q += GROUP) {
    args.high = q;
    args.count = n - q < GROUP ? n - q : GROUP;
    if (args.mask >> q & ((UINT64_C(1) << args.count) - 1)) {
      status = launch(sv, VQE_KERNEL_ry, &args, VQE_RY_SHARED);
    }
  }
  return status;
}

static int apply_rz(const struct device_statevector *sv,
                    const struct move *move, const struct places *at,
                    bool back)
{
  int n = sv->host->context.nqubit;
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
      .partial = sv->evaluator.partial,
      .stride = sv->evaluator.stride,
      .tiles = sv->size >> low,
      .total = sv->total,
  };
  memcpy(args.angle, move->angle, sizeof args.angle);
  for (int q = low; q < n; q++) {
    high.angle[q - low] = (args.mask >> q & 1) ? args.angle[q] : -1;
  }
  int status = launch(sv, VQE_KERNEL_rz, &args, VQE_RZ_SHARED);
  if (status == VQE_OK && back && n > low) {
    status = vqe_gpu_launch(sv->device, VQE_KERNEL_rz_high, &high,
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
  int n = sv->host->context.nqubit;
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
  return launch(sv, VQE_KERNEL_permute, &args, VQE_PERMUTE_SHARED);
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
  return launch(sv, VQE_KERNEL_xxyy, &args, VQE_SUM_SHARED);
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
  return launch(sv, VQE_KERNEL_excite, &args, VQE_SUM_SHARED);
}

static int apply_phases(const struct device_statevector *sv,
                        const struct move *move, const struct places *at,
                        bool back)
{
  const struct vqe_evaluator *evaluator = &sv->evaluator;
  struct vqe_sweep sweep = sweep_of(sv, at, back);
  struct vqe_phases_args args = {
      .psi = sweep.psi,
      .lambda = sweep.lambda,
      .masks = move->masks,
      .angle = evaluator->angle + move->angle[0],
      .weight = sv->weight,
      .size = sv->size,
      .count = move->count,
      .norb = sv->host->ansatz->norb,
  };
  struct vqe_phase_sums_args sums = {
      .masks = move->masks,
      .weight = sv->weight,
      .partial =
          evaluator->partial + (uint64_t)move->angle[0] * evaluator->stride,
      .stride = evaluator->stride,
      .size = sv->size,
      .norb = args.norb,
  };
  int status = launch(sv, VQE_KERNEL_phases, &args, 0);
  if (status == VQE_OK && back) {
    status = vqe_gpu_launch(sv->device, VQE_KERNEL_phase_sums, &sums,
                            (unsigned)move->count, VQE_SUM_SHARED);
  }
  return status;
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
      .psi = at->psi, .size = sv->size, .at = sv->host->start};
  int status = vqe_evaluator_turns(&sv->evaluator);
  if (status == VQE_OK) {
    status = launch(sv, VQE_KERNEL_basis, &args, 0);
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
      .norb = sv->host->strings.norb,
      .back = back,
  };
  return launch(sv, VQE_KERNEL_blocks, &args, 0);
}

/* Partial sums of <psi|H|psi> of one plane; H psi to lambda when asked. */
static int plane_energy(const struct device_statevector *sv,
                        const struct places *at, int part, bool keep)
{
  void *in = at->work.part[0];
  void *out = at->work.part[1];
  struct vqe_dot_args dot = {
      .a = {{in, NULL}, 1},
      .b = {{out, NULL}, 1},
      .size = sv->size,
      .partial = sv->evaluator.energy + (uint64_t)part * sv->evaluator.stride,
  };
  int status = reorder(sv, in, at->psi.part[part], false);
  if (status == VQE_OK) {
    status = vqe_device_product_apply(&sv->product, out, in, sv->real_bytes);
  }
  if (status == VQE_OK) {
    status = launch(sv, VQE_KERNEL_dot, &dot, VQE_SUM_SHARED);
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
    status = vqe_evaluator_finish(&sv->evaluator, gradient);
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
  return vqe_evaluator_run(&sv->evaluator, energy, NULL, parameters,
                           enqueue_energy, sv);
}

static int statevector_gradient(void *backend, double *energy,
                                double *gradient, const double *parameters)
{
  struct device_statevector *sv = backend;
  return vqe_evaluator_run(&sv->evaluator, energy, gradient, parameters,
                           enqueue_gradient, sv);
}

/* ---- properties ---- */

/* The CPU's twin prepares the state once more, here and for properties. */
static int statevector_pool_gradient(void *backend, double *out,
                                     const double *parameters,
                                     const struct vqe_ansatz *pool)
{
  struct device_statevector *sv = backend;
  return sv->host_ops->pool_gradient(sv->host, out, parameters, pool);
}

static int statevector_properties(void *backend, struct vqe_properties *out,
                                  double *rdm1, const double *parameters)
{
  struct device_statevector *sv = backend;
  return sv->host_ops->properties(sv->host, out, rdm1, parameters);
}

static int statevector_state(void *backend, double *re, double *im,
                             const double *parameters)
{
  struct device_statevector *sv = backend;
  double *planes[2] = {re, im};
  struct places at;
  float *narrow = NULL;
  bool single = sv->real_bytes == sizeof(float);
  int status = vqe_memory_alloc(&narrow, single ? sv->size : 1, sizeof *narrow,
                                "copy of the state");
  memset(im, 0, sv->size * sizeof *im);
  if (status == VQE_OK) {
    status = vqe_gpu_upload(sv->device, sv->evaluator.parameters, parameters,
                            (size_t)sv->evaluator.nparam * sizeof(double));
  }
  if (status == VQE_OK) {
    status = prepare(sv, &at);
  }
  for (int k = 0; status == VQE_OK && k < at.psi.count; k++) {
    status = vqe_gpu_download(sv->device,
                              single ? (void *)narrow : (void *)planes[k],
                              at.psi.part[k], sv->size * sv->real_bytes);
    for (uint64_t i = 0; status == VQE_OK && single && i < sv->size; i++) {
      planes[k][i] = (double)narrow[i];
    }
  }
  free(narrow);
  return status;
}

static const struct vqe_backend_ops statevector_ops = {
    .name = "vqe_cuda_statevector",
    .free = statevector_free,
    .energy = statevector_energy,
    .gradient = statevector_gradient,
    .extend = statevector_extend,
    .pool_gradient = statevector_pool_gradient,
    .properties = statevector_properties,
    .state = statevector_state,
};

int vqe_device_statevector_create(const struct vqe_backend_ops **ops,
                                  void **out,
                                  const struct vqe_hamiltonian *hamiltonian,
                                  const struct vqe_ansatz *ansatz, int threads,
                                  struct vqe_gpu *device, bool single,
                                  const struct vqe_device_tuning *tuning)
{
  struct device_statevector *sv = NULL;
  void *host = NULL;
  int status = vqe_memory_alloc(&sv, 1, sizeof *sv, "estimator");
  if (status != VQE_OK) {
    vqe_gpu_close(device);
    return status;
  }
  sv->device = device;
  sv->tuning = *tuning;
  sv->real_bytes = single ? sizeof(float) : sizeof(double);
  status = vqe_statevector_create(&sv->host_ops, &host, hamiltonian, ansatz,
                                  threads);
  sv->host = host;
  if (status == VQE_OK) {
    status = statevector_init(sv);
  }
  if (status != VQE_OK) {
    statevector_free(sv);
    return status;
  }
  *ops = &statevector_ops;
  *out = sv;
  return VQE_OK;
}
