/* Orbitals in the order in which a rule takes them. */
#ifndef VQE_CHEM_SPACE_RANK_H
#define VQE_CHEM_SPACE_RANK_H

#include <stdbool.h>

#include "chem/scf.h"
#include "chem/space_scene.h"

/* How much each orbital of a class belongs into the active space, from the
 * Fermi level outwards: falling. */
struct vqe_space_ranking {
  int nocc, nvir;
  double *occ, *vir;
};

/* How many of each are taken. */
struct vqe_space_taken {
  int occ, vir;
};

/* Rotate the doubly occupied orbitals from `nfrozen` on, and the empty ones,
 * to eigenvectors of `matrix` (nmo x nmo), which holds occupations, or parts
 * that belong to the space. The next one to be taken is at the border to the
 * singly occupied ones. Clear it afterwards, also on failure. */
int vqe_space_rank(struct vqe_space_ranking *out, struct vqe_scf *scf,
                   const double *matrix, bool occupations,
                   const struct vqe_space_scene *scene, int nfrozen);
void vqe_space_ranking_clear(struct vqe_space_ranking *ranking);

/* How many of falling values are above `low`. */
int vqe_space_count_above(const double *values, int length, double low);

/* VQE_ERR_INPUT, with the sizes that are whole, where `taken` parts orbitals
 * of equal values. */
int vqe_space_check_whole(const struct vqe_space_taken *taken,
                          const struct vqe_space_ranking *ranking,
                          const struct vqe_space_scene *scene);

#endif
