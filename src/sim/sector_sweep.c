/* Sweeps over a sector vector: excitations as Givens rotations in place,
 * phases in one pass a run, sigma for the energy, one backward sweep for the
 * gradient. Rotations and H are real and act on both planes alike. */
#include <math.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/parallel.h"
#include "sim/sector_tables.h"

/* Vectors shorter than this are swept by one thread. */
#define PARALLEL_SIZE 16384

/* One rotation of block (ca, cb). */
static void rotate_block(struct vqe_givens_sweep *sweep,
                         const struct vqe_sector *sector,
                         const struct vqe_givens *rotation, int ca, int cb)
{
  VQE_ASSERT(ca >= 0 && ca < sector->alpha->nclass);
  VQE_ASSERT(cb >= 0 && cb < sector->beta->nclass);
  struct vqe_givens_block block =
      vqe_givens_block_of(&sector->layout, &sector->lists, rotation, ca, cb);
  long begin = 0;
  long end = (long)vqe_layout_rows(&sector->layout, ca);
  if (rotation->kind != VQE_GIVENS_BETA) {
    const struct vqe_string_pairs *pairs =
        &sector->lists.pairs[rotation->on_alpha];
    begin = (long)pairs->start[ca];
    end = (long)pairs->start[ca + 1];
  }
  if (begin == end ||
      (rotation->kind != VQE_GIVENS_ALPHA && block.first == block.last)) {
    return; /* nothing of this block takes part */
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

/* Apply the stretch of rotations that begins at `rotations`, or (lambda set)
 * ends before rotations[n]: by their angles, or by none where there are no
 * parameters; derivatives are added to gradient. Returns their number, 0 when
 * the next rotation is to be applied by itself. */
static size_t apply_stretch(const struct vqe_sector *sector,
                            const struct vqe_givens *rotations, size_t n,
                            const double *parameters,
                            const struct vqe_vector *lambda, double *gradient)
{
  double angles[VQE_BUNDLE_GATES] = {0.0};
  double sums[VQE_BUNDLE_GATES] = {0.0};
  size_t count =
      vqe_bundle_length(sector->bundle, rotations, n, lambda != NULL);
  const struct vqe_givens *first =
      lambda == NULL ? rotations : rotations + n - count;
  if (count == 0) {
    return 0;
  }
  for (size_t k = 0; parameters != NULL && k < count; k++) {
    angles[k] = first[k].scale * parameters[first[k].param];
  }
  vqe_bundle_sweep(sector->bundle, first, count, angles, sector->psi, lambda,
                   sums, sector->stop);
  for (size_t k = 0; lambda != NULL && k < count; k++) {
    gradient[first[k].param] += 2.0 * first[k].scale * sums[k];
  }
  return count;
}

void vqe_sector_prepare(struct vqe_sector *sector, const double *parameters)
{
  struct vqe_vector psi = sector->psi;
  size_t size = sector->layout.size;
  vqe_stop_reset(sector->stop);
  int threads = size < PARALLEL_SIZE ? 1 : sector->threads;
  vqe_parallel_clear(psi.re, size, threads);
  if (psi.im != NULL) {
    vqe_parallel_clear(psi.im, size, threads);
  }
  psi.re[sector->reference] = 1.0;
  size_t run = 0;
  for (size_t k = 0;
       k < sector->nrotation && !vqe_stop_asked(sector->stop, size); k++) {
    const struct vqe_givens *rotation = &sector->rotations[k];
    if (run < sector->nrun && sector->runs[run].first == k) {
      vqe_spin_run_sweep(&sector->runs[run].spins, &sector->layout,
                         sector->lists.pairs, sector->tiles, sector->threads,
                         psi, NULL, parameters, NULL, sector->stop);
      k = sector->runs[run++].last - 1;
      continue;
    }
    if (rotation->kind == VQE_GIVENS_PHASES) {
      apply_phases(sector, rotation, parameters, psi, NULL, NULL);
      continue;
    }
    size_t until =
        run < sector->nrun ? sector->runs[run].first : sector->nrotation;
    size_t count =
        apply_stretch(sector, rotation, until - k, parameters, NULL, NULL);
    if (count > 0) {
      k += count - 1;
      continue;
    }
    double angle = rotation->scale * parameters[rotation->param];
    (void)rotate_all(sector, rotation, angle, psi.re, NULL);
    if (psi.im != NULL) {
      (void)rotate_all(sector, rotation, angle, psi.im, NULL);
    }
  }
}

int vqe_sector_energy(void *backend, double *energy, const double *parameters)
{
  struct vqe_sector *sector = backend;
  const struct vqe_layout *layout = &sector->layout;
  struct vqe_vector psi = sector->psi;
  struct vqe_vector lambda = sector->lambda;
  vqe_sector_prepare(sector, parameters);
  vqe_sigma_apply(sector->sigma, layout, lambda.re, psi.re);
  *energy = sector->hamiltonian->constant +
            vqe_vector_dot(psi.re, lambda.re, layout->size);
  if (psi.im != NULL) {
    vqe_sigma_apply(sector->sigma, layout, lambda.im, psi.im);
    *energy += vqe_vector_dot(psi.im, lambda.im, layout->size);
  }
  return vqe_stop_status(sector->stop);
}

int vqe_sector_pool_gradient(void *backend, double *out,
                             const double *parameters,
                             const struct vqe_ansatz *pool)
{
  struct vqe_sector *sector = backend;
  struct vqe_vector psi = sector->psi;
  struct vqe_vector lambda = sector->lambda;
  double energy;
  int status = vqe_sector_compile_pool(sector, pool);
  if (status == VQE_OK) {
    status = vqe_sector_energy(backend, &energy, parameters);
  }
  for (int k = 0; k < pool->nparam; k++) {
    out[k] = 0.0;
  }
  /* by no angle: what the backward sweep would see at a last gate */
  for (size_t left = pool->ngate; status == VQE_OK && left > 0;) {
    const struct vqe_givens *rotation = &sector->pool_rotations[left - 1];
    if (vqe_stop_asked(sector->stop, sector->layout.size)) {
      return vqe_stop_status(sector->stop);
    }
    size_t count = apply_stretch(sector, sector->pool_rotations, left, NULL,
                                 &lambda, out);
    if (count == 0) {
      double sum = rotate_all(sector, rotation, 0.0, psi.re, lambda.re);
      if (psi.im != NULL) {
        sum += rotate_all(sector, rotation, 0.0, psi.im, lambda.im);
      }
      out[rotation->param] += 2.0 * rotation->scale * sum;
      count = 1;
    }
    left -= count;
  }
  return status;
}

int vqe_sector_gradient(void *backend, double *energy, double *gradient,
                        const double *parameters)
{
  struct vqe_sector *sector = backend;
  struct vqe_vector psi = sector->psi;
  struct vqe_vector lambda = sector->lambda;
  int status = vqe_sector_energy(backend, energy, parameters);
  for (int k = 0; k < sector->ansatz->nparam; k++) {
    gradient[k] = 0.0;
  }
  size_t run = sector->nrun;
  for (size_t k = status == VQE_OK ? sector->nrotation : 0; k-- > 0;) {
    if (vqe_stop_asked(sector->stop, 2 * sector->layout.size)) {
      return vqe_stop_status(sector->stop);
    }
    const struct vqe_givens *rotation = &sector->rotations[k];
    if (run > 0 && sector->runs[run - 1].last == k + 1) {
      vqe_spin_run_sweep(&sector->runs[--run].spins, &sector->layout,
                         sector->lists.pairs, sector->tiles, sector->threads,
                         psi, &lambda, parameters, gradient, sector->stop);
      k = sector->runs[run].first;
      continue;
    }
    if (rotation->kind == VQE_GIVENS_PHASES) {
      apply_phases(sector, rotation, parameters, psi, &lambda, gradient);
      continue;
    }
    size_t from = run > 0 ? sector->runs[run - 1].last : 0;
    size_t count = apply_stretch(sector, sector->rotations + from,
                                 k + 1 - from, parameters, &lambda, gradient);
    if (count > 0) {
      k -= count - 1;
      continue;
    }
    double angle = rotation->scale * parameters[rotation->param];
    double sum = rotate_all(sector, rotation, angle, psi.re, lambda.re);
    if (psi.im != NULL) {
      sum += rotate_all(sector, rotation, angle, psi.im, lambda.im);
    }
    gradient[rotation->param] += 2.0 * rotation->scale * sum;
  }
  return status == VQE_OK ? vqe_stop_status(sector->stop) : status;
}
