#include "sim/annihilation.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/blas_room.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/parallel.h"
#include "sim/product.h"
#include "sim/sigma_tables.h"

/* Strings K that are worked on together: their number is fixed, so that sums
 * do not depend on the number of threads. */
#define BATCH 16
/* Doubles of one panel: two and the integrals stay within the second-level
 * cache. */
#define PANEL 49152

/* Seconds of a multiplication in a product of matrices, and of an element
 * that is gathered or scattered, on a processor of 2023. */
#define FLOP_SECONDS 4e-11
#define MOVE_SECONDS 1e-9

/* a+_p on the strings of one electron fewer. */
struct creation {
  struct vqe_strings strings;
  uint32_t *to; /* norb x count: place of the result within its class; 0 where
                   p is occupied */
  double *sign; /* the same; 0 where p is occupied */
};

/* A row of the result: a+_p on string `string` of the batch. */
struct target {
  uint32_t row; /* within its class */
  uint8_t class, string, p;
};

/* Strings K of one class, and the rows that they lead to, in order. */
struct batch {
  uint32_t first, count;
  size_t target_start, row_start; /* rows: runs of targets of one row */
};

struct vqe_annihilation {
  int norb, nirrep, threads;
  uint8_t irrep[VQE_STRING_ORBITALS];
  struct creation own[2];
  const struct creation *alpha, *beta; /* one where the numbers agree */
  /* ordered pairs (p, r) of symmetry g, by p: those of p are
   * pair_start[g][p] .. pair_start[g][p + 1] */
  int pair_start[VQE_MAX_IRREPS][VQE_STRING_ORBITALS + 1];
  uint8_t *second[VQE_MAX_IRREPS]; /* r of each pair */
  double *w[VQE_MAX_IRREPS];       /* (pr|qs): pairs x pairs */
  size_t most_pairs;
  struct batch *batches;
  size_t nbatch;
  uint32_t class_batch[VQE_MAX_IRREPS + 1];
  struct target *targets;
  size_t *rows; /* first target of each row, and the end */
  size_t nrow;
  double *products; /* BATCH panels */
  size_t *place;    /* BATCH x (norb + 1): first pair of p in the panel */
  double *scratch;  /* of each thread: a panel and a block of integrals */
  size_t panel, own_scratch;
};

/* ---- cost ---- */

/* Pairs (p, r) of one symmetry of which p is empty in K, about. */
static double open_pairs(int norb, int nelec, int nirrep)
{
  return (double)(norb - nelec + 1) * norb / nirrep;
}

void vqe_annihilation_cost(double *here, double *over_pairs, int norb,
                           int nalpha, int nbeta, int nirrep)
{
  double npair = 0.5 * norb * (norb + 1) / nirrep;
  double size = (double)vqe_strings_count(norb, nalpha) *
                (double)vqe_strings_count(norb, nbeta);
  bool all = nalpha == VQE_ALL_NUMBERS;
  double electrons[2] = {all ? 0.5 * norb : nalpha, all ? 0.5 * norb : nbeta};
  double links = electrons[0] * (norb - electrons[0] + 1) +
                 electrons[1] * (norb - electrons[1] + 1);
  *here = INFINITY;
  /* every determinant of an irrep once with each symmetry of a pair; the
   * whole space holds all irreps */
  size *= all ? nirrep : 1;
  *over_pairs =
      size * (npair * npair * FLOP_SECONDS + links / nirrep * MOVE_SECONDS);
  if (nalpha < 1 || nbeta < 1) { /* also VQE_ALL_NUMBERS */
    return;
  }
  double open = open_pairs(norb, nalpha, nirrep);
  double smaller = (double)vqe_strings_count(norb, nalpha - 1) *
                   (double)vqe_strings_count(norb, nbeta - 1);
  *here = smaller * (open * open * FLOP_SECONDS + 2.0 * open * MOVE_SECONDS);
}

uint64_t vqe_annihilation_bytes(int norb, int nalpha, int nbeta, int nirrep,
                                int threads)
{
  uint64_t n = (uint64_t)norb;
  uint64_t pairs = n * n / (uint64_t)nirrep + n;
  uint64_t panel = pairs > PANEL ? pairs : PANEL;
  uint64_t bytes = (uint64_t)nirrep * pairs * (pairs * 8 + 1) +
                   BATCH * (panel * 8 + (n + 1) * 8) +
                   (uint64_t)threads * (panel + pairs * pairs) * 8;
  for (int spin = 0; spin < 2; spin++) {
    int nelec = (spin == 0 ? nalpha : nbeta) - 1;
    bytes += vqe_strings_count(norb, nelec) *
             (n * (12 + (spin == 0 ? sizeof(struct target) + 8 : 0)) + 16);
  }
  return bytes;
}

/* ---- tables ---- */

static int make_creation(struct creation *out, const struct vqe_strings *whole,
                         int nirrep, const uint8_t *irrep)
{
  int norb = whole->norb;
  int status =
      vqe_strings_init(&out->strings, norb, whole->nelec - 1, nirrep, irrep);
  size_t count = out->strings.count;
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->to, count * (size_t)norb, sizeof *out->to,
                              "creation operators");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->sign, count * (size_t)norb,
                              sizeof *out->sign, "creation operators");
  }
  for (size_t p = 0; status == VQE_OK && p < (size_t)norb; p++) {
    for (size_t k = 0; k < count; k++) {
      uint64_t bits = out->strings.bits[k];
      uint64_t bit = UINT64_C(1) << p;
      if ((bits & bit) != 0) {
        continue;
      }
      uint32_t to = vqe_strings_position(whole, bits | bit);
      int class = vqe_strings_class(whole, to);
      out->to[p * count + k] = to - whole->class_start[class];
      bool odd = (__builtin_popcountll(bits & (bit - 1)) & 1) != 0;
      out->sign[p * count + k] = odd ? -1.0 : 1.0;
    }
  }
  return status;
}

static void clear_creation(struct creation *creation)
{
  vqe_strings_clear(&creation->strings);
  free(creation->to);
  free(creation->sign);
}

static int make_integrals(struct vqe_annihilation *out,
                          const struct vqe_hamiltonian *hamiltonian)
{
  for (int g = 0; g < out->nirrep; g++) {
    int *start = out->pair_start[g];
    int status = vqe_memory_alloc(&out->second[g],
                                  (size_t)out->norb * (size_t)out->norb,
                                  sizeof *out->second[g], "orbital pairs");
    if (status != VQE_OK) {
      return status;
    }
    for (int p = 0; p < out->norb; p++) {
      start[p + 1] = start[p];
      for (int r = 0; r < out->norb; r++) {
        if ((out->irrep[p] ^ out->irrep[r]) == g) {
          out->second[g][start[p + 1]++] = (uint8_t)r;
        }
      }
    }
    size_t n = (size_t)start[out->norb];
    out->most_pairs = n > out->most_pairs ? n : out->most_pairs;
    status =
        vqe_memory_alloc(&out->w[g], n * n, sizeof(double), "integral blocks");
    if (status != VQE_OK) {
      return status;
    }
    double *w = out->w[g];
    for (int p = 0; p < out->norb; p++) {
      for (int k = start[p]; k < start[p + 1]; k++) {
        for (int q = 0; q < out->norb; q++) {
          for (int l = start[q]; l < start[q + 1]; l++) {
            /* a+_p a_q (alpha) a+_r a_s (beta) */
            w[(size_t)k * n + (size_t)l] = vqe_sigma_integral(
                hamiltonian, p, q, out->second[g][k], out->second[g][l]);
          }
        }
      }
    }
  }
  return VQE_OK;
}

static int compare_targets(const void *a, const void *b)
{
  const struct target *x = a;
  const struct target *y = b;
  if (x->class != y->class) {
    return x->class < y->class ? -1 : 1;
  }
  if (x->row != y->row) {
    return x->row < y->row ? -1 : 1;
  }
  return x->string < y->string ? -1 : x->string > y->string;
}

/* Targets of one batch, sorted by row, and where each row begins. */
static void make_batch(struct vqe_annihilation *out, struct batch *batch,
                       int class, size_t *ntarget)
{
  const struct creation *alpha = out->alpha;
  size_t count = alpha->strings.count;
  batch->target_start = *ntarget;
  batch->row_start = out->nrow;
  for (uint32_t k = 0; k < batch->count; k++) {
    for (int p = 0; p < out->norb; p++) {
      size_t at = (size_t)p * count + batch->first + k;
      if (alpha->sign[at] != 0.0) {
        out->targets[(*ntarget)++] =
            (struct target){alpha->to[at], (uint8_t)(class ^ out->irrep[p]),
                            (uint8_t)k, (uint8_t)p};
      }
    }
  }
  struct target *first = out->targets + batch->target_start;
  size_t n = *ntarget - batch->target_start;
  qsort(first, n, sizeof *first, compare_targets);
  for (size_t t = 0; t < n; t++) {
    if (t == 0 || first[t].class != first[t - 1].class ||
        first[t].row != first[t - 1].row) {
      out->rows[out->nrow++] = batch->target_start + t;
    }
  }
}

static int make_batches(struct vqe_annihilation *out)
{
  const struct vqe_strings *strings = &out->alpha->strings;
  size_t most = strings->count / BATCH + (size_t)out->nirrep;
  size_t targets = strings->count * (size_t)(out->norb - strings->nelec);
  size_t ntarget = 0;
  int status = vqe_memory_alloc(&out->batches, most + 1, sizeof *out->batches,
                                "batches");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->targets, targets, sizeof *out->targets,
                              "rows of batches");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->rows, targets + 1, sizeof *out->rows,
                              "rows of batches");
  }
  for (int c = 0; status == VQE_OK && c < out->nirrep; c++) {
    for (uint32_t k = strings->class_start[c]; k < strings->class_start[c + 1];
         k += BATCH) {
      uint32_t left = strings->class_start[c + 1] - k;
      struct batch *batch = &out->batches[out->nbatch++];
      VQE_ASSERT(out->nbatch <= most);
      batch->first = k;
      batch->count = left < BATCH ? left : BATCH;
      make_batch(out, batch, c, &ntarget);
    }
    out->class_batch[c + 1] = (uint32_t)out->nbatch;
  }
  if (status == VQE_OK) {
    VQE_ASSERT(ntarget == targets);
    out->batches[out->nbatch].row_start = out->nrow;
    out->rows[out->nrow] = ntarget;
  }
  return status;
}

/* As many strings L as PANEL holds, no more than there are, at least one. */
static size_t panel_size(size_t pairs, const struct vqe_strings *strings)
{
  size_t most = 1;
  for (int c = 0; c < strings->nclass; c++) {
    size_t count = strings->class_start[c + 1] - strings->class_start[c];
    most = count > most ? count : most;
  }
  size_t all = pairs * most;
  return all < PANEL ? all : pairs > PANEL ? pairs : PANEL;
}

int vqe_annihilation_create(struct vqe_annihilation **out,
                            const struct vqe_hamiltonian *hamiltonian,
                            const struct vqe_strings *alpha,
                            const struct vqe_strings *beta, int threads)
{
  struct vqe_annihilation *made = NULL;
  *out = NULL;
  VQE_ASSERT(alpha->nelec >= 1 && beta->nelec >= 1);
  int status = vqe_memory_alloc(&made, 1, sizeof *made, "sigma tables");
  if (status != VQE_OK) {
    return status;
  }
  made->norb = hamiltonian->norb;
  made->nirrep = alpha->nclass;
  made->threads = threads;
  for (int p = 0; p < made->norb; p++) {
    made->irrep[p] = made->nirrep == 1 ? 0 : hamiltonian->irrep[p];
  }
  made->alpha = &made->own[0];
  made->beta = alpha->nelec == beta->nelec ? &made->own[0] : &made->own[1];
  status = make_creation(&made->own[0], alpha, made->nirrep, made->irrep);
  if (status == VQE_OK && made->beta != made->alpha) {
    status = make_creation(&made->own[1], beta, made->nirrep, made->irrep);
  }
  if (status == VQE_OK) {
    status = make_integrals(made, hamiltonian);
  }
  if (status == VQE_OK) {
    status = make_batches(made);
  }
  if (status == VQE_OK) {
    size_t n = made->most_pairs;
    made->panel = panel_size(n, &made->beta->strings);
    made->own_scratch = made->panel + n * n;
    status = vqe_memory_alloc(&made->products, BATCH * made->panel,
                              sizeof(double), "sigma scratch");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&made->place, BATCH * ((size_t)made->norb + 1),
                              sizeof *made->place, "sigma scratch");
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&made->scratch, made->own_scratch * (size_t)threads,
                         sizeof(double), "sigma scratch");
  }
  if (status != VQE_OK) {
    vqe_annihilation_free(made);
    return status;
  }
  *out = made;
  return VQE_OK;
}

void vqe_annihilation_free(struct vqe_annihilation *annihilation)
{
  if (annihilation == NULL) {
    return;
  }
  for (int k = 0; k < 2; k++) {
    clear_creation(&annihilation->own[k]);
  }
  for (int g = 0; g < VQE_MAX_IRREPS; g++) {
    free(annihilation->second[g]);
    free(annihilation->w[g]);
  }
  free(annihilation->batches);
  free(annihilation->targets);
  free(annihilation->rows);
  free(annihilation->products);
  free(annihilation->place);
  free(annihilation->scratch);
  free(annihilation);
}

/* ---- the product ---- */

/* One step: a batch of strings K of class k with the strings L
 * [first, first + width) of class l, in pairs of symmetry g. */
struct step {
  const struct vqe_annihilation *tables;
  const struct vqe_layout *layout;
  struct vqe_stop *stop;
  const struct batch *batch;
  int k, l, g;
  uint32_t first;
  size_t width;
  double *out;
  const double *in;
};

/* Where the columns of a_r stand for the strings L of the step. */
struct columns {
  const uint32_t *to;
  const double *sign;
};

static struct columns columns_of(const struct step *step, size_t r)
{
  const struct creation *beta = step->tables->beta;
  size_t at = r * beta->strings.count + step->first;
  return (struct columns){beta->to + at, beta->sign + at};
}

/* Amplitudes of a_q a_s C as a panel, pairs (q, s) times strings L, q empty in
 * the string K; and `place`, the pair at which each q begins. Returns the
 * number of pairs. */
static size_t gather(const struct step *step, uint32_t string, size_t *place,
                     double *panel)
{
  const struct vqe_annihilation *tables = step->tables;
  const struct vqe_layout *layout = step->layout;
  const struct creation *alpha = tables->alpha;
  const int *start = tables->pair_start[step->g];
  size_t width = step->width;
  size_t pair = 0;
  for (int q = 0; q < tables->norb; q++) {
    size_t at = (size_t)q * alpha->strings.count + string;
    double own = alpha->sign[at];
    int ca = step->k ^ tables->irrep[q];
    place[q] = pair;
    if (own == 0.0) {
      continue;
    }
    for (int n = start[q]; n < start[q + 1]; n++) {
      size_t s = tables->second[step->g][n];
      int cb = step->l ^ tables->irrep[s];
      VQE_ASSERT(vqe_layout_has(layout, ca, cb));
      const double *restrict row =
          step->in + layout->offset[ca][cb] +
          (size_t)alpha->to[at] * vqe_layout_cols(layout, cb);
      struct columns from = columns_of(step, s);
      const uint32_t *restrict to = from.to;
      const double *restrict sign = from.sign;
      double *restrict x = panel + pair++ * width;
      if (vqe_layout_cols(layout, cb) == 0) {
        memset(x, 0, width * sizeof *x);
        continue;
      }
      for (size_t u = 0; u < width; u++) {
        x[u] = own * sign[u] * row[to[u]];
      }
    }
  }
  place[tables->norb] = pair;
  return pair;
}

/* The integrals between the pairs of the panel. */
static void pick_integrals(const struct step *step, const size_t *place,
                           double *out)
{
  const struct vqe_annihilation *tables = step->tables;
  const int *start = tables->pair_start[step->g];
  const double *w = tables->w[step->g];
  size_t n = (size_t)start[tables->norb];
  for (int p = 0; p < tables->norb; p++) {
    if (place[p + 1] == place[p]) {
      continue;
    }
    for (int k = start[p]; k < start[p + 1]; k++) {
      const double *row = w + (size_t)k * n;
      for (int q = 0; q < tables->norb; q++) {
        size_t count = place[q + 1] - place[q];
        memcpy(out, row + start[q], count * sizeof *out);
        out += count;
      }
    }
  }
}

static void multiply(const void *ctx, long string)
{
  const struct step *step = ctx;
  const struct vqe_annihilation *tables = step->tables;
  size_t *place = tables->place + (size_t)string * ((size_t)tables->norb + 1);
  double *panel =
      tables->scratch + tables->own_scratch * (size_t)omp_get_thread_num();
  double *integrals = panel + tables->panel;
  double *product = tables->products + (size_t)string * tables->panel;
  size_t pairs = (size_t)tables->pair_start[step->g][tables->norb];
  /* a product of matrices has several multiplications a cycle */
  if (vqe_stop_asked(step->stop, pairs * pairs * step->width / 4)) {
    return;
  }
  size_t n = gather(step, step->batch->first + (uint32_t)string, place, panel);
  VQE_ASSERT(n * step->width <= tables->panel);
  if (n == 0) {
    return;
  }
  pick_integrals(step, place, integrals);
  vqe_product_left(n, step->width, integrals, step->width, product, panel);
}

/* Add what leads to one row. */
static void scatter(const void *ctx, long row)
{
  const struct step *step = ctx;
  const struct vqe_annihilation *tables = step->tables;
  const struct vqe_layout *layout = step->layout;
  const int *start = tables->pair_start[step->g];
  size_t at = step->batch->row_start + (size_t)row;
  size_t width = step->width;
  for (size_t t = tables->rows[at]; t < tables->rows[at + 1]; t++) {
    const struct target *target = &tables->targets[t];
    int p = target->p;
    double own = tables->alpha->sign[(size_t)p * tables->alpha->strings.count +
                                     step->batch->first + target->string];
    const double *restrict product =
        tables->products + target->string * tables->panel +
        tables->place[target->string * ((size_t)tables->norb + 1) +
                      (size_t)p] *
            width;
    for (int n = start[p]; n < start[p + 1]; n++, product += width) {
      size_t r = tables->second[step->g][n];
      int cb = step->l ^ tables->irrep[r];
      if (vqe_layout_cols(layout, cb) == 0) {
        continue;
      }
      double *restrict out = step->out + layout->offset[target->class][cb] +
                             target->row * vqe_layout_cols(layout, cb);
      struct columns columns = columns_of(step, r);
      const uint32_t *restrict to = columns.to;
      const double *restrict sign = columns.sign;
      for (size_t u = 0; u < width; u++) {
        out[to[u]] += own * sign[u] * product[u];
      }
    }
  }
}

/* All strings L of a class with one batch. */
static void apply_class(struct step *step, uint32_t begin, uint32_t end,
                        int threads)
{
  const struct vqe_annihilation *tables = step->tables;
  size_t pairs = (size_t)tables->pair_start[step->g][tables->norb];
  size_t rows = (step->batch + 1)->row_start - step->batch->row_start;
  if (pairs == 0 || begin == end) {
    return;
  }
  size_t most = tables->panel / pairs;
  size_t pieces = (end - begin + most - 1) / most;
  for (size_t piece = 0; piece < pieces; piece++) {
    uint32_t first = begin + (uint32_t)((end - begin) * piece / pieces);
    uint32_t last = begin + (uint32_t)((end - begin) * (piece + 1) / pieces);
    step->first = first;
    step->width = last - first;
    vqe_parallel_for((long)step->batch->count, threads, multiply, step);
    if (step->stop != NULL && vqe_stop_asked(step->stop, 0)) {
      return;
    }
    vqe_parallel_for((long)rows, threads, scatter, step);
  }
}

void vqe_annihilation_apply(const struct vqe_annihilation *annihilation,
                            const struct vqe_layout *layout,
                            struct vqe_stop *stop, double *out,
                            const double *in)
{
  const struct vqe_strings *beta = &annihilation->beta->strings;
  int nirrep = annihilation->nirrep;
  struct step step = {.tables = annihilation,
                      .layout = layout,
                      .stop = stop,
                      .out = out,
                      .in = in};
  for (step.k = 0; step.k < nirrep; step.k++) {
    for (uint32_t b = annihilation->class_batch[step.k];
         b < annihilation->class_batch[step.k + 1]; b++) {
      step.batch = &annihilation->batches[b];
      for (step.l = 0; step.l < nirrep; step.l++) {
        for (step.g = 0; step.g < nirrep; step.g++) {
          if (vqe_layout_has(layout, 0, step.k ^ step.l ^ step.g)) {
            apply_class(&step, beta->class_start[step.l],
                        beta->class_start[step.l + 1], annihilation->threads);
          }
        }
      }
    }
  }
}
