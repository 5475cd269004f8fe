/* Which coordinate changes from geometry to geometry: a distance, an angle or
 * a torsion. */
#ifndef VQE_PAGES_PAGE_COORDINATE_H
#define VQE_PAGES_PAGE_COORDINATE_H

#include <stdbool.h>
#include <stddef.h>

#include "pages/page_groups.h"

struct vqe_pages_coordinate {
  int count;       /* atoms that it takes: 2, 3 or 4 */
  size_t atoms[4]; /* in the order of the bonds */
  char label[96];  /* with the unit: angstrom or degrees */
};

/* The coordinate along which the geometries of a family differ. Where atoms
 * are joined by distances that all geometries share, bonds do not change, so
 * an angle or a torsion does; else it is the distance that changes most for
 * its length. False where none changes. */
bool vqe_pages_coordinate_find(struct vqe_pages_coordinate *out,
                               const struct vqe_pages_set *set, size_t family);

/* "distance", "angle" or "torsion". */
const char *
vqe_pages_coordinate_name(const struct vqe_pages_coordinate *coordinate);

/* Angstrom or degrees; torsions from -180 to 180. */
double
vqe_pages_coordinate_value(const struct vqe_pages_coordinate *coordinate,
                           const struct vqe_pages_run *run);

#endif
