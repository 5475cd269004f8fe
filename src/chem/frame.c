#include "chem/frame.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/vector3.h"

#define EXACT 1e-7          /* bohr: images that give zeros in integrals */
#define ROUGH 1e-3          /* bohr: images a rough geometry still shows */
#define EQUAL_MOMENTS 1e-3  /* relative */
#define SAME_MEASURE 1e-6   /* relative */
#define ALIKE 1e-3          /* relative, of frames of a rough geometry */
#define MAX_SEARCH_ATOMS 60 /* larger molecules keep their principal axes */
#define MAX_AXES 64
#define DEGENERATE 1e-5   /* hartree */
#define MAX_COUPLING 1e-6 /* hartree, that a rounded geometry leaves */

/* False when the vector is too short to have a direction. */
static bool normalise(double v[3])
{
  double length = sqrt(vqe_vector3_dot(v, v));
  if (length < 1e-3) {
    return false;
  }
  for (int k = 0; k < 3; k++) {
    v[k] /= length;
  }
  return true;
}

/* Nuclei seen from the centre of charge. */
struct body {
  int n;
  const int *z;
  double *r; /* n x 3 */
};

/* Is the molecule its own image when components along the frame's axes are
 * multiplied by `signs`? */
static bool holds(const struct body *body, const double axes[3][3],
                  const int signs[3], double tolerance)
{
  for (int a = 0; a < body->n; a++) {
    const double *r = body->r + 3 * (size_t)a;
    double image[3] = {0.0, 0.0, 0.0};
    for (int k = 0; k < 3; k++) {
      double along = signs[k] * vqe_vector3_dot(r, axes[k]);
      for (int x = 0; x < 3; x++) {
        image[x] += along * axes[k][x];
      }
    }
    bool found = false;
    for (int b = 0; b < body->n && !found; b++) {
      const double *q = body->r + 3 * (size_t)b;
      found = body->z[a] == body->z[b] && fabs(q[0] - image[0]) < tolerance &&
              fabs(q[1] - image[1]) < tolerance &&
              fabs(q[2] - image[2]) < tolerance;
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

/* The operations that hold, as in struct vqe_frame. */
static unsigned find_operations(const struct body *body,
                                const double axes[3][3], double tolerance)
{
  unsigned found = 0;
  for (unsigned bits = 0; bits < 8; bits++) {
    int signs[3];
    for (int k = 0; k < 3; k++) {
      signs[k] = bits >> k & 1 ? -1 : 1;
    }
    if (holds(body, axes, signs, tolerance)) {
      found |= 1u << bits;
    }
  }
  return found;
}

/* Complete a unit vector `u` by `hint` to a right-handed frame. */
static bool make_frame(double axes[3][3], const double u[3],
                       const double hint[3])
{
  double v[3];
  double along = vqe_vector3_dot(u, hint);
  for (int k = 0; k < 3; k++) {
    v[k] = hint[k] - along * u[k];
  }
  if (!normalise(v)) {
    return false;
  }
  memcpy(axes[0], u, 3 * sizeof(double));
  memcpy(axes[1], v, sizeof v);
  vqe_vector3_cross(axes[2], u, v);
  return true;
}

struct measure {
  double power[2];
};

/* A frame as good as the best so far, or one that a rough geometry hides. */
struct found {
  double axes[3][3];
  struct measure measures[3];
  unsigned operations;
  int score; /* operations that hold, those that hold roughly second */
  int rough; /* operations that hold roughly */
};

struct search {
  struct body body;
  int naxes;
  double axes[MAX_AXES][3]; /* of a rotation by pi or of a reflection */
  int best_score;
  int best_rough;
  int count;
  struct found found[VQE_MAX_FRAMES];
};

/* Sums over nuclei of z (axis . r)^4 and ^6, by which axes differ that no
 * operation of the molecule turns into each other. */
static struct measure measure_axis(const struct body *body,
                                   const double axis[3])
{
  struct measure sum = {{0.0, 0.0}};
  for (size_t a = 0; a < (size_t)body->n; a++) {
    double along = vqe_vector3_dot(body->r + 3 * a, axis);
    double square = along * along;
    sum.power[0] += body->z[a] * square * square;
    sum.power[1] += body->z[a] * square * square * square;
  }
  return sum;
}

/* Negative, 0 or positive as strcmp; what differs by less than `tolerance`
 * counts as equal. */
static int compare_measures(const struct measure *a, const struct measure *b,
                            int count, double tolerance)
{
  for (int k = 0; k < 2 * count; k++) {
    double left = a[k / 2].power[k % 2];
    double right = b[k / 2].power[k % 2];
    double scale = fabs(left) + fabs(right) + 1e-3;
    if (fabs(left - right) > tolerance * scale) {
      return left < right ? -1 : 1;
    }
  }
  return 0;
}

/* Order the axes by falling measures, which it returns as well. */
static void order_axes(struct measure measures[3], double axes[3][3],
                       const struct body *body)
{
  for (int k = 0; k < 3; k++) {
    double axis[3];
    int at = k;
    memcpy(axis, axes[k], sizeof axis);
    struct measure measure = measure_axis(body, axis);
    while (at > 0 && compare_measures(&measures[at - 1], &measure, 1,
                                      SAME_MEASURE) < 0) {
      measures[at] = measures[at - 1];
      memcpy(axes[at], axes[at - 1], sizeof axis);
      at--;
    }
    measures[at] = measure;
    memcpy(axes[at], axis, sizeof axis);
  }
}

/* Negative when `a` comes before `b`: more symmetry, then larger measures. */
static int compare_frames(const struct found *a, const struct found *b)
{
  if (a->score != b->score) {
    return a->score > b->score ? -1 : 1;
  }
  return compare_measures(b->measures, a->measures, 3, SAME_MEASURE);
}

/* Keep a frame that differs from those known, in their order. Frames that a
 * rough geometry hides differ by its roughness too, which is no difference. */
static void keep_frame(struct search *search, const struct found *frame)
{
  int at = 0;
  for (int k = 0; k < search->count; k++) {
    const struct found *known = &search->found[k];
    double tolerance =
        frame->score < search->best_score ? ALIKE : SAME_MEASURE;
    if (known->operations == frame->operations &&
        compare_measures(known->measures, frame->measures, 3, tolerance) ==
            0) {
      return;
    }
    at += compare_frames(known, frame) < 0;
  }
  if (at == VQE_MAX_FRAMES) {
    return;
  }
  search->count += search->count < VQE_MAX_FRAMES;
  memmove(search->found + at + 1, search->found + at,
          (size_t)(search->count - 1 - at) * sizeof *frame);
  search->found[at] = *frame;
}

/* Leave out what is neither of the highest exact nor of the highest rough
 * symmetry. */
static void drop_lesser(struct search *search)
{
  int kept = 0;
  for (int k = 0; k < search->count; k++) {
    const struct found *frame = &search->found[k];
    if (frame->score == search->best_score ||
        frame->rough == search->best_rough) {
      search->found[kept++] = *frame;
    }
  }
  search->count = kept;
}

/* Rounded coordinates may hold the one symmetry of a square exactly and the
 * other only roughly, so that frames of both are kept. */
static void try_frame(struct search *search, const double u[3],
                      const double hint[3])
{
  struct found frame;
  if (!make_frame(frame.axes, u, hint)) {
    return;
  }
  order_axes(frame.measures, frame.axes, &search->body);
  frame.operations = find_operations(&search->body, frame.axes, EXACT);
  frame.rough =
      __builtin_popcount(find_operations(&search->body, frame.axes, ROUGH));
  frame.score = 16 * __builtin_popcount(frame.operations) + frame.rough;
  if (frame.score > search->best_score || frame.rough > search->best_rough) {
    search->best_score =
        search->best_score > frame.score ? search->best_score : frame.score;
    search->best_rough =
        search->best_rough > frame.rough ? search->best_rough : frame.rough;
    drop_lesser(search);
  }
  if (frame.score == search->best_score || frame.rough == search->best_rough) {
    keep_frame(search, &frame);
  }
}

/* Keep `axis` when it carries a symmetry element and is new. */
static void try_axis(struct search *search, const double axis[3])
{
  static const int rotation[3] = {1, -1, -1};
  static const int reflection[3] = {-1, 1, 1};
  double axes[3][3];
  double u[3] = {axis[0], axis[1], axis[2]};
  if (search->naxes == MAX_AXES || !normalise(u)) {
    return;
  }
  for (int k = 0; k < search->naxes; k++) {
    if (fabs(vqe_vector3_dot(u, search->axes[k])) > 1.0 - 1e-7) {
      return;
    }
  }
  double hint[3] = {0.0, 0.0, 0.0};
  int least = 0;
  for (int k = 1; k < 3; k++) {
    least = fabs(u[k]) < fabs(u[least]) - 1e-6 ? k : least;
  }
  hint[least] = 1.0;
  (void)make_frame(axes, u, hint);
  if (holds(&search->body, axes, rotation, ROUGH) ||
      holds(&search->body, axes, reflection, ROUGH)) {
    memcpy(search->axes[search->naxes++], u, sizeof u);
  }
}

/* Axes of a molecule with equal moments of inertia go through an atom or
 * between two equivalent ones, or are normal to the plane of two atoms, or
 * join two atoms that a reflection swaps. */
static void try_atoms(struct search *search)
{
  const struct body *body = &search->body;
  for (int a = 0; a < body->n; a++) {
    try_axis(search, body->r + 3 * (size_t)a);
  }
  for (int a = 0; a < body->n; a++) {
    for (int b = 0; b < a; b++) {
      const double *p = body->r + 3 * (size_t)a;
      const double *q = body->r + 3 * (size_t)b;
      double v[3];
      if (body->z[a] != body->z[b] ||
          fabs(vqe_vector3_dot(p, p) - vqe_vector3_dot(q, q)) > 0.1) {
        continue;
      }
      for (int k = 0; k < 3; k++) {
        v[k] = p[k] + q[k];
      }
      try_axis(search, v);
      for (int k = 0; k < 3; k++) {
        v[k] = p[k] - q[k];
      }
      try_axis(search, v);
      vqe_vector3_cross(v, p, q);
      try_axis(search, v);
    }
  }
}

/* Principal axes of the charges, as rows, by rising moment. */
static bool principal_axes(double axes[3][3], double moments[3],
                           const struct body *body)
{
  double tensor[9] = {0.0};
  for (int a = 0; a < body->n; a++) {
    const double *r = body->r + 3 * (size_t)a;
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        tensor[3 * i + j] +=
            body->z[a] *
            ((i == j ? vqe_vector3_dot(r, r) : 0.0) - r[i] * r[j]);
      }
    }
  }
  if (LAPACKE_dsyev(LAPACK_COL_MAJOR, 'V', 'L', 3, tensor, 3, moments) != 0) {
    return false;
  }
  memcpy(axes, tensor, 9 * sizeof(double));
  return true;
}

static void find_centre(double centre[3], const struct vqe_env *env)
{
  double charge = 0.0;
  memset(centre, 0, 3 * sizeof(double));
  for (int a = 0; a < env->natm; a++) {
    charge += env->z[a];
    for (int k = 0; k < 3; k++) {
      centre[k] += env->z[a] * env->xyz[3 * a + k];
    }
  }
  for (int k = 0; k < 3; k++) {
    centre[k] /= charge;
  }
}

static const double laboratory[3][3] = {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}};

/* Try frames of the principal axes and, where moments of inertia are equal,
 * of every axis that carries a symmetry element. */
static void try_all(struct search *search)
{
  double principal[3][3];
  double moments[3];
  if (!principal_axes(principal, moments, &search->body)) {
    return;
  }
  try_frame(search, principal[2], principal[0]);
  double slack = EQUAL_MOMENTS * moments[2];
  bool top =
      moments[1] - moments[0] < slack || moments[2] - moments[1] < slack;
  if (!top || search->body.n > MAX_SEARCH_ATOMS) {
    return;
  }
  for (int k = 0; k < 3; k++) {
    try_axis(search, laboratory[k]);
  }
  for (int k = 2; k >= 0; k--) {
    try_axis(search, principal[k]);
  }
  try_atoms(search);
  for (int i = 0; i < search->naxes; i++) {
    for (int j = 0; j < search->naxes; j++) {
      if (fabs(vqe_vector3_dot(search->axes[i], search->axes[j])) < 1e-3) {
        try_frame(search, search->axes[i], search->axes[j]);
      }
    }
    for (int k = 0; k < 3; k++) {
      try_frame(search, search->axes[i], laboratory[k]);
    }
  }
}

int vqe_frame_find(struct vqe_frame out[VQE_MAX_FRAMES], int *count,
                   const struct vqe_env *env)
{
  struct search *search = NULL;
  size_t size = 3 * (size_t)env->natm;
  *count = 1;
  memset(out, 0, VQE_MAX_FRAMES * sizeof *out);
  memcpy(out->axes, laboratory, sizeof laboratory);
  out->operations = 1;
  find_centre(out->centre, env);
  int status = vqe_memory_alloc(&search, 1, sizeof *search, "frame");
  if (status != VQE_OK) {
    return status;
  }
  VQE_ASSERT(search != NULL);
  search->body.n = env->natm;
  search->body.z = env->z;
  status = vqe_memory_alloc(&search->body.r, size, sizeof(double), "frame");
  if (status == VQE_OK) {
    for (size_t k = 0; k < size; k++) {
      search->body.r[k] = env->xyz[k] - out->centre[k % 3];
    }
    try_all(search);
    *count = search->count > 0 ? search->count : 1;
  }
  for (int k = 0; k < search->count && k < VQE_MAX_FRAMES; k++) {
    memcpy(out[k].centre, out[0].centre, sizeof out[k].centre);
    memcpy(out[k].axes, search->found[k].axes, sizeof out[k].axes);
    out[k].operations = search->found[k].operations;
  }
  free(search->body.r);
  free(search);
  return status;
}

int vqe_frame_take(struct vqe_frame *frame, const double axes[3][3],
                   const struct vqe_env *env)
{
  struct body body = {.n = env->natm, .z = env->z};
  size_t size = 3 * (size_t)env->natm;
  int status = vqe_memory_alloc(&body.r, size, sizeof(double), "frame");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < size; k++) {
    body.r[k] = env->xyz[k] - frame->centre[k % 3];
  }
  unsigned operations = find_operations(&body, axes, EXACT);
  if (__builtin_popcount(operations) >=
      __builtin_popcount(frame->operations)) {
    memcpy(frame->axes, axes, sizeof frame->axes);
    frame->operations = operations;
  }
  free(body.r);
  return VQE_OK;
}

int vqe_frame_splitter(double *out, struct vqe_env *env,
                       const struct vqe_frame *frame)
{
  static const double edges[3] = {1.1, 1.9, 2.7}; /* bohr */
  double *one = NULL;
  size_t size = (size_t)env->nao * (size_t)env->nao;
  int status =
      vqe_memory_alloc(&one, size, sizeof(double), "orbital splitter");
  memset(out, 0, size * sizeof(double));
  for (int corner = 0; status == VQE_OK && corner < 8; corner++) {
    double point[3];
    memcpy(point, frame->centre, sizeof point);
    for (int k = 0; k < 3; k++) {
      double sign = corner >> k & 1 ? -1.0 : 1.0;
      for (int x = 0; x < 3; x++) {
        point[x] += sign * edges[k] * frame->axes[k][x];
      }
    }
    status = vqe_env_inverse_distance(one, env, 0, env->nbas, point);
    for (size_t k = 0; status == VQE_OK && k < size; k++) {
      out[k] += one[k];
    }
  }
  free(one);
  return status;
}

/* u^T diag(energies) u into the lower triangle of `fock`; returns the largest
 * element off the diagonal. */
static double rotate_energies(double *fock, const double *u,
                              const double *energies, int n)
{
  double coupling = 0.0;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j <= i; j++) {
      double sum = 0.0;
      for (int k = 0; k < n; k++) {
        sum += u[k * n + i] * energies[k] * u[k * n + j];
      }
      fock[i * n + j] = sum;
      coupling = i != j && fabs(sum) > coupling ? fabs(sum) : coupling;
    }
  }
  return coupling;
}

/* Columns [first, first + n) to eigenvectors of the splitter. */
static int align_block(double *mo_coeff, double *energies, int nao, int nmo,
                       int n, const double *splitter)
{
  double *work = NULL;
  size_t columns = (size_t)nao * (size_t)n;
  size_t square = (size_t)n * (size_t)n;
  int status = vqe_memory_alloc(&work, 2 * columns + 2 * square + (size_t)n,
                                sizeof(double), "orbital alignment");
  if (status != VQE_OK) {
    return status;
  }
  double *product = work;
  double *rotated = product + columns;
  double *u = rotated + columns;
  double *fock = u + square;
  double *values = fock + square;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nao, n, nao, 1.0,
              splitter, nao, mo_coeff, nmo, 0.0, product, n);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, n, nao, 1.0,
              mo_coeff, nmo, product, n, 0.0, u, n);
  if (LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'L', n, u, n, values) != 0) {
    status = vqe_error_set(VQE_ERR_NUMERIC,
                           "aligning degenerate orbitals did not converge");
  }
  if (status == VQE_OK &&
      rotate_energies(fock, u, energies, n) <= MAX_COUPLING) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nao, n, n, 1.0,
                mo_coeff, nmo, u, n, 0.0, rotated, n);
    for (int p = 0; p < nao; p++) {
      memcpy(mo_coeff + (size_t)p * (size_t)nmo,
             rotated + (size_t)p * (size_t)n, (size_t)n * sizeof(double));
    }
    for (int i = 0; i < n; i++) {
      energies[i] = fock[i * n + i];
    }
  }
  free(work);
  return status;
}

int vqe_frame_align(double *mo_coeff, double *energies, int nao, int nmo,
                    int first, int last, const double *splitter)
{
  int start = first;
  while (start < last) {
    int end = start + 1;
    while (end < last && energies[end] - energies[end - 1] < DEGENERATE) {
      end++;
    }
    if (end - start > 1) {
      int status = align_block(mo_coeff + start, energies + start, nao, nmo,
                               end - start, splitter);
      if (status != VQE_OK) {
        return status;
      }
    }
    start = end;
  }
  return VQE_OK;
}

void vqe_frame_fix_signs(double *mo_coeff, int nao, int nmo)
{
  for (int i = 0; i < nmo; i++) {
    double largest = 0.0;
    for (int p = 0; p < nao; p++) {
      largest = fmax(largest, fabs(mo_coeff[(size_t)p * nmo + i]));
    }
    /* coefficients that are equal by symmetry differ by rounding: take the
     * first of them */
    int p = 0;
    while (p < nao - 1 &&
           fabs(mo_coeff[(size_t)p * nmo + i]) < 0.9999 * largest) {
      p++;
    }
    if (mo_coeff[(size_t)p * nmo + i] < 0.0) {
      for (int q = 0; q < nao; q++) {
        mo_coeff[(size_t)q * nmo + i] = -mo_coeff[(size_t)q * nmo + i];
      }
    }
  }
}
