/* A tier over this machine: which experiments run, where and in which order,
 * and which are set aside for what reason. */
#ifndef VQE_CAMPAIGN_PLAN_H
#define VQE_CAMPAIGN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "campaign/tier.h"
#include "job/job.h"

/* Why an experiment is set aside. */
enum vqe_plan_reason {
  VQE_PLAN_RUNS,
  VQE_PLAN_INPUT,      /* it could not run anywhere */
  VQE_PLAN_RESTRICTED, /* by the tier */
  VQE_PLAN_QUBITS,     /* more than asked for */
  VQE_PLAN_COST,       /* more than the limit of the tier or asked for */
  VQE_PLAN_MEMORY      /* more than there is */
};

struct vqe_plan_item {
  struct vqe_experiment *experiment; /* of plan->job */
  int position;                      /* in the product of the lists */
  int num_qubits;
  double memory_gb, cost; /* cost: core seconds by the model */
  int lane;               /* of the tier; 0 where lanes are not wanted */
  int priority;           /* 0 runs first */
  enum vqe_plan_reason reason;
  char *text;   /* VQE_PLAN_INPUT: what is wrong */
  double limit; /* that it passes, GB or core seconds */
};

struct vqe_plan_options {
  bool lanes;        /* as the tier has them; else all in one */
  double memory_gb;  /* NaN: of this machine */
  int max_qubits;    /* 0: any */
  double cost_limit; /* NaN: the tier's */
};

struct vqe_plan {
  const struct vqe_tier *tier;
  struct vqe_job *job; /* the whole product */
  double memory_gb;    /* that was reckoned with */
  size_t count;
  struct vqe_plan_item *items; /* in the order of the product */
};

/* The whole product of a tier as a job. */
int vqe_plan_job(struct vqe_job **out, const struct vqe_tier *tier);
int vqe_plan_make(struct vqe_plan **out, const struct vqe_tier *tier,
                  const struct vqe_plan_options *options);
void vqe_plan_free(struct vqe_plan *plan);

/* What sets all that is set aside aside, in groups of molecule, basis, ansatz
 * and reason: a JSON array with reason, need, limit and number of runs. New
 * reference. */
json_t *vqe_plan_set_aside(const struct vqe_plan *plan);

/* Whether both ask for an estimate of the same outcome: they differ in start
 * and seed at the most. */
bool vqe_plan_alike(const struct vqe_experiment *a,
                    const struct vqe_experiment *b);

#endif
