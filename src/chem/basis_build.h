/* What the readers of basis files share: lines and words, numbers, elements,
 * and the shell that is being read. */
#ifndef VQE_CHEM_BASIS_BUILD_H
#define VQE_CHEM_BASIS_BUILD_H

#include "chem/basis.h"

#define VQE_BASIS_LINE 2048
#define VQE_BASIS_WORDS (VQE_BASIS_MAX_CTR + 1)

#define VQE_BASIS_NO_SHELL (-1)
#define VQE_BASIS_SP_SHELL (-2)

struct vqe_basis_reader {
  const char *text;
  size_t size;
  size_t at;
  size_t line;
  char place[64]; /* in messages, instead of the line, unless "" */
  const char *source;
  const bool *wanted;
  struct vqe_basis *basis;
  bool spherical, cartesian; /* which functions the file asks for */
  /* Where an element is given: number of the block, or 0, and the place of
   * an effective core potential, or "". */
  int block_of[VQE_MAX_Z + 1];
  char ecp[VQE_MAX_Z + 1][64];
  /* place and name of a named block that was left out and has functions of
   * the element, or "" */
  char left_out[VQE_MAX_Z + 1][80];
  /* the shell being read */
  int z;
  int l; /* or VQE_BASIS_NO_SHELL, also of an element that is not wanted */
  int nprim;
  int nctr;
  double scale; /* of exponents */
  char shell_place[64];
  double exponents[VQE_BASIS_MAX_PRIM];
  double coefficients[VQE_BASIS_MAX_CTR][VQE_BASIS_MAX_PRIM];
};

/* The readers. Text before `reader->at` is no part of the file. */
int vqe_basis_read_nwchem(struct vqe_basis_reader *reader);
int vqe_basis_read_gaussian(struct vqe_basis_reader *reader);
int vqe_basis_read_json(struct vqe_basis_reader *reader);

/* Is the first line with words one of Gaussian's format? */
bool vqe_basis_is_gaussian(const struct vqe_basis_reader *reader);

/* VQE_ERR_UNSUPPORTED, with the name of the format, when the first lines are
 * of one that is not read. */
int vqe_basis_refuse_foreign(const struct vqe_basis_reader *reader);

/* VQE_ERR_INPUT: source, place, reason and the word it is about. */
int vqe_basis_refuse(const struct vqe_basis_reader *reader, const char *reason,
                     const char *word);

/* Next line without its comment; false at the end. */
bool vqe_basis_next_line(struct vqe_basis_reader *reader,
                         char out[VQE_BASIS_LINE]);
/* Words of a line, which is cut up; one more than fit is counted. */
int vqe_basis_split(char *line, char *words[VQE_BASIS_WORDS + 1]);
/* A number, with Fortran's D exponents; changes the word. */
bool vqe_basis_number(double *out, char *word);
/* Atomic number of a symbol or an English name in any case; 0 for none. */
int vqe_basis_element(const char *word);
/* Angular momentum of a shell's letter, VQE_BASIS_SP_SHELL for SP and L,
 * VQE_BASIS_NO_SHELL when it is none. */
int vqe_basis_shell_type(const char *word);

/* Take a note that the element has shells in this block: an element of two
 * blocks would get its functions twice. */
int vqe_basis_enter(struct vqe_basis_reader *reader, int z, int block);
/* Take a note of an effective core potential, which counts when the element
 * is wanted. */
void vqe_basis_add_ecp(struct vqe_basis_reader *reader, int z,
                       const char *block);

/* Take a note that a block of this name, which is left out, has functions of
 * the element. */
void vqe_basis_leave_out(struct vqe_basis_reader *reader, int z,
                         const char *block);

/* A shell: start, one row (exponent and coefficients) a primitive, finish. A
 * shell that was begun is finished by the next start. */
int vqe_basis_start_shell(struct vqe_basis_reader *reader, int z, int type);
int vqe_basis_add_row(struct vqe_basis_reader *reader, char *words[],
                      int count);
int vqe_basis_finish_shell(struct vqe_basis_reader *reader);

#endif
