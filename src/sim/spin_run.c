#include "sim/spin_run.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/parallel.h"
#include "sim/rotate.h"

/* Rows or columns of a tile: two vector registers. */
#define WIDTH 16
/* Pieces of a sweep: their number is fixed, so that sums do not depend on the
 * number of threads. */
#define CHUNKS 32
/* States smaller than this are swept by one thread. */
#define PARALLEL_SIZE 2048

bool vqe_spin_run_takes(const struct vqe_gate *gate, int norb)
{
  int spin = gate->q[0] / norb;
  switch (gate->kind) {
  case VQE_GATE_PHASE:
    return true;
  case VQE_GATE_CPHASE:
  case VQE_GATE_SINGLE:
    return gate->q[1] / norb == spin;
  case VQE_GATE_DOUBLE:
    return gate->q[2] / norb == spin;
  default:
    return false;
  }
}

int vqe_spin_run_add(struct vqe_spin_run *run, const struct vqe_gate *gate,
                     long pairs, int norb)
{
  int spin = gate->q[0] / norb;
  VQE_ASSERT(spin == 0 || spin == 1);
  VQE_ASSERT(vqe_spin_run_takes(gate, norb));
  size_t n = run->ngate[spin];
  if ((n & (n - 1)) == 0) { /* at powers of two */
    int status = vqe_memory_grow(&run->gates[spin], n, n == 0 ? 1 : 2 * n,
                                 sizeof *run->gates[spin], "orbital rotation");
    if (status != VQE_OK) {
      return status;
    }
  }
  struct vqe_spin_gate *out = &run->gates[spin][n];
  *out = (struct vqe_spin_gate){pairs, 0, gate->param, gate->scale};
  for (int k = 0; pairs < 0 && k < (gate->kind == VQE_GATE_CPHASE ? 2 : 1);
       k++) {
    out->mask |= UINT64_C(1) << gate->q[k] % norb;
  }
  run->ngate[spin] = n + 1;
  return VQE_OK;
}

void vqe_spin_run_clear(struct vqe_spin_run *run)
{
  free(run->gates[0]);
  free(run->gates[1]);
  memset(run, 0, sizeof *run);
}

/* Doubles of one tile: psi and lambda, both planes. */
static size_t tile_size(const struct vqe_layout *layout, bool real)
{
  size_t n = layout->alpha->count > layout->beta->count ? layout->alpha->count
                                                        : layout->beta->count;
  return n * WIDTH * (real ? 2 : 4);
}

size_t vqe_spin_run_scratch(const struct vqe_layout *layout, bool real,
                            size_t gates, int threads)
{
  return tile_size(layout, real) * (size_t)threads + (CHUNKS + 2) * gates;
}

/* The part of one block that a sweep over one spin takes at a time. */
struct tile {
  const struct vqe_strings *strings; /* that the gates act on */
  int c;                             /* their class */
  size_t n;                          /* strings in it */
  size_t planes;                     /* of psi, and of lambda */
  double *data[4];                   /* n x WIDTH: psi, then lambda */
};

/* Between the state and the tile of lines [begin, begin + count) that cross
 * the strings: columns for alpha, rows for beta, transposed. */
static void move(struct tile *tile, double *block, double *plane, size_t cols,
                 int spin, size_t begin, size_t count, bool load)
{
  if (spin == 0) {
    for (size_t k = 0; k < tile->n; k++) {
      double *out = plane + k * WIDTH;
      double *in = block + k * cols + begin;
      for (size_t w = 0; w < count; w++) {
        if (load) {
          out[w] = in[w];
        } else {
          in[w] = out[w];
        }
      }
    }
    return;
  }
  for (size_t w = 0; w < count; w++) {
    double *in = block + (begin + w) * cols;
    for (size_t k = 0; k < tile->n; k++) {
      if (load) {
        plane[k * WIDTH + w] = in[k];
      } else {
        in[k] = plane[k * WIDTH + w];
      }
    }
  }
}

static void rotate(const struct tile *tile,
                   const struct vqe_string_pairs *pairs, double c, double s)
{
  uint32_t base = tile->strings->class_start[tile->c];
  for (uint32_t k = pairs->start[tile->c]; k < pairs->start[tile->c + 1];
       k++) {
    const struct vqe_string_pair *pair = &pairs->items[k];
    size_t x = (size_t)(pair->from - base) * WIDTH;
    size_t y = (size_t)(pair->to - base) * WIDTH;
    for (size_t p = 0; p < tile->planes; p++) {
      vqe_rotate(tile->data[p] + x, tile->data[p] + y, WIDTH, c,
                 s * pair->sign);
    }
  }
}

static double rotate_back(const struct tile *tile,
                          const struct vqe_string_pairs *pairs, double c,
                          double s)
{
  uint32_t base = tile->strings->class_start[tile->c];
  double sum = 0.0;
  for (uint32_t k = pairs->start[tile->c]; k < pairs->start[tile->c + 1];
       k++) {
    const struct vqe_string_pair *pair = &pairs->items[k];
    size_t x = (size_t)(pair->from - base) * WIDTH;
    size_t y = (size_t)(pair->to - base) * WIDTH;
    for (size_t p = 0; p < tile->planes; p++) {
      double *psi = tile->data[p];
      double *lambda = tile->data[tile->planes + p];
      sum +=
          pair->sign * vqe_rotate_back(psi + x, psi + y, lambda + x,
                                       lambda + y, WIDTH, c, s * pair->sign);
    }
  }
  return sum;
}

static inline void turn(double *restrict re, double *restrict im, double c,
                        double s)
{
  for (size_t w = 0; w < WIDTH; w++) {
    double old = re[w];
    re[w] = c * old - s * im[w];
    im[w] = c * im[w] + s * old;
  }
}

/* exp(i angle) where the mask is occupied; with `back` undone, on lambda too,
 * and Re <lambda|i n|psi> returned. */
static double turn_phase(const struct tile *tile, uint64_t mask, double c,
                         double s, bool back)
{
  const uint64_t *bits =
      tile->strings->bits + tile->strings->class_start[tile->c];
  double sum = 0.0;
  for (size_t k = 0; k < tile->n; k++) {
    if ((bits[k] & mask) != mask) {
      continue;
    }
    double *re = tile->data[0] + k * WIDTH;
    double *im = tile->data[1] + k * WIDTH;
    if (!back) {
      turn(re, im, c, s);
      continue;
    }
    double *lr = tile->data[2] + k * WIDTH;
    double *li = tile->data[3] + k * WIDTH;
    for (size_t w = 0; w < WIDTH; w++) {
      sum += li[w] * re[w] - lr[w] * im[w];
    }
    turn(re, im, c, -s);
    turn(lr, li, c, -s);
  }
  return sum;
}

static void sweep_tile(const struct tile *tile,
                       const struct vqe_spin_gate *gates, size_t ngate,
                       const struct vqe_string_pairs *pairs,
                       const double *turns, double *sums)
{
  for (size_t step = 0; step < ngate; step++) {
    size_t k = sums == NULL ? step : ngate - 1 - step;
    const struct vqe_spin_gate *gate = &gates[k];
    double c = turns[2 * k];
    double s = turns[2 * k + 1];
    if (gate->pairs < 0) {
      double sum = turn_phase(tile, gate->mask, c, s, sums != NULL);
      if (sums != NULL) {
        sums[k] += sum;
      }
    } else if (sums == NULL) {
      rotate(tile, &pairs[gate->pairs], c, s);
    } else {
      sums[k] += rotate_back(tile, &pairs[gate->pairs], c, s);
    }
  }
}

/* All gates of one spin on one block, a few tiles at a time. */
struct tile_loop {
  const struct vqe_spin_run *run;
  const struct vqe_layout *layout;
  const struct vqe_string_pairs *pairs;
  int spin, ca, cb;
  double *scratch; /* tiles of all threads */
  const double *turns;
  double *partial; /* NULL: forwards */
  double *planes[4];
  size_t nplane, used; /* of psi; with lambda */
  size_t lines;
  long tiles, chunks;
  struct vqe_stop *stop;
};

static void tile_chunk(const void *ctx, long chunk)
{
  const struct tile_loop *loop = ctx;
  const struct vqe_layout *layout = loop->layout;
  size_t rows = vqe_layout_rows(layout, loop->ca);
  size_t cols = vqe_layout_cols(layout, loop->cb);
  size_t ngate = loop->run->ngate[loop->spin];
  struct tile tile = {.strings =
                          loop->spin == 0 ? layout->alpha : layout->beta,
                      .c = loop->spin == 0 ? loop->ca : loop->cb,
                      .n = loop->spin == 0 ? rows : cols,
                      .planes = loop->nplane};
  double *mine = loop->scratch + tile_size(layout, loop->nplane == 1) *
                                     (size_t)omp_get_thread_num();
  for (size_t p = 0; p < loop->used; p++) {
    tile.data[p] = mine + p * tile.n * WIDTH;
  }
  for (long k = loop->tiles * chunk / loop->chunks;
       k < loop->tiles * (chunk + 1) / loop->chunks; k++) {
    size_t begin = (size_t)k * WIDTH;
    size_t left = loop->lines - begin;
    size_t count = left < WIDTH ? left : WIDTH;
    if (vqe_stop_asked(loop->stop, tile.n * WIDTH * ngate / 4)) {
      return;
    }
    if (count < WIDTH) { /* what is not loaded must not count */
      memset(mine, 0, loop->used * tile.n * WIDTH * sizeof *mine);
    }
    for (size_t p = 0; p < loop->used; p++) {
      move(&tile, loop->planes[p], tile.data[p], cols, loop->spin, begin,
           count, true);
    }
    sweep_tile(
        &tile, loop->run->gates[loop->spin], ngate, loop->pairs, loop->turns,
        loop->partial == NULL ? NULL : loop->partial + (size_t)chunk * ngate);
    for (size_t p = 0; p < loop->used; p++) {
      move(&tile, loop->planes[p], tile.data[p], cols, loop->spin, begin,
           count, false);
    }
  }
}

static void sweep_block(struct tile_loop *loop, int threads,
                        struct vqe_vector psi, const struct vqe_vector *lambda)
{
  const struct vqe_layout *layout = loop->layout;
  size_t rows = vqe_layout_rows(layout, loop->ca);
  size_t cols = vqe_layout_cols(layout, loop->cb);
  bool real = psi.im == NULL;
  bool large = rows * cols >= PARALLEL_SIZE;
  size_t at = layout->offset[loop->ca][loop->cb];
  loop->lines = loop->spin == 0 ? cols : rows;
  loop->tiles = (long)((loop->lines + WIDTH - 1) / WIDTH);
  loop->chunks = !large ? 1 : loop->tiles < CHUNKS ? loop->tiles : CHUNKS;
  loop->nplane = real ? 1 : 2;
  loop->used = lambda == NULL ? loop->nplane : 2 * loop->nplane;
  loop->planes[0] = psi.re + at;
  if (!real) {
    loop->planes[1] = psi.im + at;
  }
  if (lambda != NULL) {
    loop->planes[loop->nplane] = lambda->re + at;
    loop->planes[2 * loop->nplane - 1] = (real ? lambda->re : lambda->im) + at;
  }
  vqe_parallel_for(loop->chunks, large ? threads : 1, tile_chunk, loop);
}

void vqe_spin_run_sweep(const struct vqe_spin_run *run,
                        const struct vqe_layout *layout,
                        const struct vqe_string_pairs *pairs, double *scratch,
                        int threads, struct vqe_vector psi,
                        const struct vqe_vector *lambda,
                        const double *parameters, double *gradient,
                        struct vqe_stop *stop)
{
  double *turns =
      scratch + tile_size(layout, psi.im == NULL) * (size_t)threads;
  for (int spin = 0; spin < 2; spin++) {
    size_t ngate = run->ngate[spin];
    double *partial = turns + 2 * ngate;
    for (size_t k = 0; k < ngate; k++) {
      const struct vqe_spin_gate *gate = &run->gates[spin][k];
      double angle = gate->scale * parameters[gate->param];
      turns[2 * k] = cos(angle);
      turns[2 * k + 1] = sin(angle);
    }
    if (lambda != NULL) {
      memset(partial, 0, CHUNKS * ngate * sizeof *partial);
    }
    for (int ca = 0; ca < layout->alpha->nclass; ca++) {
      for (int cb = 0; cb < layout->beta->nclass; cb++) {
        if (vqe_layout_has(layout, ca, cb)) {
          struct tile_loop loop = {.run = run,
                                   .layout = layout,
                                   .pairs = pairs,
                                   .spin = spin,
                                   .ca = ca,
                                   .cb = cb,
                                   .scratch = scratch,
                                   .turns = turns,
                                   .stop = stop,
                                   .partial = lambda == NULL ? NULL : partial};
          sweep_block(&loop, threads, psi, lambda);
        }
      }
    }
    for (size_t k = 0; lambda != NULL && k < ngate; k++) {
      const struct vqe_spin_gate *gate = &run->gates[spin][k];
      double sum = 0.0;
      for (size_t chunk = 0; chunk < CHUNKS; chunk++) {
        sum += partial[chunk * ngate + k];
      }
      gradient[gate->param] += 2.0 * gate->scale * sum;
    }
  }
}
