/* Messages between ranks over MPI, and what the ranks of a node share. */
#ifndef VQE_BATCH_MPI_TRANSPORT_H
#define VQE_BATCH_MPI_TRANSPORT_H

#include <mpi.h>

#include "batch/transport.h"

/* Over *comm, which must stay where it is. One thread of each rank. */
void vqe_mpi_transport(struct vqe_transport *out, MPI_Comm *comm);

/* Cores that the ranks of this node may use together, over the ranks.
 * Collective. */
int vqe_mpi_threads(MPI_Comm comm);

/* Place of this rank among those of its node. Collective. */
int vqe_mpi_node_rank(MPI_Comm comm);

#endif
