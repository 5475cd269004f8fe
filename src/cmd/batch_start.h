/* Starting MPI, with and without a launcher. */
#ifndef VQE_CMD_BATCH_START_H
#define VQE_CMD_BATCH_START_H

#include <stdbool.h>

/* Rank as the launcher set it, for what needs no MPI; 0 without one. */
int vqe_batch_launcher_rank(void);

/* MPI_Init_thread with MPI_THREAD_MULTIPLE. VQE_ERR_UNSUPPORTED where the MPI
 * gives less than MPI_THREAD_FUNNELED; VQE_ERR_INPUT where a launcher started
 * several processes that MPI does not bring together, each of which would run
 * the whole job, unless `singletons` allows it. */
int vqe_batch_start(int *argc, char ***argv, bool singletons);

#endif
