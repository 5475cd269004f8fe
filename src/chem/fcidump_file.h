/* What an FCIDUMP holds, before an active space is taken from it. */
#ifndef VQE_CHEM_FCIDUMP_FILE_H
#define VQE_CHEM_FCIDUMP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VQE_FCIDUMP_MAX_ORBITALS 64 /* the active space holds fewer */

struct vqe_fcidump_file {
  const char *source; /* in messages */
  int norb;
  int nelec;
  int ms2;
  int isym;
  int nsym; /* entries of orbsym */
  int orbsym[VQE_FCIDUMP_MAX_ORBITALS];
  double core;
  double *h1e; /* norb x norb */
  double *eri; /* packed pairs, both triangles */
  /* for each packed element of h1e and eri: the line that gave it, 0 none,
   * and which orders of its indices were given (see fcidump_file.c) */
  uint32_t *h1e_lines;
  uint32_t *eri_lines;
  uint8_t *eri_orders;
};

/* Read the text and check that it is of one real, restricted set of orbitals:
 * VQE_ERR_UNSUPPORTED with the reason and the line when it is complex, of an
 * unrestricted reference or of less than eightfold symmetry, VQE_ERR_INPUT
 * when it is damaged. Clear *out in every case. */
int vqe_fcidump_scan(struct vqe_fcidump_file *out, const char *content,
                     size_t size, const char *source);
void vqe_fcidump_clear(struct vqe_fcidump_file *file);

/* The lowest determinant of nalpha >= nbeta electrons: *lower when it lies
 * *lower_by hartree below that of the first orbitals. Then `order` lists the
 * orbitals, doubly occupied, singly occupied and empty ones, each by rising
 * energy in the mean field of the determinant; else it is 0, 1, 2, ... Where
 * ISYM is 2 to 8, a determinant of that irrep is preferred. Every occupation
 * is tried where there are few, else what replacements of one or two orbitals
 * lead to from several starts. */
int vqe_fcidump_lowest(int order[VQE_FCIDUMP_MAX_ORBITALS], bool *lower,
                       double *lower_by, const struct vqe_fcidump_file *file,
                       int nalpha, int nbeta);

/* Energies of all orbitals in the mean field of the determinant of the first
 * orbitals. */
int vqe_fcidump_levels(double out[VQE_FCIDUMP_MAX_ORBITALS],
                       const struct vqe_fcidump_file *file, int nalpha,
                       int nbeta);

/* Put the orbitals into that order. */
int vqe_fcidump_permute(struct vqe_fcidump_file *file,
                        const int order[VQE_FCIDUMP_MAX_ORBITALS]);

#endif
