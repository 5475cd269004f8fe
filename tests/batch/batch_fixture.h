/* A job of small molecules in a scratch folder, and runs that compute
 * nothing. */
#ifndef VQE_TEST_BATCH_FIXTURE_H
#define VQE_TEST_BATCH_FIXTURE_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch/worker.h"
#include "job/job.h"
#include "vqe/error.h"
#include "vqe/experiment.h"

struct batch_fixture {
  char folder[64];
  char output[128]; /* result file */
};

static inline int fixture_remove(const char *path, const struct stat *info,
                                 int type, struct FTW *place)
{
  (void)info;
  (void)type;
  (void)place;
  return remove(path);
}

static inline int batch_setup(void **state)
{
  struct batch_fixture *fixture = calloc(1, sizeof *fixture);
  snprintf(fixture->folder, sizeof fixture->folder, "/tmp/vqe-batch-XXXXXX");
  if (fixture == NULL || mkdtemp(fixture->folder) == NULL) {
    return -1;
  }
  snprintf(fixture->output, sizeof fixture->output, "%s/out.h5",
           fixture->folder);
  *state = fixture;
  return 0;
}

static inline int batch_teardown(void **state)
{
  struct batch_fixture *fixture = *state;
  (void)nftw(fixture->folder, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
  free(fixture);
  return 0;
}

/* The job `text`, with the fixture's result file. */
static inline struct vqe_job *batch_job(const struct batch_fixture *fixture,
                                        const char *text)
{
  struct vqe_job *job = NULL;
  char *warnings = NULL;
  if (vqe_job_parse(&job, &warnings, text, strlen(text), "test.json", NULL) !=
      0) {
    fail_msg("%s", vqe_error_message());
  }
  free(warnings);
  free(job->output);
  free(job->file);
  job->output = strdup(fixture->output);
  job->file = strdup(fixture->output);
  return job;
}

/* H2 at `count` distances from `from` angstrom on: serial ones of equal
 * cost. */
static inline struct vqe_job *
batch_h2_from(const struct batch_fixture *fixture, size_t count, double from)
{
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  fprintf(stream, "{\"seed\": 1, \"molecules\": [");
  for (size_t k = 0; k < count; k++) {
    fprintf(stream,
            "%s{\"name\": \"H2 %zu\", \"symbols\": [\"H\", \"H\"], "
            "\"coords\": [[0,0,0],[0,0,%.3f]]}",
            k > 0 ? "," : "", k, from + 0.01 * (double)k);
  }
  fprintf(stream, "]}");
  fclose(stream);
  struct vqe_job *job = batch_job(fixture, text);
  free(text);
  assert_int_equal(job->count, count);
  return job;
}

static inline struct vqe_job *batch_h2(const struct batch_fixture *fixture,
                                       size_t count)
{
  return batch_h2_from(fixture, count, 0.7);
}

/* A result as if it had run; a vqe_worker_run. */
static inline int batch_run_nothing(struct vqe_result **out,
                                    struct vqe_lane *lane,
                                    const struct vqe_experiment *experiment,
                                    bool serial)
{
  (void)lane;
  (void)serial;
  return vqe_result_create(out, experiment, VQE_EXPERIMENT_OK, "not run");
}

/* Cannot go on. */
static inline int batch_run_broken(struct vqe_result **out,
                                   struct vqe_lane *lane,
                                   const struct vqe_experiment *experiment,
                                   bool serial)
{
  (void)out;
  (void)lane;
  (void)experiment;
  (void)serial;
  return vqe_journal_open(&(struct vqe_journal *){NULL}, "/no/such/place");
}

#endif
