#include "chem/reference.h"

#include <math.h>

#include "base/notes.h"
#include "chem/env.h"
#include "chem/open_mp2.h"
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

/* Of the mean Fock matrix of ROHF between orbitals of two classes, closed,
 * open or empty (vqe_open_fock); 0 within one. */
static double expected_coupling(const struct vqe_integrals *x, int p, int q)
{
  double exchange = 0.0;
  bool to_empty = p >= x->nalpha;
  bool from_open = q >= x->nbeta;
  for (int o = x->nbeta; o < x->nalpha; o++) {
    exchange += eri(x, p, o, o, q);
  }
  bool closed_open = !to_empty && p >= x->nbeta && !from_open;
  bool open_empty = to_empty && from_open && q < x->nalpha;
  return closed_open ? -0.5 * exchange : open_empty ? 0.5 * exchange : 0.0;
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
        value = fabs(value - expected_coupling(integrals, p, q));
        bool mixes = (p >= integrals->nalpha) != (q >= integrals->nalpha) ||
                     (p >= integrals->nbeta) != (q >= integrals->nbeta);
        *coupling = fmax(*coupling, value);
        *mixing = mixes ? fmax(*mixing, value) : *mixing;
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

static int note_large(struct vqe_integrals *integrals, double largest)
{
  return largest <= MAX_AMPLITUDE
             ? VQE_OK
             : vqe_notes_add(&integrals->notes, VQE_NOTE_MP2_DIVERGES,
                             "an MP2 amplitude of %.1f: perturbation theory "
                             "does not hold",
                             largest);
}

static int note_degenerate(struct vqe_integrals *integrals)
{
  return vqe_notes_add(&integrals->notes, VQE_NOTE_MP2_DIVERGES,
                       "no MP2: an occupied and a virtual orbital are "
                       "degenerate");
}

static int open_mp2(struct vqe_integrals *integrals)
{
  const struct vqe_open_shell shell = vqe_open_shell_of(integrals);
  struct vqe_open_mp2 *mp2 = NULL;
  int status = vqe_open_mp2_new(&mp2, &shell);
  if (status == VQE_OK && mp2->split) {
    status = note_degenerate(integrals);
  } else if (status == VQE_OK) {
    integrals->has_mp2 = true;
    integrals->mp2_energy = integrals->hf_energy + mp2->singles + mp2->doubles;
    status = note_large(integrals, mp2->largest);
  }
  vqe_open_mp2_free(mp2);
  return status;
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
    return open_mp2(integrals);
  }
  for (int i = 0; i < nocc; i++) {
    for (int j = 0; j < nocc; j++) {
      for (int a = nocc; a < integrals->norb; a++) {
        for (int b = nocc; b < integrals->norb; b++) {
          double direct = eri(integrals, i, a, j, b);
          double exchange = eri(integrals, i, b, j, a);
          double gap = e[i] + e[j] - e[a] - e[b];
          if (fabs(gap) < MIN_GAP) {
            return note_degenerate(integrals);
          }
          largest = fmax(largest, fabs(direct / gap));
          energy += direct * (2.0 * direct - exchange) / gap;
        }
      }
    }
  }
  integrals->has_mp2 = true;
  integrals->mp2_energy = integrals->hf_energy + energy;
  return note_large(integrals, largest);
}
