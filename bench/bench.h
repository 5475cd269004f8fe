/* Workloads of vqe_bench, and what running one of them yields.
 *
 * A group of workloads is a table in a file of its own, listed in
 * bench_table.c. Every workload runs in a process of its own, so that its
 * peak memory is its own and a crash costs one line of the report. */
#ifndef VQE_BENCH_BENCH_H
#define VQE_BENCH_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct bench_settings {
  int repeats;          /* 0: as many as fit `seconds` */
  double seconds;       /* of repeats, for each workload */
  int threads;          /* of a process */
  bool cuda;            /* estimators on a GPU */
  bool custatevec;      /* its full space by cuStateVec */
  const char *data;     /* folder of FCIDUMP files and energies.json */
  const char *programs; /* folder of vqe_batch and vqe_lake */
  const char *source;   /* folder of the bench itself */
  const char *scratch;  /* empty folder, removed at the end */
};

/* What one repeat does, by the models of bench_model.h; 0: unknown. */
struct bench_cost {
  double flop;
  double bytes;    /* loads and stores of vectors, from wherever */
  double resident; /* bytes of the vectors they touch */
};

struct bench_workload;

struct bench_run {
  const struct bench_settings *settings;
  const struct bench_workload *workload;
  struct bench_cost cost;
  json_t *facts; /* further members of the record */
  int repeats;   /* the rest is set by bench_repeat; seconds */
  double wall_min, wall_median;
  double cpu_min, cpu_median; /* of the process and its children */
};

struct bench_workload {
  const char *name; /* "gradient/full/N2" */
  const char *what;
  /* Prepares, calls bench_repeat once, adds facts. VQE_ERR_UNSUPPORTED: this
   * machine lacks something that the message names, the workload is
   * skipped. */
  int (*run)(struct bench_run *run);
  const char *molecule;
  const char *variant; /* ansatz, basis or optimizer, as `run` reads it */
  int number;          /* likewise: ranks, experiments */
};

struct bench_group {
  const struct bench_workload *workloads;
  size_t count;
};

extern const struct bench_group bench_roofline_group;
extern const struct bench_group bench_sim_group;
extern const struct bench_group bench_chem_group;
extern const struct bench_group bench_vqe_group;
extern const struct bench_group bench_programs_group;

/* All groups, ended by a count of 0. */
extern const struct bench_group *const bench_groups[];

/* Call body(ctx) `repeats` times, or for `seconds` and at least once, and
 * keep the times in `run`. A first call that takes less than half of the time
 * there is warms caches up and is not counted. Stops at the first failure. */
int bench_repeat(struct bench_run *run, int (*body)(void *ctx), void *ctx);

/* Add a fact; a failed allocation of `value` is an error. Takes `value`. */
int bench_fact(struct bench_run *run, const char *name, json_t *value);

/* Run the selected workloads: those whose name holds one of the words of
 * `filter`, separated by commas (NULL: all). Prints a table to the standard
 * output and appends records to `json` (NULL: none). Returns the number of
 * workloads that failed, or a negative status. */
int bench_run_all(const struct bench_settings *settings, const char *filter,
                  const char *json);

/* Names and descriptions of the selected workloads. */
void bench_list(const char *filter);

/* Ratios of two files of records. */
int bench_compare(const char *before, const char *after);

/* Circuits and Pauli sums of the sim workloads as JSON files in `folder`, for
 * other simulators: see bench/peers. */
int bench_export(const struct bench_settings *settings, const char *folder);

#endif
