/* S^2 on vectors of a layout with fixed electron numbers.
 *
 * S^2 = M(M+1) + N_beta - sum_pq E_qp(alpha) E_pq(beta), M = (N_alpha -
 * N_beta)/2. */
#ifndef VQE_SIM_SPIN_H
#define VQE_SIM_SPIN_H

#include "base/stop.h"
#include "sim/layout.h"

struct vqe_spin_tables;

int vqe_spin_tables_create(struct vqe_spin_tables **out,
                           const struct vqe_strings *alpha,
                           const struct vqe_strings *beta,
                           const uint8_t *irrep, int threads);
void vqe_spin_tables_free(struct vqe_spin_tables *tables);
/* Ask `stop` (NULL: nobody) between excitations; what is computed is worth
 * nothing once it says yes. */
void vqe_spin_watch(struct vqe_spin_tables *tables, struct vqe_stop *stop);

/* out += factor * (S^2 - shift) in */
void vqe_spin_apply(const struct vqe_spin_tables *tables,
                    const struct vqe_layout *layout, double *out,
                    const double *in, double factor, double shift);

/* <in| S^2 |in>. */
double vqe_spin_expectation(const struct vqe_spin_tables *tables,
                            const struct vqe_layout *layout, const double *in);

#endif
