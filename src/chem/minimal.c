#include "chem/minimal.h"

#include <cblas.h>
#include <cint.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/vector3.h"

#define FLAT 0.01 /* bohr */

/* Shells of `basis` and, after them, of `minimal`; they stay theirs. */
static int join(struct vqe_basis *out, const struct vqe_basis *basis,
                const struct vqe_basis *minimal)
{
  out->cartesian = basis->cartesian;
  out->nshell = basis->nshell + minimal->nshell;
  int status = vqe_memory_alloc(&out->shells, out->nshell, sizeof *out->shells,
                                "shells");
  if (status == VQE_OK) {
    memcpy(out->shells, basis->shells, basis->nshell * sizeof *out->shells);
    memcpy(out->shells + basis->nshell, minimal->shells,
           minimal->nshell * sizeof *out->shells);
  }
  return status;
}

/* Shells of the core have lower n. */
static int valence_shell(int z)
{
  return z <= 2 ? 1 : z <= 10 ? 2 : 3;
}

/* Functions of one atom, in the order of its shells. */
static int label_atom(struct vqe_minimal_function *out, int atom, int z,
                      const struct vqe_basis *basis)
{
  int count = 0;
  int contracted[VQE_BASIS_MAX_L + 1] = {0};
  for (size_t s = 0; s < basis->nshell; s++) {
    const struct vqe_basis_shell *shell = &basis->shells[s];
    for (int c = 0; shell->z == z && c < shell->nctr; c++) {
      int n = shell->l + 1 + contracted[shell->l]++;
      for (int m = 0; m < 2 * shell->l + 1; m++) {
        out[count++] =
            (struct vqe_minimal_function){.atom = atom,
                                          .z = z,
                                          .n = n,
                                          .l = shell->l,
                                          .m = m,
                                          .valence = n == valence_shell(z)};
      }
    }
  }
  return count;
}

/* Rows of the overlap over both sets of functions; those of an atom begin
 * with its functions of the basis. */
static int fill(struct vqe_minimal *minimal, const struct vqe_env *both,
                const struct vqe_env *env)
{
  double *overlap = NULL;
  size_t n = (size_t)both->nao;
  int row = 0;
  int status =
      vqe_memory_alloc(&overlap, n * n, sizeof(double), "overlap matrix");
  if (status == VQE_OK) {
    status = vqe_env_one_electron(overlap, both, VQE_OVERLAP);
  }
  for (int a = 0; status == VQE_OK && a < env->natm; a++) {
    int size = env->atom_ao[a + 1] - env->atom_ao[a];
    for (int p = both->atom_ao[a] + size; p < both->atom_ao[a + 1]; p++) {
      int column = 0;
      for (int b = 0; b < env->natm; b++) {
        int shared = env->atom_ao[b + 1] - env->atom_ao[b];
        for (int q = both->atom_ao[b]; q < both->atom_ao[b + 1]; q++) {
          double value = overlap[(size_t)p * n + (size_t)q];
          int k = q - both->atom_ao[b];
          if (k < shared) {
            minimal->cross[row * env->nao + env->atom_ao[b] + k] = value;
          } else {
            minimal->overlap[row * minimal->nmin + column++] = value;
          }
        }
      }
      row++;
    }
  }
  free(overlap);
  return status;
}

static int allocate(struct vqe_minimal *minimal, int nmin,
                    const struct vqe_molecule *molecule,
                    const struct vqe_basis *basis)
{
  size_t n = (size_t)nmin;
  int count = 0;
  minimal->nmin = nmin;
  int status = vqe_memory_alloc(&minimal->functions, n,
                                sizeof *minimal->functions, "functions");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&minimal->overlap, n * n, sizeof(double),
                              "overlap of minimal functions");
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&minimal->cross, n * (size_t)minimal->nao,
                         sizeof(double), "overlap with minimal functions");
  }
  for (size_t a = 0; status == VQE_OK && a < molecule->natom; a++) {
    count +=
        label_atom(minimal->functions + count, (int)a, molecule->z[a], basis);
  }
  return status;
}

int vqe_minimal_new(struct vqe_minimal **out,
                    const struct vqe_molecule *molecule,
                    const struct vqe_basis *basis, const struct vqe_env *env)
{
  bool wanted[VQE_MAX_Z + 1] = {false};
  struct vqe_basis *own = NULL;
  struct vqe_basis joined = {.nshell = 0};
  struct vqe_env *both = NULL;
  struct vqe_minimal *minimal = NULL;
  for (size_t a = 0; a < molecule->natom; a++) {
    if (molecule->z[a] > 18) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "molecule '%.64s': valence shells are known of H "
                           "to Ar, and not of %s; give the active orbitals "
                           "by numbers or by MP2 occupations",
                           molecule->name, molecule->symbols[a]);
    }
    wanted[molecule->z[a]] = true;
  }
  int status =
      vqe_memory_alloc(&minimal, 1, sizeof *minimal, "minimal functions");
  if (status == VQE_OK) {
    minimal->nao = env->nao;
    status =
        vqe_basis_parse(&own, vqe_basis_minimal.text, vqe_basis_minimal.size,
                        vqe_basis_minimal.name, wanted);
  }
  if (status == VQE_OK) {
    status = join(&joined, basis, own);
  }
  if (status == VQE_OK) {
    status = vqe_env_new(&both, molecule, &joined);
  }
  if (status == VQE_OK) {
    status = allocate(minimal, both->nao - env->nao, molecule, own);
  }
  if (status == VQE_OK) {
    status = fill(minimal, both, env);
  }
  free(joined.shells);
  vqe_basis_free(own);
  vqe_env_free(both);
  if (status != VQE_OK) {
    vqe_minimal_free(minimal);
    return status;
  }
  *out = minimal;
  return VQE_OK;
}

void vqe_minimal_free(struct vqe_minimal *minimal)
{
  if (minimal == NULL) {
    return;
  }
  free(minimal->functions);
  free(minimal->overlap);
  free(minimal->cross);
  free(minimal);
}

int vqe_minimal_project(double *out, const struct vqe_minimal *minimal,
                        const double *targets, int ntarget,
                        const double *mo_coeff, int nmo)
{
  int n = minimal->nmin;
  int nao = minimal->nao;
  size_t t = (size_t)ntarget;
  size_t wide = t * (size_t)(n > nao ? n : nao);
  double *work = NULL;
  int status = vqe_memory_alloc(&work, 2 * wide + t * t + 2 * t * (size_t)nmo,
                                sizeof(double), "projection of orbitals");
  if (status != VQE_OK) {
    return status;
  }
  double *mixed = work;         /* targets x overlap, or cross */
  double *metric = work + wide; /* of the targets */
  double *b = metric + t * t;   /* their overlap with the orbitals */
  double *x = b + t * (size_t)nmo;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, ntarget, n, n, 1.0,
              targets, n, minimal->overlap, n, 0.0, mixed, n);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, ntarget, ntarget, n,
              1.0, mixed, n, targets, n, 0.0, metric, ntarget);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, ntarget, nao, n, 1.0,
              targets, n, minimal->cross, nao, 0.0, mixed, nao);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, ntarget, nmo, nao,
              1.0, mixed, nao, mo_coeff, nmo, 0.0, b, nmo);
  memcpy(x, b, t * (size_t)nmo * sizeof(double));
  if (LAPACKE_dposv(LAPACK_ROW_MAJOR, 'L', ntarget, nmo, metric, ntarget, x,
                    nmo) != 0) {
    status = vqe_error_set(VQE_ERR_NUMERIC,
                           "the shells of active_space are linearly "
                           "dependent; name fewer");
  }
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, nmo, nmo, ntarget, 1.0,
              b, nmo, x, nmo, 0.0, out, nmo);
  free(work);
  return status;
}

enum vqe_shape vqe_minimal_shape(double normals[2][3],
                                 const struct vqe_env *env)
{
  const double *r = env->xyz;
  double axis[3] = {0.0, 0.0, 0.0};
  double normal[3] = {0.0, 0.0, 0.0};
  double length = 0.0;
  double width = 0.0;
  /* the atom furthest from the first, and the one furthest from that line */
  for (int a = 1; a < env->natm; a++) {
    double v[3];
    vqe_vector3_minus(v, r + 3 * (size_t)a, r);
    if (vqe_vector3_norm(v) > length) {
      length = vqe_vector3_norm(v);
      memcpy(axis, v, sizeof axis);
    }
  }
  (void)vqe_vector3_unit(axis);
  for (int a = 1; a < env->natm; a++) {
    double v[3];
    double across[3];
    vqe_vector3_minus(v, r + 3 * (size_t)a, r);
    vqe_vector3_cross(across, axis, v);
    if (vqe_vector3_norm(across) > width) {
      width = vqe_vector3_norm(across);
      memcpy(normal, across, sizeof normal);
    }
  }
  if (length < FLAT) {
    return VQE_SHAPE_ATOM;
  }
  if (width < FLAT) {
    double unit[3] = {0.0, 0.0, 0.0};
    int least = fabs(axis[0]) < 0.6 ? 0 : 1;
    unit[least] = 1.0;
    vqe_vector3_cross(normals[0], axis, unit);
    (void)vqe_vector3_unit(normals[0]);
    vqe_vector3_cross(normals[1], axis, normals[0]);
    return VQE_SHAPE_LINEAR;
  }
  (void)vqe_vector3_unit(normal);
  memcpy(normals[0], normal, sizeof normal);
  memcpy(normals[1], normal, sizeof normal);
  for (int a = 1; a < env->natm; a++) {
    double v[3];
    vqe_vector3_minus(v, r + 3 * (size_t)a, r);
    if (fabs(vqe_vector3_dot(v, normal)) > FLAT) {
      return VQE_SHAPE_OTHER;
    }
  }
  return VQE_SHAPE_PLANAR;
}

int vqe_minimal_pi(double *targets, const struct vqe_minimal *minimal,
                   const struct vqe_env *env)
{
  double normals[2][3];
  enum vqe_shape shape = vqe_minimal_shape(normals, env);
  int directions = shape == VQE_SHAPE_LINEAR   ? 2
                   : shape == VQE_SHAPE_PLANAR ? 1
                                               : 0;
  size_t n = (size_t)minimal->nmin;
  int count = 0;
  for (int d = 0; d < directions; d++) {
    for (int p = 0; p < minimal->nmin; p++) {
      const struct vqe_minimal_function *f = &minimal->functions[p];
      if (f->l != 1 || f->m != 0 || !f->valence) {
        continue;
      }
      double *row = targets + (size_t)count++ * n;
      memset(row, 0, n * sizeof(double));
      memcpy(row + p, normals[d], 3 * sizeof(double));
    }
  }
  return count;
}
