/* Messages between ranks over MPI, and what the ranks of a node share. */
#ifndef VQE_BATCH_MPI_TRANSPORT_H
#define VQE_BATCH_MPI_TRANSPORT_H

#include <mpi.h>

#include "batch/batch.h"
#include "batch/transport.h"
#include "batch/worker.h"

/* A communicator, and what is known of its ranks. */
struct vqe_mpi_link {
  MPI_Comm comm;
  int ranks;
  bool *dead;    /* of each rank; NULL where a death ends all */
  int lost;      /* how many of them are */
  int last;      /* the rank whose message was found last, once some are */
  double looked; /* for deaths */
};

/* From here on the death of a rank does not end the others, where MPI has what
 * that takes (ULFM: Open MPI 5 by `mpirun --with-ft ulfm`). Before, and
 * elsewhere, it does. `link` stays the caller's and must stay where it is. One
 * thread of each rank. Close it afterwards, also on failure. */
int vqe_mpi_link_open(struct vqe_transport *out, struct vqe_mpi_link *link,
                      MPI_Comm comm);
void vqe_mpi_link_close(struct vqe_mpi_link *link);

/* A barrier that sleeps, of those that live. */
enum vqe_batch_end vqe_mpi_wait(MPI_Comm comm);

/* The death of a rank of `team` ends all ranks, a little later: who can say
 * what is lost does so before. */
void vqe_mpi_end_with(MPI_Comm team);

/* Names of the hosts of all ranks, on rank 0; free *out by free(). NULL
 * elsewhere. Collective. */
int vqe_mpi_hosts(struct vqe_worker_host **out, MPI_Comm comm);

/* Cores that the ranks of this node may use together, over the ranks.
 * Collective. */
int vqe_mpi_threads(MPI_Comm comm);

/* Place of this rank among those of its node. Collective. */
int vqe_mpi_node_rank(MPI_Comm comm);

#endif
