#include "chem/cube.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cint.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/env.h"
#include "chem/harmonics.h"

#define PER_LINE 6
#define SMALLEST 60.0 /* exponents of exp(-x) beyond add nothing */
/* What libcint multiplies s and p functions by: spherical harmonics. */
#define OF_S 0.28209479177387814
#define OF_P 0.48860251190291992

struct grid {
  double origin[3];
  double spacing;
  int count[3];
};

/* Basis functions along a row of points: work of one call. */
struct functions {
  const struct vqe_env *env;
  double *angular[VQE_BASIS_MAX_L + 1]; /* ncartesian x functions, or NULL */
  double *values;                       /* count[2] x nao */
  double *sums;                         /* count[2] x nao, for a density */
};

static int make_grid(struct grid *grid, const struct vqe_cube *cube,
                     const struct vqe_env *env)
{
  double points = 1.0;
  grid->spacing = cube->spacing;
  for (int x = 0; x < 3; x++) {
    double low = env->xyz[x];
    double high = low;
    for (int a = 1; a < env->natm; a++) {
      low = fmin(low, env->xyz[3 * a + x]);
      high = fmax(high, env->xyz[3 * a + x]);
    }
    double steps = ceil((high - low + 2.0 * cube->margin) / cube->spacing);
    points *= steps + 1.0;
    if (!(points <= VQE_CUBE_MAX_POINTS)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "the box has more than %d points; take a larger "
                           "--spacing than %g or a smaller --margin than %g "
                           "bohr",
                           VQE_CUBE_MAX_POINTS, cube->spacing, cube->margin);
    }
    grid->count[x] = (int)steps + 1;
    grid->origin[x] = 0.5 * (low + high - steps * cube->spacing);
  }
  return VQE_OK;
}

/* What angular momenta there are, each in terms of x^i y^j z^k. */
static int expand(struct functions *f)
{
  int status = VQE_OK;
  for (int b = 0; status == VQE_OK && b < f->env->nbas; b++) {
    int l = f->env->bas[BAS_SLOTS * b + ANG_OF];
    if (f->angular[l] != NULL || l < 2 || f->env->cartesian) {
      continue;
    }
    size_t rows = (size_t)vqe_basis_components(l, true);
    status = vqe_memory_alloc(&f->angular[l], rows * (2 * (size_t)l + 1),
                              sizeof(double), "angular functions");
    if (status == VQE_OK) {
      status = vqe_harmonics_expand(f->angular[l], l);
    }
  }
  return status;
}

/* x^i y^j z^k, i falling, then j, as libcint has them. */
static void powers(double *out, int l, const double r[3])
{
  for (int i = l; i >= 0; i--) {
    for (int j = l - i; j >= 0; j--) {
      double value = 1.0;
      for (int n = 0; n < l; n++) {
        value *= r[n < i ? 0 : n < i + j ? 1 : 2];
      }
      *out++ = value;
    }
  }
}

/* The functions of a shell at a point, `out` those of the point. */
static void add_shell(double *out, const struct functions *f, int shell,
                      const double point[3])
{
  const struct vqe_env *env = f->env;
  const int *slot = env->bas + BAS_SLOTS * (size_t)shell;
  const double *exponents = env->env + slot[PTR_EXP];
  const double *nucleus = env->xyz + 3 * (size_t)slot[ATOM_OF];
  double cartesian[VQE_HARMONICS_MAX] = {0.0};
  double angular[VQE_HARMONICS_MAX] = {0.0};
  int l = slot[ANG_OF];
  int n = vqe_basis_components(l, env->cartesian);
  double r[3];
  double square = 0.0;
  for (int x = 0; x < 3; x++) {
    r[x] = point[x] - nucleus[x];
    square += r[x] * r[x];
  }
  powers(cartesian, l, r);
  for (int m = 0; m < n; m++) {
    angular[m] = l == 0 ? OF_S : l == 1 ? OF_P * cartesian[m] : cartesian[m];
  }
  for (int m = 0; f->angular[l] != NULL && m < n; m++) {
    angular[m] = cblas_ddot(vqe_basis_components(l, true), cartesian, 1,
                            f->angular[l] + m, n);
  }
  out += env->ao_loc[shell];
  for (int c = 0; c < slot[NCTR_OF]; c++) {
    const double *coefficients =
        env->env + slot[PTR_COEFF] + (size_t)c * (size_t)slot[NPRIM_OF];
    double radial = 0.0;
    for (int p = 0; p < slot[NPRIM_OF]; p++) {
      double power = exponents[p] * square;
      radial += power < SMALLEST ? coefficients[p] * exp(-power) : 0.0;
    }
    for (int m = 0; m < n; m++) {
      out[c * n + m] = radial * angular[m];
    }
  }
}

/* The row of points at x, y: `row` has count[2] values. */
static void fill_row(double *row, struct functions *f,
                     const struct vqe_cube *cube, const struct grid *grid,
                     const double at[2])
{
  int n = grid->count[2];
  int nao = cube->nao;
  size_t size = (size_t)nao;
  for (int k = 0; k < n; k++) {
    double point[3] = {at[0], at[1], grid->origin[2] + k * grid->spacing};
    for (int b = 0; b < f->env->nbas; b++) {
      add_shell(f->values + (size_t)k * size, f, b, point);
    }
  }
  if (cube->orbital != NULL) {
    cblas_dgemv(CblasRowMajor, CblasNoTrans, n, nao, 1.0, f->values, nao,
                cube->orbital, 1, 0.0, row, 1);
    return;
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, nao, nao, 1.0,
              f->values, nao, cube->density, nao, 0.0, f->sums, nao);
  for (int k = 0; k < n; k++) {
    row[k] = cblas_ddot(nao, f->values + (size_t)k * size, 1,
                        f->sums + (size_t)k * size, 1);
  }
}

static void print_title(FILE *stream, const char *text)
{
  for (; *text != '\0'; text++) {
    fputc((unsigned char)*text < ' ' ? ' ' : *text, stream);
  }
  fputc('\n', stream);
}

static void print_head(FILE *stream, const struct vqe_cube *cube,
                       const struct vqe_env *env, const struct grid *grid)
{
  print_title(stream, cube->title);
  print_title(stream, cube->what);
  fprintf(stream, "%5d%14.8f%14.8f%14.8f\n", env->natm, grid->origin[0],
          grid->origin[1], grid->origin[2]);
  for (int x = 0; x < 3; x++) {
    fprintf(stream, "%5d%14.8f%14.8f%14.8f\n", grid->count[x],
            x == 0 ? grid->spacing : 0.0, x == 1 ? grid->spacing : 0.0,
            x == 2 ? grid->spacing : 0.0);
  }
  for (int a = 0; a < env->natm; a++) {
    const double *at = env->xyz + 3 * (size_t)a;
    fprintf(stream, "%5d%14.8f%14.8f%14.8f%14.8f\n", env->z[a],
            (double)env->z[a], at[0], at[1], at[2]);
  }
}

static int print_values(FILE *stream, struct functions *f,
                        const struct vqe_cube *cube, const struct grid *grid)
{
  double *row = NULL;
  int status = vqe_memory_alloc(&row, (size_t)grid->count[2], sizeof(double),
                                "a row of a cube");
  for (int i = 0; status == VQE_OK && i < grid->count[0]; i++) {
    for (int j = 0; j < grid->count[1]; j++) {
      double at[2] = {grid->origin[0] + i * grid->spacing,
                      grid->origin[1] + j * grid->spacing};
      fill_row(row, f, cube, grid, at);
      for (int k = 0; k < grid->count[2]; k++) {
        bool last = k + 1 == grid->count[2] || (k + 1) % PER_LINE == 0;
        fprintf(stream, " %15.8E%s", row[k], last ? "\n" : "");
      }
    }
    if (ferror(stream)) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a cube file");
    }
  }
  free(row);
  return status;
}

static int print(FILE *stream, const struct vqe_cube *cube,
                 const struct vqe_env *env)
{
  struct grid grid = {0};
  struct functions f = {.env = env};
  if (env->nao != cube->nao) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "the orbitals have %d functions, '%s' now has %d: is "
                         "it the basis of the run?",
                         cube->nao, cube->basis_set, env->nao);
  }
  int status = make_grid(&grid, cube, env);
  if (status != VQE_OK) {
    return status;
  }
  size_t size = (size_t)grid.count[2] * (size_t)env->nao;
  status =
      vqe_memory_alloc(&f.values, size, sizeof(double), "functions on a grid");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&f.sums, cube->orbital == NULL ? size : 1,
                              sizeof(double), "functions on a grid");
  }
  if (status == VQE_OK) {
    status = expand(&f);
  }
  if (status == VQE_OK) {
    print_head(stream, cube, env, &grid);
    status = print_values(stream, &f, cube, &grid);
  }
  for (int l = 0; l <= VQE_BASIS_MAX_L; l++) {
    free(f.angular[l]);
  }
  free(f.values);
  free(f.sums);
  return status;
}

int vqe_cube_print(char **out, const struct vqe_cube *cube)
{
  struct vqe_basis *basis = NULL;
  struct vqe_env *env = NULL;
  char *text = NULL;
  size_t size = 0;
  FILE *stream = NULL;
  *out = NULL;
  int status = vqe_env_load(&env, &basis, cube->molecule, cube->basis_set);
  if (status == VQE_OK) {
    stream = open_memstream(&text, &size);
    status = stream == NULL
                 ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a cube file")
                 : print(stream, cube, env);
  }
  if (stream != NULL && fclose(stream) != 0 && status == VQE_OK) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a cube file");
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
