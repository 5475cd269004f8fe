#include "batch/mpi_transport.h"

#include <sched.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/machine.h"
#include "base/memory.h"

static void send_message(void *ctx, int to, enum vqe_transport_tag tag,
                         const void *data, size_t size)
{
  const MPI_Comm *comm = ctx;
  MPI_Send(data, (int)size, MPI_BYTE, to, (int)tag, *comm);
}

static int start_message(void *ctx, void **request, int to,
                         enum vqe_transport_tag tag, const void *data,
                         size_t size)
{
  const MPI_Comm *comm = ctx;
  MPI_Request *started = NULL;
  int status = vqe_memory_alloc(&started, 1, sizeof(MPI_Request), "a message");
  if (status == VQE_OK) {
    MPI_Isend(data, (int)size, MPI_BYTE, to, (int)tag, *comm, started);
    *request = started;
  }
  return status;
}

static bool message_arrived(void *ctx, void *request)
{
  int done = 0;
  (void)ctx;
  MPI_Test(request, &done, MPI_STATUS_IGNORE);
  if (done) {
    free(request);
  }
  return done != 0;
}

static bool probe_message(void *ctx, struct vqe_transport_head *found,
                          int from, enum vqe_transport_tag tag)
{
  const MPI_Comm *comm = ctx;
  MPI_Status state;
  int flag = 0;
  int size = 0;
  MPI_Iprobe(from == VQE_TRANSPORT_ANYONE ? MPI_ANY_SOURCE : from,
             tag == VQE_TAG_ANY ? MPI_ANY_TAG : (int)tag, *comm, &flag,
             &state);
  if (flag == 0) {
    return false;
  }
  MPI_Get_count(&state, MPI_BYTE, &size);
  *found =
      (struct vqe_transport_head){.from = state.MPI_SOURCE,
                                  .tag = (enum vqe_transport_tag)state.MPI_TAG,
                                  .size = (size_t)size};
  return true;
}

static void receive_message(void *ctx, void *data,
                            const struct vqe_transport_head *found)
{
  const MPI_Comm *comm = ctx;
  MPI_Recv(data, (int)found->size, MPI_BYTE, found->from, (int)found->tag,
           *comm, MPI_STATUS_IGNORE);
}

void vqe_mpi_transport(struct vqe_transport *out, MPI_Comm *comm)
{
  *out = (struct vqe_transport){.ctx = comm,
                                .send = send_message,
                                .start = start_message,
                                .arrived = message_arrived,
                                .probe = probe_message,
                                .receive = receive_message};
}

int vqe_mpi_threads(MPI_Comm comm)
{
  MPI_Comm node;
  cpu_set_t mine;
  unsigned char mask[CPU_SETSIZE / 8] = {0};
  unsigned char all[CPU_SETSIZE / 8];
  int ranks;
  int cores = 0;
  CPU_ZERO(&mine);
  if (sched_getaffinity(0, sizeof mine, &mine) == 0) {
    for (int k = 0; k < CPU_SETSIZE; k++) {
      if (CPU_ISSET(k, &mine)) {
        mask[k / 8] |= (unsigned char)(1 << k % 8);
      }
    }
  }
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &ranks);
  MPI_Allreduce(mask, all, (int)sizeof all, MPI_UNSIGNED_CHAR, MPI_BOR, node);
  MPI_Comm_free(&node);
  for (size_t k = 0; k < sizeof all; k++) {
    cores += __builtin_popcount(all[k]);
  }
  /* the ranks of a node share what its control group grants */
  int quota = vqe_machine_quota(NULL);
  if (quota > 0 && quota < cores) {
    cores = quota;
  }
  return cores > ranks ? cores / ranks : 1;
}

int vqe_mpi_node_rank(MPI_Comm comm)
{
  MPI_Comm node;
  int rank;
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_rank(node, &rank);
  MPI_Comm_free(&node);
  return rank;
}
