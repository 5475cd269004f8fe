/* What the points of a scan say together. */
#ifndef VQE_REPORT_CURVES_H
#define VQE_REPORT_CURVES_H

#include <stddef.h>
#include <stdio.h>

#include "vqe/experiment.h"

/* The lowest point between the points of a curve. */
struct vqe_curve_minimum {
  double place;  /* in the units of the places */
  double energy; /* hartree */
  double second; /* second derivative there */
  /* How far the same from one point less is off: digits beyond it say
   * nothing. Infinite, but for the place, where there are less than five
   * points. */
  double place_doubt, energy_doubt, second_doubt;
};

/* From places in ascending order: by the polynomial through the five points
 * about the lowest one, or three where there are no more. Returns 1, 0 where
 * the lowest point is at an end, -1 where the points are too far apart for
 * that: the polynomial lies, or may lie, far below the lowest of them. */
int vqe_curve_find_minimum(struct vqe_curve_minimum *out, const double *places,
                           const double *energies, size_t count);

/* For each curve of one coordinate with three points or more, and each choice
 * of the other settings: the equilibrium value, the harmonic frequency of two
 * atoms (cm-1, of the masses of the molecule, else of the most common
 * isotopes), how much lower than its end a bond is, the same of the exact
 * energies, and the largest error, with the digits that two fits share. Of
 * several seeds the lowest energy counts. Prints nothing where there is no
 * curve. */
int vqe_report_curves(FILE *stream, struct vqe_result *const *results,
                      size_t count, int width);

#endif
