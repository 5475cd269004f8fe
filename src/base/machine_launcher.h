/* What a launcher of several processes (mpirun, srun) leaves in the
 * environment of each, before MPI is asked. */
#ifndef VQE_BASE_MACHINE_LAUNCHER_H
#define VQE_BASE_MACHINE_LAUNCHER_H

/* The rank that a launcher set, as text of the environment; NULL without one.
 * SLURM sets SLURM_PROCID in batch scripts too, where nothing has been
 * launched: a step of several tasks counts alone. */
const char *vqe_machine_launcher_rank(void);

#endif
