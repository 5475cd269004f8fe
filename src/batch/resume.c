#include "batch/resume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/own_file.h"
#include "batch/suspects.h"
#include "store/journal.h"

struct evaluation {
  char id[VQE_EXPERIMENT_ID_SIZE];
  int iteration;
  int run, rank; /* of its journal */
  int nparam;
  bool has_gradient;
  double energy, std;
  double *values; /* nparam parameters, then nparam gradient components */
};

struct vqe_resume_file {
  char *name;
  off_t size;
  bool damaged; /* in its middle: more than a crash leaves */
};

struct vqe_resume {
  bool keep_results;
  char *folder;
  int run, rank; /* of the journal that is read */
  struct vqe_resume_files files;
  struct vqe_suspects suspects; /* where results are kept */
  size_t nresult, result_capacity;
  struct vqe_result **results;
  size_t nbegun, begun_capacity;
  struct vqe_job_begun *begun; /* what has begun, with drawn seeds */
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
  kept->run = resume->run;
  kept->rank = resume->rank;
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

static int keep_begun(struct vqe_resume *resume,
                      const struct vqe_journal_phase *phase)
{
  if (resume->nbegun == resume->begun_capacity) {
    size_t capacity = 2 * resume->begun_capacity + 64;
    int status = vqe_memory_grow(&resume->begun, resume->nbegun, capacity,
                                 sizeof *resume->begun, "earlier seeds");
    if (status != VQE_OK) {
      return status;
    }
    resume->begun_capacity = capacity;
  }
  struct vqe_job_begun *kept = &resume->begun[resume->nbegun++];
  memcpy(kept->id, phase->experiment_id, sizeof kept->id);
  memcpy(kept->seedless_id, phase->seedless_id, sizeof kept->seedless_id);
  kept->seed = phase->seed;
  return VQE_OK;
}

static int visit(void *ctx, struct vqe_result *result,
                 const struct vqe_journal_evaluation *evaluation,
                 const struct vqe_journal_phase *phase)
{
  struct vqe_resume *resume = ctx;
  if (phase != NULL && phase->mark != VQE_JOURNAL_NO_MARK) {
    return resume->keep_results
               ? vqe_suspects_mark(&resume->suspects, resume->run,
                                   resume->rank, phase)
               : VQE_OK;
  }
  if (phase != NULL) {
    return resume->keep_results && phase->seed_drawn
               ? keep_begun(resume, phase)
               : VQE_OK;
  }
  if (result == NULL) {
    return keep_evaluation(resume, evaluation);
  }
  if (resume->keep_results) {
    vqe_suspects_ended(&resume->suspects, resume->run, resume->rank,
                       result->experiment->id);
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

bool vqe_resume_is_journal(int *run, int *rank, const char *name)
{
  int used = 0;
  return sscanf(name, "run-%d-rank-%d.vqej%n", run, rank, &used) == 2 &&
         used == (int)strlen(name) && *run >= 0;
}

/* The journal of the latest run comes first. */
static int compare_runs(const void *a, const void *b)
{
  const struct evaluation *left = a;
  const struct evaluation *right = b;
  int order = compare(a, b);
  return order != 0 ? order : right->run - left->run;
}

/* Run number of a journal's file name, -1 when it is none. */
static int run_of(const char *name)
{
  int run;
  int rank;
  return vqe_resume_is_journal(&run, &rank, name) ? run : -1;
}

/* Run number of an unfinished result file, -1 when it is none. */
static int part_of(const char *name)
{
  int run;
  int used = 0;
  return sscanf(name, "run-%d.h5.part%n", &run, &used) == 1 &&
                 used == (int)strlen(name)
             ? run
             : -1;
}

/* Note how large a journal is before it is read: what comes later has not been
 * seen. */
static int note_file(struct vqe_resume_files *files, const char *path,
                     const char *name)
{
  struct stat info = {.st_size = 0};
  int status = VQE_OK;
  if (files->count == files->capacity) {
    size_t capacity = 2 * files->capacity + 16;
    status = vqe_memory_grow(&files->list, files->count, capacity,
                             sizeof *files->list, "list of journals");
    if (status != VQE_OK) {
      return status;
    }
    files->capacity = capacity;
  }
  struct vqe_resume_file *file = &files->list[files->count];
  status = vqe_memory_strdup(&file->name, name);
  if (status == VQE_OK) {
    (void)stat(path, &info);
    file->size = info.st_size;
    file->damaged = false;
    files->count++;
  }
  return status;
}

void vqe_resume_files_clear(struct vqe_resume_files *files)
{
  for (size_t k = 0; k < files->count; k++) {
    free(files->list[k].name);
  }
  free(files->list);
  *files = (struct vqe_resume_files){.list = NULL};
}

struct vqe_resume_files vqe_resume_take_files(struct vqe_resume *resume)
{
  struct vqe_resume_files files = resume->files;
  resume->files = (struct vqe_resume_files){.log = files.log};
  return files;
}

/* Say what of a journal is ignored. */
static void say_harm(const struct vqe_log *log, const char *path,
                     const struct vqe_journal_harm *harm)
{
  if (harm->holes > 0) {
    char more[48] = "";
    if (harm->holes > 1) {
      snprintf(more, sizeof more, " and in %zu more place%s", harm->holes - 1,
               harm->holes == 2 ? "" : "s");
    }
    vqe_log(log, VQE_LOG_WARNING,
            "warning: journal '%s' is damaged in bytes %zu to %zu%s: the "
            "record there is lost, the others are read",
            path, harm->from, harm->to - 1, more);
  }
  if (harm->torn) {
    vqe_log(log, VQE_LOG_INFO,
            "note: the last record of '%s' is incomplete (the "
            "run died while writing) and is ignored",
            path);
  }
}

/* Read one file of the folder, when it is a journal. */
static int read_journal(struct vqe_resume *resume, int *next_run,
                        const char *folder, const char *name)
{
  char *path = NULL;
  struct vqe_journal_harm harm = {.torn = false};
  int run;
  if (!vqe_resume_is_journal(&run, &resume->rank, name)) {
    return VQE_OK;
  }
  resume->run = run;
  if (run >= *next_run) {
    *next_run = run + 1;
  }
  int status = end_path(&path, asprintf(&path, "%s/%s", folder, name));
  if (status == VQE_OK && resume->keep_results) {
    status = note_file(&resume->files, path, name);
  }
  if (status == VQE_OK && resume->keep_results) {
    status = vqe_suspects_journal(&resume->suspects, run, resume->rank);
  }
  if (status == VQE_OK) {
    status = vqe_journal_read(path, visit, resume, &harm);
  }
  if (status == VQE_OK && resume->keep_results) {
    resume->files.list[resume->files.count - 1].damaged = harm.holes > 0;
    say_harm(resume->files.log, path, &harm);
  }
  free(path);
  return status;
}

static int no_folder(const char *folder)
{
  int reason = errno;
  if (reason == ENOENT) {
    return VQE_OK; /* nothing was left */
  }
  return vqe_error_set(reason == ENOTDIR ? VQE_ERR_INPUT : VQE_ERR_IO,
                       "cannot read the folder of journals '%s': %s; %s, or "
                       "name another output",
                       folder, strerror(reason),
                       reason == ENOTDIR ? "move that file away"
                                         : vqe_file_remedy(reason));
}

static int read_folder(struct vqe_resume *resume, int *next_run,
                       const char *folder)
{
  int status = VQE_OK;
  DIR *directory = opendir(folder);
  if (directory == NULL) {
    return no_folder(folder);
  }
  status = vqe_own_file_folder(folder, "the folder of journals");
  for (struct dirent *entry = readdir(directory);
       status == VQE_OK && entry != NULL; entry = readdir(directory)) {
    status = read_journal(resume, next_run, folder, entry->d_name);
  }
  closedir(directory);
  vqe_suspects_decide(&resume->suspects);
  if (status == VQE_OK && resume->nevaluation > 1) {
    qsort(resume->evaluations, resume->nevaluation,
          sizeof *resume->evaluations, compare_runs);
  }
  return status;
}

int vqe_resume_load(struct vqe_resume **out, int *next_run, const char *output,
                    bool results, const struct vqe_log *log)
{
  struct vqe_resume *resume = NULL;
  *out = NULL;
  *next_run = 0;
  int status = vqe_memory_alloc(&resume, 1, sizeof *resume, "restart data");
  if (status == VQE_OK) {
    resume->keep_results = results;
    resume->files.log = log;
    status = vqe_resume_folder(&resume->folder, output);
  }
  if (status == VQE_OK) {
    status = read_folder(resume, next_run, resume->folder);
  }
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
  int status = vqe_resume_load(&resume, run, output, false, NULL);
  vqe_resume_free(resume);
  if (status == VQE_OK) {
    status = vqe_resume_folder(&folder, output);
  }
  if (status == VQE_OK && mkdir(folder, 0700) != 0 && errno != EEXIST) {
    status = vqe_error_set(VQE_ERR_IO,
                           "cannot make the folder '%s' for the journal: "
                           "%s; %s, or choose another --output",
                           folder, strerror(errno), vqe_file_remedy(errno));
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
  vqe_resume_files_clear(&resume->files);
  vqe_suspects_clear(&resume->suspects);
  free(resume->results);
  free(resume->begun);
  free(resume->evaluations);
  free(resume->folder);
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

void vqe_resume_earlier(struct vqe_job_earlier *earlier,
                        const struct vqe_resume *resume)
{
  earlier->journalled = resume->results;
  earlier->njournalled = resume->nresult;
  earlier->begun = resume->begun;
  earlier->nbegun = resume->nbegun;
}

const struct vqe_suspects *vqe_resume_suspects(const struct vqe_resume *resume)
{
  return &resume->suspects;
}

static bool matches(const struct evaluation *found, int nparam,
                    const double *parameters, bool gradient)
{
  return found->nparam == nparam && (!gradient || found->has_gradient) &&
         memcmp(found->values, parameters, (size_t)nparam * sizeof(double)) ==
             0;
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
  while (found != NULL && found > resume->evaluations &&
         compare(found - 1, &key) == 0) {
    found--;
  }
  const struct evaluation *end = resume->evaluations + resume->nevaluation;
  while (found != NULL &&
         !matches(found, nparam, parameters, gradient != NULL)) {
    found++;
    if (found == end || compare(found, &key) != 0) {
      found = NULL;
    }
  }
  if (found == NULL) {
    return 0;
  }
  *energy = found->energy;
  *std = found->std;
  if (gradient != NULL) {
    memcpy(gradient, found->values + nparam, (size_t)nparam * sizeof(double));
  }
  return 1;
}

/* Keep a journal under a second name, which no run reads. */
static void keep_copy(const struct vqe_log *log, const char *folder, int run,
                      int rank)
{
  char *name = NULL;
  char *kept = NULL;
  bool done = false;
  int status =
      vqe_memory_print(&name, "%s/run-%04d-rank-%05d.vqej", folder, run, rank);
  for (int number = 1; status == VQE_OK && !done && number < 10000; number++) {
    free(kept);
    status = vqe_memory_print(&kept, "%s.refused-%d", name, number);
    if (status == VQE_OK && link(name, kept) == 0) {
      vqe_log(log, VQE_LOG_WARNING,
              "warning: the journal is kept as '%s'; remove it when "
              "you know where it comes from",
              kept);
      done = true;
    }
    done = done || errno != EEXIST;
  }
  free(kept);
  free(name);
}

void vqe_resume_refuse(const struct vqe_resume *resume,
                       const char *experiment_id)
{
  const struct evaluation *last = NULL;
  for (size_t k = 0; k < resume->nevaluation; k++) {
    const struct evaluation *at = &resume->evaluations[k];
    bool other =
        last == NULL || at->run != last->run || at->rank != last->rank;
    if (strcmp(at->id, experiment_id) == 0 && other) {
      keep_copy(resume->files.log, resume->folder, at->run, at->rank);
      last = at;
    }
  }
}

/* ---- removing ---- */

/* The journal, when it is just as it was read, with nobody who holds it. */
static const struct vqe_resume_file *
find_done(int folder, const char *name, const struct vqe_resume_files *files)
{
  struct stat info;
  const struct vqe_resume_file *known = NULL;
  int descriptor =
      openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0 || fstat(descriptor, &info) != 0) {
    return NULL;
  }
  for (size_t k = 0; k < files->count; k++) {
    if (strcmp(files->list[k].name, name) == 0 &&
        files->list[k].size == info.st_size) {
      known = &files->list[k];
    }
  }
  bool held =
      flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(descriptor);
  return held ? NULL : known;
}

/* Put a damaged journal where no run reads it again: what can be recovered
 * from it by other means must not be lost. */
static bool set_aside(int folder, const char *path, const char *name,
                      const struct vqe_log *log)
{
  char *kept = NULL;
  int status = VQE_OK;
  for (int number = 1; status == VQE_OK && number < 10000; number++) {
    status = end_path(&kept, asprintf(&kept, "%s.damaged-%d", name, number));
    if (status == VQE_OK &&
        faccessat(folder, kept, F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
      break;
    }
    free(kept);
    kept = NULL;
  }
  bool moved = kept != NULL && renameat(folder, name, folder, kept) == 0;
  if (moved) {
    vqe_log(log, VQE_LOG_WARNING,
            "warning: the damaged journal is kept as '%s/%s'; "
            "remove it when nothing is missing",
            path, kept);
  }
  free(kept);
  return moved;
}

/* Remove the journals among `names` that have served, or set them aside; the
 * names of what is removed become empty. */
static void remove_journals(int folder, const char *path,
                            struct dirent **names, int count, int run,
                            const struct vqe_resume_files *files)
{
  for (int k = 0; k < count; k++) {
    const char *name = names[k]->d_name;
    int of = run_of(name);
    if (of < 0) {
      continue;
    }
    const struct vqe_resume_file *done =
        of == run ? NULL : find_done(folder, name, files);
    bool gone = false;
    if (done != NULL && done->damaged) {
      gone = set_aside(folder, path, name, files->log);
    } else if (of == run || done != NULL) {
      gone = unlinkat(folder, name, 0) == 0;
    }
    if (gone) {
      names[k]->d_name[0] = '\0';
    }
  }
}

/* Unfinished result files of this run, and of those that left no journal. */
static void remove_parts(int folder, struct dirent **names, int count, int run)
{
  for (int k = 0; k < count; k++) {
    int part = part_of(names[k]->d_name);
    bool remains = part > run;
    for (int other = 0; part >= 0 && other < count; other++) {
      remains = remains || run_of(names[other]->d_name) == part;
    }
    if (part == run || (part >= 0 && !remains)) {
      (void)unlinkat(folder, names[k]->d_name, 0);
    }
  }
}

int vqe_resume_remove(const char *output, int run,
                      const struct vqe_resume_files *files)
{
  char *path = NULL;
  struct dirent **names = NULL;
  int status = vqe_resume_folder(&path, output);
  if (status != VQE_OK) {
    return status;
  }
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int count = folder >= 0 ? scandir(path, &names, NULL, NULL) : 0;
  remove_journals(folder, path, names, count, run, files);
  remove_parts(folder, names, count, run);
  for (int k = 0; k < count; k++) {
    free(names[k]);
  }
  free(names);
  if (folder >= 0) {
    close(folder);
    (void)rmdir(path); /* kept when it holds files of others */
  }
  free(path);
  return VQE_OK;
}
