/* Teams of ranks that compute one experiment together, over MPI.
 *
 * Ranks k R to k R + R - 1 are team k. Its first rank is a worker like one
 * that works alone: it asks for experiments, keeps the journal and reports.
 * The others hold shares of its states and know nothing of experiments. */
#ifndef VQE_BATCH_MPI_TEAM_H
#define VQE_BATCH_MPI_TEAM_H

#include <mpi.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "vqe/team.h"

struct vqe_batch_team {
  MPI_Comm comm; /* of the team alone */
  struct vqe_team view;
  MPI_Request *requests; /* 2 x ranks */
  volatile atomic_int *stop;
  bool reported; /* rank 0 knows that we were asked to stop */
  double sent;   /* bytes that this rank sent in exchanges */
  double messages;
};

/* Collective over `comm`, whose size `ranks` divides. A signal that sets
 * *stop on any rank of the team reaches its first one. */
int vqe_batch_team_open(struct vqe_batch_team *out, MPI_Comm comm, int ranks,
                        volatile atomic_int *stop);

/* Collective over the team: its first rank dismisses the others and has
 * `sent` and `messages` summed over all ranks. */
void vqe_batch_team_close(struct vqe_batch_team *team);

/* First rank: does another one want to stop? */
bool vqe_batch_team_stopped(struct vqe_batch_team *team);

#endif
