/* A scan as text of the command line, and molecules of two atoms by formula.
 */
#ifndef VQE_JOB_JOB_SCAN_TEXT_H
#define VQE_JOB_JOB_SCAN_TEXT_H

#include <jansson.h>

#include "molecule/molecule_build.h"

/* "N2 0.9:2.5:0.1", "H2O 0-1 0.8,1.0,1.5; 1-0-2 90:120:5": parts between
 * semicolons, each a molecule's name (or all molecules), the atoms of a bond,
 * an angle or a torsion (0-1), and first:last:step or values between commas;
 * as the value of the key `scan`. A new reference. */
int vqe_job_scan_parse(json_t **out, const char *text);

/* The job whose molecules are those that the text names, by formulas of two
 * atoms: "N2", "LiH", "HeH+", "OH-", with the charge that was given. As text
 * of a job file; free it by free(). A molecule is in its ground state where
 * that is a known triplet, else a singlet or, with an odd number of electrons,
 * a doublet. `*name`: of the first molecule. */
int vqe_job_scan_make(char **out, char **name, const char *text,
                      const struct vqe_molecule_given *given);

#endif
