/* Values of a job file: where they stand, what they may be, and the message
 * when they are something else. */
#ifndef VQE_JOB_JOB_VALUE_H
#define VQE_JOB_JOB_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job/job_types.h"

#define VQE_JOB_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A value of the job and where it stands, for messages and paths. */
struct vqe_job_value {
  const json_t *json;    /* NULL when absent */
  const char *base_file; /* relative paths start beside it; NULL: here */
  char where[320];       /* "file 'a.json', key 'basis'", "option --basis" */
};

/* Add a path, copied; free them. */
int vqe_job_inputs_add(struct vqe_job_inputs *inputs, const char *path);
void vqe_job_inputs_clear(struct vqe_job_inputs *inputs);

/* Where values come from: options before the job file before defaults. */
struct vqe_job_reader {
  const json_t *job;
  json_t *given;    /* options as values of the job's keys */
  json_t *defaults; /* for the keys that are lists */
  const char *path; /* of the job file */
  const struct vqe_job_overrides *overrides;
};

void vqe_job_value_find(struct vqe_job_value *value,
                        const struct vqe_job_reader *reader, const char *key);

/* Fail with where, the value as it stands (cut), and what it should be. */
int vqe_job_refuse(const char *where, const json_t *value, const char *wanted);
/* Whole numbers may be written as 1e4. */
int vqe_job_read_int(int64_t *out, const json_t *value, int64_t low,
                     int64_t high, const char *where);
/* A finite number > 0, or >= 0 when `zero`. */
int vqe_job_read_size(double *out, const json_t *value, bool zero,
                      const char *where);
/* One of `known`, case-insensitive; *out is that one. */
int vqe_job_read_choice(const char **out, const json_t *value,
                        const char *const *known, size_t count,
                        const char *what, const char *where);

bool vqe_job_is_known(const char *key, const char *const *known, size_t count);
int vqe_job_check_keys(const json_t *object, const char *const *known,
                       size_t count, const char *where);

/* "One or a list": how many. */
size_t vqe_job_list_count(const json_t *value);

/* Put an option's text over a member of `object`: numbers as numbers, "none"
 * as null, other texts as strings. NULL leaves the object as it is. */
int vqe_job_put_member(json_t *object, const char *member, const char *text);
/* Where a member stands: in the object, or in an option of its own. */
void vqe_job_member_where(char *out, size_t size, const char *where,
                          const char *member, const char *option,
                          const char *given);

#endif
