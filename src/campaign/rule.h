/* Conditions on experiments: which ones a lane, a priority or a restriction of
 * a tier means. */
#ifndef VQE_CAMPAIGN_RULE_H
#define VQE_CAMPAIGN_RULE_H

#include <jansson.h>
#include <stdbool.h>

#include "job/job_ranges.h"
#include "job/job_types.h"

/* Lists of names, of which one has to fit. */
enum vqe_rule_list {
  VQE_RULE_MOLECULES,
  VQE_RULE_BASIS,
  VQE_RULE_ANSATZ,
  VQE_RULE_OPTIMIZER,
  VQE_RULE_INIT,
  VQE_RULE_LISTS
};

struct vqe_rule {
  const json_t *lists[VQE_RULE_LISTS]; /* of the text it was read from; NULL:
                                          any. A name or a list of these */
  struct vqe_job_ranges seeds;         /* count 0: any */
  int min_qubits, max_qubits;          /* -1: any */
  char where[320];                     /* for messages */
};

/* Whether `key` is one of a condition. */
bool vqe_rule_has_key(const char *key);
/* Read the conditions of `object`, whose other keys are the caller's. `object`
 * must outlive the rule. */
int vqe_rule_read(struct vqe_rule *out, const json_t *object,
                  const char *where);
void vqe_rule_clear(struct vqe_rule *rule);

/* Does the experiment, of so many qubits, fit? */
bool vqe_rule_fits(const struct vqe_rule *rule,
                   const struct vqe_experiment *experiment, int num_qubits);
/* VQE_ERR_INPUT for a name that no experiment of the job has: it is a slip. */
int vqe_rule_check(const struct vqe_rule *rule, const struct vqe_job *job);

#endif
