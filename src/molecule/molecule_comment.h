/* The comment line of XYZ: charge, multiplicity, units, columns and the name,
 * in the spellings that programs and people use. */
#ifndef VQE_MOLECULE_MOLECULE_COMMENT_H
#define VQE_MOLECULE_MOLECULE_COMMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "molecule/molecule_build.h"
#include "molecule/molecule_title.h"

struct vqe_molecule_comment {
  bool has_charge, has_multiplicity, has_units;
  int charge, multiplicity;
  enum vqe_units units;
  bool spin;                 /* the multiplicity was given as 2S */
  char name[VQE_TITLE_SIZE]; /* what is left, "" when nothing is */
  /* Columns of an atom's line, from 0: by Properties= of extended XYZ, else
   * symbol, x, y, z; ncolumn 0: no more than these are asked for. */
  int ncolumn, species, position;
};

/* Read `size` bytes of comment. VQE_ERR_INPUT where it names charge,
 * multiplicity, spin or units and they cannot be read, unless `given` has
 * them; and for periodic cells. */
int vqe_molecule_comment_read(struct vqe_molecule_comment *out,
                              const char *text, size_t size,
                              const struct vqe_molecule_given *given,
                              const char *where);

#endif
