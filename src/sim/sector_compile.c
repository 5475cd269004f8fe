/* The gates of an ansatz or a pool as rotations of a sector vector. */
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "sim/backend.h"
#include "sim/sector_tables.h"

int vqe_sector_irreps(const struct vqe_hamiltonian *hamiltonian,
                      const struct vqe_ansatz *ansatz)
{
  for (size_t k = 0; k < ansatz->ngate; k++) {
    if (vqe_givens_irrep(&ansatz->gates[k], hamiltonian->irrep,
                         hamiltonian->norb) != 0) {
      return 1;
    }
  }
  return hamiltonian->nirrep;
}

static int make_rotation(struct vqe_givens *rotation,
                         struct vqe_sector *sector,
                         const struct vqe_gate *gate)
{
  struct vqe_givens_key on_alpha;
  struct vqe_givens_key on_beta;
  int status = vqe_givens_read(rotation, &on_alpha, &on_beta, gate,
                               sector->irrep, sector->hamiltonian->norb);
  if (status == VQE_OK && rotation->kind != VQE_GIVENS_BETA) {
    status = vqe_givens_lists_find(&rotation->on_alpha, &sector->lists,
                                   sector->alpha, &on_alpha);
  }
  if (status == VQE_OK && rotation->kind != VQE_GIVENS_ALPHA) {
    /* the lists of both spins are the same when the string sets are */
    on_beta.set = sector->beta == sector->alpha ? 0 : 1;
    status = vqe_givens_lists_find(&rotation->on_beta, &sector->lists,
                                   sector->beta, &on_beta);
  }
  return status;
}

static bool is_phase(const struct vqe_gate *gate)
{
  return gate->kind == VQE_GATE_PHASE || gate->kind == VQE_GATE_CPHASE;
}

/* The run of diagonal gates from `first` on; *count of them. */
static int add_phases(struct vqe_sector *sector, size_t *count, size_t first)
{
  const struct vqe_ansatz *ansatz = sector->ansatz;
  struct vqe_phase_term *terms = NULL;
  size_t n = vqe_phases_read(NULL, ansatz, first, true);
  long columns = (long)sector->beta->count;
  int status = VQE_OK;
  if (sector->scratch == NULL) {
    status = vqe_memory_alloc(&sector->scratch,
                              vqe_phases_scratch(sector->beta->count),
                              sizeof(double), "phases");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&terms, n, sizeof *terms, "phase gates");
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_grow(&sector->phases, sector->nphases, sector->nphases + 1,
                        sizeof(struct vqe_phases *), "phase gates");
  }
  if (status == VQE_OK) {
    (void)vqe_phases_read(terms, ansatz, first, true);
    status =
        vqe_phases_create(&sector->phases[sector->nphases], ansatz->norb,
                          terms, n, sector->scratch, columns, sector->threads);
  }
  free(terms);
  if (status == VQE_OK) {
    struct vqe_givens *rotation = &sector->rotations[sector->nrotation++];
    rotation->kind = VQE_GIVENS_PHASES;
    rotation->phases = sector->nphases++;
    *count = n;
  }
  return status;
}

/* Compile the gates of the ansatz that are not yet. */
int vqe_sector_compile(struct vqe_sector *sector)
{
  const struct vqe_ansatz *ansatz = sector->ansatz;
  size_t before = sector->nrotation;
  size_t count;
  int status = vqe_memory_grow(&sector->rotations, before,
                               before + ansatz->ngate - sector->ngate,
                               sizeof *sector->rotations, "rotations");
  for (size_t k = sector->ngate; status == VQE_OK && k < ansatz->ngate;
       k += count) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    count = 1;
    if (vqe_gate_order(gate->kind) > 0) {
      status =
          make_rotation(&sector->rotations[sector->nrotation++], sector, gate);
    } else if (is_phase(gate) && !ansatz->real) {
      status = add_phases(sector, &count, k);
    } else if (gate->kind != VQE_GATE_X) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "%s has gates that a sector cannot hold",
                             ansatz->name);
    }
  }
  if (status == VQE_OK) {
    sector->ngate = ansatz->ngate;
  } else {
    sector->nrotation = before;
  }
  return status;
}

/* Refuse excitations that leave the symmetry of the sector. */
static int check_symmetry(const struct vqe_sector *sector,
                          const struct vqe_ansatz *ansatz, size_t first)
{
  for (size_t k = first; k < ansatz->ngate; k++) {
    if (vqe_givens_irrep(&ansatz->gates[k], sector->irrep,
                         sector->hamiltonian->norb) != 0) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "gate %zu of %s leaves the symmetry of the sector; "
                           "screen the excitations by irreps",
                           k, ansatz->name);
    }
  }
  return VQE_OK;
}

int vqe_sector_extend(void *backend)
{
  struct vqe_sector *sector = backend;
  int status = check_symmetry(sector, sector->ansatz, sector->ngate);
  return status == VQE_OK ? vqe_sector_compile(sector) : status;
}

int vqe_sector_compile_pool(struct vqe_sector *sector,
                            const struct vqe_ansatz *pool)
{
  struct vqe_givens *rotations = NULL;
  if (sector->pool == pool) {
    return VQE_OK;
  }
  int status = check_symmetry(sector, pool, 0);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&rotations, pool->ngate, sizeof *rotations,
                              "rotations of the pool");
  }
  for (size_t k = 0; status == VQE_OK && k < pool->ngate; k++) {
    status = make_rotation(&rotations[k], sector, &pool->gates[k]);
  }
  if (status != VQE_OK) {
    free(rotations);
    return status;
  }
  free(sector->pool_rotations);
  sector->pool_rotations = rotations;
  sector->pool = pool;
  return VQE_OK;
}
