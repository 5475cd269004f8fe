#include "chem/mo_label.h"

#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/vector3.h"
#include "chem/symmetry.h"
#include "vqe/error.h"

#define PURE 1e-3 /* how far a character may be from 1 and -1 */
#define INVERSION 7

/* ---- irreps ---- */

/* Operations of the group that the orbitals keep, as bits, and which axis of
 * the frame is x, y and z. */
struct group {
  unsigned operations;
  int order;
  int axis[3];
};

/* How many atoms lie on an axis of the frame. *across: all lie in the plane
 * normal to it. */
static int atoms_on(const struct vqe_env *env, const struct vqe_frame *frame,
                    int axis, bool *across)
{
  int on = 0;
  *across = true;
  for (int a = 0; a < env->natm; a++) {
    double v[3];
    vqe_vector3_minus(v, env->xyz + 3 * (size_t)a, frame->centre);
    double along = vqe_vector3_dot(v, frame->axes[axis]);
    double off = vqe_vector3_dot(v, v) - along * along;
    *across = *across && fabs(along) < 1e-3;
    on += off < 1e-6;
  }
  return on;
}

/* z: an axis of rotation, with most atoms on it; x: across a plane. */
static void name_axes(struct group *group, const struct vqe_env *env,
                      const struct vqe_frame *frame)
{
  int score[3];
  int x = -1;
  int z = -1;
  for (int k = 0; k < 3; k++) {
    bool across;
    bool rotates = group->operations >> (INVERSION ^ (1 << k)) & 1;
    int on = atoms_on(env, frame, k, &across);
    score[k] = rotates ? env->natm + 1 + on : on;
    if (x < 0 && across) {
      x = k;
    }
  }
  for (int k = 0; k < 3; k++) {
    if (k != x && (z < 0 || score[k] > score[z])) {
      z = k;
    }
  }
  if (x < 0) {
    x = (z + 1) % 3;
  }
  group->axis[0] = x;
  group->axis[1] = 3 - x - z;
  group->axis[2] = z;
}

/* Character of an operation: of the generators that make it up. */
static int character_of(int operation, const int *signs,
                        const struct vqe_symmetry *symmetry)
{
  for (int set = 0; set < 1 << symmetry->ngenerator; set++) {
    int bits = 0;
    int sign = 1;
    for (int k = 0; k < symmetry->ngenerator; k++) {
      if (set >> k & 1) {
        bits ^= symmetry->operations[k];
        sign *= signs[k];
      }
    }
    if (bits == operation) {
      return sign;
    }
  }
  return 0;
}

/* Mulliken's names of the irreps of D2h and its parts. */
static void name_irrep(char out[8], const struct group *group,
                       const int *signs, const struct vqe_symmetry *symmetry)
{
  int flips[3]; /* of axes x, y, z: the reflection */
  int turns[3]; /* the rotation about them */
  for (int k = 0; k < 3; k++) {
    int bit = 1 << group->axis[k];
    bool reflects = group->operations >> bit & 1;
    bool rotates = group->operations >> (INVERSION ^ bit) & 1;
    flips[k] = reflects ? character_of(bit, signs, symmetry) : 0;
    turns[k] = rotates ? character_of(INVERSION ^ bit, signs, symmetry) : 0;
  }
  bool centred = group->operations >> INVERSION & 1;
  int centre = centred ? character_of(INVERSION, signs, symmetry) : 0;
  const char *parity = centre == 0 ? "" : centre > 0 ? "g" : "u";
  int nturn = (turns[0] != 0) + (turns[1] != 0) + (turns[2] != 0);
  int nflip = (flips[0] != 0) + (flips[1] != 0) + (flips[2] != 0);
  if (nturn == 3) {
    const char *name = turns[2] > 0 && turns[1] > 0 ? "A"
                       : turns[2] > 0               ? "B1"
                       : turns[1] > 0               ? "B2"
                                                    : "B3";
    snprintf(out, 8, "%s%s", name, parity);
  } else if (nturn == 1 && nflip == 2) {
    /* reflections across x and y; the first keeps a plane with the atoms */
    snprintf(out, 8, "%s%d", turns[2] > 0 ? "A" : "B",
             turns[2] > 0 ? (flips[0] > 0 ? 1 : 2) : (flips[0] > 0 ? 2 : 1));
  } else if (nturn == 1) {
    int turn = turns[0] + turns[1] + turns[2];
    snprintf(out, 8, "%s%s", turn > 0 ? "A" : "B", parity);
  } else if (nflip == 1) {
    int flip = flips[0] + flips[1] + flips[2];
    snprintf(out, 8, "%s", flip > 0 ? "A'" : "A\"");
  } else {
    snprintf(out, 8, "A%s", parity);
  }
}

/* <p|R|p> of each orbital and generator into signs (count x 3), 0 where an
 * orbital has no character. */
static int find_signs(int *signs, int first, int count,
                      const struct vqe_symmetry *symmetry,
                      const struct vqe_mo_scene *scene)
{
  size_t n = (size_t)scene->env->nao;
  size_t m = (size_t)scene->nmo;
  double *image = NULL;
  int status =
      vqe_memory_alloc(&image, n, sizeof(double), "image of an orbital");
  for (int g = 0; status == VQE_OK && g < symmetry->ngenerator; g++) {
    const double *r = symmetry->matrices + (size_t)g * n * n;
    for (int k = 0; k < count; k++) {
      const double *c = scene->mo_coeff + first + k;
      double sum = 0.0;
      for (size_t p = 0; p < n; p++) {
        image[p] = 0.0;
        for (size_t q = 0; q < n; q++) {
          image[p] += r[p * n + q] * c[q * m];
        }
      }
      for (size_t p = 0; p < n; p++) {
        double row = 0.0;
        for (size_t q = 0; q < n; q++) {
          row += scene->overlap[p * n + q] * image[q];
        }
        sum += c[p * m] * row;
      }
      signs[3 * k + g] = fabs(fabs(sum) - 1.0) < PURE ? (sum > 0 ? 1 : -1) : 0;
    }
  }
  free(image);
  return status;
}

/* The operations that all orbitals keep. */
static unsigned kept_operations(const int *signs, int count,
                                const struct vqe_symmetry *symmetry)
{
  unsigned operations = 1;
  for (int set = 1; set < 1 << symmetry->ngenerator; set++) {
    int bits = 0;
    bool kept = true;
    for (int g = 0; g < symmetry->ngenerator; g++) {
      if (set >> g & 1) {
        bits ^= symmetry->operations[g];
        for (int k = 0; k < count; k++) {
          kept = kept && signs[3 * k + g] != 0;
        }
      }
    }
    operations |= kept ? 1u << bits : 0;
  }
  return operations;
}

static int label_irreps(struct vqe_orbital *out, int first, int count,
                        const struct vqe_mo_scene *scene)
{
  struct vqe_symmetry *symmetry = NULL;
  struct group group = {.operations = 1};
  int *signs = NULL;
  int status = vqe_memory_alloc(&signs, 3 * (size_t)count, sizeof(int),
                                "characters of orbitals");
  if (status == VQE_OK) {
    status = vqe_symmetry_new(&symmetry, scene->env, scene->frame);
  }
  if (status == VQE_OK) {
    status = find_signs(signs, first, count, symmetry, scene);
  }
  if (status == VQE_OK) {
    group.operations = kept_operations(signs, count, symmetry);
    name_axes(&group, scene->env, scene->frame);
  }
  for (int k = 0; status == VQE_OK && k < count; k++) {
    name_irrep(out[k].irrep, &group, signs + (size_t)3 * (size_t)k, symmetry);
  }
  free(signs);
  vqe_symmetry_free(symmetry);
  return status;
}

/* ---- shells ---- */

/* b = S^(-1/2) <minimal|orbital>, nmin x count: its squares are shares. */
static int shares(double *b, int first, int count,
                  const struct vqe_minimal *minimal,
                  const struct vqe_mo_scene *scene)
{
  int n = minimal->nmin;
  size_t square = (size_t)n * (size_t)n;
  double *work = NULL;
  int status = vqe_memory_alloc(&work, square + 2 * (size_t)n, sizeof(double),
                                "shares of orbitals");
  if (status != VQE_OK) {
    return status;
  }
  double *u = work;
  double *values = u + square;
  double *raw = values + n;
  memcpy(u, minimal->overlap, square * sizeof(double));
  if (LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'L', n, u, n, values) != 0 ||
      values[0] <= 0.0) {
    count = 0; /* atoms in one place: nothing can be said */
  }
  for (int k = 0; k < count; k++) {
    for (int p = 0; p < n; p++) {
      raw[p] = 0.0;
      for (int q = 0; q < minimal->nao; q++) {
        raw[p] += minimal->cross[(size_t)p * minimal->nao + q] *
                  scene->mo_coeff[(size_t)q * scene->nmo + first + k];
      }
    }
    for (int v = 0; v < n; v++) {
      double sum = 0.0;
      for (int p = 0; p < n; p++) {
        sum += u[(size_t)p * n + v] * raw[p];
      }
      sum /= sqrt(values[v]);
      for (int p = 0; p < n; p++) {
        b[(size_t)p * count + k] += u[(size_t)p * n + v] * sum;
      }
    }
  }
  free(work);
  return status;
}

static bool alike(const struct vqe_minimal_function *a,
                  const struct vqe_minimal_function *b)
{
  return a->z == b->z && a->n == b->n && a->l == b->l;
}

static void name_shell(char *out, size_t size, const double *b, int count,
                       int k, const struct vqe_minimal *minimal)
{
  int best = -1;
  double largest = 0.0;
  double all = 0.0;
  double part[3] = {0.0, 0.0, 0.0};
  for (int p = 0; p < minimal->nmin; p++) {
    double share = 0.0;
    for (int q = 0; q < minimal->nmin; q++) {
      double value = b[(size_t)q * count + k];
      bool counts = alike(&minimal->functions[p], &minimal->functions[q]);
      share += counts ? value * value : 0.0;
    }
    all += b[(size_t)p * count + k] * b[(size_t)p * count + k];
    if (share > largest + 1e-9) {
      largest = share;
      best = p;
    }
  }
  if (best < 0 || all < 1.0 / 3.0) {
    snprintf(out, size, "other");
    return;
  }
  const struct vqe_minimal_function *f = &minimal->functions[best];
  for (int q = 0; q < minimal->nmin; q++) {
    double value = b[(size_t)q * count + k];
    if (alike(f, &minimal->functions[q]) && f->l == 1) {
      part[minimal->functions[q].m] += value * value;
    }
  }
  const char *component = "";
  for (int m = 0; m < 3 && f->l == 1; m++) {
    static const char *const axes[] = {"x", "y", "z"};
    component = part[m] > 0.9 * largest ? axes[m] : component;
  }
  snprintf(out, size, "%s %d%c%s", vqe_element_symbol(f->z), f->n, "spd"[f->l],
           component);
}

static int label_shells(struct vqe_orbital *out, int first, int count,
                        const struct vqe_mo_scene *scene)
{
  struct vqe_minimal *minimal = NULL;
  double *b = NULL;
  double normals[2][3];
  enum vqe_shape shape = vqe_minimal_shape(normals, scene->env);
  bool flat = shape == VQE_SHAPE_PLANAR || shape == VQE_SHAPE_LINEAR;
  int status =
      vqe_minimal_new(&minimal, scene->molecule, scene->basis, scene->env);
  if (status != VQE_OK) {
    return status;
  }
  size_t n = (size_t)minimal->nmin;
  status = vqe_memory_alloc(&b, n * (size_t)count, sizeof(double),
                            "shares of orbitals");
  if (status == VQE_OK) {
    status = shares(b, first, count, minimal, scene);
  }
  for (int k = 0; status == VQE_OK && k < count; k++) {
    char shell[16];
    double across = 0.0;
    double all = 0.0;
    name_shell(shell, sizeof shell, b, count, k, minimal);
    for (size_t p = 0; p < n; p++) {
      const double *from = b + p * (size_t)count + k;
      all += from[0] * from[0];
      if (minimal->functions[p].l != 1 || minimal->functions[p].m != 0) {
        continue;
      }
      for (int d = 0; flat && d < (shape == VQE_SHAPE_LINEAR ? 2 : 1); d++) {
        double along = 0.0;
        for (int m = 0; m < 3; m++) {
          along += normals[d][m] * from[(size_t)m * (size_t)count];
        }
        across += along * along;
      }
    }
    bool known = flat && all >= 1.0 / 3.0;
    snprintf(out[k].character, sizeof out[k].character, "%s%s",
             !known               ? ""
             : across > 0.5 * all ? "pi "
                                  : "sigma ",
             shell);
  }
  free(b);
  vqe_minimal_free(minimal);
  return status;
}

int vqe_mo_label(struct vqe_orbital *out, int first, int count,
                 const struct vqe_mo_scene *scene)
{
  int status = label_irreps(out, first, count, scene);
  for (size_t a = 0; a < scene->molecule->natom; a++) {
    if (scene->molecule->z[a] > 18) {
      return status;
    }
  }
  return status == VQE_OK ? label_shells(out, first, count, scene) : status;
}
