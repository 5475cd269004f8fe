/* The key `active_space`: numbers, or a rule. */
#ifndef VQE_JOB_JOB_SPACE_H
#define VQE_JOB_JOB_SPACE_H

#include <stdbool.h>

#include "job/job_value.h"

struct vqe_job_space {
  int electrons, orbitals; /* -1: not by numbers */
  char *rule; /* JSON, as vqe_space_rule_text writes it, or NULL */
};

#define VQE_JOB_SPACE_NONE                                                    \
  {                                                                           \
    .electrons = -1, .orbitals = -1, .rule = NULL                             \
  }

/* The value: {"electrons", "orbitals"}, or what space_rule.h has; none for
 * null and absent ones. Clear it afterwards, also on failure. */
int vqe_job_space_read(struct vqe_job_space *out,
                       const struct vqe_job_value *value);
void vqe_job_space_clear(struct vqe_job_space *space);

/* Is a space asked for? */
bool vqe_job_space_given(const struct vqe_job_space *space);
bool vqe_job_space_same(const struct vqe_job_space *a,
                        const struct vqe_job_space *b);

/* The value that an option means: "4,4", "none", a rule's name, or JSON. */
int vqe_job_space_option(json_t **out, const char *text);

#endif
