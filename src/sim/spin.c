#include "sim/spin.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/parallel.h"

struct vqe_spin_tables {
  const struct vqe_strings *alpha, *beta;
  int norb;
  int threads;
  uint8_t irrep[VQE_MAX_ORBITALS];
  /* [p * norb + q]: a+_q a_p on alpha, a+_p a_q on beta */
  struct vqe_string_pairs *on_alpha, *on_beta;
  struct vqe_stop *stop; /* asked between excitations; may be NULL */
};

int vqe_spin_tables_create(struct vqe_spin_tables **out,
                           const struct vqe_strings *alpha,
                           const struct vqe_strings *beta,
                           const uint8_t *irrep, int threads)
{
  struct vqe_spin_tables *tables = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&tables, 1, sizeof *tables, "spin tables");
  if (status != VQE_OK) {
    return status;
  }
  int norb = alpha->norb;
  size_t n = (size_t)norb * (size_t)norb;
  tables->alpha = alpha;
  tables->beta = beta;
  tables->norb = norb;
  tables->threads = threads;
  for (int p = 0; p < norb; p++) {
    tables->irrep[p] = alpha->nclass == 1 ? 0 : irrep[p];
  }
  status = vqe_memory_alloc(&tables->on_alpha, n, sizeof *tables->on_alpha,
                            "spin tables");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&tables->on_beta, n, sizeof *tables->on_beta,
                              "spin tables");
  }
  for (int p = 0; status == VQE_OK && p < norb; p++) {
    for (int q = 0; status == VQE_OK && q < norb; q++) {
      size_t pq = (size_t)p * (size_t)norb + (size_t)q;
      status =
          vqe_string_pairs_init(&tables->on_alpha[pq], alpha, p, q, -1, -1);
      if (status == VQE_OK) {
        status =
            vqe_string_pairs_init(&tables->on_beta[pq], beta, q, p, -1, -1);
      }
    }
  }
  if (status != VQE_OK) {
    vqe_spin_tables_free(tables);
    return status;
  }
  *out = tables;
  return VQE_OK;
}

void vqe_spin_tables_free(struct vqe_spin_tables *tables)
{
  if (tables == NULL) {
    return;
  }
  size_t n = (size_t)tables->norb * (size_t)tables->norb;
  for (size_t k = 0; k < n; k++) {
    if (tables->on_alpha != NULL) {
      vqe_string_pairs_clear(&tables->on_alpha[k]);
    }
    if (tables->on_beta != NULL) {
      vqe_string_pairs_clear(&tables->on_beta[k]);
    }
  }
  free(tables->on_alpha);
  free(tables->on_beta);
  free(tables);
}

/* One block of an exchange: a row for each alpha pair. */
struct exchange_loop {
  const struct vqe_layout *layout;
  const struct vqe_string_pairs *on_alpha, *on_beta;
  int ca, cb, g;
  uint32_t b0, t0; /* first beta string of the source and of the target */
  double *out;
  const double *in;
  double factor;
};

static void exchange_row(const void *ctx, long k)
{
  const struct exchange_loop *loop = ctx;
  const struct vqe_string_pairs *on_beta = loop->on_beta;
  VQE_ASSERT(loop->on_alpha->start[loop->ca] + (uint32_t)k <
             loop->on_alpha->start[loop->ca + 1]);
  const struct vqe_string_pair *a =
      &loop->on_alpha->items[loop->on_alpha->start[loop->ca] + (uint32_t)k];
  const double *source =
      loop->in + vqe_layout_row(loop->layout, loop->ca, loop->cb, a->from);
  double *target = loop->out + vqe_layout_row(loop->layout, loop->ca ^ loop->g,
                                              loop->cb ^ loop->g, a->to);
  double scale = loop->factor * a->sign;
  for (uint32_t l = on_beta->start[loop->cb]; l < on_beta->start[loop->cb + 1];
       l++) {
    const struct vqe_string_pair *b = &on_beta->items[l];
    VQE_ASSERT(b->to >= loop->t0 && b->from >= loop->b0);
    target[b->to - loop->t0] += scale * b->sign * source[b->from - loop->b0];
  }
}

/* out += factor * E_qp(alpha) E_pq(beta) in, block by block. */
static void apply_exchange(const struct vqe_spin_tables *tables,
                           const struct vqe_layout *layout, int p, int q,
                           double *out, const double *in, double factor)
{
  size_t pq = (size_t)p * (size_t)tables->norb + (size_t)q;
  const struct vqe_string_pairs *on_alpha = &tables->on_alpha[pq];
  const struct vqe_string_pairs *on_beta = &tables->on_beta[pq];
  int g = tables->irrep[p] ^ tables->irrep[q];
  for (int ca = 0; ca < tables->alpha->nclass; ca++) {
    long count = (long)(on_alpha->start[ca + 1] - on_alpha->start[ca]);
    for (int cb = 0; cb < tables->beta->nclass; cb++) {
      if (!vqe_layout_has(layout, ca, cb)) {
        continue;
      }
      const struct exchange_loop loop = {.layout = layout,
                                         .on_alpha = on_alpha,
                                         .on_beta = on_beta,
                                         .ca = ca,
                                         .cb = cb,
                                         .g = g,
                                         .b0 = tables->beta->class_start[cb],
                                         .t0 =
                                             tables->beta->class_start[cb ^ g],
                                         .out = out,
                                         .in = in,
                                         .factor = factor};
      vqe_parallel_for(count, layout->size > 8192 ? tables->threads : 1,
                       exchange_row, &loop);
    }
  }
}

void vqe_spin_watch(struct vqe_spin_tables *tables, struct vqe_stop *stop)
{
  tables->stop = stop;
}

void vqe_spin_apply(const struct vqe_spin_tables *tables,
                    const struct vqe_layout *layout, double *out,
                    const double *in, double factor, double shift)
{
  int nalpha = tables->alpha->nelec;
  int nbeta = tables->beta->nelec;
  double m = 0.5 * (nalpha - nbeta);
  double constant = factor * (m * (m + 1.0) + nbeta - shift);
  for (size_t k = 0; k < layout->size; k++) {
    out[k] += constant * in[k];
  }
  for (int p = 0; p < tables->norb; p++) {
    for (int q = 0; q < tables->norb; q++) {
      if (vqe_stop_asked(tables->stop, layout->size / 4)) {
        return;
      }
      apply_exchange(tables, layout, p, q, out, in, -factor);
    }
  }
}

double vqe_spin_expectation(const struct vqe_spin_tables *tables,
                            const struct vqe_layout *layout, const double *in)
{
  double m = 0.5 * (tables->alpha->nelec - tables->beta->nelec);
  double total = 0.0;
  for (size_t k = 0; k < layout->size; k++) {
    total += in[k] * in[k];
  }
  total *= m * (m + 1.0) + tables->beta->nelec;
  for (int p = 0; p < tables->norb; p++) {
    for (int q = 0; q < tables->norb; q++) {
      size_t pq = (size_t)p * (size_t)tables->norb + (size_t)q;
      const struct vqe_string_pairs *on_alpha = &tables->on_alpha[pq];
      const struct vqe_string_pairs *on_beta = &tables->on_beta[pq];
      if (vqe_stop_asked(tables->stop, layout->size / 4)) {
        return total;
      }
      int g = tables->irrep[p] ^ tables->irrep[q];
      for (int ca = 0; ca < tables->alpha->nclass; ca++) {
        for (int cb = 0; cb < tables->beta->nclass; cb++) {
          if (!vqe_layout_has(layout, ca, cb)) {
            continue;
          }
          uint32_t b0 = tables->beta->class_start[cb];
          uint32_t t0 = tables->beta->class_start[cb ^ g];
          for (uint32_t k = on_alpha->start[ca]; k < on_alpha->start[ca + 1];
               k++) {
            const struct vqe_string_pair *a = &on_alpha->items[k];
            const double *source =
                in + vqe_layout_row(layout, ca, cb, a->from);
            const double *target =
                in + vqe_layout_row(layout, ca ^ g, cb ^ g, a->to);
            double sum = 0.0;
            for (uint32_t l = on_beta->start[cb]; l < on_beta->start[cb + 1];
                 l++) {
              const struct vqe_string_pair *b = &on_beta->items[l];
              sum += b->sign * target[b->to - t0] * source[b->from - b0];
            }
            total -= a->sign * sum;
          }
        }
      }
    }
  }
  return total;
}
