/* Kernels of the full space: twins of src/sim/amplitudes.c. */
#ifndef VQE_KERNELS_GATES_BODY_H
#define VQE_KERNELS_GATES_BODY_H

#include "kernels/args.h"
#include "kernels/body.h"

/* |psi> = |at> */
VQE_BODY void vqe_basis_block(const struct vqe_basis_args *a, unsigned block,
                              unsigned blocks, double *shared)
{
  (void)shared;
  VQE_SECTION(t)
  {
    for (uint64_t i = (uint64_t)block * VQE_BLOCK + t; i < a->size;
         i += (uint64_t)blocks * VQE_BLOCK) {
      ((VQE_REAL *)a->psi.part[0])[i] = (VQE_REAL)(i == a->at ? 1.0 : 0.0);
      if (a->psi.count == 2) {
        ((VQE_REAL *)a->psi.part[1])[i] = (VQE_REAL)0.0;
      }
    }
  }
}

/* The plane rotation of src/sim/rotate.h. Forwards
 *   x' = c x - s y,  y' = c y + s x;
 * with lambda, both turn back, and sum (l_y x - l_x y) is returned. */
VQE_BODY double vqe_turn_pair(VQE_REAL *px, VQE_REAL *py, VQE_REAL *lx,
                              VQE_REAL *ly, double c, double s, int back)
{
  double x = (double)*px;
  double y = (double)*py;
  if (!back) {
    *px = (VQE_REAL)(c * x - s * y);
    *py = (VQE_REAL)(c * y + s * x);
    return 0.0;
  }
  double u = (double)*lx;
  double v = (double)*ly;
  *px = (VQE_REAL)(c * x + s * y);
  *py = (VQE_REAL)(c * y - s * x);
  *lx = (VQE_REAL)(c * u + s * v);
  *ly = (VQE_REAL)(c * v - s * u);
  return v * x - u * y;
}

VQE_BODY uint64_t vqe_ry_address(const struct vqe_ry_args *a, uint64_t tile,
                                 uint32_t local)
{
  uint64_t low = local & ((UINT32_C(1) << a->width) - 1);
  int gap = a->high - a->width;
  return low | (uint64_t)(local >> a->width) << a->high |
         (tile & ((UINT64_C(1) << gap) - 1)) << a->width |
         (tile >> gap) << (a->high + a->count);
}

VQE_BODY int vqe_ry_qubit(const struct vqe_ry_args *a, int bit)
{
  return bit < a->width ? bit : a->high + bit - a->width;
}

/* One part of a tile to shared memory, or back from there. */
VQE_BODY void vqe_ry_copy(const struct vqe_ry_args *a, uint64_t tile, int part,
                          double *shared, int out)
{
  uint32_t tile_size = UINT32_C(1) << (a->width + a->count);
  int back = a->sweep.lambda.count > 0;
  VQE_REAL *psi = (VQE_REAL *)a->sweep.psi.part[part];
  VQE_REAL *lambda = (VQE_REAL *)a->sweep.lambda.part[part];
  double *x = shared;
  double *l = shared + VQE_RY_TILE;
  VQE_SECTION(t)
  {
    for (uint32_t k = t; k < tile_size; k += VQE_BLOCK) {
      uint64_t at = vqe_ry_address(a, tile, k);
      if (out) {
        psi[at] = (VQE_REAL)x[k];
      } else {
        x[k] = (double)psi[at];
      }
      if (back && out) {
        lambda[at] = (VQE_REAL)l[k];
      } else if (back) {
        l[k] = (double)lambda[at];
      }
    }
  }
}

/* RY on one qubit of the tile in shared memory. A pair (i, i | bit) belongs
 * to the thread that holds its number without that bit: each pair is touched
 * once a qubit. Backwards own[bit] takes the sum of the derivative. */
VQE_BODY void vqe_ry_turn(const struct vqe_ry_args *a, int bit, double *shared,
                          double *own)
{
  int q = vqe_ry_qubit(a, bit);
  int back = a->sweep.lambda.count > 0;
  double *x = shared;
  double *l = shared + VQE_RY_TILE;
  double *sums = shared + 2 * VQE_RY_TILE;
  double c = a->sweep.turn[2 * a->angle[q]];
  double s = a->sweep.turn[2 * a->angle[q] + 1];
  uint32_t half = UINT32_C(1) << (a->width + a->count - 1);
  uint32_t step = UINT32_C(1) << bit;
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (uint32_t k = t; k < half; k += VQE_BLOCK) {
      uint32_t i = (uint32_t)vqe_insert_zero(k, bit);
      double p = x[i];
      double r = x[i | step];
      if (!back) {
        x[i] = c * p - s * r;
        x[i | step] = c * r + s * p;
        continue;
      }
      double u = l[i];
      double v = l[i | step];
      sum += v * p - u * r;
      x[i] = c * p + s * r;
      x[i | step] = c * r - s * p;
      l[i] = c * u + s * v;
      l[i | step] = c * v - s * u;
    }
    sums[t] = sum;
  }
  if (back) {
    vqe_block_sum(sums);
    VQE_SECTION(t)
    {
      if (t == 0) {
        own[bit] += sums[0];
      }
    }
  }
}

/* Twin of ry_plane (ry_block and ry_strip): RY on every qubit of a tile in
 * shared memory, so that a layer of n qubits reads the state about n/6 times
 * and not n times. */
VQE_BODY void vqe_ry_block(const struct vqe_ry_args *a, unsigned block,
                           unsigned blocks, double *shared)
{
  int bits = a->width + a->count;
  uint64_t tiles = a->size >> bits;
  double *own = shared + 2 * VQE_RY_TILE + VQE_SUM_SHARED;
  VQE_SECTION(t)
  {
    if (t < 16) {
      own[t] = 0.0;
    }
  }
  for (uint64_t tile = block; tile < tiles; tile += blocks) {
    for (int part = 0; part < a->sweep.psi.count; part++) {
      vqe_ry_copy(a, tile, part, shared, 0);
      for (int bit = a->first; bit < bits; bit++) {
        if (a->mask >> vqe_ry_qubit(a, bit) & 1) {
          vqe_ry_turn(a, bit, shared, own);
        }
      }
      vqe_ry_copy(a, tile, part, shared, 1);
    }
  }
  VQE_SECTION(t)
  {
    int bit = a->first + (int)t;
    if (a->sweep.lambda.count > 0 && bit < bits) {
      int q = vqe_ry_qubit(a, bit);
      if (a->mask >> q & 1) {
        a->sweep.partial[(uint64_t)a->angle[q] * a->sweep.stride + block] =
            own[bit];
      }
    }
  }
}

/* Phase of the bits of `index` from qubit `first` on: prod (c -+ i s), the
 * sign by the bit. */
VQE_BODY void vqe_rz_phase(double *re, double *im, const struct vqe_rz_args *a,
                           uint64_t index, int first, int last,
                           double direction)
{
  double pr = 1.0;
  double pi = 0.0;
  for (int q = first; q < last; q++) {
    if ((a->mask >> q & 1) == 0) {
      continue;
    }
    double c = a->sweep.turn[2 * a->angle[q]];
    double s = direction * a->sweep.turn[2 * a->angle[q] + 1];
    s = (index >> (q - first) & 1) ? s : -s;
    double old = pr;
    pr = old * c - pi * s;
    pi = old * s + pi * c;
  }
  *re = pr;
  *im = pi;
}

/* Twin of vqe_amplitudes_rz: every amplitude times prod_q exp(-+ i angle_q /
 * 2), a table for the bits within a tile times one phase a tile. Backwards
 * sums[q] = sum_i (+-) Im(conj(lambda_i) psi_i): by index within the tile
 * here, folded over the tiles of a block, and by tile in `total` for
 * rz_high. Each amplitude is touched once. */
VQE_BODY void vqe_rz_block(const struct vqe_rz_args *a, unsigned block,
                           unsigned blocks, double *shared)
{
  uint32_t width = UINT32_C(1) << a->width;
  uint64_t tiles = a->size >> a->width;
  int back = a->sweep.lambda.count > 0;
  VQE_REAL *re = (VQE_REAL *)a->sweep.psi.part[0];
  VQE_REAL *im = (VQE_REAL *)a->sweep.psi.part[1];
  VQE_REAL *lr = (VQE_REAL *)a->sweep.lambda.part[0];
  VQE_REAL *li = (VQE_REAL *)a->sweep.lambda.part[1];
  double *pr = shared;
  double *pi = shared + VQE_RZ_TILE;
  double *folded = shared + 2 * VQE_RZ_TILE;
  double *sums = shared + 3 * VQE_RZ_TILE;
  double direction = back ? -1.0 : 1.0;
  VQE_SECTION(t)
  {
    for (uint32_t k = t; k < width; k += VQE_BLOCK) {
      vqe_rz_phase(&pr[k], &pi[k], a, k, 0, a->width, direction);
      folded[k] = 0.0;
    }
  }
  for (uint64_t tile = block; tile < tiles; tile += blocks) {
    VQE_SECTION(t)
    {
      double hr;
      double hi;
      double sum = 0.0;
      vqe_rz_phase(&hr, &hi, a, tile, a->width, a->nqubit, direction);
      for (uint32_t k = t; k < width; k += VQE_BLOCK) {
        uint64_t i = (tile << a->width) + k;
        double cr = hr * pr[k] - hi * pi[k];
        double ci = hr * pi[k] + hi * pr[k];
        double x = (double)re[i];
        double y = (double)im[i];
        if (back) {
          double u = (double)lr[i];
          double v = (double)li[i];
          double w = u * y - v * x;
          folded[k] += w;
          sum += w;
          lr[i] = (VQE_REAL)(cr * u - ci * v);
          li[i] = (VQE_REAL)(cr * v + ci * u);
        }
        re[i] = (VQE_REAL)(cr * x - ci * y);
        im[i] = (VQE_REAL)(cr * y + ci * x);
      }
      sums[t] = sum;
    }
    if (back) {
      vqe_store_sum(&a->total[tile], sums);
    }
  }
  if (!back) {
    return;
  }
  /* Walsh sums: fold the top bit away each time */
  for (int q = a->width - 1; q >= 0; q--) {
    uint32_t half = UINT32_C(1) << q;
    VQE_SECTION(t)
    {
      double sum = 0.0;
      for (uint32_t k = t; k < half; k += VQE_BLOCK) {
        sum += folded[k] - folded[k + half];
        folded[k] += folded[k + half];
      }
      sums[t] = sum;
    }
    vqe_block_sum(sums);
    VQE_SECTION(t)
    {
      if (t == 0 && (a->mask >> q & 1)) {
        a->sweep.partial[(uint64_t)a->angle[q] * a->sweep.stride + block] =
            sums[0];
      }
    }
  }
}

/* The sums of RZ for qubits above a tile: sums[q] = sum_tile (+-) total. One
 * block a qubit. */
VQE_BODY void vqe_rz_high_block(const struct vqe_rz_high_args *a,
                                unsigned block, unsigned blocks,
                                double *shared)
{
  (void)blocks;
  if (a->angle[block] < 0) {
    return;
  }
  double *row = a->partial + (uint64_t)a->angle[block] * a->stride;
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (uint64_t k = t; k < a->tiles; k += VQE_BLOCK) {
      sum += (k >> block & 1) ? -a->total[k] : a->total[k];
    }
    shared[t] = sum;
    for (uint64_t k = t + 1; k < a->stride; k += VQE_BLOCK) {
      row[k] = 0.0;
    }
  }
  vqe_store_sum(row, shared);
}

/* Twin of vqe_amplitudes_xxyy: on x = |01>, y = |10> two plane rotations, of
 * (Im y, Re x) and (Im x, Re y). A thread's number without the two bits
 * names one pair, so each is touched once. */
VQE_BODY void vqe_xxyy_block(const struct vqe_xxyy_args *a, unsigned block,
                             unsigned blocks, double *shared)
{
  int low = a->a < a->b ? a->a : a->b;
  int high = a->a < a->b ? a->b : a->a;
  int back = a->sweep.lambda.count > 0;
  VQE_REAL *re = (VQE_REAL *)a->sweep.psi.part[0];
  VQE_REAL *im = (VQE_REAL *)a->sweep.psi.part[1];
  VQE_REAL *lr = (VQE_REAL *)a->sweep.lambda.part[0];
  VQE_REAL *li = (VQE_REAL *)a->sweep.lambda.part[1];
  double c = a->sweep.turn[2 * a->angle];
  double s = a->sweep.turn[2 * a->angle + 1];
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (uint64_t k = (uint64_t)block * VQE_BLOCK + t; k < a->size / 4;
         k += (uint64_t)blocks * VQE_BLOCK) {
      uint64_t base = vqe_insert_zero(vqe_insert_zero(k, low), high);
      uint64_t x = base | UINT64_C(1) << low;
      uint64_t y = base | UINT64_C(1) << high;
      sum += vqe_turn_pair(&im[y], &re[x], back ? &li[y] : 0,
                           back ? &lr[x] : 0, c, s, back);
      sum += vqe_turn_pair(&im[x], &re[y], back ? &li[x] : 0,
                           back ? &lr[y] : 0, c, s, back);
    }
    shared[t] = sum;
  }
  if (back) {
    vqe_store_sum(
        &a->sweep.partial[(uint64_t)a->angle * a->sweep.stride + block],
        shared);
  }
}

/* Twin of vqe_amplitudes_excitation: exp(t (tau - tau^+)) turns (x, y = x with
 * the moved bits flipped), by +-t. A thread's number without the moved bits,
 * with those of `from` set, names x: only such x are visited, each once. */
VQE_BODY void vqe_excite_block(const struct vqe_excite_args *a, unsigned block,
                               unsigned blocks, double *shared)
{
  int back = a->sweep.lambda.count > 0;
  uint64_t move = a->from | a->to;
  double c = a->sweep.turn[2 * a->angle];
  double s = a->sweep.turn[2 * a->angle + 1];
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (uint64_t k = (uint64_t)block * VQE_BLOCK + t; k < a->size >> a->moved;
         k += (uint64_t)blocks * VQE_BLOCK) {
      uint64_t x = k;
      for (int m = 0; m < a->moved; m++) {
        x = vqe_insert_zero(x, a->bit[m]);
      }
      x |= a->from;
      uint64_t y = x ^ move;
      double sign = ((VQE_POPCOUNT(x & a->parity) + a->flip) & 1) ? -1.0 : 1.0;
      for (int part = 0; part < a->sweep.psi.count; part++) {
        VQE_REAL *psi = (VQE_REAL *)a->sweep.psi.part[part];
        VQE_REAL *lambda = (VQE_REAL *)a->sweep.lambda.part[part];
        sum += sign * vqe_turn_pair(&psi[x], &psi[y], back ? &lambda[x] : 0,
                                    back ? &lambda[y] : 0, c, sign * s, back);
      }
    }
    shared[t] = sum;
  }
  if (back) {
    vqe_store_sum(
        &a->sweep.partial[(uint64_t)a->angle * a->sweep.stride + block],
        shared);
  }
}

/* Twin of vqe_amplitudes_permute: out[i] = in[M i ^ offset], the images of the
 * low bits in a table, those of the high bits once a tile. */
VQE_BODY void vqe_permute_block(const struct vqe_permute_args *a,
                                unsigned block, unsigned blocks,
                                double *shared)
{
  uint64_t *table = (uint64_t *)shared;
  uint32_t width = UINT32_C(1) << a->width;
  VQE_SECTION(t)
  {
    for (uint32_t k = t; k < width; k += VQE_BLOCK) {
      uint64_t image = a->offset;
      for (int q = 0; q < a->width; q++) {
        image ^= (k >> q & 1) ? a->columns[q] : 0;
      }
      table[k] = image;
    }
  }
  for (uint64_t tile = block; tile < a->size >> a->width; tile += blocks) {
    VQE_SECTION(t)
    {
      uint64_t high = 0;
      for (int q = a->width; q < a->nqubit; q++) {
        high ^= (tile >> (q - a->width) & 1) ? a->columns[q] : 0;
      }
      for (int part = 0; part < a->in.count; part++) {
        VQE_REAL *out = (VQE_REAL *)a->out.part[part] + (tile << a->width);
        const VQE_REAL *in = (const VQE_REAL *)a->in.part[part];
        for (uint32_t k = t; k < width; k += VQE_BLOCK) {
          out[k] = in[table[k] ^ high];
        }
      }
    }
  }
}

#endif
