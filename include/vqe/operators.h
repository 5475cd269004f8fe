/** @file
 * The fermionic Hamiltonian and its images on qubits: Jordan-Wigner, parity,
 * Bravyi-Kitaev, ternary tree; tapering of qubits by Z2 symmetries.
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

#define VQE_MAX_ORBITALS 64 /**< of a spin, so 128 qubits */
#define VQE_MAX_IRREPS 8    /**< D2h has as many */

/** A set of qubits or spin orbitals: bit q is qubit q. */
__extension__ typedef unsigned __int128 vqe_qubits;

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
  vqe_qubits *x; /**< nterm masks of X or Y */
  vqe_qubits *z; /**< nterm masks of Z or Y */
  double *coeff; /**< nterm coefficients, hartree */
};

/** Jordan-Wigner image, identity included (coefficient: `constant` and the
 * traces). Terms of |coefficient| < threshold (1e-12 when 0) are dropped.
 * VQE_ERR_MEMORY before any is taken where as many terms as there can be do
 * not fit. Cost: O(nonzero integrals) with a hash table. */
VQE_API int
vqe_pauli_sum_jordan_wigner(struct vqe_pauli_sum **out,
                            const struct vqe_hamiltonian *hamiltonian,
                            double threshold);
/** NULL is fine. */
VQE_API void vqe_pauli_sum_free(struct vqe_pauli_sum *sum);

/** Sum of |coefficients| without the identity. */
VQE_API double vqe_pauli_sum_one_norm(const struct vqe_pauli_sum *sum);

/** Label of nqubit letters and a NUL, qubit 0 rightmost. */
VQE_API void vqe_pauli_label(char *out, int nqubit, vqe_qubits x,
                             vqe_qubits z);

/** Qubit-wise commuting groups, greedy by falling |coefficient|, ties by
 * label: group[k] in 0..*ngroup-1 for every term, the identity in none
 * (-1). `group` holds nterm entries. */
VQE_API int vqe_pauli_group_qwc(const struct vqe_pauli_sum *sum, int *group,
                                int *ngroup);

/** The same for groups of terms that commute as a whole, as X0 X1 and Z0 Z1
 * do: fewer groups, whose circuits need gates on two qubits. Cost: at most
 * nterm^2 / 2 comparisons of words. */
VQE_API int vqe_pauli_group_commuting(const struct vqe_pauli_sum *sum,
                                      int *group, int *ngroup);

/** Of each group of commuting strings the variance of what one measurement
 * gives in the determinant that fills the qubits of `occupied`, hartree^2,
 * `out` (ngroup): sum_x (sum_{k in g, x_k = x} coeff_k f_k)^2 over x != 0, f_k
 * = (-1)^{|z_k & occupied| + floor(|x_k & z_k| / 2)}, as strings of one group
 * with different x have no covariance there. m shots in each group have the
 * standard error sqrt(sum of out / m). Cost: O(nterm + ngroup). */
VQE_API int vqe_pauli_group_variance(double *out,
                                     const struct vqe_pauli_sum *sum,
                                     const int *group, int ngroup,
                                     vqe_qubits occupied);

/** Fermion-to-qubit mappings. Spin orbital j, all alpha first, is mode j. */
enum vqe_mapping_kind {
  /** Qubit j holds n_j. */
  VQE_MAPPING_JORDAN_WIGNER,
  /** Qubit j holds n_0 + ... + n_j mod 2 (Seeley, Richard, Love, J. Chem.
   * Phys. 137, 224109 (2012)). */
  VQE_MAPPING_PARITY,
  /** Qubit j holds the partial sums of a Fenwick tree, as in the same paper
   * for a power of two, cut to any number. */
  VQE_MAPPING_BRAVYI_KITAEV,
  /** Majorana operators are the paths of a complete ternary tree (Jiang,
   * Kalev, Mruczkiewicz, Neven, Quantum 4, 276 (2020)), paired so that
   * determinants are basis states (Miller et al., arXiv:2212.09731) and real
   * Hamiltonians are real. */
  VQE_MAPPING_TERNARY_TREE,
  VQE_MAPPINGS /**< how many there are */
};

/** "jordan_wigner", "parity", "bravyi_kitaev", "ternary_tree"; NULL for
 * another number. */
VQE_API const char *vqe_mapping_name(enum vqe_mapping_kind kind);
/** The mapping of that name. VQE_ERR_INPUT lists the names. */
VQE_API int vqe_mapping_find(enum vqe_mapping_kind *out, const char *name);

/** i^power X^x Z^z. */
struct vqe_pauli_string {
  vqe_qubits x;   /**< mask of X or Y */
  vqe_qubits z;   /**< mask of Z or Y */
  unsigned power; /**< 0 to 3 */
};

/** A mapping as the unitary that takes Jordan-Wigner's qubits to its own:
 * images of X_j and Z_j of each qubit j. It is a Clifford operator, so each
 * Pauli string has one string as its image, and every mapping of a
 * Hamiltonian has as many terms. */
struct vqe_mapping {
  enum vqe_mapping_kind kind;                      /**< which */
  int nqubit;                                      /**< qubits */
  struct vqe_pauli_string x[2 * VQE_MAX_ORBITALS]; /**< images of X_j */
  struct vqe_pauli_string z[2 * VQE_MAX_ORBITALS]; /**< of Z_j, z alone */
};

/** Fill `out`. VQE_ERR_INPUT for a number of qubits that is not 1 to 128, and
 * for no such kind. Cost: O(nqubit^2). */
VQE_API int vqe_mapping_init(struct vqe_mapping *out,
                             enum vqe_mapping_kind kind, int nqubit);

/** Image of i^|x&z| X^x Z^z, as a sign (1 or -1) and such masks. */
VQE_API int vqe_mapping_string(vqe_qubits *x_out, vqe_qubits *z_out,
                               const struct vqe_mapping *mapping, vqe_qubits x,
                               vqe_qubits z);

/** The basis state that is the image of a determinant, both as masks; up to a
 * sign in the ternary tree. */
VQE_API vqe_qubits vqe_mapping_determinant(const struct vqe_mapping *mapping,
                                           vqe_qubits occupied);

/** The image of a Jordan-Wigner sum, which has its number of terms.
 * VQE_ERR_INPUT when the numbers of qubits differ. Cost: O(nterm nqubit). */
VQE_API int vqe_pauli_sum_map(struct vqe_pauli_sum **out,
                              const struct vqe_pauli_sum *sum,
                              const struct vqe_mapping *mapping);

/** Which symmetries take qubits away. */
enum vqe_taper_kind {
  VQE_TAPER_NONE,
  VQE_TAPER_NUMBER, /**< parities of the alpha and beta electrons */
  VQE_TAPER_ALL,    /**< all strings of Z that commute with every term */
  VQE_TAPERS        /**< how many there are */
};

/** "none", "number", "all"; NULL for another number. */
VQE_API const char *vqe_taper_name(enum vqe_taper_kind kind);
/** The kind of that name. VQE_ERR_INPUT lists the names. */
VQE_API int vqe_taper_find(enum vqe_taper_kind *out, const char *name);

/** Z2 symmetries and the sector that is kept (Bravyi, Gambetta, Mezzacapo,
 * Temme, arXiv:1701.08213): Z^generator[k] = odd[k] ? -1 : 1 there. Generator
 * k alone acts on qubit[k], its highest, which goes. */
struct vqe_taper {
  int count;                                  /**< generators */
  vqe_qubits generator[2 * VQE_MAX_ORBITALS]; /**< masks of Z */
  int qubit[2 * VQE_MAX_ORBITALS];            /**< rising */
  bool odd[2 * VQE_MAX_ORBITALS];             /**< eigenvalue -1 */
};

/** Fill `out` with the symmetries of `kind` of a sum that `mapping` made, in
 * the sector of the determinant `occupied` (mask of spin orbitals). At least
 * one qubit is left. Cost: O(nterm nqubit). */
VQE_API int vqe_taper_init(struct vqe_taper *out, enum vqe_taper_kind kind,
                           const struct vqe_pauli_sum *sum,
                           const struct vqe_mapping *mapping,
                           vqe_qubits occupied);

/** `mask` without the bits of the qubits that go. */
VQE_API vqe_qubits vqe_taper_mask(const struct vqe_taper *taper,
                                  vqe_qubits mask);

/** i^|x&z| X^x Z^z in the sector, in place: a sign (1 or -1) and masks on the
 * qubits that are left. VQE_ERR_INPUT when it does not commute with a
 * generator. */
VQE_API int vqe_taper_string(int *sign, vqe_qubits *x, vqe_qubits *z,
                             const struct vqe_taper *taper);

/** The sum in the sector, on the qubits that are left: its spectrum is that of
 * the sector. Where such a qubit has X, the sign is the sector's, as Qiskit
 * has it. Terms that become equal are added, and dropped below `threshold`
 * (1e-12 when 0). VQE_ERR_INPUT when a term does not commute with a generator.
 */
VQE_API int vqe_pauli_sum_taper(struct vqe_pauli_sum **out,
                                const struct vqe_pauli_sum *sum,
                                const struct vqe_taper *taper,
                                double threshold);

#ifdef __cplusplus
}
#endif
#endif
