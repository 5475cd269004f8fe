#include "batch/resume.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "store/journal.h"

struct evaluation {
  char id[VQE_EXPERIMENT_ID_SIZE];
  int iteration;
  int nparam;
  bool has_gradient;
  double energy, std;
  double *values; /* nparam parameters, then nparam gradient components */
};

struct vqe_resume {
  bool keep_results;
  size_t nresult, result_capacity;
  struct vqe_result **results;
  size_t nevaluation, evaluation_capacity;
  struct evaluation *evaluations; /* sorted by (id, iteration) once read */
};

/* The end of printing a path into *out, which is NULL without memory. */
static int end_path(char **out, int printed)
{
  if (printed < 0) {
    *out = NULL;
    (void)vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
  }
  return *out != NULL ? VQE_OK : VQE_ERR_MEMORY;
}

int vqe_resume_folder(char **out, const char *output)
{
  return end_path(out, asprintf(out, "%s.journal", output));
}

int vqe_resume_journal_path(char **out, const char *output, int run, int rank)
{
  return end_path(out, asprintf(out, "%s.journal/run-%04d-rank-%05d.vqej",
                                output, run, rank));
}

int vqe_resume_part_path(char **out, const char *output, int run)
{
  return end_path(out,
                  asprintf(out, "%s.journal/run-%04d.h5.part", output, run));
}

static int keep_result(struct vqe_resume *resume, struct vqe_result *result)
{
  if (resume->nresult == resume->result_capacity) {
    size_t capacity = 2 * resume->result_capacity + 64;
    int status =
        vqe_memory_grow(&resume->results, resume->nresult, capacity,
                        sizeof(struct vqe_result *), "earlier results");
    if (status != VQE_OK) {
      return status;
    }
    resume->result_capacity = capacity;
  }
  resume->results[resume->nresult++] = result;
  return VQE_OK;
}

static int keep_evaluation(struct vqe_resume *resume,
                           const struct vqe_journal_evaluation *read)
{
  size_t n = (size_t)read->nparam;
  if (resume->nevaluation == resume->evaluation_capacity) {
    size_t capacity = 2 * resume->evaluation_capacity + 256;
    int status =
        vqe_memory_grow(&resume->evaluations, resume->nevaluation, capacity,
                        sizeof *resume->evaluations, "earlier evaluations");
    if (status != VQE_OK) {
      return status;
    }
    resume->evaluation_capacity = capacity;
  }
  struct evaluation *kept = &resume->evaluations[resume->nevaluation];
  memset(kept, 0, sizeof *kept);
  int status = vqe_memory_alloc(&kept->values, 2 * n, sizeof(double),
                                "earlier evaluations");
  if (status != VQE_OK) {
    return status;
  }
  memcpy(kept->id, read->experiment_id, sizeof kept->id);
  kept->iteration = read->iteration;
  kept->nparam = read->nparam;
  kept->energy = read->energy;
  kept->std = read->std;
  memcpy(kept->values, read->parameters, n * sizeof(double));
  kept->has_gradient = read->gradient != NULL;
  if (kept->has_gradient) {
    memcpy(kept->values + n, read->gradient, n * sizeof(double));
  }
  resume->nevaluation++;
  return VQE_OK;
}

static int visit(void *ctx, struct vqe_result *result,
                 const struct vqe_journal_evaluation *evaluation)
{
  struct vqe_resume *resume = ctx;
  if (result == NULL) {
    return keep_evaluation(resume, evaluation);
  }
  if (!resume->keep_results || result->status != VQE_EXPERIMENT_OK) {
    vqe_result_free(result);
    return VQE_OK;
  }
  int status = keep_result(resume, result);
  if (status != VQE_OK) {
    vqe_result_free(result);
  }
  return status;
}

static int compare(const void *a, const void *b)
{
  const struct evaluation *left = a;
  const struct evaluation *right = b;
  int order = strcmp(left->id, right->id);
  return order != 0 ? order : left->iteration - right->iteration;
}

/* Run number of a journal's file name, -1 when it is none. */
static int run_of(const char *name)
{
  int run;
  int rank;
  int used = 0;
  if (sscanf(name, "run-%d-rank-%d.vqej%n", &run, &rank, &used) == 2 &&
      used == (int)strlen(name) && run >= 0) {
    return run;
  }
  return -1;
}

/* Is it a result file that a run left unfinished? */
static bool is_part(const char *name)
{
  int run;
  int used = 0;
  return sscanf(name, "run-%d.h5.part%n", &run, &used) == 1 &&
         used == (int)strlen(name);
}

/* Read one file of the folder, when it is a journal. */
static int read_journal(struct vqe_resume *resume, int *next_run,
                        const char *folder, const char *name)
{
  char *path = NULL;
  bool torn = false;
  int run = run_of(name);
  if (run < 0) {
    return VQE_OK;
  }
  if (run >= *next_run) {
    *next_run = run + 1;
  }
  int status = end_path(&path, asprintf(&path, "%s/%s", folder, name));
  if (status == VQE_OK) {
    status = vqe_journal_read(path, visit, resume, &torn);
  }
  if (torn && resume->keep_results) {
    fprintf(stderr,
            "vqe_batch: note: the last record of '%s' is incomplete (the "
            "run died while writing) and is ignored\n",
            path);
  }
  free(path);
  return status;
}

/* No folder is no failure: nothing was left. */
static int read_folder(struct vqe_resume *resume, int *next_run,
                       const char *folder)
{
  int status = VQE_OK;
  DIR *directory = opendir(folder);
  if (directory == NULL) {
    return errno == ENOENT ? VQE_OK
                           : vqe_error_set(VQE_ERR_IO, "cannot read '%s': %s",
                                           folder, strerror(errno));
  }
  for (struct dirent *entry = readdir(directory);
       status == VQE_OK && entry != NULL; entry = readdir(directory)) {
    status = read_journal(resume, next_run, folder, entry->d_name);
  }
  closedir(directory);
  if (status == VQE_OK && resume->nevaluation > 1) {
    qsort(resume->evaluations, resume->nevaluation,
          sizeof *resume->evaluations, compare);
  }
  return status;
}

int vqe_resume_load(struct vqe_resume **out, int *next_run, const char *output,
                    bool results)
{
  struct vqe_resume *resume = NULL;
  char *folder = NULL;
  *out = NULL;
  *next_run = 0;
  int status = vqe_memory_alloc(&resume, 1, sizeof *resume, "restart data");
  if (status == VQE_OK) {
    resume->keep_results = results;
    status = vqe_resume_folder(&folder, output);
  }
  if (status == VQE_OK) {
    status = read_folder(resume, next_run, folder);
  }
  free(folder);
  if (status != VQE_OK) {
    vqe_resume_free(resume);
    return status;
  }
  *out = resume;
  return VQE_OK;
}

int vqe_resume_begin_run(int *run, const char *output)
{
  struct vqe_resume *resume = NULL;
  char *folder = NULL;
  int status = vqe_resume_load(&resume, run, output, false);
  vqe_resume_free(resume);
  if (status == VQE_OK) {
    status = vqe_resume_folder(&folder, output);
  }
  if (status == VQE_OK && mkdir(folder, 0777) != 0 && errno != EEXIST) {
    status = vqe_error_set(VQE_ERR_IO,
                           "cannot make the folder '%s' for the journal: "
                           "%s; choose another --output",
                           folder, strerror(errno));
  }
  free(folder);
  return status;
}

void vqe_resume_free(struct vqe_resume *resume)
{
  if (resume == NULL) {
    return;
  }
  for (size_t k = 0; k < resume->nresult; k++) {
    vqe_result_free(resume->results[k]);
  }
  for (size_t k = 0; k < resume->nevaluation; k++) {
    free(resume->evaluations[k].values);
  }
  free(resume->results);
  free(resume->evaluations);
  free(resume);
}

struct vqe_result *vqe_resume_take(struct vqe_resume *resume,
                                   const char *experiment_id)
{
  for (size_t k = 0; k < resume->nresult; k++) {
    struct vqe_result *result = resume->results[k];
    if (result != NULL && strcmp(result->experiment->id, experiment_id) == 0) {
      resume->results[k] = NULL;
      return result;
    }
  }
  return NULL;
}

struct vqe_result *vqe_resume_take_any(struct vqe_resume *resume)
{
  for (size_t k = 0; k < resume->nresult; k++) {
    if (resume->results[k] != NULL) {
      struct vqe_result *result = resume->results[k];
      resume->results[k] = NULL;
      return result;
    }
  }
  return NULL;
}

int vqe_resume_replay(const struct vqe_resume *resume,
                      const char *experiment_id, int iteration, int nparam,
                      const double *parameters, double *energy, double *std,
                      double *gradient)
{
  struct evaluation key = {.iteration = iteration};
  if (resume == NULL || resume->nevaluation == 0) {
    return 0;
  }
  snprintf(key.id, sizeof key.id, "%s", experiment_id);
  const struct evaluation *found =
      bsearch(&key, resume->evaluations, resume->nevaluation,
              sizeof *resume->evaluations, compare);
  size_t n = (size_t)nparam;
  if (found == NULL || found->nparam != nparam ||
      memcmp(found->values, parameters, n * sizeof(double)) != 0 ||
      (gradient != NULL && !found->has_gradient)) {
    return 0;
  }
  *energy = found->energy;
  *std = found->std;
  if (gradient != NULL) {
    memcpy(gradient, found->values + n, n * sizeof(double));
  }
  return 1;
}

int vqe_resume_remove(const char *output)
{
  char *folder = NULL;
  int status = vqe_resume_folder(&folder, output);
  if (status != VQE_OK) {
    return status;
  }
  DIR *directory = opendir(folder);
  if (directory != NULL) {
    for (struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
      if (run_of(entry->d_name) >= 0 || is_part(entry->d_name)) {
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
      }
    }
    closedir(directory);
    (void)rmdir(folder); /* kept when it holds files of others */
  }
  free(folder);
  return VQE_OK;
}
