/* Gaussian basis sets: those of the Basis Set Exchange by name
 * (chem/basis_catalog.h), and files in the formats of NWChem, Gaussian and the
 * exchange (JSON). */
#ifndef VQE_CHEM_BASIS_H
#define VQE_CHEM_BASIS_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/molecule.h"

#define VQE_BASIS_MAX_L 6     /* i functions */
#define VQE_BASIS_MAX_PRIM 64 /* libcint's limits for one shell */
#define VQE_BASIS_MAX_CTR 64

/* nctr contracted functions of angular momentum l over the same nprim
 * primitives; coefficients as in the file (of normalised primitives). */
struct vqe_basis_shell {
  int z; /* element it belongs to */
  int l;
  int nprim;
  int nctr;
  double *exponents;    /* nprim, bohr^-2 */
  double *coefficients; /* nctr x nprim */
};

struct vqe_basis {
  size_t nshell;
  size_t capacity;
  struct vqe_basis_shell *shells; /* in the order of the file */
  bool cartesian;                 /* functions are Cartesian */
};

/* Functions of a shell's angular momentum: 2 l + 1 spherical or
 * (l + 1)(l + 2)/2 Cartesian ones. */
static inline int vqe_basis_components(int l, bool cartesian)
{
  return cartesian ? (l + 1) * (l + 2) / 2 : 2 * l + 1;
}

/* Do Cartesian functions differ from spherical ones in this basis? */
bool vqe_basis_is_cartesian(const struct vqe_basis *basis);

/* Sets that need no file for H to Ar; the table is generated from
 * src/chem/basis. */
#define VQE_BASIS_BUILT_IN_Z 18
struct vqe_basis_text {
  const char *name; /* stored spelling */
  const char *text;
  size_t size;
};
extern const struct vqe_basis_text vqe_basis_texts[];
extern const size_t vqe_basis_text_count;
/* Functions occupied in free atoms, H to Ar; not in that table. */
extern const struct vqe_basis_text vqe_basis_minimal;

/* Shells of the elements with wanted[z]. `name` is that of a set of the
 * exchange in any spelling, or else the path of a file, whose content decides
 * the format. VQE_ERR_INPUT when an element is absent or on a syntax error
 * (file and line), VQE_ERR_UNSUPPORTED when an element has an effective core
 * potential; of a set by name also what vqe_basis_exchange_read gives. */
int vqe_basis_load(struct vqe_basis **out, const char *name,
                   const bool wanted[VQE_MAX_Z + 1]);

/* Same from text; `source` names it in messages. */
int vqe_basis_parse(struct vqe_basis **out, const char *text, size_t size,
                    const char *source, const bool wanted[VQE_MAX_Z + 1]);

void vqe_basis_free(struct vqe_basis *basis);

#endif
