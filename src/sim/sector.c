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
#include "sim/rotate.h"
#include "sim/sector_tables.h"

/* Vectors shorter than this are swept by one thread. */
#define PARALLEL_SIZE 16384
/* Pieces of a longer sweep: their number is fixed, so that sums do not depend
 * on the number of threads. */
#define CHUNKS 32

int vqe_sector_irreps(const struct vqe_hamiltonian *hamiltonian,
                      const struct vqe_ansatz *ansatz)
{
  const uint8_t *irrep = hamiltonian->irrep;
  int norb = hamiltonian->norb;
  for (size_t k = 0; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    int product = 0;
    for (int i = 0; i < 2 * vqe_gate_order(gate->kind); i++) {
      product ^= irrep[gate->q[i] % norb];
    }
    if (product != 0) {
      return 1;
    }
  }
  return hamiltonian->nirrep;
}

/* ---- tables ---- */

static int find_pairs(size_t *out, struct sector *sector,
                      const struct pair_key *key)
{
  for (size_t k = 0; k < sector->npairs; k++) {
    if (memcmp(&sector->keys[k], key, sizeof *key) == 0) {
      *out = k;
      return VQE_OK;
    }
  }
  size_t n = sector->npairs;
  if (n == sector->pairs_capacity) {
    size_t capacity = 2 * n + 64;
    int status = vqe_memory_grow(&sector->keys, n, capacity,
                                 sizeof *sector->keys, "excitation keys");
    if (status == VQE_OK) {
      status = vqe_memory_grow(&sector->pairs, n, capacity,
                               sizeof *sector->pairs, "excitation lists");
    }
    if (status != VQE_OK) {
      return status;
    }
    sector->pairs_capacity = capacity;
  }
  int status = vqe_string_pairs_init(
      &sector->pairs[n], key->spin == 0 ? sector->alpha : sector->beta, key->i,
      key->a, key->j, key->b);
  if (status != VQE_OK) {
    vqe_string_pairs_clear(&sector->pairs[n]);
    return status;
  }
  for (size_t k = 0; key->signless && k < sector->pairs[n].count; k++) {
    sector->pairs[n].items[k].sign = 1.0;
  }
  sector->keys[n] = *key;
  sector->npairs = n + 1;
  *out = n;
  return VQE_OK;
}

static int make_rotation(struct rotation *rotation, struct sector *sector,
                         const struct vqe_gate *gate)
{
  int norb = sector->hamiltonian->norb;
  int i = gate->q[0] % norb;
  int a = gate->q[1] % norb;
  int spin = gate->q[0] / norb;
  /* the lists of both spins are the same when the string sets are */
  int beta_set = sector->beta == sector->alpha ? 0 : 1;
  int signless = vqe_gate_signless(gate->kind);
  bool single = vqe_gate_order(gate->kind) == 1;
  int status;
  if (gate->q[1] / norb != spin) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "an excitation flips a spin: it has no sector");
  }
  rotation->param = gate->param;
  rotation->scale = gate->scale;
  rotation->g = sector->irrep[i] ^ sector->irrep[a];
  if (single || gate->q[2] / norb == spin) {
    struct pair_key key = {spin == 0 ? 0 : beta_set, i, a, -1, -1, signless};
    if (!single) {
      key.j = gate->q[2] % norb;
      key.b = gate->q[3] % norb;
    }
    rotation->g = 0;
    rotation->kind = spin == 0 ? ROTATE_ALPHA : ROTATE_BETA;
    status = find_pairs(spin == 0 ? &rotation->on_alpha : &rotation->on_beta,
                        sector, &key);
  } else {
    struct pair_key first = {0, i, a, -1, -1, signless};
    struct pair_key second = {
        beta_set, gate->q[2] % norb, gate->q[3] % norb, -1, -1, signless};
    if (spin != 0) {
      first.i = second.i;
      first.a = second.a;
      second.i = i;
      second.a = a;
      rotation->g = sector->irrep[first.i] ^ sector->irrep[first.a];
    }
    rotation->kind = ROTATE_MIXED;
    status = find_pairs(&rotation->on_alpha, sector, &first);
    if (status == VQE_OK) {
      status = find_pairs(&rotation->on_beta, sector, &second);
    }
  }
  return status;
}

static bool is_phase(const struct vqe_gate *gate)
{
  return gate->kind == VQE_GATE_PHASE || gate->kind == VQE_GATE_CPHASE;
}

/* The run of diagonal gates from `first` on; *count of them. */
static int add_phases(struct sector *sector, size_t *count, size_t first)
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
    struct rotation *rotation = &sector->rotations[sector->nrotation++];
    rotation->kind = ROTATE_PHASES;
    rotation->phases = sector->nphases++;
    *count = n;
  }
  return status;
}

/* Compile the gates of the ansatz that are not yet. */
static int compile(struct sector *sector)
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
static int check_symmetry(const struct sector *sector,
                          const struct vqe_ansatz *ansatz, size_t first)
{
  int norb = sector->hamiltonian->norb;
  for (size_t k = first; k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    int product = 0;
    for (int i = 0; i < 2 * vqe_gate_order(gate->kind); i++) {
      product ^= sector->irrep[gate->q[i] % norb];
    }
    if (product != 0) {
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
  struct sector *sector = backend;
  int status = check_symmetry(sector, sector->ansatz, sector->ngate);
  return status == VQE_OK ? compile(sector) : status;
}

int vqe_sector_compile_pool(struct sector *sector,
                            const struct vqe_ansatz *pool)
{
  struct rotation *rotations = NULL;
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
  struct sector *sector = backend;
  if (sector == NULL) {
    return;
  }
  for (size_t k = 0; k < sector->npairs; k++) {
    vqe_string_pairs_clear(&sector->pairs[k]);
  }
  free(sector->keys);
  free(sector->pairs);
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
           ansatz->ngate * (sizeof(struct rotation) + (na + nb) * 4);
  /* tiles of one-spin runs */
  *bytes +=
      (ansatz->real ? 256 : 512) * (na > nb ? na : nb) * (uint64_t)threads;
  if (!ansatz->real) {
    *bytes += vqe_phases_scratch(nb) * sizeof(double);
  }
}

static int sector_init(struct sector *sector)
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
    status = vqe_memory_alloc(&sector->partial, 8 * CHUNKS, sizeof(double),
                              "partial sums");
  }
  if (status == VQE_OK) {
    status = compile(sector);
  }
  return status == VQE_OK ? vqe_sector_find_runs(sector) : status;
}

/* ---- rotations ----
 *
 * exp(t (tau - tau^+)) turns the plane of each pair (from, to):
 *   x' = cos t x - sign sin t y,   y' = cos t y + sign sin t x.
 * With lambda = H psi swept along, d<H>/dt = 2 sum sign (lambda_y psi_x -
 * lambda_x psi_y), the same before and after the rotation. */

/* Part [begin, end) of the pairs (or rows, for beta) of one rotation within
 * block (ca, cb). `lambda` NULL: forward only. */
static double rotate_part(const struct sector *sector,
                          const struct rotation *rotation, int ca, int cb,
                          long begin, long end, double *psi, double *lambda,
                          double c, double s)
{
  const struct vqe_layout *layout = &sector->layout;
  double sum = 0.0;
  if (rotation->kind == ROTATE_ALPHA) {
    const struct vqe_string_pairs *pairs = &sector->pairs[rotation->on_alpha];
    size_t cols = vqe_layout_cols(layout, cb);
    for (long k = begin; k < end; k++) {
      const struct vqe_string_pair *pair = &pairs->items[k];
      size_t x = vqe_layout_row(layout, ca, cb, pair->from);
      size_t y = vqe_layout_row(layout, ca, cb, pair->to);
      if (lambda == NULL) {
        vqe_rotate(psi + x, psi + y, cols, c, s * pair->sign);
      } else {
        sum +=
            pair->sign * vqe_rotate_back(psi + x, psi + y, lambda + x,
                                         lambda + y, cols, c, s * pair->sign);
      }
    }
    return sum;
  }
  const struct vqe_string_pairs *betas = &sector->pairs[rotation->on_beta];
  const struct vqe_string_pair *first = betas->items + betas->start[cb];
  const struct vqe_string_pair *last = betas->items + betas->start[cb + 1];
  size_t cols = vqe_layout_cols(layout, cb);
  uint32_t x0 = sector->beta->class_start[cb];
  uint32_t y0 = sector->beta->class_start[cb ^ rotation->g];
  for (long k = begin; k < end; k++) {
    size_t x = layout->offset[ca][cb];
    size_t y;
    double row_sign = 1.0;
    if (rotation->kind == ROTATE_MIXED) {
      const struct vqe_string_pair *pair =
          &sector->pairs[rotation->on_alpha].items[k];
      x = vqe_layout_row(layout, ca, cb, pair->from);
      y = vqe_layout_row(layout, ca ^ rotation->g, cb ^ rotation->g, pair->to);
      row_sign = pair->sign;
    } else {
      x += (size_t)k * cols;
      y = x;
    }
    double *px = psi + x;
    double *py = psi + y;
    if (lambda == NULL) {
      for (const struct vqe_string_pair *pair = first; pair < last; pair++) {
        double turn = s * row_sign * pair->sign;
        double a = px[pair->from - x0];
        double b = py[pair->to - y0];
        px[pair->from - x0] = c * a - turn * b;
        py[pair->to - y0] = c * b + turn * a;
      }
      continue;
    }
    double *lx = lambda + x;
    double *ly = lambda + y;
    for (const struct vqe_string_pair *pair = first; pair < last; pair++) {
      double sign = row_sign * pair->sign;
      double turn = s * sign;
      size_t from = pair->from - x0;
      size_t to = pair->to - y0;
      double a = px[from];
      double b = py[to];
      double la = lx[from];
      double lb = ly[to];
      sum += sign * (lb * a - la * b);
      px[from] = c * a + turn * b;
      py[to] = c * b - turn * a;
      lx[from] = c * la + turn * lb;
      ly[to] = c * lb - turn * la;
    }
  }
  return sum;
}

/* One rotation of one block, in CHUNKS parts. */
struct rotate_loop {
  const struct sector *sector;
  const struct rotation *rotation;
  int ca, cb;
  long begin, length;
  double *psi, *lambda;
  double c, s;
};

static void rotate_chunk(const void *ctx, long k)
{
  const struct rotate_loop *loop = ctx;
  loop->sector->partial[8 * k] =
      rotate_part(loop->sector, loop->rotation, loop->ca, loop->cb,
                  loop->begin + loop->length * k / CHUNKS,
                  loop->begin + loop->length * (k + 1) / CHUNKS, loop->psi,
                  loop->lambda, loop->c, loop->s);
}

/* One rotation over all blocks; returns the sum for the gradient. */
static double rotate_all(const struct sector *sector,
                         const struct rotation *rotation, double angle,
                         double *psi, double *lambda)
{
  const struct vqe_layout *layout = &sector->layout;
  double c = cos(angle);
  double s = sin(angle);
  double sum = 0.0;
  for (int ca = 0; ca < sector->alpha->nclass; ca++) {
    for (int cb = 0; cb < sector->beta->nclass; cb++) {
      if (!vqe_layout_has(layout, ca, cb)) {
        continue;
      }
      long begin = 0;
      long end = (long)vqe_layout_rows(layout, ca);
      if (rotation->kind != ROTATE_BETA) {
        const struct vqe_string_pairs *pairs =
            &sector->pairs[rotation->on_alpha];
        begin = (long)pairs->start[ca];
        end = (long)pairs->start[ca + 1];
      }
      if (layout->size < PARALLEL_SIZE) {
        sum += rotate_part(sector, rotation, ca, cb, begin, end, psi, lambda,
                           c, s);
        continue;
      }
      const struct rotate_loop loop = {.sector = sector,
                                       .rotation = rotation,
                                       .ca = ca,
                                       .cb = cb,
                                       .begin = begin,
                                       .length = end - begin,
                                       .psi = psi,
                                       .lambda = lambda,
                                       .c = c,
                                       .s = s};
      vqe_parallel_for(CHUNKS, sector->threads, rotate_chunk, &loop);
      for (long k = 0; k < CHUNKS; k++) {
        sum += sector->partial[8 * k];
      }
    }
  }
  return sum;
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
static void apply_phases(const struct sector *sector,
                         const struct rotation *rotation,
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

void vqe_sector_prepare(struct sector *sector, const double *parameters)
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
    const struct rotation *rotation = &sector->rotations[k];
    if (run < sector->nrun && sector->runs[run].first == k) {
      vqe_spin_run_sweep(&sector->runs[run].spins, &sector->layout,
                         sector->pairs, sector->tiles, sector->threads, psi,
                         NULL, parameters, NULL);
      k = sector->runs[run++].last - 1;
      continue;
    }
    if (rotation->kind == ROTATE_PHASES) {
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
  struct sector *sector = backend;
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
  struct sector *sector = backend;
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
    const struct rotation *rotation = &sector->pool_rotations[k];
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
  struct sector *sector = backend;
  struct vqe_vector psi = sector->psi;
  struct vqe_vector lambda = sector->lambda;
  int status = sector_energy(backend, energy, parameters);
  for (int k = 0; k < sector->ansatz->nparam; k++) {
    gradient[k] = 0.0;
  }
  size_t run = sector->nrun;
  for (size_t k = sector->nrotation; k-- > 0;) {
    const struct rotation *rotation = &sector->rotations[k];
    if (run > 0 && sector->runs[run - 1].last == k + 1) {
      vqe_spin_run_sweep(&sector->runs[--run].spins, &sector->layout,
                         sector->pairs, sector->tiles, sector->threads, psi,
                         &lambda, parameters, gradient);
      k = sector->runs[run].first;
      continue;
    }
    if (rotation->kind == ROTATE_PHASES) {
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
  struct sector *sector = backend;
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
  struct sector *sector = NULL;
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
