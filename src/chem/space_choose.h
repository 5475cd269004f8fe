/* The active orbitals that a rule chooses, out of those of SCF. */
#ifndef VQE_CHEM_SPACE_CHOOSE_H
#define VQE_CHEM_SPACE_CHOOSE_H

#include "chem/scf.h"
#include "chem/space_rule.h"
#include "chem/space_scene.h"

/* Put the orbitals of `scf` into the order frozen, active, left out, and fill
 * `out`. All rules but INDICES mix orbitals of
 * one occupation, which changes neither the determinant nor its energy; the
 * frozen, the active and the other orbitals are canonical each.
 *
 * VQE_ERR_INPUT where a rule parts orbitals that are equal in what it looks at
 * (1e-4 of it), with the sizes that are whole. */
int vqe_space_choose(struct vqe_space_chosen *out, struct vqe_scf *scf,
                     const struct vqe_space_rule *rule,
                     const struct vqe_space_scene *scene);

#endif
