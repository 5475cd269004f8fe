/** @file
 * Molecules as input: symbols, coordinates, charge, multiplicity.
 *
 * Formats: the project's JSON (one object or an array), XYZ (several frames
 * allowed) and QCSchema molecules. */
#ifndef VQE_MOLECULE_H
#define VQE_MOLECULE_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/api.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VQE_MAX_Z 118                   /**< heaviest element of the table */
#define VQE_BOHR_ANGSTROM 0.52917721092 /**< angstrom per bohr, as PySCF */
#define VQE_MIN_DISTANCE_BOHR 0.1 /**< closer nuclei are an input error */

/** Units of coordinates. */
enum vqe_units {
  VQE_ANGSTROM = 0, /**< 1e-10 m */
  VQE_BOHR = 1      /**< atomic units */
};

/** A molecule as it was given. */
struct vqe_molecule {
  char *name;           /**< display name; never NULL; else after the file */
  size_t natom;         /**< atoms */
  char (*symbols)[4];   /**< natom normalised symbols, "H", "He" */
  int *z;               /**< natom atomic numbers */
  double *coords;       /**< natom x 3 row major, in `units`, as given */
  double *masses;       /**< natom atomic mass units as given, or NULL */
  int multiplicity;     /**< 2S + 1 */
  int charge;           /**< in elementary charges */
  enum vqe_units units; /**< of `coords` */
};

/** One entry of a list read leniently: either a molecule or why not. Messages
 * and default names ("h2-0") count molecules from 0, as molecule_id does. */
struct vqe_molecule_entry {
  struct vqe_molecule *molecule; /**< NULL when `reason` is set */
  char *reason; /**< "file 'm.json', molecule 2, key 'coords': ..." or NULL */
  char *name;   /**< as given, also for a bad molecule; NULL when not given */
};

/** What vqe_molecule_list_read found. */
struct vqe_molecule_list {
  size_t count;                       /**< entries */
  struct vqe_molecule_entry *entries; /**< in the order of the input */
};

/** Read every molecule of a file; the format follows from the extension
 * (.xyz) or the content. A bad molecule becomes an entry with a reason; an
 * unreadable file or broken JSON is an error. */
VQE_API int vqe_molecule_list_read(struct vqe_molecule_list **out,
                                   const char *path);

/** Same from memory. `source` names the text in messages. `format`: "json"
 * (QCSchema included) or "xyz". */
VQE_API int vqe_molecule_list_parse(struct vqe_molecule_list **out,
                                    const char *text, size_t size,
                                    const char *format, const char *source);
/** NULL is fine. */
VQE_API void vqe_molecule_list_free(struct vqe_molecule_list *list);

/** Copy; free it by vqe_molecule_free. */
VQE_API int vqe_molecule_copy(struct vqe_molecule **out,
                              const struct vqe_molecule *molecule);
/** NULL is fine. */
VQE_API void vqe_molecule_free(struct vqe_molecule *molecule);

/** Check what a molecule must fulfil: known elements, finite
 * coordinates, distances, parity. `where` goes in front of the message. */
VQE_API int vqe_molecule_validate(const struct vqe_molecule *molecule,
                                  const char *where);

/** Electrons = sum of atomic numbers - charge. */
VQE_API int vqe_molecule_electrons(const struct vqe_molecule *molecule);

/** Atomic number of a symbol, case-insensitive; 0 when unknown. */
VQE_API int vqe_element_z(const char *symbol);
/** "H" for 1; NULL outside 1..VQE_MAX_Z. */
VQE_API const char *vqe_element_symbol(int z);

/** Repulsion of the nuclei, hartree. */
VQE_API double
vqe_molecule_nuclear_repulsion(const struct vqe_molecule *molecule);

#ifdef __cplusplus
}
#endif
#endif
