#include "chem/guess.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cint.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/fock.h"

/* The guess needs no more than a rough density. */
#define MAX_CYCLES 40
#define TOLERANCE 1e-3
#define NEW_SHARE 0.7

/* One atom in its own functions; matrices n x n. */
struct atom {
  int z;
  int n;
  int *l;      /* angular momentum of each function */
  int *m;      /* component within its shell */
  int *radial; /* number of its radial function among those of equal l */
  int nradial[VQE_BASIS_MAX_L + 1];
  double *h; /* kinetic energy and the attraction of this nucleus */
  double *s;
  double *eri;
  double *dm;
  double *j;
  double *k;
  double *packed;
  double *block_f; /* radial blocks of one l */
  double *block_s;
  double *values;
};

/* Electrons of each l by Madelung's rule. */
static void configure(double electrons[VQE_BASIS_MAX_L + 1], int z)
{
  int left = z;
  memset(electrons, 0, (VQE_BASIS_MAX_L + 1) * sizeof(double));
  for (int sum = 1; left > 0; sum++) {
    for (int l = (sum - 1) / 2; l >= 0 && left > 0; l--) {
      int take = 2 * (2 * l + 1);
      take = left < take ? left : take;
      if (l <= VQE_BASIS_MAX_L) {
        electrons[l] += take;
      }
      left -= take;
    }
  }
}

static void free_atom(struct atom *atom)
{
  free(atom->l);
  free(atom->m);
  free(atom->radial);
  free(atom->h);
  free(atom->s);
  free(atom->eri);
  free(atom->dm);
  free(atom->j);
  free(atom->k);
  free(atom->packed);
  free(atom->block_f);
  free(atom->block_s);
  free(atom->values);
}

static void label_functions(struct atom *atom, const struct vqe_env *env,
                            int first, int last)
{
  int at = 0;
  for (int shell = first; shell < last; shell++) {
    int l = env->bas[BAS_SLOTS * shell + ANG_OF];
    int nctr = env->bas[BAS_SLOTS * shell + NCTR_OF];
    for (int c = 0; c < nctr; c++) {
      for (int m = 0; m < 2 * l + 1; m++, at++) {
        atom->l[at] = l;
        atom->m[at] = m;
        atom->radial[at] = atom->nradial[l];
      }
      atom->nradial[l]++;
    }
  }
}

static int allocate_atom(struct atom *atom, size_t n)
{
  size_t npair = n * (n + 1) / 2;
  struct {
    void *at;
    size_t count;
    size_t size;
  } arrays[] = {
      {&atom->l, n, sizeof(int)},
      {&atom->m, n, sizeof(int)},
      {&atom->radial, n, sizeof(int)},
      {&atom->h, n * n, sizeof(double)},
      {&atom->s, n * n, sizeof(double)},
      {&atom->eri, npair * npair, sizeof(double)},
      {&atom->dm, n * n, sizeof(double)},
      {&atom->j, n * n, sizeof(double)},
      {&atom->k, n * n, sizeof(double)},
      {&atom->packed, npair, sizeof(double)},
      {&atom->block_f, n * n, sizeof(double)},
      {&atom->block_s, n * n, sizeof(double)},
      {&atom->values, n, sizeof(double)},
  };
  int status = VQE_OK;
  const size_t count = sizeof arrays / sizeof arrays[0];
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_memory_alloc(arrays[k].at, arrays[k].count, arrays[k].size,
                              "atomic guess");
  }
  return status;
}

/* The block of the molecule's two-electron integrals over the n functions
 * from `start` on. */
static void copy_eri(double *out, const double *eri, size_t start, size_t n,
                     size_t nao)
{
  size_t npair_all = nao * (nao + 1) / 2;
  size_t npair = n * (n + 1) / 2;
  for (size_t p = 0; p < n; p++) {
    for (size_t q = 0; q <= p; q++) {
      const double *row = eri + vqe_pair(start + p, start + q) * npair_all;
      double *to = out + vqe_pair(p, q) * npair;
      for (size_t r = 0; r < n; r++) {
        for (size_t s = 0; s <= r; s++) {
          to[vqe_pair(r, s)] = row[vqe_pair(start + r, start + s)];
        }
      }
    }
  }
}

static int make_atom(struct atom *atom, struct vqe_env *env, int index,
                     const double *overlap, const double *kinetic,
                     const double *eri)
{
  size_t nao = (size_t)env->nao;
  size_t start = (size_t)env->atom_ao[index];
  size_t n = (size_t)env->atom_ao[index + 1] - start;
  int first = 0;
  while (env->bas[BAS_SLOTS * first + ATOM_OF] != index) {
    first++;
  }
  int last = first;
  while (last < env->nbas && env->bas[BAS_SLOTS * last + ATOM_OF] == index) {
    last++;
  }
  VQE_ASSERT(start + n <= nao && last <= env->nbas);
  atom->z = env->z[index];
  atom->n = (int)n;
  int status = allocate_atom(atom, n);
  if (status != VQE_OK) {
    return status;
  }
  label_functions(atom, env, first, last);
  status = vqe_env_inverse_distance(atom->h, env, first, last,
                                    env->xyz + 3 * (size_t)index);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t p = 0; p < n; p++) {
    for (size_t q = 0; q < n; q++) {
      size_t from = (start + p) * nao + start + q;
      atom->h[p * n + q] = kinetic[from] - atom->z * atom->h[p * n + q];
      atom->s[p * n + q] = overlap[from];
    }
  }
  copy_eri(atom->eri, eri, start, n, nao);
  return VQE_OK;
}

/* Radial block of angular momentum l, averaged over its components. */
static void average_block(double *out, const struct atom *atom,
                          const double *matrix, int l)
{
  int size = atom->nradial[l];
  memset(out, 0, (size_t)(size * size) * sizeof(double));
  for (int p = 0; p < atom->n; p++) {
    for (int q = 0; q < atom->n; q++) {
      if (atom->l[p] == l && atom->l[q] == l && atom->m[p] == atom->m[q]) {
        out[atom->radial[p] * size + atom->radial[q]] +=
            matrix[p * atom->n + q] / (2 * l + 1);
      }
    }
  }
}

/* Mix the density of the occupied radial functions of angular momentum l into
 * the atom's; returns the largest change. */
static double mix_density(struct atom *atom, int l, double electrons,
                          double share)
{
  int size = atom->nradial[l];
  double capacity = 2.0 * (2 * l + 1);
  double change = 0.0;
  for (int p = 0; p < atom->n; p++) {
    for (int q = 0; q < atom->n; q++) {
      if (atom->l[p] != l || atom->l[q] != l || atom->m[p] != atom->m[q]) {
        continue;
      }
      double value = 0.0;
      double left = electrons;
      for (int i = 0; i < size && left > 0.0; i++) {
        double take = left < capacity ? left : capacity;
        value += take / (2 * l + 1) *
                 atom->block_f[atom->radial[p] * size + i] *
                 atom->block_f[atom->radial[q] * size + i];
        left -= take;
      }
      double *place = &atom->dm[p * atom->n + q];
      double step = share * (value - *place);
      change = fmax(change, fabs(step));
      *place += step;
    }
  }
  return change;
}

static int solve_atom(struct atom *atom)
{
  double electrons[VQE_BASIS_MAX_L + 1];
  double *fock = atom->h; /* no density yet: the bare nucleus */
  configure(electrons, atom->z);
  for (int cycle = 0; cycle < MAX_CYCLES; cycle++) {
    double change = 0.0;
    for (int l = 0; l <= VQE_BASIS_MAX_L; l++) {
      int size = atom->nradial[l];
      if (size == 0 || electrons[l] == 0.0) {
        continue;
      }
      average_block(atom->block_f, atom, fock, l);
      average_block(atom->block_s, atom, atom->s, l);
      int info =
          LAPACKE_dsygv(LAPACK_ROW_MAJOR, 1, 'V', 'L', size, atom->block_f,
                        size, atom->block_s, size, atom->values);
      if (info != 0) {
        /* a linearly dependent basis: the core guess has to do */
        return VQE_ERR_NUMERIC;
      }
      change = fmax(change, mix_density(atom, l, electrons[l],
                                        cycle == 0 ? 1.0 : NEW_SHARE));
    }
    if (cycle > 0 && change < TOLERANCE) {
      break;
    }
    vqe_fock_jk(atom->j, atom->k, atom->eri, atom->dm, atom->n, atom->packed,
                1);
    for (int p = 0; p < atom->n * atom->n; p++) {
      atom->j[p] += atom->h[p] - 0.5 * atom->k[p];
    }
    fock = atom->j;
  }
  return VQE_OK;
}

int vqe_guess_atoms(double *dm, struct vqe_env *env, const double *overlap,
                    const double *kinetic, const double *eri)
{
  size_t nao = (size_t)env->nao;
  memset(dm, 0, nao * nao * sizeof(double));
  for (int a = 0; a < env->natm; a++) {
    bool done = false;
    for (int b = 0; b < a; b++) {
      done = done || env->z[b] == env->z[a];
    }
    if (done) {
      continue;
    }
    struct atom atom = {0};
    int status = make_atom(&atom, env, a, overlap, kinetic, eri);
    if (status == VQE_OK) {
      status = solve_atom(&atom);
    }
    for (int b = a; status == VQE_OK && b < env->natm; b++) {
      size_t start = (size_t)env->atom_ao[b];
      for (size_t p = 0; env->z[b] == env->z[a] && p < (size_t)atom.n; p++) {
        memcpy(dm + (start + p) * nao + start, atom.dm + p * (size_t)atom.n,
               (size_t)atom.n * sizeof(double));
      }
    }
    free_atom(&atom);
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}
