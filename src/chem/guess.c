#include "chem/guess.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cint.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"
#include "chem/fock.h"
#include "chem/harmonics.h"

/* The guess needs no more than a rough density. */
#define MAX_CYCLES 40
#define TOLERANCE 1e-3
#define NEW_SHARE 0.7

/* One atom in those of its own functions that can be occupied; matrices n x n.
 */
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

static void label_functions(struct atom *atom, const struct vqe_env *env)
{
  int at = 0;
  for (int shell = 0; shell < env->nbas; shell++) {
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
      {&atom->eri, npair * (npair + 1) / 2, sizeof(double)},
      {&atom->dm, n * n, sizeof(double)},
      {&atom->j, n * n, sizeof(double)},
      {&atom->k, n * n, sizeof(double)},
      {&atom->packed, vqe_fock_scratch((int)n), sizeof(double)},
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

/* The highest l that is occupied: functions beyond it are no part of the
 * density, and change neither the Coulomb nor the exchange matrix of it. */
static int highest_l(int z)
{
  double electrons[VQE_BASIS_MAX_L + 1];
  int highest = 0;
  configure(electrons, z);
  for (int l = 0; l <= VQE_BASIS_MAX_L; l++) {
    highest = electrons[l] > 0.0 ? l : highest;
  }
  return highest;
}

/* The element's shells up to `highest`, which stay those of `basis`, always
 * spherical: the density of a shell is the same for each of its components. */
static int choose_shells(struct vqe_basis *out, const struct vqe_basis *basis,
                         int z, int highest)
{
  *out = (struct vqe_basis){.cartesian = false};
  int status = vqe_memory_alloc(&out->shells, basis->nshell,
                                sizeof *out->shells, "atomic guess");
  for (size_t k = 0; status == VQE_OK && k < basis->nshell; k++) {
    if (basis->shells[k].z == z && basis->shells[k].l <= highest) {
      out->shells[out->nshell++] = basis->shells[k];
    }
  }
  return status;
}

static int make_atom(struct atom *atom, int z, const struct vqe_basis *basis)
{
  struct vqe_basis own;
  struct vqe_env *env = NULL;
  double origin[3] = {0.0, 0.0, 0.0};
  struct vqe_molecule alone = {.name = "atom",
                               .natom = 1,
                               .z = &z,
                               .coords = origin,
                               .units = VQE_BOHR};
  int status = choose_shells(&own, basis, z, highest_l(z));
  if (status == VQE_OK && own.nshell == 0) {
    status = VQE_ERR_NUMERIC; /* a polarisation set: the core guess */
  }
  if (status == VQE_OK) {
    status = vqe_env_new(&env, &alone, &own);
  }
  free(own.shells);
  if (status != VQE_OK) {
    return status;
  }
  atom->z = z;
  atom->n = env->nao;
  status = allocate_atom(atom, (size_t)env->nao);
  if (status == VQE_OK) {
    label_functions(atom, env);
    status = vqe_env_one_electron(atom->s, env, VQE_OVERLAP);
  }
  if (status == VQE_OK) {
    status = vqe_env_one_electron(atom->h, env, VQE_KINETIC);
  }
  if (status == VQE_OK) {
    status = vqe_env_one_electron(atom->j, env, VQE_NUCLEAR);
  }
  if (status == VQE_OK) {
    for (int k = 0; k < atom->n * atom->n; k++) {
      atom->h[k] += atom->j[k];
    }
    status = vqe_env_two_electron(atom->eri, env, 1);
  }
  vqe_env_free(env);
  return status;
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

/* The functions of the atom's shells in terms of Cartesian ones: `out` is
 * ncartesian x n. */
static int expand(double *out, const struct atom *atom)
{
  double coefficients[VQE_HARMONICS_MAX * (2 * VQE_BASIS_MAX_L + 1)];
  size_t row = 0;
  for (int p = 0; p < atom->n;) {
    int l = atom->l[p];
    int width = 2 * l + 1;
    int ncartesian = vqe_basis_components(l, true);
    int status = vqe_harmonics_expand(coefficients, l);
    if (status != VQE_OK) {
      return status;
    }
    for (int k = 0; k < ncartesian; k++) {
      for (int m = 0; m < width; m++) {
        out[(row + (size_t)k) * (size_t)atom->n + (size_t)(p + m)] =
            coefficients[k * width + m];
      }
    }
    row += (size_t)ncartesian;
    p += width;
  }
  return VQE_OK;
}

/* The atom's density over its functions as Cartesian ones, in place of that
 * over spherical ones. */
static int to_cartesian(struct atom *atom)
{
  size_t n = 0;
  for (int l = 0; l <= VQE_BASIS_MAX_L; l++) {
    n += (size_t)(atom->nradial[l] * vqe_basis_components(l, true));
  }
  double *work = NULL;
  double *dm = NULL;
  int inner = atom->n;
  int outer = (int)n;
  int status = vqe_memory_alloc(&work, 2 * n * (size_t)inner, sizeof(double),
                                "atomic guess");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&dm, n * n, sizeof(double), "atomic guess");
  }
  if (status == VQE_OK) {
    status = expand(work, atom);
  }
  if (status != VQE_OK) {
    free(work);
    free(dm);
    return status;
  }
  double *half = work + n * (size_t)inner;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, outer, inner, inner,
              1.0, work, inner, atom->dm, inner, 0.0, half, inner);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, outer, outer, inner,
              1.0, half, inner, work, inner, 0.0, dm, outer);
  free(work);
  free(atom->dm);
  atom->dm = dm;
  atom->n = outer;
  return VQE_OK;
}

/* Where the atom's functions are among all of its element: those of shells
 * beyond the highest occupied l lie between them. */
static int find_places(int **out, const struct atom *atom,
                       const struct vqe_basis *basis)
{
  int highest = highest_l(atom->z);
  int at = 0;
  int row = 0;
  int status =
      vqe_memory_alloc(out, (size_t)atom->n, sizeof(int), "atomic guess");
  for (size_t k = 0; status == VQE_OK && k < basis->nshell; k++) {
    const struct vqe_basis_shell *shell = &basis->shells[k];
    int width = shell->nctr * vqe_basis_components(shell->l, basis->cartesian);
    for (int p = 0; shell->z == atom->z && p < width; p++, at++) {
      if (shell->l <= highest) {
        VQE_ASSERT(row < atom->n);
        (*out)[row++] = at;
      }
    }
  }
  return status;
}

/* Put the atom's density on all atoms of its element. */
static int put_atom(double *dm, const struct atom *atom,
                    const struct vqe_env *env, const struct vqe_basis *basis)
{
  int *places = NULL;
  size_t nao = (size_t)env->nao;
  size_t n = (size_t)atom->n;
  int status = find_places(&places, atom, basis);
  for (int a = 0; status == VQE_OK && a < env->natm; a++) {
    size_t start = (size_t)env->atom_ao[a];
    for (size_t k = 0; env->z[a] == atom->z && k < n * n; k++) {
      dm[(start + (size_t)places[k / n]) * nao + start +
         (size_t)places[k % n]] = atom->dm[k];
    }
  }
  free(places);
  return status;
}

int vqe_guess_atoms(double *dm, const struct vqe_env *env,
                    const struct vqe_basis *basis)
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
    int status = make_atom(&atom, env->z[a], basis);
    if (status == VQE_OK) {
      status = solve_atom(&atom);
    }
    if (status == VQE_OK && env->cartesian) {
      status = to_cartesian(&atom);
    }
    if (status == VQE_OK) {
      status = put_atom(dm, &atom, env, basis);
    }
    free_atom(&atom);
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}
