#include "chem/functions.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

int vqe_functions_new(struct vqe_functions **out, const struct vqe_env *env,
                      const double *mo_coeff, int nmo)
{
  struct vqe_functions *functions = NULL;
  size_t n = (size_t)env->nao;
  size_t natom = (size_t)env->natm;
  int status =
      vqe_memory_alloc(&functions, 1, sizeof *functions, "basis functions");
  if (status != VQE_OK) {
    return status;
  }
  struct {
    void *at;
    size_t count;
    size_t size;
  } arrays[] = {
      {&functions->z, natom, sizeof(int)},
      {&functions->atom_ao, natom + 1, sizeof(int)},
      {&functions->xyz, 3 * natom, sizeof(double)},
      {&functions->overlap, n * n, sizeof(double)},
      {&functions->position, 3 * n * n, sizeof(double)},
      {&functions->moment, 9 * n * n, sizeof(double)},
      {&functions->mo_coeff, n * (size_t)nmo, sizeof(double)},
  };
  for (size_t k = 0; status == VQE_OK && k < sizeof arrays / sizeof arrays[0];
       k++) {
    status = vqe_memory_alloc(arrays[k].at, arrays[k].count, arrays[k].size,
                              "integrals of properties");
  }
  if (status == VQE_OK) {
    functions->nao = env->nao;
    functions->nmo = nmo;
    functions->natom = env->natm;
    memcpy(functions->z, env->z, natom * sizeof *functions->z);
    memcpy(functions->atom_ao, env->atom_ao,
           (natom + 1) * sizeof *functions->atom_ao);
    memcpy(functions->xyz, env->xyz, 3 * natom * sizeof(double));
    memcpy(functions->mo_coeff, mo_coeff, n * (size_t)nmo * sizeof(double));
    status = vqe_env_one_electron(functions->overlap, env, VQE_OVERLAP);
  }
  if (status == VQE_OK) {
    status = vqe_env_one_electron(functions->position, env, VQE_POSITION);
  }
  if (status == VQE_OK) {
    status = vqe_env_one_electron(functions->moment, env, VQE_SECOND_MOMENT);
  }
  if (status != VQE_OK) {
    vqe_functions_free(functions);
    return status;
  }
  *out = functions;
  return VQE_OK;
}

void vqe_functions_free(struct vqe_functions *functions)
{
  if (functions == NULL) {
    return;
  }
  free(functions->z);
  free(functions->atom_ao);
  free(functions->xyz);
  free(functions->overlap);
  free(functions->position);
  free(functions->moment);
  free(functions->mo_coeff);
  free(functions);
}

/* Sum over p, q of density[pq] matrix[pq]. */
static double trace(const double *density, const double *matrix, int nao)
{
  return cblas_ddot(nao * nao, density, 1, matrix, 1);
}

void vqe_functions_add_density(double *out, const double *density, int norb,
                               const double *mo_coeff, int first, int nao,
                               int nmo, double *work)
{
  if (norb == 0) {
    return;
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nao, norb, norb, 1.0,
              mo_coeff + first, nmo, density, norb, 0.0, work, norb);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, nao, nao, norb, 1.0,
              work, norb, mo_coeff + first, nmo, 1.0, out, nao);
}

void vqe_functions_centre(double out[3], const struct vqe_functions *functions)
{
  double charge = 0.0;
  memset(out, 0, 3 * sizeof *out);
  for (int a = 0; a < functions->natom; a++) {
    charge += functions->z[a];
    for (int k = 0; k < 3; k++) {
      out[k] += functions->z[a] * functions->xyz[3 * a + k];
    }
  }
  for (int k = 0; k < 3; k++) {
    out[k] /= charge;
  }
}

void vqe_functions_dipole(double out[3], const struct vqe_functions *functions,
                          const double *density, const double origin[3])
{
  int n = functions->nao;
  size_t n2 = (size_t)n * (size_t)n;
  double electrons = trace(density, functions->overlap, n);
  for (int k = 0; k < 3; k++) {
    out[k] = origin[k] * electrons -
             trace(density, functions->position + (size_t)k * n2, n);
    for (int a = 0; a < functions->natom; a++) {
      out[k] += functions->z[a] * (functions->xyz[3 * a + k] - origin[k]);
    }
  }
}

void vqe_functions_quadrupole(double out[9],
                              const struct vqe_functions *functions,
                              const double *density, const double origin[3])
{
  int n = functions->nao;
  size_t n2 = (size_t)n * (size_t)n;
  double first[3];
  double second[9];
  double electrons = trace(density, functions->overlap, n);
  for (int k = 0; k < 3; k++) {
    first[k] = trace(density, functions->position + (size_t)k * n2, n);
  }
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) {
      double sum =
          trace(density, functions->moment + (size_t)(3 * i + j) * n2, n);
      sum += origin[i] * origin[j] * electrons - origin[i] * first[j] -
             origin[j] * first[i];
      second[3 * i + j] = -sum;
      for (int a = 0; a < functions->natom; a++) {
        second[3 * i + j] += functions->z[a] *
                             (functions->xyz[3 * a + i] - origin[i]) *
                             (functions->xyz[3 * a + j] - origin[j]);
      }
    }
  }
  double diagonal = second[0] + second[4] + second[8];
  for (int k = 0; k < 9; k++) {
    out[k] = 0.5 * (3.0 * second[k] - (k % 4 == 0 ? diagonal : 0.0));
  }
}

void vqe_functions_mulliken(double *out, const struct vqe_functions *functions,
                            const double *density)
{
  int n = functions->nao;
  for (int a = 0; a < functions->natom; a++) {
    int first = functions->atom_ao[a];
    int count = functions->atom_ao[a + 1] - first;
    out[a] = cblas_ddot(count * n, density + (size_t)first * (size_t)n, 1,
                        functions->overlap + (size_t)first * (size_t)n, 1);
  }
}

void vqe_functions_lowdin(double *out, const struct vqe_functions *functions,
                          const double *density, const double *root,
                          double *work)
{
  int n = functions->nao;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0, root, n,
              density, n, 0.0, work, n);
  for (int a = 0; a < functions->natom; a++) {
    int first = functions->atom_ao[a];
    int count = functions->atom_ao[a + 1] - first;
    out[a] = cblas_ddot(count * n, work + (size_t)first * (size_t)n, 1,
                        root + (size_t)first * (size_t)n, 1);
  }
}

int vqe_functions_root(double *root, const struct vqe_functions *functions,
                       double *work)
{
  int n = functions->nao;
  size_t n2 = (size_t)n * (size_t)n;
  double *vectors = work;
  double *scaled = work + n2;
  double *values = work + 2 * n2;
  memcpy(vectors, functions->overlap, n2 * sizeof *vectors);
  if (LAPACKE_dsyevd(LAPACK_ROW_MAJOR, 'V', 'L', n, vectors, n, values) != 0) {
    return vqe_error_set(VQE_ERR_NUMERIC, "the overlap matrix could not be "
                                          "diagonalised for charges");
  }
  for (int p = 0; p < n; p++) {
    for (int k = 0; k < n; k++) {
      double value = values[k] > 0.0 ? sqrt(values[k]) : 0.0;
      scaled[(size_t)p * (size_t)n + (size_t)k] =
          vectors[(size_t)p * (size_t)n + (size_t)k] * value;
    }
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1.0, scaled, n,
              vectors, n, 0.0, root, n);
  return VQE_OK;
}
