#include "batch/mpi_transport.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Fault tolerance as the MPI forum drafts it; of Open MPI from 5 on. */
#ifdef OPEN_MPI
#include <mpi-ext.h>
#endif
#if defined(OMPI_HAVE_MPIX_COMM_GET_FAILED) &&                                \
    defined(OMPI_HAVE_MPIX_COMM_ACK_FAILED)
#define VQE_MPI_FT 1
#endif

/* Exit status of a run that a team cannot go on with: not that of one that is
 * interrupted, which a scheduler starts again, though the rank may die each
 * time. */
#define ABANDONED 1

#include "base/error_message.h"
#include "base/machine.h"
#include "base/memory.h"

/* ---- ranks that die ---- */

#ifdef VQE_MPI_FT

#define LOOK_SECONDS 0.02

/* Is it the death of a rank? Whatever else goes wrong ends the job. */
static bool is_death(const struct vqe_mpi_link *link, int code)
{
  int class = MPI_SUCCESS;
  if (code == MPI_SUCCESS) {
    return false;
  }
  MPI_Error_class(code, &class);
  if (class != MPIX_ERR_PROC_FAILED && class != MPIX_ERR_PROC_FAILED_PENDING) {
    MPI_Abort(link->comm, 1);
  }
  return true;
}

static void note_death(struct vqe_mpi_link *link, int rank)
{
  link->lost += !link->dead[rank];
  link->dead[rank] = true;
}

/* Note those that have died; once they are acknowledged, messages of the
 * others are found again. */
static void look(struct vqe_mpi_link *link)
{
  MPI_Group failed;
  MPI_Group all;
  int count = 0;
  int known = 0;
  double now = MPI_Wtime();
  if (now - link->looked < LOOK_SECONDS) {
    return;
  }
  link->looked = now;
  MPIX_Comm_get_failed(link->comm, &failed);
  MPI_Group_size(failed, &count);
  if (count > 0) {
    MPI_Comm_group(link->comm, &all);
    for (int k = 0; k < count; k++) {
      int rank;
      MPI_Group_translate_ranks(failed, 1, &k, all, &rank);
      note_death(link, rank);
    }
    MPI_Group_free(&all);
    MPIX_Comm_ack_failed(link->comm, count, &known);
  }
  MPI_Group_free(&failed);
}

static int count_deaths(void *ctx)
{
  struct vqe_mpi_link *link = ctx;
  look(link);
  return link->lost;
}

static bool is_dead(void *ctx, int rank)
{
  struct vqe_mpi_link *link = ctx;
  look(link);
  return link->dead[rank];
}

#else

static bool is_death(const struct vqe_mpi_link *link, int code)
{
  (void)link;
  (void)code; /* MPI ends the job */
  return false;
}

static void note_death(struct vqe_mpi_link *link, int rank)
{
  (void)link;
  (void)rank;
}

#endif

/* ---- messages ---- */

static void send_message(void *ctx, int to, enum vqe_transport_tag tag,
                         const void *data, size_t size)
{
  const struct vqe_mpi_link *link = ctx;
  (void)is_death(
      link, MPI_Send(data, (int)size, MPI_BYTE, to, (int)tag, link->comm));
}

static int start_message(void *ctx, void **request, int to,
                         enum vqe_transport_tag tag, const void *data,
                         size_t size)
{
  const struct vqe_mpi_link *link = ctx;
  MPI_Request *started = NULL;
  int status = vqe_memory_alloc(&started, 1, sizeof(MPI_Request), "a message");
  if (status == VQE_OK) {
    *started = MPI_REQUEST_NULL; /* which has arrived */
    (void)is_death(link, MPI_Isend(data, (int)size, MPI_BYTE, to, (int)tag,
                                   link->comm, started));
    *request = started;
  }
  return status;
}

static bool message_arrived(void *ctx, void *request)
{
  const struct vqe_mpi_link *link = ctx;
  int done = 0;
  bool lost = is_death(link, MPI_Test(request, &done, MPI_STATUS_IGNORE));
  if (done || lost) {
    free(request);
  }
  return done != 0 || lost;
}

static bool probe_one(struct vqe_mpi_link *link,
                      struct vqe_transport_head *found, int from, int tag)
{
  MPI_Status state;
  int flag = 0;
  int size = 0;
  bool lost = is_death(link, MPI_Iprobe(from, tag, link->comm, &flag, &state));
  if (flag == 0 || lost) {
    return false;
  }
  MPI_Get_count(&state, MPI_BYTE, &size);
  *found =
      (struct vqe_transport_head){.from = state.MPI_SOURCE,
                                  .tag = (enum vqe_transport_tag)state.MPI_TAG,
                                  .size = (size_t)size};
  return true;
}

/* What a dead rank has sent cannot be received, but a look at all ranks would
 * find it for ever: those that live are looked at one by one, in turn. */
static bool probe_message(void *ctx, struct vqe_transport_head *found,
                          int from, enum vqe_transport_tag tag)
{
  struct vqe_mpi_link *link = ctx;
  int wanted = tag == VQE_TAG_ANY ? MPI_ANY_TAG : (int)tag;
  if (from != VQE_TRANSPORT_ANYONE) {
    return probe_one(link, found, from, wanted);
  }
  if (link->lost == 0) {
    return probe_one(link, found, MPI_ANY_SOURCE, wanted);
  }
  for (int k = 1; k <= link->ranks; k++) {
    int rank = (link->last + k) % link->ranks;
    if (!link->dead[rank] && probe_one(link, found, rank, wanted)) {
      link->last = rank;
      return true;
    }
  }
  return false;
}

static bool receive_message(void *ctx, void *data,
                            const struct vqe_transport_head *found)
{
  struct vqe_mpi_link *link = ctx;
  bool lost =
      is_death(link, MPI_Recv(data, (int)found->size, MPI_BYTE, found->from,
                              (int)found->tag, link->comm, MPI_STATUS_IGNORE));
  if (lost) {
    note_death(link, found->from);
  }
  return !lost;
}

static void abandon(void *ctx)
{
  const struct vqe_mpi_link *link = ctx;
  MPI_Abort(link->comm, ABANDONED);
}

int vqe_mpi_link_open(struct vqe_transport *out, struct vqe_mpi_link *link,
                      MPI_Comm comm)
{
  int status = VQE_OK;
  *link = (struct vqe_mpi_link){.comm = comm};
  *out = (struct vqe_transport){.ctx = link,
                                .send = send_message,
                                .start = start_message,
                                .arrived = message_arrived,
                                .probe = probe_message,
                                .receive = receive_message,
                                .abandon = abandon};
  MPI_Comm_size(comm, &link->ranks);
#ifdef VQE_MPI_FT
  status = vqe_memory_alloc(&link->dead, (size_t)link->ranks, sizeof(bool),
                            "rank list");
  if (status == VQE_OK) {
    out->dead = is_dead;
    out->deaths = count_deaths;
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  }
#endif
  return status;
}

void vqe_mpi_link_close(struct vqe_mpi_link *link)
{
  free(link->dead);
  link->dead = NULL;
}

/* ---- the end ---- */

#ifdef VQE_MPI_FT

#define SAY_SECONDS 5

static void end_late(MPI_Comm *comm, int *code, ...)
{
  (void)code;
  sleep(SAY_SECONDS);
  MPI_Abort(*comm, ABANDONED);
}

void vqe_mpi_end_with(MPI_Comm team)
{
  MPI_Errhandler handler;
  MPI_Comm_create_errhandler(end_late, &handler);
  MPI_Comm_set_errhandler(team, handler);
  MPI_Errhandler_free(&handler);
}

static enum vqe_batch_end who_died(MPI_Comm comm)
{
  MPI_Group failed;
  MPI_Group all;
  enum vqe_batch_end end = VQE_BATCH_ALL_LIVE;
  int count = 0;
  int first = MPI_UNDEFINED;
  const int zero = 0;
  MPIX_Comm_get_failed(comm, &failed);
  MPI_Comm_group(comm, &all);
  MPI_Group_size(failed, &count);
  MPI_Group_translate_ranks(all, 1, &zero, failed, &first);
  if (count > 0) {
    end = first == MPI_UNDEFINED ? VQE_BATCH_SOME_DIED : VQE_BATCH_LEAD_DIED;
  }
  MPI_Group_free(&all);
  MPI_Group_free(&failed);
  return end;
}

/* An agreement ends for all that live, whoever dies. Where rank 0 has, it is
 * waited for a while only, as members of teams do not take part; a rank that
 * went at once would have mpirun end the others, before one has said why and
 * before they have stopped their experiments. */
enum vqe_batch_end vqe_mpi_wait(MPI_Comm comm)
{
  MPI_Request request;
  int flag = 1;
  int done = 0;
  double until = MPI_Wtime() + SAY_SECONDS;
  int code = MPIX_Comm_iagree(comm, &flag, &request);
  while (code == MPI_SUCCESS && !done) {
    code = MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (who_died(comm) != VQE_BATCH_LEAD_DIED) {
      until = MPI_Wtime() + SAY_SECONDS;
    } else if (MPI_Wtime() > until) {
      break;
    }
    if (!done) {
      vqe_transport_sleep();
    }
  }
  return who_died(comm);
}

#else

void vqe_mpi_end_with(MPI_Comm team)
{
  (void)team; /* MPI does */
}

enum vqe_batch_end vqe_mpi_wait(MPI_Comm comm)
{
  MPI_Request request;
  int done = 0;
  MPI_Ibarrier(comm, &request);
  while (!done) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (!done) {
      vqe_transport_sleep();
    }
  }
  return VQE_BATCH_ALL_LIVE;
}

#endif

int vqe_mpi_hosts(struct vqe_worker_host **out, MPI_Comm comm)
{
  char name[MPI_MAX_PROCESSOR_NAME] = "";
  struct vqe_worker_host mine = {.name = ""};
  int rank;
  int ranks;
  int length;
  int status = VQE_OK;
  *out = NULL;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  MPI_Get_processor_name(name, &length);
  snprintf(mine.name, sizeof mine.name, "%.63s", name);
  if (rank == 0) {
    status = vqe_memory_alloc(out, (size_t)ranks, sizeof mine, "rank list");
  }
  MPI_Bcast(&status, 1, MPI_INT, 0, comm);
  if (status == VQE_OK) {
    MPI_Gather(&mine, (int)sizeof mine, MPI_BYTE, *out, (int)sizeof mine,
               MPI_BYTE, 0, comm);
  }
  return status;
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
