/* Making molecules out of what the readers found. */
#ifndef VQE_MOLECULE_MOLECULE_BUILD_H
#define VQE_MOLECULE_MOLECULE_BUILD_H

#include <stddef.h>

#include "vqe/molecule.h"

/* Above these a file is taken for damaged. */
#define VQE_MAX_ATOMS 5000
#define VQE_MAX_MOLECULES 1000000
#define VQE_MAX_MOLECULE_FILE ((size_t)256 << 20) /* bytes */
#define VQE_MAX_COORD 1e6                         /* bohr or angstrom */
#define VQE_MAX_CHARGE 1000                       /* absolute */
#define VQE_MAX_MULTIPLICITY 1000

/* An empty molecule of `natom` atoms: charge 0, multiplicity 1, angstrom,
 * the given name (a copy). */
int vqe_molecule_new(struct vqe_molecule **out, size_t natom,
                     const char *name);

/* Put the element with number `z`, 1 to VQE_MAX_Z, at place `atom`. */
void vqe_molecule_set_element(struct vqe_molecule *molecule, size_t atom,
                              int z);

/* Append an entry; takes `molecule`, or copies the thread's error message as
 * the reason when it is NULL. `name` as given in the file, copied, or NULL. */
int vqe_molecule_list_add(struct vqe_molecule_list *list, size_t *capacity,
                          struct vqe_molecule *molecule, const char *name);

/* Append what the text holds to `list`; bad molecules become entries with a
 * reason. VQE_ERR_INPUT when the text is no JSON or no XYZ at all. */
int vqe_molecule_read_json(struct vqe_molecule_list *list, const char *text,
                           size_t size, const char *source);
int vqe_molecule_read_xyz(struct vqe_molecule_list *list, const char *text,
                          size_t size, const char *source);

#endif
