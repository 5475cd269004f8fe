/* The tables of a sector estimator on a device: lists of pairs, addresses,
 * rotations. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "device/device_memory.h"
#include "device/device_sector.h"

int vqe_device_sector_place(struct vqe_device_sector *sector, void *out,
                            const void *from, size_t count, size_t size)
{
  return vqe_device_place(sector->frame.device, out, from, count, size,
                          "excitation lists");
}

int vqe_device_sector_pairs(struct vqe_device_sector *sector)
{
  const struct vqe_givens_lists *lists =
      &vqe_device_sector_host(sector)->lists;
  int status =
      vqe_memory_grow(&sector->pairs, sector->npairs, lists->count,
                      sizeof(const struct vqe_gpu_pair *), "excitation lists");
  while (status == VQE_OK && sector->npairs < lists->count) {
    const struct vqe_string_pairs *pairs = &lists->pairs[sector->npairs];
    struct vqe_gpu_pair *packed = NULL;
    status = vqe_memory_alloc(&packed, pairs->count, sizeof *packed,
                              "excitation list");
    for (size_t k = 0; status == VQE_OK && k < pairs->count; k++) {
      const struct vqe_string_pair *pair = &pairs->items[k];
      packed[k].from = pair->from;
      packed[k].to = pair->to | (pair->sign < 0.0 ? VQE_DEVICE_SIGN : 0);
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

/* Addresses: each alpha class goes with one beta class in a sector. */
int vqe_device_sector_addresses(struct vqe_device_sector *sector)
{
  const struct vqe_sector *host = vqe_device_sector_host(sector);
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
                            const struct vqe_device_sector *sector,
                            const struct vqe_givens *rotation)
{
  const struct vqe_sector *host = vqe_device_sector_host(sector);
  const struct vqe_layout *layout = &host->layout;
  VQE_ASSERT(host->alpha->nclass <= VQE_GPU_CLASSES);
  const uint32_t *rows = host->alpha->class_start;
  const uint32_t *columns = host->beta->class_start;
  memset(plan, 0, sizeof *plan);
  plan->nclass = host->alpha->nclass;
  if (rotation->kind != VQE_GIVENS_BETA) {
    VQE_ASSERT(rotation->on_alpha < sector->npairs);
    plan->rows = sector->pairs[rotation->on_alpha];
    rows = host->lists.pairs[rotation->on_alpha].start;
  }
  if (rotation->kind != VQE_GIVENS_ALPHA) {
    VQE_ASSERT(rotation->on_beta < sector->npairs);
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

static int add_rotation(struct vqe_device_sector *sector,
                        struct vqe_device_move *move,
                        const struct vqe_givens *rotation)
{
  vqe_device_sector_plan(&move->plan, sector, rotation);
  return vqe_evaluator_add(&sector->frame.evaluator, &move->plan.angle,
                           rotation->param, rotation->scale,
                           2.0 * rotation->scale);
}

static int make_moves(struct vqe_device_sector *sector)
{
  const struct vqe_sector *host = vqe_device_sector_host(sector);
  size_t gate = 0; /* where the search for the next run of phases starts */
  int status = vqe_memory_alloc(&sector->moves, host->nrotation,
                                sizeof *sector->moves, "rotations");
  for (size_t k = 0; status == VQE_OK && k < host->nrotation; k++) {
    struct vqe_device_move *move = &sector->moves[sector->nmove++];
    const struct vqe_givens *rotation = &host->rotations[k];
    status = rotation->kind == VQE_GIVENS_PHASES
                 ? vqe_device_frame_add_phases(&sector->frame, &move->phases,
                                               &gate, true)
                 : add_rotation(sector, move, rotation);
  }
  return status;
}

/* A small sector takes its rotations from memory. */
static int upload_plans(struct vqe_device_sector *sector)
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

int vqe_device_sector_compile(struct vqe_device_sector *sector)
{
  int status = vqe_device_sector_pairs(sector);
  if (status == VQE_OK) {
    status = make_moves(sector);
  }
  if (status == VQE_OK) {
    status = upload_plans(sector);
  }
  if (status == VQE_OK) {
    status = vqe_device_frame_upload(
        &sector->frame, vqe_device_sector_host(sector)->layout.size,
        sector->frame.hamiltonian->constant);
  }
  return status;
}

void vqe_device_sector_forget_moves(struct vqe_device_sector *sector)
{
  struct vqe_gpu *device = sector->frame.device;
  for (size_t k = 0; k < sector->nmove; k++) {
    vqe_gpu_release(device, sector->moves[k].phases.masks);
  }
  free(sector->moves);
  sector->moves = NULL;
  sector->nmove = 0;
  vqe_gpu_release(device, sector->plans);
  vqe_evaluator_reset(&sector->frame.evaluator);
}
