/* Integrals over basis functions, by libcint (Q. Sun, J. Comput. Chem. 36,
 * 1664 (2015)). */
#include <stdlib.h>
#include <string.h>

#include <cint_funcs.h>
#include <omp.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"

/* Below this many functions starting threads costs more than it saves. */
#define MIN_NAO_THREADS 20
#define MIRROR_BLOCK 64

static int shell_size(const struct vqe_env *env, int shell)
{
  return env->ao_loc[shell + 1] - env->ao_loc[shell];
}

static int largest_shell(const struct vqe_env *env)
{
  int largest = 1;
  for (int k = 0; k < env->nbas; k++) {
    if (shell_size(env, k) > largest) {
      largest = shell_size(env, k);
    }
  }
  return largest;
}

/* `out` holds ncomp matrices over the functions of shells [first, last). */
static int one_electron(double *out, const struct vqe_env *env,
                        CINTIntegralFunction *function, int ncomp, int first,
                        int last)
{
  double *buffer = NULL;
  int start = env->ao_loc[first];
  size_t n = (size_t)(env->ao_loc[last] - start);
  size_t size = (size_t)largest_shell(env);
  int status = vqe_memory_alloc(&buffer, (size_t)ncomp * size * size,
                                sizeof(double), "one-electron integrals");
  if (status != VQE_OK) {
    return status;
  }
  for (int i = first; i < last; i++) {
    for (int j = first; j <= i; j++) {
      int shells[2] = {i, j};
      int ni = shell_size(env, i);
      int nj = shell_size(env, j);
      int i0 = env->ao_loc[i] - start;
      int j0 = env->ao_loc[j] - start;
      function(buffer, NULL, shells, env->atm, env->natm, env->bas, env->nbas,
               env->env, NULL, NULL);
      for (int c = 0; c < ncomp; c++) {
        double *matrix = out + (size_t)c * n * n;
        const double *block = buffer + (size_t)c * (size_t)(ni * nj);
        for (int q = 0; q < nj; q++) {
          for (int p = 0; p < ni; p++) {
            double value = block[q * ni + p];
            matrix[(size_t)(i0 + p) * n + (size_t)(j0 + q)] = value;
            matrix[(size_t)(j0 + q) * n + (size_t)(i0 + p)] = value;
          }
        }
      }
    }
  }
  free(buffer);
  return VQE_OK;
}

int vqe_env_one_electron(double *out, const struct vqe_env *env,
                         enum vqe_one_electron kind)
{
  static const struct {
    CINTIntegralFunction *spherical, *cartesian;
    int ncomp;
  } functions[] = {[VQE_OVERLAP] = {int1e_ovlp_sph, int1e_ovlp_cart, 1},
                   [VQE_KINETIC] = {int1e_kin_sph, int1e_kin_cart, 1},
                   [VQE_NUCLEAR] = {int1e_nuc_sph, int1e_nuc_cart, 1},
                   [VQE_POSITION] = {int1e_r_sph, int1e_r_cart, 3}};
  return one_electron(out, env,
                      env->cartesian ? functions[kind].cartesian
                                     : functions[kind].spherical,
                      functions[kind].ncomp, 0, env->nbas);
}

int vqe_env_inverse_distance(double *out, struct vqe_env *env, int first,
                             int last, const double origin[3])
{
  memcpy(env->env + PTR_RINV_ORIG, origin, 3 * sizeof(double));
  return one_electron(out, env,
                      env->cartesian ? int1e_rinv_cart : int1e_rinv_sph, 1,
                      first, last);
}

/* Put one block of shells (ij|kl), first index fastest, into the lower
 * triangle of the packed array. */
static void store_block(double *out, size_t npair, const int *loc,
                        const int shells[4], const double *block)
{
  int i0 = loc[shells[0]], i1 = loc[shells[0] + 1];
  int j0 = loc[shells[1]], j1 = loc[shells[1] + 1];
  int k0 = loc[shells[2]], k1 = loc[shells[2] + 1];
  int l0 = loc[shells[3]], l1 = loc[shells[3] + 1];
  bool same_ij = shells[0] == shells[1];
  bool same_kl = shells[2] == shells[3];
  size_t ni = (size_t)(i1 - i0);
  for (int s = l0; s < l1; s++) {
    for (int r = k0; r < k1; r++) {
      if (same_kl && r < s) {
        block += ni * (size_t)(j1 - j0);
        continue;
      }
      size_t rs = vqe_pair((size_t)r, (size_t)s);
      for (int q = j0; q < j1; q++) {
        for (int p = i0; p < i1; p++) {
          double value = *block++;
          if (same_ij && p < q) {
            continue;
          }
          size_t pq = vqe_pair((size_t)p, (size_t)q);
          if (pq >= rs) {
            out[pq * npair + rs] = value;
          } else {
            out[rs * npair + pq] = value;
          }
        }
      }
    }
  }
}

static void mirror(double *out, size_t npair)
{
  for (size_t a = 0; a < npair; a += MIRROR_BLOCK) {
    for (size_t b = 0; b <= a; b += MIRROR_BLOCK) {
      size_t a1 = a + MIRROR_BLOCK < npair ? a + MIRROR_BLOCK : npair;
      for (size_t p = a; p < a1; p++) {
        size_t b1 = b + MIRROR_BLOCK < p ? b + MIRROR_BLOCK : p;
        for (size_t q = b; q < b1; q++) {
          out[q * npair + p] = out[p * npair + q];
        }
      }
    }
  }
}

/* Doubles of scratch that libcint wants for the worst block. */
static size_t scratch_size(const struct vqe_env *env)
{
  size_t largest = 0;
  for (int i = 0; i < env->nbas; i++) {
    int shells[4] = {i, i, i, i};
    long size = (env->cartesian ? int2e_cart : int2e_sph)(
        NULL, NULL, shells, env->atm, env->natm, env->bas, env->nbas, env->env,
        NULL, NULL);
    if (size > 0 && (size_t)size > largest) {
      largest = (size_t)size;
    }
  }
  return largest;
}

int vqe_env_two_electron(double *out, const struct vqe_env *env, int threads)
{
  double *buffers = NULL;
  CINTOpt *optimizer = NULL;
  CINTIntegralFunction *function = env->cartesian ? int2e_cart : int2e_sph;
  size_t nao = (size_t)env->nao;
  size_t npair = nao * (nao + 1) / 2;
  size_t npair_shells = (size_t)env->nbas * ((size_t)env->nbas + 1) / 2;
  size_t largest = (size_t)largest_shell(env);
  size_t block = largest * largest * largest * largest;
  size_t each = (block + scratch_size(env) + 15) / 8 * 8;
  if (threads < 1 || env->nao < MIN_NAO_THREADS) {
    threads = 1;
  }
  int status = vqe_memory_alloc(&buffers, each * (size_t)threads,
                                sizeof(double), "two-electron integrals");
  if (status != VQE_OK) {
    return status;
  }
  int2e_optimizer(&optimizer, env->atm, env->natm, env->bas, env->nbas,
                  env->env);
#pragma omp parallel num_threads(threads)
  {
    double *buffer = buffers + each * (size_t)omp_get_thread_num();
    double *scratch = buffer + block;
    /* Blocks are disjoint, so the order in which threads take them does not
     * show in the result. */
#pragma omp for schedule(dynamic, 1)
    for (size_t at = 0; at < npair_shells; at++) {
      size_t ij = npair_shells - 1 - at; /* the longest rows first */
      int i = 0;
      while (vqe_pair((size_t)i + 1, 0) <= ij) {
        i++;
      }
      int j = (int)(ij - vqe_pair((size_t)i, 0));
      for (int k = 0; k <= i; k++) {
        int last = k == i ? j : k;
        for (int l = 0; l <= last; l++) {
          int shells[4] = {i, j, k, l};
          function(buffer, NULL, shells, env->atm, env->natm, env->bas,
                   env->nbas, env->env, optimizer, scratch);
          store_block(out, npair, env->ao_loc, shells, buffer);
        }
      }
    }
  }
  CINTdel_optimizer(&optimizer);
  mirror(out, npair);
  free(buffers);
  return VQE_OK;
}
