#include "chem/env.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cint.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Integral of r^n exp(-a r^2) over r from 0. */
static double gaussian_integral(int n, double a)
{
  double half = 0.5 * (n + 1);
  return tgamma(half) / (2.0 * pow(a, half));
}

/* Coefficients of one contracted function over unnormalised primitives. */
static void normalise(double *out, const struct vqe_basis_shell *shell,
                      const double *coefficients)
{
  int n = 2 * shell->l + 2;
  double norm = 0.0;
  for (int p = 0; p < shell->nprim; p++) {
    out[p] = coefficients[p] /
             sqrt(gaussian_integral(n, 2.0 * shell->exponents[p]));
  }
  for (int p = 0; p < shell->nprim; p++) {
    for (int q = 0; q < shell->nprim; q++) {
      norm += out[p] * out[q] *
              gaussian_integral(n, shell->exponents[p] + shell->exponents[q]);
    }
  }
  for (int p = 0; p < shell->nprim; p++) {
    out[p] /= sqrt(norm);
  }
}

/* Count what will be stored; false when it passes an int. */
static bool count_slots(size_t *nbas, size_t *nao, size_t *nenv,
                        const struct vqe_molecule *molecule,
                        const struct vqe_basis *basis)
{
  *nbas = 0;
  *nao = 0;
  *nenv = PTR_ENV_START + 3 * molecule->natom;
  for (size_t k = 0; k < basis->nshell; k++) {
    const struct vqe_basis_shell *shell = &basis->shells[k];
    *nenv += (size_t)shell->nprim * (size_t)(shell->nctr + 1);
    for (size_t a = 0; a < molecule->natom; a++) {
      if (molecule->z[a] == shell->z) {
        *nbas += 1;
        *nao += (size_t)shell->nctr *
                (size_t)vqe_basis_components(shell->l, basis->cartesian);
      }
    }
  }
  return *nbas < SHLS_MAX && *nao < INT_MAX / 2 && *nenv < INT_MAX / 2;
}

static void fill_shells(struct vqe_env *env, const struct vqe_basis *basis,
                        const int *offsets)
{
  int shell_index = 0;
  int ao = 0;
  for (int a = 0; a < env->natm; a++) {
    env->atom_ao[a] = ao;
    for (size_t k = 0; k < basis->nshell; k++) {
      const struct vqe_basis_shell *shell = &basis->shells[k];
      if (shell->z != env->z[a]) {
        continue;
      }
      VQE_ASSERT(shell_index < env->nbas);
      int *slot = env->bas + BAS_SLOTS * (size_t)shell_index;
      slot[ATOM_OF] = a;
      slot[ANG_OF] = shell->l;
      slot[NPRIM_OF] = shell->nprim;
      slot[NCTR_OF] = shell->nctr;
      slot[PTR_EXP] = offsets[k];
      slot[PTR_COEFF] = offsets[k] + shell->nprim;
      env->ao_loc[shell_index] = ao;
      ao += shell->nctr * vqe_basis_components(shell->l, basis->cartesian);
      shell_index++;
    }
  }
  VQE_ASSERT(shell_index == env->nbas && ao == env->nao);
  env->atom_ao[env->natm] = ao;
  env->ao_loc[shell_index] = ao;
}

/* Charges and places of the atoms; returns how much of env->env is used. */
static int fill_atoms(struct vqe_env *env, const struct vqe_molecule *molecule)
{
  double bohr = molecule->units == VQE_BOHR ? 1.0 : 1.0 / VQE_BOHR_ANGSTROM;
  int used = PTR_ENV_START;
  for (size_t a = 0; a < molecule->natom; a++) {
    env->z[a] = molecule->z[a];
    env->atm[ATM_SLOTS * a + CHARGE_OF] = molecule->z[a];
    env->atm[ATM_SLOTS * a + PTR_COORD] = used;
    env->atm[ATM_SLOTS * a + NUC_MOD_OF] = POINT_NUC;
    for (size_t k = 0; k < 3; k++) {
      env->xyz[3 * a + k] = molecule->coords[3 * a + k] * bohr;
      env->env[used++] = env->xyz[3 * a + k];
    }
  }
  return used;
}

/* Exponents and coefficients of each shell from env->env[used] on; offsets[k]
 * is where shell k starts. */
static void fill_primitives(struct vqe_env *env, int *offsets, int used,
                            const struct vqe_basis *basis)
{
  for (size_t k = 0; k < basis->nshell; k++) {
    const struct vqe_basis_shell *shell = &basis->shells[k];
    offsets[k] = used;
    memcpy(env->env + used, shell->exponents,
           (size_t)shell->nprim * sizeof(double));
    used += shell->nprim;
    for (int c = 0; c < shell->nctr; c++) {
      normalise(env->env + used, shell,
                shell->coefficients + (size_t)c * (size_t)shell->nprim);
      used += shell->nprim;
    }
  }
}

int vqe_env_new(struct vqe_env **out, const struct vqe_molecule *molecule,
                const struct vqe_basis *basis)
{
  struct vqe_env *env = NULL;
  int *offsets = NULL;
  size_t nbas;
  size_t nao;
  size_t nenv;
  if (!count_slots(&nbas, &nao, &nenv, molecule, basis)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "molecule '%.64s': too many basis functions",
                         molecule->name);
  }
  size_t natom = molecule->natom;
  int status = vqe_memory_alloc(&env, 1, sizeof *env, "integral environment");
  if (status != VQE_OK) {
    return status;
  }
  struct {
    void *at;
    size_t count;
    size_t size;
  } arrays[] = {
      {&env->atm, natom * ATM_SLOTS, sizeof(int)},
      {&env->bas, nbas * BAS_SLOTS, sizeof(int)},
      {&env->env, nenv, sizeof(double)},
      {&env->ao_loc, nbas + 1, sizeof(int)},
      {&env->atom_ao, natom + 1, sizeof(int)},
      {&env->xyz, 3 * natom, sizeof(double)},
      {&env->z, natom, sizeof(int)},
      {&offsets, basis->nshell, sizeof(int)},
  };
  const size_t count = sizeof arrays / sizeof arrays[0];
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_memory_alloc(arrays[k].at, arrays[k].count, arrays[k].size,
                              "integral environment");
  }
  if (status == VQE_OK) {
    env->natm = (int)natom;
    env->nbas = (int)nbas;
    env->nao = (int)nao;
    env->cartesian = basis->cartesian;
    fill_primitives(env, offsets, fill_atoms(env, molecule), basis);
    fill_shells(env, basis, offsets);
  }
  free(offsets);
  if (status != VQE_OK) {
    vqe_env_free(env);
    return status;
  }
  *out = env;
  return VQE_OK;
}

int vqe_env_load(struct vqe_env **out, struct vqe_basis **basis,
                 const struct vqe_molecule *molecule, const char *basis_set)
{
  bool wanted[VQE_MAX_Z + 1] = {false};
  for (size_t a = 0; a < molecule->natom; a++) {
    wanted[molecule->z[a]] = true;
  }
  int status = vqe_basis_load(basis, basis_set, wanted);
  return status == VQE_OK ? vqe_env_new(out, molecule, *basis) : status;
}

void vqe_env_free(struct vqe_env *env)
{
  if (env == NULL) {
    return;
  }
  free(env->atm);
  free(env->bas);
  free(env->env);
  free(env->ao_loc);
  free(env->atom_ao);
  free(env->xyz);
  free(env->z);
  free(env);
}
