/** @file
 * The fermionic Hamiltonian and its Jordan-Wigner image.
 *
 * Spin orbitals and qubits: all alpha orbitals first, then all beta; qubit 0
 * is the least significant bit of a basis-state index and the rightmost
 * letter of a Pauli label (Qiskit Nature's order). */
#ifndef VQE_OPERATORS_H
#define VQE_OPERATORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vqe/api.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VQE_MAX_ORBITALS 32 /**< 64 qubits: masks are 64-bit words */
#define VQE_MAX_IRREPS 8    /**< D2h has as many */

/** H = constant + sum_PQ f[PQ] F_PQ + 1/2 sum_PQ,RS w[PQ,RS] F_PQ F_RS over
 * packed pairs PQ = p(p+1)/2 + q, p >= q, with the symmetrised, spin-summed
 * F_PQ = E_pq + E_qp (p > q), F_PP = E_pp, and
 * f_pq = h_pq - 1/2 sum_r (pr|rq) (Helgaker, Jorgensen, Olsen, "Molecular
 * Electronic-Structure Theory", eq. 2.2.16). */
struct vqe_hamiltonian {
  int norb;        /**< spatial orbitals */
  int npair;       /**< norb (norb + 1) / 2 */
  double constant; /**< hartree; frozen core, not the nuclei */
  double *f;       /**< npair */
  double *w;       /**< npair x npair, = eri */
  double *h1e;     /**< norb x norb, as given */
  /** Abelian (Z2^k) symmetry found in the integrals: every non-zero (pq|rs)
   * has irrep[p]^irrep[q]^irrep[r]^irrep[s] == 0. nirrep is a power of two,
   * 1 when there is none or it was not asked for. */
  int nirrep;
  uint8_t irrep[VQE_MAX_ORBITALS]; /**< norb irreps, below nirrep */
};

/** Build from integrals as in vqe/chem.h. `symmetry` false puts every orbital
 * into irrep 0. Integrals below `zero` (default 1e-10 when 0) count as zero
 * in the search for symmetry, and are set to zero where the symmetry found
 * forbids them. */
VQE_API int vqe_hamiltonian_create(struct vqe_hamiltonian **out, int norb,
                                   const double *h1e, const double *eri,
                                   double constant, bool symmetry,
                                   double zero);
/** NULL is fine. */
VQE_API void vqe_hamiltonian_free(struct vqe_hamiltonian *hamiltonian);

/** Take irreps that are known instead of those found; integrals that they
 * forbid become zero. */
VQE_API void vqe_hamiltonian_label(struct vqe_hamiltonian *hamiltonian,
                                   int nirrep, const uint8_t *irrep);
/** Replace the numbers by those of other orbitals of the same irreps; the
 * number of orbitals stays. */
VQE_API void vqe_hamiltonian_update(struct vqe_hamiltonian *hamiltonian,
                                    const double *h1e, const double *eri,
                                    double constant);

/** sum_k coeff[k] P_k with real coefficients; P_k = i^{|x&z|} X^x Z^z, so Y
 * where both masks have a bit. Terms are sorted by (x, z) and unique. */
struct vqe_pauli_sum {
  int nqubit;    /**< qubits */
  size_t nterm;  /**< terms */
  uint64_t *x;   /**< nterm masks of X or Y */
  uint64_t *z;   /**< nterm masks of Z or Y */
  double *coeff; /**< nterm coefficients, hartree */
};

/** Jordan-Wigner image, identity included (coefficient: `constant` and the
 * traces). Terms of |coefficient| < threshold (1e-12 when 0) are dropped.
 * Cost: O(nonzero integrals) with a hash table. */
VQE_API int
vqe_pauli_sum_jordan_wigner(struct vqe_pauli_sum **out,
                            const struct vqe_hamiltonian *hamiltonian,
                            double threshold);
/** NULL is fine. */
VQE_API void vqe_pauli_sum_free(struct vqe_pauli_sum *sum);

/** Sum of |coefficients| without the identity. */
VQE_API double vqe_pauli_sum_one_norm(const struct vqe_pauli_sum *sum);

/** Label of nqubit letters and a NUL, qubit 0 rightmost. */
VQE_API void vqe_pauli_label(char *out, int nqubit, uint64_t x, uint64_t z);

/** Qubit-wise commuting groups, greedy by falling |coefficient|, ties by
 * label: group[k] in 0..*ngroup-1 for every term, the identity in none
 * (-1). `group` holds nterm entries. */
VQE_API int vqe_pauli_group_qwc(const struct vqe_pauli_sum *sum, int *group,
                                int *ngroup);

/** Sum over the groups of vqe_pauli_group_qwc of the variance of what one
 * measurement of a group gives in the determinant that fills the qubits of
 * `occupied`, hartree^2: sum_g sum_x (sum_{k in g, x_k = x} coeff_k f_k)^2
 * over x != 0, f_k = (-1)^{|z_k & occupied|}, as strings of one group with
 * different x have no covariance there. m shots in each group have the
 * standard error sqrt(out / m). Cost: O(nterm + ngroup). */
VQE_API int vqe_pauli_group_variance(double *out,
                                     const struct vqe_pauli_sum *sum,
                                     const int *group, int ngroup,
                                     uint64_t occupied);

#ifdef __cplusplus
}
#endif
#endif
