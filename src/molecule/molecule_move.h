/* Internal coordinates of a molecule: measured, and set by moving what hangs
 * on their last atom. */
#ifndef VQE_MOLECULE_MOLECULE_MOVE_H
#define VQE_MOLECULE_MOLECULE_MOVE_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/molecule.h"

/* Value: how many atoms it takes. */
enum vqe_coordinate_kind {
  VQE_COORDINATE_BOND = 2,   /* length, in the molecule's units */
  VQE_COORDINATE_ANGLE = 3,  /* degrees; the second atom is its corner */
  VQE_COORDINATE_TORSION = 4 /* degrees, -180 to 180 as IUPAC counts it:
                                clockwise seen from the second atom */
};

struct vqe_coordinate {
  enum vqe_coordinate_kind kind;
  size_t atoms[4]; /* from 0 */
};

/* "bond", "angle", "torsion". */
const char *vqe_coordinate_name(enum vqe_coordinate_kind kind);

/* VQE_ERR_INPUT, beginning with `where`, where the molecule lacks an atom of
 * the coordinate, or one stands twice. */
int vqe_coordinate_check(const struct vqe_coordinate *coordinate,
                         const struct vqe_molecule *molecule,
                         const char *where);

/* Of a checked coordinate. */
double vqe_coordinate_measure(const struct vqe_coordinate *coordinate,
                              const struct vqe_molecule *molecule);

/* Which of natom atoms move with the last atom of a checked coordinate: those
 * that bonds join to it once the bond that it turns about, or that it
 * stretches, is cut. Atoms are bonded that are closer than 1.3 times the sum
 * of their covalent radii. VQE_ERR_INPUT, beginning with `where`, in a ring,
 * where both sides are joined. */
int vqe_coordinate_fragment(bool *moves,
                            const struct vqe_coordinate *coordinate,
                            const struct vqe_molecule *molecule,
                            const char *where);

/* Move the atoms that `moves` marks, so that the coordinate has the value: a
 * bond along its direction, an angle in its plane, a torsion about its axis.
 * The plane of a straight angle is any; a torsion on one is VQE_ERR_INPUT. */
int vqe_coordinate_set(struct vqe_molecule *molecule,
                       const struct vqe_coordinate *coordinate,
                       const bool *moves, double value, const char *where);

#endif
