/* What earlier runs left: finished results and evaluations to replay. */
#ifndef VQE_BATCH_RESUME_H
#define VQE_BATCH_RESUME_H

#include <stdbool.h>

#include "base/log.h"
#include "job/job.h"
#include "vqe/experiment.h"

struct vqe_resume;
struct vqe_suspects;

/* "<output>.journal", free by free(). */
int vqe_resume_folder(char **out, const char *output);
/* Path of this run's journal for a rank; `run` numbers the runs. */
int vqe_resume_journal_path(char **out, const char *output, int run, int rank);
/* Whether `name` is that of a journal in such a folder, and whose. */
bool vqe_resume_is_journal(int *run, int *rank, const char *name);
/* Path of this run's result file while it is written. */
int vqe_resume_part_path(char **out, const char *output, int run);

/* Make the folder of journals; *run is the number of this run in it. */
int vqe_resume_begin_run(int *run, const char *output);

/* Read every journal of `output`. VQE_OK also when there is none. Finished
 * results are kept only where `results` is true (rank 0). *next_run is one
 * more than the highest run found. What is damaged is said in `log`, which
 * stays with the handle and its list of files. */
int vqe_resume_load(struct vqe_resume **out, int *next_run, const char *output,
                    bool results, const struct vqe_log *log);
void vqe_resume_free(struct vqe_resume *resume);

/* Take the finished result of that id out, or NULL. */
struct vqe_result *vqe_resume_take(struct vqe_resume *resume,
                                   const char *experiment_id);
/* The next one of any id, or NULL. */
struct vqe_result *vqe_resume_take_any(struct vqe_resume *resume);
/* Whose drawn seeds may be adopted; valid as long as nothing is taken. */
void vqe_resume_earlier(struct vqe_job_earlier *earlier,
                        const struct vqe_resume *resume);

/* What died with its rank (suspects.h), where results are kept. */
const struct vqe_suspects *
vqe_resume_suspects(const struct vqe_resume *resume);

/* Evaluation `iteration` of an unfinished experiment: 1 and the values when
 * the parameters match bit for bit, else 0. gradient may be NULL. */
int vqe_resume_replay(const struct vqe_resume *resume,
                      const char *experiment_id, int iteration, int nparam,
                      const double *parameters, double *energy, double *std,
                      double *gradient);

/* What the journals hold of an experiment is false: keep them under other
 * names, and say so. */
void vqe_resume_refuse(const struct vqe_resume *resume,
                       const char *experiment_id);

/* The journals that were read, by name, as large as they were then. */
struct vqe_resume_files {
  const struct vqe_log *log;
  size_t count, capacity;
  struct vqe_resume_file *list;
};
void vqe_resume_files_clear(struct vqe_resume_files *files);

/* Take the list out of `resume`, which keeps none. */
struct vqe_resume_files vqe_resume_take_files(struct vqe_resume *resume);

/* Remove the journals of run `run` and those of `files`, unfinished result
 * files that go with them, and the folder when it is empty then. A journal
 * that has grown since it was read, or that was not read, stays: it is the
 * only copy of what it holds. One with damage in its middle stays too, under
 * another name, which is said. */
int vqe_resume_remove(const char *output, int run,
                      const struct vqe_resume_files *files);

#endif
