/* vqe_batch and vqe_lake as processes: throughput of a batch over ranks,
 * start-up, tables. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "bench.h"

extern char **environ;

#define TEXT 4096

/* Under these one rank on one node starts fastest: shared memory alone, no
 * search for networks, no daemon for a process without a launcher. */
static const char *const tuned[] = {
    "OMPI_MCA_pml=ob1", "OMPI_MCA_btl=self,vader", "OMPI_MCA_osc=^ucx",
    "OMPI_MCA_ess_singleton_isolated=1"};

struct command {
  const char *words[16]; /* ended by NULL */
  char **environment;    /* NULL: ours */
  const char *remove;    /* folder or file to remove before, NULL: none */
  const char *output;    /* where its standard output goes */
};

/* This environment and `count` further variables; free the array alone. */
static int extend_environment(char ***out, const char *const *more,
                              size_t count)
{
  size_t n = 0;
  while (environ[n] != NULL) {
    n++;
  }
  int status =
      vqe_memory_alloc(out, n + count + 1, sizeof(char *), "environment");
  if (status == VQE_OK) {
    /* the first of a name counts */
    memcpy(*out, more, count * sizeof(char *));
    memcpy(*out + count, environ, n * sizeof(char *));
  }
  return status;
}

static int run_words(const char *const *words, char **environment,
                     const char *output)
{
  posix_spawn_file_actions_t actions;
  pid_t process;
  int ended = 0;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output,
                                   O_WRONLY | O_CREAT | O_TRUNC, 0666);
  int error = posix_spawnp(&process, words[0], &actions, NULL,
                           (char *const *)(const void *)words,
                           environment != NULL ? environment : environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED, "cannot run '%s': %s", words[0],
                         strerror(error));
  }
  while (waitpid(process, &ended, 0) < 0) {
    if (errno != EINTR) {
      return vqe_error_set(VQE_ERR_IO, "cannot wait for '%s': %s", words[0],
                           strerror(errno));
    }
  }
  if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0) {
    return vqe_error_set(VQE_ERR_IO, "'%s' ended with status %d", words[0],
                         WIFEXITED(ended) ? WEXITSTATUS(ended) : -1);
  }
  return VQE_OK;
}

static int run_command(void *ctx)
{
  const struct command *command = ctx;
  if (command->remove != NULL) {
    const char *const words[] = {"rm", "-rf", command->remove, NULL};
    int status = run_words(words, NULL, "/dev/null");
    if (status != VQE_OK) {
      return status;
    }
  }
  return run_words(command->words, command->environment, command->output);
}

/* Path of a program of the project. */
static int find_program(char path[TEXT], const struct bench_run *run,
                        const char *name)
{
  if (snprintf(path, TEXT, "%s/%s", run->settings->programs, name) >= TEXT) {
    return vqe_error_set(VQE_ERR_INPUT, "--programs: the path is too long");
  }
  if (access(path, X_OK) != 0) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "there is no program '%s'; --programs names its "
                         "folder",
                         path);
  }
  return VQE_OK;
}

/* ---- vqe_batch ---- */

/* A job of H2, or N2, at `count` distances from 0.5, or 1, angstrom on. */
static int write_job(const char *path, const char *molecule, int count)
{
  bool nitrogen = strcmp(molecule, "N2") == 0;
  const char *symbol = nitrogen ? "N" : "H";
  double first = nitrogen ? 1.0 : 0.5;
  double range = nitrogen ? 0.6 : 2.0;
  FILE *stream = fopen(path, "w");
  if (stream == NULL) {
    return vqe_error_set(VQE_ERR_IO, "cannot write '%s': %s", path,
                         strerror(errno));
  }
  fprintf(stream, "{\"molecules\": [\n");
  for (int k = 0; k < count; k++) {
    fprintf(stream,
            "%s{\"symbols\": [\"%s\", \"%s\"], \"coords\": [[0, 0, 0], [0, 0, "
            "%.6f]]}",
            k > 0 ? ",\n" : "", symbol, symbol, first + range * k / count);
  }
  fprintf(stream, "]}\n");
  if (fclose(stream) != 0) {
    return vqe_error_set(VQE_ERR_IO, "cannot write '%s': %s", path,
                         strerror(errno));
  }
  return VQE_OK;
}

struct batch {
  char program[TEXT], job[TEXT], result[TEXT], output[TEXT + 16];
  char threads[32];
  struct command command;
};

/* `number` geometries of H2 on as many ranks, without mpirun when that is
 * NULL, with so many threads each. */
static int batch_init(struct batch *batch, const struct bench_run *run,
                      const char *ranks, long threads)
{
  const char *scratch = run->settings->scratch;
  const char **word = batch->command.words;
  int status = find_program(batch->program, run, "vqe_batch");
  snprintf(batch->job, TEXT, "%s/job.json", scratch);
  snprintf(batch->result, TEXT, "%s/job.h5", scratch);
  snprintf(batch->output, sizeof batch->output, "--output=%s", batch->result);
  snprintf(batch->threads, sizeof batch->threads, "--threads=%ld", threads);
  if (status == VQE_OK) {
    status =
        write_job(batch->job, run->workload->molecule, run->workload->number);
  }
  if (ranks != NULL) {
    *word++ = "mpirun";
    *word++ = "-np";
    *word++ = ranks;
  }
  *word++ = batch->program;
  *word++ = batch->job;
  *word++ = batch->output;
  *word++ = batch->threads;
  *word++ = "--no-lake";
  *word++ = "--quiet";
  *word = NULL;
  batch->command.environment = NULL;
  batch->command.remove = batch->result;
  batch->command.output = "/dev/null";
  return status;
}

static int run_batch(struct bench_run *run)
{
  struct batch batch;
  int count = run->workload->number;
  const char *ranks = run->workload->variant;
  long threads = 1;
  if (ranks != NULL && strcmp(ranks, "lanes") == 0) {
    ranks = NULL;
    threads = sysconf(_SC_NPROCESSORS_ONLN);
  }
  if (ranks != NULL && atol(ranks) > sysconf(_SC_NPROCESSORS_ONLN)) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s ranks want as many processors", ranks);
  }
  int status = batch_init(&batch, run, ranks, threads);
  if (status == VQE_OK) {
    status = bench_repeat(run, run_command, &batch.command);
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "experiments", json_integer(count));
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "experiments_per_second",
                        json_real(count / run->wall_min));
  }
  return status;
}

static int run_startup(struct bench_run *run)
{
  struct batch batch;
  int status = batch_init(&batch, run, NULL, 1);
  if (status == VQE_OK && run->workload->variant != NULL) {
    status = extend_environment(&batch.command.environment, tuned,
                                sizeof tuned / sizeof tuned[0]);
  }
  if (status == VQE_OK) {
    status = bench_repeat(run, run_command, &batch.command);
    free(batch.command.environment);
  }
  return status;
}

/* ---- vqe_lake ---- */

struct tables {
  struct command normalize, featurize;
};

static int make_tables(void *ctx)
{
  struct tables *tables = ctx;
  int status = run_command(&tables->normalize);
  if (status == VQE_OK) {
    status = run_command(&tables->featurize);
  }
  return status;
}

/* Tables of `number` small experiments, from their HDF5 file. */
static int run_tables(struct bench_run *run)
{
  struct batch batch;
  char program[TEXT];
  char place[TEXT];
  int status = find_program(program, run, "vqe_lake");
  snprintf(place, sizeof place, "%s/warehouse", run->settings->scratch);
  if (status == VQE_OK) {
    status = batch_init(&batch, run, NULL, 1);
  }
  if (status == VQE_OK) {
    status = run_command(&batch.command);
  }
  if (status != VQE_OK) {
    return status;
  }
  struct tables tables = {
      .normalize = {.words = {program, "normalize", batch.result, "--quiet",
                              "--warehouse", place, NULL},
                    .remove = place,
                    .output = "/dev/null"},
      .featurize = {.words = {program, "featurize", place, "--quiet", NULL},
                    .output = "/dev/null"}};
  status = bench_repeat(run, make_tables, &tables);
  if (status == VQE_OK) {
    status =
        bench_fact(run, "experiments", json_integer(run->workload->number));
  }
  return status;
}

/* First number of the first line that begins with `word`. */
static double number_after(const char *path, const char *word)
{
  FILE *stream = fopen(path, "r");
  char line[512];
  double value = 0.0;
  size_t length = strlen(word);
  while (stream != NULL && fgets(line, sizeof line, stream) != NULL) {
    if (strncmp(line, word, length) == 0) {
      value = strtod(line + length, NULL);
      break;
    }
  }
  if (stream != NULL) {
    fclose(stream);
  }
  return value;
}

/* A script of bench/ whose output has the times, with one more variable in its
 * environment. `failed`: what to say when it fails. */
static int run_script(struct command *command, const char *variable,
                      const char *failed)
{
  const char *const more[] = {variable};
  int status = extend_environment(&command->environment, more, 1);
  if (status == VQE_OK) {
    status = run_command(command);
    free(command->environment);
    if (status != VQE_OK) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED, "%s", failed);
    }
  }
  return status;
}

/* lake_load.py with `number` experiments of 500 iterations of 50 parameters.
 * It writes raw files too, so the times are those it prints. */
static int run_load(struct bench_run *run)
{
  const struct bench_settings *settings = run->settings;
  char program[TEXT];
  char variable[TEXT + 16];
  char script[TEXT];
  char said[TEXT];
  char count[16];
  struct command command = {.words = {"python3", script, count, "500", "50",
                                      "--folder", settings->scratch, NULL},
                            .output = said};
  int status = find_program(program, run, "vqe_lake");
  snprintf(variable, sizeof variable, "VQE_LAKE=%s", program);
  snprintf(script, sizeof script, "%s/lake_load.py", settings->source);
  snprintf(said, sizeof said, "%s/lake_load.txt", settings->scratch);
  snprintf(count, sizeof count, "%d", run->workload->number);
  if (status == VQE_OK) {
    status = run_script(&command, variable,
                        "lake_load.py failed; it needs fastavro");
  }
  if (status != VQE_OK) {
    return status;
  }
  double normalize = number_after(said, "normalize");
  double featurize = number_after(said, "featurize");
  run->repeats = 1;
  run->wall_min = normalize + featurize;
  run->wall_median = run->wall_min;
  status = bench_fact(run, "seconds_normalize", json_real(normalize));
  if (status == VQE_OK) {
    status = bench_fact(run, "seconds_featurize", json_real(featurize));
  }
  return status;
}

/* stream_load.py: `number` records of a molecule to a Kafka on loopback, by
 * the producer and by librdkafka alone. */
static int run_stream(struct bench_run *run)
{
  const struct bench_settings *settings = run->settings;
  const char *molecule = run->workload->molecule;
  char program[TEXT];
  char script[TEXT];
  char said[TEXT];
  char count[16];
  char line[32];
  struct command command = {.words = {"python3", script, "--only", molecule,
                                      "--records", count, "--rounds", "3",
                                      "--programs", settings->programs, NULL},
                            .output = said};
  int status = find_program(program, run, "tests/stream-tool");
  snprintf(script, sizeof script, "%s/stream_load.py", settings->source);
  snprintf(said, sizeof said, "%s/stream_load.txt", settings->scratch);
  snprintf(count, sizeof count, "%d", run->workload->number);
  if (status == VQE_OK) {
    status = run_script(&command, "VQE_NO_FETCH=1",
                        "stream_load.py failed; it needs what "
                        "jobs/setup/kafka.sh fetches");
  }
  if (status != VQE_OK) {
    return status;
  }
  snprintf(line, sizeof line, "%-10s producer", molecule);
  double ours = number_after(said, line);
  snprintf(line, sizeof line, "%-10s librdkafka", molecule);
  double alone = number_after(said, line);
  if (ours <= 0.0 || alone <= 0.0) {
    return vqe_error_set(VQE_ERR_IO, "stream_load.py printed no rates");
  }
  run->repeats = 3;
  run->wall_min = run->workload->number / ours;
  run->wall_median = run->wall_min;
  status = bench_fact(run, "records_per_second", json_real(ours));
  if (status == VQE_OK) {
    status = bench_fact(run, "of_librdkafka", json_real(ours / alone));
  }
  return status;
}

static const struct bench_workload workloads[] = {
    {"startup/default", "vqe_batch of one H2, from exec to exit", run_startup,
     "H2", NULL, 1},
    {"startup/tuned", "the same with MPI settings for one node", run_startup,
     "H2", "tuned", 1},
    {"batch/alone", "1,000 geometries of H2, no mpirun", run_batch, "H2", NULL,
     1000},
    {"batch/lanes", "the same with a thread and a lane for each processor",
     run_batch, "H2", "lanes", 1000},
    {"batch/1", "1,000 geometries of H2, one rank", run_batch, "H2", "1",
     1000},
    {"batch/2", "1,000 geometries of H2, two ranks", run_batch, "H2", "2",
     1000},
    {"batch/4", "1,000 geometries of H2, four ranks", run_batch, "H2", "4",
     1000},
    {"batch/N2/1", "200 geometries of N2, one rank", run_batch, "N2", "1",
     200},
    {"batch/N2/2", "200 geometries of N2, two ranks", run_batch, "N2", "2",
     200},
    {"lake/8", "normalize and featurize 8 experiments", run_tables, "H2", NULL,
     8},
    {"lake/1000", "normalize and featurize 1,000 experiments", run_tables,
     "H2", NULL, 1000},
    {"lake/load", "the same, 100 experiments of 500 iterations", run_load,
     NULL, NULL, 100},
    {"stream/H2", "publish 20,000 records of 3 kB", run_stream, "H2", NULL,
     20000},
    {"stream/CO2", "publish 300 records of 580 kB", run_stream, "CO2", NULL,
     300},
};

const struct bench_group bench_programs_group = {
    workloads, sizeof workloads / sizeof workloads[0]};
