/* The sets of the Basis Set Exchange that the program knows by name, H to Kr:
 * a table made with their files by basis/exchange/make.py. */
#ifndef VQE_CHEM_BASIS_CATALOG_H
#define VQE_CHEM_BASIS_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

struct vqe_basis_set {
  const char *name;       /* stored spelling */
  const char *shown;      /* the exchange's spelling */
  const char *others;     /* other names, separated by '|'; may be "" */
  const char *file;       /* below the folder of vqe_basis_exchange_read */
  const char *version;    /* of the set, in the exchange */
  const char *elements;   /* "H-He, Sc" */
  const char *sha256;     /* of the file's text, before compression */
  const char *references; /* who made it, separated by "; " */
};

extern const struct vqe_basis_set vqe_basis_sets[];
extern const size_t vqe_basis_set_count;

/* The set of this name or one of its other names, whatever the case and
 * without regard to '-', '_' and blanks; NULL when there is none. */
const struct vqe_basis_set *vqe_basis_find(const char *name);

/* Does it have functions for the element? */
bool vqe_basis_has_element(const struct vqe_basis_set *set, int z);

/* The text of a set, in NWChem's format, as vqe_file_read gives it. Its folder
 * is that of the environment variable VQE_BASIS_PATH, or else lies beside the
 * program or library, where the build or the installation put it.
 * VQE_ERR_NOT_FOUND when it is in none of these, VQE_ERR_IO when it cannot be
 * read, VQE_ERR_INPUT when it is not the text that the table was made with.
 * Cost: some milliseconds. */
int vqe_basis_exchange_read(char **out, size_t *size,
                            const struct vqe_basis_set *set);

#endif
