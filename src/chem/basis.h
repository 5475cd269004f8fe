/* Gaussian basis sets: built-in ones and files in NWChem's format. */
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
  bool cartesian;                 /* the file asks for Cartesian functions */
};

/* The built-in sets; the table is generated from src/chem/basis. */
struct vqe_basis_text {
  const char *name; /* stored spelling */
  const char *text;
  size_t size;
};
extern const struct vqe_basis_text vqe_basis_texts[];
extern const size_t vqe_basis_text_count;

/* Shells of the elements with wanted[z]. `name` is a built-in set in any
 * spelling, or else the path of a file. VQE_ERR_INPUT when an element is
 * absent, when it has an effective core potential, or on a syntax error
 * (file and line). */
int vqe_basis_load(struct vqe_basis **out, const char *name,
                   const bool wanted[VQE_MAX_Z + 1]);

/* Same from text; `source` names it in messages. */
int vqe_basis_parse(struct vqe_basis **out, const char *text, size_t size,
                    const char *source, const bool wanted[VQE_MAX_Z + 1]);

void vqe_basis_free(struct vqe_basis *basis);

#endif
