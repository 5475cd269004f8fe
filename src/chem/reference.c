#include "chem/reference.h"

#include <math.h>

#include "base/notes.h"
#include "chem/env.h"
#include "vqe/error.h"

#define MIN_GAP 1e-8      /* hartree, of a double excitation */
#define MAX_AMPLITUDE 1.0 /* of a double excitation, in a series */

/* (pq|rs) */
static double eri(const struct vqe_integrals *integrals, int p, int q, int r,
                  int s)
{
  size_t npair = (size_t)integrals->norb * (size_t)(integrals->norb + 1) / 2;
  return integrals->eri[vqe_pair((size_t)p, (size_t)q) * npair +
                        vqe_pair((size_t)r, (size_t)s)];
}

void vqe_reference_fock(double *diagonal, double *coupling, double *mixing,
                        const struct vqe_integrals *integrals)
{
  *coupling = 0.0;
  *mixing = 0.0;
  for (int p = 0; p < integrals->norb; p++) {
    for (int q = 0; q <= p; q++) {
      double value = integrals->h1e[p * integrals->norb + q];
      for (int i = 0; i < integrals->nalpha; i++) {
        double weight = i < integrals->nbeta ? 1.0 : 0.5;
        value += weight * (2.0 * eri(integrals, p, q, i, i) -
                           eri(integrals, p, i, i, q));
      }
      if (p == q) {
        diagonal[p] = value;
      } else {
        *coupling = fmax(*coupling, fabs(value));
        if (q < integrals->nalpha && p >= integrals->nbeta) {
          *mixing = fmax(*mixing, fabs(value));
        }
      }
    }
  }
}

double vqe_reference_energy(const struct vqe_integrals *integrals)
{
  double energy = 0.0;
  for (int i = 0; i < integrals->nalpha; i++) {
    double ni = i < integrals->nbeta ? 2.0 : 1.0;
    energy += ni * integrals->h1e[i * integrals->norb + i];
    for (int j = 0; j < integrals->nalpha; j++) {
      double nj = j < integrals->nbeta ? 2.0 : 1.0;
      double same_spin =
          i < integrals->nbeta && j < integrals->nbeta ? 2.0 : 1.0;
      energy += 0.5 * (ni * nj * eri(integrals, i, i, j, j) -
                       same_spin * eri(integrals, i, j, j, i));
    }
  }
  return energy + integrals->e_core + integrals->nuclear_repulsion;
}

int vqe_reference_mp2(struct vqe_integrals *integrals)
{
  const double *e = integrals->orbital_energies;
  int nocc = integrals->nalpha;
  double energy = 0.0;
  double largest = 0.0;
  integrals->has_mp2 = false;
  integrals->mp2_energy = 0.0;
  if (integrals->nalpha != integrals->nbeta) {
    return VQE_OK;
  }
  for (int i = 0; i < nocc; i++) {
    for (int j = 0; j < nocc; j++) {
      for (int a = nocc; a < integrals->norb; a++) {
        for (int b = nocc; b < integrals->norb; b++) {
          double direct = eri(integrals, i, a, j, b);
          double exchange = eri(integrals, i, b, j, a);
          double gap = e[i] + e[j] - e[a] - e[b];
          if (fabs(gap) < MIN_GAP) {
            return vqe_notes_add(&integrals->notes, VQE_NOTE_MP2_DIVERGES,
                                 "no MP2: an occupied and a virtual orbital "
                                 "are degenerate");
          }
          largest = fmax(largest, fabs(direct / gap));
          energy += direct * (2.0 * direct - exchange) / gap;
        }
      }
    }
  }
  integrals->has_mp2 = true;
  integrals->mp2_energy = integrals->hf_energy + energy;
  return largest <= MAX_AMPLITUDE
             ? VQE_OK
             : vqe_notes_add(&integrals->notes, VQE_NOTE_MP2_DIVERGES,
                             "an MP2 amplitude of %.1f: perturbation theory "
                             "does not hold",
                             largest);
}
