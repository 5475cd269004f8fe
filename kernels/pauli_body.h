/* Kernels of Pauli strings on states of (re, im) pairs, which is how a library
 * of gates keeps them. */
#ifndef VQE_KERNELS_PAULI_BODY_H
#define VQE_KERNELS_PAULI_BODY_H

#include "kernels/args.h"
#include "kernels/body.h"

/* (-1)^popcount(bits) */
VQE_BODY double vqe_pauli_sign(uint64_t bits)
{
  return (VQE_POPCOUNT(bits) & 1) ? -1.0 : 1.0;
}

/* sum_i Im(conj(lambda_j) f_i psi_i), j = i ^ x, with f_i the sum of the signs
 * of all strings of a gate: they share their X mask, so both states are read
 * once, and only where f_i is not zero: an eighth of them for a double
 * excitation. */
VQE_BODY void vqe_slope_block(const struct vqe_slope_args *a, unsigned block,
                              unsigned blocks, double *shared)
{
  const VQE_REAL *psi = (const VQE_REAL *)a->psi;
  const VQE_REAL *lambda = (const VQE_REAL *)a->lambda;
  VQE_SECTION(t)
  {
    double sum = 0.0;
    for (uint64_t i = (uint64_t)block * VQE_BLOCK + t; i < a->size;
         i += (uint64_t)blocks * VQE_BLOCK) {
      double f = 0.0;
      for (int k = 0; k < a->count; k++) {
        f += a->weight[k] * vqe_pauli_sign(i & a->z[k]);
      }
      if (f == 0.0) {
        continue;
      }
      uint64_t j = i ^ a->x;
      double x = (double)psi[2 * i];
      double y = (double)psi[2 * i + 1];
      double u = (double)lambda[2 * j];
      double v = (double)lambda[2 * j + 1];
      sum += f * (a->odd ? u * x + v * y : u * y - v * x);
    }
    shared[t] = sum;
  }
  vqe_store_sum(&a->partial[block], shared);
}

/* H |in> term by term, grouped by X mask: the state is read once for each
 * mask and written once, diagonal terms are the group of mask 0. The strings
 * of a real H have an even number of Y: every factor is real. */
VQE_BODY void vqe_strings_block(const struct vqe_strings_args *a,
                                unsigned block, unsigned blocks,
                                double *shared)
{
  (void)shared;
  VQE_REAL *out = (VQE_REAL *)a->out;
  const VQE_REAL *in = (const VQE_REAL *)a->in;
  VQE_SECTION(t)
  {
    for (uint64_t i = (uint64_t)block * VQE_BLOCK + t; i < a->size;
         i += (uint64_t)blocks * VQE_BLOCK) {
      double re = 0.0;
      double im = 0.0;
      for (uint64_t g = 0; g < a->ngroup; g++) {
        uint64_t j = i ^ a->x[g];
        double f = 0.0;
        for (uint64_t k = a->start[g]; k < a->start[g + 1]; k++) {
          f += a->terms[k].coeff * vqe_pauli_sign(j & a->terms[k].z);
        }
        re += f * (double)in[2 * j];
        im += f * (double)in[2 * j + 1];
      }
      out[2 * i] = (VQE_REAL)re;
      out[2 * i + 1] = (VQE_REAL)im;
    }
  }
}

#endif
