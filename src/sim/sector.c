/* The sector estimator: excitations as in-place rotations of the CI vector,
 * phases in one pass a run, sigma for the energy, one backward sweep for the
 * gradient. Rotations and H are real and act on both planes alike. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "sim/backend.h"
#include "sim/parallel.h"
#include "sim/sector_tables.h"

/* Vectors shorter than this are swept by one thread. */
#define PARALLEL_SIZE 16384

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

/* ---- tables ---- */

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
static int compile(struct vqe_sector *sector)
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

static int sector_extend(void *backend)
{
  struct vqe_sector *sector = backend;
  int status = check_symmetry(sector, sector->ansatz, sector->ngate);
  return status == VQE_OK ? compile(sector) : status;
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

static void vector_clear(struct vqe_vector *vector)
{
  free(vector->re);
  free(vector->im);
}

static int vector_alloc(struct vqe_vector *vector, size_t size, bool real)
{
  int status = vqe_memory_alloc(&vector->re, size, sizeof(double), "state");
  if (status == VQE_OK && !real) {
    status = vqe_memory_alloc(&vector->im, size, sizeof(double), "state");
  }
  return status;
}

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
  vqe_strings_clear(&sector->alpha_strings);
  vqe_strings_clear(&sector->beta_strings);
  for (size_t k = 0; k < sector->nphases; k++) {
    vqe_phases_free(sector->phases[k]);
  }
  free(sector->phases);
  vqe_sector_clear_runs(sector);
  free(sector->scratch);
  vqe_density_free(sector->density);
  vector_clear(&sector->psi);
  vector_clear(&sector->lambda);
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
  /* classes are near equal; the strings' sizes bound the rounding */
  uint64_t size = na * nb / (uint64_t)nirrep + na + nb;
  if (nirrep == 1) {
    size = na * nb;
  }
  *amplitudes = size;
  *bytes = (ansatz->real ? 16 : 32) * size +
           vqe_strings_bytes(ansatz->norb, ansatz->nalpha) +
           vqe_strings_bytes(ansatz->norb, ansatz->nbeta) +
           vqe_sigma_bytes(ansatz->norb, ansatz->nalpha, ansatz->nbeta, nirrep,
                           threads) +
           ansatz->ngate * (sizeof(struct vqe_givens) + (na + nb) * 4);
  /* tiles of one-spin runs */
  *bytes +=
      (ansatz->real ? 256 : 512) * (na > nb ? na : nb) * (uint64_t)threads;
  if (!ansatz->real) {
    *bytes += vqe_phases_scratch(nb) * sizeof(double);
  }
}

static int sector_init(struct vqe_sector *sector)
{
  const struct vqe_hamiltonian *hamiltonian = sector->hamiltonian;
  const struct vqe_ansatz *ansatz = sector->ansatz;
  int nirrep = vqe_sector_irreps(hamiltonian, ansatz);
  for (int p = 0; p < hamiltonian->norb; p++) {
    sector->irrep[p] = nirrep == 1 ? 0 : hamiltonian->irrep[p];
  }
  sector->alpha = &sector->alpha_strings;
  sector->beta = &sector->alpha_strings;
  int status = vqe_strings_init(&sector->alpha_strings, ansatz->norb,
                                ansatz->nalpha, nirrep, sector->irrep);
  if (status == VQE_OK && ansatz->nalpha != ansatz->nbeta) {
    sector->beta = &sector->beta_strings;
    status = vqe_strings_init(&sector->beta_strings, ansatz->norb,
                              ansatz->nbeta, nirrep, sector->irrep);
  }
  if (status != VQE_OK) {
    return status;
  }
  uint32_t s = vqe_strings_position(
      sector->alpha, (uint32_t)((UINT64_C(1) << ansatz->nalpha) - 1));
  uint32_t u = vqe_strings_position(
      sector->beta, (uint32_t)((UINT64_C(1) << ansatz->nbeta) - 1));
  int total =
      vqe_strings_class(sector->alpha, s) ^ vqe_strings_class(sector->beta, u);
  vqe_layout_init(&sector->layout, sector->alpha, sector->beta, total);
  sector->reference = vqe_layout_address(&sector->layout, s, u);
  status = vqe_sigma_create(&sector->sigma, hamiltonian, sector->alpha,
                            sector->beta, sector->threads);
  if (status == VQE_OK) {
    status = vector_alloc(&sector->psi, sector->layout.size, ansatz->real);
  }
  if (status == VQE_OK) {
    status = vector_alloc(&sector->lambda, sector->layout.size, ansatz->real);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&sector->partial, 8 * VQE_GIVENS_CHUNKS,
                              sizeof(double), "partial sums");
  }
  if (status == VQE_OK) {
    status = compile(sector);
  }
  return status == VQE_OK ? vqe_sector_find_runs(sector) : status;
}

/* ---- sweeps ---- */

static struct vqe_givens_rows rows_of(const struct vqe_sector *sector, int ca,
                                      int cb)
{
  return (struct vqe_givens_rows){
      .string = sector->alpha->class_start[ca],
      .address = sector->layout.offset[ca][cb],
      .cols = vqe_layout_cols(&sector->layout, cb),
      .column = sector->beta->class_start[cb],
  };
}

/* One rotation of block (ca, cb). */
static void rotate_block(struct vqe_givens_sweep *sweep,
                         const struct vqe_sector *sector,
                         const struct vqe_givens *rotation, int ca, int cb)
{
  struct vqe_givens_block block = {
      .kind = rotation->kind,
      .from = rows_of(sector, ca, cb),
      .to = rows_of(sector, ca ^ rotation->g, cb ^ rotation->g),
  };
  long begin = 0;
  long end = (long)vqe_layout_rows(&sector->layout, ca);
  if (rotation->kind != VQE_GIVENS_BETA) {
    const struct vqe_string_pairs *pairs =
        &sector->lists.pairs[rotation->on_alpha];
    block.rows = pairs->items;
    begin = (long)pairs->start[ca];
    end = (long)pairs->start[ca + 1];
  }
  if (rotation->kind != VQE_GIVENS_ALPHA) {
    const struct vqe_string_pairs *pairs =
        &sector->lists.pairs[rotation->on_beta];
    block.first = pairs->items + pairs->start[cb];
    block.last = pairs->items + pairs->start[cb + 1];
  }
  vqe_givens_apply(sweep, &block, begin, end,
                   sector->layout.size < PARALLEL_SIZE ? 1
                                                       : VQE_GIVENS_CHUNKS);
}

/* One rotation over all blocks; returns the sum for the gradient. */
static double rotate_all(const struct vqe_sector *sector,
                         const struct vqe_givens *rotation, double angle,
                         double *psi, double *lambda)
{
  struct vqe_givens_sweep sweep = {
      .psi = psi,
      .lambda = lambda,
      .c = cos(angle),
      .s = sin(angle),
      .threads = sector->threads,
      .partial = sector->partial,
  };
  for (int ca = 0; ca < sector->alpha->nclass; ca++) {
    for (int cb = 0; cb < sector->beta->nclass; cb++) {
      if (vqe_layout_has(&sector->layout, ca, cb)) {
        rotate_block(&sweep, sector, rotation, ca, cb);
      }
    }
  }
  return sweep.sum;
}

static double dot(const double *a, const double *b, size_t n)
{
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) {
    sum += a[k] * b[k];
  }
  return sum;
}

/* One run of phases over all blocks. */
static void apply_phases(const struct vqe_sector *sector,
                         const struct vqe_givens *rotation,
                         const double *parameters, struct vqe_vector psi,
                         const struct vqe_vector *lambda, double *gradient)
{
  const struct vqe_layout *layout = &sector->layout;
  for (int ca = 0; ca < sector->alpha->nclass; ca++) {
    for (int cb = 0; cb < sector->beta->nclass; cb++) {
      if (!vqe_layout_has(layout, ca, cb)) {
        continue;
      }
      size_t at = layout->offset[ca][cb];
      struct vqe_phase_block block = {
          .nrow = (long)vqe_layout_rows(layout, ca),
          .ncol = (long)vqe_layout_cols(layout, cb),
          .row_bits = sector->alpha->bits + sector->alpha->class_start[ca],
          .column_bits = sector->beta->bits + sector->beta->class_start[cb],
          .psi = {psi.re + at, psi.im + at},
      };
      if (lambda != NULL) {
        block.lambda = (struct vqe_vector){lambda->re + at, lambda->im + at};
      }
      vqe_phases_apply(sector->phases[rotation->phases], &block, parameters,
                       gradient);
    }
  }
}

void vqe_sector_prepare(struct vqe_sector *sector, const double *parameters)
{
  struct vqe_vector psi = sector->psi;
  size_t size = sector->layout.size;
  int threads = size < PARALLEL_SIZE ? 1 : sector->threads;
  vqe_parallel_clear(psi.re, size, threads);
  if (psi.im != NULL) {
    vqe_parallel_clear(psi.im, size, threads);
  }
  psi.re[sector->reference] = 1.0;
  size_t run = 0;
  for (size_t k = 0; k < sector->nrotation; k++) {
    const struct vqe_givens *rotation = &sector->rotations[k];
    if (run < sector->nrun && sector->runs[run].first == k) {
      vqe_spin_run_sweep(&sector->runs[run].spins, &sector->layout,
                         sector->lists.pairs, sector->tiles, sector->threads,
                         psi, NULL, parameters, NULL);
      k = sector->runs[run++].last - 1;
      continue;
    }
    if (rotation->kind == VQE_GIVENS_PHASES) {
      apply_phases(sector, rotation, parameters, psi, NULL, NULL);
      continue;
    }
    double angle = rotation->scale * parameters[rotation->param];
    (void)rotate_all(sector, rotation, angle, psi.re, NULL);
    if (psi.im != NULL) {
      (void)rotate_all(sector, rotation, angle, psi.im, NULL);
    }
  }
}

static int sector_energy(void *backend, double *energy,
                         const double *parameters)
{
  struct vqe_sector *sector = backend;
  const struct vqe_layout *layout = &sector->layout;
  struct vqe_vector psi = sector->psi;
  struct vqe_vector lambda = sector->lambda;
  vqe_sector_prepare(sector, parameters);
  vqe_sigma_apply(sector->sigma, layout, lambda.re, psi.re);
  *energy =
      sector->hamiltonian->constant + dot(psi.re, lambda.re, layout->size);
  if (psi.im != NULL) {
    vqe_sigma_apply(sector->sigma, layout, lambda.im, psi.im);
    *energy += dot(psi.im, lambda.im, layout->size);
  }
  return VQE_OK;
}

static int sector_pool_gradient(void *backend, double *out,
                                const double *parameters,
                                const struct vqe_ansatz *pool)
{
  struct vqe_sector *sector = backend;
  struct vqe_vector psi = sector->psi;
  struct vqe_vector lambda = sector->lambda;
  double energy;
  int status = vqe_sector_compile_pool(sector, pool);
  if (status == VQE_OK) {
    status = sector_energy(backend, &energy, parameters);
  }
  for (int k = 0; k < pool->nparam; k++) {
    out[k] = 0.0;
  }
  for (size_t k = 0; status == VQE_OK && k < pool->ngate; k++) {
    const struct vqe_givens *rotation = &sector->pool_rotations[k];
    /* by no angle: what the backward sweep would see at a last gate */
    double sum = rotate_all(sector, rotation, 0.0, psi.re, lambda.re);
    if (psi.im != NULL) {
      sum += rotate_all(sector, rotation, 0.0, psi.im, lambda.im);
    }
    out[rotation->param] += 2.0 * rotation->scale * sum;
  }
  return status;
}

static int sector_gradient(void *backend, double *energy, double *gradient,
                           const double *parameters)
{
  struct vqe_sector *sector = backend;
  struct vqe_vector psi = sector->psi;
  struct vqe_vector lambda = sector->lambda;
  int status = sector_energy(backend, energy, parameters);
  for (int k = 0; k < sector->ansatz->nparam; k++) {
    gradient[k] = 0.0;
  }
  size_t run = sector->nrun;
  for (size_t k = sector->nrotation; k-- > 0;) {
    const struct vqe_givens *rotation = &sector->rotations[k];
    if (run > 0 && sector->runs[run - 1].last == k + 1) {
      vqe_spin_run_sweep(&sector->runs[--run].spins, &sector->layout,
                         sector->lists.pairs, sector->tiles, sector->threads,
                         psi, &lambda, parameters, gradient);
      k = sector->runs[run].first;
      continue;
    }
    if (rotation->kind == VQE_GIVENS_PHASES) {
      apply_phases(sector, rotation, parameters, psi, &lambda, gradient);
      continue;
    }
    double angle = rotation->scale * parameters[rotation->param];
    double sum = rotate_all(sector, rotation, angle, psi.re, lambda.re);
    if (psi.im != NULL) {
      sum += rotate_all(sector, rotation, angle, psi.im, lambda.im);
    }
    gradient[rotation->param] += 2.0 * rotation->scale * sum;
  }
  return status;
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
  }
  return status;
}

static const struct vqe_backend_ops sector_ops = {
    .name = "vqe_cpu_sector",
    .free = sector_free,
    .energy = sector_energy,
    .gradient = sector_gradient,
    .extend = sector_extend,
    .pool_gradient = sector_pool_gradient,
    .properties = vqe_sector_properties,
    .densities = vqe_sector_densities,
    .refresh = sector_refresh,
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
