/** @file
 * From a geometry (or an FCIDUMP) to molecular-orbital integrals and
 * reference energies.
 *
 * Energies: `nuclear_repulsion` is the nuclei's alone, `e_core` the energy of
 * frozen-core orbitals without it; electronic = e_core + active electrons;
 * total = electronic + nuclear_repulsion. All in hartree. */
#ifndef VQE_CHEM_H
#define VQE_CHEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vqe/api.h"
#include "vqe/molecule.h"

#ifdef __cplusplus
extern "C" {
#endif

/** frozen_core value: the atoms' own core orbitals (1s for Li-Ne, 1s2s2p for
 * Na-Ar). */
#define VQE_FROZEN_CORE_AUTO (-1)

/** Orbitals over orthonormal functions (Lowdin's, S^1/2 C): what a nearby
 * geometry can start from, whatever its overlap. */
struct vqe_orbitals {
  int nao;             /**< functions */
  int nmo;             /**< orbitals: closed, open, virtual ones */
  int frame;           /**< of the molecule, in which they have irreps */
  double *orthonormal; /**< nao x nmo, row major */
  double axes[3][3];   /**< of that frame, orthonormal rows */
};
/** NULL is fine. */
VQE_API void vqe_orbitals_free(struct vqe_orbitals *orbitals);
/** What orbitals are made of; its members are the program's alone. */
struct vqe_functions;

/** How integrals are made. */
struct vqe_chem_options {
  size_t size;             /**< of this struct, set by its initialiser */
  const char *basis;       /**< stored spelling or path of a basis file */
  int frozen_core;         /**< number of orbitals, or VQE_FROZEN_CORE_AUTO */
  int active_electrons;    /**< -1 for none */
  int active_orbitals;     /**< -1 for none */
  double scf_energy_tol;   /**< 0 for the default, 1e-12 hartree */
  double scf_gradient_tol; /**< 0 for the default, 1e-9: max |FDS - SDF| */
  int scf_max_cycles;      /**< 0 for the default, 200: of each start */
  int threads;             /**< OpenMP threads; 0 means 1 */
  bool keep_all;           /**< integrals over all orbitals too: `whole` */
  /** Orbitals of a nearby geometry with the same functions: SCF starts from
   * them and stays with their solution, not the lowest, and its orbitals come
   * in their order and signs (maximum overlap). NULL: none. */
  const struct vqe_orbitals *follow;
  bool keep_orbitals; /**< give `to_follow`, for a neighbour */
  /** Bytes that integrals over functions may take; above, they are computed
   * whenever they are needed, and the default tolerances are 1e-10 and 1e-7.
   * 0: half of what is available. */
  size_t memory_limit;
  /** A rule that chooses the active orbitals, as JSON: `"pi"`, `"valence"`,
   * `{"indices": [5, "7-9"]}`, `{"avas": {"shells": ["C 2p"]}}`,
   * `{"natural": 0.02}`, `{"auto": 8}` (doc/howto/active-space.md). NULL: by
   * number, or none. */
  const char *active_space;
  bool label_orbitals; /**< fill `orbitals` */
  bool keep_functions; /**< orbitals over basis functions too: `functions` */
  /** Asked every few milliseconds, by the thread that called; true makes the
   * call return VQE_ERR_INTERRUPTED. May be NULL. */
  bool (*should_stop)(void *ctx);
  void *ctx; /**< of should_stop */
};
#ifndef __cplusplus
/** Initialiser of struct vqe_chem_options in C; C++ calls the function
 * instead. */
#define VQE_CHEM_OPTIONS_INIT                                                 \
  {                                                                           \
    .size = sizeof(struct vqe_chem_options), .basis = "sto3g",                \
    .active_electrons = -1, .active_orbitals = -1, .threads = 1               \
  }
#endif
/** Set all that VQE_CHEM_OPTIONS_INIT sets. */
VQE_API void vqe_chem_options_init(struct vqe_chem_options *options);

/** What an active orbital is like. */
struct vqe_orbital {
  int number; /**< place in the order of SCF, from 1; 0: a mixture of them */
  double energy;      /**< diagonal element of the Fock matrix, hartree */
  double occupation;  /**< of MP2 where that chose it, else of SCF: 0, 1, 2 */
  char irrep[8];      /**< of D2h or a part of it: "B1u", "A\"" */
  char character[24]; /**< "pi C 2pz": where it lies; "": not known */
};

/** Integrals over `norb` active orbitals, and everything a run records about
 * their making. */
struct vqe_integrals {
  int norb;                 /**< active spatial orbitals */
  int nalpha;               /**< active alpha electrons, >= nbeta */
  int nbeta;                /**< active beta electrons */
  int nfrozen;              /**< frozen doubly occupied orbitals */
  double nuclear_repulsion; /**< of the nuclei alone, hartree */
  double e_core; /**< of the frozen core, without the nuclei, hartree */
  double *h1e;   /**< norb x norb, core mean field included, hartree */
  /** (pq|rs) in chemists' notation over packed pairs: eri[PQ * npair + RS],
   * PQ = p(p+1)/2 + q for p >= q, npair = norb(norb+1)/2; both triangles
   * are filled. */
  double *eri;
  double *orbital_energies; /**< norb */
  double hf_energy;         /**< total energy of the reference determinant */
  bool has_mp2;             /**< false where it diverges */
  double mp2_energy;        /**< total */
  /** Dipole: dipole_ints[k * norb * norb + p * norb + q] = <p|r_k|q> in bohr
   * about the origin; NULL when unknown (FCIDUMP). */
  double *dipole_ints;
  double dipole_core[3]; /**< nuclei minus frozen core, atomic units */
  char method[16];       /**< "RHF", "ROHF" or "FCIDUMP" */
  int scf_cycles;        /**< Fock matrices built */
  /** What SCF had to do beyond DIIS ("core guess found a lower solution"),
   * or ""
   */
  char scf_note[256];
  /** All orbitals, frozen and left out ones included, without a core: norb is
   * their number, nalpha and nbeta count all electrons; orbitals nfrozen ...
   * nfrozen + norb - 1 of it are the active ones. Only h1e, eri and
   * dipole_ints are set. NULL unless asked for by keep_all. */
  struct vqe_integrals *whole;
  /** All orbitals, where keep_orbitals asked for them, else NULL. */
  struct vqe_orbitals *to_follow;
  bool followed;            /**< SCF kept to the solution of `follow` */
  double seconds_integrals; /**< wall */
  double seconds_scf;       /**< wall */
  double seconds_transform; /**< wall */
  /** What a user must know of the reference: lines "code: text" with stable
   * codes (unstable_reference, linear_dependence, ...); NULL: nothing. */
  char *notes;
  /** The irrep of the wave function that was asked for (ISYM of an FCIDUMP),
   * below nirrep, and those of the norb orbitals; the product of two irreps is
   * their XOR. NULL where the lowest state of any irrep is meant. */
  uint8_t *irreps;
  int nirrep;                   /**< 2, 4 or 8, or 0 where irreps is NULL */
  int target_irrep;             /**< below nirrep; 0 where irreps is NULL */
  struct vqe_orbital *orbitals; /**< norb, or NULL: unless asked for */
  /** The orbitals over basis functions and integrals of these, for densities,
   * moments and charges; NULL unless asked for by keep_functions, and of an
   * FCIDUMP. */
  struct vqe_functions *functions;
};

/** Read a basis name as users write it ("STO-3G", "sto3g", "6-31G(d)",
 * "def2-TZVP") into its stored spelling ("sto3g", "6-31g*", "def2-tzvp"),
 * which is a static string. VQE_ERR_INPUT, with the nearest one, when unknown.
 */
VQE_API int vqe_basis_canonical(const char **out, const char *name);

/** Geometry to integrals: libcint, RHF or ROHF, transformation, frozen core,
 * active space, MP2. VQE_ERR_NUMERIC when SCF does not converge. Cost: O(N^5)
 * in basis functions, N^4 bytes, or N^2 where that is above memory_limit. */
VQE_API int vqe_chem_run(struct vqe_integrals **out,
                         const struct vqe_molecule *molecule,
                         const struct vqe_chem_options *options);

/** Integrals of an FCIDUMP (Knowles & Handy, Comput. Phys. Commun. 54, 75
 * (1989)); its core energy becomes nuclear_repulsion, e_core is 0.
 * frozen_core and active space of `options` apply; basis is not used. The
 * reference is the lowest determinant: where it does not fill the first
 * orbitals, the orbitals are reordered, and `notes` says so. An ISYM of 2 to 8
 * asks for that irrep (see `irreps`). Files over
 * complex orbitals, of an unrestricted reference or of less than eightfold
 * symmetry are VQE_ERR_UNSUPPORTED. */
VQE_API int vqe_fcidump_read(struct vqe_integrals **out, const char *path,
                             const struct vqe_chem_options *options);
/** Same from memory; `source` names the text in messages. */
VQE_API int vqe_fcidump_parse(struct vqe_integrals **out, const char *text,
                              size_t size, const char *source,
                              const struct vqe_chem_options *options);

/** Write the active-space integrals; the scalar is nuclear_repulsion +
 * e_core. Integrals below 1e-15 are left out. */
VQE_API int vqe_fcidump_write(const struct vqe_integrals *integrals,
                              const char *path);

/** NULL is fine. */
VQE_API void vqe_integrals_free(struct vqe_integrals *integrals);

#ifdef __cplusplus
}
#endif
#endif
