/* vqe_lake cube: a natural orbital, the density or the spin density of a
 * stored result on a grid. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/cube.h"
#include "lake_stored.h"

#define SPACING 0.2 /* bohr */
#define MARGIN 5.0  /* bohr */
#define LONGEST 1000.0

/* A length in bohr of an option. */
static int read_length(double *out, const char *text, double usual,
                       double least, const char *option)
{
  char *end = NULL;
  *out = usual;
  if (text == NULL) {
    return VQE_OK;
  }
  *out = strtod(text, &end);
  if (end == text || *end != '\0' || !(*out >= least && *out <= LONGEST)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --%s: '%.60s' is not a length from %g to %g "
                         "bohr",
                         option, text, least, LONGEST);
  }
  return VQE_OK;
}

static int begin(struct vqe_cube *cube, const struct vqe_result *result,
                 const struct vqe_cmd_lake_options *options)
{
  const struct vqe_experiment *experiment = result->experiment;
  *cube = (struct vqe_cube){
      .title = experiment->name != NULL ? experiment->name : experiment->id,
      .molecule = experiment->molecule,
      .basis_set = experiment->basis_set};
  int status =
      read_length(&cube->spacing, options->spacing, SPACING, 1e-3, "spacing");
  return status == VQE_OK ? read_length(&cube->margin, options->margin, MARGIN,
                                        0.0, "margin")
                          : status;
}

/* Orbitals are counted from 1, as in the Molden file: the frozen ones first,
 * then by falling occupation. */
static int print_orbital(char **out, const struct vqe_result *result,
                         const struct vqe_property *orbitals,
                         const struct vqe_cmd_lake_options *options)
{
  int norb = (int)orbitals->shape[1];
  int k = options->orbital - 1;
  struct vqe_cube cube;
  double *orbital = NULL;
  char what[120];
  if (k >= norb ||
      (size_t)norb != (size_t)result->nfrozen + result->noccupation) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --orbital: experiment %.12s has natural "
                         "orbitals 1 to %d",
                         result->experiment->id, norb);
  }
  int status = begin(&cube, result, options);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&orbital, (size_t)orbitals->shape[0],
                              sizeof *orbital, "an orbital");
  }
  if (status == VQE_OK) {
    cube.nao = (int)orbitals->shape[0];
    for (int p = 0; p < cube.nao; p++) {
      orbital[p] = orbitals->values[(size_t)p * (size_t)norb + (size_t)k];
    }
    double occupation = k < result->nfrozen
                            ? 2.0
                            : result->natural_occupations[k - result->nfrozen];
    snprintf(what, sizeof what,
             "natural orbital %d of %d, occupation %.6f, bohr^-3/2", k + 1,
             norb, occupation);
    cube.what = what;
    cube.orbital = orbital;
    status = vqe_cube_print(out, &cube);
  }
  free(orbital);
  return status;
}

static int print_density(char **out, const struct vqe_result *result,
                         const struct vqe_property *alpha,
                         const struct vqe_cmd_lake_options *options)
{
  const struct vqe_property *beta =
      vqe_result_property(result, "rdm1_ao_beta");
  size_t size = (size_t)(alpha->shape[0] * alpha->shape[1]);
  struct vqe_cube cube;
  double *density = NULL;
  if (beta == NULL || beta->shape[0] != alpha->shape[0] ||
      beta->shape[1] != alpha->shape[0] ||
      alpha->shape[1] != alpha->shape[0]) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "experiment %.12s: its densities are not square: the "
                         "file is damaged",
                         result->experiment->id);
  }
  int status = begin(&cube, result, options);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&density, size, sizeof *density, "a density");
  }
  if (status == VQE_OK) {
    double sign = options->spin_density ? -1.0 : 1.0;
    for (size_t k = 0; k < size; k++) {
      density[k] = alpha->values[k] + sign * beta->values[k];
    }
    cube.nao = (int)alpha->shape[0];
    cube.density = density;
    cube.what = options->spin_density ? "spin density, alpha - beta, bohr^-3"
                                      : "electron density, bohr^-3";
    status = vqe_cube_print(out, &cube);
  }
  free(density);
  return status;
}

int vqe_cmd_lake_run_cube(struct vqe_cmd_lake_options *options)
{
  int asked =
      (options->orbital > 0) + options->density + options->spin_density;
  const struct vqe_cmd_lake_stored orbital = {.property = "natural_orbitals",
                                              .what = "natural orbitals",
                                              .print = print_orbital,
                                              .options = options};
  const struct vqe_cmd_lake_stored density = {.property = "rdm1_ao_alpha",
                                              .what = "densities",
                                              .print = print_density,
                                              .options = options};
  if (asked != 1) {
    return vqe_cmd_lake_complain(
        vqe_error_set(VQE_ERR_INPUT, "say one of --orbital N, --density and "
                                     "--spin-density"));
  }
  return vqe_cmd_lake_print_stored(options->orbital > 0 ? &orbital : &density);
}
