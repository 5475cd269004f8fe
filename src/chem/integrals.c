/* Integrals over basis functions, by libcint (Q. Sun, J. Comput. Chem. 36,
 * 1664 (2015)). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cint_funcs.h>
#include <omp.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/stop.h"
#include "chem/env.h"

/* Multiplications that an integral takes, for stops. */
#define INTEGRAL_WORK 64
/* Below this many functions starting threads costs more than it saves. */
#define MIN_NAO_THREADS 20
/* Blocks that the Schwarz inequality holds below this are zero. */
#define NEGLIGIBLE 1e-14 /* hartree */

int vqe_env_shell_size(const struct vqe_env *env, int shell)
{
  return env->ao_loc[shell + 1] - env->ao_loc[shell];
}

int vqe_env_largest_shell(const struct vqe_env *env)
{
  int largest = 1;
  for (int k = 0; k < env->nbas; k++) {
    if (vqe_env_shell_size(env, k) > largest) {
      largest = vqe_env_shell_size(env, k);
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
  size_t size = (size_t)vqe_env_largest_shell(env);
  int status = vqe_memory_alloc(&buffer, (size_t)ncomp * size * size,
                                sizeof(double), "one-electron integrals");
  if (status != VQE_OK) {
    return status;
  }
  for (int i = first; i < last; i++) {
    for (int j = first; j <= i; j++) {
      int shells[2] = {i, j};
      int ni = vqe_env_shell_size(env, i);
      int nj = vqe_env_shell_size(env, j);
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
                   [VQE_POSITION] = {int1e_r_sph, int1e_r_cart, 3},
                   [VQE_SECOND_MOMENT] = {int1e_rr_sph, int1e_rr_cart, 9}};
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

/* Put one block of shells (ij|kl), first index fastest, into the triangle. */
static void store_block(double *out, const int *loc, const int shells[4],
                        const double *block)
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
          if (!same_ij || p >= q) {
            out[vqe_pair(vqe_pair((size_t)p, (size_t)q), rs)] = value;
          }
        }
      }
    }
  }
}

size_t vqe_env_scratch(const struct vqe_env *env)
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

int vqe_env_bounds(double *out, const struct vqe_env *env)
{
  double *buffer = NULL;
  CINTIntegralFunction *function = env->cartesian ? int2e_cart : int2e_sph;
  size_t largest = (size_t)vqe_env_largest_shell(env);
  size_t block = largest * largest * largest * largest;
  int status = vqe_memory_alloc(&buffer, block + vqe_env_scratch(env),
                                sizeof(double), "bounds of integrals");
  for (int i = 0; status == VQE_OK && i < env->nbas; i++) {
    for (int j = 0; j <= i; j++) {
      int shells[4] = {i, j, i, j};
      int nij = vqe_env_shell_size(env, i) * vqe_env_shell_size(env, j);
      double most = 0.0;
      function(buffer, NULL, shells, env->atm, env->natm, env->bas, env->nbas,
               env->env, NULL, buffer + block);
      for (int k = 0; k < nij; k++) {
        most = fmax(most, fabs(buffer[k * nij + k]));
      }
      out[i * env->nbas + j] = sqrt(most);
      out[j * env->nbas + i] = sqrt(most);
    }
  }
  free(buffer);
  return status;
}

/* The pair of shells i >= j at place `pair` of packed storage. */
static void shell_pair(int *i, int *j, size_t pair)
{
  *i = (int)((sqrt(8.0 * (double)pair + 1.0) - 1.0) / 2.0);
  while (vqe_pair((size_t)*i + 1, 0) <= pair) {
    ++*i;
  }
  while (vqe_pair((size_t)*i, 0) > pair) {
    --*i;
  }
  *j = (int)(pair - vqe_pair((size_t)*i, 0));
}

int vqe_env_two_electron(double *out, const struct vqe_env *env, int threads)
{
  double *buffers = NULL;
  double *bounds = NULL;
  CINTOpt *optimizer = NULL;
  CINTIntegralFunction *function = env->cartesian ? int2e_cart : int2e_sph;
  size_t npair_shells = (size_t)env->nbas * ((size_t)env->nbas + 1) / 2;
  size_t largest = (size_t)vqe_env_largest_shell(env);
  size_t block = largest * largest * largest * largest;
  size_t each = (block + vqe_env_scratch(env) + 15) / 8 * 8;
  if (threads < 1 || env->nao < MIN_NAO_THREADS) {
    threads = 1;
  }
  int status = vqe_memory_alloc(&buffers, each * (size_t)threads,
                                sizeof(double), "two-electron integrals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&bounds, (size_t)env->nbas * (size_t)env->nbas,
                              sizeof(double), "bounds of integrals");
  }
  if (status == VQE_OK) {
    status = vqe_env_bounds(bounds, env);
  }
  if (status != VQE_OK) {
    free(bounds);
    free(buffers);
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
      int i;
      int j;
      shell_pair(&i, &j, ij);
      for (int k = 0; k <= i; k++) {
        if (vqe_stop_asked(env->stop,
                           INTEGRAL_WORK * block * (size_t)(k + 1))) {
          break;
        }
        int last = k == i ? j : k;
        for (int l = 0; l <= last; l++) {
          int shells[4] = {i, j, k, l};
          if (bounds[i * env->nbas + j] * bounds[k * env->nbas + l] <
              NEGLIGIBLE) {
            continue; /* it is zero already */
          }
          function(buffer, NULL, shells, env->atm, env->natm, env->bas,
                   env->nbas, env->env, optimizer, scratch);
          store_block(out, env->ao_loc, shells, buffer);
        }
      }
    }
  }
  CINTdel_optimizer(&optimizer);
  free(bounds);
  free(buffers);
  return vqe_stop_status(env->stop);
}
