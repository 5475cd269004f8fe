#include "batch/mpi_team.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "batch/mpi_transport.h"
#include "batch/transport.h"

enum { TAG_EXCHANGE = 1, TAG_STOP };

/* A rank that waits for its next task looks this long without a sleep. */
#define SPIN_SECONDS 0.002

static void report_stop(struct vqe_batch_team *team)
{
  if (team->stop != NULL && *team->stop && !team->reported) {
    team->reported = true;
    MPI_Send(NULL, 0, MPI_BYTE, 0, TAG_STOP, team->comm);
  }
}

static void team_broadcast(void *ctx, void *data, size_t bytes)
{
  struct vqe_batch_team *team = ctx;
  MPI_Request *request = &team->requests[0]; /* no exchange goes on */
  int done = 0;
  double started = vqe_clock_wall();
  MPI_Ibcast(data, (int)bytes, MPI_BYTE, 0, team->comm, request);
  MPI_Test(request, &done, MPI_STATUS_IGNORE);
  while (!done) {
    if (team->view.rank == 0 || vqe_clock_wall() - started < SPIN_SECONDS) {
      sched_yield();
    } else {
      report_stop(team);
      vqe_transport_sleep();
    }
    MPI_Test(request, &done, MPI_STATUS_IGNORE);
  }
}

/* By way of rank 0: MPI does not promise the same bits to all otherwise. */
static void team_sum(void *ctx, double *values, size_t count)
{
  struct vqe_batch_team *team = ctx;
  bool first = team->view.rank == 0;
  MPI_Reduce(first ? MPI_IN_PLACE : values, values, (int)count, MPI_DOUBLE,
             MPI_SUM, 0, team->comm);
  MPI_Bcast(values, (int)count, MPI_DOUBLE, 0, team->comm);
}

static void team_exchange(void *ctx, double *const *recv,
                          const size_t *recv_count, const double *const *send,
                          const size_t *send_count)
{
  struct vqe_batch_team *team = ctx;
  int me = team->view.rank;
  int n = 0;
  for (int r = 0; r < team->view.size; r++) {
    if (r != me && recv_count[r] > 0) {
      MPI_Irecv(recv[r], (int)recv_count[r], MPI_DOUBLE, r, TAG_EXCHANGE,
                team->comm, &team->requests[n++]);
    }
  }
  /* each rank begins with the one after it: nobody is asked by all at once */
  for (int k = 1; k < team->view.size; k++) {
    int r = (me + k) % team->view.size;
    if (send_count[r] > 0) {
      MPI_Isend(send[r], (int)send_count[r], MPI_DOUBLE, r, TAG_EXCHANGE,
                team->comm, &team->requests[n++]);
      team->sent += (double)send_count[r] * sizeof(double);
      team->messages += 1.0;
    }
  }
  if (send_count[me] > 0) {
    memcpy(recv[me], send[me], send_count[me] * sizeof(double));
  }
  MPI_Waitall(n, team->requests, MPI_STATUSES_IGNORE);
}

int vqe_batch_team_open(struct vqe_batch_team *out, MPI_Comm comm, int ranks,
                        volatile atomic_int *stop)
{
  int rank;
  memset(out, 0, sizeof *out);
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_split(comm, rank / ranks, rank, &out->comm);
  vqe_mpi_end_with(out->comm);
  out->stop = stop;
  out->view = (struct vqe_team){.ctx = out,
                                .rank = rank % ranks,
                                .size = ranks,
                                .broadcast = team_broadcast,
                                .sum = team_sum,
                                .exchange = team_exchange};
  int status = vqe_memory_alloc(&out->requests, 2 * (size_t)ranks,
                                sizeof(MPI_Request), "messages of a team");
  int worst;
  MPI_Allreduce(&status, &worst, 1, MPI_INT, MPI_MIN, comm);
  if (worst != VQE_OK && status == VQE_OK) {
    status = vqe_error_set(worst, "another rank has no memory");
  }
  return status;
}

void vqe_batch_team_close(struct vqe_batch_team *team)
{
  double traffic[2] = {team->sent, team->messages};
  if (team->view.rank == 0) {
    vqe_team_dismiss(&team->view);
  }
  team_sum(team, traffic, 2);
  team->sent = traffic[0];
  team->messages = traffic[1];
  if (team->view.rank == 0) {
    /* a stop that nobody looked for any more */
    while (vqe_batch_team_stopped(team)) {
    }
  }
  free(team->requests);
  MPI_Comm_free(&team->comm);
}

bool vqe_batch_team_stopped(struct vqe_batch_team *team)
{
  MPI_Status found;
  int flag = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, TAG_STOP, team->comm, &flag, &found);
  if (flag) {
    MPI_Recv(NULL, 0, MPI_BYTE, found.MPI_SOURCE, TAG_STOP, team->comm,
             MPI_STATUS_IGNORE);
  }
  return flag;
}
