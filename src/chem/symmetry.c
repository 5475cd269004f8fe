#include "chem/symmetry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cint.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/harmonics.h"

/* image = operation(r), by signs along the frame's axes. */
static void apply(double image[3], const double r[3],
                  const struct vqe_frame *frame, int bits)
{
  memset(image, 0, 3 * sizeof(double));
  for (int k = 0; k < 3; k++) {
    const double *axis = frame->axes[k];
    double along = axis[0] * r[0] + axis[1] * r[1] + axis[2] * r[2];
    for (int x = 0; x < 3; x++) {
      image[x] += (bits >> k & 1 ? -along : along) * axis[x];
    }
  }
}

int vqe_symmetry_image(const struct vqe_env *env,
                       const struct vqe_frame *frame, int bits, int atom)
{
  double from[3];
  double to[3];
  double least = HUGE_VAL;
  int found = atom;
  for (int k = 0; k < 3; k++) {
    from[k] = env->xyz[3 * atom + k] - frame->centre[k];
  }
  apply(to, from, frame, bits);
  for (int b = 0; b < env->natm; b++) {
    double distance = 0.0;
    for (int k = 0; k < 3; k++) {
      double d = env->xyz[3 * b + k] - frame->centre[k] - to[k];
      distance += d * d;
    }
    if (env->z[b] == env->z[atom] && distance < least) {
      least = distance;
      found = b;
    }
  }
  return found;
}

int vqe_symmetry_map(double *matrix, const struct vqe_env *env,
                     const double map[3][3], const int *place)
{
  double rotations[VQE_BASIS_MAX_L + 1][VQE_HARMONICS_MAX * VQE_HARMONICS_MAX];
  bool known[VQE_BASIS_MAX_L + 1] = {false};
  size_t nao = (size_t)env->nao;
  for (int shell = 0; shell < env->nbas; shell++) {
    const int *slot = env->bas + BAS_SLOTS * (size_t)shell;
    int l = slot[ANG_OF];
    int n = vqe_basis_components(l, env->cartesian);
    VQE_ASSERT(l >= 0 && l <= VQE_BASIS_MAX_L);
    if (!known[l]) {
      int status = vqe_harmonics_turn(rotations[l], l, env->cartesian, map);
      if (status != VQE_OK) {
        return status;
      }
      known[l] = true;
    }
    int from = slot[ATOM_OF];
    int to = place != NULL ? place[from] : from;
    /* atoms of one element have the same functions in the same order */
    int shift = env->atom_ao[to] - env->atom_ao[from];
    for (int c = 0; c < slot[NCTR_OF]; c++) {
      int start = env->ao_loc[shell] + c * n;
      for (int m = 0; m < n; m++) {
        for (int k = 0; k < n; k++) {
          matrix[(size_t)(start + shift + k) * nao + (size_t)(start + m)] =
              rotations[l][k * n + m];
        }
      }
    }
  }
  return VQE_OK;
}

static int fill(double *matrix, const struct vqe_env *env,
                const struct vqe_frame *frame, int bits)
{
  double map[3][3];
  int *place = NULL;
  for (int k = 0; k < 3; k++) {
    const double unit[3] = {k == 0, k == 1, k == 2};
    apply(map[k], unit, frame, bits); /* the map is symmetric */
  }
  int status = vqe_memory_alloc(&place, (size_t)env->natm, sizeof(int),
                                "images of atoms");
  for (int a = 0; status == VQE_OK && a < env->natm; a++) {
    place[a] = vqe_symmetry_image(env, frame, bits, a);
  }
  if (status == VQE_OK) {
    status = vqe_symmetry_map(matrix, env, map, place);
  }
  free(place);
  return status;
}

int vqe_symmetry_generators(int out[VQE_MAX_GENERATORS],
                            const struct vqe_frame *frame)
{
  bool reached[8] = {true};
  int count = 0;
  /* reflections have one bit, so they are taken before products of them */
  static const int by_weight[] = {1, 2, 4, 3, 5, 6, 7};
  for (int k = 0; k < 7; k++) {
    int bits = by_weight[k];
    if (!(frame->operations >> bits & 1) || reached[bits]) {
      continue;
    }
    VQE_ASSERT(count < VQE_MAX_GENERATORS);
    out[count++] = bits;
    bool before[8];
    memcpy(before, reached, sizeof before);
    for (int other = 0; other < 8; other++) {
      reached[other ^ bits] = reached[other ^ bits] || before[other];
    }
  }
  return count;
}

int vqe_symmetry_new(struct vqe_symmetry **out, const struct vqe_env *env,
                     const struct vqe_frame *frame)
{
  struct vqe_symmetry *symmetry = NULL;
  size_t n2 = (size_t)env->nao * (size_t)env->nao;
  int chosen[VQE_MAX_GENERATORS];
  int count = vqe_symmetry_generators(chosen, frame);
  int status =
      vqe_memory_alloc(&symmetry, 1, sizeof *symmetry, "symmetry operations");
  if (status != VQE_OK) {
    return status;
  }
  symmetry->ngenerator = count;
  memcpy(symmetry->operations, chosen, (size_t)count * sizeof chosen[0]);
  status = vqe_memory_alloc(&symmetry->matrices, (size_t)count * n2,
                            sizeof(double), "symmetry operations");
  for (int k = 0; status == VQE_OK && k < count; k++) {
    status = fill(symmetry->matrices + (size_t)k * n2, env, frame, chosen[k]);
  }
  if (status != VQE_OK) {
    vqe_symmetry_free(symmetry);
    return status;
  }
  *out = symmetry;
  return VQE_OK;
}

void vqe_symmetry_free(struct vqe_symmetry *symmetry)
{
  if (symmetry == NULL) {
    return;
  }
  free(symmetry->matrices);
  free(symmetry);
}
