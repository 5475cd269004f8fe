/* Runs workloads, one process each, and reports them. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/json_text.h"
#include "base/machine.h"
#include "base/memory.h"
#include "bench.h"
#include "vqe/experiment.h"

/* A workload that takes longer is ended. */
#define LIMIT_SECONDS 300.0
#define RECORD_SIZE 65536

/* Ceilings: rates of the roofline workloads, by thread count (one, all). */
struct ceilings {
  double flops[2], memory[2], cache[2];
};

static bool selected(const char *name, const char *filter)
{
  if (filter == NULL) {
    return true;
  }
  while (*filter != '\0') {
    size_t length = strcspn(filter, ",");
    if (length > 0 && memmem(name, strlen(name), filter, length) != NULL) {
      return true;
    }
    filter += length + (filter[length] == ',');
  }
  return false;
}

/* ---- in the process of the workload ---- */

static const char *outcome(int status)
{
  return status == VQE_OK                ? "ok"
         : status == VQE_ERR_UNSUPPORTED ? "skipped"
                                         : "failed";
}

/* Run it and write its record, one line, to `to`. */
static void run_here(const struct bench_settings *settings,
                     const struct bench_workload *workload, int to)
{
  struct bench_run run = {
      .settings = settings, .workload = workload, .facts = json_object()};
  int status = workload->run(&run);
  json_t *record = json_pack(
      "{s:s, s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "workload",
      workload->name, "status", outcome(status), "threads", settings->threads,
      "repeats", run.repeats, "wall_min", run.wall_min, "wall_median",
      run.wall_median, "cpu_min", run.cpu_min, "cpu_median", run.cpu_median,
      "flop", run.cost.flop, "bytes", run.cost.bytes, "resident_bytes",
      run.cost.resident);
  if (status != VQE_OK) {
    json_object_set_new(record, "reason", json_string(vqe_error_message()));
  }
  json_object_update(record, run.facts);
  char *text = vqe_json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(15));
  size_t length = text == NULL ? 0 : strlen(text);
  for (size_t done = 0; done < length;) {
    ssize_t wrote = write(to, text + done, length - done);
    if (wrote <= 0) {
      break;
    }
    done += (size_t)wrote;
  }
  _exit(length == 0);
}

/* ---- in the parent ---- */

/* Read until the end or the time limit; whether the end came. */
static bool read_record(char *text, int from)
{
  double until = vqe_clock_wall() + LIMIT_SECONDS;
  size_t size = 0;
  for (;;) {
    struct pollfd poller = {from, POLLIN, 0};
    double left = until - vqe_clock_wall();
    int ready = left <= 0.0 ? 0 : poll(&poller, 1, (int)(1e3 * left) + 1);
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    ssize_t got =
        ready <= 0 ? -1 : read(from, text + size, RECORD_SIZE - 1 - size);
    if (got <= 0) {
      text[size] = '\0';
      return got == 0;
    }
    size += (size_t)got;
  }
}

static json_t *failed_record(const char *name, const char *reason)
{
  return json_pack("{s:s, s:s, s:s}", "workload", name, "status", "failed",
                   "reason", reason);
}

/* One workload in a process group of its own, so that the programs it starts
 * end with it. */
static int run_one(json_t **out, const struct bench_settings *settings,
                   const struct bench_workload *workload)
{
  int ends[2];
  char *text = NULL;
  struct rusage usage;
  int ended = 0;
  int status = vqe_memory_alloc(&text, RECORD_SIZE, 1, "a record");
  if (status != VQE_OK) {
    return status;
  }
  fflush(NULL);
  if (pipe2(ends, O_CLOEXEC) != 0) {
    free(text);
    return vqe_error_set(VQE_ERR_IO, "cannot make a pipe: %s",
                         strerror(errno));
  }
  pid_t process = fork();
  if (process == 0) {
    setpgid(0, 0);
    close(ends[0]);
    run_here(settings, workload, ends[1]);
  }
  close(ends[1]);
  bool whole = process > 0 && read_record(text, ends[0]);
  close(ends[0]);
  if (process < 0) {
    free(text);
    return vqe_error_set(VQE_ERR_IO, "cannot start a process: %s",
                         strerror(errno));
  }
  if (!whole) {
    kill(-process, SIGKILL);
  }
  while (wait4(process, &ended, 0, &usage) < 0 && errno == EINTR) {
  }
  json_t *record = json_loads(text, 0, NULL);
  if (record == NULL) {
    char reason[96];
    if (whole) {
      snprintf(reason, sizeof reason, "the process ended by signal %d",
               WTERMSIG(ended));
    } else {
      snprintf(reason, sizeof reason, "took longer than %.0f s",
               LIMIT_SECONDS);
    }
    record = failed_record(workload->name, reason);
  }
  free(text);
  json_object_set_new(record, "peak_memory_mb",
                      json_real((double)usage.ru_maxrss * 1024 / 1e6));
  *out = record;
  return VQE_OK;
}

static double number_of(const json_t *record, const char *name)
{
  return json_number_value(json_object_get(record, name));
}

/* Keep the rates of a roofline workload, "roofline/memory/1". */
static void keep_ceiling(struct ceilings *ceilings, const json_t *record)
{
  const char *name = json_string_value(json_object_get(record, "workload"));
  double wall = number_of(record, "wall_min");
  if (strncmp(name, "roofline/", 9) != 0 || wall <= 0.0) {
    return;
  }
  size_t which = name[strlen(name) - 1] == '1' ? 0 : 1;
  if (strstr(name, "/dgemm/") != NULL) {
    ceilings->flops[which] = number_of(record, "flop") / wall;
  } else if (strstr(name, "/memory/") != NULL) {
    ceilings->memory[which] = number_of(record, "bytes") / wall;
  } else {
    ceilings->cache[which] = number_of(record, "bytes") / wall;
  }
}

/* Rates and their share of what the machine can do. The roofline's time is
 * the longer of the two: operations at the speed of DGEMM, bytes at that of
 * the triad, in cache where the vectors fit half of the last-level one. */
static void add_rates(json_t *record, const struct ceilings *ceilings)
{
  double wall = number_of(record, "wall_min");
  double flop = number_of(record, "flop");
  double bytes = number_of(record, "bytes");
  double resident = number_of(record, "resident_bytes");
  size_t which = number_of(record, "threads") == 1.0 ? 0 : 1;
  bool cached = resident < 0.5 * (double)sysconf(_SC_LEVEL3_CACHE_SIZE);
  double flops = ceilings->flops[which];
  double rate = cached ? ceilings->cache[which] : ceilings->memory[which];
  if (wall <= 0.0 || flop <= 0.0) {
    return;
  }
  json_object_set_new(record, "gflops", json_real(flop / wall * 1e-9));
  if (bytes > 0.0) {
    json_object_set_new(record, "gbytes_per_second",
                        json_real(bytes / wall * 1e-9));
  }
  if (resident <= 0.0 || flops <= 0.0 || rate <= 0.0) {
    return;
  }
  json_object_set_new(record, "dgemm_share", json_real(flop / wall / flops));
  json_object_set_new(record, "triad_share", json_real(bytes / wall / rate));
  json_object_set_new(record, "triad",
                      json_string(cached ? "cache" : "memory"));
  json_object_set_new(record, "roofline_share",
                      json_real(fmax(flop / flops, bytes / rate) / wall));
}

/* ---- output ---- */

static void print_head(const json_t *machine)
{
  printf("%s, %s, %d processors, load %.2f; vqe_bench %s\n",
         json_string_value(json_object_get(machine, "hostname")),
         json_string_value(json_object_get(machine, "processor")),
         (int)number_of(machine, "processors"), number_of(machine, "load"),
         vqe_version());
  printf("Times in milliseconds; shares of DGEMM, of the triad and of the "
         "roofline in %%.\n");
  printf("%-28s %3s %4s %11s %11s %11s %8s %8s %8s %5s %5s %5s  %s\n",
         "workload", "thr", "n", "wall min", "median", "cpu min", "peak MB",
         "GFLOP/s", "GB/s", "dgemm", "triad", "roof", "result");
}

static void print_number(const json_t *record, const char *name,
                         const char *format, double scale, int width)
{
  const json_t *value = json_object_get(record, name);
  if (value == NULL) {
    printf(" %*s", width, "");
  } else {
    printf(format, scale * json_number_value(value));
  }
}

/* Facts worth a look, as far as the record has them. */
static void print_facts(const json_t *record)
{
  static const struct {
    const char *name, *format;
    double scale;
  } facts[] = {
      {"energy", "  %.8f", 1.0},
      {"evaluations", "  %.0f evaluations", 1.0},
      {"optimizer_share", "  %.2f%% in the optimizer", 100.0},
      {"seconds_integrals", "  integrals %.3f ms", 1e3},
      {"seconds_scf", "  SCF %.3f ms", 1e3},
      {"terms", "  %.0f terms", 1.0},
      {"experiments_per_second", "  %.0f experiments/s", 1.0},
      {"records_per_second", "  %.0f records/s", 1.0},
      {"of_librdkafka", "  %.2f of librdkafka's", 1.0},
      {"seconds_normalize", "  normalize %.2f s", 1.0},
      {"seconds_featurize", "  featurize %.2f s", 1.0},
  };
  for (size_t k = 0; k < sizeof facts / sizeof facts[0]; k++) {
    const json_t *value = json_object_get(record, facts[k].name);
    if (value != NULL) {
      printf(facts[k].format, facts[k].scale * json_number_value(value));
    }
  }
}

static void print_record(const json_t *record)
{
  const char *status = json_string_value(json_object_get(record, "status"));
  printf("%-28s", json_string_value(json_object_get(record, "workload")));
  if (strcmp(status, "ok") != 0) {
    printf(" %s: %s\n", status,
           json_string_value(json_object_get(record, "reason")));
    fflush(stdout);
    return;
  }
  printf(" %3.0f %4.0f %11.4f %11.4f %11.4f", number_of(record, "threads"),
         number_of(record, "repeats"), 1e3 * number_of(record, "wall_min"),
         1e3 * number_of(record, "wall_median"),
         1e3 * number_of(record, "cpu_min"));
  print_number(record, "peak_memory_mb", " %8.1f", 1.0, 8);
  print_number(record, "gflops", " %8.2f", 1.0, 8);
  print_number(record, "gbytes_per_second", " %8.2f", 1.0, 8);
  print_number(record, "dgemm_share", " %5.1f", 100.0, 5);
  print_number(record, "triad_share", " %5.1f", 100.0, 5);
  print_number(record, "roofline_share", " %5.1f", 100.0, 5);
  print_facts(record);
  printf("\n");
  fflush(stdout);
}

static int append(const char *path, const json_t *record)
{
  FILE *stream = path == NULL ? NULL : fopen(path, "a");
  if (path == NULL) {
    return VQE_OK;
  }
  int bad = stream == NULL ||
            json_dumpf(record, stream,
                       JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0 ||
            fputc('\n', stream) == EOF;
  if (stream != NULL && fclose(stream) != 0) {
    bad = 1;
  }
  return bad ? vqe_error_set(VQE_ERR_IO, "cannot write '%s': %s", path,
                             strerror(errno))
             : VQE_OK;
}

/* What the figures hold for. */
static json_t *describe_machine(void)
{
  char hostname[65] = "unknown";
  char now[VQE_CLOCK_RFC3339_SIZE];
  char processor[128];
  double load = 0.0;
  vqe_machine_processor_model(processor, sizeof processor);
  (void)gethostname(hostname, sizeof hostname - 1);
  (void)getloadavg(&load, 1);
  vqe_clock_rfc3339(now);
  return json_pack(
      "{s:s, s:s, s:i, s:I, s:f, s:s, s:s}", "hostname", hostname, "processor",
      processor, "processors", (int)sysconf(_SC_NPROCESSORS_ONLN),
      "last_level_cache_bytes", (json_int_t)sysconf(_SC_LEVEL3_CACHE_SIZE),
      "load", load, "time", now, "version", vqe_version());
}

int bench_run_all(const struct bench_settings *settings, const char *filter,
                  const char *json)
{
  struct ceilings ceilings = {0};
  int failed = 0;
  json_t *machine = describe_machine();
  int status = machine == NULL
                   ? vqe_error_set(VQE_ERR_MEMORY, "no memory for a record")
                   : append(json, machine);
  if (status == VQE_OK) {
    print_head(machine);
  }
  json_decref(machine);
  for (size_t g = 0; status == VQE_OK && bench_groups[g] != NULL; g++) {
    const struct bench_group *group = bench_groups[g];
    for (size_t k = 0; status == VQE_OK && k < group->count; k++) {
      const struct bench_workload *workload = &group->workloads[k];
      json_t *record = NULL;
      /* shares need the ceilings, whatever was asked for */
      if (group != &bench_roofline_group &&
          !selected(workload->name, filter)) {
        continue;
      }
      status = run_one(&record, settings, workload);
      if (status != VQE_OK) {
        break;
      }
      keep_ceiling(&ceilings, record);
      add_rates(record, &ceilings);
      failed += strcmp(json_string_value(json_object_get(record, "status")),
                       "failed") == 0;
      print_record(record);
      status = append(json, record);
      json_decref(record);
    }
  }
  return status == VQE_OK ? failed : status;
}

void bench_list(const char *filter)
{
  for (size_t g = 0; bench_groups[g] != NULL; g++) {
    for (size_t k = 0; k < bench_groups[g]->count; k++) {
      const struct bench_workload *workload = &bench_groups[g]->workloads[k];
      if (selected(workload->name, filter)) {
        printf("%-28s %s\n", workload->name, workload->what);
      }
    }
  }
}
