/* Active orbitals by their numbers. */
#ifndef VQE_CHEM_SPACE_INDEX_H
#define VQE_CHEM_SPACE_INDEX_H

#include "chem/scf.h"
#include "chem/space_rule.h"
#include "chem/space_scene.h"

/* vqe_space_choose for the rule INDICES, whose numbers are there. */
int vqe_space_index(struct vqe_space_chosen *out, struct vqe_scf *scf,
                    const struct vqe_space_rule *rule,
                    const struct vqe_space_scene *scene);

#endif
