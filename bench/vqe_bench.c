/* vqe_bench: what the project's parts cost on this machine. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error_message.h"
#include "bench.h"
#include "blas_start.h"
#include "option_table.h"
#include "vqe/experiment.h"

enum group { GROUP_WHAT, GROUP_HOW, GROUP_OUTPUT, GROUP_OTHER, GROUPS };

static const char *const group_titles[GROUPS] = {
    "What it measures", "How it measures", "What it shows", "Other"};

struct options {
  const char *filter;
  bool list;
  const char *circuits;
  int repeats, threads;
  const char *seconds;
  const char *data, *programs;
  const char *device, *gates;
  const char *json;
  const char *compare;
  bool help, version, man;
};

#define AT(member) offsetof(struct options, member)

/* clang-format off */
static const struct vqe_cmd_option entries[] = {
    {"filter", 'F', "WORDS", GROUP_WHAT, VQE_CMD_TEXT, AT(filter), NULL,
     "only workloads whose name holds one of these words, separated by "
     "commas; the roofline is always measured (all)", 0},
    {"list", 'l', NULL, GROUP_WHAT, VQE_CMD_FLAG, AT(list), NULL,
     "list the workloads and end", 0},
    {"circuits", 0, "FOLDER", GROUP_WHAT, VQE_CMD_TEXT, AT(circuits), "FILE",
     "write the circuits and Hamiltonians for other simulators and end", 0},
    {"repeats", 'r', "N", GROUP_HOW, VQE_CMD_COUNT, AT(repeats), NULL,
     "repeats of each workload (as many as fit --seconds, at least one)", 0},
    {"seconds", 's', "X", GROUP_HOW, VQE_CMD_TEXT, AT(seconds), NULL,
     "of repeats for each workload (2)", 0},
    {"threads", 't', "N", GROUP_HOW, VQE_CMD_COUNT, AT(threads), NULL,
     "threads of a process (1)", 0},
    {"device", 0, "NAME", GROUP_HOW, VQE_CMD_TEXT, AT(device), "cpu cuda",
     "where energies and gradients are taken: cpu or cuda (cpu)", 0},
    {"gates", 0, "NAME", GROUP_HOW, VQE_CMD_TEXT, AT(gates), "own custatevec",
     "gates of the full space on a GPU: own kernels or cuStateVec, without "
     "sectors (own)", 0},
    {"data", 0, "FOLDER", GROUP_HOW, VQE_CMD_TEXT, AT(data), "FILE",
     "FCIDUMP files and energies.json (tests/data of the sources)", 0},
    {"programs", 0, "FOLDER", GROUP_HOW, VQE_CMD_TEXT, AT(programs), "FILE",
     "vqe_batch and vqe_lake (beside vqe_bench)", 0},
    {"json", 'j', "FILE", GROUP_OUTPUT, VQE_CMD_TEXT, AT(json), "FILE",
     "append the records to a file, one JSON object a line", 0},
    {"compare", 'c', "A", GROUP_OUTPUT, VQE_CMD_TEXT, AT(compare), "FILE",
     "ratios of the records of file B, the argument, to those of A, and end",
     0},
    {"help", 'h', NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(help), NULL,
     "show this text", 0},
    {"version", 'V', NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(version), NULL,
     "show the version", 0},
    {"man", 0, NULL, GROUP_OTHER, VQE_CMD_FLAG, AT(man), NULL,
     "print the man page (vqe_bench --man | man -l -)", 0},
};
/* clang-format on */

static const struct vqe_cmd_status statuses[] = {
    {"0", "every workload ran, or was skipped for want of something"},
    {"1", "a workload failed"},
    {"2", "bad usage or input"},
};

static const struct vqe_cmd_table table = {
    .program = "vqe_bench",
    .summary = "times, memory and shares of the roofline",
    .usage = "vqe_bench [options] | vqe_bench --compare A B",
    .introduction = "Minimum and median of repeats; peaks measured in the "
                    "same run. Defaults stand in parentheses.",
    .description =
        "Measures the workloads of the project, each in a process of its own: "
        "wall and CPU time, peak memory, floating-point operations and bytes "
        "as shares of what DGEMM and the STREAM triad reach in the same "
        "run.",
    .options = entries,
    .noptions = sizeof entries / sizeof entries[0],
    .groups = group_titles,
    .ngroups = GROUPS,
    .statuses = statuses,
    .nstatuses = sizeof statuses / sizeof statuses[0],
};

static int complain(void)
{
  fprintf(stderr, "vqe_bench: %s\n", vqe_error_message());
  return 2;
}

/* The folder of this program. */
static const char *own_folder(char path[PATH_MAX])
{
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
  if (length <= 0) {
    return ".";
  }
  path[length] = '\0';
  return dirname(path);
}

static void remove_folder(const char *path)
{
  pid_t process = fork();
  if (process == 0) {
    execlp("rm", "rm", "-rf", path, (char *)NULL);
    _exit(127);
  }
  if (process > 0) {
    (void)waitpid(process, NULL, 0);
  }
}

static int measure(const struct options *options)
{
  char folder[PATH_MAX];
  char scratch[] = "/tmp/vqe-bench-XXXXXX";
  struct bench_settings settings = {
      .repeats = options->repeats,
      .seconds = 2.0,
      .threads = options->threads > 0 ? options->threads : 1,
      .data = options->data != NULL ? options->data : VQE_BENCH_DATA,
      .programs =
          options->programs != NULL ? options->programs : own_folder(folder),
      .source = VQE_BENCH_SOURCE,
      .scratch = scratch,
  };
  if (options->seconds != NULL) {
    char *end;
    settings.seconds = strtod(options->seconds, &end);
    if (end == options->seconds || *end != '\0' || settings.seconds < 0.0) {
      (void)vqe_error_set(VQE_ERR_INPUT, "--seconds %s is not a time",
                          options->seconds);
      return complain();
    }
  }
  if (options->device != NULL) {
    settings.cuda = strcmp(options->device, "cuda") == 0;
    if (!settings.cuda && strcmp(options->device, "cpu") != 0) {
      (void)vqe_error_set(VQE_ERR_INPUT, "--device %s: cpu or cuda",
                          options->device);
      return complain();
    }
  }
  if (options->gates != NULL) {
    settings.custatevec = strcmp(options->gates, "custatevec") == 0;
    if ((settings.custatevec && !settings.cuda) ||
        (!settings.custatevec && strcmp(options->gates, "own") != 0)) {
      (void)vqe_error_set(VQE_ERR_INPUT,
                          "--gates %s: own, or custatevec with --device cuda",
                          options->gates);
      return complain();
    }
  }
  if (options->circuits != NULL) {
    return bench_export(&settings, options->circuits) == VQE_OK ? 0
                                                                : complain();
  }
  if (mkdtemp(scratch) == NULL) {
    (void)vqe_error_set(VQE_ERR_IO, "cannot make a folder '%s': %s", scratch,
                        strerror(errno));
    return complain();
  }
  int failed = bench_run_all(&settings, options->filter, options->json);
  remove_folder(scratch);
  return failed < 0 ? complain() : failed > 0;
}

int main(int argc, char **argv)
{
  struct options options = {0};
  int first = argc;
  vqe_cmd_blas_start(argv);
  if (vqe_cmd_table_parse(&table, &options, &first, argc, argv) != VQE_OK) {
    return complain();
  }
  if (options.help) {
    (void)vqe_cmd_table_help(&table, NULL, stdout);
  } else if (options.version) {
    printf("vqe_bench %s\n", vqe_version());
  } else if (options.man) {
    vqe_cmd_table_man(&table, stdout);
  } else if (options.compare != NULL && first == argc - 1) {
    return bench_compare(options.compare, argv[first]) == VQE_OK ? 0
                                                                 : complain();
  } else if (options.compare != NULL || first != argc) {
    (void)vqe_error_set(VQE_ERR_INPUT, "usage: %s; see --help", table.usage);
    return complain();
  } else if (options.list) {
    bench_list(options.filter);
  } else {
    return measure(&options);
  }
  return 0;
}
