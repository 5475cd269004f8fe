#include "sim/givens.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/parallel.h"
#include "sim/rotate.h"

/* ---- gates ---- */

int vqe_givens_irrep(const struct vqe_gate *gate, const uint8_t *irrep,
                     int norb)
{
  int product = 0;
  for (int k = 0; k < 2 * vqe_gate_order(gate->kind); k++) {
    product ^= irrep[gate->q[k] % norb];
  }
  return product;
}

int vqe_givens_read(struct vqe_givens *rotation,
                    struct vqe_givens_key *on_alpha,
                    struct vqe_givens_key *on_beta,
                    const struct vqe_gate *gate, const uint8_t *irrep,
                    int norb)
{
  const int *q = gate->q;
  bool twice = vqe_gate_order(gate->kind) == 2;
  int signless = vqe_gate_signless(gate->kind);
  int spin = q[0] / norb;
  struct vqe_givens_key first = {0,  q[0] % norb, q[1] % norb,
                                 -1, -1,          signless};
  VQE_ASSERT(vqe_gate_order(gate->kind) > 0);
  rotation->param = gate->param;
  rotation->scale = gate->scale;
  rotation->g = 0;
  if (q[1] / norb != spin) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "an excitation flips a spin: it has no sector");
  }
  if (twice && q[2] / norb != spin) {
    struct vqe_givens_key second = {0,  q[2] % norb, q[3] % norb,
                                    -1, -1,          signless};
    *on_alpha = spin == 0 ? first : second;
    *on_beta = spin == 0 ? second : first;
    rotation->kind = VQE_GIVENS_MIXED;
    rotation->g = irrep[on_alpha->i] ^ irrep[on_alpha->a];
    return VQE_OK;
  }
  if (twice) {
    first.j = q[2] % norb;
    first.b = q[3] % norb;
  }
  *(spin == 0 ? on_alpha : on_beta) = first;
  rotation->kind = spin == 0 ? VQE_GIVENS_ALPHA : VQE_GIVENS_BETA;
  return VQE_OK;
}

/* ---- lists of pairs ---- */

int vqe_givens_lists_find(size_t *out, struct vqe_givens_lists *lists,
                          const struct vqe_strings *strings,
                          const struct vqe_givens_key *key)
{
  size_t n = lists->count;
  int status = VQE_OK;
  VQE_ASSERT(key->i >= 0 && key->i < strings->norb);
  VQE_ASSERT(key->a >= 0 && key->a < strings->norb);
  for (size_t k = 0; k < n; k++) {
    if (memcmp(&lists->keys[k], key, sizeof *key) == 0) {
      *out = k;
      return VQE_OK;
    }
  }
  if (n == lists->capacity) {
    size_t capacity = 2 * n + 64;
    status = vqe_memory_grow(&lists->keys, n, capacity, sizeof *lists->keys,
                             "excitation keys");
    if (status == VQE_OK) {
      status = vqe_memory_grow(&lists->pairs, n, capacity,
                               sizeof *lists->pairs, "excitation lists");
    }
    if (status != VQE_OK) {
      return status;
    }
    lists->capacity = capacity;
  }
  status = vqe_string_pairs_init(&lists->pairs[n], strings, key->i, key->a,
                                 key->j, key->b);
  if (status != VQE_OK) {
    vqe_string_pairs_clear(&lists->pairs[n]);
    return status;
  }
  for (size_t k = 0; key->signless && k < lists->pairs[n].count; k++) {
    lists->pairs[n].items[k].sign = 1.0;
  }
  lists->keys[n] = *key;
  lists->count = n + 1;
  *out = n;
  return VQE_OK;
}

void vqe_givens_lists_clear(struct vqe_givens_lists *lists)
{
  for (size_t k = 0; k < lists->count; k++) {
    vqe_string_pairs_clear(&lists->pairs[k]);
  }
  free(lists->keys);
  free(lists->pairs);
  memset(lists, 0, sizeof *lists);
}

/* ---- sweeps ---- */

static struct vqe_givens_rows rows_of(const struct vqe_layout *layout, int ca,
                                      int cb)
{
  return (struct vqe_givens_rows){
      .string = layout->alpha->class_start[ca],
      .address = layout->offset[ca][cb],
      .cols = vqe_layout_cols(layout, cb),
      .column = layout->beta->class_start[cb],
  };
}

struct vqe_givens_block
vqe_givens_block_of(const struct vqe_layout *layout,
                    const struct vqe_givens_lists *lists,
                    const struct vqe_givens *rotation, int ca, int cb)
{
  struct vqe_givens_block block = {.kind = rotation->kind,
                                   .from = rows_of(layout, ca, cb)};
  VQE_ASSERT(rotation->kind != VQE_GIVENS_PHASES);
  if (rotation->kind != VQE_GIVENS_BETA) {
    block.rows = lists->pairs[rotation->on_alpha].items;
  }
  if (rotation->kind != VQE_GIVENS_ALPHA) {
    const struct vqe_string_pairs *pairs = &lists->pairs[rotation->on_beta];
    block.first = pairs->items + pairs->start[cb];
    block.last = pairs->items + pairs->start[cb + 1];
  }
  block.to = rotation->g == 0
                 ? block.from
                 : rows_of(layout, ca ^ rotation->g, cb ^ rotation->g);
  return block;
}

/* The pairs of columns [first, last) within one row, or between two; returns
 * `sum` with theirs. */
static double rotate_columns(const struct vqe_string_pair *first,
                             const struct vqe_string_pair *last, uint32_t x0,
                             uint32_t y0, double row_sign, double *px,
                             double *py, double *lx, double *ly, double c,
                             double s, double sum)
{
  if (lx == NULL) {
    for (const struct vqe_string_pair *pair = first; pair < last; pair++) {
      double turn = s * row_sign * pair->sign;
      double a = px[pair->from - x0];
      double b = py[pair->to - y0];
      px[pair->from - x0] = c * a - turn * b;
      py[pair->to - y0] = c * b + turn * a;
    }
    return sum;
  }
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
  return sum;
}

static inline size_t row_address(const struct vqe_givens_rows *rows,
                                 uint32_t string)
{
  return rows->address + (size_t)(string - rows->string) * rows->cols;
}

double vqe_givens_rotate(const struct vqe_givens_block *block, long begin,
                         long end, double *psi, double *lambda, double c,
                         double s)
{
  double sum = 0.0;
  if (block->kind == VQE_GIVENS_ALPHA) {
    size_t cols = block->from.cols;
    for (long k = begin; k < end; k++) {
      const struct vqe_string_pair *pair = &block->rows[k];
      size_t x = row_address(&block->from, pair->from);
      size_t y = row_address(&block->to, pair->to);
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
  for (long k = begin; k < end; k++) {
    size_t x = block->from.address + (size_t)k * block->from.cols;
    size_t y = x;
    double sign = 1.0;
    if (block->kind == VQE_GIVENS_MIXED) {
      x = row_address(&block->from, block->rows[k].from);
      y = row_address(&block->to, block->rows[k].to);
      sign = block->rows[k].sign;
    }
    double before = block->sum_rows ? sum : 0.0;
    sum = rotate_columns(block->first, block->last, block->from.column,
                         block->to.column, sign, psi + x, psi + y,
                         lambda == NULL ? NULL : lambda + x,
                         lambda == NULL ? NULL : lambda + y, c, s,
                         block->sum_rows ? 0.0 : sum) +
          before;
  }
  return sum;
}

struct rotate_loop {
  const struct vqe_givens_sweep *sweep;
  const struct vqe_givens_block *block;
  long begin, length;
};

static void rotate_chunk(const void *ctx, long k)
{
  const struct rotate_loop *loop = ctx;
  const struct vqe_givens_sweep *sweep = loop->sweep;
  sweep->partial[8 * k] = vqe_givens_rotate(
      loop->block, loop->begin + loop->length * k / VQE_GIVENS_CHUNKS,
      loop->begin + loop->length * (k + 1) / VQE_GIVENS_CHUNKS, sweep->psi,
      sweep->lambda, sweep->c, sweep->s);
}

void vqe_givens_apply(struct vqe_givens_sweep *sweep,
                      const struct vqe_givens_block *block, long begin,
                      long end, long chunks)
{
  VQE_ASSERT(begin <= end);
  VQE_ASSERT(chunks == 1 || chunks == VQE_GIVENS_CHUNKS);
  if (chunks == 1) {
    sweep->sum += vqe_givens_rotate(block, begin, end, sweep->psi,
                                    sweep->lambda, sweep->c, sweep->s);
    return;
  }
  const struct rotate_loop loop = {sweep, block, begin, end - begin};
  vqe_parallel_for(VQE_GIVENS_CHUNKS, sweep->threads, rotate_chunk, &loop);
  for (long k = 0; k < VQE_GIVENS_CHUNKS; k++) {
    sweep->sum += sweep->partial[8 * k];
  }
}
