#include "chem/reference.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chem/env.h"

#define MIN_GAP 1e-8 /* hartree, of a double excitation */

/* (pq|rs) */
static double eri(const struct vqe_integrals *x, int p, int q, int r, int s)
{
  size_t npair = (size_t)x->norb * (size_t)(x->norb + 1) / 2;
  return x->eri[vqe_pair((size_t)p, (size_t)q) * npair +
                vqe_pair((size_t)r, (size_t)s)];
}

void vqe_reference_note(struct vqe_integrals *integrals, const char *text)
{
  size_t used = strlen(integrals->scf_note);
  snprintf(integrals->scf_note + used, sizeof integrals->scf_note - used,
           "%s%s", used > 0 ? "; " : "", text);
}

void vqe_reference_fock(double *diagonal, double *coupling,
                        const struct vqe_integrals *x)
{
  *coupling = 0.0;
  for (int p = 0; p < x->norb; p++) {
    for (int q = 0; q <= p; q++) {
      double value = x->h1e[p * x->norb + q];
      for (int i = 0; i < x->nalpha; i++) {
        double weight = i < x->nbeta ? 1.0 : 0.5;
        value += weight * (2.0 * eri(x, p, q, i, i) - eri(x, p, i, i, q));
      }
      if (p == q) {
        diagonal[p] = value;
      } else {
        *coupling = fmax(*coupling, fabs(value));
      }
    }
  }
}

double vqe_reference_energy(const struct vqe_integrals *x)
{
  double energy = 0.0;
  for (int i = 0; i < x->nalpha; i++) {
    double ni = i < x->nbeta ? 2.0 : 1.0;
    energy += ni * x->h1e[i * x->norb + i];
    for (int j = 0; j < x->nalpha; j++) {
      double nj = j < x->nbeta ? 2.0 : 1.0;
      double same_spin = i < x->nbeta && j < x->nbeta ? 2.0 : 1.0;
      energy += 0.5 * (ni * nj * eri(x, i, i, j, j) -
                       same_spin * eri(x, i, j, j, i));
    }
  }
  return energy + x->e_core + x->nuclear_repulsion;
}

void vqe_reference_mp2(struct vqe_integrals *x)
{
  const double *e = x->orbital_energies;
  int nocc = x->nalpha;
  double energy = 0.0;
  x->has_mp2 = false;
  x->mp2_energy = 0.0;
  if (x->nalpha != x->nbeta) {
    return;
  }
  for (int i = 0; i < nocc; i++) {
    for (int j = 0; j < nocc; j++) {
      for (int a = nocc; a < x->norb; a++) {
        for (int b = nocc; b < x->norb; b++) {
          double direct = eri(x, i, a, j, b);
          double exchange = eri(x, i, b, j, a);
          double gap = e[i] + e[j] - e[a] - e[b];
          if (fabs(gap) < MIN_GAP) {
            vqe_reference_note(x, "no MP2: an occupied and a virtual orbital "
                                  "are degenerate");
            return;
          }
          energy += direct * (2.0 * direct - exchange) / gap;
        }
      }
    }
  }
  x->has_mp2 = true;
  x->mp2_energy = x->hf_energy + energy;
}
