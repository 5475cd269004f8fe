#include "chem/open_mp2.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"

#define MIN_GAP 1e-8 /* hartree, of an excitation */

/* Spins of the electrons of a pair: alpha-alpha, beta-beta, alpha-beta. */
static const int spins[3][2] = {{0, 0}, {1, 1}, {0, 1}};

/* Semicanonical orbitals of a spin. */
struct level {
  double *fock;     /* norb x norb, over the orbitals of ROHF */
  double *occupied; /* no x no: columns are semicanonical orbitals */
  double *empty;    /* nv x nv */
  double *energy;   /* norb */
};

/* ---- orbitals ---- */

struct vqe_open_shell vqe_open_shell_of(const struct vqe_integrals *integrals)
{
  return (struct vqe_open_shell){.norb = integrals->norb,
                                 .nalpha = integrals->nalpha,
                                 .nbeta = integrals->nbeta,
                                 .eri = integrals->eri,
                                 .mo_energy = integrals->orbital_energies};
}

/* 0 doubly, 1 singly occupied, 2 empty */
static int occupation_class(int p, const struct vqe_open_shell *shell)
{
  return (p >= shell->nbeta) + (p >= shell->nalpha);
}

/* F_alpha = F - K/2 and F_beta = F + K/2 with K the exchange of the singly
 * occupied orbitals and F their mean. F is diagonal within each class and
 * joins closed and empty ones not; as F_beta joins closed and open ones not,
 * and F_alpha open and empty ones, F is -K/2 and K/2 there. */
void vqe_open_fock(double *out, const struct vqe_open_shell *shell, int spin)
{
  int n = shell->norb;
  size_t npair = (size_t)n * (size_t)(n + 1) / 2;
  for (int p = 0; p < n; p++) {
    for (int q = 0; q <= p; q++) {
      double exchange = 0.0;
      for (int o = shell->nbeta; o < shell->nalpha; o++) {
        size_t po = p > o ? vqe_pair((size_t)p, (size_t)o)
                          : vqe_pair((size_t)o, (size_t)p);
        size_t qo = q > o ? vqe_pair((size_t)q, (size_t)o)
                          : vqe_pair((size_t)o, (size_t)q);
        exchange += shell->eri[po * npair + qo];
      }
      int high = occupation_class(p, shell);
      int low = occupation_class(q, shell);
      double mean = p == q                  ? shell->mo_energy[p]
                    : high == 1 && low == 0 ? -0.5 * exchange
                    : high == 2 && low == 1 ? 0.5 * exchange
                                            : 0.0;
      out[p * n + q] = mean + (spin == 0 ? -0.5 : 0.5) * exchange;
      out[q * n + p] = out[p * n + q];
    }
  }
}

/* Eigenvectors of the block [first, first + size) of the Fock matrix. */
static int diagonalise(double *vectors, double *values, const double *fock,
                       int norb, int first, int size)
{
  for (int i = 0; i < size; i++) {
    memcpy(vectors + (size_t)i * (size_t)size,
           fock + (size_t)(first + i) * (size_t)norb + first,
           (size_t)size * sizeof *vectors);
  }
  if (size > 0 && LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'L', size, vectors,
                                 size, values) != 0) {
    return vqe_error_set(VQE_ERR_NUMERIC, "no semicanonical orbitals for MP2");
  }
  return VQE_OK;
}

static void clear_level(struct level *level)
{
  free(level->fock);
  free(level->occupied);
  free(level->empty);
  free(level->energy);
}

static int fill_level(struct level *out, const struct vqe_open_shell *shell,
                      int spin)
{
  int n = shell->norb;
  int no = spin == 0 ? shell->nalpha : shell->nbeta;
  int nv = n - no;
  const struct {
    double **to;
    int size;
  } squares[] = {{&out->fock, n}, {&out->occupied, no}, {&out->empty, nv}};
  int status =
      vqe_memory_alloc(&out->energy, (size_t)n, sizeof(double), "MP2 levels");
  for (size_t k = 0; status == VQE_OK && k < 3; k++) {
    size_t size = (size_t)squares[k].size;
    status = vqe_memory_alloc(squares[k].to, size * size, sizeof(double),
                              "semicanonical orbitals");
  }
  if (status == VQE_OK) {
    vqe_open_fock(out->fock, shell, spin);
    status = diagonalise(out->occupied, out->energy, out->fock, n, 0, no);
  }
  if (status == VQE_OK) {
    status = diagonalise(out->empty, out->energy + no, out->fock, n, no, nv);
  }
  return status;
}

/* ---- tensors ---- */

/* Each row, a matrix m (no x nv), becomes u^T m v, or u m v^T. */
static void turn_rows(double *t, int rows, int no, int nv, const double *u,
                      const double *v, bool back, double *scratch)
{
  for (int k = 0; k < rows; k++) {
    double *m = t + (size_t)k * (size_t)no * (size_t)nv;
    cblas_dgemm(CblasRowMajor, back ? CblasNoTrans : CblasTrans, CblasNoTrans,
                no, nv, no, 1.0, u, no, m, nv, 0.0, scratch, nv);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, back ? CblasTrans : CblasNoTrans,
                no, nv, nv, 1.0, scratch, nv, v, nv, 0.0, m, nv);
  }
}

/* out (columns x rows) = t^T */
static void transpose(double *out, const double *t, int rows, int columns)
{
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < columns; j++) {
      out[(size_t)j * (size_t)rows + i] = t[(size_t)i * (size_t)columns + j];
    }
  }
}

/* All four indices of t ([i][a][j][b]) to semicanonical orbitals or back. */
static void turn(double *t, double *scratch, const struct vqe_open_mp2 *mp2,
                 const int pair[2], const struct level levels[2], bool back)
{
  const int *no = mp2->no;
  const int *nv = mp2->nv;
  int rows = no[pair[0]] * nv[pair[0]];
  int columns = no[pair[1]] * nv[pair[1]];
  turn_rows(t, rows, no[pair[1]], nv[pair[1]], levels[pair[1]].occupied,
            levels[pair[1]].empty, back, scratch);
  transpose(scratch, t, rows, columns);
  turn_rows(scratch, columns, no[pair[0]], nv[pair[0]],
            levels[pair[0]].occupied, levels[pair[0]].empty, back, t);
  transpose(t, scratch, columns, rows);
}

/* (ia|jb) over the orbitals of ROHF. */
static void gather(double *out, const double *eri,
                   const struct vqe_open_mp2 *mp2, const int pair[2])
{
  size_t n = (size_t)mp2->norb;
  size_t npair = n * (n + 1) / 2;
  size_t no[2] = {(size_t)mp2->no[pair[0]], (size_t)mp2->no[pair[1]]};
  for (size_t i = 0; i < no[0]; i++) {
    for (size_t a = no[0]; a < n; a++) {
      const double *row = eri + vqe_pair(a, i) * npair;
      for (size_t j = 0; j < no[1]; j++) {
        for (size_t b = no[1]; b < n; b++) {
          *out++ = row[vqe_pair(b, j)];
        }
      }
    }
  }
}

/* Less the exchange of a and b; [i][a][j][b] of one spin. */
static void antisymmetrise(double *t, double *scratch, int no, int nv)
{
  size_t o = (size_t)no;
  size_t v = (size_t)nv;
  memcpy(scratch, t, o * v * o * v * sizeof *t);
  for (size_t i = 0; i < o; i++) {
    for (size_t a = 0; a < v; a++) {
      for (size_t j = 0; j < o; j++) {
        for (size_t b = 0; b < v; b++) {
          t[((i * v + a) * o + j) * v + b] -=
              scratch[((i * v + b) * o + j) * v + a];
        }
      }
    }
  }
}

static void see(struct vqe_open_mp2 *out, double amplitude, double gap)
{
  out->largest = fmax(out->largest, fabs(amplitude));
  out->gap = fmax(out->gap, gap);
  out->split = out->split || fabs(gap) < MIN_GAP;
}

/* Integrals over semicanonical orbitals become amplitudes; their energy. */
static double divide_pair(double *t, struct vqe_open_mp2 *out,
                          const int pair[2], const struct level levels[2])
{
  const double *e[2] = {levels[pair[0]].energy, levels[pair[1]].energy};
  int no[2] = {out->no[pair[0]], out->no[pair[1]]};
  int n = out->norb;
  bool same = pair[0] == pair[1];
  double energy = 0.0;
  for (int i = 0; i < no[0]; i++) {
    for (int a = no[0]; a < n; a++) {
      for (int j = 0; j < no[1]; j++) {
        for (int b = no[1]; b < n; b++, t++) {
          if (same && (i == j || a == b)) {
            *t = 0.0; /* no excitation */
            continue;
          }
          double gap = e[0][i] + e[1][j] - e[0][a] - e[1][b];
          double integral = *t;
          *t = integral / gap;
          energy += integral * *t;
          see(out, *t, gap);
        }
      }
    }
  }
  return same ? 0.25 * energy : energy;
}

static int add_pairs(struct vqe_open_mp2 *out,
                     const struct vqe_open_shell *shell,
                     const struct level levels[2])
{
  double *scratch = NULL;
  int status = VQE_OK;
  for (int k = 0; status == VQE_OK && k < 3; k++) {
    const int *pair = spins[k];
    size_t rows = (size_t)out->no[pair[0]] * (size_t)out->nv[pair[0]];
    size_t columns = (size_t)out->no[pair[1]] * (size_t)out->nv[pair[1]];
    status = vqe_memory_alloc(&out->pair[k], rows * columns, sizeof(double),
                              "MP2 amplitudes");
    if (status != VQE_OK || rows == 0 || columns == 0) {
      continue;
    }
    status = vqe_memory_alloc(&scratch, rows * columns, sizeof(double),
                              "MP2 amplitudes");
    if (status != VQE_OK) {
      break;
    }
    double *t = out->pair[k];
    gather(t, shell->eri, out, pair);
    turn(t, scratch, out, pair, levels, false);
    if (k < 2) {
      antisymmetrise(t, scratch, out->no[k], out->nv[k]);
    }
    out->doubles += divide_pair(t, out, pair, levels);
    turn(t, scratch, out, pair, levels, true);
    free(scratch);
    scratch = NULL;
  }
  return status;
}

/* F_ia / (e_i - e_a), which vanishes but for closed to empty orbitals; over
 * semicanonical orbitals, and back. */
static int add_singles(struct vqe_open_mp2 *out, int spin,
                       const struct level *level)
{
  double *scratch = NULL;
  int no = out->no[spin];
  int nv = out->nv[spin];
  size_t count = (size_t)no * (size_t)nv;
  int status = vqe_memory_alloc(&out->single[spin], count, sizeof(double),
                                "MP2 amplitudes");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&scratch, count, sizeof(double), "MP2 amplitudes");
  }
  if (status != VQE_OK || count == 0) {
    free(scratch);
    return status;
  }
  double *t = out->single[spin];
  for (int i = 0; i < no; i++) {
    for (int a = 0; a < nv; a++) {
      t[i * nv + a] = level->fock[i * out->norb + no + a];
    }
  }
  turn_rows(t, 1, no, nv, level->occupied, level->empty, false, scratch);
  for (int i = 0; i < no; i++) {
    for (int a = 0; a < nv; a++) {
      double gap = level->energy[i] - level->energy[no + a];
      double coupling = t[i * nv + a];
      t[i * nv + a] = coupling / gap;
      out->singles += coupling * t[i * nv + a];
      see(out, t[i * nv + a], gap);
    }
  }
  turn_rows(t, 1, no, nv, level->occupied, level->empty, true, scratch);
  free(scratch);
  return VQE_OK;
}

int vqe_open_mp2_new(struct vqe_open_mp2 **out,
                     const struct vqe_open_shell *shell)
{
  struct vqe_open_mp2 *mp2 = NULL;
  struct level levels[2] = {{NULL}};
  int status = vqe_memory_alloc(&mp2, 1, sizeof *mp2, "MP2 amplitudes");
  *out = NULL;
  if (status != VQE_OK) {
    return status;
  }
  mp2->norb = shell->norb;
  mp2->no[0] = shell->nalpha;
  mp2->no[1] = shell->nbeta;
  mp2->gap = -INFINITY;
  for (int spin = 0; status == VQE_OK && spin < 2; spin++) {
    mp2->nv[spin] = shell->norb - mp2->no[spin];
    status = fill_level(&levels[spin], shell, spin);
    if (status == VQE_OK) {
      status = add_singles(mp2, spin, &levels[spin]);
    }
  }
  if (status == VQE_OK) {
    status = add_pairs(mp2, shell, levels);
  }
  clear_level(&levels[0]);
  clear_level(&levels[1]);
  if (status != VQE_OK) {
    vqe_open_mp2_free(mp2);
    return status;
  }
  *out = mp2;
  return VQE_OK;
}

void vqe_open_mp2_free(struct vqe_open_mp2 *mp2)
{
  if (mp2 == NULL) {
    return;
  }
  for (int k = 0; k < 3; k++) {
    free(mp2->pair[k]);
  }
  free(mp2->single[0]);
  free(mp2->single[1]);
  free(mp2);
}

/* ---- density ---- */

/* out (size x size) += scale m m^T, or m^T m, of the matrix m. */
static void add_square(double *out, double scale, const double *m, int rows,
                       int columns, bool of_columns)
{
  int size = of_columns ? columns : rows;
  int sum = of_columns ? rows : columns;
  cblas_dgemm(CblasRowMajor, of_columns ? CblasTrans : CblasNoTrans,
              of_columns ? CblasNoTrans : CblasTrans, size, size, sum, scale,
              m, columns, m, columns, 1.0, out, size);
}

/* What the doubles of one kind do to the density of the first spin of the
 * pair, whose indices are the rows, or of the second. */
static void add_pair_density(double *occupied, double *empty,
                             const struct vqe_open_mp2 *mp2, int kind,
                             int which)
{
  const double *t = mp2->pair[kind];
  int s0 = spins[kind][0];
  int s1 = spins[kind][1];
  int no = mp2->no[s0];
  int nv = mp2->nv[s0];
  int rest = mp2->no[s1] * mp2->nv[s1];
  double scale = kind < 2 ? 0.5 : 1.0;
  if (no == 0 || nv == 0 || rest == 0) {
    return;
  }
  if (which == 0) {
    add_square(occupied, -scale, t, no, nv * rest, false);
    for (int i = 0; i < no; i++) {
      add_square(empty, scale, t + (size_t)i * (size_t)nv * (size_t)rest, nv,
                 rest, false);
    }
    return;
  }
  for (int row = 0; row < no * nv; row++) {
    const double *m = t + (size_t)row * (size_t)rest;
    add_square(occupied, -scale, m, mp2->no[s1], mp2->nv[s1], false);
    add_square(empty, scale, m, mp2->no[s1], mp2->nv[s1], true);
  }
}

/* Density of a spin onto `out`: 1 - sum t t of occupied, sum t t of virtual
 * orbitals. */
static int add_spin_density(double *out, const struct vqe_open_mp2 *mp2,
                            int spin)
{
  size_t n = (size_t)mp2->norb;
  size_t no = (size_t)mp2->no[spin];
  size_t nv = (size_t)mp2->nv[spin];
  double *work = NULL;
  int status =
      vqe_memory_alloc(&work, no * no + nv * nv, sizeof *work, "MP2 density");
  if (status != VQE_OK) {
    return status;
  }
  double *occupied = work;
  double *empty = work + no * no;
  add_pair_density(occupied, empty, mp2, spin, 0);
  add_pair_density(occupied, empty, mp2, 2, spin);
  for (size_t i = 0; i < no; i++) {
    out[i * n + i] += 1.0;
    for (size_t j = 0; j < no; j++) {
      out[i * n + j] += occupied[i * no + j];
    }
  }
  for (size_t a = 0; a < nv; a++) {
    for (size_t b = 0; b < nv; b++) {
      out[(no + a) * n + no + b] += empty[a * nv + b];
    }
  }
  free(work);
  return VQE_OK;
}

int vqe_open_mp2_density(double *out, const struct vqe_open_mp2 *mp2)
{
  memset(out, 0, (size_t)mp2->norb * (size_t)mp2->norb * sizeof *out);
  int status = add_spin_density(out, mp2, 0);
  return status == VQE_OK ? add_spin_density(out, mp2, 1) : status;
}
