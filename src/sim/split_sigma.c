/* The CI product and properties of a vector that is split over ranks.
 *
 * H_beta works within the rows at home. H_alpha needs whole columns: slabs of
 * columns are exchanged for rows, multiplied and given back, as in a
 * distributed transposition. The alpha-beta part is taken from the side of
 * the result, unlike the product of a whole vector: the rows that F_PQ
 * brings together are copied to a panel, a DGEMM applies the integrals, and
 * F_RS scatters inside the row, so each rank writes its own rows only. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/product.h"
#include "sim/sigma_tables.h"
#include "sim/split_space.h"

/* Rows that one thread works on at a time, and columns of a slab. */
#define ROWS 16
#define SLAB 96

/* ---- H_alpha ---- */

/* Columns that `rank` takes in this round, of `cols` in all. */
static void slab_columns(size_t *first, size_t *last, size_t cols, int rank,
                         int ranks, size_t width, size_t round)
{
  size_t begin = cols * (size_t)rank / (size_t)ranks;
  size_t end = cols * (size_t)(rank + 1) / (size_t)ranks;
  *first = begin + round * width < end ? begin + round * width : end;
  *last = *first + width < end ? *first + width : end;
}

/* One slab: my rows for my columns, the product, and back. */
static void slab_round(struct vqe_split_space *space, int ca, size_t width,
                       size_t round, double *out, const double *in)
{
  const struct vqe_sigma *sigma = space->sigma;
  struct vqe_split_message *message = &space->message;
  int ranks = space->team->size;
  size_t cols = vqe_split_cols(space, ca);
  size_t rows = space->row_start[ca + 1] - space->row_start[ca];
  size_t first, last, mine, mine_end;
  slab_columns(&mine, &mine_end, cols, space->team->rank, ranks, width, round);
  size_t own = mine_end - mine;
  size_t used = 0;
  for (int r = 0; r < ranks; r++) {
    slab_columns(&first, &last, cols, r, ranks, width, round);
    size_t n = last - first;
    double *to = space->send + used;
    for (size_t k = 0; n > 0 && k < rows; k++) {
      memcpy(to + k * n, in + k * cols + first, n * sizeof *to);
    }
    message->send[r] = to;
    message->send_count[r] = rows * n;
    used += rows * n;
    uint32_t start = vqe_split_first(space, ca, r);
    message->recv[r] =
        space->recv + (start - space->alpha->class_start[ca]) * own;
    message->recv_count[r] = (vqe_split_first(space, ca, r + 1) - start) * own;
  }
  vqe_split_exchange(space);
  long chunks = (long)((own + SLAB - 1) / SLAB);
#pragma omp parallel for schedule(static)                                     \
    num_threads(space->threads) if (space->threads > 1 && chunks > 1)
  for (long k = 0; k < chunks; k++) {
    size_t from = (size_t)k * SLAB;
    size_t n = own - from < SLAB ? own - from : SLAB;
    vqe_sigma_apply_alpha(sigma, ca, own, (uint32_t)n, space->slab + from,
                          space->recv + from);
  }
  used = 0;
  for (int r = 0; r < ranks; r++) {
    size_t sent = message->send_count[r];
    message->send_count[r] = message->recv_count[r];
    message->send[r] = space->slab + (size_t)(message->recv[r] - space->recv);
    message->recv_count[r] = sent;
    message->recv[r] = space->send + used;
    used += sent;
  }
  vqe_split_exchange(space);
  for (int r = 0; r < ranks; r++) {
    slab_columns(&first, &last, cols, r, ranks, width, round);
    const double *from = message->recv[r];
    size_t n = last - first;
    for (size_t k = 0; k < rows; k++) {
      double *row = out + k * cols + first;
      for (size_t c = 0; c < n; c++) {
        row[c] += from[k * n + c];
      }
    }
  }
}

static void add_alpha(struct vqe_split_space *space, double *out,
                      const double *in)
{
  size_t ranks = (size_t)space->team->size;
  for (int ca = 0; ca < space->alpha->nclass; ca++) {
    size_t cols = vqe_split_cols(space, ca);
    size_t all =
        space->alpha->class_start[ca + 1] - space->alpha->class_start[ca];
    if (cols == 0 || all == 0) {
      continue;
    }
    size_t most = (cols + ranks - 1) / ranks;
    /* a slab has all rows of some columns, what is sent some rows of all */
    size_t width = space->buffer / (all + ranks);
    width = width < most ? width : most;
    width = width > 0 ? width : 1;
    for (size_t round = 0; round * width < most; round++) {
      slab_round(space, ca, width, round, out + space->offset[ca],
                 in + space->offset[ca]);
    }
  }
}

/* ---- H_beta ---- */

static void add_beta(struct vqe_split_space *space, double *out,
                     const double *in)
{
  const struct vqe_sigma *sigma = space->sigma;
  long count = (long)sigma->nitem;
#pragma omp parallel for schedule(dynamic, 1)                                 \
    num_threads(space->threads) if (space->threads > 1)
  for (long k = 0; k < count; k++) {
    const struct vqe_sigma_item *item = &sigma->items[k];
    int ca = item->cb ^ space->total;
    size_t rows = space->row_start[ca + 1] - space->row_start[ca];
    if (rows > 0) {
      vqe_sigma_apply_beta(sigma, item->cb, item->first, item->count, rows,
                           vqe_split_cols(space, ca), out + space->offset[ca],
                           in + space->offset[ca]);
    }
  }
}

/* ---- alpha-beta ---- */

/* Columns of one item, of the rows that pairs of symmetry g bring to each of
 * `n` own rows: panel[pair, row, column]. Writes every place once. */
static void gather_rows(const struct vqe_split_space *space,
                        const struct vqe_sigma_item *item, int g, uint32_t s,
                        size_t n, double *panel)
{
  const struct vqe_sigma *sigma = space->sigma;
  size_t width = item->count;
  size_t stride = n * width;
  for (size_t r = 0; r < n; r++) {
    size_t at = (s + r) * (size_t)sigma->nirrep + (size_t)g;
    size_t l = sigma->link_start[at];
    size_t end = sigma->link_start[at + 1];
    for (size_t pair = 0; pair < (size_t)sigma->npair[g]; pair++) {
      double *to = panel + pair * stride + r * width;
      if (l == end || sigma->links[l].pair != pair) {
        memset(to, 0, width * sizeof *to);
        continue;
      }
      const double *from = space->row[sigma->links[l].partner] + item->first;
      if (sigma->links[l].sign > 0.0) {
        memcpy(to, from, width * sizeof *to);
      } else {
        for (size_t c = 0; c < width; c++) {
          to[c] = -from[c];
        }
      }
      l++;
    }
  }
}

/* Strings s, s + 1, ... (n of them) of class ca; `out` is the first's row. */
static void mixed_rows(const struct vqe_split_space *space, int ca, uint32_t s,
                       size_t n, double *scratch, double *out)
{
  const struct vqe_sigma *sigma = space->sigma;
  size_t cols = vqe_split_cols(space, ca);
  double *panel = scratch;
  double *product = scratch + sigma->panel;
  for (size_t k = 0; k < sigma->nitem; k++) {
    const struct vqe_sigma_item *item = &sigma->items[k];
    /* the columns of the source; pairs of symmetry g lead to ours */
    int g = item->cb ^ space->total ^ ca;
    const struct vqe_sigma_gather *list = &item->gather[g];
    size_t npair = (size_t)sigma->npair[g];
    size_t width = item->count;
    if (npair == 0 || list->count == 0) {
      continue;
    }
    size_t most = sigma->panel / (npair * width);
    for (size_t done = 0; done < n; done += most) {
      size_t rows = n - done < most ? n - done : most;
      size_t stride = rows * width;
      gather_rows(space, item, g, s + (uint32_t)done, rows, panel);
      vqe_product_left(npair, stride, sigma->w[g], stride, product, panel);
      for (size_t r = 0; r < rows; r++) {
        double *row = out + (done + r) * cols;
        const double *add = product + r * width;
        for (uint32_t i = 0; i < list->positive; i++) {
          row[list->from[i]] +=
              add[(list->to[i] >> 16) * stride + (list->to[i] & 0xffff)];
        }
        for (uint32_t i = list->positive; i < list->count; i++) {
          row[list->from[i]] -=
              add[(list->to[i] >> 16) * stride + (list->to[i] & 0xffff)];
        }
      }
    }
  }
}

static void add_mixed(struct vqe_split_space *space, double *out,
                      const double *in)
{
  const struct vqe_sigma *sigma = space->sigma;
  size_t npair = (size_t)sigma->npair[0];
  size_t work = space->share / space->nbatch * npair / 4 * npair;
  for (size_t b = 0; b < space->nbatch && !vqe_split_stop_asked(space, work);
       b++) {
    const struct vqe_split_batch *batch = &space->batches[b];
    vqe_split_fetch(space, b, in);
    long groups = (long)((batch->last - batch->first + ROWS - 1) / ROWS);
#pragma omp parallel for schedule(dynamic, 1)                                 \
    num_threads(space->threads) if (space->threads > 1 && groups > 1)
    for (long k = 0; k < groups; k++) {
      double *scratch =
          sigma->scratch + 2 * sigma->panel * (size_t)omp_get_thread_num();
      uint32_t first = batch->first + (uint32_t)k * ROWS;
      uint32_t last = first + ROWS < batch->last ? first + ROWS : batch->last;
      while (first < last) {
        /* a group may reach over classes */
        int ca;
        uint32_t s = vqe_split_string(space, &ca, first);
        uint32_t end = space->row_start[ca + 1];
        uint32_t n = (last < end ? last : end) - first;
        mixed_rows(space, ca, s, n, scratch,
                   out + vqe_split_row(space, ca, s));
        first += n;
      }
    }
  }
}

void vqe_split_sigma(struct vqe_split_space *space, double *out,
                     const double *in)
{
  memset(out, 0, space->size * sizeof *out);
  if (!space->stopped) {
    add_beta(space, out, in);
    add_alpha(space, out, in);
    add_mixed(space, out, in);
  }
}

/* ---- properties ---- */

static double dot(const double *a, const double *b, size_t n)
{
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) {
    sum += a[k] * b[k];
  }
  return sum;
}

/* What row t and the rows that single excitations of alpha lead to give:
 * <S^2> without its constant, and <E_pq> of alpha. `pairs[p * norb + q]`
 * holds E_pq of beta. */
static void row_properties(const struct vqe_split_space *space,
                           const struct vqe_string_pairs *pairs, int ca,
                           uint32_t t, double *s2, double *rdm1)
{
  const struct vqe_sigma *sigma = space->sigma;
  const struct vqe_strings *alpha = space->alpha;
  size_t norb = (size_t)alpha->norb;
  size_t nirrep = (size_t)sigma->nirrep;
  size_t cols = vqe_split_cols(space, ca);
  int cb = ca ^ space->total;
  uint32_t base = space->beta->class_start[cb];
  const double *row = space->row[t];
  double weight = dot(row, row, cols);
  for (uint64_t left = alpha->bits[t]; left != 0; left &= left - 1) {
    size_t p = (size_t)__builtin_ctzll(left);
    const struct vqe_string_pairs *list = &pairs[p * norb + p];
    for (uint32_t k = list->start[cb]; k < list->start[cb + 1]; k++) {
      double value = row[list->items[k].from - base];
      *s2 -= value * value;
    }
    rdm1[p * norb + p] += weight;
  }
  for (size_t l = sigma->link_start[t * nirrep];
       l < sigma->link_start[(t + 1) * nirrep]; l++) {
    const struct vqe_sigma_link *link = &sigma->links[l];
    uint32_t s = link->partner;
    int cs = vqe_strings_class(alpha, s);
    const double *other = space->row[s];
    uint64_t changed = alpha->bits[t] ^ alpha->bits[s];
    double sign = link->sign;
    if (changed == 0) {
      continue;
    }
    /* t = sign * E_pq s on alpha; E_qp on beta goes with it */
    size_t p = (size_t)__builtin_ctzll(changed & alpha->bits[t]);
    size_t q = (size_t)__builtin_ctzll(changed & alpha->bits[s]);
    const struct vqe_string_pairs *list = &pairs[q * norb + p];
    uint32_t from = space->beta->class_start[cs ^ space->total];
    double sum = 0.0;
    for (uint32_t k = list->start[cs ^ space->total];
         k < list->start[(cs ^ space->total) + 1]; k++) {
      sum += list->items[k].sign * row[list->items[k].to - base] *
             other[list->items[k].from - from];
    }
    *s2 -= sign * sum;
    if (cs == ca) {
      rdm1[p * norb + q] += sign * dot(row, other, cols);
    }
  }
}

/* <E_pq> of beta within own rows. */
static void beta_density(const struct vqe_split_space *space,
                         const struct vqe_string_pairs *pairs, double *rdm1,
                         const double *in)
{
  size_t norb = (size_t)space->alpha->norb;
  for (size_t pq = 0; pq < norb * norb; pq++) {
    double value = 0.0;
    for (int ca = 0; ca < space->alpha->nclass; ca++) {
      int cb = ca ^ space->total;
      size_t rows = space->row_start[ca + 1] - space->row_start[ca];
      size_t cols = vqe_split_cols(space, ca);
      uint32_t base = space->beta->class_start[cb];
      uint32_t end = space->beta->class_start[cb + 1];
      for (uint32_t k = pairs[pq].start[cb]; k < pairs[pq].start[cb + 1];
           k++) {
        const struct vqe_string_pair *pair = &pairs[pq].items[k];
        if (pair->to < base || pair->to >= end) {
          continue; /* of another symmetry */
        }
        const double *from = in + space->offset[ca] + (pair->from - base);
        const double *to = in + space->offset[ca] + (pair->to - base);
        double sum = 0.0;
        for (size_t r = 0; r < rows; r++) {
          sum += from[r * cols] * to[r * cols];
        }
        value += pair->sign * sum;
      }
    }
    rdm1[pq] += value;
  }
}

int vqe_split_properties(struct vqe_split_space *space, double *s2,
                         double *rdm1, const double *in)
{
  size_t norb = (size_t)space->alpha->norb;
  struct vqe_string_pairs *pairs = NULL;
  double *sums = NULL; /* <S^2>, then <E_pq> */
  int status = vqe_memory_alloc(&pairs, norb * norb, sizeof *pairs,
                                "excitations of beta strings");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&sums, 1 + norb * norb, sizeof *sums,
                              "density matrix");
  }
  for (size_t pq = 0; status == VQE_OK && pq < norb * norb; pq++) {
    status = vqe_string_pairs_init(&pairs[pq], space->beta, (int)(pq % norb),
                                   (int)(pq / norb), -1, -1);
  }
  status = vqe_split_agree(space->team, status);
  if (status == VQE_OK) {
    VQE_ASSERT(pairs != NULL && sums != NULL);
    for (size_t b = 0;
         b < space->nbatch && !vqe_split_stop_asked(space, space->share);
         b++) {
      vqe_split_fetch(space, b, in);
      for (uint32_t k = space->batches[b].first; k < space->batches[b].last;
           k++) {
        int ca;
        uint32_t t = vqe_split_string(space, &ca, k);
        row_properties(space, pairs, ca, t, &sums[0], sums + 1);
      }
    }
    beta_density(space, pairs, sums + 1, in);
    space->team->sum(space->team->ctx, sums, 1 + norb * norb);
    double m = 0.5 * (space->alpha->nelec - space->beta->nelec);
    *s2 = m * (m + 1.0) + space->beta->nelec + sums[0];
    for (size_t p = 0; rdm1 != NULL && p < norb; p++) {
      for (size_t q = 0; q < norb; q++) {
        rdm1[p * norb + q] =
            0.5 * (sums[1 + p * norb + q] + sums[1 + q * norb + p]);
      }
    }
  }
  for (size_t pq = 0; pairs != NULL && pq < norb * norb; pq++) {
    vqe_string_pairs_clear(&pairs[pq]);
  }
  free(pairs);
  free(sums);
  return status;
}
