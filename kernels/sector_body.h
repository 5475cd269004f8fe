/* Kernels of the sector: twins of the rotations of src/sim/sector.c, and the
 * whole evaluation of a small one. */
#ifndef VQE_KERNELS_SECTOR_BODY_H
#define VQE_KERNELS_SECTOR_BODY_H

#include "kernels/args.h"
#include "kernels/body.h"
#include "kernels/gates_body.h"
#include "kernels/sigma_body.h"

/* Addresses and sign of one work item of a rotation. */
VQE_BODY double vqe_rotate_find(uint64_t *x, uint64_t *y,
                                const struct vqe_rotate_plan *plan,
                                const uint64_t *row_at,
                                const uint32_t *column_at, uint64_t i)
{
  int c = 0;
  while (i >= plan->start[c + 1]) {
    c++;
  }
  uint32_t at;
  uint64_t line = vqe_divide(i - plan->start[c], plan->column_count[c], &at);
  uint32_t sign = 0;
  struct vqe_gpu_pair row;
  struct vqe_gpu_pair column;
  row.from = row.to = plan->row_first[c] + (uint32_t)line;
  column.from = column.to = plan->column_first[c] + at;
  if (plan->rows != 0) {
    row = plan->rows[row.from];
    sign ^= row.to;
  }
  if (plan->columns != 0) {
    column = plan->columns[column.from];
    sign ^= column.to;
  }
  *x = row_at[row.from] + column_at[column.from];
  *y = row_at[row.to & ~VQE_SIGN_BIT] + column_at[column.to & ~VQE_SIGN_BIT];
  return (sign & VQE_SIGN_BIT) ? -1.0 : 1.0;
}

/* Twin of rotate_part for one pair. */
VQE_BODY double vqe_rotate_item(const struct vqe_rotate_plan *plan,
                                const uint64_t *row_at,
                                const uint32_t *column_at,
                                const struct vqe_planes *psi,
                                const struct vqe_planes *lambda, uint64_t i,
                                double c, double s)
{
  uint64_t x;
  uint64_t y;
  double sign = vqe_rotate_find(&x, &y, plan, row_at, column_at, i);
  int back = lambda->count > 0;
  double sum = 0.0;
  for (int part = 0; part < psi->count; part++) {
    VQE_REAL *p = (VQE_REAL *)psi->part[part];
    VQE_REAL *l = (VQE_REAL *)lambda->part[part];
    sum += vqe_turn_pair(&p[x], &p[y], back ? &l[x] : 0, back ? &l[y] : 0, c,
                         sign * s, back);
  }
  return sign * sum;
}

/* Twin of rotate_all: exp(t (tau - tau^+)) turns the plane of each pair of
 * determinants (from, to). Either string of a determinant is in one pair of
 * its list at most, as `from` has the orbitals that `to` lacks, so each
 * determinant is in one pair and is touched once. */
VQE_BODY void vqe_rotate_block(const struct vqe_rotate_args *a, unsigned block,
                               unsigned blocks, double *shared)
{
  const struct vqe_rotate_plan *plan = &a->plan;
  double c = a->sweep.turn[2 * plan->angle];
  double s = a->sweep.turn[2 * plan->angle + 1];
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (uint64_t i = (uint64_t)block * VQE_BLOCK + t;
         i < plan->start[plan->nclass]; i += (uint64_t)blocks * VQE_BLOCK) {
      sum += vqe_rotate_item(plan, a->row_at, a->column_at, &a->sweep.psi,
                             &a->sweep.lambda, i, c, s);
    }
    shared[t] = sum;
  }
  if (a->sweep.lambda.count > 0) {
    vqe_store_sum(
        &a->sweep.partial[(uint64_t)plan->angle * a->sweep.stride + block],
        shared);
  }
}

/* Twin of the loop of vqe_sector_pool_gradient: what the backward sweep would
 * see at a last gate of no angle, of every element of a pool in one launch. */
VQE_BODY void vqe_pool_block(const struct vqe_pool_args *a, unsigned block,
                             unsigned blocks, double *shared)
{
  (void)blocks;
  const struct vqe_rotate_plan *plan = &a->plans[block / a->parts];
  uint64_t first = (uint64_t)(block % a->parts) * VQE_BLOCK;
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (uint64_t i = first + t; i < plan->start[plan->nclass];
         i += (uint64_t)a->parts * VQE_BLOCK) {
      uint64_t x;
      uint64_t y;
      double sign = vqe_rotate_find(&x, &y, plan, a->row_at, a->column_at, i);
      for (int part = 0; part < a->psi.count; part++) {
        const VQE_REAL *p = (const VQE_REAL *)a->psi.part[part];
        const VQE_REAL *l = (const VQE_REAL *)a->lambda.part[part];
        sum +=
            sign * ((double)l[y] * (double)p[x] - (double)l[x] * (double)p[y]);
      }
    }
    shared[t] = sum;
  }
  vqe_store_sum(&a->partial[block], shared);
}

/* One rotation of a block's own state; with lambda the sum is shared[0]. */
VQE_BODY void vqe_small_rotate(const struct vqe_small_problem *problem,
                               const struct vqe_rotate_plan *plan,
                               const double *parameters,
                               const struct vqe_planes *psi,
                               const struct vqe_planes *lambda, double *shared)
{
  VQE_SECTION(t)
  {
    double angle =
        problem->scale[plan->angle] * parameters[problem->param[plan->angle]];
    double c = cos(angle);
    double s = sin(angle);
    double sum = 0.0;
    for (uint64_t i = t; i < plan->start[plan->nclass]; i += VQE_BLOCK) {
      sum += vqe_rotate_item(plan, problem->row_at, problem->column_at, psi,
                             lambda, i, c, s);
    }
    shared[t] = sum;
  }
}

/* Twin of sector_energy and sector_gradient: state and adjoint state stay in
 * shared memory from the first rotation to the last. */
VQE_BODY void vqe_small_evaluate(const struct vqe_small_task *task,
                                 double *shared)
{
  const struct vqe_small_problem *problem = task->problem;
  const double *parameters = task->parameters;
  double *out = task->out;
  VQE_REAL *base = (VQE_REAL *)(shared + VQE_SUM_SHARED);
  uint64_t size = problem->size;
  int planes = problem->planes;
  struct vqe_planes none = {{0, 0}, 0};
  struct vqe_planes psi = {{base, base + size}, planes};
  base += (uint64_t)planes * size;
  struct vqe_planes lambda = {{base, base + size}, planes};
  VQE_SECTION(t)
  {
    for (uint64_t i = t; i < (uint64_t)planes * size; i += VQE_BLOCK) {
      ((VQE_REAL *)psi.part[0])[i] =
          (VQE_REAL)(i == problem->reference ? 1.0 : 0.0);
    }
    for (int p = (int)t; p < problem->nparam; p += (int)VQE_BLOCK) {
      out[1 + p] = 0.0;
    }
  }
  for (uint64_t k = 0; k < problem->nplan; k++) {
    vqe_small_rotate(problem, &problem->plans[k], parameters, &psi, &none,
                     shared);
  }
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (int part = 0; part < planes; part++) {
      const VQE_REAL *in = (const VQE_REAL *)psi.part[part];
      VQE_REAL *to = (VQE_REAL *)lambda.part[part];
      for (uint64_t i = t; i < size; i += VQE_BLOCK) {
        to[i] = (VQE_REAL)vqe_sigma_element(&problem->sigma, in, i, 1);
        sum += (double)in[i] * (double)to[i];
      }
    }
    shared[t] = sum;
  }
  vqe_block_sum(shared);
  VQE_SECTION(t)
  {
    if (t == 0) {
      out[0] = problem->constant + shared[0];
    }
  }
  for (uint64_t k = problem->nplan; task->gradient && k-- > 0;) {
    const struct vqe_rotate_plan *plan = &problem->plans[k];
    vqe_small_rotate(problem, plan, parameters, &psi, &lambda, shared);
    vqe_block_sum(shared);
    VQE_SECTION(t)
    {
      if (t == 0) {
        out[1 + problem->param[plan->angle]] +=
            problem->factor[plan->angle] * shared[0];
      }
    }
  }
}

/* One evaluation a block, each of a problem of its own. */
VQE_BODY void vqe_small_block(const struct vqe_small_args *a, unsigned block,
                              unsigned blocks, double *shared)
{
  for (uint64_t k = block; k < a->count; k += blocks) {
    vqe_small_evaluate(&a->tasks[k], shared);
  }
}

#endif
