/* Direct inversion in the iterative subspace. */
#ifndef VQE_CHEM_DIIS_H
#define VQE_CHEM_DIIS_H

#include <stddef.h>

#define VQE_DIIS_SIZE 8 /* vectors kept */

struct vqe_diis;

/* For vectors of `nvector` and errors of at most `nerror` doubles. */
int vqe_diis_new(struct vqe_diis **out, size_t nvector, size_t nerror);
void vqe_diis_free(struct vqe_diis *diis);
void vqe_diis_reset(struct vqe_diis *diis);

/* Store the vector with its error (of `nerror` doubles) and replace it by the
 * combination of the stored ones whose combined error is least. */
void vqe_diis_extrapolate(struct vqe_diis *diis, double *vector,
                          const double *error, size_t nerror);

#endif
