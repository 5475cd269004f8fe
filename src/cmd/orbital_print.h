/* The active orbitals of an experiment as a table. */
#ifndef VQE_CMD_ORBITAL_PRINT_H
#define VQE_CMD_ORBITAL_PRINT_H

#include <stdio.h>

#include "vqe/experiment.h"

/* Of vqe_experiment_space: size, then number, energy, occupation, irrep and
 * character of each orbital, in at most 80 columns; notes of SCF below.
 * Nothing where the orbitals are not known. */
void vqe_cmd_orbital_print(FILE *stream, const struct vqe_result *space);

#endif
