/* The sector estimator: the CI vector of fixed electron numbers. */
#include <math.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/backend.h"
#include "sim/sector_tables.h"

static void sector_free(void *backend)
{
  struct vqe_sector *sector = backend;
  if (sector == NULL) {
    return;
  }
  vqe_givens_lists_clear(&sector->lists);
  free(sector->rotations);
  free(sector->pool_rotations);
  vqe_sigma_free(sector->sigma);
  vqe_strings_clear_both(sector->strings);
  for (size_t k = 0; k < sector->nphases; k++) {
    vqe_phases_free(sector->phases[k]);
  }
  free(sector->phases);
  vqe_sector_clear_runs(sector);
  vqe_bundle_free(sector->bundle);
  free(sector->scratch);
  vqe_density_free(sector->density);
  vqe_vector_clear(&sector->psi);
  vqe_vector_clear(&sector->lambda);
  free(sector->partial);
  free(sector);
}

void vqe_sector_size(uint64_t *amplitudes, uint64_t *bytes,
                     const struct vqe_hamiltonian *hamiltonian,
                     const struct vqe_ansatz *ansatz, int threads)
{
  int nirrep = vqe_sector_irreps(hamiltonian, ansatz);
  uint64_t na = vqe_strings_count(ansatz->norb, ansatz->nalpha);
  uint64_t nb = vqe_strings_count(ansatz->norb, ansatz->nbeta);
  bool fits;
  *amplitudes = vqe_strings_determinants(&fits, ansatz->norb, ansatz->nalpha,
                                         ansatz->nbeta);
  *bytes = UINT64_MAX;
  if (!fits) {
    return;
  }
  uint64_t size =
      vqe_layout_size(ansatz->norb, ansatz->nalpha, ansatz->nbeta, nirrep,
                      hamiltonian->irrep, VQE_LAYOUT_REFERENCE);
  *amplitudes = size;
  *bytes = (ansatz->real ? 16 : 32) * size +
           vqe_strings_bytes(ansatz->norb, ansatz->nalpha) +
           vqe_strings_bytes(ansatz->norb, ansatz->nbeta) +
           vqe_sigma_bytes(ansatz->norb, ansatz->nalpha, ansatz->nbeta, nirrep,
                           threads) +
           ansatz->ngate * (sizeof(struct vqe_givens) + (na + nb) * 4);
  *bytes += vqe_bundle_bytes(na);
  /* tiles of one-spin runs */
  *bytes +=
      (ansatz->real ? 256 : 512) * (na > nb ? na : nb) * (uint64_t)threads;
  if (!ansatz->real) {
    *bytes += vqe_phases_scratch(nb) * sizeof(double);
  }
}

/* Seconds of rotating one pair of amplitudes, which a large vector fetches
 * from beyond the second-level cache, and of a gate by itself. A gradient
 * sweeps two vectors back. */
#define PAIR_SECONDS 3.5e-9
#define GATE_SECONDS 2e-7

void vqe_sector_seconds(double *energy, double *gradient,
                        const struct vqe_hamiltonian *hamiltonian,
                        const struct vqe_ansatz *ansatz, double gates)
{
  int nirrep = vqe_sector_irreps(hamiltonian, ansatz);
  int norb = ansatz->norb;
  double size = (double)vqe_strings_count(norb, ansatz->nalpha) *
                (double)vqe_strings_count(norb, ansatz->nbeta) / nirrep;
  double sigma =
      vqe_sigma_seconds(norb, ansatz->nalpha, ansatz->nbeta, nirrep);
  /* determinants that an alpha-beta double excites: most gates are these */
  double all = fmax(1.0, (double)norb * (norb - 1.0));
  double taken = ansatz->nalpha * (double)(norb - ansatz->nalpha) / all *
                 ansatz->nbeta * (norb - ansatz->nbeta) / all;
  double sweep = gates * (size * taken * PAIR_SECONDS + GATE_SECONDS);
  double planes = ansatz->real ? 1.0 : 2.0;
  *energy = planes * (sigma + sweep);
  *gradient = planes * (sigma + 3.0 * sweep);
}

static int sector_init(struct vqe_sector *sector)
{
  const struct vqe_hamiltonian *hamiltonian = sector->hamiltonian;
  const struct vqe_ansatz *ansatz = sector->ansatz;
  int nirrep = vqe_sector_irreps(hamiltonian, ansatz);
  for (int p = 0; p < hamiltonian->norb; p++) {
    sector->irrep[p] = nirrep == 1 ? 0 : hamiltonian->irrep[p];
  }
  int status = vqe_strings_init_both(
      sector->strings, &sector->alpha, &sector->beta, ansatz->norb,
      ansatz->nalpha, ansatz->nbeta, nirrep, sector->irrep);
  if (status != VQE_OK) {
    return status;
  }
  uint32_t s = vqe_strings_lowest(sector->alpha);
  uint32_t u = vqe_strings_lowest(sector->beta);
  int total =
      vqe_strings_class(sector->alpha, s) ^ vqe_strings_class(sector->beta, u);
  vqe_layout_init(&sector->layout, sector->alpha, sector->beta, total);
  sector->reference = vqe_layout_address(&sector->layout, s, u);
  VQE_ASSERT(sector->reference < sector->layout.size);
  status = vqe_sigma_create(&sector->sigma, hamiltonian, sector->alpha,
                            sector->beta, sector->threads);
  if (status == VQE_OK) {
    status = vqe_vector_alloc(&sector->psi, sector->layout.size, ansatz->real,
                              "state");
  }
  if (status == VQE_OK) {
    status = vqe_vector_alloc(&sector->lambda, sector->layout.size,
                              ansatz->real, "state");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&sector->partial, (size_t)8 * VQE_GIVENS_CHUNKS,
                              sizeof(double), "partial sums");
  }
  int planes = ansatz->real ? 1 : 2;
  if (status == VQE_OK && vqe_bundle_pays(&sector->layout, planes)) {
    status = vqe_bundle_create(&sector->bundle, &sector->layout,
                               &sector->lists, planes, sector->threads);
  }
  if (status == VQE_OK) {
    status = vqe_sector_compile(sector);
  }
  return status == VQE_OK ? vqe_sector_find_runs(sector) : status;
}

static int sector_refresh(void *backend)
{
  struct vqe_sector *sector = backend;
  struct vqe_sigma *sigma = NULL;
  int status = vqe_sigma_create(&sigma, sector->hamiltonian, sector->alpha,
                                sector->beta, sector->threads);
  if (status == VQE_OK) {
    vqe_sigma_free(sector->sigma);
    sector->sigma = sigma;
    vqe_sigma_watch(sigma, sector->stop);
  }
  return status;
}

static void sector_watch(void *backend, struct vqe_stop *stop)
{
  struct vqe_sector *sector = backend;
  sector->stop = sector->layout.size < VQE_STOP_SIZE ? NULL : stop;
  vqe_sigma_watch(sector->sigma, sector->stop);
}

static const struct vqe_backend_ops sector_ops = {
    .name = "vqe_cpu_sector",
    .free = sector_free,
    .energy = vqe_sector_energy,
    .gradient = vqe_sector_gradient,
    .extend = vqe_sector_extend,
    .pool_gradient = vqe_sector_pool_gradient,
    .properties = vqe_sector_properties,
    .densities = vqe_sector_densities,
    .blocks = vqe_sector_blocks,
    .refresh = sector_refresh,
    .watch = sector_watch,
    .state = vqe_sector_state,
};

int vqe_sector_create(const struct vqe_backend_ops **ops, void **out,
                      const struct vqe_hamiltonian *hamiltonian,
                      const struct vqe_ansatz *ansatz, int threads)
{
  struct vqe_sector *sector = NULL;
  int status = vqe_memory_alloc(&sector, 1, sizeof *sector, "estimator");
  if (status != VQE_OK) {
    return status;
  }
  sector->hamiltonian = hamiltonian;
  sector->ansatz = ansatz;
  sector->threads = threads;
  status = sector_init(sector);
  if (status != VQE_OK) {
    sector_free(sector);
    return status;
  }
  *ops = &sector_ops;
  *out = sector;
  return VQE_OK;
}
