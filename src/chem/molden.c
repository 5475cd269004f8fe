#include "chem/molden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cint.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"

#define MOST_L 4 /* g */

/* The coefficient of a primitive that is normalised by itself, as the format
 * has it: of c r^l exp(-a r^2), c over the norm 1 / sqrt(integral of r^(2l+2)
 * exp(-2 a r^2)). */
static double of_normalised(double coefficient, double exponent, int l)
{
  double half = l + 1.5;
  double integral = tgamma(half) / (2.0 * pow(2.0 * exponent, half));
  return coefficient * sqrt(integral);
}

/* One line a shell, one more for each of its primitives; a general contraction
 * is as many shells. */
static void print_shells(FILE *stream, const struct vqe_env *env)
{
  int atom = -1;
  for (int b = 0; b < env->nbas; b++) {
    const int *slot = env->bas + BAS_SLOTS * (size_t)b;
    int l = slot[ANG_OF];
    if (slot[ATOM_OF] != atom) {
      fprintf(stream, "%s%d 0\n", atom >= 0 ? "\n" : "", slot[ATOM_OF] + 1);
      atom = slot[ATOM_OF];
    }
    for (int c = 0; c < slot[NCTR_OF]; c++) {
      const double *coefficients =
          env->env + slot[PTR_COEFF] + (size_t)c * (size_t)slot[NPRIM_OF];
      fprintf(stream, "%c %d 1.00\n", "spdfg"[l], slot[NPRIM_OF]);
      for (int p = 0; p < slot[NPRIM_OF]; p++) {
        double exponent = env->env[slot[PTR_EXP] + p];
        fprintf(stream, "%24.16e %24.16e\n", exponent,
                of_normalised(coefficients[p], exponent, l));
      }
    }
  }
  fputs("\n[5D]\n[7F]\n[9G]\n", stream);
}

/* Where component k of the format (0, 1, -1, 2, -2, ...) stands among ours,
 * from -l to l; p functions are x, y, z in both. */
static int component(int l, int k)
{
  int m = k % 2 == 0 ? -k / 2 : (k + 1) / 2;
  return l == 1 ? k : l + m;
}

static void print_orbital(FILE *stream, const struct vqe_env *env,
                          const double *orbitals, int norb, int orbital)
{
  int number = 1;
  for (int b = 0; b < env->nbas; b++) {
    const int *slot = env->bas + BAS_SLOTS * (size_t)b;
    int l = slot[ANG_OF];
    for (int c = 0; c < slot[NCTR_OF]; c++) {
      for (int k = 0; k < 2 * l + 1; k++) {
        int row = env->ao_loc[b] + c * (2 * l + 1) + component(l, k);
        fprintf(stream, "%5d %24.16e\n", number++,
                orbitals[(size_t)row * (size_t)norb + (size_t)orbital]);
      }
    }
  }
}

static int print(FILE *stream, const struct vqe_molecule *molecule,
                 const struct vqe_env *env, const double *orbitals,
                 const double *occupations, int norb)
{
  fputs("[Molden Format]\n[Atoms] AU\n", stream);
  for (int a = 0; a < env->natm; a++) {
    const double *at = env->xyz + 3 * (size_t)a;
    fprintf(stream, "%s %d %d %.16f %.16f %.16f\n", molecule->symbols[a],
            a + 1, env->z[a], at[0], at[1], at[2]);
  }
  fputs("[GTO]\n", stream);
  print_shells(stream, env);
  fputs("\n[MO]\n", stream);
  for (int k = 0; k < norb; k++) {
    fprintf(stream, "Sym= A\nEne= 0.0\nSpin= Alpha\nOccup= %.16f\n",
            occupations[k]);
    print_orbital(stream, env, orbitals, norb, k);
  }
  return ferror(stream)
             ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a Molden file")
             : VQE_OK;
}

/* What the format cannot say. */
static int check(const struct vqe_env *env, const struct vqe_basis *basis,
                 const char *basis_set, int nao)
{
  if (vqe_basis_is_cartesian(basis)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "'%s' has Cartesian functions, whose order and norms "
                         "readers of the Molden format do not agree on",
                         basis_set);
  }
  for (size_t k = 0; k < basis->nshell; k++) {
    if (basis->shells[k].l > MOST_L) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "'%s' has functions beyond g, which the Molden "
                           "format lacks",
                           basis_set);
    }
  }
  if (env->nao != nao) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the orbitals have %d functions, '%s' now has %d: is "
                         "it the basis of the run?",
                         nao, basis_set, env->nao);
  }
  return VQE_OK;
}

int vqe_molden_print(char **out, const struct vqe_molecule *molecule,
                     const char *basis_set, const double *orbitals, int nao,
                     const double *occupations, int norb)
{
  struct vqe_basis *basis = NULL;
  struct vqe_env *env = NULL;
  char *text = NULL;
  size_t size = 0;
  FILE *stream = NULL;
  *out = NULL;
  int status = vqe_env_load(&env, &basis, molecule, basis_set);
  if (status == VQE_OK) {
    status = check(env, basis, basis_set, nao);
  }
  if (status == VQE_OK) {
    stream = open_memstream(&text, &size);
    status = stream == NULL
                 ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a Molden file")
                 : print(stream, molecule, env, orbitals, occupations, norb);
  }
  if (stream != NULL && fclose(stream) != 0 && status == VQE_OK) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a Molden file");
  }
  if (status == VQE_OK) {
    *out = text;
  } else {
    free(text);
  }
  vqe_env_free(env);
  vqe_basis_free(basis);
  return status;
}
