#include "chem/harmonics.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cint_funcs.h>

#include "base/error_message.h"
#include "base/memory.h"

#define NPOINT (3 * VQE_HARMONICS_MAX)
#define NATM (NPOINT + 1)
#define NENV (PTR_ENV_START + 3 * NATM + 2)

/* Values at points of the unit sphere, npoint x n. */
struct samples {
  int npoint; /* three for each function */
  double points[NPOINT][3];
  double images[NPOINT][3];
  double values[NPOINT * VQE_HARMONICS_MAX];
  double turned[NPOINT * VQE_HARMONICS_MAX];
  int atm[NATM * ATM_SLOTS];
  int bas[NATM * BAS_SLOTS];
  double env[NENV];
};

/* Points for n functions, spread on a spiral. */
static void spread(struct samples *s, int n)
{
  s->npoint = 3 * n;
  for (int k = 0; k < s->npoint; k++) {
    double z = 1.0 - (2.0 * k + 1.0) / s->npoint;
    double angle = 2.399963229728653 * k; /* golden */
    s->points[k][0] = sqrt(1.0 - z * z) * cos(angle);
    s->points[k][1] = sqrt(1.0 - z * z) * sin(angle);
    s->points[k][2] = z;
  }
}

static void sample(double *out, struct samples *s, int l, bool cartesian,
                   double points[NPOINT][3])
{
  int n = vqe_basis_components(l, cartesian);
  int npoint = s->npoint;
  int natm = npoint + 1;
  int constants = PTR_ENV_START + 3 * natm; /* zero before */
  s->env[constants] = 1.0; /* exponent, and coefficient behind it */
  s->env[constants + 1] = 1.0;
  for (int a = 0; a < natm; a++) {
    int place = PTR_ENV_START + 3 * a;
    s->atm[ATM_SLOTS * a + PTR_COORD] = place;
    s->bas[BAS_SLOTS * a + ATOM_OF] = a;
    s->bas[BAS_SLOTS * a + ANG_OF] = a == npoint ? l : 0;
    s->bas[BAS_SLOTS * a + NPRIM_OF] = 1;
    s->bas[BAS_SLOTS * a + NCTR_OF] = 1;
    s->bas[BAS_SLOTS * a + PTR_EXP] = constants;
    s->bas[BAS_SLOTS * a + PTR_COEFF] = constants + 1;
    if (a < npoint) {
      memcpy(s->env + place, points[a], 3 * sizeof(double));
    }
  }
  for (int a = 0; a < npoint; a++) {
    int shells[2] = {a, npoint};
    (cartesian ? int1e_ovlp_cart
               : int1e_ovlp_sph)(out + (size_t)(a * n), NULL, shells, s->atm,
                                 natm, s->bas, natm, s->env, NULL, NULL);
  }
}

/* Least squares: out (n x m) with values (npoint x n) out = turned. */
static int fit(double *out, struct samples *s, int n, int m, int l)
{
  if (LAPACKE_dgels(LAPACK_ROW_MAJOR, 'N', s->npoint, n, m, s->values, n,
                    s->turned, m) != 0) {
    return vqe_error_set(VQE_ERR_NUMERIC,
                         "expanding angular functions of l = %d failed", l);
  }
  memcpy(out, s->turned, (size_t)(n * m) * sizeof(double));
  return VQE_OK;
}

int vqe_harmonics_turn(double *out, int l, bool cartesian,
                       const double map[3][3])
{
  struct samples *s = NULL;
  int n = vqe_basis_components(l, cartesian);
  int status = vqe_memory_alloc(&s, 1, sizeof *s, "angular functions");
  if (status != VQE_OK) {
    return status;
  }
  spread(s, n);
  for (int k = 0; k < s->npoint; k++) {
    for (int x = 0; x < 3; x++) {
      s->images[k][x] = map[x][0] * s->points[k][0] +
                        map[x][1] * s->points[k][1] +
                        map[x][2] * s->points[k][2];
    }
  }
  sample(s->values, s, l, cartesian, s->points);
  sample(s->turned, s, l, cartesian, s->images);
  status = fit(out, s, n, n, l);
  free(s);
  return status;
}

int vqe_harmonics_expand(double *out, int l)
{
  struct samples *s = NULL;
  int status = vqe_memory_alloc(&s, 1, sizeof *s, "angular functions");
  if (status != VQE_OK) {
    return status;
  }
  spread(s, vqe_basis_components(l, true));
  sample(s->values, s, l, true, s->points);
  sample(s->turned, s, l, false, s->points);
  status = fit(out, s, vqe_basis_components(l, true), 2 * l + 1, l);
  free(s);
  return status;
}
