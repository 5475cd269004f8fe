#include "batch/batch.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/blas_room.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "batch/lane.h"
#include "batch/lead.h"
#include "batch/mpi_team.h"
#include "batch/mpi_transport.h"
#include "batch/resume.h"
#include "batch/serve.h"
#include "batch/transport.h"
#include "batch/worker.h"
#include "store/hdf5.h"

/* Can the ranks be teams of `team`? */
static int check_teams(int ranks, int team)
{
  int provided;
  if (ranks % team != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%d ranks a molecule: %d ranks do not divide into "
                         "such teams; start a multiple of %d",
                         team, ranks, team);
  }
  MPI_Query_thread(&provided);
  if (team > 1 && provided < MPI_THREAD_MULTIPLE) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "several ranks a molecule need an MPI that gives "
                         "MPI_THREAD_MULTIPLE; this one does not: leave out "
                         "--ranks-per-molecule");
  }
  return VQE_OK;
}

/* Estimators on a GPU share launches, and one of many blocks takes as long as
 * one of one block: far more lanes than cores, as they mostly wait. Not many
 * more than these: each holds the tables of its molecule. */
#define DEVICE_LANES 32

/* Is it that device, or any other, for some experiment? */
static int has_device(const struct vqe_job *job, const char *device, bool is)
{
  for (size_t k = 0; k < job->count; k++) {
    if ((strcmp(job->experiments[k]->device, device) == 0) == is) {
      return 1;
    }
  }
  return 0;
}

/* Lanes of a rank whose job asks for a GPU, or does not. Where some ranks have
 * one and others have none, these are as in any other job. */
static int count_lanes(const struct vqe_worker *worker, bool device)
{
  bool waits = device && (worker->device || worker->devices == 0);
  if (worker->team_size > 1) {
    return 1;
  }
  if (worker->options->lanes > 0) {
    return worker->options->lanes;
  }
  return waits && worker->threads < DEVICE_LANES ? DEVICE_LANES
                                                 : worker->threads;
}

/* Which ranks have a GPU? Collective. One rank alone need not know, nor do
 * ranks that share states, as these stay on the CPU. */
static void find_devices(struct vqe_worker *worker, bool wanted, MPI_Comm comm)
{
  int mine = 0;
  if (wanted && worker->ranks > 1 && worker->team_size == 1) {
    mine = vqe_devices(NULL) > 0;
  }
  worker->device = mine != 0;
  MPI_Allreduce(&mine, &worker->devices, 1, MPI_INT, MPI_SUM, comm);
}

/* What rank 0 knows of the job, for all ranks. */
struct header {
  int status;
  int run;
  int team_size;
  int device;     /* is a GPU asked for? */
  int may_device; /* or welcome? */
  int watched;
};

/* The output becomes this run's when nothing else is in the way. */
static int read_header(struct header *header, struct vqe_owner **owner,
                       char *output, size_t size, const struct vqe_job *job,
                       int ranks, const struct vqe_log *log)
{
  header->team_size = job->ranks_per_molecule;
  header->device = has_device(job, "cuda", true);
  header->may_device = has_device(job, "cpu", false);
  int status = check_teams(ranks, header->team_size);
  if (status == VQE_OK && strlen(job->file) >= size) {
    status = vqe_error_set(
        VQE_ERR_INPUT, "the output path is longer than %zu bytes", size - 1);
  }
  if (status == VQE_OK) {
    status = vqe_hdf5_check_writable(job->file);
  }
  if (status == VQE_OK) {
    status = vqe_owner_claim(owner, job->file, NULL, log);
  }
  if (status == VQE_OK) {
    status = vqe_resume_begin_run(&header->run, job->file);
  }
  if (status == VQE_OK) {
    snprintf(output, size, "%s", job->file);
  }
  return status;
}

static int run_worker(struct vqe_worker *worker, const char *output, int run)
{
  int status = vqe_worker_init(worker, output, run);
  if (status == VQE_OK) {
    status = vqe_serve(worker);
  } else {
    vqe_log(worker->options->log, VQE_LOG_ERROR, "rank %d: %s", worker->rank,
            vqe_error_message());
    vqe_serve_decline(worker, status);
  }
  vqe_worker_clear(worker);
  return status;
}

/* Lanes call BLAS, or the threads of an experiment that runs alone. Ranks
 * agree, as one that stops alone would leave the others waiting. */
static int reserve_blas(const struct vqe_worker *worker, MPI_Comm comm)
{
  int callers =
      worker->lanes > worker->threads ? worker->lanes : worker->threads;
  int mine = vqe_blas_room_reserve(callers);
  int worst = mine;
  MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MIN, comm);
  if (mine == VQE_OK && worst != VQE_OK) {
    return vqe_error_set(worst, "another rank has no memory for its threads");
  }
  return mine;
}

/* All ranks know what they need: from here on the death of one need not be
 * that of all. */
static int run_ranks(struct vqe_batch_outcome *out, struct vqe_job *job,
                     struct vqe_worker *worker,
                     struct vqe_transport *transport, const char *output,
                     int run, MPI_Comm comm)
{
  struct vqe_mpi_link link;
  int status = vqe_mpi_link_open(transport, &link, comm);
  if (status == VQE_OK && worker->rank == 0) {
    status = vqe_lead_run(out, job, worker, run);
  } else if (status == VQE_OK) {
    status = run_worker(worker, output, run);
  }
  vqe_mpi_link_close(&link);
  return status;
}

int vqe_batch_run(struct vqe_batch_outcome *out, struct vqe_job *job,
                  const struct vqe_batch_options *options, MPI_Comm comm)
{
  struct vqe_transport transport;
  struct vqe_worker worker = {
      .options = options, .transport = &transport, .run = vqe_lane_run};
  char output[4096] = "";
  struct header header = {.team_size = 1};
  struct vqe_batch_team team;
  double started = vqe_clock_wall();
  memset(out, 0, sizeof *out);
  MPI_Comm_rank(comm, &worker.rank);
  MPI_Comm_size(comm, &worker.ranks);
  worker.threads =
      options->threads > 0 ? options->threads : vqe_mpi_threads(comm);
  worker.node_rank = vqe_mpi_node_rank(comm);
  int named = vqe_mpi_hosts(&out->hosts, comm);
  if (named != VQE_OK) {
    return named;
  }
  worker.hosts = out->hosts;
  omp_set_dynamic(0);
  header.watched = options->watch != NULL;
  if (worker.rank == 0) {
    header.status = read_header(&header, &out->owner, output, sizeof output,
                                job, worker.ranks, options->log);
  }
  MPI_Bcast(&header, (int)sizeof header, MPI_BYTE, 0, comm);
  if (header.status != VQE_OK) {
    return header.status;
  }
  MPI_Bcast(output, (int)sizeof output, MPI_CHAR, 0, comm);
  out->threads = worker.threads;
  worker.team_size = header.team_size;
  worker.watched = header.watched != 0;
  find_devices(&worker, header.may_device != 0, comm);
  worker.lanes = count_lanes(&worker, header.device != 0);
  int room = reserve_blas(&worker, comm);
  if (room != VQE_OK) {
    return room;
  }
  if (worker.team_size > 1) {
    int status =
        vqe_batch_team_open(&team, comm, worker.team_size, options->stop);
    if (status != VQE_OK) {
      return status;
    }
    if (team.view.rank != 0) {
      vqe_team_serve(&team.view, worker.threads);
      vqe_batch_team_close(&team);
      return VQE_OK;
    }
    worker.team = &team;
  }
  int status =
      run_ranks(out, job, &worker, &transport, output, header.run, comm);
  out->seconds = worker.rank == 0 ? vqe_clock_wall() - started : 0.0;
  return status;
}

enum vqe_batch_end vqe_batch_wait(MPI_Comm comm)
{
  return vqe_mpi_wait(comm);
}
