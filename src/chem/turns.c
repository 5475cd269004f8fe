#include "chem/turns.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/symmetry.h"

#define LAST_WITHOUT_P 2 /* He */

/* The map that takes axis k of the frame to axis order[k]. */
static void map_of(double map[3][3], const struct vqe_frame *frame,
                   const int order[3])
{
  memset(map, 0, 9 * sizeof(double));
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        map[i][j] += frame->axes[order[k]][i] * frame->axes[k][j];
      }
    }
  }
}

/* A set for each atom with p electrons and all its images. */
static int find_sets(struct vqe_turns *turns, const struct vqe_env *env,
                     const struct vqe_frame *frame)
{
  int *set = NULL;
  int status =
      vqe_memory_alloc(&set, (size_t)env->natm, sizeof(int), "sets of atoms");
  for (int a = 0; status == VQE_OK && a < env->natm; a++) {
    set[a] = -1;
  }
  for (int a = 0; status == VQE_OK && a < env->natm; a++) {
    if (set[a] < 0 && env->z[a] > LAST_WITHOUT_P) {
      for (int bits = 0; bits < 8; bits++) {
        if (frame->operations >> bits & 1 || bits == 0) {
          set[vqe_symmetry_image(env, frame, bits, a)] = turns->nset;
        }
      }
      turns->nset++;
    }
    for (int p = env->atom_ao[a]; p < env->atom_ao[a + 1]; p++) {
      turns->set[p] = set[a];
    }
  }
  free(set);
  return status;
}

int vqe_turns_new(struct vqe_turns **out, const struct vqe_env *env,
                  const struct vqe_frame *frame)
{
  static const int orders[VQE_TURNS][3] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1},
                                           {2, 1, 0}, {1, 2, 0}, {2, 0, 1}};
  struct vqe_turns *turns = NULL;
  size_t n2 = (size_t)env->nao * (size_t)env->nao;
  int status = vqe_memory_alloc(&turns, 1, sizeof *turns, "turns of atoms");
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_memory_alloc(&turns->set, (size_t)env->nao, sizeof(int),
                            "turns of atoms");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&turns->matrices, VQE_TURNS * n2, sizeof(double),
                              "turns of atoms");
  }
  if (status == VQE_OK) {
    status = find_sets(turns, env, frame);
  }
  for (int k = 0; status == VQE_OK && k < VQE_TURNS; k++) {
    double map[3][3];
    map_of(map, frame, orders[k]);
    status =
        vqe_symmetry_map(turns->matrices + (size_t)k * n2, env, map, NULL);
  }
  if (status != VQE_OK) {
    vqe_turns_free(turns);
    return status;
  }
  *out = turns;
  return VQE_OK;
}

void vqe_turns_free(struct vqe_turns *turns)
{
  if (turns == NULL) {
    return;
  }
  free(turns->set);
  free(turns->matrices);
  free(turns);
}

void vqe_turns_apply(double *out, const struct vqe_turns *turns,
                     const double *dm, int nao, const int set[2],
                     const int turn[2], double *work)
{
  size_t n = (size_t)nao;
  double *whole = work;
  memset(whole, 0, n * n * sizeof(double));
  for (size_t p = 0; p < n; p++) {
    int chosen = 0;
    for (int k = 0; k < 2; k++) {
      chosen =
          turns->set[p] == set[k] && turns->set[p] >= 0 ? turn[k] : chosen;
    }
    memcpy(whole + p * n, turns->matrices + ((size_t)chosen * n + p) * n,
           n * sizeof(double));
  }
  double *half = work + n * n;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nao, nao, nao, 1.0,
              whole, nao, dm, nao, 0.0, half, nao);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, nao, nao, nao, 1.0,
              half, nao, whole, nao, 0.0, out, nao);
}
