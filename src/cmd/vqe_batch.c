/* vqe_batch: molecules in, energies out, over MPI. */
#include <malloc.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "batch/batch.h"
#include "batch_lake.h"
#include "batch_stream.h"
#include "job/job.h"
#include "options.h"
#include "report/report.h"
#include "vqe/error.h"
#include "vqe/experiment.h"
#include "vqe/sim.h"

enum exit_status {
  EXIT_GOOD = 0,
  EXIT_SOME_FAILED = 1,
  EXIT_BAD_INPUT = 2,
  EXIT_INTERRUPTED = 3
};

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
  stop_signal = number;
}

static void catch_signals(void)
{
  static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
    sigaction(numbers[k], &action, NULL);
  }
}

/* Rank as the launcher sets it, NULL without one. */
static const char *launcher_text(void)
{
  static const char *const variables[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK",
                                          "PMI_RANK", "SLURM_PROCID"};
  for (size_t k = 0; k < sizeof variables / sizeof variables[0]; k++) {
    const char *value = getenv(variables[k]);
    if (value != NULL) {
      return value;
    }
  }
  return NULL;
}

/* For what needs no MPI. */
static int launcher_rank(void)
{
  const char *text = launcher_text();
  return text != NULL ? atoi(text) : 0;
}

/* Without a launcher this is the only rank. Open MPI then need neither start
 * a daemon to serve it nor look for networks: most of the time of a small job.
 * What the user has set stays; other MPI do not know these. */
static void start_alone(void)
{
  static const char *const settings[][2] = {
      {"OMPI_MCA_ess_singleton_isolated", "1"},
      {"OMPI_MCA_pml", "ob1"},
      {"OMPI_MCA_btl", "self"},
      {"OMPI_MCA_osc", "^ucx"},
  };
  if (launcher_text() != NULL) {
    return;
  }
  for (size_t k = 0; k < sizeof settings / sizeof settings[0]; k++) {
    (void)setenv(settings[k][0], settings[k][1], 0);
  }
}

static int complain(void)
{
  fprintf(stderr, "vqe_batch: %s\n", vqe_error_message());
  return EXIT_BAD_INPUT;
}

static int load(struct vqe_job **job, const struct vqe_cmd_options *options)
{
  char *warnings = NULL;
  int status = vqe_job_load(job, &warnings, options->job, &options->overrides);
  if (warnings != NULL) {
    fprintf(stderr, "vqe_batch: %s\n", warnings);
    free(warnings);
  }
  return status;
}

/* ---- --devices, --gates ---- */

/* Whether --gates custatevec would find its library, also without a GPU. */
static void print_library(void)
{
  char version[16];
  bool there = vqe_custatevec_version(version, sizeof version) == VQE_OK;
  printf("cuStateVec: %s\n", there ? version : vqe_error_message());
}

static int list_devices(void)
{
  const char *reason = NULL;
  int count = vqe_devices(&reason);
  if (count == 0) {
    print_library();
    fprintf(stderr, "vqe_batch: no CUDA device: %s\n", reason);
    return EXIT_BAD_INPUT;
  }
  for (int k = 0; k < count; k++) {
    struct vqe_device_summary device;
    if (vqe_device_summarize(&device, k) != VQE_OK) {
      return complain();
    }
    printf("%d: %s, %s, compute capability %d.%d, %d multiprocessors, %.1f "
           "GB, %.1f GB free\n",
           k, device.name, device.driver, device.compute_major,
           device.compute_minor, device.multiprocessors,
           (double)device.bytes / 1e9, (double)device.free_bytes / 1e9);
  }
  print_library();
  return EXIT_GOOD;
}

static int read_gates(enum vqe_gates_choice *out, const char *name)
{
  static const struct {
    const char *name;
    enum vqe_gates_choice gates;
  } known[] = {{"auto", VQE_GATES_AUTO},
               {"own", VQE_GATES_OWN},
               {"custatevec", VQE_GATES_CUSTATEVEC}};
  *out = VQE_GATES_AUTO;
  if (name == NULL) {
    return VQE_OK;
  }
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    if (strcmp(name, known[k].name) == 0) {
      *out = known[k].gates;
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "option --gates: '%s' is not auto, own or custatevec",
                       name);
}

/* Nothing runs when a device or a library is demanded that is not there. */
static int check_devices(const struct vqe_job *job,
                         enum vqe_gates_choice gates)
{
  const char *reason = NULL;
  char version[16];
  if (gates == VQE_GATES_CUSTATEVEC) {
    if (vqe_custatevec_version(version, sizeof version) != VQE_OK) {
      return vqe_error_context(VQE_ERR_INPUT, "--gates custatevec");
    }
    if (vqe_devices(&reason) == 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "--gates custatevec: no CUDA device: %s", reason);
    }
  }
  for (size_t k = 0; k < job->count; k++) {
    const struct vqe_experiment *experiment = job->experiments[k];
    if (strcmp(experiment->device, "cuda") == 0 && vqe_devices(&reason) == 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "device 'cuda': no CUDA device: %s; use --device "
                           "auto or cpu",
                           reason);
    }
  }
  return VQE_OK;
}

/* ---- --dry-run ---- */

static int dry_run(const struct vqe_job *job)
{
  double available = (double)vqe_memory_available();
  double cost = 0.0;
  size_t bad = 0;
  printf("%5s  %-16s %-8s %6s %-20s %-12s %-6s %10s %8s %10s %10s\n", "#",
         "molecule", "basis", "qubits", "ansatz", "optimizer", "init", "seed",
         "params", "amplitudes", "memory MB");
  for (size_t k = 0; k < job->count; k++) {
    const struct vqe_experiment *experiment = job->experiments[k];
    struct vqe_experiment_estimate estimate;
    if (vqe_experiment_estimate(&estimate, experiment) != VQE_OK) {
      printf("%5zu  %-16s cannot run: %s\n", k, experiment->name,
             vqe_error_message());
      bad++;
      continue;
    }
    printf("%5zu  %-16s %-8s %6d %-20s %-12s %-6s %10lld %8d %10.3g "
           "%10.1f%s%s\n",
           k, experiment->name, experiment->basis_set, estimate.num_qubits,
           experiment->ansatz_name, experiment->optimizer,
           experiment->init_strategy, (long long)experiment->seed,
           estimate.nparam, (double)estimate.amplitudes,
           (double)estimate.bytes / 1e6,
           (double)estimate.bytes > available ? "  (more than there is)" : "",
           strcmp(experiment->ansatz_name, "ADAPT-VQE") == 0
               ? "  (params: at most, known at the end)"
               : "");
    cost += estimate.cost;
  }
  printf("%zu experiments, %zu cannot run; about %.3g core seconds; result "
         "to %s\nParameters and amplitudes are before symmetry screening.\n",
         job->count, bad, cost, job->output);
  return bad > 0 ? EXIT_SOME_FAILED : EXIT_GOOD;
}

/* ---- --qasm ---- */

static int print_qasm(const struct vqe_job *job, int index)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  char *text = NULL;
  if (index < 0 || (size_t)index >= job->count) {
    fprintf(stderr, "vqe_batch: --qasm %d: the job has experiments 0 to %zu\n",
            index, job->count - 1);
    return EXIT_BAD_INPUT;
  }
  if (vqe_experiment_qasm(&text, job->experiments[index], &options) !=
      VQE_OK) {
    return complain();
  }
  fputs(text, stdout);
  free(text);
  return EXIT_GOOD;
}

/* ---- the tables ---- */

/* Results are safe by now, whatever happens here. */
static int make_tables(struct vqe_batch_outcome *outcome,
                       const struct vqe_job *job,
                       const struct vqe_cmd_options *options)
{
  struct vqe_result **results = NULL;
  size_t count = 0;
  struct vqe_objects_options objects = VQE_OBJECTS_OPTIONS_INIT;
  const struct vqe_job_lake *lake = &job->lake;
  if (options->no_lake || (lake->none && options->warehouse == NULL)) {
    return EXIT_GOOD;
  }
  objects.endpoint = lake->endpoint;
  objects.region = lake->region;
  objects.scheme = lake->scheme;
  objects.ca_file = lake->ca_file;
  objects.virtual_host = lake->virtual_host;
  if (vqe_batch_outcome_take(&results, &count, outcome) != VQE_OK) {
    (void)complain();
    return EXIT_SOME_FAILED;
  }
  return vqe_batch_lake(results, count, job->output,
                        options->warehouse != NULL ? options->warehouse
                                                   : lake->warehouse,
                        &objects, options->quiet) == VQE_OK
             ? EXIT_GOOD
             : EXIT_SOME_FAILED;
}

/* ---- --fcidump ---- */

static int write_fcidump(const struct vqe_job *job, const char *path)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  if (job->count != 1) {
    fprintf(stderr,
            "vqe_batch: --fcidump writes one file, but '%s' has %zu "
            "experiments; leave one molecule and one basis\n",
            job->path, job->count);
    return EXIT_BAD_INPUT;
  }
  return vqe_experiment_fcidump(path, job->experiments[0], &options) == VQE_OK
             ? EXIT_GOOD
             : complain();
}

/* ---- the job ---- */

/* A finished experiment of an earlier run is "skipped" to people and scripts,
 * though the file keeps it as the success it is. */
static int report(const struct vqe_batch_outcome *outcome,
                  const struct vqe_cmd_options *options)
{
  struct vqe_result **shown = NULL;
  size_t count = 0;
  int code = EXIT_GOOD;
  int status =
      vqe_memory_alloc(&shown, outcome->count + 1, sizeof(struct vqe_result *),
                       "list of results");
  for (size_t k = 0; status == VQE_OK && k < outcome->count; k++) {
    struct vqe_result *result = outcome->results[k];
    if (result == NULL) {
      continue;
    }
    if (outcome->skipped[k]) {
      result->status = VQE_EXPERIMENT_SKIPPED;
    } else if (result->status == VQE_EXPERIMENT_FAILED) {
      code = EXIT_SOME_FAILED;
    }
    shown[count++] = result;
  }
  if (status == VQE_OK) {
    status = vqe_report_table(stdout, shown, count);
  }
  if (status == VQE_OK && options->summary != NULL) {
    status = vqe_report_summary(options->summary, shown, count);
  }
  for (size_t k = 0; k < outcome->count; k++) {
    struct vqe_result *result = outcome->results[k];
    if (result != NULL && outcome->skipped[k]) {
      result->status = VQE_EXPERIMENT_OK;
    }
  }
  free(shown);
  if (status != VQE_OK) {
    (void)complain();
    code = EXIT_SOME_FAILED;
  }
  return outcome->interrupted ? EXIT_INTERRUPTED : code;
}

static int run(const struct vqe_cmd_options *options)
{
  struct vqe_job *job = NULL;
  struct vqe_batch_outcome outcome = {0};
  struct vqe_batch_options batch = {.threads = options->threads,
                                    .lanes = options->lanes,
                                    .force = options->force,
                                    .quiet = options->quiet,
                                    .log_json = options->log_json,
                                    .stop = &stop_signal};
  struct vqe_batch_stream stream = {0};
  int rank;
  int code = EXIT_GOOD;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  /* every rank has the same command line */
  int status = read_gates(&batch.gates, options->gates);
  if (rank == 0 && (status != VQE_OK || load(&job, options) != VQE_OK ||
                    check_devices(job, batch.gates) != VQE_OK ||
                    vqe_batch_stream_open(&stream, job, options) != VQE_OK)) {
    code = complain();
  }
  MPI_Bcast(&code, 1, MPI_INT, 0, MPI_COMM_WORLD);
  if (code != EXIT_GOOD) {
    vqe_job_free(job);
    return rank == 0 ? code : EXIT_GOOD;
  }
  if (stream.producer != NULL) {
    batch.finished = vqe_batch_stream_finished;
    batch.finished_ctx = &stream;
  }
  catch_signals();
  status = vqe_batch_run(&outcome, job, &batch, MPI_COMM_WORLD);
  if (rank == 0) {
    if (status != VQE_OK) {
      (void)complain();
      code = status == VQE_ERR_INPUT || outcome.count == 0 ? EXIT_BAD_INPUT
                                                           : EXIT_SOME_FAILED;
    }
    /* the journals go when the result file is there: before that, what is
     * to be published is in the spool */
    vqe_batch_stream_sync(&stream);
    /* whatever finished is written, also when something went wrong */
    bool stored = outcome.count > 0;
    if (stored && vqe_batch_store(&outcome, job) != VQE_OK) {
      fprintf(stderr,
              "vqe_batch: %s\nvqe_batch: the finished results are safe in "
              "%s.journal; mend the cause and run the same command again\n",
              vqe_error_message(), job->output);
      code = EXIT_SOME_FAILED;
      stored = false;
    }
    if (outcome.count > 0) {
      int reported = report(&outcome, options);
      code = reported > code ? reported : code;
      if (!options->quiet) {
        printf("Result file: %s\n", job->output);
      }
    }
    stored = stored && !outcome.interrupted;
    if (stored && make_tables(&outcome, job, options) != EXIT_GOOD) {
      code = code > EXIT_SOME_FAILED ? code : EXIT_SOME_FAILED;
    }
    if (vqe_batch_stream_close(&stream) != VQE_OK) {
      code = code > EXIT_SOME_FAILED ? code : EXIT_SOME_FAILED;
    }
    fflush(stdout);
  }
  vqe_batch_wait(MPI_COMM_WORLD);
  vqe_batch_outcome_clear(&outcome);
  vqe_job_free(job);
  return code;
}

static int without_mpi(const struct vqe_cmd_options *options, bool *done)
{
  struct vqe_job *job = NULL;
  int code = EXIT_GOOD;
  *done = true;
  bool prints = options->help || options->version || options->man ||
                options->devices || options->completion != NULL ||
                options->dry_run || options->qasm || options->fcidump != NULL;
  if (!prints) {
    *done = false;
  } else if (launcher_rank() != 0) {
    return EXIT_GOOD;
  } else if (options->help) {
    vqe_cmd_options_help(stdout);
  } else if (options->version) {
    printf("vqe_batch %s\n", vqe_version());
  } else if (options->devices) {
    code = list_devices();
  } else if (options->man) {
    vqe_cmd_options_man(stdout);
  } else if (options->completion != NULL) {
    vqe_cmd_options_completion_bash(stdout);
  } else if (load(&job, options) != VQE_OK) {
    code = complain();
  } else {
    code = options->dry_run           ? dry_run(job)
           : options->fcidump != NULL ? write_fcidump(job, options->fcidump)
                                      : print_qasm(job, options->qasm_index);
  }
  vqe_job_free(job);
  return code;
}

int main(int argc, char **argv)
{
  struct vqe_cmd_options options;
  bool done;
  int provided;
  /* Keep freed memory for the next experiment: small molecules would spend
   * most of their time in page faults. */
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  if (vqe_cmd_options_parse(&options, argc, argv) != VQE_OK) {
    return launcher_rank() == 0 ? complain() : EXIT_BAD_INPUT;
  }
  int code = without_mpi(&options, &done);
  if (done) {
    return code;
  }
  start_alone();
  /* a lane calls MPI only where ranks share a molecule */
  if (MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided) !=
          MPI_SUCCESS ||
      provided < MPI_THREAD_FUNNELED) {
    fprintf(stderr, "vqe_batch: this MPI gives no MPI_THREAD_FUNNELED\n");
    return EXIT_BAD_INPUT;
  }
  code = run(&options);
  MPI_Finalize();
  return code;
}
