#include "batch/batch.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "batch/lane.h"
#include "batch/lead.h"
#include "batch/mpi_team.h"
#include "batch/mpi_transport.h"
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

static int wants_device(const struct vqe_job *job)
{
  for (size_t k = 0; k < job->count; k++) {
    if (strcmp(job->experiments[k]->device, "cuda") == 0) {
      return 1;
    }
  }
  return 0;
}

static int count_lanes(const struct vqe_worker *worker, bool device)
{
  if (worker->team_size > 1) {
    return 1;
  }
  if (worker->options->lanes > 0) {
    return worker->options->lanes;
  }
  return device && worker->threads < DEVICE_LANES ? DEVICE_LANES
                                                  : worker->threads;
}

int vqe_batch_run(struct vqe_batch_outcome *out, struct vqe_job *job,
                  const struct vqe_batch_options *options, MPI_Comm comm)
{
  struct vqe_transport transport;
  struct vqe_worker worker = {
      .options = options, .transport = &transport, .run = vqe_lane_run};
  char output[4096] = "";
  /* status, run, ranks of a team, whether a device is asked for */
  int header[4] = {VQE_OK, 0, 1, 0};
  struct vqe_batch_team team;
  double started = vqe_clock_wall();
  memset(out, 0, sizeof *out);
  vqe_mpi_transport(&transport, &comm);
  MPI_Comm_rank(comm, &worker.rank);
  MPI_Comm_size(comm, &worker.ranks);
  worker.threads =
      options->threads > 0 ? options->threads : vqe_mpi_threads(comm);
  worker.node_rank = vqe_mpi_node_rank(comm);
  omp_set_dynamic(0);
  if (worker.rank == 0) {
    header[0] = vqe_lead_open_run(&header[1], job->output);
    header[2] = job->ranks_per_molecule;
    header[3] = wants_device(job);
    if (header[0] == VQE_OK) {
      header[0] = check_teams(worker.ranks, header[2]);
    }
    if (header[0] == VQE_OK && strlen(job->output) >= sizeof output) {
      header[0] = vqe_error_set(VQE_ERR_INPUT,
                                "the output path is longer "
                                "than %zu bytes",
                                sizeof output - 1);
    }
    if (header[0] == VQE_OK) {
      snprintf(output, sizeof output, "%s", job->output);
    }
  }
  MPI_Bcast(header, 4, MPI_INT, 0, comm);
  if (header[0] != VQE_OK) {
    return header[0];
  }
  MPI_Bcast(output, (int)sizeof output, MPI_CHAR, 0, comm);
  out->threads = worker.threads;
  int status;
  worker.team_size = header[2];
  worker.lanes = count_lanes(&worker, header[3] != 0);
  if (worker.team_size > 1) {
    status = vqe_batch_team_open(&team, comm, worker.team_size, options->stop);
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
  if (worker.rank != 0) {
    status = vqe_worker_init(&worker, output, header[1]);
    if (status != VQE_OK) {
      fprintf(stderr, "vqe_batch: rank %d: %s\n", worker.rank,
              vqe_error_message());
      vqe_serve_decline(&worker, status);
    } else {
      status = vqe_serve(&worker);
    }
    vqe_worker_clear(&worker);
    return status;
  }
  status = vqe_lead_run(out, job, &worker, header[1]);
  out->seconds = vqe_clock_wall() - started;
  return status;
}

/* Finish the file that was begun while ranks computed. What keeps it from
 * being finished (results that are missing shift the others, a folder on
 * another file system) does not keep a new one. */
static int write_results(struct vqe_batch_outcome *outcome, const char *path,
                         struct vqe_result *const *results, size_t count)
{
  struct vqe_hdf5_writer *writer = outcome->writer;
  outcome->writer = NULL;
  if (writer != NULL && vqe_hdf5_fits(writer, results, count)) {
    int status = vqe_hdf5_finish(writer, results, count);
    if (status == VQE_OK) {
      return VQE_OK;
    }
  } else {
    vqe_hdf5_abandon(writer);
  }
  return vqe_hdf5_write(path, results, count);
}

int vqe_batch_store(struct vqe_batch_outcome *outcome,
                    const struct vqe_job *job)
{
  struct vqe_result **all = NULL;
  size_t count = 0;
  int status =
      vqe_memory_alloc(&all, outcome->count + outcome->nother + 1,
                       sizeof(struct vqe_result *), "list of results");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < outcome->count; k++) {
    if (outcome->results[k] != NULL) {
      all[count++] = outcome->results[k];
    }
  }
  for (size_t k = 0; k < outcome->nother; k++) {
    all[count++] = outcome->other[k];
  }
  status = write_results(outcome, job->output, all, count);
  free(all);
  /* journals hold what an unfinished run needs to go on */
  if (status == VQE_OK && !outcome->interrupted) {
    status = vqe_resume_remove(job->output);
  }
  return status;
}

void vqe_batch_outcome_clear(struct vqe_batch_outcome *outcome)
{
  for (size_t k = 0; k < outcome->count; k++) {
    vqe_result_free(outcome->results[k]);
  }
  for (size_t k = 0; k < outcome->nother; k++) {
    vqe_result_free(outcome->other[k]);
  }
  free(outcome->results);
  free(outcome->skipped);
  free(outcome->other);
  vqe_hdf5_abandon(outcome->writer);
  memset(outcome, 0, sizeof *outcome);
}

void vqe_batch_wait(MPI_Comm comm)
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
}
