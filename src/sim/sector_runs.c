/* Which stretches of a sector's rotations are runs of one-spin gates. */
#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/sector_tables.h"

/* Fewer gates than this are faster one by one. */
#define LEAST_GATES 16

/* Gates [first, last) make rotations [from, to): one run, when long enough. */
static int add_run(struct vqe_sector *sector, size_t first, size_t last,
                   size_t from, size_t to)
{
  const struct vqe_ansatz *ansatz = sector->ansatz;
  VQE_ASSERT(first <= last && last <= ansatz->ngate && from <= to);
  if (last - first < LEAST_GATES) {
    return VQE_OK;
  }
  int status = vqe_memory_grow(&sector->runs, sector->nrun, sector->nrun + 1,
                               sizeof *sector->runs, "orbital rotations");
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_sector_run *run = &sector->runs[sector->nrun++];
  run->first = from;
  run->last = to;
  for (size_t k = first; status == VQE_OK && k < last; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    long pairs = -1;
    if (vqe_gate_order(gate->kind) > 0) {
      const struct vqe_givens *rotation = &sector->rotations[from++];
      pairs = (long)(rotation->kind == VQE_GIVENS_ALPHA ? rotation->on_alpha
                                                        : rotation->on_beta);
    } else if (k == first || vqe_gate_order((gate - 1)->kind) > 0) {
      from++; /* a run of phases is one rotation */
    }
    status = vqe_spin_run_add(&run->spins, gate, pairs, ansatz->norb);
  }
  return status;
}

int vqe_sector_find_runs(struct vqe_sector *sector)
{
  const struct vqe_ansatz *ansatz = sector->ansatz;
  size_t first = 0;
  size_t from = 0;
  size_t rotation = 0;
  size_t count;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < ansatz->ngate; k += count) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    bool taken = true;
    count = vqe_phases_read(NULL, ansatz, k, true);
    count = count == 0 ? 1 : count;
    for (size_t j = k; j < k + count; j++) {
      taken = taken && vqe_spin_run_takes(&ansatz->gates[j], ansatz->norb);
    }
    if (!taken) {
      status = add_run(sector, first, k, from, rotation);
      first = k + count;
    }
    rotation += gate->kind != VQE_GATE_X;
    from = taken ? from : rotation;
  }
  if (status == VQE_OK) {
    status = add_run(sector, first, ansatz->ngate, from, rotation);
  }
  size_t most = 0;
  for (size_t k = 0; k < sector->nrun; k++) {
    for (int spin = 0; spin < 2; spin++) {
      size_t n = sector->runs[k].spins.ngate[spin];
      most = n > most ? n : most;
    }
  }
  if (status == VQE_OK && most > 0) {
    status =
        vqe_memory_alloc(&sector->tiles,
                         vqe_spin_run_scratch(&sector->layout, ansatz->real,
                                              most, sector->threads),
                         sizeof(double), "orbital rotations");
  }
  return status;
}

void vqe_sector_clear_runs(struct vqe_sector *sector)
{
  for (size_t k = 0; k < sector->nrun; k++) {
    vqe_spin_run_clear(&sector->runs[k].spins);
  }
  free(sector->runs);
  free(sector->tiles);
}
