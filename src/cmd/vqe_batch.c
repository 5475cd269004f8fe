/* vqe_batch: molecules in, energies out, over MPI. */
#include <malloc.h>
#include <mpi.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/json_memory.h"
#include "base/memory.h"
#include "base/text.h"
#include "batch/batch.h"
#include "batch_common.h"
#include "batch_generate.h"
#include "batch_lake.h"
#include "batch_metrics.h"
#include "batch_print.h"
#include "batch_start.h"
#include "batch_status.h"
#include "batch_stream.h"
#include "blas_start.h"
#include "cmd_log.h"
#include "job/job.h"
#include "options.h"
#include "pages/pages.h"
#include "report/qcschema.h"
#include "report/report.h"
#include "screen.h"
#include "side_output.h"
#include "vqe/error.h"
#include "vqe/experiment.h"
#include "vqe/sim.h"
#include "warn_exposed.h"

/* Address space that MPI, HDF5, BLAS and a first molecule take. */
#define START_BYTES ((size_t)320 << 20)

static volatile atomic_int stop_signal; /* has no lock */

static void on_signal(int number)
{
  stop_signal = number;
}

static void catch_signals(void)
{
  static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGXCPU};
  struct sigaction action;
  struct sigaction before;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
    sigaction(numbers[k], &action, &before);
    if (numbers[k] == SIGHUP && before.sa_handler == SIG_IGN) {
      sigaction(numbers[k], &before, NULL); /* nohup */
    }
  }
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

/* A library that is demanded and not there stops the run, whoever has the
 * devices: each experiment would fail for the same reason. */
static int check_gates(enum vqe_gates_choice gates)
{
  char version[16];
  if (gates == VQE_GATES_CUSTATEVEC &&
      vqe_custatevec_version(version, sizeof version) != VQE_OK) {
    return vqe_error_context(VQE_ERR_INPUT, "--gates custatevec");
  }
  return VQE_OK;
}

/* Nothing runs when a device is demanded that is not there; here that of this
 * rank. */
static int check_devices(const struct vqe_job *job,
                         enum vqe_gates_choice gates)
{
  const char *reason = NULL;
  if (gates == VQE_GATES_CUSTATEVEC && vqe_devices(&reason) == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "--gates custatevec: no CUDA device: %s", reason);
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

/* The device that rank 0 lacks another rank may have: in a job of nodes with
 * and without GPUs what needs one goes to the former. Collective; `status` is
 * that of check_devices on rank 0. */
static int check_other_ranks(int status)
{
  int lacks = status != VQE_OK;
  int any = 0;
  MPI_Bcast(&lacks, 1, MPI_INT, 0, MPI_COMM_WORLD);
  int mine = lacks && vqe_devices(NULL) > 0;
  MPI_Allreduce(&mine, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return any ? VQE_OK : status;
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
  objects.opaque_etags =
      lake->etag != NULL && strcmp(lake->etag, "opaque") == 0;
  if (vqe_batch_outcome_take(&results, &count, outcome) != VQE_OK) {
    (void)vqe_batch_complain();
    return EXIT_SOME_FAILED;
  }
  return vqe_batch_lake(results, count, job->output,
                        options->warehouse != NULL ? options->warehouse
                                                   : lake->warehouse,
                        &objects, options->quiet) == VQE_OK
             ? EXIT_GOOD
             : EXIT_SOME_FAILED;
}

/* ---- the job ---- */

static int write_qcschema(const char *path, struct vqe_result *const *results,
                          const int *versions, size_t count)
{
  size_t left_out = 0;
  int status = vqe_report_qcschema(path, &left_out, results, versions, count);
  if (status == VQE_OK && left_out > 0) {
    vqe_log(&vqe_cmd_log, VQE_LOG_WARNING,
            "%s leaves out what has no atoms: experiments of an "
            "FCIDUMP (%zu)",
            path, left_out);
  }
  return status;
}

static int write_page(const char *path, const char *source,
                      struct vqe_result *const *results, size_t count)
{
  struct vqe_pages *pages = NULL;
  int status = vqe_pages_create(&pages, source);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = vqe_pages_add(pages, results[k]);
  }
  if (status == VQE_OK) {
    status = vqe_pages_write(path, pages);
  }
  vqe_pages_free(pages);
  return status;
}

/* What is written beside the table. */
static int write_others(struct vqe_result *const *results,
                        const bool *restored, const int *versions,
                        size_t count, const struct vqe_job *job,
                        const struct vqe_cmd_options *options)
{
  int status = VQE_OK;
  if (options->summary != NULL) {
    status = vqe_report_summary(options->summary, results, restored, count);
  }
  if (status == VQE_OK && options->qcschema != NULL) {
    status = write_qcschema(options->qcschema, results, versions, count);
  }
  if (status == VQE_OK && options->report != NULL) {
    status =
        write_page(options->report, job != NULL ? job->output : options->job,
                   results, count);
  }
  return status;
}

/* The table, and the summary for scripts. */
static int report(const struct vqe_batch_outcome *outcome,
                  const struct vqe_job *job,
                  const struct vqe_cmd_options *options)
{
  struct vqe_report_options how = {.width = vqe_text_width(stdout),
                                   .all = options->all};
  struct vqe_result **shown = NULL;
  bool *restored = NULL;
  int *versions = NULL;
  size_t count = 0;
  int code = EXIT_GOOD;
  int status =
      vqe_memory_alloc(&shown, outcome->count + 1, sizeof(struct vqe_result *),
                       "list of results");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&restored, outcome->count + 1, sizeof(bool),
                              "list of results");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&versions, outcome->count + 1, sizeof(int),
                              "list of results");
  }
  for (size_t k = 0; status == VQE_OK && k < outcome->count; k++) {
    struct vqe_result *result = outcome->results[k];
    if (result == NULL) {
      continue;
    }
    if (result->status == VQE_EXPERIMENT_FAILED) {
      code = EXIT_SOME_FAILED;
    }
    restored[count] = outcome->skipped[k];
    versions[count] =
        job == NULL ? 0 : job->qcschema[job->experiments[k]->molecule_id];
    shown[count++] = result;
  }
  if (status == VQE_OK) {
    status = vqe_report_table(stdout, shown, restored, count, &how);
  }
  if (status == VQE_OK) {
    status = write_others(shown, restored, versions, count, job, options);
  }
  free(versions);
  free(restored);
  free(shown);
  if (status != VQE_OK) {
    (void)vqe_batch_complain();
    code = EXIT_SOME_FAILED;
  }
  return outcome->interrupted ? EXIT_INTERRUPTED : code;
}

/* The worse of two exit statuses. */
static int worse(int code, int other)
{
  return other > code ? other : code;
}

/* What rank 0 does when all ranks are done: store, report, make tables,
 * publish. `status` is how the run ended; the exit status. */
static int finish(struct vqe_batch_outcome *outcome,
                  struct vqe_batch_stream *stream, const struct vqe_job *job,
                  const struct vqe_cmd_options *options, int status)
{
  int code = EXIT_GOOD;
  if (status != VQE_OK) {
    (void)vqe_batch_complain();
    code = status == VQE_ERR_INPUT || outcome->count == 0 ? EXIT_BAD_INPUT
                                                          : EXIT_SOME_FAILED;
  }
  /* the journals go when the result file is there: before that, what is
   * to be published is in the spool */
  vqe_batch_stream_sync(stream);
  /* whatever finished is written, also when something went wrong */
  bool stored = job != NULL && outcome->count > 0;
  if (stored && vqe_batch_store(outcome, job) != VQE_OK) {
    (void)vqe_batch_complain();
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR,
            "the finished results are safe in "
            "%s.journal; mend the cause and run the same command again",
            job->output);
    code = EXIT_SOME_FAILED;
    stored = false;
  }
  if (outcome->count > 0) {
    code = worse(code, report(outcome, job, options));
    if (stored && !options->quiet) {
      printf("Result file: %s\n", job->output);
    }
    if (outcome->died > 0 && !options->quiet) {
      printf("%d of %d ranks died on the way; the others went on.\n",
             outcome->died, outcome->ranks);
    }
  }
  if (stored && !outcome->interrupted) {
    code = worse(code, make_tables(outcome, job, options));
  }
  if (vqe_batch_stream_close(stream) != VQE_OK) {
    code = worse(code, EXIT_SOME_FAILED);
  }
  fflush(stdout);
  return code;
}

/* What is written beside the result is none of the run's other files. */
static int check_side_outputs(const struct vqe_job *job,
                              const struct vqe_cmd_options *options)
{
  const char *const others[] = {job->output, options->job, options->qcschema,
                                options->report};
  int status =
      vqe_cmd_side_output_check("--summary", options->summary, others, 4);
  if (status == VQE_OK) {
    status =
        vqe_cmd_side_output_check("--qcschema", options->qcschema, others, 2);
  }
  if (status == VQE_OK) {
    status = vqe_cmd_side_output_check("--report", options->report, others, 3);
  }
  if (status == VQE_OK) {
    status = vqe_batch_spare_inputs("--summary", options->summary, job);
  }
  if (status == VQE_OK) {
    status = vqe_batch_spare_inputs("--qcschema", options->qcschema, job);
  }
  if (status == VQE_OK) {
    status = vqe_batch_spare_inputs("--report", options->report, job);
  }
  size_t length = options->report != NULL ? strlen(options->report) : 0;
  if (status == VQE_OK && length > 4 &&
      strcmp(options->report + length - 4, ".pdf") == 0) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "option --report: '%s' would be HTML; for a PDF "
                           "run vqe_lake report RESULT.h5 -o %s afterwards",
                           options->report, options->report);
  }
  return status;
}

static int open_stream(struct vqe_batch_stream *stream,
                       struct vqe_batch_metrics **metrics,
                       const struct vqe_job *job,
                       const struct vqe_cmd_options *options)
{
  vqe_cmd_warn_exposed(options->insecure_http || job->stream.insecure_http);
  int status = vqe_batch_stream_open(stream, job, options);
  return status == VQE_OK
             ? vqe_batch_metrics_open(metrics, job, options, stream)
             : status;
}

/* On rank 0: the job, and whatever is written while it runs. Collective;
 * returns the exit status of all. */
static int begin(struct vqe_job **job, struct vqe_batch_stream *stream,
                 struct vqe_batch_metrics **metrics,
                 const struct vqe_cmd_options *options,
                 enum vqe_gates_choice gates, int status)
{
  int code = EXIT_GOOD;
  int devices = VQE_OK;
  bool lead = vqe_cmd_log.rank == 0;
  if (lead && status == VQE_OK) {
    status = vqe_batch_load(job, options);
  }
  if (lead && status == VQE_OK) {
    status = check_side_outputs(*job, options);
  }
  if (lead && status == VQE_OK) {
    status = check_gates(gates);
  }
  if (lead && status == VQE_OK) {
    devices = check_devices(*job, gates);
  }
  devices = check_other_ranks(devices);
  if (lead && status == VQE_OK) {
    status = devices;
  }
  if (lead && status == VQE_OK) {
    status = open_stream(stream, metrics, *job, options);
  }
  if (lead && status != VQE_OK) {
    code = vqe_batch_complain();
  }
  MPI_Bcast(&code, 1, MPI_INT, 0, MPI_COMM_WORLD);
  return code;
}

static int run(const struct vqe_cmd_options *options, enum vqe_batch_end *end)
{
  struct vqe_job *job = NULL;
  struct vqe_batch_outcome outcome = {0};
  struct vqe_batch_options batch = {.threads = options->threads,
                                    .lanes = options->lanes,
                                    .force = options->force,
                                    .retry_set_aside =
                                        options->retry_set_aside,
                                    .quiet = options->quiet,
                                    .log = &vqe_cmd_log,
                                    .stop = &stop_signal};
  struct vqe_batch_stream stream = {0};
  struct vqe_batch_metrics *metrics = NULL;
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  vqe_cmd_log.rank = rank;
  MPI_Bcast(vqe_cmd_log.run, sizeof vqe_cmd_log.run, MPI_CHAR, 0,
            MPI_COMM_WORLD);
  /* every rank has the same command line */
  int status = read_gates(&batch.gates, options->gates);
  int code = begin(&job, &stream, &metrics, options, batch.gates, status);
  if (code != EXIT_GOOD) {
    vqe_job_free(job);
    return rank == 0 ? code : EXIT_GOOD;
  }
  if (stream.producer != NULL) {
    batch.finished = vqe_batch_stream_finished;
    batch.finished_ctx = &stream;
  }
  batch.watch = vqe_batch_metrics_watch(metrics);
  catch_signals();
  status = vqe_batch_run(&outcome, job, &batch, MPI_COMM_WORLD);
  if (rank == 0) {
    code = finish(&outcome, &stream, job, options, status);
    vqe_batch_metrics_close(metrics);
    vqe_batch_stream_clear(&stream);
  }
  *end = vqe_batch_wait(MPI_COMM_WORLD);
  if (*end == VQE_BATCH_LEAD_DIED) {
    code = EXIT_INTERRUPTED;
  }
  vqe_batch_outcome_clear(&outcome);
  vqe_job_free(job);
  return code;
}

/* The first word may be a command instead of a job; under a launcher the first
 * process alone runs it. False: it is a job. */
static bool run_command(int *code, int argc, char **argv)
{
  static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
  } programs[] = {{"generate", vqe_batch_generate},
                  {"status", vqe_batch_status}};
  for (size_t k = 0; argc > 1 && k < sizeof programs / sizeof programs[0];
       k++) {
    if (strcmp(argv[1], programs[k].name) == 0) {
      *code = vqe_batch_launcher_rank() == 0
                  ? programs[k].run(argc - 1, argv + 1)
                  : EXIT_GOOD;
      return true;
    }
  }
  return false;
}

int main(int argc, char **argv)
{
  struct vqe_cmd_options options;
  int code = EXIT_GOOD;
  vqe_cmd_log.program = "vqe_batch";
  vqe_cmd_blas_start(argv);
  /* Keep freed memory for the next experiment: small molecules would spend
   * most of their time in page faults. */
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  vqe_cmd_begin_screen();
  vqe_json_watch();
  signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit fails with a message */
  if (run_command(&code, argc, argv)) {
    return vqe_cmd_end_screen(code);
  }
  if (vqe_cmd_options_parse(&options, argc, argv) != VQE_OK ||
      vqe_cmd_log_begin(options.log_level, options.log_json,
                        options.log_prefix) != VQE_OK) {
    return vqe_batch_launcher_rank() == 0 ? vqe_batch_complain()
                                          : EXIT_BAD_INPUT;
  }
  if (vqe_batch_prints(&options)) {
    return vqe_batch_launcher_rank() == 0
               ? vqe_cmd_end_screen(vqe_batch_print(&options))
               : EXIT_GOOD;
  }
  if (vqe_memory_room(1, START_BYTES, "a start needs", "") != VQE_OK ||
      vqe_batch_start(&argc, &argv, options.singletons) != VQE_OK) {
    return vqe_batch_launcher_rank() == 0 ? vqe_batch_complain()
                                          : EXIT_BAD_INPUT;
  }
  enum vqe_batch_end end = VQE_BATCH_ALL_LIVE;
  code = run(&options, &end);
  if (end == VQE_BATCH_ALL_LIVE) {
    MPI_Finalize();
    return vqe_cmd_end_screen(code);
  }
  /* it may wait for the dead for ever */
  code = vqe_cmd_end_screen(code);
  (void)fflush(NULL);
  _exit(code);
}
