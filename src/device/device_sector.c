/* The sector estimator on a device: twin of src/sim/sector.c. */
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_sector.h"
#include "kernels/shape.h"

#define SIGN_BIT UINT32_C(0x80000000)

/* ---- tables ---- */

int vqe_device_sector_place(struct device_sector *sector, void *out,
                            const void *from, size_t count, size_t size)
{
  void *to = NULL;
  int status =
      vqe_gpu_alloc(sector->device, &to, count, size, "excitation lists");
  if (status == VQE_OK) {
    status = vqe_gpu_upload(sector->device, to, from, count * size);
  }
  memcpy(out, &to, sizeof to);
  return status;
}

int vqe_device_sector_pairs(struct device_sector *sector)
{
  const struct vqe_sector *host = sector->host;
  int status =
      vqe_memory_grow(&sector->pairs, sector->npairs, host->lists.count,
                      sizeof(struct vqe_device_pair *), "excitation lists");
  while (status == VQE_OK && sector->npairs < host->lists.count) {
    const struct vqe_string_pairs *pairs = &host->lists.pairs[sector->npairs];
    struct vqe_device_pair *packed = NULL;
    status = vqe_memory_alloc(&packed, pairs->count, sizeof *packed,
                              "excitation list");
    for (size_t k = 0; status == VQE_OK && k < pairs->count; k++) {
      packed[k].from = pairs->items[k].from;
      packed[k].to =
          pairs->items[k].to | (pairs->items[k].sign < 0.0 ? SIGN_BIT : 0);
    }
    if (status == VQE_OK) {
      status = vqe_device_sector_place(sector, &sector->pairs[sector->npairs],
                                       packed, pairs->count, sizeof *packed);
    }
    /* without memory it is not there, and no plan may take it to be */
    sector->npairs += status == VQE_OK;
    free(packed);
  }
  return status;
}

/* Addresses: each alpha class meets one beta class in a sector. */
static int upload_places(struct device_sector *sector)
{
  const struct vqe_sector *host = sector->host;
  const struct vqe_layout *layout = &host->layout;
  uint64_t *rows = NULL;
  uint32_t *columns = NULL;
  int status = vqe_memory_alloc(&rows, host->alpha->count, sizeof *rows,
                                "string addresses");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&columns, host->beta->count, sizeof *columns,
                              "string addresses");
  }
  for (int ca = 0; status == VQE_OK && ca < host->alpha->nclass; ca++) {
    for (int cb = 0; cb < host->beta->nclass; cb++) {
      for (uint32_t s = host->alpha->class_start[ca];
           vqe_layout_has(layout, ca, cb) &&
           s < host->alpha->class_start[ca + 1];
           s++) {
        rows[s] = vqe_layout_row(layout, ca, cb, s);
      }
    }
  }
  for (int cb = 0; status == VQE_OK && cb < host->beta->nclass; cb++) {
    for (uint32_t u = host->beta->class_start[cb];
         u < host->beta->class_start[cb + 1]; u++) {
      columns[u] = u - host->beta->class_start[cb];
    }
  }
  if (status == VQE_OK) {
    status = vqe_device_sector_place(sector, &sector->row_at, rows,
                                     host->alpha->count, sizeof *rows);
  }
  if (status == VQE_OK) {
    status = vqe_device_sector_place(sector, &sector->column_at, columns,
                                     host->beta->count, sizeof *columns);
  }
  free(rows);
  free(columns);
  return status;
}

void vqe_device_sector_plan(struct vqe_rotate_plan *plan,
                            const struct device_sector *sector,
                            const struct vqe_givens *rotation)
{
  const struct vqe_sector *host = sector->host;
  const struct vqe_layout *layout = &host->layout;
  const uint32_t *rows = host->alpha->class_start;
  const uint32_t *columns = host->beta->class_start;
  memset(plan, 0, sizeof *plan);
  plan->nclass = host->alpha->nclass;
  if (rotation->kind != VQE_GIVENS_BETA) {
    plan->rows = sector->pairs[rotation->on_alpha];
    rows = host->lists.pairs[rotation->on_alpha].start;
  }
  if (rotation->kind != VQE_GIVENS_ALPHA) {
    plan->columns = sector->pairs[rotation->on_beta];
    columns = host->lists.pairs[rotation->on_beta].start;
  }
  for (int ca = 0; ca < plan->nclass; ca++) {
    plan->start[ca + 1] = plan->start[ca];
    for (int cb = 0; cb < host->beta->nclass; cb++) {
      if (!vqe_layout_has(layout, ca, cb)) {
        continue;
      }
      plan->row_first[ca] = rows[ca];
      plan->column_first[ca] = columns[cb];
      plan->column_count[ca] = columns[cb + 1] - columns[cb];
      plan->start[ca + 1] +=
          (uint64_t)(rows[ca + 1] - rows[ca]) * plan->column_count[ca];
    }
  }
}

static int add_rotation(struct device_sector *sector, struct move *move,
                        const struct vqe_givens *rotation)
{
  vqe_device_sector_plan(&move->plan, sector, rotation);
  return vqe_evaluator_add(&sector->evaluator, &move->plan.angle,
                           rotation->param, rotation->scale,
                           2.0 * rotation->scale);
}

/* The run of diagonal gates from `first` on. */
static int add_phases(struct device_sector *sector, struct move *move,
                      size_t first)
{
  const struct vqe_ansatz *ansatz = sector->host->ansatz;
  size_t n = vqe_phases_read(NULL, ansatz, first, true);
  struct vqe_phase_term *terms = NULL;
  struct vqe_phase_mask *masks = NULL;
  int status = vqe_memory_alloc(&terms, n, sizeof *terms, "phase gates");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&masks, n, sizeof *masks, "phase gates");
  }
  if (status == VQE_OK) {
    (void)vqe_phases_read(terms, ansatz, first, true);
  }
  for (size_t k = 0; status == VQE_OK && k < n; k++) {
    int32_t angle;
    masks[k] = (struct vqe_phase_mask){terms[k].rows, terms[k].columns};
    status = vqe_evaluator_add(&sector->evaluator, &angle, terms[k].param,
                               terms[k].scale, 2.0 * terms[k].scale);
    move->angle = k == 0 ? angle : move->angle;
  }
  if (status == VQE_OK) {
    status =
        vqe_device_sector_place(sector, &move->masks, masks, n, sizeof *masks);
  }
  move->phases = true;
  move->count = n;
  free(terms);
  free(masks);
  return status;
}

static int make_moves(struct device_sector *sector)
{
  const struct vqe_sector *host = sector->host;
  const struct vqe_ansatz *ansatz = host->ansatz;
  size_t gate = 0; /* where the search for the next run of phases starts */
  int status = vqe_memory_alloc(&sector->moves, host->nrotation,
                                sizeof *sector->moves, "rotations");
  for (size_t k = 0; status == VQE_OK && k < host->nrotation; k++) {
    struct move *move = &sector->moves[sector->nmove++];
    if (host->rotations[k].kind != VQE_GIVENS_PHASES) {
      status = add_rotation(sector, move, &host->rotations[k]);
      continue;
    }
    while (vqe_phases_read(NULL, ansatz, gate, true) == 0) {
      gate++;
    }
    status = add_phases(sector, move, gate);
    gate += move->count;
  }
  return status;
}

/* A small sector takes its rotations from memory. */
static int upload_plans(struct device_sector *sector)
{
  struct vqe_rotate_plan *plans = NULL;
  int status =
      vqe_memory_alloc(&plans, sector->nmove, sizeof *plans, "rotations");
  for (size_t k = 0; status == VQE_OK && k < sector->nmove; k++) {
    plans[k] = sector->moves[k].plan;
  }
  if (status == VQE_OK) {
    status = vqe_device_sector_place(sector, &sector->plans, plans,
                                     sector->nmove, sizeof *plans);
  }
  free(plans);
  return status;
}

static void sector_free(void *backend)
{
  struct device_sector *sector = backend;
  if (sector == NULL) {
    return;
  }
  if (sector->host != NULL) {
    sector->host_ops->free(sector->host);
  }
  vqe_evaluator_clear(&sector->evaluator);
  vqe_launcher_free(sector->own);
  vqe_gpu_close(sector->device);
  free(sector->pairs);
  free(sector->moves);
  free(sector->pool_sums);
  free(sector);
}

/* ---- life ---- */

static uint64_t shared_of_small(const struct device_sector *sector)
{
  uint64_t planes = sector->host->ansatz->real ? 1 : 2;
  return VQE_SUM_SHARED +
         (2 * planes * sector->host->layout.size * sector->real_bytes + 7) / 8;
}

/* Everything that will be allocated, from the host's tables. */
static uint64_t sector_bytes(const struct device_sector *sector)
{
  const struct vqe_sector *host = sector->host;
  const struct vqe_ansatz *ansatz = host->ansatz;
  uint64_t size = host->layout.size;
  uint64_t planes = ansatz->real ? 1 : 2;
  uint64_t bytes = 2 * planes * size * sector->real_bytes;
  for (size_t k = 0; k < host->lists.count; k++) {
    bytes += host->lists.pairs[k].count * sizeof(struct vqe_device_pair);
  }
  bytes += ansatz->real ? 0 : size * sizeof(double);
  bytes += (host->alpha->count + host->beta->count) * 16;
  bytes += host->nrotation * sizeof(struct vqe_rotate_plan);
  bytes += sizeof(struct vqe_small_problem);
  bytes += vqe_evaluator_bytes(ansatz->ngate, ansatz->nparam, size);
  return bytes + vqe_device_product_bytes(ansatz->norb, ansatz->nalpha,
                                          ansatz->nbeta, host->alpha->nclass,
                                          size, sector->tuning.panel_bytes);
}

static int planes_alloc(struct device_sector *sector,
                        struct vqe_planes *planes)
{
  planes->count = sector->host->ansatz->real ? 1 : 2;
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < planes->count; k++) {
    status =
        vqe_gpu_alloc(sector->device, &planes->part[k],
                      sector->host->layout.size, sector->real_bytes, "state");
  }
  return status;
}

/* Rotations and what goes with them. */
static int compile(struct device_sector *sector)
{
  const struct vqe_sector *host = sector->host;
  int status = vqe_device_sector_pairs(sector);
  if (status == VQE_OK) {
    status = make_moves(sector);
  }
  if (status == VQE_OK) {
    status = upload_plans(sector);
  }
  if (status == VQE_OK) {
    status = vqe_evaluator_upload(&sector->evaluator, sector->device,
                                  host->ansatz->nparam, host->layout.size,
                                  host->hamiltonian->constant);
  }
  return status;
}

/* What evaluations in one block need, once all else is there. The launcher's
 * stream does not wait for ours: we do. */
static int upload_problem(struct device_sector *sector)
{
  const struct vqe_sector *host = sector->host;
  const struct vqe_evaluator *evaluator = &sector->evaluator;
  struct vqe_small_problem problem = {
      .plans = sector->plans,
      .nplan = sector->nmove,
      .row_at = sector->row_at,
      .column_at = sector->column_at,
      .param = evaluator->device_param,
      .scale = evaluator->device_scale,
      .factor = evaluator->device_factor,
      .sigma = sector->product.tables,
      .size = host->layout.size,
      .reference = host->reference,
      .nparam = evaluator->nparam,
      .planes = sector->psi.count,
      .constant = evaluator->constant,
  };
  if (!sector->small) {
    return VQE_OK;
  }
  vqe_gpu_release(sector->device, sector->problem);
  int status = vqe_device_sector_place(sector, &sector->problem, &problem, 1,
                                       sizeof problem);
  return status == VQE_OK ? vqe_gpu_wait(sector->device) : status;
}

/* Twin of sector_extend: the vectors and sigma stay, the lists of rotations
 * are made anew. */
static int sector_extend(void *backend)
{
  struct device_sector *sector = backend;
  int status = sector->host_ops->extend(sector->host);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < sector->nmove; k++) {
    vqe_gpu_release(sector->device, sector->moves[k].masks);
  }
  free(sector->moves);
  sector->moves = NULL;
  sector->nmove = 0;
  vqe_gpu_release(sector->device, sector->plans);
  vqe_evaluator_reset(&sector->evaluator);
  status = compile(sector);
  return status == VQE_OK ? upload_problem(sector) : status;
}

static int sector_init(struct device_sector *sector)
{
  const struct vqe_sector *host = sector->host;
  uint64_t size = host->layout.size;
  int status =
      vqe_evaluator_fits(sector->device, sector_bytes(sector), "sector", size);
  if (status == VQE_OK) {
    status = upload_places(sector);
  }
  if (status == VQE_OK) {
    status =
        vqe_device_sector_place(sector, &sector->row_bits, host->alpha->bits,
                                host->alpha->count, sizeof(uint32_t));
  }
  if (status == VQE_OK) {
    status =
        vqe_device_sector_place(sector, &sector->column_bits, host->beta->bits,
                                host->beta->count, sizeof(uint32_t));
  }
  if (status == VQE_OK) {
    status = vqe_device_product_init(
        &sector->product, sector->device, host->sigma, &host->layout,
        sector->tuning.direct_size, sector->tuning.panel_bytes);
  }
  if (status == VQE_OK) {
    status = compile(sector);
  }
  if (status == VQE_OK) {
    status = planes_alloc(sector, &sector->psi);
  }
  if (status == VQE_OK) {
    status = planes_alloc(sector, &sector->lambda);
  }
  if (status == VQE_OK && host->nphases > 0) {
    status = vqe_gpu_alloc(sector->device, &sector->weight, size,
                           sizeof(double), "weights of phases");
  }
  sector->small =
      host->nphases == 0 && sector->product.panel_size == 0 &&
      8 * shared_of_small(sector) <= vqe_gpu_shared_bytes(sector->device);
  if (status == VQE_OK && sector->small && sector->launcher == NULL) {
    status = vqe_launcher_create(&sector->own, sector->device);
    sector->launcher = sector->own;
  }
  return status == VQE_OK ? upload_problem(sector) : status;
}

/* ---- rotations ---- */

/* Twin of rotate_all; without lambda.count forwards. */
static int rotate_all(const struct device_sector *sector,
                      const struct move *move, struct vqe_planes lambda)
{
  const struct vqe_evaluator *evaluator = &sector->evaluator;
  struct vqe_rotate_args args = {
      .sweep = {sector->psi, lambda, evaluator->turn, evaluator->partial,
                evaluator->stride},
      .plan = move->plan,
      .row_at = sector->row_at,
      .column_at = sector->column_at,
  };
  return vqe_gpu_launch(sector->device, VQE_KERNEL_rotate, &args,
                        (unsigned)evaluator->stride, VQE_SUM_SHARED);
}

/* Twin of apply_phases. */
static int apply_phases(const struct device_sector *sector,
                        const struct move *move, struct vqe_planes lambda)
{
  const struct vqe_evaluator *evaluator = &sector->evaluator;
  uint64_t size = sector->product.size;
  struct vqe_phases_args args = {
      .psi = sector->psi,
      .lambda = lambda,
      .masks = move->masks,
      .angle = evaluator->angle + move->angle,
      .weight = sector->weight,
      .size = size,
      .count = move->count,
      .list = sector->product.tables.list,
      .row_bits = sector->row_bits,
      .column_bits = sector->column_bits,
  };
  struct vqe_phase_sums_args sums = {
      .masks = move->masks,
      .weight = sector->weight,
      .partial =
          evaluator->partial + (uint64_t)move->angle * evaluator->stride,
      .stride = evaluator->stride,
      .size = size,
      .list = sector->product.tables.list,
      .row_bits = sector->row_bits,
      .column_bits = sector->column_bits,
  };
  int status = vqe_gpu_launch(sector->device, VQE_KERNEL_phases, &args,
                              (unsigned)evaluator->stride, 0);
  if (status == VQE_OK && lambda.count > 0) {
    status = vqe_gpu_launch(sector->device, VQE_KERNEL_phase_sums, &sums,
                            (unsigned)move->count, VQE_SUM_SHARED);
  }
  return status;
}

static int apply_move(const struct device_sector *sector,
                      const struct move *move, struct vqe_planes lambda)
{
  return (move->phases ? apply_phases : rotate_all)(sector, move, lambda);
}

static int prepare(const struct device_sector *sector)
{
  const struct vqe_planes none = {{NULL, NULL}, 0};
  struct vqe_basis_args args = {
      .psi = sector->psi,
      .size = sector->product.size,
      .at = sector->host->reference,
  };
  int status = vqe_evaluator_turns(&sector->evaluator);
  if (status == VQE_OK) {
    status = vqe_gpu_launch(sector->device, VQE_KERNEL_basis, &args,
                            (unsigned)sector->evaluator.stride, 0);
  }
  for (size_t k = 0; status == VQE_OK && k < sector->nmove; k++) {
    status = apply_move(sector, &sector->moves[k], none);
  }
  return status;
}

/* lambda = H psi and the partial sums of the energy. */
static int enqueue_product(const struct device_sector *sector)
{
  struct vqe_dot_args dot = {
      .a = sector->psi,
      .b = sector->lambda,
      .size = sector->product.size,
      .partial = sector->evaluator.energy,
  };
  int status = prepare(sector);
  for (int k = 0; status == VQE_OK && k < sector->psi.count; k++) {
    status = vqe_device_product_apply(&sector->product, sector->lambda.part[k],
                                      sector->psi.part[k], sector->real_bytes);
  }
  if (status == VQE_OK) {
    status =
        vqe_gpu_launch(sector->device, VQE_KERNEL_dot, &dot,
                       (unsigned)sector->evaluator.stride, VQE_SUM_SHARED);
  }
  return status;
}

int vqe_device_sector_energy(void *ctx)
{
  const struct device_sector *sector = ctx;
  int status = enqueue_product(sector);
  if (status == VQE_OK) {
    status = vqe_evaluator_finish(&sector->evaluator, false);
  }
  return status;
}

static int enqueue_gradient(void *ctx)
{
  const struct device_sector *sector = ctx;
  int status = enqueue_product(sector);
  for (size_t k = sector->nmove; status == VQE_OK && k-- > 0;) {
    status = apply_move(sector, &sector->moves[k], sector->lambda);
  }
  if (status == VQE_OK) {
    status = vqe_evaluator_finish(&sector->evaluator, true);
  }
  return status;
}

/* ---- many evaluations of a small sector ---- */

/* `count` evaluations, one a block; answers as energy, then gradient. */
static int evaluate_small(struct device_sector *sector, double *answers,
                          const double *parameters, size_t count,
                          bool gradient)
{
  struct vqe_launch_request request = {
      .problem = sector->problem,
      .nparam = sector->evaluator.nparam,
      .gradient = gradient,
      .shared = shared_of_small(sector),
      .count = count,
      .parameters = parameters,
      .answers = answers,
  };
  return vqe_launcher_run(sector->launcher, sector->device, &request);
}

static int sector_evaluate(struct device_sector *sector, double *energy,
                           double *gradient, const double *parameters)
{
  struct vqe_evaluator *evaluator = &sector->evaluator;
  if (!sector->small ||
      sector->host->layout.size > sector->tuning.small_size) {
    return vqe_evaluator_run(evaluator, energy, gradient, parameters,
                             gradient != NULL ? enqueue_gradient
                                              : vqe_device_sector_energy,
                             sector);
  }
  int status = evaluate_small(sector, evaluator->answer, parameters, 1,
                              gradient != NULL);
  *energy = evaluator->answer[0];
  if (status == VQE_OK && gradient != NULL) {
    memcpy(gradient, evaluator->answer + 1,
           (size_t)evaluator->nparam * sizeof(double));
  }
  return status;
}

static int sector_energy(void *backend, double *energy,
                         const double *parameters)
{
  return sector_evaluate(backend, energy, NULL, parameters);
}

static int sector_gradient(void *backend, double *energy, double *gradient,
                           const double *parameters)
{
  return sector_evaluate(backend, energy, gradient, parameters);
}

static int sector_many(void *backend, double *energies, double *gradients,
                       const double *parameters, size_t count)
{
  struct device_sector *sector = backend;
  size_t nparam = (size_t)sector->evaluator.nparam;
  double *answers = NULL;
  int status = VQE_OK;
  if (!sector->small) {
    for (size_t k = 0; status == VQE_OK && k < count; k++) {
      status =
          sector_evaluate(sector, &energies[k],
                          gradients == NULL ? NULL : gradients + k * nparam,
                          parameters + k * nparam);
    }
    return status;
  }
  status = vqe_memory_alloc(&answers, count * (nparam + 1), sizeof *answers,
                            "energies and gradients");
  if (status == VQE_OK) {
    status =
        evaluate_small(sector, answers, parameters, count, gradients != NULL);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const double *answer = answers + k * (nparam + 1);
    energies[k] = answer[0];
    if (gradients != NULL) {
      memcpy(gradients + k * nparam, answer + 1, nparam * sizeof(double));
    }
  }
  free(answers);
  return status;
}

/* ---- what comes once a run ---- */

/* The CPU's twin prepares the state once more. */

static int sector_properties(void *backend, struct vqe_properties *out,
                             double *rdm1, const double *parameters)
{
  struct device_sector *sector = backend;
  return sector->host_ops->properties(sector->host, out, rdm1, parameters);
}

/* Place every determinant at its bits: alpha low, beta high. */
static void place_plane(const struct device_sector *sector, double *out,
                        const void *amplitudes)
{
  const struct vqe_sector *host = sector->host;
  const struct vqe_layout *layout = &host->layout;
  int norb = host->hamiltonian->norb;
  memset(out, 0, ((size_t)1 << (2 * norb)) * sizeof *out);
  for (int k = 0; k < sector->product.list.count; k++) {
    int ca = sector->product.list.row[k];
    int cb = sector->product.list.column[k];
    for (uint32_t s = host->alpha->class_start[ca];
         s < host->alpha->class_start[ca + 1]; s++) {
      size_t row = vqe_layout_row(layout, ca, cb, s);
      uint32_t base = host->beta->class_start[cb];
      for (uint32_t u = base; u < host->beta->class_start[cb + 1]; u++) {
        size_t to = (size_t)host->beta->bits[u] << norb | host->alpha->bits[s];
        size_t from = row + (u - base);
        out[to] = sector->real_bytes == sizeof(float)
                      ? (double)((const float *)amplitudes)[from]
                      : ((const double *)amplitudes)[from];
      }
    }
  }
}

static int sector_state(void *backend, double *re, double *im,
                        const double *parameters)
{
  struct device_sector *sector = backend;
  size_t size = sector->host->layout.size;
  double *planes[2] = {re, im};
  void *amplitudes = NULL;
  int status = vqe_memory_alloc(&amplitudes, size, sector->real_bytes,
                                "copy of the state");
  memset(im, 0, ((size_t)1 << sector->host->ansatz->nqubit) * sizeof *im);
  if (status == VQE_OK) {
    status = vqe_gpu_upload(sector->device, sector->evaluator.parameters,
                            parameters,
                            (size_t)sector->evaluator.nparam * sizeof(double));
  }
  if (status == VQE_OK) {
    status = prepare(sector);
  }
  for (int k = 0; status == VQE_OK && k < sector->psi.count; k++) {
    status = vqe_gpu_download(sector->device, amplitudes, sector->psi.part[k],
                              size * sector->real_bytes);
    if (status == VQE_OK) {
      place_plane(sector, planes[k], amplitudes);
    }
  }
  free(amplitudes);
  return status;
}

static const struct vqe_backend_ops sector_ops = {
    .name = "vqe_cuda_sector",
    .free = sector_free,
    .energy = sector_energy,
    .gradient = sector_gradient,
    .many = sector_many,
    .extend = sector_extend,
    .pool_gradient = vqe_device_sector_pool,
    .properties = sector_properties,
    .state = sector_state,
};

int vqe_device_sector_create(const struct vqe_backend_ops **ops, void **out,
                             const struct vqe_hamiltonian *hamiltonian,
                             const struct vqe_ansatz *ansatz, int threads,
                             struct vqe_gpu *device, bool single,
                             const struct vqe_device_tuning *tuning)
{
  struct device_sector *sector = NULL;
  void *host = NULL;
  int status = vqe_memory_alloc(&sector, 1, sizeof *sector, "estimator");
  if (status != VQE_OK) {
    vqe_gpu_close(device);
    return status;
  }
  sector->device = device;
  sector->tuning = *tuning;
  sector->launcher = tuning->launcher;
  sector->real_bytes = single ? sizeof(float) : sizeof(double);
  status = vqe_sector_create(&sector->host_ops, &host, hamiltonian, ansatz,
                             threads);
  sector->host = host;
  if (status == VQE_OK) {
    status = sector_init(sector);
  }
  if (status != VQE_OK) {
    sector_free(sector);
    return status;
  }
  *ops = &sector_ops;
  *out = sector;
  return VQE_OK;
}
