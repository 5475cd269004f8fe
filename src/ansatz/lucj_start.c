/* Parameters of LUCJ that prepare a given product, and the product that
 * first-order amplitudes give by double factorisation. */
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/lucj.h"
#include "ansatz/subspace.h"
#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

#define ROOT_HALF 0.70710678118654752440
#define MIN_GAP 1e-8 /* hartree */
/* Elements of rotations below this are rounding, and have no phase. */
#define NOTHING 1e-10
/* Shares of the largest: values are zero below it, or equal. */
#define LEAST_VALUE 1e-10
#define EQUAL_VALUES 1e-8

/* ---- networks ---- */

/* Undo one block: phase of row p, then the rotation of rows p and p + 1 that
 * clears (p + 1, column). */
static void clear_element(double *angle, double *phase, double complex *matrix,
                          int columns, const struct vqe_lucj_block *block)
{
  double complex *x = matrix + (size_t)block->orbital * (size_t)columns;
  double complex *y = x + columns;
  double complex a = x[block->column];
  double complex b = y[block->column];
  *phase = 0.0;
  if (cabs(a) > NOTHING && cabs(b) > NOTHING) {
    *phase = remainder(carg(a) - carg(b), 2.0 * M_PI);
    *phase += *phase < NOTHING - M_PI ? 2.0 * M_PI : 0.0;
  }
  *angle = cabs(b) > NOTHING ? atan2(cabs(b), cabs(a)) : 0.0;
  double complex turn = cexp(-I * *phase);
  double c = cos(*angle);
  double s = sin(*angle);
  for (int k = 0; k < columns; k++) {
    double complex top = turn * x[k];
    x[k] = c * top + s * y[k];
    y[k] = c * y[k] - s * top;
  }
}

/* Rotate the columns among themselves so that the lower rows of the norb x
 * columns matrix are upper triangular: the same determinant, with the zeros
 * that the network starts from. */
static void mix_columns(double complex *matrix, int norb, int columns)
{
  for (int r = norb - 1; r > norb - columns; r--) {
    for (int k = 0; k < r - (norb - columns); k++) {
      double complex a = matrix[r * columns + k];
      double complex b = matrix[r * columns + k + 1];
      double norm = hypot(cabs(a), cabs(b));
      if (norm < NOTHING) {
        continue;
      }
      for (int row = 0; row < norb; row++) {
        double complex *x = matrix + (size_t)(row * columns + k);
        double complex left = x[0];
        x[0] = (b * left - a * x[1]) / norm;
        x[1] = (conj(a) * left + conj(b) * x[1]) / norm;
      }
    }
  }
}

/* Angles and phases of the network for a norb x columns matrix, which
 * becomes what is left on the right of it: diagonal, for a whole rotation. */
static int decompose(double *out, double complex *matrix, int norb,
                     int columns)
{
  struct vqe_lucj_block *blocks = NULL;
  size_t n = vqe_lucj_network(NULL, norb, columns);
  int status =
      vqe_memory_alloc(&blocks, n, sizeof *blocks, "orbital rotation");
  if (status != VQE_OK) {
    return status;
  }
  (void)vqe_lucj_network(blocks, norb, columns);
  if (columns < norb) {
    mix_columns(matrix, norb, columns);
  }
  for (size_t k = n; k-- > 0;) {
    clear_element(&out[2 * k], &out[2 * k + 1], matrix, columns, &blocks[k]);
  }
  free(blocks);
  return VQE_OK;
}

/* The first columns of a b, or of a^+ b; NULL is the identity. */
static void product(double complex *out, const double complex *a,
                    bool conjugate, const double complex *b, int norb,
                    int columns)
{
  for (int p = 0; p < norb; p++) {
    for (int q = 0; q < columns; q++) {
      double complex sum = 0.0;
      for (int r = 0; r < norb; r++) {
        double complex left = a == NULL   ? (p == r ? 1.0 : 0.0)
                              : conjugate ? conj(a[r * norb + p])
                                          : a[p * norb + r];
        double complex right =
            b == NULL ? (r == q ? 1.0 : 0.0) : b[r * norb + q];
        sum += left * right;
      }
      out[p * columns + q] = sum;
    }
  }
}

/* Couplings of the pairs that interact, as many as it returns; `out` may be
 * NULL. The same-spin diagonal counts electrons and joins the phases. */
static int read_couplings(double *out, const struct vqe_ansatz *ansatz,
                          const double *same, const double *opposite)
{
  int norb = ansatz->norb;
  int n = 0;
  for (int spin = 1; spin >= 0; spin--) {
    const double *from = spin == 1 ? same : opposite;
    for (int p = 0; p < norb; p++) {
      for (int q = p; q < norb; q++) {
        if (!vqe_lucj_interacts(ansatz->entanglement, spin == 1, p, q)) {
          continue;
        }
        if (out != NULL) {
          out[n] = from[p * norb + q];
        }
        n++;
      }
    }
  }
  return n;
}

/* Not inlined, so that the start has the same bits through both callers:
 * what is contracted to fused products changes with the code around. */
__attribute__((noinline)) int
vqe_lucj_parameters(double *out, const struct vqe_ansatz *ansatz,
                    const double complex *rotations, const double *same,
                    const double *opposite, const double complex *last)
{
  int norb = ansatz->norb;
  int reps = ansatz->reps;
  size_t n2 = (size_t)norb * (size_t)norb;
  double complex *rotation = NULL;
  int status =
      vqe_memory_alloc(&rotation, n2, sizeof *rotation, "orbital rotation");
  if (status != VQE_OK) {
    return status;
  }
  double complex pending[VQE_MAX_ORBITALS];
  int couplings = read_couplings(NULL, ansatz, same, opposite);
  int network = 2 * (int)vqe_lucj_network(NULL, norb, norb);
  int first = 2 * (int)vqe_lucj_network(NULL, norb, vqe_lucj_columns(ansatz));
  for (int p = 0; p < norb; p++) {
    pending[p] = 1.0;
  }
  for (int k = reps; status == VQE_OK && k >= 0; k--) {
    int columns = k == 0 ? vqe_lucj_columns(ansatz) : norb;
    double *at = out + (k == 0 ? 0 : first + (k - 1) * (couplings + network));
    const double complex *right =
        k == 0 ? NULL : rotations + (size_t)(k - 1) * n2;
    if (k == reps) {
      product(rotation, last, false, right, norb, columns);
    } else {
      product(rotation, rotations + (size_t)k * n2, true, right, norb,
              columns);
    }
    for (int p = 0; p < norb; p++) {
      for (int q = 0; q < columns; q++) {
        rotation[p * columns + q] *= pending[p];
      }
    }
    if (k > 0) {
      at += read_couplings(at, ansatz, same + (size_t)(k - 1) * n2,
                           opposite + (size_t)(k - 1) * n2);
    }
    status = decompose(at, rotation, norb, columns);
    for (int p = 0; k > 0 && p < norb; p++) {
      double diagonal = same[(size_t)(k - 1) * n2 + (size_t)(p * norb + p)];
      pending[p] = rotation[p * norb + p] * cexp(0.5 * I * diagonal);
    }
  }
  free(rotation);
  return status;
}

/* ---- double factorisation ----
 *
 * T2 = 1/2 sum t_iajb E_ai E_bj with t = sum_l lambda_l y_l y_l^T. With
 * Y = sum_ai y_ia E_ai,
 *   Y^2 - Y^+^2 = i (Z_+^2 - Z_-^2), Z_+- = (1 -+ i)/2 (Y +- i Y^+),
 * and Z is Hermitian: exp(T2 - T2^+) is, factor by factor,
 *   U exp(+- i lambda/2 sum z_p z_q n_p n_q) U^+
 * in the eigenbasis of Z (the factorisation of Motta et al., npj Quantum Inf.
 * 7, 83 (2021)). From the singular vectors y = sum s |a><b| those of Z are
 * (exp(-+ i pi/4) |a> +- |b>)/sqrt 2 with eigenvalues +- s/sqrt 2; the two of
 * a pair become neighbours, where local couplings find them. */

static int amplitudes(double *out, const struct vqe_ansatz *ansatz,
                      const double *eri, const double *energies)
{
  size_t norb = (size_t)ansatz->norb;
  size_t npair = norb * (norb + 1) / 2;
  size_t no = (size_t)ansatz->nalpha;
  size_t nv = norb - no;
  for (size_t i = 0; i < no; i++) {
    for (size_t a = no; a < norb; a++) {
      for (size_t j = 0; j < no; j++) {
        for (size_t b = no; b < norb; b++) {
          double gap = energies[i] + energies[j] - energies[a] - energies[b];
          if (gap > -MIN_GAP) {
            return vqe_error_set(VQE_ERR_NUMERIC,
                                 "MP2 amplitudes diverge: occupied and "
                                 "virtual orbital energies coincide; use "
                                 "init 'random'");
          }
          out[(i * nv + a - no) * no * nv + j * nv + b - no] =
              eri[(a * (a + 1) / 2 + i) * npair + b * (b + 1) / 2 + j] / gap;
        }
      }
    }
  }
  return VQE_OK;
}

/* Eigenvectors of Z from the singular vectors of y, and its eigenvalues. */
static void turn_orbitals(double complex *rotation, double z[VQE_MAX_ORBITALS],
                          int norb, int no, const double *left,
                          const double *right, const double *values, bool plus)
{
  int nv = norb - no;
  int rank = no < nv ? no : nv;
  double complex turn = cexp((plus ? -0.25 : 0.25) * I * M_PI);
  int column = 0;
  VQE_ASSERT(norb <= VQE_MAX_ORBITALS);
  memset(rotation, 0, (size_t)norb * (size_t)norb * sizeof *rotation);
  for (int m = 0; m < rank; m++) {
    for (int sign = 1; sign >= -1; sign -= 2) {
      for (int i = 0; i < no; i++) {
        rotation[i * norb + column] = sign * ROOT_HALF * left[i * no + m];
      }
      for (int a = 0; a < nv; a++) {
        rotation[(no + a) * norb + column] =
            ROOT_HALF * turn * right[m * nv + a];
      }
      z[column++] = sign * ROOT_HALF * values[m];
    }
  }
  for (int m = rank; m < no; m++, column++) {
    for (int i = 0; i < no; i++) {
      rotation[i * norb + column] = left[i * no + m];
    }
  }
  for (int m = rank; m < nv; m++, column++) {
    for (int a = 0; a < nv; a++) {
      rotation[(no + a) * norb + column] = right[m * nv + a];
    }
  }
  VQE_ASSERT(column == norb);
}

static int no_convergence(void)
{
  return vqe_error_set(VQE_ERR_NUMERIC,
                       "the factorisation of MP2 amplitudes does not "
                       "converge; use init 'random'");
}

/* Singular vectors of y (no x nv) that do not depend on the library: y = left
 * diag(values) right, columns of left (no x no) and rows of right (nv x nv).
 * Equal values leave a choice of vectors, and all of them one of sign; where
 * the values are zero or end, left and right span what the others leave. */
static int fix_vectors(double *left, double *right, const double *values,
                       const double *y, int no, int nv)
{
  int rank = no < nv ? no : nv;
  int first = 0;
  int status = VQE_OK;
  while (status == VQE_OK && first < rank &&
         values[first] > LEAST_VALUE * values[0]) {
    int count = vqe_ansatz_count_equal(values + first, rank - first,
                                       EQUAL_VALUES * values[0]);
    status = vqe_ansatz_fix_basis(left + first, no, count, no, 1);
    for (int m = first; m < first + count; m++) {
      for (int a = 0; a < nv; a++) {
        double sum = 0.0;
        for (int i = 0; i < no; i++) {
          sum += left[i * no + m] * y[i * nv + a];
        }
        right[m * nv + a] = sum / values[m];
      }
    }
    first += count;
  }
  if (status == VQE_OK) {
    status = vqe_ansatz_fix_basis(left + first, no, no - first, no, 1);
  }
  if (status == VQE_OK) {
    status = vqe_ansatz_fix_basis(right + (size_t)first * (size_t)nv, nv,
                                  nv - first, 1, nv);
  }
  return status;
}

/* One factor: its rotation and its couplings. */
static int factor(double complex *rotation, double *coupling, int norb, int no,
                  const double *y, double lambda, bool plus)
{
  double *work = NULL;
  int nv = norb - no;
  size_t n = (size_t)norb;
  double z[VQE_MAX_ORBITALS] = {0};
  int status =
      vqe_memory_alloc(&work, 3 * n * n + 2 * n, sizeof *work, "amplitudes");
  if (status != VQE_OK) {
    return status;
  }
  double *left = work;           /* no x no, columns are b */
  double *right = left + n * n;  /* nv x nv, rows are a */
  double *copy = right + n * n;  /* of y, which is destroyed */
  double *values = copy + n * n; /* min(no, nv) */
  double *superdiagonal = values + n;
  memcpy(copy, y, (size_t)(no * nv) * sizeof *y);
  if (LAPACKE_dgesvd(LAPACK_ROW_MAJOR, 'A', 'A', no, nv, copy, nv, values,
                     left, no, right, nv, superdiagonal) != 0) {
    status = no_convergence();
  }
  if (status == VQE_OK) {
    status = fix_vectors(left, right, values, y, no, nv);
  }
  if (status == VQE_OK) {
    turn_orbitals(rotation, z, norb, no, left, right, values, plus);
    for (int p = 0; p < norb; p++) {
      for (int q = 0; q < norb; q++) {
        coupling[p * norb + q] = (plus ? lambda : -lambda) * z[p] * z[q];
      }
    }
  }
  free(work);
  return status;
}

/* Rotations and couplings of the largest factors of the amplitudes `t` (nov x
 * nov, with room for nov more), which are destroyed. A factor fills two
 * repetitions; what is left over becomes the identity. */
static int factorise(double complex *rotations, double *couplings,
                     const struct vqe_ansatz *ansatz, double *t)
{
  int norb = ansatz->norb;
  int no = ansatz->nalpha;
  int nov = no * (norb - no);
  size_t m = (size_t)nov;
  size_t n2 = (size_t)norb * (size_t)norb;
  double *lambda = t + m * m;
  int status = VQE_OK;
  if (nov > 0 &&
      LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', nov, t, nov, lambda) != 0) {
    return no_convergence();
  }
  int count = 0;
  double scale = nov > 0 ? fmax(fabs(lambda[0]), fabs(lambda[nov - 1])) : 0.0;
  for (int k = 0; status == VQE_OK && k < nov; k += count) {
    count = vqe_ansatz_count_equal(lambda + k, nov - k, EQUAL_VALUES * scale);
    status = vqe_ansatz_fix_basis(t + (size_t)k * m, nov, count, 1, nov);
  }
  /* the largest of what is left, from either end of the ascending list */
  int low = 0;
  int high = nov - 1;
  int chosen = -1;
  for (int k = 0; status == VQE_OK && k < ansatz->reps; k++) {
    if (k % 2 == 0) {
      chosen = low > high ? -1
               : fabs(lambda[low]) >= fabs(lambda[high]) - EQUAL_VALUES * scale
                   ? low++
                   : high--;
    }
    double complex *rotation = rotations + (size_t)k * n2;
    if (chosen < 0) { /* more repetitions than factors */
      for (int p = 0; p < norb; p++) {
        rotation[p * norb + p] = 1.0;
      }
      continue;
    }
    status = factor(rotation, couplings + (size_t)k * n2, norb, no,
                    t + (size_t)chosen * m, lambda[chosen], k % 2 == 0);
  }
  return status;
}

int vqe_lucj_mp2_parameters(double *out, const struct vqe_ansatz *ansatz,
                            const double *eri, const double *orbital_energies)
{
  size_t norb = (size_t)ansatz->norb;
  size_t m = (size_t)ansatz->nalpha * (norb - (size_t)ansatz->nalpha);
  size_t all = (size_t)ansatz->reps * norb * norb;
  double *t = NULL;
  double *couplings = NULL;
  double complex *rotations = NULL;
  int status = vqe_memory_alloc(&t, m * m + m, sizeof *t, "amplitudes");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&couplings, all, sizeof *couplings, "couplings");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&rotations, all, sizeof *rotations,
                              "orbital rotations");
  }
  if (status == VQE_OK) {
    status = amplitudes(t, ansatz, eri, orbital_energies);
  }
  if (status == VQE_OK) {
    status = factorise(rotations, couplings, ansatz, t);
  }
  if (status == VQE_OK) {
    status = vqe_lucj_parameters(out, ansatz, rotations, couplings, couplings,
                                 NULL);
  }
  free(t);
  free(couplings);
  free(rotations);
  return status;
}
