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

/* What was given outside the molecule, by options: counts as if it stood in
 * the molecule, and goes before what stands there. */
struct vqe_molecule_given {
  bool has_charge, has_multiplicity, has_units;
  int charge, multiplicity;
  enum vqe_units units;
};

/* An empty molecule of `natom` atoms: charge 0, multiplicity 1, angstrom,
 * the given name (a copy). */
int vqe_molecule_new(struct vqe_molecule **out, size_t natom,
                     const char *name);

/* Put the element with number `z`, 1 to VQE_MAX_Z, at place `atom`. */
void vqe_molecule_set_element(struct vqe_molecule *molecule, size_t atom,
                              int z);

/* Put what was given over what was read; NULL leaves it. */
void vqe_molecule_set_given(struct vqe_molecule *molecule,
                            const struct vqe_molecule_given *given);

/* "angstrom", "bohr", "a.u." and other spellings, case-insensitive; false when
 * `length` bytes of `text` name no unit. */
bool vqe_units_read(enum vqe_units *out, const char *text, size_t length);

/* Element of a label of `length` bytes: a symbol in any case, an atomic
 * number, a symbol with a suffix ("C1", "H_a"); *mass_number is that of D, T,
 * 2H, else 0. `where` begins the message: "..., line 3". */
int vqe_atom_label_read(int *z, int *mass_number, const char *text,
                        size_t length, const char *where);

/* Covalent radius, angstrom; a usual one where it is not known. */
double vqe_element_radius(int z);

/* Mass of an isotope, or of the most common one for mass number 0, in atomic
 * mass units; 0 when it is not known. */
double vqe_isotope_mass(int z, int mass_number);

/* Where any of the natom mass numbers is not 0, and no masses are there yet,
 * give every atom its mass. */
int vqe_molecule_set_isotopes(struct vqe_molecule *molecule,
                              const int *mass_numbers, const char *where);

/* Append an entry; takes `molecule`, or copies the thread's error message as
 * the reason when it is NULL. `name` as given in the file, copied, or NULL. */
int vqe_molecule_list_add(struct vqe_molecule_list *list, size_t *capacity,
                          struct vqe_molecule *molecule, const char *name);

/* Name after the file every molecule that has no name: "h2" for the only one
 * of h2.xyz, else "h2-0", "h2-1". */
int vqe_molecule_list_name(struct vqe_molecule_list *list, const char *source);

/* Skip the byte order mark of UTF-8; other encodings are an error that names
 * them. */
int vqe_molecule_skip_mark(const char **text, size_t *size,
                           const char *source);

/* As vqe_molecule_list_parse, with what options gave; NULL: nothing. */
int vqe_molecule_list_parse_given(struct vqe_molecule_list **out,
                                  const char *text, size_t size,
                                  const char *format, const char *source,
                                  const struct vqe_molecule_given *given);

/* Append what the text holds to `list`; bad molecules become entries with a
 * reason. VQE_ERR_INPUT when the text is no JSON or no XYZ at all. */
int vqe_molecule_read_json(struct vqe_molecule_list *list, const char *text,
                           size_t size, const char *source,
                           const struct vqe_molecule_given *given);
int vqe_molecule_read_xyz(struct vqe_molecule_list *list, const char *text,
                          size_t size, const char *source,
                          const struct vqe_molecule_given *given);

#endif
